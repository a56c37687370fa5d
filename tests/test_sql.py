"""SQL over a log: the tables are the frames, nothing in a query writes, and refusals are sentences."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from logbook import HOSTILE, T0, accepted, event, made, publish, random_exchange, random_notification, same

from connectorkit import sql
from connectorkit.errors import LogError
from connectorkit.log import Notification
from connectorkit.response_log import ResponseLog

ENGINES = ["sqlite", "duckdb"]
TABLES = ["exchanges", "timings", "messages", "notifications", "timeline", "sessions", "notes"]
KEYS = {
    "exchanges": "exchange_id",
    "timings": "exchange_id",
    "messages": "exchange_id, position",
    "notifications": "notification_id, position",
    "timeline": "event_id",
    "sessions": "session_id",
    "notes": "note_id",
}
both = pytest.mark.parametrize("engine", ENGINES)


def fill(log: ResponseLog, count: int = 60) -> ResponseLog:
    chance = random.Random(count)
    for number in range(count):
        log.append(random_exchange(chance))
        log.append_notification(random_notification(chance))
        if number % 20 == 0:
            log.note(f"note {number}", number // 2 + 1)
    return log


@pytest.fixture
def file_log(tmp_path: Path) -> Iterator[ResponseLog]:
    # A name that means something else in a URI.
    with closing(ResponseLog(tmp_path / "a log?mode=rwc#x%20.sqlite3")) as log:
        yield log


@pytest.fixture(params=["memory", "file"])
def log(request: pytest.FixtureRequest, file_log: ResponseLog) -> ResponseLog:
    return ResponseLog() if request.param == "memory" else file_log


@pytest.fixture(scope="module")
def filled() -> ResponseLog:
    return fill(ResponseLog())


# --- The tables are the frames -----------------------------------------


def test_every_table_is_a_frame_and_no_column_means_two_things() -> None:
    assert list(sql.TABLES) == TABLES
    dtypes: dict[str, set[str]] = {}
    for described in sql.TABLES.values():
        for column, (dtype, _) in described.items():
            dtypes.setdefault(column, set()).add(dtype)
    assert {column for column, found in dtypes.items() if len(found) > 1} == set()


@both
@pytest.mark.parametrize("table", TABLES)
def test_select_star_gives_the_frame(table: str, engine: str, log: ResponseLog) -> None:
    fill(log)

    found = log.sql(f"select * from {table} order by {KEYS[table]}", engine=engine)

    expected = getattr(log, table)().sort_values(KEYS[table].split(", ")).reset_index(drop=True)
    assert len(expected) > 0
    same(found, expected)


@both
@pytest.mark.parametrize("table", TABLES)
def test_an_empty_table_keeps_columns_and_dtypes(table: str, engine: str, log: ResponseLog) -> None:
    same(log.sql(f"select * from {table}", engine=engine), getattr(log, table)())


@both
@pytest.mark.parametrize("table", TABLES)
def test_an_empty_result_keeps_columns_and_dtypes(table: str, engine: str, filled: ResponseLog) -> None:
    found = filled.sql(f"select * from {table} where 1 = 0", engine=engine)

    assert found.empty
    pd.testing.assert_series_equal(found.dtypes, getattr(filled, table)().dtypes)


@both
def test_a_column_of_missing_values_keeps_its_dtype(engine: str) -> None:
    log = ResponseLog()
    log.append(made())

    same(log.sql("select * from exchanges", engine=engine), log.exchanges())
    assert log.exchanges()["status_code"].isna().all()


@both
@pytest.mark.parametrize("table", ["exchanges", "messages", "notifications", "sessions", "notes"])
def test_hostile_texts_come_back_as_the_frame_has_them(table: str, engine: str, log: ResponseLog) -> None:
    for text in HOSTILE:
        log.append(
            made(
                url=text,
                session_id=text,
                label=text,
                error=text,
                request_body=publish(text, text),
                response_body=accepted(10**30),
            )
        )
        log.append_notification(Notification(event(text, 10**30, text, text), session_id=text, host=text))
    for text in HOSTILE[:-1]:
        log.note(f"about {text}")

    found = log.sql(f"select * from {table} order by {KEYS[table]}", engine=engine)

    expected = getattr(log, table)()
    if table == "sessions":
        found, expected = (f.sort_values("session_id").reset_index(drop=True) for f in (found, expected))
    same(found, expected)


@both
@pytest.mark.parametrize("zone", ["UTC", "America/St_Johns", "Asia/Kathmandu"])
def test_times_are_utc_to_the_microsecond_wherever_one_is(
    engine: str, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    log = ResponseLog()
    for nanoseconds in (1, 999, 1_000, 999_999_999, 86_400_000_000_000, T0 + 999_999_999, T0 + 1_000):
        log.append(made(request_body="{}", response_body=accepted(), started_at=nanoseconds))
    query = "select started_at, sent_at from exchanges join messages using (exchange_id) order by exchange_id"

    try:
        found = log.sql(query, engine=engine)
        as_text = log.sql("select cast(max(started_at) as varchar) as told from exchanges", engine=engine)
    finally:
        monkeypatch.undo()
        time.tzset()

    for column in ("started_at", "sent_at"):
        same(found[[column]], log.exchanges()[["started_at"]].set_axis([column], axis=1))
    assert as_text["told"][0].startswith("2023-11-14 22:13:20.999999")


@both
def test_what_was_appended_a_moment_ago_is_there(engine: str, log: ResponseLog) -> None:
    for number in range(1, 4):
        log.append(made(request_body="{}"))
        found = log.sql("select (select count(*) from exchanges) a, count(*) b from messages", engine=engine)
        assert found.iloc[0].tolist() == [number, number]


@both
def test_notifications_that_are_under_way_are_waited_for(engine: str) -> None:
    log = ResponseLog()
    log.settle = lambda: log.append_notification(Notification("{}"))

    assert log.sql("select count(*) as n from notifications", engine=engine)["n"].tolist() == [1]


@both
@pytest.mark.parametrize("name", ["exchanges", "Exchanges", "EXCHANGES", '"Exchanges"', '"exchanges"'])
def test_a_table_is_found_however_it_is_written(name: str, engine: str, filled: ResponseLog) -> None:
    assert len(filled.sql(f"SELECT * FROM {name}", engine=engine)) == 60


@both
def test_ten_thousand_rows_add_up(engine: str, file_log: ResponseLog) -> None:
    file_log._database.execute("BEGIN")
    for number in range(10_000):
        file_log.append(made(("send", "domains")[number % 2], request_bytes=number, total_ms=number / 2))
    file_log._database.execute("COMMIT")

    found = file_log.sql(
        "select operation, count(*) as n, sum(request_bytes) as total, avg(total_ms) as mean, "
        "max(started_at) as last from exchanges group by operation order by operation",
        engine=engine,
    )

    assert [str(dtype) for dtype in found.dtypes][:4] == ["string", "Int64", "Int64", "float64"]
    assert found["n"].tolist() == [5_000, 5_000]
    assert found["total"].tolist() == [25_000_000, 24_995_000]
    assert found["mean"].tolist() == [2500.0, 2499.5]
    same(file_log.sql("select * from exchanges order by 1", engine=engine), file_log.exchanges())


@both
def test_another_process_may_append_meanwhile(engine: str, file_log: ResponseLog) -> None:
    program = (
        "import sys\nfrom connectorkit.log import Exchange, Log\n"
        "log = Log(sys.argv[1])\nprint(1, flush=True)\n"
        "for n in range(2000): log.append(Exchange('send', 'POST', 'u', request_body='{}'))"
    )
    command = [sys.executable, "-c", program, file_log.path]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        counts = []
        while process.poll() is None:
            found = file_log.sql("select count(*) c, max(exchange_id) m from exchanges", engine=engine)
            counts.append(found["c"][0])
            assert found.fillna(0).iloc[0, 0] == found.fillna(0).iloc[0, 1]

    assert process.returncode == 0
    assert counts == sorted(counts)
    assert file_log.sql("select count(*) c from messages", engine=engine)["c"].tolist() == [2000]


# --- Queries -----------------------------------------------------------


@both
def test_tables_are_joined_and_columns_of_the_same_name_told_apart(engine: str) -> None:
    log = ResponseLog()
    log.append(made(request_body=publish("Hello"), response_body=accepted(3), consumer="ana"))
    log.append_notification(Notification(event("c-1", 3, "c-1", "Hello")))

    found = log.sql(
        "select m.text, n.text, n.text, e.status_code, n.status_code from messages m "
        "join notifications n using (conversation_id, sequence) join exchanges e using (exchange_id)",
        engine=engine,
    )

    assert list(found) == ["text", "text_2", "text_2_2", "status_code", "status_code_2"]
    assert found.iloc[0, [0, 1, 2, 4]].tolist() == ["Hello", "Hello", "Hello", 200]
    assert found["status_code"].isna().all()


@both
def test_a_column_that_is_named_text_2_already_is_not_taken_away(engine: str, filled: ResponseLog) -> None:
    found = filled.sql("select 1 as a, 2 as a_2, 3 as a, 4 as a", engine=engine)

    assert found.iloc[0].tolist() == [1, 2, 3, 4]
    assert found.columns.is_unique


@both
@pytest.mark.parametrize(
    ("value", "dtype"),
    [("1", "Int64"), ("1.5", "float64"), ("'x'", "string"), ("1e3", "float64"), ("-1", "Int64")],
)
def test_a_computed_column_has_the_dtype_of_its_values(
    value: str, dtype: str, engine: str, filled: ResponseLog
) -> None:
    found = filled.sql(f"select {value} as computed union all select null", engine=engine)

    assert str(found["computed"].dtype) == dtype
    assert found["computed"].isna().sum() == 1


@both
def test_a_name_of_the_log_may_be_given_to_something_else(engine: str, filled: ResponseLog) -> None:
    found = filled.sql(
        "select 'noon' as started_at, 'many' as exchange_id, 7 as url, 'soon' as began", engine=engine
    )

    assert found.iloc[0].tolist() == ["noon", "many", 7, "soon"]


def test_part_of_a_time_may_keep_its_name(filled: ResponseLog) -> None:
    found = filled.sql(
        "select distinct strftime('%H:%M', started_at) as started_at from exchanges order by 1"
    )

    assert found["started_at"].tolist()[0] == "22:13"


@both
@pytest.mark.parametrize("whole", [2**63 - 1, -(2**63) + 1])
def test_large_whole_numbers_are_exact(whole: int, engine: str, filled: ResponseLog) -> None:
    assert filled.sql(f"select {whole} as n", engine=engine)["n"].tolist() == [whole]


def test_duckdb_adds_up_beyond_64_bits(filled: ResponseLog) -> None:
    found = filled.sql("select sum(n) as n from (values (9223372036854775807), (1)) t(n)", engine="duckdb")

    assert found["n"].tolist() == [2**63]


@both
@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("select count(*) as n from exchanges where label = ? and attempt > ?", ["refund", 1]),
        ("select count(*) as n from exchanges where label = ? and attempt > ?", ("refund", 1)),
        (
            "select count(*) as n from exchanges where label = $what and attempt > $n",
            {"what": "refund", "n": 1},
        ),
    ],
)
def test_parameters_fill_the_query(query: str, parameters: Any, engine: str, filled: ResponseLog) -> None:
    expected = sum(e.label == "refund" and e.attempt > 1 for e in filled)

    assert filled.sql(query, parameters, engine=engine)["n"].tolist() == [expected]
    assert 0 < expected < 60


@both
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2023, 11, 14, 22, 14, 10, 5),
        datetime(2023, 11, 14, 22, 14, 10, 5, tzinfo=UTC),
        datetime(2023, 11, 14, 20, 14, 10, 5, tzinfo=timezone(timedelta(hours=-2))),
        pd.Timestamp("2023-11-14 22:14:10.000005", tz="UTC"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("named", [False, True])
def test_a_moment_may_be_a_parameter(named: bool, moment: Any, engine: str, filled: ResponseLog) -> None:
    limit = pd.Timestamp("2023-11-14 22:14:10.000005", tz="UTC")
    expected = int((filled.exchanges()["started_at"] >= limit).sum())
    query = f"select count(*) as n from exchanges where started_at >= {'$since' if named else '?'}"

    found = filled.sql(query, {"since": moment} if named else [moment], engine=engine)

    assert found["n"].tolist() == [expected]
    assert 0 < expected < 60


@both
@pytest.mark.parametrize("value", ["' or 1=1 --", "x; drop table exchanges", "%", "\0"])
def test_a_parameter_is_a_value_never_sql(value: str, engine: str, filled: ResponseLog) -> None:
    assert filled.sql("select * from exchanges where url = ?", [value], engine=engine).empty
    assert filled.sql("select ? as v", [value], engine=engine)["v"].tolist() == [value]


def test_sqlite_also_finds_headers_and_bodies(filled: ResponseLog) -> None:
    found = filled.sql("select request_headers, request_body from main.exchanges where exchange_id = 1")

    assert found.iloc[0].tolist() == ["Accept: application/json", filled.exchange(1).request_body]


# --- Refusals ----------------------------------------------------------


@both
@pytest.mark.parametrize("query", ["", "  \n", None, 5, b"select 1"], ids=repr)
def test_no_query_is_a_sentence(query: Any, engine: str) -> None:
    with pytest.raises(LogError, match=r'There is no query\. Pass one such as "select \* from exchanges"\.'):
        ResponseLog().sql(query, engine=engine)


@both
@pytest.mark.parametrize("query", ["-- nothing", "/* nothing */", ";"])
def test_a_query_without_rows_is_a_sentence(query: str, engine: str) -> None:
    with pytest.raises(LogError, match=r"That is no query: "):
        ResponseLog().sql(query, engine=engine)


@pytest.mark.parametrize("engine", ["", "postgres", None, "SQLite", ["sqlite"]], ids=repr)
def test_an_unknown_engine_is_refused_with_the_known_ones(engine: Any) -> None:
    with pytest.raises(LogError, match=r"engine is .*, allowed are sqlite and duckdb\."):
        ResponseLog().sql("select 1", engine=engine)


@both
@pytest.mark.parametrize("column", ["authorization", "speed"])
def test_an_unknown_column_is_refused_with_the_known_ones(column: str, engine: str) -> None:
    with pytest.raises(LogError, match=f"{column}.* exchanges has exchange_id, session_id") as refused:
        ResponseLog().sql(f"select {column} from exchanges", engine=engine)
    assert "may only read" not in str(refused.value)


@both
def test_an_unknown_table_is_refused_with_the_known_ones(engine: str) -> None:
    with pytest.raises(LogError, match=r"There are the tables exchanges, timings, .*, notes\."):
        ResponseLog().sql("select * from songs", engine=engine)


def test_writing_is_refused_in_plain_words() -> None:
    with pytest.raises(LogError, match=r"The query was refused: a query may only read \(not authorized\)\."):
        ResponseLog().sql("delete from main.exchanges")


@both
@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("selec 1", ()),
        ("select ?", []),
        ("select ?", 5),
        pytest.param("select ?", [object()], id="object"),
        ("select $a", {"b": 1}),
        ("select ?", [2**200]),
        ("select '\ud800'", ()),
        ("select ? as x", ["\ud800"]),
        ("select * from exchanges where", ()),
        ("select sum(", ()),
    ],
    ids=ascii,
)
def test_every_refusal_is_a_sentence(query: str, parameters: Any, engine: str) -> None:
    if engine == "duckdb" and parameters == [2**200]:
        pytest.skip("DuckDB has a form for it")
    with pytest.raises(LogError, match=r"^The query was refused: .*\. \S") as refused:
        ResponseLog().sql(query, parameters, engine=engine)
    assert "\n" not in str(refused.value)


def test_a_kit_without_duckdb_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)

    with pytest.raises(
        LogError, match=r'DuckDB is not installed\. Use pip install duckdb, or engine="sqlite"\.'
    ):
        ResponseLog().sql("select 1", engine="duckdb")
    assert ResponseLog().sql("select 1 as a")["a"].tolist() == [1]


def test_a_log_whose_file_is_gone_is_a_sentence(tmp_path: Path) -> None:
    with closing(ResponseLog(tmp_path / "log")) as log:
        (tmp_path / "log").unlink()

        with pytest.raises(LogError, match="could not be read"):
            log.sql("select 1")


def test_a_closed_log_in_memory_is_a_sentence() -> None:
    log = ResponseLog()
    log.close()

    with pytest.raises(LogError, match="could not be read"):
        log.sql("select 1")


# --- Ctrl+C ------------------------------------------------------------

ENDLESS = """
import sys
from connectorkit.response_log import ResponseLog

