"""A run, and what it consists of where two are compared: calls, and what was heard besides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from connectorkit import words
from connectorkit.comparing.likeness import Leaves
from connectorkit.log import Log
from connectorkit.notices import Change
from connectorkit.pairs import Pair
from connectorkit.records import Exchange, Notification

Place = tuple[str, str]  # host of the messaging service, and a conversation or dialog on it


@dataclass(frozen=True)
class Run:
    """What one run left behind, each in the order of its record."""

    exchanges: tuple[Exchange, ...] = ()
    notifications: tuple[Notification, ...] = ()


def run_of(log: Log, session: str | None = None) -> Run:
    """What a log holds, of one session or of all; ``"current"`` is the session the log was opened for."""
    return Run(tuple(log.read(session=session)), tuple(log.read_notifications(session=session)))


def run_from(records: Run | Log | Iterable[Exchange | Notification]) -> Run:
    """A run of whatever holds records."""
    if isinstance(records, Run):
        return records
    if isinstance(records, Log):
        return run_of(records)
    found = list(records)
    for record in found:
        if not isinstance(record, Exchange | Notification):
            raise TypeError(
                f"A run is made of exchanges and notifications, not of {type(record).__name__}. "
                "Pass a log, run_of(log, session), or what log.read() gives."
            )
    return Run(
        tuple(r for r in found if isinstance(r, Exchange)),
        tuple(r for r in found if isinstance(r, Notification)),
    )


@dataclass(frozen=True)
class Told:
    """One change in a notification, and how often it was delivered."""

    change: Change
    deliveries: int = 1

    @property
    def at(self) -> int:
        """When it came first, nanoseconds since the epoch."""
        return self.change.notification.received_at


@dataclass(eq=False)
class Call:
    """A request, sent once or again after a renewed AppJWT; ``told`` is what notifications said of it."""

    who: str
    attempts: list[Exchange]
    pairs: list[Pair]
    request: Leaves
    response: Leaves
    earlier: list[Leaves] = field(default_factory=list)
    steps: list[int | None] = field(default_factory=list)  # numbers between its events that nobody took
    told: defaultdict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))

    @property
    def last(self) -> Exchange:
        """The exchange that decided."""
        return self.attempts[-1]

    @property
    def at(self) -> int:
        """When it was begun, nanoseconds since the epoch."""
        return self.attempts[0].started_at

    @property
    def what(self) -> str:
        """In a few words."""
        return ", ".join(words.of_request(pair) for pair in self.pairs) or self.last.operation

    @property
    def kind(self) -> tuple[str, ...]:
        """What must agree for one call to stand for another."""
        sort = (f"{pair.type} {pair.event.get('type')} {len(pair.fields)}" for pair in self.pairs)
        return (self.last.operation, self.last.method, *sort)


@dataclass(eq=False)
class Heard:
    """What a notification told that no call of this run explains."""

    place: Place
    lane: str
    news: Told
    leaves: Leaves
    told: defaultdict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))

    @property
    def at(self) -> int:
        """When it came first, nanoseconds since the epoch."""
        return self.news.at

    @property
    def what(self) -> str:
        """In a few words."""
        change = self.news.change
        who = "" if change.originator_role is None else f" by {change.originator_role}"
        return f"{words.of_change(change)}{who}" if change.valid else "delivery without a valid signature"

    @property
    def kind(self) -> tuple[str, ...]:
        """What must agree for one to stand for another."""
        event = self.news.change.event
        return (self.lane, str(event.get("type")), str(event.get("contentType")))


Item = Call | Heard
