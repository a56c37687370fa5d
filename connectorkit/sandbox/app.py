"""The sandbox as one ASGI app."""

from __future__ import annotations

from starlette.types import ASGIApp

from connectorkit.sandbox.control import Control
from connectorkit.sandbox.installs import Installs
from connectorkit.sandbox.misbehaving import Misbehaving
from connectorkit.sandbox.routing import Router
from connectorkit.sandbox.services import Services
from connectorkit.sandbox.storage import Storage
from connectorkit.sandbox.world import World


def create_app(world: World) -> ASGIApp:
    """The app over one world; runs in any ASGI server, or without one in a test."""
    routes = [
        *Services(world).routes(),
        *Storage(world.files).routes(),
        *Installs(world.account_id, world.apps, world.is_admin, world.installs_changed).routes(),
        *Control(world).routes(),
    ]
    return Misbehaving(Router(routes), world.faults, world.issuer, world.patience)
