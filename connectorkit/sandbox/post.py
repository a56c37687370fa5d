"""One HTTP request to a webhook: sent as it is given, its answer reduced to a status code."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import httpx

_MAX_ANSWER_BYTES = 64 * 1024
_CONNECTIONS = 100
# Receivers commonly close after 5 idle seconds; one that closes as we write would look like a failure.
_KEEP_ALIVE_SECONDS = 2.0


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a connection, and then for an answer; real seconds."""

    connect_seconds: float = 5.0
    read_seconds: float = 5.0


class DeliveryFailed(Exception):
    """There was no answer. ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Post(Protocol):
    """Sends one request and returns the status code of the answer; raises ``DeliveryFailed`` without one."""

    async def __call__(
        self, url: str, body: bytes, headers: list[tuple[str, str]], timeouts: Timeouts, /
    ) -> int:
        """Send it."""


class HttpPost:
    """A ``Post`` over HTTP/1.1 that keeps connections and follows no redirects.

    Certificates are verified, against the usual authorities and those in the PEM file ``trust``.
    """

    def __init__(self, trust: str | Path | None = None) -> None:
        self._trust = trust
        self._transport: httpx.AsyncHTTPTransport | None = None

    async def __call__(
        self, url: str, body: bytes, headers: list[tuple[str, str]], timeouts: Timeouts, /
    ) -> int:
        """Send it; the answer's body is read, up to 64 KiB, and dropped."""
        import httpx

        status: int | None = None
        connect, read = timeouts.connect_seconds, timeouts.read_seconds
        limits = httpx.Timeout(connect=connect, read=read, write=read, pool=None).as_dict()
        try:
            encoded = [(name.encode(), value.encode()) for name, value in headers]
            request = httpx.Request(
                "POST", url, content=body, headers=encoded, extensions={"timeout": limits}
            )
            # Over all as well: an answer that dribbles in would reset the read timeout with every byte.
            async with asyncio.timeout(connect + read):
                response = await self._open().handle_async_request(request)
                status = response.status_code
                await _read_up(response)
        except Exception as error:  # some arrive as they were raised far below, or in groups
            if status is None:
                raise DeliveryFailed(_reason(error, timeouts)) from error
        assert status is not None
        return status

    def prepare(self) -> None:
        """Load what sending takes, in a running loop, so that the first request is as fast as others."""
        import anyio  # httpx's way to the network; it loads the rest of itself when it is first asked

        anyio.current_time()
        self._open()

    async def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    def _open(self) -> httpx.AsyncHTTPTransport:
        if self._transport is None:
            import httpx

            context = httpx.create_ssl_context(trust_env=False)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            if self._trust is not None:
                context.load_verify_locations(cafile=self._trust)
            # The transport alone: a client would add cookies, a proxy and headers of its own.
            self._transport = httpx.AsyncHTTPTransport(
                verify=context,
                trust_env=False,
                limits=httpx.Limits(
                    max_connections=_CONNECTIONS,
                    max_keepalive_connections=_CONNECTIONS,
                    keepalive_expiry=_KEEP_ALIVE_SECONDS,
                ),
            )
        return self._transport


async def _read_up(response: httpx.Response) -> None:
    """Read the body so that the connection can be used again, unless there is too much of it."""
    size = 0
    try:
        async for chunk in response.stream:  # type: ignore[union-attr]
            size += len(chunk)
            if size > _MAX_ANSWER_BYTES:
                break
    finally:
        await response.aclose()


def _reason(error: Exception, timeouts: Timeouts) -> str:
    import httpx

    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection within {timeouts.connect_seconds:g} s"
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return f"no answer within {timeouts.read_seconds:g} s"
    if isinstance(error, httpx.ConnectError):
        return f"could not connect: {error}"
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return f"the connection ended without an answer: {error or type(error).__name__}"
    return f"could not be sent: {error or type(error).__name__}"
