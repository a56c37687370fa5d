"""What tests of delivery share: an app, a receiver that does as it is told, and a clock a test sets."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from connectorkit.sandbox.apps import App
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.delivery import Deliveries, Event
from connectorkit.sandbox.faults import Faults
from connectorkit.sandbox.options import Options
from connectorkit.sandbox.post import DeliveryFailed, Timeouts
from connectorkit.sandbox.schedule import Schedule

START = 1_700_000_000.0
TEXT, CHANGE = "ms.MessagingEventNotification.ContentEvent", "cqm.ExConversationChangeNotification"
STATE = "ms.MessagingEventNotification.ChatStateEvent"
ONE, TWO, THREE = (f"https://{name}.kit.example/hook" for name in ("one", "two", "three"))
TIMEOUT = DeliveryFailed("no answer within 5 s")


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an asynchronous test."""

    @functools.wraps(test)
    def run(*arguments: Any, **options: Any) -> None:
        asyncio.run(test(*arguments, **options))

    return run


@dataclass(frozen=True)
class Got:
    """One request as it arrived: ``seconds`` after the start, and how it was answered."""

    seconds: float
    url: str
    conversation: str
    number: int
    answer: int | None

    @property
    def name(self) -> str:
        return f"{self.conversation}{self.number}"


class Receiver:
    """Answers 200, unless ``behave`` says otherwise: a status, a failure, or seconds and one of these."""

    def __init__(self, schedule: Schedule) -> None:
        self.behave: Callable[[str, str, int], Any] = lambda url, conversation, number: 200
        self.got: list[Got] = []
        self.requests: list[tuple[str, bytes, dict[str, str], Timeouts]] = []
        self.most_under_way = 0
        self.doubled: list[str] = []  # events that arrived while they were still being answered
        self._under_way: list[str] = []
        self._schedule = schedule

    async def __call__(
        self, url: str, body: bytes, headers: list[tuple[str, str]], timeouts: Timeouts, /
    ) -> int:
        self.requests.append((url, body, dict(headers), timeouts))
        change = json.loads(body)["body"]["changes"][0]
        arrived = round(self._schedule.clock.now() - START, 3)
        answer = self.behave(url, change["conversationId"], change["sequence"])
        name = f"{change['conversationId']}{change['sequence']}"
        self.doubled += [name] if name in self._under_way else []
        self._under_way.append(name)
        self.most_under_way = max(self.most_under_way, len(self._under_way))
        try:
            if isinstance(answer, tuple):
                seconds, answer = answer
                await self._schedule.sleep(seconds)
        finally:
            self._under_way.remove(name)
        status = answer if isinstance(answer, int) else None
        self.got.append(Got(arrived, url, change["conversationId"], change["sequence"], status))
        if isinstance(answer, Exception):
            raise answer
        assert status is not None
        return status

    def down(self, *urls: str, answer: Any = 500) -> None:
        """These endpoints fail from now on, the others do not."""
        self.behave = lambda url, conversation, number: answer if url in urls else 200

    @property
    def taken(self) -> list[str]:
        """What was answered with success, in order: the conversation's name and the number."""
        return [got.name for got in self.got if got.answer in (200, 201)]

    def times(self, name: str) -> list[float]:
        """When an event arrived, each time."""
        return [got.seconds for got in self.got if got.name == name]


class Rig:
    """Deliveries to one app, whose webhooks a test gives as type to endpoint or to the whole webhook."""

    def __init__(self, webhooks: dict[str, Any] | None = None, retention: int | None = None) -> None:
        self.seconds = START
        self.schedule = Schedule(Clock(lambda: self.seconds))
        self.options = Options()
        self.receiver = Receiver(self.schedule)
        self.disabled: list[tuple[str, str]] = []
        self.deliveries = Deliveries(
            self.schedule,
            self.options,
            self.receiver,
            faults=Faults(1),
            account_id="12345678",
            on_disable=lambda app, why: self.disabled.append((app.client_id, why)),
        )
        self.app = App("app-1", "sandbox-secret-0001", manifest(webhooks or {TEXT: ONE}, retention), 0)

    def send(self, *names: str, kind: str = TEXT) -> None:
        """Deliver events by name: ``a1`` is number 1 of conversation ``a``."""
        for name in names:
            conversation, number = name.rstrip("0123456789"), int(name.lstrip("abcdefghijklmnopqrstuvwxyz-"))
            self.deliveries.deliver(self.app, event(conversation, number, kind))

    async def advance(self, seconds: float) -> None:
        await self.schedule.advance(seconds)
        assert self.schedule.failures == []

    async def until(self, seconds: float) -> None:
        """Let time pass until so many seconds after the start."""
        await self.advance(START + seconds - self.schedule.clock.now())

    @property
    def state(self) -> tuple[str, int]:
        """The app's state, and how many events are stored."""
        (app,) = self.deliveries.states()
        return app["state"], app["stored"]

    @property
    def outcomes(self) -> list[tuple[str, int, str]]:
        """Each record: the event's name, the attempt, and the outcome."""
        return [
            (f"{one['conversation_id']}{one['sequence']}", one["attempt"], one["outcome"])
            for one in self.deliveries.report()["deliveries"]
        ]

    @property
    def lost(self) -> list[str]:
        return [name for name, _, outcome in self.outcomes if outcome == "lost"]


def manifest(webhooks: dict[str, Any], retention: int | None = None) -> dict[str, Any]:
    capability: dict[str, Any] = {
        kind: {"endpoint": given} if isinstance(given, str) else given for kind, given in webhooks.items()
    }
    if retention is not None:
        capability["retry"] = {"retention_time": retention}
    return {"client_name": "Test", "enabled": True, "capabilities": {"webhooks": capability}}


def event(conversation: str, number: int, kind: str = TEXT, message: str = "Hello") -> Event:
    change = {
        "sequence": number,
        "conversationId": conversation,
        "dialogId": conversation,
        "message": message,
    }
    body = {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [change]}}
    return Event(kind, conversation, conversation, number, body)
