"""The documented answers, word for word. Reference: "Authorisation error object" and "Everything else"."""

from __future__ import annotations

import re
from typing import Any

from connectorkit.explore.expecting import Pattern

JSON_TYPES = ("application/json", "application/json;charset=utf-8")
OK_PROFILE = "OK User Profile set successfully"
OK_CLOSED = "OK Conversation resolved successfully"
OK_CSAT = "OK CSAT updated successfully"
OK_TTR = "OK TTR updated successfully"
CLOSED = "Bad Request, Conversation is close"
BEHIND = "Bad Request, previous request failed"
OTHER_BRAND = "Bad Request, brandId does not match account"
NOT_ALLOWED = "Bad Request, field not allowed"
NOT_FOUND = "Conversation not found"
ALREADY_OPEN = (
    "Consumer request conversation failed: User {} already has open conversation. Can't open another one."
)
# errorCode: status, title, details
_DOOR = {
    40001: (400, "Missing parameter", "Brand Id is missing"),
    40102: (401, "Invalid AppJWT", "AppJWT has expired or is invalid"),
    40103: (401, "Invalid ConsumerJWS", "ConsumerJWS is invalid"),
    40104: (401, "ConsumerJWS is missing", "X_ON_BEHALF_HEADER is not present"),
    40105: (401, "AppJWT is missing", "AUTHORIZATION header is not present"),
}
CODES = {
    400: "BAD_REQUEST",
    404: "NOT_FOUND",
    413: "PAYLOAD_TOO_LARGE",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}


def ok(request_id: Any, **body: Any) -> dict[str, Any]:
    """A success: three members, nothing else."""
    return {"code": "OK", "body": body, "reqId": request_id}


def door(error_code: int, details: str = "") -> tuple[int, dict[str, Any]]:
    """A refusal at the door: status and the whole error object."""
    status, title, said = _DOOR[error_code]
    body = {"title": title, "details": details or said, "errorCode": error_code}
    return status, {"kind": "resp", "code": status, "type": ".ReqBody$ErrorResp", "body": body}


def refused(status: int, message: Any, request_id: Any) -> tuple[int, dict[str, Any]]:
    """A request that was read but refused; ``request_id`` of ``None`` means there is none to be read."""
    body: dict[str, Any] = {"code": CODES[status], "body": {"msg": message}}
    return status, body if request_id is None else body | {"reqId": request_id}


def bad(member: str, request_id: Any) -> tuple[int, dict[str, Any]]:
    """400 that begins ``Bad Request`` and names the member at fault."""
    regex = rf"Bad Request, .*{re.escape(member)}.*" if member else r"Bad Request.*"
    called = f"Bad Request, … {member} …" if member else "Bad Request …"
    return refused(400, Pattern(regex, called), request_id)
