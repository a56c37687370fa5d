"""Installs an app for one scenario, and removes it; only on a sandbox.

These are calls of an administrator, not of a connector, so they are not in the log.
"""

from __future__ import annotations

from typing import Any

import httpx

from connectorkit import wire
from connectorkit.client import Client
from connectorkit.errors import SandboxError
from connectorkit.redact import Secret

_SECONDS = 10.0


class Administrator:
    """Who may install apps on a sandbox."""

    def __init__(self, username: str, password: Secret) -> None:
        self._username = username
        self._password = password

    def install(self, client: Client, manifest: dict[str, Any]) -> InstalledApp:
        """Install an app in the account that ``client`` speaks to. Raises ``SandboxError``."""
        app = InstalledApp(self, client)
        made = app.call("POST", "", manifest)
        app.client_id, app.client_secret = str(made["client_id"]), Secret(str(made["client_secret"]))
        client.redactor.learn(app.client_secret, passing=True)
        return app

    def headers(self, client: Client) -> dict[str, str]:
        """Those of somebody who has just logged in."""
        url = _url(client, wire.AGENT_LOGIN, wire.AGENT_LOGIN_PATH)
        given = {"username": self._username, "password": self._password.reveal()}
        answer = httpx.post(url, json=given, trust_env=False, timeout=_SECONDS)
        _check(answer)
        return {wire.AUTHORIZATION: f"Bearer {answer.json()['bearer']}"}


class InstalledApp:
    """An app that was installed for a while, and its credentials."""

    client_id: str
    client_secret: Secret

    def __init__(self, administrator: Administrator, client: Client) -> None:
        self._administrator = administrator
        self._client = client
        self._removed = False

    def remove(self) -> None:
        """Remove the app, unless that was done."""
        if not self._removed:
            self.call("DELETE", f"/{self.client_id}")
            self._removed = True

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call about the installs. Raises ``SandboxError`` where it is refused."""
        answer = httpx.request(
            method,
            _url(self._client, wire.ACCOUNT_CONFIG, wire.INSTALLATIONS_PATH) + path,
            params={"v": wire.INSTALLATIONS_VERSION},
            json=body,
            headers=self._administrator.headers(self._client) | {"If-Match": "*"},
            trust_env=False,
            timeout=_SECONDS,
        )
        _check(answer)
        return dict(answer.json())


def _url(client: Client, service: wire.Service, path: str) -> str:
    known = client.settings
    return f"{known.scheme}://{client.domains()[service]}{path.format(account_id=known.account_id)}"


def _check(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise SandboxError(
            f"The sandbox let no app be installed or removed ({answer.status_code}). Connect again."
        )
