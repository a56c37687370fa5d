"""A service that does what a test of load wants, in a thread: fixed answers, and one place to interfere."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self

import jwt

from connectorkit.client import Client
from connectorkit.load.options import Options
from connectorkit.load.running import Part, run
from connectorkit.load.watch import Watch
from connectorkit.load_report import LoadReport
from connectorkit.log import Log
from connectorkit.redact import Secret
from connectorkit.settings import Settings

Handler = Callable[["Asked", asyncio.StreamWriter], Awaitable[bytes | None]]
OPENED = [
    {"code": "OK", "body": {}, "reqId": "1"},
    {"code": "OK", "body": {"conversationId": "c-%d"}, "reqId": "1"},
]
SENT = {"code": "OK", "body": {"sequence": 0}, "reqId": "1"}


def http(status: int, body: Any, *headers: str) -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status} Said",
        "Content-Type: application/json",
        f"Content-Length: {len(raw)}",
        *headers,
    ]
    return "\r\n".join((*lines, "", "")).encode() + raw


class Asked:
    """One request to CONVERSATION or SEND; ``number`` counts them from 1."""

    def __init__(self, number: int, head: str, body: bytes) -> None:
        self.number, self.head, self.body = number, head, body
        self.opens = "/conversation?" in head.partition("\r\n")[0]
        self.closes = b"ConversationStateField" in body
        self.operation = "open" if self.opens else "close" if self.closes else "send"

    def usual(self) -> bytes:
        """The answer of a service that is well."""
        return http(200, json.dumps(OPENED if self.opens else SENT).replace("%d", str(self.number)).encode())


class Service:
    """Serves on loopback. ``handler`` answers, or returns ``None`` where it has dealt with it itself."""

    def __init__(self, handler: Handler | None = None, *, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.tokens = 0
        self.lifetime: float | None = None  # seconds of an AppJWT; without it they tell nothing
        self.connections = 0
        self._handler, self._context = handler, context
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set_result, None)
        self._thread.join()

    def shut(self) -> None:
        """Take no more connections, and hang up. To be called by a handler."""
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    @property
    def settings(self) -> Settings:
        scheme = "http" if self._context is None else "https"
        address = f"{scheme}://localhost:{self.port}" if self._context else f"http://127.0.0.1:{self.port}"
        return Settings("12345678", "app-1", Secret("x" * 26), address, scheme, log=":memory:")

    def load(self, watch: Watch | None = None, kept: Any = None, **options: Any) -> LoadReport:
        """A run against this service."""
        made = Options(**{"rate": 50.0, "seconds": 0.5, "seed": 1, "timeout": 20.0, **options})
        with Client(self.settings, log=Log(":memory:")) as client:
            return LoadReport.merged([run(client, Part(self.settings, made, "a service"), watch, kept)])

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        self._end = self._loop.create_future()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self._server = server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end
        server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._writers.append(writer)
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                _, found, length = head.lower().partition("content-length:")
                body = await reader.readexactly(int(length.split("\r\n")[0])) if found else b""
                answer = await self._answer(head, body, writer)
                if answer is not None:
                    writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _answer(self, head: str, body: bytes, writer: asyncio.StreamWriter) -> bytes | None:
        line = head.partition("\r\n")[0]
        host = f"{'localhost' if self._context else '127.0.0.1'}:{self.port}"
        if "baseURI" in line:
            names = ("sentinel", "idp", "asyncMessagingEnt")
            return http(
                200, {"baseURIs": [{"service": n, "account": "12345678", "baseURI": host} for n in names]}
            )
        if "app/token" in line:
            self.tokens += 1
            token = f"app-token-{self.tokens}"
            if self.lifetime is not None:
                now = time.time()
                claims = {"iat": now, "exp": now + self.lifetime, "jti": token}
                token = jwt.encode(claims, "no secret, but long enough for it", "HS256")
            return http(200, {"access_token": token, "token_type": "Bearer"})
        if "/consumer?" in line:
            return http(201, {"token": f"jws-of-{json.loads(body)['ext_consumer_id']}"})
        asked = Asked(len(self.asked) + 1, head, body)
        self.asked.append(asked)
        return asked.usual() if self._handler is None else await self._handler(asked, writer)
