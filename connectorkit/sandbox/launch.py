"""Starts the sandbox as a child process and waits until it is ready. Needs nothing but the standard library.

The child runs apart, so that its work does not share the kernel's lock and spoil the timings. It holds the
read end of a pipe and leaves when that closes, which the system does however the parent dies.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

READY_SECONDS = 90  # far more than it takes; a machine may be very busy
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); from connectorkit.sandbox.__main__ import main; main()"
)


class LaunchFailed(Exception):
    """The child process ended, or said nothing in time."""


class ChildSandbox:
    """A running child process and what its ready line said.

    With ``webhook`` its app is notified of everything there; with ``agent`` a scripted agent answers.
    """

    def __init__(
        self,
        account_id: str | None = None,
        seed: int | None = None,
        webhook: str | None = None,
        agent: bool = False,
    ) -> None:
        # -P and a path at the end: a file named like a module in the user's folder must not be imported.
        command = [sys.executable, "-P", "-c", _START, str(Path(__file__).parents[2])]
        command += ["--account", account_id] if account_id is not None else []
        command += ["--seed", str(seed)] if seed is not None else []
        command += [f"--webhook={webhook}"] if webhook is not None else []
        command += ["--agent"] if agent else []
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            # Jupyter interrupts a kernel by its process group; a Ctrl+C must not reach the sandbox.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self.ready = self._wait_until_ready()

    @property
    def alive(self) -> bool:
        """Whether the child still runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Let the child leave; returns when it has."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _wait_until_ready(self) -> dict[str, Any]:
        giving_up = threading.Timer(READY_SECONDS, self._process.kill)
        giving_up.start()
        try:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()
        finally:
            giving_up.cancel()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
            self.stop()
            raise LaunchFailed(
                f"The sandbox did not start: {said[-1] if said else 'it gave no reason in time'}. "
                'Try "connectorkit sandbox" in a terminal to see more.'
            )
        ready: dict[str, Any] = json.loads(line)
        return ready
