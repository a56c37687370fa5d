"""Files of earlier versions become files of this one: every record, every frame, whoever else has them open.

The old files are written out here as the earlier versions wrote them, with headers and tokens as JSON.
"""

from __future__ import annotations

import json
import math
import random
import re
import sqlite3
import struct
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from logbook import FRAMES, random_exchange, same

from connectorkit import logfile, schema, summary
from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log, Notification
from connectorkit.response_log import ResponseLog
from connectorkit.schema import Texts

T0 = 1_700_000_000_123_456_789
TABLE = (
    "CREATE TABLE exchanges (operation TEXT NOT NULL, method, url, "
    "exchange_id INTEGER PRIMARY KEY AUTOINCREMENT, session_id, scenario, account_id, consumer, "
    "attempt INTEGER, started_at INTEGER, status_code INTEGER, reason, error, request_headers, request_body, "
    "response_headers, response_body, request_bytes INTEGER, response_bytes INTEGER, http_version, "
    "reused_connection INTEGER, connect_ms, tls_ms, send_ms, wait_ms, receive_ms, total_ms, tokens)"
)
ONE = (
    TABLE,
    "CREATE INDEX exchanges_by_consumer ON exchanges (consumer, exchange_id)",
    "CREATE INDEX exchanges_by_session ON exchanges (session_id, exchange_id)",
)
TWO = (
    *ONE,
    "CREATE INDEX exchanges_by_operation ON exchanges (operation, exchange_id)",
    "CREATE TABLE notifications (body TEXT NOT NULL, notification_id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "session_id, received_at INTEGER, account_id, client_id, host, headers, body_bytes INTEGER, "
    "signature TEXT NOT NULL, status_code INTEGER, conversation_id)",
    "CREATE INDEX notifications_by_conversation ON notifications (conversation_id, notification_id)",
    "CREATE INDEX notifications_by_session ON notifications (session_id, notification_id)",
)
# Number 2 is missing: it was never written, or somebody took it out.
ROWS = (
    "INSERT INTO exchanges VALUES ('send', 'POST', 'https://va.msg.example/api?v=3', 1, 'monday', "
    "'expired-app-jwt', '12345678', 'ana@example', 2, 1700000000123456789, 200, 'OK', 'ReadTimeout: slow', "
    """'[["Accept", ""], ["Accept", "a: b: c"], ["x-env", "Grüße 🚀"], ["", ""]]', """
    """'{"message": "Grüße 🚀"}', '[["x-half", "\\ud83d and \\\\ud83d"]]', '{"code": "OK"}', 23, 14, """
    "'HTTP/1.1', 0, 0.5, NULL, 0.0, 12.25, 0.001, 13.0, "
    """'{"ba7816bf": {"exp": 1700003600, "who": null}}')""",
    "INSERT INTO exchanges VALUES ('http', 'GET', 'https://va.msg.example/', 3, 'tuesday', NULL, NULL, NULL, "
    "1, 1700000001123456789, NULL, NULL, 'ConnectError: refused', '[]', '', '[]', '', 0, 0, NULL, NULL, "
    "NULL, NULL, NULL, NULL, NULL, NULL, '{}')",
    "INSERT INTO exchanges VALUES ('send', 'POST', 'https://va.msg.example/api?v=3', 4, 'tuesday', NULL, "
    "'12345678', 'ana@example', 1, 1700000002123456789, 201, '', NULL, "
    """'[["a", "two\\nlines"], ["b", " : "]]', 'no JSON', '[["c", "\\\\n"]]', '[]', 7, 2, """
    "'HTTP/2', 1, NULL, NULL, 1, 2, 3, 6, '{}')",
)
HEARD = (
    """INSERT INTO notifications VALUES ('{"message": "Grüße 🚀"}', 1, 'monday', 1700000000123456789, """
    """'12345678', '0b9e', '127.0.0.1:4711', '[["x-env", "a: b"], ["x-empty", ""]]', 23, 'wrong-secret', """
    "401, 'c-1')",
    "INSERT INTO notifications VALUES ('', 5, 'tuesday', 1700000003123456789, NULL, NULL, NULL, '[]', 0, "
    "'valid', 200, NULL)",
)
EXCHANGES = [
    Exchange(
        operation="send",
        method="POST",
        url="https://va.msg.example/api?v=3",
        exchange_id=1,
        session_id="monday",
        scenario="expired-app-jwt",
        account_id="12345678",
        consumer="ana@example",
        attempt=2,
        started_at=T0,
        status_code=200,
        reason="OK",
        error="ReadTimeout: slow",
        request_headers=[("Accept", ""), ("Accept", "a: b: c"), ("x-env", "Grüße 🚀"), ("", "")],
        request_body='{"message": "Grüße 🚀"}',
        response_headers=[("x-half", "\\ud83d and \\ud83d")],
        response_body='{"code": "OK"}',
        request_bytes=23,
        response_bytes=14,
        http_version="HTTP/1.1",
        reused_connection=False,
        connect_ms=0.5,
        send_ms=0.0,
        wait_ms=12.25,
        receive_ms=0.001,
        total_ms=13.0,
        tokens={"ba7816bf": {"exp": 1_700_003_600, "who": None}},
    ),
    Exchange(
        operation="http",
        method="GET",
        url="https://va.msg.example/",
        exchange_id=3,
        session_id="tuesday",
        started_at=T0 + 1_000_000_000,
        error="ConnectError: refused",
    ),
    Exchange(
        operation="send",
        method="POST",
        url="https://va.msg.example/api?v=3",
        exchange_id=4,
        session_id="tuesday",
        account_id="12345678",
        consumer="ana@example",
        started_at=T0 + 2_000_000_000,
        status_code=201,
        reason="",
        # Headers stand in lines since then, so that of a line break only its escape is left.
        request_headers=[("a", "two\\nlines"), ("b", " : ")],
        request_body="no JSON",
        response_headers=[("c", "\\n")],
        response_body="[]",
        request_bytes=7,
        response_bytes=2,
        http_version="HTTP/2",
        reused_connection=True,
        send_ms=1,
        wait_ms=2,
        receive_ms=3,
        total_ms=6,
    ),
]
DELIVERIES = [
    Notification(
        body='{"message": "Grüße 🚀"}',
        notification_id=1,
        session_id="monday",
        received_at=T0,
        account_id="12345678",
        client_id="0b9e",
        host="127.0.0.1:4711",
        headers=[("x-env", "a: b"), ("x-empty", "")],
        body_bytes=23,
        signature="wrong-secret",
        status_code=401,
        conversation_id="c-1",
    ),
    Notification(body="", notification_id=5, session_id="tuesday", received_at=T0 + 3_000_000_000),
]
VERSIONS = {1: (*ONE, *ROWS), 2: (*TWO, *ROWS, *HEARD)}


