"""Webhook signatures: how a notification is signed, over the exact bytes of its body."""

from __future__ import annotations

import base64
import hashlib
import hmac


def sign(body: bytes, secret: str, algorithm: str = "sha1", encoding: str = "base64") -> str:
    """The ``x-liveperson-signature`` of a body: algorithm, ``=``, and its HMAC keyed by the client secret.

    ``algorithm`` is ``sha1`` or ``sha256``, ``encoding`` is ``base64`` or ``hex``; the service's defaults
    are the first of each.
    """
    digest = hmac.new(secret.encode("utf-8", "surrogatepass"), body, getattr(hashlib, algorithm)).digest()
    text = digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()
    return f"{algorithm}={text}"
