"""One conversation as it went: its requests, responses and notifications in causal order, in one frame.

A request is joined with its notification on service, dialog and number, never on texts or times. Numbers are
those of the service, so the order holds whatever came late or twice; what is not known stays missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from connectorkit import causes, notices, words
from connectorkit.causes import NOTIFICATION, REQUEST, RESPONSE, Row
from connectorkit.log import Exchange, Log
from connectorkit.notices import Change
from connectorkit.pairs import Pair, pairs, text_or_none
from connectorkit.tables import REAL, TEXT, WHEN, WHOLE, Columns, frame

TIMELINE: Columns = {
    "at": (WHEN, "when it was begun or had arrived, by this machine's clock"),
    "kind": (TEXT, "request, response or notification"),
    "who": (TEXT, "the consumer's name, service, or the role of who did it"),
    "what": (TEXT, "what happened, in a few words"),
    "sequence": (WHOLE, "number of the event in its dialog"),
    "caused_by": (TEXT, "event_id of its cause; missing where that is not known"),
    "ack_ms": (REAL, "of a request: from its begin to its response"),
    "notify_ms": (REAL, "of a request: from its begin to the notification of its event"),
    "deliveries": (WHOLE, "how often this notification came"),
    "event_id": (
        TEXT,
        "x12.1 is request 1 of exchange 12, x12.1r its response, n7.0 change 0 of notification 7",
    ),
    "conversation_id": (TEXT, "the conversation"),
    "dialog_id": (TEXT, "the dialog in it"),
    "notification_id": (WHOLE, "of a request: the delivery that brought its event back"),
}


def timeline(log: Log, *, conversation: str | None = None, session: str | None = None) -> pd.DataFrame:
    """One row per request, response and notification of a conversation; the columns are in ``TIMELINE``.

    The default conversation is the one used last in this log's session, by request or notification, else the
    one anybody used last. Repeated deliveries are
    counted, not shown; deliveries without a valid signature are left out. ``session`` only chooses rows.
    """
    session = log.session_id if session == "current" else session
    # This session's own first: in a file that others write to as well, theirs would come in between.
    own = session or log.session_id
    conversation = conversation or used_last(log, own) or used_last(log, session)
    rows = [] if conversation is None else ordered(gathered(log, conversation), conversation)
    return frame(TIMELINE, (vars(row) for row in rows if session in (None, row.session_id)))


def used_last(log: Log, session: str | None) -> str | None:
    """The conversation used last, by this machine's clock, which both kinds of record carry."""
    requested = next(
        (
            (exchange.started_at, pair.conversation_id)
            for exchange in log.read(session=session, newest_first=True)
            for pair in pairs(exchange)
            if isinstance(pair.conversation_id, str)
        ),
        None,
    )
    notified = next(
        (
            (change.notification.received_at, change.conversation_id)
            for notification in log.read_notifications(session=session, newest_first=True)
            for change in notices.read([notification])
            if change.valid and change.conversation_id is not None
        ),
        None,
    )
    found = [last for last in (requested, notified) if last is not None]
    return max(found)[1] if found else None


@dataclass(frozen=True)
class Told:
    """What the log holds of one conversation on one service; without untrusted deliveries."""

    asked: list[Pair]
    changes: list[Change]


def ordered(told: Told, conversation: str) -> list[Row]:
    """One row per request, response and notification, in causal order."""
    rows = [row for pair in told.asked for row in _request_rows(pair, conversation)]
    rows += _notification_rows(told.changes, conversation)
    return causes.in_order(rows, told.asked, told.changes)


def gathered(log: Log, conversation: str) -> Told:
    """The requests and changes of a conversation, each in the order of its record."""
    changes = [change for change in notices.of_log(log, conversation) if change.valid]
    listed = (text_or_none(dialog.get("dialogId")) for change in changes for dialog in change.dialogs)
    dialogs = {conversation, *(dialog_id for dialog_id in listed if dialog_id)}
    asked = [
        pair
        for exchange in _exchanges(log, conversation, dialogs)
        for pair in pairs(exchange)
        if text_or_none(pair.conversation_id) in dialogs
    ]
    host: str | None
    if asked:
        # A sandbox with a fixed seed makes the same ids again: what counts is the newest of the namesakes.
        host = service_of(asked[-1].exchange)
        asked = [pair for pair in asked if service_of(pair.exchange) == host]
        began = [place for place, pair in enumerate(asked) if pair.opened == conversation]
        if began and asked[began[-1]].exchange is not asked[began[0]].exchange:
            opener = asked[began[-1]].exchange
            asked = [pair for pair in asked if pair.exchange.exchange_id >= opener.exchange_id]
            changes = [c for c in changes if c.notification.received_at >= opener.started_at]
    else:
        host = next((c.notification.host for c in reversed(changes) if c.notification.host), None)
    return Told(asked, [c for c in changes if host is None or c.notification.host in (None, host)])


def _exchanges(log: Log, conversation: str, dialogs: set[str]) -> list[Exchange]:
    """Those of the consumers who opened it, found by index; of anybody where the log saw no opening."""
    openings = log.read(operation="conversation", mentioning=conversation)
    consumers = {e.consumer for e in openings if any(pair.opened == conversation for pair in pairs(e))}
    found = {
        exchange.exchange_id: exchange
        for consumer in consumers or {None}
        for name in dialogs
        for exchange in log.read(consumer=consumer, mentioning=name)
    }
    return [found[exchange_id] for exchange_id in sorted(found)]


def service_of(exchange: Exchange) -> str:
    """``host[:port]`` of the service that it was sent to."""
    return urlsplit(exchange.url).netloc


def _request_rows(pair: Pair, conversation: str) -> Iterable[Row]:
    exchange, event_id = pair.exchange, f"x{pair.exchange.exchange_id}.{pair.position}"
    common: dict[str, Any] = {
        "conversation_id": conversation,
        "dialog_id": pair.dialog_id,
        "sequence": pair.sequence,
        "session_id": exchange.session_id,
        "record": exchange.exchange_id,
        "position": pair.position,
    }
    # A batch may be answered in part, and what came in place of an answer may be no message at all.
    whole = exchange.status_code is not None and exchange.error is None
    answered = pair.answer is not None or (whole and not isinstance(exchange.response_json(), list))
    yield Row(
        event_id,
        exchange.started_at,
        REQUEST,
        who=exchange.consumer,
        what=words.of_request(pair),
        ack_ms=exchange.total_ms if answered else None,
        receipt=words.receipt_numbers(pair.event),
        **common,
    )
    if answered:
        yield Row(
            f"{event_id}r",
            pair.answered_at,
            RESPONSE,
            who="service",
            what=words.of_answer(pair),
            caused_by=event_id,
            **common,
        )


def _notification_rows(changes: list[Change], conversation: str) -> Iterable[Row]:
    first: dict[tuple[str, str, int], Row] = {}
    for change in changes:
        if change.position is None:
            continue
        known = None if change.identity is None else first.get(change.identity)
        if known is not None:
            known.deliveries = (known.deliveries or 0) + 1
            continue
        row = Row(
            f"n{change.notification.notification_id}.{change.position}",
            change.notification.received_at,
            NOTIFICATION,
            who="service" if change.details else change.originator_role,
            what=words.of_change(change),
            conversation_id=conversation,
            dialog_id=change.dialog_id,
            sequence=change.sequence,
            deliveries=1,
            session_id=change.notification.session_id,
            record=change.notification.notification_id,
            position=change.position,
            receipt=words.receipt_numbers(change.event),
        )
        if change.identity is not None:
            first[change.identity] = row
        yield row
