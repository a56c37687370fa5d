"""Requests as they stand on the wire, written out for the probes.

Nothing here comes from ``connectorkit.wire``. Ids differ from those of the documents' examples, so that a
defect in how an example is treated shows in the row of that example only.
"""

from __future__ import annotations

from typing import Any

from connectorkit.catalogue.shapes import NOWHERE, request

__all__ = [
    "EXAMPLE_REQUEST",
    "EXAMPLE_UPDATE",
    "NOWHERE",
    "accept",
    "batch",
    "chat_state",
    "close",
    "hosted_file",
    "opening",
    "profile",
    "publish",
    "request",
    "text",
    "update",
]


def profile(body: Any = None, request_id: Any = "p-1") -> dict[str, Any]:
    """A request to set the consumer's profile."""
    return request("userprofile.SetUserProfile", {} if body is None else body, request_id)


def opening(account: str, request_id: Any = "o-1", **members: Any) -> dict[str, Any]:
    """A request for a conversation; a member of ``None`` is left out."""
    body = {"brandId": account, "channelType": "MESSAGING"} | members
    kept = {name: value for name, value in body.items() if value is not None}
    return request("cm.ConsumerRequestConversation", kept, request_id)


def batch(account: str, *third: Any, **members: Any) -> list[Any]:
    """What CONVERSATION takes: a profile, a request for a conversation, and perhaps a third."""
    return [profile(), opening(account, **members), *third]


def publish(talk: str, event: Any, request_id: Any = "m-1", **body: Any) -> dict[str, Any]:
    """An event for a dialog."""
    return request("ms.PublishEvent", {"dialogId": talk, "event": event, **body}, request_id)


def text(talk: str, words: Any = "Good morning", request_id: Any = "m-1", **body: Any) -> dict[str, Any]:
    """A text for a dialog."""
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": words}
    return publish(talk, event, request_id, **body)


def hosted_file(path: str, kind: str = "GIF", **more: Any) -> dict[str, Any]:
    """The event of a file that was put into the store."""
    message = {"relativePath": path, "fileType": kind, **more}
    return {"type": "ContentEvent", "contentType": "hosted/file", "message": message}


def accept(talk: str, status: Any, *numbers: Any, request_id: Any = "a-1") -> dict[str, Any]:
    """A receipt: ``status`` such as READ, of the messages with these numbers."""
    event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(numbers)}
    return publish(talk, event, request_id)


def chat_state(talk: str, state: Any, request_id: Any = "t-1") -> dict[str, Any]:
    """A chat state such as COMPOSING."""
    return publish(talk, {"type": "ChatStateEvent", "chatState": state}, request_id)


def update(talk: str, field: Any, request_id: Any = "u-1") -> dict[str, Any]:
    """A change of a conversation."""
    body = {"conversationId": talk, "conversationField": field}
    return request("cm.UpdateConversationField", body, request_id)


def close(talk: str, request_id: Any = "c-1") -> dict[str, Any]:
    """The consumer closes the conversation."""
    return update(talk, {"field": "ConversationStateField", "conversationState": "CLOSE"}, request_id)


# --- As printed in the API overview, tabs and spaces included ----------------------------------------

EXAMPLE_REQUEST = """{
\t"kind": "req",
\t"id": "1",
\t"type": "ms.PublishEvent",
\t"body": {
\t\t"dialogId": "%s",
\t\t"event": {
\t\t\t"type": "ContentEvent",
\t\t\t"contentType": "text/plain",
\t\t\t"message": "Text message from messaging connector"
\t\t}
\t}
}"""
EXAMPLE_UPDATE = """{
\t"kind": "req",
\t"id": 5,
  "type": "cm.UpdateConversationField",
\t"body": {
\t\t"conversationId": "%s",
\t\t"conversationField": {
\t\t\t"field": "CSATRate",
\t\t\t"csatRate": 5,
\t\t\t"csatResolutionConfirmation": true,
\t\t\t"status": "FILLED"
\t\t}
\t}
}"""
