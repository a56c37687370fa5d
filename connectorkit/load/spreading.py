"""Spreads the parts of a run over an executor. One whose worker was killed is run again, and counts once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from typing import Any

from connectorkit.errors import ConnectorError, SettingsError
from connectorkit.load.report import Report
from connectorkit.load.running import Part
from connectorkit.load.watch import Watch

_ATTEMPTS = 3  # of one part
_LOOK_SECONDS = 0.2
_STOPPED = "stopped before all parts had begun"


def workers(executor: Executor) -> int:
    """How many parts an executor carries out at once, as far as it says so; else the number of cores."""
    pool: Any = executor
    told = getattr(pool, "_max_workers", None)
    client = getattr(pool, "_client", None)  # dask's executor, whose scheduler knows
    if told is None and client is not None:
        told = len(client.nthreads())
    return told if isinstance(told, int) and told > 0 else os.cpu_count() or 1


def spread(
    executor: Executor, parts: Sequence[Part], watch: Watch, merged: Callable[[list[Report]], Report]
) -> Report:
    """Carry out all parts; the report is that of all of them.

    Raises the error of a part that failed for the third time, or whose cause another try does not cure.
    """
    pool, own = executor, None
    attempts, reports = dict.fromkeys(parts, 1), dict[Part, Report]()
    notes: list[str] = []
    watch.stage = f"{len(parts)} parts"
    running = {_submitted(pool, part): part for part in parts}
    try:
        while running:
            ended, _ = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            if watch.stopped:
                dropped = [future for future in running if future.cancel()]
                notes += [_STOPPED] if dropped else []
                running = {future: part for future, part in running.items() if future not in dropped}
                ended -= set(dropped)
            again = []
            for future in ended:
                part = running.pop(future)
                error = future.exception()
                if error is None:
                    reports[part] = future.result()
                    watch.done += reports[part].count
                    continue
                if isinstance(error, ConnectorError) or attempts[part] >= _ATTEMPTS or watch.stopped:
                    raise error
                attempts[part] += 1
                again.append((part, error))
            for part, error in again:
                notes.append(f"part {part.part + 1} was run again: {type(error).__name__}")
                if isinstance(error, BrokenExecutor) and own is None:
                    # A broken pool takes nothing more. Its other parts have failed with it, or will.
                    pool = own = _successor(executor)
                running[_submitted(pool, part)] = part
    finally:
        for future in running:
            future.cancel()
        if own is not None:
            own.shutdown(wait=False, cancel_futures=True)
    if not reports:
        raise ConnectorError("The run was stopped before any part of it had ended. Nothing was measured.")
    made = merged([reports[part] for part in parts if part in reports])
    made.notes = tuple(dict.fromkeys([*made.notes, *notes]))
    made.stopped |= watch.stopped
    return made


def _submitted(pool: Executor, part: Part) -> Future[Report]:
    try:
        return pool.submit(carry_out, part)
    except RuntimeError as error:  # also of a pool that broke before
        raise SettingsError(f"executor takes no work ({error}). Make a new one.") from None


def _successor(broken: Executor) -> Executor:
    if not isinstance(broken, ProcessPoolExecutor):
        raise SettingsError("executor broke, and takes no more work. Make a new one.")
    known: Any = broken
    return ProcessPoolExecutor(workers(broken), mp_context=known._mp_context)


def carry_out(part: Part) -> Report:
    """What a worker does."""
    return part.run()
