"""The command: ``doctor``, ``sandbox`` and ``run`` as a person or a CI job uses them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest
from click.testing import CliRunner, Result

from connectorkit import course
from connectorkit.cli import main

STEPS = ["Domain lookup", "AppJWT", "ConsumerJWS", "Open", "Send", "Close"]

pytestmark = pytest.mark.usefixtures("empty_folder")
Use = Callable[..., dict[str, str]]


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


# --- doctor ------------------------------------------------------------------------------------------


def test_doctor_starts_a_sandbox_and_finds_all_well() -> None:
    result = command("doctor")

    assert result.exit_code == 0
    assert result.output.startswith("Examining the sandbox at http://127.0.0.1:")
    assert [step for step in STEPS if step in result.output] == STEPS
    assert result.output.count("✓") == 6


def test_doctor_examines_the_configured_account(use: Use, control: httpx.Client) -> None:
    use()

    result = command("doctor", "--json")

    steps = json.loads(result.stdout)["steps"]
    assert result.exit_code == 0
    assert [(step["name"], step["ok"]) for step in steps] == [(name, True) for name in STEPS]
    assert all(step["took_ms"] > 0 for step in steps)
    assert [c["state"] for c in control.get("/sandbox/state").json()["conversations"]] == ["CLOSE"]


def test_doctor_can_be_told_to_use_the_sandbox(use: Use) -> None:
    use(domain_lookup="http://127.0.0.1:9")

    result = command("doctor", "--sandbox", "--json")

    assert (result.exit_code, len(json.loads(result.stdout)["steps"])) == (0, 6)


def test_doctor_stops_at_a_wrong_secret(use: Use) -> None:
    use(client_secret="not-the-secret")

    result = command("doctor")

    assert result.exit_code == 1
    assert "AppJWT failed: " in result.output
    assert "credentials do not match (401)" in result.output
    assert "Check account id, client id and client secret." in result.output
    assert "ConsumerJWS" not in result.output
    assert "not-the-secret" not in result.output


def test_doctor_reports_a_wrong_secret_as_json(use: Use) -> None:
    use(client_secret="not-the-secret")

    result = command("doctor", "--json")

    assert result.exit_code == 1
    assert [(step["name"], step["ok"]) for step in json.loads(result.stdout)["steps"]] == [
        ("Domain lookup", True),
        ("AppJWT", False),
    ]


def test_doctor_stops_at_an_unknown_account(use: Use) -> None:
    use(account_id="999")

    result = command("doctor")

    assert result.exit_code == 1
    assert "Domain lookup failed: " in result.output
    assert "(401)" in result.output


@pytest.mark.parametrize("lookup", ["http://127.0.0.1:{port}", "http://unknown.invalid:{port}"])
def test_doctor_names_the_host_and_port_it_cannot_reach(use: Use, lookup: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    address = lookup.format(port=port)
    use(domain_lookup=address)

    result = command("doctor")

    assert result.exit_code == 1
    assert f"Domain lookup failed: No answer from {address.removeprefix('http://')} (" in result.output
    assert "Check CONNECTORKIT_DOMAIN_LOOKUP" in result.output
    assert "Traceback" not in result.output


def test_doctor_says_that_another_service_answered(use: Use, sandbox: dict[str, Any]) -> None:
    use(domain_lookup=f"{sandbox['base_url']}/sandbox/about#")

    result = command("doctor")

    assert result.exit_code == 1
    assert "Domain lookup failed: Expected a JSON object with baseURIs" in result.output


def test_half_an_account_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTORKIT_ACCOUNT_ID", "12345678")

    result = command("doctor")

    assert result.exit_code == 1
    assert result.output.startswith("Error: An account is configured by halves: CONNECTORKIT_CLIENT_ID, ")
    assert "Traceback" not in result.output


# --- sandbox -----------------------------------------------------------------------------------------


def sandbox_command(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "connectorkit", "sandbox", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str], number: int) -> tuple[str, str]:
    process.send_signal(number)
    return process.communicate(timeout=15)


def test_the_ready_line_has_all_a_client_needs() -> None:
    with sandbox_command("--account", "le777", "--seed", "7") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        out, _ = ended(process, signal.SIGINT)

    assert {"base_url", "client_id", "client_secret", "control_token"} <= set(ready)
    assert {"admin_username", "admin_password"} <= set(ready)
    assert (ready["account_id"], ready["seed"], ready["pid"]) == ("le777", 7, process.pid)
    assert ready["base_url"].startswith("http://127.0.0.1:")
    assert out == ""


@pytest.mark.parametrize(
    ("number", "exit_code", "says"),
    [(signal.SIGINT, 0, "The sandbox has stopped."), (signal.SIGTERM, -signal.SIGTERM, "")],
)
def test_a_signal_ends_the_sandbox_quietly_though_a_client_is_connected(
    number: int, exit_code: int, says: str
) -> None:
    with sandbox_command() as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        with httpx.Client(base_url=ready["base_url"], trust_env=False) as http:
            assert http.get("/sandbox/about").status_code == 200
            _, errors = ended(process, number)

    assert (process.returncode, errors.strip()) == (exit_code, says)


def test_a_taken_port_is_said_to_be_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = command("sandbox", "--port", str(port))

    assert result.exit_code == 1
    assert result.output == f"Error: Port {port} on 127.0.0.1 is taken. Choose another, or 0.\n"


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    assert command("sandbox", "--port", port).exit_code == 2


# --- run ---------------------------------------------------------------------------------------------


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Writes a notebook of code cells; a pair is a cell with its tag."""

    def write(*cells: str | tuple[str, str], name: str = "tiny") -> Path:
        made = nbformat.v4.new_notebook()
        for cell in cells:
            source, *tags = (cell,) if isinstance(cell, str) else cell
            made.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(made, path)
        return path

    return write


