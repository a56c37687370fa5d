"""The offset between two clocks, from stamps with slow, uneven and wrong ways between them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from connectorkit.paths.clocks import Piece, Stamp, pieces

MS = 1_000_000
T0 = 1_700_000_000_000 * MS
SEEDS = range(40)
Way = Callable[[random.Random], float]


def way(least: float, mean: float) -> Way:
    """Milliseconds that a message takes: at least so many, and on average so many more."""
    return lambda chance: least + chance.expovariate(1 / mean)


QUICK = way(1, 3)


def stamps(
    seed: int,
    count: int,
    offset: Callable[[float], float],
    *,
    there: Way = QUICK,
    back: Way = QUICK,
    wrong: float = 0.0,
    by: tuple[float, float] = (1_000, 10_000_000),
) -> list[Stamp]:
    """Of requests one or two seconds apart, and of events in between that were only heard of.

    ``offset`` gives the true one at a number of milliseconds since the first; a share of stamps is ``wrong``
    by so many milliseconds.
    """
    chance, now, made = random.Random(seed), 0.0, []
    for _ in range(count):
        now += chance.uniform(1000, 2000)
        done = now + there(chance)
        heard = done + back(chance)
        stamp = done + offset(done)
        if chance.random() < wrong:
            stamp += chance.choice([-1, 1]) * chance.uniform(*by)
        made.append(stamp_of(stamp, now, heard))
        said = now + chance.uniform(100, 900)
        made.append(stamp_of(said + offset(said), None, said + back(chance)))
    return made


def stamp_of(server: float, after: float | None, before: float | None) -> Stamp:
    bounds = [None if ms is None else T0 + round(ms * MS) for ms in (after, before)]
    return Stamp(T0 // MS + math.floor(server), *bounds)


def only(found: list[Piece]) -> Piece:
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize("true", [-500.0, 500.0, 0.0, 37.25, -3_600_000.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_an_offset_is_recovered_within_five_milliseconds(seed: int, true: float) -> None:
    piece = only(pieces(stamps(seed, 20, lambda _: true)))

    assert piece.ms is not None
    assert abs(piece.ms - true) < 5
    assert piece.low_ms <= true <= piece.high_ms
    assert (piece.stamps, piece.agreeing) == (40, 40)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_slow_way_there_and_a_quick_one_back_are_within_the_uncertainty(seed: int) -> None:
    """Nobody can tell how long one way takes; what is said must cover that."""
    piece = only(pieces(stamps(seed, 30, lambda _: 500.0, there=way(2, 40), back=way(9, 10))))

    assert piece.ms is not None
    assert piece.uncertainty_ms is not None
    assert abs(piece.ms - 500) <= piece.uncertainty_ms
    assert abs(piece.ms - 500) < 8
    assert piece.uncertainty_ms >= 5  # half of the least there and back


@pytest.mark.parametrize("seed", SEEDS)
def test_stamps_that_are_wrong_are_left_out(seed: int) -> None:
    piece = only(pieces(stamps(seed, 40, lambda _: -500.0, wrong=0.1)))

    assert piece.ms is not None
    assert abs(piece.ms + 500) < 5
    assert piece.low_ms <= -500 <= piece.high_ms


def test_stamps_that_are_a_little_wrong_make_the_offset_less_sure_and_not_wrong() -> None:
    """They overlap with the right ones, so what most agree on is too narrow to be believed as it is."""
    uneven: dict[str, Way] = {"there": way(2, 10), "back": way(8, 40)}

    found = [
        max(
            pieces(stamps(seed, 40, lambda _: 500.0, **uneven, wrong=0.15, by=(3, 60))),
            key=lambda p: p.stamps,
        )
        for seed in range(100)
    ]

    assert sum(not piece.low_ms <= 500 <= piece.high_ms for piece in found) <= 5


@pytest.mark.parametrize("by", [50.0, -50.0, 3_660_000.0, -3_660_000.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_clock_that_was_moved_is_noticed(seed: int, by: float) -> None:
    found = pieces(stamps(seed, 20, lambda ms: 37.0 + (by if ms > 15_000 else 0)))

    assert [round(piece.ms or math.nan, -1) for piece in found] == [40, round(37 + by, -1)]
    assert all(
        piece.ms is not None and abs(piece.ms - true) < 5
        for piece, true in zip(found, (37, 37 + by), strict=True)
    )
    assert found[0].end < found[1].begin


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clock_that_was_moved_forth_and_back_is_noticed_twice(seed: int) -> None:
    found = pieces(stamps(seed, 30, lambda ms: 3000.0 if 12_000 < ms < 25_000 else 0.0))

    assert [round((piece.ms or math.nan) / 1000) for piece in found] == [0, 3, 0]


def test_two_stamps_in_a_row_after_a_move_are_enough_to_see_it() -> None:
    before = [stamp_of(n * 10 + 1, n * 10, n * 10 + 2) for n in range(20)]
    after = [stamp_of(n * 10 + 901, n * 10, n * 10 + 2) for n in (20, 21)]

    assert [piece.stamps for piece in pieces(before + after)] == [20, 2]
    assert [(piece.stamps, piece.agreeing) for piece in pieces(before + after[:1])] == [(21, 20)]


def test_a_clock_that_runs_apart_is_no_fixed_offset() -> None:
    """A hundred parts in a million, for an hour: 360 ms."""
    drifting = [stamp_of(s * 1000 + 1 + s / 10, s * 1000, s * 1000 + 2) for s in range(0, 3600, 10)]

    found = pieces(drifting)

    assert len(found) > 10
    assert all(abs((piece.ms or math.nan) - (piece.begin - T0) / MS / 10_000) < 40 for piece in found)


def test_what_is_only_bounded_on_one_side_is_no_offset() -> None:
    heard = only(pieces([stamp_of(100, None, 130), stamp_of(200, None, 220)]))

    assert (heard.low_ms, heard.high_ms) == (-20, math.inf)
    assert (heard.ms, heard.uncertainty_ms) == (None, None)


def test_a_stamp_stands_for_a_whole_millisecond() -> None:
    piece = only(pieces([stamp_of(100, 100, 100)]))

    assert (piece.low_ms, piece.high_ms, piece.ms, piece.uncertainty_ms) == (0, 1, 0.5, 0.5)


def test_one_against_one_is_no_majority() -> None:
    piece = only(pieces([stamp_of(100, 99, 101), stamp_of(9000, 109, 111)]))

    assert not piece.by_majority
    assert piece.ms is None


def test_nothing_and_stamps_without_bounds_tell_nothing() -> None:
    assert pieces([]) == []
    assert pieces([Stamp(1), Stamp(2)]) == []


def test_a_stamp_that_cannot_be_is_left_out() -> None:
    """Its request began after it had been heard of, as when our own clock was moved in between."""
    impossible = stamp_of(100, 5_000, 90)

    assert only(pieces([impossible, stamp_of(300, 299, 301)])).stamps == 1


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_stamps_are_given_does_not_matter(seed: int) -> None:
    made = stamps(seed, 20, lambda ms: 0.0 if ms < 15_000 else 900.0, wrong=0.05)
    mixed = random.Random(seed).sample(made, len(made))

    assert pieces(mixed) == pieces(made)


def test_of_very_many_stamps_the_newest_count() -> None:
    many = [stamp_of(n * 10 + 1, n * 10, n * 10 + 2) for n in range(5_001)]

    assert only(pieces(many)).stamps == 5_000
