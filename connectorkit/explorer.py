"""Explores with a kit: a sandbox of its own for that, or the account that the kit talks to."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectorkit import kit as kits
from connectorkit import settings, spreading, upkeep
from connectorkit.errors import SettingsError
from connectorkit.exploration import Exploration
from connectorkit.explore import Kept, Report, Target, explore
from connectorkit.explore.parts import Carried, Part, divided, merged
from connectorkit.explore.parts import keep as kept_in

if TYPE_CHECKING:
    from connectorkit.kit import Kit

Tell = Callable[[Report], object]
_FOLDER = "explored"
_MOST_CALLS = 100
_SEEDS = 2**31
_TIMEOUT_SECONDS = 20.0  # a call that takes longer hangs


def explore_kit(
    kit: Kit | None = None,
    *,
    seconds: float = 60.0,
    sequences: int | None = None,
    seed: int | None = None,
    keep: str | os.PathLike[str] | bool | None = None,
    stop_at_first: bool = False,
    progress: Tell | bool | None = None,
    visible: bool = False,
    calls_per_second: float = 1.0,
    executor: Executor | None = None,
    parts: int | None = None,
) -> Exploration:
    """See ``Kit.explore``. Without a kit it is a sandbox.

    With ``sequences`` it ends after so many, if ``seconds`` are not over before. The same seed then does and
    reaches the same on any machine.

    On the workers of an ``executor`` there are ``parts`` explorations, one for each worker if not said, with
    a sandbox each and seeds from ``seed`` on; their findings are merged.
    """
    _check(seconds, seed, calls_per_second, sequences)
    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    if executor is None and parts is not None:
        raise SettingsError("parts is given without an executor. Pass executor= as well, or neither.")
    if executor is not None:
        if sequences is not None:
            raise SettingsError("sequences is given with an executor, whose parts end by time. Omit one.")
        number = spreading.checked(executor, parts)
        if kit is not None and not kit.on_sandbox:
            raise SettingsError("executor is given for an account, which is explored slowly. Leave it out.")
        cases = divided(_folder(keep), number, seconds=seconds, seed=seed, stop_at_first=stop_at_first)
        return _spread(executor, cases, _folder(keep), progress)
    target = (
        _sandbox(kit, seed)
        if kit is None or kit.on_sandbox
        else _account(kit, seed, visible, calls_per_second)
    )
    with _telling(progress, seconds, sequences) as tell, target as found:
        made = explore(
            found,
            seconds=seconds,
            sequences=sequences,
            kept=Kept(_folder(keep)),
            stop_at_first=stop_at_first,
            progress=tell,
            report=Exploration,
        )
    assert isinstance(made, Exploration)
    return made


def _spread(
    executor: Executor, cases: list[Part], folder: Path | None, progress: Tell | bool | None
) -> Exploration:
    whole = Exploration(f"{len(cases)} sandboxes of their own", cases[0].seed)
    with _telling(progress, cases[0].seconds) as tell:
        reports, _ = spreading.spread(executor, explore_part, cases, made=tell)
    merged(whole, reports)
    kept_in(folder, whole.surprises)
    return whole


def explore_part(part: Part) -> Report:
    """One part of an exploration, with a sandbox of its own; what a worker does."""
    with _sandbox(None, part.seed) as found:
        return explore(found, seconds=part.seconds, kept=Carried(part.kept), stop_at_first=part.stop_at_first)


def _check(seconds: float, seed: int | None, calls_per_second: float, sequences: int | None) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        raise SettingsError(f"seconds is {seconds!r}, allowed are numbers above 0. Try seconds=60.")
    if sequences is not None and (
        isinstance(sequences, bool) or not isinstance(sequences, int) or sequences < 1
    ):
        raise SettingsError(
            f"sequences is {sequences!r}, allowed are whole numbers from 1 up. Leave it out for as many as "
            "there is time for."
        )
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise SettingsError(
            f"seed is {seed!r}, allowed are whole numbers from 0 up. Leave it out for a new one."
        )
    if not isinstance(calls_per_second, int | float) or not 0 < calls_per_second <= _MOST_CALLS:
        raise SettingsError(
            f"calls_per_second is {calls_per_second!r}, allowed is above 0 and up to {_MOST_CALLS}."
        )


@contextlib.contextmanager
def _account(kit: Kit, seed: int, visible: bool, calls_per_second: float) -> Iterator[Target]:
    least = 1 / calls_per_second
    yield Target(kit, kit.target, seed=seed, visible=visible, pause=lambda: time.sleep(least))


@contextlib.contextmanager
def _sandbox(kit: Kit | None, seed: int) -> Iterator[Target]:
    """One of its own: what is explored is reset all the time, and has no agent who answers by himself."""
    options: dict[str, Any] = {"agent": False, "log": ":memory:", "retry": False}
    with kits.connect(sandbox=True, seed=seed, timeout=_TIMEOUT_SECONDS, **options) as own:
        if kit is not None and own.sandbox.base_url == kit.sandbox.base_url:
            raise SettingsError(
                f"seed is {seed}, which this kit's own sandbox has; exploring would reset it. "
                "Choose another, or leave it out."
            )

        def prune() -> None:
            upkeep.prune(own.log, before=time.time_ns())

        yield Target(
            own,
            "a sandbox of its own",
            own.sandbox,
            seed,
            own.notifications.url,
            own.notifications.start,
            prune,
        )


def _folder(keep: str | os.PathLike[str] | bool | None) -> Path | None:
    """Where found cases are kept: in the user's state folder unless said otherwise; ``False`` for nowhere."""
    if keep is False:
        return None
    return settings.state_folder() / _FOLDER if keep is None or keep is True else Path(keep).expanduser()


@contextlib.contextmanager
def _telling(progress: Tell | bool | None, seconds: float, sequences: int | None = None) -> Iterator[Tell]:
    """What is called now and then: the caller's own, or a line where somebody watches."""
    if callable(progress):
        yield progress
        return
    if progress is False or (progress is None and not _watched()):
        yield lambda report: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    began = time.monotonic()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("Exploring", total=1)

        def tell(report: Report) -> None:
            said = f"{report.sequences} sequences, {report.steps} steps, {len(report.surprises)} surprises"
            done = (time.monotonic() - began) / seconds
            if sequences is not None:
                done = max(done, report.sequences / sequences)
            bar.update(task, completed=done, description=said)

        yield tell


def _watched() -> bool:
    from rich import get_console

    console = get_console()
    return console.is_terminal or (console.is_jupyter and "ipykernel" in sys.modules)
