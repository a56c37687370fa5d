"""Notifications in the response log, filters and their indexes, and logs of the first version."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log, Notification

DELIVERY = Notification(
    body='{"message": "Grüße 🚀"}',
    session_id="earlier",
    received_at=1_700_000_000_123_456_789,
    account_id="12345678",
    client_id="0b9e",
    host="127.0.0.1:4711",
    headers=[("x-liveperson-signature", "[secret:ba7816bf]"), ("x-env", "test")],
    body_bytes=23,
    signature="wrong-secret",
    status_code=401,
    conversation_id="c-1",
)
FIRST = Exchange(
    operation="send",
    method="POST",
    url="https://va.msg.example/api?v=3",
    session_id="earlier",
    scenario="expired-app-jwt",
    account_id="12345678",
    consumer="ana@example",
    attempt=2,
    started_at=1_700_000_000_123_456_789,
    status_code=200,
    reason="OK",
    error="ReadTimeout: slow",
    request_headers=[("Accept", "application/json"), ("Accept", "x")],
    request_body='{"message": "Grüße 🚀"}',
    response_headers=[("Content-Type", "application/json")],
    response_body='{"code": "OK"}',
    request_bytes=23,
    response_bytes=14,
    http_version="HTTP/1.1",
    reused_connection=False,
    connect_ms=0.5,
    tls_ms=None,
    send_ms=0.0,
    wait_ms=12.25,
    receive_ms=1e-3,
    total_ms=13.0,
    tokens={"ba7816bf": {"exp": 1_700_003_600}},
)
# What the first version of the package wrote, letter by letter.
VERSION_ONE = (
    "CREATE TABLE exchanges (operation TEXT NOT NULL, method, url, "
    "exchange_id INTEGER PRIMARY KEY AUTOINCREMENT, session_id, scenario, account_id, consumer, "
    "attempt INTEGER, started_at INTEGER, status_code INTEGER, reason, error, request_headers, request_body, "
    "response_headers, response_body, request_bytes INTEGER, response_bytes INTEGER, http_version, "
    "reused_connection INTEGER, connect_ms, tls_ms, send_ms, wait_ms, receive_ms, total_ms, tokens)",
    "CREATE INDEX exchanges_by_consumer ON exchanges (consumer, exchange_id)",
    "CREATE INDEX exchanges_by_session ON exchanges (session_id, exchange_id)",
    "INSERT INTO exchanges VALUES ('send', 'POST', 'https://va.msg.example/api?v=3', 1, 'earlier', "
    "'expired-app-jwt', '12345678', 'ana@example', 2, 1700000000123456789, 200, 'OK', 'ReadTimeout: slow', "
    """'[["Accept", "application/json"], ["Accept", "x"]]', '{"message": "Grüße 🚀"}', """
    """'[["Content-Type", "application/json"]]', '{"code": "OK"}', 23, 14, 'HTTP/1.1', 0, 0.5, NULL, 0.0, """
    """12.25, 0.001, 13.0, '{"ba7816bf": {"exp": 1700003600}}')""",
    "PRAGMA application_id=0x434B4C47",
    "PRAGMA user_version=1",
)


def exchange(operation: str = "send", **facts: object) -> Exchange:
    return replace(Exchange(operation, "POST", "https://msg.example"), **facts)  # type: ignore[arg-type]


def ids(log: Log, **filters: object) -> list[int]:
    return [e.exchange_id for e in log.read(**filters)]  # type: ignore[arg-type]


def database(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as made:
        for statement in statements:
            made.execute(statement)
        made.commit()
    return path


# --- Notifications ---------------------------------------------------------------------------------


def deliveries(log: Log, **filters: object) -> list[int]:
    return [n.notification_id for n in log.read_notifications(**filters)]  # type: ignore[arg-type]


def test_a_delivery_comes_back_as_it_was_appended(tmp_path: Path) -> None:
    with closing(Log(tmp_path / "log.sqlite3")) as log:
        kept = log.append_notification(DELIVERY)

        assert kept == replace(DELIVERY, notification_id=1)
        assert list(log.read_notifications()) == [kept]
        assert kept.json() == {"message": "Grüße 🚀"}


def test_appending_a_delivery_fills_in_id_session_and_time() -> None:
    log = Log()

    kept = log.append_notification(Notification("{}", notification_id=99))

    assert kept.notification_id == 1
    assert kept.session_id == log.session_id
    assert kept.received_at > 1_700_000_000_000_000_000


def test_a_log_counts_exchanges_and_notifications_apart() -> None:
    log = Log()
    log.append(exchange())
    log.append_notification(DELIVERY)
    log.append_notification(DELIVERY)

    assert (len(log), log.count_notifications(), len(list(log))) == (1, 2, 1)
    assert repr(log) == "<Log: 1 exchanges, 2 notifications in :memory:>"
    assert repr(next(log.read_notifications())) == "<Notification 1 about c-1: signature wrong-secret>"


def test_notifications_are_read_page_after_page_in_both_directions() -> None:
    log = Log()
    for number in range(1203):
        log.append_notification(Notification("{}", conversation_id="c-1" if number % 2 else None))

    assert deliveries(log) == list(range(1, 1204))
    assert deliveries(log, newest_first=True) == list(range(1203, 0, -1))
    assert deliveries(log, after=501) == list(range(502, 1204))
    assert deliveries(log, conversation="c-1") == list(range(2, 1204, 2))
    assert deliveries(log, conversation="") == list(range(1, 1204, 2))
    assert deliveries(log, conversation="c-2") == []


def test_notifications_are_found_by_session_and_by_what_their_body_mentions() -> None:
    log = Log()
    log.append_notification(Notification('{"convId": "c-1"}', session_id="a"))
    log.append_notification(Notification('{"convId": "c-2"}', session_id="a"))
    log.append_notification(Notification('{"convId": "c-1"}'))

    assert deliveries(log, session="a") == [1, 2]
    assert deliveries(log, session="current") == [3]
    assert deliveries(log, mentioning='"c-1"') == [1, 3]
    assert deliveries(log, mentioning='"c-1"', session="a", after=1) == []


def test_exchanges_are_found_by_operation_and_by_what_their_bodies_mention() -> None:
    log = Log()
    log.append(exchange(request_body="about c-1"))
    log.append(exchange("conversation", response_body="about c-1"))
    log.append(exchange("conversation", response_body="about c-2"))

    assert ids(log, mentioning="c-1") == [1, 2]
    assert ids(log, operation="conversation") == [2, 3]
    assert ids(log, operation="conversation", mentioning="c-1", newest_first=True) == [2]


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({"consumer": "ana"}, "looked_up_by_consumer"),
        ({"operation": "conversation", "mentioning": "c-1"}, "looked_up_by_operation"),
        ({"conversation": "c-1"}, "notifications_by_conversation"),
        ({"conversation": ""}, "notifications_by_conversation"),
    ],
)
def test_a_filter_uses_the_index_made_for_it(
    filters: dict[str, str], index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, asked = Log(), []
    monkeypatch.setattr(log, "query", lambda *query: asked.append(query) or [])  # type: ignore[func-returns-value]
    read = log.read_notifications if "conversation" in filters else log.read

    list(read(**filters))  # type: ignore[operator]

    sql, parameters = asked[0]
    assert index in str(log._database.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall())


def test_a_closed_log_takes_no_delivery() -> None:
    log = Log()
    log.close()

    with pytest.raises(LogError, match="could not be written"):
        log.append_notification(DELIVERY)
    with pytest.raises(LogError, match="could not be read"):
        list(log.read_notifications())


# --- Files of an earlier version -------------------------------------------------------------------


def test_a_log_of_the_first_version_keeps_its_exchanges_and_takes_notifications(tmp_path: Path) -> None:
    path = database(tmp_path / "log.sqlite3", *VERSION_ONE)

    with closing(Log(path)) as log:
        assert list(log) == [replace(FIRST, exchange_id=1)]
        assert log.append(exchange()).exchange_id == 2
        assert log.append_notification(DELIVERY).notification_id == 1
    with closing(Log(path)) as again:
        assert (len(again), list(again.read_notifications())) == (2, [replace(DELIVERY, notification_id=1)])


def test_a_log_of_the_first_version_becomes_like_a_new_one(tmp_path: Path) -> None:
    Log(database(tmp_path / "old", *VERSION_ONE)).close()
    Log(tmp_path / "new").close()

    asked = "SELECT name, sql FROM sqlite_master ORDER BY name"
    described = []
    for name in ("old", "new"):
        with closing(sqlite3.connect(tmp_path / name)) as file:
            described.append([*file.execute(asked), *file.execute("PRAGMA user_version")])
    assert described[0] == described[1]
    assert described[0][-1] == (3,)


def test_a_log_of_the_first_version_may_be_opened_by_several_at_the_same_moment(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()

    def work(path: Path, start: threading.Barrier) -> None:
        start.wait()
        try:
            with closing(Log(path)) as log:
                log.append_notification(DELIVERY)
                outcomes["appended"] += 1
        except LogError as error:
            outcomes[str(error).replace(str(path), "it")] += 1

    for number in range(10):
        path, start = database(tmp_path / str(number), *VERSION_ONE), threading.Barrier(8)
        threads = [threading.Thread(target=work, args=(path, start)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert outcomes == {"appended": 80}
