"""Notifications as they stand on the wire: one change each, of an event or of a whole conversation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectorkit import wire
from connectorkit.sandbox.state import Conversation, Dialog


@dataclass(frozen=True)
class Event:
    """One notification before it is addressed: what an app may have asked to be told of."""

    type: str  # one of wire.WEBHOOK_TYPES
    conversation_id: str
    dialog_id: str
    sequence: int | None  # None where it has none: chat states and conversation changes
    body: dict[str, Any]


def messaging_event(dialog: Dialog, record: dict[str, Any]) -> Event:
    """Something was said, received, read or typed."""
    sequence, event = record["sequence"], record["event"]
    change: dict[str, Any] = {"sequence": sequence} if sequence is not None else {}
    change["originatorId"] = record["originatorId"]
    change["originatorMetadata"] = {"id": record["originatorId"], "role": record["role"]}
    if sequence is not None:
        change["serverTimestamp"] = record["serverTimestamp"]
    change |= {"event": event, "conversationId": dialog.conversation_id, "dialogId": dialog.id}
    if record.get("metadata"):
        change["metadata"] = record["metadata"]
    kind = f"{wire.MESSAGING_NOTIFICATION}.{event['type']}"
    body = _envelope(wire.MESSAGING_NOTIFICATION, change)
    return Event(kind, dialog.conversation_id, dialog.id, sequence, body)


def conversation_change(account_id: str, conversation: Conversation) -> Event:
    """The complete state of a conversation, as it is sent with any change of it."""
    details: dict[str, Any] = {
        "skillId": conversation.skill_id,
        "brandId": account_id,
        "state": conversation.state,
        "stage": conversation.stage,
        "startTs": conversation.start_ts,
        "metaDataLastUpdateTs": conversation.updated_ts,
        "participants": [{"id": p.id, "role": p.role} for p in conversation.active.participants],
        "dialogs": [_dialog(dialog) for dialog in conversation.dialogs],
        "ttr": {"ttrType": conversation.ttr_type, "value": conversation.ttr_seconds},
        "conversationHandlerDetails": {"accountId": account_id, "skillId": conversation.skill_id},
    }
    details |= _present(
        endTs=conversation.end_ts, closeReason=conversation.close_reason, csat=conversation.csat
    )
    result = {
        "convId": conversation.id,
        "effectiveTTR": conversation.effective_ttr,
        "conversationDetails": details,
    }
    body = _envelope(wire.CONVERSATION_NOTIFICATION, {"type": "UPSERT", "result": result})
    return Event(wire.CONVERSATION_NOTIFICATION, conversation.id, conversation.id, None, body)


def _dialog(dialog: Dialog) -> dict[str, Any]:
    described: dict[str, Any] = {
        "dialogId": dialog.id,
        "dialogType": dialog.type,
        "channelType": wire.CHANNEL_TYPE,
        "state": dialog.state,
        "creationTs": dialog.created_ts,
        "metaDataLastUpdateTs": dialog.updated_ts,
        "participantsDetails": [{"id": p.id, "role": p.role, "state": "ACTIVE"} for p in dialog.participants],
    }
    if dialog.app_id is not None:
        described["metaData"] = {"appInstallId": dialog.app_id}
    return described | _present(
        endTs=dialog.end_ts, closedBy=dialog.closed_by, closedCause=dialog.closed_cause
    )


def _envelope(kind: str, change: dict[str, Any]) -> dict[str, Any]:
    return {"kind": wire.NOTIFICATION, "type": kind, "body": {"changes": [change]}}


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
