"""Which call of the service a request is, by its method and path alone."""

from __future__ import annotations

import re

from connectorkit import wire

_ENDING = r"(\.json)?"  # of a domain lookup, which works without it too


def _pattern(template: str) -> str:
    return "[^/]+".join(re.escape(part) for part in re.split(r"\{\w+\}", template))


_LOOKUPS = [
    _pattern(template.removesuffix(".json")) + _ENDING for template in (wire.DOMAINS_PATH, wire.DOMAIN_PATH)
]
_PATHS = [
    *((pattern, {"GET": "domains"}) for pattern in _LOOKUPS),
    (_pattern(wire.APP_JWT_PATH), {"POST": "app_jwt"}),
    (_pattern(wire.CONSUMER_JWS_PATH), {"POST": "consumer_jws"}),
    (_pattern(wire.CONVERSATION_PATH), {"POST": "conversation"}),
    (_pattern(wire.SEND_PATH), {"POST": "send"}),
    ("/?" + _pattern(wire.STORAGE_PATH), {"PUT": "upload_file", "GET": "download_file"}),
    (_pattern(wire.AGENT_LOGIN_PATH), {"POST": "login"}),
    (_pattern(wire.INSTALLATIONS_PATH), dict.fromkeys(("GET", "POST"), "installs")),
    (_pattern(wire.INSTALLATION_PATH), dict.fromkeys(("GET", "POST", "PUT", "DELETE"), "installs")),
]
_CALLS = [(re.compile(pattern), names) for pattern, names in _PATHS]


def named(method: str, path: str) -> str | None:
    """The call's name, as in the log of whoever makes it; ``None`` where it is none of the service."""
    method = "GET" if method == "HEAD" else method
    return next((names.get(method) for pattern, names in _CALLS if pattern.fullmatch(path)), None)
