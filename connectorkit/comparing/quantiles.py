"""How sure a percentile is, and the change of one between two runs. Nothing is assumed of the distribution.

A percentile lies between two of the values measured with a probability that the binomial distribution gives
exactly (order statistics). The interval of a difference is put together from those of both sides: as each
errs by itself, what they are off adds up like the sides of a right angle (Zou and Donner, 2008).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Values = np.ndarray[Any, np.dtype[np.float64]]
_SPREAD = 12  # standard deviations around the mean, outside which a binomial has no weight that counts
_NOTABLE = 2.0  # standard errors: from there on, calls in a row are held to resemble each other


@dataclass(frozen=True)
class Change:
    """Of one percentile, in the unit of the values; ``low`` and ``high`` bound ``change``.

    They are missing where there are too few values.
    """

    before: float
    after: float
    low: float | None = None
    high: float | None = None

    @property
    def change(self) -> float:
        """How much more it is after."""
        return self.after - self.before


def change(
    before: Values, after: Values, q: float, level: float, worth: tuple[float, float] | None = None
) -> Change:
    """The change of the quantile ``q``, with an interval that holds with probability ``level``.

    Values are sorted, and there is at least one on each side. ``worth`` is how many independent values each
    side is worth, where that is less than there are.
    """
    b, a = (float(np.quantile(values, q)) for values in (before, after))
    worths = worth or (len(before), len(after))
    b_sure, a_sure = interval(before, q, level, worths[0]), interval(after, q, level, worths[1])
    if b_sure is None or a_sure is None:
        return Change(b, a)
    (b_low, b_high), (a_low, a_high) = b_sure, a_sure
    down = math.hypot(a - min(a, a_low), max(b, b_high) - b)
    up = math.hypot(max(a, a_high) - a, b - min(b, b_low))
    return Change(b, a, a - b - down, a - b + up)


def interval(
    values: Values, q: float, level: float, worth: float | None = None
) -> tuple[float, float] | None:
    """Between which two of the sorted values the quantile lies; ``None`` where they are too few to say."""
    count = len(values)
    size = count if worth is None else max(1, min(count, math.floor(worth)))
    ranks = _ranks(size, q, (1 - level) / 2)
    if ranks is None:
        return None
    # Of values that resemble each other, as many are passed over in proportion.
    low = math.floor((ranks[0] - 1) * count / size)
    high = math.ceil(ranks[1] * count / size) - 1
    return float(values[low]), float(values[high])


def needed(q: float, level: float) -> int:
    """So many independent values must there be before ``interval`` has an answer."""
    return math.ceil(math.log((1 - level) / 2) / math.log(max(q, 1 - q)) - 1e-9)


def independent(values: Values) -> float:
    """How many independent values these are worth, given in the order in which they were measured.

    Calls in a row share what slows them down, so that a hundred may tell no more than thirty. Taken from the
    autocorrelation of their ranks, summed up as long as it stays above zero in pairs (Geyer, 1992).
    """
    count = len(values)
    if count < 8:
        return float(count)
    ranks = _ranked(values)
    ranks = ranks - ranks.mean()
    spread = float(ranks @ ranks)
    if spread <= 0:
        return float(count)

    def correlation(lag: int) -> float:
        return float(ranks[lag:] @ ranks[: count - lag]) / spread

    if correlation(1) < _NOTABLE / math.sqrt(count):
        return float(count)
    total = correlation(1)
    for lag in range(2, count // 2, 2):
        pair = correlation(lag) + correlation(lag + 1)
        if pair <= 0:
            break
        total += pair
    return min(float(count), max(1.0, count / (1 + 2 * total)))


def _ranked(values: Values) -> Values:
    """Their ranks, equal ones in the middle of theirs."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(times)
    middle: Values = (ends - (times - 1) / 2)[place].astype(np.float64)
    return middle


def _ranks(count: int, q: float, tail: float) -> tuple[int, int] | None:
    """From the n-th to the m-th smallest, counted from 1: outside on either side with at most this chance."""
    mean, spread = count * q, math.sqrt(count * q * (1 - q))
    first = max(0, math.floor(mean - _SPREAD * spread - 40))
    last = min(count, math.ceil(mean + _SPREAD * spread + 40))
    k = np.arange(first, last + 1, dtype=np.float64)
    start = (
        math.lgamma(count + 1)
        - math.lgamma(first + 1)
        - math.lgamma(count - first + 1)
        + first * math.log(q)
        + (count - first) * math.log1p(-q)
    )
    steps = np.log((count - k[:-1]) / (k[:-1] + 1)) + math.log(q) - math.log1p(-q)
    weights = np.exp(start + np.concatenate([[0.0], np.cumsum(steps)]))
    at_most = np.cumsum(weights)  # the chance of at most so many below the quantile
    at_least = np.cumsum(weights[::-1])[::-1]
    # The n-th smallest lies above the quantile where fewer than n do not.
    fitting = np.flatnonzero(at_most <= tail)
    above = np.flatnonzero(at_least <= tail)
    if not len(fitting) or not len(above):
        return None
    return first + int(fitting[-1]) + 1, first + int(above[0])
