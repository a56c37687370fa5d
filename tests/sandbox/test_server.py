"""The control API in process, and the bounds of the server."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
import uvicorn

from connectorkit import bounded
from connectorkit.sandbox import bodies
from connectorkit.sandbox.app import create_app
from connectorkit.sandbox.world import World

from .conftest import ACCOUNT, batch, opened, publish

# --- Control API, in process -------------------------------------------------------------------------


Ask = Callable[..., httpx.Response]
GUARDED = [("GET", "clock"), ("POST", "clock"), ("GET", "state"), ("POST", "reset")]


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Basic x", "bearer é"])
@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_the_control_api_wants_its_token(ask: Ask, method: str, path: str, given: str) -> None:
    answer = ask(method, f"/sandbox/{path}", headers={"Authorization": given.encode("latin-1")})

    assert answer.status_code == 401
    assert "control_token" in answer.json()["error"]


@pytest.mark.parametrize(("method", "path"), [*GUARDED, ("GET", "about")])
@pytest.mark.parametrize(
    "foreign",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"headers": {"Origin": "http://evil.example"}},
        {"headers": {"Origin": "null"}},
        {"headers": {"Host": ""}},
    ],
    ids=["host", "similar host", "origin", "null origin", "no host"],
)
def test_the_control_api_refuses_foreign_hosts_and_origins(
    ask: Ask, method: str, path: str, foreign: dict[str, Any]
) -> None:
    assert ask(method, f"/sandbox/{path}", **foreign).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_about_needs_no_token_and_names_the_limits(ask: Ask, host: str) -> None:
    answer = ask("GET", "/sandbox/about", host=host, headers={"Authorization": ""})

    assert answer.status_code == 200
    assert {"imitates", "does_not_imitate", "control"} <= set(answer.json())
    assert any("rate limits" in limit for limit in answer.json()["does_not_imitate"])


BAD_ADVANCES = [None, "60", True, -1, [60], 10**10, 10**400]


@pytest.mark.parametrize("seconds", BAD_ADVANCES, ids=lambda value: str(value)[:12])
def test_an_advance_that_is_no_sensible_number_is_refused(ask: Ask, world: World, seconds: Any) -> None:
    answer = ask("POST", "/sandbox/clock", content=json.dumps({"advance_seconds": seconds}))

    assert answer.status_code == 400
    assert "advance_seconds" in answer.json()["error"]
    assert world.clock.advanced_seconds == 0


INFINITE = b'{"advance_seconds": Infinity}'


@pytest.mark.parametrize("content", [b"", b"[]", b"60", b"{", b"\xff", b"[" * 100_000, INFINITE])
def test_an_advance_that_is_no_object_is_refused(ask: Ask, content: bytes) -> None:
    assert ask("POST", "/sandbox/clock", content=content).status_code == 400


def test_time_cannot_be_advanced_beyond_what_a_date_can_say(ask: Ask, world: World) -> None:
    world.clock.advanced_seconds = 250_000_000_000  # where some nine hundred leaps of ten years lead

    answers = [ask("POST", "/sandbox/clock", json={"advance_seconds": 316_224_000}) for _ in range(12)]

    assert {answer.status_code for answer in answers} <= {200, 400}
    assert ask("GET", "/sandbox/clock").status_code == 200


def test_a_profile_stays_set_although_the_opening_failed(ask: Ask, world: World) -> None:
    opened(world, lp_id("anna"))
    path = f"/api/account/{ACCOUNT}/messaging/consumer/conversation?v=3"
    tokens = {
        "Authorization": world.issuer.app_jwt("app-1"),
        "X-LP-ON-BEHALF": world.issuer.consumer_jws("anna"),
    }
    third = publish("", "3")

    answer = ask("POST", path, json=batch(third, firstName="Anna"), headers=tokens)

    assert answer.status_code == 400
    assert [item["code"] for item in answer.json()] == ["OK", "BAD_REQUEST", "BAD_REQUEST"]
    assert answer.json()[2]["body"]["msg"] == "Bad Request, previous request failed"
    state = ask("GET", "/sandbox/state").json()
    assert state["profiles"] == {lp_id("anna"): {"firstName": "Anna"}}
    assert len(state["conversations"]) == 1


def lp_id(consumer: str) -> str:
    return hashlib.sha256(f"{ACCOUNT}\n{consumer}".encode()).hexdigest()


SERVICES = ["sentinel", "idp", "asyncMessagingEnt", "swift", "agentVep", "accountConfigReadWrite"]


@pytest.mark.parametrize(
    ("hosts", "named"),
    [
        ({}, dict.fromkeys(SERVICES, "127.0.0.1:4711")),
        (
            {"swift": "va.swift.example"},
            dict.fromkeys(SERVICES, "127.0.0.1:4711") | {"swift": "va.swift.example"},
        ),
        (dict.fromkeys(SERVICES, "va.example:8443"), dict.fromkeys(SERVICES, "va.example:8443")),
    ],
    ids=["own address", "one set", "all set"],
)
def test_domain_answers_name_each_service_and_its_host(
    ask: Ask, world: World, hosts: dict[str, str], named: dict[str, str]
) -> None:
    world.host, world.hosts = "127.0.0.1:4711", hosts
    stem = f"/api/account/{ACCOUNT}/service"

    together = ask("GET", f"{stem}/baseURI.json?version=1.0").json()["baseURIs"]
    one_by_one = [ask("GET", f"{stem}/{name}/baseURI.json?version=1.0").json() for name in SERVICES]

    assert {entry["service"]: entry["baseURI"] for entry in together} == named
    assert one_by_one == together


# --- The server's bounds -----------------------------------------------------------------------------


@pytest.fixture
def address(world: World, eventually: Callable[..., Any]) -> Iterator[tuple[str, int]]:
    """A server with the sandbox's own protocol, on a thread of this process."""
    options: dict[str, Any] = {"lifespan": "off", "log_config": None, "ws": "none", "port": 0}
    server = uvicorn.Server(uvicorn.Config(create_app(world), http=bounded.BoundedProtocol, **options))
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[:2]
    server.should_exit = True
    thread.join(10)


