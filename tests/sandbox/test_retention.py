"""Retries by time to live: the four states, their order, and what is never sent twice."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from typing import Any

import pytest

from .receivers import CHANGE, ONE, START, STATE, TEXT, THREE, TIMEOUT, TWO, Got, Rig, in_a_loop, manifest


def in_order(got: list[Got]) -> bool:
    """Whether the successful deliveries of each conversation rise in number."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for one in got:
        if one.answer in (200, 201):
            numbers[one.conversation].append(one.number)
    return all(sorted(given) == given for given in numbers.values())


async def failed(rig: Rig, *names: str) -> None:
    """Bring the app into Failed, with these events stored, and let it recover at the next probe."""
    rig.receiver.down(ONE, TWO, THREE)
    rig.send(*names)
    await rig.advance(0)
    assert rig.state == ("Failed", len(names))
    rig.receiver.got.clear()
    rig.receiver.down()


# --- Failed ------------------------------------------------------------------------------------------


@in_a_loop
async def test_an_app_that_works_is_up_and_stores_nothing() -> None:
    rig = Rig(retention=3600)
    rig.send("a1", "b1")
    await rig.advance(0)

    assert rig.state == ("Up", 0)
    assert rig.receiver.taken == ["a1", "b1"]


@pytest.mark.parametrize("answer", [204, 500, TIMEOUT], ids=str)
@in_a_loop
async def test_any_failure_stores_the_events_of_all_endpoints(answer: Any) -> None:
    rig = Rig({TEXT: ONE, CHANGE: TWO}, retention=3600)
    rig.receiver.down(ONE, answer=answer)

    rig.send("a1")
    await rig.advance(0)
    rig.send("a2", "b1", kind=CHANGE)
    await rig.advance(1)

    assert rig.state == ("Failed", 3)
    assert [got.name for got in rig.receiver.got] == ["a1"]


@in_a_loop
async def test_probes_come_after_pauses_that_double_up_to_five_minutes() -> None:
    rig = Rig(retention=3600)
    rig.receiver.down(ONE)

    rig.send("a1")
    await rig.advance(1500)

    assert rig.receiver.times("a1") == [0, 2, 6, 14, 30, 62, 126, 254, 510, 810, 1110, 1410]


@in_a_loop
async def test_each_failed_endpoint_is_probed_with_the_oldest_head_that_goes_to_it() -> None:
    rig = Rig({TEXT: ONE, CHANGE: TWO, STATE: THREE}, retention=3600)
    rig.receiver.behave = lambda url, *_: (1, 200 if url == THREE else 500)
    rig.send("a1", "b1")  # all under way when the first fails
    rig.send("c1", kind=CHANGE)
    await rig.advance(1)
    rig.send("d1", kind=STATE)
    rig.send("d2")
    assert rig.state == ("Failed", 5)
    rig.receiver.got.clear()

    await rig.advance(3)

    assert {(got.name, got.url) for got in rig.receiver.got} == {("a1", ONE), ("c1", TWO)}


@in_a_loop
async def test_an_endpoint_that_works_again_is_not_probed_while_another_fails() -> None:
    rig = Rig({TEXT: ONE, CHANGE: TWO}, retention=3600)
    rig.receiver.behave = lambda *_: (1, 500)
    rig.send("a1")
    rig.send("b1", kind=CHANGE)
    await rig.advance(1)
    rig.send("a2")
    rig.receiver.got.clear()

    rig.receiver.down(TWO)
    await rig.advance(100)

    assert [(got.name, got.seconds, got.answer) for got in rig.receiver.got if got.url == ONE] == [
        ("a1", 3, 200)
    ]
    assert rig.receiver.times("b1") == [3, 7, 15, 31, 63]
    assert rig.state == ("Failed", 2)


@in_a_loop
async def test_an_endpoint_with_no_head_that_goes_to_it_is_taken_as_fine() -> None:
    rig = Rig({TEXT: ONE, CHANGE: TWO}, retention=3600)
    await failed(rig, "a1")
    rig.app.manifest = manifest({TEXT: TWO, CHANGE: TWO}, 3600)
    rig.receiver.down(ONE)

    await rig.advance(2)

    assert [(got.name, got.url) for got in rig.receiver.got] == [("a1", TWO)]
    assert rig.state == ("Up", 0)


