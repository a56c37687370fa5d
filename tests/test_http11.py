"""HTTP/1.1 as the client speaks it: literal requests, literal answers, and random ones beside httpx's own."""

from __future__ import annotations

import random
import socket
import ssl
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from typing import Any, cast

import httpx
import pytest
import trustme

from connectorkit import framing, http11
from connectorkit.connections import Connections

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
RANDOM = 300
TIMEOUTS = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), 5.0)}


class Scripted:
    """Reads one request, sends these parts, and then, where told so, hangs up; again on each connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.parts: list[bytes] = [OK]
        self.hangs_up = False
        self.heard: list[bytes] = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            while request := _read(connection):
                self.heard.append(request)
                for part in self.parts:
                    connection.sendall(part)
                if self.hangs_up:
                    return

    def close(self) -> None:
        self._listener.close()


def _read(connection: socket.socket) -> bytes:
    """One request, whole."""
    come = b""
    while b"\r\n\r\n" not in come:
        if not (more := connection.recv(65536)):
            return come
        come += more
    head, _, body = come.partition(b"\r\n\r\n")
    small = head.lower()
    while b"chunked" in small and not body.endswith(b"0\r\n\r\n"):
        body += connection.recv(65536)
    length = int(small.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def server() -> Iterator[Scripted]:
    with closing(Scripted()) as server:
        yield server


@pytest.fixture
def connections() -> Iterator[Connections]:
    with closing(Connections()) as connections:
        yield connections


def request(url: str, method: str = "GET", **more: Any) -> httpx.Request:
    return httpx.Request(method, url, extensions=TIMEOUTS, **more)


def read(transport: httpx.BaseTransport, asked: httpx.Request) -> tuple[httpx.Response, bytes]:
    with closing(transport.handle_request(asked)) as response:
        return response, b"".join(cast(Iterable[bytes], response.stream))


def outcome(transport: httpx.BaseTransport, asked: httpx.Request) -> tuple[Any, ...]:
    """What came: status, reason, headers and body, or the error's class."""
    try:
        response, body = read(transport, asked)
    except httpx.TransportError as error:
        return (type(error).__name__,)
    headers = [(name.lower(), value) for name, value in response.headers.raw]
    return response.status_code, response.reason_phrase, response.http_version, headers, body


# --- What is sent ------------------------------------------------------------------------------------


def test_a_request_as_it_is_on_the_wire(connections: Connections, server: Scripted) -> None:
    headers = {"Host": "va.msg.example", "X-LP-ON-BEHALF": "jws", "Content-Type": "application/json"}

    got = outcome(connections, request(f"{server.url}send?v=3", "POST", headers=headers, content=b'{"id":1}'))

    assert got == (200, "OK", "HTTP/1.1", [(b"content-length", b"2")], b"ok")
    assert server.heard == [
        b"POST /send?v=3 HTTP/1.1\r\nHost: va.msg.example\r\nX-LP-ON-BEHALF: jws\r\n"
        b'Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{"id":1}'
    ]


def test_a_body_of_unknown_length_is_sent_in_chunks(connections: Connections, server: Scripted) -> None:
    pieces = iter([b"one", b"", b"twenty-six letters of text"])

    outcome(connections, request(server.url, "PUT", content=pieces, headers={"Host": "here"}))

    assert server.heard == [
        b"PUT / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\none\r\n1a\r\ntwenty-six letters of text\r\n0\r\n\r\n"
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"X-A", b"a\r\nX-B: b"),
        (b"X-A", b"a\nX-B: b"),
        (b"X-A", b"a\rb"),
        (b"X-A", b"nul \0"),
        (b"X-A", b" in front"),
        (b"X-A", b"behind\t"),
        (b"X A", b"a"),
        (b"X-A:", b"a"),
        (b"X-A\r\nX-B", b"a"),
        (b"", b"a"),
        (b"Content-Length", b"two"),
        (b"Content-Length", b"-1"),
        (b"Content-Length", b"9" * 5000),
        (b"Transfer-Encoding", b"gzip"),
        (b"Transfer-Encoding", b"chunked"),  # beside the length
    ],
)
def test_what_would_be_read_as_something_else_is_not_sent(
    connections: Connections, server: Scripted, name: bytes, value: bytes
) -> None:
    asked = request(server.url, "POST", content=b"ok", headers=[(b"Host", b"here"), (name, value)])
    if name.lower() == b"transfer-encoding":
        asked.headers["Content-Length"] = "2"

    assert outcome(connections, asked) == ("LocalProtocolError",)
    assert server.heard == []
    assert outcome(connections, request(server.url))[0] == 200  # and its place is free


