"""``connectorkit scenarios`` as a person or a CI job uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from click.testing import CliRunner, Result

from connectorkit.catalogue import ALL, TOPICS
from connectorkit.cli import main

pytestmark = pytest.mark.usefixtures("empty_folder")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["scenarios", *arguments], env={"COLUMNS": "80"})


def test_all_of_it_runs_on_a_sandbox_of_its_own(tmp_path: Path) -> None:
    result = command("--junit", str(tmp_path / "report.xml"))

    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Running {len(ALL)} scenarios on the sandbox at http://127.0.0.1:")
    assert result.output.endswith(f"{len(ALL)} scenarios run, each as expected.\n")
    assert [line for line in result.output.splitlines() if line in TOPICS] == list(TOPICS)
    assert result.output.count("✓") == len(ALL)
    assert max(len(line) for line in result.output.splitlines()) <= 80
    root = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert [case.get("name") for case in root.iter("testcase")] == [scenario.name for scenario in ALL]
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("0", "0", "0")


def test_a_line_tells_the_answer_and_what_the_kit_made_of_it() -> None:
    result = command("--only", "unavailable", "--only", "broken-json")

    assert "✓ broken-json  400 · Bad Request, the body is not valid JSON" in result.output
    assert "✓ unavailable  503 · Service Unavailable → 200 after 2 attempts" in result.output
    assert "2 scenarios run, each as expected." in result.output


def test_machines_get_json() -> None:
    result = command("--only", "webhook-*", "--json")

    answer = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["ok"] is True
    assert answer["target"].startswith("the sandbox at ")
    rows = answer["outcomes"]
    assert [row["scenario"] for row in rows] == ["webhook-twice", "webhook-out-of-order", "webhook-lost"]
    assert all(row["as_expected"] and row["exchange_id"] and row["duration_ms"] > 0 for row in rows)


def test_an_account_is_bothered_with_what_is_harmless_only(
    use: Callable[..., None], control: httpx.Client
) -> None:
    use()

    result = command("--only", "missing-*", "--only", "closed-*", "--only", "unavailable")

    assert result.exit_code == 0, result.output
    assert "on account 12345678." in result.output
    assert "✓ missing-app-jwt" in result.output
    assert "✓ closed-conversation" not in result.output
    assert "needs a fault of the sandbox" in result.output
    assert "which agents may see" in " ".join(result.output.split())
    assert "4 not run." in result.output
    assert control.get("/sandbox/state").json()["conversations"] == []


def test_what_agents_may_see_is_run_on_demand(use: Callable[..., None], control: httpx.Client) -> None:
    use()

    result = command("--only", "closed-conversation", "--visible")

    assert result.exit_code == 0, result.output
    assert "✓ closed-conversation" in result.output
    assert [c["stage"] for c in control.get("/sandbox/state").json()["conversations"]] == ["CLOSE"]


def test_nothing_run_is_no_success(use: Callable[..., None]) -> None:
    use()

    result = command("--only", "unavailable")

    assert result.exit_code == 1
    assert "Nothing was run" in result.output
    assert json.loads(command("--only", "unavailable", "--json").stdout)["ok"] is False


def test_the_sandbox_can_be_asked_for_though_an_account_is_set(use: Callable[..., None]) -> None:
    use(domain_lookup="http://127.0.0.1:9")

    result = command("--only", "unavailable", "--sandbox")

    assert result.exit_code == 0, result.output


def test_a_surprise_is_shown_in_full_and_fails_the_run(use: Callable[..., None], tmp_path: Path) -> None:
    use(client_secret="not-the-secret")  # what needs a token cannot be prepared

    result = command(
        "--only", "missing-client-id", "--only", "broken-json", "--junit", str(tmp_path / "r.xml")
    )

    assert result.exit_code == 1
    assert "✓ missing-client-id" in result.output
    assert "✗ broken-json" in result.output
    assert "2 scenarios run, 1 surprise." in result.output
    said = " ".join(result.output.split())
    assert "broken-json: The body ends in the middle." in said
    assert "preparation" in said
    assert "AuthenticationError" in said
    assert ElementTree.parse(tmp_path / "r.xml").getroot().get("errors") == "1"


def test_a_wrong_answer_stands_beside_the_right_one(
    use: Callable[..., None], sandbox: dict[str, Any], control: httpx.Client
) -> None:
    use()
    control.post("/sandbox/faults", json={"status": 503, "on": "send", "retry_after": 0, "times": 1})

    result = command("--only", "broken-json", "--json")

    control.delete("/sandbox/faults")
    (row,) = json.loads(result.stdout)["outcomes"]
    assert result.exit_code == 1
    assert "status is 503, not 400" in row["differs"]
    assert "code is SERVICE_UNAVAILABLE, not BAD_REQUEST" in row["differs"]


def test_an_unknown_name_is_refused_with_a_hint() -> None:
    result = command("--only", "webhook-twise")

    assert result.exit_code == 2
    assert "Did you mean 'webhook-twice'?" in result.output


def test_the_catalogue_can_be_listed_without_running_anything() -> None:
    result = command("--list", "--only", "closed-*")

    assert result.exit_code == 0
    assert "A text comes after the conversation was closed." in " ".join(result.output.split())
    assert "3 scenarios." in result.output
    assert max(len(line) for line in result.output.splitlines()) <= 80
    listed = json.loads(command("--list", "--json").stdout)
    assert [row["scenario"] for row in listed] == [scenario.name for scenario in ALL]
    assert all(row["source"] and row["next_step"] for row in listed)


def test_a_report_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = command("--only", "broken-json", "--junit", str(tmp_path / "file" / "report.xml"))

    assert result.exit_code == 1
    assert "cannot be written" in result.output
    assert "Traceback" not in result.output


def test_half_an_account_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTORKIT_ACCOUNT_ID", "12345678")

    plain, machine = command("--only", "broken-json"), command("--only", "broken-json", "--json")

    assert plain.output.startswith("Error: An account is configured by halves")
    assert (plain.exit_code, machine.exit_code) == (1, 1)
    assert json.loads(machine.stdout)["error"].startswith("An account is configured by halves")
