"""Secrets: a type that hides them, and a filter that replaces every known one in a text.

Tokens are recognised by their shape, everything that the kit knows to be secret by value (see ``values`` and
``forms``), and members and parameters by their names. What remains is a label with a short fingerprint, so
two tokens can be told apart without either being shown.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from connectorkit.hiding import enrol
from connectorkit.markup import Shown
from connectorkit.values import Found, Look, Values

# Three base64url parts, the first two of which begin like a JSON object.
_JWT = re.compile(r"(?<![A-Za-z0-9_-])ey[A-Z][A-Za-z0-9_-]*\.ey[A-Z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?")
_NAMES = "client_secret|access_token|refresh_token|password|bearer|temp_url_sig"
_JSON_MEMBER = re.compile(rf'("(?:{_NAMES}|token)"\s*:\s*")((?:[^"\\]|\\.)+)(")', re.IGNORECASE)
_FORM_PAIR = re.compile(rf"((?:^|[?&\s])(?:{_NAMES})=)([^&\s\"'<>]+)", re.IGNORECASE)
# A label has no character that would end a member or a pair, so redacting twice changes nothing.
_LABEL = re.compile(r"\[(?:jwt|secret):[0-9a-f]{8}\]")
_TELLING = ("secret", "token", "password", "bearer", "temp_url_sig")  # one of them is in each such name
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


_MOST_SEEN, _LONGEST_SEEN = 256, 256  # texts, and characters of each
Headers = list[tuple[str, str]]


class Secret(Shown):
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
        self._values = Values()
        self._labelled: dict[str, str] = {}  # the same few tokens are sent again and again
        self._clean: dict[str, None] = {}
        enrol(self)
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: Secret, *, passing: bool = False) -> None:
        """From now on this value is replaced wherever it stands, also encoded, nested or cut.

        Of ``passing`` ones, such as tokens, only the newest few hundred are kept.
        """
        value = secret.reveal()
        self._values.add(value, _label(value), passing=passing)
        self._clean = {}  # a new one, as another thread may be adding to this

    def text(self, text: str, look: Look | None = None) -> str:
        """The same text with every secret replaced by a label. ``look`` is one at it that others share."""
        if self.is_clean(text, look):
            return text
        text = self._without_values(text)
        text = _JSON_MEMBER.sub(lambda found: found[1] + _label(found[2]) + found[3], text)
        return _FORM_PAIR.sub(lambda found: found[1] + _label(found[2]), text)

    def claims(self, claims: dict[str, Any]) -> dict[str, Any]:
        """Claims of tokens, as of ``token_claims``, without a secret among them."""
        try:
            told = json.dumps(claims)
            shown = self.text(told)
            return claims if shown == told else dict(json.loads(shown))
        except (ValueError, RecursionError):  # what was replaced was no text, say a number
            return {token: {} for token in claims}

    def is_clean(self, text: str, look: Look | None = None) -> bool:
        """A quick look, for most texts: ``True`` where ``text`` would change nothing."""
        lowered = text.lower()
        if ".ey" in lowered or any(name in lowered for name in _TELLING):
            return False
        return not self._values.may_hold(look or Look(text))

    def _without_values(self, text: str) -> str:
        found: list[Found] = []
        for reading in self._values.readings(text):
            found += self._values.find(reading)
            if ".ey" in reading.text:
                for token in _JWT.finditer(reading.text):
                    place = reading.place(*token.span())
                    found.append(Found(*place, len(token[0]), _label(token[0])))
        return _replaced(text, found) if found else text

    def record(self, texts: Sequence[str], *headers: Headers) -> tuple[Sequence[str], list[Headers]]:
        """Texts and lists of headers, without secrets; one look at all is quicker than one at each."""
        shown = [[(n, self._credentials(n, v)) for n, v in some] for some in headers]
        # Addresses and most headers are the same in each exchange.
        seen = self._clean
        unseen = {text for text in texts if text not in seen}
        unseen.update([part for some in shown for header in some for part in header if part not in seen])
        if not unseen or self.is_clean("\n".join(unseen)):
            if len(seen) > _MOST_SEEN:
                self._clean = {}
            seen.update(dict.fromkeys([text for text in unseen if len(text) <= _LONGEST_SEEN]))
            return texts, shown
        clean = self.text
        return [clean(text) for text in texts], [[(clean(n), clean(v)) for n, v in some] for some in shown]

    def headers(self, headers: Headers) -> Headers:
        """The same headers; those that carry credentials keep a fingerprint only."""
        return self.record((), headers)[1][0]

    def _credentials(self, name: str, value: str) -> str:
        """The whole value, as what stands beside a token may be a secret too; the scheme may be seen."""
        if not value or name.lower() not in _SECRET_HEADERS:
            return value
        label = self._labelled.get(value)
        if label is None:
            scheme, credentials = _SCHEME.fullmatch(value).groups("")  # type: ignore[union-attr]
            label = f"{scheme}{_label(credentials)}" if credentials else value
            if len(self._labelled) >= _MOST_SEEN:
                self._labelled.clear()
            self._labelled[value] = label
        return label


def _replaced(text: str, found: list[Found]) -> str:
    """Each stretch by the label of the one of which most was found there."""
    pieces, end, waiting = [], 0, collections.deque(sorted(found))
    while waiting:
        first = waiting.popleft()
        start, stretch = first.start, first.end
        while waiting and waiting[0].start < stretch:
            other = waiting.popleft()
            stretch = max(stretch, other.end)
            first = max(first, other, key=lambda one: one.characters)
        pieces += [text[end:start], first.label]
        end = stretch
    return "".join(pieces) + text[end:]


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
