"""What the response log costs, beside what it stands on: SQLite itself, and ``pandas.read_sql``.

Each pair is measured in turn in one run, so what counts are the ratios. ``python benchmarks/run.py`` runs
this part among others; ``--rows`` makes the large log smaller.
"""

from __future__ import annotations

import argparse
import functools
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
from measured import Measured, per, seconds, show, show_versions

from connectorkit import rows, schema
from connectorkit.log import Exchange, Log
from connectorkit.response_log import ResponseLog

ADDRESS = "https://va.msg.example/api/account/12345678/messaging/consumer/conversation/send?v=3"
ASKED = [
    *(("Host", "va.msg.example"), ("Accept", "application/json"), ("Accept-Encoding", "gzip, deflate")),
    *(("Connection", "keep-alive"), ("User-Agent", "connectorkit/0.1.0"), ("Content-Length", "231")),
    *(("Content-Type", "application/json"), ("Authorization", "[jwt:3d5f0c91]")),
    ("X-LP-ON-BEHALF", "[jwt:77b1a2c4]"),
]
ANSWERED = [
    ("Date", "Mon, 05 Jan 2026 10:00:00 GMT"),
    ("Content-Type", "application/json"),
    ("Content-Length", "58"),
]
REQUEST = (
    '{"kind":"req","id":"%d","type":"ms.PublishEvent","body":{"dialogId":"%s","event":'
    '{"type":"ContentEvent","contentType":"text/plain","message":"Where is parcel %d?"}}}'
)
ANSWER = '{"code":"OK","body":{"sequence":%d},"reqId":"%d"}'


def exchanges(count: int) -> Iterator[Exchange]:
    """Sends of fifty consumers, about a kilobyte each."""
    for number in range(count):
        yield Exchange(
            "send",
            "POST",
            ADDRESS,
            account_id="12345678",
            consumer=f"consumer-{number % 50}@example",
            started_at=time.time_ns(),
            status_code=200,
            reason="OK",
            request_headers=ASKED,
            request_body=REQUEST % (number, uuid.uuid4(), number),
            response_headers=ANSWERED,
            response_body=ANSWER % (number, number),
            request_bytes=231,
            response_bytes=58,
            http_version="HTTP/1.1",
            reused_connection=True,
            send_ms=0.113,
            wait_ms=1.204,
            receive_ms=0.051,
            total_ms=1.733,
        )


def fill(log: Log, count: int) -> None:
    """Append many in one transaction, as only a benchmark may."""
    log.query("BEGIN")
    for exchange in exchanges(count):
        log.append(exchange)
    log.query("COMMIT")


def append(folder: Path, *, rounds: int = 15, each: int = 4_000) -> Measured:
    """One exchange, durably, against a plain insert of the same values, both with a commit per row."""
    names = rows.INSERT_EXCHANGE.partition("(")[2].partition(")")[0]
    with closing(sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("PRAGMA synchronous=NORMAL")
        bare.execute(f"CREATE TABLE exchanges (exchange_id INTEGER PRIMARY KEY, {names})")
        with closing(Log(folder / "append.sqlite3")) as log, closing(Log()) as other:
            numbers = schema.Texts(other._database)
            insert = functools.partial(bare.execute, rows.INSERT_EXCHANGE)
            ours, theirs = [], []
            for _ in range(rounds):
                records = list(exchanges(each))
                made = [rows.exchange_row(vars(e), "0123456789ab", e.started_at, numbers) for e in records]
                theirs.append(seconds(lambda: [insert(row) for row in made]))  # noqa: B023 - called at once
                ours.append(seconds(lambda: [log.append(record) for record in records]))  # noqa: B023
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return Measured(
        "append one exchange",
        per(statistics.median(ours) / each, 1e-6, "µs"),
        f"SQLite insert {per(statistics.median(theirs) / each, 1e-6, 'µs')}",
        ratios,
        "≤ 1.5",
        statistics.median(ratios) <= 1.5,
    )


def frame(folder: Path, *, rounds: int = 7, count: int = 100_000) -> Measured:
    """The frame of a stored log, opened anew, against pandas reading the same columns."""
    path = folder / "frame.sqlite3"
    with closing(ResponseLog(path)) as log:
        fill(log, count)
        derived = {"blocked_ms", "first_byte_ms"}  # worked out of the others, in the file nowhere
        columns = ", ".join(column for column in log.exchanges().columns if column not in derived)

    def read_sql() -> pd.DataFrame:
        with closing(sqlite3.connect(path)) as file:
            return pd.read_sql(f"SELECT {columns} FROM exchanges", file)

    def ours() -> pd.DataFrame:
        with closing(ResponseLog(path)) as log:
            return log.exchanges()

    assert len(ours()) == len(read_sql()) == count
    pairs = [(seconds(ours), seconds(read_sql)) for _ in range(rounds)]
    ratios = [theirs / mine for mine, theirs in pairs]
    return Measured(
        f"frame of {count:,} exchanges, {columns.count(',') + 1} columns",
        per(statistics.median(p[0] for p in pairs), 1e-3, "ms"),
        f"read_sql {per(statistics.median(p[1] for p in pairs), 1e-3, 'ms')}",
        ratios,
        "≥ 3",
        statistics.median(ratios) >= 3,
    )


def refresh(folder: Path, *, rounds: int = 7, count: int = 1_000_000, added: int = 1_000) -> Measured:
    """A further frame of a large log that gained a little, against building it."""
    with closing(ResponseLog(folder / "refresh.sqlite3")) as log:
        fill(log, count)
        with closing(ResponseLog(log.path)) as fresh:
            built = seconds(fresh.exchanges)
            refreshed = []
            for _ in range(rounds):
                fill(log, added)
                refreshed.append(seconds(fresh.exchanges))
            assert len(fresh.exchanges()) == count + rounds * added
    return Measured(
        f"frame of {count:,} after {added:,} more",
        per(statistics.median(refreshed), 1e-3, "ms"),
        f"building it {per(built, 1e-3, 'ms')}",
        [again / built for again in refreshed],
        "≤ 0.02",
        statistics.median(refreshed) / built <= 0.02,
    )


HELD = """
import sys, gc
sys.path.insert(0, sys.argv[1])
import log as benchmark
from connectorkit.response_log import ResponseLog
def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * 4096
kept = ResponseLog(sys.argv[2])
benchmark.fill(kept, 100)
kept.exchanges(), kept.messages()
before = resident()
benchmark.fill(kept, int(sys.argv[3]))
kept.exchanges(), kept.messages()
print((resident() - before) / int(sys.argv[3]))
"""


def memory(folder: Path, *, count: int = 100_000) -> Measured:
    """What a process holds of each exchange once it has the frames of exchanges and messages."""
    command = [sys.executable, "-c", HELD, str(Path(__file__).parent), str(folder / "held"), str(count)]
    held = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return Measured(
        f"memory per exchange, {count:,} in two frames",
        f"{held:.0f} bytes",
        "1,500 bytes",
        [held / 1500],
        "≤ 1",
        held <= 1500,
    )


def measured(count: int) -> Iterator[Measured]:
    """Each line as it is ready."""
    # Here rather than in a folder for temporary files: that may be memory, where nothing is durable.
    with tempfile.TemporaryDirectory(prefix=".benchmark-", dir=Path.cwd()) as folder:
        yield append(Path(folder))
        yield frame(Path(folder), count=min(count, 100_000))
        yield refresh(Path(folder), count=count)
        yield memory(Path(folder), count=min(count, 100_000))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What the response log costs.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large log")
    for line in measured(parser.parse_args().rows):
        show(line)
    show_versions()
