"""Builders for ``cm.UpdateConversationField``: closing, rating, urgency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectorkit import wire
from connectorkit.checks import check_integer, check_list, check_mapping, check_one_of, check_text, require
from connectorkit.envelope import Envelope, request

Metadata = Iterable[Mapping[str, Any]]
CONSUMER_FIELDS = (wire.STATE_FIELD, wire.STAGE_FIELD, wire.DIALOG_FIELD, wire.CSAT_FIELD, wire.TTR_FIELD)


def close_conversation(
    conversation_id: str,
    *,
    skip_survey: bool = False,
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``cm.UpdateConversationField`` that closes the conversation's main dialog, for good.

    A survey may follow in a dialog of its own; with ``skip_survey`` the whole conversation is closed
    (``Stage``) and none does.
    """
    name = wire.STAGE_FIELD if skip_survey else wire.STATE_FIELD
    field = {"field": name, "conversationState": wire.CLOSE}
    return _update(conversation_id, field, metadata, request_id)


def close_dialog(
    conversation_id: str,
    dialog_id: str,
    *,
    closed_cause: str = "Closed by consumer",
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``cm.UpdateConversationField`` that closes one dialog; after the main one a survey may follow."""
    check_text("dialog_id", dialog_id)
    check_text("closed_cause", closed_cause)
    dialog = {"dialogId": dialog_id, "state": wire.CLOSE, "closedCause": closed_cause}
    field = {"field": wire.DIALOG_FIELD, "type": "UPDATE", "dialog": dialog}
    return _update(conversation_id, field, metadata, request_id)


def rate_conversation(
    conversation_id: str,
    rate: int | None = None,
    *,
    resolved: bool | None = None,
    status: str = "FILLED",
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``cm.UpdateConversationField`` with the consumer's satisfaction (CSAT): ``rate`` 1 to 5.

    ``resolved`` says whether the matter was settled. Both may be left out only when ``status`` is
    ``SKIPPED`` or ``PARTIALLY_FILLED``.
    """
    check_one_of("status", status, wire.CSAT_STATUSES)
    field: dict[str, Any] = {"field": wire.CSAT_FIELD}
    if rate is not None or status == "FILLED":
        check_one_of("rate", rate, wire.CSAT_RATES)
        field["csatRate"] = rate
    if resolved is not None or status == "FILLED":
        require(
            isinstance(resolved, bool),
            "resolved",
            f"must be True or False, not {resolved!r}",
            'Say whether the matter was settled, or pass status="PARTIALLY_FILLED".',
        )
        field["csatResolutionConfirmation"] = resolved
    return _update(conversation_id, field | {"status": status}, metadata, request_id)


def set_ttr(
    conversation_id: str,
    ttr_type: str,
    seconds: int,
    *,
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``cm.UpdateConversationField`` that changes the urgency (time to respond), in seconds.

    >>> set_ttr("c-1", "URGENT", 60)["body"]["conversationField"]
    {'field': 'TTRField', 'ttrType': 'URGENT', 'value': 60}
    """
    check_one_of("ttr_type", ttr_type, wire.TTR_TYPES)
    check_integer("seconds", seconds)
    require(seconds >= 0, "seconds", f"is {seconds}, allowed are 0 and more", "Pass a time still to come.")
    field = {"field": wire.TTR_FIELD, "ttrType": ttr_type, "value": seconds}
    return _update(conversation_id, field, metadata, request_id)


def update_fields(
    conversation_id: str,
    fields: Iterable[Mapping[str, Any]],
    *,
    metadata: Metadata | None = None,
    request_id: str | int | None = None,
) -> Envelope:
    """``cm.UpdateConversationField`` with several fields at once, done in order, all or none.

    Each is a ``conversationField`` as the other builders make it.
    """
    check_list("fields", fields)
    entries = list(fields)
    require(bool(entries), "fields", "is empty", "Pass at least one field.")
    for position, entry in enumerate(entries):
        check_mapping(f"fields[{position}]", entry, 'set_ttr(...)["body"]["conversationField"] and the like')
        check_one_of(f"fields[{position}].field", entry.get("field"), CONSUMER_FIELDS)
    return _update(conversation_id, [dict(entry) for entry in entries], metadata, request_id)


def _update(
    conversation_id: str,
    field: dict[str, Any] | list[dict[str, Any]],
    metadata: Metadata | None,
    request_id: str | int | None,
) -> Envelope:
    check_text("conversation_id", conversation_id)
    body = {"conversationId": conversation_id, "conversationField": field}
    return request(wire.UPDATE_FIELD, body, metadata=metadata, request_id=request_id)
