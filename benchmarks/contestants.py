"""The servers that are measured, each alone on its core: the sandbox, and what people would use instead."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mocks
import peers
from wrk import SERVER_CORE, pinned

_START_SECONDS = 60
# What uvicorn does when the app does nothing; with the loop and the parser that the sandbox has.
_CONSTANT = """
import sys, uvicorn
BODY = sys.argv[1].encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
options = dict(loop="asyncio", http="httptools", lifespan="off", log_level="error", access_log=False)
uvicorn.run(app, port=int(sys.argv[2]), **options)
"""


class Server(NamedTuple):
    """A running server: its name, its address, and the account whose conversations it has."""

    name: str
    base_url: str
    account: str = "12345678"


class Sandbox(NamedTuple):
    """The sandbox, and what its ready line said."""

    server: Server
    ready: dict[str, Any]

    def call(self, path: str, body: bytes | Any, headers: dict[str, str]) -> Any:
        """The decoded answer to one POST of JSON, or of a form that is given as bytes."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/x-www-form-urlencoded" if isinstance(body, bytes) else "application/json"
        given = {"Content-Type": kind, **headers}
        request = urllib.request.Request(self.server.base_url + path, data, given)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def reset(self) -> None:
        """Let it forget every conversation; tokens stay good."""
        self.call("/sandbox/reset", {}, {"Authorization": f"Bearer {self.ready['control_token']}"})

    def app_jwt(self) -> str:
        """A token for the app of this sandbox."""
        path = f"/sentinel/api/account/{self.server.account}/app/token?v=1.0&grant_type=client_credentials"
        form = f"client_id={self.ready['client_id']}&client_secret={self.ready['client_secret']}".encode()
        token: str = self.call(path, form, {})["access_token"]
        return token

    def consumer_jws(self, app_jwt: str, consumer: str) -> str:
        """A token for a consumer."""
        path = f"/api/account/{self.server.account}/consumer?v=1.0"
        token: str = self.call(path, {"ext_consumer_id": consumer}, {"Authorization": app_jwt})["token"]
        return token


@contextlib.contextmanager
def sandbox() -> Iterator[Sandbox]:
    command = [sys.executable, "-m", "connectorkit", "sandbox"]
    with _running(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield Sandbox(Server("sandbox", ready["base_url"], ready["account_id"]), ready)


@contextlib.contextmanager
def constant() -> Iterator[Server]:
    port = _free_port()
    body = json.dumps({"code": "OK", "body": {"sequence": 0}, "reqId": "1"})
    with _running([sys.executable, "-c", _CONSTANT, body, str(port)]):
        yield _answering(Server("uvicorn, a constant", f"http://127.0.0.1:{port}"))


@contextlib.contextmanager
def prism(log: bool = True) -> Iterator[Server]:
    """As it is started by its documents, or without the lines it prints for each request."""
    options = [] if log else ["--verboseLevel", "error"]
    with _description(mocks.openapi()) as file:
        port = _free_port()
        with _running([str(peers.node("prism")), "mock", "--port", str(port), *options, file]):
            yield _answering(Server("Prism" if log else "Prism, silent", f"http://127.0.0.1:{port}"))


@contextlib.contextmanager
def mockoon() -> Iterator[Server]:
    with _description(mocks.mockoon()) as file:
        port = _free_port()
        options = ["--disable-log-to-file", "--disable-admin-api", "--hostname", "127.0.0.1"]
        command = [str(peers.node("mockoon-cli")), "start", *options, "--port", str(port), "--data", file]
        with _running(command):
            yield _answering(Server("Mockoon", f"http://127.0.0.1:{port}"))


@contextlib.contextmanager
def _description(content: dict[str, Any]) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "description.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        yield str(file)


@contextlib.contextmanager
def _running(command: list[str], stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(pinned(command, SERVER_CORE), stdout=stdout, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answering(server: Server) -> Server:
    """The server, once it answers anything at all."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(server.base_url):
                return server
        except urllib.error.HTTPError:
            return server
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{server.name} did not answer within {_START_SECONDS} seconds.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
