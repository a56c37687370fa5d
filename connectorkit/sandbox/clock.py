"""The sandbox's clock: real time plus whatever was advanced, so an hour can pass in a millisecond."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds since the epoch, which may be moved forward."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self.advanced_seconds = 0.0

    def now(self) -> float:
        """The sandbox's time in seconds."""
        return self._real() + self.advanced_seconds

    def now_ms(self) -> int:
        """The sandbox's time in milliseconds, as the wire has it."""
        return int((self._real() + self.advanced_seconds) * 1000)

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self.advanced_seconds += seconds

    def reset(self) -> None:
        """Return to real time."""
        self.advanced_seconds = 0.0
