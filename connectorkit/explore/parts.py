"""An exploration in parts: each with a seed of its own, all together one report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from connectorkit.explore.keeping import Kept
from connectorkit.explore.playing import Cell, Surprise
from connectorkit.explore.report import Report
from connectorkit.explore.steps import Step

Sequences = tuple[tuple[Step, ...], ...]
Whole = TypeVar("Whole", bound=Report)


@dataclass(frozen=True)
class Part:
    """What a worker needs; ``kept`` are the cases that it tries first."""

    seconds: float
    seed: int
    stop_at_first: bool
    kept: Sequences = ()


class Carried(Kept):
    """Kept cases without their folder, for a worker that may stand elsewhere. What it finds it reports."""

    def __init__(self, cases: Sequences) -> None:
        super().__init__(None)
        self._cases = cases

    def sequences(self) -> Iterator[tuple[Step, ...]]:
        """See ``Kept.sequences``."""
        yield from self._cases


def divided(folder: Path | None, parts: int, *, seconds: float, seed: int, stop_at_first: bool) -> list[Part]:
    """The parts of an exploration; the cases that were kept are dealt out among them."""
    cases = tuple(Kept(folder).sequences())
    return [Part(seconds, seed + at, stop_at_first, cases[at::parts]) for at in range(parts)]


def merged(whole: Whole, reports: Iterable[Report]) -> Whole:
    """``whole`` with all that parts have found; of surprises with one cause the shortest."""
    found: dict[str, Surprise] = {}
    reached: Counter[Cell] = Counter()
    for one in reports:
        for surprise in one.surprises:
            known = found.get(surprise.name)
            if known is None or len(surprise.steps) < len(known.steps):
                found[surprise.name] = surprise
        reached += one.reached
        whole.sequences += one.sequences
        whole.steps += one.steps
        whole.kept += one.kept
        whole.seconds = max(whole.seconds, one.seconds)
    whole.surprises, whole.reached = list(found.values()), reached
    return whole


def keep(folder: Path | None, surprises: Iterable[Surprise]) -> None:
    """Put what was found where it is tried first the next time."""
    for surprise in surprises:
        if not surprise.kept:
            Kept(folder).put(surprise)
