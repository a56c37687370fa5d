"""uvicorn's HTTP over httptools, with the bounds it lacks, and quicker where a request need not wait.

The bounds are time and length of the headers and number of connections; those of a body are the app's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEADER_SECONDS = 15
MAX_HEAD_BYTES = 64 * 1024
MAX_CONNECTIONS = 2000
_TOO_LONG = "The headers are too long"

# ASGI extensions under which a request finds a ``HangUp``, and a function that gives its body where all of it
# has arrived, else ``None``: nearly always nobody need wait for it and watch the time.
HANG_UP, ARRIVED = "connectorkit.hang_up", "connectorkit.arrived"


class Answer(Protocol):
    """A whole answer; Starlette's responses are such."""

    status_code: int
    raw_headers: list[tuple[bytes, bytes]]
    body: Any


Prompt = Callable[[Any], Callable[[bytes], Answer] | None]


class HangUp:
    """Ends the connection of the request that is answered, on purpose, as broken servers and networks do."""

    def __init__(self, protocol: BoundedProtocol) -> None:
        self._protocol = protocol
        # Asked for now: once it is closed, a transport over TLS no longer tells.
        self._socket = protocol.transport.get_extra_info("socket")
        self._tls = protocol.transport.get_extra_info("ssl_object") is not None

    def now(self) -> None:
        """Close it: what was sent goes out, and whatever is sent from here on is dropped."""
        self._protocol.answering.disconnected = True
        transport = self._protocol.transport
        self._protocol.answering.transport.close()
        with contextlib.suppress(OSError):  # the client was quicker
            if not self._tls and not transport.get_write_buffer_size():
                # Else it would be closed in the loop's next turn only.
                self._socket.shutdown(socket.SHUT_WR)
            self._cork(False)

    def after_answer(self) -> None:
        """Let the answer that is sent from here on be the last, without a word of it; ``now`` follows it.

        Its bytes leave together with the end of the connection, where the system can do that. Else a quick
        client could send its next request in between, and see another error each time.
        """
        self._protocol.pipeline.clear()
        self._cork(True)

    def _cork(self, on: bool) -> None:
        if hasattr(socket, "TCP_CORK"):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, on)


class _OneWrite:
    """Sends the head of an answer together with the first part of its body.

    In two writes each answer would cost two calls of the system and wake its reader twice. A head whose body
    keeps everybody waiting leaves in the loop's next turn.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._head = data
            self._loop.call_soon(self.flush)
            return
        self._transport.write(data)

    def flush(self) -> None:
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """Bounds what a client may send before a request begins to be answered; answers bad HTTP in JSON.

    Headers must come in time and be no longer than ``MAX_HEAD_BYTES``. An app that has a method ``prompt`` is
    asked with it for a function that answers a request (no HEAD) from its body, without waiting; where there
    is one, and all of the request has come, no task is started for it.
    """

    answering: RequestResponseCycle  # the request at work; ``cycle`` is the one that was read last
    _deadline: asyncio.TimerHandle | None = None
    # To be answered as soon as all that came is read, and how.
    _held: tuple[RequestResponseCycle, Callable[[bytes], Answer]] | None = None
    _rests_since: float | None = None
    _in_head = True  # from the end of a request to the end of the next one's headers
    _arriving = 0  # bytes of what is being read now
    _unread = 0  # bytes that came since there was last something to show for them

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept one more connection, unless there are too many."""
        super().connection_made(transport)
        self._hang_up = HangUp(self)
        self._prompt: Prompt = getattr(self.app, "prompt", lambda scope: None)
        self._one_write: Any = _OneWrite(transport, self.loop)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._arm()

    def data_received(self, data: bytes) -> None:
        """Read on; starts the clock for the headers where they have only begun."""
        self._arriving = len(data)
        self._unread += self._arriving
        super().data_received(data)
        if self._held is not None:
            self._answer(*self._held)
        if self._unread > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(_TOO_LONG)
        elif self._in_head and self._unread and (self.cycle is None or self.cycle.response_complete):
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._disarm()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        super().connection_lost(exc)

    # --- What the parser tells -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        extensions: Any = {HANG_UP: self._hang_up, ARRIVED: self._arrived}
        self.scope["extensions"] = extensions
        self._unread = self._arriving

    def on_headers_complete(self) -> None:
        """The request can be answered, unless its headers are too long, or do not name one host."""
        if self._unread > MAX_HEAD_BYTES and self._head_bytes() > MAX_HEAD_BYTES:  # else it is the body's
            raise ValueError(_TOO_LONG)
        if [name for name, _ in self.headers].count(b"host") != 1 and self.parser.get_http_version() != "1.0":
            raise ValueError("no host, or several")
        if self._deadline is not None:
            self._disarm()
        self._in_head, self._unread = False, 0
        super().on_headers_complete()
        self.headers = []  # of trailers, which nobody here asks for

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request ends; what comes now belongs to the next one."""
        self._in_head, self._unread = True, 0
        super().on_message_complete()

    def _arrived(self) -> bytes | None:
        return None if self.answering.more_body else bytes(self.answering.body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.answering = cycle
        cycle.transport = self._one_write
        # One that was pipelined has its body already, and waits for the loop's next turn like any other.
        answer = self._prompt(cycle.scope) if cycle.more_body and app is self.app else None
        if answer is None:
            super()._start_asgi_task(cycle, app)
        else:
            self._held = cycle, answer

    def _answer(self, cycle: RequestResponseCycle, answer: Callable[[bytes], Answer]) -> None:
        self._held = None
        if cycle.more_body or cycle.disconnected or self.flow.write_paused:
            super()._start_asgi_task(cycle, self.app)
            return
        response = answer(bytes(cycle.body))
        parts = [STATUS_LINE[response.status_code]]
        for name, value in (*self.server_state.default_headers, *response.raw_headers):
            parts += (name, b": ", value, b"\r\n")
        if not cycle.keep_alive:
            parts.append(b"connection: close\r\n")
        self.transport.write(b"".join([*parts, b"\r\n", response.body]))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    # --- A connection at rest ------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """The next request may come. Unlike uvicorn's, one timer serves all rests of a connection."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._rests_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wake_after(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        self._rests_since = None

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has rested for long enough."""
        self.timeout_keep_alive_task = None
        if self._rests_since is None:
            return
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._wake_after(left)
        else:
            super().timeout_keep_alive_handler()

    def _wake_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    # --- What is no HTTP -----------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP gets a JSON answer, as everything here does."""
        cycle = self.cycle
        if cycle is not None and not (self._in_head and cycle.response_complete):
            if (
                self._in_head
            ):  # it came behind a request that is yet to be answered, and that is answered first
                cycle.keep_alive = False
                self.flow.pause_reading()
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.close()
                return
        body = json.dumps({"error": msg}).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    # --- The time for the headers --------------------------------------------------------------------

    def _arm(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
