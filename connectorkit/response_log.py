"""The log as people meet it: ``kit.log``, whose records become DataFrames."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from connectorkit import markup
from connectorkit.log import Log

if TYPE_CHECKING:
    import pandas as pd

    from connectorkit.notices import Change


class HasId(Protocol):
    """A conversation, as far as a log cares."""

    id: str


class ResponseLog(Log):
    """A response log that hands out frames; ``ck.ResponseLog(path)`` opens an old one or makes a new one.

    pandas is loaded when the first frame is asked for. The columns are listed in ``connectorkit.frames`` and
    ``connectorkit.timeline``. ``settle``, where set, is called before notifications are read: it waits for
    those that are still under way.
    """

    settle: Callable[[], object] | None = None

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

    def notifications(self, *, session: str | None = None, conversation: str | None = None) -> pd.DataFrame:
        """One row per change in a received notification, in the order they came, odd ones marked."""
        from connectorkit import frames

        self._settle()
        return frames.notifications(self, session=session, conversation=conversation)

    def changes(self, *, conversation: str | None = None) -> list[Change]:
        """The rows of ``notifications`` as objects, which also have event, metadata and dialogs."""
        from connectorkit import notices

        self._settle()
        return notices.of_log(self, conversation)

    def timeline(
        self, conversation: str | HasId | None = None, *, session: str | None = None
    ) -> pd.DataFrame:
        """Requests, responses and notifications of one conversation in causal order.

        ``conversation`` is an id or whatever has one, as what ``open`` returned; without it, the one used
        last. A request's row also tells when its response and its
        notification came.
        """
        from connectorkit import timeline

        self._settle()
        named = getattr(conversation, "id", conversation)
        if named is not None and not isinstance(named, str):
            raise TypeError(f"conversation is {conversation!r}. Pass what open() returned, or its id.")
        return timeline.timeline(self, conversation=named, session=session)

    def _settle(self) -> None:
        if self.settle is not None:
            self.settle()

    def _repr_html_(self) -> str:
        last = self.last()
        facts: list[tuple[str, Any]] = [
            ("file", self.path),
            ("exchanges", len(self)),
            ("notifications", self.count_notifications()),
            ("session", self.session_id),
        ]
        if last is not None:
            facts.append(("last", repr(last)[1:-1]))
        return markup.facts("Response log", facts)
