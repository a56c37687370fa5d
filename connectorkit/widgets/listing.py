"""The list of the log panel: what stands in its rows, how it is shown, and what is said above it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from connectorkit.finding import Found

SHOWN = ("no.", "begun (UTC)", "operation", "status", "ms", "consumer", "scenario or label")
_LONGEST_CELL = 60


def table() -> Any:
    """An empty list. Its scripts come with itables; nothing is fetched from elsewhere."""
    from itables.widget import ITable  # late: it takes half a second to import

    options: dict[str, Any] = {
        "select": {"style": "single", "keys": True},
        "showIndex": False,
        "maxBytes": 0,  # how many rows there are is bounded by who fills it
        "pageLength": 8,
        "lengthMenu": [8, 25, 100],
        "layout": {"topStart": None, "topEnd": None, "bottomStart": "pageLength", "bottomEnd": "paging"},
        "columnDefs": [{"className": "dt-left", "targets": "_all"}],
        "style": "table-layout:auto;width:100%;margin:0;caption-side:top",
    }
    return ITable(frame(None), caption="Exchanges, the newest on top", **options)


def frame(found: Found | None) -> pd.DataFrame:
    """What the list shows, as texts: whatever a server sent is escaped by itables."""
    rows = [] if found is None else found.rows.to_dict("records")
    shown = [
        (
            int(row["exchange_id"]),
            _time(row["started_at"]),
            cut(_known(row["operation"])),
            cut(_known(row["error"]).partition(":")[0] or _known(row["status_code"])),
            "" if pd.isna(row["total_ms"]) else f"{row['total_ms']:,.1f}",
            cut(_known(row["consumer"])),
            cut(" · ".join(filter(None, (_known(row["scenario"]), _known(row["label"]))))),
        )
        for row in rows
    ]
    made = pd.DataFrame(shown, columns=list(SHOWN))
    return made.astype(dict.fromkeys(SHOWN[1:], "string") | {SHOWN[0]: "int64"})


def _known(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _time(at: Any) -> str:
    return "" if pd.isna(at) else f"{at:%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"


def cut(text: str) -> str:
    """On one line, and not longer than a cell."""
    line = " ".join(text[: 2 * _LONGEST_CELL].split())
    return line if len(line) <= _LONGEST_CELL else line[: _LONGEST_CELL - 1] + "…"


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
