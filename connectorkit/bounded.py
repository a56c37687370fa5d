"""uvicorn's HTTP over httptools, with the bounds it lacks, and quicker where a request need not wait.

The bounds are time and length of the headers and number of connections; those of a body are the app's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from connectorkit.parting import HANG_UP, HangUp, OneWrite

HEADER_SECONDS = 15
MAX_HEAD_BYTES = 64 * 1024
MAX_CONNECTIONS = 2000
_TOO_LONG = "The headers are too long"
_NO_HTTP = "Invalid HTTP request received."

# The ASGI extension under which a request finds a function that gives its body where all of it has arrived,
# else ``None``: nearly always nobody need wait for it and watch the time.
ARRIVED = "connectorkit.arrived"

_KEPT, _LONGEST_KEPT = 1024, 512  # URLs, and their bytes


def _parts_of(url: bytes) -> tuple[str, bytes, bytes]:
    """Path, path as it came, and query."""
    parsed = httptools.parse_url(url)
    path = parsed.path.decode("ascii")
    return unquote(path) if "%" in path else path, parsed.path, parsed.query or b""


_parts = lru_cache(_KEPT)(_parts_of)


class Answer(Protocol):
    """A whole answer; Starlette's responses are such."""

    status_code: int
    raw_headers: list[tuple[bytes, bytes]]
    body: Any


Prompt = Callable[[Any], Callable[[bytes], Answer] | None]


class _Held:
    """A request that is answered as soon as all that came is read, if its end is among it."""

    __slots__ = ("answer", "body", "complete", "keep_alive", "scope")

    def __init__(self, scope: Any, answer: Callable[[bytes], Answer], keep_alive: bool) -> None:
        self.scope, self.answer, self.keep_alive = scope, answer, keep_alive
        self.body: list[bytes] = []
        self.complete = False


