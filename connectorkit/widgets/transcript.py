"""What both sides of a conversation said, read from the log: our requests, and their notifications."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectorkit import timeline, wire, words
from connectorkit.causes import NOTIFICATION, REQUEST, Number, Row
from connectorkit.log import Log
from connectorkit.markup import Bubble
from connectorkit.notices import Change
from connectorkit.pairs import Pair, object_or_empty, text_or_none
from connectorkit.timeline import Told
from connectorkit.widgets import elements, happenings
from connectorkit.widgets.elements import Choice, Shown

_CONTENT = (wire.CONTENT_EVENT, wire.RICH_CONTENT_EVENT)
CONSUMER, AGENT, SERVICE = "consumer", "agent", "service"
# How far a message has come, from its first step to its last.
SENT, ACCEPTED, READ, REFUSED, UNKNOWN = "sent", "accepted", "read", "refused", "unknown"
OPEN, SURVEY, CLOSED = "open", "survey", "closed"


@dataclass(frozen=True)
class File:
    """A file in a message: its path in the store, its type, and the preview that travels along."""

    path: str
    type: str
    preview: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rsplit("/", 1)[-1] or "a file"


@dataclass(frozen=True)
class Line:
    """One message, or (of the ``service``) one thing that happened.

    ``at`` is nanoseconds since the epoch; ``state`` says how far a message has come, ``number`` is its
    place in the dialog, ``live`` whether its choices still take a click, ``clicked`` whether one did.
    """

    key: str
    side: str
    who: str
    text: str
    at: int
    state: str = ""
    remark: str = ""
    number: int | None = None
    dialog_id: str | None = None
    shown: Shown = field(default_factory=Shown)
    file: File | None = None
    live: bool = False
    clicked: bool = False

    @property
    def choices(self) -> list[Choice]:
        """What can be clicked now; quick replies only until one of them was."""
        return [c for c in self.shown.choices if not (c.quick and self.clicked)] if self.live else []

    @property
    def bubble(self) -> Bubble:
        """The same for a page without scripts."""
        ours = None if self.side == SERVICE else self.side == CONSUMER
        told = [self.text] if self.text else []
        if self.file is not None:
            told.append(f"[{self.file.type}: {elements.clean(self.file.name, 200)}]")
        return Bubble(self.who, "\n".join([*told, *self.shown.lines()]), self.remark, ours)


@dataclass(frozen=True)
class Transcript:
    """What was said, in its order; how the conversation stands; what each side's last chat state is.

    ``survey`` is the dialog of an open survey, ``surveyed`` whether there was one, ``rated`` the rating.
    """

    said: list[Line]
    state: str
    survey: str | None = None
    surveyed: bool = False
    rated: int | None = None
    chat_states: dict[str, str] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        """Whether the main dialog takes no more."""
        return self.state != OPEN


def read(log: Log, conversation: str) -> Transcript:
    """The transcript of one conversation. Without notifications it has our side only."""
    told = timeline.gathered(log, conversation)
    rows = timeline.ordered(told, conversation)
    happened = happenings.read(told)
    state = SURVEY if happened.survey else CLOSED if happened.closed else OPEN
    reader = _Reader(told, rows, state, conversation, happened)
    return Transcript(
        list(reader.lines()),
        state,
        happened.survey,
        happened.surveyed,
        happened.rated,
        {} if state == CLOSED else reader.chat_states,
    )


def closed(of: Transcript) -> Transcript:
    """The same, once it is known to be closed: nothing can be clicked any more."""
    said = [dataclasses.replace(line, live=False) for line in of.said]
    return dataclasses.replace(of, said=said, state=CLOSED, chat_states={})


class _Reader:
    def __init__(
        self, told: Told, rows: list[Row], state: str, conversation: str, happened: happenings.Happened
    ) -> None:
        self._rows = rows
        self._sent = {(pair.exchange.exchange_id, pair.position): pair for pair in told.asked}
        self._came = {(c.notification.notification_id, c.position): c for c in told.changes}
        self._ours_shown = {row.number for row in rows if row.kind == REQUEST} - {None}
        self._receipts = _receipts(told)
        self._live = {OPEN: conversation, SURVEY: happened.survey}.get(state)
        self._happened = happened
        self._conversation = conversation
        self.chat_states: dict[str, str] = {}

    def lines(self) -> Iterator[Line]:
        """Every line in its order; what each side does meanwhile is in ``chat_states`` afterwards."""
        if self._rows:  # said before the rest: the first text may travel with the opening
            begun = self._rows[0].at
            yield Line(f"opened {self._conversation}", SERVICE, SERVICE, "The conversation is open.", begun)
        for row in self._rows:
            for number, note in enumerate(self._happened.notes.get(row.event_id, ())):
                yield Line(f"{row.event_id}.{number}", SERVICE, SERVICE, note, row.at)
            if row.kind == REQUEST:
                pair = self._sent[row.record, row.position]
                event, state = pair.event, _state(pair)
                if event.get("type") in _CONTENT:
                    yield self._line(row, event, CONSUMER, row.who or "", state, _refusal(pair))
                elif event.get("type") == wire.CHAT_STATE_EVENT and pair.ok:
                    self.chat_states[CONSUMER] = words.of_event(event)
            elif row.kind == NOTIFICATION:
                yield from self._notified(row, self._came[row.record, row.position])

    def _notified(self, row: Row, change: Change) -> Iterator[Line]:
        ours = row.who == wire.CONSUMER
        side = CONSUMER if ours else AGENT
        if change.event_type == wire.CHAT_STATE_EVENT:
            self.chat_states[side] = elements.clean(words.of_event(change.event))
        elif change.event.get("type") in _CONTENT and not (ours and row.number in self._ours_shown):
            if not ours:  # what an agent has written need no longer be waited for
                self.chat_states.pop(AGENT, None)
            yield self._line(row, change.event, side, row.who or "unknown", SENT, "")

    def _line(self, row: Row, event: dict[str, Any], side: str, who: str, state: str, refusal: str) -> Line:
        receipts = self._receipts[side].get(row.number, set()) if row.number else set()
        if state == SENT:
            state = READ if READ in receipts else ACCEPTED if ACCEPTED in receipts else SENT
        remark = refusal or _number(row.sequence) + ("" if state == SENT else f", {state}")
        shown = elements.read(event.get("content"), event.get("quickReplies"))
        file = _file(event)
        return Line(
            row.event_id,
            side,
            elements.clean(who, 200),
            elements.clean(_text(event, file, shown)),
            row.at,
            state,
            elements.clean(remark, 500),
            row.sequence,
            row.dialog_id,
            shown,
            file,
            live=side == AGENT and row.sequence is not None and row.dialog_id == self._live is not None,
            clicked="action" in receipts,
        )


def _receipts(told: Told) -> dict[str, dict[Number | None, set[str]]]:
    """Of the messages of each side: which receipts the other side has sent for them."""
    found: dict[str, dict[Number | None, set[str]]] = {CONSUMER: defaultdict(set), AGENT: defaultdict(set)}
    told_of = [(AGENT, pair.event, pair.dialog_id) for pair in told.asked if pair.ok]
    told_of += [
        (AGENT if change.originator_role == wire.CONSUMER else CONSUMER, change.event, change.dialog_id)
        for change in told.changes
    ]
    for side, event, dialog in told_of:
        status = {"ACCEPT": ACCEPTED, "READ": READ, "ACTION": "action"}.get(str(event.get("status")))
        if event.get("type") == wire.ACCEPT_STATUS_EVENT and status and dialog:
            for number in words.receipt_numbers(event):
                found[side][dialog, number].add(status)
    return found


def _number(sequence: int | None) -> str:
    return "without a number" if sequence is None else f"number {sequence}"


def _state(pair: Pair) -> str:
    return SENT if pair.ok else UNKNOWN if pair.answer is None else REFUSED


def _refusal(pair: Pair) -> str:
    answer = pair.answer
    if answer is None:
        return "no answer"
    return "" if pair.ok else f"refused: {answer.body.get('title') or answer.text}"


def _file(event: dict[str, Any]) -> File | None:
    message = object_or_empty(event.get("message"))
    if event.get("type") != wire.CONTENT_EVENT or not message:
        return None
    kind = elements.clean(text_or_none(message.get("fileType")) or "file", 40)
    path = text_or_none(message.get("relativePath")) or ""
    return File(path, kind, text_or_none(message.get("preview")))


def _text(event: dict[str, Any], file: File | None, shown: Shown) -> str:
    """The words of a message: its text, or the caption of its file."""
    message = event.get("message")
    if isinstance(message, str):
        return message
    if file is not None:
        return text_or_none(object_or_empty(message).get("caption")) or ""
    return "" if shown.parts else words.of_event(event)
