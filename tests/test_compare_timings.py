"""Two runs compared by their timings: what is noise is called noise, what is not is found."""

from __future__ import annotations

import os
import random
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
import pandas as pd
import pytest
from logbook import T0, made

from connectorkit import frames
from connectorkit.comparing.shares import chance
from connectorkit.comparing.timings import TIMING_CHANGES, TimingComparison, compare_timings
from connectorkit.errors import LogError
from connectorkit.response_log import ResponseLog

MS = 1_000_000
EQUAL_RUNS = int(os.environ.get("EQUAL_RUNS", "100"))


def run(
    values: Any, operation: str = "send", *, errors: int = 0, log: ResponseLog | None = None, **facts: Any
) -> ResponseLog:
    """A log of calls that took so long, one after the other, and of some that failed at once."""
    log = log or ResponseLog()
    for number, total_ms in enumerate([*values, *[0.1] * errors]):
        failed = number >= len(values)
        log.append(
            made(
                operation,
                started_at=T0 + number * 50 * MS,
                status_code=503 if failed else 200,
                total_ms=float(total_ms),
                **facts,
            )
        )
    return log


def draw(seed: int, count: int, scale: float = 1.0) -> Any:
    return np.random.default_rng(seed).lognormal(2.5, 0.3, count) * scale


def told(found: TimingComparison) -> list[tuple[str, str]]:
    return [*found.frame[["percentile", "verdict"]].itertuples(index=False, name=None)]


# --- What is noise, and what is not ----------------------------------------------------------------


def frame_of(*groups: tuple[str, Any]) -> pd.DataFrame:
    """What a comparison reads of a frame of timings, made without a log."""
    parts = [pd.DataFrame({"operation": name, "total_ms": values}) for name, values in groups]
    return pd.concat(parts, ignore_index=True).assign(status_code=200, error=None)


def most_by_chance(draws: int, share: float) -> int:
    """More than so many come once in ten thousand times, where such a share of them is to be expected."""
    odds, most = 1.0, -1
    while odds > 1e-4:
        most += 1
        odds -= comb(draws, most) * share**most * (1 - share) ** (draws - most)
    return most


def test_of_equal_runs_at_most_as_many_are_told_apart_as_is_said() -> None:
    """Four operations with three percentiles each: one interval at 95 % each would fail far more often."""
    rng, wrong = np.random.default_rng(1), 0
    for _ in range(EQUAL_RUNS):
        sides = [
            frame_of(
                *((name, rng.lognormal(2.5, 0.5, size)) for name, size in zip("abcd", sizes, strict=True))
            )
            for sizes in ((80, 700, 40, 12), (90, 600, 40, 300))
        ]
        wrong += len(compare_timings(*sides).changed) > 0

    assert wrong <= most_by_chance(EQUAL_RUNS, 0.05)


def test_a_real_difference_is_found_and_its_size_told() -> None:
    rng, found, covered = np.random.default_rng(2), 0, 0
    for _ in range(200):
        before, after = (rng.lognormal(2.5, 0.3, 200) + more for more in (0, 2))
        row = compare_timings(frame_of(("send", before)), frame_of(("send", after))).frame.iloc[0]
        found += row["verdict"] == "slower"
        covered += row["low_ms"] <= 2 <= row["high_ms"]

    assert found > 190
    assert covered > 180


def test_slower_and_faster_are_said_with_their_range() -> None:
    before, after = run(draw(1, 400)), run(draw(2, 400, 1.3))

    slower, faster = compare_timings(before, after), compare_timings(after, before)

    assert told(slower) == [("p50", "slower"), ("p90", "slower"), ("p99", "too few")]
    assert told(faster)[:2] == [("p50", "faster"), ("p90", "faster")]
    row = slower.frame.iloc[0]
    assert 0 < row["low_ms"] < row["change_ms"] < row["high_ms"]
    assert row["change_percent"] == pytest.approx(100 * row["change_ms"] / row["before_ms"])
    assert row["says"] == (
        f"slower by {row['change_ms']:.2f} ms ({row['low_ms']:.2f} to {row['high_ms']:.2f}), "
        f"+{row['change_percent']:.1f} %"
    )
    assert faster.frame.iloc[0]["says"].startswith("faster by ")
    assert slower.changed["percentile"].tolist() == ["p50", "p90"]
    assert repr(slower).startswith(
        "Of 2 percentiles, 2 slower.\nsend, total_ms: 400 calls before, 400 after\n"
    )


def test_noise_is_called_noise_with_the_most_it_can_hide() -> None:
    found = compare_timings(run(draw(3, 80)), run(draw(4, 80)))

    row = found.frame.iloc[0]
    assert row["verdict"] == "no difference"
    assert row["says"].startswith("no difference can be told from 80 calls each: between −")
    assert row["low_ms"] < 0 < row["high_ms"]
    assert repr(found).startswith("No difference can be told in 2 percentiles.\n")
    assert "Both intervals hold together with 95 % confidence." in repr(found)
    assert "take turns: before, after, before, after" in repr(found)


