"""The command: ``doctor``, ``sandbox``, ``run`` and ``receive`` as a person or a CI job uses them."""

from __future__ import annotations

import base64
import hmac
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest
from click.testing import CliRunner, Result

from connectorkit import foreground
from connectorkit.cli import main
from connectorkit.log import Log, Notification

STEPS = ["Domain lookup", "AppJWT", "ConsumerJWS", "Open", "Send", "Close"]

pytestmark = pytest.mark.usefixtures("empty_folder")
Use = Callable[..., dict[str, str]]


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, sandbox: dict[str, Any]) -> Callable[..., None]:
    """Configures an account: the running sandbox's, unless told otherwise."""

    def use(**changes: str) -> None:
        for name in ("account_id", "client_id", "client_secret"):
            monkeypatch.setenv(f"CONNECTORKIT_{name.upper()}", changes.get(name, sandbox[name]))
        monkeypatch.setenv("CONNECTORKIT_DOMAIN_LOOKUP", changes.get("domain_lookup", sandbox["base_url"]))

    return use


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


# --- receive -----------------------------------------------------------------------------------------

SECRET = "sandbox-secret-0001"
CHANGE = {
    "sequence": 2,
    "originatorMetadata": {"id": "a", "role": "ASSIGNED_AGENT"},
    "event": {"type": "ContentEvent", "message": "Grüße \x1b[2J\n", "contentType": "text/plain"},
    "conversationId": "c-1",
    "dialogId": "d-1",
}
ENVELOPE = {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [CHANGE]}}


@pytest.fixture
def receive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[Any, dict[str, Any]]]]:
    """Starts the command; the process and its ready line."""
    started: list[subprocess.Popen[str]] = []
    for name, value in {"ACCOUNT_ID": "12345678", "CLIENT_ID": "app-1", "CLIENT_SECRET": SECRET}.items():
        monkeypatch.setenv(f"CONNECTORKIT_{name}", value)

    def receive(*options: str) -> tuple[Any, dict[str, Any]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "connectorkit", "receive", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        assert process.stdout is not None
        return process, json.loads(process.stdout.readline())

    yield receive
    for process in started:
        process.kill()
        process.communicate()


def notify(url: str, value: Any, secret: str = SECRET, verify: Any = True) -> int:
    body = json.dumps(value, ensure_ascii=False).encode()
    digest = hmac.new(secret.encode(), body, "sha1").digest()
    headers = {
        "x-liveperson-account-id": "12345678",
        "x-liveperson-client-id": "app-1",
        "x-liveperson-signature": "sha1=" + base64.b64encode(digest).decode(),
    }
    with httpx.Client(trust_env=False, verify=verify) as http:
        return http.post(url, content=body, headers=headers).status_code


Start = Callable[..., tuple[Any, dict[str, Any]]]


def test_receive_prints_a_short_and_harmless_line_for_each_notification(receive: Start) -> None:
    process, ready = receive()

    statuses = [notify(ready["url"], ENVELOPE), notify(ready["url"], "odd", secret="other")]
    lines = [process.stdout.readline() for _ in statuses]
    out, errors = ended(process, signal.SIGINT)

    assert statuses == [200, 401]
    assert [line[14:] for line in lines] == [
        "ContentEvent          ASSIGNED_AGENT  Grüße \\x1b[2J\\n  [valid]\n",
        "unreadable            -                 [wrong-secret]\n",
    ]
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  ", lines[0][:14])
    assert (process.returncode, out, errors) == (0, "", "The receiver has stopped.\n")
    assert {"url", "log", "pid", "account_id", "client_id"} == set(ready)


def test_receive_prints_json_and_records_into_the_log(receive: Start, tmp_path: Path) -> None:
    path = str(tmp_path / "own.sqlite3")
    process, ready = receive("--json", "--log", path)

    notify(ready["url"], ENVELOPE)
    shown = json.loads(process.stdout.readline())
    ended(process, signal.SIGTERM)

    (kept,) = Log(path).read_notifications()
    assert ready["log"] == path
    assert shown == {
        "notification_id": kept.notification_id,
        "received_at": shown["received_at"],
        "type": "ms.MessagingEventNotification",
        "event_type": "ContentEvent",
        "conversation_id": "c-1",
        "dialog_id": "d-1",
        "sequence": 2,
        "originator_role": "ASSIGNED_AGENT",
        "text": "Grüße \x1b[2J\n",
        "signature": "valid",
        "status_code": 200,
        "body": kept.body,
    }
    assert json.loads(kept.body) == ENVELOPE


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"event": {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0, 2]}}, "READ of 0, 2"),
        ({"event": {"type": "AcceptStatusEvent"}}, "None of ?"),
        ({"event": {"type": "ChatStateEvent", "chatState": "COMPOSING"}}, "COMPOSING"),
        ({"event": {"type": "ContentEvent", "message": {"caption": "photo"}}}, "photo"),
        ({"result": {"conversationDetails": {"stage": "CLOSE", "state": "CLOSE"}}}, "CLOSE"),
        ({"event": 7, "result": []}, ""),
        (None, ""),
    ],
)
def test_receive_says_what_happened_in_few_words(change: Any, text: str) -> None:
    body = json.dumps({"body": {"changes": [change]}})

    assert foreground.reading(Notification(body, received_at=1_700_000_000_123_999_999)) == {
        "notification_id": 0,
        "received_at": "2023-11-14T22:13:20.123Z",
        "type": None,
        "event_type": change["event"]["type"] if change and change.get("event", 7) != 7 else None,
        "conversation_id": None,
        "dialog_id": None,
        "sequence": None,
        "originator_role": None,
        "text": text,
        "signature": "valid",
        "status_code": 200,
        "body": body,
    }


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "7", "null", '{"body":[]}', "[" * 100_000])
def test_receive_reads_what_cannot_be_read_as_nothing(body: str) -> None:
    read = foreground.reading(Notification(body))

    assert (read["type"], read["event_type"], read["text"]) == (None, None, "")


