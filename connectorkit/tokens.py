"""Tokens as the kit shows them: claims, time left and a fingerprint, never the text."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt

from connectorkit import markup, wire
from connectorkit.redact import Secret


class Token:
    """An AppJWT or a ConsumerJWS.

    ``claims`` are read without verifying the signature: only the service that issued a token verifies it.
    """

    def __init__(self, kind: str, secret: Secret, clock: Callable[[], float] = time.time) -> None:
        self.kind = kind
        self.secret = secret
        self._clock = clock
        self.header, self.claims = _read(secret)
        # What is left is counted from the moment it came: the service's clock may be ahead of ours.
        issued = self.claims.get("iat")
        self._ahead = issued - clock() if isinstance(issued, int | float) else 0.0

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that tell this token from others."""
        return self.secret.fingerprint

    @property
    def expires_at(self) -> datetime | None:
        """When it expires (UTC, by the service's clock), or ``None`` when no calendar has that day."""
        exp = self.claims.get("exp")
        try:
            return datetime.fromtimestamp(exp, UTC) if isinstance(exp, int | float) else None
        except (ValueError, OverflowError, OSError):
            return None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until it expires, zero once it has; ``None`` when it never does."""
        exp = self.claims.get("exp")
        return max(0.0, exp - self._clock() - self._ahead) if isinstance(exp, int | float) else None

    def _facts(self) -> list[tuple[str, Any]]:
        left = self.seconds_left
        life = "never expires" if left is None else f"{left / 60:.0f} minutes left"
        signed = f"{self.header.get('alg', '?')}, key {self.header.get('kid', '?')}"
        return [("fingerprint", self.fingerprint), ("life", life), ("signed", signed), *self.claims.items()]

    def __repr__(self) -> str:
        return f"<{self.kind}: " + ", ".join(f"{name} {value}" for name, value in self._facts()) + ">"

    def _repr_html_(self) -> str:
        return markup.facts(self.kind, self._facts())


def _read(secret: Secret) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        parts = jwt.decode_complete(
            secret.reveal(), options={"verify_signature": False}, algorithms=[wire.TOKEN_ALGORITHM]
        )
    except (jwt.InvalidTokenError, RecursionError, ValueError):
        return {}, {}  # opaque to us; the service may still take it
    return parts["header"], parts["payload"]
