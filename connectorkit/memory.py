"""Which conversation a consumer has open, read back from the log.

The service allows one open conversation per consumer and, when asked for another, does not say which one is
open: the connector must remember it. The log has seen every answer and every notification, so nothing is
stored twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from connectorkit import notices, wire
from connectorkit.log import Exchange, Log
from connectorkit.notices import Change
from connectorkit.replies import Message


@dataclass
class _Requested:
    """What the requests and their answers tell: the newest opening, and what was closed since."""

    opened: str | None = None
    opened_at: int = 0
    closed: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)  # closed for good: no survey can follow


def open_conversation(log: Log, account_id: str, consumer: str, host: str) -> str | None:
    """The id of the consumer's open conversation, or ``None`` as far as this log knows.

    ``host`` is that of the messaging service: sandboxes share their account id, and often a log.
    """
    asked = _requested(log, account_id, consumer, host)
    adopted = _adopted(log, account_id, consumer, host, asked)
    conversation = adopted or asked.opened
    if conversation is None or conversation in asked.ended:
        return None
    since = asked.opened_at if conversation == asked.opened else 0
    told = [
        change
        for change in notices.of_log(log, conversation)
        if _counts(change, account_id, host) and change.notification.received_at >= since
    ]
    if any(_is_over(change) for change in told):
        return None
    # Protocol 11.1: the stage is that of the whole conversation. A main dialog that closed into a survey
    # leaves it open, so the service refuses another one; it must still be known here.
    in_survey = any(change.state == wire.CLOSE and change.stage == wire.OPEN for change in told)
    return conversation if in_survey or conversation not in asked.closed else None


def _requested(log: Log, account_id: str, consumer: str, host: str) -> _Requested:
    found = _Requested()
    for exchange in log.read(consumer=consumer, newest_first=True):
        if not _is_of(exchange, account_id, host):
            continue
        if exchange.operation == "send":
            closed = _closed_by(exchange)
            found.closed |= closed
            found.ended |= closed if closed and _ends(exchange) else set()
        elif exchange.operation == "conversation" and (opened := _opened_by(exchange)) is not None:
            found.opened, found.opened_at = opened, exchange.started_at
            break
    return found


def _adopted(log: Log, account_id: str, consumer: str, host: str, asked: _Requested) -> str | None:
    """R48: a conversation that an agent opened with this consumer after our own; it takes its place."""
    openings = log.read(consumer=consumer, operation="conversation")
    own = {_opened_by(exchange) for exchange in openings if _is_of(exchange, account_id, host)}
    newest: dict[str, Change] = {}
    for lp_consumer_id in lp_consumer_ids(log, account_id, consumer):
        about = log.read_notifications(mentioning=lp_consumer_id)
        for change in notices.read(about):
            ours = {"id": lp_consumer_id, "role": wire.CONSUMER}
            if not _counts(change, account_id, host) or change.conversation_id in own:
                continue
            if change.conversation_id and any(ours.items() <= p.items() for p in change.participants):
                known = newest.get(change.conversation_id)
                if known is None or _server_time(known) <= _server_time(change):
                    newest[change.conversation_id] = change
    began = _start_of(log, asked, account_id, host)
    open_ones = [
        change
        for change in newest.values()
        if not _is_over(change)
        and change.notification.received_at > asked.opened_at
        and _whole(change.details.get("startTs")) >= began
    ]
    last = max(open_ones, key=lambda c: (_whole(c.details.get("startTs")), _server_time(c)), default=None)
    return None if last is None else last.conversation_id


def _start_of(log: Log, asked: _Requested, account_id: str, host: str) -> int:
    """When our own conversation began by the service's clock, 0 if unknown: older ones are over by then."""
    if asked.opened is None:
        return 0
    told = notices.of_log(log, asked.opened)
    starts = (_whole(c.details.get("startTs")) for c in told if _counts(c, account_id, host))
    return max(starts, default=0)


def lp_consumer_ids(log: Log, account_id: str, consumer: str) -> set[str]:
    """The service's names for a consumer, from the claims of the ConsumerJWS."""
    return {
        claims["lp_consumer_id"]
        for exchange in log.read(consumer=consumer, operation="consumer_jws")
        if exchange.account_id == account_id
        for claims in exchange.tokens.values()
        if claims.get("ext_consumer_id") == consumer and isinstance(claims.get("lp_consumer_id"), str)
    } - {""}


def _counts(change: Change, account_id: str, host: str) -> bool:
    """Whether it is a conversation change that the service itself sent, as far as is known where from."""
    notification = change.notification
    return (
        change.valid
        and bool(change.details)
        and notification.host in (None, host)
        and notification.account_id in (None, account_id)
    )


def _is_over(change: Change) -> bool:
    return change.stage == wire.CLOSE or (change.state == wire.CLOSE and change.stage != wire.OPEN)


def _server_time(change: Change) -> int:
    return change.server_timestamp or 0


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _is_of(exchange: Exchange, account_id: str, host: str) -> bool:
    return exchange.account_id == account_id and urlsplit(exchange.url).netloc == host


def mentioned_conversation(envelope: Any) -> str | None:
    """The conversation a SEND request names, whatever else is wrong with it."""
    body = envelope.get("body") if isinstance(envelope, dict) else None
    if not isinstance(body, dict):
        return None
    named = body.get("conversationId") or body.get("dialogId")
    return named if isinstance(named, str) else None


def _opened_by(exchange: Exchange) -> str | None:
    answers = exchange.response_json()
    messages = [Message.read(item) for item in answers] if isinstance(answers, list) else []
    ids = [m.body.get("conversationId") for m in messages if m is not None and m.ok]
    return next((str(i) for i in ids if i), None)


def _closed_by(exchange: Exchange) -> set[str]:
    envelope, answer = exchange.request_json(), Message.read(exchange.response_json())
    named = mentioned_conversation(envelope)
    if named is None or answer is None:
        return set()
    found_closed = answer.body.get("msg") == wire.CLOSED_MESSAGE
    return {named} if found_closed or (answer.ok and _closes(envelope)) else set()


def _closes(envelope: dict[str, Any]) -> bool:
    named = envelope["body"].get("conversationId")
    return any(_is_close(changed, named) for changed in _fields(envelope))


def _ends(exchange: Exchange) -> bool:
    """Whether a close asked for the whole conversation, without a survey."""
    return any(changed.get("field") == wire.STAGE_FIELD for changed in _fields(exchange.request_json()))


def _fields(envelope: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What an update changes; none where it is another request."""
    fields = envelope["body"].get("conversationField")
    if envelope.get("type") == wire.UPDATE_FIELD:
        yield from (f for f in (fields if isinstance(fields, list) else [fields]) if isinstance(f, dict))


def _is_close(field: dict[str, Any], conversation_id: Any) -> bool:
    """The three documented ways to close; the main dialog has the conversation's id."""
    dialog = field.get("dialog")
    if field.get("field") == wire.DIALOG_FIELD and isinstance(dialog, dict):
        return dialog.get("state") == wire.CLOSE and dialog.get("dialogId") == conversation_id
    closing = field.get("field") in (wire.STATE_FIELD, wire.STAGE_FIELD)
    return closing and field.get("conversationState") == wire.CLOSE
