"""Conversation changes: the complete state, each time something about the conversation changes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from .conftest import CHANGE, CONTENT, RATING, TTR, Hook, Wire, close, sample, text, update
from .hooks import say

STAGE = {"field": "Stage", "conversationState": "CLOSE"}
MINUTE = 60_000


@pytest.fixture
def conversation_id(wire: Wire, hook: Hook) -> str:
    """An open conversation of an account with one app, which has all five webhooks at the hook."""
    wire.install(hook.manifest())
    opened = wire.open()
    wire.settle()
    return opened


def states(wire: Wire, hook: Hook) -> list[dict[str, Any]]:
    """Every state of the conversation that was sent, oldest first."""
    wire.settle()
    return [each["result"] for each in hook.changes(CHANGE)]


def details(wire: Wire, hook: Hook) -> dict[str, Any]:
    """The details that were sent last."""
    last: dict[str, Any] = states(wire, hook)[-1]["conversationDetails"]
    return last


def roles(wire: Wire, hook: Hook) -> list[str]:
    return [each["role"] for each in details(wire, hook)["participants"]]


# --- Opened ---------------------------------------------------------------------------------------


def test_an_opened_conversation_comes_as_printed(wire: Wire, hook: Hook, conversation_id: str) -> None:
    (opened,) = [each.message for each in hook.received]

    told = opened["body"]["changes"][0]["result"]["conversationDetails"]
    start = told["startTs"]
    assert type(start) is int
    # Printed as one moment; nothing says that it is one, so a second is allowed for it.
    for part, member in [(told, "metaDataLastUpdateTs")] + [
        (told["dialogs"][0], member) for member in ("creationTs", "metaDataLastUpdateTs")
    ]:
        assert 0 <= part[member] - start < 1000
        part[member] = start
    assert opened == sample(
        "notification_conversation_opened",
        {
            "6f1c…": conversation_id,
            "c0ffee…": wire.lp_consumer_id(),
            "12345678": wire.account,
            "1700000000000": str(start),
            "1700000600000": str(start + 10 * MINUTE),
        },
    )


@pytest.mark.parametrize(
    ("name", "ttr"),
    [
        (None, {"ttrType": "PRIORITIZED", "value": 600}),
        ("PRIORITIZED", {"ttrType": "PRIORITIZED", "value": 600}),
        ("URGENT", {"ttrType": "URGENT", "value": 300}),
        ("NORMAL", {"ttrType": "NORMAL", "value": 900}),
        ("CUSTOM", {"ttrType": "CUSTOM", "value": 1200}),
    ],
)
def test_the_time_to_respond_is_that_of_the_name(
    wire: Wire, hook: Hook, name: str | None, ttr: dict[str, Any]
) -> None:
    """R18"""
    wire.install(hook.manifest())

    wire.converse(wire.batch(ttrDefName=name))

    (opened,) = states(wire, hook)
    assert opened["conversationDetails"]["ttr"] == ttr
    assert opened["effectiveTTR"] == opened["conversationDetails"]["startTs"] + ttr["value"] * 1000


@pytest.mark.parametrize(("asked", "told"), [("4711", "4711"), (4711, "4711"), (-1, "-1")])
def test_the_skill_is_told_as_text(wire: Wire, hook: Hook, asked: Any, told: str) -> None:
    """Q22"""
    wire.install(hook.manifest())

    wire.converse(wire.batch(skillId=asked))

    assert details(wire, hook)["skillId"] == told


def test_a_text_is_no_change_of_the_conversation(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.agent(conversation_id, "join")
    before = len(states(wire, hook))

    wire.send(text(conversation_id))
    wire.agent(conversation_id, "typing")
    say(wire, conversation_id, "Hello")

    assert len(hook.changes(CONTENT)) == 2
    assert len(states(wire, hook)) == before


# --- Participants ---------------------------------------------------------------------------------


def test_an_agent_who_joins_stands_before_the_consumer(wire: Wire, hook: Hook, conversation_id: str) -> None:
    """R39, Q38"""
    agent_id = wire.agent(conversation_id, "join")["agent_id"]

    joined = details(wire, hook)
    agent = {"id": agent_id, "role": "ASSIGNED_AGENT"}
    consumer = {"id": wire.lp_consumer_id(), "role": "CONSUMER"}
    active = {"state": "ACTIVE"}
    assert joined["participants"] == [agent, consumer]
    assert joined["dialogs"][0]["participantsDetails"] == [agent | active, consumer | active]
    assert len(states(wire, hook)) == 2


def test_a_manager_stands_before_the_consumer_too(wire: Wire, hook: Hook, conversation_id: str) -> None:
    """Q38"""
    wire.agent(conversation_id, "join", role="MANAGER")

    assert roles(wire, hook) == ["MANAGER", "CONSUMER"]


def test_the_first_act_of_an_agent_makes_him_join(wire: Wire, hook: Hook, conversation_id: str) -> None:
    say(wire, conversation_id, "Hello")

    assert roles(wire, hook) == ["ASSIGNED_AGENT", "CONSUMER"]


def test_joining_twice_is_one_change(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.agent(conversation_id, "join")
    say(wire, conversation_id, "Hello")

    assert len(states(wire, hook)) == 2


def test_an_agent_who_leaves_is_no_longer_among_the_participants(
    wire: Wire, hook: Hook, conversation_id: str
) -> None:
    wire.agent(conversation_id, "join")
    before = len(states(wire, hook))

    wire.agent(conversation_id, "leave")

    assert roles(wire, hook) == ["CONSUMER"]
    assert len(states(wire, hook)) == before + 1
    assert [details(wire, hook)["state"], details(wire, hook)["stage"]] == ["OPEN", "OPEN"]


def test_a_transfer_changes_the_skill_and_removes_the_agent(
    wire: Wire, hook: Hook, conversation_id: str
) -> None:
    wire.agent(conversation_id, "join")

    wire.agent(conversation_id, "transfer", skill_id="4711")

    assert details(wire, hook)["skillId"] == "4711"
    assert roles(wire, hook) == ["CONSUMER"]
    assert states(wire, hook)[-1]["convId"] == conversation_id


# --- Time to respond and rating -------------------------------------------------------------------


def test_a_change_of_urgency_is_told(wire: Wire, hook: Hook, conversation_id: str) -> None:
    answer = wire.send(update(conversation_id, TTR))

    assert answer.status_code == 200
    assert details(wire, hook)["ttr"] == {"ttrType": "URGENT", "value": 60}
    assert len(states(wire, hook)) == 2


def test_nothing_is_awaited_after_the_agents_reply(wire: Wire, hook: Hook, conversation_id: str) -> None:
    say(wire, conversation_id, "Hello")
    wire.agent(conversation_id, "leave")

    assert states(wire, hook)[-1]["effectiveTTR"] == -1


def test_an_answer_is_due_after_the_last_word_of_the_consumer(
    wire: Wire, hook: Hook, conversation_id: str
) -> None:
    say(wire, conversation_id, "Hello")
    wire.advance(100)
    wire.send(text(conversation_id))
    wire.advance(100)
    wire.agent(conversation_id, "leave")

    told = states(wire, hook)[-1]["effectiveTTR"]
    assert told == hook.changes(CONTENT)[-1]["serverTimestamp"] + 10 * MINUTE


@pytest.mark.parametrize("first", [None, close], ids=["open", "closed"])
def test_a_rating_is_told(
    wire: Wire, hook: Hook, conversation_id: str, first: Callable[[str], Any] | None
) -> None:
    if first:
        wire.send(first(conversation_id))
    before = states(wire, hook)

    answer = wire.send(update(conversation_id, RATING))

    after = states(wire, hook)
    told = after[-1]["conversationDetails"]["csat"]
    assert answer.status_code == 200
    assert len(after) == len(before) + 1
    assert "csat" not in before[-1]["conversationDetails"]
    assert [told["csatRate"], told["csatResolutionConfirmation"], told["status"]] == [5, True, "FILLED"]


def test_of_several_ratings_the_last_is_told(wire: Wire, hook: Hook, conversation_id: str) -> None:
    """R45."""
    wire.send(update(conversation_id, RATING))
    wire.send(update(conversation_id, {**RATING, "csatRate": 2}))

    assert details(wire, hook)["csat"]["csatRate"] == 2


# --- Closed ---------------------------------------------------------------------------------------


def close_as_consumer(wire: Wire, conversation_id: str) -> None:
    assert wire.send(close(conversation_id)).status_code == 200


def close_stage(wire: Wire, conversation_id: str) -> None:
    assert wire.send(update(conversation_id, STAGE)).status_code == 200


def close_dialog(wire: Wire, conversation_id: str) -> None:
    dialog = {"dialogId": conversation_id, "state": "CLOSE", "closedCause": "Closed by consumer"}
    change = {"field": "DialogChange", "type": "UPDATE", "dialog": dialog}
    assert wire.send(update(conversation_id, change)).status_code == 200


def close_as_agent(wire: Wire, conversation_id: str) -> None:
    wire.agent(conversation_id, "close")


@pytest.mark.parametrize(
    ("how", "who"),
    [
        (close_as_consumer, "CONSUMER"),
        (close_stage, "CONSUMER"),
        (close_dialog, "CONSUMER"),
        (close_as_agent, "AGENT"),
    ],
)
def test_a_closed_conversation_says_when_and_by_whom(
    wire: Wire, hook: Hook, conversation_id: str, how: Callable[[Wire, str], None], who: str
) -> None:
    """Q39"""
    start = states(wire, hook)[0]["conversationDetails"]["startTs"]
    wire.advance(90)

    how(wire, conversation_id)

    state = states(wire, hook)[-1]
    closed = state["conversationDetails"]
    (dialog,) = closed["dialogs"]
    assert [closed["state"], closed["stage"], closed["closeReason"]] == ["CLOSE", "CLOSE", who]
    assert [dialog["state"], dialog["closedBy"]] == ["CLOSE", who]
    assert state["effectiveTTR"] == -1
    assert closed["startTs"] == start
    assert 90_000 <= closed["endTs"] - start < 120_000
    assert 90_000 <= dialog["endTs"] - start < 120_000


def test_the_cause_of_a_closed_dialog_is_told(wire: Wire, hook: Hook, conversation_id: str) -> None:
    close_dialog(wire, conversation_id)

    assert details(wire, hook)["dialogs"][0]["closedCause"] == "Closed by consumer"


def test_an_open_conversation_says_nothing_of_an_end(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.agent(conversation_id, "join")

    opened = details(wire, hook)
    assert {"endTs", "closeReason", "csat"}.isdisjoint(opened)
    assert {"endTs", "closedBy", "closedCause"}.isdisjoint(opened["dialogs"][0])


def test_a_refused_close_is_told_to_nobody(wire: Wire, hook: Hook, conversation_id: str) -> None:
    close_as_consumer(wire, conversation_id)

    refused = wire.send(close(conversation_id))

    assert refused.status_code == 400
    told = [each["conversationDetails"]["state"] for each in states(wire, hook)]
    assert told == ["OPEN", "CLOSE"]


# --- Complete and in order ------------------------------------------------------------------------


def live_a_whole_life(wire: Wire, conversation_id: str) -> None:
    wire.agent(conversation_id, "join")
    wire.send(update(conversation_id, TTR))
    wire.agent(conversation_id, "transfer", skill_id="4711")
    wire.agent(conversation_id, "join")
    wire.agent(conversation_id, "leave")
    wire.send(update(conversation_id, RATING))
    wire.send(close(conversation_id))


def test_every_change_is_the_complete_state(wire: Wire, hook: Hook, conversation_id: str) -> None:
    live_a_whole_life(wire, conversation_id)

    opened, *later = states(wire, hook)
    always = set(opened["conversationDetails"])
    of_a_dialog = set(opened["conversationDetails"]["dialogs"][0])
    assert len(later) >= 7
    assert {change["type"] for change in hook.changes(CHANGE)} == {"UPSERT"}
    for state in later:
        assert set(state) == {"convId", "effectiveTTR", "conversationDetails"}
        assert always <= set(state["conversationDetails"])
        assert of_a_dialog <= set(state["conversationDetails"]["dialogs"][0])


def test_what_was_changed_before_is_still_told_later(wire: Wire, hook: Hook, conversation_id: str) -> None:
    live_a_whole_life(wire, conversation_id)

    last = details(wire, hook)
    assert last["ttr"] == {"ttrType": "URGENT", "value": 60}
    assert last["skillId"] == "4711"
    assert last["csat"]["csatRate"] == 5
    assert last["state"] == "CLOSE"


def test_each_change_is_younger_than_the_one_before(wire: Wire, hook: Hook, conversation_id: str) -> None:
    """Receivers tell stale and repeated changes by it, so two changes never share one."""
    live_a_whole_life(wire, conversation_id)

    stamps = [each["conversationDetails"]["metaDataLastUpdateTs"] for each in states(wire, hook)]
    assert len(stamps) >= 8
    assert all(type(stamp) is int for stamp in stamps)
    assert all(earlier < later for earlier, later in pairwise(stamps))
