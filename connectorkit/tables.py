"""How records become DataFrames: dtypes never depend on the data, and an empty frame keeps its columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

WHEN, TEXT, WHOLE, REAL, YES_NO = "datetime64[us, UTC]", "string", "Int64", "float64", "boolean"
# Column: (dtype, meaning)
Columns = dict[str, tuple[str, str]]


def frame(columns: Columns, rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """One row per dict; times are nanoseconds since the epoch, what a row lacks is missing."""
    found = list(rows)
    data = {}
    for name, (dtype, _) in columns.items():
        values = [row.get(name) for row in found]
        if dtype == WHEN:
            nanoseconds = pd.Series(values, dtype="Int64")
            data[name] = pd.to_datetime(nanoseconds, unit="ns", utc=True).dt.as_unit("us")
        else:
            data[name] = pd.Series([_storable(v) for v in values] if dtype == TEXT else values, dtype=dtype)
    return pd.DataFrame(data)


def _storable(text: Any) -> Any:
    """Half a surrogate pair, which JSON may spell out, has no form in UTF-8."""
    if not isinstance(text, str) or text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()
