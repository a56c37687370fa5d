"""The rules of an app install manifest. What no rule speaks of is left alone."""

from __future__ import annotations

import difflib
import functools
import ipaddress
import re
from collections.abc import Callable
from typing import Any

import httpx

from connectorkit import wire

_RETRY = "retry"
_WEBHOOK_KEYS = (*wire.WEBHOOK_TYPES, _RETRY)
_TEXTS = {"client_name": 128, "display_name": 128, "description": 256, "scope": 128, "logo_uri": 1024}
_LISTS = ("grant_types", "response_types", "redirect_uris")
_ENGAGEMENT_BOOLEANS = ("design_engagement", "design_window", "language_selection")
_ENGAGEMENT_LISTS = ("entry_point", "visitor_behavior", "target_audience", "goal", "consumer_identity")

_CLOSE_ENOUGH = 0.75  # of difflib: a slip of the finger passes, another word does not
_SHOWN = 80  # characters of a name that somebody made up
_HEADER_NAME = re.compile(r"[0-9A-Za-z!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"(?:[!-~](?:[ -~\t]*[!-~])?)?")
# These frame or sign a delivery; the sandbox writes them itself.
_RESERVED_HEADERS = ("connection", "content-length", "transfer-encoding")
_RESERVED_PREFIX = "x-liveperson-"


class ManifestError(ValueError):
    """A manifest breaks a rule; the text names the member, what was expected, and what to do."""


def check(manifest: Any) -> dict[str, Any]:
    """The manifest as given, once it obeys every rule; ``ManifestError`` otherwise.

    A member that is ``null`` counts as absent.
    """
    given = _object(manifest, "the manifest")
    if given.get("client_name") in (None, ""):
        raise ManifestError("client_name is missing; give the app a name of 1 to 128 characters")
    for name, longest in _TEXTS.items():
        _optional(given, name, "", functools.partial(_text, most=longest))
    _optional(given, "enabled", "", _boolean)
    for name in _LISTS:
        _optional(given, name, "", _texts)
    capabilities = _optional(given, "capabilities", "", _object) or {}
    _optional(capabilities, "webhooks", "capabilities", _webhooks)
    _optional(capabilities, "engagement", "capabilities", _engagement)
    return given


def check_endpoint(endpoint: Any, path: str = "endpoint") -> str:
    """A webhook's URL: https, or http to this machine; ``ManifestError`` otherwise."""
    advice = "give an https:// URL, or an http:// URL on 127.0.0.1 or localhost"
    if not isinstance(endpoint, str):
        raise ManifestError(f"{path} must be a string; {advice}")
    try:
        url = httpx.URL(endpoint)  # the parser that will deliver
    except httpx.InvalidURL:
        raise ManifestError(f"{path} is not a URL; {advice}") from None
    if not url.host or not 0 < (url.port or 443) < 65536 or re.search(r"\s", endpoint):
        raise ManifestError(f"{path} is not a complete URL; {advice}")
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        raise ManifestError(f"{path} must be https; {advice}")
    return endpoint


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# --- Webhooks ----------------------------------------------------------------------------------------


def _webhooks(value: Any, path: str) -> None:
    given = _object(value, path)
    for key in given:
        if key not in _WEBHOOK_KEYS:
            raise ManifestError(f"{path}.{key[:_SHOWN]} is not an event type; {_hint(key)}")
        _optional(given, key, path, _retry if key == _RETRY else _webhook)


def _hint(key: str) -> str:
    """The nearest right key, told by the last part: the first is the one most often misplaced."""
    last_parts = {right.rpartition(".")[2].lower(): right for right in _WEBHOOK_KEYS}
    last = key[-_SHOWN:].rpartition(".")[2].lower()
    nearest = difflib.get_close_matches(last, last_parts, n=1, cutoff=_CLOSE_ENOUGH)
    if nearest:
        return f"did you mean {last_parts[nearest[0]]}?"
    return f"use one of {', '.join(_WEBHOOK_KEYS)}"


def _webhook(value: Any, path: str) -> None:
    given = _object(value, path)
    if given.get("endpoint") in (None, ""):
        raise ManifestError(f"{path}.endpoint is missing; state the URL these events go to")
    check_endpoint(given["endpoint"], f"{path}.endpoint")
    _optional(given, "max_retries", path, functools.partial(_integer, least=0, most=wire.MAX_RETRIES))
    _optional(given, "headers", path, _headers)


def _headers(value: Any, path: str) -> None:
    for position, item in enumerate(_list(value, path)):
        at = f"{path}[{position}]"
        given = _object(item, at)
        name, text = given.get("header_name"), given.get("header_value")
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ManifestError(f"{at}.header_name must be the name of an HTTP header, as X-Env")
        if name.lower() in _RESERVED_HEADERS or name.lower().startswith(_RESERVED_PREFIX):
            raise ManifestError(
                f"{at}.header_name {name[:_SHOWN]} is set by the service; choose another name"
            )
        if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
            raise ManifestError(
                f"{at}.header_value must be a string of ASCII characters in one line; remove what is not"
            )


def _retry(value: Any, path: str) -> None:
    given = _object(value, path)
    check_seconds = functools.partial(
        _integer,
        least=wire.MIN_RETENTION_SECONDS,
        most=wire.MAX_RETENTION_SECONDS,
        unit=" of seconds",
    )
    _optional(given, "retention_time", path, check_seconds)


def _engagement(value: Any, path: str) -> None:
    given = _object(value, path)
    for name in _ENGAGEMENT_BOOLEANS:
        _optional(given, name, path, _boolean)
    for name in _ENGAGEMENT_LISTS:
        _optional(given, name, path, _texts)


# --- Single values -----------------------------------------------------------------------------------


def _optional(given: dict[str, Any], name: str, path: str, check_value: Callable[[Any, str], Any]) -> Any:
    value = given.get(name)
    return None if value is None else check_value(value, f"{path}.{name}" if path else name)


def _object(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ManifestError(f"{path} must be a JSON object; write it as {{…}}")
    return value


def _list(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise ManifestError(f"{path} must be an array; write it as […]")
    return value


def _texts(value: Any, path: str) -> None:
    if not all(isinstance(item, str) for item in _list(value, path)):
        raise ManifestError(f"{path} must hold strings only; put each in quotes")


def _text(value: Any, path: str, most: int) -> None:
    if not isinstance(value, str):
        raise ManifestError(f"{path} must be a string; put it in quotes")
    if len(value) > most:
        raise ManifestError(f"{path} has {len(value)} characters; shorten it to at most {most}")


def _boolean(value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise ManifestError(f"{path} must be a boolean; write true or false without quotes")


def _integer(value: Any, path: str, least: int, most: int, unit: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ManifestError(f"{path} must be a whole number{unit}; choose one from {least} to {most}")