def old_file(path: Path, version: int, *more: str, wal: bool = False) -> Path:
    """A file as that version of the kit left it."""
    with closing(sqlite3.connect(path)) as made:
        if wal:
            made.execute("PRAGMA journal_mode=WAL")
        for statement in (*VERSIONS[version], *more):
            made.execute(statement)
        made.execute("PRAGMA application_id=0x434B4C47")
        made.execute(f"PRAGMA user_version={version}")
        made.commit()
    return path


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def old_row(exchange: Exchange) -> tuple[Any, ...]:
    """As the second version wrote it."""
    values = vars(exchange) | {
        name: json.dumps(getattr(exchange, name), ensure_ascii=False)
        for name in ("request_headers", "response_headers", "tokens")
    }
    return tuple(values[column.partition(" ")[0]] for column in TABLE.partition("(")[2][:-1].split(", "))


# --- Records and frames ----------------------------------------------------------------------------


def test_every_exchange_of_an_old_file_is_what_it_was(version: int, tmp_path: Path) -> None:
    with closing(Log(old_file(tmp_path / "log", version))) as log:
        assert list(log) == EXCHANGES
        assert [type(value) for one in log for value in vars(one).values()] == [
            type(value) for one in EXCHANGES for value in vars(one).values()
        ]


def test_every_notification_of_an_old_file_is_what_it_was(tmp_path: Path) -> None:
    with closing(Log(old_file(tmp_path / "log", 2))) as log:
        assert list(log.read_notifications()) == DELIVERIES
        assert log.append_notification(Notification("{}")).notification_id == 6


