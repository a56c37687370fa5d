"""Reading HTTP Archives, those of browsers and proxies too: whatever they hold, secrets stay out."""

from __future__ import annotations

import base64
import json
import math
import os
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from connectorkit import wire
from connectorkit.bodies import as_text
from connectorkit.errors import LogError
from connectorkit.log import Exchange
from connectorkit.recording import MAX_KEPT_CHARACTERS
from connectorkit.redact import Redactor, Secret, fingerprint, token_claims
from connectorkit.sharing.har import OWN_FIELDS, STORED
from connectorkit.sharing.recognise import consumer_of, operation_of
from connectorkit.sharing.resend import LABEL

MAX_HAR_BYTES = 512 * 1024 * 1024
_FIELDS = {f.name for f in fields(Exchange)}
_WHOLE = frozenset({"attempt", "exchange_id"})
_CREDENTIALS = frozenset({wire.AUTHORIZATION.lower(), wire.ON_BEHALF.lower(), "proxy-authorization"})
_SECRET_MEMBERS = frozenset({"client_secret", "access_token", "refresh_token", wire.TEMP_URL_SIGNATURE})
_LAST_MOMENT = 2**63 - 1  # what the log can hold, in nanoseconds: the year 2262


def read_har(path: str | os.PathLike[str]) -> list[Exchange]:
    """The exchanges of an archive, oldest first as it lists them, ready for ``log.append``.

    Archives that the kit wrote come back whole; those of a browser or proxy get their operation, account and
    consumer from what they sent. Tokens, secret headers and secrets in bodies are replaced, as in the log.
    Raises ``LogError`` for a file that cannot be read, is larger than 512 MB, or is no archive.
    """
    source = Path(path).expanduser()
    try:
        size = source.stat().st_size
        if size > MAX_HAR_BYTES:
            raise LogError(
                f"{source} has {size} bytes, allowed are {MAX_HAR_BYTES}. Save fewer requests in one archive."
            )
        # Browsers write UTF-8, some tools with a byte order mark.
        text = source.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise LogError(f"{source} cannot be read ({error.strerror or error}). Check the path.") from None
    return list(parse_har(text, str(source)))


def parse_har(text: str, name: str = "The text") -> Iterator[Exchange]:
    """The exchanges of an archive given as text; ``name`` stands in error messages."""
    try:
        archive = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LogError(
            f"{name} is no HTTP Archive: it is not JSON ({error}). Save it again as HAR."
        ) from None
    entries = _object(_object(archive).get("log")).get("entries")
    if not isinstance(entries, list):
        raise LogError(
            f'{name} is no HTTP Archive: expected an object with "log" and "entries". Save it again as HAR.'
        )
    redactor = Redactor()
    claims: dict[str, dict[str, Any]] = {}
    for entry in entries:
        _learn(redactor, claims, entry)
    for position, entry in enumerate(entries):
        request = _object(_object(entry).get("request"))
        if not isinstance(request.get("method"), str) or not isinstance(request.get("url"), str):
            raise LogError(f"{name}: entry {position} has no request with a method and a URL.")
        yield _exchange(entry, redactor, claims)


def _learn(redactor: Redactor, claims: dict[str, dict[str, Any]], entry: Any) -> None:
    """Every value that is a secret by its place, so that it is replaced wherever else it stands."""
    request, response = (_object(_object(entry).get(side)) for side in ("request", "response"))
    for side in (request, response):
        for header, value in _headers(side):
            claims |= token_claims(value)
            if header.lower() in _CREDENTIALS:
                redactor.learn(Secret(value.rpartition(" ")[2]))
    for text in (_posted(request), _text(_object(response.get("content")).get("text"))):
        claims |= token_claims(text)
    body, answer = _decoded(_posted(request)), _decoded(_text(_object(response.get("content")).get("text")))
    if isinstance(token := answer.get("token"), str) and "ext_consumer_id" in body:
        # Where the token is a label already, what the call asked for says whose it is.
        claims.setdefault(_print_of(token), {"ext_consumer_id": body["ext_consumer_id"]})
    params = _list(_object(request.get("postData")).get("params")) + _list(request.get("queryString"))
    for pair in params:
        if _object(pair).get("name") in _SECRET_MEMBERS:
            redactor.learn(Secret(_text(pair.get("value"))))


