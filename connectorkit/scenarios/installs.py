"""Installs an app for one scenario, and removes it; only on a sandbox.

These are calls of an administrator, not of a connector, so they are not in the log.
"""

from __future__ import annotations

import contextlib
from typing import Any

import httpx

from connectorkit import wire
from connectorkit.client import Client
from connectorkit.errors import SandboxError
from connectorkit.markup import Shown
from connectorkit.redact import Secret

_SECONDS = 10.0
_VERSION = {"v": wire.INSTALLATIONS_VERSION}


class Administrator(Shown):
    """Who may install apps on a sandbox."""

    def __init__(self, username: str, password: Secret) -> None:
        self.username = username
        self.password = password

    def __repr__(self) -> str:
        return f"<Administrator: {self.username}>"

    def install(self, client: Client, manifest: dict[str, Any]) -> InstalledApp:
        """Install an app in the account that ``client`` speaks to. Raises ``SandboxError``."""
        hosts, scheme, account = client.domains(), client.settings.scheme, client.settings.account_id
        login, installs = (
            f"{scheme}://{hosts[service]}{path.format(account_id=account)}"
            for service, path in (
                (wire.AGENT_LOGIN, wire.AGENT_LOGIN_PATH),
                (wire.ACCOUNT_CONFIG, wire.INSTALLATIONS_PATH),
            )
        )
        http = httpx.Client(trust_env=False, timeout=_SECONDS)
        app = InstalledApp(http, installs)
        try:
            self._log_in(http, login)
            app.install(manifest)
        except BaseException:
            http.close()
            raise
        client.redactor.learn(app.client_secret, passing=True)
        return app

    def _log_in(self, http: httpx.Client, url: str) -> None:
        answer = _answer(
            http, "POST", url, json={"username": self.username, "password": self.password.reveal()}
        )
        http.headers[wire.AUTHORIZATION] = f"Bearer {answer['bearer']}"


class InstalledApp(Shown):
    """An app that was installed for a while, and its credentials."""

    client_id: str
    client_secret: Secret

    def __init__(self, http: httpx.Client, url: str) -> None:
        self._http = http
        self._url = url

    def __repr__(self) -> str:
        return f"<InstalledApp: {getattr(self, 'client_id', 'not installed')}>"

    def install(self, manifest: dict[str, Any]) -> None:
        """Have it installed."""
        made = _answer(self._http, "POST", self._url, params=_VERSION, json=manifest)
        self.client_id, self.client_secret = str(made["client_id"]), Secret(str(made["client_secret"]))

    def remove(self) -> None:
        """Remove it, unless that was done."""
        if not self._http.is_closed:
            with contextlib.closing(self._http):
                url = f"{self._url}/{self.client_id}"
                _answer(self._http, "DELETE", url, params=_VERSION, headers={"If-Match": "*"})


def _answer(http: httpx.Client, method: str, url: str, **options: Any) -> dict[str, Any]:
    try:
        response = http.request(method, url, **options)
    except httpx.HTTPError as error:
        said = str(error)
        options.clear()  # no traceback shows a password
    else:
        if response.is_success:
            return dict(response.json())
        said = str(response.status_code)
    raise SandboxError(f"The sandbox let no app be installed or removed ({said}). Connect again.")
