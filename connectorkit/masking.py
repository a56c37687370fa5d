"""Records without what people said and who they are, for sharing: ``masked`` and ``masked_notification``.

A member's value stays only where its name is known to hold an id, a type, a status, a number or a time;
everything else is masked, so what is unknown is not shared. Structure, JSON types, sizes and times stay. A
masked text tells a class of length only: a fingerprint of a name or a phone number could be guessed.
Consumers keep a pseudonym that lasts as long as the process. A ``label`` stays: its author chose it.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from connectorkit import wire
from connectorkit.records import Exchange, Notification

_PSEUDONYM_KEY = secrets.token_bytes(16)  # so that nobody can try names until a pseudonym fits
_DONE = re.compile(
    r"\[(?:masked ≤\d+|consumer:[0-9a-f]{8}|(?:secret|jwt):[0-9a-f]{8})\]|<\d+ bytes of [^<>]*>"
)
_ID_LIKE = re.compile(r"[\w.:/$=,-]{1,128}", re.ASCII)
_MEMBER = re.compile(r"[A-Za-z_$][\w.$-]{0,63}", re.ASCII)
_STORED = re.compile(
    r"/{0,2}v1/AUTH_async-images/\w+/[0-9a-f]*_uuid_[0-9a-f-]{36}_[\d_-]+\.\w{2,5}", re.ASCII
)
_QUOTED = re.compile(r"""(?:bytearray\()?b?(['"]).*\1\)?""", re.DOTALL)
_SHORTEST_ECHO = 4

_CONSUMER = frozenset({"ext_consumer_id"})
_PERSONAL = frozenset({"authenticatedData", "lp_sdes", "privateData", "info", "personal"})
_PROSE = frozenset({"msg", "details", "error", "error_description"})  # of the service's answers
_NONE: frozenset[str] = frozenset()
# Members whose values say nothing about a person and nothing of what was said, by where they stand.
_KNOWN = {
    "envelopes and answers": """kind id type reqId code sequence errorCode v version dialogId conversationId
        convId brandId channelType ttrDefName skillId campaignId engagementId visitorId sessionId
        interactionContextId lang features""",
    "events and fields": """contentType chatState status sequenceList fileType fileSize field
        conversationState state stage csatRate csatResolutionConfirmation ttrType value size color
        background-color border-color border-radius itemsPerRow tag reasonId questionId groupId provider
        externalConversationId confidenceScore""",
    "notifications": """originatorId role serverTimestamp effectiveTTR manualETTR startTs endTs
        metaDataLastUpdateTs creationTs dialogType closeReason closedBy tillWhen subscriptionId appInstallId
        accountId""",
    "tokens, hosts, clients": """token_type kid typ alg aud azp scope iss iat exp account_id lp_consumer_id
        client_id client_secret grant_type temp_url_sig temp_url_expires service account baseURI appId
        appVersion deviceFamily os osName osVersion integration integrationVersion browser browserVersion
        timeZone""",
}
_KEPT = frozenset(name for names in _KNOWN.values() for name in names.split())
_KNOWN_HEADERS = """accept accept-encoding access-control-allow-origin allow authorization cache-control
    connection content-encoding content-length content-type cookie date etag host keep-alive pragma
    proxy-authorization retry-after server set-cookie transfer-encoding user-agent vary www-authenticate
    x-liveperson-account-id x-liveperson-client-id x-liveperson-signature x-lp-on-behalf"""
_HEADERS = frozenset(_KNOWN_HEADERS.split())


def masked(exchange: Exchange) -> Exchange:
    """The exchange without message texts, personal attributes, file names and the consumer's name.

    What cannot be read as JSON or as a form is masked as a whole. Masking twice changes nothing.
    """
    mask = _Mask()
    request = mask.body(exchange.request_body, exchange.request_headers)
    return replace(
        exchange,
        consumer=None if exchange.consumer is None else _pseudonym(exchange.consumer),
        url=mask.url(exchange.url),
        reason=_reason(exchange.status_code, exchange.reason),
        error=None if exchange.error is None else mask.echoes(_QUOTED.sub("[masked]", exchange.error)),
        request_headers=mask.headers(exchange.request_headers),
        request_body=request,
        response_headers=mask.headers(exchange.response_headers),
        response_body=mask.body(exchange.response_body, exchange.response_headers, answer=True),
        tokens={label: mask.tree(claims) for label, claims in exchange.tokens.items()},
    )


def masked_notification(notification: Notification) -> Notification:
    """The notification without texts, captions, file names and whatever else somebody may have said."""
    mask = _Mask()
    return replace(
        notification,
        headers=mask.headers(notification.headers),
        body=mask.body(notification.body, notification.headers),
    )


class _Mask:
    """Masks the parts of one record; remembers what was masked, as an answer may quote the request."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def body(self, text: str, headers: Iterable[tuple[str, str]], *, answer: bool = False) -> str:
        if not text or _DONE.fullmatch(text):
            return text
        if any(n.lower() == "content-type" and v.startswith(wire.FORM_MEDIA_TYPE) for n, v in headers):
            return self._form(text)
        try:
            value = json.loads(text)
            if isinstance(value, dict | list):
                return json.dumps(self.tree(value, answer), ensure_ascii=False, separators=(",", ":"))
        except (ValueError, RecursionError):
            pass
        return self._text(text)

    def tree(self, value: Any, answer: bool = False) -> Any:
        return self._value(value, "", answer, personal=False)

    def headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, self._header(name.lower(), value)) for name, value in headers]

    def url(self, url: str) -> str:
        start, mark, query = url.partition("?")
        place = start.find("/v1/")
        if place >= 0 and not _STORED.fullmatch(start[place:].replace("//", "/")):
            folder, slash, name = start.rpartition("/")
            start = folder + slash + self._text(name)
        return self.echoes(start) + mark + (self._form(query) if query else "")

    def echoes(self, text: str) -> str:
        """What the service says, without what it quotes."""
        for said in sorted(self._said, key=len, reverse=True):
            text = text.replace(said, _class(said))
        return text

    def _header(self, name: str, value: str) -> str:
        if name in _HEADERS:
            return value
        return self.body(value, ())

    def _form(self, text: str) -> str:
        pairs = parse_qsl(text, keep_blank_values=True)
        shown = [
            (name if name in _KEPT else self._text(name), self._leaf(value, name)) for name, value in pairs
        ]
        return "&".join(f"{name}={v if _DONE.fullmatch(v) else quote(v)}" for name, v in shown)

    def _value(self, value: Any, name: str, answer: bool, personal: bool) -> Any:
        if isinstance(value, dict):
            prose = _PROSE | {"title"} if answer and "errorCode" in value else _PROSE if answer else _NONE
            return {
                self._name(key, place): self.echoes(item)
                if key in prose and isinstance(item, str)
                else self._value(item, key, answer, personal or key in _PERSONAL)
                for place, (key, item) in enumerate(value.items())
            }
        if isinstance(value, list):
            return [self._value(item, name, answer, personal) for item in value]
        if personal:
            return self._leaf(value, name if name == "type" else "")
        return self._leaf(value, name)

    def _leaf(self, value: Any, name: str) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if not isinstance(value, str):
            return value if name in _KEPT else type(value)(0)
        if not value or _DONE.fullmatch(value):
            return value
        if name in _CONSUMER:
            return _pseudonym(value)
        if name == "relativePath" and _STORED.fullmatch(value):
            return value
        return value if name in _KEPT and _ID_LIKE.fullmatch(value) else self._text(value)

    def _name(self, name: str, place: int) -> str:
        known = _MEMBER.fullmatch(name) or _DONE.match(name)
        return name if known or not name else f"{self._text(name)} {place}"

    def _text(self, text: str) -> str:
        if not text or _DONE.fullmatch(text):
            return text
        if len(text) >= _SHORTEST_ECHO:
            self._said.add(text)
        return _class(text)


def _class(text: str) -> str:
    return f"[masked ≤{max(8, 1 << (len(text) - 1).bit_length())}]"


def _pseudonym(name: str) -> str:
    if _DONE.fullmatch(name):
        return name
    mac = hmac.new(_PSEUDONYM_KEY, name.encode("utf-8", "surrogatepass"), "sha256")
    return f"[consumer:{mac.hexdigest()[:8]}]"


def _reason(status: int | None, reason: str | None) -> str | None:
    """The words beside the status; a server may write there what it likes."""
    if not reason or _DONE.fullmatch(reason):
        return reason
    known = next((known.phrase for known in HTTPStatus if known == status), None)
    return reason if known == reason else _class(reason)
