"""Nothing in a query writes, whatever it says and whichever engine it asks, and no other file is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from logbook import made, publish, same

from connectorkit import sql
from connectorkit.errors import LogError
from connectorkit.response_log import ResponseLog

both = pytest.mark.parametrize("engine", ["sqlite", "duckdb"])
WRITES = [
    "insert into exchanges (exchange_id) values (99)",
    "INSERT INTO main.exchanges DEFAULT VALUES",
    "insert into notes (text) values ('x')",
    "insert into main.notes (text) values ('x') returning *",
    "update exchanges set url = 'x'",
    "update main.exchanges set url = 'x' returning url",
    "replace into notes values (1)",
    "delete from exchanges",
    "DeLeTe FrOm main.exchanges",
    "delete from main.notes returning note_id",
    "drop table main.exchanges",
    "drop view exchanges",
    'drop table "Exchanges"',
    "alter table main.notes rename to n",
    "alter table main.notes add column x",
    "truncate exchanges",
    "create table x (y int)",
    "create index i on notes (text)",
    "create temp table x (y)",
    "create temp view x as select 1",
    "create view x as select 1",
    "create table x as select 1",
    "create trigger t after insert on notes begin select 1; end",
    "create virtual table x using fts5(y)",
    "with x as (select 1) insert into main.notes (text) select 'x' from x",
    "with x as (select 1) delete from main.notes",
    "with x as (select 1 as n) update main.notes set text = 'x'",
    "/* hello */ delete from main.exchanges",
    "-- a comment\ndelete from main.exchanges",
    "  \n\t drop table main.exchanges",
    "explain analyze delete from notes",
    "select 1; delete from main.exchanges",
    "delete from main.exchanges; select 1",
    "select 1;\n-- x\n;drop table notes",
    "vacuum",
    "vacuum into '{file}'",
    "VACUUM main INTO '{file}'",
    "analyze",
    "reindex",
    "begin",
    "begin immediate",
    "commit",
    "rollback",
    "savepoint x",
    "attach '{file}' as x",
    "attach database '{file}' as x",
    "attach ':memory:' as x",
    "detach main",
    "detach temp",
    "pragma journal_mode = delete",
    "pragma user_version = 7",
    "pragma query_only = off",
    "pragma writable_schema = 1",
    "pragma wal_checkpoint(truncate)",
    "pragma main.application_id = 1",
    "pragma temp_store_directory = '/tmp'",
    "select * from pragma_user_version(9)",
    "pragma optimize",
    "select load_extension('{file}')",
    "SELECT LOAD_EXTENSION('{file}', 'x')",
    "select \"load_extension\"('{file}')",
    "select writefile('{file}', 'x')",
    "select readfile('{secret}')",
    "select edit('x')",
    "select fts3_tokenizer('x', x'00')",
    "copy exchanges to '{file}'",
    "copy (select 1) to '{file}'",
    "COPY exchanges TO '{file}' (FORMAT parquet)",
    "copy exchanges from '{secret}'",
    "export database '{file}'",
    "import database '{file}'",
    "install httpfs",
    "load httpfs",
    "force install httpfs",
    "load '{file}'",
    "select * from read_csv('{secret}')",
    "from read_csv_auto('{secret}')",
    "select * from read_text('{secret}')",
    "select * from read_blob('{secret}')",
    "select * from read_json('{secret}')",
    "select * from read_parquet('{secret}')",
    "select * from parquet_schema('{secret}')",
    "select * from '{secret}'",
    "from '{secret}'",
    "from '{secret}.csv'",
    'select * from "{secret}"',
    "select * from sniff_csv('{secret}')",
    "select * from glob('{folder}/*')",
    "select * from read_ndjson('{secret}')",
    "select getenv('HOME')",
    "select getvariable('x') from read_text('{secret}')",
    "summarize '{secret}'",
    "describe from '{secret}'",
    "set enable_external_access = true",
    "set global enable_external_access = true",
    "reset enable_external_access",
    "set lock_configuration = false",
    "set home_directory = '/'",
    "set temp_directory = '{file}'",
    "set variable x = 1",
    "pragma enable_profiling",
    "pragma profiling_output = '{file}'",
    "set log_query_path = '{file}'",
    "call pragma_version()",
    "create secret (type s3)",
    "create or replace persistent secret x (type s3)",
    "create macro f() as 1",
    "create type t as enum ('a')",
    "create sequence s",
    "prepare p as delete from notes",
    "execute p",
    "checkpoint",
    "force checkpoint",
    "use memory",
    "pragma import_database('{file}')",
    "pragma export_database('{file}')",
    "comment on table notes is 'x'",
    "merge into notes using notes on true when matched then delete",
    "select * from sqlite_scan('{log}', 'exchanges')",
    "select * from query('delete from notes')",
    "select * from query_table('{secret}')",
    "select * from st_read('{secret}')",
    "select * from frame",
    "select * from mine",
]


@pytest.fixture
def file_log(tmp_path: Path) -> Iterator[ResponseLog]:
    with closing(ResponseLog(tmp_path / "log.sqlite3")) as log:
        for number in range(5):
            log.append(made(request_body=publish(str(number))))
        log.note("first")
        yield log


@pytest.fixture
def guarded(file_log: ResponseLog, tmp_path: Path) -> Iterator[tuple[ResponseLog, dict[str, Any]]]:
    """A log, beside a file that nobody may read; afterwards everything is as it was."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "secret.csv").write_text("planted,secret\n1,2\n")
    where = {
        "file": folder / "written",
        "secret": folder / "secret.csv",
        "folder": folder,
        "log": file_log.path,
    }

    def state() -> list[Any]:
        files = [
            path for path in sorted(tmp_path.rglob("*")) if path.is_file() and path.suffix != ".sqlite3-shm"
        ]
        return [(str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]

    before = state()
    assert len(before) == 3  # the log, what was written ahead of it, the secret
    yield file_log, where
    assert state() == before


@both
@pytest.mark.parametrize("query", WRITES, ids=lambda query: query[:50])
def test_nothing_in_a_query_writes_or_reads_files(
    query: str, engine: str, guarded: tuple[ResponseLog, dict[str, Any]]
) -> None:
    log, where = guarded
    mine = pd.DataFrame({"planted": ["secret"]})  # DuckDB finds variables of Python, if it may

    try:
        found = log.sql(query.format(**where), engine=engine)
    except LogError as error:
        said = str(error)  # a few are harmless where they are allowed
        assert "planted" not in said
        assert said.startswith(("The query was refused: ", "That is no query: "))
    else:
        assert query.startswith(("describe", "summarize", "explain", "select * from query(")), found

    assert len(mine) == 1
    assert len(log) == len(log.exchanges()) == 5
    same(log.sql("select * from exchanges", engine=engine), log.exchanges())


@both
@pytest.mark.parametrize(
    "query",
    [
        "select 1 as a;",
        "select 1 as a ; -- said\n",
        "/* x */ select 1 as a",
        "with x as (select 1 as a) select * from x",
        "values (1)",
        "\n\t SELECT 1 AS a;  ",
    ],
)
def test_whatever_only_reads_is_allowed(query: str, engine: str, file_log: ResponseLog) -> None:
    assert file_log.sql(query, engine=engine).iloc[0].tolist() == [1]


def test_the_file_is_opened_for_reading_only(file_log: ResponseLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "_only_reading", lambda *_: 0)  # were the first bar open, the next one holds
    with pytest.raises(LogError, match="readonly database"):
        file_log.sql("delete from main.exchanges")
    with pytest.raises(LogError, match="readonly database"):
        file_log.sql("create temp table x (y)")
