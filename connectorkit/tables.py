"""How records become DataFrames: dtypes never depend on the data, and an empty frame keeps its columns.

``Growing`` is a table that is only ever added to. Its frames share its memory: a frame of a million rows that
gained a thousand costs the thousand. pandas copies what somebody changes (copy on write).
"""

from __future__ import annotations

import contextlib
import re
import weakref
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from connectorkit.texts import storable

WHEN, TEXT, WHOLE, REAL, YES_NO = "datetime64[us, UTC]", "string", "Int64", "float64", "boolean"
# Column: (dtype, meaning)
Columns = dict[str, tuple[str, str]]

# A moment, as datetime or ISO text (UTC unless it says otherwise), or how long ago: "10 min", a timedelta.
Moment = datetime | timedelta | str
_AGO = re.compile(r"\s*\d[\d.]*\s*[a-zA-Z].*|P.*", re.DOTALL)
_ISO = re.compile(r"\s*\d{4}-\d\d")

_UTC = pd.DatetimeTZDtype("us", "UTC")
_NO_TIME = np.iinfo(np.int64).min  # how numpy writes a time that is missing


def frame(columns: Columns, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One row per mapping; times are nanoseconds since the epoch, what a row lacks is missing."""
    table = Growing(columns)
    table.add(list(rows))
    return table.frame()


def moment(value: Moment, name: str = "since") -> pd.Timestamp:
    """The moment meant, in UTC. Raises ``ValueError`` with a sentence where none can be made out."""
    stamp: pd.Timestamp | None = None
    # Without its unit, a number would be nanoseconds; a day or a time alone would be taken for a duration.
    if isinstance(value, timedelta) or (isinstance(value, str) and _AGO.fullmatch(value)):
        with contextlib.suppress(ValueError, OverflowError):
            ago = pd.Timedelta(value)
            stamp = pd.Timestamp.now("UTC") - ago if ago >= pd.Timedelta(0) else None
    elif isinstance(value, date | np.datetime64) or (isinstance(value, str) and _ISO.match(value)):
        with contextlib.suppress(ValueError, OverflowError):
            stamp = pd.Timestamp(value)
    if stamp is None or pd.isna(stamp):
        raise ValueError(
            f"{name} is {value!r}. Pass a datetime, a text such as 2026-01-31T12:00, or how long ago: 10 min."
        )
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")


def nanoseconds(stamp: pd.Timestamp) -> int:
    """Since the epoch; of a moment beyond 64 bits, the last that fits."""
    microseconds = int(stamp.as_unit("us").asm8.astype(np.int64))
    return max(-(2**63), min(1000 * microseconds, 2**63 - 1))


class Growing:
    """Rows that are only ever added to, and the frame of them."""

    def __init__(self, columns: Columns) -> None:
        self._columns: dict[str, _Numbers | _Texts] = {
            name: _Texts() if dtype == TEXT else _Numbers(dtype) for name, (dtype, _) in columns.items()
        }
        self._frame: pd.DataFrame | None = None

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows as mappings; times are nanoseconds since the epoch, what a row lacks is missing."""
        if rows or self._frame is None:
            for name, column in self._columns.items():
                column.add([row.get(name) for row in rows])
            self._frame = None

    def add_arrays(self, arrays: Mapping[str, Any]) -> None:
        """The same rows column by column: texts as arrow arrays, times in microseconds, the rest as numpy's.

        A whole number or a yes or no comes with its mask, as a pair of arrays.
        """
        for name, column in self._columns.items():
            column.add_array(arrays[name])
        self._frame = None

    def frame(self) -> pd.DataFrame:
        """All rows so far. It may be changed: the table is not."""
        if self._frame is None:
            self._frame = _shared({n: c.array() for n, c in self._columns.items()})
        return self._frame.copy(deep=False)


_OTHERS = weakref.ref(Growing)


def _shared(columns: dict[str, Any]) -> pd.DataFrame:
    """A frame that shows memory which others show as well, so that writing to it copies.

    pandas counts the frames that share memory by itself, but not those that were made at another time. That
    somebody else always does is entered in its books; where they are kept otherwise, everything is copied.
    """
    made = pd.DataFrame(columns, copy=False)
    try:
        for block in made._mgr.blocks:
            block.refs.referenced_blocks.append(_OTHERS)
    except AttributeError:
        return made.copy()
    return made


class _Numbers:
    """A column of numbers, times, or yes and no, with room to grow."""

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype
        kind = {WHEN: np.int64, WHOLE: np.int64, REAL: np.float64, YES_NO: np.bool_}[dtype]
        self._values: np.ndarray[Any, Any] = np.empty(0, kind)
        self._missing: np.ndarray[Any, Any] = np.empty(0, np.bool_)
        self._length = 0

    def add(self, values: list[Any]) -> None:
        if self._dtype == REAL:
            self.add_array(np.array(values, np.float64))  # None becomes NaN
            return
        missing = np.fromiter((value is None for value in values), np.bool_, len(values))
        if self._dtype == WHEN:
            known = (_NO_TIME if value is None else value // 1000 for value in values)
            self.add_array(np.fromiter(known, np.int64, len(values)))
        else:
            known = (0 if value is None else value for value in values)
            self.add_array((np.fromiter(known, self._values.dtype, len(values)), missing))

    def add_array(self, array: Any) -> None:
        values, missing = array if isinstance(array, tuple) else (array, None)
        end = self._length + len(values)
        if end > len(self._values):
            self._values = _with_room(self._values, self._length, end)
            self._missing = _with_room(self._missing, self._length, end)
        self._values[self._length : end] = values
        if missing is not None:
            self._missing[self._length : end] = missing
        self._length = end

    def array(self) -> Any:
        values, missing = self._values[: self._length], self._missing[: self._length]
        for part in (values, missing):
            part.flags.writeable = False  # others show the same memory
        if self._dtype == WHEN:
            return pd.array(values.view("M8[us]"), copy=False).view(_UTC)  # tz_localize would copy
        if self._dtype == REAL:
            return values
        if self._dtype == WHOLE:
            return pd.arrays.IntegerArray(values, missing)
        return pd.arrays.BooleanArray(values, missing)


def _with_room(old: np.ndarray[Any, Any], length: int, needed: int) -> np.ndarray[Any, Any]:
    new = np.empty(max(needed, 2 * len(old)), old.dtype)
    new[:length] = old[:length]
    return new


class _Texts:
    """A column of texts, as arrow arrays one after the other."""

    def __init__(self) -> None:
        self._parts: list[pa.Array] = []

    def add(self, values: list[Any]) -> None:
        try:
            self.add_array(pa.array(values, pa.large_string()))
        except UnicodeEncodeError:
            self.add_array(pa.array([storable(value) for value in values], pa.large_string()))

    def add_array(self, array: Any) -> None:
        self._parts.append(array)
        # A small part joins the one before, so that there are few however often rows are added.
        while len(self._parts) > 1 and len(self._parts[-2]) <= 2 * len(self._parts[-1]):
            last = self._parts.pop()
            self._parts[-1] = pa.concat_arrays([self._parts[-1], last])

    def array(self) -> Any:
        return pd.arrays.ArrowStringArray(pa.chunked_array(self._parts, pa.large_string()))
