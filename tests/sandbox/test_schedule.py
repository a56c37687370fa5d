"""Things done at a time of the sandbox's clock."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable
from typing import Any

import pytest

from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.schedule import Schedule

from .conftest import Now
from .receivers import in_a_loop

START = Now.seconds


@pytest.fixture
def schedule(now: Now) -> Schedule:
    """One whose real time stands still."""
    return Schedule(Clock(now))


class Diary:
    """What was done, and how many seconds after the start."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.entries: list[tuple[str, float]] = []

    def __call__(self, what: str) -> Callable[[], None]:
        return lambda: self.note(what)

    def note(self, what: str) -> None:
        self.entries.append((what, round(self.schedule.clock.now() - START, 3)))


def cancel(tasks: list[asyncio.Task[Any] | None]) -> None:
    for task in tasks:
        assert task is not None
        task.cancel()


@pytest.fixture
def diary(schedule: Schedule) -> Diary:
    return Diary(schedule)


@in_a_loop
async def test_due_things_are_done_in_the_order_of_their_times_each_at_its_own(
    schedule: Schedule, diary: Diary
) -> None:
    for seconds in (30, 5, 30.5, 61):
        schedule.after(seconds, diary(f"after {seconds}"))

    await schedule.advance(60)

    assert diary.entries == [("after 5", 5), ("after 30", 30), ("after 30.5", 30.5)]
    assert schedule.clock.now() == START + 60


@in_a_loop
async def test_what_is_due_at_the_same_time_is_done_in_the_order_it_was_scheduled(
    schedule: Schedule, diary: Diary
) -> None:
    for what in "abc":
        schedule.after(3, diary(what))

    await schedule.advance(3)

    assert diary.entries == [("a", 3), ("b", 3), ("c", 3)]


@in_a_loop
async def test_what_is_scheduled_on_the_way_is_done_if_it_falls_into_the_span(
    schedule: Schedule, diary: Diary
) -> None:
    def first() -> None:
        diary.note("first")
        schedule.after(10, diary("second"))
        schedule.after(100, diary("third"))

    schedule.after(50, first)

    await schedule.advance(60)

    assert diary.entries == [("first", 50), ("second", 60)]


@in_a_loop
async def test_a_cancelled_timer_does_nothing(schedule: Schedule, diary: Diary) -> None:
    early, late = schedule.after(1, diary("early")), schedule.after(5, diary("late"))
    schedule.after(1, late.cancel)

    early.cancel()
    early.cancel()
    await schedule.advance(10)

    assert diary.entries == []


@in_a_loop
async def test_one_timer_may_cancel_another_that_is_due_at_the_same_time(
    schedule: Schedule, diary: Diary
) -> None:
    schedule.after(5, lambda: other.cancel())
    other = schedule.after(5, diary("other"))

    await schedule.advance(5)

    assert diary.entries == []


@in_a_loop
async def test_timers_moved_again_and_again_do_not_pile_up(schedule: Schedule, diary: Diary) -> None:
    timer = schedule.after(3600, diary("closed"))
    for _ in range(20_000):
        timer.cancel()
        timer = schedule.after(3600, diary("closed"))

    waiting = len(schedule._heap)
    await schedule.advance(3600)

    assert waiting < 5_000
    assert diary.entries == [("closed", 3600)]


@in_a_loop
async def test_nothing_in_flight_is_overtaken(schedule: Schedule, diary: Diary) -> None:
    async def slow() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        diary.note("slow")
        schedule.soon(diary("started by slow"))

    schedule.after(1, slow)
    schedule.after(2, diary("next"))

    await schedule.advance(2)

    assert diary.entries == [("slow", 1), ("started by slow", 1), ("next", 2)]


@in_a_loop
async def test_without_settling_time_does_not_wait_for_what_is_in_flight(
    schedule: Schedule, diary: Diary
) -> None:
    go_on = asyncio.Event()

    async def waits() -> None:
        await go_on.wait()
        diary.note("waited")

    schedule.after(1, waits)
    await schedule.advance(10, settle=False)
    go_on.set()
    await schedule.settle(1)

    assert diary.entries == [("waited", 10)]


@in_a_loop
async def test_what_is_in_flight_already_is_waited_for_first(schedule: Schedule, diary: Diary) -> None:
    schedule.soon(diary("soon"))

    await schedule.advance(10)

    assert diary.entries == [("soon", 0)]


@in_a_loop
async def test_whoever_sleeps_wakes_at_the_time(schedule: Schedule, diary: Diary) -> None:
    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await schedule.sleep(nap)
            diary.note(name)

    schedule.soon(lambda: sleeper("a", 2, 2, 2))
    schedule.soon(lambda: sleeper("b", 3, 0))

    await schedule.advance(10)

    assert diary.entries == [("a", 2), ("b", 3), ("b", 3), ("a", 4), ("a", 6)]


@in_a_loop
async def test_a_sleeper_may_run_in_a_task_that_an_action_waits_for(schedule: Schedule, diary: Diary) -> None:
    async def action() -> None:
        await asyncio.wait_for(schedule.sleep(5), timeout=60)
        diary.note("awake")

    schedule.soon(action)
    schedule.after(6, diary("later"))

    await asyncio.wait_for(schedule.advance(6), timeout=5)

    assert diary.entries == [("awake", 5), ("later", 6)]


