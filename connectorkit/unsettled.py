"""Requests that left and were never answered, and what notifications say became of them.

A request without an answer may have been carried out. The service numbers what it took in and notifies of
it, the consumer's own messages included, so a notification that shows the very event, under a number that no
other request was answered with, settles the matter. Its absence settles nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from connectorkit import memory, notices, wire
from connectorkit.log import Exchange, Log
from connectorkit.notices import Change
from connectorkit.pairs import Pair, object_or_empty, pairs
from connectorkit.records import Settlement

CALLS = ("conversation", "send")  # what changes something when it is carried out
# What shows itself in no notification, and does no harm when sent again.
REPEATABLE = (wire.SET_USER_PROFILE, wire.UPLOAD_URL, wire.DOWNLOAD_URL)


def unanswered(log: Log, *, session: str | None = None) -> Iterator[Exchange]:
    """The CONVERSATION and SEND exchanges, oldest first, whose outcome their answers do not tell."""
    for exchange in log.read(session=session):
        if exchange.operation in CALLS and is_unknown(exchange):
            yield exchange


def is_unknown(exchange: Exchange) -> bool:
    """Whether the request may have been carried out although no whole answer came."""
    return exchange.error is not None and not exchange.error.startswith(NOT_SENT)


# How httpx calls what goes wrong before a request has left; the log begins with the name.
NOT_SENT = (
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "ProxyError",
    "UnsupportedProtocol",
    "LocalProtocolError",
)


def settle(log: Log, exchange: Exchange) -> Settlement | None:
    """The notification that shows that this request was carried out, where the log has one."""
    for pair in pairs(exchange):
        found = _shown(log, exchange, pair)
        if found is not None:
            return found
    return None


def _shown(log: Log, exchange: Exchange, pair: Pair) -> Settlement | None:
    match pair.type:
        case wire.REQUEST_CONVERSATION:
            return _opening(log, exchange)
        case wire.PUBLISH_EVENT if isinstance(pair.dialog_id, str):
            return _event(log, exchange, pair.dialog_id, pair.event)
        case wire.UPDATE_FIELD if isinstance(pair.conversation_id, str):
            return _update(log, exchange, pair)
    return None


def _opening(log: Log, exchange: Exchange) -> Settlement | None:
    """A conversation of this consumer that appeared after the request, and that no answer told of."""
    if exchange.account_id is None or exchange.consumer is None:
        return None
    known = _opened_by_answers(log, exchange)
    for name in memory.lp_consumer_ids(log, exchange.account_id, exchange.consumer):
        ours = {"id": name, "role": wire.CONSUMER}
        first: dict[str, Change] = {}
        for change in notices.read(log.read_notifications(mentioning=name)):
            if (
                change.valid
                and change.conversation_id
                and any(ours.items() <= p.items() for p in change.participants)
            ):
                first.setdefault(change.conversation_id, change)
        for conversation_id, change in first.items():
            if conversation_id not in known and change.notification.received_at >= exchange.started_at:
                return _settlement(exchange, change)
    return None


def _opened_by_answers(log: Log, exchange: Exchange) -> set[str]:
    asked = log.read(consumer=exchange.consumer, operation="conversation")
    return {pair.opened for other in asked for pair in pairs(other) if pair.opened is not None}


def _event(log: Log, exchange: Exchange, dialog_id: str, event: dict[str, Any]) -> Settlement | None:
    """The n-th request without an answer takes the n-th echo that no answer claims."""
    claimed, before = set(), 0
    for other in log.read(consumer=exchange.consumer, operation="send", mentioning=dialog_id):
        for pair in pairs(other):
            if pair.dialog_id != dialog_id:
                continue
            if pair.sequence is not None:
                claimed.add(pair.sequence)
            elif is_unknown(other) and other.exchange_id < exchange.exchange_id and pair.event == event:
                before += 1
    echoes = [
        change
        for change in notices.of_log(log, dialog_id)
        if change.valid
        and change.mark != notices.DUPLICATE
        and change.dialog_id == dialog_id
        and change.originator_role == wire.CONSUMER
        and change.sequence not in claimed
        and event.items() <= change.event.items()
        and (before or change.notification.received_at >= exchange.started_at)
    ]
    return _settlement(exchange, echoes[before]) if len(echoes) > before else None


def _update(log: Log, exchange: Exchange, pair: Pair) -> Settlement | None:
    """The first state of the conversation after the request that is as it asked."""
    tests = [test for field in pair.fields if (test := _test_of(field)) is not None]
    if not tests or len(tests) < len(pair.fields):
        return None
    before: Change | None = None
    for change in notices.of_log(log, str(pair.conversation_id)):
        if not change.valid or not change.details:
            continue
        if change.notification.received_at < exchange.started_at:
            before = change
        elif all(test(change) for test in tests):
            had_been = before is not None and all(test(before) for test in tests)
            return None if had_been else _settlement(exchange, change)
    return None


def _test_of(field: dict[str, Any]) -> Callable[[Change], bool] | None:
    """Whether a conversation is as this field asks for."""
    match field.get("field"):
        case wire.STATE_FIELD:
            return lambda change: change.state == wire.CLOSE
        case wire.STAGE_FIELD:
            return lambda change: change.stage == wire.CLOSE
        case wire.DIALOG_FIELD:
            closing = object_or_empty(field.get("dialog")).get("dialogId")
            return lambda change: any(
                dialog.get("dialogId") == closing and dialog.get("state") == wire.CLOSE
                for dialog in change.dialogs
            )
        case wire.CSAT_FIELD:
            rating = {name: value for name, value in field.items() if name != "field"}
            return lambda change: rating.items() <= object_or_empty(change.details.get("csat")).items()
        case wire.TTR_FIELD:
            wanted = {"ttrType": field.get("ttrType"), "value": field.get("value")}
            return lambda change: wanted.items() <= object_or_empty(change.details.get("ttr")).items()
    return None


def _settlement(exchange: Exchange, change: Change) -> Settlement:
    return Settlement(
        exchange.exchange_id,
        change.notification.notification_id,
        change.conversation_id or change.dialog_id or "",
        change.sequence,
    )
