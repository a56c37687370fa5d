"""Requests and answers as they stand on the wire, written out once for the scenarios.

Nothing here comes from ``connectorkit.wire``: a name or a text that is wrong there must not be right here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectorkit.catalogue.model import Answer, Promised

NOWHERE = "00000000-0000-4000-8000-000000000000"
FIX = "Correct the request; sent again unchanged it is refused again."
RENEW = "Get a new AppJWT and send the request once more, once only; the kit does both."

_WORDS = {
    200: "OK",
    400: "BAD_REQUEST",
    404: "NOT_FOUND",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}


# --- Requests ----------------------------------------------------------------------------------------


def request(kind: str, body: Any, request_id: Any = "1") -> dict[str, Any]:
    """One request envelope."""
    return {"kind": "req", "id": request_id, "type": kind, "body": body}


def publish(event: Any, dialog: str = "{conversation}", **body: Any) -> dict[str, Any]:
    """An event for a dialog."""
    return request("ms.PublishEvent", {"dialogId": dialog, "event": event, **body})


def text(words: Any = "Hello", dialog: str = "{conversation}") -> dict[str, Any]:
    """A text for a dialog."""
    return publish({"type": "ContentEvent", "contentType": "text/plain", "message": words}, dialog)


def update(field: Any, conversation: str = "{conversation}") -> dict[str, Any]:
    """A change of a conversation."""
    return request("cm.UpdateConversationField", {"conversationId": conversation, "conversationField": field})


def batch(**changes: Any) -> list[Any]:
    """Profile and conversation request; a member changed to ``None`` is left out."""
    body = {"brandId": "{account}", "channelType": "MESSAGING"} | changes
    body = {name: value for name, value in body.items() if value is not None}
    profile = request("userprofile.SetUserProfile", {})
    return [profile, request("cm.ConsumerRequestConversation", body, "2")]


# --- Answers -----------------------------------------------------------------------------------------


def ok(body: Any, request_id: str | None = "1") -> dict[str, Any]:
    """The answer to a request that was carried out."""
    return {"code": "OK", "body": body, "reqId": request_id}


def refusal(status: int, msg: str, request_id: str | None = "1") -> dict[str, Any]:
    """The answer to a request that was read and refused; without a ``reqId`` where none could be read."""
    echo = {} if request_id is None else {"reqId": request_id}
    return {"code": _WORDS[status], "body": {"msg": msg}, **echo}


def refused(
    status: int,
    msg: str,
    request_id: str | None = "1",
    *,
    documented: bool = False,
    headers: Mapping[str, str | None] | None = None,
) -> Answer:
    """A refusal in the response form; its text is the sandbox's own unless ``documented``."""
    promised: Promised = "all" if documented else "numbers"
    return Answer(status, refusal(status, msg, request_id), headers or {}, promised=promised)


def door(error_code: int, title: str, details: str, *, documented: bool = True) -> Answer:
    """A refusal at the door: the documented error object, whose number begins with the HTTP status.

    The identity service may have another one, so there it is not ``documented``.
    """
    status = error_code // 100
    body = {"title": title, "details": details, "errorCode": error_code}
    return Answer(
        status,
        {"kind": "resp", "code": status, "type": ".ReqBody$ErrorResp", "body": body},
        promised="all" if documented else "status",
    )


def oauth(status: int, error: str, description: str, **headers: str | None) -> Answer:
    """A refusal of the AppJWT call, as RFC 6749 has it."""
    expected = {"Content-Type": "application/json;charset=UTF-8", "Cache-Control": "no-store"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(
        status,
        {"error": error, "error_description": description},
        expected | {"Pragma": "no-cache"} | named,
        promised="numbers",
    )


def plain(status: int, message: str, headers: Mapping[str, str | None] | None = None) -> Answer:
    """A small JSON body, where no document gives one."""
    return Answer(status, {"error": message}, headers or {})
