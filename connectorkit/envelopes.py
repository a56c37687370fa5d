"""Pure builders for requests: they check names and values, explain a mistake, and return a plain dict.

Nothing is sent here, and nothing stops a tester from breaking the dict afterwards. Every builder takes
``request_id=`` (1–64 characters, by default a new UUID), which the service echoes as ``reqId``.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from connectorkit import wire
from connectorkit.checks import (
    check_list,
    check_mapping,
    check_one_of,
    check_request_size,
    check_text,
    require,
    texts,
)

Envelope = dict[str, Any]


def new_request_id() -> str:
    """A fresh UUID as text."""
    return str(uuid.uuid4())


def request(type_: str, body: Mapping[str, Any], *, request_id: str | int | None = None) -> Envelope:
    """The envelope every request shares: ``kind``, ``id``, ``type``, ``body``.

    >>> request("userprofile.SetUserProfile", {}, request_id="1")
    {'kind': 'req', 'id': '1', 'type': 'userprofile.SetUserProfile', 'body': {}}
    """
    if request_id is None:
        request_id = new_request_id()
    elif isinstance(request_id, str):
        check_text("request_id", request_id, longest=wire.MAX_ID_CHARACTERS)
    else:
        require(
            isinstance(request_id, int) and not isinstance(request_id, bool),
            "request_id",
            f"must be a text or an integer, not {request_id!r}",
            'Leave it out for a fresh UUID, or pass something like "7".',
        )
    return {"kind": wire.REQUEST, "id": request_id, "type": type_, "body": dict(body)}


def set_profile(
    *,
    first_name: str | None = None,
    last_name: str | None = None,
    avatar_url: str | None = None,
    description: str | None = None,
    role: str | None = None,
    email: str | None = None,
    mobile: str | None = None,
    sdes: Iterable[Mapping[str, Any]] = (),
    request_id: str | int | None = None,
) -> Envelope:
    """``userprofile.SetUserProfile``: who the consumer is, on CONVERSATION or SEND.

    ``sdes`` are engagement attributes from ``sdes.customer_info`` and ``sdes.personal_info``; without
    any, the agent sees no consumer details. Setting a profile again replaces member by member.

    >>> set_profile(first_name="Ana", request_id="1")["body"]
    {'firstName': 'Ana'}
    """
    body = texts(
        ("firstName", "first_name", first_name),
        ("lastName", "last_name", last_name),
        ("avatarUrl", "avatar_url", avatar_url),
        ("description", "description", description),
        ("role", "role", role),
    )
    private = texts(("mobileNum", "mobile", mobile), ("mail", "email", email))
    check_list("sdes", sdes)
    for position, entry in enumerate(sdes := list(sdes)):
        check_mapping(f"sdes[{position}]", entry, "sdes.customer_info(...) or sdes.personal_info(...)")
    entries = [dict(entry) for entry in sdes]
    for position, entry in enumerate(entries):
        check_one_of(f"sdes[{position}].type", entry.get("type"), ("ctmrinfo", "personal"))
    if private:
        body["privateData"] = private
    if entries:
        body["authenticatedData"] = {"lp_sdes": entries}
    return request(wire.SET_USER_PROFILE, body, request_id=request_id)


def campaign(campaign_id: str | int, engagement_id: str | int) -> dict[str, Any]:
    """``campaignInfo``: which campaign and engagement route the conversation; both are sent together."""
    for name, value in (("campaign_id", campaign_id), ("engagement_id", engagement_id)):
        _check_id(name, value)
    return {"campaignId": campaign_id, "engagementId": engagement_id}


def context(
    *,
    visitor_id: str | None = None,
    session_id: str | None = None,
    interaction_context_id: str | int | None = None,
    language: str | None = None,
    features: Iterable[str] | None = None,
) -> dict[str, Any]:
    """``conversationContext``: monitoring ids and the language (an IETF tag such as ``en-US``)."""
    if features is not None:
        check_list("features", features)
    if interaction_context_id is not None:
        _check_id("interaction_context_id", interaction_context_id)
    return {"type": wire.MONITORING_CONTEXT} | _present(
        **texts(
            ("visitorId", "visitor_id", visitor_id),
            ("sessionId", "session_id", session_id),
            ("lang", "language", language),
        ),
        interactionContextId=interaction_context_id,
        features=None if features is None else list(features),
    )


def request_conversation(
    brand_id: str,
    *,
    skill_id: str | int | None = None,
    ttr_name: str | None = None,
    campaign_info: Mapping[str, Any] | None = None,
    conversation_context: Mapping[str, Any] | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``cm.ConsumerRequestConversation``: open a conversation; the second item of a CONVERSATION batch.

    ``brand_id`` is the account id. ``skill_id`` ``"-1"`` means any skill. ``ttr_name`` is the urgency
    (``NORMAL``, ``URGENT``, ``PRIORITIZED``); the service takes ``PRIORITIZED`` where it is left out.

    >>> request_conversation("12345678", skill_id="-1", request_id="2")["body"]
    {'brandId': '12345678', 'channelType': 'MESSAGING', 'skillId': '-1'}
    """
    check_text("brand_id", brand_id)
    body: dict[str, Any] = {"brandId": brand_id, "channelType": wire.CHANNEL_TYPE}
    if ttr_name is not None:
        check_one_of("ttr_name", ttr_name, wire.TTR_NAMES)
        body["ttrDefName"] = ttr_name
    if skill_id is not None:
        _check_id("skill_id", skill_id)
        body["skillId"] = skill_id
    if campaign_info is not None:
        check_mapping("campaign_info", campaign_info, "envelopes.campaign(campaign_id, engagement_id)")
        for member in ("campaignId", "engagementId"):
            require(
                member in campaign_info,
                f"campaign_info.{member}",
                "is missing",
                "Build it with envelopes.campaign(campaign_id, engagement_id).",
            )
        body["campaignInfo"] = dict(campaign_info)
    if conversation_context is not None:
        check_mapping("conversation_context", conversation_context, "envelopes.context(...)")
        body["conversationContext"] = dict(conversation_context)
    return request(wire.REQUEST_CONVERSATION, body, request_id=request_id)


