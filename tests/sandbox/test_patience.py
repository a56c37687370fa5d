"""Answers that come late or slowly, by the sandbox's clock, and clients that do not wait for them."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from connectorkit.sandbox.app import create_app
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.world import World
from connectorkit.serving import Listener

from .conftest import ACCOUNT, Now
from .receivers import in_a_loop

LOOKUP = f"/api/account/{ACCOUNT}/service/idp/baseURI.json"
LENGTH = 65
START = Now.seconds


class Call:
    """A domain lookup without a server: what was sent, and when by the sandbox's clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pieces: list[tuple[float, bytes]] = []
        self.status: int | None = None
        self.left = asyncio.Event()
        self._asked = False
        self.task = asyncio.create_task(self._run())

    @property
    def sent(self) -> bytes:
        return b"".join(piece for _, piece in self.pieces)

    async def _run(self) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": LOOKUP,
            "query_string": b"version=1.0",
            "headers": [],
        }
        await create_app(self.world)(scope, self._receive, self._send)

    async def _receive(self) -> Any:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["body"]:
            self.pieces.append((self.world.clock.now() - START, message["body"]))


async def turns() -> None:
    """As many turns of the loop as anything here could need."""
    for _ in range(100):
        await asyncio.sleep(0)


@asynccontextmanager
async def struck(*specs: dict[str, Any]) -> AsyncIterator[tuple[World, Call]]:
    """A world whose clock stands still, and a call that its faults have struck."""
    world = World(ACCOUNT, clock=Clock(Now()))
    world.host = "127.0.0.1:8080"
    for spec in specs:
        world.faults.add(spec)
    call = Call(world)
    await turns()
    yield world, call
    call.left.set()
    await asyncio.wait([call.task])


# --- Late --------------------------------------------------------------------------------------------


@in_a_loop
async def test_a_late_answer_waits_for_the_sandboxs_clock() -> None:
    async with struck({"delay": 30}) as (world, call):
        await world.schedule.advance(29.9)
        await turns()
        early = call.status
        await world.schedule.advance(0.1)
        await turns()

        assert (early, call.status, len(call.sent)) == (None, 200, LENGTH)


@in_a_loop
async def test_delays_add_up() -> None:
    async with struck({"delay": 30}, {"delay": 12, "status": 503}) as (world, call):
        await world.schedule.advance(41)
        await turns()
        early = call.status
        await world.schedule.advance(1)
        await turns()

        assert (early, call.status) == (None, 503)


@in_a_loop
async def test_what_was_asked_for_is_done_before_the_answer_is_late() -> None:
    world = World(ACCOUNT, clock=Clock(Now()))
    world.faults.add({"delay": 3600, "on": "conversation"})
    transport = httpx.ASGITransport(create_app(world))
    headers = {
        "Authorization": world.issuer.app_jwt("app-1"),
        "X-LP-ON-BEHALF": world.issuer.consumer_jws("anna"),
    }
    request = {"id": "2", "type": "cm.ConsumerRequestConversation", "body": {"brandId": ACCOUNT}}
    batch = [{"id": "1", "type": "userprofile.SetUserProfile", "body": {}}, request]
    path = f"http://127.0.0.1/api/account/{ACCOUNT}/messaging/consumer/conversation?v=3"
    async with httpx.AsyncClient(transport=transport) as http:
        call = asyncio.create_task(http.post(path, json=batch, headers=headers))
        await turns()

        opened, answered = len(world.account.conversations), call.done()
        await world.schedule.advance(3600)
        answer = await call

    assert (opened, answered) == (1, False)
    assert answer.status_code == 200


@in_a_loop
async def test_a_reset_lets_a_late_answer_go() -> None:
    async with struck({"delay": 3600}) as (world, call):
        world.reset()
        await turns()

        assert (call.status, world.patience.waiting) == (200, 0)


# --- Slowly ------------------------------------------------------------------------------------------


@in_a_loop
async def test_a_dribbling_answer_comes_byte_by_byte() -> None:
    async with struck({"dribble": 1}) as (world, call):
        begun = call.status
        for _ in range(LENGTH):
            await world.schedule.advance(1)
            await turns()

        assert begun == 200
        assert call.task.done()
        assert [(round(at), len(piece)) for at, piece in call.pieces] == [
            (second, 1) for second in range(1, LENGTH + 1)
        ]
        assert json.loads(call.sent)["service"] == "idp"


