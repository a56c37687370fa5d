"""The error panel: find a case, run it with one click, see the expected beside the observed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial

import ipywidgets
import pandas as pd

from connectorkit import frames, markup
from connectorkit.catalogue import TOPICS, Scenario
from connectorkit.errors import ConnectorError
from connectorkit.scenarios import Outcome, Scenarios
from connectorkit.widgets.controls import WRAPPED, button, choice, on_enter
from connectorkit.widgets.still import Still

_SHOWN = ("scenario", "same", "expected", "observed")


def error_panel(scenarios: Scenarios) -> ErrorPanel:
    """A panel over a kit's scenarios: ``error_panel(kit.scenarios)``."""
    return ErrorPanel(scenarios)


class ErrorPanel(Still):
    """Provoke errors one by one, a topic at a time, or all. A button's colour says how its case went.

    Enter in the field runs what was found.
    """

    def __init__(self, scenarios: Scenarios) -> None:
        self._scenarios = scenarios
        self._outcomes: dict[str, Outcome] = {}
        self._found: list[str] = []
        self.text = ipywidgets.Text(
            description="Find",
            placeholder="a word or a number: missing, 40103",
            tooltip="Show the cases with all of these words in name, description or answer; Enter runs them",
            continuous_update=True,
            layout=ipywidgets.Layout(flex="1 1 16em", width="auto"),
            style={"description_width": "initial"},
        )
        self.topic = choice("Topic", "Show the cases of one topic", _topics(scenarios))
        for field in (self.text, self.topic):
            field.observe(lambda _: self.find(self.text.value, self.topic.value), "value")
        on_enter(self.text, self._run_found)
        self._run_all = button("Run all", "Run every case that is shown", self.submit_all, "primary")
        self._progress = ipywidgets.IntProgress(layout=_HIDDEN, style={"description_width": "initial"})
        self._buttons = {
            scenario.name: button(scenario.name, scenario.shows, partial(self.submit, scenario.name))
            for scenario in scenarios
        }
        self._headings = {topic: ipywidgets.Label(topic, layout=_LINE) for topic in TOPICS}
        self._cases = ipywidgets.Box(layout=_CASES)
        self._result = ipywidgets.HTML()
        self._table = ipywidgets.HTML(layout=_SCROLLED)
        row = ipywidgets.HBox([self.topic, self.text, self._run_all, self._progress], layout=WRAPPED)
        super().__init__([row, self._cases, self._result, self._table])
        self.find("")

    def find(self, text: str, topic: str = "") -> list[str]:
        """Show the cases of a topic with all words of ``text`` in them; returns their names.

        No ``topic`` is all of them. Raises ``ValueError`` for one that there is not.
        """
        if topic and topic not in TOPICS:
            raise ValueError(f"There is no topic {topic!r}. There are {', '.join(TOPICS)}.")
        words = text.lower().split()
        chosen = [one for one in self._scenarios if topic in ("", one.topic) and _has(one, words)]
        found = [scenario.name for scenario in chosen]
        for field, value in ((self.text, text), (self.topic, topic)):
            if field.value != value:
                field.value = value  # which comes back here
        self._found = found
        self._show_rows()
        self._cases.children = self._below_headings(chosen)
        self._run_all.description = f"Run {len(found)}" if len(found) < len(self._scenarios) else "Run all"
        self._run_all.disabled = not found
        self._result.value = "" if found else markup.note("No case has all of these words.")
        return found

    def submit(self, name: str) -> Outcome | None:
        """Run one case; returns its outcome, or ``None`` where the panel says why there is none."""
        outcome = self._ran(name)
        if outcome is not None:
            self._result.value = outcome._repr_html_()
            self._show_rows()
        return outcome

    def submit_all(self) -> pd.DataFrame:
        """Run the cases that are shown, with progress; returns the frame of outcomes."""
        names = self.find(self.text.value, self.topic.value)
        self._progress.value, self._progress.max = 0, max(1, len(names))
        self._progress.layout = _SHOWING
        try:
            for done, name in enumerate(names, 1):
                if self._ran(name) is None:
                    return self.outcomes
                self._progress.description = f"{done} of {len(names)}"
                self._progress.value = done
        finally:
            self._progress.layout = _HIDDEN
            self._show_rows()
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

    def _show_rows(self) -> None:
        """Below the cases, the outcomes of those that are shown."""
        rows = [_row(outcome) for name, outcome in self._outcomes.items() if name in self._found]
        self._table.value = markup.table(_SHOWN, rows) if rows else ""

    def _run_found(self) -> None:
        """One case is shown closely, several in the table. Enter in an empty field is no wish to run all."""
        found = self.find(self.text.value, self.topic.value)
        if self.text.value and len(found) == 1:
            self.submit(found[0])
        elif self.text.value and found:
            self.submit_all()

    def _below_headings(self, chosen: Iterable[Scenario]) -> list[ipywidgets.Widget]:
        rows: list[ipywidgets.Widget] = []
        topic = ""
        for scenario in chosen:
            if scenario.topic != topic:
                topic = scenario.topic
                rows.append(self._headings[topic])
            rows.append(self._buttons[scenario.name])
        return rows


def _topics(scenarios: Scenarios) -> list[tuple[str, str]]:
    counts = Counter(scenario.topic for scenario in scenarios)
    each = [(f"{topic} ({counts[topic]})", topic) for topic in TOPICS]
    return [(f"all ({len(scenarios)})", ""), *each]


def _has(scenario: Scenario, words: list[str]) -> bool:
    text = " ".join((scenario.name, scenario.topic, scenario.shows, scenario.expected)).lower()
    return all(word in text for word in words)


def _row(outcome: Outcome) -> tuple[str, bool | None, str, str]:
    expected = outcome.expected or outcome.scenario.expected
    observed = outcome.observed or outcome.not_run
    same = None if outcome.not_run else outcome.as_expected
    return outcome.scenario.name, same, expected, observed


def _summary(outcomes: list[Outcome]) -> str:
    ran = [outcome for outcome in outcomes if not outcome.not_run]
    surprises = [outcome.scenario.name for outcome in ran if not outcome.as_expected]
    words = f"{len(ran)} case{'' if len(ran) == 1 else 's'} run, "
    words += f"{len(surprises)} surprised: {', '.join(surprises)}." if surprises else "each as expected."
    words += f" {len(outcomes) - len(ran)} are not for this target." if len(ran) < len(outcomes) else ""
    return markup.note(words, good=not surprises)


_SHOWING = ipywidgets.Layout(width="16em")
_HIDDEN = ipywidgets.Layout(display="none")
_LINE = ipywidgets.Layout(width="100%")
_SCROLLED = ipywidgets.Layout(max_height="24em", overflow="auto")
_CASES = ipywidgets.Layout(flex_flow="row wrap", max_height="17em", overflow="auto")