def publish_text(dialog_id: str, text: str, *, request_id: str | int | None = None) -> Envelope:
    """``ms.PublishEvent`` with a text. The whole request may have 5000 characters at most.

    >>> publish_text("d-1", "Good morning", request_id="7")["body"]["event"]["message"]
    'Good morning'
    """
    check_text("text", text)
    event = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": text}
    envelope = _publish(dialog_id, event, request_id)
    check_request_size("text", envelope)
    return envelope


def publish_chat_state(dialog_id: str, chat_state: str, *, request_id: str | int | None = None) -> Envelope:
    """``ms.PublishEvent`` with a chat state: ACTIVE, INACTIVE, GONE, COMPOSING (typing) or PAUSE.

    COMPOSING stays on at the agent's side until another state is sent; a text does not end it.
    """
    check_one_of("chat_state", chat_state, wire.CHAT_STATES)
    return _publish(dialog_id, {"type": wire.CHAT_STATE_EVENT, "chatState": chat_state}, request_id)


def close_conversation(conversation_id: str, *, request_id: str | int | None = None) -> Envelope:
    """``cm.UpdateConversationField`` that closes the conversation's main dialog, for good."""
    field = {"field": wire.STATE_FIELD, "conversationState": wire.CLOSE}
    return _update_field(conversation_id, field, request_id)


def rate_conversation(
    conversation_id: str,
    rate: int | None = None,
    *,
    resolved: bool | None = None,
    status: str = "FILLED",
    request_id: str | int | None = None,
) -> Envelope:
    """``cm.UpdateConversationField`` with the consumer's satisfaction (CSAT): ``rate`` 1 to 5.

    ``resolved`` says whether the matter was settled. Both may be left out only when ``status`` is
    ``SKIPPED`` or ``PARTIALLY_FILLED``.
    """
    check_one_of("status", status, wire.CSAT_STATUSES)
    if rate is not None or status == "FILLED":
        check_one_of("rate", rate, wire.CSAT_RATES)
    if resolved is not None or status == "FILLED":
        require(
            isinstance(resolved, bool),
            "resolved",
            f"must be True or False, not {resolved!r}",
            'Say whether the matter was settled, or pass status="PARTIALLY_FILLED".',
        )
    field = {"field": wire.CSAT_FIELD} | _present(csatRate=rate, csatResolutionConfirmation=resolved)
    return _update_field(conversation_id, field | {"status": status}, request_id)


def _publish(dialog_id: str, event: dict[str, Any], request_id: str | int | None) -> Envelope:
    check_text("dialog_id", dialog_id)
    return request(wire.PUBLISH_EVENT, {"dialogId": dialog_id, "event": event}, request_id=request_id)


def _update_field(conversation_id: str, field: dict[str, Any], request_id: str | int | None) -> Envelope:
    check_text("conversation_id", conversation_id)
    body = {"conversationId": conversation_id, "conversationField": field}
    return request(wire.UPDATE_FIELD, body, request_id=request_id)


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _check_id(name: str, value: str | int) -> None:
    if isinstance(value, str):
        check_text(name, value)
    else:
        require(
            isinstance(value, int) and not isinstance(value, bool),
            name,
            f"must be a text or an integer, not {value!r}",
            'Pass the id as the service shows it, e.g. "1234".',
        )
