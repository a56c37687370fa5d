"""The sandbox over TLS, with a plain port beside it: as a client that nobody here wrote meets it."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from .conftest import ACCOUNT

LOOKUP = f"/api/account/{ACCOUNT}/service/baseURI.json?version=1.0"
HOSTS = {"sentinel": "va.sentinel.example", "swift": "va.swift.example:8443"}
BOTH = pytest.mark.parametrize("scheme", ["https", "http"])
Ready = dict[str, Any]


def start(*options: str, module: str = "connectorkit", **more: Any) -> tuple[subprocess.Popen[str], Ready]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def ended(process: subprocess.Popen[str]) -> tuple[str, int]:
    """What it said on standard error, and its exit code."""
    with process:
        _, errors = process.communicate(timeout=15)
    return errors.strip(), process.returncode


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    hosts = [f"--hosts={service}={host}" for service, host in HOSTS.items()]
    process, line = start("sandbox", "--tls", *hosts)
    yield line
    process.terminate()
    ended(process)


def connect(ready: Ready, scheme: str) -> HTTPConnection:
    parts = urlsplit(ready["base_url" if scheme == "https" else "plain_base_url"])
    assert parts.scheme == scheme
    assert parts.hostname is not None
    if scheme == "http":
        return HTTPConnection(parts.hostname, parts.port, timeout=10)
    trusting = ssl.create_default_context(cafile=ready["ca_path"])
    return HTTPSConnection(parts.hostname, parts.port, timeout=10, context=trusting)


def ask(connection: HTTPConnection, method: str, path: str, **options: Any) -> tuple[int, bytes]:
    connection.request(method, path, **options)
    answer = connection.getresponse()
    return answer.status, answer.read()


# --- Two ports ---------------------------------------------------------------------------------------


def test_domain_answers_name_the_tls_address_on_both_ports() -> None:
    process, ready = start("--tls", module="connectorkit.sandbox", stdin=subprocess.PIPE)
    answers = []
    for scheme in ("https", "http"):
        with closing(connect(ready, scheme)) as connection:
            answers.append(json.loads(ask(connection, "GET", LOOKUP)[1]))
    process.terminate()
    ended(process)

    named = {entry["baseURI"] for entry in answers[0]["baseURIs"]}
    assert named == {urlsplit(ready["base_url"]).netloc}
    assert answers[0] == answers[1]


@BOTH
def test_domain_answers_name_the_hosts_that_were_set(ready: Ready, scheme: str) -> None:
    with closing(connect(ready, scheme)) as connection:
        entries = json.loads(ask(connection, "GET", LOOKUP)[1])["baseURIs"]

    own = urlsplit(ready["base_url"]).netloc
    services = ("sentinel", "idp", "asyncMessagingEnt", "swift", "agentVep", "accountConfigReadWrite")
    assert {entry["service"]: entry["baseURI"] for entry in entries} == dict.fromkeys(services, own) | HOSTS


@pytest.mark.parametrize("taken", ["--port", "--plain-port"])
def test_a_taken_port_is_said_to_be_taken(taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        result = subprocess.run(
            [sys.executable, "-m", "connectorkit", "sandbox", "--tls", taken, str(port)],
            capture_output=True,
            text=True,
            timeout=15,
        )

    said = f"Error: Port {port} on 127.0.0.1 is taken. Choose another, or 0.\n"
    assert (result.returncode, result.stdout, result.stderr) == (1, "", said)


# --- The certificate ---------------------------------------------------------------------------------


def shake_hands(ready: Ready, name: str, context: ssl.SSLContext) -> str | None:
    """The version of TLS agreed on with a client that took the sandbox for ``name``."""
    parts = urlsplit(ready["base_url"])
    line = socket.create_connection((parts.hostname, parts.port), timeout=10)
    with line, context.wrap_socket(line, server_hostname=name) as secured:
        return secured.version()


@pytest.mark.parametrize(
    "name",
    [
        *("localhost", "127.0.0.1", "::1", "api.liveperson.net", "adminlogin.liveperson.net"),
        *("va.sentinel.example", "va.swift.example"),
    ],
)
def test_a_client_that_trusts_the_ca_believes_each_name(ready: Ready, name: str) -> None:
    assert shake_hands(ready, name, ssl.create_default_context(cafile=ready["ca_path"])) == "TLSv1.3"


def test_another_name_is_not_believed(ready: Ready) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake_hands(ready, "va.idp.example", ssl.create_default_context(cafile=ready["ca_path"]))


def test_a_client_without_the_ca_believes_nothing(ready: Ready) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        shake_hands(ready, "localhost", ssl.create_default_context())


def test_tls_1_2_will_do(ready: Ready) -> None:
    context = ssl.create_default_context(cafile=ready["ca_path"])
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    assert shake_hands(ready, "localhost", context) == "TLSv1.2"


def test_certificates_can_be_kept_between_runs(tmp_path: Path) -> None:
    kept = []
    for _ in range(2):
        process, ready = start("sandbox", "--tls", "--certificates", str(tmp_path / "kept"))
        assert Path(ready["ca_path"]).parent == tmp_path / "kept"
        kept.append(Path(ready["ca_path"]).read_bytes())
        process.terminate()
        ended(process)

    assert kept[0] == kept[1]
    assert len(list((tmp_path / "kept").iterdir())) == 3


# --- What real clients send --------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("host", ["va.msg.example", "api.liveperson.net", "whoever.example:443"])
def test_a_redirected_client_may_send_the_vendors_host(ready: Ready, scheme: str, host: str) -> None:
    with closing(connect(ready, scheme)) as connection:
        assert ask(connection, "GET", LOOKUP, headers={"Host": host})[0] == 200


@BOTH
@pytest.mark.parametrize("foreign", [{"Host": "va.sentinel.example"}, {"Origin": "https://evil.example"}])
def test_the_control_api_stays_on_this_machine(ready: Ready, scheme: str, foreign: dict[str, str]) -> None:
    token = {"Authorization": f"Bearer {ready['control_token']}"}
    with closing(connect(ready, scheme)) as connection:
        statuses = [
            ask(connection, "GET", path, headers=token | more)[0]
            for path in ("/sandbox/about", "/sandbox/state")
            for more in ({}, foreign)
        ]

    assert statuses == [200, 403, 200, 403]


@BOTH
@pytest.mark.parametrize("size", [10, 3_000_000])
def test_a_body_where_none_is_wanted_does_not_upset_the_connection(
    ready: Ready, scheme: str, size: int
) -> None:
    body = b"{" * size
    with closing(connect(ready, scheme)) as connection:
        connection.connect()
        line = connection.sock

        answers = [
            ask(connection, "GET", LOOKUP, body=body),
            ask(connection, "GET", LOOKUP, body=iter([body, body]), encode_chunked=True),
            ask(connection, "HEAD", LOOKUP),
            ask(connection, "GET", LOOKUP),
        ]

        assert [status for status, _ in answers] == [200] * 4
        assert [len(answer) > 0 for _, answer in answers] == [True, True, False, True]
        assert connection.sock is line


@BOTH
def test_a_client_that_waits_for_100_continue_gets_it(ready: Ready, scheme: str) -> None:
    head = f"POST /api/account/{ACCOUNT}/consumer HTTP/1.1\r\nHost: va.idp.example\r\nContent-Length: 2\r\n"
    with closing(connect(ready, scheme)) as connection:
        connection.connect()
        connection.sock.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        first = connection.sock.recv(1000)
        connection.sock.sendall(b"{}")
        second = connection.sock.recv(1000)

    assert first == b"HTTP/1.1 100 \r\n\r\n" or first.startswith(b"HTTP/1.1 100 Continue\r\n")
    assert second.startswith(b"HTTP/1.1 401 ")


@BOTH
def test_answers_are_not_held_back_for_packets_to_fill(ready: Ready, scheme: str) -> None:
    took = []
    with closing(connect(ready, scheme)) as connection:
        for _ in range(40):
            began = time.perf_counter()
            ask(connection, "GET", LOOKUP)
            took.append(time.perf_counter() - began)

    # Without TCP_NODELAY every call but the first ones takes 40 ms or more.
    assert min(took[20:]) < 0.03


# --- The end -----------------------------------------------------------------------------------------


def test_both_ports_end_together_and_quietly_though_clients_rest_connected() -> None:
    process, ready = start("sandbox", "--tls")
    with closing(connect(ready, "https")) as secured, closing(connect(ready, "http")) as plain:
        assert [ask(c, "GET", "/sandbox/about")[0] for c in (secured, plain)] == [200, 200]

        process.send_signal(signal.SIGINT)

        assert ended(process) == ("The sandbox has stopped.", 0)
    for scheme in ("https", "http"):
        with (
            closing(connect(ready | {"ca_path": None}, scheme)) as gone,
            pytest.raises(ConnectionRefusedError),
        ):
            gone.connect()
    assert not Path(ready["ca_path"]).parent.exists()


def test_a_terminated_sandbox_leaves_no_certificates_behind() -> None:
    process, ready = start("sandbox", "--tls")

    process.terminate()

    assert ended(process) == ("", -signal.SIGTERM)
    assert not Path(ready["ca_path"]).parent.exists()


def test_a_child_leaves_when_its_parent_is_gone() -> None:
    process, ready = start("--tls", module="connectorkit.sandbox", stdin=subprocess.PIPE)
    with closing(connect(ready, "https")) as connection:
        assert ask(connection, "GET", "/sandbox/about")[0] == 200

        # Closing its standard input is what the system does when a parent dies.
        assert ended(process) == ("", 0)
    assert not Path(ready["ca_path"]).parent.exists()