@in_a_loop
async def test_a_cancelled_sleeper_is_in_flight_until_it_has_ended(schedule: Schedule, diary: Diary) -> None:
    tasks: list[asyncio.Task[Any] | None] = []

    async def action() -> None:
        tasks.append(asyncio.current_task())
        try:
            await schedule.sleep(50)
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            diary.note("given up")

    schedule.soon(action)
    schedule.after(3, lambda: cancel(tasks))
    await schedule.advance(60)

    assert diary.entries == [("given up", 3)]
    assert await schedule.settle()


@in_a_loop
async def test_failures_are_kept_and_stop_nothing(schedule: Schedule, diary: Diary) -> None:
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))

    def fails() -> None:
        raise ValueError("at once")

    async def fails_later() -> None:
        await schedule.sleep(1)
        raise ValueError("later")

    schedule.after(1, fails)
    schedule.after(1, fails_later)
    schedule.after(2, diary("next"))
    await schedule.advance(3)

    assert [str(error) for error in schedule.failures] == ["at once", "later"]
    assert reported == schedule.failures
    assert diary.entries == [("next", 2)]


@in_a_loop
async def test_only_the_last_hundred_failures_are_kept(schedule: Schedule) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)

    for number in range(150):
        schedule.after(number, functools.partial(int, f"no number {number}"))
    await schedule.advance(150)

    assert len(schedule.failures) == 100
    assert "no number 149" in str(schedule.failures[-1])


@in_a_loop
async def test_two_advances_at_once_run_one_after_the_other(schedule: Schedule, diary: Diary) -> None:
    async def slow() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        diary.note("slow")

    schedule.after(1, slow)
    schedule.after(15, diary("in the second"))

    await asyncio.gather(schedule.advance(10), schedule.advance(10))

    assert diary.entries == [("slow", 1), ("in the second", 15)]
    assert schedule.clock.now() == START + 20


@in_a_loop
async def test_an_action_cannot_advance_the_clock_under_itself(schedule: Schedule) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)

    schedule.soon(lambda: schedule.advance(1))
    await schedule.advance(1)

    assert "wait for itself" in str(schedule.failures[0])


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
@in_a_loop
async def test_time_goes_forward_only(schedule: Schedule, seconds: float) -> None:
    with pytest.raises(ValueError, match="0 seconds or more"):
        await schedule.advance(seconds)


def test_what_is_scheduled_before_a_loop_runs_is_done_in_one(schedule: Schedule, diary: Diary) -> None:
    schedule.after(5, diary("after"))
    schedule.soon(diary("soon"))

    asyncio.run(schedule.advance(5))

    assert diary.entries == [("soon", 0), ("after", 5)]


@in_a_loop
async def test_reset_forgets_and_ends_what_is_under_way(schedule: Schedule, diary: Diary) -> None:
    async def action() -> None:
        await schedule.sleep(5)
        diary.note("never")

    schedule.after(1, diary("done"))
    schedule.after(5, diary("never"))
    schedule.after(1, action)
    await schedule.advance(2)

    schedule.reset()
    await schedule.advance(100)

    assert diary.entries == [("done", 1)]
    assert await schedule.settle()


@in_a_loop
async def test_reset_stops_an_advance_and_spares_its_caller(schedule: Schedule, diary: Diary) -> None:
    async def resets() -> None:
        schedule.reset()
        await asyncio.sleep(0)
        diary.note("reset")

    schedule.after(1, resets)
    schedule.after(1, diary("same time"))
    schedule.after(2, diary("never"))

    await schedule.advance(10)

    assert diary.entries == [("same time", 1), ("reset", 1)]
    assert schedule.clock.now() == START + 1


@in_a_loop
async def test_reset_forgets_what_is_due_at_the_same_time(schedule: Schedule, diary: Diary) -> None:
    schedule.after(1, schedule.reset)
    schedule.after(1, diary("never"))

    await schedule.advance(10)

    assert diary.entries == []


@in_a_loop
async def test_reset_wakes_whoever_sleeps_outside_an_action(schedule: Schedule) -> None:
    sleeper = asyncio.ensure_future(schedule.sleep(1000))
    await asyncio.sleep(0)

    schedule.reset()

    await asyncio.wait_for(sleeper, timeout=5)


# --- Real time ---------------------------------------------------------------------------------------


@in_a_loop
async def test_things_are_done_by_themselves_as_real_time_passes() -> None:
    schedule = Schedule(Clock())
    done: list[str] = []
    schedule.after(0.04, lambda: done.append("second"))
    schedule.after(0.02, lambda: done.append("first"))

    settled = await schedule.settle(5)

    assert settled
    assert done == ["first", "second"]


@in_a_loop
async def test_an_advance_brings_the_rest_of_the_wait_nearer() -> None:
    schedule = Schedule(Clock())
    done = asyncio.Event()
    schedule.after(3600.02, done.set)

    await schedule.advance(3600)

    assert not done.is_set()
    await asyncio.wait_for(done.wait(), timeout=5)


@in_a_loop
async def test_settling_does_not_wait_for_what_is_due_later() -> None:
    schedule = Schedule(Clock())
    schedule.after(60, lambda: None)
    started = time.monotonic()

    assert await schedule.settle(10)
    assert time.monotonic() - started < 5


@in_a_loop
async def test_settling_gives_up_on_what_does_not_end() -> None:
    schedule = Schedule(Clock())
    go_on = asyncio.Event()
    schedule.soon(lambda: go_on.wait())

    assert not await schedule.settle(0.02)
    go_on.set()
    assert await schedule.settle(5)
