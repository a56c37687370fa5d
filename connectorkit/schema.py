"""The tables of the log's file, version by version. What a version once was stays as it is."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from connectorkit import summary

Step = str | Callable[[sqlite3.Connection], None]

_FIRST = (
    *("operation TEXT NOT NULL", "method", "url", "exchange_id INTEGER PRIMARY KEY AUTOINCREMENT"),
    *("session_id", "scenario", "account_id", "consumer", "attempt INTEGER", "started_at INTEGER"),
    *("status_code INTEGER", "reason", "error", "request_headers", "request_body", "response_headers"),
    *("response_body", "request_bytes INTEGER", "response_bytes INTEGER", "http_version"),
    *("reused_connection INTEGER", "connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms", "total_ms"),
    "tokens",
)
_NOTIFICATIONS = (
    *("body TEXT NOT NULL", "notification_id INTEGER PRIMARY KEY AUTOINCREMENT", "session_id"),
    *("received_at INTEGER", "account_id", "client_id", "host", "headers", "body_bytes INTEGER"),
    *("signature TEXT NOT NULL", "status_code INTEGER", "conversation_id"),
)
# Without AUTOINCREMENT, which writes a second page with each row: the newest row is never taken out, so
# numbers are never given twice. The summary comes first, so that reading it touches nothing else of a row.
_THIRD = (
    *("exchange_id INTEGER PRIMARY KEY", "summary BLOB NOT NULL", "operation TEXT NOT NULL", "method", "url"),
    *("session_id", "scenario", "label", "account_id", "consumer", "attempt INTEGER", "started_at INTEGER"),
    *("status_code INTEGER", "reason", "error", "request_headers", "request_body", "response_headers"),
    *("response_body", "request_bytes INTEGER", "response_bytes INTEGER", "http_version"),
    *("reused_connection INTEGER", "connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms", "total_ms"),
    "tokens",
)
_NOTES = ("note_id INTEGER PRIMARY KEY", "written_at INTEGER", "session_id", "exchange_id INTEGER", "text")


def _table(name: str, columns: tuple[str, ...]) -> str:
    return f"CREATE TABLE {name} ({', '.join(columns)})"


def names(columns: tuple[str, ...]) -> list[str]:
    """The names in a description of columns."""
    return [column.partition(" ")[0] for column in columns]


def header_lines(headers: list[tuple[str, str]]) -> str:
    """Headers as a column keeps them: a line each, as on the wire."""
    lines = "\n".join(map(": ".join, headers))
    if lines.count("\n") >= len(headers) > 0:  # a value with a line break, which came from no network
        return "\n".join(f"{name}: {value}".replace("\n", "\\n") for name, value in headers)
    return lines


def _old_header_lines(text: str | None) -> str:
    """From JSON, as earlier versions wrote it; what cannot be read stays as it is, as a line of its own."""
    try:
        lines = header_lines([(name + "", value + "") for name, value in json.loads(text or "[]")])
    except (ValueError, TypeError, RecursionError):
        lines = header_lines([(str(text), "")])
    # JSON could spell half a surrogate pair, a line of text cannot.
    return lines.encode("utf-8", "backslashreplace").decode()


def _renew_exchanges(database: sqlite3.Connection) -> None:
    """From the second version's table to the third's."""
    old, new = names(_FIRST), names(_THIRD)
    numbers = Texts(database)

    def rows() -> Iterator[list[Any]]:
        for row in database.execute(f"SELECT {','.join(old)} FROM old_exchanges ORDER BY exchange_id"):  # noqa: S608
            values: dict[str, Any] = dict.fromkeys(new) | dict(zip(old, row, strict=True))
            for column in ("request_headers", "response_headers"):
                values[column] = _old_header_lines(values[column])
            values["summary"] = summary.pack(values, values["started_at"], values["session_id"], numbers)
            yield [values[name] for name in new]

    marks = ",".join("?" * len(new))
    database.executemany(f"INSERT INTO exchanges ({','.join(new)}) VALUES ({marks})", rows())  # noqa: S608


class Texts(dict[str | None, int]):
    """The number of each text that summaries name; a text that is new gets one."""

    def __init__(self, database: sqlite3.Connection) -> None:
        super().__init__({None: 0})
        self._database = database

    def __missing__(self, text: str | None) -> int:
        find = "SELECT text_id FROM texts WHERE text = ?"
        found = self._database.execute(find, (text,)).fetchone()
        if found is None:
            self._database.execute("INSERT OR IGNORE INTO texts (text) VALUES (?)", (text,))
            found = self._database.execute(find, (text,)).fetchone()  # somebody else may have been first
        self[text] = found[0]
        return int(found[0])


# One list of steps per version; see ``logfile.open_database``.
SCHEMA: list[list[Step]] = [
    [
        _table("exchanges", _FIRST),
        "CREATE INDEX exchanges_by_consumer ON exchanges (consumer, exchange_id)",
        "CREATE INDEX exchanges_by_session ON exchanges (session_id, exchange_id)",
    ],
    [
        "CREATE INDEX exchanges_by_operation ON exchanges (operation, exchange_id)",
        _table("notifications", _NOTIFICATIONS),
        "CREATE INDEX notifications_by_conversation ON notifications (conversation_id, notification_id)",
        "CREATE INDEX notifications_by_session ON notifications (session_id, notification_id)",
    ],
    [
        "DROP INDEX exchanges_by_consumer",
        "DROP INDEX exchanges_by_session",
        "DROP INDEX exchanges_by_operation",
        "ALTER TABLE exchanges RENAME TO old_exchanges",
        _table("exchanges", _THIRD),
        "CREATE TABLE texts (text_id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
        _renew_exchanges,
        "DROP TABLE old_exchanges",
        # What exchanges are looked up by. Who looks brings it up to date, so that appending costs one row.
        "CREATE TABLE looked_up (exchange_id INTEGER PRIMARY KEY, consumer, session_id, operation)",
        "CREATE INDEX looked_up_by_consumer ON looked_up (consumer)",
        "CREATE INDEX looked_up_by_session ON looked_up (session_id)",
        "CREATE INDEX looked_up_by_operation ON looked_up (operation)",
        _table("notes", _NOTES),
        # Changed whenever records are taken out, so that whoever keeps tables in memory begins anew.
        "CREATE TABLE pruned (times INTEGER NOT NULL)",
        "INSERT INTO pruned VALUES (0)",
    ],
]
EXCHANGE_COLUMNS = tuple(name for name in names(_THIRD) if name != "summary")
NOTIFICATION_COLUMNS = tuple(names(_NOTIFICATIONS))
