"""Exchanges as a Postman collection (format 2.1), each with the answer it got as an example."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from connectorkit.log import Exchange
from connectorkit.sharing.resend import (
    CLIENT_SECRET,
    FILE,
    VARIABLES,
    Resend,
    is_kept,
    resend,
    with_short_names,
)

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_BASE_URL = "base_url"
_ABOUT = (
    "Requests that connectorkit has logged. Fill in the collection's variables: they stand where the log has "
    "replaced a secret."
)


def lines(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """The collection as JSON, in pieces: one line per request."""
    info = {"name": "connectorkit", "description": _ABOUT, "schema": SCHEMA}
    yield f'{{\n"info": {json.dumps(info)},\n"item": ['
    base_url = None
    for number, exchange in enumerate(exchanges):
        base_url = _base_url(exchange.url) if base_url is None else base_url
        yield ("," if number else "") + f"\n{json.dumps(item(exchange, base_url))}"
    yield f'\n],\n"variable": {json.dumps(_variables(base_url or ""))}\n}}\n'


def item(exchange: Exchange, base_url: str = "") -> dict[str, Any]:
    """One request of a collection; an address that begins with ``base_url`` says ``{{base_url}}``."""
    sent = resend(exchange)
    request: dict[str, Any] = {
        "method": sent.method,
        "header": [{"key": name, "value": with_short_names(value)} for name, value in sent.headers],
        "url": _url(sent, base_url),
        "description": "\n\n".join(sent.notes),
    }
    if sent.body:
        request["body"] = _body(sent)
    found: dict[str, Any] = {"name": sent.title, "request": request, "response": []}
    if exchange.status_code is not None:
        found["response"] = [_example(exchange, request)]
    return found


def _variables(base_url: str) -> list[dict[str, str]]:
    given = [{"key": _BASE_URL, "value": base_url, "type": "string"}]
    for variable in VARIABLES:
        if variable is not FILE:
            given.append(
                {"key": variable.short, "value": "", "type": "string", "description": variable.holds}
            )
    return given


def _base_url(url: str) -> str:
    found = re.match(r"https?://[^/?#]+", url)
    return found[0] if found else ""


def _url(sent: Resend, base_url: str) -> dict[str, Any]:
    raw = with_short_names(sent.url)
    if (base_url and raw.startswith((f"{base_url}/", f"{base_url}?"))) or raw == base_url:
        rest = raw[len(base_url) :]
        raw, host = f"{{{{{_BASE_URL}}}}}{rest}", [f"{{{{{_BASE_URL}}}}}"]
    else:
        host, rest = [_base_url(raw)], raw[len(_base_url(raw)) :]
    path, _, query = rest.partition("#")[0].partition("?")
    pairs = [part.partition("=") for part in query.split("&") if part]
    return {
        "raw": raw,
        "host": host,
        "path": path.removeprefix("/").split("/") if path else [],
        "query": [{"key": name, "value": value if equals else None} for name, equals, value in pairs],
    }


def _body(sent: Resend) -> dict[str, Any]:
    if sent.body == (FILE,):
        return {"mode": "file", "file": {}}
    if CLIENT_SECRET in sent.body:
        form = parse_qsl(with_short_names(sent.body), keep_blank_values=True)
        return {"mode": "urlencoded", "urlencoded": [{"key": name, "value": value} for name, value in form]}
    raw = with_short_names(tuple(_braced(piece) if isinstance(piece, str) else piece for piece in sent.body))
    media_type = with_short_names(sent.header("content-type") or ())
    language = {"options": {"raw": {"language": "json"}}} if "json" in media_type else {}
    return {"mode": "raw", "raw": raw, **language}


def _braced(text: str) -> str:
    """In JSON a brace can be written in another way; a variable's name in a message is no variable."""
    if "{{" not in text:
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    return re.sub(
        r'"(?:[^"\\]|\\.)*"', lambda found: found[0].replace("{{", "{\\u007b"), text, flags=re.DOTALL
    )


def _example(exchange: Exchange, request: dict[str, Any]) -> dict[str, Any]:
    body = exchange.response_body
    return {
        "name": f"{exchange.status_code} {exchange.reason or ''}".strip(),
        "originalRequest": request,
        "status": exchange.reason or "",
        "code": exchange.status_code,
        "header": [{"key": name, "value": value} for name, value in exchange.response_headers],
        "body": body if is_kept(body) else "",
        "responseTime": None if exchange.total_ms is None else round(exchange.total_ms, 3),
    }
