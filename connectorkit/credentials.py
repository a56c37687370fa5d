"""What a client has found out about its account: hosts, its AppJWT, a ConsumerJWS per consumer."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable

import httpx

from connectorkit import errors, proxies, wire
from connectorkit.hosts import is_host
from connectorkit.operations import Operation
from connectorkit.redact import Redactor, Secret
from connectorkit.replies import Reply, unexpected
from connectorkit.settings import Settings
from connectorkit.tokens import Token
from connectorkit.transport import Answer

RENEW_EARLY_SECONDS = 300  # the vendor's guide: renew five minutes before expiry
DOMAINS_KEPT_SECONDS = 1800  # hosts may move; clients keep them half an hour at least
_MOST_URLS = 64
_SENDABLE = re.compile(r"[!-~]+")  # visible ASCII


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
        self._urls: dict[tuple[object, ...], httpx.URL] = {}
        self._discarded: Token | None = None
        redactor.learn(settings.client_secret)
        proxies.teach(redactor, settings.proxy)

    @property
    def domains(self) -> dict[str, str] | None:
        """Service name to host, or ``None`` when the lookup is due."""
        return self._domains if self.clock() < self._domains_until else None

    def fresh_app_jwt(self) -> Token | None:
        """The AppJWT unless it is missing or about to expire."""
        token = self.app_jwt
        if token is None or token is self._discarded:
            return None
        left = token.seconds_left
        return token if left is None or left > RENEW_EARLY_SECONDS else None

    def discard(self, token: Token | None) -> None:
        """Let an AppJWT be renewed; it stays in place until its successor has come."""
        if token is self.app_jwt:  # a late refusal of an older token says nothing about this one
            self._discarded = token

    def forget_domains(self) -> None:
        """Let the domain lookup be made again; the hosts stay as they were until it is answered."""
        self._domains_until = float("-inf")

    def host(self, service: wire.Service) -> str | None:
        """The host of a service, as far as it was looked up."""
        return self._domains.get(service)

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
        self._urls.clear()

    def keep_app_jwt(self, reply: Reply, answer: Answer) -> None:
        """Remember the token in the answer to an AppJWT request."""
        self.app_jwt = self._token("AppJWT", "access_token", reply, answer)

    def keep_consumer_jws(self, consumer: str, reply: Reply, answer: Answer) -> None:
        """Remember the token in the answer to a ConsumerJWS request; such a token never expires."""
        self.consumer_jws[consumer] = self._token("ConsumerJWS", "token", reply, answer)

    def known_url(self, operation: Operation) -> httpx.URL | None:
        """Where an operation goes, if that is known already."""
        return self.url(operation) if operation.service in self._domains else None

    def url(self, operation: Operation) -> httpx.URL:
        """Where an operation goes, now that the hosts are known."""
        # Most calls go to the same few addresses, and each would have to be put together and read again.
        key = (operation.service, operation.path, *operation.query.items())
        found = self._urls.get(key)
        if found is None:
            if len(self._urls) >= _MOST_URLS:
                self._urls.clear()
            found = self._urls[key] = self._new_url(operation)
        return found

    def _new_url(self, operation: Operation) -> httpx.URL:
        if operation.service is None:
            return httpx.URL(self.settings.domain_lookup + operation.target)
        host = self._domains.get(operation.service)
        if host is None:
            raise errors.SettingsError(
                f"The domain lookup at {self.settings.domain_lookup} names no host for "
                f"{operation.service!r} of account {self.settings.account_id!r}. Check the account id, and "
                "that the account has this service."
            )
        if not is_host(host):
            raise errors.SettingsError(
                f"The domain lookup at {self.settings.domain_lookup} names {host!r} as the host for "
                f"{operation.service!r}, which is no host name. Check CONNECTORKIT_DOMAIN_LOOKUP."
            )
        return httpx.URL(f"{self.settings.scheme}://{host}{operation.target}")

    def _token(self, kind: str, member: str, reply: Reply, answer: Answer) -> Token:
        """``reply`` is free of secrets, ``answer`` is what was really received."""
        reply.raise_for_error()
        secret = _token_in(answer, member)
        if secret is None:
            raise unexpected(reply, f"a JSON object with {member}")
        self._redactor.learn(secret, passing=True)
        return Token(kind, secret, self.clock)


def _token_in(answer: Answer, member: str) -> Secret | None:
    """Read apart, so that no frame of an error's traceback has a token in a variable."""
    decoded = answer.json()
    text = decoded.get(member) if isinstance(decoded, dict) else None
    # What could not stand in a header is no token.
    return Secret(text) if isinstance(text, str) and _SENDABLE.fullmatch(text) else None
