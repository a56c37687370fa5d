"""What every request shares: the envelope, its id, and the metadata that may travel beside the body."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectorkit import wire
from connectorkit.checks import check_list, check_mapping, check_text, require

Envelope = dict[str, Any]


def new_request_id() -> str:
    """A fresh UUID as text."""
    return str(uuid.uuid4())


def request(
    type_: str,
    body: Mapping[str, Any],
    *,
    metadata: Iterable[Mapping[str, Any]] | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """The envelope every request shares: ``kind``, ``id``, ``type``, ``body``, and ``metadata`` if any.

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
    envelope = {"kind": wire.REQUEST, "id": request_id, "type": type_, "body": dict(body)}
    entries = [] if metadata is None else checked_metadata("metadata", metadata)
    return envelope | ({"metadata": entries} if entries else {})


def checked_metadata(field: str, metadata: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries as a list, each with a ``type``; documented types keep within their limits.

    Types that are not documented for connectors pass unchanged, as the service passes them on.
    """
    check_list(field, metadata)
    entries = []
    for position, entry in enumerate(metadata):
        name = f"{field}[{position}]"
        check_mapping(name, entry, 'hand, e.g. {"type": "ExternalId", "id": "card-1"}')
        check_text(f"{name}.type", entry.get("type"))
        _CHECKS.get(entry["type"], _pass)(name, entry)
        entries.append(dict(entry))
    return entries


def _pass(name: str, entry: Mapping[str, Any]) -> None:
    """Channel or bot specific: nothing is known of it."""


def _check_external_id(name: str, entry: Mapping[str, Any]) -> None:
    check_text(f"{name}.id", entry.get("id"), longest=wire.MAX_METADATA_ID)


def _check_answer(name: str, entry: Mapping[str, Any]) -> None:
    for member in ("questionId", "id", "provider"):
        require(
            entry.get(member) is not None,
            f"{name}.{member}",
            "is missing",
            "Copy the whole metadata of the element that was clicked.",
        )


def _check_action_reason(name: str, entry: Mapping[str, Any]) -> None:
    _check_optional(name, entry, "reason", "reasonId")


def _check_bot_response(name: str, entry: Mapping[str, Any]) -> None:
    _check_optional(name, entry, "externalConversationId")
    cases, intents = entry.get("businessCases", ()), entry.get("intents", ())
    check_list(f"{name}.businessCases", cases)
    for position, case in enumerate(cases):
        check_text(f"{name}.businessCases[{position}]", case, longest=wire.MAX_BUSINESS_CASE)
    check_list(f"{name}.intents", intents)
    count = len(list(intents))
    require(
        count <= wire.MAX_INTENTS,
        f"{name}.intents",
        f"has {count} entries, allowed are {wire.MAX_INTENTS}",
        "Send the most likely ones.",
    )
    for position, intent in enumerate(intents):
        field = f"{name}.intents[{position}]"
        check_mapping(field, intent, 'hand, e.g. {"id": "order", "confidenceScore": 0.9}')
        score = intent.get("confidenceScore", 0)
        require(
            isinstance(score, int | float) and not isinstance(score, bool) and 0 <= score <= 1,
            f"{field}.confidenceScore",
            f"is {score!r}, allowed are numbers from 0 to 1",
            "Divide a percentage by 100.",
        )


def _check_optional(name: str, entry: Mapping[str, Any], *members: str) -> None:
    for member in members:
        if entry.get(member) is not None:
            check_text(f"{name}.{member}", entry[member], empty=True, longest=wire.MAX_METADATA_ID)


_CHECKS: dict[str, Callable[[str, Mapping[str, Any]], None]] = {
    "ExternalId": _check_external_id,
    "Answer": _check_answer,
    "ActionReason": _check_action_reason,
    "BotResponse": _check_bot_response,
}
