"""The error panel: find a case, run it with one click, see the expected beside the observed."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ipywidgets
import pandas as pd
import traitlets

from connectorkit import choosing, frames, markup
from connectorkit.catalogue import TOPICS
from connectorkit.errors import ConnectorError
from connectorkit.scenarios import Outcome, Scenarios
from connectorkit.widgets import cases
from connectorkit.widgets.clock import ClockPanel
from connectorkit.widgets.controls import WRAPPED, button, choice, on_enter
from connectorkit.widgets.faults import FaultsPanel
from connectorkit.widgets.going import Asking, Going, Sections, by_hand
from connectorkit.widgets.still import Still
from connectorkit.widgets.working import Worker

_TABLE_SECONDS = 0.5  # between two tables while cases are run
_WORDS = {"kind": "scenario", "listed": "panel.search('') returns which there are."}
_NO_SANDBOX = "On a real account nothing is steered. ck.connect(sandbox=True) has faults and a clock."


def error_panel(source: Any) -> ErrorPanel:
    """A panel over a kit's scenarios: ``error_panel(kit)``, or ``error_panel(kit.scenarios)``."""
    return ErrorPanel(getattr(source, "scenarios", source))


class ErrorPanel(Still):
    """Provoke errors one by one, a topic at a time, or all. A button's colour says how its case went.

    Enter in the field runs what was found. Cases are run beside the kernel, which stays free; **Stop** ends
    that after the case that is under way. **Faults** and **Clock** steer the sandbox.

    ``query``, ``topic``, ``section`` and ``selected`` (a case) may be set; ``running``, ``done`` and
    ``total`` tell how far it is. ``exchange_id`` is the exchange behind the selected case: a log panel
    follows with ``traitlets.link((errors, "exchange_id"), (log, "exchange"))``. ``pending`` is the case that
    waits to be confirmed, as agents of a real account may see it.
    """

    query = traitlets.Unicode("", help="the words that cases are found by").tag(sync=True)
    topic = traitlets.Enum(("", *TOPICS), "", help="of which topic; empty is all").tag(sync=True)
    section = traitlets.Enum(("cases", "faults", "clock"), "cases").tag(sync=True)
    selected = traitlets.Unicode("", help="the case that is shown closely").tag(sync=True)
    exchange_id = traitlets.Int(None, allow_none=True, help="the exchange behind it").tag(sync=True)
    pending = traitlets.Unicode("", help="the case that waits to be confirmed").tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)
    done = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)

    def __init__(self, scenarios: Scenarios) -> None:
        self._scenarios = scenarios
        self._outcomes: dict[str, Outcome] = {}
        self._found: list[str] = []
        self._all = {one.name: one for one in scenarios}
        self._filling = False  # the list of cases, which changes its choice meanwhile
        self._worker = Worker("connectorkit error panel", self._ended)
        self.text = cases.field()
        self.topics = choice("Topic", "Show the cases of one topic", cases.topics(scenarios))
        self.case = choice("Show", "Show a case closely, without running it", [("a case", "")])
        self._run_all = button(
            "Run all", "Run every case that is shown", self._by_hand(self.start_all), "primary"
        )
        self._going = Going(self.stop)
        self._cases = cases.CaseButtons(scenarios, self._press)
        self._asking = Asking(self._by_hand(self.confirm), self.cancel)
        self._result = ipywidgets.HTML()
        self._table = cases.results()
        self.faults, self.clock = self._steering()
        row = ipywidgets.HBox([self.topics, self.text, self.case], layout=WRAPPED)
        runs = ipywidgets.HBox([self._run_all, self._going], layout=WRAPPED)
        first = ipywidgets.VBox([row, self._cases, runs, self._asking, self._result, self._table])
        no_faults, no_clock = (ipywidgets.HTML(markup.note(_NO_SANDBOX)) for _ in range(2))
        self.sections = Sections(
            {
                "cases": ("Cases", "Run cases", first),
                "faults": ("Faults", "Let the sandbox fail", self.faults or no_faults),
                "clock": ("Clock", "Let time pass in the sandbox", self.clock or no_clock),
            }
        )
        super().__init__([self.sections])
        traitlets.link((self, "section"), (self.sections, "section"))
        for name, field in (("query", self.text), ("topic", self.topics)):
            traitlets.link((self, name), (field, "value"))
        on_enter(self.text, self._by_hand(self._run_found))
        self.case.observe(self._on_case, "value")
        self.observe(lambda _: self._search(), ("query", "topic"))
        self.observe(lambda _: self._look_again(), "section")
        self.observe(lambda _: self._show_case(), "selected")
        self.observe(lambda _: self._show_going(), ("running", "done"))
        self.observe(lambda _: self._show_question(), "pending")
        self._search()

    def search(self, text: str, topic: str = "") -> list[str]:
        """Show the cases of a topic with all words of ``text`` in them; returns their names.

        Words are looked for in name, status, codes and texts of the answer, what to do, and source. No
        ``topic`` is all of them. Raises ``ValueError`` for one that there is not.
        """
        if topic not in ("", *TOPICS):
            raise ValueError(f"There is no topic {topic!r}. There are {', '.join(TOPICS)}.")
        self.query, self.topic = text, topic
        return [*self._found]

    def show(self, name: str) -> None:
        """Show a case closely: how it went here, or what the catalogue says of it. Raises ``ValueError``."""
        if name not in self._all:
            raise ValueError(choosing.unknown(name, self._all, **_WORDS))
        self._look_at(name)

    def run(self, name: str, *, visible: bool = False) -> Outcome:
        """Run one case here and now, and show it; returns its outcome.

        Raises ``ValueError`` for an unknown name, and ``ConnectorError`` while others are run or where the
        kit is closed; the panel says so. On a real account only what is harmless is run, with ``visible``
        also what agents may see.
        """
        if self.running:
            raise ConnectorError("Cases are being run. Wait for their end, or stop() first.")
        outcome = self._ran(name, visible)
        self._look_at(name)
        self._show_rows()
        return outcome

    submit = run  # what the main action of every panel is called

    def run_all(self, *, visible: bool = False) -> pd.DataFrame:
        """Run the cases that are shown and wait for them; returns the frame of outcomes.

        An interruption stops after the case that is under way.
        """
        self.start_all(visible=visible)
        try:
            self.wait()
        except KeyboardInterrupt:
            self.stop()
            raise
        return self.outcomes

    def start_all(self, *, visible: bool = False) -> None:
        """Begin to run the cases that are shown, and return at once; ``stop()`` ends it."""
        self._start([*self._found], visible)

    def stop(self) -> None:
        """Run no more, after the case that is under way."""
        self._worker.stop()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing is run any more, at most so many seconds; whether that is so."""
        return self._worker.wait(timeout)

    def ask(self, name: str) -> None:
        """Have it confirmed before it is run, as agents of a real account may see it."""
        self.pending = name

    def confirm(self) -> None:
        """Run what was asked about, although agents may see it."""
        name, self.pending = self.pending, ""
        if name:
            self._start([name], visible=True)

    def cancel(self) -> None:
        """Leave what was asked about."""
        self.pending = ""

    def advance(self, **passed: float) -> datetime:
        """Let time pass in the sandbox: ``panel.advance(minutes=61)``. Raises ``ConnectorError``."""
        if self.clock is None:
            raise ConnectorError(_NO_SANDBOX)
        return self.clock.advance(**passed)

    @property
    def outcomes(self) -> pd.DataFrame:
        """What has been run here, the newest outcome of each case, as a frame."""
        return frames.outcomes([*self._outcomes.values()])

    def close(self) -> None:
        """Take the panel away, after the case that is under way."""
        for part in (getattr(self, name, None) for name in ("_worker", "faults", "clock")):
            if part is not None:  # what failed while it was made is closed too
                part.close()
        super().close()

    def __repr__(self) -> str:
        return f"<ErrorPanel: {len(self._outcomes)} cases run; run the notebook in JupyterLab to use it>"

    def still(self) -> str:
        """What was found last, and the table, as HTML without controls; the cases where none has run."""
        told = self._table.value or cases.listed(self._all[name] for name in self._found)
        return str(self._result.value + told)

    def _steering(self) -> tuple[FaultsPanel | None, ClockPanel | None]:
        """What only a sandbox has: its faults and its clock."""
        sandbox = self._scenarios.sandbox
        if sandbox is None:
            return None, None
        return FaultsPanel(sandbox), ClockPanel(sandbox, self._expiring)

    def _expiring(self) -> list[tuple[str, datetime]]:
        moment = self._scenarios.app_jwt_expires_at
        return [] if moment is None else [("the AppJWT", moment)]

    def _press(self, name: str) -> None:
        """The button of a case."""
        if self._scenarios.obstacle(self._all[name]):
            self.ask(name)
        else:
            self._by_hand(lambda: self._start([name], visible=False))()

    def _start(self, names: list[str], visible: bool) -> None:
        if self.running:
            raise ConnectorError("Cases are being run. Wait for their end, or stop() first.")
        if names:
            self.done, self.total, self.running = 0, len(names), True
            self._worker.start(lambda stopping: self._carry_out(names, visible, stopping))

    def _carry_out(self, names: list[str], visible: bool, stopping: threading.Event) -> None:
        """On a thread of its own."""
        ran, shown_at = [], time.monotonic()
        with contextlib.suppress(ConnectorError):  # the panel has said it, and the next would say the same
            for name in names:
                if stopping.is_set():
                    break
                ran.append(self._ran(name, visible))
                self.done = len(ran)
                if time.monotonic() - shown_at > _TABLE_SECONDS:
                    self._show_rows()
                    shown_at = time.monotonic()
            if len(names) == 1 and ran:
                self._look_at(names[0])
            else:
                self.selected = ""
                self._result.value = cases.summary(ran, stopped=len(ran) < len(names))
        self._show_rows()

    def _ended(self) -> None:
        self.running = False
        self._look_again()

    def _ran(self, name: str, visible: bool) -> Outcome:
        try:
            outcome = self._scenarios.run(name, visible=visible)
        except (ConnectorError, ValueError) as error:
            self._complain(error)
            raise
        self._outcomes.pop(name, None)  # the newest stands last
        self._outcomes[name] = outcome
        self._cases.mark(outcome)
        return outcome

    def _run_found(self) -> None:
        """Enter in an empty field is no wish to run all."""
        if self.query.strip():
            self.start_all()

    def _search(self) -> None:
        chosen = cases.found(self._all.values(), self.query, self.topic)
        self._found = [one.name for one in chosen]
        self._cases.show(chosen)
        self._filling = True
        self.case.options = [("a case", ""), *((name, name) for name in self._found)]
        self.case.value = self.selected if self.selected in self._found else ""
        self._filling = False
        self._run_all.description = "Run all" if len(chosen) == len(self._all) else f"Run {len(chosen)}"
        self._run_all.disabled = self.running or not chosen
        if not chosen:
            self._result.value = markup.note("No case has all of these words.")
        elif not self.selected:
            self._result.value = ""
        self._show_rows()

    def _on_case(self, change: Any) -> None:
        if not self._filling and change["new"]:
            self._look_at(change["new"])

    def _look_at(self, name: str) -> None:
        if self.selected == name:
            self._show_case()  # it was run again
        self.selected = name

    def _show_case(self) -> None:
        """How the selected case went, and the exchange behind it; of one that was not run, what is known."""
        name = self.selected
        self._filling = True
        self.case.value = name if name in self._found else ""
        self._filling = False
        if not name:
            return
        outcome = self._outcomes.get(name)
        behind = None if outcome is None else outcome.exchange
        self.exchange_id = None if behind is None else behind.exchange_id
        self._result.value = markup.fitted(cases.closely(self._all[name], outcome))

    def _show_rows(self) -> None:
        """Below the cases, the outcomes of those that are shown."""
        shown = [one for one in [*self._outcomes.values()] if one.scenario.name in self._found]
        self._table.value = markup.fitted(cases.table(shown) if shown else "")

    def _show_going(self) -> None:
        self._cases.rest(self.running)
        self._run_all.disabled = self.running or not self._found
        self._going.show(self.done, self.total, self.running)

    def _show_question(self) -> None:
        asked = self._all.get(self.pending)
        self._asking.show(f"{asked.name} {asked.account}." if asked else "")

    def _look_again(self) -> None:
        """What the sandbox says now, where that is shown."""
        shown = {"faults": self.faults, "clock": self.clock}.get(self.section)
        if shown is not None:
            with contextlib.suppress(ConnectorError):
                shown.refresh()

    def _by_hand(self, action: Callable[[], Any]) -> Callable[[], None]:
        return by_hand(action, self._complain)

    def _complain(self, error: Exception) -> None:
        self._result.value = markup.note(str(error), good=False)
