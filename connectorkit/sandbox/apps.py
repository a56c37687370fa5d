"""App installs: who may fetch an AppJWT, and who is notified of what."""

from __future__ import annotations

import copy
import hmac
from dataclasses import dataclass
from typing import Any

from connectorkit import wire
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.seeded import Lot

DEFAULT_RETENTION_SECONDS = 3600  # a receiver that starts late loses nothing
# What the service adds to a manifest; a client that sends back what it read sends these too.
_ADDED = ("client_id", "client_secret", "id", "client_id_issued_at", "client_secret_expires_at", "deleted")


@dataclass(frozen=True)
class Webhook:
    """Where one type of event goes. ``max_retries`` is ``None`` where the manifest does not say."""

    endpoint: str
    max_retries: int | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class App:
    """One registered connector. ``manifest`` is what was installed, without the members added then.

    It stays the same object when its manifest is replaced, and says so itself when it is deleted.
    """

    client_id: str
    client_secret: str
    manifest: dict[str, Any]
    issued_at: int
    deleted: bool = False

    @property
    def enabled(self) -> bool:
        """Whether the app is installed and switched on."""
        return not self.deleted and self.manifest.get("enabled") is not False

    @property
    def webhooks(self) -> dict[str, Webhook]:
        """Event type to webhook; empty where the capability is not enabled."""
        webhooks = {kind: self.webhook(kind) for kind in self._capability}
        return {kind: webhook for kind, webhook in webhooks.items() if webhook is not None}

    def hears(self, kind: str) -> bool:
        """Whether the app has a webhook for events of this type."""
        return kind != "retry" and self._capability.get(kind) is not None

    def webhook(self, kind: str) -> Webhook | None:
        """The webhook of one event type, or ``None`` where the app has none for it."""
        if not self.hears(kind):
            return None
        given = self._capability[kind]
        headers = tuple((h["header_name"], h["header_value"]) for h in given.get("headers") or ())
        return Webhook(given["endpoint"], given.get("max_retries"), headers)

    @property
    def retention_seconds(self) -> int | None:
        """How long undelivered events are kept, or ``None`` where they are retried by count."""
        retry = self._capability.get("retry") or {}
        return retry.get("retention_time")

    def may_use(self, grant_type: str) -> bool:
        """Whether the manifest's ``grant_types`` list the grant; a manifest without them allows none."""
        return grant_type in (self.manifest.get("grant_types") or ())

    def public(self) -> dict[str, Any]:
        """The stored object, as installs are read: the manifest and what the service added."""
        return copy.deepcopy(self.manifest) | {
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "id": self.client_id,
            "client_id_issued_at": self.issued_at,
            "client_secret_expires_at": 0,
            "deleted": self.deleted,
        }

    @property
    def _capability(self) -> dict[str, Any]:
        return (self.manifest.get("capabilities") or {}).get("webhooks") or {}


