"""uvicorn's protocol as the kit bounds it, over real sockets and under apps of a few lines."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.responses import Response

from connectorkit import bounded, parting
from connectorkit.bounded import ARRIVED, Answer
from connectorkit.serving import Listener

App = Callable[..., Any]
Serve = Callable[[App], socket.socket]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an app and connects to it."""
    listeners: list[Listener] = []
    sockets: list[socket.socket] = []

    def serve(app: App) -> socket.socket:
        listeners.append(Listener(app, "127.0.0.1", 0))
        sockets.append(socket.create_connection(listeners[-1].start(), timeout=20))
        return sockets[-1]

    yield serve
    for connection in sockets:
        connection.close()
    for listener in listeners:
        listener.stop()


class Echo:
    """Answers with the request's path and body, and keeps what it saw of each."""

    def __init__(self, prompt: bool = False) -> None:
        self.seen: list[dict[str, Any]] = []
        self._prompt = prompt

    def prompt(self, scope: Any) -> Callable[[bytes], Answer] | None:
        return (lambda body: self._answer(scope, body, task=False)) if self._prompt else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        arrived = scope["extensions"][ARRIVED]()
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await asyncio.sleep(0)
        answer = self._answer(scope, body, task=True, arrived=arrived)
        await send({"type": "http.response.start", "status": 200, "headers": answer.raw_headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, scope: Any, body: bytes, **seen: Any) -> Response:
        self.seen.append({"path": scope["path"], "headers": scope["headers"], **seen})
        return Response(json.dumps([scope["path"], body.decode()]))


def request(path: str = "/", body: bytes = b"", *more: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answers(connection: socket.socket, count: int) -> list[Any]:
    """So many answers, decoded."""
    decoded = []
    with connection.makefile("rb") as file:
        for _ in range(count):
            assert file.readline().startswith(b"HTTP/1.1 200 ")
            length = 0
            while (line := file.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            decoded.append(json.loads(file.read(length)))
    return decoded


def rest(connection: socket.socket) -> bytes:
    """Everything until the other side ends it."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


# --- Requests that need not wait ----------------------------------------------------------------------


@pytest.mark.parametrize("prompt", [True, False])
def test_a_whole_request_of_a_prompt_app_is_answered_without_a_task(serve: Serve, prompt: bool) -> None:
    app = Echo(prompt)
    connection = serve(app)

    connection.sendall(request("/a", b"Hello"))

    assert answers(connection, 1) == [["/a", "Hello"]]
    assert app.seen[0]["task"] is not prompt


def test_a_body_that_comes_late_is_waited_for_in_a_task(serve: Serve) -> None:
    app = Echo(prompt=True)
    connection = serve(app)
    connection.sendall(request("/first"))
    answers(connection, 1)

    connection.sendall(request("/a", b"Hello")[:-3])
    connection.settimeout(0.1)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(20)
    connection.sendall(b"llo")

    assert answers(connection, 1) == [["/a", "Hello"]]
    assert [one["task"] for one in app.seen] == [False, True]
    assert app.seen[1]["arrived"] is None


@pytest.mark.parametrize("prompt", [True, False])
def test_pipelined_requests_are_answered_in_their_order(serve: Serve, prompt: bool) -> None:
    connection = serve(Echo(prompt))

    connection.sendall(b"".join(request(f"/{number}", b"x" * number) for number in range(20)))

    assert answers(connection, 20) == [[f"/{number}", "x" * number] for number in range(20)]


def test_a_body_longer_than_what_is_read_at_once_arrives_whole(serve: Serve) -> None:
    connection = serve(Echo(prompt=True))
    body = b"x" * 1_000_000

    connection.sendall(request("/a", body))

    assert answers(connection, 1) == [["/a", body.decode()]]


def test_a_body_that_is_there_already_is_known_to_be(serve: Serve) -> None:
    app = Echo()
    connection = serve(app)

    connection.sendall(request("/a", b"Hello"))

    assert answers(connection, 1) == [["/a", "Hello"]]
    assert app.seen[0]["arrived"] == b"Hello"


def test_prompt_answers_carry_the_date_and_say_where_they_are_the_last(serve: Serve) -> None:
    connection = serve(Echo(prompt=True))

    connection.sendall(request("/a", b"", "Connection: close"))

    head, _, body = rest(connection).partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in head.split(b"\r\n")[1:]]
    assert sorted(names) == [b"connection", b"content-length", b"date"]
    assert json.loads(body) == ["/a", ""]


def test_after_an_answer_that_is_the_last_nothing_more_is_carried_out(serve: Serve) -> None:
    app = Echo(prompt=True)
    connection = serve(app)

    connection.sendall(request("/a", b"", "Connection: close") + request("/b"))

    assert rest(connection).count(b"HTTP/1.1 200 ") == 1
    assert [one["path"] for one in app.seen] == ["/a"]


# --- Writing ------------------------------------------------------------------------------------------


class Writes:
    """A transport that notes what is written."""

    def __init__(self) -> None:
        self.noted: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.noted.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def test_head_and_body_leave_together_and_a_lone_head_leaves_soon() -> None:
    async def write() -> list[bytes]:
        one = parting.OneWrite(writes, asyncio.get_running_loop())  # type: ignore[arg-type]
        one.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        for part in (b"HTTP/1.1 200 OK\r\n\r\n", b"body", b"more", b"HTTP/1.1 404 Not Found\r\n\r\n"):
            one.write(part)
        before = list(writes.noted)
        await asyncio.sleep(0)
        return before

    writes = Writes()

    before = asyncio.run(write())

    assert before == [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nbody", b"more"]
    assert writes.noted == [*before, b"HTTP/1.1 404 Not Found\r\n\r\n"]


def test_a_head_leaves_before_its_connection_closes() -> None:
    async def write() -> list[bytes]:
        one = parting.OneWrite(writes, asyncio.get_running_loop())  # type: ignore[arg-type]
        one.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        one.close()
        return list(writes.noted)

    writes = Writes()

    assert asyncio.run(write()) == [b"HTTP/1.1 204 No Content\r\n\r\n"]
    assert writes.closed


# --- Bounds -------------------------------------------------------------------------------------------


def test_trailers_are_no_headers(serve: Serve) -> None:
    app = Echo()
    connection = serve(app)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    connection.sendall(head + b"2\r\nHi\r\n0\r\nAuthorization: stolen\r\n\r\n" + request("/b"))

    assert answers(connection, 2) == [["/", "Hi"], ["/b", ""]]
    assert [name for name, _ in app.seen[0]["headers"]] == [b"host", b"transfer-encoding"]


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nX: ", id="header"),
        pytest.param(b"POST /", id="path"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: ", id="trailer"
        ),
        pytest.param(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;x=", id="extension"),
    ],
)
def test_what_has_no_end_ends_the_connection(serve: Serve, endless: bytes) -> None:
    connection = serve(Echo())
    ended: list[bytes] = []
    reading = threading.Thread(target=lambda: ended.append(rest(connection)))
    reading.start()

    try:
        connection.sendall(endless)
        for _ in range(100):
            connection.sendall(b"x" * 10_000)
    except OSError:
        pass
    reading.join(30)

    assert len(ended) == 1
    assert b" 400 " in ended[0] or ended[0] == b""


@pytest.mark.parametrize("hosts", [(), ("Host: x", "Host: y")], ids=["none", "two"])
def test_a_request_names_one_host(serve: Serve, hosts: tuple[str, ...]) -> None:
    connection = serve(Echo())

    connection.sendall("\r\n".join(["GET / HTTP/1.1", *hosts, "", ""]).encode())

    assert rest(connection).startswith(b"HTTP/1.1 400 ")


def test_nonsense_behind_a_good_request_lets_that_be_answered_first(serve: Serve) -> None:
    connection = serve(Echo())

    connection.sendall(request("/a", b"Hello") + b"NONSENSE\r\n\r\n")

    received = rest(connection)
    assert received.count(b"HTTP/1.1 ") == 1
    assert received.endswith(b'["/a", "Hello"]')
    assert b"connection: close" in received


def test_a_connection_at_rest_is_closed_in_its_time_and_not_before() -> None:
    async def rested() -> list[Any]:
        loop = asyncio.get_running_loop()
        protocol: Any = bounded.BoundedProtocol.__new__(bounded.BoundedProtocol)
        protocol.loop, protocol.timeout_keep_alive, protocol.transport = loop, 10.0, Writes()
        said = []
        for since in (None, loop.time() - 9.0, loop.time() - 11.0):
            protocol.timeout_keep_alive_task, protocol._rests_since = None, since
            protocol.timeout_keep_alive_handler()
            said.append((protocol.timeout_keep_alive_task is not None, protocol.transport.closed))
        return said

    assert asyncio.run(rested()) == [(False, False), (True, False), (False, True)]
