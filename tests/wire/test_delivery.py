"""How a delivery succeeds or fails, and what retries by count do about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import BERT, CONTENT, RECEIPT, STATE, Hook, Wire
from .hooks import (
    HANG_UP,
    READ_TIMEOUT,
    app_token,
    only_texts,
    outcomes,
    pauses,
    receive,
    replace,
    reports,
    say,
    split,
    standing,
    wait_for_text,
)

HOUR = 3600
UP = {"state": "Up", "stored": 0}


# --- What success is ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201])
def test_200_and_201_are_success(wire: Wire, hook: Hook, status: int) -> None:
    receive(hook, status=status)
    app = wire.install(only_texts(hook, max_retries=2))

    say(wire, wire.open(), "Hello")
    wire.advance(HOUR)

    assert len(hook.received) == 1
    assert [(each["status"], each["outcome"]) for each in reports(wire, app)] == [(status, "delivered")]


@pytest.mark.parametrize(
    "status", [202, 203, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 410, 429, 500, 503]
)
def test_every_other_status_is_a_failure(wire: Wire, hook: Hook, status: int) -> None:
    """R60, Q44"""
    receiver = receive(hook, status)
    app = wire.install(only_texts(hook, max_retries=2))

    say(wire, wire.open(), "Hello")
    wire.advance(HOUR)

    assert [answer for _, answer in receiver.answered] == [status, 200]
    assert [(each["status"], each["outcome"]) for each in reports(wire, app)] == [
        (status, "failed"),
        (200, "delivered"),
    ]


def test_a_connection_closed_without_an_answer_is_a_failure(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook, HANG_UP)
    app = wire.install(only_texts(hook, max_retries=1))

    say(wire, wire.open(), "Hello")
    first = reports(wire, app)
    wire.advance(HOUR)

    assert [(each["status"], each["outcome"]) for each in first] == [(None, "failed")]
    assert first[0]["error"]
    assert receiver.texts() == ["Hello"]


def test_an_endpoint_where_nobody_listens_is_a_failure(wire: Wire, hook: Hook) -> None:
    app = wire.install(only_texts(hook, endpoint="http://127.0.0.1:1/hook", max_retries=1))

    say(wire, wire.open(), "Hello")
    wire.advance(HOUR)

    told = [(each["status"], each["outcome"], bool(each["error"])) for each in reports(wire, app)]
    assert told == [(None, "failed", True), (None, "lost", True)]


def test_an_answer_later_than_the_timeout_is_a_failure_and_may_double_the_event(
    wire: Wire, hook: Hook, eventually: Callable[..., Any]
) -> None:
    receiver = receive(hook)
    receiver.hold("Hello")
    wire.settings(**{READ_TIMEOUT: 0.05})
    app = wire.install(only_texts(hook, max_retries=1))

    say(wire, wire.open(), "Hello")
    first = reports(wire, app)
    receiver.release("Hello")
    eventually(lambda: receiver.texts() == ["Hello"])
    wire.advance(31)

    assert [(each["status"], each["outcome"]) for each in first] == [(None, "failed")]
    assert receiver.texts() == ["Hello", "Hello"]
    assert outcomes(wire, app) == ["failed", "delivered"]


def test_the_caller_does_not_wait_for_the_receiver(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook)
    receiver.hold("Hello")
    wire.install(only_texts(hook))
    conversation_id = wire.open()

    wire.agent(conversation_id, "text", text="Hello")
    wait_for_text(hook, "Hello")

    assert receiver.answered == []
    receiver.release("Hello")
    wire.settle()
    assert receiver.texts() == ["Hello"]


# --- Retries by count -----------------------------------------------------------------------------


@pytest.mark.parametrize("retries", range(6))
def test_a_failing_event_is_retried_as_often_as_its_webhook_says_then_lost(
    wire: Wire, hook: Hook, retries: int
) -> None:
    receive(hook, status=500)
    app = wire.install(only_texts(hook, max_retries=retries))

    say(wire, wire.open(), "Hello")
    wire.advance(HOUR)

    assert len(hook.received) == retries + 1
    assert pauses(wire, app) == [30] * retries
    assert outcomes(wire, app) == ["failed"] * retries + ["lost"]
    assert [each["attempt"] for each in reports(wire, app)] == list(range(1, retries + 2))


def test_without_a_number_of_retries_a_failing_event_is_dropped(wire: Wire, hook: Hook) -> None:
    receive(hook, status=500)
    app = wire.install(only_texts(hook))

    say(wire, wire.open(), "Hello")
    wire.advance(HOUR)

    assert len(hook.received) == 1
    assert outcomes(wire, app) == ["lost"]


def test_a_retry_does_not_come_early(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook, 500)
    wire.install(only_texts(hook, max_retries=1))

    say(wire, wire.open(), "Hello")
    wire.advance(25)
    early = receiver.texts()
    wire.advance(5)

    assert [early, receiver.texts()] == [[], ["Hello"]]


def test_the_last_retry_can_still_succeed(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook, 500, 500, 500, 500, 500)
    app = wire.install(only_texts(hook, max_retries=5))

    say(wire, wire.open(), "Hello")
    wire.advance(HOUR)

    assert receiver.texts() == ["Hello"]
    assert outcomes(wire, app) == ["failed"] * 5 + ["delivered"]


def test_a_retry_is_the_same_request(wire: Wire, hook: Hook) -> None:
    receive(hook, 500, 500)
    headers = [{"header_name": "X-Env", "header_value": "test"}]
    wire.install(only_texts(hook, max_retries=2, headers=headers))

    say(wire, wire.open(), "Hello")
    wire.advance(HOUR)

    sent = {(each.body, each.path, each.headers["x-liveperson-signature"]) for each in hook.received}
    assert len(hook.received) == 3
    assert len(sent) == 1
    assert {each.headers["x-env"] for each in hook.received} == {"test"}


def test_each_webhook_has_a_number_of_its_own(wire: Wire, hook: Hook) -> None:
    receive(hook, status=500)
    manifest = split(hook, CONTENT, STATE)
    manifest["capabilities"]["webhooks"][CONTENT]["max_retries"] = 1
    manifest["capabilities"]["webhooks"][STATE]["max_retries"] = 4
    wire.install(manifest)

    conversation_id = wire.open()
    say(wire, conversation_id, "Hello")
    wire.agent(conversation_id, "typing")
    wire.advance(HOUR)

    tries = [each.path for each in hook.received]
    assert [tries.count("/hook/1"), tries.count("/hook/2")] == [2, 5]


def test_by_count_a_failing_event_holds_no_other_up(wire: Wire, hook: Hook) -> None:
    """The event is the unit: later ones of the same conversation and endpoint are tried at once."""
    receiver = receive(hook, 500)
    app = wire.install(only_texts(hook, max_retries=1))
    conversation_id = wire.open()

    say(wire, conversation_id, "one", "two")
    at_once = receiver.texts()
    wire.advance(30)

    assert at_once == ["two"]
    assert sorted(receiver.texts()) == ["one", "two"]
    assert standing(wire, app) == UP


def test_by_count_a_failing_endpoint_holds_no_other_up(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook)
    receiver.status_at["/hook/1"] = 500
    app = wire.install(split(hook, CONTENT, STATE))
    conversation_id = wire.open()

    say(wire, conversation_id, "Hello")
    wire.agent(conversation_id, "typing")
    wire.settle()

    assert [each.kind for each in receiver.accepted] == [STATE]
    assert standing(wire, app) == UP


def test_retries_of_one_event_do_not_double_another_type(wire: Wire, hook: Hook) -> None:
    receive(hook, 500)
    app = wire.install(hook.manifest(CONTENT, RECEIPT, max_retries=1))
    conversation_id = wire.open()

    wire.agent(conversation_id, "text", text="Hello")
    wire.settle()
    wire.agent(conversation_id, "read", sequences=[0])
    wire.advance(HOUR)

    assert [each.kind for each in hook.received].count(RECEIPT) == 1
    assert sorted(outcomes(wire, app)) == ["delivered", "delivered", "failed"]


def test_a_report_of_a_delivery_names_what_was_delivered(wire: Wire, hook: Hook) -> None:
    app = wire.install(only_texts(hook))
    conversation_id = wire.open(BERT)

    say(wire, conversation_id, "Hello")

    (told,) = reports(wire, app)
    told.pop("at_ms")
    assert told == {
        "client_id": app["client_id"],
        "endpoint": hook.url,
        "type": CONTENT,
        "conversation_id": conversation_id,
        "dialog_id": conversation_id,
        "sequence": 0,
        "attempt": 1,
        "status": 200,
        "error": None,
        "outcome": "delivered",
    }


# --- Two hours of failing -------------------------------------------------------------------------


def test_after_two_hours_of_failing_retries_by_count_have_saved_only_the_last_events(
    wire: Wire, hook: Hook
) -> None:
    """Five retries bridge 150 seconds: what was said before 7050 is lost, the rest arrives."""
    receiver = receive(hook, status=503)
    app = wire.install(only_texts(hook, max_retries=5))
    conversation_id = wire.open()
    moments = [0, 600, 3600, 6900, 7013, 7037, 7062, 7104, 7188]

    now = 0
    for moment in moments:
        wire.advance(moment - now)
        now = moment
        say(wire, conversation_id, f"at {moment}")
    wire.advance(7200 - now)
    receiver.status = 200
    wire.advance(HOUR)
    say(wire, conversation_id, "afterwards")

    assert sorted(receiver.texts()) == ["afterwards", "at 7062", "at 7104", "at 7188"]
    assert outcomes(wire, app).count("lost") == 6


# --- Slow receivers -------------------------------------------------------------------------------


def answer_after(wire: Wire, hook: Hook, conversation_id: str, number: int, seconds: float) -> None:
    """A delivery whose answer takes so many seconds of the sandbox's time, and 40 seconds' rest."""
    receiver = receive(hook)
    receiver.hold(f"text {number}")
    wire.agent(conversation_id, "text", text=f"text {number}")
    wait_for_text(hook, f"text {number}")
    if seconds:
        wire.advance(seconds, settle=False)
    receiver.release(f"text {number}")
    wire.settle()
    wire.advance(40)


def warnings(wire: Wire) -> int:
    return len(wire.deliveries()["warnings"])


def test_answers_slower_than_two_and_a_half_seconds_for_two_minutes_bring_a_warning(
    wire: Wire, hook: Hook
) -> None:
    """R69"""
    wire.install(only_texts(hook))
    conversation_id, before = wire.open(), warnings(wire)

    told = []
    for number in range(4):
        answer_after(wire, hook, conversation_id, number, seconds=3)
        told.append(warnings(wire) - before)

    # The answers came after 3, 46, 89 and 132 seconds.
    assert told[:3] == [0, 0, 0]
    assert told[3] > 0


def test_one_quick_answer_among_slow_ones_spares_the_warning(wire: Wire, hook: Hook) -> None:
    wire.install(only_texts(hook))
    conversation_id, before = wire.open(), warnings(wire)

    for number, seconds in enumerate([3, 3, 0, 3, 3]):
        answer_after(wire, hook, conversation_id, number, seconds)

    assert warnings(wire) == before


@pytest.mark.parametrize(("seconds", "warned"), [(2.0, False), (2.6, True)])
def test_slow_is_what_takes_more_than_two_and_a_half_seconds(
    wire: Wire, hook: Hook, seconds: float, warned: bool
) -> None:
    wire.install(only_texts(hook))
    conversation_id, before = wire.open(), warnings(wire)

    for number in range(4):
        answer_after(wire, hook, conversation_id, number, seconds)

    assert (warnings(wire) > before) is warned


@pytest.mark.parametrize("disabled", [False, True])
def test_a_slow_app_is_disabled_only_when_that_is_asked_for(wire: Wire, hook: Hook, disabled: bool) -> None:
    app = wire.install(only_texts(hook))
    wire.settings(disable_slow_apps=disabled)
    conversation_id = wire.open()

    for number in range(4):
        answer_after(wire, hook, conversation_id, number, seconds=3)

    assert app_token(wire, app).status_code == (401 if disabled else 200)


def test_an_app_that_was_replaced_is_delivered_to_as_it_now_says(wire: Wire, hook: Hook) -> None:
    receive(hook, 500, 500, 500)
    app = wire.install(only_texts(hook))
    conversation_id = wire.open()

    say(wire, conversation_id, "one")
    replace(wire, app, capabilities=only_texts(hook, max_retries=2)["capabilities"])
    say(wire, conversation_id, "two")
    wire.advance(HOUR)

    assert outcomes(wire, app) == ["lost", "failed", "failed", "delivered"]
