"""What the documents say a request is made of: members, values and types, as data.

Read by the check of a raw envelope and by the completion inside one. Source: protocol.md, sections 5 to 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connectorkit import wire
from connectorkit.content import CONTAINERS, SIZES

TEXT, NUMBER, OBJECT, ARRAY, BOOLEAN = (str,), (int,), (dict,), (list,), (bool,)
ID = (str, int)


@dataclass(frozen=True)
class Shape:
    """One place in a request: which JSON types and values it takes, and what stands below it.

    ``allowed`` are its only values. ``kinds`` empty is any type. Where ``by`` names a member, its value
    chooses one of ``variants``, whose members come on top. ``items`` is each entry of an array.
    """

    kinds: tuple[type, ...] = ()
    members: Mapping[str, Shape] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    allowed: tuple[Any, ...] = ()
    by: str = ""
    variants: Mapping[str, Shape] = field(default_factory=dict)
    items: Shape | None = None

    def chosen(self, value: Mapping[str, Any]) -> Shape:
        """The shape with the variant that an object's own members choose."""
        selector = value.get(self.by)
        variant = self.variants.get(selector) if isinstance(selector, str) else None
        if variant is None:
            return self
        variant = variant.chosen(value)
        return Shape(
            self.kinds,
            {**self.members, **variant.members},
            (*self.needed, *variant.needed),
            items=self.items or variant.items,
        )


def _one_of(*allowed: Any, kinds: tuple[type, ...] = TEXT) -> Shape:
    return Shape(kinds, allowed=allowed)


def _object(*needed: str, **members: Shape) -> Shape:
    return Shape(OBJECT, members, needed)


def _any_of(by: str, variants: Mapping[str, Shape], **members: Shape) -> Shape:
    return Shape(OBJECT, {by: _one_of(*variants), **members}, (by,), by=by, variants=variants)


def _one_or_several(one: Shape) -> Shape:
    return replace(one, kinds=(dict, list), items=one)


