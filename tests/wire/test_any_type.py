"""Every member of every request, with a value of every JSON type: never a 5xx, always JSON."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Wire

PROFILE = {
    "firstName": "Anna",
    "role": "consumer",
    "privateData": {
        "mobileNum": "1",
        "mail": "a",
        "pushNotificationData": {"serviceName": "s", "token": "t"},
    },
    "authenticatedData": {
        "lp_sdes": [
            {
                "type": "ctmrinfo",
                "info": {
                    "customerId": "1",
                    "balance": 1.5,
                    "companySize": 2,
                    "lastPaymentDate": {"day": 1, "month": 2, "year": 2020},
                },
            },
            {
                "type": "personal",
                "personal": {
                    "firstname": "A",
                    "gender": "MALE",
                    "age": {"age": 1, "day": 1, "month": 1, "year": 2000},
                    "contacts": [{"email": "e", "phoneType": "HOME", "address": {"country": "DE"}}],
                },
            },
        ]
    },
}
OPENING = {
    "brandId": "12345678",
    "channelType": "MESSAGING",
    "ttrDefName": "NORMAL",
    "skillId": "-1",
    "campaignInfo": {"campaignId": "1", "engagementId": 2},
    "conversationContext": {"type": "SharkContext", "lang": "en-US", "features": ["RICH_CONTENT"]},
}
TEXT = {"dialogId": "d", "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "Hi"}}
STATE = {"dialogId": "d", "event": {"type": "ChatStateEvent", "chatState": "ACTIVE"}}
RATING = {
    "conversationId": "d",
    "conversationField": [
        {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"},
        {"field": "TTRField", "ttrType": "NORMAL", "value": 5},
        {"field": "DialogChange", "type": "UPDATE", "dialog": {"dialogId": "d", "state": "CLOSE"}},
    ],
}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "profile": ("userprofile.SetUserProfile", PROFILE),
    "text": ("ms.PublishEvent", TEXT),
    "chat state": ("ms.PublishEvent", STATE),
    "fields": ("cm.UpdateConversationField", RATING),
}
STRANGE = ("null", "true", "0", "-1", "1.5", "1e999", "9" * 400, '""', '"x"', "[]", "[[]]", "{}", '{"a":1}')


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a JSON value, itself included."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from places(child, (*path, key))


def changed(envelope: Any, path: tuple[Any, ...], text: str) -> bytes:
    """The envelope as JSON, with the value at one place replaced by this JSON text."""
    copied = copy.deepcopy(envelope)
    at = copied
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = "@here@"
    return json.dumps(copied).replace('"@here@"', text).encode()


@pytest.mark.parametrize("name", REQUESTS)
def test_send_never_fails_itself(wire: Wire, name: str) -> None:
    kind, template = REQUESTS[name]
    body = json.loads(json.dumps(template).replace('"d"', f'"{wire.open()}"'))
    envelope = {"kind": "req", "id": "1", "type": kind, "body": body, "metadata": [{"type": "ExternalId"}]}

    for path in list(places(envelope))[1:]:
        for text in STRANGE:
            answer = wire.send(changed(envelope, path, text))

            assert answer.status_code < 500, (path, text, answer.text)
            assert isinstance(answer.json(), dict)
    assert wire.state().status_code == 200


def test_conversation_never_fails_itself(wire: Wire) -> None:
    batch = [
        {"kind": "req", "id": "1", "type": "userprofile.SetUserProfile", "body": {}},
        {"kind": "req", "id": "2", "type": "cm.ConsumerRequestConversation", "body": OPENING},
    ]

    for path in list(places(batch))[1:]:
        for text in STRANGE:
            answer = wire.converse(changed(batch, path, text))

            assert answer.status_code < 500, (path, text, answer.text)
            assert answer.json() is not None
    assert wire.state().status_code == 200
