"""The clock panel: what time it is in the sandbox, what expires next there, and time that passes at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ipywidgets
import traitlets

from connectorkit import markup
from connectorkit.control import SandboxControl
from connectorkit.errors import ConnectorError
from connectorkit.widgets.controls import WRAPPED, button
from connectorkit.widgets.still import Still
from connectorkit.widgets.working import Worker

_STEPS = (
    *(("1 minute", 60), ("5 minutes", 300), ("15 minutes", 900), ("30 minutes", 1800)),
    *(("61 minutes", 3660), ("2 hours", 7200), ("6 hours", 21_600), ("12 hours", 43_200)),
    *(("1 day", 86_400), ("3 days", 259_200), ("7 days", 604_800)),
)
Expiry = Callable[[], list[tuple[str, datetime]]]


def clock_panel(sandbox: SandboxControl, expiring: Expiry | None = None) -> ClockPanel:
    """A panel over a sandbox's clock: ``clock_panel(kit.sandbox)``.

    ``expiring`` returns what expires when (UTC, by that clock), such as ``[("the AppJWT", moment)]``.
    """
    return ClockPanel(sandbox, expiring)


class ClockPanel(Still):
    """Choose how long with the slider, and let that much time pass. It never goes backwards.

    ``seconds`` is what the slider says, ``now`` the time in the sandbox when it was last asked, as ISO text.
    """

    seconds = traitlets.Int(3660, help="how much time **Advance** lets pass").tag(sync=True)
    now = traitlets.Unicode("", help="the time in the sandbox when last asked").tag(sync=True)

    def __init__(self, sandbox: SandboxControl, expiring: Expiry | None = None) -> None:
        self._sandbox, self._expiring = sandbox, expiring or (lambda: [])
        self._worker = Worker("connectorkit clock", lambda: setattr(self._go, "disabled", False))
        self.by = ipywidgets.SelectionSlider(
            options=_STEPS,
            value=3660,
            description="Advance by",
            tooltip="How much time shall pass; the arrow keys change it",
            continuous_update=False,
            layout=ipywidgets.Layout(flex="1 1 22em", width="auto", max_width="36em"),
            style={"description_width": "initial"},
        )
        self._go = button("Advance", "Let that much time pass in the sandbox at once", self.start, "primary")
        again = button("Refresh", "Ask the sandbox what time it is", self._by_hand)
        self._time, self._status = ipywidgets.HTML(), ipywidgets.HTML()
        row = ipywidgets.HBox([self.by, self._go, again], layout=WRAPPED)
        super().__init__([self._time, row, self._status])
        traitlets.link((self, "seconds"), (self.by, "value"))
        self._by_hand()

    def advance(
        self, *, hours: float | None = None, minutes: float | None = None, seconds: float | None = None
    ) -> datetime:
        """Let time pass in the sandbox at once; returns the new time there.

        Without a number it is as much as the slider says. What falls due meanwhile is done before this
        returns. Raises ``SandboxError`` for a number below 0, and the panel says so.
        """
        given = (hours, minutes, seconds)
        passed = (hours or 0) * 3600 + (minutes or 0) * 60 + (seconds or 0)
        if all(one is None for one in given):
            passed = self.seconds
        try:
            moved = self._sandbox.advance(seconds=passed)
        except ConnectorError as error:
            self._say(str(error), False)
            raise
        self.refresh()
        self._say(f"{_long(passed)} passed, and what fell due was done.", True)
        return moved

    def start(self) -> None:
        """Let as much time pass as the slider says, without waiting for it."""
        self._go.disabled = True
        self._worker.start(lambda _: self._advance_by_hand())

    def refresh(self) -> datetime:
        """Ask the sandbox what time it is. Raises ``SandboxError``, and the panel says so."""
        try:
            now = self._sandbox.now()
        except ConnectorError as error:
            self._say(str(error), False)
            raise
        self.now = now.isoformat(timespec="seconds")
        self._time.value = markup.facts("Clock of the sandbox", self._facts(now))
        self._say("", None)
        return now

    def close(self) -> None:
        """Take the panel away, when what is under way has ended."""
        if (worker := getattr(self, "_worker", None)) is not None:
            worker.close()
        super().close()

    def __repr__(self) -> str:
        return f"<ClockPanel: {self.now or 'no answer'}; run the notebook in JupyterLab to use it>"

    def _facts(self, now: datetime) -> list[tuple[str, Any]]:
        ahead = (now - datetime.now(UTC)).total_seconds()
        beside = f"{_long(ahead)} ahead of this machine" if ahead >= 1 else "the time of this machine"
        facts = [("now", f"{now:%Y-%m-%d %H:%M:%S} UTC, {beside}")]
        for what, moment in sorted(self._expiring(), key=lambda one: one[1]):
            left = (moment - now).total_seconds()
            when = f"in {_long(left)}" if left > 0 else f"{_long(-left)} ago"
            facts.append(
                ("expires" if left > 0 else "has expired", f"{what}, {when} ({moment:%H:%M:%S} UTC)")
            )
        return facts if len(facts) > 1 else [*facts, ("expires", "nothing that this kit holds")]

    def _advance_by_hand(self) -> None:
        with contextlib.suppress(ConnectorError):
            self.advance()

    def _by_hand(self) -> None:
        """Nobody would see a traceback of a callback; the panel has said what happened."""
        with contextlib.suppress(ConnectorError):
            self.refresh()

    def _say(self, words: str, good: bool | None) -> None:
        self._status.value = markup.note(words, good=good) if words else ""


def _long(seconds: float) -> str:
    """A duration in its two largest units."""
    whole, parts = timedelta(seconds=round(seconds)), []
    hours, rest = divmod(whole.seconds, 3600)
    for number, unit in ((whole.days, "day"), (hours, "hour"), (rest // 60, "minute"), (rest % 60, "second")):
        if number:
            parts.append(f"{number} {unit}{'' if number == 1 else 's'}")
    return " ".join(parts[:2]) or "0 seconds"
