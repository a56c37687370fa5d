"""Notifications of the messages of a dialog, member for member, and the order in which they come."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import pytest

from .conftest import (
    BERT,
    CHANGE,
    CONTENT,
    RECEIPT,
    RICH,
    STATE,
    Hook,
    Wire,
    chat_state,
    publish,
    sample,
    text,
)
from .hooks import CARD, REPLIES, app_token, cause_every_type, change, say, say_as_consumer

CARD_CLICK = [{"type": "ExternalId", "id": "card-1"}]


@pytest.fixture
def conversation_id(wire: Wire, hook: Hook) -> str:
    """An open conversation of an account with one app, which has all five webhooks at the hook."""
    wire.install(hook.manifest())
    opened = wire.open()
    wire.settle()
    return opened


def last(wire: Wire, hook: Hook, kind: str) -> Any:
    """The message of a kind that came last."""
    wire.settle()
    return [each for each in hook.received if each.kind == kind][-1].message


def filled(wire: Wire, name: str, message: Any, conversation_id: str, agent_id: str = "nobody") -> Any:
    """A stored sample with the ids of this test, and the timestamp of a message."""
    stamp = message["body"]["changes"][0].get("serverTimestamp")
    filling = {
        "6f1c…": conversation_id,
        "a1b2…": agent_id,
        "c0ffee…": wire.lp_consumer_id(),
        "1700000000123": str(stamp),
    }
    return sample(name, filling)


# --- Each type, member for member -----------------------------------------------------------------


def test_an_agents_text_comes_as_printed(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.send(text(conversation_id))

    agent = wire.agent(conversation_id, "text", text="How can I help?")

    message = last(wire, hook, CONTENT)
    assert message == filled(wire, "notification_text", message, conversation_id, agent["agent_id"])
    assert str(UUID(agent["agent_id"])) == agent["agent_id"]
    assert agent["sequence"] == 2


def test_the_consumers_own_text_comes_back(wire: Wire, hook: Hook, conversation_id: str) -> None:
    """Q37: clients learn the consumer's id from it."""
    wire.send(text(conversation_id))
    wire.settle()

    (echo,) = [each.message for each in hook.received if each.kind == CONTENT]
    assert echo == filled(wire, "notification_consumer_text", echo, conversation_id)


