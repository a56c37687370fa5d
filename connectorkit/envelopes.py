"""Pure builders for requests: they check names and values, explain a mistake, and return a plain dict.

Nothing is sent here, and nothing stops a tester from breaking the dict afterwards. Every builder takes
``request_id=`` (1–64 characters, by default a new UUID), which the service echoes as ``reqId``, and
``metadata=``, which reappears in the notification. Builders of one request type live in a module of
their own and are all found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectorkit import wire
from connectorkit.checks import (
    check_integer,
    check_list,
    check_mapping,
    check_one_of,
    check_text,
    require,
    texts,
)
from connectorkit.envelope import Envelope, new_request_id, request
from connectorkit.properties import client_properties
from connectorkit.publishing import (
    check_path,
    publish_chat_state,
    publish_file,
    publish_receipt,
    publish_rich,
    publish_text,
)
from connectorkit.updating import (
    close_conversation,
    close_dialog,
    rate_conversation,
    set_ttr,
    update_fields,
)

__all__ = [
    "Envelope",
    "campaign",
    "client_properties",
    "close_conversation",
    "close_dialog",
    "context",
    "new_request_id",
    "publish_chat_state",
    "publish_file",
    "publish_receipt",
    "publish_rich",
    "publish_text",
    "rate_conversation",
    "request",
    "request_conversation",
    "request_download_url",
    "request_upload_url",
    "set_profile",
    "set_ttr",
    "update_fields",
]


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
    metadata: Iterable[Mapping[str, Any]] | None = None,
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
    return request(wire.SET_USER_PROFILE, body, metadata=metadata, request_id=request_id)


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
    metadata: Iterable[Mapping[str, Any]] | None = None,
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
    return request(wire.REQUEST_CONVERSATION, body, metadata=metadata, request_id=request_id)


def request_upload_url(
    file_size: int,
    file_type: str,
    *,
    metadata: Iterable[Mapping[str, Any]] | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``ms.GenerateURLForUploadFile``: where to PUT a file of so many bytes, up to 3 145 728.

    The URL is good for 60 seconds.

    >>> request_upload_url(20480, "PNG")["body"]
    {'fileSize': '20480', 'fileType': 'PNG'}
    """
    check_integer("file_size", file_size)
    require(
        1 <= file_size <= wire.MAX_FILE_BYTES,
        "file_size",
        f"is {file_size}, allowed are 1 to {wire.MAX_FILE_BYTES} bytes",
        "Send a smaller file." if file_size > 0 else "Send a file that is not empty.",
    )
    check_one_of("file_type", file_type, wire.UPLOAD_TYPES)
    body = {"fileSize": str(file_size), "fileType": file_type}
    return request(wire.UPLOAD_URL, body, metadata=metadata, request_id=request_id)


def request_download_url(
    relative_path: str,
    *,
    metadata: Iterable[Mapping[str, Any]] | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``ms.GenerateURLForDownloadFile``: where to GET the file that a message names by this path."""
    check_path(relative_path)
    body = {"relativePath": relative_path}
    return request(wire.DOWNLOAD_URL, body, metadata=metadata, request_id=request_id)


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
