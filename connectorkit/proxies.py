"""The transports below a client: straight to the service, or through a proxy where the settings name one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import httpx

from connectorkit.connections import LIMITS, Connections
from connectorkit.redact import Redactor, Secret

_ON_THE_WAY = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)


def transport(proxy: Secret | None = None) -> httpx.BaseTransport:
    """For the synchronous client. Variables such as ``HTTPS_PROXY`` are not looked at: only what is said."""
    return Connections() if proxy is None else _Proxied(proxy)


def async_transport(proxy: Secret | None = None) -> httpx.AsyncBaseTransport:
    """For the asynchronous client."""
    return httpx.AsyncHTTPTransport(limits=LIMITS) if proxy is None else _AsyncProxied(proxy)


def teach(redactor: Redactor, proxy: Secret | None) -> None:
    """Let a redactor know the proxy's password, if it wants one."""
    password = "" if proxy is None else httpx.URL(proxy.reveal()).password
    if password:
        redactor.learn(Secret(password))


class _Proxied(httpx.HTTPTransport):
    def __init__(self, proxy: Secret) -> None:
        super().__init__(limits=LIMITS, proxy=proxy.reveal())
        self._where = _address(proxy)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with _naming(self._where):
            return super().handle_request(request)


class _AsyncProxied(httpx.AsyncHTTPTransport):
    def __init__(self, proxy: Secret) -> None:
        super().__init__(limits=LIMITS, proxy=proxy.reveal())
        self._where = _address(proxy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _naming(self._where):
            return await super().handle_async_request(request)


def _address(proxy: Secret) -> str:
    return httpx.URL(proxy.reveal()).netloc.decode("ascii")


@contextlib.contextmanager
def _naming(where: str) -> Iterator[None]:
    """What goes wrong on the way names the proxy, for it may be that one which is not there."""
    try:
        yield
    except _ON_THE_WAY as error:
        error.args = (f"{error or type(error).__name__}, through the proxy {where}",)
        raise
