"""Explores: kept cases first, then every table entry once, then sequences that hypothesis draws.

What is found is shrunk, by hypothesis and by leaving out steps, and exploration goes on until its time is
over.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from connectorkit import retries
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import SettingsError
from connectorkit.explore import shrinking
from connectorkit.explore.cells import connecting
from connectorkit.explore.keeping import Kept
from connectorkit.explore.listening import Listen
from connectorkit.explore.playing import Cell, Play, Surprise, play
from connectorkit.explore.report import Report
from connectorkit.explore.steps import Step
from connectorkit.explore.sweeping import allowed, harmless, sweep, visible

_SHRINK_SECONDS = 20.0
_MISSING = 'Exploring needs hypothesis. Install it with: pip install "connectorkit[docs]"'


@dataclass(frozen=True)
class Target:
    """What is explored: a client, and for a sandbox its control, its seed, and where it notifies."""

    client: Client
    name: str
    sandbox: SandboxControl | None = None
    seed: int = 0
    webhook: str | None = None
    listen: Callable[[], object] = lambda: None
    prune: Callable[[], object] = lambda: None
    visible: bool = False
    pause: Callable[[], object] = lambda: None


class Search:
    """One exploration of one target, until ``ends`` (by ``time.monotonic``) or ``most`` sequences."""

    def __init__(
        self,
        target: Target,
        report: Report,
        kept: Kept,
        ends: float,
        *,
        most: int | None = None,
        stop_at_first: bool,
        progress: Callable[[Report], object],
    ) -> None:
        self._target = target
        self._report = report
        self._kept = kept
        self._ends = ends
        self._most = most
        self._stop_at_first = stop_at_first
        self._progress = progress
        self._known: set[str] = set()
        self._hooked: bool | None = None
        self.listening = True

    @property
    def done(self) -> bool:
        """Whether to go on no longer."""
        found_enough = self._stop_at_first and bool(self._report.surprises)
        played_enough = self._most is not None and self._report.sequences >= self._most
        return found_enough or played_enough or time.monotonic() >= self._ends

    # --- Playing -------------------------------------------------------------------------------------

    def begin(self) -> Play:
        """A sequence on a service where nothing has happened."""
        target, sandbox = self._target, self._target.sandbox
        if sandbox is not None:
            sandbox.reset()
            target.listen()
            if self._hooked != self.listening:
                sandbox.webhook(target.webhook if self.listening else None)
                self._hooked = self.listening
        self._report.sequences += 1
        if self._report.sequences % 100 == 0:
            target.prune()
        self._progress(self._report)
        on_sandbox = sandbox is not None
        return Play(
            target.client,
            connecting(target.seed) if on_sandbox else "kit = ck.connect(retry=False)",
            self._visit,
            controlled=on_sandbox,
            listening=self.listening and on_sandbox,
            pause=target.pause,
        )

    def _visit(self, cell: Cell) -> None:
        self._report.steps += 1
        self._report.reached[cell] += 1

    def play(self, steps: Sequence[Step]) -> Surprise | None:
        """A whole sequence."""
        return play(self.begin, steps)

    # --- In three parts ------------------------------------------------------------------------------

    def replay(self, sequences: Iterable[Sequence[Step]]) -> None:
        """What was found before comes first."""
        for steps in sequences:
            if self.done:
                return
            self._report.kept += 1
            found = self.play(steps)
            if found is not None and self.is_new(found):
                self._add(replace(found, kept=True))

    def sweep(self, sequences: Iterable[Sequence[Step]]) -> None:
        """Sequences that are given."""
        for steps in sequences:
            rest = tuple(steps)
            while rest and not self.done:
                found = self.play(rest)
                if found is None:
                    break
                if self.is_new(found):
                    self.take(found)
                # On with what comes after the surprise; what was before it was played.
                rest = self._after(rest, found)

    @staticmethod
    def _after(steps: tuple[Step, ...], found: Surprise) -> tuple[Step, ...]:
        if not found.steps:
            return ()
        place = max((i for i, step in enumerate(steps) if step == found.steps[-1]), default=len(steps))
        opening = steps[:2] if place > 2 else steps[:1] if place > 1 else ()
        return (*opening, *steps[place + 1 :]) if steps[place + 1 :] else ()

    def take(self, found: Surprise) -> None:
        """Shrink it, and put it in the report unless it turns out to be known."""
        until = time.monotonic() + _SHRINK_SECONDS
        self._add(shrinking.shrunk(found, self.play, until, self.is_new), found)

    def is_new(self, found: Surprise) -> bool:
        """Whether no surprise of this kind was seen yet."""
        return found.name not in self._known

    def _add(self, surprise: Surprise, first: Surprise | None = None) -> None:
        self._known |= {surprise.name, (first or surprise).name}
        again = self.play(surprise.steps)
        reproduced = again is not None and again.name == surprise.name
        surprise = replace(surprise, reproduced=reproduced)
        self._report.surprises.append(surprise)
        self._kept.put(surprise)
        self._progress(self._report)


def _first(target: Target) -> list[tuple[Step, ...]]:
    """What is tried before anything is drawn."""
    if target.sandbox is not None:
        return sweep()
    return [*harmless(), *(visible() if target.visible else [])]


def _listens(steps: Sequence[Step]) -> bool:
    return any(isinstance(step, Listen) for step in steps)


def explore(
    target: Target,
    *,
    seconds: float,
    kept: Kept,
    sequences: int | None = None,
    stop_at_first: bool = False,
    progress: Callable[[Report], object] = lambda report: None,
    report: type[Report] = Report,
) -> Report:
    """Explore a target for so many seconds or ``sequences``, whatever is over first.

    Raises ``SettingsError`` where hypothesis is missing.
    """
    try:
        from connectorkit.explore import drawing
    except ImportError as error:
        if not (error.name or "").startswith("hypothesis"):
            raise
        raise SettingsError(_MISSING) from None
    began = time.monotonic()
    made = report(target.name, target.seed, target.sandbox is not None)
    ends = began + seconds
    search = Search(target, made, kept, ends, most=sequences, stop_at_first=stop_at_first, progress=progress)
    lot = random.Random(target.seed)  # noqa: S311 - reproducible by design
    off = retries.switched_on.set(False)
    try:
        on_account = target.sandbox is None
        search.replay(
            steps for steps in kept.sequences() if not on_account or allowed(steps, may_open=target.visible)
        )
        first = _first(target)
        lot.shuffle(first)
        # Those without notifications first: they are quick.
        for search.listening in (False, True):
            search.sweep(steps for steps in first if _listens(steps) == search.listening)
        with drawing.apart():
            while not search.done and (not on_account or target.visible):
                search.listening = not search.listening
                drawing.batch(search, lot.getrandbits(48))
    finally:
        retries.switched_on.reset(off)
        made.seconds = time.monotonic() - began
    return made
