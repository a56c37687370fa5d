"""What caused what in a conversation, and the order that follows. What the log does not say stays open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from connectorkit import wire
from connectorkit.notices import Change
from connectorkit.pairs import Pair, object_or_empty, text_or_none

REQUEST, RESPONSE, NOTIFICATION = KINDS = ("request", "response", "notification")
Number = tuple[str, int]  # dialog id, and the event's number in it


@dataclass
class Row:
    """One event of a conversation. Times are nanoseconds since the epoch; ``receipt`` lists numbers."""

    event_id: str
    at: int
    kind: str
    who: str | None
    what: str
    conversation_id: str
    dialog_id: str | None
    sequence: int | None
    session_id: str
    record: int
    position: int
    caused_by: str | None = None
    deliveries: int | None = None
    notification_id: int | None = None
    ack_ms: float | None = None
    notify_ms: float | None = None
    receipt: list[int] = field(default_factory=list)

    @property
    def number(self) -> Number | None:
        """Its place in the dialog, where it has one."""
        if self.dialog_id is None or self.sequence is None or self.sequence < 0:
            return None
        return self.dialog_id, self.sequence


def in_order(rows: list[Row], asked: list[Pair], changes: list[Change]) -> list[Row]:
    """Join, find causes, and sort: what bears one number stands together, and nothing before its cause."""
    blocks: defaultdict[Number, list[Row]] = defaultdict(list)
    for row in rows:
        if row.number is not None:
            blocks[row.number].append(row)
    for block in blocks.values():
        _join(block)
    _explain_receipts(rows, blocks)
    _explain_changes(rows, asked, changes)
    return _sorted(rows, blocks)


def _join(block: list[Row]) -> None:
    """A request and the echo of its event; where two claim one number, neither is believed."""
    requests = [row for row in block if row.kind == REQUEST]
    echoes = [row for row in block if row.kind == NOTIFICATION and row.who == wire.CONSUMER]
    if len(requests) == len(echoes) == 1:
        request, echo = requests[0], echoes[0]
        echo.caused_by = request.event_id
        request.notification_id = echo.record
        request.notify_ms = (echo.at - request.at) / 1_000_000


def _explain_receipts(rows: list[Row], blocks: dict[Number, list[Row]]) -> None:
    for row in rows:
        if not row.receipt or row.caused_by is not None or row.dialog_id is None:
            continue
        highest = max(row.receipt)
        block = blocks.get((row.dialog_id, highest))
        if block is None:
            continue
        carrier = next((r for kind in (REQUEST, NOTIFICATION) for r in block if r.kind == kind), None)
        # A receipt may name what it cannot have seen: a number after its own, or an event not yet there.
        if carrier is not None and (
            highest < row.sequence if row.sequence is not None else carrier.at <= row.at
        ):
            row.caused_by = carrier.event_id


def _explain_changes(rows: list[Row], asked: list[Pair], changes: list[Change]) -> None:
    """Conversation changes by requests of ours, each only where nothing else can have caused it."""
    shown = {row.event_id: row for row in rows}
    in_time: dict[int, Change] = {}
    for change in changes:
        if change.details and change.server_timestamp is not None:
            in_time.setdefault(change.server_timestamp, change)
    before: Change | None = None
    for _, change in sorted(in_time.items()):
        cause = _cause(change, before, [pair for pair in asked if pair.ok])
        row = shown.get(f"n{change.notification.notification_id}.{change.position}")
        if row is not None and cause is not None:
            row.caused_by = f"x{cause.exchange.exchange_id}.{cause.position}"
        before = change


def _cause(change: Change, before: Change | None, done: list[Pair]) -> Pair | None:
    """The request behind a change, judged by what is different from the change before it."""
    if before is None:
        # Only the state at the very start is that of the opening.
        fresh = change.state == wire.OPEN and change.details.get("startTs") == change.server_timestamp
        return _only(pair for pair in done if pair.type == wire.REQUEST_CONVERSATION) if fresh else None
    rated = change.details.get("csat") != before.details.get("csat")
    closed = change.state == wire.CLOSE and before.state == wire.OPEN
    ended = change.stage == wire.CLOSE and before.stage == wire.OPEN and before.state == wire.CLOSE
    if rated and not closed and not ended:
        alike = _aside(change) == _aside(before)  # a change in between was lost where more is different
        return _only(pair for pair in done if _rates(pair, change.details.get("csat"))) if alike else None
    if rated or not _closed_by_consumer(change):
        return None
    closings = [pair for pair in done if any(_closes(f, change.conversation_id) for f in pair.fields)]
    if closed:
        return closings[0] if closings else None
    if ended:  # the survey, by a Stage of ours
        return _only(p for p in closings[1:] if any(f.get("field") == wire.STAGE_FIELD for f in p.fields))
    return None


def _only(found: Iterable[Pair]) -> Pair | None:
    several = list(found)
    return several[0] if len(several) == 1 else None


def _aside(change: Change) -> list[Any]:
    """All but the rating and the time stamps."""
    told = [change.details.get(name) for name in ("state", "stage", "skillId", "participants", "ttr")]
    return [*told, [(dialog.get("dialogId"), dialog.get("state")) for dialog in change.dialogs]]


def _rates(pair: Pair, csat: Any) -> bool:
    stored = object_or_empty(csat)
    return any(
        f.get("field") == wire.CSAT_FIELD
        and all(f.get(name) == stored.get(name) for name in ("csatRate", "csatResolutionConfirmation"))
        for f in pair.fields
    )


def _closed_by_consumer(change: Change) -> bool:
    main = [dialog for dialog in change.dialogs if dialog.get("dialogType") == wire.MAIN_DIALOG]
    said = {text_or_none(change.details.get("closeReason"))}
    said |= {text_or_none(dialog.get("closedBy")) for dialog in main}
    return said - {None} == {wire.CONSUMER}


def _closes(changed: dict[str, Any], conversation_id: str | None) -> bool:
    dialog = changed.get("dialog")
    if changed.get("field") == wire.DIALOG_FIELD and isinstance(dialog, dict):
        return dialog.get("state") == wire.CLOSE and dialog.get("dialogId") == conversation_id
    closing = changed.get("field") in (wire.STATE_FIELD, wire.STAGE_FIELD)
    return closing and changed.get("conversationState") == wire.CLOSE


def _sorted(rows: list[Row], blocks: dict[Number, list[Row]]) -> list[Row]:
    """By time, but numbers of a dialog ascend, and what our requests changed stands behind their answers.

    A number that came late moves up to what followed it.
    """
    stands_at: dict[str, int] = {row.event_id: row.at for row in rows}
    begins = {
        number: next((r.at for r in block if r.kind == REQUEST), block[0].at)
        for number, block in blocks.items()
    }
    earliest: dict[str, int] = {}
    for dialog, number in sorted(blocks, reverse=True):
        earliest[dialog] = min(begins[dialog, number], earliest.get(dialog, begins[dialog, number]))
        stands_at |= {row.event_id: earliest[dialog] for row in blocks[dialog, number]}
    by_id = {row.event_id: row for row in rows}
    depth: dict[str, int] = {}
    for row in sorted(rows, key=lambda row: KINDS.index(row.kind)):
        cause = None if row.caused_by is None else by_id.get(row.caused_by)
        depth[row.event_id] = 0
        if row.number is None and cause is not None:
            # What a receipt names bears a number, and those need no depth.
            depth[row.event_id] = depth.get(cause.event_id, 0) + 1
            answer = by_id.get(f"{cause.event_id}r")
            if row.kind == NOTIFICATION and answer is not None:
                # What our request changed stands behind its answer, whichever of the two came first.
                stands_at[row.event_id] = stands_at[answer.event_id]
                depth[row.event_id] = depth[answer.event_id] + 1
            else:
                # Its own clock may say otherwise, but it cannot stand before its cause.
                stands_at[row.event_id] = max(stands_at[row.event_id], stands_at[cause.event_id])

    def place(row: Row) -> tuple[Any, ...]:
        return (
            stands_at[row.event_id],
            depth[row.event_id],
            *(row.number if row.number is not None else ("", -1)),
            KINDS.index(row.kind),
            row.record,
            row.position,
        )

    return sorted(rows, key=place)
