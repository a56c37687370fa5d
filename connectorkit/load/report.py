"""What came of a run, in numbers that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from connectorkit.errors import SettingsError
from connectorkit.histograms import Histogram
from connectorkit.load import figures as counted
from connectorkit.load.figures import CORRECTED, EDGES_MS, STEPS_PER_DECADE, UNCORRECTED, Figures, Seconds
from connectorkit.load.planning import OPERATIONS

PERCENTS = (50.0, 90.0, 99.0, 99.9)
ALL = "all"
_APART = 0.2  # of the run's length, by which parts may start one after another without a remark


@dataclass
class Report:
    """What came of a run, or of a part of one; ``+`` adds others exactly.

    ``started_at`` is nanoseconds since the epoch, ``lasted_seconds`` how long it took to the
    last answer.
    ``schedule_error`` has how long after it meant to the engine woke up for each arrival. ``left_open`` is
    how many conversations could not be closed at the end.
    """

    target: str
    asked: str
    seed: int
    figures: dict[str, Figures] = field(default_factory=lambda: {name: Figures() for name in OPERATIONS})
    by_second: Seconds = field(default_factory=Seconds)
    schedule_error: Histogram = field(default_factory=Histogram)
    open_loop: bool = True
    started_at: int = 0
    lasted_seconds: float = 0.0
    connections: int = 0
    pauses: int = 0
    paused_seconds: float = 0.0
    left_open: int = 0
    stopped: bool = False
    parts: int = 1
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many requests were due, and came to an end."""
        return sum(figures.count for figures in self.figures.values())

    @property
    def errors(self) -> int:
        """How many of them did not end with a 2xx."""
        return sum(figures.errors for figures in self.figures.values())

    @property
    def error_percent(self) -> float:
        """Errors of a hundred."""
        return 100 * self.errors / self.count if self.count else 0.0

    @property
    def per_second(self) -> float:
        """Requests a second, over the whole time."""
        return self.count / self.lasted_seconds if self.lasted_seconds else 0.0

    @property
    def counts(self) -> dict[str, int]:
        """How many of each operation."""
        return {name: figures.count for name, figures in self.figures.items()}

    @property
    def latency(self) -> Histogram:
        """Of all operations, from the moment each request was due."""
        return self._latency(CORRECTED)

    @property
    def uncorrected(self) -> Histogram:
        """Of all operations, from the moment each request was sent."""
        return self._latency(UNCORRECTED)

    def _latency(self, kind: str) -> Histogram:
        return Histogram.sum(figures.times[kind] for figures in self.figures.values())

    def __add__(self, other: object) -> Self:
        if not isinstance(other, Report):
            return NotImplemented
        return type(self).merged((self, other))

    @classmethod
    def merged(cls, reports: Iterable[Report]) -> Self:
        """Several as one: counts and histograms added, second by second from the start of each."""
        listed = list(reports)
        if not listed:
            raise SettingsError("There is no report to merge. Pass one at least.")
        first = listed[0]
        made = cls(_common(one.target for one in listed), _common(one.asked for one in listed), first.seed)
        for one in listed:
            for name, figures in one.figures.items():
                made.figures[name].add(figures)
            made.by_second.add(one.by_second)
            made.schedule_error.add(one.schedule_error)
            made.open_loop &= one.open_loop
            made.lasted_seconds = max(made.lasted_seconds, one.lasted_seconds)
            made.connections += one.connections
            made.pauses += one.pauses
            made.paused_seconds += one.paused_seconds
            made.left_open += one.left_open
            made.stopped |= one.stopped
        made.parts = sum(one.parts for one in listed)
        made.started_at = min(one.started_at for one in listed)
        spread = (max(one.started_at for one in listed) - made.started_at) / 1e9
        apart = (f"the parts began up to {spread:.1f} s one after another",)
        notes = [note for one in listed for note in one.notes]
        made.notes = tuple(dict.fromkeys([*notes, *(apart if spread > _APART * made.lasted_seconds else ())]))
        return made

    def rows(self) -> list[dict[str, Any]]:
        """One row per operation that there was, and one for all; durations in milliseconds."""
        named = [(name, figures) for name, figures in self.figures.items() if figures.count]
        if len(named) != 1:
            named.append((ALL, counted.total(self.figures.values())))
        return [self._row(name, figures) for name, figures in named]

    def _row(self, name: str, figures: Figures) -> dict[str, Any]:
        row: dict[str, Any] = {
            "operation": name,
            "count": figures.count,
            "errors": figures.errors,
            "per_second": figures.count / self.lasted_seconds if self.lasted_seconds else 0.0,
        }
        for kind, mark in ((CORRECTED, ""), (UNCORRECTED, "uncorrected_")):
            values = figures.times[kind].percentiles(PERCENTS)
            row |= {f"{mark}p{p:g}_ms": v for p, v in zip(PERCENTS, values, strict=True)}
            row[f"{mark}max_ms"] = figures.times[kind].max
        return row

    def phase_rows(self) -> list[dict[str, Any]]:
        """One row per operation and phase: count, median, p99 and longest, in milliseconds."""
        return [
            {
                "operation": name,
                "phase": phase,
                "count": times.count,
                **dict(zip(("p50_ms", "p99_ms", "max_ms"), times.percentiles((50, 99, 100)), strict=True)),
            }
            for name, figures in self.figures.items()
            for phase, times in figures.times.items()
            if phase in counted.PHASES and times
        ]

    def second_rows(self) -> list[dict[str, Any]]:
        """One row per second: requests due in it, how many of them failed, and how long they took.

        ``answered`` are those answered in it, whenever they were due. Percentiles are those of the heat
        map's cells, ten to each power of ten.
        """
        return [
            {
                "second": second,
                "count": count,
                "errors": errors,
                "answered": answered,
                **{
                    name: _of_cells(cells, p) for name, p in (("p50_ms", 50), ("p99_ms", 99), ("max_ms", 100))
                },
            }
            for second, count, errors, answered, cells in self.by_second.listed()
        ]

    def cell_rows(self) -> list[dict[str, Any]]:
        """One row per cell of the heat map that is used: second, from and to in milliseconds, count."""
        edges = [*EDGES_MS.tolist(), float(EDGES_MS[-1]) * 10 ** (1 / STEPS_PER_DECADE)]
        return [
            {"second": second, "from_ms": edges[at], "to_ms": edges[at + 1], "count": int(cells[at])}
            for second, *_, cells in self.by_second.listed()
            for at in cells.nonzero()[0].tolist()
        ]

    def endings(self) -> Counter[str]:
        """How requests ended: statuses, and what came instead of one."""
        return counted.total(self.figures.values()).endings

    def codes(self) -> Counter[int]:
        """The API's own error numbers."""
        return counted.total(self.figures.values()).codes

    def facts(self) -> list[tuple[str, str]]:
        """The numbers beside the table, with their names."""
        late = self.schedule_error
        rows = [
            ("target", self.target),
            ("asked for", self.asked),
            ("seed", str(self.seed)),
            ("sent", f"{self.count:,} in {self.lasted_seconds:.1f} s, {self.per_second:,.1f} a second"),
            ("errors", f"{self.errors:,} ({self.error_percent:.2g} %)" if self.errors else "none"),
        ]
        bad = {name: n for name, n in self.endings().items() if not name.startswith("2")}
        if bad:
            rows.append(("ended as", ", ".join(f"{name} {n:,}" for name, n in sorted(bad.items()))))
        if codes := self.codes():
            rows.append(("error codes", ", ".join(f"{code} {n:,}" for code, n in sorted(codes.items()))))
        if late:
            rows.append(("schedule error", f"p99 {late.percentile(99):.3f} ms, longest {late.max:.3f} ms"))
        if self.pauses:
            rows.append(("paused", f"{self.pauses} times, {self.paused_seconds:.1f} s, as was asked for"))
        if self.parts > 1:
            rows.append(("parts", str(self.parts)))
        if self.left_open:
            rows.append(("left open", f"{self.left_open} conversations"))
        if self.stopped:
            rows.append(("stopped", "before its end"))
        return [*rows, *(("note", note) for note in self.notes)]

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON; histograms in their standard text form."""
        return {
            "target": self.target,
            "asked": self.asked,
            "seed": self.seed,
            "count": self.count,
            "errors": self.errors,
            "seconds": round(self.lasted_seconds, 6),
            "per_second": round(self.per_second, 3),
            "endings": dict(self.endings()),
            "error_codes": {str(code): count for code, count in self.codes().items()},
            "operations": [_plain(row) for row in self.rows()],
            "phases": [_plain(row) for row in self.phase_rows()],
            "by_second": [_plain(row) for row in self.second_rows()],
            "schedule_error_p99_ms": _or_none(self.schedule_error.percentile(99)),
            "histograms": {
                name: {kind: times.to_text() for kind, times in figures.times.items() if times}
                for name, figures in self.figures.items()
            },
            "pauses": self.pauses,
            "paused_seconds": round(self.paused_seconds, 3),
            "connections": self.connections,
            "left_open": self.left_open,
            "stopped": self.stopped,
            "parts": self.parts,
            "notes": list(self.notes),
        }


def _common(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def _of_cells(cells: Any, percent: float) -> float:
    """The upper edge of the cell in which so many per cent are reached."""
    ends = cells.cumsum()
    if not ends[-1]:
        return float("nan")
    at = int((ends >= max(1.0, percent * ends[-1] / 100)).argmax())
    return float(EDGES_MS[min(at + 1, len(EDGES_MS) - 1)])


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _or_none(value) for name, value in row.items()}


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value
