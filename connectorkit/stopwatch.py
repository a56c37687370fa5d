"""Tells how long each phase of one exchange took, from httpcore's trace events, measured where they happen.

The phases leave no gap: each lasts until the next begins, and the last until the record is made. What comes
before the first is the time the request was held up, and so every sum is the total.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

# The event with which each phase begins, in the order in which they happen.
_BEGINNINGS = (
    ("connect_ms", "connect_tcp.started"),
    ("tls_ms", "start_tls.started"),
    ("send_ms", "send_request_headers.started"),
    # httpcore has no "wait" event: waiting begins when it turns to reading, and ends with the last header.
    ("wait_ms", "receive_response_headers.started"),
    ("receive_ms", "receive_response_headers.complete"),
)
_SEND, _TLS = "send_request_headers.started", "start_tls.started"


class Stopwatch:
    """Turns trace events into phase times in milliseconds; give it to httpcore as the extension ``trace``.

    ``clock`` gives seconds. What a proxy is asked and answers until its tunnel stands is part of the
    connect, as is the handshake with the proxy itself.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.started = clock()
        self.started_at = time.time_ns()
        self._marks: dict[str, float] = {}
        self._tunnelling = False

    def __call__(self, event: str, info: dict[str, Any]) -> None:
        """A trace callback for the synchronous httpcore."""
        now = self._clock()
        # Without the first part, which is the layer: "connection" or the version of HTTP.
        name = event[event.find(".") + 1 :]
        if name == _SEND:
            self._tunnelling = getattr(info.get("request"), "method", b"") == b"CONNECT"
            if self._tunnelling:
                self._marks.pop(_TLS, None)  # that was with the proxy
        elif name == _TLS:
            self._tunnelling = False
        if not self._tunnelling:
            self._marks[name] = now

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """A trace callback for the asynchronous httpcore."""
        self(event, info)

    def phases(self) -> dict[str, Any]:
        """The Exchange fields that tell time; a phase that did not begin is ``None``.

        The one that was under way when an exchange failed lasts until the failure.
        """
        end, marks = self._clock(), self._marks
        phases: dict[str, Any] = {}
        until = end
        for name, beginning in reversed(_BEGINNINGS):
            begun = marks.get(beginning)
            phases[name] = None if begun is None else (until - begun) * 1000
            until = until if begun is None else begun
        phases["total_ms"] = (end - self.started) * 1000
        # A reused connection emits no connection events.
        phases["reused_connection"] = None if _SEND not in marks else "connect_tcp.started" not in marks
        return phases
