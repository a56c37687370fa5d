"""The engine against services that are slow, broken, crowded or refuse: what it measures, how it ends."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from load_service import Asked, Service, http

from connectorkit.certificates import issue
from connectorkit.credentials import RENEW_EARLY_SECONDS
from connectorkit.errors import NoAnswerError
from connectorkit.load.figures import PHASES
from connectorkit.load.network import Dialler
from connectorkit.load.watch import Watch


def test_all_that_is_due_is_sent_as_the_client_would_send_it() -> None:
    with Service() as service:
        report = service.load(rate=100.0, seconds=0.5)

    assert report.count >= 50
    assert report.errors == 0
    assert report.endings() == {"200": report.count}
    assert report.left_open == 0
    closed_at_the_end = len(service.asked) - report.count
    assert closed_at_the_end == report.counts["open"] - report.counts["close"]
    opening, sending = (next(a for a in service.asked if a.operation == name) for name in ("open", "send"))
    batch, envelope = json.loads(opening.body), json.loads(sending.body)
    assert [one["type"] for one in batch] == ["userprofile.SetUserProfile", "cm.ConsumerRequestConversation"]
    assert batch[1]["body"]["brandId"] == "12345678"
    assert envelope["type"] == "ms.PublishEvent"
    assert envelope["body"]["dialogId"] == f"c-{opening.number}"
    line, *headers = sending.head.strip().split("\r\n")
    assert line == "POST /api/account/12345678/messaging/consumer/conversation/send?v=3 HTTP/1.1"
    told = {name.lower(): value for name, _, value in (header.partition(": ") for header in headers)}
    assert told["authorization"] == "app-token-1"
    assert told["x-lp-on-behalf"].startswith("jws-of-load-")
    assert told["content-length"] == str(len(sending.body))
    ids = [json.loads(asked.body)["id"] for asked in service.asked if asked.operation == "send"]
    assert len(set(ids)) == len(ids)


def test_a_text_waits_until_its_conversation_is_open_and_closing_waits_for_the_texts() -> None:
    under_way: list[tuple[str, str]] = []
    consumers: dict[str, list[str]] = {}

    async def slow(asked: Asked, writer: Any) -> bytes:
        consumer = asked.head.lower().partition("x-lp-on-behalf: ")[2].partition("\r\n")[0]
        under_way.append((consumer, asked.operation))
        consumers.setdefault(consumer, []).append(
            " ".join(sorted(operation for who, operation in under_way if who == consumer))
        )
        await asyncio.sleep(0.03)
        under_way.remove((consumer, asked.operation))
        return asked.usual()

    with Service(slow) as service:
        report = service.load(rate=400.0, seconds=0.5, mix=(("open", 1.0), ("send", 4.0), ("close", 1.0)))

    assert report.errors == 0
    seen = {together for all_of_one in consumers.values() for together in all_of_one}
    assert all(set(together.split()) == {"send"} or together in ("open", "close") for together in seen)


def test_latency_counts_from_when_a_request_was_due() -> None:
    """Two connections and a service that freezes: the two that were under way hide what all others met."""
    frozen, freeze = threading.Event(), 1.5

    async def freezing(asked: Asked, writer: Any) -> bytes:
        if asked.number > 200 and not frozen.is_set():
            frozen.set()
            time.sleep(freeze)  # and with it everybody
        return asked.usual()

    with Service(freezing) as service:
        report = service.load(rate=100.0, seconds=5.0, connections=2)

    assert report.errors == 0
    corrected, uncorrected = report.latency.percentile(99), report.uncorrected.percentile(99)
    assert corrected > 0.7 * freeze * 1000
    assert uncorrected < corrected / 3
    assert report.uncorrected.max > 0.95 * freeze * 1000
    assert report.latency.count == report.uncorrected.count == report.count


def test_phases_are_measured_where_they_happen() -> None:
    async def dribbling(asked: Asked, writer: Any) -> None:
        answer = asked.usual()
        await asyncio.sleep(0.04)
        writer.write(answer[:-5])
        await asyncio.sleep(0.06)
        writer.write(answer[-5:])

    with Service(dribbling) as service:
        report = service.load(rate=20.0, seconds=0.5, connections=1)

    times = report.figures["send"].times
    # On a busy machine the first byte may be seen late, never early.
    assert times["wait"].percentile(50) >= 39
    assert times["receive"].max >= 30
    assert times["queued"].max > 40, "one connection: who comes too early waits"
    assert times["uncorrected"].min >= 99
    assert report.figures["open"].times["connect"].count == 1
    assert {row["phase"] for row in report.phase_rows()} == {*PHASES} - {"tls"}
    parts = sum(times[phase].mean for phase in ("queued", "send", "wait", "receive"))
    assert parts == pytest.approx(times["corrected"].mean, rel=0.002)


def test_a_request_that_is_not_answered_is_given_up_and_counted() -> None:
    async def silent(asked: Asked, writer: Any) -> bytes | None:
        return None if asked.operation == "send" and asked.number % 5 == 0 else asked.usual()

    with Service(silent) as service:
        report = service.load(rate=50.0, seconds=0.6, timeout=0.3)

    lost = sum(asked.operation == "send" and asked.number % 5 == 0 for asked in service.asked)
    endings = report.figures["send"].endings
    assert endings["timed out"] >= lost > 0
    assert report.figures["send"].times["uncorrected"].max >= 300


@pytest.mark.parametrize(
    ("answer", "ending"),
    [
        (b"", "connection lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "connection lost"),
        (b"SMTP\r\n\r\n", "unreadable answer"),
    ],
)
def test_a_broken_answer_costs_a_connection_and_is_not_sent_again(answer: bytes, ending: str) -> None:
    async def breaking(asked: Asked, writer: Any) -> bytes | None:
        if asked.operation == "send" and asked.number % 4 == 0:
            writer.write(answer)
            writer.close()
            return None
        return asked.usual()

    with Service(breaking) as service:
        report = service.load(rate=100.0, seconds=0.4)

    broken = sum(asked.operation == "send" and asked.number % 4 == 0 for asked in service.asked)
    assert report.figures["send"].endings == {"200": report.counts["send"] - broken, ending: broken}
    assert service.connections > broken


@pytest.mark.parametrize("how", ["chunked", "closing", "no length"])
def test_every_way_to_end_an_answer_is_understood(how: str) -> None:
    async def framed(asked: Asked, writer: Any) -> bytes | None:
        body = asked.usual().partition(b"\r\n\r\n")[2]
        rest = {
            "chunked": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
            "closing": b"Connection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body),
            "no length": b"Connection: close\r\n\r\n%s" % body,
        }
        writer.write(b"HTTP/1.1 200 OK\r\n" + rest[how])
        if how != "chunked":
            writer.close()
        return None

    with Service(framed) as service:
        report = service.load(rate=100.0, seconds=0.3)

    assert report.endings() == {"200": report.count}
    assert (report.connections < report.count) is (how == "chunked")


def test_a_conversation_that_cannot_be_opened_is_told_apart_from_what_should_go_there() -> None:
    async def refusing(asked: Asked, writer: Any) -> bytes:
        return http(400, {"code": 400, "body": {"errorCode": 40001}}) if asked.opens else asked.usual()

    with Service(refusing) as service:
        report = service.load(rate=100.0, seconds=0.4)

    assert report.figures["open"].endings == {"400": report.counts["open"]}
    assert report.codes() == {40001: report.counts["open"]}
    assert report.figures["send"].endings == {"nothing was open": report.counts["send"]}
    assert {asked.operation for asked in service.asked} == {"open"}
    assert report.figures["send"].times["corrected"].count == 0


def test_a_service_that_goes_away_is_told_from_one_that_is_slow() -> None:
    async def vanishing(asked: Asked, writer: Any) -> bytes | None:
        if asked.number < 10:
            return asked.usual()
        service.shut()
        writer.close()
        return None

    with Service(vanishing) as service:
        report = service.load(rate=100.0, seconds=0.3, connections=2)

    endings = report.endings()
    assert endings["200"] == 9
    assert endings["no connection"] > 0
    assert report.count >= 30
    assert any("a connection failed" in note for note in report.notes)


def test_waiting_is_bounded_and_what_is_too_much_is_counted() -> None:
    async def slow(asked: Asked, writer: Any) -> bytes:
        await asyncio.sleep(0.05)
        return asked.usual()

    with Service(slow) as service:
        report = service.load(rate=400.0, seconds=0.5, connections=1, most_waiting=10)

    assert report.count >= 200
    assert report.figures["send"].endings["too many waiting"] > 50
    assert service.connections <= 2 + 4, "one for load, the client's own for tokens"


def test_a_429_pauses_the_run_for_as_long_as_it_asks() -> None:
    at: list[float] = []

    async def limited(asked: Asked, writer: Any) -> bytes:
        at.append(time.monotonic())
        return http(429, {"code": 429}, "Retry-After: 1.2") if asked.number == 20 else asked.usual()

    with Service(limited) as service:
        report = service.load(rate=50.0, seconds=1.0, connections=1)

    assert (report.pauses, report.endings()["429"]) == (1, 1)
    assert report.paused_seconds == pytest.approx(1.2, abs=0.01)
    assert at[20] - at[19] >= 1.19
    assert report.lasted_seconds >= 2.1
    assert report.count >= 50, "nothing is left out, it only comes later"
    assert "paused" in dict(report.facts())
    assert sum(row["count"] for row in report.second_rows()) == report.count


def test_a_refused_token_is_fetched_anew_once() -> None:
    async def expired(asked: Asked, writer: Any) -> bytes:
        old = "app-token-1\r\n" in asked.head and asked.number > 10
        refusal = {"code": 401, "body": {"errorCode": 40102}}
        return http(401, refusal) if old else asked.usual()

    with Service(expired) as service:
        report = service.load(rate=50.0, seconds=1.0)

    refused = report.endings()["401"]
    assert service.tokens == 2
    assert 1 <= refused < report.count
    assert report.codes() == {40102: refused}
    assert "app-token-2" in service.asked[-1].head


def test_a_token_is_renewed_before_it_expires() -> None:
    def token(asked: Asked) -> str:
        return asked.head.lower().partition("authorization: ")[2].partition("\r\n")[0]

    with Service() as service:
        service.lifetime = RENEW_EARLY_SECONDS + 0.5
        report = service.load(rate=20.0, seconds=3.0)

    assert report.errors == 0
    assert service.tokens >= 2
    assert token(service.asked[0]) != token(service.asked[-1])


def test_tls_is_spoken_and_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    issued = issue((), tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(issued.ca_path))

    with Service(context=issued.server_context()) as service:
        report = service.load(rate=50.0, seconds=0.3, connections=4)

    assert report.errors == 0
    tls = sum(figures.times["tls"].count for figures in report.figures.values())
    assert tls == report.connections > 0


def test_a_closed_loop_keeps_every_connection_busy() -> None:
    async def slow(asked: Asked, writer: Any) -> bytes:
        await asyncio.sleep(0.02)
        return asked.usual()

    with Service(slow) as service:
        report = service.load(rate=None, seconds=0.6, connections=4)

    assert report.errors == 0
    assert report.connections == 4
    assert report.uncorrected.min >= 19
    assert not report.schedule_error
    assert report.counts["send"] > report.counts["open"] > 0
    assert report.left_open == 0
    assert "closed loop" in repr(report)


def test_a_closed_loop_waits_for_a_service_that_has_gone_and_ends() -> None:
    async def dropping(asked: Asked, writer: Any) -> bytes | None:
        if asked.number % 7 == 0:
            writer.close()
            return None
        if asked.number == 30:
            return http(503, {}, "Retry-After: 0.2")
        return asked.usual()

    with Service(dropping) as service:
        report = service.load(rate=None, seconds=0.8, connections=3)

    assert report.endings()["connection lost"] > 0
    assert report.endings()["503"] == 1
    assert report.pauses == 1
    assert report.endings()["200"] > report.errors


def test_stopping_ends_it_early_and_closes_what_is_open() -> None:
    watch = Watch()

    async def stopping(asked: Asked, writer: Any) -> bytes:
        if asked.number == 30:
            watch.stop()
        return asked.usual()

    with Service(stopping) as service:
        report = service.load(watch, rate=50.0, seconds=60.0)

    assert report.stopped
    assert 30 <= report.count < 3000
    assert report.left_open == 0
    assert "stopped" in dict(report.facts())


def test_stopping_twice_leaves_conversations_open() -> None:
    watch = Watch()

    async def stopping(asked: Asked, writer: Any) -> bytes:
        if asked.number == 30:
            watch.stop()
            watch.stop()
        return asked.usual()

    with Service(stopping) as service:
        report = service.load(watch, rate=50.0, seconds=60.0)

    assert report.left_open > 0
    assert f"{report.left_open} conversations" in dict(report.facts())["left open"]


def test_the_engine_wakes_up_for_each_arrival() -> None:
    with Service() as service:
        report = service.load(rate=200.0, seconds=0.5)

    arrivals = 100
    assert report.schedule_error.count >= arrivals
    assert report.schedule_error.min >= 0
    assert sum(row["count"] for row in report.second_rows()) == report.count
    assert sum(row["answered"] for row in report.second_rows()) == report.count
    assert sum(row["count"] for row in report.cell_rows()) == report.count


def test_an_error_of_our_own_ends_the_run_instead_of_letting_it_hang() -> None:
    def broken(*exchange: Any) -> None:
        raise ZeroDivisionError("a mistake")

    with Service() as service, pytest.raises(ZeroDivisionError, match="a mistake"):
        service.load(rate=50.0, seconds=0.3, kept=broken)


def test_a_host_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*asked: Any, **more: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    with Service() as service:
        monkeypatch.setattr(socket, "getaddrinfo", nowhere)
        with pytest.raises(NoAnswerError, match=r"127.0.0.1 has no address \(Name or service not known\)"):
            asyncio.run(Dialler(httpx.URL(service.settings.domain_lookup), 1.0).look_up())