log = ResponseLog()
log.sql("select 1", engine=sys.argv[1])
try:
    print("ready", flush=True)
    log.sql(
        "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
        engine=sys.argv[1],
    )
except KeyboardInterrupt:
    print(log.sql("select 7 as a", engine=sys.argv[1])["a"].tolist())
"""


@pytest.mark.skipif(os.name != "posix", reason="a signal is sent")
@both
def test_ctrl_c_stops_an_endless_query_and_the_log_goes_on(engine: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, engine], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)  # so that it has begun; a signal that comes earlier ends the same way
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise

    assert (out, process.returncode) == ("[7]\n", 0), err


def test_a_damaged_file_is_told_of_in_a_sentence(tmp_path: Path) -> None:
    log = fill(ResponseLog(tmp_path / "log"))
    log._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (tmp_path / "log").open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3996)

    with pytest.raises(LogError, match=r"^The log .*log could not be read \(.*malformed\)\.$"):
        log.sql("select * from exchanges")
    log.close()


@both
def test_a_day_is_a_parameter_too(engine: str) -> None:
    log = ResponseLog()
    midnight = int(pd.Timestamp("2020-01-01", tz="UTC").value)
    log.append(made(started_at=midnight))

    found = log.sql("select max(started_at) <= ? as past from exchanges", [date(2020, 1, 1)], engine=engine)

    assert found["past"].astype(bool).tolist() == [True]
