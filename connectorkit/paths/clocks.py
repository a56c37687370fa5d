"""How far the service's clock stands from ours, from time stamps whose moment we can bound.

Each stamp gives an interval that the offset lies in. Stamps may be wrong and clocks may be moved, so nothing
is averaged: what counts is the interval that most stamps agree on (as in Marzullo's algorithm, of which NTP
makes use), and the run of stamps is cut where that explains more of them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from connectorkit.markup import Shown

_STAMP_NS = 1_000_000  # a stamp is cut to whole milliseconds: the moment may be so much later
# A cut costs more than one stamp that disagrees: two in a row that agree with each other show a move.
_CUT = 1.5
_MOST = 5_000  # stamps that are looked at, the newest


@dataclass(frozen=True)
class Stamp:
    """A time stamp of the service, and between which moments of our clock it was made.

    ``server_ms`` is milliseconds since the epoch, ``after`` and ``before`` are nanoseconds; ``None`` where
    nothing bounds it on that side.
    """

    server_ms: int
    after: int | None = None
    before: int | None = None

    @property
    def at(self) -> int:
        """A moment of our clock to place it by, in nanoseconds: the later bound."""
        bound = self.before if self.before is not None else self.after
        return 0 if bound is None else bound

    @property
    def low(self) -> float:
        """The least offset that fits, in nanoseconds."""
        return -math.inf if self.before is None else self.server_ms * 1_000_000 - self.before

    @property
    def high(self) -> float:
        """The largest offset that fits, in nanoseconds."""
        return math.inf if self.after is None else self.server_ms * 1_000_000 + _STAMP_NS - self.after


@dataclass(frozen=True)
class Piece(Shown):
    """A time in which the two clocks kept their distance.

    ``begin`` and ``end`` are its first and last stamp by our clock, in nanoseconds since the epoch. The
    offset lies between ``low_ms`` and ``high_ms``, as ``agreeing`` of its ``stamps`` say.
    """

    begin: int
    end: int
    low_ms: float
    high_ms: float
    stamps: int
    agreeing: int

    @property
    def ms(self) -> float | None:
        """The offset: the service's time less ours, in milliseconds; ``None`` where it has no two bounds."""
        known = math.isfinite(self.low_ms) and math.isfinite(self.high_ms) and self.by_majority
        return (self.low_ms + self.high_ms) / 2 if known else None

    @property
    def uncertainty_ms(self) -> float | None:
        """How far the offset may be from ``ms``, either way; ``None`` where there is none."""
        return None if self.ms is None else (self.high_ms - self.low_ms) / 2

    @property
    def by_majority(self) -> bool:
        """Whether more than half of the stamps agree."""
        return 2 * self.agreeing > self.stamps


def pieces(stamps: Sequence[Stamp]) -> list[Piece]:
    """The times in which the offset stayed the same, oldest first; none without a bounded stamp."""
    bounded = [stamp for stamp in stamps if stamp.after is not None or stamp.before is not None]
    # Of an impossible stamp, one made before it could be, no offset is told.
    usable = sorted((s for s in bounded if s.low <= s.high), key=lambda stamp: stamp.at)[-_MOST:]
    edges = _cuts(usable)
    return [_piece(usable[start:end]) for start, end in itertools.pairwise(edges)]


def _cuts(stamps: Sequence[Stamp]) -> list[int]:
    """Where the pieces begin, and the end of the last.

    The cheapest partition, by the pruned dynamic programme of Killick and others (PELT): a piece costs one
    for each stamp outside the point that most agree on, and a fixed sum for being one more.
    """
    lows, first, last = _places(stamps)
    best, came_from = [-_CUT], [0]
    begun: list[tuple[int, np.ndarray, int]] = []  # start, how many cover each point, the most that do
    for place in range(len(stamps)):
        begun.append((place, np.zeros(len(lows), np.int32), 0))
        costs, grown = [], []
        for start, cover, most in begun:
            part = cover[first[place] : last[place]]
            part += 1
            most = max(most, int(part.max(initial=0)))
            costs.append(best[start] + place + 1 - start - most)
            grown.append((start, cover, most))
        cheapest = min(range(len(costs)), key=costs.__getitem__)
        best.append(costs[cheapest] + _CUT)
        came_from.append(grown[cheapest][0])
        # What costs more than beginning anew here can never be part of the best partition again.
        begun = [one for one, cost in zip(grown, costs, strict=True) if cost < best[-1]]
    edges = [len(stamps)]
    while edges[-1]:
        edges.append(came_from[edges[-1]])
    return edges[::-1] if stamps else []


def _places(stamps: Sequence[Stamp]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The points that decide, which are lower bounds, and which of them each stamp covers."""
    low, high = (np.array([getattr(s, side) for s in stamps], np.float64) for side in ("low", "high"))
    points = np.unique(low)
    return points, np.searchsorted(points, low), np.searchsorted(points, high, "right")


def _piece(stamps: Sequence[Stamp]) -> Piece:
    points, first, last = _places(stamps)
    steps = np.zeros(len(points) + 1, np.int64)
    np.add.at(steps, first, 1)
    np.add.at(steps, last, -1)
    cover = np.cumsum(steps)[:-1]
    count, most = len(stamps), int(cover.max())
    # A stamp that is a little wrong cuts into what the right ones agree on, and is not told from them. So as
    # many of those that agree may be wrong as do not agree, as long as most stamps are left.
    enough = max(most - (count - most), min(most, count // 2 + 1))
    regions = [_region(stamps, float(point), enough) for point in points[cover >= enough]]
    return Piece(
        begin=stamps[0].at,
        end=stamps[-1].at,
        low_ms=min(low for low, _ in regions) / 1_000_000,
        high_ms=max(high for _, high in regions) / 1_000_000,
        stamps=count,
        agreeing=most,
    )


def _region(stamps: Sequence[Stamp], point: float, enough: int) -> tuple[float, float]:
    """From a point on, as far as enough stamps agree."""
    ends = sorted((stamp.high for stamp in stamps if stamp.low <= point <= stamp.high), reverse=True)
    return point, ends[enough - 1]
