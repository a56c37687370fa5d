"""The answers of faults: a status in the form of the call it strikes, and answers that are spoilt."""

from __future__ import annotations

import json
import random
import re
import uuid
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from connectorkit import wire
from connectorkit.sandbox import messaging, refusals
from connectorkit.sandbox.bodies import decode, refused
from connectorkit.sandbox.fault_specs import EMPTY, ERROR_CODE, MALFORMED, TRUNCATED, Spec
from connectorkit.sandbox.refusals import Refusal, RequestRefused
from connectorkit.sandbox.storage import CORS, shut

_TOO_MANY = "Too many requests, please try again later"
_MESSAGES = {
    400: "Bad Request",
    404: "Conversation not found",
    413: "Payload too large",
    415: f"Content-Type must be {wire.JSON_MEDIA_TYPE}",
    429: _TOO_MANY,
}
# Codes of RFC 6749. It has none for these statuses; those of its section 4.1.2.1 say what they mean.
_OAUTH_ERRORS = {
    400: "invalid_grant",
    401: "invalid_client",
    429: "temporarily_unavailable",
    451: "access_denied",
    503: "temporarily_unavailable",
}
_RETRY_AFTER_SECONDS, _RETRY_LOGIN_AFTER_SECONDS = 1, 5
_ALLOWED_METHOD = {"domains": "GET", "download_file": "GET", "upload_file": "PUT"}


def response(call: str, spec: Spec, body: bytes) -> Response:
    """A status, or an error of the door, in the form of this call; ``body`` is that of the request."""
    if spec.what == ERROR_CODE:
        return refused(refusals.door(spec.value))
    status, retry_after = spec.value, spec.retry_after
    if status == 429 and retry_after is None:
        retry_after = _RETRY_LOGIN_AFTER_SECONDS if call == "app_jwt" else _RETRY_AFTER_SECONDS
    stored = call in ("upload_file", "download_file")
    answer = shut() if stored and status == 401 else refused(_in_form(call, status, _request_id(call, body)))
    answer.headers.update(CORS if stored else {})
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    if status == 405:
        answer.headers["Allow"] = _ALLOWED_METHOD.get(call, "POST")
    return answer


def _request_id(call: str, body: bytes) -> str | None:
    """One id for the whole, as nothing of it was run (R67)."""
    if call not in ("conversation", "send"):
        return None
    try:
        return messaging.readable_id(decode(body))
    except Refusal:
        return None


def _in_form(call: str, status: int, request_id: str | None) -> Refusal:
    message = _MESSAGES.get(status) if call in ("conversation", "send") else None
    message = message or (_TOO_MANY if status == 429 else _phrase(status))
    if call == "app_jwt":
        # The documents say no more of its errors than that they follow OAuth 2.0.
        return refusals.oauth(status, _oauth_error(status), message)
    if call in ("consumer_jws", "conversation", "send"):
        if status == 401:
            return refusals.door(wire.INVALID_APP_JWT)
        if status == 400 and call == "consumer_jws":
            return refusals.missing_parameter("ext_consumer_id is missing")
        if status not in (405, 451):  # the router's own, and one that has no documented body
            return _response(status, message).with_id(request_id)
    return refusals.plain(status, "Method not allowed" if status == 405 else message)


def _response(status: int, message: str) -> RequestRefused:
    code = wire.CODES.get(status) or re.sub(r"[^A-Z0-9]+", "_", _phrase(status).upper())
    return RequestRefused(status, message, code)


def _oauth_error(status: int) -> str:
    return _OAUTH_ERRORS.get(status, "server_error" if status >= 500 else "invalid_request")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


# --- Answers that were good --------------------------------------------------------------------------


def spoilt(how: str, body: bytes, lot: random.Random) -> bytes:
    """The body of an answer as the fault leaves it."""
    if how == EMPTY:
        return b""
    if how == TRUNCATED:
        return body[: len(body) // 2]
    if how == MALFORMED:
        # As an answer put together by hand might be: one separator is not JSON's.
        return body.replace(b":", b"=", 1) if b":" in body else body + b"}"
    return _with_other_ids(body, lot)


def _with_other_ids(body: bytes, lot: random.Random) -> bytes:
    try:
        value = json.loads(body)
    except ValueError:
        return body
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, dict) and "reqId" in entry:
            entry["reqId"] = _uuid(lot)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _uuid(lot: random.Random) -> Any:
    return str(uuid.UUID(int=lot.getrandbits(128), version=4))
