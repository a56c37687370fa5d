"""One HTTP request to a webhook, against a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme

from connectorkit.sandbox.post import DeliveryFailed, HttpPost, Timeouts

from .receivers import in_a_loop

TIMEOUTS = Timeouts(connect_seconds=5, read_seconds=5)
HEADERS = [("Content-Type", "application/json; charset=utf-8"), ("X-Env", "Prüfung")]
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Server:
    """Answers with given bytes, or however a function wants, and keeps what it was sent."""

    def __init__(self, answer: bytes | Answer, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answer = answer
        self._context = context

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        self._writers: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"{'https' if self._context else 'http'}://localhost:{port}/hook?x=1"
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0.01)  # lets aborted connections end before the loop does

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                if isinstance(self._answer, bytes):
                    writer.write(self._answer)
                    await writer.drain()
                else:
                    await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()


def answer(status: str, body: bytes = b"OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def posting(trust: Path | None = None) -> AsyncIterator[HttpPost]:
    post = HttpPost(trust)
    try:
        yield post
    finally:
        await post.close()


async def outcome(given: bytes | Answer, timeouts: Timeouts = TIMEOUTS) -> int | str:
    """The status code that a server's answer comes to, or the reason of the failure."""
    async with Server(given).listening() as url, posting() as post:
        try:
            return await post(url, b"{}", HEADERS, timeouts)
        except DeliveryFailed as failure:
            return failure.reason


@in_a_loop
async def test_the_bytes_and_headers_are_sent_as_given() -> None:
    server = Server(answer("200 OK"))
    async with server.listening() as url, posting() as post:
        status = await post(url, '{"a":"ü"}'.encode(), HEADERS, TIMEOUTS)

    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert status == 200
    assert body == '{"a":"ü"}'.encode()
    assert lines[0] == "POST /hook?x=1 HTTP/1.1"
    # Nothing that nobody asked for: no cookies, no encodings, no name of a library.
    assert sorted(line.partition(":")[0].lower() for line in lines[1:]) == [
        "content-length",
        "content-type",
        "host",
        "x-env",
    ]
    assert "X-Env: Prüfung" in lines


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "202 Accepted", "404 Not Found", "500 Oops"])
@in_a_loop
async def test_the_status_is_what_counts(status: str) -> None:
    assert await outcome(answer(status)) == int(status[:3])


@in_a_loop
async def test_an_answer_may_have_no_body() -> None:
    assert await outcome(b"HTTP/1.1 204 No Content\r\n\r\n") == 204


@in_a_loop
async def test_redirects_are_not_followed() -> None:
    server = Server(answer("302 Found", b"", "Location: /elsewhere"))
    async with server.listening() as url, posting() as post:
        assert await post(url, b"{}", HEADERS, TIMEOUTS) == 302

    assert len(server.requests) == 1


@in_a_loop
async def test_connections_are_used_again_and_cookies_are_not_kept() -> None:
    server = Server(answer("200 OK", b"OK", "Set-Cookie: a=b"))
    async with server.listening() as url, posting() as post:
        for _ in range(5):
            await post(url, b"{}", HEADERS, TIMEOUTS)

    assert (server.connections, len(server.requests)) == (1, 5)
    assert not any(b"cookie" in request.lower() for request in server.requests)


@in_a_loop
async def test_a_refused_connection_is_a_failure() -> None:
    async with Server(b"").listening() as url:
        pass
    async with posting() as post:
        with pytest.raises(DeliveryFailed, match="could not connect"):
            await post(url, b"{}", HEADERS, TIMEOUTS)


@pytest.mark.skipif(sys.platform != "linux", reason="how a full queue behaves differs between systems")
@in_a_loop
async def test_no_connection_is_a_failure_after_the_connect_timeout() -> None:
    with ExitStack() as open_sockets:
        full = open_sockets.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # nobody accepts: the queue fills, and the next one hears nothing
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"

        async with posting() as post:
            with pytest.raises(DeliveryFailed, match=r"connect.*0\.1 s"):
                await post(url, b"{}", HEADERS, Timeouts(connect_seconds=0.1, read_seconds=5))


@in_a_loop
async def test_silence_is_a_failure_after_the_read_timeout() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    assert await outcome(silent, Timeouts(5, 0.05)) == "no answer within 0.05 s"


@in_a_loop
async def test_an_answer_that_dribbles_in_is_a_failure_too() -> None:
    async def dribbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in answer("200 OK"):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    assert await outcome(dribbling, Timeouts(0.1, 0.1)) == "no answer within 0.1 s"


@in_a_loop
async def test_a_connection_closed_without_an_answer_is_a_failure() -> None:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    assert "ended without an answer" in str(await outcome(closing))


@in_a_loop
async def test_what_is_no_http_is_a_failure() -> None:
    assert "ended without an answer" in str(await outcome(b"SSH-2.0-something\r\n\r\n"))


@in_a_loop
async def test_a_body_that_ends_early_does_not_spoil_the_status() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        writer.close()

    assert await outcome(cut) == 200


@in_a_loop
async def test_a_body_without_end_is_not_read_to_the_end() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(bytes(65536))
            await writer.drain()

    assert await asyncio.wait_for(outcome(endless, Timeouts(30, 30)), timeout=10) == 200


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("ftp://localhost/hook", []),
        ("http://", []),
        ("http://localhost:99999/", []),
        ("no address", []),
        ("http://localhost/", [("X-Env", "two\r\nlines")]),
        ("http://localhost/", [("X-Env", "half \ud83d")]),
    ],
)
@in_a_loop
async def test_what_cannot_be_sent_is_a_failure(url: str, headers: list[tuple[str, str]]) -> None:
    async with posting() as post:
        with pytest.raises(DeliveryFailed):
            await post(url, b"{}", headers, TIMEOUTS)


# --- TLS ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_server(authority: trustme.CA, name: str) -> Server:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return Server(answer("200 OK"), context)


@in_a_loop
async def test_a_certificate_of_the_trusted_authority_is_accepted(
    authority: trustme.CA, tmp_path: Path
) -> None:
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(pem)

    async with tls_server(authority, "localhost").listening() as url, posting(pem) as post:
        assert await post(url, b"{}", HEADERS, TIMEOUTS) == 200


@pytest.mark.parametrize(("name", "trusted"), [("localhost", False), ("other.kit.example", True)])
@in_a_loop
async def test_certificates_of_others_or_for_another_name_are_not(
    authority: trustme.CA, tmp_path: Path, name: str, trusted: bool
) -> None:
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(pem)

    async with tls_server(authority, name).listening() as url, posting(pem if trusted else None) as post:
        with pytest.raises(DeliveryFailed, match="could not connect"):
            await post(url, b"{}", HEADERS, TIMEOUTS)
