"""Retries by retention: pauses, what is stored for whom, what expires, and the order that is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import BERT, CONTENT, RECEIPT, STATE, WEBHOOKS, Hook, Wire
from .hooks import (
    READ_TIMEOUT,
    RETENTION,
    arrived,
    by_conversation,
    cause_every_type,
    only_texts,
    outcomes,
    pauses,
    receive,
    say,
    say_as_consumer,
    split,
    standing,
    with_retention,
)

HOUR = 3600
UP = {"state": "Up", "stored": 0}


def failed(stored: int) -> dict[str, Any]:
    return {"state": "Failed", "stored": stored}


# --- Pauses ---------------------------------------------------------------------------------------


def test_pauses_double_up_to_five_minutes(wire: Wire, hook: Hook) -> None:
    receive(hook, status=500)
    app = wire.install(with_retention(hook, 2 * HOUR))

    say(wire, wire.open(), "Hello")
    wire.advance(1500)

    assert pauses(wire, app) == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_pauses_begin_anew_with_the_next_failure(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook, 500, 500, 500)
    app = wire.install(with_retention(hook, HOUR))
    conversation_id = wire.open()

    say(wire, conversation_id, "one")
    wire.advance(60)
    receiver.first = [500, 500]
    say(wire, conversation_id, "two")
    wire.advance(60)

    first, second = pauses(wire, app)[:3], pauses(wire, app)[4:]
    assert first == [2, 4, 8]
    assert second == [2, 4]


def test_retention_wins_over_the_number_of_retries(wire: Wire, hook: Hook) -> None:
    receive(hook, status=500)
    app = wire.install(only_texts(hook, retry={"retention_time": HOUR}, max_retries=1))

    say(wire, wire.open(), "Hello")
    wire.advance(100)

    assert pauses(wire, app) == [2, 4, 8, 16, 32]
    assert standing(wire, app) == failed(1)


# --- The app fails as a whole ---------------------------------------------------------------------


def test_an_app_whose_endpoints_are_fine_is_up_and_stores_nothing(wire: Wire, hook: Hook) -> None:
    app = wire.install(hook.manifest(retry=RETENTION))

    cause_every_type(wire)

    assert {each.kind for each in hook.received} == set(WEBHOOKS)
    assert standing(wire, app) == UP


def test_after_a_failure_every_event_is_stored(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook, 500)
    app = wire.install(with_retention(hook, HOUR))
    conversation_id = wire.open()

    say(wire, conversation_id, "one", "two", "three")

    assert arrived(hook) == ["one"]
    assert receiver.texts() == []
    assert standing(wire, app) == failed(3)


def test_while_failed_new_conversations_are_stored_too(wire: Wire, hook: Hook) -> None:
    receive(hook, 500)
    app = wire.install(with_retention(hook, HOUR))

    say(wire, wire.open(), "one")
    say(wire, wire.open(BERT), "another conversation")

    assert arrived(hook) == ["one"]
    assert standing(wire, app) == failed(2)


def test_one_failing_endpoint_stores_the_events_of_all(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook)
    receiver.status_at["/hook/1"] = 500
    app = wire.install(split(hook, CONTENT, STATE, retry=RETENTION))
    conversation_id, another = wire.open(), wire.open(BERT)

    say(wire, conversation_id, "Hello")
    wire.agent(conversation_id, "typing")
    wire.agent(another, "typing")
    wire.settle()
    while_failed = [each.path for each in hook.received]
    stored = standing(wire, app)
    receiver.status_at.clear()
    wire.advance(300)

    assert while_failed == ["/hook/1"]
    assert stored == failed(3)
    assert sorted(each.path for each in receiver.accepted) == ["/hook/1", "/hook/2", "/hook/2"]
    assert standing(wire, app) == UP


def test_events_behind_a_failing_one_wait_however_well_their_endpoint_does(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook)
    receiver.status_at["/hook/1"] = 500
    wire.install(split(hook, CONTENT, STATE, retry=RETENTION))
    conversation_id = wire.open()

    say(wire, conversation_id, "Hello")
    wire.agent(conversation_id, "typing")
    wire.advance(1000)

    assert {each.path for each in hook.received} == {"/hook/1"}


def test_another_app_does_not_suffer(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook)
    receiver.status_at["/hook/failing"] = 500
    apps = [
        wire.install(only_texts(hook, endpoint=f"{hook.url}/{name}", retry=RETENTION))
        for name in ("failing", "fine")
    ]

    say(wire, wire.open(), "one", "two")

    assert [each.path for each in receiver.accepted] == ["/hook/fine", "/hook/fine"]
    assert [standing(wire, app) for app in apps] == [failed(2), UP]


def test_a_recovered_app_is_up_and_delivered_to_directly(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook, 500)
    app = wire.install(with_retention(hook, HOUR))
    conversation_id = wire.open()

    say(wire, conversation_id, "one")
    wire.advance(10)
    say(wire, conversation_id, "two")

    assert receiver.texts() == ["one", "two"]
    assert outcomes(wire, app) == ["failed", "delivered", "delivered"]
    assert standing(wire, app) == UP


# --- Order and doubles ----------------------------------------------------------------------------


def test_order_inside_each_conversation_is_kept(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook, status=500)
    wire.install(with_retention(hook, HOUR))
    first, second = wire.open(), wire.open(BERT)

    for number in range(4):
        say(wire, first, f"first {number}")
        say(wire, second, f"second {number}")
        wire.advance(20)
    receiver.status = 200
    wire.advance(300)

    assert sorted(receiver.texts()) == [f"{name} {n}" for name in ("first", "second") for n in range(4)]
    for name in ("first", "second"):
        of_one = [said for said in receiver.texts() if said.startswith(name)]
        assert of_one == [f"{name} {number}" for number in range(4)]


def test_the_echo_stays_before_its_accept(wire: Wire, hook: Hook) -> None:
    """R73, also behind a failure."""
    receiver = receive(hook, 500)
    wire.install(hook.manifest(CONTENT, RECEIPT, retry=RETENTION))

    say_as_consumer(wire, wire.open(), "one", "two")
    wire.settle()
    wire.advance(300)

    assert [each.kind for each in receiver.accepted] == [CONTENT, RECEIPT, CONTENT, RECEIPT]
    assert [each["sequence"] for each in hook.changes()[1:]] == [0, 1, 2, 3]


def test_an_answer_later_than_the_timeout_brings_the_event_twice(
    wire: Wire, hook: Hook, eventually: Callable[..., Any]
) -> None:
    receiver = receive(hook)
    receiver.hold("one")
    wire.settings(**{READ_TIMEOUT: 0.05})
    app = wire.install(with_retention(hook, HOUR))
    conversation_id = wire.open()

    say(wire, conversation_id, "one", "two")
    stored = standing(wire, app)
    receiver.release("one")
    eventually(lambda: receiver.texts() == ["one"])
    wire.advance(10)

    assert stored == failed(2)
    assert receiver.texts() == ["one", "one", "two"]


# --- Expiry ---------------------------------------------------------------------------------------


def test_an_event_is_lost_after_the_retention_time(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook, status=500)
    app = wire.install(with_retention(hook, 60))
    conversation_id = wire.open()

    say(wire, conversation_id, "one")
    wire.advance(40)
    kept = standing(wire, app)
    wire.advance(24)
    receiver.status = 200
    say(wire, conversation_id, "two")
    wire.advance(59)

    assert kept == failed(1)
    assert receiver.texts() == ["two"]
    assert outcomes(wire, app).count("lost") == 1
    assert standing(wire, app) == UP


def test_an_event_is_kept_until_the_retention_time(wire: Wire, hook: Hook) -> None:
    """Tried after 0, 2, 6, 14, 30 and 62 seconds: the last attempt is within the 65."""
    receiver = receive(hook, 500, 500, 500, 500, 500)
    app = wire.install(with_retention(hook, 65))

    say(wire, wire.open(), "Hello")
    wire.advance(HOUR)

    assert receiver.texts() == ["Hello"]
    assert outcomes(wire, app) == ["failed"] * 5 + ["delivered"]


def test_each_event_has_a_retention_time_of_its_own(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook, status=500)
    wire.install(with_retention(hook, 400))
    conversation_id = wire.open()

    say(wire, conversation_id, "one")
    wire.advance(300)
    say(wire, conversation_id, "two")
    wire.advance(110)
    receiver.status = 200
    wire.advance(HOUR)

    assert receiver.texts() == ["two"]


# --- A webhook that gives up at once --------------------------------------------------------------


def giving_up_on_texts(hook: Hook) -> dict[str, Any]:
    manifest = split(hook, CONTENT, STATE, retry=RETENTION)
    manifest["capabilities"]["webhooks"][CONTENT]["max_retries"] = 0
    return manifest


def test_with_no_retries_a_failing_event_is_dropped_and_the_app_stays_up(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook)
    receiver.status_at["/hook/1"] = 500
    app = wire.install(giving_up_on_texts(hook))
    conversation_id = wire.open()

    say(wire, conversation_id, "one")
    after_the_failure = standing(wire, app)
    wire.agent(conversation_id, "typing")
    wire.settle()
    receiver.status_at.clear()
    wire.advance(HOUR)

    assert after_the_failure == UP
    assert [each.kind for each in receiver.accepted] == [STATE]
    assert outcomes(wire, app) == ["lost", "delivered"]


def test_once_the_app_has_failed_its_events_are_stored_like_others(wire: Wire, hook: Hook) -> None:
    receiver = receive(hook)
    receiver.status_at["/hook/2"] = 500
    app = wire.install(giving_up_on_texts(hook))
    conversation_id = wire.open()

    wire.agent(conversation_id, "typing")
    wire.settle()
    say(wire, conversation_id, "stored")
    stored = standing(wire, app)
    receiver.status_at.clear()
    wire.advance(300)

    assert stored == failed(2)
    assert [each.kind for each in receiver.accepted] == [STATE, CONTENT]
    assert receiver.texts()[-1] == "stored"


# --- Two hours of failing -------------------------------------------------------------------------


def test_after_two_hours_of_failing_every_event_arrives_once_and_in_order(wire: Wire, hook: Hook) -> None:
    """What a second app got at once is what the failing one gets in the end, conversation by conversation."""
    receiver = receive(hook)
    receiver.status_at["/hook/failing"] = 503
    app = wire.install(hook.manifest(endpoint=f"{hook.url}/failing", retry=RETENTION))
    wire.install(hook.manifest(endpoint=f"{hook.url}/witness"))
    conversations = [wire.open(), wire.open(BERT)]

    for minutes in range(0, 120, 15):
        for conversation_id in conversations:
            say(wire, conversation_id, f"after {minutes} minutes")
            wire.agent(conversation_id, "typing")
        wire.advance(15 * 60)
    stored = standing(wire, app)
    receiver.status_at.clear()
    wire.advance(300)

    witnessed = [each for each in hook.received if each.path == "/hook/witness"]
    got = [each for each in receiver.accepted if each.path == "/hook/failing"]
    # Opened, joined, eight texts and eight chat states, in each of two conversations.
    assert stored == failed(2 * 18)
    assert len(got) == 2 * 18
    assert by_conversation(got) == by_conversation(witnessed)
    assert standing(wire, app) == UP


@pytest.mark.parametrize("seconds", [7100, 7300])
def test_what_two_hours_keep_depends_on_the_retention_time(wire: Wire, hook: Hook, seconds: int) -> None:
    receiver = receive(hook, status=503)
    wire.install(with_retention(hook, seconds))
    conversation_id = wire.open()

    say(wire, conversation_id, "at the beginning")
    wire.advance(3600)
    say(wire, conversation_id, "after an hour")
    wire.advance(3500)
    receiver.status = 200
    wire.advance(300)

    expected = ["at the beginning", "after an hour"] if seconds == 7300 else ["after an hour"]
    assert receiver.texts() == expected
