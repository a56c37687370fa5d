"""Intervals of percentiles hold as often as they say, whatever the distribution, and find what differs."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from connectorkit.comparing.quantiles import change, independent, interval, needed

Draw = Callable[[np.random.Generator, int], Any]
DRAWS = 400
# As many of 400 draws may be outside where 5 % are, in all but one of ten thousand seeds.
MOST = 37
DISTRIBUTIONS: dict[str, Draw] = {
    "lognormal": lambda rng, n: rng.lognormal(0, 1, n),
    "two humps": lambda rng, n: np.where(rng.random(n) < 0.5, rng.normal(1, 0.1, n), rng.normal(10, 0.1, n)),
    "a slow tenth": lambda rng, n: np.where(rng.random(n) < 0.9, rng.normal(1, 0.1, n), rng.normal(50, 5, n)),
    "whole milliseconds": lambda rng, n: np.round(rng.lognormal(0, 1, n)),
}


def ordered(values: Any) -> Any:
    return np.sort(values)


@pytest.mark.parametrize(
    ("q", "before", "after"), [(0.5, 80, 80), (0.5, 12, 300), (0.9, 80, 200), (0.99, 500, 400)]
)
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_of_equal_distributions_at_most_as_many_differ_as_is_said(
    name: str, q: float, before: int, after: int
) -> None:
    rng, draw = np.random.default_rng(7), DISTRIBUTIONS[name]

    found = [change(ordered(draw(rng, before)), ordered(draw(rng, after)), q, 0.95) for _ in range(DRAWS)]

    assert all(one.low is not None and one.high is not None for one in found)
    assert sum(not one.low <= 0 <= one.high for one in found) <= MOST  # type: ignore[operator]


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_a_true_difference_lies_in_the_interval_and_is_found(q: float) -> None:
    rng, z = np.random.default_rng(8), NormalDist().inv_cdf(q)
    true = np.exp(0.5 + 1.2 * z) - np.exp(z)

    found = [
        change(ordered(rng.lognormal(0, 1, 300)), ordered(rng.lognormal(0.5, 1.2, 300)), q, 0.95)
        for _ in range(DRAWS)
    ]

    assert sum(not (one.low or 0) <= true <= (one.high or 0) for one in found) <= MOST
    assert sum((one.low or 0) > 0 for one in found) > 0.95 * DRAWS


@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_as_many_are_needed_as_the_interval_wants(q: float, level: float) -> None:
    least = needed(q, level)

    assert interval(np.arange(float(least)), q, level) is not None
    assert interval(np.arange(float(least - 1)), q, level) is None


@pytest.mark.parametrize(
    ("count", "q", "level", "ranks"),
    # As published tables for the median have them.
    [(6, 0.5, 0.95, (1, 6)), (20, 0.5, 0.95, (6, 15)), (50, 0.5, 0.95, (18, 33)), (100, 0.5, 0.95, (40, 61))],
)
def test_the_interval_of_a_median_has_the_ranks_of_the_tables(
    count: int, q: float, level: float, ranks: tuple[int, int]
) -> None:
    assert interval(np.arange(1.0, count + 1), q, level) == ranks


def test_a_million_values_are_no_hindrance() -> None:
    low, high = interval(np.arange(1_000_000.0), 0.99, 0.95) or (0, 0)

    assert 989_700 < low < 989_900 < 990_000 < 990_100 < high < 990_300


def test_equal_values_differ_by_nothing_and_different_ones_by_exactly_that() -> None:
    five, six = np.full(40, 5.0), np.full(40, 6.0)

    same, other = change(five, five, 0.5, 0.95), change(five, six, 0.5, 0.95)

    assert (same.change, same.low, same.high) == (0, 0, 0)
    assert (other.change, other.low, other.high) == (1, 1, 1)


def alike(rng: np.random.Generator, count: int, share: float) -> Any:
    """Each value keeps a share of the one before it."""
    values, noise = np.zeros(count + 50), rng.normal(size=count + 50)
    for n in range(1, count + 50):
        values[n] = share * values[n - 1] + noise[n]
    return np.exp(values[50:])


def test_calls_that_resemble_each_other_are_worth_fewer() -> None:
    rng = np.random.default_rng(9)
    worth = [[independent(alike(rng, 400, share)) for _ in range(40)] for share in (0.0, 0.6, 0.9)]

    unlike, some, much = (float(np.median(values)) for values in worth)

    assert unlike == 400
    assert 60 < some < 160  # in theory 100
    assert 10 < much < 60  # in theory 21


def test_that_they_resemble_each_other_makes_no_difference_of_chance() -> None:
    rng, wrong, naive = np.random.default_rng(10), 0, 0
    for _ in range(200):
        before, after = alike(rng, 300, 0.8), alike(rng, 300, 0.8)
        worth = independent(before), independent(after)
        for given, is_naive in ((worth, False), (None, True)):
            one = change(ordered(before), ordered(after), 0.5, 0.95, given)
            outside = one.low is not None and one.high is not None and not one.low <= 0 <= one.high
            naive += outside and is_naive
            wrong += outside and not is_naive

    assert wrong <= 22  # 5 % of 200 and what chance adds
    assert naive > 50  # so it was worth the trouble


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0], [5.0] * 50])
def test_too_few_or_equal_values_are_worth_what_they_are(values: list[float]) -> None:
    assert independent(np.array(values)) == len(values)