def test_numbers_go_on_from_those_of_the_old_file(version: int, tmp_path: Path) -> None:
    with closing(Log(old_file(tmp_path / "log", version))) as log:
        assert log.append(EXCHANGES[1]).exchange_id == 5


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"session": "tuesday"}, [3, 4]),
        ({"consumer": "ana@example"}, [1, 4]),
        ({"operation": "http"}, [3]),
        ({"scenario": "expired-app-jwt"}, [1]),
        ({"since": T0 + 1}, [3, 4]),
    ],
)
def test_filters_find_what_came_from_an_old_file(
    filters: dict[str, Any], found: list[int], version: int, tmp_path: Path
) -> None:
    with closing(Log(old_file(tmp_path / "log", version))) as log:
        log.append(replace(EXCHANGES[1], session_id="wednesday", started_at=1, operation="domains"))
        assert [one.exchange_id for one in log.read(**filters)] == found


@pytest.mark.parametrize("name", FRAMES)
def test_frames_are_those_of_the_same_records_in_a_new_log(name: str, tmp_path: Path) -> None:
    numbered = old_file(tmp_path / "old", 2, "UPDATE exchanges SET exchange_id = 2 WHERE exchange_id = 3")
    with closing(sqlite3.connect(numbered)) as database:
        database.execute("UPDATE exchanges SET exchange_id = 3 WHERE exchange_id = 4")
        database.execute("UPDATE notifications SET notification_id = 2 WHERE notification_id = 5")
        database.commit()
    new = ResponseLog(tmp_path / "new")
    for exchange in EXCHANGES:
        new.append(exchange)
    for delivery in DELIVERIES:
        new.append_notification(delivery)

    old = ResponseLog(numbered)

    same(getattr(old, name)(), getattr(new, name)())
    assert name == "notes" or len(getattr(old, name)()) > 1 or name == "messages"


def test_ten_thousand_old_rows_are_all_there(tmp_path: Path) -> None:
    draw = random.Random(4)
    records = [
        replace(random_exchange(draw), label=None, exchange_id=number, session_id=f"s-{number % 7}")
        for number in range(10, 10_010)
    ]
    path = old_file(tmp_path / "log", 2, "DELETE FROM exchanges", wal=True)
    with closing(sqlite3.connect(path)) as database:
        marks = ",".join("?" * len(old_row(records[0])))
        database.executemany(f"INSERT INTO exchanges VALUES ({marks})", map(old_row, records))
        database.commit()

    with closing(ResponseLog(path)) as log:
        assert list(log) == records
        frame = log.exchanges()
    assert frame["exchange_id"].tolist() == list(range(10, 10_010))
    assert frame["url"].tolist() == [one.url for one in records]
    assert frame["total_ms"].isna().tolist() == [one.total_ms is None for one in records]


# --- Damage ----------------------------------------------------------------------------------------


def test_headers_and_tokens_that_are_no_json_stay_as_they_are(version: int, tmp_path: Path) -> None:
    """A log that opened before opens still."""
    damage = "UPDATE exchanges SET request_headers = '[[broken', tokens = '{broken' WHERE exchange_id = 3"

    with closing(Log(old_file(tmp_path / "log", version, damage))) as log:
        found = log.exchange(3)
        assert (found.request_headers, found.tokens) == ([("[[broken", "")], {"unreadable": "{broken"})
        assert [log.exchange(1), log.exchange(4)] == [EXCHANGES[0], EXCHANGES[2]]


@pytest.mark.parametrize("column", ["started_at", "attempt", "status_code", "wait_ms", "request_bytes"])
def test_an_old_row_with_no_number_where_one_belongs_is_refused_and_nothing_is_changed(
    column: str, version: int, tmp_path: Path
) -> None:
    path = old_file(
        tmp_path / "log", version, f"UPDATE exchanges SET {column} = 'none' WHERE exchange_id = 4"
    )
    before = path.read_bytes()

    with pytest.raises(LogError, match=r"^The log .*log could not be opened \(.+\)\. Check the path, or"):
        Log(path)

    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["log"]


