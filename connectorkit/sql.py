"""SQL over a log: its frames as read-only tables of the same names and columns.

By default SQLite answers, from the log's own file: ``exchanges`` and ``timings`` are views of it, so a
million rows are not loaded first. What must be read out of bodies (``messages``, ``notifications``,
``timeline``) is loaded when a query names it. With ``engine="duckdb"`` DuckDB answers, where it is installed.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from connectorkit import frames, timeline
from connectorkit.columns import EXCHANGES, MESSAGES, NOTES, NOTIFICATIONS, SESSIONS, TIMINGS
from connectorkit.errors import LogError
from connectorkit.log import Log
from connectorkit.logfile import MEMORY
from connectorkit.summary import PHASES
from connectorkit.tables import REAL, TEXT, WHEN, WHOLE, YES_NO, Columns, moment
from connectorkit.timeline import TIMELINE

Parameters = Sequence[Any] | Mapping[str, Any]
TABLES: dict[str, Columns] = {
    "exchanges": EXCHANGES,
    "timings": TIMINGS,
    "messages": MESSAGES,
    "notifications": NOTIFICATIONS,
    "timeline": TIMELINE,
    "sessions": SESSIONS,
    "notes": NOTES,
}
# Which Python types a column of this dtype may come from.
_FITTING: dict[str, set[type]] = {
    WHOLE: {int},
    REAL: {int, float},
    TEXT: {str},
    WHEN: {datetime},
    YES_NO: {bool, int},
}
_VIEWS = ("exchanges", "timings")
# ``Exchange.blocked_ms`` and ``first_byte_ms``, which the file does not hold.
_SPENT = " + ".join(f"coalesce({name}, 0.0)" for name in PHASES)
_DERIVED = {
    "blocked_ms": f"CASE WHEN status_code IS NULL OR coalesce({', '.join(PHASES)}) IS NOT NULL "
    f"THEN max(0.0, total_ms - ({_SPENT})) END",
    "first_byte_ms": "max(0.0, total_ms - receive_ms)",
}
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_STEPS = 100_000  # of SQLite's machine


def query(log: Log, text: str, parameters: Parameters = (), *, engine: str = "sqlite") -> pd.DataFrame:
    """The rows that a query gives.

    Times are UTC, in SQLite as texts such as ``2026-01-31 12:00:00.123456``; in the frame they are times.
    ``parameters`` fill the query's ``?`` or ``$name``. SQLite also finds headers and bodies, in
    ``main.exchanges``. Nothing in a query can write: neither the log, nor a file.
    Raises ``LogError`` with the engine's words, and what there is to ask for.
    """
    if not isinstance(text, str) or not text.strip():
        raise LogError('There is no query. Pass one such as "select * from exchanges".')
    if engine not in ("sqlite", "duckdb"):
        raise LogError(f"engine is {engine!r}, allowed are sqlite and duckdb.")
    words = set(re.findall(r"\w+", text.lower()))
    named = [table for table in TABLES if table in words]
    return (_by_sqlite if engine == "sqlite" else _by_duckdb)(log, text, parameters, named)


def _frame(log: Log, name: str) -> pd.DataFrame:
    makers: dict[str, Callable[[Log], pd.DataFrame]] = {
        "exchanges": frames.exchanges,
        "timings": frames.timings,
        "messages": frames.messages,
        "notifications": frames.notifications,
        "timeline": timeline.timeline,
        "sessions": frames.sessions,
        "notes": frames.notes,
    }
    return makers[name](log)


def _by_sqlite(log: Log, text: str, parameters: Parameters, named: list[str]) -> pd.DataFrame:
    with closing(_opened(log)) as database:
        try:
            for name in TABLES:  # also those not named: they would be the file's own tables of that name
                if name in _VIEWS:
                    database.execute(_view(name))
                elif name in named:
                    _load(database, name, _frame(log, name))
            database.execute("PRAGMA query_only=ON")
        except sqlite3.Error as error:
            raise _unreadable(log, error) from error
        database.set_authorizer(_only_reading)
        # That some Python runs now and then is what lets Ctrl+C through.
        database.set_progress_handler(lambda: 0, _STEPS)
        try:
            cursor = database.execute(text, _bindable(parameters))
            if cursor.description is None:
                raise LogError("That is no query: it has no rows to give. Begin with select.")
            names = [column[0] for column in cursor.description]
            return _typed(names, list(zip(*cursor.fetchall(), strict=True)))
        except (sqlite3.Error, sqlite3.Warning, ValueError, OverflowError) as error:
            if str(error) == "interrupted":  # SQLite's word for an exception while it was at work
                raise KeyboardInterrupt from None
            raise _refused(error, named) from None


def _bindable(parameters: Parameters) -> Parameters:
    """Moments as the texts that SQLite has in their place."""

    def bindable(value: Any) -> Any:
        if not isinstance(value, date):
            return value
        when = value if isinstance(value, datetime) else value.isoformat()
        return f"{moment(when):%Y-%m-%d %H:%M:%S.%f}"

    if isinstance(parameters, Mapping):
        return {name: bindable(value) for name, value in parameters.items()}
    return list(map(bindable, parameters)) if isinstance(parameters, list | tuple) else parameters


def _opened(log: Log) -> sqlite3.Connection:
    try:
        if log.path != MEMORY:
            return sqlite3.connect(f"{Path(log.path).resolve().as_uri()}?mode=ro", uri=True)
        copy = sqlite3.connect(MEMORY)
        log.copy_to(copy)
        return copy
    except sqlite3.Error as error:
        raise _unreadable(log, error) from error


def _unreadable(log: Log, error: Exception) -> LogError:
    return LogError(f"The log {log.path} could not be read ({error}).")


def _view(name: str) -> str:
    columns = ", ".join(
        f"{_as_text(column)} AS {column}"
        if dtype == WHEN
        else f"{_DERIVED[column]} AS {column}"
        if column in _DERIVED
        else column
        for column, (dtype, _) in TABLES[name].items()
    )
    return f"CREATE TEMP VIEW {name} AS SELECT {columns} FROM main.exchanges"  # noqa: S608 - our own names


def _as_text(nanoseconds: str) -> str:
    seconds = f"datetime({nanoseconds} / 1000000000, 'unixepoch')"
    return f"{seconds} || printf('.%06d', {nanoseconds} / 1000 % 1000000)"


def _load(database: sqlite3.Connection, name: str, frame: pd.DataFrame) -> None:
    columns = []
    for column, (dtype, _) in TABLES[name].items():
        values = frame[column]
        if dtype == WHEN:
            values = values.dt.strftime("%Y-%m-%d %H:%M:%S.%f")
        columns.append(values.astype(object).where(values.notna(), None).tolist())
    database.execute(f"CREATE TEMP TABLE {name} ({', '.join(TABLES[name])})")
    marks = ",".join("?" * len(columns))
    database.executemany(f"INSERT INTO temp.{name} VALUES ({marks})", zip(*columns, strict=True))  # noqa: S608
    database.commit()


def _only_reading(action: int, *about: Any) -> int:
    function = about[1] if action == sqlite3.SQLITE_FUNCTION else None
    allowed = action in _ALLOWED and function != "load_extension"
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _by_duckdb(log: Log, text: str, parameters: Parameters, named: list[str]) -> pd.DataFrame:
    try:
        import duckdb
    except ImportError:
        raise LogError('DuckDB is not installed. Use pip install duckdb, or engine="sqlite".') from None
    with closing(duckdb.connect(MEMORY)) as database:
        for name in named:
            database.register(f"_{name}", _frame(log, name))
            # A table of its own: once files are out of reach, so is what Python holds.
            database.execute(f"CREATE TABLE {name} AS SELECT * FROM _{name}")  # noqa: S608 - our own names
        database.execute("SET TimeZone = 'UTC'")
        database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        try:
            statements = duckdb.extract_statements(text)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise LogError("That is no query: one select is allowed, and nothing else.")
            # By way of arrow: DuckDB's own rows want one more package for times.
            found = _interruptible(
                database, lambda: database.sql(text, params=parameters or None).to_arrow_table()
            )
            return _typed(
                found.column_names, [list(map(_plain, column.to_pylist())) for column in found.columns]
            )
        except (duckdb.Error, UnicodeError, TypeError) as error:
            raise _refused(error, named) from None


def _interruptible(database: Any, work: Callable[[], Any]) -> Any:
    """DuckDB at work does not look for Ctrl+C: so it works in a thread, and is stopped from here."""
    with ThreadPoolExecutor(1) as worker:
        done = worker.submit(work)
        try:
            return done.result()
        except KeyboardInterrupt:
            database.interrupt()
            raise


def _plain(value: Any) -> Any:
    """DuckDB adds up whole numbers to decimal ones of many digits, and takes 0.5 for one."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value.as_tuple().exponent == 0 else float(value)


