"""Work of a panel beside the kernel's own: a job, or a look again and again; it ends with the panel."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any

from connectorkit.errors import ConnectorError

_LONGEST_SECONDS = 10.0  # that closing waits for what is under way
# A refresh is followed by a rest so many times as long: what is measured must not be slowed by watching it.
_RESTS, _LONGEST_REST = 4, 2.0


class Worker:
    """Carries out one job at a time, in a thread that lives as long as the job.

    A job gets an event that is set when it should stop. What it raises is its own to tell. ``ended`` is
    called after it, when the next may begin.
    """

    def __init__(self, name: str, ended: Callable[[], Any] = lambda: None) -> None:
        self._name, self._ended = name, ended
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self.running = False

    def start(self, job: Callable[[threading.Event], Any]) -> None:
        """Begin a job and return at once. Raises ``ConnectorError`` while another is under way."""
        with self._guard:
            if self.running:
                raise ConnectorError("Something is under way here already. Wait for its end, or stop() it.")
            self.running, self._stopping = True, threading.Event()
            # So that a label of the cell counts in the thread as well.
            work = (contextvars.copy_context().run, job, self._stopping)
            self._thread = threading.Thread(target=self._carry_out, args=work, name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ask the job to stop; what it has begun it ends."""
        self._stopping.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for its end, at most so many seconds; whether it has come. The job itself does not wait."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout)
        return not thread.is_alive()

    def close(self) -> None:
        """Stop, and wait until it has."""
        self.stop()
        self.wait(_LONGEST_SECONDS)

    def _carry_out(self, run: Callable[..., Any], job: Callable[..., Any], stopping: threading.Event) -> None:
        try:
            run(job, stopping)
        finally:
            self.running = False
            self._ended()


class Pulse:
    """Calls ``look`` again and again in a thread, every so many seconds, until it returns ``False``.

    After a look that took long it rests longer.
    """

    def __init__(self, name: str, look: Callable[[], bool], every: float) -> None:
        self._look, self._every = look, every
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=name, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it still looks."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Look no more, and wait until that is so."""
        self._ending.set()
        if self._thread is not threading.current_thread():
            self._thread.join(_LONGEST_SECONDS)

    def _beat(self) -> None:
        rest = self._every
        while not self._ending.wait(rest):
            began = time.perf_counter()
            if not self._look():
                return
            rest = min(max(self._every, _RESTS * (time.perf_counter() - began)), _LONGEST_REST)
