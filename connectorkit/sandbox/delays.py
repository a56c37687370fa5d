"""How late an answer comes: a number, a log-normal distribution, or one that was measured elsewhere."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

LONGEST_SECONDS = 86400.0
MOST_QUANTILES = 2001
_WIDEST_SIGMA = 5.0
_MEMBERS = (
    'as an object has two members, "median" in seconds and "sigma", or "quantiles", a list of seconds '
    "from the least to the most"
)


class Delay(Protocol):
    """How late the answers of a fault come."""

    def draw(self, lot: random.Random) -> float:
        """The seconds of one call; the lot is left alone where there is nothing to draw."""


@dataclass(frozen=True)
class LogNormal:
    """Log-normal around a median in seconds; with a ``sigma`` of 0 always the same."""

    median: float
    sigma: float = 0.0

    def draw(self, lot: random.Random) -> float:
        """See ``Delay``."""
        if not self.sigma:
            return self.median
        return min(LONGEST_SECONDS, self.median * math.exp(lot.gauss(0.0, self.sigma)))


@dataclass(frozen=True)
class Empirical:
    """As measured: ``quantiles`` in seconds, at equal distances from the least to the greatest."""

    quantiles: tuple[float, ...]

    def draw(self, lot: random.Random) -> float:
        """See ``Delay``."""
        last = len(self.quantiles) - 1
        if not last:
            return self.quantiles[0]
        place, part = divmod(lot.random() * last, 1)
        below, above = self.quantiles[int(place)], self.quantiles[min(int(place) + 1, last)]
        return below + (above - below) * part


def parse(name: str, given: Any) -> Delay:
    """The delay, checked. Raises ``ValueError`` with a sentence that begins with ``name``."""
    if not isinstance(given, dict):
        return LogNormal(_seconds(name, given, ', or {"median": seconds, "sigma": width}'))
    if set(given) == {"quantiles"}:
        return Empirical(_quantiles(f"{name}.quantiles", given["quantiles"]))
    if set(given) != {"median", "sigma"}:
        raise ValueError(f'"{name}" {_MEMBERS}.')
    median = _seconds(f"{name}.median", given["median"])
    return LogNormal(median, number(f"{name}.sigma", given["sigma"], 0, _WIDEST_SIGMA))


def _quantiles(name: str, given: Any) -> tuple[float, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_QUANTILES:
        raise ValueError(f'"{name}" must be a list of 1 to {MOST_QUANTILES} numbers of seconds.')
    found = tuple(_seconds(name, one) for one in given)
    if any(above < below for below, above in pairwise(found)):
        raise ValueError(f'"{name}" must go from the least to the most.')
    return found


def _seconds(name: str, given: Any, hint: str = "") -> float:
    return number(name, given, 0, LONGEST_SECONDS, " of seconds", hint)


def number(name: str, given: Any, least: float, most: float, unit: str = "", hint: str = "") -> float:
    """A number within its limits, as a float. Raises ``ValueError`` with a sentence."""
    # The comparison is also false for what is not a number.
    if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given <= most:
        raise ValueError(f'"{name}" must be a number{unit} from {least:g} to {most:.0f}{hint}.')
    return float(given)
