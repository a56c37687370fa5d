"""The response log: what was appended is there, in order, for everybody, whatever happens afterwards."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log
from connectorkit.response_log import ResponseLog

FULL = Exchange(
    operation="send",
    method="POST",
    url="https://va.msg.example/api?v=3",
    session_id="earlier",
    scenario="expired-app-jwt",
    label="checkout bug",
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
APPENDER = """
import os, sys, threading
from connectorkit.log import Exchange, Log

log = Log(sys.argv[1])
def work(name):
    for n in range(int(sys.argv[3])):
        kept = log.append(Exchange("send", "POST", f"{sys.argv[2]}-{name}-{n}"))
        os.write(1, f"{kept.exchange_id}\\n".encode())  # one write, so that threads do not mix
threads = [threading.Thread(target=work, args=(t,)) for t in range(int(sys.argv[4]))]
[t.start() for t in threads]
[t.join() for t in threads]
"""


def exchange(operation: str = "send", **facts: object) -> Exchange:
    return replace(Exchange(operation, "POST", "https://msg.example"), **facts)  # type: ignore[arg-type]


def ids(log: Log, **filters: object) -> list[int]:
    return [e.exchange_id for e in log.read(**filters)]  # type: ignore[arg-type]


def appender(path: Path, name: str, *, each: int, threads: int) -> subprocess.Popen[str]:
    """Another process that appends and prints the id of each record it was given back."""
    command = [sys.executable, "-c", APPENDER, str(path), name, str(each), str(threads)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


# --- Appending and reading -------------------------------------------------------------------------


def test_a_record_comes_back_as_it_was_appended(tmp_path: Path) -> None:
    with closing(Log(tmp_path / "log.sqlite3")) as log:
        kept = log.append(FULL)

        assert kept == replace(FULL, exchange_id=1)
        assert list(log) == [kept]
        assert log.last() == kept


@pytest.mark.parametrize("reused", [True, False, None])
def test_reuse_of_a_connection_stays_yes_no_or_unknown(reused: bool | None) -> None:
    log = Log()

    log.append(exchange(reused_connection=reused))

    assert next(iter(log)).reused_connection is reused


def test_appending_fills_in_id_session_and_time() -> None:
    log = Log()

    kept = log.append(exchange(exchange_id=99))

    assert kept.exchange_id == 1
    assert kept.session_id == log.session_id
    assert kept.started_at > 1_700_000_000_000_000_000


def test_an_empty_log_has_nothing() -> None:
    log = Log()

    assert len(log) == 0
    assert log.last() is None
    assert list(log) == []


def test_reading_goes_over_page_after_page_in_both_directions() -> None:
    log = Log()
    for _ in range(1203):
        log.append(exchange())

    assert len(log) == 1203
    assert ids(log) == list(range(1, 1204))
    assert ids(log, newest_first=True) == list(range(1203, 0, -1))
    assert ids(log, after=501) == list(range(502, 1204))
    assert ids(log, after=600, newest_first=True) == list(range(1203, 600, -1))
    assert ids(log, after=1203) == []


@pytest.mark.parametrize("count", [499, 500, 501, 1000])
def test_a_full_last_page_ends_the_reading(count: int) -> None:
    log = Log()
    for _ in range(count):
        log.append(exchange())

    assert len(ids(log)) == len(ids(log, newest_first=True)) == count


def test_filters_hold_across_pages() -> None:
    log = Log()
    for number in range(1300):
        log.append(exchange(consumer="ana" if number % 2 else "bert", session_id="s" if number % 3 else ""))

    assert ids(log, consumer="ana") == list(range(2, 1301, 2))
    assert ids(log, session="current") == list(range(1, 1301, 3))
    assert ids(log, session="s", consumer="ana", after=1290) == [1292, 1296, 1298]
    assert ids(log, consumer="nobody") == []


def test_what_is_appended_while_reading_is_neither_lost_nor_repeated() -> None:
    log = Log()
    for _ in range(500):
        log.append(exchange())

    reading = log.read()
    first = next(reading)
    log.append(exchange())

    assert [first.exchange_id, *(e.exchange_id for e in reading)] == list(range(1, 502))


def test_the_current_session_is_that_of_the_instance(tmp_path: Path) -> None:
    with closing(Log(tmp_path / "log")) as one, closing(Log(tmp_path / "log")) as two:
        first, second = one.append(exchange()), two.append(exchange())

        assert one.session_id != two.session_id
        assert ids(one, session="current") == [first.exchange_id]
        assert ids(one, session=two.session_id) == [second.exchange_id]
        assert ids(one) == [1, 2]


@pytest.mark.parametrize("body", ["", "<html>", "{", "\x00", "[" * 100_000])
def test_a_body_that_is_no_json_decodes_to_none(body: str) -> None:
    made = exchange(request_body=body, response_body=body)

    assert made.request_json() is None
    assert made.response_json() is None


def test_a_consumer_with_half_a_surrogate_pair_is_recorded_too() -> None:
    log = Log()

    log.append(exchange(consumer="ana\ud83d"))

    assert len(log) == 1


def test_the_displays_are_short() -> None:
    log = Log()
    kept = log.append(exchange(status_code=401, total_ms=12.34))

    assert repr(kept) == "<Exchange 1: send → 401, 12.3 ms>"
    assert repr(log) == "<Log: 1 exchanges, 0 notifications in :memory:>"
    assert repr(exchange(error="ReadTimeout")) == "<Exchange 0: send → ReadTimeout>"


# --- Files -----------------------------------------------------------------------------------------


def test_records_outlive_the_instance_and_ids_go_on(tmp_path: Path) -> None:
    path = tmp_path / "made" / "on" / "demand" / "log.sqlite3"
    with closing(Log(path)) as log:
        log.append(FULL)

    with closing(Log(path)) as again:
        kept = again.append(exchange())

        assert [e.operation for e in again] == ["send", "send"]
        assert next(iter(again)) == replace(FULL, exchange_id=1)
        assert kept.exchange_id == 2


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    Log("~/folder/log.sqlite3").close()

    assert (tmp_path / "folder" / "log.sqlite3").exists()


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_only_the_owner_may_read_the_files(tmp_path: Path, suffix: str) -> None:
    with closing(Log(tmp_path / "log.sqlite3")) as log:
        log.append(FULL)
        mode = (tmp_path / f"log.sqlite3{suffix}").stat().st_mode & 0o777

    assert mode == 0o600 or os.name != "posix"


def test_a_closed_log_says_so() -> None:
    log = Log()
    log.close()

    with pytest.raises(LogError, match="could not be written"):
        log.append(exchange())
    with pytest.raises(LogError, match="could not be read"):
        len(log)


# --- Threads and processes -------------------------------------------------------------------------


def test_threads_share_one_instance() -> None:
    log = Log()

    def work() -> None:
        for _ in range(100):
            log.append(exchange())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ids(log) == list(range(1, 801))


def test_processes_with_threads_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    with closing(Log(path)) as log:
        processes = [appender(path, name, each=40, threads=3) for name in ("a", "b")]
        printed = [int(line) for p in processes for line in p.communicate(timeout=60)[0].split()]

        urls = {e.url for e in log}
        assert sorted(printed) == ids(log) == list(range(1, 241))
        assert urls == {f"{p}-{t}-{n}" for p in "ab" for t in range(3) for n in range(40)}
        assert [p.returncode for p in processes] == [0, 0]


def test_a_new_file_may_be_opened_by_several_at_the_same_moment(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()

    def work(path: Path, start: threading.Barrier) -> None:
        start.wait()
        try:
            with closing(Log(path)) as log:
                log.append(exchange())
                outcomes["appended"] += 1
        except LogError as error:
            outcomes[str(error).replace(str(path), "it")] += 1

    for number in range(25):
        start = threading.Barrier(8)
        threads = [threading.Thread(target=work, args=(tmp_path / str(number), start)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert outcomes == {"appended": 200}


def test_a_killed_process_loses_nothing_that_append_returned(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    process = appender(path, "a", each=1_000_000, threads=2)
    assert process.stdout is not None
    promised = [int(process.stdout.readline()) for _ in range(200)]

    process.kill()
    with process.stdout:
        promised += [int(line) for line in process.stdout]
    process.wait(timeout=60)

    with closing(Log(path)) as log:
        assert process.returncode != 0
        assert set(promised) <= set(ids(log))
        assert log.append(exchange()).exchange_id > max(promised)


def test_an_exchange_is_found_by_its_number() -> None:
    log = Log()
    kept = log.append(exchange("domains"))
    log.append(exchange("send"))

    assert log.exchange(kept.exchange_id) == kept


def test_a_number_may_come_out_of_a_frame() -> None:
    log = ResponseLog()
    log.append(exchange())

    (number,) = log.exchanges()["exchange_id"]
    log.note("It was slow", exchange=number)

    assert log.exchange(log.exchanges()["exchange_id"].iloc[-1]).exchange_id == 1
    assert log.notes()["exchange_id"].tolist() == [1]


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_a_number_nobody_has_is_refused(number: int) -> None:
    log = Log()
    log.append(exchange())
    log.append(exchange())

    with pytest.raises(LogError, match=f"no exchange {number}"):
        log.exchange(number)


# --- Files that are no log -------------------------------------------------------------------------


def database(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as made:
        for statement in statements:
            made.execute(statement)
        made.commit()
    return path


def refusal(path: Path) -> str:
    with pytest.raises(LogError) as caught:
        Log(path)
    assert str(path) in str(caught.value)
    assert "CONNECTORKIT_LOG" in str(caught.value)
    return str(caught.value)


def test_another_program_s_database_is_refused(tmp_path: Path) -> None:
    path = database(tmp_path / "music.db", "CREATE TABLE songs (title TEXT)")

    assert "was made by another program. Choose another file" in refusal(path)


def test_another_program_s_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = database(tmp_path / "music.db", "CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()

    refusal(path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("table", ["songs", "exchanges"])
def test_another_program_s_database_of_version_one_is_refused_as_well(tmp_path: Path, table: str) -> None:
    path = database(tmp_path / "music.db", f"CREATE TABLE {table} (title TEXT)", "PRAGMA user_version=1")

    assert "another program" in refusal(path)


@pytest.mark.parametrize("version", [4, 99])
def test_a_log_of_a_newer_version_is_refused(tmp_path: Path, version: int) -> None:
    path = tmp_path / "log.sqlite3"
    Log(path).close()
    database(path, f"PRAGMA user_version={version}")

    assert f"was made by a newer connectorkit (version {version})" in refusal(path)


@pytest.mark.parametrize("content", [b"Dear diary,\n" * 100, b"SQLite format 3\0" + b"\xff" * 2000])
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "diary.txt"
    path.write_bytes(content)

    message = refusal(path)

    assert "could not be opened" in message
    assert 'log=":memory:"' in message
    assert path.read_bytes() == content


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    assert "could not be opened" in refusal(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_log_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    assert "could not be opened" in refusal(tmp_path / "file" / "folder" / "log.sqlite3")
