"""What may stand for a host: a name or an address with an optional port, and nothing else."""

from __future__ import annotations

import ipaddress
import re

_HOST = re.compile(r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


def is_host(text: str) -> bool:
    """Whether this is a usable host, so that no path, user or blank can slip into a URL."""
    found = _HOST.fullmatch(text)
    if found is None or int(found["port"] or 1) not in range(1, 65536):
        return False
    if found["ipv6"] is not None:
        try:
            return bool(ipaddress.IPv6Address(found["ipv6"]))
        except ValueError:
            return False
    labels = found["name"].removesuffix(".").split(".")
    return len(found["name"]) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
