"""What charts of latencies are drawn of: values and how often each came, whatever they were given as."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from connectorkit.texts import on_a_line

MOST_SERIES = 8
OTHERS = "others"
_LONGEST_NAME = 40
_LEAST_MS = 0.001  # a microsecond: a logarithmic axis has no nought
Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Distribution:
    """Milliseconds, each once and rising, and how often each came."""

    values: Numbers
    counts: Numbers

    @property
    def count(self) -> int:
        """How many there are in all."""
        return int(self.counts.sum())

    def quantile(self, level: float) -> float:
        """The least value that at least this part of all is not above; 0 to 1."""
        reached = np.cumsum(self.counts)
        place = int(np.searchsorted(reached, level * reached[-1] * (1 - 1e-12)))
        return float(self.values[min(place, len(self.values) - 1)])


def named(source: Any, phase: str, by: str | None) -> dict[str, Distribution]:
    """Each series by its name, empty ones left out; see ``histogram`` of the views for what a source may be.

    More than ``MOST_SERIES`` become ``others``, those of fewest values first. Raises ``ValueError``.
    """
    if isinstance(source, pd.DataFrame):
        given = _of_frame(source, phase, by)
    elif by is not None:
        raise ValueError(f"by is {by!r}, but only a frame has columns. Leave it out, or pass a frame.")
    elif isinstance(source, Mapping):
        given = {
            str(name): _of_frame(one, phase, None)[phase]
            if isinstance(one, pd.DataFrame)
            else _pairs(name, one)
            for name, one in source.items()
        }
    else:
        given = {phase: _pairs("the source", source)}
    found: dict[str, Distribution] = {}
    for name, pair in given.items():
        if (made := _made(*pair)) is not None:
            found[_unlike(on_a_line(name, _LONGEST_NAME), found)] = made
    return _fewer(found)


def merged(parts: Iterable[Distribution]) -> Distribution:
    """All of them as one."""
    listed = list(parts)
    made = _made(*(np.concatenate([getattr(one, name) for one in listed]) for name in ("values", "counts")))
    assert made is not None, "parts are never empty"
    return made


def _of_frame(frame: pd.DataFrame, phase: str, by: str | None) -> dict[str, tuple[Numbers, Numbers]]:
    for name in filter(None, (phase, by)):
        if name not in frame.columns:
            raise ValueError(
                f"There is no column {name!r}. Choose one of {', '.join(map(str, frame.columns))}."
            )
    if by is None:
        return {phase: _once(frame[phase].to_numpy(np.float64, na_value=np.nan))}
    groups = frame.groupby(by, sort=True, dropna=False)[phase]
    return {
        "(none)" if pd.isna(label) else str(label): _once(group.to_numpy(np.float64, na_value=np.nan))
        for label, group in groups
    }


def _once(values: Numbers) -> tuple[Numbers, Numbers]:
    return values, np.ones(len(values))


def _pairs(name: Any, given: Any) -> tuple[Numbers, Numbers]:
    """From numbers, or from pairs of a number and how often it came."""
    try:
        listed = np.array(given if hasattr(given, "dtype") else list(given), dtype=np.float64)
    except (TypeError, ValueError):
        listed = np.empty((0, 0, 0))
    if listed.ndim == 1:
        return _once(listed)
    if listed.ndim == 2 and listed.shape[1] == 2:
        return listed[:, 0], listed[:, 1]
    raise ValueError(
        f"{name} is neither milliseconds nor pairs of milliseconds and a count. Pass one of both."
    )


def _made(values: Numbers, counts: Numbers) -> Distribution | None:
    usable = np.isfinite(values) & np.isfinite(counts) & (counts > 0)
    if not usable.any():
        return None
    once, places = np.unique(np.maximum(values[usable], _LEAST_MS), return_inverse=True)
    return Distribution(once, np.bincount(places, weights=counts[usable]).astype(np.float64))


def _fewer(found: dict[str, Distribution]) -> dict[str, Distribution]:
    if len(found) <= MOST_SERIES:
        return found
    order = sorted(found, key=lambda name: -found[name].count)
    kept, rest = order[: MOST_SERIES - 1], order[MOST_SERIES - 1 :]
    fewer = {name: one for name, one in found.items() if name in kept}
    return fewer | {OTHERS: merged(found[name] for name in rest)}


def _unlike(name: str, others: Collection[str]) -> str:
    """Two that became alike by being made short are still two."""
    number, made = 1, name
    while made in others:
        number += 1
        made = f"{name} ({number})"
    return made


def edges(least: float, most: float, buckets: int = 60) -> tuple[Numbers, bool]:
    """Where buckets begin and end, and whether they widen: of equal ratio where values lie far apart."""
    if most > 8 * least:
        return np.geomspace(least * 0.98, most * 1.02, buckets + 1), True
    if most - least < 0.001 * most:  # as good as one value: it stands in the middle
        return np.linspace(0.8 * least, 1.2 * most, 16), False
    room = 0.05 * (most - least)
    return np.linspace(max(0.0, least - room), most + room, buckets + 1), False


def in_buckets(one: Distribution, borders: Numbers) -> Numbers:
    """How many values lie in each bucket."""
    return np.histogram(one.values, borders, weights=one.counts)[0].astype(np.float64)
