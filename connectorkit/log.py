"""The response log: every HTTP exchange of a kit, in one append-only SQLite file.

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
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from connectorkit.errors import LogError
from connectorkit.logfile import MEMORY, open_database

_PAGE = 500


@dataclass(frozen=True)
class Exchange:
    """One HTTP request with its response, or with the failure that came instead.

    Times are milliseconds, ``started_at`` is nanoseconds since the epoch; a phase that did not happen is
    ``None``. Headers and bodies are as sent and received, with secrets replaced.
    """

    operation: str
    method: str
    url: str
    exchange_id: int = 0
    session_id: str = ""
    scenario: str | None = None
    account_id: str | None = None
    consumer: str | None = None
    attempt: int = 1
    started_at: int = 0
    status_code: int | None = None
    reason: str | None = None
    error: str | None = None
    request_headers: list[tuple[str, str]] = field(default_factory=list)
    request_body: str = ""
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    response_body: str = ""
    request_bytes: int = 0
    response_bytes: int = 0
    http_version: str | None = None
    reused_connection: bool | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    send_ms: float | None = None
    wait_ms: float | None = None
    receive_ms: float | None = None
    total_ms: float | None = None
    tokens: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        outcome = self.error or self.status_code
        took = "" if self.total_ms is None else f", {self.total_ms:.1f} ms"
        return f"<Exchange {self.exchange_id}: {self.operation} → {outcome}{took}>"

    def request_json(self) -> Any:
        """The decoded request body, or ``None`` where it is not JSON."""
        return _decode(self.request_body)

    def response_json(self) -> Any:
        """The decoded response body, or ``None`` where it is not JSON."""
        return _decode(self.response_body)


@dataclass(frozen=True)
class Notification:
    """One delivery: one POST that a webhook receiver got."""

    body: str
    notification_id: int = 0
    session_id: str = ""
    received_at: int = 0
    account_id: str | None = None
    client_id: str | None = None
    host: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    body_bytes: int = 0
    signature: str = "valid"
    status_code: int = 200
    conversation_id: str | None = None


COLUMNS = tuple(f.name for f in fields(Exchange))
_JSON_COLUMNS = frozenset({"request_headers", "response_headers", "tokens"})
_SQL_TYPES = {"exchange_id": "INTEGER PRIMARY KEY AUTOINCREMENT", "operation": "TEXT NOT NULL"} | {
    name: "INTEGER"
    for name in (
        "attempt",
        "started_at",
        "status_code",
        "request_bytes",
        "response_bytes",
        "reused_connection",
    )
}
_SCHEMA = [
    f"CREATE TABLE exchanges ({', '.join(f'{c} {_SQL_TYPES.get(c, str())}'.strip() for c in COLUMNS)})",
    "CREATE INDEX exchanges_by_consumer ON exchanges (consumer, exchange_id)",
    "CREATE INDEX exchanges_by_session ON exchanges (session_id, exchange_id)",
]


class Log:
    """An append-only file of exchanges, shared by any number of threads and processes.

    ``path`` names the file, made with its folders when missing; ``":memory:"`` keeps the log in memory.
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
        return f"<{type(self).__name__}: {len(self)} exchanges in {self.path}>"

    def __len__(self) -> int:
        return int(self._query("SELECT count(*) FROM exchanges")[0][0])

    def __bool__(self) -> bool:
        return True  # an empty log is a log

    def __iter__(self) -> Iterator[Exchange]:
        return self.read()

    def append(self, exchange: Exchange) -> Exchange:
        """Write one exchange to disk; returns it with its ``exchange_id`` and ``session_id``."""
        exchange = replace(
            exchange,
            exchange_id=0,
            session_id=exchange.session_id or self.session_id,
            started_at=exchange.started_at or time.time_ns(),
        )
        names = [name for name in COLUMNS if name != "exchange_id"]
        row = [_encode(name, getattr(exchange, name)) for name in names]
        marks = ",".join("?" * len(names))
        sql = f"INSERT INTO exchanges ({','.join(names)}) VALUES ({marks})"  # noqa: S608 - our own column names
        with self._lock:
            try:
                cursor = self._database.execute(sql, row)
            except (sqlite3.Error, OverflowError) as error:
                raise LogError(
                    f"The log {self.path} could not be written ({error}). Free some space or choose "
                    "another file with CONNECTORKIT_LOG or log=, then connect again."
                ) from error
        return replace(exchange, exchange_id=cursor.lastrowid or 0)

    def read(
        self,
        *,
        after: int = 0,
        session: str | None = None,
        consumer: str | None = None,
        newest_first: bool = False,
    ) -> Iterator[Exchange]:
        """Exchanges with an id greater than ``after``, oldest first unless told otherwise, read in pages.

        ``session`` is a session id, or ``"current"`` for the one this log was opened for.
        """
        session = self.session_id if session == "current" else session
        order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
        position = 2**63 - 1 if newest_first else after
        # Only the filters that were given, so that SQLite can use the index made for each.
        filters = {"session_id": session, "consumer": consumer}
        given = {name: value for name, value in filters.items() if value is not None}
        where = "".join(f" AND {name} = ?" for name in given)
        page = 1 if newest_first else _PAGE  # who reads backwards mostly wants the last one
        while True:
            rows = self._query(
                f"SELECT {','.join(COLUMNS)} FROM exchanges WHERE exchange_id {beyond} ? "  # noqa: S608
                f"AND exchange_id > ?{where} ORDER BY exchange_id {order} LIMIT {page}",
                (position, after, *given.values()),
            )
            for row in rows:
                yield _exchange(row)
            if len(rows) < page:
                return
            position = rows[-1][COLUMNS.index("exchange_id")]
            page = min(2 * page, _PAGE)

    def append_notification(self, notification: Notification) -> Notification:
        """A stand-in."""
        return replace(notification, notification_id=1, session_id=self.session_id)

    def last(self) -> Exchange | None:
        """The newest exchange, or ``None`` while the log is empty."""
        return next(self.read(newest_first=True), None)

    def close(self) -> None:
        """Close the file. Reading or appending afterwards raises ``LogError``."""
        with self._lock:
            self._database.close()

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


def _exchange(row: tuple[Any, ...]) -> Exchange:
    values = dict(zip(COLUMNS, row, strict=True))
    for name in _JSON_COLUMNS:
        values[name] = json.loads(values[name])
    for name in ("request_headers", "response_headers"):
        values[name] = [(header, text) for header, text in values[name]]
    if values["reused_connection"] is not None:
        values["reused_connection"] = bool(values["reused_connection"])
    return Exchange(**values)


def _decode(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