@in_a_loop
async def test_time_that_is_advanced_counts_for_all_of_a_dribbling_answer() -> None:
    async with struck({"dribble": 1}) as (world, call):
        await world.schedule.advance(20)
        await turns()
        first = len(call.sent)
        await world.schedule.advance(3600)
        await turns()

        assert first == 20
        assert call.task.done()
        assert len(call.sent) == LENGTH


@in_a_loop
async def test_a_dribbling_answer_may_be_late_as_well() -> None:
    async with struck({"dribble": 1, "delay": 10}) as (world, call):
        await world.schedule.advance(9)
        await turns()
        early = call.status
        await world.schedule.advance(3)
        await turns()

        assert (early, call.status, len(call.sent)) == (None, 200, 2)


@in_a_loop
async def test_a_reset_lets_the_rest_of_a_dribbling_answer_go() -> None:
    async with struck({"dribble": 1}) as (world, call):
        await world.schedule.advance(5)
        await turns()
        world.reset()
        await turns()

        assert call.task.done()
        assert len(call.sent) == LENGTH


# --- Clients that leave, servers that stop -----------------------------------------------------------


@in_a_loop
async def test_a_client_that_leaves_ends_the_waiting_without_a_trace() -> None:
    before = asyncio.all_tasks()
    async with struck({"delay": 3600}) as (world, call):
        waiting = world.patience.waiting
        call.left.set()
        await turns()

        assert (waiting, world.patience.waiting, call.status) == (1, 0, None)
        assert asyncio.all_tasks() == before
        assert world.schedule._next() is None


@in_a_loop
async def test_a_client_that_leaves_ends_a_dribbling_answer() -> None:
    before = asyncio.all_tasks()
    async with struck({"dribble": 0.1}) as (world, call):
        call.left.set()
        await turns()

        assert world.patience.waiting == 0
        assert asyncio.all_tasks() == before


@in_a_loop
async def test_nobody_begins_to_wait_once_the_server_stops() -> None:
    world = World(ACCOUNT, clock=Clock(Now()))
    world.patience.release(for_good=True)
    world.faults.add({"delay": 3600})

    call = Call(world)
    await turns()

    assert (call.task.done(), call.status) == (True, 200)


@pytest.mark.parametrize("spec", [{"delay": 3600}, {"dribble": 0.1}], ids=["late", "dribbling"])
def test_sockets_that_are_closed_end_the_waiting(
    eventually: Callable[..., Any], spec: dict[str, Any]
) -> None:
    world = World(ACCOUNT)
    world.faults.add(spec)
    listener = Listener(create_app(world), "127.0.0.1", 0)
    address = listener.start()
    clients = [socket.create_connection(address, timeout=10) for _ in range(5)]
    for client in clients:
        client.sendall(f"GET {LOOKUP}?version=1.0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    eventually(lambda: world.patience.waiting == 5)

    for client in clients:
        client.close()

    eventually(lambda: world.patience.waiting == 0)
    eventually(lambda: not listener._server.server_state.tasks)
    listener.stop()


@pytest.mark.parametrize("spec", [{"delay": 86400}, {"dribble": 0.1}], ids=["late", "dribbling"])
def test_a_sandbox_that_is_stopped_gives_the_answers_that_wait(spec: dict[str, Any]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "connectorkit", "sandbox"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    headers = {"Authorization": f"Bearer {ready['control_token']}"}
    control = f"{ready['base_url']}/sandbox/faults"
    with httpx.Client(headers=headers, trust_env=False) as http:
        http.post(control, json=spec)
        parts = urlsplit(ready["base_url"])
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as waiting:
            waiting.sendall(f"GET {LOOKUP}?version=1.0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            while not http.get(control).json()["faults"][0]["hits"]:
                pass
            process.send_signal(signal.SIGTERM)
            received = b""
            while chunk := waiting.recv(65536):
                received += chunk
    with process:
        _, errors = process.communicate(timeout=15)

    assert json.loads(received.partition(b"\r\n\r\n")[2])["service"] == "idp"
    assert errors == ""


# --- Without a connection ----------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "in", "after"])
def test_an_app_called_without_a_connection_says_that_there_is_none_to_drop(
    world: World, ask: Callable[..., httpx.Response], when: str
) -> None:
    world.faults.add({"drop": when})

    with pytest.raises(RuntimeError, match="called without one"):
        ask("GET", f"{LOOKUP}?version=1.0")
