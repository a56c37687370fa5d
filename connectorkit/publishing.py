"""Builders for ``ms.PublishEvent``: texts, files, rich content, receipts and chat states.

``conversation_id`` is needed where the dialog is not the main one, a survey's for instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectorkit import wire
from connectorkit.checks import (
    check_integer,
    check_list,
    check_one_of,
    check_request_size,
    check_text,
    require,
    texts,
)
from connectorkit.content import check_content, check_quick_replies
from connectorkit.envelope import Envelope, request

Metadata = Iterable[Mapping[str, Any]]


def publish_text(
    dialog_id: str,
    text: str,
    *,
    quick_replies: Mapping[str, Any] | None = None,
    conversation_id: str | None = None,
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``ms.PublishEvent`` with a text. The whole request may have 5000 characters at most.

    ``quick_replies`` come from ``rich.quick_replies``.

    >>> publish_text("d-1", "Good morning", request_id="7")["body"]["event"]["message"]
    'Good morning'
    """
    check_text("text", text)
    event = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": text}
    event |= _quick_replies(quick_replies)
    envelope = _publish(dialog_id, event, conversation_id, metadata, request_id)
    check_request_size("text", envelope)
    return envelope


def publish_file(
    dialog_id: str,
    relative_path: str,
    file_type: str,
    *,
    caption: str | None = None,
    preview: str | None = None,
    conversation_id: str | None = None,
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``ms.PublishEvent`` with a file that was uploaded to ``relative_path``: JPG, JPEG, PNG or GIF.

    ``preview`` is a small picture as ``data:image/png;base64,…``, with less than 30 × 1024 characters
    after the comma.
    """
    check_path(relative_path)
    check_one_of("file_type", file_type, wire.UPLOAD_TYPES)
    if preview is not None:
        _check_preview(preview)
    message = {"relativePath": relative_path, "fileType": file_type}
    message |= texts(("caption", "caption", caption), ("preview", "preview", preview))
    event = {"type": wire.CONTENT_EVENT, "contentType": wire.HOSTED_FILE, "message": message}
    return _publish(dialog_id, event, conversation_id, metadata, request_id)


def publish_rich(
    dialog_id: str,
    content: Mapping[str, Any],
    *,
    quick_replies: Mapping[str, Any] | None = None,
    conversation_id: str | None = None,
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``ms.PublishEvent`` with structured content, built with ``connectorkit.rich``.

    >>> publish_rich("d-1", {"type": "text", "text": "Pick one"})["body"]["event"]
    {'type': 'RichContentEvent', 'content': {'type': 'text', 'text': 'Pick one'}}
    """
    check_content(content)
    event = {"type": wire.RICH_CONTENT_EVENT, "content": dict(content)} | _quick_replies(quick_replies)
    return _publish(dialog_id, event, conversation_id, metadata, request_id)


def publish_receipt(
    dialog_id: str,
    status: str,
    sequences: Iterable[int],
    *,
    conversation_id: str | None = None,
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``ms.PublishEvent`` that tells what became of messages, by their numbers in the dialog.

    ``status`` is ACCEPT (received), READ, ACCESS (opened the file), NACK (not received) or ACTION (answers
    structured content). ACTION carries the ``metadata`` of the clicked element, ``[]`` where it has none.

    >>> publish_receipt("d-1", "READ", [2, 3])["body"]["event"]
    {'type': 'AcceptStatusEvent', 'status': 'READ', 'sequenceList': [2, 3]}
    """
    check_one_of("status", status, wire.ACCEPT_STATUSES)
    check_list("sequences", sequences)
    require(isinstance(sequences, Iterable), "sequences", f"is {sequences!r}", "Pass a list, e.g. [2].")
    numbers = list(sequences)
    require(bool(numbers), "sequences", "is empty", "Pass the numbers of the messages meant, e.g. 2 or 2, 3.")
    for position, number in enumerate(numbers):
        check_integer(f"sequences[{position}]", number)
        require(number >= 0, f"sequences[{position}]", f"is {number}", "The first message has number 0.")
    require(
        status != "ACTION" or metadata is not None,
        "metadata",
        "is missing, an ACTION names what was clicked",
        "Pass the clicked element's click.metadata unchanged, or [] where it has none.",
    )
    event = {"type": wire.ACCEPT_STATUS_EVENT, "status": status, "sequenceList": numbers}
    envelope = _publish(dialog_id, event, conversation_id, metadata, request_id)
    check_request_size("sequences", envelope)
    return envelope


def publish_chat_state(
    dialog_id: str,
    chat_state: str,
    *,
    conversation_id: str | None = None,
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``ms.PublishEvent`` with a chat state: ACTIVE, INACTIVE, GONE, COMPOSING (typing) or PAUSE.

    COMPOSING stays on at the agent's side until another state is sent; a text does not end it.
    """
    check_one_of("chat_state", chat_state, wire.CHAT_STATES)
    event = {"type": wire.CHAT_STATE_EVENT, "chatState": chat_state}
    return _publish(dialog_id, event, conversation_id, metadata, request_id)


def check_path(relative_path: Any) -> None:
    """The path is one that the service gave out."""
    check_text("relative_path", relative_path)
    require(
        relative_path.startswith("/"),
        "relative_path",
        f"is {relative_path!r}, a path of the store begins with /",
        "Pass it unchanged, as the upload answer or the notification shows it.",
    )


def _check_preview(preview: Any) -> None:
    check_text("preview", preview)
    require(
        preview.startswith(wire.PREVIEW_PREFIX),
        "preview",
        f"begins with {preview[:24]!r}, expected is {wire.PREVIEW_PREFIX}",
        "Make it with pictures.preview(content), or leave it out.",
    )
    length = len(preview) - len(wire.PREVIEW_PREFIX)
    require(
        length < wire.MAX_PREVIEW_CHARACTERS,
        "preview",
        f"has {length} characters of base64, allowed are {wire.MAX_PREVIEW_CHARACTERS - 1}",
        "Make the picture smaller, or leave the preview out.",
    )


def _quick_replies(quick_replies: Mapping[str, Any] | None) -> dict[str, Any]:
    if quick_replies is None:
        return {}
    check_quick_replies(quick_replies)
    return {"quickReplies": dict(quick_replies)}


def _publish(
    dialog_id: str,
    event: dict[str, Any],
    conversation_id: str | None,
    metadata: Metadata | None,
    request_id: str | int | None,
) -> Envelope:
    check_text("dialog_id", dialog_id)
    body: dict[str, Any] = {"dialogId": dialog_id}
    if conversation_id is not None:
        check_text("conversation_id", conversation_id)
        body["conversationId"] = conversation_id
    return request(wire.PUBLISH_EVENT, body | {"event": event}, metadata=metadata, request_id=request_id)
