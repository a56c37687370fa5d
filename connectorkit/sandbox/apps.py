"""App installs: who may fetch an AppJWT, and who is notified of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Webhook:
    """Where one type of event goes. ``max_retries`` is ``None`` where the manifest does not say."""

    endpoint: str
    max_retries: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class App:
    """One registered connector. ``manifest`` is what was installed, without the members added then."""

    client_id: str
    client_secret: str
    manifest: dict[str, Any]
    issued_at: int

    @property
    def enabled(self) -> bool:
        """Whether the app is switched on."""
        return self.manifest.get("enabled") is not False

    @property
    def webhooks(self) -> dict[str, Webhook]:
        """Event type to webhook; empty where the capability is not enabled."""
        return {
            kind: Webhook(
                given["endpoint"],
                given.get("max_retries"),
                tuple((h["header_name"], h["header_value"]) for h in given.get("headers") or ()),
            )
            for kind, given in self._capability.items()
            if kind != "retry"
        }

    @property
    def retention_seconds(self) -> int | None:
        """How long undelivered events are kept, or ``None`` where they are retried by count."""
        retry = self._capability.get("retry") or {}
        return retry.get("retention_time")

    @property
    def _capability(self) -> dict[str, Any]:
        return (self.manifest.get("capabilities") or {}).get("webhooks") or {}
