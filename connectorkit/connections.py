"""Kept-alive connections to a few hosts, each used by one request at a time, without the queues of a pool.

A kit talks to a handful of hosts, so the bookkeeping of httpx's pool would cost more than what it keeps.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
import threading
from collections.abc import Iterator

import httpx

from connectorkit.http11 import Connection

# Connections are kept while a person reads a page between two cells.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=60)

_Key = tuple[bytes, bytes, int | None]


class Connections(httpx.BaseTransport):
    """A transport with at most ``LIMITS`` connections; safe to share between threads."""

    def __init__(self, limits: httpx.Limits = LIMITS) -> None:
        self._limits = limits
        self._free = threading.BoundedSemaphore(limits.max_connections or 1)
        self._idle: dict[_Key, list[Connection]] = {}
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request over a connection that is idle, or over a new one."""
        url = request.url
        if url.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol(f"A URL begins with http:// or https://, not {url.scheme!r}.")
        wait = request.extensions.get("timeout", {}).get("pool")
        if not self._free.acquire(timeout=-1 if wait is None else wait):
            raise httpx.PoolTimeout("All connections are in use.")
        connection = None
        try:
            idle = self._idle.setdefault((url.raw_scheme, url.raw_host, url.port), [])
            connection = self._usable(idle) or self._new(request)
            head = connection.send(request)
        except BaseException:
            self._free.release()
            if connection is not None:
                connection.close()
            raise
        return httpx.Response(
            head.status,
            headers=head.headers,
            stream=_Body(connection, functools.partial(self._give_back, connection, idle)),
            extensions={"http_version": head.version, "reason_phrase": head.reason},
        )

    def close(self) -> None:
        """Close what is idle now, and what is in use when that ends."""
        self._closed = True
        for idle in list(self._idle.values()):
            while idle:
                with contextlib.suppress(IndexError):  # another thread was quicker
                    idle.pop().close()

    @functools.cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        context = httpx.create_ssl_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _new(self, request: httpx.Request) -> Connection:
        context = self._ssl_context if request.url.scheme == "https" else None
        return Connection(request, context)

    def _usable(self, idle: list[Connection]) -> Connection | None:
        """The one used last, unless its time is over or the other side has hung up."""
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was quicker
                return None
            if not connection.stale(self._limits.keepalive_expiry):
                return connection
            connection.close()
        return None

    def _give_back(self, connection: Connection, idle: list[Connection]) -> None:
        try:
            kept = self._limits.max_keepalive_connections
            if connection.reusable and not self._closed and (kept is None or len(idle) < kept):
                connection.rest()
                idle.append(connection)
            else:
                connection.close()
        finally:
            self._free.release()


class _Body(httpx.SyncByteStream):
    def __init__(self, connection: Connection, give_back: functools.partial[None]) -> None:
        self._connection = connection
        self._give_back: functools.partial[None] | None = give_back

    def __iter__(self) -> Iterator[bytes]:
        return self._connection.pieces()

    def close(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()
