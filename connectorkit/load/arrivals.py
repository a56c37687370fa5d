"""When requests are due: evenly, as chance has it, or ever more often. The same seed gives the same times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

SHAPES = ("constant", "poisson", "ramp")
_CHUNK = 8192


@dataclass(frozen=True)
class Arrivals:
    """``rate`` a second over so many ``seconds``.

    ``constant`` has the same gap between all; ``poisson`` has those of many people who know nothing of each
    other; ``ramp`` rises evenly from nothing to ``rate``, so it has half as many.
    """

    rate: float
    seconds: float
    shape: str = "constant"
    seed: int = 0

    @property
    def expected(self) -> int:
        """How many there are; of ``poisson``, how many there are on average."""
        return max(1, round(self.rate * self.seconds * (0.5 if self.shape == "ramp" else 1)))

    def chunks(self) -> Iterator[list[float]]:
        """Seconds from the start, in order, some thousands at a time."""
        yield from self._by_chance() if self.shape == "poisson" else self._in_order()

    def _in_order(self) -> Iterator[list[float]]:
        for first in range(0, self.expected, _CHUNK):
            at = np.arange(first, min(first + _CHUNK, self.expected))
            times = (
                np.sqrt((at + 0.5) * 2 * self.seconds / self.rate) if self.shape == "ramp" else at / self.rate
            )
            yield times.tolist()

    def _by_chance(self) -> Iterator[list[float]]:
        # RandomState, because its numbers are promised to stay the same in every version of numpy: parts of
        # a run may be computed by different machines.
        chance, reached = np.random.RandomState(self.seed), 0.0
        while reached < self.seconds:
            times = reached + chance.standard_exponential(_CHUNK).cumsum() / self.rate
            reached = float(times[-1])
            yield times[times < self.seconds].tolist()
