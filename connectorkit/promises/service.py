"""The wire below the client: literal requests to the service, and answers as they came.

Nothing here comes from ``connectorkit.wire``: a path or a name that is wrong there must not be right here.
Every exchange is recorded in the client's log, secrets replaced.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from connectorkit import proxies
from connectorkit.calls import EXTENSION, Call
from connectorkit.client import Client
from connectorkit.errors import ConnectorError
from connectorkit.promises.heard import Heard
from connectorkit.recording import Recorder
from connectorkit.redact import Secret
from connectorkit.transport import RecordingTransport

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
Changes = Mapping[str, str | None]


class NotReady(ConnectorError):
    """What a promise needs could not be prepared, so it could not be observed."""


class Service:
    """Raw calls of one account. Hosts and tokens are fetched when first needed; ``forget_app_jwt`` drops one.

    A call that cannot be made ready raises ``NotReady``; one that gets no answer raises ``httpx.HTTPError``.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.settings = client.settings
        self.account = client.settings.account_id
        inner = proxies.transport(self.settings.proxy)
        recording = RecordingTransport(inner, Recorder(client.log, client.redactor))
        self._http = httpx.Client(transport=recording, timeout=self.settings.timeout, trust_env=False)
        self._hosts: dict[str, str] = {}
        self._app_jwt = ""
        self._consumer_jws: dict[str, str] = {}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # --- One request ---------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        url: str,
        *,
        name: str,
        body: Any = None,
        headers: Changes | None = None,
        consumer: str | None = None,
    ) -> Heard:
        """Send it as it is. Bytes and texts go unchanged, ``None`` is no body, other values become JSON."""
        sent = {key: value for key, value in (headers or {}).items() if value is not None}
        call = Call(name, self.account, consumer)
        return Heard(
            self._http.request(
                method, url, content=_encoded(body), headers=sent, extensions={EXTENSION: call}
            )
        )

    # --- Domain lookup -------------------------------------------------------------------------------

    def lookup(
        self,
        rest: str = "/baseURI.json",
        query: Mapping[str, str] | None = None,
        account: str | None = None,
    ) -> Heard:
        """The domain lookup; ``rest`` follows ``…/service``."""
        path = f"/api/account/{quote(account or self.account)}/service{rest}"
        asked = {"version": "1.0"} if query is None else query
        url = f"{self.settings.domain_lookup.rstrip('/')}{path}" + (f"?{urlencode(asked)}" if asked else "")
        return self.request("GET", url, name="domains")

    def origin(self, service: str) -> str:
        """Scheme and host of a service, as the lookup has it."""
        if not self._hosts:
            entries = ready(self.lookup, "the domain lookup").at("baseURIs")
            with contextlib.suppress(LookupError, TypeError):
                self._hosts = {entry["service"]: entry["baseURI"] for entry in entries}
        if service not in self._hosts:
            raise NotReady(f"the domain lookup names no host of {service}")
        return f"{self.settings.scheme}://{self._hosts[service]}"

    # --- Tokens --------------------------------------------------------------------------------------

    def ask_app_jwt(
        self,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | str | None = None,
        headers: Changes | None = None,
        account: str | None = None,
    ) -> Heard:
        """The AppJWT call; by default as the newest document has it: id and secret in the form."""
        asked = {"v": "1.0", "grant_type": "client_credentials"} if query is None else query
        given = self.credentials if form is None else form
        path = f"/sentinel/api/account/{quote(account or self.account)}/app/token"
        return self.request(
            "POST",
            f"{self.origin('sentinel')}{path}?{urlencode(asked)}",
            name="app_jwt",
            body=given if isinstance(given, str) else urlencode(given),
            headers={"Content-Type": FORM, **(headers or {})},
        )

    @property
    def credentials(self) -> dict[str, str]:
        """Id and secret of the app, as members of a form."""
        known = self.settings
        return {"client_id": known.client_id, "client_secret": known.client_secret.reveal()}

    def app_jwt(self) -> str:
        """An AppJWT, kept until it is forgotten."""
        if not self._app_jwt:
            self._app_jwt = str(ready(self.ask_app_jwt, "the AppJWT call").at("access_token"))
        return self._app_jwt

    def forget_app_jwt(self) -> None:
        """Fetch a fresh one next time."""
        self._app_jwt = ""

    def ask_consumer_jws(
        self, body: Any, headers: Changes | None = None, query: str = "?v=1.0", account: str | None = None
    ) -> Heard:
        """The ConsumerJWS call."""
        wanted: dict[str, str | None] = {"Content-Type": JSON, **(headers or {})}
        if "Authorization" not in wanted:
            wanted["Authorization"] = self.app_jwt()
        url = f"{self.origin('idp')}/api/account/{quote(account or self.account)}/consumer{query}"
        return self.request("POST", url, name="consumer_jws", body=body, headers=wanted)

    def consumer_jws(self, consumer: str) -> str:
        """A consumer's ConsumerJWS."""
        if consumer not in self._consumer_jws:
            heard = ready(
                lambda: self.ask_consumer_jws({"ext_consumer_id": consumer}), "the ConsumerJWS call"
            )
            self._consumer_jws[consumer] = str(heard.at("token"))
        return self._consumer_jws[consumer]

    # --- CONVERSATION, SEND and what stands beside them ----------------------------------------------

    def message(
        self,
        rest: str,
        body: Any,
        *,
        consumer: str,
        headers: Changes | None = None,
        query: str = "?v=3",
        method: str = "POST",
        account: str | None = None,
    ) -> Heard:
        """A call of the messaging service; ``rest`` follows ``…/messaging/consumer/conversation``.

        A header of ``None`` is left out; tokens are fetched only where ``headers`` say nothing of them.
        """
        wanted: dict[str, str | None] = {"Content-Type": JSON, **(headers or {})}
        given = {name.lower() for name in wanted}
        if "authorization" not in given:
            wanted["Authorization"] = self.app_jwt()
        if "x-lp-on-behalf" not in given:
            wanted["X-LP-ON-BEHALF"] = self.consumer_jws(consumer)
        base = f"{self.origin('asyncMessagingEnt')}/api/account/{quote(account or self.account)}"
        url = f"{base}/messaging/consumer/conversation{rest}{query}"
        name = {"": "conversation", "/send": "send"}.get(rest, "http")
        return self.request(method, url, name=name, body=body, headers=wanted, consumer=consumer)

    def store(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Any = None,
        headers: Changes | None = None,
    ) -> Heard:
        """A call of the file store; ``query`` is the permission."""
        url = f"{self.origin('swift')}{quote(path, safe='/')}?{urlencode(query)}"
        name = {"PUT": "upload_file", "GET": "download_file"}.get(method, "http")
        return self.request(method, url, name=name, body=body, headers=headers)

    # --- App installs --------------------------------------------------------------------------------

    def log_in(self, username: str, password: Secret, query: str = "") -> Heard:
        """The login of an administrator."""
        return self.request(
            "POST",
            f"{self.origin('agentVep')}/api/account/{quote(self.account)}/login{query}",
            name="login",
            body={"username": username, "password": password.reveal()},
            headers={"Content-Type": JSON},
        )

    def installs(
        self, method: str, bearer: str, app: str = "", body: Any = None, headers: Changes | None = None
    ) -> Heard:
        """A call of the app-install management."""
        path = f"/api/account/{quote(self.account)}/configuration/app-install/installations"
        return self.request(
            method,
            f"{self.origin('accountConfigReadWrite')}{path}{'/' if app else ''}{quote(app)}?v=1.0",
            name="installs",
            body=body,
            headers={"Authorization": f"Bearer {bearer}", "Content-Type": JSON, **(headers or {})},
        )


def ready(ask: Callable[[], Heard], what: str) -> Heard:
    """The answer to what must work before anything can be observed; raises ``NotReady`` where it does not."""
    try:
        heard = ask()
    except httpx.HTTPError as error:
        raise NotReady(f"{what} got no answer ({type(error).__name__})") from None
    if heard.status >= 300:
        raise NotReady(f"{what} was answered {heard.status}")
    return heard


def _encoded(body: Any) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
