"""What the sandbox tolerates but a client should know of: kept for a person to read, never in an answer."""

from __future__ import annotations

from collections import deque
from typing import Any

from connectorkit.sandbox.clock import Clock

_KEPT = 500
_LONGEST = 500  # characters; what clients send may stand in a warning, however long it is


class Warnings:
    """The latest warnings, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def add(self, about: str, text: str) -> None:
        """Keep one more; ``about`` names the request, conversation or app."""
        text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        self._kept.append({"at_ms": self._clock.now_ms(), "about": about, "text": text})

    def dump(self) -> list[dict[str, Any]]:
        """All that are kept."""
        return list(self._kept)

    def recall(self, kept: list[dict[str, Any]]) -> None:
        """Keep those instead."""
        self._kept = deque(kept, maxlen=_KEPT)

    def clear(self) -> None:
        """Forget them."""
        self._kept.clear()
