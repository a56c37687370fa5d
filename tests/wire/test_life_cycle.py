"""From opening to closing: states, agents, greeting, urgency, idling, routing."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import (
    CHANGE,
    CLOSED_TEXT,
    Hook,
    Wire,
    close,
    refusal,
    sequence,
    text,
)
from .shapes import CARD, events, features

CHECK = 25 * 60  # seconds between two looks for idle conversations
HOUR = 3600


def details(change: dict[str, Any]) -> dict[str, Any]:
    return dict(change["result"]["conversationDetails"])


def people(change: dict[str, Any]) -> list[str]:
    """The roles of those in the conversation, in the order told."""
    return [each["role"] for each in details(change)["participants"]]


@pytest.fixture
def opened(wire: Wire, hook: Hook) -> str:
    """A conversation whose changes the hook is told of; the opening came already."""
    wire.install(hook.manifest(CHANGE))
    conversation_id = wire.open()
    hook.wait_for(1, CHANGE)
    return conversation_id


# --- States -----------------------------------------------------------------------------------------


def test_an_opening_is_told_in_full(wire: Wire, hook: Hook, opened: str) -> None:
    """§9.4, R18: the default urgency is PRIORITIZED, 600 seconds."""
    change = hook.changes(CHANGE)[0]

    told = details(change)
    assert (change["type"], change["result"]["convId"]) == ("UPSERT", opened)
    assert (told["state"], told["stage"]) == ("OPEN", "OPEN")
    assert (told["brandId"], told["skillId"]) == (wire.account, "-1")
    assert told["ttr"] == {"ttrType": "PRIORITIZED", "value": 600}
    assert told["participants"] == [{"id": wire.lp_consumer_id(), "role": "CONSUMER"}]
    (main,) = told["dialogs"]
    assert (main["dialogId"], main["dialogType"], main["state"]) == (opened, "MAIN", "OPEN")
    assert main["channelType"] == "MESSAGING"
    assert not {"endTs", "closeReason", "csat"} & set(told)


@pytest.mark.parametrize(("who", "reason"), [("consumer", "CONSUMER"), ("agent", "AGENT")])
def test_who_closed_is_the_reason(wire: Wire, hook: Hook, opened: str, who: str, reason: str) -> None:
    if who == "agent":
        wire.agent(opened, "close")
    else:
        wire.send(close(opened))

    assert wire.settle()
    last = hook.changes(CHANGE)[-1]
    told = details(last)
    assert (told["state"], told["stage"], told["closeReason"]) == ("CLOSE", "CLOSE", reason)
    assert last["result"]["effectiveTTR"] == -1
    assert refusal(wire.send(text(opened))) == CLOSED_TEXT


# --- Agents -----------------------------------------------------------------------------------------


def test_an_agent_who_joins_stands_before_the_consumer(wire: Wire, hook: Hook, opened: str) -> None:
    """R39."""
    agent_id = wire.agent(opened, "join")["agent_id"]

    change = hook.wait_for(2, CHANGE)[1]
    assert details(change)["participants"] == [
        {"id": agent_id, "role": "ASSIGNED_AGENT"},
        {"id": wire.lp_consumer_id(), "role": "CONSUMER"},
    ]
    assert agent_id != wire.lp_consumer_id()


@pytest.mark.parametrize("role", ["MANAGER", "ASSIGNED_AGENT"])
def test_an_agent_joins_in_the_role_asked_for(wire: Wire, hook: Hook, opened: str, role: str) -> None:
    wire.agent(opened, "join", role=role)

    assert people(hook.wait_for(2, CHANGE)[1]) == [role, "CONSUMER"]


@pytest.mark.parametrize("action", ["text", "rich", "typing"])
def test_an_agent_who_acts_joins_first(wire: Wire, hook: Hook, opened: str, action: str) -> None:
    more = {"text": {"text": "Hello"}, "rich": {"content": CARD}, "typing": {}}

    wire.agent(opened, action, **more[action])

    assert people(hook.wait_for(2, CHANGE)[1]) == ["ASSIGNED_AGENT", "CONSUMER"]


def test_an_agents_text_is_kept_with_role_and_author(wire: Wire) -> None:
    conversation_id = wire.open()

    agent_id = wire.agent(conversation_id, "text", text="How can I help?")["agent_id"]

    (event,) = events(wire, conversation_id)
    assert (event["role"], event["originatorId"]) == ("ASSIGNED_AGENT", agent_id)
    assert event["event"] == {
        "type": "ContentEvent",
        "contentType": "text/plain",
        "message": "How can I help?",
    }


def test_a_transfer_changes_the_skill_and_takes_the_agent_away(wire: Wire, hook: Hook, opened: str) -> None:
    """§9.4, §11.1: the id stays."""
    wire.agent(opened, "join")

    wire.agent(opened, "transfer", skill_id="4711")

    assert wire.settle()
    last = hook.changes(CHANGE)[-1]
    assert last["result"]["convId"] == opened
    assert (details(last)["skillId"], people(last)) == ("4711", ["CONSUMER"])
    assert details(last)["conversationHandlerDetails"] == {"accountId": wire.account, "skillId": "4711"}
    assert wire.conversation(opened)["skill_id"] == "4711"
    assert sequence(wire.send(text(opened))) == 0


def test_an_agent_who_leaves_is_gone(wire: Wire, hook: Hook, opened: str) -> None:
    wire.agent(opened, "join")
    hook.wait_for(2, CHANGE)

    wire.agent(opened, "leave")

    assert people(hook.wait_for(3, CHANGE)[2]) == ["CONSUMER"]
    wire.send(text(opened))
    assert events(wire, opened)[-1]["role"] == "CONTROLLER"


def test_an_agent_can_do_nothing_in_an_unknown_conversation(wire: Wire) -> None:
    asked = [{"conversation_id": name, "action": "join"} for name in (wire.open(), "none")]

    answers = [wire.control("POST", "agent", body) for body in asked]

    assert [answer.status_code for answer in answers] == [200, 404]


@pytest.mark.parametrize(
    "body",
    [{"action": "dance"}, {}, {"action": "text"}, {"action": "text", "text": 5}, {"action": "transfer"}],
)
def test_an_agent_who_is_told_nonsense_says_so(wire: Wire, body: dict[str, Any]) -> None:
    conversation_id = wire.open()

    answer = wire.control("POST", "agent", {"conversation_id": conversation_id, **body})

    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert events(wire, conversation_id) == []


# --- Greeting ---------------------------------------------------------------------------------------


def greetings(wire: Wire, conversation_id: str) -> list[str]:
    """The texts that the system's bot has said."""
    assert wire.settle()
    said = [each for each in events(wire, conversation_id) if each["role"] == "CONTROLLER"]
    return [each["event"]["message"] for each in said if each["event"]["type"] == "ContentEvent"]