@pytest.mark.parametrize("length", ["1", "3"])
def test_a_wrong_length_of_a_body_is_refused(connections: Connections, server: Scripted, length: str) -> None:
    asked = request(server.url, "POST", content=b"ok", headers={"Content-Length": length})

    assert outcome(connections, asked) == ("LocalProtocolError",)


def test_two_lengths_are_refused(connections: Connections, server: Scripted) -> None:
    headers = [(b"Host", b"here"), (b"Content-Length", b"2"), (b"Content-Length", b"20")]

    assert outcome(connections, request(server.url, "POST", content=b"ok", headers=headers)) == (
        "LocalProtocolError",
    )
    assert server.heard == []


@pytest.mark.parametrize("method", ["G T", "GET\r\nX: y", ""])
def test_what_is_no_method_is_refused(connections: Connections, server: Scripted, method: str) -> None:
    assert outcome(connections, request(server.url, method)) == ("LocalProtocolError",)


def test_names_of_headers_are_remembered_within_bounds() -> None:
    for number in range(2000):
        framing.framed(httpx.Request("GET", "http://here/", headers={f"X-{number}": "a"}))

    assert len(framing._good_names) <= 256


# --- What comes --------------------------------------------------------------------------------------

HUGE = b"X-Much: " + b"a" * 2 * http11.MAX_HEAD_BYTES + b"\r\n"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK, (200, b"ok")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", (304, b"")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: t\r\n\r\n",
            (200, b"ok"),
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", (200, b"until the end")),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", (200, b"until the end")),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", (101, b"")),
        (b"HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n", (299, b"")),
    ],
)
def test_answers_of_every_framing(
    connections: Connections, server: Scripted, answer: bytes, expected: tuple[int, bytes]
) -> None:
    for parts in ([answer], [bytes([byte]) for byte in answer]):
        server.parts, server.hangs_up = parts, b"until" in answer

        got = outcome(connections, request(server.url))

        assert (got[0], got[-1]) == expected


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "without sending a response"),
        (b"HTTP/1.1 200 OK\r\nContent-", "in the middle of the answer's head"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "received 2 bytes, expected 9"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok", "incomplete chunked read"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "chunk"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "Expected HTTP/"),
        (b"HTTP/1.1 200 OK\r\n" + HUGE + b"\r\n", "head has over 102400 bytes"),
    ],
)
def test_what_is_no_answer_is_told_in_words(
    connections: Connections, server: Scripted, answer: bytes, words: str
) -> None:
    server.parts, server.hangs_up = [answer], True

    with pytest.raises(httpx.RemoteProtocolError, match=words):
        read(connections, request(server.url))


def test_the_answer_to_head_has_a_length_and_no_body(connections: Connections, server: Scripted) -> None:
    server.parts = [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]
    assert outcome(connections, request(server.url, "HEAD"))[-1] == b""

    server.parts = [OK]
    assert outcome(connections, request(server.url))[-1] == b"ok"


