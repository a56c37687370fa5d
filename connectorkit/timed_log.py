"""What a log tells of time: timings and their summary, the path of a message, and how two runs compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, Unpack

from connectorkit import upkeep
from connectorkit.errors import LogError
from connectorkit.log import Log

if TYPE_CHECKING:
    import pandas as pd

    from connectorkit.comparing.timings import TimingComparison
    from connectorkit.paths.offsets import ClockOffset
    from connectorkit.paths.waterfall import Waterfall
    from connectorkit.tables import Moment


class HasId(Protocol):
    """A conversation, as far as a log cares."""

    id: str


class WhichExchanges(TypedDict, total=False):
    """Which exchanges are asked for; what is not given chooses nothing."""

    session: str | None
    scenario: str | None
    label: str | None
    conversation: str | HasId | None
    consumer: str | None
    since: Moment | None


class TimedLog(Log):
    """A log that hands out what concerns time.

    ``settle``, where set, is called before notifications are read: it waits for those that are still under
    way.
    """

    settle: Callable[[], object] | None = None

    def timings(self, **which: Unpack[WhichExchanges]) -> pd.DataFrame:
        """One row per exchange, phases as columns in milliseconds; filters as of ``exchanges``."""
        from connectorkit import frames

        return frames.timings(self, **named(which))

    def summary(
        self,
        by: str | Sequence[str] = "operation",
        *,
        phase: str = "total_ms",
        **which: Unpack[WhichExchanges],
    ) -> pd.DataFrame:
        """Count, errors, throughput and p50 to p99.9 in milliseconds, by one column or several.

        ``by`` names columns of ``timings``; ``"phase"`` gives each phase a row of its own. Filters as of
        ``exchanges``.
        """
        from connectorkit import frames

        return frames.summary(self.timings(**which), by, phase=phase)

    def waterfall(
        self, conversation: str | HasId | None = None, *, offset: ClockOffset | None = None
    ) -> Waterfall:
        """The path of the messages of one conversation over both clocks; by default of the one used last.

        Shown as a table of who waited for what; ``.frame`` has a row per span, ``.picture()`` draws it. The
        service's time stamps are brought to this machine's clock by the offset that the conversation tells,
        or by another one, as ``clock_offset`` gives.
        """
        from connectorkit.paths import waterfall

        self._settle()
        return waterfall.waterfall(self, id_of(conversation), offset=offset)

    def clock_offset(
        self, *, conversation: str | HasId | None = None, session: str | None = None
    ) -> ClockOffset:
        """How far the service's clock stands from ours, in milliseconds, with its uncertainty.

        From the time stamps in the notifications of one conversation, or else of a session: by default this
        one, or the newest that heard anything. That a clock was moved meanwhile is said.
        """
        from connectorkit.paths import offsets

        self._settle()
        return offsets.clock_offset(self, conversation=id_of(conversation), session=session)

    def compare_timings(
        self,
        before: str | pd.DataFrame | Log = "previous",
        after: str | pd.DataFrame | Log = "current",
        *,
        by: str = "operation",
        phases: str | Iterable[str] = "total_ms",
        confidence: float = 0.95,
    ) -> TimingComparison:
        """Whether calls became slower or faster from one run to another, and when that is only noise.

        Each run is a session as in ``compare``, else a label, or a frame of timings, or another log. Compared
        are p50, p90 and p99 of the calls that succeeded, for each value of the column ``by`` and each of the
        ``phases`` (``total_ms``, ``wait_ms`` …); with ``confidence`` all intervals hold together.
        """
        from connectorkit.comparing import timings

        runs = [self._run(run, place) for run, place in ((before, "before"), (after, "after"))]
        return timings.compare_timings(runs[0], runs[1], by=by, phases=phases, confidence=confidence)

    def _run(self, run: str | pd.DataFrame | Log, place: str) -> pd.DataFrame | Log:
        """The timings of a session or a label; whatever else is given stays."""
        if not isinstance(run, str):
            return run
        known = {session["session_id"] for session in upkeep.sessions(self)}
        if run not in known | {"current", "previous"}:
            labelled = self.timings(label=run)
            if labelled.empty:
                raise LogError(
                    f"{place} is {run!r}, and there is no such session, nor a label of that name. "
                    "kit.log.sessions() lists both."
                )
            return labelled
        return self.timings(session=self._session(run, place))

    def _session(self, name: str, place: str) -> str:
        known = [session["session_id"] for session in upkeep.sessions(self)]
        others = [session for session in known if session != self.session_id]
        found = {"current": self.session_id, "previous": others[-1] if others else None}.get(name, name)
        if found is None or (found not in known and name != "current"):
            raise LogError(
                f"{place} is {name!r}, and there is no such session. kit.log.sessions() lists them."
            )
        return found

    def _settle(self) -> None:
        if self.settle is not None:
            self.settle()


def named(which: WhichExchanges) -> dict[str, Any]:
    """With the id in place of what has one."""
    unknown = which.keys() - WhichExchanges.__annotations__.keys()
    if unknown:
        known = ", ".join(WhichExchanges.__annotations__)
        raise TypeError(f"There is no filter {', '.join(sorted(unknown))}. Choose from {known}.")
    return {**which, "conversation": id_of(which.get("conversation"))}


def id_of(conversation: str | HasId | None) -> str | None:
    """The id of what was given as a conversation. Raises ``TypeError`` for what has none."""
    named = getattr(conversation, "id", conversation)
    if named is not None and not isinstance(named, str):
        raise TypeError(f"conversation is {conversation!r}. Pass what open() returned, or its id.")
    return named
