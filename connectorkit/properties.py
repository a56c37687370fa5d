"""The ``Client-Properties`` header: names the client, and switches features on."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable
from typing import Any

from connectorkit import wire
from connectorkit.checks import check_list, check_one_of, check_text, require


def client_properties(
    *,
    features: Iterable[str] | None = None,
    app_id: str | None = None,
    app_version: str | None = None,
    ip_address: str | None = None,
    device_family: str | None = None,
    device_manufacturer: str | None = None,
    device_model: str | None = None,
    os: str | None = None,
    os_name: str | None = None,
    os_version: str | None = None,
    browser: str | None = None,
    browser_version: str | None = None,
    integration: str | None = None,
    integration_version: str | None = None,
    time_zone: str | None = None,
) -> str:
    """The header's value, JSON as text. It counts for one request: repeat it on every SEND.

    ``features`` are names such as ``RICH_CONTENT`` or ``MULTI_DIALOG`` (surveys as dialogs of their own).

    >>> client_properties(features=["MULTI_DIALOG"], app_id="kit")
    '{"type":".ClientProperties","features":["MULTI_DIALOG"],"appId":"kit"}'
    """
    members: dict[str, Any] = {"type": wire.CLIENT_PROPERTIES_TYPE}
    if features is not None:
        check_list("features", features)
        members["features"] = list(features)
        for position, feature in enumerate(members["features"]):
            check_one_of(f"features[{position}]", feature, wire.FEATURES)
    for name, argument, value in (
        ("appId", "app_id", app_id),
        ("appVersion", "app_version", app_version),
        ("ipAddress", "ip_address", ip_address),
        ("deviceManufacture", "device_manufacturer", device_manufacturer),
        ("deviceModel", "device_model", device_model),
        ("osName", "os_name", os_name),
        ("osVersion", "os_version", os_version),
        ("browser", "browser", browser),
        ("browserVersion", "browser_version", browser_version),
        ("integrationVersion", "integration_version", integration_version),
        ("timeZone", "time_zone", time_zone),
    ):
        if value is not None:
            check_text(argument, value, empty=True, longest=wire.CLIENT_PROPERTY_LIMITS[name])
            members[name] = value
    for name, argument, value, allowed in (
        ("deviceFamily", "device_family", device_family, wire.DEVICE_FAMILIES),
        ("os", "os", os, wire.OPERATING_SYSTEMS),
        ("integration", "integration", integration, wire.INTEGRATIONS),
    ):
        if value is not None:
            check_one_of(argument, value, allowed)
            members[name] = value
    if ip_address is not None:
        require(_is_ipv4(ip_address), "ip_address", f"is {ip_address!r}", "Pass an IPv4 address: 192.0.2.1.")
    # ASCII only, because a header takes nothing else.
    return json.dumps(members, separators=(",", ":"))


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
