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

    def exchanges(self, *, session: str | None = None, scenario: str | None = None) -> pd.DataFrame:
        """One row per HTTP exchange, retries and failures included, oldest first.

        ``session="current"`` keeps what was made since this log was opened.
        """
        from connectorkit import frames

        return frames.exchanges(self, session=session, scenario=scenario)

    def messages(
        self, *, session: str | None = None, conversation: str | None = None, consumer: str | None = None
    ) -> pd.DataFrame:
        """One row per request envelope, joined with its answer, oldest first."""
        from connectorkit import frames

        return frames.messages(self, session=session, conversation=conversation, consumer=consumer)

    def timings(self, *, session: str | None = None, scenario: str | None = None) -> pd.DataFrame:
        """One row per exchange, phases as columns in milliseconds, oldest first."""
        from connectorkit import frames

        return frames.timings(self, session=session, scenario=scenario)

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
