"""What happened, in a few words: of a request, of its answer, and of a change that was notified."""

from __future__ import annotations

from typing import Any

from connectorkit import wire
from connectorkit.notices import Change
from connectorkit.pairs import Pair, object_or_empty, text_or_none
from connectorkit.replies import whole_number

_CHAT_STATES = {
    "ACTIVE": "present",
    "INACTIVE": "away",
    "GONE": "gone",
    "COMPOSING": "typing",
    "PAUSE": "stopped typing",
}
_CALLS = {
    wire.SET_USER_PROFILE: "set profile",
    wire.REQUEST_CONVERSATION: "open conversation",
    wire.UPLOAD_URL: "ask for an upload URL",
    wire.DOWNLOAD_URL: "ask for a download URL",
}
_LONGEST = 80


def of_request(pair: Pair) -> str:
    """Such as ``text: Where is my parcel?`` or ``close conversation``."""
    if pair.type == wire.PUBLISH_EVENT:
        return of_event(pair.event)
    if pair.type == wire.UPDATE_FIELD:
        return ", ".join(_field(changed) for changed in pair.fields) or "update nothing"
    return _CALLS.get(pair.type or "", _short(pair.type or "request without a type"))


def of_answer(pair: Pair) -> str:
    """Such as ``OK, number 0`` or ``refused: AppJWT is missing (40105)``."""
    answer = pair.answer
    if answer is None:
        return f"unexpected answer ({pair.exchange.status_code})"
    if answer.ok:
        if pair.sequence is not None:
            return f"OK, number {pair.sequence}"
        return "OK, conversation opened" if answer.body.get("conversationId") else "OK"
    said = text_or_none(answer.body.get("title")) or answer.text or str(answer.code)
    number = "" if answer.error_code is None else f" ({answer.error_code})"
    return f"refused: {_short(said)}{number}"


def of_change(change: Change) -> str:
    """Such as ``READ of 0, 2``, ``typing (COMPOSING)`` or ``conversation OPEN``."""
    if change.event:
        return of_event(change.event)
    if change.event_type == "DELETE":
        return "conversation deleted"
    state, stage = change.state, change.stage
    if state is None and stage is None:
        return "nothing readable" if not change.details else "conversation changed"
    whole = f"conversation {_short(stage or state or '')}"
    if state == wire.OPEN and any(p.get("role") == wire.ASSIGNED_AGENT for p in change.participants):
        whole += ", agent assigned"
    # They differ while a survey follows the closed main dialog.
    return (
        whole if None in (state, stage) or state == stage else f"{whole}, main dialog {_short(state or '')}"
    )


def of_event(event: dict[str, Any]) -> str:
    """The same words whoever published it, in a request or in a notification."""
    kind, message = event.get("type"), event.get("message")
    if kind == wire.CONTENT_EVENT and isinstance(message, str):
        return f"text: {_short(message)}"
    if kind == wire.CONTENT_EVENT and event.get("contentType") == wire.HOSTED_FILE:
        file = object_or_empty(message)
        caption = text_or_none(file.get("caption"))
        described = f"file {_short(text_or_none(file.get('fileType')) or 'of no type')}"
        return f"{described}: {_short(caption)}" if caption else described
    if kind == wire.CONTENT_EVENT:
        return f"content {_short(text_or_none(event.get('contentType')) or 'of no type')}"
    if kind == wire.RICH_CONTENT_EVENT:
        return "rich content"
    if kind == wire.CHAT_STATE_EVENT:
        state = text_or_none(event.get("chatState")) or "?"
        return f"{_CHAT_STATES.get(state, 'chat state')} ({_short(state)})"
    if kind == wire.ACCEPT_STATUS_EVENT:
        status, numbers = text_or_none(event.get("status")) or "receipt", receipt_numbers(event)
        return f"{_short(status)} of {_short(', '.join(map(str, numbers)) or 'nothing')}"
    return _short(text_or_none(kind) or "event without a type")


def receipt_numbers(event: dict[str, Any]) -> list[int]:
    """The numbers that a receipt is about."""
    listed = event.get("sequenceList")
    values = [whole_number(value) for value in listed] if isinstance(listed, list) else []
    return [value for value in values if value is not None]


def _field(changed: dict[str, Any]) -> str:
    name, closing = changed.get("field"), changed.get("conversationState") == wire.CLOSE
    if name == wire.STATE_FIELD and closing:
        return "close conversation"
    if name == wire.STAGE_FIELD and closing:
        return "close conversation, no survey"
    if name == wire.DIALOG_FIELD and object_or_empty(changed.get("dialog")).get("state") == wire.CLOSE:
        return "close dialog"
    if name == wire.CSAT_FIELD:
        return f"rate {_short(str(changed.get('csatRate')))}"
    if name == wire.TTR_FIELD:
        return f"urgency {_short(str(changed.get('ttrType')))}"
    return f"update {_short(text_or_none(name) or 'a field without a name')}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
