"""What may stand at a place of a request that is being typed: field names, types, allowed values.

The text is unfinished by nature, so it is read as far as it can be; nothing is refused here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from connectorkit import documented
from connectorkit.documented import Shape

_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"?|[{}\[\],:]|[^\s{}\[\],:"]+')
# Metadata passes through whatever its type; these are the documented ones.
_METADATA = tuple(documented.METADATA.items.variants) if documented.METADATA.items else ()


@dataclass(frozen=True)
class Offer:
    """Texts that may stand for ``fragment``, which was typed already and ends at the cursor."""

    fragment: str
    texts: tuple[str, ...]


@dataclass
class _Level:
    """An object or an array that is open at the cursor; ``members`` also gets what follows the cursor."""

    array: bool
    members: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    at_value: bool = False


def offer(text: str, cursor: int) -> Offer:
    """What may stand at ``cursor``, a number of characters into the text."""
    stack, typed = _read(text, cursor)
    if not stack:
        return Offer("", ())
    shape: Shape | None = documented.PAYLOAD
    for level in stack:
        if shape is not None and not level.array:
            shape = shape.chosen(level.members)
        if level is stack[-1] or shape is None:
            break
        shape = shape.items if level.array else shape.members.get(level.key or "")
    inside = typed.startswith('"')
    fragment = typed[1:] if inside else typed
    top = stack[-1]
    if shape is None:
        return Offer(fragment, ())
    if top.array or top.at_value:
        place = shape.items if top.array else shape.members.get(top.key or "")
        values = [] if place is None else list(_values(place, top, shape))
        return Offer(fragment, tuple(_written(values, fragment, inside)))
    free = [name for name in shape.members if name == fragment or name not in top.members]
    quoted = [name if inside else json.dumps(name) for name in free if name.startswith(fragment)]
    return Offer(fragment, tuple(quoted))


def _values(place: Shape, level: _Level, shape: Shape) -> Iterator[Any]:
    yield from place.allowed
    if level.key == "type" and shape.by == "type" and not place.allowed:
        yield from shape.variants or _METADATA
    if bool in place.kinds:
        yield from (True, False)


def _written(values: list[Any], fragment: str, inside: bool) -> Iterator[str]:
    for value in values:
        if inside and isinstance(value, str) and value.startswith(fragment):
            yield value
        elif not inside:
            text = json.dumps(value)
            if text.startswith(fragment) or text.strip('"').startswith(fragment):
                yield text


def _read(text: str, cursor: int) -> tuple[list[_Level], str]:
    """What is open at the cursor, from outside in, and what was typed of the token that ends there."""
    stack: list[_Level] = []
    typed, resume = "", cursor
    for token in _TOKEN.finditer(text[:cursor]):
        if token.end() == cursor and _is_open(token.group()):
            typed = token.group()
            whole = _TOKEN.match(text, token.start())
            resume = whole.end() if whole else cursor
            break
        _take(stack, token.group())
    here = [replace(level) for level in stack]  # the members are shared, and filled by what follows
    for token in _TOKEN.finditer(text, resume):
        _take(stack, token.group())
    return here, typed


def _is_open(word: str) -> bool:
    """Whether a token that ends at the cursor may still grow: a word, or a text without its end."""
    if word.startswith('"'):
        return len(word) == 1 or not re.fullmatch(r'"(?:\\.|[^"\\\n])*"', word)
    return word not in "{}[],:"


def _take(stack: list[_Level], word: str) -> None:
    top = stack[-1] if stack else None
    if word in "{[":
        stack.append(_Level(word == "["))
    elif word in "}]":
        if stack:
            stack.pop()
    elif top is None or top.array:
        return
    elif word == ":":
        top.at_value = True
    elif word == ",":
        top.key, top.at_value = None, False
    elif not top.at_value:
        top.key = _plain(word)
        top.members.setdefault(top.key, None)
    elif top.key is not None:
        top.members[top.key] = _plain(word)


def _plain(word: str) -> str:
    return word.strip('"') if word.startswith('"') else word
