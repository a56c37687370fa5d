"""What the sandbox keeps of what was said, and that it does not grow without end."""

from __future__ import annotations

import copy
import gc
import subprocess
import sys
from typing import Any

import pytest

from connectorkit import wire
from connectorkit.sandbox import account, history, state
from connectorkit.sandbox.history import Archive, History
from connectorkit.sandbox.receipts import Receipts
from connectorkit.sandbox.snapshots import Snapshots
from connectorkit.sandbox.world import World

from .conftest import ANNA, BERT, opened


def event(number: int, text: str = "Hello", role: str = wire.CONSUMER) -> dict[str, Any]:
    said = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": text}
    return {"sequence": number, "originatorId": ANNA, "role": role, "event": said, "metadata": None}


def receipt(number: int, *numbers: int, status: str = "READ", by: str = BERT) -> dict[str, Any]:
    said = {"type": wire.ACCEPT_STATUS_EVENT, "status": status, "sequenceList": list(numbers)}
    return {
        "sequence": number,
        "originatorId": by,
        "role": wire.ASSIGNED_AGENT,
        "event": said,
        "metadata": None,
    }


def filled(*records: dict[str, Any]) -> History:
    events = History()
    for record in records:
        events.append(record)
    return events


# --- Histories ---------------------------------------------------------------------------------------


def test_a_history_reads_like_a_list_and_gives_copies() -> None:
    records = [event(number, "😀 \ud800") for number in range(4)]
    events = filled(*records)
    events[0]["event"]["message"] = "changed"
    records[1]["event"]["message"] = "changed later"

    assert [one["sequence"] for one in events] == [0, 1, 2, 3]
    assert events[-1] == records[3]
    assert events[1:3] == [event(1, "😀 \ud800"), event(2, "😀 \ud800")]
    assert (len(events), bool(History())) == (4, False)


def test_what_is_packed_is_nothing_to_the_collector_of_garbage() -> None:
    events = History()
    gc.collect()
    before = len(gc.get_objects())
    for number in range(1000):
        events.append(event(number))

    assert len(gc.get_objects()) - before < 100


def test_since_gives_what_is_new_even_where_the_oldest_were_forgotten() -> None:
    events = filled(*(event(number) for number in range(5)))
    events.forget_oldest()

    assert [one["sequence"] for one in events.since(3)] == [3, 4]
    assert [one["sequence"] for one in events.since(0)] == [1, 2, 3, 4]
    assert events.since(events.appended) == []


def test_beyond_its_bytes_the_archive_forgets_the_oldest_events_of_all_dialogs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "KEPT_BYTES", 10_000)
    archive, dialogs = Archive(), [History(), History()]
    for number in range(1000):
        dialogs[number % 2].append(event(number))
        archive.appended(dialogs[number % 2])

    kept = sorted(one["sequence"] for dialog in dialogs for one in dialog)
    assert kept == list(range(1000 - len(kept), 1000))
    assert 10 < len(kept) < 100
    assert archive._bytes <= 10_000


def test_an_event_that_is_larger_than_the_archive_is_kept_while_it_is_the_latest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "KEPT_BYTES", 100)
    archive, events = Archive(), History()
    for number in range(3):
        events.append(event(number, "x" * 1000))
        archive.appended(events)

    assert [one["sequence"] for one in events] == [2]


def test_a_restored_world_counts_what_it_has(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    talk = world.account.conversations[opened(world)]
    for number in range(5):
        world.desk.act({"conversation_id": talk.id, "action": "text", "text": f"Text {number}"})
    counted = world.account._archive._bytes
    snapshots = Snapshots(world)
    snapshot = snapshots.take()

    assert snapshots.restore(snapshot)

    assert world.account._archive._bytes == counted
    (restored,) = world.account.conversations.values()
    assert [one["event"] for one in restored.main.events] == [one["event"] for one in talk.main.events]
    assert restored.main.events is not talk.main.events


def test_copies_of_a_history_are_apart() -> None:
    events = filled(event(0))
    copied = copy.deepcopy(events)
    events.append(event(1))

    assert (len(events), len(copied)) == (2, 1)


# --- Conversations that are over, receipts -----------------------------------------------------------


def test_of_conversations_that_are_over_only_the_latest_are_known(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr(account, "KEPT_CLOSED", 2)
    still_open = opened(world, BERT)
    closed = []
    for _ in range(4):
        closed.append(opened(world))
        world.account.close_all(world.account.conversations[closed[-1]], wire.CONSUMER)

    assert list(world.account.conversations) == [still_open, *closed[2:]]
    assert set(world.account._dialogs) == {still_open, *closed[2:]}


def test_of_a_restored_world_too(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(account, "KEPT_CLOSED", 1)
    first = opened(world)
    world.account.close_all(world.account.conversations[first], wire.CONSUMER)
    snapshots = Snapshots(world)
    snapshots.restore(snapshots.take())
    second = opened(world)
    world.account.close_all(world.account.conversations[second], wire.CONSUMER)

    assert list(world.account.conversations) == [second]


def test_the_receipts_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(state, "KEPT_RECEIPTS", 5)
    main = world.account.conversations[opened(world)].main
    said = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": "Hello"}
    consumer = next(one for one in main.participants if one.role == wire.CONSUMER)

    numbers = [world.account.publish(main, consumer, said) for _ in range(100)]

    (taken,) = main.accepted.values()
    assert numbers == list(range(0, 200, 2))
    assert 5 <= len(taken) <= 10
    assert taken[198] == 199


# --- What an agent has yet to answer ------------------------------------------------------------------


def test_receipts_go_on_where_they_stopped() -> None:
    events, receipts = filled(event(0), event(2)), Receipts(BERT, "READ")
    assert receipts.unanswered(events) == [0, 2]

    for record in (receipt(3, 0), event(4), receipt(5, 2, status="ACCEPT"), receipt(6, 4, by=ANNA)):
        events.append(record)

    assert receipts.unanswered(events) == [2, 4]
    assert receipts.unanswered(events) == [2, 4]


def test_a_message_that_was_answered_before_it_came_is_not_waited_for() -> None:
    assert Receipts(BERT, "READ").unanswered(filled(receipt(0, 1, 2), event(1), event(3))) == [3]


def test_another_agent_has_everything_before_him(world: World) -> None:
    talk_id = opened(world)
    main = world.account.conversations[talk_id].main
    consumer = next(one for one in main.participants if one.role == wire.CONSUMER)
    said = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": "Hello"}
    world.account.publish(main, consumer, said)
    read = {"conversation_id": talk_id, "action": "read"}

    first, again = world.desk.act(read), world.desk.act(read)
    world.desk.act({"conversation_id": talk_id, "action": "transfer", "skill_id": "2"})
    after = world.desk.act(read)

    assert first["sequence"] is not None
    assert again["sequence"] is None
    assert main.events[-1]["event"]["sequenceList"] == [0]
    assert after["sequence"] is not None


# --- The collector -----------------------------------------------------------------------------------


def test_a_serving_process_keeps_the_collector_from_what_was_there_at_the_start() -> None:
    code = (
        "import gc\nfrom connectorkit.sandbox import server\nbefore = gc.get_threshold()[0]\n"
        "server._spare_the_collector()\n"
        "print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0] > before, gc.isenabled())"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.split() == ["True", "True", "True"]
