"""Breaks JSON by lot: deletes, doubles, moves, grafts and retypes parts of it."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

# Written into the message as they stand, JSON or not.
RAW = [
    *("null", "true", "0", "-0", "-1", "1.5", "1e400", "NaN", "9" * 400, "9" * 5000),
    *("[]", "{}", "[[]]", '{"a": 1}', "[" * 200 + "]" * 200),
    *(r'"\ud800"', r'"\u0000"', f'"{"x" * 6000}"'),
    *(f'"{text}"' for text in ("", "x", "-1", "OPEN", "CLOSE", "ACCEPT", "CONSUMER", "hosted/file")),
    *(f'"{text}"' for text in ("/v1/a.png", "../../x", "http://a")),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield (*path, key)
        yield from places(child, (*path, key))


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every member of every object inside a JSON value."""
    if isinstance(value, dict):
        yield from value.items()
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from members(child)


def broken(value: Any, chance: random.Random, foreign: list[tuple[str, Any]]) -> bytes:
    """The value as JSON text with some of it deleted, doubled, moved, replaced, or taken from elsewhere.

    ``foreign`` are members that it may be given, as other messages have them.
    """
    changed, raw = copy.deepcopy(value), []
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        there = list(places(changed))
        if not there:
            break
        path = chance.choice(there)
        holder = changed
        for key in path[:-1]:
            holder = holder[key]
        match chance.choice(["delete", "double", "retype", "retype", "move", "graft"]):
            case "delete":
                del holder[path[-1]]
            case "graft" if isinstance(holder, dict):
                holder |= copy.deepcopy(dict([chance.choice(foreign)]))
            case "double" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[path[-1]]))
            case "double":
                holder[f"{path[-1]}2"] = copy.deepcopy(holder[path[-1]])
            case "move":
                moved = holder[path[-1]]
                holder[path[-1]] = chance.choice([{"moved": moved}, [moved]])
            case _:
                holder[path[-1]] = f"@raw{len(raw)}@"
                raw.append(chance.choice(RAW))
    body = json.dumps(changed)
    for number, written in enumerate(raw):
        body = body.replace(f'"@raw{number}@"', written)
    if chance.random() < 0.05:
        body = body[: chance.randrange(len(body) + 1)]
    return body.encode("utf-8", "surrogatepass")
