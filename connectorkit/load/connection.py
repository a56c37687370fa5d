"""One kept-alive HTTP connection that measures every phase of what goes over it."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Protocol, cast

import httptools

from connectorkit.load.figures import LOST, UNREADABLE
from connectorkit.load.places import Place

clock = time.perf_counter
_MOST_KEPT = 65_536  # bytes of an answer; what is longer is read and forgotten
_FRAMED = re.compile(rb"\r\n(?:content-length|transfer-encoding):", re.IGNORECASE)


class Owner(Protocol):
    """Whom a connection tells."""

    def ended(self, connection: Connection, ending: int, at: float) -> None:
        """A request has come to an end: a status, or one of ``figures.ENDINGS``."""

    def gone(self, connection: Connection) -> None:
        """The connection cannot be used any more."""


class Connection(asyncio.Protocol):
    """Sends one request at a time. Times are seconds of ``clock``."""

    __slots__ = (
        *("_owner", "_parser", "_transport", "body", "busy", "due", "first", "closed", "head", "operation"),
        *("place", "request", "sent", "since", "started"),
    )

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self.closed = self.busy = False
        self.operation, self.place = 0, cast(Place, None)
        self.due = self.since = self.started = self.sent = self.first = 0.0
        self.head = self.body = self.request = b""

    def __repr__(self) -> str:
        return f"<Connection: {'busy' if self.busy else 'idle'}>"

    def send(self, operation: int, place: Place, due: float, since: float, request: bytes) -> None:
        """Send a request that was ``due`` at that time, ``since`` seconds from the start."""
        self.operation, self.place, self.due, self.since, self.request = operation, place, due, since, request
        self.busy, self.first, self.body = True, 0.0, b""
        self.started = clock()
        self._transport.write(request)  # type: ignore[union-attr]
        self.sent = clock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        if not self.busy:  # nobody has asked
            self.close()
            return
        if not self.first:
            self.first, self.head = clock(), data
        elif len(self.head) < _MOST_KEPT:
            self.head += data
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:  # an error of our own, not of the answer
            raise error.__context__ or error from None
        except httptools.HttpParserError:
            self.fail(UNREADABLE)

    def on_body(self, body: bytes) -> None:
        """A piece of the answer's body."""
        if len(self.body) < _MOST_KEPT:
            self.body += body

    def on_message_complete(self) -> None:
        """The answer is complete."""
        at = clock()
        status = self._parser.get_status_code()
        if status < 200 or not self.busy:
            return
        self.busy = False
        if not self._parser.should_keep_alive():
            self.close()
        self._owner.ended(self, status, at)

    def connection_lost(self, error: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        # An answer without a length ends with its connection.
        if self.busy and error is None and b"\r\n\r\n" in self.head and not _FRAMED.search(self.head):
            self.on_message_complete()
        self.fail(LOST)

    def fail(self, ending: int) -> None:
        """Give up, and end what was under way like this."""
        busy, self.busy = self.busy, False
        self.close()
        if busy:
            self._owner.ended(self, ending, clock())

    def close(self) -> None:
        """Hang up."""
        if not self.closed:
            self.closed = True
            if self._transport is not None:
                self._transport.abort()
            self._owner.gone(self)
