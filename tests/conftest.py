"""Shared fixtures: one real sandbox server per test run, reset for each test, and clients of both kinds."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import httpx
import jwt
import pytest

from connectorkit import AsyncClient, Client
from connectorkit.conversations import AsyncDialog
from connectorkit.journey import AsyncConsumer
from connectorkit.log import Log
from connectorkit.redact import Secret
from connectorkit.settings import Settings

ACCOUNT = "12345678"
CLIENT_SECRET = "s3cret/with+odd&signs%0001"


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests reaches them, and no log of theirs is touched."""
    for name in [name for name in os.environ if name.startswith("CONNECTORKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CONNECTORKIT_LOG", str(tmp_path / "log.sqlite3"))


@pytest.fixture
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working directory without a ``.env`` file, here or in a child process."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


# --- The real sandbox --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[dict[str, Any]]:
    """The ready line of a sandbox server started as an outside client would start it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "connectorkit", "sandbox", "--seed", "1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())
    process.terminate()
    process.wait(timeout=10)
    process.stdout.close()


@pytest.fixture(scope="session")
def control(sandbox_process: dict[str, Any]) -> Iterator[httpx.Client]:
    """The sandbox's control API."""
    with httpx.Client(
        base_url=sandbox_process["base_url"],
        headers={"Authorization": f"Bearer {sandbox_process['control_token']}"},
        trust_env=False,
    ) as http:
        yield http


@pytest.fixture
def sandbox(sandbox_process: dict[str, Any], control: httpx.Client) -> dict[str, Any]:
    """The ready line of a running sandbox whose state was just reset."""
    answer = control.post("/sandbox/reset")
    assert answer.status_code == 200, answer.text
    return sandbox_process


@pytest.fixture
def settings(sandbox: dict[str, Any], tmp_path: Path) -> Settings:
    """Settings for the running sandbox, with a log file of the test's own."""
    return Settings(
        account_id=sandbox["account_id"],
        client_id=sandbox["client_id"],
        client_secret=Secret(sandbox["client_secret"]),
        domain_lookup=sandbox["base_url"],
        scheme="http",
        log=str(tmp_path / "log.sqlite3"),
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    """A synchronous client of the sandbox."""
    with Client(settings) as client:
        yield client


# --- Both kinds of client ----------------------------------------------------------------------------


class Waiting:
    """An asynchronous object whose methods are waited for: one test body serves both kinds of client."""

    def __init__(self, subject: Any, loop: asyncio.Runner) -> None:
        self.subject = subject
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.subject, name)
        return self._waiting(value) if inspect.ismethod(value) else value

    def __repr__(self) -> str:
        return repr(self.subject)

    def _waiting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            result = method(*arguments, **options)
            if inspect.iscoroutine(result):
                result = self._loop.run(result)
            wrapped = isinstance(result, AsyncConsumer | AsyncDialog)
            return Waiting(result, self._loop) if wrapped else result

        return call


def _awaited(function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*arguments: Any) -> Any:
        return function(*arguments)

    return call


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def make_client(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Makes clients of either kind, with the same methods; all are closed afterwards."""
    made: list[Any] = []

    def make(settings: Settings, **options: Any) -> Any:
        if isinstance(transport := options.get("transport"), FakeService):
            options["transport"] = httpx.MockTransport(transport)
        if request.param is AsyncClient and "pause" in options:
            options["pause"] = _awaited(options["pause"])
        client = request.param(settings, **options)
        made.append(client if isinstance(client, Client) else Waiting(client, loop))
        return made[-1]

    with asyncio.Runner() as loop:
        yield make
        for client in made:
            client.close()


@pytest.fixture
def either(make_client: Callable[..., Any], settings: Settings) -> Any:
    """A client of the sandbox, of either kind."""
    return make_client(settings)


# --- A service that does as it is told ---------------------------------------------------------------


def decoded(request: httpx.Request) -> Any:
    """The body of a request, ``None`` where it is not JSON."""
    try:
        return json.loads(request.content)
    except ValueError:
        return None


class FakeService:
    """Answers every call well, unless ``answers`` holds something else for it; keeps what it was asked.

    An answer is a response, an exception to raise, or a function of the request.
    """

    paths: ClassVar = {
        f"/api/account/{ACCOUNT}/service/baseURI.json": "domains",
        f"/sentinel/api/account/{ACCOUNT}/app/token": "app_jwt",
        f"/api/account/{ACCOUNT}/consumer": "consumer_jws",
        f"/api/account/{ACCOUNT}/messaging/consumer/conversation": "conversation",
        f"/api/account/{ACCOUNT}/messaging/consumer/conversation/send": "send",
    }

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.asked: list[tuple[str, httpx.Request]] = []
        self.answers: dict[str, list[Any]] = defaultdict(list)
        self.tokens: list[str] = []
        self.hosts = dict.fromkeys(("sentinel", "idp", "asyncMessagingEnt"), "one.service.example")
        self.slow_seconds = 0.0

    def clock(self) -> float:
        return self.now

    @property
    def order(self) -> list[str]:
        """What was asked for, in order."""
        return [kind for kind, _ in self.asked]

    def requests(self, kind: str) -> list[httpx.Request]:
        return [request for asked, request in self.asked if asked == kind]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        kind = self.paths[request.url.path]
        # A copy: a repeated request is the same object with other headers.
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        asked.extensions = dict(request.extensions)
        self.asked.append((kind, asked))
        time.sleep(self.slow_seconds)
        answer = self.answers[kind].pop(0) if self.answers[kind] else getattr(self, kind)
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, httpx.Response):
            answer = answer(request)
        # With a stream, as from a network: one whose body is there already would never be read and closed.
        stream = httpx.ByteStream(answer.content)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)

    def domains(self, request: httpx.Request) -> httpx.Response:
        entries = [{"service": s, "account": ACCOUNT, "baseURI": host} for s, host in self.hosts.items()]
        return httpx.Response(200, json={"baseURIs": entries})

    def app_jwt(self, request: httpx.Request) -> httpx.Response:
        token = self.token(aud=ACCOUNT, iss="Sentinel", exp=int(self.now) + 3600)
        return httpx.Response(200, json={"access_token": token, "token_type": "Bearer"})

    def consumer_jws(self, request: httpx.Request) -> httpx.Response:
        consumer = json.loads(request.content)["ext_consumer_id"]
        token = self.token(account_id=ACCOUNT, ext_consumer_id=consumer, lp_consumer_id="c0ffee")
        return httpx.Response(201, json={"token": token})

    def conversation(self, request: httpx.Request) -> httpx.Response:
        bodies = ({}, {"conversationId": "conversation-1"}, {"sequence": 0})
        batch = decoded(request)
        items = batch if isinstance(batch, list) else []
        ids = [item.get("id", "1") for item in items if isinstance(item, dict)] or ["1", "2"]
        answers = [{"code": "OK", "body": b, "reqId": str(i)} for i, b in zip(ids, bodies, strict=False)]
        return httpx.Response(200, json=answers)

    def send(self, request: httpx.Request) -> httpx.Response:
        envelope = decoded(request)
        given = envelope.get("id", "7") if isinstance(envelope, dict) else "7"
        return httpx.Response(200, json={"code": "OK", "body": {"sequence": 0}, "reqId": str(given)})

    def token(self, **claims: Any) -> str:
        number = len(self.tokens)
        self.tokens.append(jwt.encode(claims | {"number": number}, "k" * 32, algorithm="HS256"))
        return self.tokens[-1]


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def fake_settings() -> Settings:
    """Settings that belong to ``FakeService``."""
    return Settings(
        account_id=ACCOUNT,
        client_id="app-1",
        client_secret=Secret(CLIENT_SECRET),
        domain_lookup="https://lookup.service.example",
        log=":memory:",
    )


@pytest.fixture
def faked(make_client: Callable[..., Any], fake_settings: Settings, service: FakeService) -> Any:
    """A client of ``service``, of either kind, which repeats nothing but what a new AppJWT may cure."""
    return make_client(fake_settings, transport=service, clock=service.clock, retry=False)


@pytest.fixture
def memory_log() -> Iterator[Log]:
    log = Log()
    yield log
    log.close()


# --- Waiting without guessing ------------------------------------------------------------------------


def wait_until(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """Poll until the condition holds; its value is returned."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still not so after {seconds} seconds"
        time.sleep(0.01)
    return value


@pytest.fixture
def eventually() -> Callable[..., Any]:
    return wait_until


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, sandbox: dict[str, Any]) -> Callable[..., None]:
    """Configures an account: the running sandbox's, unless told otherwise."""

    def use(**changes: str) -> None:
        for name in ("account_id", "client_id", "client_secret"):
            monkeypatch.setenv(f"CONNECTORKIT_{name.upper()}", changes.get(name, sandbox[name]))
        monkeypatch.setenv("CONNECTORKIT_DOMAIN_LOOKUP", changes.get("domain_lookup", sandbox["base_url"]))

    return use
