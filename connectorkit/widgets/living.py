"""What a panel does while it is on a screen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import ipywidgets

from connectorkit.errors import ConnectorError
from connectorkit.widgets.still import Still


class Panel(Still):
    """A panel with a heartbeat for as long as somebody can see it."""

    def __init__(self, children: list[ipywidgets.Widget], *, heartbeat: Ticker | None = None) -> None:
        super().__init__(children)
        self.heartbeat = heartbeat
        if heartbeat is not None:
            # A number here makes browsers count how many views there are.
            self._view_count = 0
            self.observe(self._on_views, "_view_count")

    def close(self) -> None:
        """Take the panel away; it no longer updates itself."""
        if (heartbeat := getattr(self, "heartbeat", None)) is not None:
            heartbeat.stop()
        super().close()

    def _on_views(self, change: Any) -> None:
        if self.heartbeat is not None:
            if change["new"]:
                self.heartbeat.start()
            else:
                self.heartbeat.stop()


class Ticker:
    """Calls ``action`` every so many seconds on the kernel's own loop, between cells: no thread waits for it.

    ``action`` must be quick. Where there is no loop, as in a script, nothing is called.
    """

    def __init__(self, seconds: float, action: Callable[[], Any]) -> None:
        self._seconds = seconds
        self._action = action
        self._due: asyncio.TimerHandle | None = None
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    @property
    def running(self) -> bool:
        """Whether it will call again."""
        return self._due is not None

    def start(self) -> None:
        """Go on until ``stop()``; once is enough."""
        if self._due is None and self._loop is not None and not self._loop.is_closed():
            self._due = self._loop.call_later(self._seconds, self._tick)

    def stop(self) -> None:
        """Call no more."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _tick(self) -> None:
        self._due = None
        self.start()
        with contextlib.suppress(
            ConnectorError
        ):  # a closed log, for instance: the next refresh by hand says it
            self._action()
