"""The response log as DataFrames: ``exchanges``, ``messages`` and ``timings``.

Timestamps are UTC, durations are milliseconds as floats, dtypes never depend on the data, and an empty log
gives empty frames with all their columns. ``EXCHANGES``, ``MESSAGES`` and ``TIMINGS`` list the columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from connectorkit.log import Exchange, Log
from connectorkit.replies import Message, whole_number
from connectorkit.scenarios import ALL, Outcome, Scenario

PHASES = ("connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms")
_WHEN, _TEXT, _WHOLE, _REAL, _YES_NO = "datetime64[us, UTC]", "string", "Int64", "float64", "boolean"

# Column: (dtype, meaning)
EXCHANGES: dict[str, tuple[str, str]] = {
    "exchange_id": (_WHOLE, "number of the exchange in this log"),
    "session_id": (_TEXT, "the run of a kit that made it"),
    "scenario": (_TEXT, "name of the scenario it belongs to, if any"),
    "operation": (_TEXT, "domains, app_jwt, consumer_jws, conversation or send"),
    "attempt": (_WHOLE, "1 for the first try, 2 for the repetition after a renewed AppJWT"),
    "started_at": (_WHEN, "when the request was begun, by this machine's clock"),
    "method": (_TEXT, "HTTP method"),
    "url": (_TEXT, "address, secrets replaced"),
    "status_code": (_WHOLE, "HTTP status; missing when no answer came"),
    "error": (_TEXT, "what failed instead of an answer"),
    "request_bytes": (_WHOLE, "size of the request body"),
    "response_bytes": (_WHOLE, "size of the response body as received"),
    "http_version": (_TEXT, "such as HTTP/1.1"),
    "reused_connection": (_YES_NO, "whether the connection was open before"),
    "connect_ms": (_REAL, "TCP connect; missing on a reused connection"),
    "tls_ms": (_REAL, "TLS handshake; missing without TLS"),
    "send_ms": (_REAL, "sending headers and body"),
    "wait_ms": (_REAL, "from the request's end to the response's headers"),
    "receive_ms": (_REAL, "receiving the body"),
    "total_ms": (_REAL, "everything, from the call to the closed response"),
}
MESSAGES: dict[str, tuple[str, str]] = {
    "exchange_id": (_WHOLE, "the exchange that carried it"),
    "position": (_WHOLE, "its place in a CONVERSATION batch; 0 on SEND"),
    "request_id": (_TEXT, "the request's id, equal to the answer's reqId"),
    "type": (_TEXT, "type of the request"),
    "event_type": (_TEXT, "type of the published event, or name of the updated field"),
    "conversation_id": (_TEXT, "the conversation it belongs to"),
    "consumer": (_TEXT, "for whom the connector spoke"),
    "code": (_TEXT, "code of the answer: OK, BAD_REQUEST, 401 …"),
    "sequence": (_WHOLE, "number of the event in its dialog"),
    "error_code": (_WHOLE, "five-digit number of an authorisation error"),
    "error_title": (_TEXT, "what a refusal says"),
    "text": (_TEXT, "the message, where it is a text"),
    "sent_at": (_WHEN, "when the request was begun"),
    "answered_at": (_WHEN, "when the answer had arrived"),
}
TIMINGS: dict[str, tuple[str, str]] = {
    name: EXCHANGES[name]
    for name in (
        *("exchange_id", "session_id", "scenario", "operation", "attempt", "started_at"),
        *("status_code", "error", "reused_connection", *PHASES, "total_ms"),
    )
}
OUTCOMES: dict[str, tuple[str, str]] = {
    "scenario": (_TEXT, "name in the catalogue"),
    "expected": (_TEXT, "status, error number and text that the first answer should have"),
    "observed": (_TEXT, "those it had"),
    "as_expected": (_YES_NO, "whether they agree; missing where it was not run"),
    "next_step": (_TEXT, "what a client should do"),
    "exchange_id": (_WHOLE, "the exchange with that answer"),
    "not_run": (_TEXT, "why it was not run, if so"),
}
CATALOGUE: dict[str, tuple[str, str]] = {
    "scenario": (_TEXT, "name"),
    "shows": (_TEXT, "what goes wrong"),
    "expected": (_TEXT, "status, error number and text of the answer"),
    "source": (_TEXT, "where that is stated"),
}
SUMMARY: dict[str, tuple[str, str]] = {
    "count": (_WHOLE, "exchanges"),
    "errors": (_WHOLE, "those without an answer, or with a status of 400 or above"),
    **{name: (_REAL, "milliseconds") for name in ("p50", "p90", "p99", "p99.9", "max")},
}


def exchanges(log: Log, *, session: str | None = None, scenario: str | None = None) -> pd.DataFrame:
    """One row per HTTP exchange, oldest first; the columns are those of ``EXCHANGES``."""
    return _frame(EXCHANGES, (_exchange_row(e) for e in _selected(log, session, scenario)))


def messages(
    log: Log,
    *,
    session: str | None = None,
    conversation: str | None = None,
    consumer: str | None = None,
) -> pd.DataFrame:
    """One row per request envelope, joined with its answer; the columns are those of ``MESSAGES``."""
    found = log.read(session=session, consumer=consumer)
    rows = (row for exchange in found for row in _message_rows(exchange))
    frame = _frame(MESSAGES, rows)
    if conversation is None:
        return frame
    return frame[frame["conversation_id"] == conversation].reset_index(drop=True)


def timings(log: Log, *, session: str | None = None, scenario: str | None = None) -> pd.DataFrame:
    """One row per exchange, oldest first, durations in milliseconds.

    ``total_ms`` is there also for a request that failed; a phase that did not happen is missing. The
    columns are those of ``TIMINGS``.
    """
    return _frame(TIMINGS, (_exchange_row(e) for e in _selected(log, session, scenario)))


def failures(log: Log, *, session: str | None = None) -> pd.DataFrame:
    """The exchanges that got no answer, or a status of 400 and above."""
    frame = exchanges(log, session=session)
    return frame[_failed(frame)].reset_index(drop=True)


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
    return _frame(OUTCOMES, rows)


def catalogue(scenarios: Iterable[Scenario] = ALL) -> pd.DataFrame:
    """One row per scenario there is; the columns are those of ``CATALOGUE``."""
    rows = (
        {"scenario": s.name, "shows": s.shows, "expected": s.expected, "source": s.source} for s in scenarios
    )
    return _frame(CATALOGUE, rows)


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
    frame = _frame(SUMMARY, rows)
    frame.index = pd.Index(labels, name=by, dtype=timings[by].dtype)
    return frame


def _selected(log: Log, session: str | None, scenario: str | None) -> Iterator[Exchange]:
    return (e for e in log.read(session=session) if scenario is None or e.scenario == scenario)


def _failed(frame: pd.DataFrame) -> pd.Series[bool]:
    refused = (frame["status_code"] >= 400).fillna(False).astype(bool)
    return refused | frame["error"].notna()


def _frame(columns: dict[str, tuple[str, str]], rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    found = list(rows)
    data = {}
    for name, (dtype, _) in columns.items():
        values = [row.get(name) for row in found]
        if dtype == _WHEN:
            nanoseconds = pd.Series(values, dtype="Int64")
            data[name] = pd.to_datetime(nanoseconds, unit="ns", utc=True).dt.as_unit("us")
        else:
            data[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(data)


def _exchange_row(exchange: Exchange) -> dict[str, Any]:
    return vars(exchange)


def _message_rows(exchange: Exchange) -> Iterator[dict[str, Any]]:
    if exchange.operation not in ("conversation", "send"):
        return
    sent, got = exchange.request_json(), exchange.response_json()
    requests = sent if isinstance(sent, list) else [sent]
    answers = got if isinstance(got, list) else [got] * len(requests)
    opened = _opened(answers)
    took = int((exchange.total_ms or 0) * 1_000_000)
    for position, request in enumerate(requests):
        request = request if isinstance(request, dict) else {}
        answer = Message.read(answers[position]) if position < len(answers) else None
        yield {
            "exchange_id": exchange.exchange_id,
            "position": position,
            "request_id": None if request.get("id") is None else str(request["id"]),
            "type": _text(request.get("type")),
            "consumer": exchange.consumer,
            "conversation_id": _conversation_id(request) or opened,
            "sent_at": exchange.started_at,
            "answered_at": None if answer is None else exchange.started_at + took,
            **_event(request),
            **_outcome(answer),
        }


def _event(request: dict[str, Any]) -> dict[str, Any]:
    body = _object(request.get("body"))
    event, given = _object(body.get("event")), body.get("conversationField")
    fields = [_object(field).get("field") for field in (given if isinstance(given, list) else [given])]
    message = event.get("message")
    return {
        "event_type": _text(event.get("type")) or ", ".join(str(field) for field in fields if field) or None,
        "text": message if isinstance(message, str) else None,
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


def _opened(answers: list[Any]) -> str | None:
    found = (_object(_object(answer).get("body")).get("conversationId") for answer in answers)
    return next((_text(conversation_id) for conversation_id in found if conversation_id), None)


def _conversation_id(request: dict[str, Any]) -> str | None:
    body = _object(request.get("body"))
    return _text(body.get("conversationId") or body.get("dialogId") or None)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
