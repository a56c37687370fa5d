"""Processes that write one log are killed at random moments: what a call had returned is there afterwards.

30 kills run each time; ``DURABILITY_KILLS=1000`` in the environment makes as many as that. A failure names
the seed of its round; ``DURABILITY_SEED`` sets that of the first.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from test_log_notifications import VERSION_ONE

from connectorkit import frames
from connectorkit.log import Exchange, Log, Notification

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
KILLS = int(os.environ.get("DURABILITY_KILLS", "30"))
SEED = int(os.environ.get("DURABILITY_SEED", "0"))
WRITERS = 4
# Appends for ever, and tells each id as soon as the call has returned. One write to a pipe is never torn.
WRITER = """
import os, random, sys
print("begins", flush=True)
from connectorkit.log import Exchange, Log, Notification
path, name, seed = sys.argv[1:]
draw = random.Random(seed)
log = Log(path)
for number in range(1_000_000):
    told = f"{name}-{number}"
    body = told + "x" * draw.choice((0, 100, 5_000, 100_000 if draw.random() < 0.02 else 0))
    if draw.random() < 0.3:
        kept = log.append_notification(Notification(body, client_id=told)).notification_id
        os.write(1, f"n {kept} {told}\\n".encode())
    else:
        kept = log.append(Exchange("send", "POST", told, request_body=body, consumer=name)).exchange_id
        os.write(1, f"e {kept} {told}\\n".encode())
    if draw.random() < 0.02:
        next(log.read(consumer=name), None)
"""
OPENER = """
import sys
from connectorkit.log import Log
print("opens", flush=True)
log = Log(sys.argv[1])
print(len(log), flush=True)
"""


class Writer:
    """A process that appends, and what it has told of it."""

    def __init__(self, path: Path, name: str, seed: int) -> None:
        command = [sys.executable, "-c", WRITER, str(path), name, str(seed)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.told: list[bytes] = []

    def wait_for(self, records: int) -> None:
        """Until so many were told; with none it may not even have opened the log."""
        assert self._process.stdout is not None
        while len(self.told) <= records:
            line = self._process.stdout.readline()
            assert line, "a writer has ended by itself"
            self.told.append(line)

    def kill(self) -> None:
        self._process.kill()

    def rest(self) -> list[tuple[str, int, str]]:
        """Every record whose call had returned."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        with self._process.stdout, self._process.stderr:
            self.told += self._process.stdout.read().splitlines()
            problem = self._process.stderr.read().decode()
        assert self._process.wait(60) == -signal.SIGKILL, problem
        records = [line.decode().split() for line in self.told[1:]]
        return [(kind, int(number), told) for kind, number, told in records]


def records_of(path: Path) -> dict[tuple[str, int], str]:
    """What the log holds; it opens, it is sound, and its frames build."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with closing(Log(path)) as log:
        held = {("e", e.exchange_id): e.url for e in log}
        assert len(frames.exchanges(log)) == len(log) == len(held)
        held |= {("n", n.notification_id): n.client_id or "" for n in log.read_notifications()}
        assert len(frames.notifications(log)) == log.count_notifications()
        for name in {told.partition("-")[0] for _, told in held.items()}:
            own = [url for (kind, _), url in held.items() if kind == "e" and url.startswith(f"{name}-")]
            assert [e.url for e in log.read(consumer=name)] == own
    return held


def test_killed_writers_lose_nothing_whose_call_had_returned(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    promised: dict[tuple[str, int], str] = {}
    kills = 0
    while kills < KILLS:
        seed = SEED + kills
        draw = random.Random(seed)
        writers = [Writer(path, f"w{seed}n{n}", seed * WRITERS + n) for n in range(WRITERS)]
        try:
            for writer in draw.sample(writers, WRITERS):
                writer.wait_for(draw.choice((0, 0, 1, 5, 30, 100)))
                time.sleep(draw.random() / 1000)  # no proof, only another moment in the life of a call
                writer.kill()
                kills += 1
        finally:
            for writer in writers:  # they would never end by themselves
                writer.kill()
        returned = {(kind, number): told for w in writers for kind, number, told in w.rest()}
        assert not promised.keys() & returned.keys(), f"a number was given twice; seed {seed}"
        promised |= returned
        if kills % 100 < WRITERS or kills >= KILLS:
            held = records_of(path)
            missing = {key: told for key, told in promised.items() if held.get(key) != told}
            assert not missing, (
                f"seed {seed}: {len(missing)} of {len(promised)}, such as {next(iter(missing.items()))}"
            )

    with closing(Log(path)) as log:
        log.append(Exchange("send", "POST", "afterwards"))
        log.append_notification(Notification("afterwards"))
    assert len(promised) > KILLS


@pytest.fixture
def old_log(tmp_path: Path) -> Path:
    """A log of the first version, with enough in it that taking it up takes a while."""
    path = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        for statement in VERSION_ONE:
            database.execute(statement)
        names = [
            row[1] for row in database.execute("PRAGMA table_info(exchanges)") if row[1] != "exchange_id"
        ]
        columns = ", ".join(names)
        for _ in range(11):
            database.execute(f"INSERT INTO exchanges ({columns}) SELECT {columns} FROM exchanges")
        database.commit()
    return path


def test_a_kill_while_an_old_log_is_taken_up_loses_nothing(old_log: Path, tmp_path: Path) -> None:
    killed_before_the_end = 0
    for number in range(max(10, KILLS // 3)):
        draw = random.Random(f"old {SEED + number}")
        path = tmp_path / f"{number}.sqlite3"
        shutil.copy(old_log, path)
        process = subprocess.Popen(
            [sys.executable, "-c", OPENER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "opens\n"

        time.sleep(draw.random() / 5)  # anywhere in it; that no moment does harm is the proof
        process.kill()

        killed_before_the_end += process.communicate(timeout=60)[0] == ""
        with closing(Log(path)) as log:
            assert len(log) == 2048, f"seed {SEED + number}"
            assert log.append(Exchange("send", "POST", "next")).exchange_id == 2049
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        path.unlink()
    assert killed_before_the_end
