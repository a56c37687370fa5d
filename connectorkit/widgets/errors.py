"""The error panel: find a case, run it with one click, see the expected beside the observed."""

from __future__ import annotations

import ipywidgets
import pandas as pd

from connectorkit import frames, markup
from connectorkit.catalogue import Scenario
from connectorkit.errors import ConnectorError
from connectorkit.scenarios import Outcome, Scenarios

_SHOWN = ("scenario", "expected", "observed", "as_expected")


def error_panel(scenarios: Scenarios) -> ErrorPanel:
    """A panel over a kit's scenarios: ``error_panel(kit.scenarios)``."""
    return ErrorPanel(scenarios)


class ErrorPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Provoke errors one by one or all at once. A button's colour says how its case went."""

    def __init__(self, scenarios: Scenarios) -> None:
        self._scenarios = scenarios
        self._outcomes: dict[str, Outcome] = {}
        self.text = ipywidgets.Text(
            description="Find",
            placeholder="a word, a number, a topic: missing, 40103, files",
            tooltip="Show the cases with all of these words in name, topic, description or answer",
            continuous_update=True,
            layout=ipywidgets.Layout(flex="1 1 20em", width="auto"),
        )
        self.text.observe(lambda _: self.find(self.text.value), "value")
        self._run_all = ipywidgets.Button(tooltip="Run every case that is shown", layout=_AUTO)
        self._run_all.on_click(lambda _: self.submit_all())
        self._progress = ipywidgets.IntProgress(layout=_HIDDEN)
        self._buttons = {scenario.name: self._button(scenario) for scenario in scenarios}
        self._cases = ipywidgets.Box(layout=_CASES)
        self._result = ipywidgets.HTML()
        self._table = ipywidgets.HTML(layout=_SCROLLED)
        row = ipywidgets.HBox([self.text, self._run_all, self._progress], layout=_WRAPPED)
        super().__init__([row, self._cases, self._result, self._table])
        self.find("")

    def find(self, text: str) -> list[str]:
        """Show the cases with all words of ``text`` in them; returns their names."""
        words = text.lower().split()
        found = [scenario.name for scenario in self._scenarios if _has(scenario, words)]
        if self.text.value != text:
            self.text.value = text  # which comes back here
        self._cases.children = [self._buttons[name] for name in found]
        self._run_all.description = f"Run {len(found)}" if words else "Run all"
        self._run_all.disabled = not found
        if not found:
            self._result.value = markup.note("No case has all of these words.")
        return found

    def submit(self, name: str) -> Outcome | None:
        """Run one case; returns its outcome, or ``None`` where the panel says why there is none."""
        outcome = self._ran(name)
        if outcome is not None:
            self._result.value = outcome._repr_html_()
            self._show_all()
        return outcome

    def submit_all(self) -> pd.DataFrame:
        """Run the cases that are shown, with progress; returns the frame of outcomes."""
        names = self.find(self.text.value)
        self._progress.value, self._progress.max = 0, max(1, len(names))
        self._progress.layout = _AUTO
        try:
            for name in names:
                if self._ran(name) is None:
                    return self.outcomes
                self._progress.value += 1
        finally:
            self._progress.layout = _HIDDEN
            self._show_all()
        self._result.value = _summary([self._outcomes[name] for name in names])
        return self.outcomes

    @property
    def outcomes(self) -> pd.DataFrame:
        """What has been run here, the newest outcome of each case, as a frame."""
        return frames.outcomes(self._outcomes.values())

    def __repr__(self) -> str:
        return f"<ErrorPanel: {len(self._outcomes)} cases run; run the notebook in JupyterLab to use it>"

    def _ran(self, name: str) -> Outcome | None:
        try:
            outcome = self._scenarios.run(name)
        except (ConnectorError, ValueError) as error:
            self._result.value = markup.note(str(error), good=False)
            return None
        self._outcomes.pop(name, None)  # the newest stands last
        self._outcomes[name] = outcome
        if not outcome.not_run:
            self._buttons[name].button_style = "success" if outcome.as_expected else "danger"
        return outcome

    def _show_all(self) -> None:
        self._table.value = markup.table(_SHOWN, map(_row, self._outcomes.values()))

    def _button(self, scenario: Scenario) -> ipywidgets.Button:
        button = ipywidgets.Button(description=scenario.name, tooltip=scenario.shows, layout=_AUTO)
        button.on_click(lambda _: self.submit(scenario.name))
        return button


def _has(scenario: Scenario, words: list[str]) -> bool:
    text = " ".join((scenario.name, scenario.topic, scenario.shows, scenario.expected)).lower()
    return all(word in text for word in words)


def _row(outcome: Outcome) -> tuple[str, str, str, bool | None]:
    expected = outcome.expected or outcome.scenario.expected
    observed = outcome.observed or outcome.not_run
    return outcome.scenario.name, expected, observed, None if outcome.not_run else outcome.as_expected


def _summary(outcomes: list[Outcome]) -> str:
    ran = [outcome for outcome in outcomes if not outcome.not_run]
    surprises = [outcome.scenario.name for outcome in ran if not outcome.as_expected]
    words = f"{len(ran)} case{'' if len(ran) == 1 else 's'} run, "
    words += f"{len(surprises)} surprised: {', '.join(surprises)}." if surprises else "each as expected."
    words += f" {len(outcomes) - len(ran)} are not for this target." if len(ran) < len(outcomes) else ""
    return markup.note(words, good=not surprises)


_AUTO = ipywidgets.Layout(width="auto")
_HIDDEN = ipywidgets.Layout(display="none")
_WRAPPED = ipywidgets.Layout(flex_flow="row wrap")
_SCROLLED = ipywidgets.Layout(max_height="24em", overflow="auto")
_CASES = ipywidgets.Layout(flex_flow="row wrap", max_height="14em", overflow="auto")
