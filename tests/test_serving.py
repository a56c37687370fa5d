"""The server that sandbox and receiver share, on a thread, under an app of one line."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connectorkit import certificates
from connectorkit.serving import Listener, ListenError

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def teapot(scope: Any, receive: Any, send: Any) -> None:
    """Answers without reading the body."""
    await send({"type": "http.response.start", "status": 418, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


def test_a_listener_says_where_it_is_and_ends() -> None:
    listener = Listener(teapot, "127.0.0.1", 0)

    address = listener.start()
    with closing(socket.create_connection(address, timeout=10)) as connection:
        connection.sendall(GET)
        assert connection.recv(100).startswith(b"HTTP/1.1 418 ")
    assert listener.listening
    listener.stop()

    assert not listener.listening
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=10)


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_cannot_be_listened_on(host: str) -> None:
    with pytest.raises(ListenError):
        Listener(teapot, host, 0).start()


def test_answers_do_not_wait_for_an_acknowledgement(eventually: Callable[..., Any]) -> None:
    """Without TCP_NODELAY each answer in two parts would take 40 ms longer."""
    listener = Listener(teapot, "127.0.0.1", 0)
    with closing(socket.create_connection(listener.start(), timeout=10)) as connection:
        connections = listener._server.server_state.connections
        eventually(lambda: connections)
        served = next(iter(connections)).transport.get_extra_info("socket")  # type: ignore[union-attr]
        delayed = not served.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        connection.close()
    listener.stop()

    assert not delayed


def test_stopping_does_not_wait_for_a_client_at_rest_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS ends with a goodbye from both sides, and this client gives none."""
    monkeypatch.setattr("connectorkit.serving.SHUTDOWN_SECONDS", 60)
    made = certificates.issue([], tmp_path)
    listener = Listener(teapot, "127.0.0.1", 0, made.server_context())
    trusting = ssl.create_default_context(cafile=made.ca_path)
    plain = socket.create_connection(listener.start(), timeout=10)
    with closing(trusting.wrap_socket(plain, server_hostname="127.0.0.1")) as connection:
        connection.sendall(GET)
        connection.recv(100)

        started = time.monotonic()
        listener.stop()
        took = time.monotonic() - started

    assert took < 30


def test_nonsense_after_the_answer_ends_the_connection_and_disturbs_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    listener = Listener(teapot, "127.0.0.1", 0)
    with closing(socket.create_connection(listener.start(), timeout=10)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        answer = connection.recv(1000)
        connection.sendall(b"no chunk\r\n")
        rest = connection.recv(1000)
    listener.stop()

    assert (answer.startswith(b"HTTP/1.1 418 "), rest) == (True, b"")
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []
