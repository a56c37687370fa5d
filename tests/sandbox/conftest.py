"""A sandbox world without a server, with a clock that a test sets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest

from connectorkit.sandbox import messaging
from connectorkit.sandbox.app import create_app
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.notices import Event
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


@pytest.fixture
def ask(world: World) -> Iterator[Callable[..., httpx.Response]]:
    """A request to the sandbox's app without a socket, with the control token unless told otherwise.

    One loop serves all requests of a test, so that what one leaves under way goes on with the next.
    """

    async def exchange(method: str, url: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
            return await http.request(method, url, **options)

    def ask(method: str, path: str, host: str = "127.0.0.1", **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {world.control_token}"} | options.pop("headers", {})
        return loop.run(exchange(method, f"http://{host}{path}", headers=headers, **options))

    transport = httpx.ASGITransport(create_app(world))
    with asyncio.Runner() as loop:
        yield ask


@pytest.fixture
def told(world: World) -> list[Event]:
    """Every notification from here on, before it is addressed."""
    events: list[Event] = []
    world.account.tell, world.account.listened_to = events.append, lambda kind: True
    return events


@pytest.fixture
def pass_time(world: World) -> Iterator[Callable[[float], None]]:
    """Lets so many seconds pass in the sandbox; what falls due meanwhile is done."""
    with asyncio.Runner() as loop:

        def pass_time(seconds: float) -> None:
            loop.run(world.schedule.advance(seconds))
            assert world.schedule.failures == []

        yield pass_time


@pytest.fixture
def act(world: World) -> Callable[..., dict[str, Any]]:
    """The agent of a conversation does something."""

    def act(conversation_id: str, action: str, **more: Any) -> dict[str, Any]:
        return world.desk.act({"conversation_id": conversation_id, "action": action, **more})

    return act


def publish(dialog_id: str, request_id: Any = "1", message: str = "Hi") -> dict[str, Any]:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": message}
    return event_request(dialog_id, event, request_id)


def event_request(dialog_id: str, event: dict[str, Any], request_id: Any = "1") -> dict[str, Any]:
    return {
        "kind": "req",
        "id": request_id,
        "type": "ms.PublishEvent",
        "body": {"dialogId": dialog_id, "event": event},
    }


def receipt(status: str, *sequences: int) -> dict[str, Any]:
    return {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(sequences)}


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


def opened(world: World, consumer: str = ANNA, features: Sequence[str] = (), **members: Any) -> str:
    """The id of a new conversation; ``members`` are those of its request."""
    requests = batch()
    requests[1]["body"] |= members
    _, answers = messaging.conversation(world.account, consumer, requests, features)
    return str(answers[1]["body"]["conversationId"])


def send(world: World, request: Any, consumer: str = ANNA, features: Sequence[str] = ()) -> dict[str, Any]:
    return messaging.send(world.account, consumer, request, len(json.dumps(request)), features)


def said(world: World, conversation_id: str, dialog: int = 0) -> list[tuple[str, str]]:
    """Role and text of every text in a dialog."""
    events = world.account.conversations[conversation_id].dialogs[dialog].events
    return [(e["role"], e["event"]["message"]) for e in events if e["event"]["type"] == "ContentEvent"]


CLOSE_STATE = {"field": "ConversationStateField", "conversationState": "CLOSE"}
