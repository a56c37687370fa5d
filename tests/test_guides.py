"""The guides of the site do what they say: their code is run as it stands there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import yaml

import connectorkit as ck
from connectorkit import settings

GUIDES = Path(__file__).parents[1] / "docs" / "guides"
needs_shell = pytest.mark.skipif(
    not shutil.which("curl") or not shutil.which("bash"), reason="needs bash and curl"
)


def blocks(guide: str, language: str) -> list[str]:
    text = (GUIDES / f"{guide}.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def ran(command: list[str], folder: Path, **environment: str) -> str:
    """What the command prints, where it ends well."""
    scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    seen = os.environ | {"PATH": scripts, "CONNECTORKIT_LOG": str(folder / "log.sqlite3")} | environment
    result = subprocess.run(command, cwd=folder, env=seen, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture
def account() -> Iterator[dict[str, str]]:
    """The variables of an account, which is a sandbox that nobody knows to be one."""
    with ck.connect(sandbox=True, agent=False, log=":memory:") as kit:
        known = kit.settings
        yield {
            "CONNECTORKIT_ACCOUNT_ID": known.account_id,
            "CONNECTORKIT_CLIENT_ID": known.client_id,
            "CONNECTORKIT_CLIENT_SECRET": known.client_secret.reveal(),
            "CONNECTORKIT_DOMAIN_LOOKUP": known.domain_lookup,
            "CONNECTORKIT_SCHEME": "http",
        }


def test_an_account_is_examined_and_talked_to(account: dict[str, str], tmp_path: Path) -> None:
    (command,) = blocks("account", "bash")
    (cell,) = blocks("account", "python")

    ran([sys.executable, "-m", *command.split()], tmp_path, **account)
    said = ran([sys.executable, "-c", cell], tmp_path, **account)

    assert said.splitlines()[-1] == "OK"
    assert account["CONNECTORKIT_ACCOUNT_ID"] in said.splitlines()[0]


def test_an_account_configured_by_halves_is_refused(account: dict[str, str], tmp_path: Path) -> None:
    (cell,) = blocks("account", "python")

    with pytest.raises(AssertionError, match="CLIENT_SECRET is not set"):
        ran([sys.executable, "-c", cell], tmp_path, **account | {"CONNECTORKIT_CLIENT_SECRET": ""})


def test_the_tests_for_ci_pass(tmp_path: Path) -> None:
    (tests,) = blocks("ci", "python")
    (tmp_path / "test_connector.py").write_text(tests)

    said = ran([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], tmp_path)

    assert "2 passed" in said


def test_the_commands_for_ci_write_their_reports(tmp_path: Path) -> None:
    (commands,) = blocks("ci", "bash")

    for command in commands.splitlines():
        few = ["--only", "missing-app-jwt" if "scenarios" in command else "S1"]
        ran([sys.executable, "-m", *command.split(), *few], tmp_path)

    assert 'tests="1"' in (tmp_path / "report.xml").read_text()
    assert "S1" in (tmp_path / "ledger.html").read_text()


def test_the_workflow_is_one() -> None:
    (workflow,) = blocks("ci", "yaml")

    steps = yaml.safe_load(workflow)["jobs"]["connector"]["steps"]

    assert [step.get("run", "").split()[:2] for step in steps][-2:] == [
        ["connectorkit", "scenarios"],
        ["connectorkit", "explore"],
    ]


@pytest.fixture
def tunnel(tmp_path: Path) -> Iterator[tuple[str, int, Path]]:
    """A proxy that ends TLS and passes bytes on: its address, the port behind it, and whom to trust."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        behind = probe.getsockname()[1]
    ready: queue.Queue[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = queue.Queue()

    async def copied(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(65536):
                to.write(chunk)
                await to.drain()
        to.close()

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", behind)
        await asyncio.gather(copied(reader, back), copied(there, writer))

    async def serve() -> None:
        done = asyncio.Event()
        async with await asyncio.start_server(passed_on, "127.0.0.1", 0, ssl=context) as server:
            ready.put((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), done))
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    port, loop, done = ready.get(timeout=30)
    yield f"https://localhost:{port}/", behind, tmp_path / "authority.pem"
    loop.call_soon_threadsafe(done.set)
    thread.join()


def test_a_receiver_behind_a_tunnel_gets_what_was_signed(
    tunnel: tuple[str, int, Path], account: dict[str, str], tmp_path: Path
) -> None:
    address, behind, authority = tunnel
    (cell,) = blocks("tunnel", "python")
    graded = f"""
card = ck.grade({address!r}, trust={str(authority)!r}, **{{
    name: getattr(kit.settings, name) for name in ("account_id", "client_id", "client_secret")
}})
print(card.score, card.defects)
"""

    said = ran([sys.executable, "-c", cell.replace("8080", str(behind)) + graded], tmp_path, **account)

    assert said.splitlines()[0] == f"http://127.0.0.1:{behind}/"
    assert said.splitlines()[-1].endswith("[]")


def test_a_log_is_shared_without_what_people_wrote(tmp_path: Path) -> None:
    made, checked = blocks("share", "python")
    (command,) = blocks("share", "bash")
    none = dict.fromkeys(settings.NEEDED_VARIABLES, "")

    ran([sys.executable, "-c", f"{made}kit.close()\n{checked}"], tmp_path, **none)
    ran(["bash", "-e", "-c", command], tmp_path, **none)

    entries = json.loads((tmp_path / "ticket-4711.har").read_text())["log"]["entries"]
    assert [entry["request"]["_operation"] for entry in entries][-2:] == ["send", "send"]
    assert "0171 2345" not in (tmp_path / "ticket-4711.jsonl").read_text()
    unmasked = made.replace(', mask="content"', ", overwrite=True")
    with pytest.raises(AssertionError, match="Ana"):
        ran([sys.executable, "-c", f"{unmasked}kit.close()\n{checked}"], tmp_path, **none)


@needs_shell
@pytest.mark.skipif(not shutil.which("node"), reason="needs Node 18 or newer")
def test_another_language_and_a_shell_use_the_sandbox(tmp_path: Path) -> None:
    start, talk, steer, stop = blocks("other-clients", "bash")
    (tmp_path / "talk.mjs").write_text(blocks("other-clients", "javascript")[0])

    said = ran(["bash", "-e", "-c", f"{start}{talk}{steer}\n{stop}"], tmp_path)

    assert "OK 0" in said
    assert '"fault_id"' in said
