"""Opens connections and tells how long each step took."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import Any

import httpx

from connectorkit.errors import NoAnswerError
from connectorkit.load.connection import Connection, Owner, clock

UNREACHABLE = (OSError, TimeoutError)


@dataclass(frozen=True)
class Opened:
    """A new connection; times in milliseconds, ``tls_ms`` only where there is TLS."""

    connection: Connection
    connect_ms: float
    tls_ms: float | None


class Dialler:
    """Knows where the service is. The name is looked up once, before the run."""

    def __init__(self, url: httpx.URL, timeout: float) -> None:
        self._host, self._timeout = url.host, timeout
        self._port = url.port or (443 if url.scheme == "https" else 80)
        self._context: ssl.SSLContext | None = None
        if url.scheme == "https":
            self._context = httpx.create_ssl_context()
        self._addresses: list[tuple[Any, ...]] = []

    async def look_up(self) -> None:
        """Find the addresses of the host. Raises ``NoAnswerError``."""
        loop = asyncio.get_running_loop()
        try:
            self._addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError as error:
            said = error.strerror or error
            raise NoAnswerError(f"{self._host} has no address ({said}). Check the network.") from None

    async def dial(self, owner: Owner) -> Opened:
        """Open a connection to the first address that takes it. Raises one of ``UNREACHABLE``."""
        failure: Exception = OSError("there is no address")
        async with asyncio.timeout(self._timeout):
            for family, kind, protocol, _, address in self._addresses:
                try:
                    return await self._to(owner, socket.socket(family, kind, protocol), address)
                except OSError as error:
                    failure = error
        raise failure

    async def _to(self, owner: Owner, plug: socket.socket, address: Any) -> Opened:
        loop, began = asyncio.get_running_loop(), clock()
        try:
            plug.setblocking(False)
            await loop.sock_connect(plug, address)
            connected = clock()
            secured = self._context is not None
            _, connection = await loop.create_connection(
                lambda: Connection(owner),
                sock=plug,
                ssl=self._context,
                server_hostname=self._host if secured else None,
            )
        except BaseException:
            plug.close()
            raise
        if connection.closed:
            raise ConnectionAbortedError("it was closed at once")
        tls_ms = (clock() - connected) * 1000 if secured else None
        return Opened(connection, (connected - began) * 1000, tls_ms)