def _typed(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """A frame whose dtypes are those that these columns have elsewhere, else what the values are."""
    known = {column: dtype for table in TABLES.values() for column, (dtype, _) in table.items()}
    found: dict[str, Any] = {}
    for place, name in enumerate(names):
        values = list(columns[place]) if columns else []
        unique = name
        while unique in found:  # two tables joined may both have it
            unique += "_2"
        found[unique] = _column(values, known.get(name))
    return pd.DataFrame(found)


def _column(values: list[Any], dtype: str | None) -> pd.Series[Any]:
    kinds = {type(value) for value in values} - {type(None)}
    if dtype == WHEN and kinds <= {str}:
        with contextlib.suppress(ValueError):  # whoever names a column so may still fill it as they like
            values, kinds = [value and datetime.fromisoformat(value) for value in values], {datetime}
    if dtype not in _FITTING or not kinds <= _FITTING[dtype]:
        dtype = next((fit for fit, allowed in _FITTING.items() if kinds and kinds <= allowed), "object")
    if dtype == WHEN:
        return pd.to_datetime(pd.Series(values, dtype="object"), utc=True).dt.as_unit("us")
    try:
        return pd.Series(values, dtype=dtype)
    except (OverflowError, TypeError):  # whole numbers of more than 64 bits
        return pd.Series(values, dtype="object")


def _refused(error: Exception, named: list[str]) -> LogError:
    said = " ".join(str(error).split()).rstrip(".")
    if "not authorized" in said or "authorization denied" in said:
        said = f"a query may only read ({said})"
    if not named:
        return LogError(f"The query was refused: {said}. There are the tables {', '.join(TABLES)}.")
    columns = "; ".join(f"{name} has {', '.join(TABLES[name])}" for name in named)
    return LogError(f"The query was refused: {said}. {columns}.")
