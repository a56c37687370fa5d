"""What the transports record: every exchange once, failures included, with its times and without secrets."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest

from connectorkit import AsyncClient, Client, NoAnswerError
from connectorkit.log import Log
from connectorkit.redact import Redactor, Secret
from connectorkit.settings import Settings
from connectorkit.transport import Recorder, RecordingTransport

PHASES = ("connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms")
TEXT = {"id": "7", "kind": "req"}
OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Peer = Callable[[socket.socket], None]


class Lookup:
    """A server on loopback whose domain answer is what a test makes of it; serves on threads."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.peer: Peer = lambda connection: None
        self._over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            self.peer(connection)

    def say_nothing(self, connection: socket.socket) -> None:
        self._over.wait(30)

    def close(self) -> None:
        self._over.set()
        self._listener.close()


@pytest.fixture
def lookup() -> Iterator[Lookup]:
    with closing(Lookup()) as lookup:
        yield lookup


@pytest.fixture
def looking(make_client: Callable[..., Any], fake_settings: Settings, lookup: Lookup) -> Any:
    """A client of either kind whose domain lookup is the server above, with a short patience."""
    return make_client(replace(fake_settings, domain_lookup=lookup.url, scheme="http", timeout=0.5))


def saying(*parts: bytes) -> Peer:
    def peer(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return peer


def only(log: Log) -> Any:
    (exchange,) = log
    return exchange


# --- Failures ----------------------------------------------------------------------------------------


def test_a_refused_connection_is_recorded(make_client: Any, fake_settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    client = make_client(replace(fake_settings, domain_lookup=address))

    with pytest.raises(NoAnswerError):
        client.domains()

    exchange = only(client.log)
    assert exchange.error.startswith("ConnectError: ")
    assert (exchange.operation, exchange.status_code, exchange.attempt) == ("domains", None, 1)
    assert (exchange.send_ms, exchange.wait_ms, exchange.reused_connection) == (None, None, None)
    assert exchange.total_ms > 0


@pytest.mark.parametrize("error", [httpx.ConnectTimeout, httpx.PoolTimeout, httpx.WriteError])
def test_what_fails_before_an_answer_is_recorded(faked: Any, service: Any, error: type[Exception]) -> None:
    service.answers["domains"] = [error("no luck")]

    with pytest.raises(NoAnswerError):
        faked.domains()

    assert only(faked.log).error == f"{error.__name__}: no luck"


def test_a_read_timeout_is_recorded_with_the_time_it_took(looking: Any, lookup: Lookup) -> None:
    lookup.peer = lookup.say_nothing

    with pytest.raises(NoAnswerError):
        looking.domains()

    exchange = only(looking.log)
    assert exchange.error.startswith("ReadTimeout")
    assert exchange.total_ms >= 500
    assert exchange.send_ms is not None
    assert exchange.status_code is None


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "RemoteProtocolError"),
        (b"HTTP/1.1 200 OK\r\nbroken header\r\n\r\n", "RemoteProtocolError"),
        (b"", "RemoteProtocolError"),
    ],
    ids=["not HTTP", "bad header", "nothing"],
)
def test_an_answer_that_is_no_http_is_recorded(looking: Any, lookup: Lookup, said: bytes, error: str) -> None:
    lookup.peer = saying(said)

    with pytest.raises(NoAnswerError):
        looking.domains()

    assert only(looking.log).error.startswith(error)


def test_a_body_cut_short_is_recorded_with_what_came(looking: Any, lookup: Lookup) -> None:
    lookup.peer = saying(OK_HEAD + b'Content-Length: 100\r\n\r\n{"baseURIs": [')

    with pytest.raises(NoAnswerError):
        looking.domains()

    exchange = only(looking.log)
    assert exchange.error.startswith("RemoteProtocolError: ")
    assert (exchange.status_code, exchange.response_body) == (200, '{"baseURIs": [')
    assert exchange.response_bytes == 14


def test_a_body_that_cannot_be_decompressed_is_recorded_as_a_failure(looking: Any, lookup: Lookup) -> None:
    lookup.peer = saying(OK_HEAD + b"Content-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip")

    with pytest.raises(NoAnswerError):
        looking.domains()

    exchange = only(looking.log)
    assert exchange.status_code == 200
    assert exchange.error is not None
    assert exchange.error.startswith("DecodingError")


@pytest.mark.parametrize("head", [b"", OK_HEAD + b"Content-Length: 100\r\n\r\n{"], ids=["waiting", "reading"])
def test_a_cancelled_task_is_recorded(fake_settings: Settings, lookup: Lookup, head: bytes) -> None:
    asked = threading.Event()

    def peer(connection: socket.socket) -> None:
        connection.sendall(head)
        asked.set()
        lookup.say_nothing(connection)

    async def cancel_while_waiting() -> Any:
        async with AsyncClient(replace(fake_settings, domain_lookup=lookup.url, scheme="http")) as client:
            task = asyncio.create_task(client.domains())
            await asyncio.to_thread(asked.wait, 10)
            for _ in range(20):  # so that what was said is read
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return only(client.log)

    lookup.peer = peer

    assert asyncio.run(cancel_while_waiting()).error.startswith("CancelledError")


