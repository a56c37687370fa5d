"""``connectorkit receive``: a receiver in the foreground, and what it prints of each notification."""

from __future__ import annotations

import json
import os
import queue
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connectorkit import wire
from connectorkit.log import Log, Notification
from connectorkit.receiver import Receiver

_LONGEST = 80


def receive(
    receiver: Receiver, log: Log, ready: dict[str, Any], show: Callable[[Notification], None]
) -> None:
    """Record notifications and show each, until interrupted; prints one line of JSON when ready.

    ``ready`` is added to that line. Raises ``SettingsError`` where the address cannot be had.
    """
    recorded: queue.Queue[Notification] = queue.Queue()

    def record(notification: Notification) -> Notification:
        kept = log.append_notification(notification)
        # Printed on this thread: whoever reads slowly must not hold up an answer.
        recorded.put(kept)
        return kept

    receiver.subscribe(record)
    with receiver:
        print(json.dumps({"url": receiver.url, "log": log.path, "pid": os.getpid()} | ready), flush=True)
        if sys.stdout.isatty():
            print("Ready. Press Ctrl+C to stop.", file=sys.stderr)
        while True:
            try:
                show(recorded.get(timeout=1))  # with a timeout, as Windows interrupts no endless wait
            except queue.Empty:
                continue


def show_line(notification: Notification) -> None:
    """Print time (UTC), what happened, who did it, the text and the verdict in one line."""
    read = reading(notification)
    what = _harmless(read["event_type"] or read["type"] or "unreadable")
    who = _harmless(read["originator_role"] or "-")
    said, verdict = _harmless(read["text"]), notification.signature
    line = f"{read['received_at'][11:-1]}  {what:20}  {who:14}  {said}  [{verdict}]"
    encoding = sys.stdout.encoding or "utf-8"  # which may not have every character
    print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def show_json(notification: Notification) -> None:
    """Print one notification as a line of JSON."""
    print(json.dumps(reading(notification)), flush=True)


def reading(notification: Notification) -> dict[str, Any]:
    """What is worth knowing of a notification, by its first change; ``None`` where it does not say.

    The members are named like the columns of the frame of notifications.
    """
    whole = _json_object(notification.body)
    change = _first(_object(whole.get("body")).get("changes"))
    event = _object(change.get("event"))
    return {
        "notification_id": notification.notification_id,
        "received_at": _time(notification.received_at),
        "type": _text(whole.get("type")),
        "event_type": _text(event.get("type")),
        "conversation_id": notification.conversation_id,
        "dialog_id": _text(change.get("dialogId")),
        "sequence": change.get("sequence") if isinstance(change.get("sequence"), int) else None,
        "originator_role": _text(_object(change.get("originatorMetadata")).get("role")),
        "text": _said(event, _object(change.get("result"))),
        "signature": notification.signature,
        "status_code": notification.status_code,
        "body": notification.body,
    }


def _said(event: dict[str, Any], result: dict[str, Any]) -> str:
    """A message's text, a status, a chat state or a conversation's stage: whichever there is."""
    message = event.get("message")
    if isinstance(message, str):
        return message
    if event.get("type") == wire.ACCEPT_STATUS_EVENT:
        numbers = event.get("sequenceList")
        listed = ", ".join(map(str, numbers)) if isinstance(numbers, list) else "?"
        return f"{event.get('status')} of {listed}"
    details = _object(result.get("conversationDetails"))
    for value in (
        event.get("chatState"),
        _object(message).get("caption"),
        details.get("stage"),
        details.get("state"),
    ):
        if isinstance(value, str):
            return value
    return ""


def _harmless(text: str) -> str:
    """Short, in one line, and without anything that a terminal would obey."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def _time(nanoseconds: int) -> str:
    moment = datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json_object(text: str) -> dict[str, Any]:
    try:
        return _object(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _first(value: Any) -> dict[str, Any]:
    return _object(value[0]) if isinstance(value, list) and value else {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
