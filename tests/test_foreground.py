"""``connectorkit receive`` as a person or a script uses it."""

from __future__ import annotations

import base64
import hmac
import io
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
import pytest
from click.testing import CliRunner, Result

from connectorkit import foreground
from connectorkit.cli import main
from connectorkit.log import Log, Notification

pytestmark = pytest.mark.usefixtures("empty_folder")


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def ended(process: subprocess.Popen[str], number: int) -> tuple[str, str]:
    process.send_signal(number)
    return process.communicate(timeout=15)


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
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account is configured."""
    for name, value in {"ACCOUNT_ID": "12345678", "CLIENT_ID": "app-1", "CLIENT_SECRET": SECRET}.items():
        monkeypatch.setenv(f"CONNECTORKIT_{name}", value)


@pytest.fixture
def receive(account: None) -> Iterator[Callable[..., tuple[Any, dict[str, Any]]]]:
    """Starts the command; the process and its ready line."""
    started: list[subprocess.Popen[str]] = []

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
        "ASSIGNED_AGENT  text: Grüße \\x1b[2J\\n  [valid]\n",
        "-               nothing readable  [wrong-secret]\n",
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
        "what": "text: Grüße \x1b[2J\n",
        "signature": "valid",
        "status_code": 200,
        "body": kept.body,
    }
    assert json.loads(kept.body) == ENVELOPE


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ([CHANGE, CHANGE], "ASSIGNED_AGENT  text: Grüße \\x1b[2J\\n and 1 more  [valid]"),
        (
            [{"event": {"type": "ChatStateEvent", "chatState": "PAUSE"}}],
            "-               stopped typing (PAUSE)",
        ),
        ([{"originatorMetadata": {"role": "\x1b[2J"}, "event": {"type": "\r"}}], "\\x1b[2J         \\r"),
    ],
)
def test_a_line_is_short_and_harmless(
    changes: list[Any], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    foreground.show_line(Notification(json.dumps({"body": {"changes": changes}}), received_at=10**18))

    assert capsys.readouterr().out.startswith(f"01:46:40.000  {line}")


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "7", "null", '{"body":[]}', "[" * 100_000])
def test_what_cannot_be_read_is_shown_as_that(body: str, capsys: pytest.CaptureFixture[str]) -> None:
    foreground.show_json(Notification(body))

    shown = json.loads(capsys.readouterr().out)
    assert (shown["type"], shown["event_type"], shown["what"]) == (None, None, "nothing readable")


def test_a_screen_without_a_character_shows_its_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", screen)

    foreground.show_line(Notification(json.dumps({"body": {"changes": [CHANGE]}}), received_at=10**18))

    assert b"text: Gr\\xfc\\xdfe" in screen.buffer.getvalue()  # type: ignore[attr-defined]


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


def test_receive_says_that_a_port_is_taken(account: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = command("receive", "--port", str(port))

    assert result.exit_code == 1
    assert f"Error: The receiver cannot listen on port {port} of 127.0.0.1" in result.output
