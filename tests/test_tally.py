"""The tally of a growing log says what a summary of the whole says, each time it is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hostile import exchange

from connectorkit import frames, upkeep
from connectorkit.columns import PHASES
from connectorkit.log import Exchange, Log
from connectorkit.tally import Tally

START = 1_790_000_000_000_000_000


def some(count: int, seed: int) -> Iterator[Exchange]:
    """Exchanges of several operations; some failed, some were refused, some have no label or phase."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        total = float(rng.lognormal(2, 1))
        yield exchange(
            operation=str(rng.choice(["send", "conversation", "domains"])),
            label=None if number % 3 else f"label {number % 2}",
            scenario=None,
            started_at=START + int(rng.integers(0, 60 * 10**9)),
            status_code=None if number % 11 == 0 else int(rng.choice([200, 200, 200, 401])),
            error="timeout" if number % 11 == 0 else None,
            total_ms=total,
            wait_ms=total / 2 if number % 5 else None,
            connect_ms=None,
        )


def fill(log: Log, count: int, seed: int) -> None:
    for one in some(count, seed):
        log.append(one)


def same(tally: Tally, log: Log, by: str, phase: str = "total_ms", **which: str) -> None:
    """Whether both say the same, but for the last digit."""
    whole = frames.summary(frames.timings(log, **which), by, phase=phase)
    made = tally.frame()
    assert [None if pd.isna(label) else label for label in whole.index] == list(made.index)
    pd.testing.assert_frame_equal(
        made.reset_index(drop=True), whole.reset_index(drop=True), check_dtype=True, rtol=1e-9
    )


@pytest.mark.parametrize("by", ["operation", "label", "status_code", "phase"])
def test_it_says_what_the_summary_says_however_the_log_grew(by: str) -> None:
    log = Log()
    tally = Tally(log, by)
    for round_, count in enumerate((0, 1, 40, 0, 300)):
        fill(log, count, round_)

        assert tally.update() == count

        same(tally, log, by)
        assert tally.count == len(log)


@pytest.mark.parametrize("phase", ["wait_ms", "connect_ms"])
def test_a_phase_that_some_or_all_lack(phase: str) -> None:
    log = Log()
    fill(log, 50, 1)
    tally = Tally(log, "operation", phase)

    tally.update()

    same(tally, log, "operation", phase)


def test_only_what_is_new_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    fill(log, 500, 1)
    tally = Tally(log)
    tally.update()
    fill(log, 3, 2)
    looked_at: list[int] = []
    failed = frames.failed

    def counting(rows: pd.DataFrame) -> pd.Series[bool]:
        looked_at.append(len(rows))
        return failed(rows)

    monkeypatch.setattr(frames, "failed", counting)
    tally.update()

    assert sum(looked_at) == 3


def test_one_session_is_kept_apart() -> None:
    log = Log()
    fill(log, 20, 1)
    for one in some(30, 2):
        log.append(dataclasses.replace(one, session_id="another"))
    ours, theirs = Tally(log, session="session-1"), Tally(log, session="another")

    ours.update()
    theirs.update()

    assert (ours.count, theirs.count) == (20, 30)
    same(theirs, log, "operation", session="another")


def test_it_begins_anew_when_records_are_taken_out() -> None:
    log = Log()
    fill(log, 20, 1)
    for one in some(30, 2):
        log.append(dataclasses.replace(one, session_id="another"))
    tally = Tally(log)
    tally.update()

    upkeep.prune(log, session="session-1")
    tally.update()

    assert tally.count == 30
    same(tally, log, "operation")


def test_charts_get_every_value_of_few_and_a_good_likeness_of_many() -> None:
    few, many = Log(), Log()
    fill(few, 30, 1)
    values = np.random.default_rng(3).lognormal(2, 1.5, 12_000)
    for number, value in enumerate(values):
        many.append(exchange(total_ms=float(value), started_at=START + number))
    small, large = Tally(few, "operation"), Tally(many, "operation")
    small.update()
    large.update()

    listed = [ms for pairs in small.series().values() for ms, _ in pairs]
    pairs = large.series()["send"]

    assert sorted(listed) == sorted(frames.timings(few)["total_ms"])
    assert len(pairs) < len(values)
    assert pairs[:, 1].sum() == len(values)
    assert pairs[-1, 0] == values.max()
    reached = np.cumsum(pairs[:, 1])
    for level in (0.01, 0.5, 0.9, 0.999):
        found = pairs[np.searchsorted(reached, level * len(values)), 0]
        assert found == pytest.approx(np.quantile(values, level), rel=0.01)


def test_infinite_times_count_but_are_no_duration() -> None:
    log = Log()
    log.append(exchange(total_ms=float("inf")))
    log.append(exchange(total_ms=5.0))
    tally = Tally(log)

    tally.update()

    same(tally, log, "operation")
    assert tally.frame().loc["send", "max"] == 5.0


@pytest.mark.parametrize(("by", "phase"), [("colour", "total_ms"), ("operation", "colour_ms")])
def test_a_column_that_there_is_not_is_a_sentence(by: str, phase: str) -> None:
    with pytest.raises(ValueError, match="There is no column 'colour"):
        Tally(Log(), by, phase)


def test_the_phases_stand_in_the_order_of_an_exchange() -> None:
    log = Log()
    fill(log, 20, 1)
    tally = Tally(log, "phase")
    tally.update()

    listed = [name for name in (*PHASES, "total_ms") if name != "connect_ms"]

    assert list(tally.frame().index) == [name for name in listed if name in tally.frame().index]
    assert tally.frame().index[-1] == "total_ms"
