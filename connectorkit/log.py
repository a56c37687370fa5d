"""The response log: every HTTP exchange and notification of a kit, in one append-only SQLite file.

A record is on disk when the call that made it returns, so a killed kernel loses nothing it had seen.
Records arrive redacted (see ``redact``); appending is the only way in.
"""

from __future__ import annotations

import contextlib
import operator
import os
import sqlite3
import struct
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from connectorkit.errors import LogError
from connectorkit.logfile import MEMORY, Presence, open_database
from connectorkit.markup import Shown
from connectorkit.records import Exchange, Notification, stamped
from connectorkit.rows import (
    BESIDE_BODIES,
    INSERT_EXCHANGE,
    INSERT_NOTIFICATION,
    exchange_row,
    members,
    notification_row,
    with_storable_texts,
)
from connectorkit.schema import EXCHANGE_COLUMNS, NOTIFICATION_COLUMNS, Texts
from connectorkit.texts import storable

__all__ = ("Exchange", "Log", "Notification")

T = TypeVar("T")
# In a damaged file even the words of SQLite's error may be no text, and a row anything.
_UNWRITABLE = (sqlite3.Error, OverflowError, struct.error, UnicodeDecodeError)
_DAMAGED = (ValueError, TypeError, AttributeError)
_PAGE = 500
# At a time, so that who appends need not wait for who reads.
_SUMMARIES = 20_000
_ENTERED = 20_000