# --- Answers -----------------------------------------------------------------------------------------


def test_a_compressed_body_is_kept_as_text(looking: Any, lookup: Lookup) -> None:
    body = gzip.compress(b'{"baseURIs": []}')
    head = OK_HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    lookup.peer = saying(head, body)

    assert looking.domains() == {}

    exchange = only(looking.log)
    assert exchange.response_body == '{"baseURIs": []}'
    assert exchange.response_bytes == len(body)


def test_bytes_that_are_no_text_are_kept_as_far_as_they_can_be(looking: Any, lookup: Lookup) -> None:
    lookup.peer = saying(OK_HEAD + b'Content-Length: 18\r\n\r\n{"baseURIs": "\xff\xfe"}')

    with pytest.raises(Exception, match="Expected a JSON object with baseURIs"):
        looking.domains()

    assert only(looking.log).response_body == '{"baseURIs": "\ufffd\ufffd"}'


def test_request_and_response_are_kept_as_they_were(either: Any) -> None:
    reply = either.send({"id": "7", "text": "Grüße 🚀"}, consumer="anna")

    exchange = either.log.last()
    assert exchange == reply.exchange
    assert json.loads(exchange.request_body) == {"id": "7", "text": "Grüße 🚀"}
    assert exchange.request_bytes == len('{"id":"7","text":"Grüße 🚀"}'.encode())
    assert (exchange.method, exchange.status_code, exchange.reason) == ("POST", 400, "Bad Request")
    assert exchange.url.endswith("/api/account/12345678/messaging/consumer/conversation/send?v=3")
    assert exchange.http_version == "HTTP/1.1"
    assert ("content-type", "application/json") in [(n.lower(), v) for n, v in exchange.response_headers]
    assert json.loads(exchange.response_body)["code"] == "BAD_REQUEST"
    assert exchange.response_bytes == len(exchange.response_body.encode())


def test_there_is_one_record_per_exchange_in_order(either: Any) -> None:
    either.send(TEXT, consumer="anna")
    either.send(TEXT, consumer="anna")

    assert [exchange.operation for exchange in either.log] == [
        "domains",
        "app_jwt",
        "consumer_jws",
        "send",
        "send",
    ]


def test_a_repeated_request_is_a_row_of_its_own(either: Any, control: httpx.Client) -> None:
    either.send(TEXT, consumer="anna")
    control.post("/sandbox/clock", json={"advance_seconds": 3660})

    either.send(TEXT, consumer="anna")

    rows = [(e.operation, e.attempt, e.status_code) for e in either.log][4:]
    assert rows == [("send", 1, 401), ("app_jwt", 1, 200), ("send", 2, 400)]


def test_the_record_says_for_whom_it_was(either: Any) -> None:
    either.send(TEXT, consumer="anna")

    assert [(e.consumer, e.account_id) for e in either.log][-2:] == [("anna", "12345678")] * 2


# --- Times -------------------------------------------------------------------------------------------


def test_a_connection_is_made_once_and_then_reused(either: Any) -> None:
    either.send(TEXT, consumer="anna")

    first, *others = list(either.log)
    assert first.reused_connection is False
    assert first.connect_ms > 0
    assert [(e.reused_connection, e.connect_ms) for e in others] == [(True, None)] * 3


def test_every_phase_is_timed_and_together_they_are_no_longer_than_the_whole(either: Any) -> None:
    either.send(TEXT, consumer="anna")

    for exchange in either.log:
        phases = [getattr(exchange, name) for name in PHASES if getattr(exchange, name) is not None]
        assert min(exchange.send_ms, exchange.wait_ms, exchange.receive_ms) >= 0
        assert sum(phases) <= exchange.total_ms
        assert exchange.tls_ms is None


def test_waiting_for_the_answer_is_told_from_reading_it(looking: Any, lookup: Lookup) -> None:
    release = threading.Timer(0.1, lambda: half.set())
    half = threading.Event()

    def peer(connection: socket.socket) -> None:
        connection.sendall(OK_HEAD + b'Content-Length: 16\r\n\r\n{"base')
        half.wait(10)
        connection.sendall(b'URIs": []}')

    lookup.peer = peer
    release.start()
    looking.domains()

    exchange = only(looking.log)
    assert exchange.receive_ms > exchange.wait_ms


# --- Secrets and a log that fails --------------------------------------------------------------------


