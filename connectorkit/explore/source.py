"""Values as source text, and what may stand in them beside JSON: names and longer expressions of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_LONG = 60  # characters of one letter, from where on a text is written as a product


@dataclass(frozen=True)
class Code:
    """An expression that is written as it stands, such as the name of a variable."""

    text: str


def source(value: Any) -> str:
    """Python that makes this value again; dicts, lists and scalars, with ``Code`` anywhere in them."""
    if isinstance(value, Code):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{source(name)}: {source(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(source, value)) + "]"
    if isinstance(value, str) and len(value) > _LONG and len(set(value)) == 1:
        return f"{_text(value[0])} * {len(value)}"
    return _text(value) if isinstance(value, str) else repr(value)


def resolved(value: Any, names: dict[str, Any]) -> Any:
    """The same value with names put in; only names, for what is compared."""
    if isinstance(value, Code):
        return names[value.text]
    if isinstance(value, dict):
        return {name: resolved(one, names) for name, one in value.items()}
    return [resolved(one, names) for one in value] if isinstance(value, list) else value


def _text(text: str) -> str:
    """In double quotes, as the kit's own code has them, where that needs no more escapes."""
    written = repr(text)
    if written.startswith("'") and '"' not in text and "\\'" not in written:
        return f'"{written[1:-1]}"'
    return written