@in_a_loop
async def test_an_event_is_not_overtaken_by_a_probe_while_it_is_under_way() -> None:
    rig = Rig({TEXT: ONE, CHANGE: TWO}, retention=3600)
    rig.receiver.behave = lambda url, conversation, number: {"a1": (10, 200), "b1": 500}.get(
        f"{conversation}{number}", 200
    )
    rig.send("a1", "a2", "b1")
    await rig.advance(0)
    rig.send("b2")
    rig.receiver.down()

    await rig.advance(60)

    assert in_order(rig.receiver.got)
    assert sorted(rig.receiver.taken) == ["a1", "a2", "b1", "b2"]
    assert (rig.receiver.times("a1"), rig.receiver.times("a2")) == ([0], [10])
    assert rig.receiver.times("b1") == [0, 2]  # the probe: the older a2 has to wait for a1


@in_a_loop
async def test_a_failure_that_comes_in_late_puts_its_event_back_at_the_head() -> None:
    rig = Rig(retention=3600)
    slow = {"a1": (5, TIMEOUT), "b1": 500}
    rig.receiver.behave = lambda url, conversation, number: slow.pop(f"{conversation}{number}", 200)
    rig.send("a1", "b1", "a2")
    await rig.advance(60)

    assert [name for name in rig.receiver.taken if name.startswith("a")] == ["a1", "a2"]
    assert rig.receiver.times("a1") == [0, 7]
    assert rig.state == ("Up", 0)


# --- Expiry ------------------------------------------------------------------------------------------


@in_a_loop
async def test_events_older_than_the_retention_time_are_lost_when_their_turn_comes() -> None:
    rig = Rig(retention=20)
    rig.receiver.down(ONE)
    rig.send("a1")
    await rig.advance(25)
    rig.send("a2", "b1")

    await rig.until(30)
    assert rig.lost == ["a1"]
    assert rig.receiver.times("a1") == [0, 2, 6, 14]
    rig.receiver.down()
    await rig.until(62)

    assert rig.lost == ["a1", "a2", "b1"]
    assert rig.receiver.taken == []
    assert rig.state == ("Up", 0)


@in_a_loop
async def test_the_loss_of_an_old_event_says_why() -> None:
    rig = Rig(retention=2)
    rig.receiver.down(ONE)
    rig.send("a1")
    await rig.advance(60)

    record = rig.deliveries.report()["deliveries"][-1]
    assert (record["status"], record["endpoint"], record["at_ms"]) == (None, ONE, int(START * 1000) + 6_000)
    assert record["error"] == "older than the retention time of 2 s"


# --- In transition -----------------------------------------------------------------------------------


@in_a_loop
async def test_the_store_is_resent_in_order_across_endpoints() -> None:
    rig = Rig({TEXT: ONE, CHANGE: TWO}, retention=3600)
    await failed(rig, "a1", "b1", "a2")
    rig.send("a3", "b2", kind=CHANGE)
    rig.send("a4")
    rig.receiver.behave = lambda url, *_: (0.3 if url == ONE else 0.1, 200)

    await rig.advance(10)

    assert sorted(rig.receiver.taken) == ["a1", "a2", "a3", "a4", "b1", "b2"]
    assert in_order(rig.receiver.got)
    assert rig.state == ("Up", 0)


@in_a_loop
async def test_in_transition_new_conversations_go_directly_and_stored_ones_append() -> None:
    rig = Rig(retention=3600)
    await failed(rig, "a1", "a2", "a3")
    rig.receiver.behave = lambda *_: (1, 200)
    await rig.until(3.5)
    assert rig.state == ("In transition", 1)

    rig.send("a4", "n1")
    assert rig.state == ("In transition", 2)
    await rig.until(20)

    assert rig.receiver.times("n1") == [3.5]
    assert rig.receiver.times("a4") == [5]
    assert rig.receiver.taken == ["a1", "a2", "n1", "a3", "a4"]


