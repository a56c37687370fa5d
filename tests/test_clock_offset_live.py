"""The offset on real traffic: a sandbox whose clock stands elsewhere, or is moved meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import connectorkit as ck
from connectorkit.control import SandboxControl
from connectorkit.redact import Secret

SHIFTED = """
import sys, time
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.server import serve
from connectorkit.sandbox.world import World
clock = Clock(lambda: time.time() + float(sys.argv[1]))
serve(World("12345678", 1, clock=clock), until_stdin_closes=True, ready=lambda line: print(line, flush=True))
"""


@contextmanager
def shifted(seconds: float) -> Iterator[dict[str, Any]]:
    """The ready line of a sandbox whose clock is so many seconds ahead."""
    command = [sys.executable, "-c", SHIFTED, str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(timeout=15)


@pytest.mark.parametrize("offset_ms", [-500, 500])
def test_a_service_whose_clock_is_half_a_second_off_is_found_out(offset_ms: int) -> None:
    with shifted(offset_ms / 1000) as ready:
        kit = ck.connect(
            account_id=ready["account_id"],
            client_id=ready["client_id"],
            client_secret=Secret(ready["client_secret"]),
            domain_lookup=ready["base_url"],
            scheme="http",
            log=":memory:",
        )
        control = SandboxControl(ready["base_url"], Secret(ready["control_token"]))
        with kit:
            control.webhook(kit.listen().url)
            talk = kit.consumer("ana@example").open()
            for _ in range(30):
                talk.send("Hello")
            talk.close()
            while not control.settle(30):
                pass
            found = kit.log.clock_offset(conversation=talk)
        control.close()

    assert found.ms is not None
    assert abs(found.ms - offset_ms) < 5
    assert found.pieces[-1].low_ms <= offset_ms <= found.pieces[-1].high_ms
    assert not found.moved
    assert found.stamps >= 60


def test_moving_the_clock_of_the_sandbox_is_noticed_and_the_message_keeps_its_place() -> None:
    with ck.connect(log=":memory:", agent=False) as kit:
        talk = kit.consumer("ana@example").open()
        for _ in range(5):
            talk.send("before")
        kit.sandbox.settle(30)
        kit.sandbox.advance(minutes=61)
        for _ in range(5):
            talk.send("after")
        found = kit.log.waterfall(talk)

    first, last = found.offset.pieces
    assert first.ms is not None
    assert last.ms is not None
    unsure = (first.uncertainty_ms or 0) + (last.uncertainty_ms or 0)
    assert abs(last.ms - first.ms - 3_660_000) <= unsure
    assert "A clock was moved (once)" in repr(found)
    said = found.frame[(found.frame["span"] == "notified") & found.frame["what"].str.startswith("text:")]
    assert len(said) == 10
    # On our clock each stands between its request and its arrival here, an hour or not.
    slack = said["uncertainty_ms"]
    assert (said["server_ms"] >= said["begin_ms"] - slack).all()
    assert (said["server_ms"] <= said["end_ms"] + slack).all()