class BoundedProtocol(HttpToolsProtocol):
    """Bounds what a client may send before a request begins to be answered; answers bad HTTP in JSON.

    Headers must come in time and be no longer than ``MAX_HEAD_BYTES``. An app that has a method ``prompt`` is
    asked with it for a function that answers a request (no HEAD) from its body, without waiting; where there
    is one, and all of the request has come, no task is started for it.
    """

    answering: RequestResponseCycle  # the request at work; ``cycle`` is the one that was read last
    _deadline: asyncio.TimerHandle | None = None
    _held: _Held | None = None
    _rests_since: float | None = None
    _hosts = 0  # how many hosts its headers name
    _in_head = True  # from the end of a request to the end of the next one's headers
    _arriving = 0  # bytes of what is being read now
    _unread = 0  # bytes that came since there was last something to show for them

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept one more connection, unless there are too many."""
        super().connection_made(transport)
        # What the scope of each request says.
        self._of_all: Any = {
            "type": "http",
            "asgi": {"version": self.config.asgi_version, "spec_version": "2.3"},
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            "extensions": {HANG_UP: HangUp(self), ARRIVED: self._arrived},
        }
        self._prompt: Prompt = getattr(self.app, "prompt", lambda scope: None)
        self._one_write: Any = OneWrite(transport, self.loop)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        else:
            self._arm()

    def data_received(self, data: bytes) -> None:
        """Read on; starts the clock for the headers where they have only begun."""
        self._arriving = len(data)
        self._unread += self._arriving
        self._rests_since = None
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # to nothing that is spoken here
        except httptools.HttpParserError:
            self.send_400_response(_NO_HTTP)
        if self._held is not None:
            self._answer(self._held)
        if self._unread > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(_TOO_LONG)
        elif self._in_head and self._unread and not self._at_work:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._disarm()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        super().connection_lost(exc)

    # --- What the parser tells -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._hosts = 0
        self._unread = self._arriving

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        name = name.lower()
        if name == b"host":
            self._hosts += 1
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The request can be answered, unless its headers are too long, or do not name one host."""
        if self._unread > MAX_HEAD_BYTES and self._head_bytes() > MAX_HEAD_BYTES:  # else it is the body's
            raise ValueError(_TOO_LONG)
        version = self.parser.get_http_version()
        if self._hosts != 1 and version != "1.0":
            raise ValueError("no host, or several")
        if self._deadline is not None:
            self._disarm()
        self._in_head, self._unread = False, 0
        self._begin(version)
        self.headers = []  # of trailers, which nobody here asks for

    def _begin(self, version: str) -> None:
        """What uvicorn does with a request whose headers are in; but what a URL says is remembered."""
        path, raw_path, query = (_parts if len(self.url) <= _LONGEST_KEPT else _parts_of)(self.url)
        scope: Any = {
            **self._of_all,
            "method": self.parser.get_method().decode("ascii"),
            "http_version": version,
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": self.headers,
        }
        self.scope = scope
        keep_alive = version != "1.0" and self.parser.should_keep_alive()
        if self._held is not None:
            self._let_go(self._held)  # another one comes behind it, which has to wait
        if not self._at_work and (answer := self._prompt(scope)) is not None:
            self._held = _Held(scope, answer, keep_alive)
        else:
            self._run(scope, keep_alive, self.expect_100_continue)

    @property
    def _at_work(self) -> bool:
        """Whether a task answers a request, or one waits for its turn."""
        return self.cycle is not None and not self.cycle.response_complete

    def _run(self, scope: Any, keep_alive: bool, expects: bool) -> None:
        """Let a task answer the request, or let it wait for the one before it."""
        waiting = self._at_work
        self.cycle = RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=expects,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )
        if waiting:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
        else:
            self._start_asgi_task(self.cycle, self.app)

    def _let_go(self, held: _Held) -> None:
        """A task answers it like any other request."""
        self._held = None
        self._run(held.scope, held.keep_alive, self.expect_100_continue and not held.complete)
        self._take(b"".join(held.body), complete=held.complete)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._unread = 0
        if self._held is not None:
            self._held.body.append(body)
        else:
            self._take(body)

    def on_message_complete(self) -> None:
        """The request ends; what comes now belongs to the next one."""
        self._in_head, self._unread = True, 0
        if self._held is not None:
            self._held.complete = True
        else:
            self._take(b"", complete=True)

    def _take(self, body: bytes, *, complete: bool = False) -> None:
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return
        cycle.body += body
        cycle.more_body = not complete
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def _arrived(self) -> bytes | None:
        return None if self.answering.more_body else bytes(self.answering.body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.answering = cycle
        cycle.transport = self._one_write
        super()._start_asgi_task(cycle, app)

    def _answer(self, held: _Held) -> None:
        if not held.complete or self.flow.write_paused:
            self._let_go(held)
            return
        self._held = None
        response = held.answer(b"".join(held.body))
        parts = [STATUS_LINE[response.status_code]]
        for name, value in (*self.server_state.default_headers, *response.raw_headers):
            parts += (name, b": ", value, b"\r\n")
        parts += (b"\r\n" if held.keep_alive else b"connection: close\r\n\r\n", response.body)
        self.transport.write(b"".join(parts))
        if not held.keep_alive:
            self.transport.close()
        self.on_response_complete()

    # --- A connection at rest ------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """The next request may come. Unlike uvicorn's, one timer serves all rests of a connection."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._rests_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wake_after(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        self._rests_since = None

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has rested for long enough."""
        self.timeout_keep_alive_task = None
        if self._rests_since is None:
            return
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._wake_after(left)
        else:
            super().timeout_keep_alive_handler()

    def _wake_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    # --- What is no HTTP -----------------------------------------------------------------------------

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP gets a JSON answer, as everything here does."""
        if self._held is not None:
            self._let_go(self._held)
        cycle = self.cycle
        if cycle is not None and not (self._in_head and cycle.response_complete):
            if self._in_head:  # it came behind a request that is yet to be answered: that one goes first
                cycle.keep_alive = False
                self.flow.pause_reading()
                return
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                self.transport.close()
                return
        body = json.dumps({"error": msg}).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    # --- The time for the headers --------------------------------------------------------------------

    def _arm(self) -> None:
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