@pytest.mark.parametrize(
    ("setting", "names", "pause", "expected"),
    [
        ("Welcome!", ["AUTO_MESSAGES"], 0, ["Welcome!"]),
        ("Welcome!", ["AUTO_MESSAGES"], 8, ["Welcome!"]),
        ("Welcome!", ["AUTO_MESSAGES"], 12, []),
        ("Welcome!", ["RICH_CONTENT"], 0, []),
        (None, ["AUTO_MESSAGES"], 0, []),
    ],
    ids=["at once", "in time", "too late", "no feature", "no greeting set"],
)
def test_a_greeting_needs_a_first_text_within_10_seconds(
    wire: Wire, setting: str | None, names: list[str], pause: int, expected: list[str]
) -> None:
    """§11.7."""
    wire.settings(auto_messages=setting)
    how = {"headers": features(*names)}
    conversation_id = wire.converse(wire.batch(), **how).json()[1]["body"]["conversationId"]
    wire.advance(pause)

    wire.send(text(conversation_id), **how)
    wire.send(text(conversation_id), **how)

    assert greetings(wire, conversation_id) == expected


def test_the_third_item_of_a_batch_is_greeted(wire: Wire) -> None:
    """§11.7: it is the first message."""
    wire.settings(auto_messages="Welcome!")

    answer = wire.converse(wire.batch(text("")), headers=features("AUTO_MESSAGES"))

    assert greetings(wire, answer.json()[1]["body"]["conversationId"]) == ["Welcome!"]


