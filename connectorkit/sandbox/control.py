"""The control API under ``/sandbox/``: for the kit and for tests, never for web pages or other hosts."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectorkit import wire
from connectorkit.sandbox import refusals
from connectorkit.sandbox.bodies import answer, read_body
from connectorkit.sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_ADVANCE_SECONDS = 20 * 366 * 86400  # in all, from real time

IMITATES = {
    "services": "domain lookup, AppJWT (Sentinel), ConsumerJWS (IDP), CONVERSATION, SEND, agent login",
    "requests": "set profile, open, text, chat states, close (all three ways), CSAT, time to respond",
    "errors": "the authorisation errors 40001 and 40102-40105 and the documented 400, 404, 405, 413, 415",
    "clock": "tokens expire by the sandbox's clock, which can be advanced",
}
DOES_NOT_IMITATE = [
    "notifications: no webhook is sent, and no agent answers",
    "files, rich content, receipts by the consumer, surveys, Client-Properties features",
    "app installs and their manifests: there is one app, always enabled",
    "rate limits, 451 and 5xx answers",
    "warnings: members and attributes it does not know are ignored without a word",
    "campaign and skill routing: what is asked for is stored, nobody is routed",
    "the vendor's undocumented error texts: where no source gives one, the words are the sandbox's own",
    "the vendor's speed: answers come as fast as this machine can give them",
]


class Control:
    """Handlers of ``/sandbox/``."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        """Every control path; all but ``about`` want the control token."""

        def route(path: str, endpoint: Endpoint, method: str) -> Route:
            return Route(path, self._guarded(endpoint), methods=[method])

        return [
            Route("/sandbox/about", self._local(self.about), methods=["GET"]),
            route("/sandbox/clock", self.read_clock, "GET"),
            route("/sandbox/clock", self.advance_clock, "POST"),
            route("/sandbox/state", self.state, "GET"),
            route("/sandbox/reset", self.reset, "POST"),
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
                "control": {
                    "authorization": "Bearer {control_token}, from the line printed at start",
                    "GET /sandbox/clock": "the sandbox's time",
                    "POST /sandbox/clock": '{"advance_seconds": 3660}',
                    "GET /sandbox/state": "profiles and conversations",
                    "POST /sandbox/reset": "forget profiles and conversations, return to real time",
                },
            }
        )

    async def read_clock(self, request: Request) -> Response:
        """The time it is in the sandbox."""
        return self._time()

    async def advance_clock(self, request: Request) -> Response:
        """Move the clock forward."""
        seconds = (await _json_object(request)).get("advance_seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise refusals.plain(400, "advance_seconds must be a number of seconds")
        left = _LONGEST_ADVANCE_SECONDS - self.world.clock.advanced_seconds
        if not 0 <= seconds <= left:  # also false for what is not a number
            raise refusals.plain(
                400, f"advance_seconds must be from 0 to {left:.0f}; reset returns to real time"
            )
        self.world.clock.advance(seconds)
        return self._time()

    async def state(self, request: Request) -> Response:
        """Everything the messaging service remembers."""
        return answer({"account_id": self.world.account_id, **self.world.account.dump()})

    async def reset(self, request: Request) -> Response:
        """Start afresh."""
        self.world.reset()
        return answer({"reset": True})

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
    body = await read_body(request)
    try:
        value = json.loads(body or b"")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise refusals.plain(400, "The body must be a JSON object")
    return value
