"""Request envelopes as the builder calls that make them: the way back from a dict to ``ck.envelopes``."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from connectorkit import envelopes, wire
from connectorkit.errors import EnvelopeError
from connectorkit.pairs import object_or_empty
from connectorkit.sharing.source import Call, source


class Written(NamedTuple):
    """Source of a payload. ``reason`` says why it is the raw one; it is empty for builder calls."""

    source: str
    reason: str = ""


def written(payload: Any, names: Mapping[str, str] | None = None, *, keep_ids: bool = True) -> Written:
    """What to pass to ``kit.send`` or ``kit.conversation`` for this decoded body.

    A builder call is used only where it makes exactly this body. Without ``keep_ids`` a request id that is
    a UUID is left to the builder, which makes a new one.
    """
    items = payload if isinstance(payload, list) else [payload]
    reasons, parts = [], []
    for position, item in enumerate(items):
        found = builder_call(item, keep_ids=keep_ids)
        if isinstance(found, str):
            reasons.append(f"[{position}]: {found}" if isinstance(payload, list) else found)
            found = item
        parts.append(found)
    return Written(source(parts if isinstance(payload, list) else parts[0], names), " ".join(reasons))


def builder_call(envelope: Any, *, keep_ids: bool = True) -> Call | str:
    """The call that makes this envelope, or in a sentence why none does."""
    if not isinstance(envelope, dict):
        return f"A request is a JSON object, not {type(envelope).__name__}."
    body = object_or_empty(envelope.get("body"))
    named = envelope.get("type")
    find = _BY_TYPE.get(named) if isinstance(named, str) else None
    if find is None:
        return f"There is no builder for the type {named!r}."
    event = object_or_empty(body.get("event"))
    try:
        call = find(body, event)
        if call is None:
            return "No builder makes such a body."
        common = {
            name: envelope.get(member) for name, member in (("metadata", "metadata"), ("request_id", "id"))
        }
        call = Call(call.function, call.arguments, {**call.keywords, **common})
        given = {name: value for name, value in call.keywords.items() if value is not None}
        built = getattr(envelopes, call.function)(*call.arguments, **given)
    except EnvelopeError as error:
        return f"The builder refuses it: {error}"
    except KeyError as error:
        return f"{error.args[0]} is missing, which its builder needs."
    except (TypeError, ValueError, AttributeError, RecursionError):
        return "Its members are not of the kinds that a builder makes."
    if (found := _difference(built, envelope)) is not None:
        return f"The builder would {found}."
    kept = {n: v for n, v in given.items() if n != "request_id" or keep_ids or not _is_uuid(v)}
    return Call(f"ck.envelopes.{call.function}", call.arguments, kept)


Finder = Callable[[dict[str, Any], dict[str, Any]], Call | None]


def _profile(body: dict[str, Any], event: dict[str, Any]) -> Call:
    private = object_or_empty(body.get("privateData"))
    members = {
        "first_name": body.get("firstName"),
        "last_name": body.get("lastName"),
        "avatar_url": body.get("avatarUrl"),
        "description": body.get("description"),
        "role": body.get("role"),
        "email": private.get("mail"),
        "mobile": private.get("mobileNum"),
        "sdes": object_or_empty(body.get("authenticatedData")).get("lp_sdes"),
    }
    return Call("set_profile", (), members)


def _conversation(body: dict[str, Any], event: dict[str, Any]) -> Call:
    members = {
        "skill_id": body.get("skillId"),
        "ttr_name": body.get("ttrDefName"),
        "campaign_info": body.get("campaignInfo"),
        "conversation_context": body.get("conversationContext"),
    }
    return Call("request_conversation", (body["brandId"],), members)


def _update(body: dict[str, Any], event: dict[str, Any]) -> Call | None:
    talk, field = body["conversationId"], body.get("conversationField")
    if isinstance(field, list):
        return Call("update_fields", (talk, field))
    if not isinstance(field, dict):
        return None
    match field.get("field"):
        case wire.STATE_FIELD:
            return Call("close_conversation", (talk,))
        case wire.STAGE_FIELD:
            return Call("close_conversation", (talk,), {"skip_survey": True})
        case wire.DIALOG_FIELD:
            dialog = object_or_empty(field["dialog"])
            cause = dialog.get("closedCause")
            default = cause == "Closed by consumer"
            return Call(
                "close_dialog", (talk, dialog["dialogId"]), {"closed_cause": None if default else cause}
            )
        case wire.CSAT_FIELD:
            rate, status = field.get("csatRate"), field.get("status")
            more = {
                "resolved": field.get("csatResolutionConfirmation"),
                "status": None if status == "FILLED" else status,
            }
            return Call("rate_conversation", (talk,) if rate is None else (talk, rate), more)
        case wire.TTR_FIELD:
            return Call("set_ttr", (talk, field["ttrType"], field["value"]))
    return None


def _publish(body: dict[str, Any], event: dict[str, Any]) -> Call | None:
    dialog, place = body["dialogId"], {"conversation_id": body.get("conversationId")}
    quick = {"quick_replies": event.get("quickReplies")}
    message = event.get("message")
    match event.get("type"):
        case wire.CONTENT_EVENT if isinstance(message, str):
            return Call("publish_text", (dialog, message), quick | place)
        case wire.CONTENT_EVENT if isinstance(message, dict):
            more = {"caption": message.get("caption"), "preview": message.get("preview")}
            return Call("publish_file", (dialog, message["relativePath"], message["fileType"]), more | place)
        case wire.RICH_CONTENT_EVENT:
            return Call("publish_rich", (dialog, event["content"]), quick | place)
        case wire.ACCEPT_STATUS_EVENT:
            return Call("publish_receipt", (dialog, event["status"], event["sequenceList"]), place)
        case wire.CHAT_STATE_EVENT:
            return Call("publish_chat_state", (dialog, event["chatState"]), place)
    return None


def _upload_url(body: dict[str, Any], event: dict[str, Any]) -> Call:
    return Call("request_upload_url", (int(body["fileSize"]), body["fileType"]))


def _download_url(body: dict[str, Any], event: dict[str, Any]) -> Call:
    return Call("request_download_url", (body["relativePath"],))


_BY_TYPE: dict[str, Finder] = {
    wire.SET_USER_PROFILE: _profile,
    wire.REQUEST_CONVERSATION: _conversation,
    wire.UPDATE_FIELD: _update,
    wire.PUBLISH_EVENT: _publish,
    wire.UPLOAD_URL: _upload_url,
    wire.DOWNLOAD_URL: _download_url,
}


def _difference(built: Any, wanted: Any, place: str = "") -> str | None:
    """What the builder does otherwise, at the first place; the order of members does not count in JSON."""
    if isinstance(built, dict) and isinstance(wanted, dict):
        for name in [*wanted, *built]:
            inner = f"{place}.{name}".lstrip(".")
            if name not in built:
                return f"leave out {inner}"
            if name not in wanted:
                return f"add {inner}"
            if (found := _difference(built[name], wanted[name], inner)) is not None:
                return found
        return None
    if isinstance(built, list) and isinstance(wanted, list) and len(built) == len(wanted):
        for position, pair in enumerate(zip(built, wanted, strict=True)):
            if (found := _difference(*pair, f"{place}[{position}]")) is not None:
                return found
        return None
    return None if built == wanted else f"make another {place or 'request'}"


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False
