"""What keeps the engine punctual: timers finer than a millisecond, and a collector that does not look far."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import select
import selectors
import sys
import threading
from collections.abc import Iterator
from typing import Any

_SWITCH_SECONDS = 0.0005  # another thread of this process holds the interpreter's lock no longer than that
_MOST_DESCRIPTORS = 1024  # select() knows no higher ones


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop whose timers are punctual to some ten microseconds."""
    return asyncio.SelectorEventLoop(_selector())


def _selector() -> selectors.BaseSelector:
    if not hasattr(selectors, "EpollSelector"):
        return selectors.DefaultSelector()  # kqueue waits as exactly as it is told to

    class Punctual(selectors.EpollSelector):
        """epoll_wait counts whole milliseconds; select() on the descriptor of epoll itself, microseconds."""

        def select(self, timeout: float | None = None) -> Any:
            number = self.fileno()
            if timeout is None or timeout <= 0 or number >= _MOST_DESCRIPTORS:
                return super().select(timeout)
            ready = super().select(0)  # where much goes on, this is all there is to do
            if not ready:
                select.select((number,), (), (), timeout)
                ready = super().select(0)
            return ready

    return Punctual()


_lock = threading.Lock()
_users = 0
_before = 0.0


@contextlib.contextmanager
def steadied() -> Iterator[None]:
    """While this lasts, the garbage collector leaves alone what is there already, however often it runs.

    Several runs of one process share it: the first sets it up, the last one takes it back.
    """
    global _users, _before
    with _lock:
        _users += 1
        if _users == 1:
            _before = sys.getswitchinterval()
            sys.setswitchinterval(min(_before, _SWITCH_SECONDS))
            gc.collect()
            gc.freeze()
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                gc.unfreeze()
                sys.setswitchinterval(_before)