# --- Time to respond --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ttr"),
    [
        ("URGENT", {"ttrType": "URGENT", "value": 300}),
        ("NORMAL", {"ttrType": "NORMAL", "value": 900}),
        ("CUSTOM", {"ttrType": "CUSTOM", "value": 1200}),
        ("PRIORITIZED", {"ttrType": "PRIORITIZED", "value": 600}),
        (None, {"ttrType": "PRIORITIZED", "value": 600}),
    ],
)
def test_an_urgency_stands_for_seconds(wire: Wire, hook: Hook, name: str | None, ttr: dict[str, Any]) -> None:
    """R18."""
    wire.install(hook.manifest(CHANGE))

    wire.converse(wire.batch(ttrDefName=name))

    assert details(hook.wait_for(1)[0])["ttr"] == ttr


def test_an_answer_is_due_until_the_agent_gave_it(wire: Wire) -> None:
    """§11.4: last consumer event plus urgency; −1 after the reply, due again after the next text."""
    conversation_id = wire.open()

    def due() -> int:
        return int(wire.conversation(conversation_id)["effective_ttr"])

    wire.send(text(conversation_id))
    first = due()
    wire.agent(conversation_id, "text", text="Hello")
    answered = due()
    wire.send(text(conversation_id))
    again = due()

    texts = [each for each in events(wire, conversation_id) if each["role"] == "CONSUMER"]
    assert [first, answered, again] == [
        texts[0]["serverTimestamp"] + 600_000,
        -1,
        texts[1]["serverTimestamp"] + 600_000,
    ]


@pytest.mark.parametrize("action", ["join", "read", "typing"])
def test_what_is_no_reply_leaves_the_answer_due(wire: Wire, action: str) -> None:
    conversation_id = wire.open()
    wire.send(text(conversation_id))
    before = wire.conversation(conversation_id)["effective_ttr"]

    wire.agent(conversation_id, action)

    assert wire.conversation(conversation_id)["effective_ttr"] == before > 0


# --- Idling -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "waiting_for_consumer", "state"),
    [(HOUR, True, "CLOSE"), (HOUR, False, "OPEN"), (None, True, "OPEN")],
    ids=["consumer is silent", "agent is silent", "not set"],
)
def test_a_conversation_is_closed_when_the_consumer_is_silent_too_long(
    wire: Wire, hook: Hook, opened: str, seconds: int | None, waiting_for_consumer: bool, state: str
) -> None:
    """R49."""
    wire.settings(auto_close_seconds=seconds)
    wire.send(text(opened))
    if waiting_for_consumer:
        wire.agent(opened, "text", text="Are you still there?")

    wire.advance(HOUR + 2 * CHECK)

    kept = wire.conversation(opened)
    assert (kept["state"], kept["stage"]) == (state, state)
    assert wire.settle()
    if state == "CLOSE":
        assert details(hook.changes(CHANGE)[-1])["closeReason"] == "SYSTEM"


def test_a_consumer_who_speaks_in_time_keeps_the_conversation(wire: Wire) -> None:
    wire.settings(auto_close_seconds=HOUR)
    conversation_id = wire.open()
    wire.agent(conversation_id, "text", text="Are you still there?")

    wire.advance(HOUR // 2)
    wire.send(text(conversation_id))
    wire.agent(conversation_id, "text", text="Good")
    wire.advance(HOUR - 600)

    assert wire.conversation(conversation_id)["stage"] == "OPEN"


# --- Routing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "told"), [("4711", "4711"), (4711, "4711"), (-1, "-1"), ("-1", "-1"), ("", "-1")]
)
def test_the_skill_is_told_as_text(wire: Wire, hook: Hook, asked: Any, told: str) -> None:
    """§11.8."""
    wire.install(hook.manifest(CHANGE))

    wire.converse(wire.batch(skillId=asked))

    assert details(hook.wait_for(1)[0])["skillId"] == told
