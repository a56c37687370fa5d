"""The connections of a run, at most so many, and what waits until one is free."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from connectorkit.load.connection import Connection
from connectorkit.load.figures import Tally
from connectorkit.load.network import UNREACHABLE, Dialler, Opened
from connectorkit.load.pauses import Pauses
from connectorkit.load.places import Place
from connectorkit.load.planning import OPEN, OPERATIONS
from connectorkit.load.requests import Stationery


class Pool:
    """Opens a connection when something waits for one, as long as there are fewer than ``most``."""

    def __init__(self, stationery: Stationery, dialler: Dialler, most: int) -> None:
        self.tally, self.pauses = Tally(), Pauses()
        self.opened = 0  # connections
        self.failure: Exception | None = None  # why the last one could not be opened
        self._stationery, self._dialler, self._most = stationery, dialler, most
        self._connections: set[Connection] = set()
        self._free: list[Connection] = []
        self._dialling: set[asyncio.Task[None]] = set()
        self._pending: deque[tuple[int, float, float, Place]] = deque()

    def _idle(self) -> Connection | None:
        while self._free and not self.pauses.on:
            connection = self._free.pop()
            if not connection.closed:
                return connection
        return None

    def _take_up(self, connection: Connection) -> None:
        """Let a free connection send what waits longest."""
        if self._pending and not self.pauses.on:
            operation, due, since, place = self._pending.popleft()
            connection.send(operation, place, due, since, place.request(operation, self._stationery))
        else:
            self._free.append(connection)

    def _work_off(self) -> None:
        while self._pending and (connection := self._idle()) is not None:
            self._take_up(connection)
        self._grow()

    def _grow(self) -> None:
        dialling = len(self._dialling)
        if dialling < len(self._pending) and len(self._connections) + dialling < self._most:
            task = asyncio.get_running_loop().create_task(self._dial())
            self._dialling.add(task)
            task.add_done_callback(self._watched)

    async def _dial(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "it is made as one"
        try:
            made = await self._dialler.dial(self)
        except UNREACHABLE as error:
            self.failure = error
            self._dialling.discard(task)
            if self._pending:
                operation, due, since, place = self._pending.popleft()
                place.end(operation, ok=False)
                self._unanswered(operation, due, since, place)
            self._grow()
            return
        self._dialling.discard(task)
        self._note(made, self._pending[0][0] if self._pending else OPEN)
        self._take_up(made.connection)
        self._grow()

    def _note(self, made: Opened, operation: int) -> None:
        """Count a new connection with the operation that waited for it."""
        self._connections.add(made.connection)
        self.opened += 1
        times = self.tally.figures[operation if operation < len(OPERATIONS) else OPEN].times
        times["connect"].record(made.connect_ms)
        if made.tls_ms is not None:
            times["tls"].record(made.tls_ms)

    def _unanswered(self, operation: int, due: float, since: float, place: Place) -> None:
        """What waited for a connection that could not be opened has come to its end."""
        raise NotImplementedError

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody has foreseen."""
        raise NotImplementedError

    def _watched(self, task: asyncio.Task[None]) -> None:
        """See to it that an error in a task ends the run, as one in a callback does."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken(task.get_loop(), {"exception": error, "message": "A task of the engine failed"})

    def ended(self, connection: Connection, ending: int, at: float) -> None:
        """See ``connection.Owner``."""
        raise NotImplementedError

    def gone(self, connection: Connection) -> None:
        """See ``connection.Owner``."""
        self._connections.discard(connection)
        if self._pending:
            self._grow()
