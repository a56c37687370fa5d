"""Changes of a good request, and what the protocol says of each: taken all the same, or refused, and how.

``bad(member)``: 400 that names it. A path leads to the member that is changed.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Literal

from connectorkit.explore.contents import CSAT, PERSON, SKIPPED

Verdict = Literal["taken", "bad", "bare", "exact", "door", "unread"]
GONE = object()  # the member is left out


@dataclass(frozen=True)
class Edit:
    """One change. ``says`` is the member named, or the exact text, or the number of the error object.

    ``unread``: 400 without a ``reqId``, as the id itself is at fault.
    """

    path: tuple[str | int, ...]
    value: Any
    verdict: Verdict
    says: Any = ""
    section: str = "8.3"

    def apply(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request with the change made."""
        changed: Any = copy.deepcopy(request)
        place = changed
        for step in self.path[:-1]:
            place = place[step]
        if self.value is GONE:
            place.pop(self.path[-1], None)
        else:
            place[self.path[-1]] = self.value
        made: dict[str, Any] = changed
        return made


def _path(text: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdecimal() else part for part in text.split("."))


def _edits(path: str, verdict: Verdict, says: Any, *values: Any, section: str = "8.3") -> list[Edit]:
    return [Edit(_path(path), value, verdict, says, section) for value in values]


def _bad(path: str, *values: Any, names: str = "", section: str = "8.3") -> list[Edit]:
    return _edits(path, "bad", names or path.rpartition(".")[2], *values, section=section)


def _taken(path: str, *values: Any, section: str = "12") -> list[Edit]:
    return _edits(path, "taken", "", *values, section=section)


ENVELOPE = [
    *_edits("id", "unread", "id", GONE, None, "", True, 1.5, [], {}, "x" * 65, section="7.2"),
    *_taken("id", "x" * 64, 5, 0, "1,", "ü 🚀", section="7.2"),
    *_taken("kind", GONE, section="R3"),
    *_bad("kind", "resp", "notification", "", 5, section="R3"),
    *_bad("type", "ms.Nothing", "cm.ConsumerRequestConversation", "InitConnection", GONE, 5, section="6.1"),
    *_bad("type", "ms.SubscribeMessagingEvents", "cqm.SubscribeExConversations", section="6.1"),
    *_bad("type", "ms.MessagingEventNotification", "ms.publishevent", section="6.1"),
    *_bad("body", GONE, [], "x"),
    *_bad("metadata", {}, "x", [1], [{"id": "x"}], [{"type": 5}], section="6.9"),
    *_taken("metadata", [], [{"type": "Unknown", "more": {"a": [1]}}], section="6.9"),
    *_taken("unknown", "x", {"a": 1}, section="R59"),
    *_taken("skillId", "5", section="12"),
    *_taken("body.unknown", [1], section="R59"),
]
_EVENT = "body.event"
_CARD = f"{_EVENT}.content.elements"
_ACTIONS = f"{_CARD}.1.click.actions"
_FIELD = "body.conversationField"
_OF_PERSON = "body.authenticatedData.lp_sdes.1.personal"
_OF_CUSTOMER = "body.authenticatedData.lp_sdes.0.info"

