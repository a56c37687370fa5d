"""The percentiles of two runs side by side, and what can be told of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from connectorkit import frames
from connectorkit.comparing import quantiles, shares
from connectorkit.comparing.quantiles import Change, Values
from connectorkit.comparing.telling import ms, signed

SLOWER, FASTER, NOISE, TOO_FEW = "slower", "faster", "no difference", "too few"
ONLY_BEFORE, ONLY_AFTER, FAILED = "only before", "only after", "no success"
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


@dataclass(frozen=True)
class Side:
    """The durations of one group and phase in one run: in order of time, and sorted."""

    values: Values
    ordered: Values
    worth: float
    errors: int
    calls: int  # those that failed included


@dataclass(frozen=True)
class Cell:
    """One percentile of one group and phase, on both sides."""

    group: str
    phase: str
    percentile: str
    before: Side
    after: Side

    @property
    def on_both(self) -> bool:
        """Whether calls succeeded before and after."""
        return bool(len(self.before.values) and len(self.after.values))

    def enough(self, level: float) -> bool:
        """Whether there are calls enough for an interval."""
        least = quantiles.needed(PERCENTILES[self.percentile], level)
        return min(int(self.before.worth), int(self.after.worth)) >= least

    def change(self, level: float) -> Change:
        """What changed, with an interval of this level where there are calls enough."""
        before, after = self.before, self.after
        worth = before.worth, after.worth
        return quantiles.change(before.ordered, after.ordered, PERCENTILES[self.percentile], level, worth)


def cells(before: pd.DataFrame, after: pd.DataFrame, by: str, phases: list[str]) -> Iterator[Cell]:
    """Each percentile of each group and phase that either run has."""
    groups = [{_group(key): part for key, part in side.groupby(by, dropna=False)} for side in (before, after)]
    for group in sorted({*groups[0], *groups[1]}):
        parts = [found.get(group) for found in groups]
        for phase in phases:
            sides = [_side(part, phase) for part in parts]
            nothing = not any(len(side.values) for side in sides)
            # A phase that no call went through, such as TLS without TLS, is nothing to report.
            if nothing and len(phases) > 1 and phase != "total_ms":
                continue
            for percentile in PERCENTILES:
                yield Cell(group, phase, percentile, sides[0], sides[1])


def _group(key: Any) -> str:
    return "(none)" if pd.isna(key) else str(key)


def _side(part: pd.DataFrame | None, phase: str) -> Side:
    if part is None:
        return Side(np.empty(0), np.empty(0), 0.0, 0, 0)
    in_time = part.sort_values("started_at", kind="stable") if "started_at" in part else part
    failed = frames.failed(in_time)
    values = in_time.loc[~failed, phase].to_numpy(np.float64)
    values = values[np.isfinite(values)]
    return Side(values, np.sort(values), quantiles.independent(values), int(failed.sum()), len(in_time))


def common_level(judged: list[Cell], confidence: float) -> float:
    """Of each interval, so that all that can be given hold together (Bonferroni).

    What has too few calls at that level is no part of them. That is decided by how many calls there are, and
    how alike in a row, never by how much the two sides differ.
    """
    while True:
        level = 1 - (1 - confidence) / max(1, len(judged))
        kept = [cell for cell in judged if cell.enough(level)]
        if len(kept) == len(judged):
            return level
        judged = kept


def verdict(cell: Cell, level: float) -> dict[str, Any]:
    """The row of a comparison, its intervals at this level."""
    calls = len(cell.before.values), len(cell.after.values)
    row: dict[str, Any] = {
        "group": cell.group,
        "phase": cell.phase,
        "percentile": cell.percentile,
        "before_calls": calls[0],
        "after_calls": calls[1],
        "before_worth": cell.before.worth,
        "after_worth": cell.after.worth,
        "before_errors": cell.before.errors,
        "after_errors": cell.after.errors,
        "errors_chance": shares.chance(*((s.errors, s.calls) for s in (cell.before, cell.after))),
    }
    for side, name in ((cell.before, "before_ms"), (cell.after, "after_ms")):
        if len(side.values):
            row[name] = float(np.quantile(side.ordered, PERCENTILES[cell.percentile]))
    if not cell.on_both:
        return row | _one_sided(calls)
    found = cell.change(level)
    row["change_ms"] = found.change
    if found.before > 0:
        row["change_percent"] = 100 * found.change / found.before
    if found.low is None or found.high is None or not cell.enough(level):
        least = quantiles.needed(PERCENTILES[cell.percentile], level)
        says = f"too few calls to tell: it takes {least:,} independent ones on each side"
        return row | {"verdict": TOO_FEW, "says": says}
    row |= {"low_ms": found.low, "high_ms": found.high}
    if found.low <= 0 <= found.high:
        each = f"{calls[0]:,} calls each" if calls[0] == calls[1] else f"{calls[0]:,} and {calls[1]:,} calls"
        says = (
            f"no difference can be told from {each}: between {signed(found.low)} and {signed(found.high)} ms"
        )
        return row | {"verdict": NOISE, "says": says}
    word, sign = (SLOWER, 1) if found.change > 0 else (FASTER, -1)
    near, far = sorted((sign * found.low, sign * found.high))
    share = f", {row['change_percent']:+,.1f} %" if "change_percent" in row else ""
    says = f"{word} by {ms(abs(found.change))} ms ({ms(near)} to {ms(far)}){share}"
    return row | {"verdict": word, "says": says}


def _one_sided(calls: tuple[int, int]) -> dict[str, str]:
    if calls[0]:
        return {"verdict": ONLY_BEFORE, "says": "nothing to compare with: no call succeeded after"}
    if calls[1]:
        return {"verdict": ONLY_AFTER, "says": "nothing to compare with: no call succeeded before"}
    return {"verdict": FAILED, "says": "no call succeeded on either side"}
