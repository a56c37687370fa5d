"""The agent's side: roles, resuming, who accepts, what is due, and conversations that idle."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import CHANGE, RATING, RECEIPT, TTR, Hook, Wire, refusal, sequence, text, update
from .shapes import events, features, receipt

MINUTE = 60
HOUR = 3600


@pytest.fixture
def opened(wire: Wire, hook: Hook) -> str:
    """A conversation whose changes the hook is told of."""
    wire.install(hook.manifest(CHANGE, RECEIPT))
    return wire.open()


def last(wire: Wire, hook: Hook) -> dict[str, Any]:
    assert wire.settle()
    return dict(hook.changes(CHANGE)[-1]["result"])


# --- Roles ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["ASSIGNED_AGENT", "MANAGER", "AGENT_MANAGER", "ASSIGNED_MANAGER", "AGENT"])
def test_an_agent_of_any_role_stands_before_the_consumer(
    wire: Wire, hook: Hook, opened: str, role: str
) -> None:
    """R39, §11.3."""
    wire.agent(opened, "join", role=role)

    told = last(wire, hook)["conversationDetails"]
    assert [each["role"] for each in told["participants"]] == [role, "CONSUMER"]


def test_a_reader_stands_behind_the_consumer(wire: Wire, hook: Hook, opened: str) -> None:
    """R39: agents, consumer, others."""
    wire.agent(opened, "join", role="READER")
    wire.agent(opened, "join")

    told = last(wire, hook)["conversationDetails"]
    expected = ["ASSIGNED_AGENT", "CONSUMER", "READER"]
    assert [each["role"] for each in told["participants"]] == expected
    assert [each["role"] for each in told["dialogs"][0]["participantsDetails"]] == expected


@pytest.mark.parametrize("role", ["CONSUMER", "CONTROLLER", "BOSS", "", 5])
def test_there_is_one_consumer_and_no_agent_of_another_role(wire: Wire, opened: str, role: Any) -> None:
    """§11.3."""
    body = {"conversation_id": opened, "action": "join", "role": role}

    assert wire.control("POST", "agent", body).status_code == 400


def test_a_manager_accepts_nothing_by_himself(wire: Wire, hook: Hook, opened: str) -> None:
    """R6: the assigned agent if any, else the controller."""
    wire.agent(opened, "join", role="MANAGER")

    wire.send(text(opened))

    assert hook.wait_for(1, RECEIPT)[0]["originatorMetadata"]["role"] == "CONTROLLER"


def test_agents_who_come_and_go_never_change_the_id(wire: Wire, hook: Hook, opened: str) -> None:
    """§11.1."""
    wire.agent(opened, "join")
    wire.agent(opened, "leave")
    wire.agent(opened, "join", role="MANAGER")
    wire.agent(opened, "transfer", skill_id="4711")
    wire.agent(opened, "join")

    assert last(wire, hook)["convId"] == opened
    assert {each["result"]["convId"] for each in hook.changes(CHANGE)} == {opened}
    assert sequence(wire.send(text(opened))) == 0


# --- Resuming ---------------------------------------------------------------------------------------


def test_an_agent_resumes_in_a_new_conversation(wire: Wire, hook: Hook) -> None:
    """R48: the connector hears of an opening that it did not cause."""
    old_id = wire.open_and_close()
    wire.install(hook.manifest(CHANGE))

    resumed = wire.agent(old_id, "resume")

    (told,) = hook.wait_for(1)
    new_id = told["result"]["convId"]
    assert new_id not in ("", old_id)
    assert resumed["new_conversation_id"] == new_id
    assert [told["result"]["conversationDetails"][name] for name in ("state", "stage")] == ["OPEN", "OPEN"]
    roles = {each["role"]: each["id"] for each in told["result"]["conversationDetails"]["participants"]}
    assert set(roles) == {"ASSIGNED_AGENT", "CONSUMER"}
    assert roles["CONSUMER"] == wire.lp_consumer_id()


def test_a_resumed_conversation_is_the_consumers_open_one(wire: Wire) -> None:
    old_id = wire.open_and_close()

    new_id = wire.agent(old_id, "resume")["new_conversation_id"]

    assert sequence(wire.send(text(new_id))) == 0
    assert "already has open conversation" in refusal(wire.converse(wire.batch()))
    assert wire.conversation(old_id)["stage"] == "CLOSE"
    assert wire.send(text(old_id)).status_code == 400


@pytest.mark.parametrize("how", ["open", "another is open"])
def test_there_is_nothing_to_resume_while_a_conversation_is_open(wire: Wire, how: str) -> None:
    conversation_id = wire.open() if how == "open" else wire.open_and_close()
    if how != "open":
        wire.open()

    answer = wire.control("POST", "agent", {"conversation_id": conversation_id, "action": "resume"})

    assert answer.status_code == 400


# --- Receipts ---------------------------------------------------------------------------------------


def test_an_accept_of_an_old_and_a_new_message_takes_a_number(wire: Wire) -> None:
    """§7.4: only a second ACCEPT of the same is nothing."""
    conversation_id = wire.open()
    said = [wire.agent(conversation_id, "text", text=each)["sequence"] for each in ("one", "two")]

    numbers = [sequence(wire.send(receipt(conversation_id, "ACCEPT", each))) for each in (said[:1], said)]

    assert numbers == [2, 3]
    kept = [each["event"]["sequenceList"] for each in events(wire, conversation_id)[2:]]
    assert kept == [[0], [0, 1]]


# --- Time to respond --------------------------------------------------------------------------------


def test_a_change_of_urgency_awaits_nothing_that_was_answered(wire: Wire, hook: Hook, opened: str) -> None:
    """§11.4: -1 while nothing is awaited."""
    wire.send(text(opened))
    wire.agent(opened, "text", text="Hello")

    wire.send(update(opened, TTR))

    assert last(wire, hook)["effectiveTTR"] == -1


def test_a_greeting_is_no_answer_of_an_agent(wire: Wire, hook: Hook) -> None:
    """§11.4."""
    wire.settings(auto_messages="Welcome!")
    wire.install(hook.manifest(CHANGE))
    answer = wire.converse(wire.batch(text("")), headers=features("AUTO_MESSAGES"))
    conversation_id = answer.json()[1]["body"]["conversationId"]

    wire.send(update(conversation_id, RATING))

    assert [each["role"] for each in events(wire, conversation_id)][-1] == "CONTROLLER"
    assert last(wire, hook)["effectiveTTR"] > 0


def test_changes_of_one_moment_have_stamps_of_their_own(wire: Wire, hook: Hook, opened: str) -> None:
    """§9.7: receivers tell repeated changes by them."""
    wire.send(update(opened, [RATING, TTR] * 20))

    assert wire.settle()
    stamps = [each["result"]["conversationDetails"]["metaDataLastUpdateTs"] for each in hook.changes(CHANGE)]
    assert len(stamps) == 41
    assert stamps == sorted(set(stamps))


# --- Idling -----------------------------------------------------------------------------------------


def test_idle_conversations_are_looked_for_every_25_minutes(wire: Wire) -> None:
    """§11.1."""
    wire.settings(auto_close_seconds=HOUR)
    conversation_id = wire.open()
    wire.agent(conversation_id, "text", text="Are you still there?")

    wire.advance(70 * MINUTE)
    before = wire.conversation(conversation_id)["stage"]
    wire.advance(6 * MINUTE)

    assert [before, wire.conversation(conversation_id)["stage"]] == ["OPEN", "CLOSE"]


def test_a_conversation_that_waits_for_the_agent_again_is_not_idle(wire: Wire) -> None:
    """§11.1: only while waiting for the consumer."""
    wire.settings(auto_close_seconds=HOUR)
    conversation_id = wire.open()
    wire.agent(conversation_id, "text", text="Are you still there?")
    wire.send(text(conversation_id))

    wire.advance(10 * HOUR)

    assert wire.conversation(conversation_id)["stage"] == "OPEN"


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(25 * 60, 200), (90 * 86400, 200), (25 * 60 - 1, 400), (90 * 86400 + 1, 400), ("1 h", 400)],
)
def test_the_time_of_idling_is_25_minutes_to_90_days(wire: Wire, seconds: Any, status: int) -> None:
    """§11.1."""
    assert wire.control("POST", "settings", {"auto_close_seconds": seconds}).status_code == status
