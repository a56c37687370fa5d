"""Keeps the AppJWT fresh while a run lasts, by the kit's own client, beside the run."""

from __future__ import annotations

import asyncio

from connectorkit.errors import ConnectorError
from connectorkit.load.requests import Stationery, asks_for_app_jwt, error_code


class Upkeep:
    """Looks after the token that the requests of a run carry; fetching one is not counted."""

    def __init__(self, stationery: Stationery) -> None:
        self._stationery = stationery
        self._under_way: asyncio.Task[None] | None = None

    def after(self, status: int, body: bytes, request: bytes) -> int | None:
        """The API's number in a refusal; one that a fresh token can cure has that fetched."""
        if status <= 0 or 200 <= status < 300:
            return None
        code = error_code(body)
        token = self._stationery.client.credentials.app_jwt
        # A late refusal of an older token says nothing about this one.
        if asks_for_app_jwt(status, code) and token is not None and token.secret.reveal().encode() in request:
            self._renew(refused=True)
        return code

    def look(self) -> None:
        """Fetch a token where the one in use is about to expire."""
        if self._stationery.client.credentials.fresh_app_jwt() is None:
            self._renew(refused=False)

    async def end(self) -> None:
        """Wait for what is under way."""
        if self._under_way is not None:
            await self._under_way

    def _renew(self, *, refused: bool) -> None:
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.get_running_loop().create_task(self._fetch(refused))

    async def _fetch(self, refused: bool) -> None:
        client = self._stationery.client
        try:
            await asyncio.to_thread(client.app_jwt, renew=refused)
        except ConnectorError:
            return  # the refusals that follow are counted, and say so
        self._stationery.epoch += 1
