"""What a run is going to send: arrivals, mix, and the order that makes sense for each conversation."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from connectorkit.errors import SettingsError
from connectorkit.load.arrivals import Arrivals
from connectorkit.load.options import checked, seconds_of
from connectorkit.load.planning import CLOSE, OPEN, SEND, Plan

MIX = {"open": 1, "send": 8, "close": 1}


def times(arrivals: Arrivals) -> np.ndarray[Any, Any]:
    return np.concatenate([np.array(chunk) for chunk in arrivals.chunks()])


def test_constant_arrivals_have_the_same_gap() -> None:
    found = times(Arrivals(100, 300))

    assert len(found) == 30_000
    np.testing.assert_allclose(np.diff(found), 0.01)
    assert found[0] == 0


def test_poisson_arrivals_come_as_often_as_asked_with_gaps_like_chance() -> None:
    found = times(Arrivals(100, 1000, "poisson", seed=4))
    gaps = np.diff(found)

    assert len(found) == pytest.approx(100_000, rel=0.02)
    assert found.max() < 1000
    assert gaps.mean() == pytest.approx(gaps.std(), rel=0.02)
    assert np.array_equal(found, times(Arrivals(100, 1000, "poisson", seed=4)))
    assert not np.array_equal(found[:100], times(Arrivals(100, 1000, "poisson", seed=5))[:100])


def test_a_ramp_reaches_the_rate_at_its_end() -> None:
    found = times(Arrivals(100, 100, "ramp"))

    assert len(found) == 5000
    assert np.count_nonzero(found < 50) == pytest.approx(1250, abs=1)
    assert np.count_nonzero(found >= 99) == pytest.approx(99.5, abs=1)
    assert found.max() < 100


def test_a_plan_goes_by_the_mix_and_is_the_same_each_time() -> None:
    plan = Plan(Arrivals(1000, 50, seed=1), MIX, 1000)
    counts, places = plan.survey()

    assert list(plan) == list(plan)
    assert sum(counts) >= 50_000
    assert counts[SEND] / sum(counts) == pytest.approx(0.8, rel=0.02)
    assert places == list(range(len(places)))
    assert list(Plan(Arrivals(1000, 50, seed=2), MIX, 1000)) != list(plan)


@pytest.mark.parametrize(
    ("mix", "most"),
    [(MIX, 1000), (MIX, 3), ({"send": 1}, 10), ({"open": 5, "send": 1}, 7), ({"close": 1, "send": 1}, 2)],
)
def test_each_step_of_a_plan_can_be_carried_out(mix: dict[str, float], most: int) -> None:
    is_open: set[int] = set()
    for _, operation, place in Plan(Arrivals(1000, 3, seed=3), mix, most):
        assert (place in is_open) is (operation != OPEN)
        if operation == OPEN:
            is_open.add(place)
        elif operation == CLOSE:
            is_open.remove(place)
        assert len(is_open) <= most


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_parts_of_a_plan_are_the_plan(parts: int) -> None:
    arrivals = Arrivals(500, 4, "poisson", seed=9)
    whole = list(Plan(arrivals, MIX, 100))

    divided = [list(Plan(arrivals, MIX, 100, part, parts)) for part in range(parts)]

    assert Counter(step for part in divided for step in part) == Counter(whole)
    owners = [{place for _, _, place in part} for part in divided]
    assert sum(map(len, owners)) == len(set().union(*owners)), "a conversation belongs to one part"


def test_durations_are_read() -> None:
    assert [seconds_of(text) for text in ("30s", "2m", "1.5 h", "500ms", "12", 3)] == [
        30,
        120,
        5400,
        0.5,
        12,
        3,
    ]


GOOD: dict[str, Any] = {
    **{"rate": 50, "duration": "30s", "mix": None, "arrivals": "constant", "connections": 32},
    **{"timeout": 10, "seed": 1, "conversations": 10, "close": True},
}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"rate": 0}, "rate is 0, allowed are numbers above 0 and up to 100000. Try rate=50"),
        ({"rate": True}, "rate is True"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"rate": None, "arrivals": "ramp"}, "arrivals is 'ramp', which needs a rate"),
        ({"duration": "soon"}, "duration is 'soon', allowed is a number and one of ms, s, m"),
        ({"duration": "3 weeks"}, "duration is '3 weeks'"),
        ({"duration": "0s"}, r"duration is 0.0, .* Try duration=\"30s\""),
        ({"mix": {"sned": 1}}, "mix has 'sned', allowed are open, send, close"),
        ({"mix": {"send": -1}}, r"mix\['send'\] is -1"),
        ({"mix": {"send": 0}}, "mix has no share above 0"),
        ({"mix": "send"}, "mix is 'send', allowed is a dict"),
        ({"arrivals": "poison"}, "Did you mean 'poisson'?"),
        ({"connections": 0}, "connections is 0, allowed are whole numbers from 1 to 4096"),
        ({"connections": 2.5}, "connections is 2.5"),
        ({"timeout": -1}, "timeout is -1"),
        (
            {"rate": 1000, "duration": "10h"},
            "rate and duration make 36,000,000 requests, allowed are 20,000,000",
        ),
        ({"seed": -1}, "seed is -1"),
        ({"conversations": 0}, "conversations is 0"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        checked(**GOOD | wrong)
