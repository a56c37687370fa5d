"""What the timings panel shows of a log: a picture and the numbers below it, for each view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import ipywidgets
import pandas as pd

from connectorkit import frames, markup
from connectorkit.columns import PHASES
from connectorkit.log import Log
from connectorkit.paths import waterfall
from connectorkit.tally import Tally
from connectorkit.texts import on_a_line

if TYPE_CHECKING:
    from connectorkit.views import Picture

THERE = ipywidgets.Layout(width="auto", max_width="24em")
AWAY = ipywidgets.Layout(display="none")
_LAST_EXCHANGES, _LAST_STEPS, _LAST_TALKS, _LAST_LABELS = 20, 24, 20, 30
_MOST_ROWS = 30
_RECENT = 2_000  # rows that are looked through for what is newest: not the whole log twice a second
_LONGEST = 40
_COLUMNS = ("count", "errors", "per_second", "p50", "p90", "p99", "p99.9", "max")
_KNOWN = ("exchange_id", "operation", "status_code", "label", "scenario")
_NO_COMPARISON = "Choose what was before and what came after, and press Compare."


class Drawn(NamedTuple):
    """HTML of ours: a picture, and words or numbers for below it; and a line that says what it is."""

    picture: str = ""
    words: str = ""
    status: str = ""


class Charts:
    """The views of one log. Percentiles and histogram cost what was logged since they were last drawn."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._tally: tuple[tuple[str, ...], Tally] | None = None

    def draw(
        self, view: str, by: str, phase: str, session: str, conversation: str | None, comparison: Any
    ) -> Drawn:
        """One of the views. Raises ``LogError`` where the log cannot be read."""
        if view == "waterfall":
            return self._waterfall(conversation)
        if view == "exchanges":
            return self._exchanges(session)
        if view == "comparison":
            if comparison is None:
                return Drawn(status=_NO_COMPARISON)
            return Drawn(words=comparison._repr_html_())
        return self._latencies(view, by, phase, session)

    def tally(self, by: str, phase: str, session: str) -> Tally:
        """The summary so far, up to date."""
        key = (by, phase, session)
        if self._tally is None or self._tally[0] != key:
            only = "current" if session == "current" else None
            self._tally = key, Tally(self._log, by, "total_ms" if by == "phase" else phase, session=only)
        self._tally[1].update()
        return self._tally[1]

    def talks(self) -> list[tuple[str, str]]:
        """The conversations opened last, the newest first."""
        found = frames.messages(self._log).tail(_RECENT)
        ids = found["conversation_id"].dropna().iloc[::-1].unique()[:_LAST_TALKS]
        return [(short(str(one)), str(one)) for one in ids]

    def runs(self) -> list[tuple[str, str]]:
        """What can be compared: sessions, then labels, the newest first."""
        found = frames.exchanges(self._log).tail(20 * _RECENT)
        labels = found["label"].dropna().iloc[::-1].unique()[:_LAST_LABELS]
        others = [one for one in found["session_id"].iloc[::-1].unique() if one != self._log.session_id]
        return [
            ("this session", "current"),
            ("the session before", "previous"),
            *((f"label {short(str(one))}", str(one)) for one in labels),
            *((f"session {one}", str(one)) for one in others[:_LAST_LABELS]),
        ]

    def _waterfall(self, conversation: str | None) -> Drawn:
        made = waterfall.waterfall(self._log, conversation)
        if made.frame.empty:
            return Drawn(status="There is no conversation in the log yet.")
        return Drawn(
            _picture(made.picture(last=_LAST_STEPS)),
            made._repr_html_(),
            f"Conversation {made.conversation}: {made.frame['step'].nunique():,} steps.",
        )

    def _exchanges(self, session: str) -> Drawn:
        found = frames.timings(self._log).tail(_RECENT)
        if session == "current":
            found = found[(found["session_id"] == self._log.session_id).fillna(False).astype(bool)]
        last = found.tail(_LAST_EXCHANGES)
        if last.empty:
            return Drawn(status="There are no exchanges yet.")
        shown = [*_KNOWN, *(name for name in PHASES if last[name].notna().any()), "total_ms"]
        from connectorkit import views  # as late as this: altair takes its time

        rows = last.iloc[::-1][shown].astype(object)
        heads = [name.removesuffix("_id").replace("_", " ") for name in shown]
        told = [[_cell(value) for value in row] for row in rows.itertuples(index=False)]
        said = f"The last {len(last)} exchanges; durations in milliseconds."
        return Drawn(_picture(views.waterfall(last, last=_LAST_EXCHANGES)), markup.table(heads, told), said)

    def _latencies(self, view: str, by: str, phase: str, session: str) -> Drawn:
        tally = self.tally(by, phase, session)
        if not tally.count:
            return Drawn(status="There are no exchanges yet.")
        from connectorkit import views

        chart = views.percentiles if view == "percentiles" else views.histogram
        made = chart(tally.series(), phase="each phase" if by == "phase" else phase)
        summed = tally.frame()
        order = summed["count"].sort_values(ascending=False, kind="stable").index[:_MOST_ROWS]
        shown = summed if len(summed) <= _MOST_ROWS else summed.loc[order]
        rows = [
            [_label(label, by), *map(_cell, row)]
            for label, row in zip(shown.index, shown[list(_COLUMNS)].astype(object).values, strict=True)
        ]
        heads = (by, "count", "errors", "per second", *_COLUMNS[3:])
        left = len(summed) - len(shown)
        more = markup.note(f"{left:,} more are in .summary.") if left else ""
        what = "each phase" if by == "phase" else named(phase)[0]
        said = f"{tally.count:,} exchange{'' if tally.count == 1 else 's'} by {by}: {what}, in milliseconds."
        return Drawn(_picture(made), markup.table(heads, rows) + more, said)


def named(phase: str) -> tuple[str, str]:
    """A duration in words, and its column."""
    return phase.removesuffix("_ms").replace("_", " "), phase


def short(text: str) -> str:
    """So much of a text as a list of choices has room for."""
    return on_a_line(text, _LONGEST)


def _picture(made: Picture) -> str:
    return markup.drawing(*made.both(), made.description)


def _label(label: Any, by: str) -> str:
    if label is None:
        return "(none)"
    return named(label)[0] if by == "phase" else short(str(label))


def _cell(value: Any) -> str | None:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return short(str(value))
