"""Connections: kept and used again, given up when stale, limited in number, and closed in the end."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import httpx
import pytest
import trustme

from connectorkit.connections import Connections

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Accepts on loopback; counts connections; answers each request with what ``answer`` holds."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://localhost:{self._listener.getsockname()[1]}/"
        self._context = context
        self.answer = OK
        self.hang_up = False
        self.made: list[socket.socket] = []
        self.ended = threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):  # a client that hangs up, or trusts no certificate
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            self.made.append(connection)
            with connection:
                while connection.recv(65536):
                    connection.sendall(self.answer)
                    if self.hang_up:
                        break
        self.ended.release()

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with closing(Server()) as server:
        yield server


@pytest.fixture
def connections() -> Iterator[Connections]:
    with closing(Connections(httpx.Limits(max_connections=2, max_keepalive_connections=1))) as connections:
        yield connections


def asked(url: str, timeout: float = 5) -> httpx.Request:
    extensions = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout)}
    return httpx.Request("GET", url, extensions=extensions)


def get(connections: Connections, url: str, timeout: float = 5) -> str:
    response = connections.handle_request(asked(url, timeout))
    try:
        return response.read().decode()
    finally:
        response.close()


def test_a_connection_is_used_again(connections: Connections, server: Server) -> None:
    assert [get(connections, server.url) for _ in range(3)] == ["ok"] * 3

    assert len(server.made) == 1


def test_a_connection_that_the_other_side_has_closed_is_not_used_again(
    connections: Connections, server: Server
) -> None:
    server.hang_up = True

    for _ in range(2):
        assert get(connections, server.url) == "ok"
        assert server.ended.acquire(timeout=10)

    assert len(server.made) == 2


def test_a_connection_is_not_used_again_after_its_time(server: Server) -> None:
    with closing(Connections(httpx.Limits(max_connections=1, keepalive_expiry=0))) as connections:
        assert [get(connections, server.url) for _ in range(2)] == ["ok"] * 2

    assert len(server.made) == 2


def test_an_answer_that_was_not_read_to_its_end_costs_its_connection(
    connections: Connections, server: Server
) -> None:
    server.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000
    connections.handle_request(asked(server.url)).close()
    server.answer = OK

    assert server.ended.acquire(timeout=10)
    assert get(connections, server.url) == "ok"


def test_no_more_connections_are_made_than_allowed(connections: Connections, server: Server) -> None:
    held = [connections.handle_request(asked(server.url)) for _ in range(2)]

    with pytest.raises(httpx.PoolTimeout, match="in use"):
        connections.handle_request(asked(server.url, timeout=0.01))

    for response in held:
        response.read()
        response.close()
    assert get(connections, server.url) == "ok"
    assert server.ended.acquire(timeout=10)  # one of two is kept


def test_a_failure_gives_its_place_back(connections: Connections) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"

    for _ in range(5):
        with pytest.raises(httpx.ConnectError):
            connections.handle_request(asked(url))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"SSH-2.0\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", httpx.ReadTimeout),
        (b"HTTP/1.1 200 OK\r\n", httpx.ReadTimeout),
    ],
)
def test_errors_are_those_of_httpx_and_give_their_place_back(
    connections: Connections, server: Server, answer: bytes, error: type[Exception]
) -> None:
    server.answer = answer

    for _ in range(3):
        with pytest.raises(error) as caught:
            get(connections, server.url, timeout=0.05)
        assert isinstance(caught.value.__cause__, Exception)


@pytest.mark.parametrize("url", ["ftp://service.example/", "/no/scheme"])
def test_what_is_no_web_address_is_refused(connections: Connections, url: str) -> None:
    with pytest.raises(httpx.UnsupportedProtocol, match="begins with http"):
        connections.handle_request(asked(url))


def test_closing_ends_idle_connections_at_once_and_others_when_they_are_done(server: Server) -> None:
    connections = Connections()
    used = connections.handle_request(asked(server.url))
    assert get(connections, server.url) == "ok"

    connections.close()

    assert server.ended.acquire(timeout=10)
    used.read()
    used.close()
    assert server.ended.acquire(timeout=10)


def test_certificates_are_checked(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with closing(Server(context)) as server:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            get(connections, server.url)

        with authority.cert_pem.tempfile() as path, closing(Connections()) as trusting:
            monkeypatch.setenv("SSL_CERT_FILE", path)
            assert get(trusting, server.url) == "ok"


def test_threads_share_them(server: Server) -> None:
    answers: list[str] = []
    with closing(Connections()) as connections:
        threads = [
            threading.Thread(target=lambda: answers.extend(get(connections, server.url) for _ in range(20)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert answers == ["ok"] * 160
    assert len(server.made) <= 8