@in_a_loop
async def test_a_conversation_that_has_been_resent_goes_directly_again() -> None:
    rig = Rig(retention=3600)
    await failed(rig, "a1", "b1", "b2", "b3", "b4")
    rig.receiver.behave = lambda *_: (1, 200)
    await rig.until(4.5)
    assert rig.state[0] == "In transition"

    rig.send("a2")
    await rig.until(20)

    assert rig.receiver.times("a2") == [4.5]


@in_a_loop
async def test_a_failure_in_transition_stores_all_again_and_pauses_start_anew() -> None:
    rig = Rig(retention=3600)
    rig.receiver.down(ONE)
    rig.send("a1", "a2", "a3")
    await rig.until(13)
    rig.receiver.behave = lambda url, conversation, number: (1, 500 if number == 3 else 200)
    await rig.until(16.5)
    rig.send("a4")
    await rig.until(17)

    assert rig.state == ("Failed", 2)
    rig.receiver.down(ONE)
    await rig.until(40)
    rig.receiver.down()
    await rig.until(200)

    # Probes of a1 until 14, which takes a second; a3 fails at 17: pauses of 2, 4, 8 and 16 from there.
    assert rig.receiver.times("a3") == [16, 19, 23, 31, 47]
    assert rig.receiver.taken == ["a1", "a2", "a3", "a4"]


@in_a_loop
async def test_a_new_conversation_that_fails_in_transition_is_stored_too() -> None:
    rig = Rig(retention=3600)
    await failed(rig, "a1", "a2", "a3")
    rig.receiver.behave = lambda url, conversation, number: 500 if conversation == "n" else (1, 200)
    await rig.until(3.5)
    rig.send("n1", "a4")
    await rig.until(5)

    assert rig.state == ("Failed", 3)
    rig.receiver.down()
    await rig.until(20)
    assert in_order(rig.receiver.got)
    assert sorted(rig.receiver.taken) == ["a1", "a2", "a3", "a4", "n1"]


# --- Recovered ---------------------------------------------------------------------------------------


async def draining(rig: Rig, seconds: float) -> None:
    """Bring the app into Recovered at 4 s, with a4, a5 and a6 to be drained, each taking so long."""
    await failed(rig, "a1", "a2", "a3")
    rig.receiver.behave = lambda url, conversation, number: (
        (0.5, 200) if number <= 3 else (seconds, 200) if number <= 6 else 200
    )
    await rig.until(2.75)
    rig.send("a4", "a5", "a6")
    assert rig.state == ("In transition", 4)
    await rig.until(3.5)
    assert rig.state == ("Recovered", 2)
    rig.receiver.got.clear()


@in_a_loop
async def test_an_event_for_a_conversation_being_drained_waits_until_that_is_done() -> None:
    rig = Rig(retention=3600)
    await draining(rig, 1)

    await rig.until(4)
    rig.send("a7", "a8")
    assert rig.state == ("Recovered", 4)
    await rig.until(60)

    assert rig.receiver.taken == ["a4", "a5", "a6", "a7", "a8"]
    assert (rig.receiver.times("a7"), rig.receiver.times("a8")) == ([6.5], [6.5])
    assert rig.state == ("Up", 0)


@in_a_loop
async def test_after_four_seconds_it_goes_past_the_drain() -> None:
    rig = Rig(retention=3600)
    await draining(rig, 3)

    await rig.until(4)
    rig.send("a7")
    await rig.until(10)
    rig.send("a8")
    await rig.until(60)

    # The drain lasts from 3.5 to 12.5. The promise lapses for a7 at 8; a8 needs to wait 2.5 s only.
    assert (rig.receiver.times("a7"), rig.receiver.times("a8")) == ([8], [12.5])
    assert rig.receiver.taken == ["a4", "a7", "a5", "a6", "a8"]
    assert rig.state == ("Up", 0)


@in_a_loop
async def test_what_went_past_the_drain_is_not_overtaken_by_what_follows() -> None:
    rig = Rig(retention=3600)
    await draining(rig, 2)
    usual = rig.receiver.behave
    rig.receiver.behave = lambda url, conversation, number: (
        (4, 200) if number == 7 else usual(url, conversation, number)
    )

    await rig.until(4)
    rig.send("a7", "a8")
    await rig.until(9)
    rig.send("a9")
    await rig.until(11)
    rig.send("a10")
    await rig.until(60)

    assert rig.receiver.times("a7") == [8]
    assert [got.number for got in rig.receiver.got if got.number > 6] == [7, 8, 9, 10]


