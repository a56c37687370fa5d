"""The control API under ``/sandbox/``: for the kit and for tests, never for web pages or other hosts."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from connectorkit import wire
from connectorkit.sandbox import manifest, refusals
from connectorkit.sandbox.agent import ACTIONS
from connectorkit.sandbox.apps import DEFAULT_RETENTION_SECONDS, default_manifest
from connectorkit.sandbox.bodies import answer, decode, read_body
from connectorkit.sandbox.limits import DOES_NOT_IMITATE, FAULTS, IMITATES
from connectorkit.sandbox.refusals import RequestRefused
from connectorkit.sandbox.routing import Endpoint, Route
from connectorkit.sandbox.snapshots import Snapshots
from connectorkit.sandbox.world import World

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_ADVANCE_SECONDS = 20 * 366 * 86400  # in all, from real time


class Control:
    """Handlers of ``/sandbox/``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._snapshots = Snapshots(world)

    def routes(self) -> list[Route]:
        """Every control path; all but ``about`` want the control token."""

        def route(path: str, **endpoints: Endpoint) -> Route:
            # One route for all methods of a path, so that 405 names them all.
            async def dispatch(request: Request) -> Response:
                return await endpoints["GET" if request.method == "HEAD" else request.method](request)

            return Route(path, self._guarded(dispatch), tuple(endpoints))

        return [
            Route("/sandbox/about", self._local(self.about), ("GET",)),
            route("/sandbox/clock", GET=self.read_clock, POST=self.advance_clock),
            route("/sandbox/state", GET=self.state),
            route("/sandbox/reset", POST=self.reset),
            route("/sandbox/settings", GET=self.settings, POST=self.change_settings),
            route("/sandbox/agent", POST=self.agent),
            route("/sandbox/webhook", POST=self.webhook),
            route("/sandbox/deliveries", GET=self.read_deliveries),
            route("/sandbox/settle", POST=self.settle),
            route("/sandbox/faults", GET=self.read_faults, POST=self.add_fault, DELETE=self.remove_faults),
            route("/sandbox/snapshot", POST=self.snapshot),
            route("/sandbox/restore", POST=self.restore),
        ]

    async def about(self, request: Request) -> Response:
        """What this is, what it does not imitate, and how to control it."""
        return answer(
            {
                "name": "connectorkit sandbox",
                "account_id": self.world.account_id,
                "seed": self.world.seed,
                "imitates": IMITATES,
                "does_not_imitate": DOES_NOT_IMITATE,
                "faults": FAULTS,
                "control": {
                    "authorization": "Bearer {control_token}, from the line printed at start",
                    "GET /sandbox/clock": "the sandbox's time",
                    "POST /sandbox/clock": '{"advance_seconds": 3660}: what falls due meanwhile is done',
                    "GET /sandbox/state": "profiles, conversations and warnings",
                    "GET /sandbox/settings": "what can be set, as it is now",
                    "POST /sandbox/settings": '{"signature_algorithm": "sha256"}: any of them',
                    "POST /sandbox/agent": '{"conversation_id": "…", "action": "text", "text": "Hello"}; '
                    f"actions are {', '.join(ACTIONS)}",
                    "POST /sandbox/webhook": '{"url": "…", "retention_time": 3600}: where the first app is '
                    "notified, or null; for how many seconds what fails is kept",
                    "GET /sandbox/deliveries": "every attempt to deliver a notification; each app's state",
                    "POST /sandbox/settle": '{"seconds": 1}: wait until nothing is under way',
                    "GET /sandbox/faults": "the faults that are on, and how often each has struck",
                    "POST /sandbox/faults": '{"status": 503, "on": "send", "times": 2}: something goes '
                    "wrong, as told under faults; answers with a fault_id",
                    "DELETE /sandbox/faults": '{"fault_id": "1"}: no longer; without a body, nothing does',
                    "POST /sandbox/snapshot": "remember everything; answers with a snapshot_id",
                    "POST /sandbox/restore": '{"snapshot_id": "…"}: return to it',
                    "POST /sandbox/reset": "forget all that happened and was set, return to real time",
                },
            }
        )

    async def read_clock(self, request: Request) -> Response:
        """The time it is in the sandbox."""
        return self._time()

    async def advance_clock(self, request: Request) -> Response:
        """Move the clock forward."""
        given = await _json_object(request)
        seconds, settle = given.get("advance_seconds"), given.get("settle", True)
        if not isinstance(settle, bool):
            raise refusals.plain(400, "settle must be true or false")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise refusals.plain(400, "advance_seconds must be a number of seconds")
        left = _LONGEST_ADVANCE_SECONDS - self.world.clock.advanced_seconds
        if not 0 <= seconds <= left:  # also false for what is not a number
            raise refusals.plain(
                400, f"advance_seconds must be from 0 to {left:.0f}; reset returns to real time"
            )
        await self.world.schedule.advance(seconds, settle=settle)
        return self._time()

    async def state(self, request: Request) -> Response:
        """Everything the messaging service remembers."""
        world = self.world
        return answer(
            {"account_id": world.account_id, **world.account.dump(), "warnings": world.warnings.dump()}
        )

    async def reset(self, request: Request) -> Response:
        """Start afresh."""
        self.world.reset()
        return answer({"reset": True})

    async def settings(self, request: Request) -> Response:
        """What can be set."""
        return answer(self.world.options.dump())

    async def change_settings(self, request: Request) -> Response:
        """Set some of it."""
        given = await _json_object(request)
        self.world.options.set(given)
        if "auto_close_seconds" in given:  # its 25 minutes begin anew, which no other setting may do
            self.world.auto_close.arm()
        return answer(self.world.options.dump())

    async def agent(self, request: Request) -> Response:
        """Play the agent."""
        return answer(self.world.desk.act(await _json_object(request)))

    async def webhook(self, request: Request) -> Response:
        """Have the first app notified of everything somewhere, as ``--webhook`` does."""
        given = await _json_object(request)
        if "url" not in given:
            raise refusals.plain(400, "url is missing; null stands for nowhere")
        url = given["url"]
        wanted = default_manifest(url, given.get("retention_time", DEFAULT_RETENTION_SECONDS))
        try:
            if url is not None:
                manifest.check_endpoint(url, "url")
            manifest.check(wanted)
        except manifest.ManifestError as error:
            raise refusals.plain(400, str(error)) from None
        self.world.apps.change_first(wanted)
        self.world.installs_changed()
        return answer({"url": url})

    async def read_deliveries(self, request: Request) -> Response:
        """How the notifications fared."""
        return answer(self.world.deliveries.report())

    async def settle(self, request: Request) -> Response:
        """Wait until agents and deliveries have nothing to do."""
        seconds = (await _json_object(request)).get("seconds", 1.0)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 60:
            raise refusals.plain(400, "seconds must be a number from 0 to 60")
        return answer({"settled": await self.world.schedule.settle(seconds)})

    async def add_fault(self, request: Request) -> Response:
        """Let something go wrong from now on."""
        try:
            return answer({"fault_id": self.world.faults.add(await _json_object(request))})
        except ValueError as error:
            raise refusals.plain(400, str(error)) from None

    async def read_faults(self, request: Request) -> Response:
        """What goes wrong, and how often it has."""
        return answer({"faults": self.world.faults.listed()})

    async def remove_faults(self, request: Request) -> Response:
        """Let one thing go wrong no longer, or all."""
        body = await read_body(request)
        if body == b"":
            self.world.faults.clear()
            return answer({"faults": []})
        fault_id = _object(body).get("fault_id")
        if not isinstance(fault_id, str) or not self.world.faults.was_added(fault_id):
            raise refusals.plain(404, "There is no such fault; GET /sandbox/faults lists those that are on")
        return answer({"fault_id": fault_id, "hits": self.world.faults.remove(fault_id)})

    async def snapshot(self, request: Request) -> Response:
        """Remember everything."""
        return answer({"snapshot_id": self._snapshots.take()})

    async def restore(self, request: Request) -> Response:
        """Return to a snapshot."""
        snapshot_id = (await _json_object(request)).get("snapshot_id")
        if not isinstance(snapshot_id, str) or not self._snapshots.restore(snapshot_id):
            raise refusals.plain(404, "There is no such snapshot; POST /sandbox/snapshot makes one")
        return answer({"restored": snapshot_id})

    def _time(self) -> Response:
        now = self.world.clock.now()
        return answer(
            {
                "now": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"),
                "now_ms": int(now * 1000),
                "advanced_seconds": self.world.clock.advanced_seconds,
            }
        )

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            expected = f"Bearer {self.world.control_token}"
            if not secrets.compare_digest(
                request.headers.get(wire.AUTHORIZATION, "").encode("latin-1", "replace"), expected.encode()
            ):
                raise refusals.plain(
                    401, "Send Authorization: Bearer {control_token}, from the line the sandbox printed"
                )
            return await endpoint(request)

        return self._local(guarded)

    @staticmethod
    def _local(endpoint: Endpoint) -> Endpoint:
        """Refuse foreign Host and Origin, so that no web page can steer the sandbox."""

        @wraps(endpoint)
        async def local(request: Request) -> Response:
            host = _host_name(f"//{request.headers.get('host', '')}")
            origin = request.headers.get("origin")
            if host not in _LOOPBACK or (origin is not None and _host_name(origin) not in _LOOPBACK):
                raise refusals.plain(403, "The control API is for this machine only; use 127.0.0.1")
            return await endpoint(request)

        return local


def _host_name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


async def _json_object(request: Request) -> dict[str, Any]:
    return _object(await read_body(request))


def _object(body: bytes | None) -> dict[str, Any]:
    if body is None:
        raise refusals.plain(413, f"The body is over the limit of {wire.MAX_BODY_BYTES} bytes")
    try:
        value = decode(body)
    except RequestRefused:
        raise refusals.plain(400, "The body is not valid JSON") from None
    if not isinstance(value, dict):
        raise refusals.plain(400, "The body must be a JSON object")
    return value
