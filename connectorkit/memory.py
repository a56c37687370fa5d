"""Which conversation a consumer has open, read back from the log.

The service allows one open conversation per consumer and, when asked for another, does not say which one is
open: the connector must remember it. The log has seen every answer, so nothing is stored twice.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from connectorkit import wire
from connectorkit.log import Exchange, Log
from connectorkit.replies import Message


def open_conversation(log: Log, account_id: str, consumer: str, host: str) -> str | None:
    """The id of the consumer's open conversation, or ``None`` as far as this log knows.

    ``host`` is that of the messaging service: sandboxes share their account id, and often a log.
    """
    closed: set[str] = set()
    for exchange in log.read(consumer=consumer, newest_first=True):
        if exchange.account_id != account_id or urlsplit(exchange.url).netloc != host:
            continue
        if exchange.operation == "send":
            closed |= _closed_by(exchange)
        elif exchange.operation == "conversation" and (opened := _opened_by(exchange)) is not None:
            return None if opened in closed else opened
    return None


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
    body = envelope["body"]
    fields = body.get("conversationField")
    return envelope.get("type") == wire.UPDATE_FIELD and any(
        isinstance(field, dict) and _is_close(field, body.get("conversationId"))
        for field in (fields if isinstance(fields, list) else [fields])
    )


def _is_close(field: dict[str, Any], conversation_id: Any) -> bool:
    """The three documented ways to close; the main dialog has the conversation's id."""
    dialog = field.get("dialog")
    if field.get("field") == wire.DIALOG_FIELD and isinstance(dialog, dict):
        return dialog.get("state") == wire.CLOSE and dialog.get("dialogId") == conversation_id
    closing = field.get("field") in (wire.STATE_FIELD, wire.STAGE_FIELD)
    return closing and field.get("conversationState") == wire.CLOSE
