"""The error panel: pick a case, run it, see the expected beside the observed."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pandas as pd

from connectorkit import frames, markup
from connectorkit.errors import ConnectorError
from connectorkit.scenarios import ALL, Outcome, Scenarios

_SHOWN = ("scenario", "expected", "observed", "as_expected")


def error_panel(scenarios: Scenarios) -> ErrorPanel:
    """A panel over a kit's scenarios: ``error_panel(kit.scenarios)``."""
    return ErrorPanel(scenarios)


class ErrorPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Provoke errors one by one or all at once; each run adds a row to the table."""

    def __init__(self, scenarios: Scenarios) -> None:
        self._scenarios = scenarios
        self._outcomes: list[Outcome] = []
        self.case = ipywidgets.Dropdown(
            options=[s.name for s in ALL],
            description="Case",
            tooltip="Which error to provoke",
            layout=ipywidgets.Layout(flex="1 1 18em", width="auto"),
        )
        self.case.observe(lambda _: self._describe(), "value")
        run = ipywidgets.Button(
            description="Run", button_style="primary", tooltip="Provoke this error", layout=_AUTO
        )
        run.on_click(lambda _: self.submit(self.case.value))
        run_all = ipywidgets.Button(description="Run all", tooltip="Provoke every error", layout=_AUTO)
        run_all.on_click(lambda _: self.submit_all())
        self._progress = ipywidgets.IntProgress(max=len(ALL), description="", layout=_HIDDEN)
        self._shows = ipywidgets.HTML()
        self._result = ipywidgets.HTML()
        self._table = ipywidgets.HTML()
        row = ipywidgets.HBox(
            [self.case, run, run_all, self._progress], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        super().__init__([row, self._shows, self._result, self._table])
        self._describe()

    def submit(self, name: str) -> Outcome | None:
        """Run one scenario; returns its outcome, or ``None`` where the panel says why there is none."""
        if name in self.case.options:
            self.case.value = name
        try:
            outcome = self._scenarios.run(name)
        except (ConnectorError, ValueError) as error:
            self._result.value = markup.note(str(error), good=False)
            return None
            return None
        self._add(outcome)
        self._result.value = outcome._repr_html_()
        return outcome

    def submit_all(self) -> pd.DataFrame:
        """Run the whole catalogue, with progress; returns the frame of outcomes."""
        self._progress.layout = _AUTO
        self._progress.value = 0
        for scenario in self._scenarios:
            if self.submit(scenario.name) is None:
                break
            self._progress.value += 1
        self._progress.layout = _HIDDEN
        surprises = sum(not o.as_expected and not o.not_run for o in self._outcomes)
        words = f"{len(self._outcomes)} cases run, " + (
            f"{surprises} surprised." if surprises else "each as expected."
        )
        self._result.value = markup.note(words, good=not surprises)
        return self.outcomes

    @property
    def outcomes(self) -> pd.DataFrame:
        """What has been run here, the newest outcome of each scenario, as a frame."""
        return frames.outcomes(self._outcomes)

    def __repr__(self) -> str:
        return f"<ErrorPanel: {len(self._outcomes)} cases run; run the notebook in JupyterLab to use it>"

    def _add(self, outcome: Outcome) -> None:
        self._outcomes = [o for o in self._outcomes if o.scenario != outcome.scenario] + [outcome]
        rows: list[tuple[Any, ...]] = [
            (
                o.scenario.name,
                o.scenario.expected,
                o.observed or o.not_run,
                None if o.not_run else o.as_expected,
            )
            for o in self._outcomes
        ]
        self._table.value = markup.table(_SHOWN, rows)

    def _describe(self) -> None:
        scenario = next(s for s in ALL if s.name == self.case.value)
        self._shows.value = markup.note(f"{scenario.shows} Expected: {scenario.expected}.")


_AUTO = ipywidgets.Layout(width="auto")
_HIDDEN = ipywidgets.Layout(display="none")
