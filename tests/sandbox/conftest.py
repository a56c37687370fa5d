"""A sandbox world without a server, with a clock that a test sets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectorkit.sandbox import messaging
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.world import World

ACCOUNT, ANNA, BERT = "12345678", "a" * 64, "b" * 64


class Now:
    """A clock's hand that a test sets."""

    seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def world(now: Now) -> World:
    return World(ACCOUNT, clock=Clock(now))


def publish(dialog_id: str, request_id: Any = "1") -> dict[str, Any]:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "Hi"}
    return {
        "kind": "req",
        "id": request_id,
        "type": "ms.PublishEvent",
        "body": {"dialogId": dialog_id, "event": event},
    }


def update(conversation_id: str, **field: Any) -> dict[str, Any]:
    body = {"conversationId": conversation_id, "conversationField": field}
    return {"kind": "req", "id": 5, "type": "cm.UpdateConversationField", "body": body}


def profile(**members: Any) -> dict[str, Any]:
    return {"kind": "req", "id": "1", "type": "userprofile.SetUserProfile", "body": members}


def batch(*third: Any, **members: Any) -> list[Any]:
    request = {
        "kind": "req",
        "id": "2",
        "type": "cm.ConsumerRequestConversation",
        "body": {"brandId": ACCOUNT},
    }
    return [profile(**members), request, *third]


def opened(world: World, consumer: str = ANNA) -> str:
    _, answers = messaging.conversation(world.account, consumer, batch())
    return str(answers[1]["body"]["conversationId"])


def send(world: World, request: Any, consumer: str = ANNA) -> dict[str, Any]:
    return messaging.send(world.account, consumer, request, len(json.dumps(request)))
