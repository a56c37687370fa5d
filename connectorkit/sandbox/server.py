"""Serves one world on loopback until it is interrupted, or until the parent process is gone."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from connectorkit import certificates
from connectorkit.sandbox.app import create_app
from connectorkit.sandbox.world import World
from connectorkit.serving import SHUTDOWN_SECONDS, PromptServer, bounded_config

HOST = "127.0.0.1"
_COLLECT_AFTER = 20_000  # objects that were made and are still there
# Where clients look domains up when nobody tells them otherwise.
LOOKUP_NAMES = ("api.liveperson.net", "adminlogin.liveperson.net")


class PortTaken(Exception):
    """The port asked for cannot be had: another program listens there, or it is reserved."""


@dataclass(frozen=True)
class Tls:
    """How to serve over TLS: the port without it, and the folder that keeps the certificates.

    Without a folder they last as long as the sandbox.
    """

    plain_port: int = 0
    folder: Path | None = None


def serve(
    world: World,
    *,
    port: int = 0,
    tls: Tls | None = None,
    until_stdin_closes: bool = False,
    ready: Callable[[str], None] = print,
) -> None:
    """Serve until SIGINT or SIGTERM; calls ``ready`` with one line of JSON once requests are taken.

    With ``tls`` that port speaks TLS, and a second one does not, since many clients look domains up over
    plain HTTP (R76). With ``until_stdin_closes`` it also ends when standard input does, which happens
    however the parent ends. Raises ``PortTaken``, and ``SettingsError`` where certificates cannot be kept.
    """
    config = bounded_config(create_app(world), HOST)
    with ExitStack() as leaving:
        listeners, line = [_Listener(port)], ready_line(world)
        if tls is not None:
            folder = tls.folder or Path(leaving.enter_context(tempfile.TemporaryDirectory()))
            issued = certificates.issue(names(world), folder)
            listeners = [_Listener(port, issued.server_context()), _Listener(tls.plain_port)]
            line["ca_path"] = str(issued.ca_path.absolute())

        def started(base_urls: list[str]) -> None:
            world.host = urlsplit(base_urls[0]).netloc
            if until_stdin_closes:
                _call_when_stdin_closes(asyncio.get_running_loop(), server.leave)
            ready(json.dumps(dict(zip(("base_url", "plain_base_url"), base_urls, strict=False)) | line))

        server = _Server(config, listeners, started, leaving, partial(world.patience.release, for_good=True))
        server.run()


def names(world: World) -> list[str]:
    """What the certificate stands for beside loopback: wherever domain answers or old habits send clients."""
    return [*LOOKUP_NAMES, *(urlsplit(f"//{host}").hostname or "" for host in world.hosts.values())]


def ready_line(world: World) -> dict[str, Any]:
    """What a client needs to know to use this sandbox, beside its address."""
    return {
        "account_id": world.account_id,
        "client_id": world.first_app.client_id,
        "client_secret": world.first_app.client_secret,
        "control_token": world.control_token,
        "admin_username": world.admin_username,
        "admin_password": world.admin_password,
        "seed": world.seed,
        "pid": os.getpid(),
    }


@dataclass(frozen=True)
class _Listener:
    port: int
    context: ssl.SSLContext | None = None

    def base_url(self, server: asyncio.Server) -> str:
        host, port = server.sockets[0].getsockname()[:2]
        return f"{'http' if self.context is None else 'https'}://{host}:{port}"


class _Server(PromptServer):
    """One or two ports, one event loop: they start and stop together."""

    def __init__(
        self,
        config: uvicorn.Config,
        listeners: list[_Listener],
        started: Callable[[list[str]], None],
        leaving: ExitStack,
        release: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._listeners = listeners
        self._call_started = started
        self._leaving = leaving
        self._release = release

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        servers: list[asyncio.Server] = []
        try:
            for listener in self._listeners:
                servers.append(await self._listen(listener))
        except PortTaken:
            for server in servers:
                server.close()
            raise
        self.servers = servers
        _spare_the_collector()
        self._call_started([one.base_url(two) for one, two in zip(self._listeners, servers, strict=True)])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._release()  # answers that a fault keeps back are under way like any other
        await super().shutdown(sockets)
        # Now, not when ``run`` returns: after SIGTERM it does not return.
        self._leaving.close()

    def leave(self) -> None:
        self.should_exit = True

    async def _listen(self, listener: _Listener) -> asyncio.Server:
        self.config.port, self.config.ssl = listener.port, listener.context
        try:
            # Its own line about a taken port would stand above ours.
            logging.getLogger("uvicorn.error").disabled = True
            # uvicorn makes the socket itself: one bound before may lack TCP_NODELAY, 40 ms a call.
            await super().startup()
        except SystemExit as error:  # uvicorn's way to say that the socket could not be bound
            reason = "is taken"
            if isinstance(error.__context__, PermissionError):
                reason = "needs rights that you do not have"
            raise PortTaken(f"Port {listener.port} on {HOST} {reason}. Choose another, or 0.") from None
        finally:
            logging.getLogger("uvicorn.error").disabled = False
        return self.servers[0]


def _spare_the_collector() -> None:
    """Keep the collector of garbage from walking over what was there at the start, which takes milliseconds.

    It also looks less often: a request leaves no cycles behind unless it fails.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])


def _call_when_stdin_closes(loop: asyncio.AbstractEventLoop, leave: Callable[[], None]) -> None:
    """The parent holds the other end of a pipe; the system closes it however the parent dies."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        try:
            loop.call_soon_threadsafe(leave)
        except RuntimeError:  # the loop has ended by itself
            return
        time.sleep(2 * SHUTDOWN_SECONDS)
        os._exit(0)  # whatever still holds the loop up, nobody is left to wait for it

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
