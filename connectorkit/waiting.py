"""Waiting before a request is repeated: for real, or on a clock that can be moved."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

import httpx

from connectorkit.calls import Call
from connectorkit.progress import saying


def reason(request: httpx.Request, status_code: int) -> str:
    """What the person at the keyboard is told meanwhile."""
    call = Call.of(request)
    return f"{call.operation} was answered {status_code}; attempt {call.attempt + 1}"


def wait(seconds: float, why: str) -> None:
    """Wait for real; over a second a line says why."""
    with _shown(seconds, why):
        time.sleep(seconds)


async def wait_async(seconds: float, why: str) -> None:
    """See ``wait``; other tasks go on meanwhile."""
    with _shown(seconds, why):
        await asyncio.sleep(seconds)


@contextlib.contextmanager
def _shown(seconds: float, why: str) -> Iterator[None]:
    with saying(f"{why} follows in {seconds:g} s") if seconds > 1 else contextlib.nullcontext():
        yield


class MovableClock(Protocol):
    """A clock of which one can take hold: that of the sandbox."""

    def now(self) -> datetime:
        """The time there."""
        ...

    def advance(self, *, seconds: float) -> object:
        """Let time pass."""
        ...


class ClockPause:
    """Waits by moving a clock on. Several who wait at once wait for the same time, not one after another."""

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock
        self._moving = threading.Lock()

    def __call__(self, seconds: float, why: str) -> None:
        """Return when so many seconds have passed there."""
        began = self._clock.now()
        with self._moving:
            passed = (self._clock.now() - began).total_seconds()
            if passed < seconds:
                self._clock.advance(seconds=seconds - passed)

    async def for_tasks(self, seconds: float, why: str) -> None:
        """The same for tasks: the clock is moved in a thread."""
        await asyncio.to_thread(self, seconds, why)
