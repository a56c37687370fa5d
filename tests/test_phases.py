"""Phases of an exchange: each delay is found in the phase it was made in, and the sum is the total."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from slow_peers import Progress, SlowProxy, SlowServer

from connectorkit import NoAnswerError, RetryPolicy, certificates, frames, proxies, recording
from connectorkit.log import Exchange, Log
from connectorkit.redact import Redactor, Secret
from connectorkit.response_log import ResponseLog
from connectorkit.settings import Settings
from connectorkit.stopwatch import Stopwatch
from connectorkit.transport import AsyncRecordingTransport, Recorder, RecordingTransport

PHASES = ("blocked_ms", "connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms")
UPLOAD = bytes(16 * 1024 * 1024)  # more than the buffers of a loopback connection hold
SECONDS = {"tls": 0.06, "send": 0.07, "wait": 0.08, "receive": 0.09}
REFUSAL = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> Progress:
    progress = Progress()
    monkeypatch.setattr(recording, "Stopwatch", progress.watch)
    return progress


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Of a server whose certificate the clients of this test trust."""
    issued = certificates.issue([], tmp_path / "certificates")
    monkeypatch.setenv("SSL_CERT_FILE", str(issued.ca_path))
    return issued.server_context()


@pytest.fixture
def open_server(progress: Progress) -> Iterator[Callable[..., SlowServer]]:
    with ExitStack() as leaving:
        yield lambda context=None: leaving.enter_context(closing(SlowServer(progress, context)))


@pytest.fixture
def proxy() -> Iterator[SlowProxy]:
    with closing(SlowProxy()) as proxy:
        yield proxy


@pytest.fixture(params=["sync", "async"])
def exchange_of(request: pytest.FixtureRequest) -> Callable[..., list[Exchange]]:
    """Sends requests over one transport of either kind; returns what was recorded of them."""

    def sync(requests: list[httpx.Request], proxy: str | None, log: Log) -> None:
        recorder = Recorder(log, Redactor())
        with RecordingTransport(proxies.transport(proxy and Secret(proxy)), recorder) as wire:
            for one in requests:
                wire.send(one)

    async def for_tasks(requests: list[httpx.Request], proxy: str | None, log: Log) -> None:
        recorder = Recorder(log, Redactor())
        async with AsyncRecordingTransport(
            proxies.async_transport(proxy and Secret(proxy)), recorder
        ) as wire:
            for one in requests:
                await wire.send(one)

    def send(*requests: httpx.Request, proxy: str | None = None) -> list[Exchange]:
        with closing(Log()) as log:
            with suppress(httpx.HTTPError):  # the record says what it was
                if request.param == "sync":
                    sync(list(requests), proxy, log)
                else:
                    asyncio.run(for_tasks(list(requests), proxy, log))
            return list(log)

    return send


def post(url: str, content: bytes = b"{}") -> httpx.Request:
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), 20)
    headers = {"Content-Type": "application/octet-stream"}
    return httpx.Request("POST", url, content=content, headers=headers, extensions={"timeout": timeouts})


def add_up(exchange: Exchange) -> bool:
    return sum(getattr(exchange, name) or 0 for name in PHASES) == pytest.approx(exchange.total_ms, abs=0.05)


# --- By a clock of the test's own --------------------------------------------------------------------


def timed(*events: str) -> dict[str, Any]:
    """What a stopwatch says that is told these events, at 2, 4, 8 … ms; it began at 1, and ends after."""
    moments = (0.001 * 2**power for power in itertools.count())
    watch = Stopwatch(lambda: next(moments))
    for event in events:
        layer, _, method = event.partition(" ")
        info = {"request": httpx.Request(method, "http://x")} if method else {}
        watch(layer, {name: _as_httpcore(value) for name, value in info.items()})
    return {
        name: value if isinstance(value, bool | None) else round(value, 6)
        for name, value in watch.phases().items()
    }


def _as_httpcore(request: httpx.Request) -> Any:
    return type("Request", (), {"method": request.method.encode()})()


def test_phases_follow_each_other_without_a_gap() -> None:
    found = timed(
        *("connection.connect_tcp.started", "connection.connect_tcp.complete"),  # 2, 4
        *("connection.start_tls.started", "connection.start_tls.complete"),  # 8, 16
        *("http11.send_request_headers.started POST", "http11.send_request_headers.complete"),  # 32, 64
        *("http11.send_request_body.started", "http11.send_request_body.complete"),  # 128, 256
        *("http11.receive_response_headers.started", "http11.receive_response_headers.complete"),  # 512, 1024
    )

    assert found == {
        "connect_ms": 6,
        "tls_ms": 24,
        "send_ms": 480,
        "wait_ms": 512,
        "receive_ms": 1024,
        "total_ms": 2047,
        "reused_connection": False,
    }


