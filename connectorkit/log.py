"""The response log: every HTTP exchange and notification of a kit, in one append-only SQLite file.

A record is on disk when the call that made it returns, so a killed kernel loses nothing it had seen.
Records arrive redacted (see ``redact``); appending is the only way in.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import uuid
import weakref
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from connectorkit.errors import LogError
from connectorkit.logfile import MEMORY, open_database
from connectorkit.records import Exchange, Notification

__all__ = ("Exchange", "Log", "Notification")

_PAGE = 500


COLUMNS = tuple(f.name for f in fields(Exchange))
_V1_COLUMNS = tuple(name for name in COLUMNS if name != "label")
NOTIFICATION_COLUMNS = tuple(f.name for f in fields(Notification))
_JSON_COLUMNS = frozenset({"request_headers", "response_headers", "headers", "tokens"})
_KEY = "INTEGER PRIMARY KEY AUTOINCREMENT"
_SQL_TYPES = {"exchange_id": _KEY, "notification_id": _KEY} | {
    **dict.fromkeys(("operation", "body", "signature"), "TEXT NOT NULL"),
    **dict.fromkeys(("attempt", "started_at", "received_at", "status_code", "body_bytes"), "INTEGER"),
    **dict.fromkeys(("request_bytes", "response_bytes", "reused_connection"), "INTEGER"),
}


def _table(name: str, columns: tuple[str, ...]) -> str:
    described = ", ".join(f"{column} {_SQL_TYPES.get(column, '')}".strip() for column in columns)
    return f"CREATE TABLE {name} ({described})"


# One list per version of the file; see ``open_database``. What a version once was stays as it is.
_SCHEMA = [
    [
        _table("exchanges", _V1_COLUMNS),
        "CREATE INDEX exchanges_by_consumer ON exchanges (consumer, exchange_id)",
        "CREATE INDEX exchanges_by_session ON exchanges (session_id, exchange_id)",
    ],
    [
        "CREATE INDEX exchanges_by_operation ON exchanges (operation, exchange_id)",
        _table("notifications", NOTIFICATION_COLUMNS),
        "CREATE INDEX notifications_by_conversation ON notifications (conversation_id, notification_id)",
        "CREATE INDEX notifications_by_session ON notifications (session_id, notification_id)",
    ],
    ["ALTER TABLE exchanges ADD COLUMN label"],
]


class Log:
    """An append-only file of exchanges and notifications, shared by any number of threads and processes.

    ``path`` names the file, made with its folders when missing; ``":memory:"`` keeps the log in memory.
    Its length is the number of exchanges, and going over it gives exchanges.
    Raises ``LogError`` when the file cannot be opened or is something else than a log.
    """

    def __init__(self, path: str | os.PathLike[str] = MEMORY) -> None:
        if not isinstance(path, str | os.PathLike):
            raise LogError(f'The path of a log is a text or a Path, not {path!r}. ":memory:" needs no file.')
        self.path = MEMORY if path == MEMORY else str(Path(path).expanduser())
        self.session_id = uuid.uuid4().hex[:12]
        self._lock = threading.Lock()
        self._database = open_database(self.path, _SCHEMA)
        # Closed with the last reference, so that a kit's log stays readable after the kit is closed.
        weakref.finalize(self, self._database.close)

    def __repr__(self) -> str:
        counts = f"{len(self)} exchanges, {self.count_notifications()} notifications"
        return f"<{type(self).__name__}: {counts} in {self.path}>"

    def __len__(self) -> int:
        return int(self._query("SELECT count(*) FROM exchanges")[0][0])

    def __bool__(self) -> bool:
        return True  # an empty log is a log

    def __iter__(self) -> Iterator[Exchange]:
        return self.read()

    @property
    def identity(self) -> str:
        """The same text for every log of one file; one of its own for each log in memory."""
        return f"{MEMORY} {id(self)}" if self.path == MEMORY else os.path.realpath(self.path)

    def append(self, exchange: Exchange) -> Exchange:
        """Write one exchange to disk; returns it with its ``exchange_id`` and ``session_id``."""
        exchange = replace(
            exchange,
            session_id=exchange.session_id or self.session_id,
            started_at=exchange.started_at or time.time_ns(),
        )
        return replace(exchange, exchange_id=self._insert("exchanges", COLUMNS, exchange))

    def append_notification(self, notification: Notification) -> Notification:
        """Write one delivery to disk; returns it with its ``notification_id`` and ``session_id``."""
        notification = replace(
            notification,
            session_id=notification.session_id or self.session_id,
            received_at=notification.received_at or time.time_ns(),
        )
        number = self._insert("notifications", NOTIFICATION_COLUMNS, notification)
        return replace(notification, notification_id=number)

    def exchange(self, exchange_id: int) -> Exchange:
        """The exchange with this number. Raises ``LogError`` where there is none."""
        found = next(self.read(after=exchange_id - 1), None)
        if found is None or found.exchange_id != exchange_id:
            raise LogError(f"There is no exchange {exchange_id} in {self.path}.")
        return found

    def read(
        self,
        *,
        after: int = 0,
        session: str | None = None,
        consumer: str | None = None,
        operation: str | None = None,
        mentioning: str | None = None,
        newest_first: bool = False,
    ) -> Iterator[Exchange]:
        """Exchanges with an id greater than ``after``, oldest first unless told otherwise, read in pages.

        ``session`` is a session id, or ``"current"`` for the one this log was opened for; ``mentioning`` is
        a text that stands in the request's or the response's body, looked for by the database.
        """
        filters = {"session_id = ?": session, "consumer = ?": consumer, "operation = ?": operation}
        filters["(instr(request_body, ?) OR instr(response_body, ?))"] = mentioning
        rows = self._read("exchanges", COLUMNS, after, filters, newest_first)
        return (Exchange(**row) for row in rows)

    def read_notifications(
        self,
        *,
        after: int = 0,
        session: str | None = None,
        conversation: str | None = None,
        mentioning: str | None = None,
        newest_first: bool = False,
    ) -> Iterator[Notification]:
        """Deliveries with an id greater than ``after``, in the order they came, read in pages like ``read``.

        An empty text as ``conversation`` finds those whose conversation is not known.
        """
        filters = {"session_id = ?": session, "instr(body, ?)": mentioning}
        if conversation == "":
            filters["conversation_id IS NULLIF(?, '')"] = conversation
        else:
            filters["conversation_id = ?"] = conversation
        rows = self._read("notifications", NOTIFICATION_COLUMNS, after, filters, newest_first)
        return (Notification(**row) for row in rows)

    def count_notifications(self) -> int:
        """How many deliveries the log holds, repetitions included."""
        return int(self._query("SELECT count(*) FROM notifications")[0][0])

    def last(self) -> Exchange | None:
        """The newest exchange, or ``None`` while the log is empty."""
        return next(self.read(newest_first=True), None)

    def close(self) -> None:
        """Close the file. Reading or appending afterwards raises ``LogError``."""
        with self._lock:
            self._database.close()

    def _insert(self, table: str, columns: tuple[str, ...], record: Exchange | Notification) -> int:
        """The number that the database gave the record."""
        names = [name for name in columns if _SQL_TYPES.get(name) != _KEY]
        row = [_encode(name, getattr(record, name)) for name in names]
        marks = ",".join("?" * len(names))
        sql = f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})"  # noqa: S608 - our own names
        with self._lock:
            try:
                return self._database.execute(sql, row).lastrowid or 0
            except (sqlite3.Error, OverflowError) as error:
                raise LogError(
                    f"The log {self.path} could not be written ({error}). Free some space or choose "
                    "another file with CONNECTORKIT_LOG or log=, then connect again."
                ) from error

    def _read(
        self,
        table: str,
        columns: tuple[str, ...],
        after: int,
        filters: dict[str, str | None],
        newest_first: bool,
    ) -> Iterator[dict[str, Any]]:
        # Only the filters that were given, so that SQLite can use the index made for each.
        given = {condition: value for condition, value in filters.items() if value is not None}
        if given.get("session_id = ?") == "current":
            given["session_id = ?"] = self.session_id
        parameters = [_encode("", value) for c, value in given.items() for _ in range(c.count("?"))]
        key = next(name for name in columns if _SQL_TYPES.get(name) == _KEY)
        order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
        where = "".join(f" AND {condition}" for condition in given)
        sql = (
            f"SELECT {','.join(columns)} FROM {table} WHERE {key} {beyond} ? AND {key} > ?{where} "  # noqa: S608
            f"ORDER BY {key} {order} LIMIT ?"
        )
        position = 2**63 - 1 if newest_first else after
        page = 1 if newest_first else _PAGE  # who reads backwards mostly wants the last one
        while True:
            rows = self._query(sql, (position, after, *parameters, page))
            for row in rows:
                yield _decoded(dict(zip(columns, row, strict=True)))
            if len(rows) < page:
                return
            position = rows[-1][columns.index(key)]
            page = min(2 * page, _PAGE)

    def _query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._database.execute(sql, parameters).fetchall()
            except sqlite3.Error as error:
                raise LogError(f"The log {self.path} could not be read ({error}).") from error


def _encode(name: str, value: Any) -> Any:
    if name in _JSON_COLUMNS:
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and not value.isascii():
        # Half a surrogate pair, sent by a tester on purpose, has no form in UTF-8.
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _decoded(row: dict[str, Any]) -> dict[str, Any]:
    for name in _JSON_COLUMNS & row.keys():
        row[name] = json.loads(row[name])
        if name != "tokens":
            row[name] = [(header, text) for header, text in row[name]]
    if row.get("reused_connection") is not None:
        row["reused_connection"] = bool(row["reused_connection"])
    return row
