"""Serves one world on loopback until it is interrupted, or until the parent process is gone."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import uvicorn

from connectorkit.sandbox.app import create_app
from connectorkit.sandbox.world import World
from connectorkit.serving import BoundedProtocol

HOST = "127.0.0.1"
_KEEP_ALIVE_SECONDS = 75  # a person reads a while between two cells
_SHUTDOWN_SECONDS = 2


class PortTaken(Exception):
    """Another program listens on the port asked for."""


def serve(
    world: World, *, port: int = 0, until_stdin_closes: bool = False, ready: Callable[[str], None] = print
) -> None:
    """Serve until SIGINT or SIGTERM; calls ``ready`` with one line of JSON once requests are taken.

    With ``until_stdin_closes`` it also ends when standard input does, which happens however the parent
    ends. Raises ``PortTaken``.
    """
    config = uvicorn.Config(
        create_app(world),
        host=HOST,
        port=port,
        http=BoundedProtocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    _Server(config, world, ready, until_stdin_closes).run()


def ready_line(world: World) -> dict[str, Any]:
    """What a client needs to know to use this sandbox."""
    return {
        "base_url": f"http://{world.host}",
        "account_id": world.account_id,
        "client_id": world.client_id,
        "client_secret": world.client_secret,
        "control_token": world.control_token,
        "admin_username": world.admin_username,
        "admin_password": world.admin_password,
        "seed": world.seed,
        "pid": os.getpid(),
    }


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, world: World, ready: Callable[[str], None], until_stdin_closes: bool
    ) -> None:
        super().__init__(config)
        self._world = world
        self._ready = ready
        self._until_stdin_closes = until_stdin_closes

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            # Its own line about a taken port would stand above ours.
            logging.getLogger("uvicorn.error").disabled = True
            # uvicorn makes the socket itself: one bound before may lack TCP_NODELAY, 40 ms a call.
            await super().startup(sockets)
        except SystemExit:
            raise PortTaken(f"Port {self.config.port} on {HOST} is taken. Choose another, or 0.") from None
        finally:
            logging.getLogger("uvicorn.error").disabled = False
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._world.host = f"{host}:{port}"
        if self._until_stdin_closes:
            _call_when_stdin_closes(asyncio.get_running_loop(), self._leave)
        self._ready(json.dumps(ready_line(self._world)))

    def _leave(self) -> None:
        self.should_exit = True


def _call_when_stdin_closes(loop: asyncio.AbstractEventLoop, leave: Callable[[], None]) -> None:
    """The parent holds the other end of a pipe; the system closes it however the parent dies."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):
            pass
        try:
            loop.call_soon_threadsafe(leave)
        except RuntimeError:  # the loop has ended by itself
            return
        time.sleep(2 * _SHUTDOWN_SECONDS)
        os._exit(0)  # whatever still holds the loop up, nobody is left to wait for it

    threading.Thread(target=watch, name="parent watch", daemon=True).start()
