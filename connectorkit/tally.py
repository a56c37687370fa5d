"""The summary of a log that grows: a further one costs what was logged since the last, and is as exact."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from connectorkit import frames
from connectorkit.columns import PHASES, SUMMARY, TIMINGS
from connectorkit.distributions import Numbers
from connectorkit.log import Log
from connectorkit.tables import frame

PHASE = "phase"
_LEVELS = (0.5, 0.9, 0.99, 0.999)
_DRAWN = 4_000  # values of a group that charts get; of more, each stands for those next to it


@dataclass
class _Group:
    """What is known of the exchanges of one group; ``values`` rise."""

    values: Numbers = field(default_factory=lambda: np.empty(0))
    count: int = 0
    errors: int = 0
    base: int | None = None  # microseconds; the others count from here, as floats have not so many digits
    first: float = math.inf
    last: float = -math.inf

    def add(self, rows: pd.DataFrame, column: str) -> None:
        new = rows[column].to_numpy(np.float64)
        new = new[np.isfinite(new)]  # an archive from elsewhere may bring infinite times
        # Both halves rise, and a stable sort of such merges them.
        self.values = np.sort(np.concatenate([self.values, np.sort(new)]), kind="stable")
        self.count += len(rows)
        self.errors += int(frames.failed(rows).sum())
        moments = rows["started_at"].astype("int64").to_numpy()
        self.base = int(moments[0]) if self.base is None else self.base
        begins = (moments - self.base) / 1e6
        took = rows["total_ms"].to_numpy(np.float64)
        self.first = min(self.first, float(begins.min()))
        self.last = max(self.last, float((begins + np.where(np.isfinite(took), took, 0.0) / 1000).max()))

    def quantile(self, level: float) -> float | None:
        """Linear between the two values next to it."""
        if not len(self.values):
            return None
        place = level * (len(self.values) - 1)
        low = math.floor(place)
        high = min(low + 1, len(self.values) - 1)
        return float(self.values[low] + (place - low) * (self.values[high] - self.values[low]))

    def row(self) -> dict[str, Any]:
        seconds = self.last - self.first
        return {
            "count": self.count,
            "errors": self.errors,
            "per_second": self.count / seconds if self.count > 1 and seconds > 0 else None,
            **{f"p{100 * level:g}": self.quantile(level) for level in _LEVELS},
            "max": float(self.values[-1]) if len(self.values) else None,
        }

    def pairs(self) -> Numbers:
        """Milliseconds and how often each came. Of very many, each stands for those just below it."""
        if len(self.values) <= _DRAWN:
            return np.column_stack([self.values, np.ones(len(self.values))])
        least, most = max(float(self.values[0]), 0.001), float(self.values[-1])
        ends = np.searchsorted(self.values, np.geomspace(least, max(most, least), _DRAWN), side="right")
        ends[-1] = len(self.values)
        counts = np.diff(ends, prepend=0)
        used = counts > 0
        return np.column_stack([self.values[ends[used] - 1], counts[used]])


class Tally:
    """What ``frames.summary`` says of a log, kept up to date by ``update``.

    ``by`` is a column of timings, or ``"phase"``; ``phase`` the duration that is summed up; ``session``
    keeps the exchanges of one. Raises ``ValueError`` for a column that is not there.
    """

    def __init__(
        self, log: Log, by: str = "operation", phase: str = "total_ms", *, session: str | None = None
    ) -> None:
        self._log, self._by, self._phase = log, by, phase
        self._session = log.session_id if session == "current" else session
        columns = list(TIMINGS)
        for name in (*(() if by == PHASE else (by,)), phase):
            if name not in columns:
                raise ValueError(f"There is no column {name!r}. Choose one of {', '.join(columns)}.")
        self._begin(0)

    def _begin(self, pruned: int) -> None:
        self._pruned, self._seen = pruned, 0
        self._groups: dict[Any, _Group] = {}

    def update(self) -> int:
        """Take in what was logged since the last time; returns how many exchanges that were.

        Where records were taken out of the log, it begins anew.
        """
        pruned = self._log.times_pruned()
        found = frames.exchanges(self._log)
        if pruned != self._pruned or len(found) < self._seen:
            self._begin(pruned)
        new, self._seen = found.iloc[self._seen :], len(found)
        if self._session is not None:
            new = new[(new["session_id"] == self._session).fillna(False).astype(bool)]
        if self._by == PHASE:
            for name in (*PHASES, "total_ms"):
                self._add(name, new[new[name].notna()], name)
        else:
            for label, rows in new.groupby(self._by, sort=False, dropna=False, observed=True):
                self._add(None if pd.isna(label) else label, rows, self._phase)
        return len(new)

    def _add(self, label: Any, rows: pd.DataFrame, column: str) -> None:
        if len(rows):
            self._groups.setdefault(label, _Group()).add(rows, column)

    @property
    def count(self) -> int:
        """How many exchanges there are."""
        whole = "total_ms" if self._by == PHASE else None
        return sum(one.count for label, one in self._groups.items() if whole is None or label == whole)

    def frame(self) -> pd.DataFrame:
        """As ``frames.summary`` gives it; the columns are those of ``SUMMARY``."""
        labels = self._order()
        made = frame(SUMMARY, (self._groups[label].row() for label in labels))
        made.index = pd.Index(labels, name=self._by, dtype=object)
        return made

    def series(self) -> dict[str, Numbers]:
        """Milliseconds and counts of each group, as charts of latencies take them."""
        return {
            "(none)" if label is None else str(label): self._groups[label].pairs()
            for label in self._order()
            if len(self._groups[label].values)
        }

    def _order(self) -> list[Any]:
        if self._by == PHASE:
            return [name for name in (*PHASES, "total_ms") if name in self._groups]
        return sorted(self._groups, key=lambda label: (label is None, label if label is not None else ""))
