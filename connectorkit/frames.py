"""The response log as DataFrames: ``exchanges``, ``messages``, ``timings`` and ``notifications``.

Timestamps are UTC, durations are milliseconds as floats, dtypes never depend on the data, and an empty log
gives empty frames with all their columns. ``EXCHANGES``, ``MESSAGES``, ``TIMINGS``, ``NOTIFICATIONS`` and
``DELIVERIES`` list the columns; the frame of one conversation is in ``timeline``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from connectorkit import notices
from connectorkit.log import Exchange, Log
from connectorkit.pairs import Pair, pairs
from connectorkit.replies import Message, whole_number
from connectorkit.scenarios import ALL, Outcome, Scenario
from connectorkit.tables import REAL, TEXT, WHEN, WHOLE, YES_NO, Columns, frame

PHASES = ("connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms")
EXCHANGES: Columns = {
    "exchange_id": (WHOLE, "number of the exchange in this log"),
    "session_id": (TEXT, "the run of a kit that made it"),
    "scenario": (TEXT, "name of the scenario it belongs to, if any"),
    "operation": (TEXT, "domains, app_jwt, consumer_jws, conversation or send"),
    "attempt": (WHOLE, "1 for the first try, 2 for the repetition after a renewed AppJWT"),
    "started_at": (WHEN, "when the request was begun, by this machine's clock"),
    "method": (TEXT, "HTTP method"),
    "url": (TEXT, "address, secrets replaced"),
    "status_code": (WHOLE, "HTTP status; missing when no answer came"),
    "error": (TEXT, "what failed instead of an answer"),
    "request_bytes": (WHOLE, "size of the request body"),
    "response_bytes": (WHOLE, "size of the response body as received"),
    "http_version": (TEXT, "such as HTTP/1.1"),
    "reused_connection": (YES_NO, "whether the connection was open before"),
    "connect_ms": (REAL, "TCP connect; missing on a reused connection"),
    "tls_ms": (REAL, "TLS handshake; missing without TLS"),
    "send_ms": (REAL, "sending headers and body"),
    "wait_ms": (REAL, "from the request's end to the response's headers"),
    "receive_ms": (REAL, "receiving the body"),
    "total_ms": (REAL, "everything, from the call to the closed response"),
}
MESSAGES: Columns = {
    "exchange_id": (WHOLE, "the exchange that carried it"),
    "position": (WHOLE, "its place in a CONVERSATION batch; 0 on SEND"),
    "request_id": (TEXT, "the request's id, equal to the answer's reqId"),
    "type": (TEXT, "type of the request"),
    "event_type": (TEXT, "type of the published event, or name of the updated field"),
    "conversation_id": (TEXT, "the conversation it belongs to"),
    "consumer": (TEXT, "for whom the connector spoke"),
    "code": (TEXT, "code of the answer: OK, BAD_REQUEST, 401 …"),
    "sequence": (WHOLE, "number of the event in its dialog"),
    "error_code": (WHOLE, "five-digit number of an authorisation error"),
    "error_title": (TEXT, "what a refusal says"),
    "text": (TEXT, "the message, where it is a text"),
    "sent_at": (WHEN, "when the request was begun"),
    "answered_at": (WHEN, "when the answer had arrived"),
}
TIMINGS: Columns = {
    name: EXCHANGES[name]
    for name in (
        *("exchange_id", "session_id", "scenario", "operation", "attempt", "started_at"),
        *("status_code", "error", "reused_connection", *PHASES, "total_ms"),
    )
}
NOTIFICATIONS: Columns = {
    "notification_id": (WHOLE, "number of the delivery in this log"),
    "position": (WHOLE, "place of the change in its delivery; missing where there was none to read"),
    "session_id": (TEXT, "the run of a receiver that got it"),
    "received_at": (WHEN, "when it had arrived, by this machine's clock"),
    "type": (TEXT, "type of the notification"),
    "event_type": (TEXT, "type of the published event; UPSERT or DELETE for a conversation change"),
    "conversation_id": (TEXT, "the conversation it is about"),
    "dialog_id": (TEXT, "the dialog the event was published in"),
    "sequence": (WHOLE, "number of the event in its dialog; chat states have none"),
    "originator_role": (TEXT, "CONSUMER, ASSIGNED_AGENT, CONTROLLER …"),
    "originator_id": (TEXT, "who did it, as the service knows them"),
    "text": (TEXT, "the message, where it is a text"),
    "status": (TEXT, "what a receipt or a chat state says: ACCEPT, READ, COMPOSING …"),
    "state": (TEXT, "after a conversation change: whether the main dialog is OPEN or CLOSE"),
    "stage": (TEXT, "after a conversation change: whether the whole conversation is OPEN or CLOSE"),
    "server_timestamp": (WHEN, "when it happened, by the service's clock"),
    "lag_ms": (REAL, "from there to its arrival here; the two clocks may differ"),
    "attempt": (WHOLE, "1 for the first delivery of it that came, 2 for the second …; missing if not valid"),
    "mark": (TEXT, "duplicate, gap, late or stale; empty when all is well"),
    "signature": (TEXT, "valid, or why it is not"),
    "status_code": (WHOLE, "what the receiver answered"),
    "account_id": (TEXT, "account that the header names"),
    "client_id": (TEXT, "app install that the header names"),
    "host": (TEXT, "messaging service it came from, where the receiver knows"),
}
DELIVERIES: Columns = {
    "at": (WHEN, "when it was tried or given up, by the sandbox's clock"),
    "type": (TEXT, "event type, as in the app install"),
    "conversation_id": (TEXT, "the conversation it is about"),
    "dialog_id": (TEXT, "the dialog the event was published in"),
    "sequence": (WHOLE, "number of the event in its dialog"),
    "attempt": (WHOLE, "1 for the first try; 0 where it was given up before that"),
    "status_code": (WHOLE, "what the webhook answered; missing when no answer came"),
    "outcome": (TEXT, "delivered, failed (it is tried again) or lost"),
    "error": (TEXT, "what went wrong"),
    "client_id": (TEXT, "the app"),
    "endpoint": (TEXT, "where it went"),
}
OUTCOMES: Columns = {
    "scenario": (TEXT, "name in the catalogue"),
    "expected": (TEXT, "status, error number and text that the first answer should have"),
    "observed": (TEXT, "those it had"),
    "as_expected": (YES_NO, "whether they agree; missing where it was not run"),
    "next_step": (TEXT, "what a client should do"),
    "exchange_id": (WHOLE, "the exchange with that answer"),
    "not_run": (TEXT, "why it was not run, if so"),
}
CATALOGUE: Columns = {
    "scenario": (TEXT, "name"),
    "shows": (TEXT, "what goes wrong"),
    "expected": (TEXT, "status, error number and text of the answer"),
    "source": (TEXT, "where that is stated"),
}
SUMMARY: Columns = {
    "count": (WHOLE, "exchanges"),
    "errors": (WHOLE, "those without an answer, or with a status of 400 or above"),
    **{name: (REAL, "milliseconds") for name in ("p50", "p90", "p99", "p99.9", "max")},
}


def exchanges(log: Log, *, session: str | None = None, scenario: str | None = None) -> pd.DataFrame:
    """One row per HTTP exchange, oldest first; the columns are those of ``EXCHANGES``."""
    return frame(EXCHANGES, (_exchange_row(e) for e in _selected(log, session, scenario)))


def messages(
    log: Log,
    *,
    session: str | None = None,
    conversation: str | None = None,
    consumer: str | None = None,
) -> pd.DataFrame:
    """One row per request envelope, joined with its answer; the columns are those of ``MESSAGES``."""
    found = log.read(session=session, consumer=consumer)
    rows = (_message_row(pair) for exchange in found for pair in pairs(exchange))
    return frame(MESSAGES, (row for row in rows if conversation in (None, row["conversation_id"])))


def notifications(log: Log, *, session: str | None = None, conversation: str | None = None) -> pd.DataFrame:
    """One row per change in a received notification, in the order they came; see ``NOTIFICATIONS``.

    A delivery without a readable change has one row as well. Marks are found by going over the whole log,
    so they hold across sessions and restarts of a receiver; ``session`` only chooses rows.
    """
    session = log.session_id if session == "current" else session
    rows = (vars(change) | _delivery(change) for change in notices.of_log(log, conversation))
    return frame(NOTIFICATIONS, (row for row in rows if session in (None, row["session_id"])))


def deliveries(report: Mapping[str, Any]) -> pd.DataFrame:
    """One row per attempt of the sandbox to deliver a notification; see ``DELIVERIES``.

    ``report`` is what ``kit.sandbox.deliveries()`` returns.
    """
    attempts = report["deliveries"]
    rows = (one | {"at": one["at_ms"] * 1_000_000, "status_code": one["status"]} for one in attempts)
    return frame(DELIVERIES, rows)


def timings(log: Log, *, session: str | None = None, scenario: str | None = None) -> pd.DataFrame:
    """One row per exchange, oldest first, durations in milliseconds.

    ``total_ms`` is there also for a request that failed; a phase that did not happen is missing. The
    columns are those of ``TIMINGS``.
    """
    return frame(TIMINGS, (_exchange_row(e) for e in _selected(log, session, scenario)))


def failures(log: Log, *, session: str | None = None) -> pd.DataFrame:
    """The exchanges that got no answer, or a status of 400 and above."""
    found = exchanges(log, session=session)
    return found[_failed(found)].reset_index(drop=True)


def outcomes(results: Iterable[Outcome]) -> pd.DataFrame:
    """One row per scenario that was run; the columns are those of ``OUTCOMES``."""
    rows = (
        {
            "scenario": result.scenario.name,
            "expected": result.scenario.expected,
            "observed": result.observed or None,
            "as_expected": None if result.not_run else result.as_expected,
            "next_step": result.advice or None,
            "exchange_id": result.exchange.exchange_id if result.exchange else None,
            "not_run": result.not_run or None,
        }
        for result in results
    )
    return frame(OUTCOMES, rows)


def catalogue(scenarios: Iterable[Scenario] = ALL) -> pd.DataFrame:
    """One row per scenario there is; the columns are those of ``CATALOGUE``."""
    rows = (
        {"scenario": s.name, "shows": s.shows, "expected": s.expected, "source": s.source} for s in scenarios
    )
    return frame(CATALOGUE, rows)


def summary(timings: pd.DataFrame, by: str = "operation", *, phase: str = "total_ms") -> pd.DataFrame:
    """Count, errors and percentiles of one phase in milliseconds, one row per value of ``by``."""
    for name in (by, phase):
        if name not in timings.columns:
            raise ValueError(f"There is no column {name!r}. Choose one of {', '.join(timings.columns)}.")
    rows, labels = [], []
    # Missing labels are a group too: those are the requests that got no answer.
    for label, group in timings.groupby(by, sort=True, dropna=False):
        values = group[phase].dropna()
        quantiles = {f"p{100 * q:g}": values.quantile(q) for q in (0.5, 0.9, 0.99, 0.999)}
        errors = int(_failed(group).sum())
        rows.append({"count": len(group), "errors": errors, **quantiles, "max": values.max()})
        labels.append(label)
    found = frame(SUMMARY, rows)
    found.index = pd.Index(labels, name=by, dtype=timings[by].dtype)
    return found


def _selected(log: Log, session: str | None, scenario: str | None) -> Iterator[Exchange]:
    return (e for e in log.read(session=session) if scenario is None or e.scenario == scenario)


def _failed(found: pd.DataFrame) -> pd.Series[bool]:
    refused = (found["status_code"] >= 400).fillna(False).astype(bool)
    return refused | found["error"].notna()


def _exchange_row(exchange: Exchange) -> dict[str, Any]:
    return vars(exchange)


def _delivery(change: notices.Change) -> dict[str, Any]:
    happened = change.server_timestamp
    return {
        **vars(change.notification),
        "conversation_id": change.conversation_id,
        "text": change.text,
        "status": change.status,
        "state": change.state,
        "stage": change.stage,
        "server_timestamp": None if happened is None else happened * 1_000_000,
        "lag_ms": change.lag_ms,
    }


def _message_row(pair: Pair) -> dict[str, Any]:
    request_id, message = pair.request.get("id"), pair.event.get("message")
    changed = [str(field["field"]) for field in pair.fields if field.get("field")]
    return {
        "exchange_id": pair.exchange.exchange_id,
        "position": pair.position,
        "request_id": None if request_id is None else str(request_id),
        "type": _text(pair.request.get("type")),
        "event_type": _text(pair.event.get("type")) or ", ".join(changed) or None,
        "conversation_id": _text(pair.conversation_id),
        "consumer": pair.exchange.consumer,
        "text": message if isinstance(message, str) else None,
        "sent_at": pair.exchange.started_at,
        "answered_at": None if pair.answer is None else pair.answered_at,
        **_outcome(pair.answer),
    }


def _outcome(answer: Message | None) -> dict[str, Any]:
    if answer is None:
        return {}
    return {
        "code": None if answer.code is None else str(answer.code),
        "sequence": whole_number(answer.body.get("sequence")),
        "error_code": answer.error_code,
        "error_title": None if answer.ok else _text(answer.body.get("title") or answer.text),
    }


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
