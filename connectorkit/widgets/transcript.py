"""What both sides of a conversation said, read from the log: our requests, and their notifications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectorkit import timeline, wire, words
from connectorkit.causes import NOTIFICATION, REQUEST, Number, Row
from connectorkit.log import Log
from connectorkit.markup import Bubble
from connectorkit.pairs import Pair, object_or_empty, text_or_none
from connectorkit.timeline import Told

_CONTENT = (wire.CONTENT_EVENT, wire.RICH_CONTENT_EVENT)


@dataclass(frozen=True)
class Transcript:
    """What was said, in its order, and whether the main dialog takes no more."""

    said: list[Bubble]
    closed: bool


def read(log: Log, conversation: str) -> Transcript:
    """The transcript of one conversation. Without notifications it has our side only."""
    told = timeline.gathered(log, conversation)
    rows = timeline.ordered(told, conversation)
    return Transcript(list(_bubbles(told, rows)), _closed(told))


def _bubbles(told: Told, rows: list[Row]) -> Iterator[Bubble]:
    sent = {(pair.exchange.exchange_id, pair.position): pair for pair in told.asked}
    came = {(change.notification.notification_id, change.position): change for change in told.changes}
    numbers = {row.number for row in rows if row.kind == REQUEST} - {None}
    read = _read_by_others(told)
    for row in rows:
        if row.kind == REQUEST:
            pair = sent[row.record, row.position]
            if pair.event.get("type") in _CONTENT:
                yield Bubble(row.who or "", _text(pair.event), _remark(pair, row.number in read))
        elif row.kind == NOTIFICATION:
            event = came[row.record, row.position].event
            ours = row.who == wire.CONSUMER
            if event.get("type") in _CONTENT and not (ours and row.number in numbers):
                yield Bubble(row.who or "unknown", _text(event), _number(row.sequence), ours)


def _number(sequence: int | None) -> str:
    return "without a number" if sequence is None else f"number {sequence}"


def _remark(pair: Pair, read: bool) -> str:
    if pair.ok:
        return _number(pair.sequence) + (", read" if read else "")
    answer = pair.answer
    if answer is None:
        return "no answer"
    return f"refused: {answer.body.get('title') or answer.text}"


def _read_by_others(told: Told) -> set[Number | None]:
    return {
        (change.dialog_id, number)
        for change in told.changes
        if change.status == "READ" and change.dialog_id and change.originator_role != wire.CONSUMER
        for number in words.receipt_numbers(change.event)
    }


def _closed(told: Told) -> bool:
    """By the newest change of the conversation, which need not be the last that came."""
    states = [change for change in told.changes if change.details]
    newest = max(states, key=lambda change: change.server_timestamp or 0, default=None)
    return newest is not None and wire.CLOSE in (newest.state, newest.stage)


def _text(event: dict[str, Any]) -> str:
    """The message as a line or several; buttons stand in brackets."""
    message = event.get("message")
    shown = message if isinstance(message, str) else "\n".join(_lines(event.get("content")))
    replies = object_or_empty(event.get("quickReplies")).get("replies")
    return "\n".join([shown or words.of_event(event), *_lines({"elements": replies})])


def _lines(content: Any) -> Iterator[str]:
    """The texts of structured content from top to bottom, however deep it is."""
    waiting = [content]
    while waiting:
        element = object_or_empty(waiting.pop())
        title = text_or_none(element.get("title"))
        if line := text_or_none(element.get("text")) or text_or_none(element.get("caption")):
            yield line
        elif title is not None:
            yield f"[{title}]"
        inner = element.get("elements")
        waiting += reversed(inner) if isinstance(inner, list) else []
