"""The disk fails under the log: calls return their responses, the loss is told once and counted.

40 errors are injected each time; ``DURABILITY_DISK_ERRORS=200`` in the environment makes as many as that.
They are put below SQLite, which writes to its write-ahead log: a full device, a file that refuses to be
written, and a limit that cuts a write short.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from connectorkit import frames
from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log, Notification

ERRORS = int(os.environ.get("DURABILITY_DISK_ERRORS", "40"))
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the errors are injected through /proc")

# A client of a service that needs no network; its calls and what became of each are printed at the end.
PRELUDE = """
import json, os, random, resource, signal, sqlite3, sys, warnings
import httpx
from connectorkit import Client, envelopes
from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log, Notification
from connectorkit.redact import Secret
from connectorkit.settings import Settings
from connectorkit.transport import Recorder

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = sys.argv[1]
draw = random.Random(sys.argv[2])

def service(request):
    if request.url.path.endswith("baseURI.json"):
        names = ("sentinel", "idp", "asyncMessagingEnt")
        answer = {"baseURIs": [{"service": name, "baseURI": "one.service.example"} for name in names]}
    elif request.url.path.endswith("/app/token"):
        answer = {"access_token": "an-access-token", "token_type": "Bearer"}
    elif request.url.path.endswith("/consumer"):
        answer = {"token": "a-consumer-token"}
    else:
        answer = {"code": "OK", "body": {"sequence": 0}, "reqId": json.loads(request.content)["id"]}
    return httpx.Response(200, stream=httpx.ByteStream(json.dumps(answer).encode()))

settings = Settings(account_id="1", client_id="app", client_secret=Secret("a" * 20),
                    domain_lookup="https://lookup.service.example", log=path)
log = Log(path)
client = Client(settings, log=log, transport=httpx.MockTransport(service))
client.send(envelopes.publish_text("c-1", "the first"))  # with the tokens, which stay
outcome = {"kept": [], "lost": 0, "notified": [], "refused": 0, "texts": {}}

