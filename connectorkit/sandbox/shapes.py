"""The shape of each request: 400 before anything is looked up."""

from __future__ import annotations

from typing import Any

from connectorkit import wire
from connectorkit.sandbox import profile, rich
from connectorkit.sandbox.files import check_download, check_hosted_file, check_upload
from connectorkit.sandbox.members import Members, is_integer
from connectorkit.sandbox.refusals import bad

_FIELDS = (wire.STATE_FIELD, wire.STAGE_FIELD, wire.DIALOG_FIELD, wire.CSAT_FIELD, wire.TTR_FIELD)
_AGENT_FIELDS = ("Skill", "ParticipantsChange")
_EVENTS = (wire.CONTENT_EVENT, wire.RICH_CONTENT_EVENT, wire.ACCEPT_STATUS_EVENT, wire.CHAT_STATE_EVENT)
_OTHER_NAMES = {"HostedFile": wire.HOSTED_FILE}  # of older pages; they never worked here (R41)


def check_body(kind: str, body: Members, *, in_batch: bool = False) -> None:
    """Refuse a body that is not of its request's type."""
    match kind:
        case wire.SET_USER_PROFILE:
            profile.check_profile(body)
        case wire.REQUEST_CONVERSATION:
            _check_conversation_request(body)
        case wire.PUBLISH_EVENT:
            body.text("dialogId", required=not in_batch, empty=in_batch)
            body.text("conversationId")
            event = body.inner("event", required=True)
            assert event is not None
            check_event(event)
        case wire.UPDATE_FIELD:
            body.text("conversationId", required=True, empty=False)
            for field in fields(body):
                _check_field(field)
        case wire.UPLOAD_URL:
            check_upload(body)
        case wire.DOWNLOAD_URL:
            check_download(body)


def check_event(event: Members) -> None:
    """Refuse an event that is not as documented; an old member name is put right on the way."""
    match event.choice("type", _EVENTS, required=True):
        case wire.CHAT_STATE_EVENT:
            event.choice("chatState", wire.CHAT_STATES, required=True)
        case wire.ACCEPT_STATUS_EVENT:
            event.choice("status", wire.ACCEPT_STATUSES, required=True)
            check_sequences(event.items("sequenceList"), event.path("sequenceList"))
        case wire.RICH_CONTENT_EVENT:
            if not event.has("content") and isinstance(event.value.get("message"), dict):
                event.value["content"] = event.value.pop("message")  # of an older schema (R40)
            content = event.inner("content", required=True)
            assert content is not None
            rich.check_content(content)
        case _:
            _check_content(event)
    if event.has("quickReplies") and (quick_replies := event.inner("quickReplies")):
        rich.check_quick_replies(quick_replies)


def check_sequences(numbers: list[Any], name: str) -> None:
    """Refuse what are no numbers of messages, or none at all."""
    if not numbers:
        raise bad(f"{name} must have at least one number")
    if not all(is_integer(number) and 0 <= number < 2**53 for number in numbers):
        raise bad(f"{name} must hold integers from 0 up")


def check_metadata(request: Members) -> None:
    """Refuse metadata that are not objects with a type; whatever else they hold passes."""
    for entry in request.objects("metadata"):
        entry.text("type", required=True)


def fields(body: Members) -> list[Members]:
    """The conversation fields of an update: one object, or an array of them (R46)."""
    given = body.value.get("conversationField")
    if isinstance(given, list):
        if not given:
            raise bad(f"{body.path('conversationField')} is empty")
        return body.objects("conversationField")
    field = body.inner("conversationField", required=True)
    assert field is not None
    return [field]


def _check_conversation_request(body: Members) -> None:
    body.text("brandId")
    body.choice("channelType", (wire.CHANNEL_TYPE,))
    body.choice("ttrDefName", (*wire.TTR_NAMES, *wire.TTR_NAMES_OLD_CLIENTS))
    body.text_or_integer("skillId")
    if campaign := body.inner("campaignInfo"):
        ids = [campaign.text_or_integer(name) for name in ("campaignId", "engagementId")]
        if ids.count(None) == 1:
            raise bad(f"{body.path('campaignInfo')} must have campaignId and engagementId")
    if context := body.inner("conversationContext"):
        for name in ("type", "visitorId", "sessionId", "lang"):
            context.text(name)
        context.text_or_integer("interactionContextId")
        context.items("features")


def _check_content(event: Members) -> None:
    given = event.value.get("contentType")
    if isinstance(given, str) and given in _OTHER_NAMES:
        raise bad(f"{event.path('contentType')} is {given}; write {_OTHER_NAMES[given]}")
    if event.choice("contentType", (wire.TEXT, wire.HOSTED_FILE), required=True) == wire.TEXT:
        event.text("message", required=True, empty=False)
        return
    message = event.inner("message", required=True)
    assert message is not None
    check_hosted_file(message)


def _check_field(field: Members) -> None:
    name = field.text("field", required=True)
    if name in _AGENT_FIELDS:
        raise bad("field not allowed")
    field.choice("field", _FIELDS)
    match name:
        case wire.STATE_FIELD | wire.STAGE_FIELD:
            field.choice("conversationState", (wire.CLOSE,), required=True)
        case wire.DIALOG_FIELD:
            field.choice("type", ("UPDATE",), required=True)
            dialog = field.inner("dialog", required=True)
            assert dialog is not None
            dialog.text("dialogId", required=True, empty=False)
            dialog.choice("state", (wire.CLOSE,), required=True)
            dialog.text("closedCause")
        case wire.CSAT_FIELD:
            status = field.choice("status", wire.CSAT_STATUSES, required=True)
            filled = status == "FILLED"
            if field.integer("csatRate", required=filled) is not None:
                field.choice("csatRate", wire.CSAT_RATES)
            field.boolean("csatResolutionConfirmation", required=filled)
        case wire.TTR_FIELD:
            field.choice("ttrType", (*wire.TTR_NAMES, *wire.TTR_NAMES_OLD_CLIENTS), required=True)
            field.integer("value", required=True, least=0)
