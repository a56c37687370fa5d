"""Sends what is due when it is due, however slow the answers are: an open loop.

Latency is measured from the moment a request was due, so the time that it waits for a free connection, or
for an answer that others wait for as well, is part of it. Nothing here makes an object for each request:
connections keep what is under way, and samples are numbers in one array.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from typing import Any

from connectorkit.load.connection import Connection, clock
from connectorkit.load.figures import (
    CROWDED,
    NOT_CONNECTED,
    NOTHING_OPEN,
    TIMED_OUT,
    UNREADABLE,
    WIDTH,
)
from connectorkit.load.network import Dialler
from connectorkit.load.options import Options
from connectorkit.load.places import Place
from connectorkit.load.planning import OPEN, SEND
from connectorkit.load.pool import Pool
from connectorkit.load.requests import Stationery
from connectorkit.load.steady import steadied
from connectorkit.load.upkeep import Upkeep
from connectorkit.load.watch import Watch

TIDY = 3  # closing what is still open when the run is over; not counted
_CONVERSATION = re.compile(rb'"conversationId"\s*:\s*"((?:[^"\\]|\\.){1,256})"')
_SAMPLES_AT_ONCE = 4096 * WIDTH
_ARRIVALS_AT_ONCE = 64  # then answers have their turn
_SWEEP_SECONDS, _FINEST_SWEEP_SECONDS = 0.25, 0.01
_TIDYING_ROUNDS = 3
Kept = Callable[[Connection, int, float], None]


class Engine(Pool):
    """One part of a run with a rate. ``kept`` is called with each exchange that has ended."""

    def __init__(
        self,
        options: Options,
        stationery: Stationery,
        dialler: Dialler,
        places: dict[int, Place],
        watch: Watch,
        *,
        part: int = 0,
        parts: int = 1,
        kept: Kept | None = None,
    ) -> None:
        super().__init__(stationery, dialler, options.share(options.connections, part, parts))
        self.options, self.watch = options, watch
        self.seconds = 0.0  # how long it took, from the start to the last answer
        self.gave_up = False  # because the service wanted to be left alone for longer than the run is
        self._part, self._parts = part, parts
        self._places, self._kept = places, kept
        self._upkeep = Upkeep(stationery)
        self._most_waiting = options.share(options.most_waiting, part, parts)
        self._waiting = 0
        self._unfinished = 0
        self._exhausted = False
        self._base = 0.0
        self._tidying = False

    async def run(self) -> None:
        """Send everything; returns when all is answered, or given up, and the conversations are closed."""
        self._loop = asyncio.get_running_loop()
        await self._dialler.look_up()
        self._finished = self._loop.create_future()
        self._loop.set_exception_handler(self._broken)
        sweeping = self._loop.create_task(self._sweep())
        sweeping.add_done_callback(self._watched)
        self.tally.warm_up()
        try:
            with steadied():
                self.watch.stage = "Sending"
                self._base = clock()
                self._exhausted = self.watch.stopped  # already, while tokens were fetched
                self._begin()
                await self._finished
            self.tally.fold()
            self.seconds = clock() - self._base
            if self.options.close:
                await self._tidy()
        finally:
            sweeping.cancel()
            for task in list(self._dialling):
                task.cancel()
            for connection in list(self._connections):
                connection.close()
            await asyncio.gather(sweeping, *self._dialling, self._upkeep.end(), return_exceptions=True)

    @property
    def left_open(self) -> int:
        """How many conversations are open still."""
        return sum(place.conversation is not None for place in self._places.values())

    # --- What is due -----------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._steps: Iterator[tuple[float, int, int]] = iter(self.options.plan(self._part, self._parts))
        self._next = next(self._steps, None)
        self._tick()

    def _tick(self) -> None:
        """Let begin whatever is due by now, then sleep until the next is."""
        lateness, left = self.tally.lateness, _ARRIVALS_AT_ONCE
        while self._next is not None and not self._exhausted:
            at, operation, number = self._next
            since = at + self.pauses.seconds
            due, now = self._base + since, clock()
            if due > now:
                self._loop.call_later(due - now, self._tick)
                return
            if not left:
                self._loop.call_soon(self._tick)
                return
            lateness.append(now - due)
            self._offer(operation, due, since, self._places[number])
            self._next, left = next(self._steps, None), left - 1
        self._exhausted = True
        self._check_finished()

    def _offer(self, operation: int, due: float, since: float, place: Place) -> None:
        self._unfinished += 1
        if not place.waiting and place.may(operation):
            self._go(operation, due, since, place)
        elif operation == SEND and self._waiting + len(self._pending) >= self._most_waiting:
            self._lost(operation, CROWDED, due, since)
        else:
            place.waiting.append((operation, due, since))
            self._waiting += 1

    def _go(self, operation: int, due: float, since: float, place: Place) -> None:
        if place.lacks(operation):
            self._lost(operation, NOTHING_OPEN, due, since)
            return
        connection = self._idle()
        if connection is not None:
            place.begin(operation)
            connection.send(operation, place, due, since, place.request(operation, self._stationery))
        elif operation == SEND and self._waiting + len(self._pending) >= self._most_waiting:
            self._lost(operation, CROWDED, due, since)
        else:
            place.begin(operation)
            self._pending.append((operation, due, since, place))
            self._grow()

    def _lost(self, operation: int, ending: int, due: float, since: float) -> None:
        """It never left."""
        if operation != TIDY:
            now = clock()
            self.tally.samples.extend((operation, ending, due, now, now, 0.0, now, since))
            self.watch.done += 1
        self._unfinished -= 1
        self._check_finished()

    def _check_finished(self) -> None:
        if self._exhausted and not self._unfinished and not self._finished.done():
            self._finished.set_result(None)

    # --- What has ended --------------------------------------------------------------------------------

    def ended(self, connection: Connection, ending: int, at: float) -> None:
        """See ``connection.Owner``."""
        operation, place = connection.operation, connection.place
        conversation = None
        if operation == OPEN and ending == 200:
            found = _CONVERSATION.search(connection.body)
            conversation, ending = (found[1], ending) if found else (None, UNREADABLE)
        if operation != TIDY:
            self.watch.done += 1
            samples = self.tally.samples
            samples.extend(
                (
                    *(operation, ending, connection.due, connection.started, connection.sent),
                    *(connection.first, at, connection.since),
                )
            )
            if len(samples) >= _SAMPLES_AT_ONCE:
                self.tally.fold()
        if self._kept is not None:
            self._kept(connection, ending, at)
        if ending != 200:
            self._refused(connection, ending)
        place.end(operation, ok=200 <= ending < 300, conversation=conversation)
        self._next_for(connection)

    def _next_for(self, connection: Connection) -> None:
        place = connection.place
        while place.waiting and place.may(place.waiting[0][0]):
            self._waiting -= 1
            self._go(*place.waiting.popleft(), place)
        self._unfinished -= 1
        if not connection.closed:
            self._take_up(connection)
        self._check_finished()

    def _refused(self, connection: Connection, ending: int) -> None:
        """Count why; wait where the service asks for it; fetch a token where that can help."""
        code = self._upkeep.after(ending, connection.body, connection.request)
        if code is not None and connection.operation != TIDY:
            self.tally.figures[connection.operation].codes[code] += 1
        seconds = self.pauses.asked(ending, connection.head)
        if seconds:
            self.pauses.begin(seconds)
            self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        if self.pauses.over():
            self._work_off()

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody has foreseen ends the run with its own error, instead of letting it wait for ever."""
        error = context.get("exception")
        if isinstance(error, Exception) and not self._finished.done():
            self._finished.set_exception(error)
        else:
            loop.default_exception_handler(context)

    def _unanswered(self, operation: int, due: float, since: float, place: Place) -> None:
        self._lost(operation, NOT_CONNECTED, due, since)
        while place.waiting and place.may(place.waiting[0][0]):
            self._waiting -= 1
            self._go(*place.waiting.popleft(), place)

    # --- Now and then ----------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        timeout, folded = self.options.timeout, clock()
        while True:
            await asyncio.sleep(min(_SWEEP_SECONDS, max(_FINEST_SWEEP_SECONDS, timeout / 10)))
            now = clock()
            for connection in list(self._connections):
                if connection.busy and now - connection.started > timeout:
                    connection.fail(TIMED_OUT)
            if self.pauses.seconds > self.pauses.longest(self.options.seconds):
                self.gave_up = True
            if self.watch.aborted or (not self._tidying and (self.watch.stopped or self.gave_up)):
                self._stop()
            if now - folded >= 1:
                folded = now
                self.tally.fold()
                self._upkeep.look()

    def _stop(self) -> None:
        """Nothing more begins. What waits is forgotten, what is under way is waited for."""
        self._exhausted = True
        for operation, _, _, place in self._pending:
            place.end(operation, ok=False)
        self._unfinished -= self._waiting + len(self._pending)
        self._waiting = 0
        self._pending.clear()
        for place in self._places.values():
            place.waiting.clear()
        self._check_finished()

    async def _tidy(self) -> None:
        self._tidying = True
        for _ in range(_TIDYING_ROUNDS):
            left = [place for place in self._places.values() if place.conversation is not None]
            if not left or self.watch.aborted:
                return
            self.watch.stage = f"Closing {len(left)} conversations"
            self._finished = self._loop.create_future()
            self._exhausted = False
            for place in left:
                self._offer(TIDY, now := clock(), now - self._base, place)
            self._exhausted = True
            self._check_finished()
            await self._finished