class Log(Shown):
    """An append-only file of exchanges and notifications, shared by any number of threads and processes.

    ``path`` names the file, made with its folders when missing; ``":memory:"`` keeps the log in memory.
    Its length is the number of exchanges, and going over it gives exchanges.
    Raises ``LogError`` when the file cannot be opened or is something else than a log.
    """

    def __init__(self, path: str | os.PathLike[str] = MEMORY) -> None:
        if not isinstance(path, str | os.PathLike):
            raise LogError(f'The path of a log is a text or a Path, not {path!r}. ":memory:" needs no file.')
        self.path = MEMORY if path == MEMORY else str(Path(path).expanduser().absolute())
        self.session_id = uuid.uuid4().hex[:12]
        self._lock = threading.Lock()
        self._counted = (0, 0, 0)  # times pruned, the last one counted, how many there were
        self._database = open_database(self.path)
        self._numbers = Texts(self._database)
        self._presence = Presence(self.path)
        # Closed with the last reference, so that a kit's log stays readable after the kit is closed.
        weakref.finalize(self, self._database.close)

    def __repr__(self) -> str:
        counts = f"{len(self)} exchanges, {self.count_notifications()} notifications"
        return f"<{type(self).__name__}: {counts} in {self.path}>"

    def __len__(self) -> int:
        sql = "SELECT count(*), coalesce(max(exchange_id), ?1) FROM exchanges WHERE exchange_id > ?1"
        times, last, known = self._counted
        pruned = self.times_pruned()
        if times != pruned:
            last, known = 0, 0
        found, last = self.query(sql, (last,))[0]
        self._counted = (pruned, last, known + found)
        return known + int(found)

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
        session, began = exchange.session_id or self.session_id, exchange.started_at or time.time_ns()
        # Written out in full: this is what each call waits for.
        try:
            with self._lock:
                self._presence.check()
                row = exchange_row(exchange.__dict__, session, began, self._numbers)
                number = self._database.execute(INSERT_EXCHANGE, row).lastrowid
        except UnicodeEncodeError:
            number = self.append(with_storable_texts(exchange)).exchange_id
        except _UNWRITABLE as error:
            raise self._unwritable(error) from error
        return stamped(exchange, exchange_id=number, session_id=session, started_at=began)

    def append_notification(self, notification: Notification) -> Notification:
        """Write one delivery to disk; returns it with its ``notification_id`` and ``session_id``."""
        made = stamped(
            notification,
            session_id=notification.session_id or self.session_id,
            received_at=notification.received_at or time.time_ns(),
        )
        row = notification_row(made)
        try:
            with self._lock:
                self._presence.check()
                number = self._database.execute(INSERT_NOTIFICATION, row).lastrowid
        except _UNWRITABLE as error:
            raise self._unwritable(error) from error
        return stamped(made, notification_id=number)

    def times_pruned(self) -> int:
        """How often records were taken out; whoever remembers what it read begins anew when this changes."""
        return int(self.query("SELECT times FROM pruned")[0][0])

    def exchange(self, exchange_id: int) -> Exchange:
        """The exchange with this number. Raises ``LogError`` where there is none."""
        try:
            exchange_id = operator.index(exchange_id)  # a number out of a frame is of another type
        except TypeError:
            said = f"The exchange is {exchange_id!r}. Pass its number, from the column exchange_id."
            raise LogError(said) from None
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
        scenario: str | None = None,
        label: str | None = None,
        since: int | None = None,
        mentioning: str | None = None,
        headers: bool = True,
        newest_first: bool = False,
    ) -> Iterator[Exchange]:
        """Exchanges with an id greater than ``after``, oldest first unless told otherwise, read in pages.

        ``session`` is a session id, or ``"current"`` for the one this log was opened for; ``since`` is
        nanoseconds since the epoch; ``mentioning`` is a text that stands in the request's or the response's
        body, looked for by the database. ``headers=False`` leaves headers and tokens empty, which is quicker.
        """
        looked_up = {"session_id": session, "consumer": consumer, "operation": operation}
        indexed = any(value is not None for value in looked_up.values()) and self._bring_up_to_date()
        # CROSS: the few rows found by the index come first.
        table = "looked_up CROSS JOIN exchanges USING (exchange_id)" if indexed else "exchanges"
        source = "looked_up" if indexed else "exchanges"
        filters: dict[str, Any] = {f"{source}.{name} = ?": value for name, value in looked_up.items()}
        filters |= {"scenario = ?": scenario, "label = ?": label, "started_at >= ?": since}
        filters["(instr(request_body, ?) OR instr(response_body, ?))"] = mentioning
        columns = {name: name for name in EXCHANGE_COLUMNS if headers or name not in BESIDE_BODIES}
        columns |= {name: f"exchanges.{name}" for name in looked_up}
        rows = self._read(table, columns, after, filters, newest_first)
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
        columns = {name: name for name in NOTIFICATION_COLUMNS}
        rows = self._read("notifications", columns, after, filters, newest_first)
        return (Notification(**row) for row in rows)

    def count_notifications(self) -> int:
        """How many deliveries the log holds, repetitions included."""
        return int(self.query("SELECT count(*) FROM notifications")[0][0])

    def last(self) -> Exchange | None:
        """The newest exchange, or ``None`` while the log is empty."""
        return next(self.read(newest_first=True), None)

    def newest(self) -> tuple[int, int, int]:
        """Whether there is something new costs this little: it is other numbers than before.

        They are how often records were taken out, and the number of the last exchange and notification.
        """
        exchanges, notifications = (
            self.query(f"SELECT coalesce(max({name}_id), 0) FROM {name}s")[0][0]  # noqa: S608
            for name in ("exchange", "notification")
        )
        return self.times_pruned(), int(exchanges), int(notifications)

    def close(self) -> None:
        """Close the file. Reading or appending afterwards raises ``LogError``."""
        with self._lock:
            self._database.close()

    def summaries(self, after: int = 0) -> Iterator[tuple[list[int], bytes]]:
        """Numbers and packed summaries of the exchanges after this one, many at a time; see ``summary``."""
        sql = "SELECT exchange_id, summary FROM exchanges WHERE exchange_id > ? ORDER BY exchange_id LIMIT ?"
        while rows := self.query(sql, (after, _SUMMARIES)):
            yield [number for number, _ in rows], b"".join([packed for _, packed in rows])
            after = rows[-1][0]

    def texts(self, after: int = 0) -> list[tuple[int, str]]:
        """The texts that summaries name by number, those after this number."""
        return self.query("SELECT text_id, text FROM texts WHERE text_id > ? ORDER BY text_id", (after,))

    def transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do this work on the file, all of it or nothing. For ``upkeep``."""
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    done = work(self._database)
                    self._database.execute("COMMIT")
                except BaseException:
                    if self._database.in_transaction:  # a full disk may have ended it already
                        self._database.execute("ROLLBACK")
                    raise
                return done
            except sqlite3.Error as error:
                raise self._unwritable(error) from error

    def copy_to(self, other: sqlite3.Connection) -> None:
        """Copy the whole log into another database."""
        with self._lock:
            self._database.backup(other)

    def compact(self) -> None:
        """Give free space back to the disk, unless others use the file at the moment."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._database.execute("VACUUM")
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _bring_up_to_date(self) -> bool:
        """Enters what was appended since somebody last looked something up, where the file can be written."""
        names = "exchange_id, consumer, session_id, operation"
        sql = (
            f"INSERT OR IGNORE INTO looked_up SELECT {names} FROM exchanges "  # noqa: S608
            "WHERE exchange_id > (SELECT coalesce(max(exchange_id), 0) FROM looked_up) "
            "ORDER BY exchange_id LIMIT ?"
        )
        entered = _ENTERED
        while entered == _ENTERED:
            with self._lock:
                try:
                    entered = self._database.execute(sql, (_ENTERED,)).rowcount
                except sqlite3.OperationalError:
                    return False
                except sqlite3.Error as error:
                    raise self._unreadable(error) from error
        return True

    def _read(
        self, table: str, columns: dict[str, str], after: int, filters: dict[str, Any], newest_first: bool
    ) -> Iterator[dict[str, Any]]:
        # Only the filters that were given, so that SQLite can use the index made for each.
        given = {condition: value for condition, value in filters.items() if value is not None}
        for condition in given:
            if condition.endswith("session_id = ?") and given[condition] == "current":
                given[condition] = self.session_id
        parameters = [storable(value) for c, value in given.items() for _ in range(c.count("?"))]
        names = list(columns)
        key = next(name for name in ("exchange_id", "notification_id") if name in columns)
        order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
        where = "".join(f" AND {condition}" for condition in given)
        sql = (
            f"SELECT {','.join(columns.values())} FROM {table} WHERE {key} {beyond} ? AND {key} > ?{where} "  # noqa: S608
            f"ORDER BY {key} {order} LIMIT ?"
        )
        position = 2**63 - 1 if newest_first else after
        page = 1 if newest_first else _PAGE  # who reads backwards mostly wants the last one
        while True:
            rows = self.query(sql, (position, after, *parameters, page))
            for row in rows:
                try:
                    found = members(dict(zip(names, row, strict=True)))
                except _DAMAGED as error:
                    raise self._unreadable(error) from error
                yield found
            if len(rows) < page:
                return
            position = rows[-1][names.index(key)]
            page = min(2 * page, _PAGE)

    def query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT over the file's own tables. For the kit's modules; people use ``sql``."""
        with self._lock:
            try:
                return self._database.execute(sql, parameters).fetchall()
            except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
                raise self._unreadable(error) from error

    def _unwritable(self, error: Exception) -> LogError:
        return LogError(
            f"The log {self.path} could not be written ({error}). Free some space or choose "
            "another file with CONNECTORKIT_LOG or log=, then connect again."
        )

    def _unreadable(self, error: Exception) -> LogError:
        return LogError(f"The log {self.path} could not be read ({error}).")
