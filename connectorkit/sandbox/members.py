"""Reads members of a JSON object one by one; a wrong one is refused with its full name.

``null`` counts as absent, as clients send it so. Members nobody asks for are ignored (R59).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NoReturn

from connectorkit.sandbox.refusals import bad

_LARGEST_INTEGER = 2**53  # beyond it, not every JSON reader keeps the value


def json_object(value: Any, path: str) -> Members:
    """The value as an object whose members can be read."""
    if not isinstance(value, dict):
        raise bad(f"{path} must be an object")
    return Members(value, path)


class Members:
    """One JSON object, and its place in the request for messages about it."""

    __slots__ = ("_path", "value")

    def __init__(self, value: dict[str, Any], path: str) -> None:
        self.value = value
        self._path = path

    def path(self, name: str) -> str:
        """A member's full name."""
        return f"{self._path}.{name}" if self._path else name

    def has(self, name: str) -> bool:
        """Whether the member is there and not null."""
        return self.value.get(name) is not None

    def text(self, name: str, *, required: bool = False, empty: bool = True) -> str | None:
        """A string member."""
        value = self.value.get(name)
        if value is None:
            return self._absent(name) if required else None
        if not isinstance(value, str):
            raise bad(f"{self.path(name)} must be a string")
        if not empty and value == "":
            raise bad(f"{self.path(name)} is empty")
        return value

    def text_or_integer(self, name: str) -> str | int | None:
        """A string or an integer member, as ids are."""
        value: str | int | None = self._get(name, False)
        if value is not None and not isinstance(value, str) and not is_integer(value):
            raise bad(f"{self.path(name)} must be a string or an integer")
        return value

    def integer(self, name: str, *, required: bool = False, least: int | None = None) -> int | None:
        """An integer member; booleans are not integers."""
        value = self._get(name, required)
        if value is None:
            return None
        if not is_integer(value):
            raise bad(f"{self.path(name)} must be an integer")
        if least is not None and value < least:
            raise bad(f"{self.path(name)} must be at least {least}")
        if abs(value) > _LARGEST_INTEGER:
            raise bad(f"{self.path(name)} is too large")
        return int(value)

    def number(self, name: str) -> float | None:
        """A number member."""
        value = self._get(name, False)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise bad(f"{self.path(name)} must be a number")
        return value

    def boolean(self, name: str, *, required: bool = False) -> bool | None:
        """A boolean member."""
        value = self._get(name, required)
        if value is not None and not isinstance(value, bool):
            raise bad(f"{self.path(name)} must be true or false")
        return value

    def choice(self, name: str, allowed: Collection[Any], *, required: bool = False) -> Any:
        """A member with one of a few values."""
        value = self.value.get(name)
        if value is None:
            return self._absent(name) if required else None
        if isinstance(value, bool) or value not in allowed:
            raise bad(f"{self.path(name)} must be one of {', '.join(map(str, allowed))}")
        return value

    def items(self, name: str) -> list[Any]:
        """An array member; empty where it is absent."""
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad(f"{self.path(name)} must be an array")
        return value

    def objects(self, name: str) -> list[Members]:
        """An array member whose items are objects."""
        items = self.items(name)
        return [json_object(item, f"{self.path(name)}[{i}]") for i, item in enumerate(items)] if items else []

    def inner(self, name: str, *, required: bool = False) -> Members | None:
        """An object member."""
        value = self.value.get(name)
        if value is None:
            return self._absent(name) if required else None
        if not isinstance(value, dict):
            raise bad(f"{self.path(name)} must be an object")
        return Members(value, f"{self._path}.{name}" if self._path else name)

    def _get(self, name: str, required: bool) -> Any:
        value = self.value.get(name)
        return self._absent(name) if value is None and required else value

    def _absent(self, name: str) -> NoReturn:
        raise bad(f"{self.path(name)} is missing")


def is_integer(value: Any) -> bool:
    """A JSON integer: not a boolean, not a fraction."""
    return isinstance(value, int) and not isinstance(value, bool)
