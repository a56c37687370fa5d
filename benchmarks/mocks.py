"""CONVERSATION and SEND as mock servers know them: one set of schemas, as OpenAPI and as Mockoon's file.

Both check what a description can check: the two tokens are there, ``v`` is 3, and the body is of the
documented shape. No mock can know whether a token is genuine, or whose conversation it is.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

Json = dict[str, Any]

CONVERSATION_PATH = "/api/account/{accountId}/messaging/consumer/conversation"
SEND_PATH = f"{CONVERSATION_PATH}/send"
_TEXT: Json = {"type": "string", "minLength": 1}
_ID: Json = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 64}, {"type": "integer"}]}
CONVERSATION_ID = "3f0c2a52-4b7e-4a63-9d3e-0b8b6a1f2c4d"


def _object(required: list[str], **properties: Json) -> Json:
    return {"type": "object", "required": required, "properties": properties}


def _request(kind: str, body: Json) -> Json:
    return _object(
        ["id", "type", "body"],
        kind={"type": "string", "enum": ["req"]},
        id=_ID,
        type={"type": "string", "enum": [kind]},
        body=body,
    )


_PROFILE = _request(
    "userprofile.SetUserProfile",
    _object(
        [],
        firstName={"type": "string"},
        lastName={"type": "string"},
        authenticatedData=_object([], lp_sdes={"type": "array", "items": {"type": "object"}}),
    ),
)
_OPEN = _request(
    "cm.ConsumerRequestConversation",
    _object(
        ["brandId"],
        brandId=_TEXT,
        channelType={"type": "string", "enum": ["MESSAGING"]},
        ttrDefName={"type": "string", "enum": ["NORMAL", "URGENT", "PRIORITIZED", "CUSTOM"]},
        skillId={"anyOf": [{"type": "string"}, {"type": "integer"}]},
        conversationContext={"type": "object"},
    ),
)
_PUBLISH = _request(
    "ms.PublishEvent",
    _object(
        ["dialogId", "event"],
        dialogId=_TEXT,
        conversationId={"type": "string"},
        event=_object(
            ["type", "contentType", "message"],
            type={"type": "string", "enum": ["ContentEvent"]},
            contentType={"type": "string", "enum": ["text/plain"]},
            message=_TEXT,
        ),
    ),
)
_CLOSE = _request(
    "cm.UpdateConversationField",
    _object(
        ["conversationId", "conversationField"],
        conversationId=_TEXT,
        conversationField=_object(
            ["field", "conversationState"],
            field={"type": "string", "enum": ["ConversationStateField", "Stage"]},
            conversationState={"type": "string", "enum": ["CLOSE"]},
        ),
    ),
)
CONVERSATION_BODY: Json = {
    "type": "array",
    "minItems": 2,
    "maxItems": 3,
    "items": {"oneOf": [_PROFILE, _OPEN, _PUBLISH]},
}
SEND_BODY: Json = {"oneOf": [_PUBLISH, _CLOSE, _PROFILE]}
_ANSWERS: dict[str, Any] = {
    CONVERSATION_PATH: [
        {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "1"},
        {"code": "OK", "body": {"conversationId": CONVERSATION_ID}, "reqId": "2"},
    ],
    SEND_PATH: {"code": "OK", "body": {"sequence": 0}, "reqId": "1"},
}
_BODIES = {CONVERSATION_PATH: CONVERSATION_BODY, SEND_PATH: SEND_BODY}


def openapi() -> Json:
    """The two operations as OpenAPI 3.0, for Prism."""
    header = {"in": "header", "required": True, "schema": _TEXT}
    parameters = [
        {"name": "accountId", "in": "path", "required": True, "schema": _TEXT},
        {"name": "v", "in": "query", "required": True, "schema": {"type": "string", "enum": ["3"]}},
        # Authorization is a security scheme in OpenAPI, never a parameter.
        {"name": "X-LP-ON-BEHALF", **header},
    ]

    def operation(path: str) -> Json:
        answer = {"application/json": {"schema": {}, "example": _ANSWERS[path]}}
        return {
            "post": {
                "parameters": parameters,
                "security": [{"appJwt": []}],
                "requestBody": {"required": True, "content": {"application/json": {"schema": _BODIES[path]}}},
                "responses": {"200": {"description": "Done", "content": answer}},
            }
        }

    scheme = {"type": "apiKey", "in": "header", "name": "Authorization"}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Connector API: CONVERSATION and SEND", "version": "3"},
        "components": {"securitySchemes": {"appJwt": scheme}},
        "paths": {path: operation(path) for path in _BODIES},
    }


def mockoon() -> Json:
    """The same for Mockoon: an answer comes where each of its rules holds, else 400.

    Rules look at the members that matter. Mockoon can hold a body against a schema, too, but then compiles
    the schema anew with each request, which takes several times as long.
    """
    routes = [_route(path) for path in _RULES]
    return {
        "uuid": _uuid("environment"),
        "lastMigration": 33,
        "name": "Connector API",
        "endpointPrefix": "",
        "latency": 0,
        "port": 0,
        "hostname": "127.0.0.1",
        "folders": [],
        "routes": routes,
        "rootChildren": [{"type": "route", "uuid": route["uuid"]} for route in routes],
        "proxyMode": False,
        "proxyHost": "",
        "proxyRemovePrefix": False,
        "tlsOptions": {
            "enabled": False,
            "type": "CERT",
            **dict.fromkeys(("pfxPath", "certPath", "keyPath", "caPath", "passphrase"), ""),
        },
        "cors": False,
        "headers": [{"key": "Content-Type", "value": "application/json"}],
        "proxyReqHeaders": [],
        "proxyResHeaders": [],
        "data": [],
        "callbacks": [],
    }


_DOOR = (("header", "Authorization", "."), ("header", "X-LP-ON-BEHALF", "."), ("query", "v", "^3$"))
# What has to match: where, which member, and a regular expression; for each answer of a path.
_RULES: dict[str, list[tuple[tuple[str, str, str], ...]]] = {
    CONVERSATION_PATH: [
        (
            ("body", "0.id", "."),
            ("body", "0.type", "^userprofile.SetUserProfile$"),
            ("body", "1.id", "."),
            ("body", "1.type", "^cm.ConsumerRequestConversation$"),
            ("body", "1.body.brandId", "."),
        )
    ],
    SEND_PATH: [
        (
            ("body", "id", "."),
            ("body", "type", "^ms.PublishEvent$"),
            ("body", "body.dialogId", "."),
            ("body", "body.event.type", "^ContentEvent$"),
            ("body", "body.event.contentType", "^text/plain$"),
            ("body", "body.event.message", "."),
        ),
        (
            ("body", "id", "."),
            ("body", "type", "^cm.UpdateConversationField$"),
            ("body", "body.conversationId", "."),
            ("body", "body.conversationField.field", "."),
            ("body", "body.conversationField.conversationState", "^CLOSE$"),
        ),
    ],
}


def _route(path: str) -> Json:
    def rule(target: str, member: str, value: str) -> Json:
        return {"target": target, "modifier": member, "value": value, "invert": False, "operator": "regex"}

    answers = [
        _response(f"{path} {number}", 200, _ANSWERS[path], [rule(*one) for one in (*_DOOR, *rules)])
        for number, rules in enumerate(_RULES[path])
    ]
    refusal = _response(f"{path} refused", 400, {"code": "BAD_REQUEST", "body": {"msg": "Bad Request"}}, [])
    return {
        "uuid": _uuid(f"route {path}"),
        "type": "http",
        "documentation": "",
        "method": "post",
        "endpoint": path.replace("{accountId}", ":accountId").lstrip("/"),
        "responses": [*answers, refusal],
        "responseMode": None,
        "streamingMode": None,
        "streamingInterval": 0,
    }


def _response(name: str, status: int, body: Any, rules: list[Json]) -> Json:
    return {
        "uuid": _uuid(name),
        "body": json.dumps(body),
        "latency": 0,
        "statusCode": status,
        "label": "",
        "headers": [],
        "bodyType": "INLINE",
        "filePath": "",
        "databucketID": "",
        "sendFileAsBody": False,
        "rules": rules,
        "rulesOperator": "AND",
        "disableTemplating": True,
        "fallbackTo404": False,
        "default": not rules,
        "crudKey": "id",
        "callbacks": [],
    }


def _uuid(name: str) -> str:
    """Version 4 in form, as Mockoon wants it, and the same each time."""
    return str(uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_URL, name).bytes, version=4))
