"""The list of the log panel: what stands in its rows, how they are laid out, and what is said above them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ipywidgets
import pandas as pd

from connectorkit.finding import Found
from connectorkit.texts import on_a_line

SHOWN = ("no.", "begun (UTC)", "operation", "status", "ms", "consumer", "scenario or label")
_WIDTHS = (7, 18, 12, 12, 9, 20, 0)  # characters; numbers stand on the right
_ON_THE_RIGHT = (0, 4)
_LONGEST_CELL = 60
_BLANK = "\N{NO-BREAK SPACE}"  # a browser would make one of several common blanks


def listbox() -> ipywidgets.Select:
    """An empty list, which arrow keys go through; its values are the numbers of exchanges.

    The browser's own: what it shows and what was chosen cannot part, however late it draws.
    """
    made = ipywidgets.Select(
        options=[], description="Exchanges, the newest on top", rows=9, layout=ipywidgets.Layout(width="auto")
    )
    made.add_class("connectorkit-listing")
    return made


def options(found: Found) -> list[tuple[str, int]]:
    """A line for each listed exchange, and its number."""
    return [(_line(cells), int(cells[0])) for cells in rows(found)]


def header() -> str:
    """The names of the columns, above their places."""
    return _line(SHOWN)


def rows(found: Found) -> Iterator[tuple[str, ...]]:
    """The cells of each listed exchange, as texts."""
    for row in found.rows.to_dict("records"):
        yield (
            str(row["exchange_id"]),
            _time(row["started_at"]),
            cut(_known(row["operation"])),
            cut(_known(row["error"]).partition(":")[0] or _known(row["status_code"])),
            "" if pd.isna(row["total_ms"]) else f"{row['total_ms']:,.1f}",
            cut(_known(row["consumer"])),
            cut(" · ".join(filter(None, (_known(row["scenario"]), _known(row["label"]))))),
        )


def _line(cells: tuple[str, ...]) -> str:
    placed = [
        f"{_within(cell, width):>{width}}" if place in _ON_THE_RIGHT else f"{_within(cell, width):<{width}}"
        for place, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return "  ".join(placed).rstrip().replace(" ", _BLANK)


def _within(cell: str, width: int) -> str:
    return cell if not width or len(cell) <= width else cell[: width - 1] + "…"


def _known(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _time(at: Any) -> str:
    return "" if pd.isna(at) else f"{at:%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"


def cut(text: str) -> str:
    """On one line, and not longer than a cell."""
    # What turns the writing round, or has no width, would put the rest of the line elsewhere.
    return on_a_line(" ".join(text[: 2 * _LONGEST_CELL].split()), _LONGEST_CELL)


def counted(found: Found, filtered: bool) -> str:
    """How many there are and how many of them are listed, in words."""
    if not found.total:
        return "The log is empty. Send something: it appears here."
    if not found.matching:
        return f"None of {found.total:,} exchanges matches."
    plural = "" if found.total == 1 else "s"
    rest = ""
    if len(found.rows) < found.matching:
        rest = f" The newest {len(found.rows)} are listed; filters reach the others."
    if not filtered:
        return f"{found.total:,} exchange{plural}.{rest}"
    verb = "matches" if found.matching == 1 else "match"
    return f"{found.matching:,} of {found.total:,} exchange{plural} {verb}.{rest}"
