"""``connect``: the sandbox it starts, who shares it, and when it goes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import connectorkit as ck
from connectorkit.control import SandboxControl
from connectorkit.errors import LogError, SandboxError, SettingsError

pytestmark = pytest.mark.usefixtures("empty_folder")
Eventually = Callable[..., Any]

# A program that connects, says where its sandbox is, talks when told to, and waits to be killed.
PARENT = """
import json, sys
import connectorkit as ck
kit = ck.connect()
print(json.dumps(kit._lease.ready), flush=True)
talk = kit.consumer("ana").open()
for line in sys.stdin:
    print(talk.send(line.strip()).exchange.exchange_id, flush=True)
"""

READER = """
import json, os
import connectorkit as ck
log = ck.ResponseLog(os.environ["CONNECTORKIT_LOG"])
print(json.dumps([[e.exchange_id, e.request_json()] for e in log if e.operation == "send"]))
"""


def pid_of(kit: Any) -> int:
    return int(kit._lease.ready["pid"])


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def program(text: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", text]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def ask(process: subprocess.Popen[str], line: str) -> Any:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return said(process)


# --- Starting, sharing, stopping ---------------------------------------------------------------------


def test_connect_starts_a_sandbox_and_close_stops_it(eventually: Eventually) -> None:
    with ck.connect() as kit:
        talk = kit.consumer("ana@example").open(first_name="Ana")
        reply = talk.send("Where is my parcel?")
        pid = pid_of(kit)

    assert reply.sequence == 0
    assert len(kit.log.exchanges()) == 5
    assert "sandbox at http://127.0.0.1:" in kit.target
    eventually(lambda: not runs(pid))


def test_connect_async_starts_a_sandbox_and_close_stops_it(eventually: Eventually) -> None:
    async def talk() -> tuple[int, int | None]:
        async with ck.connect_async() as kit:
            conversation = await kit.consumer("ana").open()
            return pid_of(kit), (await conversation.send("Hi")).sequence

    pid, sequence = asyncio.run(talk())

    assert sequence == 0
    eventually(lambda: not runs(pid))


def test_kits_of_one_process_share_a_sandbox_until_the_last_is_closed(eventually: Eventually) -> None:
    first, second = ck.connect(), ck.connect()
    pids = {pid_of(first), pid_of(second)}

    first.close()
    first.close()
    alive_between, still_answers = runs(pid_of(second)), second.app_jwt().claims["aud"]
    second.close()

    assert len(pids) == 1
    assert (alive_between, still_answers) == (True, "12345678")
    eventually(lambda: not runs(pids.pop()))


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # nobody closed it, that is the point
def test_a_kit_that_is_thrown_away_gives_its_sandbox_back(eventually: Eventually) -> None:
    kit = ck.connect()
    kit.consumer("ana").open()  # consumer and kit know each other: only the collector can free them
    pid = pid_of(kit)

    del kit
    gc.collect()

    eventually(lambda: not runs(pid))


def test_a_collection_while_another_kit_connects_blocks_nobody() -> None:
    """Finalizers run wherever memory is asked for, also inside the lock that guards the shares."""
    collecting = """
import gc
import connectorkit as ck
from connectorkit import lease as home
gc.disable()
start = home.Running
kit = ck.connect(seed=1)
kit.consumer("ana")
del kit
def launch(seed, agent):
    gc.collect()
    return start(seed, agent)
