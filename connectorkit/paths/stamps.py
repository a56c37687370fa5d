"""The time stamps of the service in the log, each with the moments of our clock that it must lie between.

Used are ``serverTimestamp`` of events, ``startTs`` of a conversation that we opened and the main dialog's
``endTs`` where we closed it. What a conversation change says of its own time (``metaDataLastUpdateTs``) also
tells changes apart, so it may have been moved on, and bounds nothing.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from connectorkit import notices, timeline, wire
from connectorkit.causes import NOTIFICATION, REQUEST, Row
from connectorkit.log import Log
from connectorkit.notices import Change
from connectorkit.pairs import Pair
from connectorkit.paths.clocks import Stamp
from connectorkit.records import nanoseconds
from connectorkit.timeline import Told


@dataclass(frozen=True)
class Conversation:
    """What the log holds of one conversation: its rows in causal order, and the records behind them."""

    told: Told
    rows: list[Row]

    @cached_property
    def requests(self) -> dict[str, Pair]:
        """Requests by the ``event_id`` of their row."""
        return {f"x{pair.exchange.exchange_id}.{pair.position}": pair for pair in self.told.asked}

    @cached_property
    def changes(self) -> dict[str, Change]:
        """Changes by the ``event_id`` of their row."""
        return {
            f"n{change.notification.notification_id}.{change.position}": change
            for change in self.told.changes
        }

    @property
    def opener(self) -> Pair | None:
        """The request that opened it, where it was ours."""
        return next((p for p in self.told.asked if p.type == wire.REQUEST_CONVERSATION and p.ok), None)

    @property
    def host(self) -> str | None:
        """``host[:port]`` of the messaging service, which has the clock; ``None`` where nothing names it."""
        asked, changes = self.told.asked, self.told.changes
        if asked:
            return timeline.service_of(asked[-1].exchange)
        return next((c.notification.host for c in reversed(changes) if c.notification.host), None)


def conversation(log: Log, conversation_id: str) -> Conversation:
    """Read it from the log, without deliveries that nobody signed."""
    told = timeline.gathered(log, conversation_id)
    return Conversation(told, timeline.ordered(told, conversation_id))


def sent(pair: Pair) -> int:
    """When the request began to leave, in nanoseconds; before that the service cannot have acted on it.

    From its first byte on, not its last: the service may have it all before we are told that it left.
    """
    exchange = pair.exchange
    return exchange.started_at + nanoseconds(exchange.connect_ms) + nanoseconds(exchange.tls_ms)


def answered(pair: Pair) -> int | None:
    """When the head of the answer was in, in nanoseconds; by then the service had acted."""
    if not pair.ok or pair.exchange.total_ms is None:
        return None
    left = nanoseconds(pair.exchange.total_ms) - nanoseconds(pair.exchange.receive_ms)
    return pair.exchange.started_at + max(left, 0)


def stamps(found: Conversation) -> list[Stamp]:
    """Every time stamp of a conversation that says something of the offset."""
    return [*_of_events(found), *_of_states(found)]


def _of_events(found: Conversation) -> Iterator[Stamp]:
    """Numbers of a dialog ascend with time, so each event lies between the requests of ours around it."""
    requests, changes = found.requests, found.changes
    own: defaultdict[str, list[tuple[int, Pair]]] = defaultdict(list)
    for row in found.rows:
        if row.kind == REQUEST and row.number is not None:
            own[row.number[0]].append((row.number[1], requests[row.event_id]))
    bounds = {dialog: _Bounds(numbered) for dialog, numbered in own.items()}
    for row in found.rows:
        change = changes.get(row.event_id)
        if row.kind != NOTIFICATION or change is None or row.number is None or not change.event:
            continue
        if change.server_timestamp is None:
            continue
        after, before = bounds[row.number[0]].of(row.number[1]) if row.number[0] in bounds else (None, None)
        yield Stamp(change.server_timestamp, after, row.at if before is None else min(row.at, before))


class _Bounds:
    """Of the requests with a number in one dialog: what they say of the moment of any other number."""

    def __init__(self, numbered: list[tuple[int, Pair]]) -> None:
        numbered.sort(key=lambda one: one[0])
        self._numbers = [number for number, _ in numbered]
        self._after = [*accumulate((sent(pair) for _, pair in numbered), max)]
        known = [(moment, place) for place, (_, pair) in enumerate(numbered) if (moment := answered(pair))]
        self._answered = [place for _, place in known]
        self._before = [*accumulate((moment for moment, _ in reversed(known)), min)][::-1]

    def of(self, number: int) -> tuple[int | None, int | None]:
        """After which moment it was booked, and before which."""
        start, end = bisect.bisect_right(self._numbers, number), bisect.bisect_left(self._numbers, number)
        next_answer = bisect.bisect_left(self._answered, end)
        return (
            self._after[start - 1] if start else None,
            self._before[next_answer] if next_answer < len(self._before) else None,
        )


def _of_states(found: Conversation) -> Iterator[Stamp]:
    """When we opened the conversation, and when we closed it."""
    requests, changes = found.requests, found.changes
    heard = [(row, changes[row.event_id]) for row in found.rows if row.event_id in changes]
    states = [(row, change) for row, change in heard if change.details]
    opener = found.opener
    told = (notices.milliseconds(change.details.get("startTs")) for _, change in states)
    starts = {start for start in told if start is not None}
    # Where the bodies disagree, none of them is believed.
    if opener is not None and len(starts) == 1:
        yield _stamp(starts.pop(), opener, min(row.at for row, _ in states))
    row, change = next(((r, c) for r, c in states if c.state == wire.CLOSE), (None, None))
    closing = None if row is None else requests.get(row.caused_by or "")
    if row is None or change is None or closing is None:
        return
    ends = (d.get("endTs") for d in change.dialogs if d.get("dialogType") == wire.MAIN_DIALOG)
    end = notices.milliseconds(next(ends, None))
    if end is not None:
        yield _stamp(end, closing, row.at)


def _stamp(server_ms: int, cause: Pair, heard: int) -> Stamp:
    """Made by a request of ours, and heard of then."""
    moment = answered(cause)
    return Stamp(server_ms, sent(cause), heard if moment is None else min(heard, moment))
