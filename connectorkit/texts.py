"""Texts as UTF-8 can hold them, and as a line has room for them."""

from __future__ import annotations

from typing import Any


def storable(value: Any) -> Any:
    """Half a surrogate pair, sent by a tester on purpose, has no form in UTF-8: it is spelt out."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def on_a_line(text: str, longest: int | None = None) -> str:
    """The text with a sign for whatever turns writing round, has no width or breaks a line; cut at its end.

    Charts need it: what draws them would end the whole process at a NUL, and take minutes for a long name.
    """
    cut = text if longest is None else text[: longest + 1]
    clean = "".join(one if one.isprintable() else "�" for one in cut)
    return clean if longest is None or len(text) <= longest else clean[: longest - 1] + "…"
