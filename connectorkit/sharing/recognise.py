"""Requests from elsewhere in the kit's terms: which call it is, of which account, for which consumer."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

from connectorkit import wire

OTHER = "http"  # what the transport calls a request that is none of the kit's
_TEMPLATES = (
    ("domains", ("GET",), wire.DOMAINS_PATH),
    ("domains", ("GET",), wire.DOMAIN_PATH),
    ("app_jwt", ("POST",), wire.APP_JWT_PATH),
    ("consumer_jws", ("POST",), wire.CONSUMER_JWS_PATH),
    ("conversation", ("POST",), wire.CONVERSATION_PATH),
    ("send", ("POST",), wire.SEND_PATH),
    ("upload_file", ("PUT",), wire.STORAGE_PATH),
    ("download_file", ("GET",), wire.STORAGE_PATH),
)


def _pattern(template: str) -> re.Pattern[str]:
    escaped = re.escape(template.removesuffix(".json"))
    for name, form in (("account_id", r"(?P<account_id>[^/]+)"), ("service", "[^/]+"), ("name", ".+")):
        escaped = escaped.replace(re.escape(f"{{{name}}}"), form)
    return re.compile(escaped + (r"(?:\.json)?" if template.endswith(".json") else "") + "/?")


_PATTERNS = [(operation, methods, _pattern(template)) for operation, methods, template in _TEMPLATES]


def operation_of(method: str, url: str) -> tuple[str, str | None]:
    """The operation and the account id that a request is about; ``("http", None)`` for any other."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return OTHER, None
    for operation, methods, pattern in _PATTERNS:
        found = pattern.fullmatch(path)
        if found is not None and method.upper() in methods:
            return operation, unquote(found["account_id"])
    return OTHER, None


def consumer_of(body: str, on_behalf: dict[str, Any] | None) -> str | None:
    """The consumer: named in a ConsumerJWS request, else in the claims of the ConsumerJWS that was sent."""
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        decoded = None
    sources = (decoded, on_behalf)
    names = (source.get("ext_consumer_id") for source in sources if isinstance(source, dict))
    return next((name for name in names if isinstance(name, str) and name), None)
