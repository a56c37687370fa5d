"""What a client has found out about its account: hosts, its AppJWT, a ConsumerJWS per consumer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from connectorkit import errors
from connectorkit.operations import Operation
from connectorkit.redact import Redactor, Secret
from connectorkit.replies import Reply, unexpected
from connectorkit.settings import Settings
from connectorkit.tokens import Token

RENEW_EARLY_SECONDS = 300  # the vendor's guide: renew five minutes before expiry
DOMAINS_KEPT_SECONDS = 1800  # hosts may move; clients keep them half an hour at least


class Credentials:
    """What a client has found out: hosts, its AppJWT, and a ConsumerJWS per consumer. Held in memory only."""

    def __init__(
        self, settings: Settings, redactor: Redactor, clock: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.app_jwt: Token | None = None
        self.consumer_jws: dict[str, Token] = {}
        self.thread_turns: dict[str, threading.Lock] = {}
        self.task_turns: dict[str, asyncio.Lock] = {}
        self._redactor = redactor
        self._domains: dict[str, str] = {}
        self._domains_until = float("-inf")
        redactor.learn(settings.client_secret)

    @property
    def domains(self) -> dict[str, str] | None:
        """Service name to host, or ``None`` when the lookup is due."""
        return self._domains if self.clock() < self._domains_until else None

    def fresh_app_jwt(self) -> Token | None:
        """The AppJWT unless it is missing or about to expire."""
        token = self.app_jwt
        if token is None:
            return None
        left = token.seconds_left
        return token if left is None or left > RENEW_EARLY_SECONDS else None

    def keep_domains(self, reply: Reply) -> None:
        """Remember the answer to a domain lookup."""
        reply.raise_for_error()
        entries = reply.json.get("baseURIs") if isinstance(reply.json, dict) else None
        if not isinstance(entries, list):
            raise unexpected(reply, "a JSON object with baseURIs")
        self._domains = {
            str(entry["service"]): str(entry["baseURI"])
            for entry in entries
            if isinstance(entry, dict) and "service" in entry and "baseURI" in entry
        }
        self._domains_until = self.clock() + DOMAINS_KEPT_SECONDS

    def keep_app_jwt(self, reply: Reply) -> None:
        """Remember the answer to an AppJWT request."""
        self.app_jwt = self._token(reply, "AppJWT", "access_token")

    def keep_consumer_jws(self, consumer: str, reply: Reply) -> None:
        """Remember the answer to a ConsumerJWS request; such a token never expires."""
        self.consumer_jws[consumer] = self._token(reply, "ConsumerJWS", "token")

    def url(self, operation: Operation) -> httpx.URL:
        """Where an operation goes, now that the hosts are known."""
        if operation.service is None:
            return httpx.URL(self.settings.domain_lookup + operation.target)
        host = (self.domains or {}).get(operation.service)
        if host is None:
            raise errors.SettingsError(
                f"The domain lookup at {self.settings.domain_lookup} names no host for "
                f"{operation.service!r} of account {self.settings.account_id!r}. Check the account id, and "
                "that the account has this service."
            )
        if urlsplit(f"//{host}").netloc != host or "@" in host:
            raise errors.SettingsError(
                f"The domain lookup at {self.settings.domain_lookup} names {host!r} as the host for "
                f"{operation.service!r}, which is no host name. Check CONNECTORKIT_DOMAIN_LOOKUP."
            )
        return httpx.URL(f"{self.settings.scheme}://{host}{operation.target}")

    def _token(self, reply: Reply, kind: str, member: str) -> Token:
        reply.raise_for_error()
        text = reply.json.get(member) if isinstance(reply.json, dict) else None
        if not isinstance(text, str) or not text:
            raise unexpected(reply, f"a JSON object with {member}")
        secret = Secret(text)
        self._redactor.learn(secret)
        return Token(kind, secret, self.clock)
