"""Masked records: nothing of what people said or who they are, and all that a reader of a log needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

import connectorkit
from connectorkit import notices
from connectorkit.masking import masked, masked_notification
from connectorkit.records import Exchange, Notification

CONVERSATION = "6f1c0000-0000-4000-8000-000000000001"
STORED = (
    f"/v1/AUTH_async-images/12345678/{'0f' * 32}_uuid_00000000-0000-4000-8000-000000000001"
    "_14-11-2023_22-13-20-000.PNG"
)
JSON = [("Content-Type", "application/json")]


def exchange(body: Any = "", answer: Any = "", **more: Any) -> Exchange:
    texts = [part if isinstance(part, str) else json.dumps(part) for part in (body, answer)]
    given = {"operation": "send", "method": "POST", "url": "https://va.msg.example/p?v=3"} | more
    given = {"request_headers": JSON, "response_headers": JSON} | given
    return Exchange(request_body=texts[0], response_body=texts[1], **given)


def published(event: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"dialogId": CONVERSATION, "event": event}
    return {"kind": "req", "id": "7", "type": "ms.PublishEvent", "body": body} | more


BUTTON = {
    "type": "button",
    "title": "PERSONAL",
    "tooltip": "PERSONAL",
    "click": {
        "actions": [
            {"type": "publishText", "text": "PERSONAL"},
            {"type": "link", "uri": "https://PERSONAL.example", "name": "PERSONAL"},
            {"type": "navigate", "la": 48.137, "lo": 11.575},
        ],
        "metadata": [{"type": "ExternalId", "id": "card-1"}],
    },
}
PROFILE = {
    "firstName": "PERSONAL",
    "lastName": "PERSONAL",
    "userId": "PERSONAL",
    "avatarUrl": "https://PERSONAL.example/a.png",
    "description": "PERSONAL",
    "privateData": {
        "mobileNum": "PERSONAL",
        "mail": "PERSONAL",
        "pushNotificationData": {"token": "PERSONAL"},
    },
    "authenticatedData": {
        "lp_sdes": [
            {
                "type": "ctmrinfo",
                "info": {
                    "customerId": "PERSONAL",
                    "ctype": "PERSONAL",
                    "balance": 48137,
                    "userName": "PERSONAL",
                    "role": "PERSONAL",
                    "imei": "PERSONAL",
                    "registrationDate": {"day": 48137, "month": 48137, "year": 48137},
                },
            },
            {
                "type": "personal",
                "personal": {
                    "firstname": "PERSONAL",
                    "age": {"age": 48137},
                    "contacts": [
                        {"email": "PERSONAL", "phone": "PERSONAL", "address": {"country": "PERSONAL"}}
                    ],
                    "language": "PERSONAL",
                    "company": "PERSONAL",
                },
            },
        ]
    },
}
REQUESTS = {
    "text": published({"type": "ContentEvent", "contentType": "text/plain", "message": "PERSONAL"}),
    "file": published(
        {
            "type": "ContentEvent",
            "contentType": "hosted/file",
            "message": {
                "relativePath": STORED,
                "fileType": "PNG",
                "caption": "PERSONAL",
                "preview": "data:image/png;base64,PERSONAL",
            },
        }
    ),
    "file of another name": published(
        {"type": "ContentEvent", "message": {"relativePath": "/v1/AUTH_async-images/1/PERSONAL.png"}}
    ),
    "rich content": published(
        {
            "type": "RichContentEvent",
            "content": {"type": "vertical", "elements": [{"type": "text", "text": "PERSONAL"}, BUTTON]},
            "quickReplies": {"type": "quickReplies", "itemsPerRow": 8, "replies": [BUTTON]},
        }
    ),
    "metadata": published({"type": "x"}, metadata=[{"type": "ActionReason", "reason": "PERSONAL"}]),
    "profile": {"id": "1", "type": "userprofile.SetUserProfile", "body": PROFILE},
    "batch": [{"id": "1", "type": "userprofile.SetUserProfile", "body": PROFILE}],
    "unknown members": {"id": "1", "remark": "PERSONAL", "more": [{"PERSONAL !": "x", "n": 48137}]},
    "free text of a survey": {"id": "1", "body": {"conversationField": {"csatComment": "PERSONAL"}}},
    "prose of a request": {"id": "1", "msg": "PERSONAL", "details": "PERSONAL", "title": "PERSONAL"},
    "an id that is no id": {"id": "the PERSONAL one"},
    "consumer": {"ext_consumer_id": "PERSONAL"},
    "no JSON": "{PERSONAL: 'PERSONAL'}",
    "a bare text": '"PERSONAL"',
    "too deep": "[" * 100_000 + "PERSONAL",
}


@pytest.mark.parametrize("name", REQUESTS)
def test_nothing_personal_is_left_in_a_request(name: str) -> None:
    shown = repr(vars(masked(exchange(REQUESTS[name]))))

    assert "PERSONAL" not in shown
    assert "48137" not in shown
    assert "48.137" not in shown


@pytest.mark.parametrize("name", REQUESTS)
def test_nothing_personal_is_left_in_a_notification(name: str) -> None:
    body = json.dumps({"kind": "notification", "body": {"changes": [REQUESTS[name]]}})

    assert "PERSONAL" not in repr(vars(masked_notification(Notification(body, headers=JSON))))


@pytest.mark.parametrize("name", REQUESTS)
def test_masking_twice_changes_nothing(name: str) -> None:
    once = masked(exchange(REQUESTS[name], REQUESTS[name], consumer="anna", reason="Odd"))

    assert masked(once) == once


@pytest.mark.parametrize(
    "more",
    [
        {"consumer": "PERSONAL"},
        {"url": "https://va.msg.example/p?v=3&name=PERSONAL&PERSONAL=1"},
        {"url": "https://va.swift.example/v1/AUTH_async-images/1/PERSONAL.png?temp_url_expires=1"},
        {"reason": "Hello PERSONAL", "status_code": 200},
        {"error": "RemoteProtocolError: illegal header line: bytearray(b'PERSONAL')"},
        {"request_headers": [("Client-Properties", '{"type": "x", "ipAddress": "PERSONAL"}')]},
        {"request_headers": [("X-Own", "PERSONAL")]},
        {"response_headers": [("Content-Disposition", 'attachment; filename="PERSONAL.png"')]},
        {"tokens": {"ba7816bf": {"ext_consumer_id": "PERSONAL"}}},
    ],
    ids=lambda more: next(iter(more)),
)
def test_nothing_personal_is_left_elsewhere(more: dict[str, Any]) -> None:
    assert "PERSONAL" not in repr(vars(masked(exchange(**more))))


def test_an_answer_that_quotes_the_request_quotes_nothing_personal() -> None:
    refusal = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, PERSONAL is no text"}, "reqId": "7"}

    clean = masked(exchange(REQUESTS["text"], refusal))

    assert clean.response_json() == {
        "code": "BAD_REQUEST",
        "body": {"msg": "Bad Request, [masked ≤8] is no text"},
        "reqId": "7",
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "OK", "body": {"sequence": 4}, "reqId": "7"},
        [{"code": "OK", "body": {"conversationId": CONVERSATION}, "reqId": "2"}],
        {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, Conversation is close"}, "reqId": "1"},
        {
            "kind": "resp",
            "code": 401,
            "type": ".ReqBody$ErrorResp",
            "body": {"title": "AppJWT is missing", "details": "X is not present", "errorCode": 40105},
        },
        {"body": {"relativePath": STORED, "queryParams": {"temp_url_sig": "[secret:12345678]"}}},
        {"baseURIs": [{"service": "idp", "account": "le1", "baseURI": "va.idp.example"}]},
        {"access_token": "[jwt:12345678]", "token_type": "Bearer"},
        {"error": "invalid_client", "error_description": "The secret is wrong"},
    ],
    ids=lambda answer: json.dumps(answer)[:30],
)
def test_what_the_service_answers_stays_readable(answer: Any) -> None:
    assert masked(exchange(answer=answer)).response_json() == answer


def test_ids_times_and_types_of_a_request_stay() -> None:
    clean = masked(exchange(REQUESTS["text"], total_ms=4.0, label="checkout bug", consumer="anna"))

    assert clean.request_json() == published(
        {"type": "ContentEvent", "contentType": "text/plain", "message": "[masked ≤8]"}
    )
    assert (clean.url, clean.total_ms, clean.label) == ("https://va.msg.example/p?v=3", 4.0, "checkout bug")


@pytest.mark.parametrize(("characters", "shown"), [(1, 8), (8, 8), (9, 16), (32, 32), (33, 64), (5000, 8192)])
def test_a_masked_text_tells_its_class_of_length_only(characters: int, shown: int) -> None:
    clean = masked(exchange({"message": "x" * characters}))

    assert clean.request_json() == {"message": f"[masked ≤{shown}]"}


def test_consumers_can_still_be_told_apart() -> None:
    first, again, other = (masked(exchange({"ext_consumer_id": n}, consumer=n)) for n in ("ana", "ana", "bo"))

    assert first.consumer == again.consumer != other.consumer
    assert first.request_json() == {"ext_consumer_id": first.consumer}


def test_a_form_keeps_what_is_known() -> None:
    form = "client_id=app-1&client_secret=[secret:12345678]&name=Ana%20Berg"
    headers = [("content-type", "application/x-www-form-urlencoded")]

    clean = masked(exchange(form, request_headers=headers))

    assert clean.request_body == "client_id=app-1&client_secret=[secret:12345678]&[masked ≤8]=[masked ≤8]"


def test_types_are_kept_where_values_are_not() -> None:
    body = {"a": "x", "b": 3, "c": 2.5, "d": True, "e": None, "f": [], "g": ""}

    assert masked(exchange(body)).request_json() == body | {"a": "[masked ≤8]", "b": 0, "c": 0.0}


def test_bytes_of_a_picture_stay_a_count() -> None:
    placeholder = "<20480 bytes of image/png>"

    assert masked(exchange(placeholder)).request_body == placeholder


def test_nothing_personal_is_left_of_a_journey_whose_outline_stays() -> None:
    with connectorkit.connect(log=":memory:") as kit:
        talk = kit.consumer("PERSONAL-consumer").open(first_name="PERSONAL", text="PERSONAL opening")
        talk.send("PERSONAL question")
        kit.sandbox.agent(talk).text("PERSONAL answer")
        talk.close()
        assert len(kit.log.notifications()) > 0  # waits for them
        sent, heard = list(kit.log), list(kit.log.read_notifications())

    clean = [masked(one) for one in sent], [masked_notification(one) for one in heard]

    assert "PERSONAL" in repr([vars(one) for one in (*sent, *heard)])
    assert "PERSONAL" not in repr([vars(one) for one in (*clean[0], *clean[1])])
    assert [outline(one) for one in clean[0]] == [outline(one) for one in sent]
    assert [one.conversation_id for one in clean[1]] == [one.conversation_id for one in heard]
    assert [read(one) for one in clean[1]] == [read(one) for one in heard]


def outline(one: Exchange) -> Any:
    answer = one.response_json()
    return one.operation, one.status_code, one.total_ms, len(answer), one.tokens.keys()


def read(one: Notification) -> Any:
    (change,) = notices.read([one])
    return change.type, change.event_type, change.dialog_id, change.sequence, change.state, change.stage
