"""The service's own endpoints: domain lookup, Sentinel, IDP, agent login, CONVERSATION and SEND."""

from __future__ import annotations

from typing import Any, NamedTuple, get_args
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from connectorkit import wire
from connectorkit.sandbox import messaging, properties, refusals
from connectorkit.sandbox.apps import App
from connectorkit.sandbox.bodies import answer, decode, media_type, read_body
from connectorkit.sandbox.issuer import InvalidToken, MissingClaim, bare_token
from connectorkit.sandbox.refusals import Refusal, bad
from connectorkit.sandbox.routing import Endpoint, PromptRoute, QuickRequest, Route
from connectorkit.sandbox.world import World

_UTF8_JSON = {"Content-Type": f"{wire.JSON_MEDIA_TYPE};charset=utf-8"}
_SERVICES = get_args(wire.Service)
_AUTHORIZATION, _ON_BEHALF, _CLIENT_PROPERTIES = (
    name.lower().encode() for name in (wire.AUTHORIZATION, wire.ON_BEHALF, wire.CLIENT_PROPERTIES)
)
_KEPT = 4096  # admissions that are remembered
_LONGEST_KEPT = 8192  # bytes of what was shown


class Services:
    """Handlers of the service's paths, over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._admitted: dict[_Shown, _Admission] = {}

    def routes(self) -> list[Route | PromptRoute]:
        """Every path with the one method it takes."""

        def route(template: str, endpoint: Endpoint, method: str = "POST") -> Route:
            return Route(template, endpoint, (method,))

        lookups = [
            route(template.removesuffix(ending), endpoint, "GET")
            for template, endpoint in ((wire.DOMAINS_PATH, self.domains), (wire.DOMAIN_PATH, self.domain))
            for ending in ("", ".json")  # clients look up with and without .json
        ]
        return [
            *lookups,
            route(wire.APP_JWT_PATH, self.app_jwt),
            route(wire.CONSUMER_JWS_PATH, self.consumer_jws),
            PromptRoute(wire.CONVERSATION_PATH, self.conversation, ("POST",)),
            PromptRoute(wire.SEND_PATH, self.send, ("POST",)),
            route(wire.AGENT_LOGIN_PATH, self.agent_login),
        ]

    # --- Domain lookup: no authentication ---

    async def domains(self, request: Request) -> Response:
        """Every service of the account and its host."""
        self._check_lookup(request)
        return answer(self._base_uris())

    async def domain(self, request: Request) -> Response:
        """The host of one service: a bare entry, no array."""
        self._check_lookup(request)
        name = request.path_params["service"]
        if name not in _SERVICES:
            raise refusals.plain(404, f"Service {name} is not known for this account")
        return answer(self._base_uri(name))

    def _check_lookup(self, request: Request) -> None:
        if request.query_params.get("version") != wire.DOMAINS_VERSION:
            raise refusals.plain(400, "version must be 1.0")
        if request.path_params["account_id"] != self.world.account_id:
            raise refusals.plain(401, "Bad site: the account is not known")

    def _base_uris(self) -> dict[str, Any]:
        return {"baseURIs": [self._base_uri(name) for name in _SERVICES]}

    def _base_uri(self, service: str) -> dict[str, str]:
        host = self.world.hosts.get(service, self.world.host)
        return {"service": service, "account": self.world.account_id, "baseURI": host}

    # --- Sentinel: the AppJWT ---

    async def app_jwt(self, request: Request) -> Response:
        """An AppJWT for client credentials, from the query, the form, or both."""
        body = await read_body(request)
        if body is None:
            raise refusals.oauth(413, "invalid_request", "Payload too large")
        form = _form(body) if media_type(request) == wire.FORM_MEDIA_TYPE else {}
        given = dict(request.query_params) | form  # the body wins (R31)
        for name in ("v", "grant_type", "client_id", "client_secret"):
            if not given.get(name):
                raise refusals.oauth(400, "invalid_request", f"{name} is missing")
        if request.query_params.get("v") != wire.APP_JWT_VERSION:
            raise refusals.oauth(400, "invalid_request", "v must be 1.0")
        if given["grant_type"] != wire.CLIENT_CREDENTIALS:
            raise refusals.oauth(400, "unsupported_grant_type", "grant_type must be client_credentials")
        app = self._app(request.path_params["account_id"], given)
        if app is None:
            raise _unknown_app(challenge="authorization" in request.headers)
        if not app.may_use(wire.CLIENT_CREDENTIALS):
            raise refusals.oauth(400, "unauthorized_client", "grant_types of the app lack client_credentials")
        if given.get("scope", wire.APP_JWT_SCOPE) != wire.APP_JWT_SCOPE:
            raise refusals.oauth(400, "invalid_scope", f"scope must be {wire.APP_JWT_SCOPE}")
        token = self.world.issuer.app_jwt(app.client_id)
        return answer({"access_token": token, "token_type": "Bearer"}, headers=_UTF8_JSON)

    def _app(self, account_id: str, given: dict[str, str]) -> App | None:
        app = self.world.apps.authenticate(given["client_id"], given["client_secret"])
        return app if account_id == self.world.account_id else None

    # --- IDP: the ConsumerJWS ---

    async def consumer_jws(self, request: Request) -> Response:
        """A ConsumerJWS for an external consumer id."""
        body = await read_body(request)
        self._check_app_jwt(request)
        try:
            given = decode(_checked(request, body))
        except Refusal as refusal:
            if refusal.status != 400:
                raise
            raise refusals.missing_parameter("Body is not valid JSON") from None
        ext_id = given.get("ext_consumer_id") if isinstance(given, dict) else None
        if not isinstance(ext_id, str) or not ext_id:
            raise refusals.missing_parameter("ext_consumer_id is missing")
        return answer({"token": self.world.issuer.consumer_jws(ext_id)}, 201, _UTF8_JSON)

    # --- Messaging: CONVERSATION and SEND ---

    def conversation(self, request: QuickRequest, body: bytes | None) -> Response:
        """CONVERSATION: a batch."""
        consumer_id, body = self._at_the_door(request, body)
        batch = decode(body)
        features = self._features(request)
        status, answers = messaging.conversation(self.world.account, consumer_id, batch, features)
        self._hide(answers)
        return answer(answers, status)

    def send(self, request: QuickRequest, body: bytes | None) -> Response:
        """SEND: one request."""
        consumer_id, body = self._at_the_door(request, body)
        envelope = decode(body)
        # Characters, not bytes, are what the documented limit counts.
        characters = len(body.decode())
        features = self._features(request)
        return answer(messaging.send(self.world.account, consumer_id, envelope, characters, features))

    def _hide(self, answers: list[Any]) -> None:
        """Let the conversation just opened be found later only, where a fault wants it so (R64)."""
        opened = [one["body"]["conversationId"] for one in answers if "conversationId" in one["body"]]
        if opened and (seconds := self.world.faults.slow_conversation()) is not None:
            self.world.account.hide(opened[0], seconds)

    def _features(self, request: QuickRequest) -> tuple[str, ...]:
        given = request.headers.first.get(_CLIENT_PROPERTIES)
        return properties.features(given.decode("latin-1"), self.world.warnings) if given else ()

    def _at_the_door(self, request: QuickRequest, body: bytes | None) -> tuple[str, bytes]:
        """Tokens, size, media type, version: in the documented order, whatever else is wrong."""
        shown = _shown(request)
        if body is not None and (admission := self._admitted.get(shown)) and self._holds(admission):
            return admission.consumer_id, body
        self._check_app_jwt(request)
        consumer_id = self._check_consumer_jws(request)
        checked = _checked(request, body)
        if request.query_params.get("v") != wire.MESSAGING_VERSION:
            raise bad("v must be 3")
        self._remember(shown, request, consumer_id)
        return consumer_id, checked

    def _holds(self, admission: _Admission) -> bool:
        """Whether an AppJWT that was good once is so now; nothing else of an admission changes."""
        try:
            self.world.issuer.check_app_jwt(admission.app_jwt, admission.account_id)
        except (InvalidToken, MissingClaim):
            return False
        return True

    def _remember(self, shown: _Shown, request: QuickRequest, consumer_id: str) -> None:
        if sum(map(len, shown)) > _LONGEST_KEPT:
            return
        # One that has "Bearer" before it never holds: it is looked at, and warned of, each time.
        given = request.headers.get(wire.AUTHORIZATION, "")
        if len(self._admitted) >= _KEPT:
            self._admitted.clear()
        self._admitted[shown] = _Admission(consumer_id, given, request.path_params["account_id"])

    def _check_app_jwt(self, request: Request) -> None:
        given = request.headers.get(wire.AUTHORIZATION, "").strip()
        if (bare := bare_token(given)) != given:
            given = bare
            self.world.warnings.add(wire.AUTHORIZATION, "Send the bare AppJWT: Bearer may not work elsewhere")
        if not given:
            raise refusals.door(wire.MISSING_APP_JWT)
        try:
            self.world.issuer.check_app_jwt(given, request.path_params["account_id"])
        except InvalidToken:
            raise refusals.door(wire.INVALID_APP_JWT) from None
        except MissingClaim:
            raise refusals.door(wire.MISSING_PARAMETER) from None

    def _check_consumer_jws(self, request: Request) -> str:
        given = request.headers.get(wire.ON_BEHALF, "").strip()
        if not given:
            raise refusals.door(wire.MISSING_CONSUMER_JWS)
        try:
            return self.world.issuer.check_consumer_jws(given, request.path_params["account_id"])
        except InvalidToken:
            raise refusals.door(wire.INVALID_CONSUMER_JWS) from None

    # --- Agent login ---

    async def agent_login(self, request: Request) -> Response:
        """A bearer for the administrator, with the whole domain lookup beside it (R75)."""
        given = decode(_checked(request, await read_body(request)))
        if request.path_params["account_id"] != self.world.account_id or not isinstance(given, dict):
            raise refusals.plain(401, "Unknown account, user name or password")
        expected = (self.world.admin_username, self.world.admin_password)
        if (given.get("username"), given.get("password")) != expected:
            raise refusals.plain(401, "Unknown account, user name or password")
        return answer(
            {
                "bearer": self.world.new_admin_bearer(),
                "sessionTTl": "3600",
                "config": {
                    "userId": "1",
                    "loginName": self.world.admin_username,
                    "isAdmin": True,
                },
                "csdsCollectionResponse": self._base_uris(),
            }
        )


# All that the door looks at, as it came, but for the size of the body.
_Shown = tuple[bytes, ...]


class _Admission(NamedTuple):
    """What the door found out once; how old the AppJWT is, it looks at each time."""

    consumer_id: str
    app_jwt: str
    account_id: str


def _shown(request: QuickRequest) -> _Shown:
    scope, first = request.scope, request.headers.first
    return (
        first.get(_AUTHORIZATION, b""),
        first.get(_ON_BEHALF, b""),
        first.get(b"content-type", b""),
        scope["path"].encode(),
        scope["query_string"],
    )


def _checked(request: Request, body: bytes | None) -> bytes:
    if body is None:
        raise refusals.RequestRefused(413, "Payload too large")
    if media_type(request) != wire.JSON_MEDIA_TYPE:
        raise refusals.RequestRefused(415, "Content-Type must be application/json")
    return body


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise refusals.oauth(400, "invalid_request", "The form cannot be read") from None


def _unknown_app(*, challenge: bool) -> Refusal:
    refusal = refusals.oauth(401, "invalid_client", "Unknown app, or its credentials do not match")
    if challenge:
        refusal.headers["WWW-Authenticate"] = 'Basic realm="Sentinel"'
    return refusal