class Apps:
    """The installs of one account, in the order of their installation."""

    def __init__(self, clock: Clock, lot: Lot) -> None:
        self._clock = clock
        self._lot = lot
        self._apps: dict[str, App] = {}
        self._first: tuple[App, dict[str, Any]] | None = None
        self._changes = 0
        self._heard: dict[str, bool] = {}
        self._heard_at = 0

    @property
    def first(self) -> App:
        """The app that was installed first, which ``reset`` brings back; ``LookupError`` before that."""
        if self._first is None:
            raise LookupError("No app was installed yet; call install first.")
        return self._first[0]

    @property
    def revision(self) -> str:
        """A text that changes with each change of the installs."""
        return str(self._changes)

    def install(
        self, manifest: dict[str, Any], *, client_id: str | None = None, client_secret: str | None = None
    ) -> App:
        """Register a connector. The manifest is taken as checked; credentials are drawn unless given."""
        app = App(
            client_id or self._lot.uuid(),
            client_secret or self._lot.secret(),
            _own_members(manifest),
            int(self._clock.now()),
        )
        self._apps[app.client_id] = app
        if self._first is None:
            self._first = app, copy.deepcopy(app.manifest)
        self._changes += 1
        return app

    def get(self, client_id: str) -> App | None:
        """An install, or ``None`` where it is unknown or deleted."""
        return self._apps.get(client_id)

    def hear(self, kind: str) -> bool:
        """Whether any app has a webhook for events of this type; asked with every message."""
        if self._heard_at != self._changes:
            self._heard, self._heard_at = {}, self._changes
        if (heard := self._heard.get(kind)) is None:
            heard = self._heard[kind] = any(app.hears(kind) for app in self._apps.values())
        return heard

    def all(self) -> list[App]:
        """Every install that is not deleted, switched on or not."""
        return list(self._apps.values())

    def replace(self, client_id: str, manifest: dict[str, Any]) -> App:
        """Give an install another manifest; its credentials stay. ``KeyError`` where it is unknown."""
        app = self._apps[client_id]
        app.manifest = _own_members(manifest)
        self._changes += 1
        return app

    def remove(self, client_id: str) -> App:
        """Delete an install. ``KeyError`` where it is unknown."""
        app = self._apps.pop(client_id)
        app.deleted = True
        self._changes += 1
        return app

    def authenticate(self, client_id: str, client_secret: str) -> App | None:
        """The app with these credentials, or ``None`` where they match none that is switched on."""
        # Every install is compared, in constant time, so that the time taken tells nothing.
        matches = [
            app
            for app in self._apps.values()
            if _same(app.client_id, client_id) & _same(app.client_secret, client_secret) & app.enabled
        ]
        return matches[0] if matches else None

    def change_first(self, manifest: dict[str, Any]) -> None:
        """Give the first install another manifest, which ``reset`` returns to from now on."""
        app = self.first
        app.manifest = _own_members(manifest)
        self._first = app, copy.deepcopy(app.manifest)
        self._changes += 1

    def memory(self) -> list[App]:
        """All that is installed."""
        return list(self._apps.values())

    def recall(self, memory: list[App]) -> None:
        """Return to these installs; those that came since are deleted."""
        known = self._apps | ({self.first.client_id: self.first} if self._first else {})
        for app in self._apps.values():
            app.deleted = True
        self._apps = {}
        for kept in memory:
            app = known.get(kept.client_id, kept)  # the same object, for whoever holds it
            app.manifest, app.deleted = kept.manifest, False
            self._apps[app.client_id] = app
        self._changes += 1

    def reset(self) -> None:
        """Return to the first install alone, with its first manifest."""
        for app in self._apps.values():
            app.deleted = True
        self._apps.clear()
        if self._first is not None:
            app, manifest = self._first
            app.manifest, app.deleted = copy.deepcopy(manifest), False
            self._apps[app.client_id] = app
        # Counted on, so that no revision read before matches again.
        self._changes += 1


def default_manifest(
    webhook_url: str | None = None, retention_seconds: int = DEFAULT_RETENTION_SECONDS
) -> dict[str, Any]:
    """The app every sandbox starts with; with a URL it is notified there of everything.

    ``retention_seconds`` is for how long what could not be delivered is kept.
    """
    manifest: dict[str, Any] = {
        "client_name": "connectorkit sandbox",
        "description": "The app this sandbox starts with",
        "enabled": True,
        "grant_types": [wire.CLIENT_CREDENTIALS],
        "scope": wire.APP_JWT_SCOPE,
        "capabilities": {},
    }
    if webhook_url is not None:
        manifest["capabilities"]["webhooks"] = {
            **{kind: {"endpoint": webhook_url} for kind in wire.WEBHOOK_TYPES},
            "retry": {"retention_time": retention_seconds},
        }
    return manifest


def _own_members(manifest: dict[str, Any]) -> dict[str, Any]:
    return {name: copy.deepcopy(value) for name, value in manifest.items() if name not in _ADDED}


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
