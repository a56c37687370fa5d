"""Webhook signatures: how a notification is signed, and, where one does not fit, why.

Signed are the exact bytes of the body. ``verify`` compares in constant time and never raises; when the
comparison fails it tries what commonly goes wrong and names the first thing that fits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from connectorkit import markup, wire
from connectorkit.alterations import Alteration, alterations, encoded, from_base64, from_hex
from connectorkit.markup import Shown

VALID = "valid"
# Each cause: what happened, then the correction. The order is that of the search.
CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "header-missing": (
            "The request has no x-liveperson-signature header. "
            "Check that the sender is the service and that no proxy in between drops the header."
        ),
        "header-malformed": (
            "The signature header is not an algorithm, an equals sign and a digest. "
            "Pass the header's value as it was received, for example sha1=, then 28 characters of Base64."
        ),
        "other-algorithm": (
            "The digest is right but was made with, or is labelled as, another algorithm than expected. "
            "Use the algorithm that the account is configured for: sha1, unless agreed otherwise."
        ),
        "base64-altered": (
            "The digest is right but its Base64 is not the standard form: URL-safe letters, lost padding, "
            "URL-encoded, or the Base64 of the hexadecimal text. "
            "Encode the bytes of the digest with the standard alphabet and keep the equals signs at the end."
        ),
        "other-encoding": (
            "The digest is right but hexadecimal where Base64 is expected, or the reverse. "
            "Use the encoding that the account is configured for: Base64, unless agreed otherwise."
        ),
        "prefix-missing": (
            "The digest is right but the name of its algorithm does not stand before it. "
            "Compare with the whole value of the header, which begins with sha1= or sha256=."
        ),
        "truncated": (
            "The digest begins right and then ends too early. "
            "Look for a column, a field or a parser that cuts the header, often at an equals sign or a slash."
        ),
        "ascii-encoded": (
            "The body was signed as ASCII, with a question mark or a \\u escape for each other character. "
            "Sign and verify the body's UTF-8 bytes as they are sent."
        ),
        "body-altered": (
            "The body that was signed has another beginning or end, or other line ends: blanks, a newline "
            "or a byte order mark were added or removed, or the body was not read at all. "
            "Verify the bytes as received, without stripping, decoding or a second reading of the stream."
        ),
        "re-serialised": (
            "The body was parsed and written again with other spacing, order or escapes before one of the "
            "two sides signed it. "
            "Keep the raw bytes of the request and verify those, before anything parses them."
        ),
        "key-altered": (
            "The signature was made with a changed secret: with blanks, quotes or a newline around it, in "
            "another letter case, or decoded from Base64 or hexadecimal. "
            "Use the client secret's text as it is, in UTF-8, as the key."
        ),
        "wrong-secret": (
            "The header is well formed, but the secret or the body is another one. "
            "Copy the client secret of the app that is named in x-liveperson-client-id once more."
        ),
    }
)

_EXPLAINED_VALID = "The signature fits the body and the secret."
_LENGTHS = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
_LABELLED = re.compile(rb"(?:([A-Za-z0-9-]{1,12})=)?([A-Za-z0-9+/_=%-][A-Za-z0-9+/_=% -]*)")
_LONGEST_HEADER = 1024
# Whoever may ask whether a beginning is right can find a digest piece by piece. Only a beginning that
# nobody can guess is called one: 84 bits in Base64, 88 in hexadecimal.
_SHORTEST_BEGINNING = {"base64": 14, "hex": 22}


@dataclass(frozen=True)
class Verdict:
    """Whether a signature fits; true where it does.

    ``cause`` is ``"valid"`` or one of ``CAUSES``; ``explanation`` says what happened and what to do.
    """

    valid: bool
    cause: str
    explanation: str

    def __bool__(self) -> bool:
        return self.valid

    def __repr__(self) -> str:
        return f"<Verdict: {self.cause}>"

    def _repr_html_(self) -> str:
        rows = [("cause", self.cause), ("explanation", self.explanation)]
        return markup.facts("Signature", rows, good=self.valid)


@dataclass(frozen=True)
class Finding(Shown):
    """What became of a comparison: ``cause`` as of a ``Verdict``, and the mistake that fits, if one does.

    ``body`` is what was verified, in bytes; ``alteration`` what the header is the signature of instead.
    """

    cause: str
    body: bytes = field(default=b"", repr=False)
    alteration: Alteration | None = None


@dataclass(frozen=True)
class _Claim:
    """One way to read the text of a digest."""

    algorithm: str
    form: str  # base64, hex or base64-altered
    digest: bytes


def sign(body: bytes, secret: str, algorithm: str = "sha1", encoding: str = "base64") -> str:
    """The ``x-liveperson-signature`` of a body: algorithm, ``=``, and its HMAC keyed by the client secret.

    ``algorithm`` is ``sha1`` or ``sha256``, ``encoding`` is ``base64`` or ``hex``; the service's defaults
    are the first of each.
    """
    digest = hmac.new(secret.encode("utf-8", "surrogatepass"), body, getattr(hashlib, algorithm)).digest()
    return f"{algorithm}={_text(digest, encoding)}"


def verify(
    body: bytes, header: object, secret: str, algorithm: str = "sha1", encoding: str = "base64"
) -> Verdict:
    """Whether ``header`` is the signature of ``body``, and if not, why. Never raises.

    ``body`` is the request's body as received, ``header`` the value of ``x-liveperson-signature`` or
    ``None``. An empty secret verifies nothing. A good signature costs one HMAC; a bad one costs up to some
    forty, and about a tenth of a second for a body of 1 MiB.
    """
    return verdict(find(body, header, secret, algorithm, encoding).cause)


def verdict(cause: str) -> Verdict:
    """A cause with its explanation."""
    return Verdict(cause == VALID, cause, CAUSES.get(cause, _EXPLAINED_VALID))


def find(body: Any, header: Any, secret: Any, algorithm: Any = "sha1", encoding: Any = "base64") -> Finding:
    """The same comparison as ``verify``, and what it found. Never raises."""
    given = _header_bytes(header)
    if isinstance(body, str):
        body = encoded(body)
    read = isinstance(body, bytes | bytearray | memoryview)
    body, key = bytes(body) if read else b"", secret if isinstance(secret, bytes) else encoded(secret)
    if not given:
        return Finding("header-missing" if header is None or given is not None else "header-malformed", body)
    if not read:
        return Finding("re-serialised")  # a dict, for instance: parsed already, the bytes are gone
    if algorithm not in wire.SIGNATURE_ALGORITHMS:
        return Finding("other-algorithm", body)
    if encoding not in wire.SIGNATURE_ENCODINGS:
        return Finding("other-encoding", body)
    digest = hmac.digest(key, body, algorithm)
    expected = f"{algorithm}={_text(digest, encoding)}".encode()
    name, mark, text = given.partition(b"=")
    plain = name + mark + text.lower() if encoding == "hex" else given  # hexadecimal has no letter case
    if hmac.compare_digest(expected, plain):
        return Finding(VALID if key else "wrong-secret", body)
    # URL-encoded as a whole, with the sign behind the algorithm's name.
    whole = unquote_to_bytes(given) if b"%" in name else given
    found = _LABELLED.fullmatch(whole) if len(given) <= _LONGEST_HEADER else None
    if found is None:
        return Finding("header-malformed", body)
    label, digits = (found[1] or b"").decode(), found[2].decode()
    claims = list(_claims(digits))
    for claim in claims:
        if hmac.compare_digest(hmac.digest(key, body, claim.algorithm), claim.digest) and key:
            cause = _misformed(claim, label, algorithm, encoding)
            return Finding(cause if whole == given else "base64-altered", body)
    if _begins(digits, key, body):
        return Finding("truncated", body)
    known = [claim for claim in claims if claim.algorithm in wire.SIGNATURE_ALGORITHMS]
    for other in alterations(body, key) if known else ():
        for claim in known:
            if hmac.compare_digest(hmac.digest(other.key, other.body, claim.algorithm), claim.digest):
                return Finding(other.cause, body, other)
    well_formed = any(claim.algorithm == label and claim.form != "base64-altered" for claim in known)
    return Finding("wrong-secret" if well_formed else "header-malformed", body)


def _misformed(claim: _Claim, label: str, algorithm: str, encoding: str) -> str:
    """What is wrong around a digest that is itself right."""
    if claim.algorithm != algorithm or (label != algorithm and label in _LENGTHS):
        return "other-algorithm"
    if claim.form == "base64-altered":
        return claim.form
    if claim.form != encoding:
        return "other-encoding"
    return "header-malformed" if label else "prefix-missing"


def _claims(text: str) -> Iterator[_Claim]:
    """The digests that a text may stand for, its plainest reading first."""
    algorithms = {length: name for name, length in _LENGTHS.items()}
    if (digest := from_hex(text)) and len(digest) in algorithms:
        yield _Claim(algorithms[len(digest)], "hex", digest)
    standard = (unquote(text) if "%" in text else text).translate(str.maketrans("-_ ", "+/+")).rstrip("=")
    digest = from_base64(standard)
    if len(digest) in algorithms:
        form = "base64" if text == _text(digest, "base64") else "base64-altered"
        yield _Claim(algorithms[len(digest)], form, digest)
    inner = from_hex(digest.decode("latin-1"))
    if len(inner) in algorithms:
        yield _Claim(algorithms[len(inner)], "base64-altered", inner)


def _begins(text: str, key: bytes, body: bytes) -> bool:
    given = text.rstrip("=").encode()
    for algorithm in wire.SIGNATURE_ALGORITHMS:
        digest = hmac.digest(key, body, algorithm)
        for encoding, shortest in _SHORTEST_BEGINNING.items():
            whole = _text(digest, encoding).rstrip("=").encode()
            if shortest <= len(given) < len(whole) and hmac.compare_digest(whole[: len(given)], given):
                return bool(key)
    return False


def _text(digest: bytes, encoding: str) -> str:
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def _header_bytes(header: Any) -> bytes | None:
    """The header's bytes without the blanks that HTTP allows around them; ``None`` where it has none."""
    if isinstance(header, str):
        header = encoded(header)
    return header.strip(b" \t") if isinstance(header, bytes) else None
