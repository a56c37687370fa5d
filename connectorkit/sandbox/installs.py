"""Installing apps over HTTP, as an administrator: list, read, create, replace, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from connectorkit import wire
from connectorkit.sandbox import manifest, refusals
from connectorkit.sandbox.apps import App, Apps
from connectorkit.sandbox.bodies import answer, decode, media_type, read_body
from connectorkit.sandbox.refusals import RequestRefused
from connectorkit.sandbox.routing import Route

_METHODS = "GET, PUT, DELETE"


class Installs:
    """Handlers of the installs' paths. ``is_admin`` tells whether a bearer is an administrator's session.

    ``on_change`` is called after each change, before it is answered.
    """

    def __init__(
        self,
        account_id: str,
        apps: Apps,
        is_admin: Callable[[str], bool],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._account_id = account_id
        self._apps = apps
        self._is_admin = is_admin
        self._on_change = on_change

    def routes(self) -> list[Route]:
        """The list, and one install."""
        return [
            Route(wire.INSTALLATIONS_PATH, self.installations, ("GET", "POST")),
            Route(wire.INSTALLATION_PATH, self.installation, ("GET", "POST", "PUT", "DELETE")),
        ]

    async def installations(self, request: Request) -> Response:
        """Every install, or a new one."""
        body = await read_body(request)
        self._check_caller(request)
        if request.method != "POST":
            return self._answer([app.public() for app in self._apps.all()])
        app = self._apps.install(self._manifest(request, body))
        return self._changed(app, 201)

    async def installation(self, request: Request) -> Response:
        """One install: read, replaced or deleted."""
        body = await read_body(request)
        self._check_caller(request)
        method = request.method
        if method == "POST":  # what proxies without PUT and DELETE let through
            method = request.headers.get("x-http-method-override", "").strip().upper()
            if method not in ("PUT", "DELETE"):
                raise refusals.plain(
                    405,
                    "Method not allowed; POST here needs X-HTTP-Method-Override: PUT",
                    {"Allow": _METHODS},
                )
        app = self._apps.get(request.path_params["app_id"])
        if app is None:
            raise refusals.plain(404, "No app with this id is installed; GET the list to see which are")
        if method == "PUT":
            self._check_revision(request)
            return self._changed(self._apps.replace(app.client_id, self._manifest(request, body)))
        if method == "DELETE":
            self._check_revision(request)
            return self._changed(self._apps.remove(app.client_id))
        return self._answer(app.public())

    def _check_caller(self, request: Request) -> None:
        scheme, _, bearer = request.headers.get(wire.AUTHORIZATION, "").strip().partition(" ")
        ours = request.path_params["account_id"] == self._account_id
        if scheme.lower() != "bearer" or not self._is_admin(bearer.strip()) or not ours:
            raise refusals.plain(
                401,
                "Send Authorization: Bearer {bearer}, from a login as this account's administrator",
                {"WWW-Authenticate": "Bearer"},
            )
        if request.query_params.getlist("v") != [wire.INSTALLATIONS_VERSION]:
            raise refusals.plain(400, f"v must be {wire.INSTALLATIONS_VERSION}; add ?v=1.0 to the URL")

    def _check_revision(self, request: Request) -> None:
        given = request.headers.get("if-match")
        now = {wire.REVISION: self._apps.revision}
        if given is None:
            raise refusals.plain(
                428, f"If-Match is missing; GET the install and send back its {wire.REVISION}", now
            )
        if given.strip().removeprefix("W/").strip('"') not in (self._apps.revision, "*"):
            raise refusals.plain(
                412,
                "The installs have changed since that revision; GET them again and repeat the change",
                now,
            )

    def _manifest(self, request: Request, body: bytes | None) -> dict[str, Any]:
        if body is None:
            raise refusals.plain(413, f"A manifest may have at most {wire.MAX_BODY_BYTES} bytes")
        if media_type(request) != wire.JSON_MEDIA_TYPE:
            raise refusals.plain(415, f"Content-Type must be {wire.JSON_MEDIA_TYPE}")
        try:
            return manifest.check(decode(body))
        except RequestRefused:
            raise refusals.plain(400, "The body is not valid JSON; send the manifest as an object") from None
        except manifest.ManifestError as error:
            raise refusals.plain(400, str(error)) from None

    def _changed(self, app: App, status: int = 200) -> Response:
        self._on_change()
        return self._answer(app.public(), status)

    def _answer(self, value: Any, status: int = 200) -> Response:
        return answer(value, status, {wire.REVISION: self._apps.revision})
