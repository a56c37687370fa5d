"""What is counted of a run: by operation, and by the second. Everything adds up exactly."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from connectorkit.histograms import Histogram
from connectorkit.load.planning import OPERATIONS
from connectorkit.markup import Shown

# How a request may end without an answer; beside the statuses of HTTP, which are all above 0.
NOT_CONNECTED, TIMED_OUT, LOST, UNREADABLE, CROWDED, NOTHING_OPEN = range(-1, -7, -1)
ENDINGS = {
    NOT_CONNECTED: "no connection",
    TIMED_OUT: "timed out",
    LOST: "connection lost",
    UNREADABLE: "unreadable answer",
    CROWDED: "too many waiting",
    NOTHING_OPEN: "nothing was open",
}
_TOOK_TIME = (TIMED_OUT, LOST, UNREADABLE)
CORRECTED, UNCORRECTED = "corrected", "uncorrected"
PHASES = ("queued", "connect", "tls", "send", "wait", "receive")
# Of the heat map: ten to each power of ten, from a microsecond to an hour.
STEPS_PER_DECADE = 10
EDGES_MS = 10.0 ** (np.arange(-3 * STEPS_PER_DECADE, 6.6 * STEPS_PER_DECADE) / STEPS_PER_DECADE)
Row = NDArray[np.int64]
_COUNT, _ERRORS, _ANSWERED, _CELLS = range(4)
WIDTH = (
    8  # numbers of a sample: operation, ending, due, started, sent, first byte, end, seconds from the start
)


@dataclass
class Figures(Shown):
    """Of one operation. ``endings`` counts statuses and what came instead; ``codes`` the API's own numbers.

    ``times`` has a histogram for each phase, and the latency from when a request was due (``corrected``)
    and from when it was sent (``uncorrected``). Requests that never left are in the counts only.
    """

    endings: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    times: dict[str, Histogram] = field(
        default_factory=lambda: {name: Histogram() for name in (CORRECTED, UNCORRECTED, *PHASES)}
    )

    @property
    def count(self) -> int:
        """How many were due, and came to an end."""
        return self.endings.total()

    @property
    def errors(self) -> int:
        """How many of them did not end with a 2xx."""
        return sum(count for ending, count in self.endings.items() if not ending.startswith("2"))

    def add(self, other: Figures) -> Self:
        """Take in another's."""
        self.endings += other.endings
        self.codes += other.codes
        for name, times in other.times.items():
            self.times[name].add(times)
        return self


@dataclass
class Seconds(Shown):
    """By the second in which requests were due: how many, how many failed, and how long they took.

    How many were answered is told by the second in which that was.
    """

    rows: dict[int, Row] = field(default_factory=dict)

    def row(self, second: int) -> Row:
        """The numbers of one second, made when it is first needed."""
        found = self.rows.get(second)
        if found is None:
            found = self.rows[second] = np.zeros(_CELLS + len(EDGES_MS), np.int64)
        return found

    def add(self, other: Seconds) -> Self:
        """Take in another's, second by second."""
        for second, row in other.rows.items():
            self.row(second)[:] += row
        return self

    def take(self, due: Row, ended: Row, wrong: NDArray[np.bool_], took_ms: NDArray[np.float64]) -> None:
        """Count samples: the seconds in which they were due and ended, which failed, and their latencies."""
        cells = np.clip(np.searchsorted(EDGES_MS, took_ms, "right") - 1, 0, len(EDGES_MS) - 1)
        for second in np.unique(due):
            here, row = due == second, self.row(int(second))
            row[_COUNT] += np.count_nonzero(here)
            row[_ERRORS] += np.count_nonzero(wrong & here)
            np.add.at(row[_CELLS:], cells[here & ~np.isnan(took_ms)], 1)
        for second, count in zip(*np.unique(ended, return_counts=True), strict=True):
            self.row(int(second))[_ANSWERED] += count

    def listed(self) -> list[tuple[int, int, int, int, Row]]:
        """Second, due, errors, answered, and the cells of the heat map; seconds without any included."""
        if not self.rows:
            return []
        empty = np.zeros(_CELLS + len(EDGES_MS), np.int64)
        rows = [(second, self.rows.get(second, empty)) for second in range(max(self.rows) + 1)]
        return [(s, int(r[_COUNT]), int(r[_ERRORS]), int(r[_ANSWERED]), r[_CELLS:]) for s, r in rows]


class Tally:
    """Takes samples as numbers, in one long array, and counts them by the thousand."""

    def __init__(self) -> None:
        self.figures = [Figures() for _ in OPERATIONS]
        self.seconds = Seconds()
        self.late = Histogram()  # when the engine woke up, after it meant to
        self.samples = array("d")
        self.lateness = array("d")
        self.last = 0.0

    @classmethod
    def warm_up(cls) -> None:
        """Count something once: the first time takes ten times as long as any other."""
        scrap = cls()
        scrap.samples.extend((0, 200, 1, 1, 1, 1, 1, 0))
        scrap.lateness.append(0)
        scrap.fold()

    def fold(self) -> None:
        """Count what has come since the last time."""
        if self.lateness:
            self.late.record_all(np.frombuffer(self.lateness) * 1000)
            self.lateness = array("d")
        if not self.samples:
            return
        table = np.frombuffer(self.samples).reshape(-1, WIDTH)
        for operation, figures in enumerate(self.figures):
            mine = table[table[:, 0] == operation]
            if len(mine):
                self._count(figures, mine)
        self._by_second(table)
        # Not cleared but replaced: the connections append to it through this object, never to a copy.
        self.samples = array("d")

    def _count(self, figures: Figures, table: NDArray[np.float64]) -> None:
        for ending, count in zip(*np.unique(table[:, 1], return_counts=True), strict=True):
            figures.endings[ENDINGS.get(int(ending), str(int(ending)))] += int(count)
        table = table[_has_latency(table)]
        _, _, due, started, sent, first, end, _ = table.T
        times = figures.times
        times[CORRECTED].record_all((end - due) * 1000)
        times[UNCORRECTED].record_all((end - started) * 1000)
        times["queued"].record_all((started - due) * 1000)
        times["send"].record_all((sent - started) * 1000)
        began = first > 0
        times["wait"].record_all((np.where(began, first, end) - sent) * 1000)
        times["receive"].record_all((end - first)[began] * 1000)

    def _by_second(self, table: NDArray[np.float64]) -> None:
        due, end, since = table[:, 2], table[:, 6], table[:, 7]
        took = np.where(_has_latency(table), (end - due) * 1000, np.nan)
        ended = since + end - due
        self.last = max(self.last, float(ended.max()))
        wrong = (table[:, 1] < 200) | (table[:, 1] >= 300)
        answered = ended[table[:, 1] > 0]
        self.seconds.take(since.astype(np.int64), answered.astype(np.int64), wrong, took)


def _has_latency(table: NDArray[np.float64]) -> NDArray[np.bool_]:
    kept: NDArray[np.bool_] = (table[:, 1] > 0) | np.isin(table[:, 1], _TOOK_TIME)
    return kept


def total(all_figures: Iterable[Figures]) -> Figures:
    """All operations as one."""
    made = Figures()
    for figures in all_figures:
        made.add(figures)
    return made
