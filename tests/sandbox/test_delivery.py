"""Notifications on their way: bytes, headers, order, retries by count, faults, slow endpoints."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from connectorkit.sandbox.apps import App
from connectorkit.sandbox.options import Options
from connectorkit.sandbox.post import DeliveryFailed, Timeouts

from .receivers import CHANGE, ONE, START, STATE, TEXT, TIMEOUT, TWO, Rig, event, in_a_loop, manifest

NAMES = [f"{conversation}{number}" for number in range(30) for conversation in "abc"]


# --- What is sent ------------------------------------------------------------------------------------


@in_a_loop
async def test_a_notification_is_signed_compact_json_with_the_headers_of_the_install() -> None:
    webhook = {"endpoint": ONE, "headers": [{"header_name": "X-Env", "header_value": "test"}]}
    rig = Rig({TEXT: webhook})
    # The published vector: its members come in this order.
    change = {
        "sequence": 2,
        "event": {"type": "ContentEvent", "message": "Hello", "contentType": "text/plain"},
        "conversationId": "c-1",
        "dialogId": "c-1",
    }
    given = event("c-1", 2)
    given.body.clear()
    given.body.update(kind="notification", body={"changes": [change]}, type="ms.MessagingEventNotification")

    rig.deliveries.deliver(rig.app, given)
    await rig.advance(0)

    ((url, body, headers, timeouts),) = rig.receiver.requests
    assert (url, len(body), timeouts) == (ONE, 215, Timeouts(5.0, 5.0))
    assert headers == {
        "Content-Type": "application/json; charset=utf-8",
        "x-liveperson-account-id": "12345678",
        "x-liveperson-client-id": "app-1",
        "x-liveperson-signature": "sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw=",
        "X-Env": "test",
    }


@pytest.mark.parametrize(
    ("escaped", "message", "expected"),
    [
        (False, "Grüße 🚀", '"Grüße 🚀"'.encode()),
        (True, "Grüße 🚀", rb'"Gr\u00fc\u00dfe \ud83d\ude80"'),
        (False, "half \ud83d", rb'"half \ud83d"'),
    ],
    ids=["raw UTF-8", "escaped", "half a pair"],
)
@in_a_loop
async def test_text_outside_ascii_is_raw_or_escaped(escaped: bool, message: str, expected: bytes) -> None:
    rig = Rig()
    rig.options.escape_non_ascii = escaped

    rig.deliveries.deliver(rig.app, event("a", 1, message=message))
    await rig.advance(0)

    ((_, body, _, _),) = rig.receiver.requests
    assert expected in body
    assert json.loads(body)["body"]["changes"][0]["message"] == message


@in_a_loop
async def test_options_that_change_hold_from_the_next_attempt() -> None:
    rig = Rig()
    rig.deliveries.options = Options(
        signature_algorithm="sha256", signature_encoding="hex", read_timeout_seconds=1
    )

    rig.send("a1")
    await rig.advance(0)

    ((_, _, headers, timeouts),) = rig.receiver.requests
    algorithm, _, digest = headers["x-liveperson-signature"].partition("=")
    assert (algorithm, len(digest), timeouts) == ("sha256", 64, Timeouts(5.0, 1))


@in_a_loop
async def test_types_without_a_webhook_and_apps_switched_off_are_not_notified() -> None:
    rig = Rig()
    rig.send("a1", kind=CHANGE)
    rig.app.manifest["enabled"] = False
    rig.send("a2")
    await rig.advance(0)

    assert rig.receiver.requests == []
    assert rig.deliveries.report() == {"deliveries": [], "apps": [], "warnings": []}


@in_a_loop
async def test_each_attempt_is_recorded() -> None:
    rig = Rig({TEXT: {"endpoint": ONE, "max_retries": 1}})
    answers = iter([DeliveryFailed("could not connect"), 201])
    rig.receiver.behave = lambda *_: next(answers)

    await rig.advance(1)
    rig.send("a7")
    await rig.advance(60)

    about = {
        "client_id": "app-1",
        "endpoint": ONE,
        "type": TEXT,
        "conversation_id": "a",
        "dialog_id": "a",
        "sequence": 7,
    }
    assert rig.deliveries.report() == {
        "deliveries": [
            {
                "at_ms": int(START * 1000) + 1_000,
                **about,
                "attempt": 1,
                "status": None,
                "error": "could not connect",
                "outcome": "failed",
            },
            {
                "at_ms": int(START * 1000) + 31_000,
                **about,
                "attempt": 2,
                "status": 201,
                "error": None,
                "outcome": "delivered",
            },
        ],
        "apps": [{"client_id": "app-1", "state": "Up", "stored": 0}],
        "warnings": [],
    }


@pytest.mark.parametrize("status", [202, 204, 302, 400, 404, 429, 500])
@in_a_loop
async def test_only_200_and_201_are_success(status: int) -> None:
    rig = Rig()
    rig.receiver.down(ONE, answer=status)

    rig.send("a1")
    await rig.advance(0)

    (record,) = rig.deliveries.report()["deliveries"]
    assert (record["status"], record["outcome"]) == (status, "lost")
    assert record["error"] == f"answered {status}; only 200 and 201 count as success"


@in_a_loop
async def test_a_post_that_breaks_counts_as_failure() -> None:
    rig = Rig()
    rig.receiver.behave = lambda *_: RuntimeError("broken")

    rig.send("a1", "a2")
    await rig.advance(0)

    assert rig.outcomes == [("a1", 1, "lost"), ("a2", 1, "lost")]


# --- Order and concurrency ---------------------------------------------------------------------------


@in_a_loop
async def test_first_attempts_of_a_conversation_go_one_after_the_other() -> None:
    rig = Rig({TEXT: ONE, CHANGE: TWO})
    rig.receiver.behave = lambda url, conversation, number: ((3 if url == ONE else 1), 200)

    rig.send("a1")
    rig.send("a2", kind=CHANGE)
    rig.send("a3")
    await rig.advance(20)

    assert [(got.name, got.seconds) for got in rig.receiver.got] == [("a1", 0), ("a2", 3), ("a3", 4)]


@in_a_loop
async def test_conversations_go_side_by_side() -> None:
    rig = Rig()
    rig.receiver.behave = lambda url, conversation, number: (5 if conversation == "a" else 0, 200)

    rig.send("a1", "a2", "b1", "b2")
    await rig.advance(1)

    assert rig.receiver.taken == ["b1", "b2"]


@in_a_loop
async def test_no_more_than_sixteen_are_under_way_for_an_app() -> None:
    rig = Rig()
    rig.receiver.behave = lambda *_: (1, 200)
    names = [f"c-{letter}1" for letter in "abcdefghijklmnopqrstuvwxyz"]

    rig.send(*names)
    await rig.advance(10)

    assert rig.receiver.most_under_way == 16
    assert sorted(rig.receiver.taken) == names


@in_a_loop
async def test_apps_do_not_wait_for_each_other() -> None:
    rig = Rig()
    other = App("app-2", "another", manifest({TEXT: TWO}), 0)
    rig.receiver.behave = lambda url, *_: (60 if url == ONE else 0, 200)

    for number in range(3):
        rig.send(f"a{number}")
        rig.deliveries.deliver(other, event("a", number))
    await rig.advance(1)

    assert rig.receiver.taken == ["a0", "a1", "a2"]


@in_a_loop
async def test_thousands_of_events_take_little_time() -> None:
    rig = Rig()
    started = time.process_time()

    rig.send(*(f"c-{chr(97 + number % 26)}{number}" for number in range(5_000)))
    await rig.advance(0)

    assert len(rig.receiver.taken) == 5_000
    assert time.process_time() - started < 4


# --- Retries by count --------------------------------------------------------------------------------


@pytest.mark.parametrize("max_retries", [None, 0, 1, 5])
@in_a_loop
async def test_retries_come_thirty_seconds_apart_until_they_are_used_up(max_retries: int | None) -> None:
    webhook = {"endpoint": ONE} if max_retries is None else {"endpoint": ONE, "max_retries": max_retries}
    rig = Rig({TEXT: webhook})
    rig.receiver.down(ONE)
    allowed = max_retries or 0

    rig.send("a1")
    await rig.advance(600)

    assert rig.receiver.times("a1") == [30.0 * n for n in range(allowed + 1)]
    assert rig.outcomes == [*(("a1", n + 1, "failed") for n in range(allowed)), ("a1", allowed + 1, "lost")]


@in_a_loop
async def test_a_retry_comes_thirty_seconds_after_the_failure_was_known() -> None:
    rig = Rig({TEXT: {"endpoint": ONE, "max_retries": 1}})
    rig.receiver.behave = lambda *_: (5, TIMEOUT)

    rig.send("a1")
    await rig.advance(60)

    assert rig.receiver.times("a1") == [0, 35]


@in_a_loop
async def test_a_failing_event_does_not_hold_up_the_next() -> None:
    rig = Rig({TEXT: {"endpoint": ONE, "max_retries": 2}})
    rig.receiver.behave = lambda url, conversation, number: (
        500 if number == 1 and len(rig.receiver.got) < 3 else 200
    )

    rig.send("a1", "a2", "a3")
    await rig.advance(60)

    assert rig.receiver.taken == ["a2", "a3", "a1"]
    assert rig.receiver.times("a1") == [0, 30]


@in_a_loop
async def test_two_hours_of_failure_lose_exactly_what_had_no_attempt_outside_them() -> None:
    started = time.process_time()
    rig = Rig(
        {TEXT: {"endpoint": ONE, "max_retries": 3}, CHANGE: {"endpoint": TWO, "max_retries": 5}, STATE: ONE}
    )
    begin, end = 600.0, 600.0 + 7200

    def behave(url: str, conversation: str, number: int) -> int:
        return 500 if begin <= rig.schedule.clock.now() - START < end else 200

    rig.receiver.behave = behave
    sent: dict[str, float] = {}
    retries = {TEXT: 3, CHANGE: 5, STATE: 0}
    for number in range(1200):
        conversation, kind = "abcdef"[number % 6], (TEXT, CHANGE, TEXT, STATE)[number % 4]
        sent[f"{conversation}{number}"] = retries[kind]
        rig.send(f"{conversation}{number}", kind=kind)
        await rig.advance(7)

    await rig.advance(600)

    expected_lost = {
        name
        for name, allowed in sent.items()
        if all(begin <= int(name[1:]) * 7 + 30 * n < end for n in range(allowed + 1))
    }
    assert set(rig.lost) == expected_lost
    assert 900 < len(expected_lost) < 1200
    assert sorted(rig.receiver.taken) == sorted(set(sent) - expected_lost)
    assert time.process_time() - started < 2


# --- Installs that change ----------------------------------------------------------------------------


@in_a_loop
async def test_a_retry_follows_the_install_as_it_is_then() -> None:
    rig = Rig({TEXT: {"endpoint": ONE, "max_retries": 1}})
    rig.receiver.down(ONE)
    rig.send("a1")
    await rig.advance(1)

    rig.app.manifest = manifest({TEXT: TWO})
    await rig.advance(60)

    assert [(got.url, got.answer) for got in rig.receiver.got] == [(ONE, 500), (TWO, 200)]


@pytest.mark.parametrize("change", ["removed", "switched off", "webhook gone"])
@in_a_loop
async def test_retries_of_an_app_that_is_gone_are_lost(change: str) -> None:
    rig = Rig({TEXT: {"endpoint": ONE, "max_retries": 1}})
    rig.receiver.down(ONE)
    rig.send("a1")
    await rig.advance(1)

    if change == "removed":
        rig.deliveries.drop("app-1")
    elif change == "switched off":
        rig.app.manifest["enabled"] = False
    else:
        rig.app.manifest = manifest({CHANGE: TWO})
    await rig.advance(60)

    assert rig.outcomes == [("a1", 1, "failed"), ("a1", 1, "lost")]
    assert len(rig.receiver.got) == 1


@in_a_loop
async def test_reset_forgets_all_of_it() -> None:
    rig = Rig({TEXT: {"endpoint": ONE, "max_retries": 5}})
    rig.receiver.behave = lambda url, conversation, number: (3, 500) if number == 1 else 500
    rig.deliveries.faults.add({"webhook": "reorder", "times": 1})
    rig.send("a1", "a2", "b1")
    await rig.advance(1)

    rig.deliveries.reset()
    rig.schedule.reset()
    rig.receiver.got.clear()
    await rig.advance(600)

    assert rig.deliveries.report() == {"deliveries": [], "apps": [], "warnings": []}
    assert rig.receiver.got == []


# --- Slow endpoints ----------------------------------------------------------------------------------


async def answers(rig: Rig, *seconds: float, apart: float = 30) -> list[str]:
    """Give answers that take so long; about what there was a warning."""
    for number, lasts in enumerate(seconds):
        rig.receiver.behave = lambda *_, lasts=lasts: (lasts, 200 if lasts < 5 else TIMEOUT)
        rig.send(f"a{number}")
        await rig.advance(apart)
    return [warning["about"] for warning in rig.deliveries.report()["warnings"]]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([3] * 4, []),
        ([3] * 5, [ONE]),
        ([3] * 30, [ONE]),
        ([2.5] * 30, []),
        ([3, 3, 1, 3, 3, 3, 3], []),
        ([3, 3, 1, 3, 3, 3, 3, 3], [ONE]),
        ([*[3] * 5, 1, *[3] * 5], [ONE, ONE]),
        ([3, 5, 3, 5, 3], [ONE]),
    ],
)
@in_a_loop
async def test_nothing_but_slow_answers_for_two_minutes_is_a_warning(
    seconds: list[float], expected: list[str]
) -> None:
    assert await answers(Rig(), *seconds) == expected


@in_a_loop
async def test_two_slow_answers_far_apart_are_none() -> None:
    assert await answers(Rig(), 3, 3, 3, 3, apart=150) == []


@in_a_loop
async def test_a_refused_connection_says_nothing_about_speed() -> None:
    rig = Rig()
    await answers(rig, 3, 3, 3)
    rig.receiver.down(ONE, answer=DeliveryFailed("could not connect"))
    rig.send("b1")
    await rig.advance(0)

    assert await answers(rig, 3, 3) == [ONE]


@pytest.mark.parametrize("disable", [False, True])
@in_a_loop
async def test_slow_apps_are_disabled_where_that_is_set(disable: bool) -> None:
    rig = Rig()
    rig.options.disable_slow_apps = disable

    await answers(rig, *[3] * 10)

    (warning,) = rig.deliveries.report()["warnings"]
    assert rig.disabled == ([("app-1", warning["text"])] if disable else [])


# --- Faults ------------------------------------------------------------------------------------------


@in_a_loop
async def test_a_duplicate_is_sent_twice() -> None:
    rig = Rig()
    rig.deliveries.faults.add({"webhook": "duplicate", "times": 1})

    rig.send("a1", "a2")
    await rig.advance(0)

    assert rig.receiver.taken == ["a1", "a1", "a2"]
    assert rig.receiver.requests[0] == rig.receiver.requests[1]


@in_a_loop
async def test_a_lost_one_is_not_sent() -> None:
    rig = Rig()
    rig.deliveries.faults.add({"webhook": "loss", "times": 1})

    rig.send("a1", "a2")
    await rig.advance(0)

    assert rig.receiver.taken == ["a2"]
    assert rig.outcomes == [("a1", 0, "lost"), ("a2", 1, "delivered")]


@in_a_loop
async def test_a_reordered_one_goes_behind_the_next_of_its_conversation() -> None:
    rig = Rig()
    rig.deliveries.faults.add({"webhook": "reorder", "times": 1})

    rig.send("a1", "b1", "a2", "a3")
    await rig.advance(0)

    assert [name for name in rig.receiver.taken if name.startswith("a")] == ["a2", "a1", "a3"]
    assert "b1" in rig.receiver.taken


@in_a_loop
async def test_a_reordered_one_goes_after_50_ms_if_no_other_comes() -> None:
    rig = Rig()
    rig.deliveries.faults.add({"webhook": "reorder"})

    rig.send("a1")
    await rig.advance(10)

    assert rig.receiver.times("a1") == [0.05]


@in_a_loop
async def test_each_reordered_one_has_its_own_50_ms() -> None:
    rig = Rig()
    rig.deliveries.faults.add({"webhook": "reorder"})

    rig.send("a1", "a2")
    await rig.advance(0.03)
    rig.send("a3")
    await rig.advance(1)

    assert rig.receiver.taken == ["a2", "a1", "a3"]
    assert rig.receiver.times("a3") == [0.08]


@in_a_loop
async def test_all_reordered_means_each_pair_is_swapped() -> None:
    rig = Rig()
    rig.deliveries.faults.add({"webhook": "reorder"})

    rig.send("a1", "a2", "a3", "a4")
    await rig.advance(0)

    assert rig.receiver.taken == ["a2", "a1", "a4", "a3"]


@in_a_loop
async def test_faults_strike_by_lot_and_the_same_ones_each_time() -> None:
    runs = []
    for _ in range(2):
        rig = Rig()
        rig.deliveries.faults.add({"webhook": "loss", "probability": 0.3})
        rig.send(*NAMES)
        await rig.advance(0)
        runs.append(rig.lost)

    assert runs[0] == runs[1]
    assert 10 < len(runs[0]) < 45


@in_a_loop
async def test_cleared_faults_strike_no_more() -> None:
    rig = Rig()
    rig.deliveries.faults.add({"webhook": "loss"})
    rig.deliveries.faults.clear()

    rig.send("a1")
    await rig.advance(0)

    assert rig.receiver.taken == ["a1"]


def test_an_event_before_a_loop_runs_is_delivered_in_one() -> None:
    rig = Rig()

    rig.send("a1")
    asyncio.run(rig.advance(0))

    assert rig.receiver.taken == ["a1"]
