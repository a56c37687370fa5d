"""Secrets: a type that hides them, and a filter that replaces every known one in a text.

Tokens are recognised by their shape, client secrets by value (also percent-encoded and inside JSON), and
members and parameters by their names. What remains is a label with a short fingerprint, so two tokens can
be told apart without either being shown.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from typing import Any
from urllib.parse import quote, quote_plus

# Three base64url parts, the first two of which begin like a JSON object.
_JWT = re.compile(r"(?<![A-Za-z0-9_-])ey[A-Z][A-Za-z0-9_-]*\.ey[A-Z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?")
_NAMES = "client_secret|access_token|refresh_token|password|bearer|temp_url_sig"
_JSON_MEMBER = re.compile(rf'("(?:{_NAMES}|token)"\s*:\s*")((?:[^"\\]|\\.)+)(")', re.IGNORECASE)
_FORM_PAIR = re.compile(rf"((?:^|[?&\s])(?:{_NAMES})=)([^&\s\"'<>]+)", re.IGNORECASE)
# A label has no character that would end a member or a pair, so redacting twice changes nothing.
_LABEL = re.compile(r"\[(?:jwt|secret):[0-9a-f]{8}\]")
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_SCHEME = re.compile(r"(bearer\s+)?(.*)", re.IGNORECASE | re.DOTALL)
_SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-lp-on-behalf",
        "x-liveperson-signature",
        "cookie",
        "set-cookie",
    }
)


def fingerprint(text: str) -> str:
    """Eight hex digits that tell one secret from another and give neither away."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


class Secret:
    """A text that ``repr``, ``str`` and formatting hide; ``reveal()`` gives it to who must send it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself. For the wire only."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """Eight hex digits of its SHA-256."""
        return fingerprint(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return f"Secret([secret:{self.fingerprint}])" if self._value else "Secret(empty)"

    __str__ = __repr__

    def __deepcopy__(self, memo: Any) -> Secret:
        return self  # it cannot change

    def __reduce__(self) -> Any:
        raise TypeError(
            "A Secret is not pickled, so that it reaches no file. Read it again from the settings."
        )


class Redactor:
    """Replaces secrets in texts and headers; learns secret values as the kit meets them."""

    def __init__(self, *secrets: Secret) -> None:
        self._lock = threading.Lock()
        self._forms: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """From now on this value is replaced wherever it stands, also encoded for a URL or for JSON."""
        value = secret.reveal()
        if len(value) < 4:  # shorter "secrets" would blank out ordinary text
            return
        percent = {quote(value), quote(value, safe=""), quote_plus(value)}
        percent |= {_PERCENT.sub(lambda found: found[0].lower(), form) for form in percent}
        as_json = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
        label = _label(value)
        forms = {value} | percent | as_json
        with self._lock:
            self._forms |= dict.fromkeys(forms, label)
            longest_first = sorted(self._forms, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """The same text with every secret replaced by a label."""
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self._forms[found[0]], text)
        text = _JWT.sub(lambda found: _label(found[0]), text)
        text = _JSON_MEMBER.sub(lambda found: found[1] + _label(found[2]) + found[3], text)
        return _FORM_PAIR.sub(lambda found: found[1] + _label(found[2]), text)

    def headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The same headers; those that carry credentials keep a fingerprint only."""
        return [(name, self._header(name, value)) for name, value in headers]

    def _header(self, name: str, value: str) -> str:
        if name.lower() not in _SECRET_HEADERS or not value:
            return self.text(value)
        # The whole value, as what stands beside a token may be a secret too; the scheme may be seen.
        scheme, credentials = _SCHEME.fullmatch(value).groups("")  # type: ignore[union-attr]
        return f"{scheme}{_label(credentials)}" if credentials else value


def _label(value: str) -> str:
    if _LABEL.fullmatch(value):
        return value
    return f"[{'jwt' if _JWT.fullmatch(value) else 'secret'}:{fingerprint(value)}]"


def token_claims(text: str) -> dict[str, dict[str, Any]]:
    """Fingerprint to claims of every token found in a text: all that may be kept of a token."""
    found = {}
    for token in _JWT.findall(text):
        claims = _claims(token)
        if claims is not None:
            found[fingerprint(token)] = claims
    return found


def _claims(token: str) -> dict[str, Any] | None:
    parts = token.split(".")
    if len(parts) < 2:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None
