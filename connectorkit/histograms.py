"""Durations counted in buckets of three significant digits, from a nanosecond to an hour.

A histogram takes the same memory for a thousand durations as for a billion, and several merge exactly. The
buckets are those of HdrHistogram: up to 0.1 % wide, so a middle is at most 0.05 % off. All that is said of a
histogram follows from its counts alone, so merging, pickling and writing as text change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Self

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

from connectorkit import markup
from connectorkit.errors import SettingsError

Counts = NDArray[np.int64]
Milliseconds = NDArray[np.float64]
# Three digits of a microsecond are nanoseconds. Twice a thousand steps, rounded up to a power of two.
_NANOSECONDS, _HOUR, _DIGITS, _HALF_BITS = 1e6, 3_600_000_000_000, 3, 10
_HALF = 1 << _HALF_BITS
_LONGEST_TEXT = 2_000_000  # characters; an honest one has at most some tens of thousands
SHOWN = (50.0, 90.0, 99.0, 99.9)


def _index(nanoseconds: int) -> int:
    shift = max(0, nanoseconds.bit_length() - _HALF_BITS - 1)
    return (shift << _HALF_BITS) + (nanoseconds >> shift)


_LAST = _index(_HOUR)
_SIZE = _LAST + 1


def _indices(values: Milliseconds) -> NDArray[np.int64]:
    whole = np.rint(np.clip(values * _NANOSECONDS, 0, _HOUR)).astype(np.int64)
    bits = np.frexp((whole | (2 * _HALF - 1)).astype(np.float64))[1].astype(np.int64)
    shift = bits - _HALF_BITS - 1
    placed: NDArray[np.int64] = (shift << _HALF_BITS) + (whole >> shift)
    return placed


@cache
def _lowest() -> NDArray[np.int64]:
    """The smallest number of nanoseconds of each bucket, and behind them where the last one ends."""
    at = np.arange(_SIZE + 1)
    shift = np.maximum(0, (at >> _HALF_BITS) - 1)
    lowest: NDArray[np.int64] = (at - (shift << _HALF_BITS)) << shift
    return lowest


@cache
def _middles() -> Milliseconds:
    edges = _lowest()
    return (edges[:-1] + edges[1:] - 1) / 2 / _NANOSECONDS


class Histogram:
    """Durations in milliseconds, counted.

    What is 0 or less counts in the first bucket, an hour or more in the last: never lost, see ``clamped``.
    """

    __slots__ = ("_counts",)

    def __init__(self, values_ms: Iterable[float] = ()) -> None:
        self._counts: Counts = np.zeros(_SIZE, np.int64)
        self.record_all(values_ms)

    def record(self, ms: float, count: int = 1) -> None:
        """Count one duration, or the same one ``count`` times. Raises ``SettingsError`` for what is none."""
        if not isinstance(ms, int | float) or isinstance(ms, bool) or math.isnan(ms):
            raise _no_duration(ms)
        if not isinstance(count, int) or count < 0:
            raise SettingsError(f"count is {count!r}, allowed are whole numbers from 0 up.")
        whole = round(min(max(ms * _NANOSECONDS, 0.0), float(_HOUR)))
        self._counts[_index(whole)] += count

    def record_all(self, values_ms: Iterable[float]) -> None:
        """Count many durations at once: a list, an ``array``, a numpy array or a column of a frame."""
        if not hasattr(values_ms, "__len__"):
            values_ms = list(values_ms)
        try:
            values = np.asarray(values_ms, np.float64).ravel()
        except (TypeError, ValueError):
            raise SettingsError("values_ms has something that is no number. Pass milliseconds.") from None
        if np.isnan(values).any():
            raise _no_duration(float("nan"))
        np.add.at(self._counts, _indices(values), 1)

    def add(self, *others: Histogram) -> Self:
        """Take in what others have counted; returns this one."""
        for other in others:
            self._counts += other._counts
        return self

    @classmethod
    def sum(cls, histograms: Iterable[Histogram]) -> Histogram:
        """A new one with all that these have counted."""
        return cls().add(*histograms)

    def __add__(self, other: object) -> Histogram:
        return Histogram.sum((self, other)) if isinstance(other, Histogram) else NotImplemented

    @property
    def count(self) -> int:
        """How many durations there are."""
        return int(self._counts.sum())

    @property
    def clamped(self) -> int:
        """How many stand at an end, where the true value may lie beyond: 0 or less, an hour or more."""
        return int(self._counts[0] + self._counts[-1])

    @property
    def mean(self) -> float:
        """Milliseconds; not a number where nothing was counted."""
        count = self.count
        return float(self._counts @ _middles()) / count if count else math.nan

    @property
    def min(self) -> float:
        """The middle of the lowest bucket that is used, in milliseconds."""
        return self.percentile(0)

    @property
    def max(self) -> float:
        """The middle of the highest bucket that is used, in milliseconds."""
        return self.percentile(100)

    def percentile(self, percent: float) -> float:
        """The duration that so many per cent do not exceed, in milliseconds; ``nan`` where there is none.

        Off by at most 0.05 % of the value, and half a nanosecond.
        """
        return self.percentiles((percent,))[0]

    def percentiles(self, percents: Iterable[float]) -> list[float]:
        """Several at once, which is quicker."""
        asked = list(percents)
        for percent in asked:
            if not isinstance(percent, int | float) or not 0 <= percent <= 100:
                raise SettingsError(f"percentile is {percent!r}, allowed are 0 to 100. Try 99.9.")
        ends = self._counts.cumsum()
        total = int(ends[-1])
        if not total:
            return [math.nan] * len(asked)
        # A hair less: 99.9 % of a thousand are 999, although the product is a little more.
        ranks = [max(1, math.ceil(percent * total / 100 * (1 - 1e-12))) for percent in asked]
        return [float(value) for value in _middles()[np.searchsorted(ends, ranks)]]

    def __iter__(self) -> Iterator[tuple[float, int]]:
        """The used buckets, in order: their middle in milliseconds, and how many they hold."""
        used = np.flatnonzero(self._counts)
        return zip(_middles()[used].tolist(), self._counts[used].tolist(), strict=True)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._counts))

    def __bool__(self) -> bool:
        return bool(self._counts.any())

    def to_text(self) -> str:
        """The standard text form (HdrHistogram V2, compressed, Base64), in nanoseconds."""
        written = HdrHistogram(1, _HOUR, _DIGITS)
        np.frombuffer(written.counts, np.int64)[:_SIZE] = self._counts
        written.set_internal_tacking_values(0, int(max(np.flatnonzero(self._counts), default=0)), self.count)
        return str(written.encode().decode("ascii"))

    @classmethod
    def from_text(cls, text: str, *, unit_ms: float = 1 / _NANOSECONDS) -> Histogram:
        """Read the standard text form; ``unit_ms`` is what one unit of it is, 0.001 for microseconds.

        What this kit wrote comes back exactly; of others the middle of each bucket is counted.
        """
        if len(text) > _LONGEST_TEXT:
            raise SettingsError(f"text has {len(text)} characters, allowed are {_LONGEST_TEXT}.")
        made, unit = cls(), unit_ms * _NANOSECONDS
        try:
            read = HdrHistogram.decode(text)
            for item in read.get_recorded_iterator():
                middle = read.get_lowest_equivalent_value(item.value_iterated_to)
                middle += (read.get_highest_equivalent_value(item.value_iterated_to) - middle) / 2
                whole = round(min(middle * unit, _HOUR))
                made._counts[_index(whole)] += int(item.count_added_in_this_iter_step)
        except Exception:  # the decoder has many, none of which says what to do
            raise SettingsError("text is no histogram in the HdrHistogram V2 form. Copy it whole.") from None
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return bool(np.array_equal(self._counts, other._counts))

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> Any:
        used = np.flatnonzero(self._counts)
        return used.astype(np.int32), self._counts[used]

    def __setstate__(self, state: Any) -> None:
        self._counts = np.zeros(_SIZE, np.int64)
        self._counts[state[0]] = state[1]

    def facts(self) -> list[tuple[str, str]]:
        """The numbers that a display shows, with their names."""
        if not self:
            return [("count", "0")]
        shown = zip(SHOWN, self.percentiles(SHOWN), strict=True)
        ends = [("clamped", f"{self.clamped:,}")] if self.clamped else []
        return [
            ("count", f"{self.count:,}"),
            *((f"p{percent:g}", f"{value:.4g} ms") for percent, value in shown),
            ("max", f"{self.max:.4g} ms"),
            *ends,
        ]

    def __repr__(self) -> str:
        return "<Histogram: " + ", ".join(f"{name} {value}" for name, value in self.facts()) + ">"

    def _repr_html_(self) -> str:
        return markup.facts("Histogram", self.facts())


def _no_duration(value: Any) -> SettingsError:
    return SettingsError(f"A duration is {value!r}, allowed are numbers. Leave out what was not measured.")