def test_what_a_proxy_is_asked_is_part_of_the_connect() -> None:
    found = timed(
        *("connection.connect_tcp.started", "connection.start_tls.started"),  # 2, 4: TLS with the proxy
        *("http11.send_request_headers.started CONNECT", "http11.receive_response_headers.started"),  # 8, 16
        *("http11.receive_response_headers.complete", "proxy.start_tls.started"),  # 32, 64
        *("http11.send_request_headers.started POST", "http11.receive_response_headers.started"),  # 128, 256
        "http11.receive_response_headers.complete",  # 512
    )

    phases = [found[name] for name in PHASES[1:]]
    assert phases == [62, 64, 128, 256, 512]


def test_a_tunnel_that_was_refused_was_no_sending() -> None:
    found = timed(
        *("connection.connect_tcp.started", "http11.send_request_headers.started CONNECT"),
        *("http11.receive_response_headers.started", "http11.receive_response_headers.complete"),
    )

    assert [found[name] for name in PHASES[1:]] == [30, None, None, None, None]
    assert found["reused_connection"] is None


def test_the_phase_in_which_it_failed_lasts_until_the_failure() -> None:
    found = timed("http11.send_request_headers.started POST", "http11.receive_response_headers.started")

    assert [found[name] for name in PHASES[1:]] == [None, None, 2, 4, None]
    assert found["reused_connection"] is True


# --- By a server that is slow ------------------------------------------------------------------------


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "proxied"])
def test_each_delay_is_in_its_phase_and_the_sum_is_the_total(
    secure: bool,
    proxied: bool,
    context: ssl.SSLContext,
    open_server: Callable[..., SlowServer],
    proxy: SlowProxy,
    exchange_of: Callable[..., list[Exchange]],
) -> None:
    server = open_server(context if secure else None)
    server.delays, proxy.seconds = SECONDS, 0.05

    (found,) = exchange_of(post(server.url, UPLOAD), proxy=proxy.url if proxied else None)

    assert found.status_code == 200, found.error
    assert found.send_ms >= 70
    assert found.receive_ms >= 90
    assert found.first_byte_ms >= 150
    assert (found.tls_ms is not None) is secure
    if secure:
        assert found.tls_ms >= 60
    if secure or not proxied:
        assert found.wait_ms >= 80
    if proxied:
        assert len(proxy.asked) == 1
        # A plain request is held up on its way, a tunnel before it.
        assert (found.connect_ms if secure else found.send_ms + found.wait_ms) >= 50
    assert found.reused_connection is False
    assert add_up(found)
    assert min(getattr(found, name) or 0 for name in PHASES) >= 0


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "proxied"])
def test_a_reused_connection_has_no_connect_and_no_handshake(
    secure: bool,
    proxied: bool,
    context: ssl.SSLContext,
    progress: Progress,
    open_server: Callable[..., SlowServer],
    proxy: SlowProxy,
    exchange_of: Callable[..., list[Exchange]],
) -> None:
    server = open_server(context if secure else None)

    first, second = exchange_of(post(server.url), post(server.url), proxy=proxy.url if proxied else None)

    assert (first.reused_connection, second.reused_connection) == (False, True)
    assert first.connect_ms > 0
    assert (second.connect_ms, second.tls_ms) == (None, None)
    assert add_up(first)
    assert add_up(second)


def test_a_tunnel_that_is_refused_is_told_with_the_time_it_took(
    context: ssl.SSLContext,
    open_server: Callable[..., SlowServer],
    proxy: SlowProxy,
    exchange_of: Callable[..., list[Exchange]],
) -> None:
    proxy.seconds, proxy.refusal = 0.05, REFUSAL

    (found,) = exchange_of(post(open_server(context).url), proxy=proxy.url)

    where = proxy.url.removeprefix("http://")
    assert found.error == f"ProxyError: 407 Proxy Authentication Required, through the proxy {where}"
    assert found.connect_ms >= 50
    assert (found.send_ms, found.wait_ms, found.first_byte_ms, found.reused_connection) == (None,) * 4
    assert add_up(found)


def test_a_handshake_that_fails_lasted_until_then(
    open_server: Callable[..., SlowServer], tmp_path: Path, exchange_of: Callable[..., list[Exchange]]
) -> None:
    server = open_server(certificates.issue([], tmp_path / "unknown").server_context())
    server.delays = SECONDS

    (found,) = exchange_of(post(server.url))

    assert found.error.startswith("ConnectError")
    assert found.tls_ms >= 60
    assert found.send_ms is None
    assert add_up(found)


