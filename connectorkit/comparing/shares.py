"""Whether two shares, such as those of failed calls, differ by more than chance."""

from __future__ import annotations

import math
from functools import lru_cache


@lru_cache(maxsize=256)  # it is asked for once for each percentile
def chance(before: tuple[int, int], after: tuple[int, int]) -> float:
    """How likely shares at least so far apart are, were both runs alike: Fisher's exact test, two-sided.

    Each side is a number of hits and of all. Exact for any size; 1 where there is nothing to tell apart.
    """
    (hits, size), (others, rest) = before, after
    total, whole = hits + others, size + rest
    if not size or not rest or not total or total == whole:
        return 1.0
    low, high = max(0, total - rest), min(size, total)

    def weight(count: int) -> float:
        return _ways(size, count) + _ways(rest, total - count) - _ways(whole, total)

    seen = weight(hits)
    # What is as unlikely counts, but for rounding.
    found = (w for count in range(low, high + 1) if (w := weight(count)) <= seen + 1e-9)
    return min(1.0, math.fsum(map(math.exp, found)))


def _ways(size: int, count: int) -> float:
    """The logarithm of in how many ways so many can be chosen."""
    return math.lgamma(size + 1) - math.lgamma(count + 1) - math.lgamma(size - count + 1)