def test_nothing_secret_is_in_a_record(either: Any, sandbox: dict[str, Any]) -> None:
    either.send(TEXT, consumer="anna")

    known = either.credentials
    kept = repr([vars(exchange) for exchange in either.log])
    for secret in (sandbox["client_secret"], *_texts(known.app_jwt), *_texts(known.consumer_jws["anna"])):
        assert secret not in kept
    assert known.app_jwt.fingerprint in kept


def _texts(token: Any) -> list[str]:
    text = token.secret.reveal()
    return [text, text.split(".")[1], text.split(".")[2]]


def test_a_secret_is_labelled_with_the_one_fingerprint_it_has(either: Any, sandbox: dict[str, Any]) -> None:
    either.app_jwt()

    label = f"[secret:{Secret(sandbox['client_secret']).fingerprint}]"
    assert either.log.last().request_body == f"client_id={sandbox['client_id']}&client_secret={label}"


def test_claims_of_issued_tokens_are_kept(either: Any) -> None:
    token = either.app_jwt()

    assert either.log.last().tokens == {token.fingerprint: token.claims}


@pytest.mark.filterwarnings("default::RuntimeWarning")
def test_a_log_that_cannot_be_written_warns_once_and_the_call_returns(either: Any) -> None:
    either.app_jwt()
    either.log._database.execute("DROP TABLE exchanges")

    with pytest.warns(RuntimeWarning, match=r"could not be written.*not recorded") as warned:
        replies = [either.send(TEXT, consumer="anna") for _ in range(3)]

    assert [reply.status_code for reply in replies] == [400] * 3
    assert len(warned) == 1
    assert either._recorder.lost == 4


@pytest.mark.parametrize(
    "body", [{"stream": httpx.ByteStream(b"{}")}, {"content": b"{}"}], ids=["streamed", "there already"]
)
def test_requests_from_outside_the_kit_are_recorded_too(memory_log: Log, body: dict[str, Any]) -> None:
    inner = httpx.MockTransport(lambda request: httpx.Response(200, **body))

    with httpx.Client(transport=RecordingTransport(inner, Recorder(memory_log, Redactor()))) as http:
        http.get("http://service.example/path")

    assert [(e.operation, e.status_code, e.response_body) for e in memory_log] == [("http", 200, "{}")]


def test_threads_record_every_exchange_of_theirs(client: Client) -> None:
    names = [f"consumer-{number}" for number in range(8)]
    threads = [threading.Thread(target=client.send, args=(TEXT,), kwargs={"consumer": n}) for n in names]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sends = [e.consumer for e in client.log if e.operation == "send"]
    assert sorted(sends) == names


def test_an_answer_that_was_made_ready_is_not_decompressed_again() -> None:
    """As a mock of a network gives it: httpx has read and decompressed it already."""
    body = gzip.compress(b'{"code": "OK"}')
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    ready = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, content=body))
    recorder = Recorder(Log(), Redactor())
    request = httpx.Request("POST", "https://msg.example/send", content=b"{}")

    answer = RecordingTransport(ready, recorder).send(request)

    assert answer.json()["code"] == "OK"
    kept = recorder.log.last()
    assert kept is not None
    assert (kept.error, kept.response_json()["code"]) == (None, "OK")


def test_claims_of_a_token_hold_no_secret_either() -> None:
    secret, inner = "-".join(["known", "to", "the", "kit"]), jwt.encode({"who": "ana"}, "k" * 32)
    token = jwt.encode({"exp": 1_700_003_600, "note": f"it is {secret}", "act": inner}, "k" * 32)
    ready = httpx.MockTransport(lambda request: httpx.Response(200, json={"token": token}))
    recorder = Recorder(Log(), Redactor(Secret(secret)))

    RecordingTransport(ready, recorder).send(httpx.Request("POST", "https://idp.example/", content=b"{}"))

    kept = recorder.log.last()
    assert kept is not None
    (claims,) = kept.tokens.values()
    assert claims["exp"] == 1_700_003_600
    assert re.fullmatch(r"it is \[secret:[0-9a-f]{8}\]", claims["note"])
    assert re.fullmatch(r"\[jwt:[0-9a-f]{8}\]", claims["act"])


def test_claims_that_cannot_be_kept_without_a_secret_are_left_out() -> None:
    """A number that is a secret."""
    token = jwt.encode({"pin": 472_839_104_756_281}, "k" * 32)
    ready = httpx.MockTransport(lambda request: httpx.Response(200, json={"token": token}))
    recorder = Recorder(Log(), Redactor(Secret(str(472_839_104_756_281))))

    answer = RecordingTransport(ready, recorder).send(httpx.Request("POST", "https://idp.example/"))

    assert answer.json() == {"token": token}
    kept = recorder.log.last()
    assert kept is not None
    assert list(kept.tokens.values()) == [{}]
