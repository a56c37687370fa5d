"""Issues and verifies both tokens. RS256 only; every other algorithm is refused."""

from __future__ import annotations

import functools
import hashlib
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from connectorkit import wire
from connectorkit.sandbox.clock import Clock

_BEARER = "bearer "
# A signature takes a while to verify and stays good; whatever may change is checked with each request.
_KEPT_TOKENS = 4096
_LONGEST_KEPT = 4096  # characters
_APP_CLAIMS = {"aud", "azp", "scope", "iss", "iat", "exp"}
_SIGNATURE_ONLY: Any = {f"verify_{what}": False for what in ("exp", "iat", "nbf", "aud", "sub", "jti", "iss")}


class InvalidToken(Exception):
    """Not a token of this issuer, or no longer valid."""


class MissingClaim(Exception):
    """A genuine token that lacks a mandatory claim."""


class Issuer:
    """Signs with a loaded key object: a PEM would cost forty milliseconds a signature."""

    def __init__(self, account_id: str, key: RSAPrivateKey, clock: Clock) -> None:
        self._account_id = account_id
        self._key = key
        self._public = key.public_key()
        self._clock = clock
        self._kid = time.strftime("appjwt-%d-%m-%y", time.gmtime(clock.now()))
        self._remembered = functools.lru_cache(_KEPT_TOKENS)(self._decoded)
        self._expired: dict[str, float] = {}  # tokens that a fault let expire, and when they would have

    def app_jwt(self, client_id: str) -> str:
        """An AppJWT that lives for 60 minutes."""
        now = int(self._clock.now())
        # A token depends on app and second alone; one that has expired must not be issued again.
        while (token := self._app_jwt(client_id, now)) in self._expired:
            now -= 1
        return token

    def expire(self, token: str) -> None:
        """Let an AppJWT count as expired from now on; what is no token of this issuer is left alone."""
        try:
            claims = self._verified(token)
        except InvalidToken:
            return
        now = self._clock.now()
        self._expired = {known: end for known, end in self._expired.items() if now < end}
        if isinstance(exp := claims.get("exp"), int):
            self._expired[token] = exp

    def memory(self) -> dict[str, float]:
        """The tokens that expired before their time."""
        return self._expired

    def recall(self, memory: dict[str, float]) -> None:
        """Have those instead."""
        self._expired = memory

    def _app_jwt(self, client_id: str, issued_at: int) -> str:
        return self.sign(
            {
                "aud": self._account_id,
                "azp": client_id,
                "scope": wire.APP_JWT_SCOPE,
                "iss": wire.APP_JWT_ISSUER,
                "iat": issued_at,
                "exp": issued_at + wire.APP_JWT_LIFETIME_SECONDS,
            }
        )

    def consumer_jws(self, ext_consumer_id: str) -> str:
        """A ConsumerJWS; it never expires."""
        return self.sign(
            {
                "account_id": self._account_id,
                "ext_consumer_id": ext_consumer_id,
                "lp_consumer_id": lp_consumer_id(self._account_id, ext_consumer_id),
            }
        )

    def sign(self, claims: dict[str, Any]) -> str:
        """Any claims as a genuine token of this issuer."""
        return jwt.encode(claims, self._key, algorithm=wire.TOKEN_ALGORITHM, headers={"kid": self._kid})

    def check_app_jwt(self, token: str, account_id: str) -> str:
        """The app's client id; ``InvalidToken`` unless genuine, unexpired and of this account."""
        claims = self._verified(token)
        if token in self._expired or ("exp" in claims and not self._in_time(claims["exp"])):
            raise InvalidToken
        if "aud" in claims and claims["aud"] != account_id:
            raise InvalidToken
        missing = not claims.keys() >= _APP_CLAIMS
        if missing or claims["iss"] != wire.APP_JWT_ISSUER:
            raise MissingClaim
        return str(claims["azp"])

    def check_consumer_jws(self, token: str, account_id: str) -> str:
        """The consumer's ``lp_consumer_id``; ``InvalidToken`` unless genuine and of this account."""
        claims = self._verified(token)
        if claims.get("account_id") != account_id or not isinstance(claims.get("lp_consumer_id"), str):
            raise InvalidToken
        return str(claims["lp_consumer_id"])

    def _in_time(self, exp: Any) -> bool:
        # Valid while now < exp, to the second, with no leeway (R55).
        return isinstance(exp, int) and not isinstance(exp, bool) and self._clock.now() < exp

    def _verified(self, token: str) -> dict[str, Any]:
        """The claims of a genuine token, to be read only; those of a refused one are never remembered."""
        return self._remembered(token) if len(token) <= _LONGEST_KEPT else self._decoded(token)

    def _decoded(self, token: str) -> dict[str, Any]:
        try:
            # Times are checked above against the sandbox's own clock, never the machine's.
            return jwt.decode(token, self._public, algorithms=[wire.TOKEN_ALGORITHM], options=_SIGNATURE_ONLY)
        except (jwt.InvalidTokenError, UnicodeError, ValueError) as error:
            raise InvalidToken from error


def bare_token(header: str) -> str:
    """The token of an ``Authorization`` header; some clients write ``Bearer`` before it (R27)."""
    given = header.strip()
    return given[len(_BEARER) :].strip() if given[: len(_BEARER)].lower() == _BEARER else given


def lp_consumer_id(account_id: str, ext_consumer_id: str) -> str:
    """64 hex characters that depend on account and external id only (R61)."""
    text = f"{account_id}\n{ext_consumer_id}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
