"""What every HTTP server of the kit shares: how uvicorn is set up, how it ends, and uvicorn on a thread."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Iterable
from typing import Any

import uvicorn

from connectorkit.bounded import BoundedProtocol

_KEEP_ALIVE_SECONDS = 75  # a person reads a while between two cells
SHUTDOWN_SECONDS = 2
_GOODBYE_SECONDS = 0.2
_START_SECONDS = 30


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
        proxy_headers=False,
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
