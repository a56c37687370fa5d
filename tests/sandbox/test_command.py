"""The options of ``connectorkit sandbox`` and of the child process: what they make of the sandbox."""

from __future__ import annotations

import asyncio
import gc
import io
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from connectorkit.cli import main
from connectorkit.sandbox import __main__ as child
from connectorkit.sandbox import server
from connectorkit.sandbox.launch import ChildSandbox
from connectorkit.sandbox.world import World


def command(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[World, dict[str, Any]]]:
    """What the command would serve, and how; nothing listens."""
    calls: list[tuple[World, dict[str, Any]]] = []
    monkeypatch.setattr(server, "serve", lambda world, **how: calls.append((world, how)))
    return calls


Served = list[tuple[World, dict[str, Any]]]
SERVICES = ["sentinel", "idp", "asyncMessagingEnt", "swift", "agentVep", "accountConfigReadWrite"]


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ([], {}),
        (["va.example"], dict.fromkeys(SERVICES, "va.example")),
        (["idp=va.idp.example:8443", "swift=[::1]:1"], {"idp": "va.idp.example:8443", "swift": "[::1]:1"}),
        (["idp=b", "a:1"], dict.fromkeys(SERVICES, "a:1") | {"idp": "b"}),
        (["a:1", "idp=b", "c", "idp=d"], dict.fromkeys(SERVICES, "c") | {"idp": "d"}),
    ],
    ids=["none", "all", "some", "one outdoes all", "the last one counts"],
)
def test_hosts_can_be_set_for_all_services_or_for_one(
    served: Served, given: list[str], hosts: dict[str, str]
) -> None:
    result = command("sandbox", *(f"--hosts={value}" for value in given))

    assert result.exit_code == 0, result.output
    assert served[0][0].hosts == hosts


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("Sentinel=va.example", f"'Sentinel' is no service. Choose from {', '.join(SERVICES)}."),
        ("=va.example", "'' is no service. Choose from "),
        ("https://va.example", "'https://va.example' is no host. Use HOST or HOST:PORT"),
        ("idp=va.example/x", "'va.example/x' is no host."),
        ("idp=", "'' is no host."),
        ("va.example:0", "'va.example:0' is no host."),
    ],
)
def test_hosts_that_are_none_are_refused(served: Served, given: str, says: str) -> None:
    result = command("sandbox", "--hosts", given)

    assert (result.exit_code, served) == (2, [])
    assert says in result.output


WEBHOOKS = ["https://va.example", "https://va.example:8443/hook?a=1", "https://va.example?a"]
LOCAL_WEBHOOKS = ["http://127.0.0.1:8000/hook", "http://localhost", "http://[::1]:8000/"]


def notified(world: World) -> tuple[str | None, bool]:
    """Where everything is notified, and whether a scripted agent answers."""
    endpoints = {webhook.endpoint for webhook in world.first_app.webhooks.values()} or {None}
    assert len(endpoints) == 1
    return endpoints.pop(), world.options.agent_script is not None


@pytest.mark.parametrize("url", [*WEBHOOKS, *LOCAL_WEBHOOKS])
def test_webhook_and_agent_reach_the_sandbox(served: Served, url: str) -> None:
    result = command("sandbox", "--webhook", url, "--agent")

    assert result.exit_code == 0, result.output
    assert notified(served[0][0]) == (url, True)


def test_without_being_asked_the_sandbox_has_neither_webhook_nor_agent_nor_tls(served: Served) -> None:
    command("sandbox")

    world, how = served[0]
    assert (notified(world), how["tls"]) == ((None, False), None)


@pytest.mark.parametrize(
    "url",
    [
        *("", "va.example", "http://va.example/", "http://127.0.0.1.va.example/", "ftp://localhost/"),
        *("https://", "https:///hook", "https://va.example:x/"),
        *("https://va.example/a b", "https://va.example/\n"),
    ],
)
def test_a_webhook_that_cannot_be_notified_is_refused(served: Served, url: str) -> None:
    result = command("sandbox", "--webhook", url)

    assert (result.exit_code, served) == (2, [])
    assert "cannot be notified. The address " in result.output
    assert "give an https:// URL, or an http:// URL on 127.0.0.1 or localhost." in result.output


def test_tls_takes_a_plain_port_and_a_folder(served: Served, tmp_path: Path) -> None:
    command("sandbox", "--tls", "--port", "8443", "--plain-port", "8080", "--certificates", str(tmp_path))

    how = served[0][1]
    assert (how["port"], how["tls"]) == (8443, server.Tls(plain_port=8080, folder=tmp_path))


@pytest.mark.parametrize("option", ["--plain-port=0", "--certificates=kept"])
def test_options_of_tls_want_tls(served: Served, option: str) -> None:
    result = command("sandbox", option)

    assert (result.exit_code, served) == (2, [])
    assert "--plain-port and --certificates go with --tls. Add --tls." in result.output


def test_a_folder_that_cannot_keep_certificates_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = command("sandbox", "--tls", "--certificates", str(tmp_path / "file" / "folder"))

    assert result.exit_code == 1
    assert result.output.startswith("Error: The certificates cannot be kept in ")


def test_a_port_that_needs_rights_is_said_to_need_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "create_server", refused)

    result = command("sandbox", "--port", "443")

    assert result.output == (
        "Error: Port 443 on 127.0.0.1 needs rights that you do not have. Choose another, or 0.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "webhook", "agent"),
    [({}, None, False), ({"webhook": "http://127.0.0.1:9/", "agent": True}, "http://127.0.0.1:9/", True)],
)
def test_a_child_is_told_of_webhook_and_agent(
    served: Served,
    monkeypatch: pytest.MonkeyPatch,
    arguments: dict[str, Any],
    webhook: str | None,
    agent: bool,
) -> None:
    monkeypatch.setattr(child, "serve", server.serve)

    def run(argv: list[str], **_: Any) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["child", *argv[argv.index("--account") :]])
        child.main()
        return SimpleNamespace(stdin=None, stdout=io.BytesIO(b"{}\n"), kill=int, wait=lambda timeout: 0)

    monkeypatch.setattr(subprocess, "Popen", run)

    ChildSandbox(account_id="le1", seed=3, **arguments).stop()

    world, how = served[0]
    assert (world.account_id, world.seed, notified(world)) == ("le1", 3, (webhook, agent))
    assert (how["until_stdin_closes"], how["tls"]) == (True, None)


@pytest.mark.parametrize("options", [["--port"], ["--tls", "--port"], ["--tls", "--plain-port"]])
def test_nothing_is_left_open_where_a_port_is_taken(options: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = command("sandbox", *options, str(port))

    assert result.output == f"Error: Port {port} on 127.0.0.1 is taken. Choose another, or 0.\n"
    gc.collect()  # what was left open would warn, and a warning fails the test


def test_authorities_to_trust_must_be_certificates(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate", encoding="utf-8")

    result = CliRunner().invoke(main, ["sandbox", "--trust", str(path)])

    assert result.exit_code == 2
    assert "holds no certificates in PEM form" in result.output.replace("\n", " ")
