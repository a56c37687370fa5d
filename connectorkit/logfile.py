"""Opens the log's SQLite file: makes a new one, takes up an old one, and touches nobody else's."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
import time
from pathlib import Path

from connectorkit.errors import LogError
from connectorkit.schema import SCHEMA

MEMORY = ":memory:"
_APPLICATION_ID = 0x434B4C47  # "CKLG", kept in the file's header: this is a connectorkit log
_BUSY_SECONDS = 10
CHECKED_EVERY = 0.05
_CHECKPOINT_PAGES = 4000  # of 4 KiB: 16 MiB


def open_database(path: str) -> sqlite3.Connection:
    """A connection in WAL mode to a log of the newest version; an older log takes the steps it lacks.

    Raises ``LogError`` when the file cannot be used; a file of another program is left as it is.
    """
    try:
        if path != MEMORY:
            _make_private(path)
        database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    except (sqlite3.Error, OSError) as error:
        raise _unusable(path, error) from error
    try:
        database.execute("BEGIN")
        version = _version(database, path)
        database.execute("ROLLBACK")
        if version < len(SCHEMA):
            _upgrade(database, path)
        _use_wal(database)
    except BaseException as error:
        database.close()
        # An old row may hold what nobody expects there.
        if isinstance(
            error, sqlite3.Error | OSError | ValueError | TypeError | ArithmeticError | struct.error
        ):
            raise _unusable(path, error) from error
        raise
    return database


class Presence:
    """Whether a log's file is still the one that was opened.

    What is written to a file that was deleted is lost with the last process that has it open. A file that was
    there is taken to be there for ``CHECKED_EVERY`` seconds: looking costs a tenth of an append.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._opened = None if path == MEMORY else _file_at(path)
        self._due = 0.0

    def check(self) -> None:
        """Raises ``LogError`` where it is not."""
        now = time.monotonic()
        if now < self._due:
            return
        if self._opened is not None and _file_at(self._path) != self._opened:
            raise LogError(
                f"The log {self._path} was deleted or replaced while it was open. "
                "Connect again to begin a new one."
            )
        self._due = now + CHECKED_EVERY


def _file_at(path: str) -> tuple[int, int] | None:
    """Which file a path names at the moment; ``None`` where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _make_private(path: str) -> None:
    """A new file is for its owner only, as are the side files that SQLite makes like it."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _version(database: sqlite3.Connection, path: str) -> int:
    """The version of a log, 0 for an empty file; anything else is refused.

    To be called inside a transaction: what is read must be of one moment.
    """
    application, version, tables = (
        database.execute(sql).fetchone()[0]
        for sql in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if application == _APPLICATION_ID:
        if 1 <= version <= len(SCHEMA):
            return int(version)
        raise _foreign(path, f"a newer connectorkit (version {version})")
    if application or version or tables:
        raise _foreign(path, "another program")
    return 0


def _upgrade(database: sqlite3.Connection, path: str) -> None:
    """One of those who open a file at the same moment takes the steps; the others wait and see."""
    database.execute("BEGIN IMMEDIATE")
    try:
        for steps in SCHEMA[_version(database, path) :]:
            for step in steps:
                if isinstance(step, str):
                    database.execute(step)
                else:
                    step(database)
        database.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        database.execute(f"PRAGMA user_version={len(SCHEMA)}")
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:  # a full disk may have ended it already
            database.execute("ROLLBACK")
        raise


def _use_wal(database: sqlite3.Connection) -> None:
    """SQLite does not wait by itself when somebody reads while the mode is changed."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode=WAL")
            # In WAL mode NORMAL survives a killed process; only a power cut can take the last commits.
            database.execute("PRAGMA synchronous=NORMAL")
            # Each checkpoint waits for the disk; what has been committed is safe from a kill without one.
            database.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _unusable(path: str, error: Exception) -> LogError:
    return LogError(
        f"The log {path} could not be opened ({error}). Check the path, or choose another with "
        'CONNECTORKIT_LOG or log=; log=":memory:" keeps it in memory.'
    )


def _foreign(path: str, made_by: str) -> LogError:
    return LogError(f"{path} was made by {made_by}. Choose another file with CONNECTORKIT_LOG or log=.")