@in_a_loop
async def test_what_went_past_the_drain_is_not_overtaken_by_the_store() -> None:
    rig = Rig(retention=3600)
    await draining(rig, 2)
    rig.receiver.behave = lambda url, conversation, number: (
        500 if conversation == "n" else (30, 200) if number == 7 else (2, 200)
    )
    await rig.until(4)
    rig.send("a7")
    await rig.until(9)  # a7 is under way, past a6
    rig.send("n1", "a8")
    await rig.until(10)
    assert rig.state == ("Failed", 2)

    rig.receiver.down()
    await rig.until(60)

    assert rig.receiver.times("n1") == [9, 11]
    assert (rig.receiver.times("a7"), rig.receiver.times("a8")) == ([8], [38])


@in_a_loop
async def test_an_endpoint_is_not_taken_as_fine_while_its_head_waits_for_what_is_under_way() -> None:
    rig = Rig(retention=3600)
    await draining(rig, 3)
    rig.receiver.behave = lambda url, conversation, number: (
        (10, 200) if number == 7 else (3, 500 if rig.schedule.clock.now() < START + 9 else 200)
    )
    await rig.until(4)
    rig.send("a7")  # goes past a5 at 8, and takes until 18; a5 fails at 9.5
    await rig.until(60)

    assert rig.receiver.times("a5") == [6.5, 23.5]
    assert rig.receiver.taken == ["a4", "a7", "a5", "a6"]


@in_a_loop
async def test_what_waits_to_go_past_the_drain_is_stored_by_a_failure() -> None:
    rig = Rig(retention=3600)
    await draining(rig, 3)
    rig.receiver.behave = lambda url, conversation, number: (
        (10, 200) if number == 7 else (3, 500 if number == 6 and len(rig.receiver.got) < 5 else 200)
    )
    await rig.until(4)
    rig.send("a7", "a8", "a9")
    await rig.until(60)

    assert rig.receiver.taken == ["a4", "a5", "a7", "a6", "a8", "a9"]


@in_a_loop
async def test_other_conversations_go_directly_while_one_is_drained() -> None:
    rig = Rig(retention=3600)
    await draining(rig, 3)
    await rig.until(5)
    rig.send("n1")
    await rig.until(60)

    assert rig.receiver.times("n1") == [5]


@in_a_loop
async def test_a_failure_in_recovered_stores_drained_held_and_lapsed_in_order() -> None:
    rig = Rig(retention=3600)
    await draining(rig, 3)
    await rig.until(4)
    rig.send("a7")
    await rig.until(5)
    rig.send("a8")
    rig.receiver.behave = lambda *_: 500

    await rig.until(7)
    assert rig.state == ("Failed", 4)
    rig.receiver.down()
    await rig.until(60)

    assert rig.receiver.taken == ["a4", "a5", "a6", "a7", "a8"]
    assert rig.state == ("Up", 0)


# --- Never to be retried -----------------------------------------------------------------------------


NO_RETRY = {TEXT: ONE, STATE: {"endpoint": TWO, "max_retries": 0}}


@in_a_loop
async def test_an_explicit_zero_means_dropped_and_the_app_stays_up() -> None:
    rig = Rig(NO_RETRY, retention=3600)
    rig.receiver.down(TWO)

    rig.send("a1", kind=STATE)
    rig.send("a2")
    await rig.advance(0)

    assert rig.outcomes == [("a1", 1, "lost"), ("a2", 1, "delivered")]
    assert rig.state == ("Up", 0)


@in_a_loop
async def test_an_explicit_zero_is_stored_while_the_app_is_failed() -> None:
    rig = Rig(NO_RETRY, retention=3600)
    await failed(rig, "a1")
    rig.send("a2", kind=STATE)
    rig.send("a3")
    assert rig.state == ("Failed", 3)
    rig.receiver.down(TWO)

    await rig.advance(60)

    assert rig.receiver.taken == ["a1", "a3"]
    assert rig.lost == ["a2"]
    assert rig.state == ("Up", 0)