@pytest.mark.parametrize("surplus", [b"x", OK, b"HTTP/1.1 200 OK\r\nX: ", b"\0\0"])
def test_what_comes_behind_an_answer_is_never_taken_for_the_next_one(
    connections: Connections, server: Scripted, surplus: bytes
) -> None:
    server.parts = [OK + surplus]
    assert outcome(connections, request(server.url))[-1] == b"ok"

    server.parts = [OK.replace(b"ok", b"no")]
    assert outcome(connections, request(server.url))[-1] == b"no"
    assert server.connections == 2


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a reset takes with it what has come before")
def test_an_answer_that_comes_before_all_was_sent_is_read(connections: Connections) -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:  # closed with much unread: the client cannot send the rest
                connection.recv(1024)
                connection.sendall(refusal)

        threading.Thread(target=refuse, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

        assert outcome(connections, request(url, "PUT", content=b"x" * 50_000_000))[0] == 413


def test_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    body = bytes(range(256)) * 4000
    with socket.create_server(("127.0.0.1", 0)) as listener, authority.cert_pem.tempfile() as path:

        def serve() -> None:
            connection, _ = listener.accept()
            with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                while _read(secured):
                    secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

        threading.Thread(target=serve, daemon=True).start()
        monkeypatch.setenv("SSL_CERT_FILE", path)
        with closing(Connections()) as connections:
            url = f"https://localhost:{listener.getsockname()[1]}/"
            # Over one connection: the server accepts no second one.
            assert [outcome(connections, request(url))[-1] == body for _ in range(3)] == [True] * 3


# --- Beside httpx's own ------------------------------------------------------------------------------


def answer_of(lot: random.Random) -> tuple[list[bytes], bool]:
    """Any answer, in any parts, and whether the server hangs up behind it."""
    status, body = lot.choice([200, 201, 204, 302, 304, 404, 500, 599]), lot.randbytes(lot.choice([0, 1, 40]))
    body = body.replace(b"\r", b"r").replace(b"\n", b"n")
    version = lot.choice([b"1.1", b"1.1", b"1.1", b"1.0"])
    lines = [b"HTTP/%b %d %b" % (version, status, lot.choice([b"OK", b"Not What You Want", b""]))]
    lines += [b"X-%d: %d" % (n, n * n) for n in range(lot.choice([0, 1, 7]))]
    lines += lot.choice([[], [b"Connection: close"], [b"Connection: keep-alive"], [b"X-Empty:"]])
    hangs_up, cut = lot.random() < 0.3, 0
    match lot.choice(["length", "length", "chunked", "end", "cut", "surplus"]):
        case "length":
            lines.append(b"Content-Length: %d" % len(body))
        case "chunked":
            lines.append(b"Transfer-Encoding: chunked")
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
        case "end":
            hangs_up = True
        case "cut":
            lines.append(b"Content-Length: %d" % (len(body) + 5))
            hangs_up, cut = True, lot.choice([0, 0, 1, 60])
        case "surplus":
            lines.append(b"Content-Length: %d" % len(body))
            body += lot.choice([b"more", OK])
    if status in (204, 304):
        body = b"" if b"Transfer" not in b"".join(lines) else body
    interim = lot.choice([b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n"])
    whole = interim + b"\r\n".join(lines) + b"\r\n\r\n" + body
    whole = whole[: len(whole) - cut]
    places = sorted(lot.sample(range(1, len(whole)), lot.choice([0, 1, 3]))) if len(whole) > 4 else []
    return [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)], hangs_up


def test_random_answers_mean_what_they_mean_to_httpx(server: Scripted) -> None:
    kinds = set()
    for seed in range(RANDOM):
        server.parts, server.hangs_up = answer_of(random.Random(seed))
        with closing(Connections()) as ours, closing(httpx.HTTPTransport(trust_env=False)) as theirs:
            got, expected = (outcome(one, request(server.url)) for one in (ours, theirs))
            assert got == expected, (seed, server.parts)
            kinds.add(got[0])

            server.parts, server.hangs_up = [OK.replace(b"ok", b"%02d" % (seed % 100))], False
            assert outcome(ours, request(server.url))[-1] == b"%02d" % (seed % 100), seed

    assert {200, 204, 304, 500, "RemoteProtocolError"} <= kinds