def run(*notebooks: Path, options: tuple[str, ...] = ()) -> Result:
    return command("run", *map(str, notebooks), "--pages", "made", *options)


def test_run_writes_a_page_without_scripts(notebook: Callable[..., Path]) -> None:
    path = notebook("print('<script>alert(1)</script>')", "6 * 7")

    result = run(path)

    page = Path("made/tiny.html").read_text("utf-8")
    assert result.exit_code == 0, result.output
    assert "tiny.ipynb ran → made/tiny.html" in result.output
    assert "42" in page
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert nbformat.read(path, as_version=4).cells[1].outputs == []


def test_run_names_the_cell_that_failed(notebook: Callable[..., Path]) -> None:
    good, bad = notebook("1"), notebook("x = 1", "1 / 0", "x", name="bad")

    result = run(good, bad, options=("--json",))

    rows = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [row["problem"] for row in rows] == ["", "cell 2: ZeroDivisionError: division by zero"]
    assert "ZeroDivisionError" in Path("made/bad.html").read_text("utf-8")


def test_run_finds_a_chapter_by_its_name(empty_folder: Path) -> None:
    (chapter,) = course.chapters(("01-connect-and-tokens.ipynb",))

    assert chapter == course.find() / "01-connect-and-tokens.ipynb"
    with pytest.raises(course.CourseError, match=r"There is no notebook 99\.ipynb"):
        course.chapters(("99.ipynb",))


def test_run_says_failures_in_words(notebook: Callable[..., Path]) -> None:
    result = run(notebook("raise ValueError('no')"))

    assert result.exit_code == 1
    assert "tiny.ipynb failed at cell 1: ValueError: no" in result.output


def test_an_error_that_is_meant_does_not_fail_the_run(notebook: Callable[..., Path]) -> None:
    result = run(notebook(("1 / 0", "raises-exception"), "print('went on')"))

    assert result.exit_code == 0
    assert "went on" in Path("made/tiny.html").read_text("utf-8")


BUTTON = "import ipywidgets\nb = ipywidgets.Button()\n"
IN_OUTPUT = BUTTON + "out = ipywidgets.Output()\nb.on_click(out.capture()(lambda _: 1 / 0))\ndisplay(out)"


@pytest.mark.parametrize(
    "panel", [BUTTON + "b.on_click(lambda _: 1 / 0)", IN_OUTPUT], ids=["bare", "captured"]
)
def test_an_error_in_a_panels_callback_fails_the_run(notebook: Callable[..., Path], panel: str) -> None:
    result = run(notebook(panel, "b.click()", "'went on'"))

    assert result.exit_code == 1
    assert "ZeroDivisionError" in result.output


def test_a_kernel_that_dies_fails_the_run(notebook: Callable[..., Path]) -> None:
    result = run(notebook("import os; os._exit(1)"))

    assert result.exit_code == 1
    assert "tiny.ipynb failed at " in result.output


def test_kernels_log_apart_unless_told_otherwise(
    notebook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = notebook("import os; print('log is', os.environ['CONNECTORKIT_LOG'])")
    monkeypatch.delenv("CONNECTORKIT_LOG")
    run(path)
    apart = Path("made/tiny.html").read_text("utf-8")

    monkeypatch.setenv("CONNECTORKIT_LOG", "/some/where.sqlite3")
    run(path)

    assert "log.sqlite3" in apart
    assert "log is /some/where.sqlite3" in Path("made/tiny.html").read_text("utf-8")


def test_a_notebook_that_is_missing_is_named() -> None:
    result = run(Path("none.ipynb"))

    assert result.exit_code == 1
    assert result.output == (
        "Error: There is no notebook none.ipynb. Leave the names out to run the whole course.\n"
    )


def test_a_file_that_is_no_notebook_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.ipynb").write_text("not a notebook")

    result = run(tmp_path / "text.ipynb")

    assert result.exit_code == 1
    assert "text.ipynb cannot be read as a notebook" in result.output


def test_help_lists_the_commands_and_the_module_runs_too() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "connectorkit", "--help"], capture_output=True, text=True, check=True
    )

    assert all(name in shown.stdout for name in ("lab", "sandbox", "run", "doctor", "receive"))
