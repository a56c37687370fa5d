"""What several commands say in the same way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def counted(count: int, word: str) -> str:
    """A number and its noun."""
    return f"{count} {word}" + ("" if count == 1 else "s")


def reasons(rows: Iterable[tuple[str, str]], title: str = "Not run") -> Any:
    """Why something was not run, as reason and name; those with the same reason stand together."""
    from rich.table import Table
    from rich.text import Text

    found: dict[str, list[str]] = {}
    for reason, name in rows:
        found.setdefault(reason, []).append(name)
    table = Table(f"\n{title}", "\nBecause it", box=None, pad_edge=False)
    for reason, names in found.items():
        table.add_row(Text(", ".join(names)), Text(reason))
    return table