def test_a_receipt_comes_as_printed(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.send(text(conversation_id))

    agent = wire.agent(conversation_id, "read", sequences=[0])

    message = last(wire, hook, RECEIPT)
    assert message == filled(wire, "notification_receipt", message, conversation_id, agent["agent_id"])


def test_a_chat_state_comes_without_sequence_and_timestamp(
    wire: Wire, hook: Hook, conversation_id: str
) -> None:
    agent = wire.agent(conversation_id, "typing")

    message = last(wire, hook, STATE)
    assert message == filled(wire, "notification_chat_state", message, conversation_id, agent["agent_id"])


def test_an_agent_stops_typing_with_pause(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.agent(conversation_id, "typing")
    wire.agent(conversation_id, "pause")
    wire.settle()

    assert [each["event"]["chatState"] for each in hook.changes(STATE)] == ["COMPOSING", "PAUSE"]


def test_the_consumers_chat_state_comes_back(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.send(chat_state(conversation_id, "ACTIVE"))
    wire.settle()

    consumer = wire.lp_consumer_id()
    assert hook.changes(STATE) == [
        {
            "originatorId": consumer,
            "originatorMetadata": {"id": consumer, "role": "CONSUMER"},
            "event": {"type": "ChatStateEvent", "chatState": "ACTIVE"},
            "conversationId": conversation_id,
            "dialogId": conversation_id,
        }
    ]


def test_rich_content_comes_as_printed(wire: Wire, hook: Hook, conversation_id: str) -> None:
    agent = wire.agent(conversation_id, "rich", content=CARD, quick_replies=REPLIES)

    message = last(wire, hook, RICH)
    assert message == filled(wire, "notification_rich_content", message, conversation_id, agent["agent_id"])


def test_quick_replies_accompany_a_text(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.agent(conversation_id, "text", text="Well?", quick_replies=REPLIES)
    wire.settle()

    (said,) = hook.changes(CONTENT)
    assert said["event"] == {
        "type": "ContentEvent",
        "contentType": "text/plain",
        "message": "Well?",
        "quickReplies": REPLIES,
    }


def test_metadata_of_the_agent_reappears_in_the_change(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.agent(conversation_id, "text", text="Look", metadata=CARD_CLICK)
    wire.settle()

    (said,) = hook.changes(CONTENT)
    assert said["metadata"] == CARD_CLICK


@pytest.mark.parametrize("metadata", [CARD_CLICK, [{"type": "Unheard", "of": {"so": ["far"]}}]])
def test_metadata_of_the_consumer_reappears_in_the_change(
    wire: Wire, hook: Hook, conversation_id: str, metadata: Any
) -> None:
    """R59: types that nobody knows pass through unchanged."""
    answer = wire.send({**text(conversation_id), "metadata": metadata})
    wire.settle()

    assert answer.status_code == 200
    assert [each["metadata"] for each in hook.changes(CONTENT)] == [metadata]


def test_each_type_has_its_envelope_and_one_change(wire: Wire, hook: Hook) -> None:
    """R37, R38: one change, and nothing beside it in the body."""
    wire.install(hook.manifest())

    cause_every_type(wire)

    assert {each.kind for each in hook.received} == {CONTENT, RICH, RECEIPT, STATE, CHANGE}
    for each in hook.received:
        message = each.message
        assert set(message) == {"kind", "type", "body"}
        assert message["kind"] == "notification"
        assert message["type"] == (CHANGE if each.kind == CHANGE else "ms.MessagingEventNotification")
        assert set(message["body"]) == {"changes"}
        assert len(message["body"]["changes"]) == 1


def test_the_timestamp_is_the_sandboxs_time_in_milliseconds(
    wire: Wire, hook: Hook, conversation_id: str
) -> None:
    wire.advance(86400)

    before = (time.time() + 86400) * 1000
    wire.agent(conversation_id, "text", text="A day later")
    wire.settle()

    (said,) = hook.changes(CONTENT)
    assert type(said["serverTimestamp"]) is int
    assert before - 1000 <= said["serverTimestamp"] <= before + 30_000


# --- Numbers, order, originators ------------------------------------------------------------------


def test_events_come_in_the_order_of_their_numbers(wire: Wire, hook: Hook, conversation_id: str) -> None:
    """R73: the echo of a message comes before its ACCEPT, and both before the next message."""
    say_as_consumer(wire, conversation_id, "one", "two", "three")
    wire.settle()

    came = [(each.kind, change(each)["sequence"]) for each in hook.received if each.kind != CHANGE]
    assert came == [(CONTENT, 0), (RECEIPT, 1), (CONTENT, 2), (RECEIPT, 3), (CONTENT, 4), (RECEIPT, 5)]


def test_chat_states_take_no_number(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.agent(conversation_id, "typing")
    wire.send(chat_state(conversation_id, "COMPOSING"))
    wire.agent(conversation_id, "text", text="First")
    wire.settle()

    assert [each["sequence"] for each in hook.changes(CONTENT)] == [0]
    assert len(hook.changes(STATE)) == 2


def test_without_an_agent_the_controller_accepts(wire: Wire, hook: Hook, conversation_id: str) -> None:
    """R6"""
    wire.send(text(conversation_id))
    wire.settle()

    (receipt,) = hook.changes(RECEIPT)
    assert receipt["event"] == {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [0]}
    assert receipt["originatorMetadata"] == {"id": receipt["originatorId"], "role": "CONTROLLER"}
    assert receipt["sequence"] == 1


def test_an_assigned_agent_accepts(wire: Wire, hook: Hook, conversation_id: str) -> None:
    """R6, Q34"""
    agent_id = wire.agent(conversation_id, "join")["agent_id"]

    wire.send(text(conversation_id))
    wire.settle()

    (receipt,) = hook.changes(RECEIPT)
    assert receipt["originatorMetadata"] == {"id": agent_id, "role": "ASSIGNED_AGENT"}
    assert receipt["originatorId"] == agent_id


def test_an_agents_message_is_not_accepted_by_itself(wire: Wire, hook: Hook, conversation_id: str) -> None:
    say(wire, conversation_id, "one", "two")
    wire.agent(conversation_id, "rich", content=CARD)
    wire.settle()

    assert hook.changes(RECEIPT) == []
    assert [each["sequence"] for each in hook.changes(CONTENT) + hook.changes(RICH)] == [0, 1, 2]


def test_a_second_accept_of_the_same_agent_is_told_to_nobody(
    wire: Wire, hook: Hook, conversation_id: str
) -> None:
    wire.agent(conversation_id, "join")
    wire.send(text(conversation_id))

    wire.agent(conversation_id, "accept", sequences=[0])
    wire.agent(conversation_id, "text", text="Yes?")
    wire.settle()

    assert [each["sequence"] for each in hook.changes(RECEIPT)] == [1]
    assert [each["sequence"] for each in hook.changes(CONTENT)] == [0, 2]


def test_an_agent_may_accept_what_the_controller_accepted(
    wire: Wire, hook: Hook, conversation_id: str
) -> None:
    wire.send(text(conversation_id))

    agent = wire.agent(conversation_id, "accept", sequences=[0])
    wire.settle()

    told = [(each["sequence"], each["originatorMetadata"]["role"]) for each in hook.changes(RECEIPT)]
    assert told == [(1, "CONTROLLER"), (2, "ASSIGNED_AGENT")]
    assert agent["sequence"] == 2
    assert hook.changes(RECEIPT)[1]["event"]["sequenceList"] == [0]


@pytest.mark.parametrize("status", ["ACCEPT", "READ"])
def test_a_receipt_of_the_consumer_comes_back_with_its_number(
    wire: Wire, hook: Hook, conversation_id: str, status: str
) -> None:
    say(wire, conversation_id, "one")

    event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": [0]}
    answer = wire.send(publish(conversation_id, event))
    wire.settle()

    (receipt,) = hook.changes(RECEIPT)
    assert answer.json()["body"] == {"sequence": 1}
    assert [receipt["sequence"], receipt["event"]] == [1, event]
    assert receipt["originatorMetadata"] == {"id": wire.lp_consumer_id(), "role": "CONSUMER"}


def test_a_refused_message_is_told_to_nobody(wire: Wire, hook: Hook, conversation_id: str) -> None:
    refused = wire.send(text(conversation_id, ""))
    wire.send(text(conversation_id, "Accepted"))
    wire.settle()

    assert refused.status_code == 400
    assert [each["event"]["message"] for each in hook.changes(CONTENT)] == ["Accepted"]
    assert len(hook.changes(RECEIPT)) == 1


def test_conversations_of_other_channels_arrive_too(wire: Wire, hook: Hook) -> None:
    """Delivery is per account: the first app speaks for this consumer, another one hears of it."""
    listener = wire.install(hook.manifest())

    conversation_id = wire.open(BERT)
    say_as_consumer(wire, conversation_id, "Hello", consumer=BERT)
    wire.settle()

    assert listener["client_id"] != wire.ready["client_id"]
    assert [each["conversationId"] for each in hook.changes(CONTENT)] == [conversation_id]


def test_the_apps_own_calls_arrive_at_it(wire: Wire, hook: Hook) -> None:
    own = app_token(wire, wire.install(hook.manifest())).json()["access_token"]

    answer = wire.converse(wire.batch(), headers={"Authorization": own})
    wire.settle()

    opened = answer.json()[1]["body"]["conversationId"]
    assert [each["result"]["convId"] for each in hook.changes(CHANGE)] == [opened]