EDITS: dict[str, list[Edit]] = {
    "text": [
        *ENVELOPE,
        *_bad("body.dialogId", GONE, "", 5, None, [], section="6.2"),
        *_taken("body.conversationId", None, section="6.2"),
        *_bad("body.conversationId", 5, {}, section="6.2"),
        *_bad("body.event", GONE, "x", [], section="6.2"),
        *_bad(f"{_EVENT}.type", GONE, "Nothing", "RichContent", "contentevent", 5, section="6.2"),
        *_bad(f"{_EVENT}.contentType", GONE, "text/html", "HostedFile", 5, section="6.3"),
        *_bad(f"{_EVENT}.message", GONE, "", None, 5, {}, [], {"text": "x"}, section="6.3"),
        *_bad(f"{_EVENT}.quickReplies", "x", {"type": "quickReplies", "replies": "x"}, section="6.5"),
        *_taken(f"{_EVENT}.message", " ", "\n", "a" * 4000, '{"a": 1}', section="6.3"),
    ],
    "card": [
        *_bad(f"{_EVENT}.content", GONE, "x", [], section="6.5"),
        *_bad(f"{_EVENT}.content.type", "nothing", GONE, 5, section="6.5"),
        *_bad(_CARD, "x", ["x"], section="6.5"),
        *_taken(f"{_EVENT}.content.type", "horizontal", "carousel", section="6.5"),
        *_taken(f"{_EVENT}.content.tag", "card", section="6.5"),
        *_bad(f"{_CARD}.0.text", GONE, "x" * 5001, 5, section="6.5"),
        *_taken(f"{_CARD}.0.text", "x" * 5000, section="6.5"),
        *_bad(f"{_CARD}.0.tooltip", "x" * 257, 5, section="6.5"),
        *_taken(f"{_CARD}.0.tooltip", "x" * 256, section="6.5"),
        *_bad(f"{_CARD}.0.style.bold", "yes", section="6.5"),
        *_bad(f"{_CARD}.0.style.size", "huge", section="6.5"),
        *_taken(f"{_CARD}.0.style.border-color", "#000000", section="6.5"),
        *_bad(f"{_CARD}.0.rtl", "yes", section="6.5"),
        *_bad(f"{_CARD}.1.title", GONE, "x" * 129, section="6.5"),
        *_taken(f"{_CARD}.1.title", "x" * 128, section="6.5"),
        *_bad(f"{_CARD}.1.click", GONE, "x", section="6.5"),
        *_bad(_ACTIONS, [{"type": "publishText", "text": "a"}] * 5, names="actions", section="6.5"),
        *_taken(_ACTIONS, [{"type": "publishText", "text": "a"}] * 4, section="6.5"),
        *_taken(_ACTIONS, [{"type": "link", "uri": "https://a.example/"}], section="6.5"),
        *_taken(_ACTIONS, [{"type": "navigate", "lo": 1, "la": 2, "name": "x"}], section="6.5"),
        *_bad(_ACTIONS, [{"type": "nothing"}], names="type", section="6.5"),
        *_bad(_ACTIONS, [{"type": "publishText"}], names="text", section="6.5"),
        *_bad(_ACTIONS, [{"type": "publishText", "text": "x" * 5001}], names="text", section="6.5"),
        *_bad(_ACTIONS, [{"type": "link"}], names="uri", section="6.5"),
        *_bad(_ACTIONS, [{"type": "link", "uri": "https://" + "x" * 2041}], names="uri", section="6.5"),
        *_bad(_ACTIONS, [{"type": "navigate", "lo": 1}], names="la", section="6.5"),
        *_bad(f"{_CARD}.2.url", GONE, "http://a.example/a.png", section="6.5"),
        *_bad(f"{_CARD}.2.url", "https://" + "x" * 2041, section="6.5"),
        *_taken(f"{_CARD}.2.url", "https://" + "x" * 2040, section="6.5"),
        *_bad(f"{_CARD}.2.caption", "x" * 129, section="6.5"),
        *_taken(f"{_CARD}.2.caption", "x" * 128, section="6.5"),
        *_bad(f"{_CARD}.3.lo", GONE, "x", section="6.5"),
        *_bad(f"{_CARD}.3.la", GONE, True, section="6.5"),
        *_bad(f"{_CARD}.4.url", GONE, section="6.5"),
        *_bad(f"{_CARD}.4.title", "x" * 129, section="6.5"),
    ],
    "COMPOSING": [
        *_bad(f"{_EVENT}.chatState", GONE, "PAUSED", "composing", 5, None, section="6.6"),
        *_edits("pad", "bare", "", "x" * 5000, section="R21"),
    ],
    "READ": [
        *_bad(f"{_EVENT}.status", GONE, "VIEWED", "read", 5, section="6.7"),
        *_bad(f"{_EVENT}.sequenceList", GONE, [], "0", {}, [-1], ["0"], [1.5], [True], section="6.7"),
        *_edits("pad", "bare", "", "x" * 5000, section="R21"),
    ],
    "close": [
        *_bad("body.conversationId", GONE, "", 5, None, section="6.8"),
        *_bad(_FIELD, GONE, "x", 5, [], section="6.8"),
        *_bad(f"{_FIELD}.field", GONE, "Nothing", 5, section="6.8"),
        *_edits(f"{_FIELD}.field", "exact", "Bad Request, field not allowed", "Skill", section="R47"),
        *_edits(
            f"{_FIELD}.field", "exact", "Bad Request, field not allowed", "ParticipantsChange", section="R47"
        ),
        *_bad(f"{_FIELD}.conversationState", GONE, "OPEN", "close", 5, section="6.8"),
        *_taken("pad", "x" * 5000, section="R21"),
    ],
    "close the stage": _bad(f"{_FIELD}.conversationState", GONE, "OPEN", section="6.8"),
    "close the dialog": [
        *_bad(f"{_FIELD}.type", GONE, "NEW", section="6.8"),
        *_bad(f"{_FIELD}.dialog", GONE, "x", section="6.8"),
        *_bad(f"{_FIELD}.dialog.dialogId", GONE, 5, section="6.8"),
        *_bad(f"{_FIELD}.dialog.state", GONE, "OPEN", section="6.8"),
        *_bad(f"{_FIELD}.dialog.closedCause", 5, section="6.8"),
        *_taken(f"{_FIELD}.dialog.closedCause", GONE, section="6.8"),
    ],
    "rating": [
        *_bad(f"{_FIELD}.csatRate", 0, 6, "5", 4.5, True, GONE, None, section="6.8"),
        *_bad(f"{_FIELD}.csatResolutionConfirmation", "yes", 1, GONE, section="6.8"),
        *_bad(f"{_FIELD}.status", GONE, "DONE", "filled", section="6.8"),
        *_taken(f"{_FIELD}.csatRate", 1, 2, 3, 4, section="6.8"),
        *_taken(f"{_FIELD}.csatResolutionConfirmation", False, section="6.8"),
        *_taken(_FIELD, SKIPPED | {"csatRate": 2}, [CSAT], section="R45"),
        *_edits(
            _FIELD,
            "exact",
            "Bad Request, field not allowed",
            [CSAT, {"field": "Skill", "type": "UPDATE", "skill": "5"}],
            section="R46",
        ),
        *_bad(_FIELD, [CSAT, CSAT | {"csatRate": 9}], names="csatRate", section="R46"),
    ],
    "time to respond": [
        *_bad(f"{_FIELD}.ttrType", GONE, "FAST", "urgent", section="6.8"),
        *_bad(f"{_FIELD}.value", GONE, -1, "60", 1.5, True, section="6.8"),
        *_taken(f"{_FIELD}.value", 0, 86400, section="6.8"),
        *_taken(f"{_FIELD}.ttrType", "CUSTOM", "NORMAL", "PRIORITIZED", section="6.8"),
    ],
    "full profile": [
        *_bad("body.firstName", 5, [], section="5.3"),
        *_bad("body.avatarUrl", {}, section="5.3"),
        *_bad("body.privateData", "x", [], section="5.3"),
        *_bad("body.privateData.mail", 5, section="5.3"),
        *_bad("body.privateData.pushNotificationData", "x", section="5.3"),
        *_bad("body.privateData.pushNotificationData.token", 5, section="5.3"),
        *_bad("body.authenticatedData", [], "x", section="5.3"),
        *_bad("body.authenticatedData.lp_sdes", {}, "x", [1], section="5.3"),
        *_taken("body.authenticatedData.lp_sdes", [], [{"type": "cart", "more": 1}], section="R71"),
        *_taken("body.authenticatedData", {}, None, section="12"),
        *_taken(f"{_OF_PERSON}.gender", 0, 1, 2, "OTHER", section="R52"),
        *_bad(f"{_OF_PERSON}.gender", "X", section="11.6"),
        *_bad(f"{_OF_PERSON}.firstname", 5, section="11.6"),
        *_bad(f"{_OF_PERSON}.contacts", {}, section="11.6"),
        *_bad(f"{_OF_PERSON}.contacts.0.phoneType", "SATELLITE", section="11.6"),
        *_taken(f"{_OF_PERSON}.contacts.0.phone", "", section="12"),
        *_bad(f"{_OF_PERSON}.contacts.0.email", 5, section="11.6"),
        *_bad(f"{_OF_PERSON}.age.year", "1995", section="11.6"),
        *_bad(f"{_OF_CUSTOMER}.companySize", "5", 1.5, section="11.6"),
        *_bad(f"{_OF_CUSTOMER}.balance", "5", section="11.6"),
        *_bad(f"{_OF_CUSTOMER}.customerId", 5, section="11.6"),
        *_bad(f"{_OF_CUSTOMER}.lastPaymentDate", {"day": 1}, "x", section="11.6"),
        *_bad(f"{_OF_CUSTOMER}.loginStatus", "1", section="11.6"),
        *_taken("body.description", "x" * 6000, section="R21"),
    ],
    "picture": [
        *_bad(f"{_EVENT}.message", "x", GONE, [], section="6.4"),
        *_bad(f"{_EVENT}.message.relativePath", GONE, "", 5, "/v1/x", section="6.4"),
        *_bad(f"{_EVENT}.message.fileType", GONE, "png", "PDF", section="6.4"),
        *_bad(f"{_EVENT}.message.caption", 5, section="6.4"),
        *_bad(f"{_EVENT}.message.preview", "x", 5, section="6.4"),
        *_bad(f"{_EVENT}.message.preview", "data:image/png;base64," + "A" * 30720, section="R42"),
    ],
}
# Of item 1 of a batch, and of the whole batch.
REQUEST_EDITS = [
    *_edits("id", "unread", "id", GONE, None, "", True, "x" * 65, section="7.2"),
    *_taken("id", "x" * 64, 5, "1,", "1", section="7.2"),
    *_taken("kind", GONE, section="R3"),
    *_bad("kind", "resp", section="R3"),
    *_bad("type", "ms.PublishEvent", "userprofile.SetUserProfile", GONE, section="R16"),
    *_bad("body", GONE, "x", []),
    *_edits("body.brandId", "door", 40001, GONE, None, section="8.1"),
    *_edits(
        "body.brandId", "exact", "Bad Request, brandId does not match account", "99999999", section="R19"
    ),
    *_bad("body.brandId", 5, section="5.4"),
    *_bad("body.channelType", "SMS", 5, "messaging", section="R17"),
    *_taken("body.channelType", GONE, None, section="R17"),
    *_bad("body.ttrDefName", "SLOW", "normal", 5, section="R18"),
    *_taken("body.ttrDefName", "NORMAL", "URGENT", "PRIORITIZED", "CUSTOM", None, section="R18"),
    *_bad("body.skillId", True, [], 1.5, section="5.4"),
    *_taken("body.skillId", "12", 12, "", -1, "-1", section="5.4"),
    *_bad("body.campaignInfo", {"campaignId": 1}, {"engagementId": "1"}, "x", section="5.4"),
    *_taken("body.campaignInfo", {"campaignId": 1, "engagementId": "2"}, section="5.4"),
    *_bad("body.conversationContext", "x", [], section="5.4"),
    *_bad("body.conversationContext", {"visitorId": 5}, names="visitorId", section="5.4"),
    *_bad("body.conversationContext", {"features": "x"}, names="features", section="5.4"),
    *_taken(
        "body.conversationContext",
        {"type": "SharkContext", "visitorId": "", "interactionContextId": 2, "features": ["A"]},
        section="12",
    ),
    *_taken("unknown", 1, section="R59"),
]
PROFILE_EDITS = [
    *_edits("id", "unread", "id", GONE, False, section="7.2"),
    *_taken("id", 7, "2,", section="7.2"),
    *_bad("type", "cm.ConsumerRequestConversation", GONE, section="R16"),
    *_bad("body", GONE, [], section="5.3"),
    *_bad("body.firstName", 5, section="5.3"),
    *_taken("body.authenticatedData", {}, {"lp_sdes": [PERSON]}, section="12"),
]
EVENT_EDITS = [
    *_edits("id", "unread", "id", GONE, section="7.2"),
    *_bad("type", "cm.UpdateConversationField", "userprofile.SetUserProfile", section="R16"),
    *_bad("body.event", GONE, section="6.2"),
    *_bad("body.event.message", "", GONE, section="6.3"),
    *_taken("body.dialogId", GONE, "", section="5.2"),
]
