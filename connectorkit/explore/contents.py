"""What can be sent with SEND, and as third request of a batch: good requests with their effects, as data."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from connectorkit.explore.source import Code

# In templates: the conversation that is meant, the file, what was said in it last, and all that was said.
TALK, PATH, LAST, ALL = Code("TALK"), Code("PATH"), Code("LAST"), Code("ALL")

PUBLISH, UPDATE, PROFILE = "ms.PublishEvent", "cm.UpdateConversationField", "userprofile.SetUserProfile"
UPLOAD, DOWNLOAD = "ms.GenerateURLForUploadFile", "ms.GenerateURLForDownloadFile"


@dataclass(frozen=True)
class Content:
    """A request without its envelope. ``effect`` names what it does: see the oracle."""

    type: str
    body: dict[str, Any]
    effect: str
    metadata: Any = None


def _event(event: dict[str, Any], effect: str, metadata: Any = None, **beside: Any) -> Content:
    return Content(PUBLISH, {"dialogId": TALK, "event": event, **beside}, effect, metadata)


def _text(message: str, metadata: Any = None, **beside: Any) -> Content:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": message}
    return _event(event, "words", metadata, **beside)


def _card(*elements: Any, kind: str = "vertical") -> dict[str, Any]:
    return {"type": "RichContentEvent", "content": {"type": kind, "elements": list(elements)}}


def _receipt(status: str, metadata: Any = None) -> Content:
    event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": [LAST]}
    return _event(event, "receipt", metadata)


def _field(field: Any, effect: str) -> Content:
    return Content(UPDATE, {"conversationId": TALK, "conversationField": field}, effect)


CLICK = {
    "actions": [{"type": "publishText", "text": "Yes"}],
    "metadata": [{"type": "ExternalId", "id": "click-1"}],
}
BUTTON = {"type": "button", "title": "Yes", "tooltip": "Yes", "click": CLICK}
QUICK_REPLIES = {"type": "quickReplies", "itemsPerRow": 8, "replies": [BUTTON]}
CARD = _card(
    {"type": "text", "text": "Pick one", "style": {"bold": True, "size": "small"}},
    BUTTON,
    {"type": "image", "url": "https://pictures.example/a.png", "caption": "A", "tooltip": "A"},
    {"type": "map", "lo": 13.4, "la": 52.5},
    {"type": "linkPreview", "url": "https://pages.example/", "title": "Pages"},
)
ANSWER = [{"type": "ExternalId", "id": "click-1"}]
CLOSE_STATE = {"field": "ConversationStateField", "conversationState": "CLOSE"}
CLOSE_STAGE = {"field": "Stage", "conversationState": "CLOSE"}
CLOSE_DIALOG = {
    "field": "DialogChange",
    "type": "UPDATE",
    "dialog": {"dialogId": TALK, "state": "CLOSE", "closedCause": "Closed by consumer"},
}
CSAT = {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"}
SKIPPED = {"field": "CSATRate", "csatRate": None, "csatResolutionConfirmation": None, "status": "SKIPPED"}
PARTLY = {"field": "CSATRate", "csatRate": 1, "status": "PARTIALLY_FILLED"}
TTR = {"field": "TTRField", "ttrType": "URGENT", "value": 60}
PERSON: dict[str, Any] = {
    "type": "personal",
    "personal": {
        "firstname": "Anna",
        "lastname": "Berg",
        "age": {"age": 30, "year": 1995, "month": 4, "day": 1},
        "contacts": [{"email": "", "phone": "+49", "phoneType": "HOME", "address": {"country": "DE"}}],
        "gender": "FEMALE",
        "language": "en-US",
        "company": "Kit",
    },
}
CUSTOMER: dict[str, Any] = {
    "type": "ctmrinfo",
    "info": {
        "ctype": "vip",
        "customerId": "C-77",
        "balance": -3.5,
        "companySize": 5,
        "lastPaymentDate": {"day": 1, "month": 2, "year": 2023},
        "loginStatus": 1,
    },
}
FULL_PROFILE: dict[str, Any] = {
    "firstName": "Anna",
    "role": "consumer",
    "privateData": {"mobileNum": "1", "mail": "a@b.example", "pushNotificationData": {"token": "t"}},
    "authenticatedData": {"lp_sdes": [CUSTOMER, PERSON]},
}

CONTENTS: dict[str, Content] = {
    "text": _text("Hello"),
    "umlauts": _text("Grüße 🚀 <b>&\"'</b>"),
    "text with metadata": _text("Yes", ANSWER),
    "text beside its conversation": _text("Hello", conversationId=TALK),
    "text with quick replies": _event(
        {
            "type": "ContentEvent",
            "contentType": "text/plain",
            "message": "Well?",
            "quickReplies": QUICK_REPLIES,
        },
        "words",
    ),
    "card": _event(CARD, "words"),
    "card as message": _event({"type": "RichContentEvent", "message": CARD["content"]}, "words"),
    **{
        state: _event({"type": "ChatStateEvent", "chatState": state}, "chat state")
        for state in ("COMPOSING", "PAUSE", "ACTIVE", "INACTIVE", "GONE")
    },
    **{status: _receipt(status) for status in ("ACCEPT", "READ", "ACCESS", "NACK")},
    "READ all": _event({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": ALL}, "receipt"),
    "ACTION": _receipt("ACTION", ANSWER),
    "close": _field(CLOSE_STATE, "close"),
    "close the stage": _field(CLOSE_STAGE, "close"),
    "close the dialog": _field(CLOSE_DIALOG, "close"),
    "rating": _field(CSAT, "rating"),
    "ratings": _field([PARTLY, CSAT], "rating"),
    "no rating": _field(SKIPPED, "rating"),
    "part of a rating": _field(PARTLY, "rating"),
    "rating and close": _field([CSAT, CLOSE_STATE], "close"),
    "close twice at once": _field([CLOSE_STATE, CLOSE_STATE], "close twice"),
    "time to respond": _field(TTR, "time to respond"),
    "profile": Content(PROFILE, {"firstName": "Anna"}, "profile"),
    "empty profile": Content(PROFILE, {}, "profile"),
    "full profile": Content(PROFILE, FULL_PROFILE, "profile"),
    "picture": _event(
        {
            "type": "ContentEvent",
            "contentType": "hosted/file",
            "message": {"relativePath": PATH, "fileType": "PNG", "caption": "A picture"},
        },
        "picture",
    ),
}
CLOSING = ("close", "close the stage", "close the dialog", "rating and close", "close twice at once")


def filled(template: Any, **put: Any) -> Any:
    """A copy of a template with its marks replaced."""
    if isinstance(template, Code):
        return put.get(template.text, template)
    if isinstance(template, dict):
        return {name: filled(value, **put) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, **put) for value in template]
    return copy.copy(template)
