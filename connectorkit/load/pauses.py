"""Waiting when the service asks for it. All that is due later is due later by as much."""

from __future__ import annotations

from connectorkit.load.connection import clock
from connectorkit.retries import PUBLISHED, retry_after

_LEAST_OF_A_RUN = 60.0  # seconds that a run may be paused in all, however short it is


class Pauses:
    """How often, and how many ``seconds`` in all; ``on`` while there is one."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0
        self.on = False
        self._until = 0.0

    def asked(self, status: int, head: bytes) -> float:
        """The seconds that an answer asks to wait for; 0 where it does not.

        After a 429 it is a second at least. Of an answer that asks for very long, as much is granted as the
        kit's client would wait.
        """
        if status not in (429, 503):
            return 0.0
        asked = retry_after(_headers(head))
        if status == 429:
            asked = max(asked, PUBLISHED.rate_limit_pause)
        return min(asked, PUBLISHED.longest_pause)

    def begin(self, seconds: float) -> None:
        """Wait from now on, or longer than was meant."""
        now = clock()
        until = now + seconds
        if until <= self._until:
            return
        self.count += not self.on
        self.seconds += until - max(now, self._until)
        self.on, self._until = True, until

    def over(self) -> bool:
        """Whether it is over, which is asked when it may be."""
        if self.on and clock() >= self._until - 1e-4:
            self.on = False
        return not self.on

    @property
    def left(self) -> float:
        """Seconds until it is over."""
        return max(0.0, self._until - clock())

    @staticmethod
    def longest(run_seconds: float) -> float:
        """How long a run may be paused in all; then it stops."""
        return max(_LEAST_OF_A_RUN, run_seconds)


def _headers(head: bytes) -> list[tuple[str, str]]:
    lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]