@in_a_loop
async def test_an_endpoint_is_rather_probed_with_what_may_be_retried() -> None:
    rig = Rig({TEXT: ONE, STATE: {"endpoint": ONE, "max_retries": 0}, CHANGE: TWO}, retention=3600)
    rig.receiver.behave = lambda url, *_: (1, 200) if url == TWO else 500
    rig.send("a1", kind=CHANGE)
    rig.send("a2", kind=STATE)  # the older one, kept behind a1
    rig.send("b1")
    await rig.advance(100)

    assert rig.receiver.times("b1") == [0, 2, 6, 14, 30, 62]
    assert (rig.lost, rig.receiver.times("a2")) == ([], [])


@in_a_loop
async def test_a_probe_that_may_not_be_retried_is_lost_and_its_endpoint_stays_failed() -> None:
    rig = Rig({TEXT: ONE, STATE: {"endpoint": ONE, "max_retries": 0}, CHANGE: TWO}, retention=10)
    rig.receiver.down(ONE)
    rig.send("a1")
    await rig.advance(8)
    rig.send("b1", kind=STATE)
    rig.send("b2", "c1", kind=CHANGE)

    await rig.until(14)

    assert rig.lost == ["a1", "b1"]
    assert rig.receiver.times("b1") == [14]
    assert rig.state == ("Failed", 2)


@in_a_loop
async def test_more_retries_than_none_follow_the_retention() -> None:
    rig = Rig({TEXT: {"endpoint": ONE, "max_retries": 1}}, retention=3600)
    await failed(rig, "a1")
    await rig.advance(2)

    assert rig.receiver.taken == ["a1"]


# --- Installs that change ----------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["removed", "refreshed", "unnoticed"])
@in_a_loop
async def test_the_store_of_an_app_that_is_gone_is_lost(change: str) -> None:
    rig = Rig(retention=3600)
    await failed(rig, "a1", "a2", "b1")

    rig.app.manifest["enabled"] = False
    if change == "removed":
        rig.deliveries.drop("app-1")
    elif change == "refreshed":
        rig.deliveries.refresh(rig.app)
    else:
        await rig.advance(2)

    assert sorted(rig.lost) == ["a1", "a2", "b1"]
    await rig.advance(600)
    assert rig.receiver.got == []


@in_a_loop
async def test_an_app_switched_on_again_starts_afresh() -> None:
    rig = Rig(retention=3600)
    await failed(rig, "a1")
    rig.app.manifest["enabled"] = False
    rig.deliveries.refresh(rig.app)
    rig.app.manifest["enabled"] = True
    rig.deliveries.refresh(rig.app)

    assert rig.state == ("Up", 0)
    rig.send("a2")
    await rig.until(1)
    rig.receiver.down(ONE)
    rig.send("a3")
    await rig.until(10)

    assert rig.receiver.taken == ["a2"]
    assert rig.receiver.times("a3") == [1, 3, 7]


@in_a_loop
async def test_a_failure_after_the_app_was_switched_off_is_a_loss() -> None:
    rig = Rig(retention=3600)
    rig.receiver.behave = lambda *_: (5, TIMEOUT)
    rig.send("a1", "a2")
    await rig.advance(1)
    rig.app.manifest["enabled"] = False
    rig.deliveries.refresh(rig.app)
    await rig.advance(600)

    assert rig.outcomes == [("a2", 0, "lost"), ("a1", 1, "lost")]
    assert rig.state == ("Up", 0)


@in_a_loop
async def test_without_its_retention_time_the_store_goes_out_under_the_count_policy() -> None:
    rig = Rig(retention=3600)
    await failed(rig, "a1", "a2")
    rig.app.manifest = manifest({TEXT: {"endpoint": ONE, "max_retries": 2}})
    rig.receiver.behave = lambda url, conversation, number: 500 if len(rig.receiver.got) < 1 else 200

    await rig.advance(60)

    assert rig.receiver.taken == ["a2", "a1"]
    assert rig.state == ("Up", 0)


