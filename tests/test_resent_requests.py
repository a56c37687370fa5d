"""Requests copied from the log and sent again, by curl and by Python, against the real sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from connectorkit import Client, envelopes
from connectorkit.control import SandboxControl
from connectorkit.log import Exchange, Log
from connectorkit.operations import FileUrl
from connectorkit.redact import Secret
from connectorkit.scenarios import Scenarios
from connectorkit.settings import Settings
from connectorkit.sharing import curl, python_cell

ANA = "ana@example"
OPERATIONS = (
    *("domains", "app_jwt", "consumer_jws", "conversation", "send", "upload_file", "download_file"),
)
# Those whose answer depends on nothing but the request itself.
REFUSALS = (
    *(
        "missing-app-jwt",
        "invalid-app-jwt",
        "expired-app-jwt",
        "missing-consumer-jws",
        "invalid-consumer-jws",
    ),
    *("wrong-client-secret", "missing-brand-id", "reversed-batch", "wrong-ttr-name", "unknown-conversation"),
    *("missing-id", "unknown-chat-state", "array-on-send", "broken-json", "wrong-content-type"),
    "too-large-body",
)
HOSTILE = 'It\'s "$HOME" `id` $(id) \\ ! % \n\t ö 漢 {{app_jwt}} </script> \u202e <1 bytes of x>'
Environment = dict[str, str]
Answer = tuple[int, list[Any]]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.effect_noise((60, 40), 90).save(path)
    return path


@pytest.fixture
def file_urls(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[FileUrl]:
    """The file URLs that the client was given, in order."""
    given: list[FileUrl] = []
    ask = client.file_url
    monkeypatch.setattr(client, "file_url", lambda *a, **k: given.append(ask(*a, **k)) or given[-1])
    return given


@pytest.fixture
def made(client: Client, picture: Path, file_urls: list[FileUrl]) -> dict[str, Exchange]:
    """One exchange of each operation, the conversation closed again so that a new one can be opened."""
    talk = client.consumer(ANA).open(first_name="Ana")
    sent = talk.send_file(picture)
    path = sent.exchange.request_json()["body"]["event"]["message"]["relativePath"]
    client.download(client.file_url(envelopes.request_download_url(path), consumer=ANA), consumer=ANA)
    client.send(envelopes.publish_text(talk.id, HOSTILE, request_id="7"), consumer=ANA).raise_for_error()
    return {exchange.operation: exchange for exchange in client.log}


@pytest.fixture
def environment(client: Client, picture: Path, sandbox: dict[str, Any]) -> Environment:
    """What a user sets before running a copied request; no file, no argument holds a secret."""
    return os.environ | {
        "CONNECTORKIT_APP_JWT": client.app_jwt().secret.reveal(),
        "CONNECTORKIT_CONSUMER_JWS": client.consumer_jws(ANA).secret.reveal(),
        "CONNECTORKIT_CLIENT_SECRET": sandbox["client_secret"],
        "CONNECTORKIT_FILE": str(picture),
    }


def closed(client: Client) -> None:
    talk = client.remembered_conversation(ANA)
    assert talk is not None
    client.send(envelopes.close_conversation(talk), consumer=ANA).raise_for_error()


def codes(body: Any) -> list[Any]:
    """What the answer says of each request, or of them all."""
    return [
        item.get("code") for item in (body if isinstance(body, list) else [body]) if isinstance(item, dict)
    ]


def answer_of(exchange: Exchange) -> Answer:
    assert exchange.status_code is not None
    return exchange.status_code, codes(exchange.response_json())


def by_shell(command: str, environment: Environment, folder: Path, shell: str = "sh") -> Answer:
    """What curl got, as status and codes."""
    if shutil.which("curl") is None or shutil.which(shell) is None:
        pytest.skip(f"curl or {shell} is not installed")
    script = folder / "copied.sh"
    script.write_text(command, encoding="utf-8")
    run = subprocess.run(
        [shell, script], env=environment, cwd=folder, capture_output=True, timeout=60, check=False
    )
    script.unlink()
    assert run.returncode == 0, run.stderr
    # A 100 Continue comes before the answer to a long body.
    parts = run.stdout.decode().replace("\r\n", "\n").split("\n\n")
    heads = [part for part in parts if part.startswith("HTTP/")]
    body = parts[-1]
    return int(heads[-1].split()[1]), codes(json.loads(body) if body.startswith(("{", "[")) else None)


# --- cURL --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_copied_curl_command_gets_the_same_answer(
    operation: str,
    shell: str,
    client: Client,
    made: dict[str, Exchange],
    file_urls: list[FileUrl],
    environment: Environment,
    tmp_path: Path,
) -> None:
    query = {"upload_file": file_urls[0], "download_file": file_urls[-1]}.get(operation)
    if query is not None:
        environment["CONNECTORKIT_TEMP_URL_QUERY"] = query.query.reveal()
    if operation == "conversation":
        closed(client)

    answer = by_shell(curl.command(made[operation]), environment, tmp_path, shell)

    assert answer == answer_of(made[operation])


def test_the_service_gets_the_very_text_that_the_log_shows(
    made: dict[str, Exchange], environment: Environment, tmp_path: Path, control: Any
) -> None:
    by_shell(curl.command(made["send"]), environment, tmp_path)

    (talk,) = control.get("/sandbox/state").json()["conversations"]
    texts = [event["event"].get("message") for event in talk["dialogs"][0]["events"]]
    assert texts.count(HOSTILE) == 2


def test_a_downloaded_file_is_written_beside(
    made: dict[str, Exchange],
    file_urls: list[FileUrl],
    environment: Environment,
    picture: Path,
    tmp_path: Path,
) -> None:
    environment["CONNECTORKIT_TEMP_URL_QUERY"] = file_urls[-1].query.reveal()
    (folder := tmp_path / "downloads").mkdir()

    by_shell(curl.command(made["download_file"]), environment, folder)

    (written,) = folder.iterdir()
    assert written.read_bytes() == picture.read_bytes()
    assert written.name.endswith(".PNG")


def test_a_variable_that_is_not_set_is_named_and_nothing_is_sent(
    client: Client, made: dict[str, Exchange], environment: Environment, tmp_path: Path
) -> None:
    environment.pop("CONNECTORKIT_APP_JWT")

    run = subprocess.run(
        ["sh", "-c", curl.command(made["send"])], env=environment, capture_output=True, check=False
    )

    assert run.returncode != 0
    assert b"CONNECTORKIT_APP_JWT" in run.stderr
    assert run.stdout == b""


# --- Python ------------------------------------------------------------------------------------------


@pytest.fixture
def run_cells(
    settings: Settings, tmp_path: Path, picture: Path, environment: Environment
) -> Callable[[str], list[Exchange]]:
    """Runs source in a process of its own; returns what its kit has logged."""

    def run(source: str) -> list[Exchange]:
        log = tmp_path / "cells.sqlite3"
        known = {
            "CONNECTORKIT_ACCOUNT_ID": settings.account_id,
            "CONNECTORKIT_CLIENT_ID": settings.client_id,
            "CONNECTORKIT_CLIENT_SECRET": settings.client_secret.reveal(),
            "CONNECTORKIT_DOMAIN_LOOKUP": settings.domain_lookup,
            "CONNECTORKIT_LOG": str(log),
            "PYTHONPATH": str(Path(python_cell.__file__).parents[1]),
        }
        script = tmp_path / "cells.py"
        script.write_text(source, encoding="utf-8")
        ran = subprocess.run(
            [sys.executable, "-X", "utf8", script],
            env=environment | known,
            cwd=picture.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return list(Log(log))

    return run


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_python_cell_gets_the_same_answer(
    operation: str, client: Client, made: dict[str, Exchange], run_cells: Callable[[str], list[Exchange]]
) -> None:
    if operation == "conversation":
        closed(client)

    logged = run_cells(python_cell.cell(made[operation]))

    again = next(exchange for exchange in reversed(logged) if exchange.operation == operation)
    assert answer_of(again) == answer_of(made[operation])
    if operation not in ("domains", "app_jwt"):  # whose consumer is who happened to need them first
        assert again.consumer == made[operation].consumer
    if operation != "app_jwt":  # the log shows a label there
        assert again.request_json() == made[operation].request_json()


# --- Refusals ----------------------------------------------------------------------------------------


@pytest.fixture
def tour(client: Client, sandbox: dict[str, Any]) -> dict[str, Exchange]:
    """The provoking exchange of each scenario whose answer depends on the request alone."""
    steering = SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"]))
    scenarios = Scenarios(client, steering)
    outcomes = {name: scenarios.run(name) for name in REFUSALS}
    steering.close()
    return {name: outcome.exchange for name, outcome in outcomes.items() if outcome.exchange is not None}


def test_refused_requests_are_refused_again(
    tour: dict[str, Exchange],
    environment: Environment,
    tmp_path: Path,
    run_cells: Callable[[str], list[Exchange]],
) -> None:
    expected = {name: answer_of(exchange) for name, exchange in tour.items()}
    assert set(expected) == set(REFUSALS)

    copied = {name: by_shell(curl.command(e), environment, tmp_path) for name, e in tour.items()}
    # The kit renews an AppJWT that was refused and asks again, so the first answer of each cell counts.
    marked = (f"{python_cell.cell(e)}\nkit.close()\n" for e in tour.values())
    logged = run_cells("\n".join(marked))
    calls = {exchange.operation for exchange in tour.values()}
    cells = [answer_of(e) for e in logged if e.operation in calls and (e.status_code or 0) >= 400]

    assert copied == expected
    assert cells == list(expected.values())
