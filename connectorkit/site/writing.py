"""Words for pages in Markdown: what the kit or a server said stays text, whatever signs are in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from connectorkit.texts import storable

_SIGNS = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: object) -> str:
    """Text that forms no markup. CommonMark takes any of its signs for itself after a backslash."""
    return _SIGNS.sub(r"\\\1", _line(text))


def code(text: object) -> str:
    """Text in the letters of code, on one line."""
    line = _line(text)
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if longest or not line else ""
    return f"{fence}{gap}{line}{gap}{fence}"


def block(text: str, language: str = "text") -> str:
    """Several lines of code."""
    text = storable(text)
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{fence}{language}\n{text}\n{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def within(name: str, markdown: str) -> str:
    """In an element of this class, for the style sheet."""
    return f":::{{div}} {name}\n{markdown}\n:::"


def slug(text: str) -> str:
    """A name for an address."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _line(text: object) -> str:
    return " ".join(str(storable(str(text))).split())


def _cell(markdown: str) -> str:
    # A bar ends a cell even within code, unless a backslash stands before it.
    return re.sub(r"(?<!\\)\|", r"\\|", markdown)
