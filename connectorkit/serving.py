"""What every HTTP server of the kit shares: uvicorn with the bounds it lacks, and uvicorn on a thread.

The bounds are time for the headers and number of connections; those of a body are the app's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 15
MAX_CONNECTIONS = 2000
_KEEP_ALIVE_SECONDS = 75  # a person reads a while between two cells
SHUTDOWN_SECONDS = 2
_GOODBYE_SECONDS = 0.2
_START_SECONDS = 30


HANG_UP = "connectorkit.hang_up"  # the ASGI extension under which a request has its ``HangUp``


class HangUp:
    """Ends a request's connection on purpose, as broken servers and networks do."""

    def __init__(self, protocol: H11Protocol) -> None:
        self._protocol = protocol

    def now(self) -> None:
        """Close it: what was sent goes out, and whatever is sent from here on is dropped."""
        self._protocol.cycle.disconnected = True
        self._protocol.transport.close()

    def after_answer(self) -> None:
        """Close it right after the answer, which does not announce that."""
        self._protocol.cycle.keep_alive = False


class BoundedProtocol(H11Protocol):
    """Closes connections that do not finish their headers in time; answers bad HTTP in JSON.

    Each request can also have its connection closed, by the ASGI extension ``HANG_UP``.
    """

    _deadline: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        app, extensions = self.app, {HANG_UP: HangUp(self)}

        async def extended(scope: Any, receive: Any, send: Any) -> None:
            scope["extensions"] = dict(extensions)
            await app(scope, receive, send)

        self.app = extended

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept one more connection, unless there are too many."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._watch_headers()

    def data_received(self, data: bytes) -> None:
        """Read on, and start or stop the clock for the headers."""
        super().data_received(data)
        self._watch_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._disarm()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP gets a JSON answer, as everything here does."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):  # an answer is out already
            self.transport.close()
            return
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=json.dumps({"error": msg}).encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch_headers(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._disarm()
        elif self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def bounded_config(app: Any, host: str, port: int = 0) -> uvicorn.Config:
    """How every server of the kit is run."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


class PromptServer(uvicorn.Server):
    """A server that ends soon, whatever its clients do."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests under way end, for two seconds at most, then hang up on everybody."""
        parting = asyncio.create_task(self._part())
        await super().shutdown(sockets)
        parting.cancel()
        self._hang_up(self.server_state.connections)
        await asyncio.sleep(0)  # so that the sockets are closed before the loop is

    async def _part(self) -> None:
        """TLS waits for the other side's goodbye, and a client at rest gives none."""
        while True:
            await asyncio.sleep(_GOODBYE_SECONDS)
            self._hang_up(c for c in self.server_state.connections if c.transport.is_closing())

    @staticmethod
    def _hang_up(connections: Iterable[Any]) -> None:
        for connection in list(connections):
            connection.transport.abort()


class ListenError(OSError):
    """The address cannot be listened on."""


class Listener:
    """One ASGI app, served by uvicorn on a daemon thread with an event loop of its own."""

    def __init__(self, app: Any, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        # Those who look for uvicorn's warnings still get them; nobody else's screen does.
        logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())
        config = bounded_config(app, host, port)
        config.load()
        config.ssl = context
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, name="connectorkit listener", daemon=True)

    @property
    def listening(self) -> bool:
        """Whether requests are answered; false in a process forked from this one."""
        return self._thread.is_alive() and self._server.started and not self._server.should_exit

    def start(self) -> tuple[str, int]:
        """Listen; the address and port that it is. Raises ``ListenError``."""
        self._thread.start()
        if not self._server.settled.wait(_START_SECONDS) or not self._server.started:
            self.stop()
            raise self._server.problem or ListenError("the server did not start")
        host, port = self._server.servers[0].sockets[0].getsockname()[:2]
        return host, port

    def stop(self) -> None:
        """Let requests under way end, for two seconds at most, and free the port."""
        self._server.should_exit = True
        if self._thread is not threading.current_thread():
            self._thread.join(2 * SHUTDOWN_SECONDS)


class _Server(PromptServer):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self.problem: ListenError | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        except SystemExit as error:  # uvicorn's way to say that the socket could not be bound
            self.problem = ListenError(str(error.__context__))
            self.problem.__cause__ = error.__context__
        finally:
            self.settled.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # uvicorn makes the socket itself: one bound before may lack TCP_NODELAY, 40 ms a call.
        await super().startup(sockets)
        self.settled.set()
