"""Refusals that know their own wire form: status and JSON body."""

from __future__ import annotations

from typing import Any

from connectorkit import wire


class Refusal(Exception):
    """The request is refused; ``status`` and ``body`` are what goes over the wire."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers or {}


class RequestRefused(Refusal):
    """A request that was read but refused: the response form, with the request's id once it is known."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(status, {"code": code or wire.CODES[status], "body": {"msg": message}})

    def with_id(self, request_id: str | None) -> RequestRefused:
        """The same refusal, correlated to its request."""
        if request_id is not None:
            self.body["reqId"] = request_id
        return self


def door(error_code: int) -> Refusal:
    """A refusal at the door: tokens or brand, as the documented error object."""
    row = wire.DOOR_ERRORS[error_code]
    body = {"title": row["title"], "details": row["details"], "errorCode": error_code}
    return Refusal(
        row["status"],
        {"kind": wire.RESPONSE, "code": row["status"], "type": wire.ERROR_RESPONSE, "body": body},
    )


def missing_parameter(details: str) -> Refusal:
    """40001 in the words of the identity service, which names another parameter than the brand."""
    refusal = door(wire.MISSING_PARAMETER)
    refusal.body["body"]["details"] = details
    return refusal


def bad(what: str = "") -> RequestRefused:
    """400 that names the member at fault; bare without one."""
    return RequestRefused(400, f"Bad Request, {what}" if what else "Bad Request")


def closed() -> RequestRefused:
    """400 for anything sent into a closed conversation."""
    return RequestRefused(400, wire.CLOSED_MESSAGE)


def not_found() -> RequestRefused:
    """404 for an unknown conversation or dialog."""
    return RequestRefused(404, "Conversation not found")


def oauth(status: int, error: str, description: str) -> Refusal:
    """A refusal of the token call (RFC 6749, section 5.2)."""
    return Refusal(
        status,
        {"error": error, "error_description": description},
        {
            "Content-Type": "application/json;charset=UTF-8",
            "Cache-Control": "no-store",
            "Pragma": "no-cache",
        },
    )


def plain(status: int, message: str, headers: dict[str, str] | None = None) -> Refusal:
    """A small JSON body where the API documents none."""
    return Refusal(status, {"error": message}, headers)
