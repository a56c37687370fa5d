"""Texts as UTF-8 can hold them."""

from __future__ import annotations

from typing import Any


def storable(value: Any) -> Any:
    """Half a surrogate pair, sent by a tester on purpose, has no form in UTF-8: it is spelt out."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    return value
