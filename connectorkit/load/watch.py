"""What passes between a run and whoever watches it from another thread."""

from __future__ import annotations


class Watch:
    """``done`` requests have come to an end; ``stage`` says in words what goes on."""

    def __init__(self) -> None:
        self.done = 0
        self.stage = "Fetching tokens"
        self.stops = 0

    def stop(self) -> None:
        """Let no more requests begin. Asked twice, conversations are left open as well."""
        self.stops += 1

    @property
    def stopped(self) -> bool:
        """Whether it was asked to stop."""
        return self.stops > 0

    @property
    def aborted(self) -> bool:
        """Whether it was asked twice."""
        return self.stops > 1
