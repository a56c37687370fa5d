"""Exploring on the workers of an executor: parts with seeds of their own, merged into one report."""

from __future__ import annotations

import multiprocessing
import pickle
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from connectorkit.errors import SettingsError
from connectorkit.exploration import Exploration
from connectorkit.explore import Kept, Report, Surprise
from connectorkit.explore.parts import Carried, divided, keep, merged
from connectorkit.explore.steering import Wait
from connectorkit.explorer import explore_kit


def surprise(name: str, steps: int = 1, *, kept: bool = False) -> Surprise:
    waits = tuple(Wait(seconds) for seconds in range(1, steps + 1))
    return Surprise(name, waits, "200", "500", "5.5", "cell", kept=kept)


def test_parts_find_together_what_each_has_found() -> None:
    cell = ("open", "send", "none")
    first = Report(
        "a", 1, surprises=[surprise("one", 3), surprise("two")], sequences=5, steps=50, seconds=2.0
    )
    second = Report("b", 2, surprises=[surprise("one", 2)], sequences=7, steps=70, seconds=3.0)
    first.reached, second.reached = Counter({cell: 2}), Counter({cell: 3})

    whole = merged(Exploration("both", 1), pickle.loads(pickle.dumps([first, second])))

    assert [(one.name, len(one.steps)) for one in whole.surprises] == [("one", 2), ("two", 1)]
    assert (whole.sequences, whole.steps, whole.seconds) == (12, 120, 3.0)
    assert whole.reached == {cell: 5}


def test_kept_cases_are_dealt_out_and_new_ones_are_kept(tmp_path: Path) -> None:
    keep(tmp_path, [surprise(f"case {steps}", steps) for steps in (1, 2, 3)])
    keep(tmp_path, [surprise("replayed", 4, kept=True)])

    parts = divided(tmp_path, 2, seconds=1.0, seed=7, stop_at_first=False)

    assert [part.seed for part in parts] == [7, 8]
    cases = [steps for part in parts for steps in Carried(part.kept).sequences()]
    assert sorted(cases, key=len) == sorted(Kept(tmp_path).sequences(), key=len)
    assert len(cases) == 3
    assert abs(len(parts[0].kept) - len(parts[1].kept)) == 1
    assert pickle.loads(pickle.dumps(parts)) == parts


@pytest.mark.parametrize("kind", ["processes", "threads"])
def test_workers_explore_sandboxes_of_their_own(kind: str, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    told: list[Report] = []
    with (
        ProcessPoolExecutor(2, mp_context=spawn) if kind == "processes" else ThreadPoolExecutor(2) as executor
    ):
        made = explore_kit(seconds=2, seed=5, keep=tmp_path, executor=executor, progress=told.append)

    assert made.ok, made
    assert len(told) == 2
    assert made.steps == sum(one.steps for one in told)
    assert made.target == "2 sandboxes of their own"
    assert made.coverage()["reached"].any()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"parts": 2}, "parts is given without an executor"),
        ({"executor": 3, "sequences": 5}, "sequences is given with an executor, whose parts end by time"),
        ({"executor": 3}, "executor is int, allowed is a concurrent.futures.Executor"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        explore_kit(seconds=1, **options)
