"""Requests that wait on the sandbox's clock, for as long as their client does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Receive

from connectorkit.sandbox.schedule import Schedule


class Patience:
    """Lets requests wait, and all of them go at once. They are never more than there are connections."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._waits: set[Wait] = set()
        self._for_good = False

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waits)

    @asynccontextmanager
    async def of(self, receive: Receive) -> AsyncIterator[Wait]:
        """The waiting of one request, whose body has been read; it begins now."""
        wait = Wait(self._schedule)
        if self._for_good:
            wait.end()
        self._waits.add(wait)
        watch = asyncio.create_task(_watch(receive, wait))
        try:
            yield wait
        finally:
            self._waits.discard(wait)
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    def release(self, *, for_good: bool = False) -> None:
        """Let all go on now and wait no more; with ``for_good`` those that are yet to come, too."""
        self._for_good = self._for_good or for_good
        for wait in self._waits:
            wait.end()


class Wait:
    """What one request waits for; nothing any more once it has ended."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._begun = schedule.clock.now()
        self._woken: asyncio.Future[None] | None = None
        self.ended = False
        self.client_left = False

    @property
    def seconds(self) -> float:
        """How long it has been, by the sandbox's clock; all the time there is once it has ended."""
        return float("inf") if self.ended else self._schedule.clock.now() - self._begun

    async def until(self, seconds: float) -> None:
        """Wait until so many seconds after its begin, or until it ends."""
        left = seconds - self.seconds
        if left <= 0:
            return
        self._woken = asyncio.get_running_loop().create_future()
        timer = self._schedule.after(left, self._wake)
        try:
            await self._woken
        finally:
            timer.cancel()
            self._woken = None

    def end(self, *, client_left: bool = False) -> None:
        """Wait no more."""
        self.ended = True
        self.client_left = self.client_left or client_left
        self._wake()

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)


async def _watch(receive: Receive, wait: Wait) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass  # the rest of a body that nobody read
    wait.end(client_left=True)
