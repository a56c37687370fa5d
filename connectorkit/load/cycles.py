"""As fast as so many connections go, each waiting for its answer: a closed loop.

It tells how much a service takes, not how long people wait: while an answer is late, nothing else is due.
"""

from __future__ import annotations

from connectorkit.load.connection import Connection, clock
from connectorkit.load.engine import Engine
from connectorkit.load.figures import NOT_CONNECTED
from connectorkit.load.network import UNREACHABLE
from connectorkit.load.places import Place
from connectorkit.load.planning import CLOSE, OPEN, Draw

_AGAIN_SECONDS = 0.1  # after a connection could not be opened


class Cycles(Engine):
    """Every connection has a place, and so a conversation, of its own."""

    _cycling = False

    def _begin(self) -> None:
        self._until = self._base + (0.0 if self._exhausted else self.options.seconds)
        self._cycling = self._exhausted = True
        self._unfinished = len(self._places)
        self._draw = Draw(dict(self.options.mix), self.options.seed + 1 + self._part)
        self._put_off: dict[Place, int] = {}  # what comes after an opening or closing that was put in
        for place in self._places.values():
            self._dial_for(place)
        self._check_finished()

    def _dial_for(self, place: Place) -> None:
        if not self._cycling or clock() >= self._until:
            self._retire()
            return
        task = self._loop.create_task(self._dial_and_cycle(place))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)
        task.add_done_callback(self._watched)

    async def _dial_and_cycle(self, place: Place) -> None:
        try:
            made = await self._dialler.dial(self)
        except UNREACHABLE as error:
            self.failure = error
            now = clock()
            since = now - self._base
            self.tally.samples.extend((OPEN, NOT_CONNECTED, now, now, now, 0.0, now, since))
            self._loop.call_later(_AGAIN_SECONDS, self._dial_for, place)
            return
        self._note(made, OPEN)
        self._cycle(made.connection, place)

    def _cycle(self, connection: Connection, place: Place) -> None:
        now = clock()
        if not self._cycling or now >= self._until:
            self._free.append(connection)
            self._retire()
        elif connection.closed:
            self._dial_for(place)
        elif self.pauses.on:
            self._loop.call_later(self.pauses.left, self._cycle, connection, place)
        else:
            operation = self._operation(place)
            place.begin(operation)
            request = place.request(operation, self._stationery)
            connection.send(operation, place, now, now - self._base, request)

    def _operation(self, place: Place) -> int:
        """The next one of the mix; or closing before another opening, opening before anything else."""
        operation = self._put_off.pop(place, -1) if self._put_off else -1
        if operation < 0:
            operation = self._draw.operation()
        there_is_one = place.conversation is not None
        if (operation != OPEN) is there_is_one:
            return operation
        self._put_off[place] = operation
        return CLOSE if there_is_one else OPEN

    def _next_for(self, connection: Connection) -> None:
        if self._cycling:
            self._cycle(connection, connection.place)
        else:
            super()._next_for(connection)

    def _retire(self) -> None:
        self._unfinished -= 1
        self._check_finished()

    def _resume(self) -> None:
        if self._cycling:
            self.pauses.over()
        else:
            super()._resume()

    def _stop(self) -> None:
        if self._cycling:
            self._until = 0.0
        else:
            super()._stop()

    async def _tidy(self) -> None:
        self._cycling = False
        await super()._tidy()
