"""CONVERSATION: a batch that is refused as a whole, or item by item."""

from __future__ import annotations

from connectorkit.catalogue.model import Answer, Request, Scenario
from connectorkit.catalogue.shapes import FIX, NOWHERE, batch, door, ok, refusal, refused, request, text

_MIGHT_OPEN = "an account that is less strict would open a conversation"
_PROFILE_SET = ok({"msg": "OK User Profile set successfully"})
_ALREADY_OPEN = (
    "Consumer request conversation failed: User {lp_consumer} already has open conversation. "
    "Can't open another one."
)

SCENARIOS = (
    Scenario(
        name="missing-brand-id",
        shows="The conversation request does not say whose brand it is.",
        advice="Send brandId, equal to the account id.",
        source="R9",
        request=Request("conversation", batch(brandId=None)),
        answer=door(40001, "Missing parameter", "Brand Id is missing"),
        on_account="harmless",
    ),
    Scenario(
        name="wrong-brand-id",
        shows="The conversation request names another account than the address.",
        advice="Send brandId, equal to the account id.",
        source="R19",
        request=Request("conversation", batch(brandId="87654321")),
        answer=refused(400, "Bad Request, brandId does not match account", "2"),
        never=_MIGHT_OPEN,
    ),
    Scenario(
        name="already-open",
        shows="The consumer has an open conversation; a second one is refused, though the profile is set.",
        advice="Use the open conversation: the answer does not name it, so the connector must remember it.",
        source="R14",
        before=("open",),
        request=Request("conversation", batch()),
        answer=Answer(400, [_PROFILE_SET, refusal(400, _ALREADY_OPEN, "2")], promised="all"),
        on_account="visible",
    ),
    Scenario(
        name="half-failed-batch",
        shows="The second of three items is refused: the first stays done, the third is not run.",
        advice="Read the answer item by item; send again only what was not done.",
        source="R15",
        before=("open",),
        request=Request("conversation", [*batch(), text("Hello", "") | {"id": "3"}]),
        answer=Answer(
            400,
            [
                _PROFILE_SET,
                refusal(400, _ALREADY_OPEN, "2"),
                refusal(400, "Bad Request, previous request failed", "3"),
            ],
        ),
        on_account="visible",
    ),
    Scenario(
        name="reversed-batch",
        shows="The conversation request stands before the profile.",
        advice="Send the profile first; its body may be empty.",
        source="R16",
        request=Request("conversation", batch()[::-1]),
        answer=refused(400, "Bad Request, [0].type must be userprofile.SetUserProfile here", "2"),
        never=_MIGHT_OPEN,
    ),
    Scenario(
        name="batch-of-one",
        shows="The batch has a conversation request and no profile.",
        advice="Send the profile first; its body may be empty.",
        source="R16, R67",
        request=Request("conversation", batch()[1:]),
        answer=refused(400, "Bad Request, CONVERSATION takes two or three requests, not 1", "2"),
        never=_MIGHT_OPEN,
    ),
    Scenario(
        name="batch-of-four",
        shows="The batch has two texts.",
        advice="Open with one text at most; send the others afterwards.",
        source="R16",
        request=Request("conversation", [*batch(), text("Hello", ""), text("Hello", "")]),
        answer=refused(400, "Bad Request, CONVERSATION takes two or three requests, not 4"),
        never=_MIGHT_OPEN,
    ),
    Scenario(
        name="object-on-conversation",
        shows="CONVERSATION takes a batch, not one request.",
        advice="Send an array of profile and conversation request.",
        source="S2",
        request=Request("conversation", batch()[1]),
        answer=refused(400, "Bad Request, CONVERSATION takes an array of requests", None),
        never=_MIGHT_OPEN,
    ),
    Scenario(
        name="wrong-third-item",
        shows="The third item of the batch is none that may stand there.",
        advice=FIX,
        source="R16",
        request=Request(
            "conversation",
            [*batch(), request("cm.UpdateConversationField", {"conversationId": NOWHERE}, "3")],
        ),
        answer=refused(400, "Bad Request, [2].type must be ms.PublishEvent here", "3"),
        never=_MIGHT_OPEN,
    ),
    Scenario(
        name="wrong-ttr-name",
        shows="The urgency has a name that does not exist.",
        advice="Use NORMAL, URGENT or PRIORITIZED, or leave it out.",
        source="R18",
        request=Request("conversation", batch(ttrDefName="ASAP")),
        answer=refused(
            400,
            "Bad Request, [1].body.ttrDefName must be one of NORMAL, URGENT, PRIORITIZED, CUSTOM",
            "2",
        ),
        never=_MIGHT_OPEN,
    ),
    Scenario(
        name="wrong-channel-type",
        shows="The channel is named as the outside world knows it.",
        advice="Use MESSAGING, or leave it out.",
        source="R17",
        request=Request("conversation", batch(channelType="SMS")),
        answer=refused(400, "Bad Request, [1].body.channelType must be one of MESSAGING", "2"),
        never=_MIGHT_OPEN,
    ),
    Scenario(
        name="half-a-campaign",
        shows="A campaign is named without its engagement.",
        advice="Send campaignId and engagementId together, or neither.",
        source="R68",
        request=Request("conversation", batch(campaignInfo={"campaignId": "1"})),
        answer=refused(400, "Bad Request, [1].body.campaignInfo must have campaignId and engagementId", "2"),
        never=_MIGHT_OPEN,
    ),
)
