"""``connectorkit explore`` as a person or a CI job uses it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectorkit.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["explore", *arguments], env={"COLUMNS": "80"})


def test_a_healthy_sandbox_ends_with_0_and_one_object_of_json(tmp_path: Path) -> None:
    result = command("--seconds", "2", "--seed", "9", "--keep", str(tmp_path / "kept"), "--json")

    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["ok"] is True
    assert answer["target"] == "a sandbox of its own"
    assert answer["seed"] == 9
    assert answer["surprises"] == []
    assert answer["sequences"] > 0
    assert answer["steps"] > 10
    assert answer["seconds"] >= 2
    assert 0 < answer["coverage"]["reached"] < answer["coverage"]["cells"]
    assert not (tmp_path / "kept").exists()


def test_a_person_is_told_the_numbers(tmp_path: Path) -> None:
    result = command("--seconds", "1", "--keep", str(tmp_path))

    assert result.exit_code == 0, result.output
    assert [line[:20].strip() for line in result.output.splitlines()] == [
        *("target", "seed", "sequences", "steps", "cells reached", "kept cases replayed", "surprises")
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seconds", "0"), "0.0 is not in the range x>0"),
        (("--seed", "-1"), "-1 is not in the range x>=0"),
        (("--account", "--sandbox"), "--account and --sandbox exclude each other."),
        (("--visible",), "--visible goes with --account."),
        (("--account",), "--account: no account is configured."),
    ],
)
def test_what_cannot_be_gets_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    result = command(*arguments)

    assert result.exit_code != 0
    assert said in result.output


def test_machines_get_errors_as_json() -> None:
    result = command("--account", "--json")

    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert (answer["ok"], answer["surprises"]) == (False, [])
    assert "no account is configured" in answer["error"]


@pytest.mark.parametrize("visible", [False, True])
def test_an_account_is_asked_slowly_and_left_without_open_conversations(
    visible: bool, monkeypatch: pytest.MonkeyPatch, sandbox: dict[str, Any], control: Any, tmp_path: Path
) -> None:
    for name in ("account_id", "client_id", "client_secret"):
        monkeypatch.setenv(f"CONNECTORKIT_{name.upper()}", sandbox[name])
    monkeypatch.setenv("CONNECTORKIT_DOMAIN_LOOKUP", sandbox["base_url"])

    more = ("--visible",) if visible else ()
    result = command("--account", "--seconds", "3", "--rate", "50", "--json", "--keep", str(tmp_path), *more)

    answer = json.loads(result.stdout)
    assert result.exit_code == 0, answer
    assert answer["target"] == f"account {sandbox['account_id']}"
    assert 10 < answer["steps"] <= 1 + 50 * answer["seconds"]
    states = [one["state"] for one in control.get("/sandbox/state").json()["conversations"]]
    assert bool(states) is visible
    assert "OPEN" not in states
