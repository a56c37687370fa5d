"""The log as people meet it: ``kit.log``, whose records become DataFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectorkit import markup
from connectorkit.log import Log

if TYPE_CHECKING:
    import pandas as pd


class ResponseLog(Log):
    """A response log that hands out frames; ``ck.ResponseLog(path)`` opens an old one or makes a new one.

    pandas is loaded when the first frame is asked for. The columns are listed in ``connectorkit.frames``.
    """

    def exchanges(self, **filters: Any) -> pd.DataFrame:
        """One row per HTTP exchange, retries and failures included. Filters: ``session``, ``scenario``."""
        from connectorkit import frames

        return frames.exchanges(self, **filters)

    def messages(self, **filters: Any) -> pd.DataFrame:
        """One row per request envelope, joined with its answer. Filters: ``session``, ``conversation``."""
        from connectorkit import frames

        return frames.messages(self, **filters)

    def timings(self, **filters: Any) -> pd.DataFrame:
        """One row per exchange, phases as columns in milliseconds. Filters: ``session``, ``scenario``."""
        from connectorkit import frames

        return frames.timings(self, **filters)

    def _repr_html_(self) -> str:
        last = self.last()
        facts: list[tuple[str, Any]] = [
            ("file", self.path),
            ("exchanges", len(self)),
            ("session", self.session_id),
        ]
        if last is not None:
            facts.append(("last", repr(last)[1:-1]))
        return markup.facts("Response log", facts)