_TEXT, _ID, _FLAG, _NUMBER = Shape(TEXT), Shape(ID), Shape(BOOLEAN), Shape(NUMBER)
_DEGREES = Shape((int, float))
_METADATA_TYPES = {
    "ExternalId": _object("id", id=_TEXT),
    "Answer": _object("questionId", "id", "provider", questionId=_ID, id=_ID, provider=_TEXT, groupId=_ID),
    "ActionReason": _object(reason=_TEXT, reasonId=_TEXT),
    "BotResponse": _object(externalConversationId=_TEXT, businessCases=Shape(ARRAY), intents=Shape(ARRAY)),
}
# Others pass through (R59), so their types are no list to choose from, only one to complete with.
METADATA = Shape(
    ARRAY,
    items=Shape(OBJECT, {"type": Shape(TEXT)}, ("type",), by="type", variants=_METADATA_TYPES),
)
_ACTIONS = {
    "publishText": _object("text", text=_TEXT),
    "link": _object("uri", uri=_TEXT, name=_TEXT, **dict.fromkeys(("ios", "android", "web"), Shape(OBJECT))),
    "navigate": _object("la", "lo", la=_DEGREES, lo=_DEGREES, name=_TEXT),
}
_CLICK = _object(actions=Shape(ARRAY, items=_any_of("type", _ACTIONS)), metadata=METADATA)
_LOOKS = ("color", "background-color", "border-color", "border-radius")
_STYLE = _object(
    **{"bold": _FLAG, "italic": _FLAG, "size": _one_of(*SIZES)}, **{name: Shape() for name in _LOOKS}
)
_ELEMENTS: dict[str, Shape] = {
    "text": _object("text", text=_TEXT, tooltip=_TEXT, style=_STYLE, rtl=_FLAG),
    "button": _object("title", "click", title=_TEXT, click=_CLICK, tooltip=_TEXT, style=_STYLE, rtl=_FLAG),
    "image": _object("url", url=_TEXT, caption=_TEXT, click=_CLICK, tooltip=_TEXT),
    "map": _object("lo", "la", lo=_DEGREES, la=_DEGREES, click=_CLICK, tooltip=_TEXT),
    "linkPreview": _object("url", url=_TEXT, title=_TEXT),
}
CONTENT = Shape(OBJECT, {"type": _one_of(*CONTAINERS, *_ELEMENTS)}, ("type",), by="type", variants=_ELEMENTS)
# Elements hold elements, however deep.
_CONTAINER = _object("elements", elements=Shape(ARRAY, items=CONTENT), tag=_TEXT)
_ELEMENTS.update(dict.fromkeys(CONTAINERS, _CONTAINER))
QUICK_REPLIES = _object(
    "type",
    "replies",
    type=_one_of("quickReplies"),
    itemsPerRow=_NUMBER,
    replies=Shape(ARRAY, items=CONTENT),
)
_HOSTED_FILE = _object(
    "relativePath",
    "fileType",
    relativePath=_TEXT,
    fileType=_one_of(*wire.UPLOAD_TYPES),
    caption=_TEXT,
    preview=_TEXT,
)
_CONTENT_EVENT = Shape(
    OBJECT,
    {
        "contentType": _one_of(wire.TEXT, wire.HOSTED_FILE),
        "message": Shape((str, dict)),
        "quickReplies": QUICK_REPLIES,
    },
    ("contentType", "message"),
    by="contentType",
    variants={wire.TEXT: _object(message=_TEXT), wire.HOSTED_FILE: _object(message=_HOSTED_FILE)},
)
EVENT = _any_of(
    "type",
    {
        wire.CONTENT_EVENT: _CONTENT_EVENT,
        wire.RICH_CONTENT_EVENT: _object("content", content=CONTENT, quickReplies=QUICK_REPLIES),
        wire.CHAT_STATE_EVENT: _object("chatState", chatState=_one_of(*wire.CHAT_STATES)),
        wire.ACCEPT_STATUS_EVENT: _object(
            "status",
            "sequenceList",
            status=_one_of(*wire.ACCEPT_STATUSES),
            sequenceList=Shape(ARRAY, items=_NUMBER),
        ),
    },
)
_STATE = _object("conversationState", conversationState=_one_of(wire.CLOSE))
_DIALOG = _object("dialogId", "state", dialogId=_TEXT, state=_one_of(wire.CLOSE), closedCause=_TEXT)
FIELD = _any_of(
    "field",
    {
        wire.STATE_FIELD: _STATE,
        wire.STAGE_FIELD: _STATE,
        wire.DIALOG_FIELD: _object("type", "dialog", type=_one_of("UPDATE"), dialog=_DIALOG),
        wire.CSAT_FIELD: _object(
            csatRate=_one_of(*wire.CSAT_RATES, kinds=NUMBER),
            csatResolutionConfirmation=_FLAG,
            status=_one_of(*wire.CSAT_STATUSES),
        ),
        wire.TTR_FIELD: _object("ttrType", "value", ttrType=_one_of(*wire.TTR_TYPES), value=_NUMBER),
    },
)
_PROFILE = _object(
    **dict.fromkeys(("firstName", "lastName", "userId", "avatarUrl", "backgndImgUri"), _TEXT),
    role=_TEXT,
    description=_TEXT,
    authenticatedData=_object(
        lp_sdes=Shape(
            ARRAY,
            items=_any_of(
                "type",
                {
                    "ctmrinfo": _object("info", info=Shape(OBJECT)),
                    "personal": _object("personal", personal=Shape(OBJECT)),
                },
            ),
        )
    ),
    privateData=_object(
        mobileNum=_TEXT,
        mail=_TEXT,
        pushNotificationData=_object(serviceName=_TEXT, certName=_TEXT, token=_TEXT),
    ),
)
_OPENING = _object(
    "brandId",
    brandId=_TEXT,
    channelType=_one_of(wire.CHANNEL_TYPE),
    ttrDefName=_one_of(*wire.TTR_TYPES, None, kinds=(str, type(None))),
    skillId=_ID,
    campaignInfo=_object("campaignId", "engagementId", campaignId=_ID, engagementId=_ID),
    conversationContext=_object(
        type=_one_of(wire.MONITORING_CONTEXT),
        visitorId=_TEXT,
        sessionId=_TEXT,
        interactionContextId=_ID,
        lang=_TEXT,
        features=Shape(ARRAY, items=Shape(TEXT)),
    ),
)
_UPDATE = _object(
    "conversationId",
    "conversationField",
    conversationId=_TEXT,
    conversationField=_one_or_several(FIELD),
)
_PUBLISH = _object("dialogId", "event", dialogId=_TEXT, conversationId=_TEXT, event=EVENT)
_UPLOAD = _object("fileSize", "fileType", fileSize=_ID, fileType=_one_of(*wire.UPLOAD_TYPES))
_DOWNLOAD = _object("relativePath", relativePath=_TEXT)
BODIES: Mapping[str, Shape] = {
    wire.SET_USER_PROFILE: _PROFILE,
    wire.REQUEST_CONVERSATION: _OPENING,
    wire.PUBLISH_EVENT: _PUBLISH,
    wire.UPDATE_FIELD: _UPDATE,
    wire.UPLOAD_URL: _UPLOAD,
    wire.DOWNLOAD_URL: _DOWNLOAD,
}
ON_SEND = tuple(one for one in BODIES if one != wire.REQUEST_CONVERSATION)
REQUEST = Shape(
    OBJECT,
    {
        "kind": _one_of(wire.REQUEST),
        "id": _ID,
        "type": _one_of(*BODIES),
        "body": Shape(OBJECT),
        "metadata": METADATA,
    },
    ("kind", "id", "type", "body"),
    by="type",
    variants={name: _object(body=body) for name, body in BODIES.items()},
)
PAYLOAD = _one_or_several(REQUEST)
