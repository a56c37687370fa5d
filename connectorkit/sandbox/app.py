"""The sandbox as one ASGI app: routes, and a JSON answer for whatever goes wrong."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from connectorkit.sandbox import refusals
from connectorkit.sandbox.bodies import refused
from connectorkit.sandbox.control import Control
from connectorkit.sandbox.installs import Installs
from connectorkit.sandbox.misbehaving import Misbehaving
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.services import Services
from connectorkit.sandbox.storage import Storage
from connectorkit.sandbox.world import World

_WORDS = {404: "Unknown path", 405: "Method not allowed"}


def create_app(world: World) -> ASGIApp:
    """The app over one world; runs in any ASGI server, or without one in a test."""
    app = Starlette(
        routes=[
            *Services(world).routes(),
            *Storage(world.files).routes(),
            *Installs(world.account_id, world.apps, world.is_admin, world.installs_changed).routes(),
            *Control(world).routes(),
        ],
        exception_handlers={Refusal: _refused, HTTPException: _http_error, Exception: _failed},
    )
    app.router.redirect_slashes = False  # a path with one slash more is unknown, as any other
    return Misbehaving(app, world.faults, world.issuer, world.patience)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refused(error)


async def _failed(request: Request, error: Exception) -> Response:
    """A fault of the sandbox itself, in the form its clients can read."""
    return refused(refusals.plain(500, f"The sandbox failed ({type(error).__name__}); please report it"))


async def _http_error(request: Request, error: Exception) -> Response:
    """404 and 405 as plain JSON; ``Allow`` names the one method that works."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(m for m in headers["Allow"].split(", ") if m != "HEAD")
    return refused(refusals.plain(error.status_code, _WORDS.get(error.status_code, error.detail), headers))
