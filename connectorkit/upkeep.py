"""What is done to a log besides appending and reading: notes, sessions, size, and taking old records out."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectorkit.errors import LogError
from connectorkit.log import Log
from connectorkit.logfile import MEMORY
from connectorkit.markup import Shown

_MAX_NOTE = 10_000  # characters


@dataclass(frozen=True)
class Note:
    """What somebody wrote down, about one exchange or about the session; times as in ``Exchange``."""

    note_id: int
    written_at: int
    session_id: str
    exchange_id: int | None
    text: str


@dataclass(frozen=True)
class Pruned(Shown):
    """What was taken out of a log."""

    exchanges: int
    notifications: int
    notes: int
    freed_bytes: int

    def __repr__(self) -> str:
        counts = f"{self.exchanges} exchanges, {self.notifications} notifications, {self.notes} notes"
        return f"<Pruned: {counts}; {size_in_words(self.freed_bytes)} freed>"


def write_note(log: Log, text: str, exchange_id: int | None = None) -> int:
    """Keep a note, about an exchange or about the session; returns its number. Raises ``LogError``."""
    if not isinstance(text, str) or not text.strip() or len(text) > _MAX_NOTE:
        raise LogError(f"A note is a text of 1 to {_MAX_NOTE} characters. Shorten it, or write several.")
    if exchange_id is not None:
        exchange_id = log.exchange(exchange_id).exchange_id  # raises where there is none
    sql = "INSERT INTO notes (written_at, session_id, exchange_id, text) VALUES (?, ?, ?, ?)"
    storable = text.encode("utf-8", "backslashreplace").decode()
    row = (time.time_ns(), log.session_id, exchange_id, storable)
    return log.transaction(lambda database: database.execute(sql, row).lastrowid or 0)


def notes(log: Log) -> list[Note]:
    """All notes, oldest first."""
    rows = log.query("SELECT note_id, written_at, session_id, exchange_id, text FROM notes ORDER BY note_id")
    return [Note(*row) for row in rows]


def sessions(log: Log) -> list[dict[str, Any]]:
    """What each session left: ``session_id``, ``exchanges``, ``notifications``, ``began`` and ``ended``.

    Moments are nanoseconds since the epoch; the session that began first comes first.
    """
    found: dict[str, dict[str, Any]] = {}
    counted = (
        (
            "exchanges",
            "SELECT session_id, count(*), min(started_at), max(started_at) FROM exchanges GROUP BY 1",
        ),
        (
            "notifications",
            "SELECT session_id, count(*), min(received_at), max(received_at) FROM notifications GROUP BY 1",
        ),
    )
    for kind, sql in counted:
        for session_id, count, began, ended in log.query(sql):
            known = found.setdefault(
                session_id,
                {
                    "session_id": session_id,
                    "exchanges": 0,
                    "notifications": 0,
                    "began": began,
                    "ended": ended,
                },
            )
            known |= {
                kind: count,
                "began": min(known["began"], began),
                "ended": max(known["ended"], ended),
            }
    return sorted(found.values(), key=lambda session: session["began"])


def size(log: Log) -> int:
    """Bytes that a log takes on disk, side files included; of a log in memory, bytes of memory."""
    if log.path == MEMORY:
        (pages,), (each,) = log.query("PRAGMA page_count")[0], log.query("PRAGMA page_size")[0]
        return int(pages) * int(each)
    files = (Path(f"{log.path}{suffix}") for suffix in ("", "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def size_in_words(size: int) -> str:
    """``1536`` as ``1.5 KB``."""
    amount, units = float(size), ["bytes", "KB", "MB", "GB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.0f} bytes" if units[0] == "bytes" else f"{amount:.1f} {units[0]}"


def prune(log: Log, *, before: int | None = None, session: str | None = None) -> Pruned:
    """Take out records older than this moment (nanoseconds since the epoch), or those of a session.

    With both, only what is both. Notes about an exchange go with it. The newest exchange always stays: the
    numbers of those to come go on from it. The file keeps the list of texts that columns of the frames had,
    such as addresses and consumers' names, as other kernels know them by number; to be rid of these as well,
    delete the file. Raises ``LogError``.
    """
    if before is None and session is None:
        raise LogError("What is to be taken out is not said. Pass older_than=, such as 30 days, or session=.")
    session = log.session_id if session == "current" else session
    was = size(log)

    def delete(database: sqlite3.Connection) -> tuple[int, int, int]:
        database.execute("PRAGMA secure_delete=ON")  # what is taken out is overwritten
        # By id: deciding again in each table could decide differently.
        database.execute("CREATE TEMP TABLE going (exchange_id INTEGER PRIMARY KEY)")
        try:
            conditions, values = _conditions("started_at", before, session)
            database.execute(
                f"INSERT INTO going SELECT exchange_id FROM exchanges WHERE {conditions} "  # noqa: S608
                "AND exchange_id < (SELECT max(exchange_id) FROM exchanges)",
                values,
            )
            about = "exchange_id IN (SELECT exchange_id FROM going)"
            exchanges = database.execute(f"DELETE FROM exchanges WHERE {about}").rowcount  # noqa: S608
            database.execute(f"DELETE FROM looked_up WHERE {about}")  # noqa: S608
            conditions, values = _conditions("written_at", before, session)
            taken = database.execute(
                f"DELETE FROM notes WHERE {about} OR exchange_id IS NULL AND {conditions}",  # noqa: S608
                values,
            ).rowcount
            conditions, values = _conditions("received_at", before, session)
            heard = database.execute(f"DELETE FROM notifications WHERE {conditions}", values).rowcount  # noqa: S608
            if exchanges or heard:
                database.execute("UPDATE pruned SET times = times + 1")
        finally:
            database.execute("DROP TABLE IF EXISTS going")  # a full disk may have undone all of it
        return exchanges, heard, taken

    taken = log.transaction(delete)
    log.compact()
    return Pruned(*taken, freed_bytes=max(0, was - size(log)))


def _conditions(moment: str, before: int | None, session: str | None) -> tuple[str, list[Any]]:
    given = {f"{moment} < ?": before, "session_id = ?": session}
    known = {condition: value for condition, value in given.items() if value is not None}
    return " AND ".join(known), list(known.values())