def _exchange(entry: Any, redactor: Redactor, claims: dict[str, dict[str, Any]]) -> Exchange:
    request, response = (_object(entry.get(side)) for side in ("request", "response"))
    content = _object(response.get("content"))
    body, answer = _posted(request), _answered(content)
    status = _whole(response.get("status"))
    operation, account_id = operation_of(request["method"], request["url"])
    clean = redactor.text
    read: dict[str, Any] = {
        "operation": operation,
        "method": clean(request["method"]),
        "url": clean(request["url"]),
        "account_id": account_id,
        "consumer": consumer_of(body, _on_behalf(request, claims)),
        "started_at": _started(entry.get("startedDateTime")),
        "status_code": status or None,  # a browser writes 0 where no answer came
        "reason": clean(_text(response.get("statusText"))) if status else None,
        "error": clean(_text(response.get("_error"))) or (None if status else "no answer in the archive"),
        "request_headers": redactor.headers(_headers(request)),
        "request_body": clean(body)[:MAX_KEPT_CHARACTERS],
        "response_headers": redactor.headers(_headers(response)),
        "response_body": clean(answer)[:MAX_KEPT_CHARACTERS],
        "request_bytes": _size(request.get("bodySize"), body),
        "response_bytes": _size(response.get("bodySize"), answer) if status else 0,
        "http_version": clean(_text(response.get("httpVersion") or request.get("httpVersion"))) or None,
        "tokens": redactor.claims(token_claims(answer)),
        **_phases(_object(entry.get("timings")), entry.get("time")),
    }
    return Exchange(**read | _own(request, redactor))


def _own(request: dict[str, Any], redactor: Redactor) -> dict[str, Any]:
    """What the kit itself has written beside the standard members, where it is of the right kind."""
    own: dict[str, Any] = {}
    for name in (*OWN_FIELDS, "started_at", *STORED):
        value = request.get(f"_{name}")
        if name in STORED or name in _WHOLE:
            if (number := _finite(value)) is not None:
                own[name] = int(number) if name in _WHOLE else number
        elif name == "started_at":
            if isinstance(value, str) and value.isdecimal() and len(value) <= 19:
                own[name] = min(int(value), _LAST_MOMENT)
        elif name == "reused_connection":
            own |= {name: value} if isinstance(value, bool) else {}
        elif name == "tokens":
            own |= {name: redactor.claims(value)} if isinstance(value, dict) else {}
        elif isinstance(value, str):
            own[name] = redactor.text(value)
    if "_operation" in request:  # then a phase that is not there did not happen
        own = dict.fromkeys(STORED) | own
    return own


def _on_behalf(request: dict[str, Any], claims: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The claims of the ConsumerJWS that was sent, by its text or by the label that replaced it."""
    for header, value in _headers(request):
        if header.lower() == wire.ON_BEHALF.lower():
            return claims.get(_print_of(value))
    return None


def _print_of(token: str) -> str:
    """The fingerprint of a token, or the one that the label in its place shows."""
    return token[1:-1].partition(":")[2] if LABEL.fullmatch(token) else fingerprint(token)


def _decoded(text: str) -> dict[str, Any]:
    try:
        return _object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _headers(side: dict[str, Any]) -> list[tuple[str, str]]:
    found = (_object(header) for header in _list(side.get("headers")))
    return [(_text(h.get("name")), _text(h.get("value"))) for h in found if h.get("name")]


def _posted(request: dict[str, Any]) -> str:
    data = _object(request.get("postData"))
    if isinstance(data.get("text"), str) and data["text"]:
        return str(data["text"])
    pairs = [
        (_text(_object(p).get("name")), _text(_object(p).get("value"))) for p in _list(data.get("params"))
    ]
    return urlencode(pairs) if pairs else _text(data.get("comment"))


def _answered(content: dict[str, Any]) -> str:
    text = _text(content.get("text"))
    if content.get("encoding") != "base64":
        return text or _text(content.get("comment"))
    try:
        decoded = base64.b64decode(text, validate=False)
    except ValueError:
        return text
    return as_text([("content-type", _ascii(content.get("mimeType")))], decoded)


def _ascii(value: Any) -> str:
    return _text(value).encode("ascii", "ignore").decode()


def _started(value: Any) -> int:
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return 0  # the log puts in the time of the import
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    nanoseconds = (passed.days * 86_400 + passed.seconds) * 10**9 + passed.microseconds * 1000
    return nanoseconds if 0 < nanoseconds <= _LAST_MOMENT else 0


def _phases(timings: dict[str, Any], total: Any) -> dict[str, float | None]:
    """HAR's connect has the TLS handshake in it; -1 is what did not happen."""
    found = {name: _finite(timings.get(name)) for name in ("connect", "ssl", "send", "wait", "receive")}
    phases: dict[str, float | None] = {
        f"{name}_ms": found[name] for name in ("connect", "send", "wait", "receive")
    }
    if found["connect"] is not None and found["ssl"] is not None:
        phases["connect_ms"] = max(found["connect"] - found["ssl"], 0.0)
    return phases | {"tls_ms": found["ssl"], "total_ms": _finite(total)}


def _size(given: Any, body: str) -> int:
    size = _whole(given)
    return len(body.encode("utf-8", "surrogatepass")) if size is None else size


def _whole(value: Any) -> int | None:
    number = _finite(value)
    return None if number is None or number > 2**53 else int(number)


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
