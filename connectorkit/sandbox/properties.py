"""The Client-Properties header: which features a client says it has."""

from __future__ import annotations

import json
from typing import Any

from connectorkit import wire
from connectorkit.sandbox.warnings import Warnings

_CHOICES = {
    "deviceFamily": wire.DEVICE_FAMILIES,
    "os": wire.OPERATING_SYSTEMS,
    "integration": wire.INTEGRATIONS,
}
_TYPES = (".ClientProperties", "ClientProperties", ".ams.headers.ClientProperties")


def features(header: str | None, warnings: Warnings) -> tuple[str, ...]:
    """The features named in the header; whatever is wrong with it is a warning, never a refusal (R51)."""
    if not header:
        return ()
    about = wire.CLIENT_PROPERTIES
    try:
        given: Any = json.loads(header)
        json.dumps(given, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        warnings.add(about, "The header is not JSON and was ignored")
        return ()
    if not isinstance(given, dict):
        warnings.add(about, "The header is not a JSON object and was ignored")
        return ()
    if given.get("type") not in _TYPES:
        warnings.add(about, f"type should be {wire.CLIENT_PROPERTIES_TYPE}")
    for name, longest in wire.CLIENT_PROPERTY_LIMITS.items():
        value = given.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > longest):
            warnings.add(about, f"{name} should be a string of at most {longest} characters")
    for name, allowed in _CHOICES.items():
        if given.get(name) not in (None, *allowed):
            warnings.add(about, f"{name} should be one of {', '.join(allowed)}")
    named = given.get("features")
    if not isinstance(named, list):
        return ()
    return tuple(feature for feature in named if isinstance(feature, str))
