"""Sequences drawn by hypothesis, as a state machine with one rule whose steps depend on what was done."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import Flaky, FlakyFailure
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from connectorkit.explore.generating import next_step
from connectorkit.explore.playing import Surprise

if TYPE_CHECKING:
    from connectorkit.explore.searching import Search

STEPS = 24
SEQUENCES = 60
_SHRINK_SECONDS = 8.0


class Enough(BaseException):
    """Ends a run of hypothesis from inside; not an ``Exception``, which it would take for a finding."""


class Found(AssertionError):
    """A surprise, for hypothesis to shrink."""


@contextlib.contextmanager
def apart() -> Iterator[None]:
    """What hypothesis notes down goes to a folder that is gone afterwards, not into the one worked in."""
    with tempfile.TemporaryDirectory(prefix="connectorkit-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def batch(search: Search, number: int) -> None:
    """Draw some sequences; what surprises is shrunk and told of."""
    drawn = _Drawn(search)

    class Sequence(RuleBasedStateMachine):
        """One sequence of steps."""

        def __init__(self) -> None:
            super().__init__()
            self.play = drawn.begin()

        @rule(data=st.data())
        def step(self, data: Any) -> None:
            """Whatever may come next."""
            play = self.play
            if not play.over:
                step = next_step(data.draw, play.model, listening=search.listening)
                drawn.look(play.take(step), play)

        def teardown(self) -> None:
            try:
                if not self.play.over:
                    drawn.look(self.play.finish(), self.play)
            finally:
                self.play.leave()

    chosen = settings(
        max_examples=SEQUENCES,
        stateful_step_count=STEPS,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        database=None,  # found cases are kept as steps, which survive a change of what is drawn
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
    )
    with contextlib.suppress(Enough, Found, Flaky, FlakyFailure):
        run_state_machine_as_test(seed(number)(Sequence), settings=chosen)
    if drawn.best is not None:
        search.take(drawn.best)


class _Drawn:
    """What a run of hypothesis has found; it looks for one kind of surprise from the first on."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self.best: Surprise | None = None
        self._until = float("inf")

    def begin(self) -> Any:
        if (self.best is None and self._search.done) or time.monotonic() >= self._until:
            raise Enough
        play = self._search.begin()
        self.look(play.begin(), play)
        return play

    def look(self, surprise: Surprise | None, play: Any) -> None:
        if surprise is None:
            return
        play.over = True
        if self.best is None:
            if not self._search.is_new(surprise):
                return
            self.best = surprise
            self._until = time.monotonic() + _SHRINK_SECONDS
        elif surprise.name != self.best.name:
            return
        if len(surprise.steps) <= len(self.best.steps):
            self.best = surprise
        raise Found(surprise.name)