def answered(connection: socket.socket) -> bytes:
    """Everything until the other side hangs up, politely or not."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def call(address: tuple[str, int], sent: bytes) -> bytes:
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(sent)
        return answered(connection)


def about(connection: HTTPConnection) -> int:
    connection.request("GET", "/sandbox/about")
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.mark.parametrize("sent", [b"", b"GET /sandbox/about HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_headers_that_do_not_come_in_time_end_the_connection(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int], sent: bytes
) -> None:
    monkeypatch.setattr(bounded, "HEADER_SECONDS", 0.1)

    assert call(address, sent) == b""


def test_a_connection_may_rest_between_two_requests(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int]
) -> None:
    monkeypatch.setattr(bounded, "HEADER_SECONDS", 0.1)
    with closing(HTTPConnection(*address, timeout=10)) as connection:
        first = about(connection)
        line = connection.sock

        call(address, b"")  # as long as it takes to lose patience with another connection

        assert (first, about(connection)) == (200, 200)
        assert connection.sock is line


def test_a_body_that_does_not_come_in_time_gets_408(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int], world: World
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)
    head = (
        f"POST /sandbox/clock HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {world.control_token}\r\n"
    )

    answer = call(address, f"{head}Content-Length: 9\r\nConnection: close\r\n\r\n{{".encode())

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b'{"error":"The body did not arrive within 0.1 seconds"}')


@pytest.mark.parametrize(("size", "status"), [(100, 400), (101, 413), (100_000, 413)])
def test_a_body_over_the_limit_gets_413(
    monkeypatch: pytest.MonkeyPatch, ask: Ask, world: World, size: int, status: int
) -> None:
    monkeypatch.setattr("connectorkit.wire.MAX_BODY_BYTES", 100)
    path = f"/api/account/{ACCOUNT}/messaging/consumer/conversation/send?v=3"
    tokens = {
        "Authorization": world.issuer.app_jwt("app-1"),
        "X-LP-ON-BEHALF": world.issuer.consumer_jws("anna"),
        "Content-Type": "application/json",
    }

    assert ask("POST", path, content=b" " * size, headers=tokens).status_code == status


@pytest.mark.parametrize(
    "sent",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"POST /sandbox/reset HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
    ],
    ids=["no request", "no host", "broken header", "TLS", "endless header", "bad length"],
)
def test_what_is_no_http_gets_400_in_json(address: tuple[str, int], sent: bytes) -> None:
    head, _, body = call(address, sent).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/json" in head.lower()
    assert json.loads(body)["error"]


def test_connections_beyond_the_limit_are_dropped(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int]
) -> None:
    monkeypatch.setattr(bounded, "MAX_CONNECTIONS", 1)
    with closing(HTTPConnection(*address, timeout=10)) as first:
        assert about(first) == 200

        assert call(address, b"") == b""

        assert about(first) == 200
