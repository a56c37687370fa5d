"""Histograms of durations: accuracy, merging, and the text form that other tools read."""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Callable

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from numpy.random import Generator, default_rng

from connectorkit.errors import SettingsError
from connectorkit.histograms import Histogram

MANY = 1_000_000
PERCENTS = (50, 75, 90, 95, 99, 99.9, 99.95, 99.99)
Draw = Callable[[Generator], "np.ndarray[tuple[int], np.dtype[np.float64]]"]
DRAWS: dict[str, Draw] = {
    "log-normal": lambda chance: chance.lognormal(1, 1, MANY),
    "exponential": lambda chance: chance.exponential(5, MANY),
    "microseconds": lambda chance: chance.uniform(0.001, 0.02, MANY),
    "long tail": lambda chance: chance.pareto(1.5, MANY) + 0.1,
    "two humps": lambda chance: np.where(
        chance.random(MANY) < 0.99, chance.normal(2, 0.1, MANY).clip(0.1), chance.normal(5000, 50, MANY)
    ),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS.keys())
def test_percentiles_are_exact_to_a_thousandth_and_parts_merge_exactly(draw: Draw) -> None:
    values = draw(default_rng(7))
    # By whole numbers: numpy's own percentile takes the next value where 0.999 is a hair too much.
    ranks = [-(-round(percent * 100) * MANY // 10_000) for percent in PERCENTS]
    exact = np.sort(values)[np.array(ranks) - 1]

    whole = Histogram(values)

    assert whole.count == MANY
    assert whole.clamped == 0
    np.testing.assert_allclose(whole.percentiles(PERCENTS), exact, rtol=0.0005, atol=5e-7)
    assert whole.mean == pytest.approx(values.mean(), rel=0.001)
    for parts in (1, 7, 64):
        merged = Histogram.sum(Histogram(part) for part in np.array_split(values, parts))
        assert merged == whole
        assert merged.percentiles(PERCENTS) == whole.percentiles(PERCENTS)


def test_one_by_one_is_the_same_as_all_at_once() -> None:
    values = (10 ** default_rng(1).uniform(-6, 6.6, 5000)).tolist()
    single = Histogram()
    for value in values:
        single.record(value)

    assert single == Histogram(values) == Histogram(array("d", values)) == Histogram(iter(values))


def test_buckets_are_those_of_hdrhistogram() -> None:
    values = (10 ** default_rng(2).uniform(0, 12.5, 3000)).astype(np.int64)
    theirs = HdrHistogram(1, 3_600_000_000_000, 3)
    for value in values.tolist():
        theirs.record_value(value)

    ours = Histogram(values / 1e6)

    read = HdrHistogram.decode(ours.to_text())
    assert [read.get_value_at_percentile(p) for p in PERCENTS] == [
        theirs.get_value_at_percentile(p) for p in PERCENTS
    ]
    assert Histogram.from_text(theirs.encode().decode()) == ours


def test_text_and_pickle_keep_everything() -> None:
    histogram = Histogram([0, 0.001, 3.5, 3.5, 1e9])

    assert Histogram.from_text(histogram.to_text()) == histogram
    assert pickle.loads(pickle.dumps(histogram)) == histogram
    assert Histogram.from_text(Histogram().to_text()) == Histogram()


def test_text_of_others_is_read_in_their_unit() -> None:
    microseconds = HdrHistogram(1, 3_600_000_000, 2)
    microseconds.record_value(5000, 10)

    read = Histogram.from_text(microseconds.encode().decode(), unit_ms=0.001)

    assert read.count == 10
    assert read.percentile(50) == pytest.approx(5, rel=0.01)


@pytest.mark.parametrize("text", ["", "HISTF", "x" * 2_000_001, Histogram([1]).to_text()[:-9]])
def test_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"text (is no histogram|has 2000001 characters)"):
        Histogram.from_text(text)


def test_what_is_out_of_range_is_counted_at_the_end_and_said() -> None:
    histogram = Histogram([-1, 0, 5, 3_600_000, 1e12, float("inf")])

    assert (histogram.count, histogram.clamped) == (6, 5)
    assert histogram.min == 0
    assert histogram.max == pytest.approx(3_600_000, rel=0.001)
    assert "clamped 5" in repr(histogram)


def test_adding_leaves_the_others_alone() -> None:
    first, second = Histogram([1, 2]), Histogram([3])

    assert (first + second).count == 3
    assert (first.count, second.count) == (2, 1)
    first.record(4, count=2)
    assert list(first) == [(pytest.approx(v, rel=0.001), n) for v, n in ((1, 1), (2, 1), (4, 2))]
    assert len(first) == 3


def test_an_empty_one_says_so() -> None:
    empty = Histogram()

    assert not empty
    assert all(np.isnan([empty.mean, empty.min, empty.max, empty.percentile(50)]))
    assert repr(empty) == "<Histogram: count 0>"
    assert "Histogram" in empty._repr_html_()


def test_ranks_are_not_off_by_rounding() -> None:
    histogram = Histogram(range(1, 1001))

    assert [round(histogram.percentile(p)) for p in (0, 0.1, 50, 99.9, 100)] == [1, 1, 500, 999, 1000]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda one: one.record(float("nan")), "A duration is nan"),
        (lambda one: one.record("1"), "A duration is '1'"),
        (lambda one: one.record(1, count=-1), "count is -1"),
        (lambda one: one.record_all([1, float("nan")]), "A duration is nan"),
        (lambda one: one.record_all(["one"]), "something that is no number"),
        (lambda one: one.percentile(101), "percentile is 101, allowed are 0 to 100"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(call: Callable[[Histogram], object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        call(Histogram())