def test_equal_durations_on_both_sides_are_no_difference() -> None:
    found = compare_timings(run([5.0] * 50), run([5.0] * 50))

    assert found.frame.iloc[0][["change_ms", "low_ms", "high_ms"]].tolist() == [0, 0, 0]
    assert "between 0.000 and 0.000 ms" in found.frame.iloc[0]["says"]


def test_the_more_is_compared_the_wider_each_interval() -> None:
    alone = compare_timings(run(draw(3, 80)), run(draw(4, 80)))
    sides = [run(draw(seed, 80)) for seed in (3, 4)]
    for n in range(10):
        for side in sides:
            run(draw(10 + n, 80), f"operation {n}", log=side)

    among = compare_timings(*sides)

    wide = among.frame.set_index(["group", "percentile"]).loc[("send", "p50")]
    assert alone.level == pytest.approx(1 - 0.05 / 2)
    assert 1 - 0.05 / 15 < among.level <= 1 - 0.05 / 22 + 1e-12
    assert wide["high_ms"] - wide["low_ms"] > alone.frame["high_ms"][0] - alone.frame["low_ms"][0]


def test_more_confidence_means_wider_intervals() -> None:
    sure, surer = (
        compare_timings(run(draw(3, 80)), run(draw(4, 80)), confidence=c).frame for c in (0.8, 0.99)
    )

    assert surer["low_ms"][0] < sure["low_ms"][0]
    assert surer["high_ms"][0] > sure["high_ms"][0]


def test_calls_in_a_row_that_are_alike_count_for_less_and_it_is_said() -> None:
    rng = np.random.default_rng(5)
    # The machine is slow for ten calls, quick for ten …
    waves = [np.repeat(rng.lognormal(2.5, 0.5, 20), 10) + rng.normal(0, 0.1, 200) for _ in range(2)]

    found = compare_timings(run(waves[0]), run(waves[1]))

    assert (found.frame["before_worth"] < 60).all()
    assert (
        "Calls in a row resemble each other, which the intervals allow for: send, total_ms: 200 calls before"
        in repr(found)
    )
    assert "resemble" not in repr(compare_timings(run(draw(1, 200)), run(draw(2, 200))))


def test_the_order_of_the_rows_is_that_of_the_calls_whatever_the_frame_has() -> None:
    timings = frames.timings(run(np.repeat([5.0, 9.0, 6.0, 12.0], 50)))

    mixed = timings.sample(frac=1, random_state=1)

    assert compare_timings(mixed, mixed).frame.equals(compare_timings(timings, timings).frame)


# --- Few, none, failed -----------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [(1, 1), (3, 3), (1, 3), (5, 5), (3, 500)])
def test_a_handful_of_calls_tells_nothing(before: int, after: int) -> None:
    found = compare_timings(run(draw(1, before)), run(draw(2, after, 100)))

    assert {verdict for _, verdict in told(found)} == {"too few"}
    assert found.frame["before_ms"].notna().all()
    assert found.frame["low_ms"].isna().all()
    assert "too few calls to tell: it takes 6 independent ones on each side" in repr(found)
    assert repr(found).startswith("No timings can be compared: there are too few calls on both sides.")


def test_no_calls_at_all_are_no_comparison() -> None:
    found = compare_timings(ResponseLog(), ResponseLog())

    assert len(found) == 0
    assert found
    assert list(found.frame.columns) == list(TIMING_CHANGES)
    assert (found.frame.dtypes == compare_timings(run([1.0]), run([2.0])).frame.dtypes).all()
    assert "too few calls" in repr(found)
    assert "There is nothing to compare." in found._repr_html_()


def test_one_side_without_calls_is_said() -> None:
    some, none = run(draw(1, 80)), ResponseLog()

    assert {verdict for _, verdict in told(compare_timings(some, none))} == {"only before"}
    assert {verdict for _, verdict in told(compare_timings(none, some))} == {"only after"}
    assert "nothing to compare with: no call succeeded after" in repr(compare_timings(some, none))


def test_calls_that_failed_are_counted_and_not_timed() -> None:
    found = compare_timings(run(draw(1, 80)), run(draw(1, 80), errors=20))

    row = found.frame.iloc[0]
    assert (row["before_errors"], row["after_errors"], row["after_calls"]) == (0, 20, 80)
    assert row["change_ms"] == 0
    assert "80 calls before, 80 after; 0 errors before, 20 after" in repr(found)


def test_errors_that_differ_by_more_than_chance_are_told() -> None:
    few, more, many = (run(draw(1, 80), errors=errors) for errors in (1, 3, 20))

    assert "No difference in errors can be told." in repr(compare_timings(few, more))
    assert "Errors differ by more than chance: send, 1 of 81 calls before and 20 of 100 calls after." in repr(
        compare_timings(few, many)
    )
    assert "rrors" not in repr(compare_timings(run(draw(1, 80)), run(draw(2, 80)))).split("\n", 1)[1]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((3, 4), (1, 4), 0.4857142857),  # the lady who tasted tea
        ((8, 10), (1, 6), 0.0349650350),
        ((0, 9), (0, 9), 1.0),
        ((9, 9), (5, 5), 1.0),
        ((0, 0), (5, 9), 1.0),
    ],
)
def test_the_chance_of_shares_is_that_of_fishers_exact_test(
    before: tuple[int, int], after: tuple[int, int], expected: float
) -> None:
    assert chance(before, after) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(40))
