"""The log as people meet it: ``kit.log``, whose records become DataFrames."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Unpack

from connectorkit import hiding, markup, upkeep
from connectorkit.log import Exchange
from connectorkit.redact import Redactor
from connectorkit.timed_log import HasId, TimedLog, WhichExchanges, id_of, named
from connectorkit.upkeep import Pruned

if TYPE_CHECKING:
    import pandas as pd

    from connectorkit.comparing.compare import Comparison
    from connectorkit.notices import Change
    from connectorkit.sharing.export import Exported
    from connectorkit.sql import Parameters
    from connectorkit.tables import Moment


class ResponseLog(TimedLog):
    """A response log that hands out frames; ``ck.ResponseLog(path)`` opens an old one or makes a new one.

    pandas is loaded when the first frame is asked for. The columns are listed in ``connectorkit.frames`` and
    ``connectorkit.timeline``.
    """

    # Of each kit that writes to it, who knows what is secret.
    cleaners: tuple[Callable[[str], str], ...] = ()

    def exchanges(self, **which: Unpack[WhichExchanges]) -> pd.DataFrame:
        """One row per HTTP exchange, retries and failures included, oldest first.

        ``session="current"`` keeps what was made since this log was opened; ``scenario``, ``label``,
        ``conversation`` and ``consumer`` choose as well. ``since`` is a moment (a datetime, or ISO text in
        UTC) or how long ago: ``"10 min"``.
        """
        from connectorkit import frames

        return frames.exchanges(self, **named(which))

    def messages(self, **which: Unpack[WhichExchanges]) -> pd.DataFrame:
        """One row per request envelope, joined with its answer, oldest first; filters as of ``exchanges``."""
        from connectorkit import frames

        return frames.messages(self, **named(which))

    def notifications(
        self,
        *,
        session: str | None = None,
        conversation: str | HasId | None = None,
        since: Moment | None = None,
    ) -> pd.DataFrame:
        """One row per change in a received notification, in the order they came, odd ones marked."""
        from connectorkit import frames

        self._settle()
        return frames.notifications(self, session=session, conversation=id_of(conversation), since=since)

    def unsettled(self, *, session: str | None = None) -> pd.DataFrame:
        """One row per request that left and was never answered, and what notifications say became of it."""
        from connectorkit import frames

        self._settle()
        return frames.unsettled(self, session=session)

    def sessions(self) -> pd.DataFrame:
        """One row per session: when it was, what it did, and the labels it used."""
        from connectorkit import frames

        return frames.sessions(self)

    def sql(self, query: str, parameters: Parameters = (), *, engine: str = "sqlite") -> pd.DataFrame:
        """What a query gives: ``kit.log.sql("select operation, count(*) from exchanges group by 1")``.

        The tables are the frames, with their names and columns; nothing in a query can write.
        ``parameters`` fill ``?`` or ``$name``; ``engine="duckdb"`` asks DuckDB, where it is installed.
        """
        from connectorkit import sql

        self._settle()
        return sql.query(self, query, parameters, engine=engine)

    def note(self, text: str, exchange: int | Exchange | None = None) -> int:
        """Keep a note, about an exchange (or its number) or about this session; returns its number."""
        number = exchange.exchange_id if isinstance(exchange, Exchange) else exchange
        # Without a kit too: tokens are told by their shape, and other kits may know the rest.
        for clean in (Redactor().text, hiding.redacted, *self.cleaners) if isinstance(text, str) else ():
            text = clean(text)
        return upkeep.write_note(self, text, number)

    def notes(self) -> pd.DataFrame:
        """One row per note, oldest first."""
        from connectorkit import frames

        return frames.notes(self)

    def prune(self, *, older_than: Moment | None = None, session: str | None = None) -> Pruned:
        """Take out what is older than a moment (``older_than="30 days"``), or a session.

        The newest exchange stays, as numbers go on from it. What is taken out is gone: export it before. The
        file still lists the consumers' names that stood there; only deleting it removes those.
        """
        from connectorkit.tables import moment, nanoseconds

        before = None if older_than is None else nanoseconds(moment(older_than, "older_than"))
        return upkeep.prune(self, before=before, session=session)

    def export(
        self,
        target: str | os.PathLike[str] | None = None,
        format: str | None = None,
        *,
        exchanges: Iterable[Exchange] | None = None,
        mask: str | None = None,
        overwrite: bool = False,
        **which: Unpack[WhichExchanges],
    ) -> Exported | str:
        """Write exchanges to a file for other tools, or return the text where no ``target`` is given.

        The file's name says the format, or ``format``: har, parquet, jsonl, curl, postman, http, python. The
        filters are those of ``exchanges``; ``mask="content"`` replaces what people said and who they are.
        No secret is in any of them. Raises ``LogError`` when nothing matches or the file cannot be written.
        """
        from connectorkit.sharing import export

        records = self if exchanges is None else exchanges
        return export.export(records, target, format, mask=mask, overwrite=overwrite, **named(which))

    def compare(self, before: str = "previous", after: str = "current") -> Comparison:
        """What changed from one session to another: ids, times and tokens are matched away.

        Sessions are ids as in ``sessions()``; ``"current"`` is this one, ``"previous"`` the newest other.
        Raises ``LogError`` where there is no such session. ``ck.compare`` compares logs with each other.
        """
        from connectorkit.comparing import compare

        self._settle()
        runs = [
            compare.run_of(self, self._session(name, place))
            for name, place in ((before, "before"), (after, "after"))
        ]
        return compare.compare(*runs)

    @property
    def size(self) -> int:
        """Bytes that the log takes on disk, or in memory."""
        return upkeep.size(self)

    def changes(self, *, conversation: str | HasId | None = None) -> list[Change]:
        """The rows of ``notifications`` as objects, which also have event, metadata and dialogs."""
        from connectorkit import notices

        self._settle()
        return notices.of_log(self, id_of(conversation))

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
        return timeline.timeline(self, conversation=id_of(conversation), session=session)

    def _repr_html_(self) -> str:
        last = self.last()
        facts: list[tuple[str, Any]] = [
            ("file", self.path),
            ("exchanges", len(self)),
            ("notifications", self.count_notifications()),
            ("size", upkeep.size_in_words(self.size)),
            ("session", self.session_id),
        ]
        if last is not None:
            facts.append(("last", repr(last)[1:-1]))
        return markup.facts("Response log", facts)
