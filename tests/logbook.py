"""Records made at random, and those that somebody means ill with, for tests of what is read from a log."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pandas as pd

from connectorkit.log import Exchange, Notification

T0 = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
SESSIONS = ("", "monday", "tuesday")
CONSUMERS = (None, "ana@example", "bert@example")
CONVERSATIONS = ("c-1", "c-2", "c-3")
WORDS = (None, "checkout bug", "refund")
HOSTILE = (
    "half \ud83d",
    "nul \0 here",
    "quote ' \" ; --",
    "<script>x</script>",
    "🚀 Grüße",
    " ",
    "x" * 1_000_000,
)
FRAMES = ("exchanges", "messages", "timings", "notifications", "sessions", "notes")


def publish(text: str, dialog: str = "c-1") -> str:
    """A SEND body."""
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
    return json.dumps(
        {"kind": "req", "id": "7", "type": "ms.PublishEvent", "body": {"dialogId": dialog, "event": event}}
    )


def accepted(sequence: Any = 0) -> str:
    """What answers it."""
    return json.dumps({"code": "OK", "body": {"sequence": sequence}, "reqId": "7"})


def made(operation: str = "send", **facts: Any) -> Exchange:
    """An exchange with just these facts."""
    return replace(Exchange(operation, "POST", "https://msg.example"), **facts)


def random_exchange(chance: random.Random) -> Exchange:
    """Any of a few thousand kinds, at some second after ``T0``."""
    text, conversation = (
        chance.choice(("Hello", "Grüße 🚀", "c-3 is not mine", "")),
        chance.choice(CONVERSATIONS),
    )
    failed = chance.random() < 0.2
    return made(
        chance.choice(("send", "send", "conversation", "domains")),
        url=f"https://msg.example/{chance.randrange(4)}",
        session_id=chance.choice(SESSIONS),
        scenario=chance.choice(WORDS),
        label=chance.choice(WORDS),
        consumer=chance.choice(CONSUMERS),
        attempt=chance.randrange(1, 4),
        started_at=T0 + chance.randrange(100) * SECOND + chance.randrange(1_000_000) * 1000 + 789,
        status_code=None if failed else chance.choice((200, 201, 400, 503)),
        error="ReadTimeout: slow" if failed else None,
        reason=None if failed else "OK",
        request_headers=[("Accept", "application/json")],
        request_body=publish(text, conversation),
        response_body="" if failed else accepted(chance.randrange(9)),
        request_bytes=chance.randrange(10_000),
        response_bytes=chance.randrange(10_000),
        http_version=None if failed else "HTTP/1.1",
        reused_connection=chance.choice((True, False, None)),
        connect_ms=chance.choice((None, 0.0, 0.25)),
        wait_ms=chance.choice((None, 12.5)),
        total_ms=chance.choice((None, 13.0, 1e-3)),
        account_id=chance.choice((None, "12345678")),
        tokens=chance.choice(({}, {"ba7816bf": {"exp": 1}})),
    )


def event(dialog: str, sequence: Any, conversation: str | None = None, text: str = "Hello") -> str:
    """The body of a notification of a published event."""
    change: dict[str, Any] = {
        "originatorMetadata": {"id": "a11a", "role": "CONSUMER"},
        "event": {"type": "ContentEvent", "contentType": "text/plain", "message": text},
        "dialogId": dialog,
        "sequence": sequence,
        "serverTimestamp": T0 // 1_000_000,
    }
    if conversation is not None:
        change["conversationId"] = conversation
    return json.dumps({"type": "ms.MessagingEventNotification", "body": {"changes": [change]}})


def conversation_change(conversation: str, *dialogs: str, at: int = 1) -> str:
    """The body of a notification that tells which dialogs a conversation has."""
    details = {
        "metaDataLastUpdateTs": at,
        "state": "OPEN",
        "dialogs": [{"dialogId": name} for name in dialogs],
    }
    change = {"type": "UPSERT", "result": {"convId": conversation, "conversationDetails": details}}
    return json.dumps({"type": "cqm.ExConversationChangeNotification", "body": {"changes": [change]}})


def random_notification(chance: random.Random) -> Notification:
    """An event in some dialog, news of a conversation's dialogs, or nothing readable."""
    conversation, number = chance.choice(CONVERSATIONS), chance.randrange(3)
    body = chance.choice(
        (
            event(conversation, number, conversation),
            event(f"survey of {conversation}", number),
            conversation_change(conversation, conversation, f"survey of {conversation}", at=number),
            "no JSON",
        )
    )
    return Notification(
        body,
        session_id=chance.choice(SESSIONS),
        received_at=T0 + chance.randrange(100) * SECOND,
        host=chance.choice((None, "127.0.0.1:4711")),
        signature=chance.choice(("valid", "valid", "valid", "wrong-secret")),
        conversation_id=chance.choice((conversation, None)),
    )


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Equal to the last bit: values, dtypes, columns and index."""
    pd.testing.assert_frame_equal(left, right, check_exact=True, check_freq=True)


def cells(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values; what is missing is ``None``."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [dict(zip(plain.columns, row, strict=True)) for row in plain.itertuples(index=False, name=None)]