def test_the_chance_of_shares_is_that_of_counting_every_table(seed: int) -> None:
    rng = random.Random(seed)
    size, rest = rng.randrange(1, 60), rng.randrange(1, 60)
    hits, others = rng.randrange(size + 1), rng.randrange(rest + 1)

    ways = [comb(size, n) * comb(rest, hits + others - n) for n in range(hits + others + 1)]
    expected = Fraction(sum(way for way in ways if way <= ways[hits]), sum(ways))

    assert chance((hits, size), (others, rest)) == pytest.approx(float(expected), rel=1e-6)


def test_of_equal_shares_at_most_as_many_differ_as_is_said() -> None:
    rng = np.random.default_rng(6)

    found = [chance((int(rng.binomial(90, 0.1)), 90), (int(rng.binomial(60, 0.1)), 60)) for _ in range(1000)]

    assert sum(p <= 0.05 for p in found) <= 70


def test_all_errors_are_no_timings() -> None:
    found = compare_timings(run([], errors=9), run([], errors=9))

    assert {verdict for _, verdict in told(found)} == {"no success"}
    assert "no call succeeded on either side" in repr(found)


# --- What is compared ------------------------------------------------------------------------------


def test_phases_and_other_columns_may_be_compared() -> None:
    logs = [run(draw(n, 80), label="checkout", wait_ms=float(n)) for n in (1, 2)]

    found = compare_timings(*logs, by="label", phases=["total_ms", "wait_ms", "tls_ms"])

    assert found.frame[["group", "phase"]].drop_duplicates().values.tolist() == [
        ["checkout", "total_ms"],
        ["checkout", "wait_ms"],
    ]
    assert found.frame["verdict"].tolist()[3:5] == ["slower", "slower"]


def test_what_has_no_label_is_a_group_too() -> None:
    assert compare_timings(run([1.0]), run([2.0]), by="label").frame["group"].unique().tolist() == ["(none)"]


def test_the_display_escapes_and_stays_on_its_line() -> None:
    found = compare_timings(run(draw(1, 80), "<b>\nsend"), run(draw(2, 80), "<b>\nsend"))

    assert "&lt;b&gt;\\nsend" in found._repr_html_()
    assert "<b>\\nsend, total_ms: 80 calls" in repr(found)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "speed"}, r"before has no column 'speed' \(for by\)\. It has exchange_id, .*total_ms\."),
        (
            {"phases": "total"},
            r"There is no phase 'total' in before\. Choose from blocked_ms, connect_ms, .*total_ms\.",
        ),
        ({"phases": []}, r"There is no phase '' in before"),
        ({"confidence": 95}, r"confidence is 95\. Pass a number from 0\.5 to 0\.999…, such as 0\.95\."),
        ({"confidence": 1}, r"confidence is 1\."),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_choices(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare_timings(run([1.0]), run([2.0]), **options)


def test_something_else_than_a_frame_or_a_log_is_refused() -> None:
    with pytest.raises(ValueError, match=r"after is list\. Pass a frame such as kit\.log\.timings\(\)\."):
        compare_timings(run([1.0]), [1.0])  # type: ignore[arg-type]


# --- Through the log -------------------------------------------------------------------------------


def test_a_log_compares_sessions_labels_frames_and_logs() -> None:
    log = ResponseLog()
    for number, session in enumerate(("monday", "tuesday")):
        run(draw(number, 30, 1 + number), log=log, session_id=session, label=f"{session} run")
    expected = log.compare_timings("monday", "tuesday").frame

    by_label = log.compare_timings("monday run", "tuesday run")
    by_frame = log.compare_timings(log.timings(session="monday"), "tuesday")
    with_other = log.compare_timings("monday", run(draw(1, 30, 2)))

    assert expected["verdict"][0] == "slower"
    for other in (by_label, by_frame, with_other):
        assert other.frame.equals(expected)


def test_the_session_before_is_compared_with_this_one_unless_told_otherwise() -> None:
    log = ResponseLog()
    run(draw(0, 30), log=log, session_id="monday")
    run(draw(1, 30, 2), log=log, session_id=log.session_id)

    assert log.compare_timings().frame.equals(log.compare_timings("monday", log.session_id).frame)


@pytest.mark.parametrize("sides", [("nowhere", "current"), ("current", "nowhere")])
def test_a_run_that_is_not_there_is_named(sides: tuple[str, str]) -> None:
    place = "before" if sides[0] == "nowhere" else "after"

    with pytest.raises(LogError, match=rf"{place} is 'nowhere', and there is no such session, nor a label"):
        run([1.0]).compare_timings(*sides)