def test_steps_that_end_half_way_leave_rows_and_version(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_file(tmp_path / "log", version, wal=True)

    def full(database: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(logfile, "SCHEMA", [*schema.SCHEMA[:2], [*schema.SCHEMA[2], full]])
        with pytest.raises(LogError, match="disk is full"):
            Log(path)

    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (version,)
        assert database.execute("SELECT count(*) FROM exchanges").fetchone() == (3,)
    with closing(Log(path)) as log:
        assert list(log) == EXCHANGES


# --- Several at once -------------------------------------------------------------------------------


def at_once(work: Callable[[int], Any], number: int = 8) -> list[Any]:
    """What each of so many threads got, begun together; errors as their texts."""
    start = threading.Barrier(number)
    found: list[Any] = [None] * number

    def run(place: int) -> None:
        start.wait()
        try:
            found[place] = work(place)
        except Exception as error:
            found[place] = f"{type(error).__name__}: {error}"

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("wal", [False, True])
def test_eight_who_open_an_old_file_at_the_same_moment_all_find_everything(
    version: int, wal: bool, tmp_path: Path
) -> None:
    path = old_file(tmp_path / "log", version, wal=wal)

    def work(place: int) -> list[Exchange]:
        with closing(Log(path)) as log:
            log.append(replace(EXCHANGES[1], session_id=f"mine {place}"))
            return [one for one in log if "mine" not in one.session_id]

    assert at_once(work) == [EXCHANGES] * 8
    with closing(Log(path)) as log:
        appended = [one.session_id for one in log if "mine" in one.session_id]
    assert sorted(appended) == [f"mine {place}" for place in range(8)]


def test_a_reader_finds_the_old_rows_until_the_new_ones_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody opens the file while another one is in the middle of its steps."""
    path = old_file(tmp_path / "log", 2, wal=True)
    half_way, waiting, go_on = threading.Event(), threading.Event(), threading.Event()
    upgrade, found = logfile._upgrade, {}

    def stop_once(database: sqlite3.Connection) -> None:
        half_way.set()
        assert go_on.wait(30)

    def noted(database: sqlite3.Connection, name: str) -> None:
        if half_way.is_set():
            waiting.set()
        upgrade(database, name)

    def opens(who: str) -> None:
        with closing(Log(path)) as log:
            found[who] = list(log), list(log.read_notifications())

    monkeypatch.setattr(logfile, "SCHEMA", [*schema.SCHEMA[:2], [*schema.SCHEMA[2], stop_once]])
    monkeypatch.setattr(logfile, "_upgrade", noted)
    first, second = (threading.Thread(target=opens, args=(who,)) for who in ("first", "second"))
    first.start()
    assert half_way.wait(30)
    second.start()
    assert waiting.wait(30)
    with closing(sqlite3.connect(path)) as old_kit:
        seen = (
            old_kit.execute("PRAGMA user_version").fetchone(),
            old_kit.execute("SELECT exchange_id, request_headers FROM exchanges").fetchall(),
        )
    go_on.set()
    first.join()
    second.join()

    assert seen[0] == (2,)
    assert [(number, json.loads(text)[:1]) for number, text in seen[1]] == [
        (1, [["Accept", ""]]),
        (3, []),
        (4, [["a", "two\nlines"]]),
    ]
    assert found == dict.fromkeys(("first", "second"), (EXCHANGES, DELIVERIES))


# --- Summaries and their texts ---------------------------------------------------------------------


def test_a_summary_is_these_bytes() -> None:
    """By hand: whoever changes the order changes every file there is."""
    numbers: dict[str | None, int] = {None: 0}
    for text in (
        "monday",
        "closed",
        "bug",
        "send",
        "POST",
        "https://x",
        "HTTP/1.1",
        "slow",
        "OK",
        "1",
        "ana",
    ):
        numbers[text] = len(numbers)
    values = vars(
        Exchange("send", "POST", "https://x", scenario="closed", label="bug", account_id="1", consumer="ana")
    ) | {
        "attempt": 2,
        "request_bytes": 23,
        "response_bytes": 14,
        "error": "slow",
        "reason": "OK",
        "http_version": "HTTP/1.1",
        "status_code": 200,
        "reused_connection": True,
        "total_ms": 6.5,
        "connect_ms": 1.5,
        "tls_ms": 2.5,
        "send_ms": 3.5,
        "wait_ms": 4.5,
        "receive_ms": 5.5,
    }

    packed = summary.pack(values, T0, "monday", numbers)

    assert packed == b"".join(
        (
            struct.pack("<qqqq", T0, 23, 14, 2),
            struct.pack("<dddddd", 6.5, 1.5, 2.5, 3.5, 4.5, 5.5),
            struct.pack("<iiiiiiiiiii", *range(1, 12)),
            struct.pack("<ib", 200, 1),
        )
    )
    assert len(packed) == summary.SIZE == 4 * 8 + 6 * 8 + 11 * 4 + 4 + 1


def test_what_is_missing_in_a_summary_is_nan_zero_or_minus_one() -> None:
    values = vars(Exchange("send", "POST", "https://x"))
    numbers = {None: 0, "send": 1, "POST": 2, "https://x": 3, "": 4}

    packed = summary.pack(values, 0, "", numbers)

    times, texts = struct.unpack_from("<6d", packed, 32), struct.unpack_from("<11i", packed, 80)
    assert all(map(math.isnan, times))
    assert texts == (4, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0)
    assert struct.unpack_from("<ib", packed, 124) == (-1, -1)


@pytest.mark.parametrize(
    "facts", [{"attempt": None}, {"attempt": 2**63}, {"status_code": 2**31}, {"total_ms": "1"}]
)
def test_a_summary_of_what_fits_in_no_number_is_refused(facts: dict[str, Any]) -> None:
    values = vars(Exchange("send", "POST", "https://x")) | facts

    with pytest.raises(struct.error):
        summary.pack(values, 0, "", {None: 0, "send": 1, "POST": 2, "https://x": 3, "": 4})


def test_two_connections_give_the_same_text_the_same_number(tmp_path: Path) -> None:
    first, second = Log(tmp_path / "log"), Log(tmp_path / "log")
    one, other = Texts(first._database), Texts(second._database)

    given = [one["a"], other["b"], other["a"], one["b"], one["c"]]

    assert given == [1, 2, 1, 2, 3]
    assert (one[None], other[None], other["c"]) == (0, 0, 3)
    assert first.texts() == second.texts() == [(1, "a"), (2, "b"), (3, "c")]
    first.close()
    second.close()


def test_a_text_that_another_connection_adds_first_is_found(tmp_path: Path) -> None:
    """Both looked for it, and neither found it."""
    first, second = Log(tmp_path / "log"), Log(tmp_path / "log")
    other = Texts(second._database)

    class Between:
        """The connection of one of them, where the other one is quicker."""

        def execute(self, sql: str, values: tuple[str]) -> sqlite3.Cursor:
            if sql.startswith("INSERT"):
                other["a"]
            return first._database.execute(sql, values)

    one = Texts(Between())  # type: ignore[arg-type]

    assert (one["a"], other["a"]) == (1, 1)
    first.close()
    second.close()


def test_texts_of_threads_of_several_logs_have_one_number_each(tmp_path: Path) -> None:
    path = tmp_path / "log"
    Log(path).close()

    def work(place: int) -> None:
        with closing(Log(path)) as log:
            for number in range(50):
                log.append(Exchange("send", "POST", f"https://x/{number}", session_id="s"))

    assert at_once(work) == [None] * 8
    with closing(ResponseLog(path)) as log:
        texts = [text for _, text in log.texts()]
        urls = log.exchanges()["url"].tolist()
    assert len(texts) == len(set(texts))
    assert urls == [one.url for one in ResponseLog(path)]
    assert {int(re.findall(r"\d+$", url)[0]) for url in urls} == set(range(50))
