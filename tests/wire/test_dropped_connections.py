"""Connections that break before, in and after an answer, byte for byte, plain and over TLS."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from .conftest import ANNA, Hook, Wire, sequence, text
from .hooks import only_texts, wait_for_text
from .shapes import PNG, granted, store, upload_request

Line = dict[str, Any]


@pytest.fixture(scope="module")
def ready() -> Iterator[Line]:
    """A sandbox that speaks TLS on one port and not on another."""
    process = subprocess.Popen(
        [sys.executable, "-m", "connectorkit", "sandbox", "--tls"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()
        _, errors = process.communicate(timeout=15)
    assert errors == ""  # a dropped connection is nothing that the server should wonder about


class Caller:
    """A client of bytes; its one call is a domain lookup, whose connection it would keep."""

    def __init__(self, ready: Line, scheme: str) -> None:
        self._ready = ready
        self._parts = urlsplit(ready["base_url" if scheme == "https" else "plain_base_url"])
        assert self._parts.scheme == scheme
        lookup = f"/api/account/{ready['account_id']}/service/idp/baseURI.json?version=1.0"
        self.request = f"GET {lookup} HTTP/1.1\r\nHost: {self._parts.netloc}\r\n\r\n".encode()

    def fault(self, **spec: Any) -> None:
        answer = httpx.post(
            f"{self._ready['plain_base_url']}/sandbox/faults",
            json=spec,
            headers={"Authorization": f"Bearer {self._ready['control_token']}"},
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text

    def connect(self) -> socket.socket:
        assert self._parts.hostname is not None
        plain = socket.create_connection((self._parts.hostname, self._parts.port or 0), timeout=10)
        if self._parts.scheme == "http":
            return plain
        trusting = ssl.create_default_context(cafile=self._ready["ca_path"])
        return trusting.wrap_socket(plain, server_hostname=self._parts.hostname)

    def statuses(self, calls: int) -> list[int]:
        """Those of so many calls of a client that keeps its connections."""
        url = f"{self._parts.geturl()}{self.request.split()[1].decode()}"
        trusting = ssl.create_default_context(cafile=self._ready["ca_path"])
        with httpx.Client(verify=trusting, trust_env=False) as http:
            return [http.get(url).status_code for _ in range(calls)]

    def ask(self) -> tuple[bytes, bytes]:
        """Head and body of all that comes until the other side hangs up; a timeout where it does not."""
        with closing(self.connect()) as connection:
            connection.sendall(self.request)
            return parted(until_it_hangs_up(connection))


@pytest.fixture(params=["http", "https"])
def caller(request: pytest.FixtureRequest, ready: Line) -> Caller:
    httpx.delete(
        f"{ready['plain_base_url']}/sandbox/faults",
        headers={"Authorization": f"Bearer {ready['control_token']}"},
        trust_env=False,
    )
    return Caller(ready, request.param)


def until_it_hangs_up(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def parted(received: bytes) -> tuple[bytes, bytes]:
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


def length(head: bytes) -> int:
    (told,) = (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return int(told.partition(b":")[2])


# --- Byte for byte -----------------------------------------------------------------------------------


def test_before_the_answer_means_nothing_of_it(caller: Caller) -> None:
    caller.fault(drop="before")

    assert caller.ask() == (b"", b"")


def test_in_the_answer_means_its_head_and_half_of_its_body(caller: Caller) -> None:
    caller.fault(drop="in", on="domains")

    head, body = caller.ask()

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(body) == length(head) // 2 > 0
    assert body.startswith(b'{"service":"idp"')


def test_after_the_answer_means_all_of_it_and_no_announcement(caller: Caller) -> None:
    caller.fault(drop="after")

    head, body = caller.ask()

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(body) == length(head)
    assert json.loads(body)["service"] == "idp"
    assert b"connection:" not in head.lower()


def test_after_the_answer_a_second_request_on_the_connection_is_not_answered(caller: Caller) -> None:
    caller.fault(drop="after", times=1)
    with closing(caller.connect()) as connection:
        connection.sendall(caller.request * 2)

        received = until_it_hangs_up(connection)

    assert received.count(b"HTTP/1.1 200 OK") == 1


def test_a_second_request_behind_a_dropped_one_is_not_answered_either(caller: Caller) -> None:
    caller.fault(drop="before", times=1)
    with closing(caller.connect()) as connection:
        connection.sendall(caller.request * 2)

        assert until_it_hangs_up(connection) == b""


def test_half_of_a_dribbling_answer_comes_before_the_connection_breaks(caller: Caller) -> None:
    caller.fault(drop="in")
    caller.fault(dribble=1000)

    head, body = caller.ask()

    assert len(body) == length(head) // 2


def test_a_late_drop_is_a_drop(caller: Caller) -> None:
    caller.fault(drop="before", delay=0.01)

    assert caller.ask() == (b"", b"")


def test_a_client_that_keeps_connections_never_meets_a_dropped_one(caller: Caller) -> None:
    """The end leaves together with the answer, so that no request can come in between."""
    caller.fault(drop="after")

    assert caller.statuses(50) == [200] * 50


def test_the_next_connection_is_served(caller: Caller) -> None:
    caller.fault(drop="before", times=1)
    caller.ask()
    with closing(caller.connect()) as connection:
        connection.sendall(caller.request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

        head, body = parted(until_it_hangs_up(connection))

    assert (head[:15], json.loads(body)["service"]) == (b"HTTP/1.1 200 OK", "idp")


# --- Carried out or not ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "next_number"),
    [
        ({"drop": "before"}, 0),
        ({"drop": "before", "done": False}, 0),
        ({"drop": "before", "done": True}, 2),
        ({"drop": "in"}, 2),
    ],
)
def test_what_was_carried_out_is_counted(wire: Wire, spec: dict[str, Any], next_number: int) -> None:
    conversation_id = wire.open()
    wire.fault(**spec, on="send", times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        wire.send(text(conversation_id))

    assert sequence(wire.send(text(conversation_id))) == next_number


def test_a_text_without_an_answer_arrives_as_a_notification(wire: Wire, hook: Hook) -> None:
    wire.install(only_texts(hook))
    conversation_id = wire.open()
    wire.fault(drop="before", done=True, on="send", times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        wire.send(text(conversation_id, "Hello"))

    wait_for_text(hook, "Hello")


def test_an_answer_without_a_body_is_cut_as_well(wire: Wire) -> None:
    url = granted(wire.send(upload_request(len(PNG), "PNG")))
    wire.fault(drop="in", on="upload", times=1)

    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        store(wire, "PUT", url, PNG)

    body = {"relativePath": url["relativePath"]}
    request = {"kind": "req", "id": "4", "type": "ms.GenerateURLForDownloadFile", "body": body}
    assert store(wire, "GET", granted(wire.send(request))).content == PNG


def test_a_conversation_may_be_opened_without_its_id_being_told(wire: Wire) -> None:
    wire.fault(drop="in", on="conversation", times=1)

    with pytest.raises(httpx.RemoteProtocolError):
        wire.converse(wire.batch())

    assert "already has open conversation" in wire.converse(wire.batch()).json()[1]["body"]["msg"]


@pytest.mark.parametrize("size", [0, 1024 * 1024 + 1])
def test_a_request_of_any_size_is_heard_to_its_end_before_the_connection_breaks(
    wire: Wire, size: int
) -> None:
    """Else the client could not tell a request that left from one that did not."""
    wire.fault(drop="before", on="send", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        wire.send(b" " * size)

    assert wire.consumer_token(ANNA)
