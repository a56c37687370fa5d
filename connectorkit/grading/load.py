"""How busy this machine is while something is timed: what slows the grader, too, is no defect."""

from __future__ import annotations

import hashlib
import threading
import time
from types import TracebackType
from typing import Self

_BLOCK = bytes(1024 * 1024)  # large, so that it is hashed without the interpreter's lock
_SHORTEST_SECONDS = 0.1  # what is shorter than a turn of the scheduler says little
_LEAST_SECONDS = 0.001


class Load:
    """A piece of work of the grader's own beside what is timed.

    ``slowdown`` is known afterwards: how many times longer than on an idle processor that work took.
    """

    def __init__(self) -> None:
        self.slowdown = 1.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="connectorkit load", daemon=True)

    def __enter__(self) -> Self:
        self._started = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        time.sleep(max(0.0, self._started + _SHORTEST_SECONDS - time.perf_counter()))
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        before = time.thread_time()
        while not self._over.is_set():
            hashlib.sha1(_BLOCK, usedforsecurity=False)
        worked = max(time.thread_time() - before, _LEAST_SECONDS)
        self.slowdown = max(1.0, (time.perf_counter() - self._started) / worked)


def slowdown() -> float:
    """The slowdown of this moment."""
    with Load() as load:
        pass
    return load.slowdown
