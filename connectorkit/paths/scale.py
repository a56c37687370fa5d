"""A time axis on which the quick is seen beside the slow: what nobody was busy in takes no room.

An agent thinks for half a minute, a request takes eight milliseconds. Drawn to one scale, the request would
be thinner than a line. So stretches in which nothing was under way are cut short, and the axis says so.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

_LONG = 0.5  # a stretch longer than this share of all the busy time is cut
_CUT_SHARE = 0.06  # of the busy time: the room that a cut stretch is left with
_TICKS = 8  # on the whole axis, about


@dataclass(frozen=True)
class Scale:
    """Places on the axis by milliseconds: ``place`` is linear between cuts."""

    times: tuple[float, ...]
    places: tuple[float, ...]
    cuts: tuple[tuple[float, float], ...]

    def place(self, ms: float) -> float:
        """Where a time stands on the axis."""
        at = min(max(bisect.bisect_right(self.times, ms), 1), len(self.times) - 1)
        (t1, t2), (p1, p2) = self.times[at - 1 : at + 1], self.places[at - 1 : at + 1]
        return p1 if t2 <= t1 else p1 + (ms - t1) / (t2 - t1) * (p2 - p1)

    @property
    def room(self) -> float:
        """How long the axis is, in the unit of places."""
        return self.places[-1] - self.places[0]

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Places and what stands there, such as ``40 ms`` or ``12.5 s``."""
        step = _nice(self.room / _TICKS)
        edges = [self.times[0], *(edge for cut in self.cuts for edge in cut), self.times[-1]]
        found: list[tuple[float, str]] = []
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            first = math.ceil(start / step - 1e-9) * step
            count = max(0, math.floor((end - first) / step + 1e-9) + 1)
            times = [first + number * step for number in range(min(count, 4 * _TICKS))] or [start]
            found += [(self.place(time), _words(time, step)) for time in times]
        return found


def scale(busy: Iterable[tuple[float, float]]) -> Scale:
    """An axis for what was under way from when to when, in milliseconds."""
    blocks: list[list[float]] = []
    for begin, end in sorted((min(pair), max(pair)) for pair in busy):
        if blocks and begin <= blocks[-1][1]:
            blocks[-1][1] = max(blocks[-1][1], end)
        else:
            blocks.append([begin, end])
    blocks = blocks or [[0.0, 1.0]]
    total = sum(end - begin for begin, end in blocks) or 1.0
    padding = 0.02 * total
    times, places, cuts = [blocks[0][0] - padding], [0.0], []
    for (_, before), (after, _) in itertools.pairwise(blocks):
        if after - before <= _LONG * total + 2 * padding:
            continue
        start, end = before + padding, after - padding
        places.append(places[-1] + start - times[-1])
        places.append(places[-1] + _CUT_SHARE * total)
        times += [start, end]
        cuts.append((start, end))
    end = blocks[-1][1] + padding
    places.append(places[-1] + end - times[-1])
    return Scale((*times, end), tuple(places), tuple(cuts))


def _nice(step: float) -> float:
    """At least this, and round: 1, 2, 5 or 10 times a power of ten."""
    size = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= step * (1 - 1e-9))


def _words(ms: float, step: float) -> str:
    unit, name = (1000.0, "s") if abs(ms) >= 1000 else (1.0, "ms")
    digits = max(0, -math.floor(math.log10(step / unit) + 1e-9))
    return f"{ms / unit:,.{digits}f} {name}"
