"""SEND: a request that is refused for what it says."""

from __future__ import annotations

from connectorkit.catalogue.model import Request, Scenario
from connectorkit.catalogue.shapes import FIX, NOWHERE, batch, publish, refused, request, text, update

_NOWHERE_TEXT = text(dialog=NOWHERE)
_WITHOUT_ID = {name: value for name, value in _NOWHERE_TEXT.items() if name != "id"}
_PATH = "/v1/AUTH_async-images/{account}/a.png"

SCENARIOS = (
    Scenario(
        name="broken-json",
        shows="The body ends in the middle.",
        advice=FIX,
        source="S20",
        request=Request(payload='{"kind": "req", "id": "1", "type": "ms.Publ'),
        answer=refused(400, "Bad Request, the body is not valid JSON", None),
        on_account="harmless",
    ),
    Scenario(
        name="array-on-send",
        shows="SEND takes one request, not a batch.",
        advice="Send each request by itself.",
        source="S4",
        request=Request(payload=[_NOWHERE_TEXT]),
        answer=refused(400, "Bad Request, SEND takes one request, not an array", None),
        on_account="harmless",
    ),
    Scenario(
        name="wrong-version",
        shows="The address asks for version 2 of the call; there is only version 3.",
        advice="Send v=3.",
        source="R25",
        request=Request(payload=_NOWHERE_TEXT, query={"v": "2"}),
        answer=refused(400, "Bad Request, v must be 3", None),
        on_account="harmless",
    ),
    Scenario(
        name="wrong-kind",
        shows="The request calls itself a response.",
        advice='Send "kind": "req".',
        source="S26, R3",
        request=Request(payload=_NOWHERE_TEXT | {"kind": "resp"}),
        answer=refused(400, "Bad Request, kind must be req"),
        on_account="harmless",
    ),
    Scenario(
        name="missing-id",
        shows="The request states no id, so no answer could be matched to it.",
        advice="Send an id, a text of 1 to 64 characters such as a UUID.",
        source="S33, R3, R67",
        request=Request(payload=_WITHOUT_ID),
        answer=refused(400, "Bad Request, id is missing", None),
        on_account="harmless",
    ),
    Scenario(
        name="fractional-id",
        shows="The id is neither a text nor a whole number.",
        advice="Send an id, a text of 1 to 64 characters such as a UUID.",
        source="R3",
        request=Request(payload=_NOWHERE_TEXT | {"id": 1.5}),
        answer=refused(400, "Bad Request, id must be a string or an integer", None),
        on_account="harmless",
    ),
    Scenario(
        name="too-long-id",
        shows="The id has 65 characters.",
        advice="Send an id, a text of 1 to 64 characters such as a UUID.",
        source="R3",
        request=Request(payload=_NOWHERE_TEXT | {"id": "x" * 65}),
        answer=refused(400, "Bad Request, id must have at most 64 characters", None),
        on_account="harmless",
    ),
    Scenario(
        name="unknown-type",
        shows="The request has a type of the agents' interface, which goes over a web socket.",
        advice="Send one of the five types of SEND.",
        source="R68",
        request=Request(payload=request("ms.SubscribeMessagingEvents", {})),
        answer=refused(
            400,
            "Bad Request, type must be ms.PublishEvent or cm.UpdateConversationField or "
            "userprofile.SetUserProfile or ms.GenerateURLForUploadFile or ms.GenerateURLForDownloadFile here",
        ),
        on_account="harmless",
    ),
    Scenario(
        name="conversation-request-on-send",
        shows="A conversation is asked for on SEND.",
        advice="Open conversations with CONVERSATION.",
        source="R65",
        request=Request(payload=batch()[1]),
        answer=refused(
            400,
            "Bad Request, type must be ms.PublishEvent or cm.UpdateConversationField or "
            "userprofile.SetUserProfile or ms.GenerateURLForUploadFile or ms.GenerateURLForDownloadFile here",
            "2",
        ),
        never="an account that is less strict would open a conversation",
    ),
    Scenario(
        name="missing-body",
        shows="The request has no body.",
        advice=FIX,
        source="S29, R68",
        request=Request(payload=request("ms.PublishEvent", None)),
        answer=refused(400, "Bad Request, body is missing"),
        on_account="harmless",
    ),
    Scenario(
        name="missing-dialog-id",
        shows="The text does not say where it belongs.",
        advice="Send dialogId, the id of the conversation or of its survey.",
        source="R68",
        request=Request(payload=request("ms.PublishEvent", {"event": _NOWHERE_TEXT["body"]["event"]})),
        answer=refused(400, "Bad Request, body.dialogId is missing"),
        on_account="harmless",
    ),
    Scenario(
        name="too-long-text",
        shows="The request is longer than 5000 characters.",
        advice="Shorten the text, or split it.",
        source="R21",
        request=Request(payload=text("x" * 5000, NOWHERE)),
        answer=refused(400, "Bad Request", documented=True),
        on_account="harmless",
    ),
    Scenario(
        name="empty-text",
        shows="The text has no characters.",
        advice="Send at least one character.",
        source="R68",
        request=Request(payload=text("", NOWHERE)),
        answer=refused(400, "Bad Request, body.event.message is empty"),
        on_account="harmless",
    ),
    Scenario(
        name="object-as-text",
        shows="A button's payload was sent as the text.",
        advice="Send a text as message.",
        source="R68",
        request=Request(payload=text({"postback": "yes"}, NOWHERE)),
        answer=refused(400, "Bad Request, body.event.message must be a string"),
        on_account="harmless",
    ),
    Scenario(
        name="unknown-event",
        shows="Structured content is called RichContent, as in an old schema.",
        advice="Call it RichContentEvent.",
        source="R40",
        request=Request(payload=publish({"type": "RichContent", "content": {}}, NOWHERE)),
        answer=refused(
            400,
            "Bad Request, body.event.type must be one of "
            "ContentEvent, RichContentEvent, AcceptStatusEvent, ChatStateEvent",
        ),
        on_account="harmless",
    ),
    Scenario(
        name="unknown-chat-state",
        shows="The chat state is spelt PAUSED; on the wire it is PAUSE.",
        advice="Use ACTIVE, INACTIVE, GONE, COMPOSING or PAUSE.",
        source="R68",
        request=Request(payload=publish({"type": "ChatStateEvent", "chatState": "PAUSED"}, NOWHERE)),
        answer=refused(
            400,
            "Bad Request, body.event.chatState must be one of ACTIVE, INACTIVE, GONE, COMPOSING, PAUSE",
        ),
        on_account="harmless",
    ),
    Scenario(
        name="empty-receipt",
        shows="A receipt names no message.",
        advice="Put at least one sequence into sequenceList.",
        source="R66",
        request=Request(
            payload=publish({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": []}, NOWHERE)
        ),
        answer=refused(400, "Bad Request, body.event.sequenceList must have at least one number"),
        on_account="harmless",
    ),
    Scenario(
        name="negative-receipt",
        shows="A receipt names a message by a number that none can have.",
        advice="Use the sequence of the notification.",
        source="R66",
        request=Request(
            payload=publish({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [-1]}, NOWHERE)
        ),
        answer=refused(400, "Bad Request, body.event.sequenceList must hold integers from 0 up"),
        on_account="harmless",
    ),
    Scenario(
        name="five-actions",
        shows="A button does five things at a click.",
        advice="Four actions are allowed for each click.",
        source="R68",
        request=Request(
            payload=publish(
                {
                    "type": "RichContentEvent",
                    "content": {
                        "type": "button",
                        "title": "Yes",
                        "click": {"actions": [{"type": "publishText", "text": "yes"}] * 5},
                    },
                },
                NOWHERE,
            )
        ),
        answer=refused(400, "Bad Request, body.event.content.click.actions has 5 actions, allowed are 4"),
        on_account="harmless",
    ),
    Scenario(
        name="untyped-metadata",
        shows="Metadata come without their type.",
        advice="Copy the metadata of the clicked element as they are.",
        source="R68",
        request=Request(payload=_NOWHERE_TEXT | {"metadata": [{"id": "card-1"}]}),
        answer=refused(400, "Bad Request, metadata[0].type is missing"),
        on_account="harmless",
    ),
    Scenario(
        name="old-file-type",
        shows="A file is published as HostedFile, as older pages have it.",
        advice="Write hosted/file.",
        source="R41",
        request=Request(
            payload=publish(
                {"type": "ContentEvent", "contentType": "HostedFile", "message": {"relativePath": _PATH}},
                NOWHERE,
            )
        ),
        answer=refused(400, "Bad Request, body.event.contentType is HostedFile; write hosted/file"),
        on_account="harmless",
    ),
    Scenario(
        name="rate-out-of-range",
        shows="A satisfaction of six, where five is the best.",
        advice="Send a whole number from 1 to 5.",
        source="R45",
        request=Request(
            payload=update(
                {
                    "field": "CSATRate",
                    "csatRate": 6,
                    "csatResolutionConfirmation": True,
                    "status": "FILLED",
                },
                NOWHERE,
            )
        ),
        answer=refused(400, "Bad Request, body.conversationField.csatRate must be one of 1, 2, 3, 4, 5"),
        on_account="harmless",
    ),
    Scenario(
        name="agent-field",
        shows="A consumer hands the conversation over to another skill, which only agents may.",
        advice="Leave it to the agents.",
        source="R47",
        request=Request(payload=update({"field": "Skill", "type": "UPDATE", "skill": "2"}, NOWHERE)),
        answer=refused(400, "Bad Request, field not allowed"),
        on_account="harmless",
    ),
    Scenario(
        name="wrong-profile",
        shows="A name in the profile is a number.",
        advice=FIX,
        source="R68",
        request=Request(payload=request("userprofile.SetUserProfile", {"firstName": 17})),
        answer=refused(400, "Bad Request, body.firstName must be a string"),
        never="an account may take the profile",
    ),
    Scenario(
        name="unknown-conversation",
        shows="Nobody ever opened this conversation.",
        advice="Check the conversation id; it must be of this account and this environment.",
        source="R12",
        request=Request(payload=_NOWHERE_TEXT),
        answer=refused(404, "Conversation not found"),
        on_account="harmless",
    ),
)