@in_a_loop
async def test_with_a_new_retention_time_a_waiting_retry_is_kept() -> None:
    rig = Rig({TEXT: {"endpoint": ONE, "max_retries": 1}})
    rig.receiver.down(ONE)
    rig.send("a1")
    await rig.advance(1)
    rig.app.manifest = manifest({TEXT: ONE}, 3600)

    await rig.advance(300)
    rig.receiver.down()
    await rig.advance(300)

    assert rig.receiver.taken == ["a1"]


# --- The whole story ---------------------------------------------------------------------------------


@in_a_loop
async def test_after_two_hours_of_failure_everything_arrives_once_and_in_order() -> None:
    started = time.process_time()
    rig = Rig({TEXT: ONE, CHANGE: TWO, STATE: THREE}, retention=4 * 3600)
    kinds, sent = (TEXT, CHANGE, STATE, TEXT, CHANGE), 0
    sent_names: list[str] = []

    def talk(conversations: str) -> None:
        nonlocal sent
        for conversation in conversations:
            sent += 1
            sent_names.append(f"{conversation}{sent}")
            rig.send(sent_names[-1], kind=kinds[sent % 5])

    for _ in range(20):
        talk("abcde")
        await rig.advance(6)
    rig.receiver.down(ONE, TWO)
    for number in range(720):
        talk("abcde"[number % 5] + "fgh"[number % 3])
        await rig.advance(10)
        if number == 300:
            rig.receiver.down(TWO)  # the one is fine again, the other is not
    assert rig.state[0] == "Failed"
    assert rig.lost == []

    rig.receiver.behave = lambda *_: (0.05, 200)  # the receiver works again, and takes its time
    while rig.state[0] == "Failed":
        await rig.advance(1)
    assert rig.state[0] == "In transition"
    for _ in range(5):
        talk("abcde")
        await rig.advance(0.5)
    while rig.state[0] == "In transition":
        await rig.advance(0.1)
    assert rig.state[0] == "Recovered"
    talk("abcdefghij")
    await rig.advance(60)

    assert rig.state == ("Up", 0)
    assert Counter(rig.receiver.taken) == Counter(sent_names)
    assert in_order(rig.receiver.got)
    assert rig.lost == []
    assert time.process_time() - started < 2


def weather(lot: random.Random, until: float) -> list[tuple[float, float, str]]:
    """Outages: from, to, endpoint."""
    outages = []
    for url in (ONE, TWO, THREE):
        at = lot.expovariate(1 / 60)
        while at < until:
            lasts = lot.choice([1, 3, 10, 60])
            outages.append((at, at + lasts, url))
            at += lasts + lot.expovariate(1 / 60)
    return outages


@pytest.mark.parametrize("seed", range(12))
@in_a_loop
async def test_whatever_fails_whenever_nothing_is_lost_doubled_or_out_of_order(seed: int) -> None:
    rig = Rig({TEXT: ONE, CHANGE: TWO, STATE: THREE}, retention=259_200)
    lot, until = random.Random(seed), 900
    outages = weather(random.Random(seed + 1000), until)
    may_lapse: set[str] = set()
    states: set[str] = set()
    sent: list[str] = []

    def behave(url: str, conversation: str, number: int) -> Any:
        now = rig.schedule.clock.now() - START
        down = any(begin <= now < end for begin, end, failing in outages if failing == url)
        return lot.choice([0, 0.1, 0.5, 2]), 500 if down else 200

    rig.receiver.behave = behave
    while rig.schedule.clock.now() < START + until:
        for _ in range(lot.randrange(4)):
            sent.append(f"{lot.choice('abcdefg')}{len(sent)}")
            rig.send(sent[-1], kind=lot.choice([TEXT, CHANGE, STATE]))
            states.add(rig.state[0])
            if rig.state[0] == "Recovered":
                may_lapse.add(sent[-1])
        await rig.advance(lot.choice([0, 0.3, 1, 5]))
    await rig.advance(4000)

    assert states == {"Up", "Failed", "In transition", "Recovered"}
    assert rig.state == ("Up", 0)
    assert Counter(rig.receiver.taken) == Counter(sent)
    assert in_order([got for got in rig.receiver.got if got.name not in may_lapse])
    assert rig.lost == []
    assert rig.receiver.doubled == []
