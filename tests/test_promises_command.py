"""``connectorkit promises`` as a person or a CI job uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from connectorkit.cli import main
from connectorkit.promises import ALL, TOPICS, observing

pytestmark = pytest.mark.usefixtures("empty_folder")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["promises", *arguments], env={"COLUMNS": "80"})


def test_all_of_it_is_checked_on_a_sandbox_of_its_own() -> None:
    result = command()

    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Checking {len(ALL)} promises on the sandbox at http://127.0.0.1:")
    assert result.output.endswith(f"{len(ALL)} promises checked: {len(ALL)} kept.\n")
    assert [line for line in result.output.splitlines() if line in TOPICS] == list(TOPICS)
    assert result.output.count("✓") == len(ALL)
    assert max(len(line) for line in result.output.splitlines()) <= 80


def test_some_are_chosen_by_id_and_mark() -> None:
    result = command("--only", "S3", "--only", "S3?", "--mark", "S")

    assert "✓ S36  sequence counts sends of the same request: 0, 2, 4." in result.output
    assert "11 promises checked: 11 kept." in result.output


def test_machines_get_json() -> None:
    result = command("--only", "S12", "--only", "X1", "--json")

    told = json.loads(result.output)
    assert result.exit_code == 0
    assert (told["ok"], told["summary"]) == (True, {"kept": 2})
    assert [row["promise"] for row in told["promises"]] == ["S12", "X1"]
    assert told["promises"][0]["observed"] == "status: 401"
    assert told["promises"][1]["reading"].startswith("the table of errors: 40105")


def test_the_ledger_is_listed_without_checking_it() -> None:
    result = command("--list", "--only", "S1*", "--only", "S9")
    told = json.loads(command("--list", "--json").output)

    assert result.exit_code == 0
    assert result.output.endswith("12 promises. Account: whether it can be checked on a real one.\n")
    assert "API overview" in result.output
    assert [row["promise"] for row in told] == [promise.id for promise in ALL]
    assert set(told[0]) >= {"says", "mark", "section", "expected", "on_account"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--only", "S99"), "There is no promise 'S99'"),
        (("--mark", "Z"), "'Z' is not one of"),
        (("--only", "S1", "--mark", "C"), "None of these promises has the mark C."),
        (("--export", "ledger.xls"), "ledger.xls ends with none of .json, .csv, .md, .html."),
    ],
)
def test_wrong_input_gets_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    result = command(*arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_a_file_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    result = command("--only", "S12", "--export", str(tmp_path / "taken" / "ledger.md"))

    assert result.exit_code == 1
    assert "cannot be written" in result.output


@pytest.mark.parametrize("suffix", [".json", ".csv", ".md", ".html"])
def test_the_ledger_is_exported(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / f"ledger{suffix}"

    result = command("--only", "S12", "--export", str(path))

    assert result.exit_code == 0, result.output
    assert f"Ledger → {path}" in result.output.replace("\n", "")
    assert "A missing AppJWT is answered 401." in path.read_text(encoding="utf-8")


def test_a_contradiction_shows_its_readings_and_which_was_seen() -> None:
    lines = command("--only", "X1", "--only", "X7").output.splitlines()

    assert [line.strip() for line in lines[3:10]] == [
        "✓ X1  Which number has a missing AppJWT?",
        "→ the table of errors: 40105, and 40104 is the missing ConsumerJWS",
        "· the sample beside it: 40104",
        "✓ X7  How does the AppJWT stand in Authorization?",
        "· the documents: bare",
        "· token_type, which says Bearer: after Bearer",
        "→ what clients send: either way",
    ]
    assert "· the sample beside it: 40104" in command("--list", "--only", "X1").output


# --- Where something else answers --------------------------------------------------------------------


def test_on_an_account_the_harmless_are_checked_and_the_others_said_to_be_left_out(
    use: Callable[..., None],
) -> None:
    use()

    result = command("--only", "S9", "--only", "S12", "--only", "S36", "--only", "X1")

    assert result.exit_code == 0, result.output
    assert "Checking 4 promises on account 12345678." in result.output
    assert "i X1" in result.output
    assert "needs the sandbox's clock" in result.output
    assert "2 promises checked: 1 kept, 1 told which reading is true, 2 not run." in result.output


def test_a_broken_promise_is_shown_and_fails(
    use: Callable[..., None], control: httpx.Client, sandbox: dict[str, Any]
) -> None:
    use()
    control.post("/sandbox/faults", json={"error_code": 40001, "on": "send"})

    result = command("--only", "S12", "--only", "S13", "--only", "S2", "--visible")

    assert result.exit_code == 1
    assert "✗ S12" in result.output
    assert "S12: A missing AppJWT is answered 401. (section 8.1)" in result.output
    assert "3 promises checked: 1 kept, 2 broken." in result.output


def test_what_cannot_be_observed_fails_too(use: Callable[..., None], control: httpx.Client) -> None:
    use()
    control.post("/sandbox/faults", json={"status": 503, "on": "conversation"})

    result = command("--only", "S36", "--visible")

    assert result.exit_code == 1
    assert "? S36" in result.output
    assert "opening was answered 503" in result.output
    assert "1 promise checked: 1 not observed." in result.output


def test_what_stays_open_fails(
    use: Callable[..., None], control: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    use()
    monkeypatch.setattr(observing, "LATER_SECONDS", 0.01)
    control.post("/sandbox/faults", json={"status": 503, "on": "send"})

    result = command("--only", "P5.2-order", "--visible")

    assert result.exit_code == 1
    assert "1 promise checked: 1 kept." in result.stdout
    assert "Not every conversation could be closed again: " in result.stderr


def test_nothing_checked_is_no_success(use: Callable[..., None]) -> None:
    use()

    result = command("--only", "S9")

    assert result.exit_code == 1
    assert "Nothing was checked: see above why. Use --sandbox for all of them." in result.output


def test_an_account_can_be_left_aside_for_the_sandbox(use: Callable[..., None]) -> None:
    use()

    result = command("--only", "S9", "--sandbox")

    assert result.exit_code == 0
    assert "1 promise checked: 1 kept." in result.output


def test_where_nobody_answers_nothing_is_observed(use: Callable[..., None]) -> None:
    use(domain_lookup="http://127.0.0.1:9")

    result = command("--only", "S12", "--json")

    told = json.loads(result.output)
    assert (result.exit_code, told["ok"]) == (1, False)
    assert told["promises"][0]["not_run"] == "not observed: the domain lookup got no answer (ConnectError)"
