"""What a kit can try out, whose results become frames: the catalogue of errors, the ledger of promises."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from connectorkit import promises, scenarios
from connectorkit.progress import counting
from connectorkit.promises import Promises
from connectorkit.scenarios import Outcome, Scenarios

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 20  # scenarios that are over within a second


class KitScenarios(Scenarios):
    """The catalogue, whose results become a frame."""

    def catalogue(self) -> pd.DataFrame:
        """What there is: one row per scenario."""
        from connectorkit import frames

        return frames.catalogue()

    def run_all(
        self,
        progress: Callable[[Outcome], object] | None = None,
        *,
        only: Iterable[str] | None = None,
        visible: bool = False,
    ) -> pd.DataFrame:
        """Run everything; one row per scenario, the expected beside the observed. See ``play_all``.

        Without ``progress`` there is a bar where somebody watches.
        """
        from connectorkit import frames

        chosen = None if only is None else list(only)
        expected = len(scenarios.ALL if chosen is None else self.named(*chosen))
        with counting("Scenarios", expected, progress is None and expected > _AT_ONCE) as tell:
            done = itertools.count(1)
            heard = progress or (None if tell is None else lambda _: tell(next(done)))
            return frames.outcomes(self.play_all(heard, only=chosen, visible=visible))


class KitPromises(Promises):
    """The ledger, whose results become a frame."""

    def ledger(self) -> pd.DataFrame:
        """What is promised: one row per promise."""
        from connectorkit import frames

        return frames.ledger()

    def run_all(
        self,
        progress: Callable[[promises.Outcome], None] | None = None,
        *,
        only: Iterable[str] | None = None,
        mark: str | None = None,
        visible: bool = False,
    ) -> pd.DataFrame:
        """Check everything; one row per promise, the expected beside the observed. See ``check_all``."""
        from connectorkit import frames

        return frames.promises(self.check_all(progress, only=only, mark=mark, visible=visible))
