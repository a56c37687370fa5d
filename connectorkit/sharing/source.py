"""Values and calls as Python source text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_WIDTH = 100


@dataclass(frozen=True)
class Call:
    """A call of a function by its name; ``keywords`` that are ``None`` are left out."""

    function: str
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)


def source(value: Any, names: Mapping[str, str] | None = None, indent: int = 0) -> str:
    """The source of decoded JSON or of a ``Call``, broken into lines where it is long.

    ``names`` are texts that a variable holds: the variable stands in their place.
    """
    names = names or {}
    if isinstance(value, Call):
        given = {name: item for name, item in value.keywords.items() if item is not None}
        parts = [("", item) for item in value.arguments] + [
            (f"{name}=", item) for name, item in given.items()
        ]
        return _bracketed(f"{value.function}(", parts, ")", names, indent)
    if isinstance(value, dict):
        parts = [(f"{quoted(str(name))}: ", item) for name, item in value.items()]
        return _bracketed("{", parts, "}", names, indent)
    if isinstance(value, list | tuple):
        return _bracketed("[", [("", item) for item in value], "]", names, indent)
    if isinstance(value, str):
        return names.get(value) or quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def quoted(text: str) -> str:
    """A text between double quotes where that reads better; whatever cannot be seen is escaped."""
    shown = repr(text)
    return f'"{shown[1:-1]}"' if shown.startswith("'") and '"' not in shown and "\\'" not in shown else shown


def _bracketed(
    opening: str, parts: list[tuple[str, Any]], closing: str, names: Mapping[str, str], indent: int
) -> str:
    flat = opening + ", ".join(prefix + source(item, names, indent) for prefix, item in parts) + closing
    if "\n" not in flat and len(flat) + indent <= _WIDTH:
        return flat
    inner = indent + 4
    lines = [f"{' ' * inner}{prefix}{source(item, names, inner)},\n" for prefix, item in parts]
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"
