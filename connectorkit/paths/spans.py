"""The path of the messages of one conversation: who waited for what, on one clock."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from connectorkit import wire, words
from connectorkit.causes import NOTIFICATION, REQUEST, RESPONSE, Row
from connectorkit.notices import Change
from connectorkit.paths import stamps
from connectorkit.paths.offsets import ClockOffset
from connectorkit.paths.stamps import Conversation
from connectorkit.tables import REAL, TEXT, WHEN, WHOLE, Columns, frame

ACKNOWLEDGED, NOTIFIED, DELIVERED, THOUGHT = SPANS = ("acknowledged", "notified", "delivered", "thought")
PATH: Columns = {
    "step": (WHOLE, "number of the request or notification, in causal order; its spans share it"),
    "span": (
        TEXT,
        "acknowledged: from a request to its answer · notified: from a request to the notification of what "
        "it did · delivered: from the service's time stamp to its arrival here · thought: from the newest "
        "message of the consumer to what the agent said first after it, by the service's time stamps",
    ),
    "who": (TEXT, "the consumer's name, service, or the role of who did it"),
    "what": (TEXT, "what happened, in a few words"),
    "answer": (TEXT, "of a request: what the service answered; missing where nothing came"),
    "at": (WHEN, "when the span begins, by this machine's clock"),
    "begin_ms": (REAL, "the same, since the first request; missing where it is not known on this clock"),
    "end_ms": (REAL, "when it ends, since the first request; missing where it never did"),
    "took_ms": (REAL, "how long; a delivery may be below zero by its uncertainty"),
    "server_ms": (REAL, "the service's time stamp of the event, on this machine's clock, likewise"),
    "uncertainty_ms": (REAL, "how far that may be off, either way"),
    "server_timestamp": (WHEN, "the same time stamp as it came"),
    "sequence": (WHOLE, "number of the event in its dialog"),
    "caused_by": (TEXT, "event_id of the span's begin: the request, or the message that was answered"),
    "event_id": (TEXT, "the row of the timeline"),
    "dialog_id": (TEXT, "the dialog"),
}
_MAX_MS = 1e12  # some thirty years; an archive from elsewhere may bring any time
_SAID = (wire.CONTENT_EVENT, wire.RICH_CONTENT_EVENT)
_NO_AGENTS = (wire.CONSUMER, wire.CONTROLLER)  # the controller's messages are automatic


@dataclass(frozen=True)
class _Seen:
    """A moment of the service: its stamp, and where that stands on our clock, in nanoseconds."""

    server_ms: int
    ours: int | None = None
    uncertainty_ms: float | None = None


def path(found: Conversation, offset: ClockOffset) -> pd.DataFrame:
    """One row per span, in causal order of the events; the columns are those of ``PATH``."""
    return frame(PATH, _rows(found, offset))


def _rows(found: Conversation, offset: ClockOffset) -> Iterator[dict[str, Any]]:
    shown = [row for row in found.rows if row.kind != RESPONSE]
    if not shown:
        return
    origin = min(row.at for row in shown)
    seen = _seen(found, offset)
    shows: dict[str, str] = {}  # what came of a request, as its first notification says
    for row in shown:
        if row.caused_by is not None and _shows_request(row, found):
            shows.setdefault(row.caused_by, row.event_id)
    answers = _answers(shown, found.changes)
    for step, row in enumerate(shown, 1):
        stamp = seen.get(shows.get(row.event_id, row.event_id))
        common: dict[str, Any] = {
            "step": step,
            **{name: getattr(row, name) for name in ("who", "what", "sequence", "event_id", "dialog_id")},
        }
        if row.kind == REQUEST and row.ack_ms is not None:
            common["answer"] = words.of_answer(found.requests[row.event_id])
        if stamp is not None:
            common["server_timestamp"] = stamp.server_ms * 1_000_000
            common["server_ms"] = _since(origin, stamp.ours)
            common["uncertainty_ms"] = stamp.uncertainty_ms
        for name, begin, end, cause in _spans(row, found, stamp, answers, seen):
            took = None if begin is None or end is None else (end - begin) / 1_000_000
            if took is None and name == THOUGHT and stamp is not None and cause is not None:
                # The service's clock alone knows, where none of it is known on ours.
                took = float(stamp.server_ms - seen[cause].server_ms)
            yield common | {
                "span": name,
                "at": None if begin is None else int(begin),
                "begin_ms": _since(origin, begin),
                "end_ms": _since(origin, end),
                "took_ms": took,
                "caused_by": cause,
            }


def _spans(
    row: Row, found: Conversation, stamp: _Seen | None, answers: dict[str, str], seen: dict[str, _Seen]
) -> Iterator[tuple[str, float | None, float | None, str | None]]:
    """Name, begin and end by our clock, and what it begins with."""
    if row.kind == REQUEST:
        took = math.nan if row.ack_ms is None else row.ack_ms
        end = row.at + took * 1_000_000 if 0 <= took <= _MAX_MS else None
        yield ACKNOWLEDGED, row.at, end, row.caused_by
        return
    if row.caused_by is not None and _shows_request(row, found):
        yield NOTIFIED, found.requests[row.caused_by].exchange.started_at, row.at, row.caused_by
    if row.event_id in answers:
        asked = answers[row.event_id]
        yield THOUGHT, seen[asked].ours, None if stamp is None else stamp.ours, asked
    yield DELIVERED, None if stamp is None else stamp.ours, row.at, None


def _seen(found: Conversation, offset: ClockOffset) -> dict[str, _Seen]:
    """The service's time stamps by event."""
    changes, opener = found.changes, found.opener
    since = None if opener is None else stamps.sent(opener)
    made = {}
    for row in found.rows:
        change = changes.get(row.event_id)
        if change is not None and change.server_timestamp is not None:
            placed = offset.on_our_clock(change.server_timestamp, row.at, since)
            made[row.event_id] = _Seen(change.server_timestamp, *placed)
    return made


def _shows_request(row: Row, found: Conversation) -> bool:
    """Whether it brings back what a request of ours published, or changed; a receipt of it does not."""
    request = found.requests.get(row.caused_by or "")
    if row.kind != NOTIFICATION or request is None:
        return False
    if row.number is None:
        return bool(found.changes[row.event_id].details)
    return row.who == wire.CONSUMER and row.number == (request.dialog_id, request.sequence)


def _answers(shown: list[Row], changes: dict[str, Change]) -> dict[str, str]:
    """What agents said first after a message of the consumer, with that message.

    Nothing says which message an answer answers: taken is the newest before it. Where several were sent
    before the agent spoke, the wait since the first of them was longer.
    """
    found: dict[str, str] = {}
    waiting: dict[str, str] = {}
    numbered = [row for row in shown if row.kind == NOTIFICATION and row.number is not None]
    for row in sorted(numbered, key=lambda row: row.number or ("", 0)):
        change, dialog = changes.get(row.event_id), row.dialog_id or ""
        if change is None or change.server_timestamp is None or change.event.get("type") not in _SAID:
            continue
        if row.who == wire.CONSUMER:
            waiting[dialog] = row.event_id
        elif row.who not in _NO_AGENTS and dialog in waiting:
            found[row.event_id] = waiting.pop(dialog)
    return found


def _since(origin: int, moment: float | None) -> float | None:
    return None if moment is None else (moment - origin) / 1_000_000
