"""The response log as DataFrames: ``exchanges``, ``messages``, ``timings`` and ``notifications``.

Timestamps are UTC, durations are milliseconds as floats, dtypes never depend on the data, and an empty log
gives empty frames with all their columns, which ``columns`` lists. The frame of one conversation is in
``timeline``. A frame costs what was logged since the last one, and may be changed freely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from connectorkit import memory, mirror, pairs, upkeep, wire
from connectorkit import promises as promised
from connectorkit import unsettled as reader
from connectorkit.columns import (
    CATALOGUE,
    DELIVERIES,
    LEDGER,
    NOTES,
    OUTCOMES,
    PHASES,
    PROMISES,
    SESSIONS,
    SUMMARY,
    TIMINGS,
    UNSETTLED,
)
from connectorkit.log import Exchange, Log
from connectorkit.scenarios import ALL, Outcome, Scenario
from connectorkit.tables import Moment, frame, moment
from connectorkit.texts import storable


def exchanges(log: Log, **which: Any) -> pd.DataFrame:
    """One row per HTTP exchange, oldest first; the columns are those of ``EXCHANGES``.

    ``which`` chooses rows: ``session``, ``scenario``, ``label``, ``conversation``, ``consumer``, ``since``.
    """
    return _chosen(log, mirror.of(log).exchanges(log), Which(**which))


def messages(log: Log, **which: Any) -> pd.DataFrame:
    """One row per request envelope, joined with its answer; the columns are those of ``MESSAGES``.

    ``which`` chooses rows, as of ``exchanges``.
    """
    return _chosen(log, mirror.of(log).messages(log), Which(**which))


def timings(log: Log, **which: Any) -> pd.DataFrame:
    """One row per exchange, oldest first, durations in milliseconds.

    ``total_ms`` is there also for a request that failed; a phase that did not happen is missing. The
    columns are those of ``TIMINGS``; ``which`` chooses rows, as of ``exchanges``.
    """
    return exchanges(log, **which)[list(TIMINGS)]


def notifications(
    log: Log, *, session: str | None = None, conversation: str | None = None, since: Moment | None = None
) -> pd.DataFrame:
    """One row per change in a received notification, in the order they came; see ``NOTIFICATIONS``.

    A delivery without a readable change has one row as well. Marks are found by going over the whole log,
    so they hold across sessions and restarts of a receiver; ``session`` and the others only choose rows.
    """
    found = mirror.of(log).notifications(log)
    session = log.session_id if session == "current" else session
    return _where(
        found,
        session_id=session,
        conversation_id=conversation,
        received_at=None if since is None else moment(since),
    )


@dataclass(frozen=True)
class Which:
    """Which exchanges are asked for; ``since`` is a moment, or how long ago."""

    session: str | None = None
    scenario: str | None = None
    label: str | None = None
    conversation: str | None = None
    consumer: str | None = None
    since: Moment | None = None


def _chosen(log: Log, found: pd.DataFrame, which: Which) -> pd.DataFrame:
    session = log.session_id if which.session == "current" else which.session
    since = None if which.since is None else moment(which.since)
    if "conversation_id" in found:
        found = _where(found, conversation_id=which.conversation, consumer=which.consumer, sent_at=since)
        of_exchange = dict(session=session, scenario=which.scenario, label=which.label)
        if any(value is not None for value in of_exchange.values()):
            found = _among(found, exchanges(log, **of_exchange))
        return found
    if which.conversation is not None:
        found = _among(found, messages(log, conversation=which.conversation))
    return _where(
        found,
        session_id=session,
        scenario=which.scenario,
        label=which.label,
        consumer=which.consumer,
        started_at=since,
    )


def _among(found: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    return found[found["exchange_id"].isin(others["exchange_id"])].reset_index(drop=True)


def _where(found: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """The rows with these values, and of times those from then on."""
    for name, value in wanted.items():
        if value is not None:
            column = found[name]
            hit = column >= value if isinstance(value, pd.Timestamp) else column == storable(value)
            found = found[hit.fillna(False).astype(bool)].reset_index(drop=True)
    return found


def sessions(log: Log) -> pd.DataFrame:
    """One row per session, the one that began first on top; the columns are those of ``SESSIONS``."""
    found = exchanges(log)
    errors = found["session_id"][failed(found)].value_counts()
    labelled = found[found["label"].notna()].drop_duplicates(["session_id", "label"])
    labels = labelled.groupby("session_id")["label"].agg(", ".join)
    rows = (
        {
            **session,
            "errors": int(errors.get(session["session_id"], 0)),
            "labels": labels.get(session["session_id"]),
            "current": session["session_id"] == log.session_id,
        }
        for session in upkeep.sessions(log)
    )
    return frame(SESSIONS, rows)


def notes(log: Log) -> pd.DataFrame:
    """One row per note, oldest first; the columns are those of ``NOTES``."""
    return frame(NOTES, map(vars, upkeep.notes(log)))


def deliveries(report: Mapping[str, Any]) -> pd.DataFrame:
    """One row per attempt of the sandbox to deliver a notification; see ``DELIVERIES``.

    ``report`` is what ``kit.sandbox.deliveries()`` returns.
    """
    attempts = report["deliveries"]
    rows = (one | {"at": one["at_ms"] * 1_000_000, "status_code": one["status"]} for one in attempts)
    return frame(DELIVERIES, rows)


def failures(log: Log, **which: Any) -> pd.DataFrame:
    """The exchanges that got no answer, or a status of 400 and above; ``which`` as of ``exchanges``."""
    found = exchanges(log, **which)
    return found[failed(found)].reset_index(drop=True)


def unsettled(log: Log, *, session: str | None = None) -> pd.DataFrame:
    """One row per CONVERSATION or SEND without an answer, oldest first; see ``UNSETTLED``."""
    return frame(
        UNSETTLED, (_unsettled(log, exchange) for exchange in reader.unanswered(log, session=session))
    )


def _unsettled(log: Log, exchange: Exchange) -> dict[str, Any]:
    found, requests = reader.settle(log, exchange), list(pairs.pairs(exchange))
    types = [pair.type for pair in requests if pair.type != wire.SET_USER_PROFILE or len(requests) == 1]
    named = memory.mentioned_conversation(exchange.request_json())
    return {
        "exchange_id": exchange.exchange_id,
        "started_at": exchange.started_at,
        "operation": exchange.operation,
        "type": types[0] if types else None,
        "consumer": exchange.consumer,
        "conversation_id": named if found is None else found.conversation_id,
        "error": exchange.error,
        "settled": found is not None,
        "sequence": None if found is None else found.sequence,
        "notification_id": None if found is None else found.notification_id,
    }


def outcomes(results: Iterable[Outcome]) -> pd.DataFrame:
    """One row per scenario that was run; the columns are those of ``OUTCOMES``."""
    return frame(OUTCOMES, (result.row() for result in results))


def catalogue(scenarios: Iterable[Scenario] = ALL) -> pd.DataFrame:
    """One row per scenario there is; the columns are those of ``CATALOGUE``."""
    return frame(CATALOGUE, (scenario.row() for scenario in scenarios))


def promises(results: Iterable[promised.Outcome]) -> pd.DataFrame:
    """One row per promise that was looked at; the columns are those of ``PROMISES``."""
    return frame(PROMISES, (result.row() for result in results))


def ledger(rows: Iterable[promised.Promise] = promised.ALL) -> pd.DataFrame:
    """One row per promise there is; the columns are those of ``LEDGER``."""
    return frame(LEDGER, (promise.row() for promise in rows))


def summary(
    timings: pd.DataFrame, by: str | Sequence[str] = "operation", *, phase: str = "total_ms"
) -> pd.DataFrame:
    """Count, errors, throughput and percentiles of one phase in milliseconds; see ``SUMMARY``.

    One row per value of the column ``by``, or of several. ``by="phase"`` gives each phase a row of its own,
    with the exchanges that went through it. Percentiles are exact, linear between the two values next to
    them. Raises ``ValueError`` where there is no such column.
    """
    names = [by] if isinstance(by, str) else list(by)
    phased = "phase" in names and "phase" not in timings.columns
    for name in (*(n for n in names if not (phased and n == "phase")), phase):
        if name not in timings.columns:
            raise ValueError(f"There is no column {name!r}. Choose one of {', '.join(timings.columns)}.")
    if not names:
        raise ValueError("by is empty. Name a column such as operation, scenario, label or phase.")
    measured = _by_phase(timings) if phased else timings
    phase = "ms" if phased else phase
    # Missing labels are a group too: those are the requests that got no answer.
    groups = measured.groupby(names, sort=True, dropna=False, observed=True)
    found = [(label, _summed(group, phase)) for label, group in groups]
    made = frame(SUMMARY, (row for _, row in found))
    labels = zip(*(label for label, _ in found), strict=True) if found else ([] for _ in names)
    keys = [
        pd.Index(values, name=name, dtype="string" if phased and name == "phase" else measured[name].dtype)
        for name, values in zip(names, map(list, labels), strict=True)
    ]
    made.index = keys[0] if len(keys) == 1 else pd.MultiIndex.from_arrays(keys)
    return made


def _summed(group: pd.DataFrame, phase: str) -> dict[str, Any]:
    values = group[phase][np.isfinite(group[phase])]  # an archive from elsewhere may bring infinite times
    quantiles = {f"p{100 * q:g}": values.quantile(q) for q in (0.5, 0.9, 0.99, 0.999)}
    return {
        "count": len(group),
        "errors": int(failed(group).sum()),
        "per_second": _throughput(group),
        **quantiles,
        "max": values.max(),
    }


def _throughput(group: pd.DataFrame) -> float | None:
    """Of a single exchange there is none."""
    if len(group) < 2 or not {"started_at", "total_ms"} <= set(group.columns):
        return None
    begins = (group["started_at"] - group["started_at"].min()).dt.total_seconds()
    took = group["total_ms"].where(np.isfinite(group["total_ms"]), 0.0)
    seconds = float((begins + took / 1000).max())
    return len(group) / seconds if seconds > 0 else None


def _by_phase(timings: pd.DataFrame) -> pd.DataFrame:
    """One row per exchange and phase that it went through, the phases in the order of an exchange."""
    phases = [name for name in (*PHASES, "total_ms") if name in timings.columns]
    parts = [(name, timings[timings[name].notna()]) for name in phases]
    long = pd.concat([part.assign(phase=name, ms=part[name]) for name, part in parts])
    return long.assign(phase=pd.Categorical(long["phase"], phases, ordered=True))


def failed(found: pd.DataFrame) -> pd.Series[bool]:
    """Which of these exchanges got no answer, or a status of 400 and above."""
    refused = (found["status_code"] >= 400).fillna(False).astype(bool)
    return refused | found["error"].notna()
