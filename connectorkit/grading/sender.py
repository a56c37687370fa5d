"""As whom notifications are sent: account, app and secret, and the headers that this makes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectorkit import wire
from connectorkit.redact import Secret

Spelling = Callable[[str], str]
SPELLINGS: dict[str, Spelling] = {
    "small letters": str.lower,
    "X-Liveperson-…": str.title,
    "capitals": str.upper,
}


def compact(value: Any) -> bytes:
    """JSON as the service writes it: without blanks, in raw UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def spaced(value: Any) -> bytes:
    """JSON with blanks and escapes, as Python writes it unless told otherwise."""
    return json.dumps(value).encode()


@dataclass(frozen=True)
class Sender:
    """Signs with the app's secret, unless a receiver takes nothing but what another way of signing makes.

    ``key`` is the secret's bytes where they are not its text in UTF-8; ``encode`` turns a notification into
    the bytes of its body.
    """

    account_id: str
    client_id: str
    secret: Secret
    algorithm: str = wire.SIGNATURE_ALGORITHMS[0]
    encoding: str = wire.SIGNATURE_ENCODINGS[0]
    prefixed: bool = True
    key: Secret | None = None
    spelling: Spelling = str.lower
    encode: Callable[[Any], bytes] = compact

    def headers(
        self,
        body: bytes,
        *,
        signature: str | None = None,
        unsigned: bool = False,
        account_id: str | None = None,
        client_id: str | None = None,
    ) -> list[tuple[str, str]]:
        """What goes with a body; some of it other than it should be, where that is wanted."""
        given = {
            wire.NOTIFIED_ACCOUNT: account_id or self.account_id,
            wire.NOTIFIED_CLIENT: client_id or self.client_id,
        }
        if not unsigned:
            given[wire.SIGNATURE] = self.sign(body) if signature is None else signature
        content_type = ("Content-Type", f"{wire.JSON_MEDIA_TYPE}; charset=utf-8")
        return [content_type, *((self.spelling(name), value) for name, value in given.items())]

    def sign(self, body: bytes, key: bytes | None = None) -> str:
        """The signature of a body."""
        own = (self.key or self.secret).reveal().encode("utf-8", "surrogateescape")
        digest = hmac.new(own if key is None else key, body, getattr(hashlib, self.algorithm)).digest()
        text = digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode()
        return f"{self.algorithm}={text}" if self.prefixed else text