def test_waiting_for_a_free_connection_is_blocked_time(
    progress: Progress, open_server: Callable[..., SlowServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxies.Connections.__init__, "__defaults__", (httpx.Limits(max_connections=1),))
    server, log = open_server(), Log()
    with RecordingTransport(proxies.transport(), Recorder(log, Redactor())) as wire:
        first = wire.handle_request(post(server.url))
        begun = threading.Event()
        monkeypatch.setattr(recording, "Stopwatch", lambda: (Stopwatch(), begun.set())[0])
        other = threading.Thread(target=wire.send, args=[post(server.url)])
        other.start()
        begun.wait(20)
        threading.Event().wait(0.05)
        first.read()
        first.close()
        other.join(20)

    found = list(log)[-1]
    assert found.blocked_ms >= 50
    assert add_up(found)
    log.close()


# --- A client ----------------------------------------------------------------------------------------


def test_each_attempt_has_phases_of_its_own_and_the_pause_is_in_neither(
    make_client: Callable[..., Any], settings: Settings, control: httpx.Client
) -> None:
    pausing = RetryPolicy(server_error_pauses=(0.05,))
    client = make_client(settings, retry=pausing, pause=lambda seconds, reason: time.sleep(seconds))
    control.post("/sandbox/faults", json={"status": 503, "on": "send", "times": 1, "delay": 0.06})

    client.send({"id": "7", "kind": "req"}, consumer="anna")

    first, second = (exchange for exchange in client.log if exchange.operation == "send")
    assert (first.attempt, first.status_code, second.attempt) == (1, 503, 2)
    assert first.send_ms + first.wait_ms >= 60
    assert second.started_at - first.started_at >= (first.total_ms + 49) * 1e6
    assert add_up(first)
    assert add_up(second)


def test_a_kit_goes_through_the_proxy_that_is_said(
    make_client: Callable[..., Any], settings: Settings, proxy: SlowProxy
) -> None:
    client = make_client(replace(settings, proxy=Secret(proxy.url)))

    client.send({"id": "7"}, consumer="anna")

    assert proxy.asked
    assert proxy.asked[0].startswith(b"GET http://127.0.0.1:")
    assert all(add_up(exchange) for exchange in client.log)


def test_the_password_of_a_proxy_is_sent_to_it_and_shown_to_nobody(
    make_client: Callable[..., Any], fake_settings: Settings, proxy: SlowProxy
) -> None:
    proxy.refusal = REFUSAL.replace(b"Required", b"of pa/ss-w0rd")  # quoted back
    address = proxy.url.replace("http://", "http://ann:pa%2Fss-w0rd@")
    settings = replace(fake_settings, proxy=Secret(address))
    client = make_client(settings)

    with pytest.raises(NoAnswerError) as caught:
        client.domains()

    assert b"Proxy-Authorization: Basic YW5uOnBhL3NzLXcwcmQ=" in proxy.asked[0]
    shown = [str(caught.value), repr(settings), settings._repr_html_(), repr(client), repr(list(client.log))]
    assert not [text for text in shown if "ss-w0rd" in text or "YW5uOnBhL3Nz" in text]
    assert "Check CONNECTORKIT_PROXY: its address, user and password." in shown[0]
    assert not caught.value.sent


# --- The same facts everywhere -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        {"total_ms": 10.0, "send_ms": 1.0, "wait_ms": 2.0, "receive_ms": 3.0, "status_code": 200},
        {"total_ms": 10.0, "connect_ms": 1.0, "tls_ms": 4.0},
        {"total_ms": 10.0},
        {"total_ms": 10.0, "status_code": 200},
        {"total_ms": 1.0, "wait_ms": 2.0, "receive_ms": 3.0},
        {"wait_ms": 2.0, "receive_ms": 3.0},
        {},
    ],
)
def test_record_frame_and_query_agree(facts: dict[str, Any]) -> None:
    with closing(ResponseLog(":memory:")) as log:
        exchange = log.append(Exchange("send", "POST", "u", **facts))

        (of_frame,) = frames.timings(log)[["blocked_ms", "first_byte_ms"]].itertuples(index=False)
        rows = log.sql("select blocked_ms, first_byte_ms from timings").itertuples(index=False)

    expected = (exchange.blocked_ms, exchange.first_byte_ms)
    for found in (of_frame, *rows):
        assert [None if value != value else value for value in found] == list(expected)
