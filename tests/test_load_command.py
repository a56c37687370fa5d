"""``connectorkit load`` as a person or a CI job uses it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import connectorkit as ck
from connectorkit.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder")
SHORT = ("--duration", "1s", "--rate", "40", "--seed", "3")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["load", *arguments], env={"COLUMNS": "80"})


def test_a_healthy_sandbox_ends_with_0_and_one_object_of_json() -> None:
    result = command(*SHORT, "--json", "--max-p99", "60000", "--max-errors", "0")

    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["ok"] is True
    assert told["thresholds_passed"] == []
    assert told["errors"] == 0
    assert told["count"] >= 40
    assert told["left_open"] == 0


def test_a_person_gets_a_table_that_fits() -> None:
    result = command(*SHORT, "--mix", "open=1,send=2,close=1", "--arrivals", "poisson")

    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 80
    names = [line.split()[0] for line in lines if line]
    assert names[-8::2] == ["open", "send", "close", "all"]
    assert set(names[-7::2]) == {"uncorrected"}


def test_a_threshold_that_is_passed_is_named() -> None:
    result = command(*SHORT, "--max-p99", "0.0001")

    assert result.exit_code == 1
    assert "; --max-p99 allows 0.0001 ms." in result.stderr
    told = json.loads(command(*SHORT, "--max-p99", "0.0001", "--json").stdout)
    assert told["ok"] is False
    assert len(told["thresholds_passed"]) == 1


def test_flat_out_needs_no_rate() -> None:
    result = command("--flat-out", "--duration", "0.5s", "--connections", "2", "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["connections"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rate", "0"), "0.0 is not in the range x>0"),
        (("--duration", "soon"), "duration is 'soon', allowed is a number and one of"),
        (("--mix", "open"), "'open' is no share. Write open=1,send=8,close=1."),
        (("--mix", "sned=1"), "mix has 'sned', allowed are open, send, close"),
        (("--account", "--sandbox"), "--account and --sandbox exclude each other."),
        (("--visible",), "--visible goes with --account."),
        (("--flat-out", "--rate", "5"), "--flat-out and --rate exclude each other."),
        (("--account",), "--account: no account is configured."),
    ],
)
def test_what_cannot_be_gets_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    result = command(*arguments)

    assert result.exit_code != 0
    assert said in result.output


def test_the_sentence_is_json_where_json_was_asked_for() -> None:
    result = command("--account", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"].startswith("--account: no account is configured.")


@pytest.mark.skipif(sys.platform == "win32", reason="a signal as Ctrl-C sends it")
def test_ctrl_c_shows_what_was_measured(tmp_path: Path) -> None:
    """Recording tells us from outside when requests are under way."""
    log = tmp_path / "log.sqlite3"
    process = subprocess.Popen(
        [sys.executable, "-m", "connectorkit", "load", "--duration", "10m", "--record"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"CONNECTORKIT_LOG": str(log)},
        start_new_session=True,
    )
    wait_for_sends(log, process)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate()

    assert "stopped         before its end" in out
    assert "uncorrected" in out
    assert "The run was stopped before its end." in err
    assert process.returncode == 1


def wait_for_sends(log: Path, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        time.sleep(0.1)
        if log.exists() and (ck.ResponseLog(log).exchanges()["operation"] == "send").any():
            return
