"""Promises of section 6.9: metadata, beside the body of any request."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, Bench, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import profile, text, update

rows = Rows()
_WEBHOOK = "needs a webhook that the account can reach"
_TTR = {"field": "TTRField", "ttrType": "NORMAL", "value": 690}

# An entry of each documented type, with its members.
_DOCUMENTED: list[dict[str, Any]] = [
    {"type": "ExternalId", "id": "card-69"},
    {"type": "Answer", "questionId": "1", "id": "yes", "provider": "survey", "groupId": "g"},
    {"type": "ActionReason", "reason": "escalated_by_user", "reasonId": "7"},
    {
        "type": "BotResponse",
        "externalConversationId": "bot-1",
        "businessCases": ["RightNow_Categorization"],
        "intents": [{"id": "i", "name": "order", "confidenceScore": 0.75, "confidence": "HIGH"}],
    },
    {"type": "EscalationSummary", "text": "Angry"},
    {"type": "ConnectorPaymentResponse", "amount": {"value": 1.5}},
    {"type": "SocialMessagingEventData", "event": None},
]


@rows.promise(
    "P6.9-told",
    "The metadata of a request reappear unchanged in the notification of its event.",
    "6.9",
    {"changes[0].metadata": _DOCUMENTED},
    never=_WEBHOOK,
)
def _told(bench: Bench) -> Any:
    bench.subscribe("ms.MessagingEventNotification.ContentEvent")
    bench.did({**text(bench.open(), "With metadata"), "metadata": _DOCUMENTED})
    return {"changes[0].metadata": at(bench.told().change, "metadata")}


@rows.promise(
    "P6.9-beside",
    "Metadata stand beside the body: what is called so within the body is none.",
    "6.9",
    {"within the body": "none"},
    never=_WEBHOOK,
)
def _beside(bench: Bench) -> Any:
    bench.subscribe("ms.MessagingEventNotification.ContentEvent")
    bench.did(text(bench.open(), "Within", metadata=[{"type": "ExternalId", "id": "within"}]))
    told = at(bench.told().change, "metadata")
    return {"within the body": "none" if told in (ABSENT, None) else told}


@rows.promise(
    "P6.9-any",
    "Metadata may come with any request.",
    "6.9",
    {"a profile": "taken", "an update": "taken"},
    on_account="visible",
)
def _any(bench: Bench) -> Any:
    asked = {"a profile": profile(request_id="any-69"), "an update": update(bench.open(), _TTR)}
    return {what: bench.send({**one, "metadata": _DOCUMENTED[:1]}).taken for what, one in asked.items()}


@rows.promise(
    "P6.9-typed",
    "Metadata are an array of objects, each with a type.",
    "6.9",
    {"an object": "refused", "a text within": "refused", "no type": "refused"},
    on_account="harmless",
)
def _typed(bench: Bench) -> Any:
    given: dict[str, Any] = {
        "an object": {"type": "ExternalId", "id": "card-69"},
        "a text within": ["ExternalId"],
        "no type": [{"id": "card-69"}],
    }
    return {what: bench.send({**profile(), "metadata": one}).taken for what, one in given.items()}


@rows.promise(
    "R6.9-unknown",
    "Types of metadata that nobody knows go through unchanged.",
    "6.9, R59",
    {"changes[0].metadata": [{"type": "OfTomorrow", "id": 69, "more": [{"deep": None}]}]},
    never=_WEBHOOK,
)
def _unknown(bench: Bench) -> Any:
    bench.subscribe("ms.MessagingEventNotification.ContentEvent")
    unknown = [{"type": "OfTomorrow", "id": 69, "more": [{"deep": None}]}]
    bench.did({**text(bench.open()), "metadata": unknown})
    return {"changes[0].metadata": at(bench.told().change, "metadata")}


PROMISES = rows.all