def test_receive_shortens_a_long_text(capsys: pytest.CaptureFixture[str]) -> None:
    change = {"event": {"type": "ContentEvent", "message": "x" * 500}}

    foreground.show_line(Notification(json.dumps({"body": {"changes": [change]}})))

    assert f"  {'x' * 79}…  [valid]\n" in capsys.readouterr().out


def test_receive_speaks_tls_with_a_ca_of_its_own(receive: Start) -> None:
    _, ready = receive("--tls")

    trusting = ssl.create_default_context(cafile=ready["ca_path"])

    assert ready["url"].startswith("https://127.0.0.1:")
    assert notify(ready["url"], ENVELOPE, verify=trusting) == 200


def test_receive_needs_an_account() -> None:
    result = command("receive")

    assert result.exit_code == 1
    assert result.output == (
        "Error: No account is configured, so no signature can be verified. Set CONNECTORKIT_ACCOUNT_ID, "
        "CONNECTORKIT_CLIENT_ID, CONNECTORKIT_CLIENT_SECRET to those of the app that is notified.\n"
    )


def test_receive_refuses_two_ways_to_speak_tls() -> None:
    result = command("receive", "--tls", "--key", "key.pem")

    assert result.exit_code == 2
    assert "--tls makes a certificate of its own" in result.output


def test_receive_says_that_a_port_is_taken(use: Use) -> None:
    use()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = command("receive", "--port", str(port))

    assert result.exit_code == 1
    assert f"Error: The receiver cannot listen on port {port} of 127.0.0.1" in result.output


def test_help_lists_the_commands_and_the_module_runs_too() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "connectorkit", "--help"], capture_output=True, text=True, check=True
    )

    assert all(name in shown.stdout for name in ("lab", "sandbox", "run", "doctor", "receive"))
