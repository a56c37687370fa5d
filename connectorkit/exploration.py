"""What came of an exploration, as frame, heat map and display."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from connectorkit import markup
from connectorkit.explore.report import Report

if TYPE_CHECKING:
    from connectorkit.views import Picture

COLUMNS = {"state": "string", "event": "string", "fault": "string", "times": "int64", "reached": "bool"}
_NO_FAULT = "none"


class Exploration(Report):
    """A report whose coverage is a frame and a heat map; see ``Report`` for the rest."""

    def coverage(self) -> pd.DataFrame:
        """One row per cell that there is: ``state``, ``event``, ``fault``, ``times`` reached, ``reached``.

        Cells that were reached beside those come last. ``state`` is that of the conversation or file which
        the event is about, ``fault`` the one that was on.
        """
        rows = [{**row, "reached": row["times"] > 0} for row in self.coverage_rows()]
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)

    def heat_map(self) -> Picture:
        """Which events were reached in which state, as a picture; faults are added up."""
        from connectorkit import views

        return views.reached(self.coverage())

    def table(self) -> str:
        """The heat map in plain text: how often each event was reached in each state, ``.`` for never.

        A blank is a cell that there is not. Faults are added up.
        """
        frame = self.coverage()
        times = frame.pivot_table(index="event", columns="state", values="times", aggfunc="sum", sort=False)
        shown = times.map(lambda value: "" if pd.isna(value) else f"{value:.0f}" if value else ".")
        return str(shown.rename_axis(index=None, columns=None).to_string())

    def _repr_html_(self) -> str:
        parts = [markup.facts("Exploration", self.facts(), good=self.ok)]
        for one in self.surprises:
            facts = [("place", one.place), ("expected", one.expected), ("observed", one.observed)]
            told = [*(fact for fact in facts if fact[1]), ("protocol", one.section)]
            parts += [markup.facts(f"Surprise {len(parts)}", told, good=False) + markup.code(one.cell)]
        return markup.stack(parts)
