"""A kernel dies in the middle of a notebook: nothing is left behind, nothing is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

import connectorkit as ck

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "02-open-and-send.ipynb"


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite3"


@pytest.fixture
def manager(log_path: Path) -> Iterator[KernelManager]:
    manager = KernelManager(kernel_name="python3")
    environment = dict(os.environ) | {"CONNECTORKIT_LOG": str(log_path)}
    manager.start_kernel(env=environment, extra_arguments=["--IPKernelApp.log_level=ERROR"])
    yield manager
    manager.shutdown_kernel(now=True)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_killed_kernel_leaves_no_sandbox_and_loses_no_exchange(
    manager: KernelManager, log_path: Path
) -> None:
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    for source in cells[: len(cells) // 2]:
        run(client, source)
    sandbox_pid = int(run(client, "print(kit._lease.ready['pid'])"))
    returned = int(run(client, "print(len(kit.log))"))
    kernel_pid = int(run(client, "import os; print(os.getpid())"))

    os.kill(kernel_pid, signal.SIGKILL)

    assert ends_within(sandbox_pid, seconds=10)
    assert returned > 5
    assert ck.ResponseLog(log_path).exchanges()["exchange_id"].tolist() == list(range(1, returned + 1))
    client.stop_channels()


def run(client: BlockingKernelClient, source: str) -> str:
    """What the cell prints; a failing cell fails the test."""
    printed: list[str] = []

    def keep(message: dict[str, dict[str, str]]) -> None:
        if message["header"]["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = client.execute_interactive(source, timeout=60, output_hook=keep)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(printed)


def ends_within(pid: int, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and " Z " in Path(f"/proc/{pid}/stat").read_text():
            return True  # ended; nobody has collected it yet
        time.sleep(0.05)  # polling
    return False
