"""``kit.log.compare_timings()``: whether calls became slower or faster, and when that is only noise.

Compared are percentiles of the calls that succeeded. Each change has an interval that assumes nothing of the
distribution (see ``quantiles``), so wide that all of a comparison hold together: with twenty percentiles
looked at, one would else differ by chance alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

from connectorkit import frames, markup
from connectorkit.comparing import percentiles
from connectorkit.comparing.percentiles import FASTER, NOISE, SLOWER, Cell
from connectorkit.comparing.telling import counted, ms, printable
from connectorkit.log import Log
from connectorkit.tables import REAL, TEXT, WHOLE, Columns, frame

TIMING_CHANGES: Columns = {
    "group": (
        TEXT,
        "value of the column that calls are compared by: the operation, if nothing else was said",
    ),
    "phase": (TEXT, "which duration: total_ms, wait_ms …"),
    "percentile": (TEXT, "p50, p90 or p99"),
    "verdict": (
        TEXT,
        "slower, faster, no difference (that can be told), too few (calls to tell), only before, only after, "
        "no success",
    ),
    "before_ms": (REAL, "the percentile before"),
    "after_ms": (REAL, "the percentile after"),
    "change_ms": (REAL, "after less before"),
    "low_ms": (REAL, "the change is at least this; missing where there are too few calls"),
    "high_ms": (REAL, "the change is at most this"),
    "change_percent": (REAL, "the change as a share of before"),
    "says": (TEXT, "all this in words"),
    "before_calls": (WHOLE, "calls before that succeeded and have this duration"),
    "after_calls": (WHOLE, "calls after, likewise"),
    "before_worth": (REAL, "as many independent calls those before are worth, as calls in a row are alike"),
    "after_worth": (REAL, "the same after"),
    "before_errors": (WHOLE, "calls before without an answer, or with a status of 400 or above"),
    "after_errors": (WHOLE, "calls after, likewise"),
    "errors_chance": (
        REAL,
        "how likely shares of errors so far apart are by chance alone, in calls that are independent",
    ),
}
_FIXED = "\u00a0"  # a space at which no line is broken
_CAVEAT = (
    "Runs at different times also differ by what else the machines and the network were doing. To blame what "
    "you changed, take turns: before, after, before, after."
)


class TimingComparison:
    """How the durations of calls changed from one run to another: a ``frame`` with one row per percentile.

    ``confidence`` is how likely all intervals hold together, ``level`` that of each.
    """

    def __init__(self, cells: Sequence[Cell], confidence: float) -> None:
        self.confidence = confidence
        judged = [cell for cell in cells if cell.on_both]
        self.level = percentiles.common_level(judged, confidence)
        self._rows = [percentiles.verdict(cell, self.level) for cell in cells]

    @property
    def frame(self) -> pd.DataFrame:
        """One row per group, phase and percentile; the columns are those of ``TIMING_CHANGES``."""
        return frame(TIMING_CHANGES, self._rows)

    @property
    def changed(self) -> pd.DataFrame:
        """The rows that are slower or faster for certain."""
        found = self.frame
        return found[found["verdict"].isin([SLOWER, FASTER])].reset_index(drop=True)

    def __len__(self) -> int:
        return len(self._rows)

    def __bool__(self) -> bool:
        return True  # without a difference it is a comparison too

    def __repr__(self) -> str:
        lines = [self._headline]
        for (group, phase), rows in self._blocks():
            lines.append(f"{printable(group)}, {phase}: {_calls(rows[0])}")
            for row in rows:
                values = f"{row['percentile']}  {_values(row):<24}" if _values(row) else ""
                lines.append(f"  {values}{row['says']}")
        return "\n".join([*lines, *self._remarks()])

    def _repr_html_(self) -> str:
        columns = ("group", "phase", "percentile", "before → after", "change", "calls")
        shown: list[list[Any]] = []
        for (group, phase), rows in self._blocks():
            for place, row in enumerate(rows):
                named = [printable(group), phase] if place == 0 else [None, ""]
                percentile = row["percentile"] if _values(row) else ""
                calls = _calls(row) if place == 0 else ""
                shown.append([*named, percentile, _values(row).replace(" ", _FIXED), row["says"], calls])
        table = markup.table(columns, shown, empty="There is nothing to compare.", wide=(4,))
        return "".join([markup.note(self._headline), table, *map(markup.note, self._remarks())])

    def _blocks(self) -> Iterator[tuple[tuple[str, str], list[dict[str, Any]]]]:
        """What is shown, by group and phase; where nothing can be told, once and not for each percentile."""
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in self._rows:
            found.setdefault((row["group"], row["phase"]), []).append(row)
        for key, rows in found.items():
            told = any(row["verdict"] in (SLOWER, FASTER, NOISE) for row in rows)
            yield key, rows if told else rows[:1]

    @property
    def _headline(self) -> str:
        verdicts = [row["verdict"] for row in self._rows]
        told = [f"{verdicts.count(word)} {word}" for word in (SLOWER, FASTER) if word in verdicts]
        judged = [word for word in verdicts if word in (SLOWER, FASTER, NOISE)]
        if not judged:
            return "No timings can be compared: there are too few calls on both sides."
        if not told:
            return f"No difference can be told in {counted(len(judged), 'percentile')}."
        return f"Of {counted(len(judged), 'percentile')}, {' and '.join(told)}."

    def _remarks(self) -> list[str]:
        said = self._errors()
        judged = sum(row["verdict"] in (SLOWER, FASTER, NOISE) for row in self._rows)
        if not judged:
            return said
        several = "Both" if judged == 2 else f"All {judged}"
        together = "The interval holds" if judged == 1 else f"{several} intervals hold together"
        said.append(f"{together} with {100 * self.confidence:g} % confidence.")
        alike = [text for _, rows in self._blocks() if (text := _alike(rows[0]))]
        if alike:
            said.append(
                f"Calls in a row resemble each other, which the intervals allow for: {'; '.join(alike)}."
            )
        return [*said, _CAVEAT]

    def _errors(self) -> list[str]:
        """Of each group, as many as there are of them being looked at."""
        groups = {row["group"]: row for row in self._rows}
        failing = {name: row for name, row in groups.items() if row["before_errors"] or row["after_errors"]}
        bound = (1 - self.confidence) / max(1, len(failing))
        told = [_failures(row) for row in failing.values() if row["errors_chance"] <= bound]
        if not told:
            return ["No difference in errors can be told."] if failing else []
        return [f"Errors differ by more than chance: {'; '.join(told)}."]


def compare_timings(
    before: pd.DataFrame | Log,
    after: pd.DataFrame | Log,
    *,
    by: str = "operation",
    phases: str | Iterable[str] = "total_ms",
    confidence: float = 0.95,
) -> TimingComparison:
    """The change of p50, p90 and p99 from one run to another, for each value of ``by`` and each phase.

    Each run is a frame as ``kit.log.timings()`` gives it, or a log. Only calls that succeeded are timed;
    errors are counted. ``phases`` names one or several of the columns that end in ``_ms``. Raises
    ``ValueError`` for a column that is not there, and a ``confidence`` that is none.
    """
    if isinstance(confidence, bool) or not 0.5 <= confidence < 1:
        raise ValueError(f"confidence is {confidence!r}. Pass a number from 0.5 to 0.999…, such as 0.95.")
    wanted = [phases] if isinstance(phases, str) else list(phases)
    sides = [frames.timings(run) if isinstance(run, Log) else run for run in (before, after)]
    for side, name in zip(sides, ("before", "after"), strict=True):
        if not isinstance(side, pd.DataFrame):
            raise ValueError(f"{name} is {type(side).__name__}. Pass a frame such as kit.log.timings().")
        _check(side, name, by, wanted)
    return TimingComparison([*percentiles.cells(sides[0], sides[1], by, wanted)], confidence)


def _check(side: pd.DataFrame, name: str, by: str, phases: list[str]) -> None:
    durations = [column for column in side.columns if str(column).endswith("_ms")]
    for column, argument in ((by, "by"), ("status_code", "status_code"), ("error", "error")):
        if column not in side.columns:
            has = ", ".join(map(str, side.columns))
            raise ValueError(f"{name} has no column {column!r} (for {argument}). It has {has}.")
    for phase in phases or [""]:
        if phase not in durations:
            raise ValueError(f"There is no phase {phase!r} in {name}. Choose from {', '.join(durations)}.")


def _values(row: dict[str, Any]) -> str:
    if "before_ms" not in row or "after_ms" not in row:
        return ""
    return f"{ms(row['before_ms'])} → {ms(row['after_ms'])} ms"


def _calls(row: dict[str, Any]) -> str:
    said = f"{counted(row['before_calls'], 'call')} before, {row['after_calls']:,} after"
    if row["before_errors"] or row["after_errors"]:
        said += f"; {counted(row['before_errors'], 'error')} before, {row['after_errors']:,} after"
    return said


def _failures(row: dict[str, Any]) -> str:
    sides = [
        f"{row[f'{side}_errors']:,} of {row[f'{side}_errors'] + row[f'{side}_calls']:,} calls {side}"
        for side in ("before", "after")
    ]
    return f"{printable(row['group'])}, {' and '.join(sides)}"


def _alike(row: dict[str, Any]) -> str:
    sides = [
        f"{row[f'{side}_calls']:,} calls {side} count as {int(row[f'{side}_worth']):,}"
        for side in ("before", "after")
        if int(row[f"{side}_worth"]) < row[f"{side}_calls"]
    ]
    return f"{printable(row['group'])}, {row['phase']}: {', '.join(sides)}" if sides else ""
