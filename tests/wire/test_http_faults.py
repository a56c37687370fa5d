"""Answers that a fault asks for: status, headers and text, literally as the documents give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from .conftest import ANNA, BERT, UNKNOWN_ID, Hook, Wire, sequence, text
from .hooks import only_texts, wait_for_text
from .shapes import PNG, granted, store, upload_request

TOO_MANY = "Too many requests, please try again later"
INVALID_APP_JWT = (
    '{"kind":"resp","code":401,"type":".ReqBody$ErrorResp","body":'
    '{"title":"Invalid AppJWT","details":"AppJWT has expired or is invalid","errorCode":40102}}'
)
FORM = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "none"}


def know(wire: Wire) -> None:
    """Have tokens and addresses, so that the call to be struck is the next one."""
    wire.consumer_token()
    wire.domain("asyncMessagingEnt")


def ask_token(wire: Wire) -> httpx.Response:
    return wire.ask_app_token({"v": "1.0"}, FORM)


# --- A status, in the form of the call ---------------------------------------------------------------

ON_SEND = [
    (400, "Bad Request", '{"code":"BAD_REQUEST","body":{"msg":"Bad Request"},"reqId":"7"}'),
    (401, "Unauthorized", INVALID_APP_JWT),
    (403, "Forbidden", '{"code":"FORBIDDEN","body":{"msg":"Forbidden"},"reqId":"7"}'),
    (404, "Not Found", '{"code":"NOT_FOUND","body":{"msg":"Conversation not found"},"reqId":"7"}'),
    (405, "Method Not Allowed", '{"error":"Method not allowed"}'),
    (
        415,
        "Unsupported Media Type",
        '{"code":"UNSUPPORTED_MEDIA_TYPE",'
        '"body":{"msg":"Content-Type must be application/json"},"reqId":"7"}',
    ),
    (
        429,
        "Too Many Requests",
        f'{{"code":"TOO_MANY_REQUESTS","body":{{"msg":"{TOO_MANY}"}},"reqId":"7"}}',
    ),
    (451, "Unavailable For Legal Reasons", '{"error":"Unavailable For Legal Reasons"}'),
    (
        500,
        "Internal Server Error",
        '{"code":"INTERNAL_SERVER_ERROR","body":{"msg":"Internal Server Error"},"reqId":"7"}',
    ),
    (502, "Bad Gateway", '{"code":"BAD_GATEWAY","body":{"msg":"Bad Gateway"},"reqId":"7"}'),
    (
        503,
        "Service Unavailable",
        '{"code":"SERVICE_UNAVAILABLE","body":{"msg":"Service Unavailable"},"reqId":"7"}',
    ),
    (504, "Gateway Timeout", '{"code":"GATEWAY_TIMEOUT","body":{"msg":"Gateway Timeout"},"reqId":"7"}'),
]


@pytest.mark.parametrize(("status", "reason", "body"), ON_SEND)
def test_send_is_answered_with_the_status(wire: Wire, status: int, reason: str, body: str) -> None:
    conversation_id = wire.open()
    wire.fault(status=status, on="send")

    answer = wire.send(text(conversation_id))

    assert (answer.status_code, answer.reason_phrase, answer.text) == (status, reason, body)
    assert answer.headers["content-type"] == "application/json"


def test_413_on_send_has_its_documented_text(wire: Wire) -> None:
    """Its reason phrase was renamed, so that it depends on the version of Python."""
    wire.fault(status=413, on="send")

    answer = wire.send(text(UNKNOWN_ID))

    assert answer.status_code == 413
    assert answer.text == '{"code":"PAYLOAD_TOO_LARGE","body":{"msg":"Payload too large"},"reqId":"7"}'


def test_a_status_without_a_name_is_answered_all_the_same(wire: Wire) -> None:
    wire.fault(status=599, on="send")

    answer = wire.send(text(UNKNOWN_ID))

    assert (answer.status_code, answer.reason_phrase) == (599, "")
    assert answer.json() == {"code": "STATUS_599", "body": {"msg": "Status 599"}, "reqId": "7"}


def test_a_batch_gets_one_object_with_its_first_id_and_nothing_of_it_was_run(wire: Wire) -> None:
    """R67."""
    wire.fault(status=503, on="conversation")

    answer = wire.converse(wire.batch())

    assert answer.status_code == 503
    assert answer.text == ('{"code":"SERVICE_UNAVAILABLE","body":{"msg":"Service Unavailable"},"reqId":"1"}')
    assert wire.state().json()["conversations"] == []
    assert wire.state().json()["profiles"] == {}


@pytest.mark.parametrize(
    ("body", "request_id"),
    [
        (b"{", None),
        (b"", None),
        ({"type": "ms.PublishEvent"}, None),
        ([], None),
        ({"id": 5}, "5"),
        ({"id": "1,"}, "1,"),
        ([{"id": ""}, {"id": "2"}], "2"),
    ],
)
def test_the_answer_has_an_id_where_one_can_be_read(wire: Wire, body: Any, request_id: str | None) -> None:
    wire.fault(status=500, on="send")

    answer = wire.send(body)

    expected: dict[str, Any] = {
        "code": "INTERNAL_SERVER_ERROR",
        "body": {"msg": "Internal Server Error"},
    }
    assert answer.json() == expected | ({"reqId": request_id} if request_id else {})


@pytest.mark.parametrize(
    ("status", "error", "description"),
    [
        (400, "invalid_grant", "Bad Request"),
        (401, "invalid_client", "Unauthorized"),
        (429, "temporarily_unavailable", TOO_MANY),
        (451, "access_denied", "Unavailable For Legal Reasons"),
        (500, "server_error", "Internal Server Error"),
        (503, "temporarily_unavailable", "Service Unavailable"),
    ],
)
def test_the_token_call_is_answered_as_oauth_has_it(
    wire: Wire, status: int, error: str, description: str
) -> None:
    wire.fault(status=status, on="app_jwt")

    answer = ask_token(wire)

    assert answer.status_code == status
    assert answer.text == f'{{"error":"{error}","error_description":"{description}"}}'
    headers = {name: answer.headers[name] for name in ("content-type", "cache-control", "pragma")}
    assert headers == {
        "content-type": "application/json;charset=UTF-8",
        "cache-control": "no-store",
        "pragma": "no-cache",
    }


def test_the_consumer_call_is_answered_with_error_objects_and_without_an_id(wire: Wire) -> None:
    wire.app_token()
    answers = []
    for status in (400, 401, 503):
        wire.fault(status=status, on="consumer_jws", times=1)
        answers.append(wire.ask_consumer_token({"id": "1", "ext_consumer_id": ANNA}))

    missing, invalid, failed = answers
    assert [answer.status_code for answer in answers] == [400, 401, 503]
    assert missing.text == (
        '{"kind":"resp","code":400,"type":".ReqBody$ErrorResp","body":'
        '{"title":"Missing parameter","details":"ext_consumer_id is missing","errorCode":40001}}'
    )
    assert invalid.text == INVALID_APP_JWT
    assert failed.text == '{"code":"SERVICE_UNAVAILABLE","body":{"msg":"Service Unavailable"}}'


@pytest.mark.parametrize("service", ["", "/idp"])
@pytest.mark.parametrize("ending", ["", ".json"])
def test_a_domain_lookup_is_struck_in_each_of_its_forms(wire: Wire, service: str, ending: str) -> None:
    wire.fault(status=503, on="domains")

    answer = wire.http.get(
        f"{wire.base_url}/api/account/{wire.account}/service{service}/baseURI{ending}?version=1.0"
    )

    assert (answer.status_code, answer.text) == (503, '{"error":"Service Unavailable"}')


@pytest.mark.parametrize(
    ("status", "media_type", "body"),
    [
        (401, "text/plain", "401 Unauthorized: Temp URL invalid"),
        (503, "application/json", '{"error":"Service Unavailable"}'),
    ],
)
@pytest.mark.parametrize(
    ("call", "method"), [("upload", "PUT"), ("download", "GET"), ("download_file", "GET")]
)
def test_the_storage_answers_so_that_any_page_may_read_it(
    wire: Wire, status: int, media_type: str, body: str, call: str, method: str
) -> None:
    url = granted(wire.send(upload_request(len(PNG), "PNG")))
    wire.fault(status=status, on=call)

    answer = store(wire, method, url, PNG if method == "PUT" else b"")

    assert (answer.status_code, answer.text) == (status, body)
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_administrators_calls_are_struck_too(wire: Wire) -> None:
    wire.installations("GET")
    wire.fault(status=500, on=["login", "installs"])

    answers = [wire.login(), wire.installations("GET")]

    assert [(answer.status_code, answer.text) for answer in answers] == [
        (500, '{"error":"Internal Server Error"}'),
        (500, '{"error":"Internal Server Error"}'),
    ]


@pytest.mark.parametrize(
    ("spec", "ask", "seconds"),
    [
        ({"status": 429}, lambda wire: wire.send(text(UNKNOWN_ID)), "1"),
        ({"status": 429}, lambda wire: wire.converse(wire.batch()), "1"),
        ({"status": 429}, ask_token, "5"),
        ({"status": 429, "retry_after": 7}, lambda wire: wire.send(text(UNKNOWN_ID)), "7"),
        ({"status": 429, "retry_after": 0}, ask_token, "0"),
        ({"status": 503, "retry_after": 120}, lambda wire: wire.send(text(UNKNOWN_ID)), "120"),
        ({"status": 503}, lambda wire: wire.send(text(UNKNOWN_ID)), None),
    ],
)
def test_retry_after(
    wire: Wire, spec: dict[str, int], ask: Callable[[Wire], httpx.Response], seconds: str | None
) -> None:
    know(wire)
    wire.fault(**spec)

    assert ask(wire).headers.get("retry-after") == seconds


# --- Errors of the door ------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["consumer_jws", "conversation", "send"])
@pytest.mark.parametrize(
    ("error_code", "status", "title", "details"),
    [
        (40001, 400, "Missing parameter", "Brand Id is missing"),
        (40102, 401, "Invalid AppJWT", "AppJWT has expired or is invalid"),
        (40103, 401, "Invalid ConsumerJWS", "ConsumerJWS is invalid"),
        (40104, 401, "ConsumerJWS is missing", "X_ON_BEHALF_HEADER is not present"),
        (40105, 401, "AppJWT is missing", "AUTHORIZATION header is not present"),
    ],
)
def test_an_error_code_comes_as_the_error_object(
    wire: Wire, call: str, error_code: int, status: int, title: str, details: str
) -> None:
    wire.consumer_token()
    wire.fault(error_code=error_code)

    answer = {
        "consumer_jws": lambda: wire.ask_consumer_token({"ext_consumer_id": BERT}),
        "conversation": lambda: wire.converse(wire.batch()),
        "send": lambda: wire.send(text(UNKNOWN_ID)),
    }[call]()

    assert answer.status_code == status
    assert answer.json() == {
        "kind": "resp",
        "code": status,
        "type": ".ReqBody$ErrorResp",
        "body": {"title": title, "details": details, "errorCode": error_code},
    }


# --- Carried out or not ------------------------------------------------------------------------------


def test_a_refused_text_never_was_said(wire: Wire) -> None:
    conversation_id = wire.open()
    wire.fault(status=503, on="send", times=1)

    wire.send(text(conversation_id))

    assert sequence(wire.send(text(conversation_id))) == 0


def test_a_text_that_was_carried_out_behind_the_error_arrives(wire: Wire, hook: Hook) -> None:
    wire.install(only_texts(hook))
    conversation_id = wire.open()
    wire.fault(status=504, on="send", done=True, times=1)

    answer = wire.send(text(conversation_id, "Hello"))

    assert answer.text == '{"code":"GATEWAY_TIMEOUT","body":{"msg":"Gateway Timeout"},"reqId":"7"}'
    wait_for_text(hook, "Hello")
    assert sequence(wire.send(text(conversation_id))) == 2


def test_a_conversation_that_was_opened_behind_the_error_is_open(wire: Wire) -> None:
    wire.fault(status=500, on="conversation", done=True, times=1)

    first, second = wire.converse(wire.batch()), wire.converse(wire.batch())

    assert first.json()["reqId"] == "1"
    assert second.json()[1]["body"]["msg"].endswith("already has open conversation. Can't open another one.")
