"""Kept-alive connections to a few hosts: httpcore's own, without the queues of its pool.

A kit talks to a handful of hosts, one request at a time per connection, so the pool's bookkeeping would cost
more than what it keeps. Timeouts, TLS, HTTP and the trace events are httpcore's, the errors httpx's.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
import threading
from collections.abc import Iterable, Iterator
from typing import cast

import httpcore
import httpx

# Connections are kept while a person reads a page between two cells.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=60)

_Key = tuple[bytes, bytes, int | None]


class Connections(httpx.BaseTransport):
    """A transport with at most ``LIMITS`` connections; safe to share between threads."""

    def __init__(self, limits: httpx.Limits = LIMITS) -> None:
        self._limits = limits
        self._free = threading.BoundedSemaphore(limits.max_connections or 1)
        self._idle: dict[_Key, list[httpcore.HTTPConnection]] = {}
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request over a connection that is idle, or over a new one."""
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        if url.scheme not in ("http", "https"):
            raise httpx.UnsupportedProtocol(f"A URL begins with http:// or https://, not {url.scheme!r}.")
        wait = request.extensions.get("timeout", {}).get("pool")
        if not self._free.acquire(timeout=-1 if wait is None else wait):
            raise httpx.PoolTimeout("All connections are in use.")
        connection = None
        try:
            idle = self._idle.setdefault((url.raw_scheme, url.raw_host, url.port), [])
            connection = _usable(idle) or self._new(target)
            with _errors_of_httpx():
                response = connection.handle_request(
                    httpcore.Request(
                        request.method,
                        target,
                        headers=request.headers.raw,
                        content=cast(httpx.SyncByteStream, request.stream),
                        extensions=request.extensions,
                    )
                )
        except BaseException:
            self._free.release()
            if connection is not None:
                connection.close()
            raise
        give_back = functools.partial(self._give_back, connection, idle)
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response, give_back),
            extensions=response.extensions,
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
        return httpx.create_ssl_context()

    def _new(self, target: httpcore.URL) -> httpcore.HTTPConnection:
        return httpcore.HTTPConnection(
            target.origin,
            ssl_context=self._ssl_context if target.scheme == b"https" else None,
            keepalive_expiry=self._limits.keepalive_expiry,
        )

    def _give_back(self, connection: httpcore.HTTPConnection, idle: list[httpcore.HTTPConnection]) -> None:
        try:
            kept = self._limits.max_keepalive_connections
            if connection.is_idle() and not self._closed and (kept is None or len(idle) < kept):
                idle.append(connection)
            else:
                connection.close()
        finally:
            self._free.release()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response, give_back: functools.partial[None]) -> None:
        self._response = response
        self._give_back: functools.partial[None] | None = give_back

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_httpx():
            yield from cast(Iterable[bytes], self._response.stream)

    def close(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            try:
                self._response.close()
            finally:
                give_back()


class _errors_of_httpx:
    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None and kind.__module__.partition(".")[0] == "httpcore":
            same = getattr(httpx, kind.__name__, None)  # they have the same names in both
            if same is not None:
                raise same(str(error)) from error


def _usable(idle: list[httpcore.HTTPConnection]) -> httpcore.HTTPConnection | None:
    """The one used last, unless its time is over or the other side has hung up."""
    while idle:
        try:
            connection = idle.pop()
        except IndexError:  # another thread was quicker
            return None
        if not connection.has_expired():
            return connection
        connection.close()
    return None
