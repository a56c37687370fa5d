"""A log written by hand, for tests of the timeline."""

from __future__ import annotations

import json
from typing import Any

from connectorkit.log import Exchange, Notification
from connectorkit.response_log import ResponseLog
from connectorkit.timeline import timeline

C, HOST, ANA, LP = "c-1", "127.0.0.1:4711", "ana@example", "a11a"
EPOCH_MS = 1_700_000_000_000  # what a story calls 0 ms
T0 = EPOCH_MS * 1_000_000
OK = {"code": "OK", "body": {"msg": "OK"}, "reqId": "1"}


class Story:
    """A log written by hand; every entry says at which millisecond it happened."""

    def __init__(self) -> None:
        self.log = ResponseLog()

    def call(
        self, ms: float, operation: str, sent: Any, got: Any, *, took: float = 5.0, **facts: Any
    ) -> Story:
        texts = ["" if value is None else json.dumps(value) for value in (sent, got)]
        known: dict[str, Any] = {"consumer": ANA, "url": f"https://{HOST}/x?v=3", "status_code": 200, **facts}
        self.log.append(
            Exchange(
                operation,
                "POST",
                started_at=T0 + int(ms * 1_000_000),
                request_body=texts[0],
                response_body=texts[1],
                total_ms=took,
                **known,
            )
        )
        return self

    def open(self, ms: float = 0, conversation: str = C, text: str | None = None, **facts: Any) -> Story:
        batch = [
            {"kind": "req", "id": "1,", "type": "userprofile.SetUserProfile", "body": {}},
            {"kind": "req", "id": "1,", "type": "cm.ConsumerRequestConversation", "body": {"brandId": "1"}},
        ]
        answers = [OK, {"code": "OK", "body": {"conversationId": conversation}, "reqId": "1,"}]
        if text is not None:
            batch.append(publish("", text_event(text)))
            answers.append({"code": "OK", "body": {"sequence": 0}, "reqId": "7"})
        return self.call(ms, "conversation", batch, answers, **facts)

    def send(
        self, ms: float, event: dict[str, Any], number: int | None, dialog: str = C, **facts: Any
    ) -> Story:
        got = None if number is None else {"code": "OK", "body": {"sequence": number}, "reqId": "7"}
        return self.call(ms, "send", publish(dialog, event), got, **facts)

    def update(self, ms: float, *fields: dict[str, Any], **facts: Any) -> Story:
        body = {"conversationId": C, "conversationField": list(fields)}
        return self.call(
            ms, "send", {"id": "5", "type": "cm.UpdateConversationField", "body": body}, OK, **facts
        )

    def hear(
        self,
        ms: float,
        event: dict[str, Any],
        number: int | None,
        role: str = "CONSUMER",
        dialog: str = C,
        conversation: str = C,
        stamp: int = EPOCH_MS,
        **facts: Any,
    ) -> Story:
        change = {
            "originatorId": LP,
            "originatorMetadata": {"id": LP, "role": role},
            "event": event,
            "conversationId": conversation,
            "dialogId": dialog,
        } | ({} if number is None else {"sequence": number, "serverTimestamp": stamp})
        return self.deliver(ms, "ms.MessagingEventNotification", change, conversation, **facts)

    def change(self, ms: float, at: int, **details: Any) -> Story:
        result = {"convId": C, "conversationDetails": {"metaDataLastUpdateTs": at, "startTs": 100, **details}}
        change = {"type": "UPSERT", "result": result}
        return self.deliver(ms, "cqm.ExConversationChangeNotification", change, C)

    def deliver(self, ms: float, kind: str, change: Any, conversation: str | None, **facts: Any) -> Story:
        body = {"kind": "notification", "type": kind, "body": {"changes": [change]}}
        known: dict[str, Any] = {"host": HOST, "conversation_id": conversation, **facts}
        received_at = T0 + int(ms * 1_000_000)
        self.log.append_notification(Notification(json.dumps(body), received_at=received_at, **known))
        return self

    def told(self, *columns: str, **which: Any) -> list[Any]:
        frame = timeline(self.log, **which)
        rows = frame[list(columns)].astype(object).where(frame[list(columns)].notna(), None).values.tolist()
        return [row[0] for row in rows] if len(columns) == 1 else [tuple(row) for row in rows]


def publish(dialog: str, event: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "req", "id": "7", "type": "ms.PublishEvent", "body": {"dialogId": dialog, "event": event}}


def text_event(text: str = "Hello") -> dict[str, Any]:
    return {"type": "ContentEvent", "contentType": "text/plain", "message": text}


def receipt(status: str, *numbers: int) -> dict[str, Any]:
    return {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(numbers)}


def state(word: str) -> dict[str, Any]:
    return {"type": "ChatStateEvent", "chatState": word}


def at(ms: float, ahead: int = 500) -> int:
    """A time stamp by a service whose clock is half a second ahead, unless told otherwise."""
    return EPOCH_MS + int(ms + ahead)


def main_dialog(**facts: Any) -> list[dict[str, Any]]:
    return [{"dialogId": C, "dialogType": "MAIN", "state": "OPEN"} | facts]
