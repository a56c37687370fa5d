"""The request envelopes that an exchange carried, each with its answer. Reads anything, refuses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectorkit import wire
from connectorkit.log import Exchange
from connectorkit.replies import Message, whole_number


@dataclass(frozen=True)
class Pair:
    """One request at its place in a batch (0 on SEND), and the message that answered it, if one did.

    ``opened`` is the conversation that the batch opened.
    """

    exchange: Exchange
    position: int
    request: dict[str, Any]
    answer: Message | None
    opened: str | None = None

    @property
    def type(self) -> str | None:
        """The request's type, where it is a text."""
        return text_or_none(self.request.get("type"))

    @property
    def body(self) -> dict[str, Any]:
        """The request's body, empty where there is none."""
        return object_or_empty(self.request.get("body"))

    @property
    def event(self) -> dict[str, Any]:
        """The event to be published, empty where there is none."""
        return object_or_empty(self.body.get("event"))

    @property
    def fields(self) -> list[dict[str, Any]]:
        """What an update changes: one object or several, always as a list."""
        given = self.body.get("conversationField")
        return [f for f in (given if isinstance(given, list) else [given]) if isinstance(f, dict)]

    @property
    def conversation_id(self) -> Any:
        """The conversation that the request names, else the one that its batch opened."""
        return self.body.get("conversationId") or self.body.get("dialogId") or self.opened

    @property
    def dialog_id(self) -> str | None:
        """Where an event was published; an empty id in a batch means the new conversation."""
        if self.type != wire.PUBLISH_EVENT:
            return None
        return text_or_none(self.body.get("dialogId") or self.opened)

    @property
    def ok(self) -> bool:
        """Whether there is an answer and it says so."""
        return self.answer is not None and self.answer.ok

    @property
    def sequence(self) -> int | None:
        """The number that the published event got in its dialog; a chat state gets none (R7)."""
        if self.answer is None or not self.ok or self.type != wire.PUBLISH_EVENT:
            return None
        if self.event.get("type") == wire.CHAT_STATE_EVENT:
            return None
        number = whole_number(self.answer.body.get("sequence"))
        return None if number is None or number < 0 else number

    @property
    def answered_at(self) -> int:
        """When the response was in, nanoseconds since the epoch."""
        return self.exchange.ended_at


def pairs(exchange: Exchange) -> Iterator[Pair]:
    """The requests of a CONVERSATION or SEND in their order; other calls carry none."""
    if exchange.operation not in ("conversation", "send"):
        return
    sent, got = exchange.request_json(), exchange.response_json()
    requests = sent if isinstance(sent, list) else [sent]
    # A refusal at the door is one object, whatever the batch: it answers each of its requests.
    answers = got if isinstance(got, list) else [got] * len(requests)
    opened = _opened(answers)
    for position, request in enumerate(requests):
        answer = Message.read(answers[position]) if position < len(answers) else None
        yield Pair(exchange, position, object_or_empty(request), answer, opened)


def _opened(answers: list[Any]) -> str | None:
    found = (object_or_empty(object_or_empty(a).get("body")).get("conversationId") for a in answers)
    return next((text_or_none(conversation_id) for conversation_id in found if conversation_id), None)


def object_or_empty(value: Any) -> dict[str, Any]:
    """The value if it is an object."""
    return value if isinstance(value, dict) else {}


def text_or_none(value: Any) -> str | None:
    """The value if it is a text that says something."""
    return value if isinstance(value, str) and value else None
