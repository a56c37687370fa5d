"""Notifications to grade with, in the form that the service sends them."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from connectorkit import wire

GREETING = "Grüße aus Köln 🚀, 你好"
_AGENT = "a0000000-0000-4000-8000-000000000000"
_ID = re.compile(rb'"(?:dialogId|conversationId|convId)"\s*:\s*"([^"\\]+)"')


def new_id() -> str:
    """An id that no conversation has yet."""
    return str(uuid.uuid4())


def message(text: str, event: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An agent says something in a new conversation; ``event`` replaces or adds members of the event."""
    said = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": text} | dict(event or {})
    return notification({"sequence": 0, "serverTimestamp": _now_ms(), "event": said})


def notification(change: Mapping[str, Any], kind: str = wire.MESSAGING_NOTIFICATION) -> dict[str, Any]:
    """One change by an agent in a new conversation; its own members outdo those that are filled in here."""
    dialog_id = new_id()
    filled = {
        "originatorId": _AGENT,
        "originatorMetadata": {"id": _AGENT, "role": wire.ASSIGNED_AGENT},
        "conversationId": dialog_id,
        "dialogId": dialog_id,
    }
    return {"kind": wire.NOTIFICATION, "type": kind, "body": {"changes": [filled | dict(change)]}}


def pretty(value: Any) -> bytes:
    """The same JSON in other bytes: indented, with escapes, and a newline at its end."""
    return (json.dumps(value, indent=2).replace("/", "\\/") + "\n").encode()


def renewed(body: bytes) -> tuple[bytes, dict[str, str]]:
    """The same bytes for a new conversation, and the new id for each old one: no duplicate of the first."""
    names = {old.decode(): new_id() for old in _ID.findall(body)}
    for old, new in names.items():
        body = body.replace(old.encode(), new.encode())
    return body, names


def with_unknown_members() -> dict[str, Any]:
    """A text with members of every kind, at every level, that no document mentions."""
    strange = {"kitAddedText": "new", "kitAddedObject": {"list": [1, None, {"deep": True}]}}
    value = message("Hello", strange)
    (change,) = value["body"]["changes"]
    change.update(strange)
    change["originatorMetadata"] |= strange
    value["body"].update(strange)
    return value | strange


def unknown_types() -> dict[str, dict[str, Any]]:
    """Types, contents and statuses that no document mentions, by what is strange about them."""
    change = {"type": "UPSERT", "result": {"convId": new_id(), "conversationDetails": {"state": "LOCKED"}}}
    other = notification(
        {"sequence": 0, "event": {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": "Hello"}},
        kind="ms.KitAddedNotification",
    )
    older = message("Hello")
    del older["body"]["changes"][0]["conversationId"]
    return {
        "an event type": notification({"sequence": 0, "event": {"type": "KitAddedEvent"}}),
        "a content type": message("Hello", {"contentType": "application/x-kit-added"}),
        "a receipt's status": notification(
            {
                "sequence": 0,
                "event": {"type": wire.ACCEPT_STATUS_EVENT, "status": "KIT_ADDED", "sequenceList": [0]},
            }
        ),
        "a role": notification(
            {
                "sequence": 0,
                "originatorMetadata": {"id": _AGENT, "role": "KIT_ADDED"},
                "event": {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": "Hello"},
            }
        ),
        "a type of notification": other,
        "a short conversation change": {
            "kind": wire.NOTIFICATION,
            "type": wire.CONVERSATION_NOTIFICATION,
            "body": {"changes": [change]},
        },
        "no conversationId, as in older samples": older,
    }


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
