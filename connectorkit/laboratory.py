r"""The signature lab: why a header does not fit a body and a secret, and what would.

>>> signature_lab('{"a":1}\n', "sha1=fW/yM7SOEIpRw0ie6cu1GA8ZGXc=", "only-for-practice").cause
'body-altered'
"""

from __future__ import annotations

import ast
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connectorkit import bytewise, markup, wire
from connectorkit.alterations import encoded, from_base64, from_hex
from connectorkit.errors import SettingsError
from connectorkit.hiding import redacted
from connectorkit.redact import Secret
from connectorkit.signature import VALID, Finding, Verdict, find, sign, verdict

AUTO, TEXT, ESCAPED, HEX, BASE64 = FORMS = ("auto", "text", "escaped", "hex", "base64")
_READ = {
    TEXT: "as it is, in UTF-8",
    ESCAPED: "as the text of a string with escapes, unescaped",
    HEX: "as hexadecimal, decoded",
    BASE64: "as Base64, decoded",
}
# What about the header is at fault; for these it is the header that is shown beside the right one.
_OF_THE_HEADER = frozenset(
    {"header-malformed", "other-algorithm", "base64-altered", "other-encoding", "prefix-missing", "truncated"}
)

_BODY = "body = request.body  # the bytes as received"
_HEADER = 'header = request.headers["x-liveperson-signature"]'
_SECRET = 'secret = os.environ["CONNECTORKIT_CLIENT_SECRET"]'  # noqa: S105 - code to be shown
# What each cause is about, as the first lines of code that does it right.
_FIRST_LINES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        VALID: (_BODY, _HEADER),
        "header-missing": (
            "# Names of headers have no letter case, and a header may be missing:",
            'header = request.headers.get("x-liveperson-signature", "")',
        ),
        "header-malformed": ("# All of the header's value, and nothing else:", f"{_HEADER}.strip()"),
        "other-algorithm": ("# Both sides use the algorithm that the account is configured for:",),
        "base64-altered": ("# The bytes of the digest, in the standard alphabet, with the padding:",),
        "other-encoding": ("# Both sides use the encoding that the account is configured for:",),
        "prefix-missing": ("# The header begins with the name of the algorithm; compare all of it:",),
        "truncated": ("# The whole header; do not split it at an equals sign:", _HEADER),
        "ascii-encoded": ("# No text comes in between, so nothing is encoded:", _BODY),
        "body-altered": ("# Read once; no strip() and no decode():", _BODY),
        "re-serialised": ("# Verify these, and parse them afterwards:", _BODY),
        "key-altered": ("# The text as it is: no quotes, no newline, not decoded:", f"{_SECRET}.strip()"),
        "wrong-secret": ("# The secret of the app in x-liveperson-client-id:", _SECRET, _BODY),
    }
)


@dataclass(frozen=True)
class Diagnosis:
    """What the lab found. ``expected`` is the header that belongs to the body, as the secret makes it.

    ``reading`` is how the body was read, ``signed`` what the header is the signature of instead, ``picture``
    the first difference, ``code`` how to do it right. What is not known is empty.
    """

    verdict: Verdict
    reading: str
    given: str
    expected: str
    signed: str
    picture: str
    code: str

    @property
    def cause(self) -> str:
        """``"valid"``, or one of ``signature.CAUSES``."""
        return self.verdict.cause

    def __bool__(self) -> bool:
        return self.verdict.valid

    def __repr__(self) -> str:
        rows = "\n".join(
            textwrap.fill(f"{name}: {value}", 80, subsequent_indent="    ", break_on_hyphens=False)
            for name, value in self._rows()
        )
        parts = [f"Signature: {self.cause}", rows, self.picture, self.code]
        return "\n\n".join(part for part in parts if part)

    def _repr_html_(self) -> str:
        shown = markup.facts(f"Signature: {self.cause}", self._rows(), good=self.verdict.valid)
        return shown + "".join(markup.code(text) for text in (self.picture, self.code) if text)

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            ("what happened", self.verdict.explanation),
            ("what was signed", self.signed),
            ("body", f"read {self.reading}" if self.reading else ""),
            ("header given", self.given),
            ("header expected", self.expected),
        ]
        return [(name, value) for name, value in rows if value]


