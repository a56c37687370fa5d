"""Things to do at a time of the sandbox's clock, whether it passes by itself or is advanced."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context, ContextVar
from typing import Any

from connectorkit.sandbox.clock import Clock

Action = Callable[[], Awaitable[None] | None]

_KEPT_FAILURES = 100
_LONGEST_WAIT_SECONDS = 3600.0  # of the event loop; it then looks again
_SHORTEST_WAIT_SECONDS = 0.001  # a clock that stands still must not keep the loop busy
_ROUNDING_SECONDS = 1e-6  # sums of seconds since the epoch are no finer than this
_MANY_CANCELLED = 1000


class Timer:
    """One thing to do at its time."""

    __slots__ = ("_schedule", "action", "cancelled", "due", "sleeper")

    def __init__(self, schedule: Schedule, due: float, action: Action) -> None:
        self._schedule = schedule
        self.due = due
        self.action = action
        self.cancelled = False
        self.sleeper: asyncio.Future[None] | None = None

    def cancel(self) -> None:
        """Do not do it. Cancelling twice, or too late, does nothing."""
        if not self.cancelled:
            self.cancelled = True
            self._schedule._note_cancelled()


class _Flight:
    """An action under way. It is asleep while anything in it sleeps."""

    __slots__ = ("asleep", "schedule", "task")

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.asleep = 0
        self.task: asyncio.Task[None] | None = None


# Kept in the context rather than by task: what an action waits for may run in a task of its own.
_FLIGHT: ContextVar[_Flight | None] = ContextVar("connectorkit_flight", default=None)


class Schedule:
    """Does things when their time comes.

    May be made and filled before an event loop runs; it starts to wait when something is scheduled inside
    one. An action that fails does not stop the others: its exception is in ``failures`` (the last hundred)
    and goes to the loop's exception handler.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.failures: list[BaseException] = []
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = 0
        self._cancelled = 0
        self._flights: set[_Flight] = set()
        self._flying = 0
        self._idle_waiters: list[asyncio.Future[None]] = []
        self._advancing = asyncio.Lock()
        self._generation = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_due = math.inf
        self._alarm_set_at = 0.0

    def after(self, seconds: float, action: Action) -> Timer:
        """Do something once, so many seconds of the sandbox's clock from now."""
        timer = Timer(self, self.clock.now() + max(0.0, seconds), action)
        self._number += 1
        heapq.heappush(self._heap, (timer.due, self._number, timer))
        self._arm()
        return timer

    def soon(self, action: Action) -> None:
        """Do something now, as a task of its own; it is in flight from here on."""
        if _running_loop() is None:
            self.after(0, action)
        else:
            self._start(action)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the sandbox's clock. Whoever sleeps is not in flight."""
        woken = asyncio.get_running_loop().create_future()
        flight = _FLIGHT.get()
        if flight is None or flight.schedule is not self or flight not in self._flights:
            flight = None
        asleep = True

        def wake() -> None:
            nonlocal asleep
            if asleep:
                asleep = False
                self._wake(flight)
            if not woken.done():
                woken.set_result(None)

        timer = self.after(seconds, wake)
        timer.sleeper = woken
        self._fall_asleep(flight)
        try:
            await woken
        finally:
            timer.cancel()
            if asleep:
                asleep = False
                self._wake(flight)

    async def advance(self, seconds: float, *, settle: bool = True) -> None:
        """Let so many seconds pass at once, from one due time to the next, each thing at its own time.

        With ``settle`` the clock does not move on while anything is in flight; what is scheduled on the
        way and falls into the span is done too. Advances wait for each other. Raises ``ValueError`` for
        seconds that are not a number from 0 on, and ``RuntimeError`` when an action of the schedule calls it.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"Time can be advanced by 0 seconds or more, not by {seconds!r}.")
        if settle and self._in_own_flight():
            raise RuntimeError(
                "An action of the schedule cannot advance the clock: it would wait for itself."
            )
        async with self._advancing:
            generation = self._generation
            end = self.clock.advanced_seconds + seconds
            while True:
                if settle:
                    await self._idle()
                if generation != self._generation:  # everything was reset meanwhile
                    return
                timer = self._next()
                now = self.clock.now()
                left = max(0.0, end - self.clock.advanced_seconds)
                if timer is None or timer.due > now + left + _ROUNDING_SECONDS:
                    break
                self.clock.advance(min(left, max(0.0, timer.due - now)))
                self._run_due()
                await asyncio.sleep(0)  # others share the loop
            self.clock.advanced_seconds = max(end, self.clock.advanced_seconds)
            self._arm()

    async def settle(self, within: float = 0.0) -> bool:
        """Wait, really, until nothing is in flight or due within so many seconds; whether it came to that."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        horizon = self.clock.now() + within
        while True:
            await asyncio.sleep(0)
            left = deadline - loop.time()
            timer = self._next()
            if not self._flying and (timer is None or timer.due > horizon):
                return True
            if left <= 0:
                return False
            if self._flying:
                await asyncio.wait([self._idle_waiter(loop)], timeout=left)
            elif timer is not None:
                due_in = timer.due - self.clock.now()
                await asyncio.sleep(min(left, max(_SHORTEST_WAIT_SECONDS, due_in)))

    def reset(self) -> None:
        """Forget what was scheduled and end what is in flight, but for the caller; the clock stays."""
        self._generation += 1
        timers, self._heap, self._cancelled = self._heap, [], 0
        self.failures.clear()
        caller = _FLIGHT.get()
        for flight in list(self._flights):
            if flight is not caller and flight.task is not None:
                flight.task.cancel()
        for _, _, timer in timers:
            if timer.sleeper is not None and not timer.cancelled:
                timer.action()  # who sleeps outside an action, such as a request, must not sleep for ever
            timer.cancelled = True
        self._arm()

    # --- Time ----------------------------------------------------------------------------------------

    def _next(self) -> Timer | None:
        while self._heap and self._heap[0][2].cancelled:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0][2] if self._heap else None

    def _run_due(self) -> None:
        limit = self.clock.now() + _ROUNDING_SECONDS
        due: list[Timer] = []
        while (timer := self._next()) is not None and timer.due <= limit:
            heapq.heappop(self._heap)
            due.append(timer)
        generation = self._generation
        for timer in due:
            if not timer.cancelled and generation == self._generation:  # by one that ran just before
                timer.cancelled = True
                self._run(timer.action)

    def _arm(self) -> None:
        """Have the loop ring at the next due time, if a loop runs."""
        loop = _running_loop()
        timer = self._next()
        if loop is None:
            return
        if self._alarm is not None:
            known = self._loop is loop and self._alarm_set_at == self.clock.advanced_seconds
            if known and timer is not None and self._alarm_due <= timer.due:
                return  # it rings early enough
            self._alarm.cancel()
            self._alarm = None
        if timer is not None:
            wait = min(_LONGEST_WAIT_SECONDS, max(_SHORTEST_WAIT_SECONDS, timer.due - self.clock.now()))
            self._loop, self._alarm_due, self._alarm_set_at = loop, timer.due, self.clock.advanced_seconds
            # In a context of its own: what it runs is not part of the action that happened to set it.
            self._alarm = loop.call_later(wait, self._ring, context=Context())

    def _ring(self) -> None:
        self._alarm = None
        self._run_due()
        self._arm()

    def _note_cancelled(self) -> None:
        # Timers that are moved again and again must not pile up until their first due time.
        self._cancelled += 1
        if self._cancelled > _MANY_CANCELLED and self._cancelled * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if not entry[2].cancelled]
            heapq.heapify(self._heap)
            self._cancelled = 0

    # --- Actions under way ---------------------------------------------------------------------------

    def _run(self, action: Action) -> None:
        try:
            result = action()
        except Exception as error:
            self._report(error)
        else:
            if result is not None:
                task = self._start(lambda: result)
                if isinstance(result, Coroutine):  # ended before it began, it would warn of not being awaited
                    task.add_done_callback(lambda _: result.close())

    def _start(self, action: Action) -> asyncio.Task[None]:
        flight = _Flight(self)
        self._flights.add(flight)
        self._flying += 1
        flight.task = asyncio.get_running_loop().create_task(self._fly(flight, action))
        flight.task.add_done_callback(lambda _: self._land(flight))
        return flight.task

    async def _fly(self, flight: _Flight, action: Action) -> None:
        _FLIGHT.set(flight)
        try:
            result = action()
            if result is not None:
                await result
        except Exception as error:
            self._report(error)

    def _land(self, flight: _Flight) -> None:
        self._flights.discard(flight)
        if not flight.asleep:
            self._count_down()

    def _fall_asleep(self, flight: _Flight | None) -> None:
        if flight is not None:
            flight.asleep += 1
            if flight.asleep == 1:
                self._count_down()

    def _wake(self, flight: _Flight | None) -> None:
        # Counted when its time comes, not when it gets to run: the clock must not move on in between.
        if flight is not None and flight in self._flights:
            flight.asleep -= 1
            if flight.asleep == 0:
                self._flying += 1

    def _count_down(self) -> None:
        self._flying -= 1
        if not self._flying:
            waiters, self._idle_waiters = self._idle_waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    def _idle_waiter(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        waiter: asyncio.Future[None] = loop.create_future()
        self._idle_waiters.append(waiter)
        return waiter

    async def _idle(self) -> None:
        while self._flying:
            await self._idle_waiter(asyncio.get_running_loop())

    def _in_own_flight(self) -> bool:
        flight = _FLIGHT.get()
        return flight is not None and flight in self._flights

    def _report(self, error: Exception) -> None:
        self.failures.append(error)
        del self.failures[:-_KEPT_FAILURES]
        context: dict[str, Any] = {
            "message": "An action of the sandbox's schedule failed",
            "exception": error,
        }
        if (loop := _running_loop()) is not None:
            loop.call_exception_handler(context)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
