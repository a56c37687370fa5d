"""What came of a run, as frames and display."""

from __future__ import annotations

import json
import math
import textwrap
from typing import TYPE_CHECKING, Any

import pandas as pd

from connectorkit import markup
from connectorkit.load.report import PERCENTS, Report

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectorkit.views import Picture

_WIDTH = 79
_NUMBERS = {"count": "int64", "errors": "int64"}
_SHOWN = [f"p{percent:g}" for percent in PERCENTS] + ["max"]
_LATENCIES = [f"{mark}{name}_ms" for mark in ("", "uncorrected_") for name in _SHOWN]
COLUMNS = {"operation": "string", **_NUMBERS, "per_second": "float64", **dict.fromkeys(_LATENCIES, "float64")}
PHASE_COLUMNS = {
    **{"operation": "string", "phase": "string", "count": "int64"},
    **dict.fromkeys(("p50_ms", "p99_ms", "max_ms"), "float64"),
}
SECOND_COLUMNS = {
    **{"second": "int64", **_NUMBERS, "answered": "int64"},
    **dict.fromkeys(("p50_ms", "p99_ms", "max_ms"), "float64"),
}
CELL_COLUMNS = {"second": "int64", "from_ms": "float64", "to_ms": "float64", "count": "int64"}


class LoadReport(Report):
    """A report as frames; see ``Report`` for the rest. Reports add up: ``first + second``."""

    def frame(self) -> pd.DataFrame:
        """One row per operation, and one for ``all``: ``count``, ``errors``, ``per_second``, latencies.

        ``p50_ms`` to ``p99.9_ms`` and ``max_ms`` are counted from when a request was due, those that begin
        with ``uncorrected_`` from when it was sent. They are of requests that were answered or timed out.
        """
        return _frame(self.rows(), COLUMNS)

    def phases(self) -> pd.DataFrame:
        """One row per operation and phase, in milliseconds.

        ``queued`` is from when a request was due until it was sent; ``connect`` and ``tls`` are of the
        connections that were opened meanwhile, and no phases of a single request.
        """
        return _frame(self.phase_rows(), PHASE_COLUMNS)

    def seconds(self) -> pd.DataFrame:
        """One row per second of the run: requests due in it, how many of them failed, how long they took.

        ``answered`` is how many were answered in it, whenever they were due. Percentiles are rounded up to
        the next of ten steps to each power of ten.
        """
        return _frame(self.second_rows(), SECOND_COLUMNS)

    def heat(self) -> pd.DataFrame:
        """One row per used cell of a heat map: ``second``, ``from_ms``, ``to_ms`` and ``count``."""
        return _frame(self.cell_rows(), CELL_COLUMNS)

    def heat_map(self) -> Picture:
        """Latencies from when requests were due, by the second in which they were."""
        from connectorkit import views

        return views.heat(self.heat())

    def rates(self) -> Picture:
        """Requests per second over time, those that failed in red."""
        from connectorkit import views

        return views.rate(self.seconds())

    def percentiles(self) -> Picture:
        """Percentiles on an axis of nines: from when requests were due, and from when they were sent."""
        from connectorkit import views

        lines = {"from when due": self.latency}
        if self.open_loop:
            lines["from when sent"] = self.uncorrected
        return views.percentiles(lines)

    def to_json(self) -> str:
        """Everything as one object of JSON; histograms in the text form of HdrHistogram."""
        return json.dumps(self.to_dict())

    def table(self) -> str:
        """Latencies in plain text, as wide as a terminal: from when due, below it from when sent."""
        head = ["", "count", "errors", "/s", *_SHOWN]
        return "\n".join(_line(row) for row in [head, *self._shown_rows()])

    def _shown_rows(self) -> Iterable[list[str]]:
        for row in self.rows():
            named = [row["operation"], f"{row['count']:,}", f"{row['errors']:,}", f"{row['per_second']:,.1f}"]
            yield named + [_ms(row[f"{name}_ms"]) for name in _SHOWN]
            if self.open_loop:
                yield ["uncorrected", "", "", ""] + [_ms(row[f"uncorrected_{name}_ms"]) for name in _SHOWN]

    def __repr__(self) -> str:
        facts = [_wrapped(name, value) for name, value in self.facts()]
        return "\n".join([*facts, "", self._caption(), self.table()])

    def _caption(self) -> str:
        if not self.open_loop:
            return "Milliseconds from when each request was sent; a closed loop, so nothing was ever due:"
        return "Milliseconds from when each request was due; uncorrected: from when it was sent:"

    def _repr_html_(self) -> str:
        head = ["operation", "count", "errors", "a second", *(f"{name} ms" for name in _SHOWN)]
        rows = markup.table(head, self._shown_rows(), empty="Nothing was sent.")
        facts = markup.facts("Load", self.facts(), good=self.count > 0 and not self.errors)
        return markup.stack([facts, markup.note(self._caption()), rows])


def _frame(rows: list[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _line(cells: list[str]) -> str:
    widths = (-11, 10, 7, 9, 8, 8, 8, 8, 8)
    return "".join(f"{c:{-w}}" if w < 0 else f"{c:>{w}}" for c, w in zip(cells, widths, strict=True)).rstrip()


def _ms(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _wrapped(name: str, value: str) -> str:
    return textwrap.fill(value, _WIDTH, initial_indent=f"{name:16}", subsequent_indent=" " * 16)
