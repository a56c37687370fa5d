"""Shared fixtures: one real sandbox server per test run, reset for each test."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[dict[str, Any]]:
    """The ready line of a sandbox server started as an outside client would start it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "connectorkit", "sandbox", "--seed", "1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())
    process.terminate()
    process.wait(timeout=10)
    process.stdout.close()


@pytest.fixture
def sandbox(sandbox_process: dict[str, Any]) -> dict[str, Any]:
    """The ready line of a running sandbox whose state was just reset."""
    answer = httpx.post(
        f"{sandbox_process['base_url']}/sandbox/reset",
        headers={"Authorization": f"Bearer {sandbox_process['control_token']}"},
    )
    assert answer.status_code == 200, answer.text
    return sandbox_process