def signature_lab(
    body: Any,
    header: str | bytes | None,
    secret: str | Secret,
    *,
    form: str = AUTO,
    algorithm: str = "sha1",
    encoding: str = "base64",
) -> Diagnosis:
    """Why ``header`` is not the signature of ``body``: the cause, what would be right, and how to make it.

    ``body`` is bytes, or text as it was copied from somewhere: ``form`` says whether it is the ``text``
    itself, or ``escaped``, ``hex`` or ``base64``; by default whichever explains most. ``secret`` is not
    kept. Raises ``SettingsError`` where an option is unknown or the body is not of that form.
    """
    check_form(form)
    check_options(algorithm, encoding)
    key = secret if isinstance(secret, Secret) else Secret(secret if isinstance(secret, str) else "")
    del secret  # so that no traceback shows it among the variables
    reading, finding = _best(body, form, header, key, algorithm, encoding)
    expected = ""
    if key and isinstance(body, str | bytes | bytearray | memoryview):  # else the bytes are gone
        expected = sign(finding.body, key.reveal(), algorithm, encoding)
    given = _text(header)
    return Diagnosis(
        verdict=verdict(finding.cause),
        reading=reading,
        given=redacted(bytewise.shown(given)),
        expected=expected,
        signed=_signed(finding, key),
        picture=redacted(_picture(finding, given, expected)),
        code=correction(finding.cause, algorithm, encoding),
    )


def correction(cause: str, algorithm: str = "sha1", encoding: str = "base64") -> str:
    """A few lines of Python that verify as they should; what the cause is about comes first."""
    text = "digest.hex()" if encoding == "hex" else "base64.b64encode(digest).decode()"
    return "\n".join(
        [
            *_FIRST_LINES[cause],
            f'digest = hmac.digest(secret.encode(), body, "{algorithm}")',
            f'expected = "{algorithm}=" + {text}',
            "valid = hmac.compare_digest(expected.encode(), header.encode())",
        ]
    )


def _best(
    body: Any, form: str, header: Any, key: Secret, algorithm: str, encoding: str
) -> tuple[str, Finding]:
    """The reading of the body that explains most, and what was found with it."""
    if not isinstance(body, str):
        return "", find(body, header, key.reveal(), algorithm, encoding)
    found = [
        (_READ[name], find(value, header, key.reveal(), algorithm, encoding))
        for name, value in _readings(body, form)
    ]
    return min(found, key=lambda one: _rank(one[1]))  # of equals the first, the plainest


def _rank(finding: Finding) -> int:
    if finding.cause == VALID:
        return 0
    if finding.cause not in ("wrong-secret", "header-malformed", "header-missing"):
        return 1
    try:
        json.loads(finding.body)
    except (ValueError, RecursionError):
        return 3
    return 2


def _readings(body: str, form: str) -> Iterator[tuple[str, bytes]]:
    """What the text may stand for, the plainest first; exactly one where the form is said."""
    bare = "".join(body.split())
    ways = {
        TEXT: encoded(body),
        ESCAPED: _unescaped(body.strip()),
        HEX: from_hex(bare.replace(":", "").removeprefix("0x")),
        BASE64: from_base64(bare.rstrip("=")),
    }
    if form != AUTO and not ways[form] and form != TEXT:
        raise SettingsError(f'The body cannot be read {_READ[form]}. Copy it once more, or use form="auto".')
    for name, value in ways.items():
        if form == name or (form == AUTO and (value or name == TEXT)):
            yield name, value


def _unescaped(text: str) -> bytes:
    """What a literal of Python, or the inside of a JSON string, stands for; empty where it is neither."""
    try:
        if text[:1] in "'\"" or text[:2].lower() in ("b'", 'b"'):
            value = ast.literal_eval(text)
        else:
            value = json.loads(f'"{text}"', strict=False) if "\\" in text else ""
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return b""
    return value if isinstance(value, bytes) else encoded(value)


def _signed(finding: Finding, key: Secret) -> str:
    if finding.alteration is not None:
        subject = "The key was the secret" if finding.cause == "key-altered" else "The body"
        return f"{subject} {finding.alteration.how}."
    if finding.cause == "wrong-secret":
        used = f"{len(key.reveal())} characters, fingerprint {key.fingerprint}" if key else "empty"
        return f"Something else. The secret that was tried here: {used}."
    return ""


def _picture(finding: Finding, given: str, expected: str) -> str:
    other = finding.alteration
    if other is not None and finding.cause != "key-altered":
        return bytewise.bodies(finding.body, other.body)
    return (
        bytewise.headers(given.strip(" \t"), expected) if finding.cause in _OF_THE_HEADER and expected else ""
    )


def _text(header: Any) -> str:
    if isinstance(header, bytes):
        return header.decode("utf-8", "backslashreplace")
    return header if isinstance(header, str) else "" if header is None else repr(header)


def check_form(form: str) -> None:
    """Raise ``SettingsError`` for what is none of ``FORMS``."""
    _check("form", form, FORMS)


def check_options(algorithm: str, encoding: str) -> None:
    """Raise ``SettingsError`` for what no account signs with."""
    _check("algorithm", algorithm, wire.SIGNATURE_ALGORITHMS)
    _check("encoding", encoding, wire.SIGNATURE_ENCODINGS)


def _check(name: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise SettingsError(f"{name} is {given!r}, allowed are {', '.join(known)}.")
