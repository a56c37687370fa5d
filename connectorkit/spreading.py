"""Spreads jobs over an executor. One whose worker was killed is done again, and counts once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from typing import Any, TypeVar

from connectorkit.errors import ConnectorError, SettingsError

Job = TypeVar("Job")
Made = TypeVar("Made")
_ATTEMPTS = 3  # of one job
_LOOK_SECONDS = 0.2
_MOST_PARTS = 4096


def checked(executor: Any, parts: Any) -> int:
    """How many parts there are: those asked for, or one for each worker. Raises ``SettingsError``."""
    if not isinstance(executor, Executor):
        raise SettingsError(
            f"executor is {type(executor).__name__}, allowed is a concurrent.futures.Executor. "
            "Of a dask client take client.get_executor()."
        )
    if parts is None:
        return workers(executor)
    if isinstance(parts, bool) or not isinstance(parts, int) or not 1 <= parts <= _MOST_PARTS:
        raise SettingsError(f"parts is {parts!r}, allowed are whole numbers from 1 to {_MOST_PARTS}.")
    return parts


def workers(executor: Executor) -> int:
    """How many jobs an executor does at once, as far as it says so; else the number of cores."""
    pool: Any = executor
    told = getattr(pool, "_max_workers", None)
    client = getattr(pool, "_client", None)  # dask's executor, whose scheduler knows
    if told is None and client is not None:
        told = len(client.nthreads())
    return told if isinstance(told, int) and told > 0 else os.cpu_count() or 1


def spread(
    executor: Executor,
    call: Callable[[Job], Made],
    jobs: Sequence[Job],
    *,
    made: Callable[[Made], object] = lambda result: None,
    stopped: Callable[[], bool] = lambda: False,
    abandoned: Callable[[], bool] = lambda: False,
) -> tuple[list[Made], list[str]]:
    """Do all jobs; their results, in the order of the jobs, and remarks on what went on.

    ``made`` is told of each result as it comes. Once ``stopped``, jobs that have not begun are left out; once
    ``abandoned``, those under way are not waited for, as nothing can reach them.
    Raises the error of a job that failed for the third time, or that another try does not cure.
    """
    pool, successors = executor, list[Executor]()
    attempts, results, notes = [1] * len(jobs), dict[int, Made](), list[str]()
    running = {_submitted(pool, call, job): at for at, job in enumerate(jobs)}
    try:
        while running:
            ended, _ = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if stopped():
                dropped = {future for future in running if future.cancel()}
                notes += [f"parts that had not begun when it was stopped: {len(dropped)}"] if dropped else []
                running = {future: at for future, at in running.items() if future not in dropped}
                ended -= dropped
            if abandoned() and not ended:
                notes.append(f"parts that were not waited for: {len(running)}")
                break
            failed = []
            for future in ended:
                at, error = running.pop(future), future.exception()
                if error is not None:
                    failed.append((at, error))
                    continue
                results[at] = future.result()
                made(results[at])
            for at, error in failed:
                if isinstance(error, ConnectorError) or attempts[at] >= _ATTEMPTS or stopped():
                    raise error
                attempts[at] += 1
                notes.append(f"part {at + 1} was run again: {type(error).__name__}")
            if any(isinstance(error, BrokenExecutor) for _, error in failed):
                # A broken pool takes nothing more. What else it had has failed with it, or will.
                pool = _successor(executor)
                successors.append(pool)
            running |= {_submitted(pool, call, jobs[at]): at for at, _ in failed}
    finally:
        for future in running:
            future.cancel()
        for own in successors:
            own.shutdown(wait=False, cancel_futures=True)
    return [results[at] for at in sorted(results)], notes


def _submitted(pool: Executor, call: Callable[[Job], Made], job: Job) -> Future[Made]:
    try:
        return pool.submit(call, job)
    except RuntimeError as error:  # also of a pool that broke before
        raise SettingsError(f"executor takes no work ({error}). Make a new one.") from None


def _successor(broken: Executor) -> Executor:
    if not isinstance(broken, ProcessPoolExecutor):
        raise SettingsError("executor broke, and takes no more work. Make a new one.")
    known: Any = broken
    return ProcessPoolExecutor(workers(broken), mp_context=known._mp_context)