def call(text):
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
    body = {"dialogId": "c-1", "event": event}
    reply = client.send({"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body})
    assert reply.ok and reply.sequence == 0, reply
    if reply.exchange.exchange_id:
        outcome["kept"].append(reply.exchange.exchange_id)
        outcome["texts"][reply.exchange.exchange_id] = text
    else:
        outcome["lost"] += 1

def notify(text):
    try:
        outcome["notified"].append(log.append_notification(Notification(text)).notification_id)
    except LogError as error:
        assert path in str(error) and "could not be written" in str(error), error
        outcome["refused"] += 1
"""
INJECTOR = """
def wal():
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{fd}") == path + "-wal":
                return int(fd)
        except OSError:
            pass
    raise AssertionError("no write-ahead log is open")

class Instead:
    # Another file in the place of the one that SQLite has open.
    def __init__(self, name, flags):
        self.name, self.flags = name, flags
    def __enter__(self):
        self.fd = wal()
        self.saved = os.dup(self.fd)
        other = os.open(self.name, self.flags)
        os.dup2(other, self.fd)
        os.close(other)
    def __exit__(self, *_):
        os.dup2(self.saved, self.fd)
        os.close(self.saved)

class Short:
    # The write-ahead log begins anew, and may only grow to somewhere within its first page.
    def __enter__(self):
        beside = sqlite3.connect(path)
        busy, *_ = beside.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        beside.close()
        assert not busy and os.path.getsize(path + "-wal") == 0
        limit = draw.randrange(1, 4096)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    def __exit__(self, *_):
        assert os.path.getsize(path + "-wal") <= 4096
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

KINDS = {
    "full": lambda: Instead("/dev/full", os.O_WRONLY),
    "refused": lambda: Instead(path + "-wal", os.O_RDONLY),
    "short": Short,
}
"""
INJECTED = """
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for number in range(int(sys.argv[3])):
        before = outcome["lost"] + outcome["refused"]
        with KINDS[draw.choice(sys.argv[4].split(","))]():
            for _ in range(draw.randrange(1, 4)):
                call("x" * draw.choice((1, 1000, 100_000)))
            notify("x" * draw.choice((1, 10_000)))
        assert outcome["lost"] + outcome["refused"] - before >= 2, "nothing went wrong"
        lost = outcome["lost"]
        for _ in range(draw.randrange(1, 4)):
            call(f"after error {number}")
        notify(f"after error {number}")
        assert outcome["lost"] == lost, "the disk is well again, and nothing is recorded"
outcome["warnings"] = [str(warning.message) for warning in told]
outcome["counted"] = client._recorder.lost
print(json.dumps(outcome))
"""


def run(script: str, *arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def check_kept(path: Path, outcome: dict[str, Any]) -> None:
    """The log is sound, and holds what it said that it holds."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with closing(Log(path)) as log:
        held = {e.exchange_id: e for e in log}
        assert set(outcome["kept"]) <= held.keys()
        for number, text in outcome["texts"].items():
            assert held[int(number)].request_json()["body"]["event"]["message"] == text
        assert set(outcome["notified"]) == {n.notification_id for n in log.read_notifications()}
        assert len(frames.exchanges(log)) == len(log) == len(held)


@on_linux
@pytest.mark.parametrize("kind", ["full", "refused", "short", "full,refused,short"])
def test_calls_return_while_the_disk_fails_and_the_loss_is_told_once_and_counted(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "log.sqlite3"

    outcome = run(PRELUDE + INJECTOR + INJECTED, path, kind, ERRORS // 4, kind)

    assert outcome["lost"] >= ERRORS // 4
    assert outcome["counted"] == outcome["lost"]
    assert len(outcome["warnings"]) == 1
    assert outcome["warnings"][0].startswith(f"The log {path} could not be written (")
    assert "Free some space" in outcome["warnings"][0]
    check_kept(path, outcome)


@on_linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount")
def test_a_disk_that_runs_full_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this system lets nobody mount")
    try:
        path = folder / "log.sqlite3"
        fill = """
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for number in range(200):
        call(f"{number} " + "x" * 10_000)
    for file in os.listdir(os.path.dirname(path)):
        if file.startswith("ballast"):
            os.unlink(os.path.join(os.path.dirname(path), file))
    lost = outcome["lost"]
    for number in range(3):
        call(f"room again {number}")
    assert outcome["lost"] == lost
outcome["warnings"] = [str(warning.message) for warning in told]
outcome["counted"] = client._recorder.lost
print(json.dumps(outcome))
"""
        (folder / "ballast").write_bytes(bytes(150_000))

        outcome = run(PRELUDE + fill, path, 0)

        assert outcome["lost"] > 100
        assert outcome["counted"] == outcome["lost"]
        assert len(outcome["warnings"]) == 1
        assert "full" in outcome["warnings"][0]
        check_kept(path, outcome)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


# --- Opening ---------------------------------------------------------------------------------------

OPENING = """
try:
    Log(path)
    said = "opened"
except LogError as error:
    said = str(error)
print(json.dumps({"said": said}))
"""
HEAD = "import json, os, resource, signal, sys\nfrom connectorkit.log import Exchange, Log\n"
HEAD += "from connectorkit.errors import LogError\npath = sys.argv[1]\n"


@on_linux
@pytest.mark.parametrize("bytes_left", [0, 1000, 5000])
def test_a_disk_that_is_full_at_opening_is_said(tmp_path: Path, bytes_left: int) -> None:
    limit = f"signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nlimit = ({bytes_left}, resource.RLIM_INFINITY)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, limit)\n"

    said = run(HEAD + limit + OPENING, tmp_path / "log.sqlite3")["said"]

    assert said.startswith(f"The log {tmp_path / 'log.sqlite3'} could not be opened (")
    assert 'log=":memory:" keeps it in memory' in said


@on_linux
def test_a_log_that_nobody_may_write_is_said(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    with closing(Log(path)) as log:
        log.append(Exchange("send", "POST", "x"))
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(0o755)
    path.chmod(0o444)
    # Root may write anything, so the child is nobody.
    nobody = "if os.getuid() == 0:\n    os.setuid(65534)\n"
    append = OPENING.replace("    Log(path)\n", "    Log(path).append(Exchange('send', 'POST', 'y'))\n")

    said = run(HEAD + nobody + append, path)["said"]

    assert str(path) in said
    assert "could not be" in said
    assert "CONNECTORKIT_LOG" in said


# --- Damage ----------------------------------------------------------------------------------------


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "sound.sqlite3"
    with closing(Log(path)) as log:
        for number in range(200):
            log.append(
                Exchange(
                    "send",
                    "POST",
                    f"https://va.msg.example/{number}",
                    consumer="ana",
                    status_code=200,
                    request_headers=[("accept", "application/json")],
                    request_body=json.dumps({"id": str(number), "text": "Grüße " * 20}),
                    tokens={"ba7816bf": {"exp": number}},
                )
            )
            log.append_notification(Notification('{"kind": "notification"}', headers=[("a", "b")]))
    return path


def everything(path: Path) -> Iterator[object]:
    """All that people do with a log."""
    log = Log(path)
    try:
        yield repr(log)
        yield list(log)
        yield list(log.read(consumer="ana", newest_first=True))
        yield list(log.read_notifications())
        yield frames.exchanges(log)
        yield frames.messages(log)
        yield frames.notifications(log)
        yield log.append(Exchange("send", "POST", "x"))
        yield log.append_notification(Notification("x"))
        yield list(log.read(session="current"))
    finally:
        log.close()


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_log_is_said_to_be_damaged(sound: Path, seed: int) -> None:
    """Or it reads, where the damage does not show; nothing else than ``LogError`` comes out."""
    draw = random.Random(seed)
    content = bytearray(sound.read_bytes())
    if seed % 3 == 0:
        del content[draw.randrange(100, len(content)) :]
    else:
        for _ in range(draw.choice((1, 20, 2000))):
            content[draw.randrange(len(content))] = draw.randrange(256)
    damaged = sound.with_name("damaged.sqlite3")
    damaged.write_bytes(content)

    said = ""
    try:
        for _ in everything(damaged):
            pass
    except LogError as error:
        said = str(error)

    assert str(damaged) in (said or str(damaged))


def test_a_log_that_was_cut_in_the_middle_is_refused(sound: Path) -> None:
    os.truncate(sound, sound.stat().st_size // 2)

    with pytest.raises(LogError, match=r"could not be (read|opened) \(.*malformed"):
        list(everything(sound))


# --- Deleted while open ----------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="Windows does not let an open file be deleted")
@pytest.mark.parametrize("replaced", [False, True])
def test_a_log_that_was_deleted_while_open_keeps_nothing_silently(
    tmp_path: Path, replaced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectorkit.logfile.CHECKED_EVERY", 0.0)
    path = tmp_path / "log.sqlite3"
    with closing(Log(path)) as log:
        log.append(Exchange("send", "POST", "x"))
        path.unlink()
        if replaced:
            for side in ("-wal", "-shm"):
                path.with_name(path.name + side).unlink()
            Log(path).close()

        for append in (
            lambda: log.append(Exchange("send", "POST", "y")),
            lambda: log.append_notification(Notification("y")),
        ):
            with pytest.raises(LogError, match="was deleted"):
                append()