home.Running = launch
ck.connect(seed=2).close()
print('"done"')
"""
    with program(collecting) as process:
        out, _ = process.communicate(timeout=20)

    assert out.strip() == '"done"'


def test_a_sandbox_that_died_is_replaced_at_the_next_connect(eventually: Eventually) -> None:
    with ck.connect() as first:
        os.kill(pid_of(first), signal.SIGTERM)
        eventually(lambda: not first._lease or not _alive(first))
        with ck.connect() as second:
            assert pid_of(second) != pid_of(first)
            assert second.app_jwt().claims["iss"] == "Sentinel"


def _alive(kit: Any) -> bool:
    return any(running.child.alive for running in type(kit._lease)._running.values())


def test_a_sandbox_that_is_gone_is_said_to_be(eventually: Eventually) -> None:
    with ck.connect() as kit:
        os.kill(pid_of(kit), signal.SIGTERM)
        eventually(lambda: not _alive(kit))

        with pytest.raises(SandboxError, match=r"does not answer.*Connect again"):
            kit.sandbox.now()


# --- Seeds, settings, control ------------------------------------------------------------------------


def test_a_seed_makes_ids_reproducible() -> None:
    ids = []
    for seed in (7, 7, 8):
        with ck.connect(seed=seed) as kit:
            ids.append((kit.settings.client_id, kit.consumer("ana").open().id))

    assert ids[0] == ids[1]
    assert ids[0][0] != ids[2][0]
    assert ids[0][1] != ids[2][1]


def test_kits_of_other_seeds_have_sandboxes_of_their_own() -> None:
    with ck.connect(seed=7) as kit, ck.connect(seed=8) as other:
        assert pid_of(kit) != pid_of(other)


def test_the_sandbox_can_be_steered() -> None:
    with ck.connect() as kit:
        before = kit.sandbox.now()
        after = kit.sandbox.advance(minutes=61)
        kit.consumer("ana").open()
        state = kit.sandbox.state()
        kit.sandbox.reset()

        assert 3660 <= (after - before).total_seconds() < 3670
        assert len(state["conversations"]) == 1
        assert kit.sandbox.state()["conversations"] == []
        assert kit.sandbox.about()["account_id"] == "12345678"
        assert "127.0.0.1" in kit.sandbox._repr_html_()


@pytest.mark.parametrize("seconds", [-1, 1e12])
def test_what_the_sandbox_refuses_is_an_error(seconds: float) -> None:
    with ck.connect() as kit, pytest.raises(SandboxError):
        kit.sandbox.advance(seconds=seconds)


ACCOUNT = {"account_id": "1", "client_id": "c", "client_secret": "a-client-secret", "log": ":memory:"}


@pytest.mark.parametrize("connect", [ck.connect, ck.connect_async])
def test_a_kit_of_an_account_has_no_sandbox(connect: Callable[..., Any]) -> None:
    kit = connect(**ACCOUNT)

    with pytest.raises(SandboxError, match="account 1, not to a sandbox"):
        _ = kit.sandbox
    assert kit._lease is None
    assert (kit.settings.domain_lookup, kit.settings.scheme) == ("https://api.liveperson.net", "https")


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACCOUNT_ID", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"CONNECTORKIT_{name}", f"my-{name}")

    with ck.connect() as kit:
        assert (kit.settings.account_id, kit.target) == ("my-ACCOUNT_ID", "account my-ACCOUNT_ID")


def test_sandbox_true_ignores_an_account_that_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTORKIT_ACCOUNT_ID", "half-an-account")

    with ck.connect(sandbox=True) as kit:
        assert kit.sandbox.now()
    with pytest.raises(SettingsError, match="configured by halves"):
        ck.connect()


def test_a_log_that_cannot_be_opened_leaves_no_sandbox_behind(tmp_path: Path, eventually: Eventually) -> None:
    (tmp_path / "other.txt").write_text("something else")

    with pytest.raises(LogError):
        ck.connect(log=str(tmp_path / "other.txt"))

    from connectorkit.lease import Lease

    assert Lease._running == {}


# --- However the parent ends -------------------------------------------------------------------------


def test_a_parent_killed_outright_leaves_no_sandbox(eventually: Eventually) -> None:
    with program(PARENT) as parent:
        pid = said(parent)["pid"]

        parent.kill()

        eventually(lambda: not runs(pid))


@pytest.mark.parametrize("end", ["raise SystemExit(3)", "1 / 0", "import os; os._exit(0)"])
def test_a_parent_that_ends_by_itself_leaves_no_sandbox(end: str, eventually: Eventually) -> None:
    text = "import connectorkit as ck\nkit = ck.connect()\nprint(kit._lease.ready['pid'], flush=True)\n"
    with program(text + end, stderr=subprocess.DEVNULL) as parent:
        pid = said(parent)

        eventually(lambda: not runs(pid))


def test_an_interrupt_of_the_process_group_does_not_reach_the_sandbox() -> None:
    interruptible = PARENT.replace("for line", "import signal\nsignal.signal(2, signal.SIG_IGN)\nfor line")
    with program(interruptible, start_new_session=True) as parent:
        ready = said(parent)
        ask(parent, "before")

        os.killpg(parent.pid, signal.SIGINT)

        ask(parent, "after")
        with contextlib.closing(
            SandboxControl(ready["base_url"], ck.kit.Secret(ready["control_token"]))
        ) as sandbox:
            (conversation,) = sandbox.state()["conversations"]
        events = conversation["dialogs"][0]["events"]
        texts = [one["event"].get("message") for one in events if one["role"] == "CONSUMER"]
        assert [text for text in texts if text] == ["before", "after"]


def test_a_killed_process_loses_nothing_that_a_call_returned(tmp_path: Path) -> None:
    log = tmp_path / "kept.sqlite3"
    environment = os.environ | {"CONNECTORKIT_LOG": str(log)}
    with program(PARENT, env=environment) as parent:
        said(parent)
        returned = [ask(parent, f"text {number}") for number in range(25)]

        parent.kill()
        parent.wait(10)

    with program(READER, env=environment) as reader:
        kept = said(reader)
    assert [number for number, _ in kept] == returned
    assert [sent["body"]["event"]["message"] for _, sent in kept] == [f"text {n}" for n in range(25)]
