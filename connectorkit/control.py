"""The kit's side of the sandbox's control API: its clock, its state, a fresh start."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx

from connectorkit import markup
from connectorkit.errors import SandboxError
from connectorkit.redact import Secret


class SandboxControl:
    """Steers one running sandbox. Control calls are not part of the API, so they are not in the log."""

    def __init__(self, base_url: str, control_token: Secret) -> None:
        self.base_url = base_url
        self._token = control_token
        self._http = httpx.Client(base_url=base_url, timeout=10, trust_env=False)

    def about(self) -> dict[str, Any]:
        """What the sandbox imitates and what it does not."""
        return self._call("GET", "/sandbox/about")

    def now(self) -> datetime:
        """The time it is in the sandbox (UTC)."""
        return datetime.fromisoformat(self._call("GET", "/sandbox/clock")["now"])

    def advance(self, *, minutes: float = 0, seconds: float = 0) -> datetime:
        """Let time pass in the sandbox at once; returns the new time there. Never backwards."""
        total = minutes * 60 + seconds
        if not 0 <= total < float("inf"):
            raise SandboxError(f"Time cannot be advanced by {total} s. Pass minutes= or seconds= from 0 up.")
        moved = self._call("POST", "/sandbox/clock", {"advance_seconds": total})
        return datetime.fromisoformat(moved["now"])

    def state(self) -> dict[str, Any]:
        """Profiles and conversations as the sandbox holds them."""
        return self._call("GET", "/sandbox/state")

    def reset(self) -> None:
        """Forget profiles and conversations and return to real time; tokens issued before stay genuine."""
        self._call("POST", "/sandbox/reset")

    def close(self) -> None:
        """Close the connection; the sandbox goes on."""
        self._http.close()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        if self._http.is_closed:
            raise SandboxError("This kit is closed. Connect again with ck.connect() to go on.")
        headers = {"Authorization": f"Bearer {self._token.reveal()}"}
        try:
            response = self._http.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            raise SandboxError(
                f"The sandbox at {self.base_url} does not answer ({error}). Connect again to start a new one."
            ) from None
        answer = response.json()
        if response.status_code != 200:
            raise SandboxError(f"The sandbox refused: {answer.get('error')} ({response.status_code}).")
        return dict(answer)

    def __repr__(self) -> str:
        return f"<SandboxControl of {self.base_url}>"

    def _repr_html_(self) -> str:
        try:
            time_there = self.now().isoformat()
        except SandboxError as error:
            time_there = str(error)  # a display must not fail because its subject has gone
        return markup.facts("Sandbox", [("address", self.base_url), ("time there", time_there)])
