"""What a kit can try out, whose results become frames: the catalogue of errors, the ledger of promises."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from connectorkit import promises
from connectorkit.promises import Promises
from connectorkit.scenarios import Outcome, Scenarios

if TYPE_CHECKING:
    import pandas as pd


class KitScenarios(Scenarios):
    """The catalogue, whose results become a frame."""

    def catalogue(self) -> pd.DataFrame:
        """What there is: one row per scenario."""
        from connectorkit import frames

        return frames.catalogue()

    def run_all(
        self,
        progress: Callable[[Outcome], None] | None = None,
        *,
        only: Iterable[str] | None = None,
        visible: bool = False,
    ) -> pd.DataFrame:
        """Run everything; one row per scenario, the expected beside the observed. See ``play_all``."""
        from connectorkit import frames

        return frames.outcomes(self.play_all(progress, only=only, visible=visible))


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
