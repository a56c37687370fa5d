"""The timings panel: where time goes, as it goes: waterfall, percentiles, histogram, before and after."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets
import pandas as pd
import traitlets

from connectorkit import markup
from connectorkit.columns import PHASES
from connectorkit.errors import ConnectorError
from connectorkit.log import Log
from connectorkit.widgets import charts
from connectorkit.widgets.controls import WRAPPED, button, choice
from connectorkit.widgets.still import Still
from connectorkit.widgets.working import Pulse, Worker

_VIEWS = (
    *(("Waterfall", "waterfall"), ("Exchanges", "exchanges"), ("Percentiles", "percentiles")),
    *(("Histogram", "histogram"), ("Before and after", "comparison")),
)
_TIPS = (
    *("Request, response and notification of one conversation", "The last exchanges, in their phases"),
    *("How long all but the slowest took", "How many took how long", "Whether calls became slower"),
)
_BY = ("operation", "label", "scenario", "phase")
_OF = ("total_ms", *PHASES)
_SESSIONS = (("this session", "current"), ("the whole log", "all"))
_NEWEST = ("the one used last", "")
_SECONDS = 0.5  # at least, between two refreshes
_CLOSED = "The log is closed. What is shown is as it was."
_Last = tuple[Any, ...]


def timings_panel(source: Any) -> TimingsPanel:
    """A panel over the timings in a log: ``timings_panel(kit)``, or ``timings_panel(kit.log)``."""
    return TimingsPanel(source if isinstance(source, Log) else source.log)


class TimingsPanel(Still):
    """Follows a log: while the panel is on a screen, it shows within a second what was logged.

    It looks beside the kernel, at most twice a second and a fifth of the time, so it goes on while cells run
    and ``kit.start_load(record=True)`` sends. Nothing looks while nobody sees it, or after ``pause()``.

    ``view``, ``by``, ``phase``, ``session`` (``current`` or ``all``), ``conversation`` (an id; empty is the
    one used last) and ``paused`` may be set. ``before`` and ``after`` are sessions or labels; ``compare()``
    sets them beside each other.
    """

    view = traitlets.Enum([name for _, name in _VIEWS], "waterfall").tag(sync=True)
    by = traitlets.Enum(_BY, "operation", help="what exchanges are told apart by").tag(sync=True)
    phase = traitlets.Enum(_OF, "total_ms", help="which duration").tag(sync=True)
    session = traitlets.Enum([name for _, name in _SESSIONS], "current").tag(sync=True)
    conversation = traitlets.Unicode("", help="whose waterfall; empty is the one used last").tag(sync=True)
    paused = traitlets.Bool(False).tag(sync=True)
    before = traitlets.Unicode("previous", help="a session or a label").tag(sync=True)
    after = traitlets.Unicode("current", help="a session or a label").tag(sync=True)

    def __init__(self, log: Log) -> None:
        self.source = log
        self._drawing = threading.RLock()
        self._charts = charts.Charts(log)
        self._seen: _Last = ()
        self._filling = False
        self._pulse: Pulse | None = None
        self._worker = Worker("connectorkit comparison", lambda: setattr(self._go, "disabled", False))
        self.comparison: Any = None
        self.views = ipywidgets.ToggleButtons(
            options=_VIEWS, tooltips=_TIPS, style={"button_width": "auto"}, tooltip="What is shown"
        )
        self._by = choice("By", "What exchanges are told apart by", _BY)
        self._of = choice("Duration", "Which part of an exchange", map(charts.named, _OF))
        self._session = choice("From", "Which exchanges", _SESSIONS)
        self._conversation = choice("Conversation", "Whose waterfall", [_NEWEST])
        self._before = choice("Before", "A session or a label", [("the session before", "previous")])
        self._after = choice("After", "A session or a label", [("this session", "current")])
        self._go = button("Compare", "Whether calls became slower", self._start_comparison, "primary")
        self._pause = button("Pause", "Let what is shown stand still", self._toggle)
        refresh = button("Refresh", "Read the log again", self._by_hand(self.refresh))
        self._status, self._picture = ipywidgets.HTML(), ipywidgets.HTML()
        self._words = ipywidgets.HTML(
            # It scrolls, so the keyboard must reach it.
            tabbable=True,
            tooltip="The numbers of the picture",
            layout=ipywidgets.Layout(max_height="26em", overflow="auto"),
        )
        fields = [self._conversation, self._by, self._of, self._session, self._before, self._after]
        row = ipywidgets.HBox([*fields, self._go, self._pause, refresh], layout=WRAPPED)
        super().__init__([self.views, row, self._status, self._picture, self._words])
        self._tie()
        self._view_count = 0  # a number makes browsers count how many show it
        self._by_hand(self._changed)()

    def show(
        self,
        view: str | None = None,
        *,
        by: str | None = None,
        phase: str | None = None,
        session: str | None = None,
        conversation: Any = None,
    ) -> None:
        """Show a view, of what is given here; what is not given stays.

        Views are ``waterfall``, ``exchanges``, ``percentiles``, ``histogram`` and ``comparison``.
        ``conversation`` is what ``open`` returned, or an id. Raises ``traitlets.TraitError`` for a value that
        there is not, and ``LogError`` where the log is closed.
        """
        given = dict(view=view, by=by, phase=phase, session=session)
        if conversation is not None:
            given["conversation"] = getattr(conversation, "id", conversation)
        with self._drawing:
            self._filling = True
            try:
                for name, value in given.items():
                    if value is not None:
                        setattr(self, name, value)
            finally:
                self._filling = False
            self._changed()

    def pause(self) -> None:
        """Let what is shown stand still, however much is logged."""
        self.paused = True

    def resume(self) -> None:
        """Follow the log again, and show what came meanwhile."""
        self.paused = False

    def refresh(self) -> None:
        """Read the log again. Raises ``LogError`` where it is closed, and the panel says so."""
        with self._drawing:
            try:
                self._seen = self.source.newest()
                self._fill()
                drawn = self._charts.draw(
                    self.view, self.by, self.phase, self.session, self.conversation or None, self.comparison
                )
            except ConnectorError as error:
                self._status.value = markup.note(str(error), good=False)
                raise
            self._picture.value = markup.fitted(drawn.picture)
            self._words.value = markup.fitted(drawn.words)
            self._status.value = markup.note(drawn.status + (" Paused." if self.paused else ""))

    def compare(
        self,
        before: str | pd.DataFrame | Log | None = None,
        after: str | pd.DataFrame | Log | None = None,
        **options: Any,
    ) -> Any:
        """Show whether calls became slower from one run to another; returns the ``TimingComparison``.

        Each run is a session, a label, a frame of timings or another log, as of ``kit.log.compare_timings``,
        whose ``options`` are taken too; else what is chosen. Raises ``LogError`` where there is no such run.
        """
        for name, run in (("before", before), ("after", after)):
            if isinstance(run, str):
                setattr(self, name, run)
        runs = [self.before if before is None else before, self.after if after is None else after]
        of = [*PHASES, "total_ms"] if self.by == "phase" else self.phase
        chosen = dict(by="operation" if self.by == "phase" else self.by, phases=of) | options
        try:
            self.comparison = self.source.compare_timings(*runs, **chosen)  # type: ignore[attr-defined]
        except (ConnectorError, ValueError) as error:
            self.comparison = None
            self.show("comparison")
            self._status.value = markup.note(str(error), good=False)
            raise
        self.show("comparison")
        return self.comparison

    @property
    def summary(self) -> pd.DataFrame:
        """The numbers behind percentiles and histogram, as ``kit.log.summary`` gives them."""
        with self._drawing:
            return self._charts.tally(self.by, self.phase, self.session).frame()

    @property
    def following(self) -> bool:
        """Whether somebody sees the panel, so that it follows the log."""
        return self._pulse is not None and self._pulse.running

    def close(self) -> None:
        """Take the panel away; it no longer looks at the log."""
        for part in (getattr(self, name, None) for name in ("_pulse", "_worker")):
            if part is not None:  # what failed while it was made is closed too
                part.close()
        super().close()

    def __repr__(self) -> str:
        return f"<TimingsPanel: {self.view}; run the notebook in JupyterLab to use it>"

    def still(self) -> str:
        """The picture and its numbers, as HTML without controls."""
        return "".join(part.value for part in (self._status, self._picture, self._words))

    def _tie(self) -> None:
        fields = {"view": self.views, "by": self._by, "phase": self._of, "session": self._session}
        for name, field in fields.items():
            traitlets.link((self, name), (field, "value"))
        lists = {"conversation": self._conversation, "before": self._before, "after": self._after}
        for name, field in lists.items():
            field.observe(partial(self._on_choice, name), "value")
        drawn = ("view", "by", "phase", "session", "conversation")
        self.observe(self._by_hand(lambda: None if self._filling else self._changed()), drawn)
        self.observe(self._by_hand(self._on_pause), "paused")
        self.observe(lambda change: self._follow() if change["new"] else self._unfollow(), "_view_count")

    def _on_choice(self, name: str, change: Any) -> None:
        if not self._filling and change["new"] is not None:
            setattr(self, name, change["new"])

    def _changed(self) -> None:
        """Show the controls of the view, and then the view."""
        of_comparison = self.view == "comparison"
        of_all = self.view in ("percentiles", "histogram")
        for field, needed in (
            (self._conversation, self.view == "waterfall"),
            (self._by, of_all or of_comparison),
            (self._of, of_all or of_comparison),
            (self._session, of_all or self.view == "exchanges"),
            *((field, of_comparison) for field in (self._before, self._after, self._go)),
        ):
            field.layout = charts.THERE if needed else charts.AWAY
        self._of.disabled = self.by == "phase"
        self.refresh()

    def _fill(self) -> None:
        """The lists of what there is to choose from. Filling one changes its choice meanwhile."""
        known: list[tuple[Any, str, list[tuple[str, str]]]] = []
        if self.view == "waterfall":
            known.append((self._conversation, self.conversation, [_NEWEST, *self._charts.talks()]))
        elif self.view == "comparison":
            runs = self._charts.runs()
            known += [(self._before, self.before, runs), (self._after, self.after, runs)]
        was, self._filling = self._filling, True
        try:
            for field, value, options in known:
                if value not in [one for _, one in options]:
                    options = [*options, (charts.short(value), value)]
                if list(field.options) != options:
                    field.options = options
                field.value = value
        finally:
            self._filling = was

    def _look(self) -> bool:
        """On the thread that follows: whether to go on."""
        if self.paused:
            return True
        try:
            if self.source.newest() != self._seen and self.view != "comparison":
                self.refresh()
        except ConnectorError:
            self._status.value = markup.note(_CLOSED)
            return False
        except ValueError as error:  # what cannot be drawn now may be drawn with what comes next
            self._status.value = markup.note(str(error), good=False)
        return True

    def _follow(self) -> None:
        if not self.following:
            self._pulse = Pulse("connectorkit timings panel", self._look, _SECONDS)

    def _unfollow(self) -> None:
        if self._pulse is not None:
            self._pulse.close()
            self._pulse = None

    def _toggle(self) -> None:
        self.paused = not self.paused

    def _on_pause(self) -> None:
        self._pause.description = "Go on" if self.paused else "Pause"
        self.refresh()

    def _start_comparison(self) -> None:
        self._go.disabled = True
        self._worker.start(lambda _: self._by_hand(self.compare)())

    @staticmethod
    def _by_hand(action: Callable[[], Any]) -> Callable[..., None]:
        """Nobody would see a traceback of a callback; the panel has said what happened."""

        def act(*_: Any) -> None:
            with contextlib.suppress(ConnectorError, ValueError):
                action()

        return act
