"""The offset between the service's clock and ours, as people see it: how much, how sure, and from what."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectorkit import frames, markup
from connectorkit.log import Log
from connectorkit.paths import clocks, stamps
from connectorkit.paths.clocks import Piece, Stamp

_WIDE_MS = 20.0  # beyond that, the path of a message on a local network is no longer readable
_SHOWN = 5  # pieces that are listed, the newest
_MOST = 100  # conversations that are read, the newest


@dataclass(frozen=True)
class ClockOffset:
    """How much later it is by the service's clock than by ours: add it to our time to get the service's.

    ``pieces`` are the times in which it stayed the same, oldest first: more than one where a clock was moved,
    none where nothing in the log bounds it. ``host`` is the service, ``sessions`` those whose records tell.
    """

    pieces: tuple[Piece, ...] = ()
    host: str | None = None
    sessions: tuple[str, ...] = ()

    @property
    def ms(self) -> float | None:
        """The offset at the end, in milliseconds; ``None`` where it cannot be told."""
        return self.pieces[-1].ms if self.pieces else None

    @property
    def uncertainty_ms(self) -> float | None:
        """How far it may be from ``ms``, either way."""
        return self.pieces[-1].uncertainty_ms if self.pieces else None

    @property
    def stamps(self) -> int:
        """Time stamps of the service that were used."""
        return sum(piece.stamps for piece in self.pieces)

    @property
    def disagreeing(self) -> int:
        """Those that do not agree with the rest of their time."""
        return sum(piece.stamps - piece.agreeing for piece in self.pieces)

    @property
    def moved(self) -> bool:
        """Whether one of the clocks was moved, or ran apart, while the stamps were made."""
        return len(self.pieces) > 1

    def on_our_clock(
        self, server_ms: int, by: int, since: int | None = None
    ) -> tuple[int, float] | tuple[None, None]:
        """A time stamp of the service as a moment of our clock, and its uncertainty.

        ``by`` is when it was known here, which also says before which move of a clock it was made; ``since``
        is before it can have been made. Both and the moment are nanoseconds since the epoch, the uncertainty
        is milliseconds, half of the stamp's own included. Twice ``None`` where the offset of that time cannot
        be told, or where the stamp is wrong: later than it was heard of.
        """
        begun = -math.inf if since is None else float(since)
        found: tuple[int, float] | None = None
        for piece in self.pieces:
            if piece.ms is not None and piece.uncertainty_ms is not None:
                # The middle of the millisecond that the stamp stands for.
                ours = server_ms * 1_000_000 + round((0.5 - piece.ms) * 1_000_000)
                slack = (piece.uncertainty_ms + 1) * 1_000_000
                if begun - slack <= ours <= by + slack:
                    found = ours, piece.uncertainty_ms + 0.5
            begun = piece.end  # the next offset holds from here on, at the earliest
        return found or (None, None)

    def __repr__(self) -> str:
        return "\n".join([self.headline, *self.remarks])

    def _repr_html_(self) -> str:
        good = self.ms is not None and not self.moved
        return "".join([markup.note(self.headline, good=good), *map(markup.note, self.remarks)])

    @property
    def short(self) -> str:
        """In a few words, for the title of a chart."""
        if self.moved:
            parts = ", then ".join(_number(piece) for piece in self.pieces[-3:])
            return f"clock of the service: moved, {parts}"
        return f"clock of the service: {_number(self.pieces[-1])}" if self.pieces else "clock not known"

    @property
    def headline(self) -> str:
        """What is known, in one sentence."""
        if not self.pieces:
            return (
                "The offset of the service's clock cannot be told: no notification in the log bears a time "
                "stamp that a request or an arrival bounds. Let a receiver listen, and open a conversation."
            )
        if self.moved:
            moves = len(self.pieces) - 1
            often = "again and again, or runs apart" if moves >= _SHOWN else f"({_times(moves)})"
            return (
                f"A clock was moved {often}: the service's stands no fixed distance from ours, and no "
                "average is given."
            )
        (piece,) = self.pieces
        return f"{_known(piece)}, from {_counted(piece.stamps)}, {_between(piece)}{self._from()}."

    @property
    def remarks(self) -> list[str]:
        """What there is to say besides: each piece where a clock was moved, doubts, wide bounds."""
        said = []
        for before, piece in zip((None, *self.pieces), self.pieces, strict=False):
            said.append(f"{_known(piece)}, from {_counted(piece.stamps)}, {_between(piece)}.")
            if before is not None and before.ms is not None and piece.ms is not None:
                moment = f"between {_time(before.end)} and {_time(piece.begin)} UTC"
                said[-1] += f" It moved by {piece.ms - before.ms:+,.1f} ms {moment}."
        left = len(said) - _SHOWN
        said = [*([f"{left} times before these are in .pieces."] if left > 0 else []), *said[-_SHOWN:]]
        said = said if self.moved else []
        if self.disagreeing:
            verbs = ("disagrees", "was") if self.disagreeing == 1 else ("disagree", "were")
            said.append(
                f"{_counted(self.disagreeing)} of {self.stamps} {verbs[0]} and {verbs[1]} left out: wrong, "
                "or made while a clock was moved for a moment."
            )
        widest = max((piece.uncertainty_ms or 0 for piece in self.pieces), default=0)
        if widest > _WIDE_MS:
            said.append(
                f"That is wide: times of the two clocks can be compared only to ± {widest:,.1f} ms. Quick "
                "answers narrow it."
            )
        return said

    def _from(self) -> str:
        sessions = f" in {', '.join(self.sessions)}" if 0 < len(self.sessions) <= 2 else ""
        return sessions if self.host is None else f"{sessions} at {self.host}"


def of_stamps(found: Iterable[Stamp], host: str | None = None, sessions: Iterable[str] = ()) -> ClockOffset:
    """The offset that these time stamps tell."""
    return ClockOffset(tuple(clocks.pieces([*found])), host, tuple(dict.fromkeys(sessions)))


def of_conversation(found: stamps.Conversation) -> ClockOffset:
    """The offset that the stamps of one conversation tell."""
    return of_stamps(stamps.stamps(found), found.host, (row.session_id for row in found.rows))


def clock_offset(log: Log, *, conversation: str | None = None, session: str | None = None) -> ClockOffset:
    """The offset that a conversation tells, or all that were notified in a session together.

    Without either, it is this log's session, or the newest one that heard anything, say that of a receiver
    which runs apart. The newest hundred conversations are read, and only those of the service that was
    spoken to last, as another one has another clock.
    """
    if conversation is not None:
        return of_conversation(stamps.conversation(log, conversation))
    heard = frames.notifications(log, session=session)
    if session is None and not heard.empty:
        own = log.session_id in heard["session_id"].unique()
        named = log.session_id if own else heard["session_id"].iloc[-1]
        heard = heard[heard["session_id"] == named]
    ids: Sequence[str] = [*heard["conversation_id"].dropna()[::-1].unique()[:_MOST]]
    talks = [stamps.conversation(log, name) for name in reversed(ids)]
    host = next((talk.host for talk in reversed(talks) if talk.host is not None), None)
    alike = [talk for talk in talks if talk.host == host]
    told = [stamp for talk in alike for stamp in stamps.stamps(talk)]
    return of_stamps(told, host, (row.session_id for talk in alike for row in talk.rows))


def _number(piece: Piece) -> str:
    if piece.ms is not None:
        return f"{round(piece.ms, 1) + 0.0:+,.1f} ± {max(piece.uncertainty_ms or 0, 0.05):,.1f} ms"
    if not piece.by_majority:
        return "not known"
    if math.isfinite(piece.low_ms):
        return f"at least {piece.low_ms:+,.1f} ms"
    return f"at most {piece.high_ms:+,.1f} ms" if math.isfinite(piece.high_ms) else "not known"


def _known(piece: Piece) -> str:
    if piece.ms is None and not piece.by_majority:
        return "The service's clock cannot be placed, as most time stamps disagree"
    if piece.ms is None:
        missing = "before" if math.isfinite(piece.low_ms) else "after"
        return f"The service's clock less ours is {_number(piece)}; no stamp is bounded from {missing}"
    far = f"{abs(piece.ms):,.1f} ± {max(piece.uncertainty_ms or 0, 0.05):,.1f} ms"
    if piece.low_ms <= 0 <= piece.high_ms:
        return f"The service's clock agrees with ours ({_number(piece)})"
    return f"The service's clock is {'ahead of' if piece.ms > 0 else 'behind'} ours by {far}"


def _counted(stamps: int) -> str:
    return f"{stamps:,} time stamp{'' if stamps == 1 else 's'}"


def _times(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"


def _between(piece: Piece) -> str:
    return f"{_time(piece.begin)} to {_time(piece.end)} UTC"


def _time(moment: int) -> str:
    try:
        return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment // 1000):%H:%M:%S.%f}"[:-3]
    except OverflowError:
        return "a time beyond the calendar"
