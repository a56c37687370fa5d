"""The error objects, member for member, and which of two faults is told first (R10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import httpx
import pytest

from .conftest import (
    BERT,
    CLOSED_TEXT,
    JSON_MEDIA_TYPES,
    UNKNOWN_ID,
    Wire,
    chat_state,
    close,
    profile,
    refusal,
    sample,
    sequence,
    text,
    update,
)

CONVERSATION = "/messaging/consumer/conversation"
SEND = "/messaging/consumer/conversation/send"
MEBIBYTE = 1024 * 1024

Edit = Callable[[Any, Wire], Any]


def keep(body: Any, wire: Wire) -> Any:
    return body


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a call: the step that finds it, what it says, and how to make it."""

    name: str
    step: int
    verdict: str
    slot: str
    how: dict[str, Any] = field(default_factory=dict)
    edit: Edit = keep


def without_id(body: Any, wire: Wire) -> Any:
    return [without_id(item, wire) for item in body] if isinstance(body, list) else _without(body, "id")


def without_brand(body: Any, wire: Wire) -> Any:
    return [body[0], {**body[1], "body": _without(body[1]["body"], "brandId")}]


def with_open_conversation(body: Any, wire: Wire) -> Any:
    wire.open()
    return body


def with_unknown_type(body: Any, wire: Wire) -> Any:
    changed = {**(body[1] if isinstance(body, list) else body), "type": "ms.Whisper"}
    return [body[0], changed] if isinstance(body, list) else changed


def in_dialog(find: Callable[[Wire], str]) -> Edit:
    def edit(body: Any, wire: Wire) -> Any:
        return {**body, "body": {**body["body"], "dialogId": find(wire)}}

    return edit


def _without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != name}


AT_THE_DOOR = [
    Fault("path", 0, "404", "path", {"path": "/messaging/consumer/nowhere"}),
    Fault("method", 0, "405", "path", {"method": "PUT"}),
    Fault("no app token", 1, "40105", "authorization", {"Authorization": None}),
    Fault("empty app token", 1, "40105", "authorization", {"Authorization": ""}),
    Fault("bad app token", 2, "40102", "authorization", {"Authorization": "not.a.token"}),
    Fault("no consumer token", 4, "40104", "on behalf", {"X-LP-ON-BEHALF": None}),
    Fault("empty consumer token", 4, "40104", "on behalf", {"X-LP-ON-BEHALF": ""}),
    Fault("bad consumer token", 5, "40103", "on behalf", {"X-LP-ON-BEHALF": "not.a.token"}),
    Fault("size", 7, "413", "size"),
    Fault("content type", 8, "415", "content type", {"Content-Type": "text/plain"}),
    Fault("v", 9, "400", "query", {"query": "?v=2"}),
    Fault("json", 9, "400", "json"),
    Fault("id", 9, "400", "id", edit=without_id),
    Fault("type", 9, "400", "type", edit=with_unknown_type),
]
ON_SEND = [
    *AT_THE_DOOR,
    Fault("unknown dialog", 11, "no conversation", "dialog", edit=in_dialog(lambda wire: UNKNOWN_ID)),
    Fault("dialog of another", 12, "40103", "dialog", edit=in_dialog(lambda wire: wire.open(BERT))),
    Fault("closed dialog", 13, "closed", "dialog", edit=in_dialog(lambda wire: wire.open_and_close())),
]
ON_CONVERSATION = [
    *AT_THE_DOOR,
    Fault("no brand", 10, "40001", "brand", edit=without_brand),
    Fault("already open", 13, "already open", "open", edit=with_open_conversation),
]


def pairs(faults: list[Fault]) -> list[Any]:
    return [
        pytest.param(first, second, id=f"{first.name} before {second.name}")
        for first, second in combinations(faults, 2)
        if first.step < second.step
        and first.slot != second.slot
        and {first.slot, second.slot} != {"type", "brand"}
    ]


def call_with(wire: Wire, path: str, body: Any, *faults: Fault) -> httpx.Response:
    sent, how, headers = body, {"path": path, "query": "?v=3", "method": "POST"}, {}
    slots = {fault.slot for fault in faults}
    for fault in faults:
        sent = fault.edit(sent, wire)
        for name, value in fault.how.items():
            (how if name in how else headers)[name] = value
    if "json" in slots:
        sent = b'{"kind": "req", '
    if "size" in slots:
        sent = (
            sent if isinstance(sent, bytes) else httpx.Request("POST", "http://x", json=sent).content
        ).ljust(MEBIBYTE + 1)
    return wire.call(how.pop("path"), sent, headers=headers, **how)


def verdict(answer: httpx.Response) -> str:
    """What the server objected to, in the words of the tables above."""
    parsed = answer.json()
    if isinstance(parsed, dict) and "body" in parsed and "errorCode" in parsed["body"]:
        return str(parsed["body"]["errorCode"])
    if answer.status_code not in (400, 404):
        return str(answer.status_code)
    said = refusal(answer) if isinstance(parsed, list) or "body" in parsed else ""
    if said == "Conversation not found":
        return "no conversation"
    if said == CLOSED_TEXT:
        return "closed"
    return "already open" if "already has open conversation" in said else str(answer.status_code)


@pytest.mark.parametrize("fault", ON_SEND, ids=lambda fault: fault.name)
def test_a_single_fault_on_send_is_told(wire: Wire, fault: Fault) -> None:
    body = text(wire.open())
    if fault.slot == "dialog":
        wire.send(close(body["body"]["dialogId"]))

    answer = call_with(wire, SEND, body, fault)

    assert verdict(answer) == fault.verdict


@pytest.mark.parametrize("fault", ON_CONVERSATION, ids=lambda fault: fault.name)
def test_a_single_fault_on_conversation_is_told(wire: Wire, fault: Fault) -> None:
    answer = call_with(wire, CONVERSATION, wire.batch(), fault)

    assert verdict(answer) == fault.verdict


@pytest.mark.parametrize(("first", "second"), pairs(ON_SEND))
def test_of_two_faults_on_send_the_earlier_is_told(wire: Wire, first: Fault, second: Fault) -> None:
    answer = call_with(wire, SEND, text(UNKNOWN_ID), first, second)

    assert verdict(answer) == first.verdict


@pytest.mark.parametrize(("first", "second"), pairs(ON_CONVERSATION))
def test_of_two_faults_on_conversation_the_earlier_is_told(wire: Wire, first: Fault, second: Fault) -> None:
    answer = call_with(wire, CONVERSATION, wire.batch(), first, second)

    assert verdict(answer) == first.verdict


def test_a_closed_conversation_of_another_consumer_is_still_anothers(wire: Wire) -> None:
    answer = wire.send(text(wire.open_and_close(BERT)))

    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")


def test_a_wrong_shape_is_told_before_the_conversation_is_looked_for(wire: Wire) -> None:
    answer = wire.send(chat_state(UNKNOWN_ID, "DANCING"))

    assert answer.status_code == 400


# --- The error objects ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"Authorization": None}, "error_40105"),
        ({"Authorization": ""}, "error_40105"),
        ({"Authorization": "not.a.token"}, "error_40102"),
        ({"X-LP-ON-BEHALF": None}, "error_40104"),
        ({"X-LP-ON-BEHALF": ""}, "error_40104"),
        ({"X-LP-ON-BEHALF": "not.a.token"}, "error_40103"),
    ],
)
@pytest.mark.parametrize("path", [CONVERSATION, SEND])
def test_a_token_fault_is_one_error_object_on_either_call(
    wire: Wire, path: str, headers: dict[str, str | None], name: str
) -> None:
    body: Any = wire.batch() if path == CONVERSATION else profile({})

    answer = wire.call(path, body, headers=headers)

    assert answer.status_code == 401
    assert answer.reason_phrase == "Unauthorized"
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES
    assert answer.json() == sample(name)


def test_a_missing_brand_is_one_error_object_and_opens_nothing(wire: Wire) -> None:
    answer = wire.converse(without_brand(wire.batch(), wire))

    assert answer.status_code == 400
    assert answer.reason_phrase == "Bad Request"
    assert answer.json() == sample("error_40001")
    assert wire.converse(wire.batch()).status_code == 200


@pytest.mark.parametrize("request_for", [text, close, lambda dialog: chat_state(dialog, "ACTIVE")])
def test_every_request_on_a_conversation_of_another_consumer_is_refused(
    wire: Wire, request_for: Callable[[str], Any]
) -> None:
    """R11; and nothing was changed by it."""
    conversation_of_bert = wire.open(BERT)

    answer = wire.send(request_for(conversation_of_bert))

    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")
    assert sequence(wire.send(text(conversation_of_bert), consumer=BERT)) == 0


# --- Headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer ", "BEARER "])
def test_a_bearer_prefix_in_any_case_is_accepted(wire: Wire, prefix: str) -> None:
    """R27."""
    answer = wire.send(profile({}), headers={"Authorization": prefix + wire.app_token()})

    assert answer.status_code == 200


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
def test_header_names_may_be_spelt_in_any_case(wire: Wire, spell: Callable[[str], str]) -> None:
    tokens = {"Authorization": wire.app_token(), "X-LP-ON-BEHALF": wire.consumer_token()}
    spelt: dict[str, str | None] = {name: None for name in tokens}
    spelt |= {spell(name): value for name, value in tokens.items()}

    answer = wire.send(profile({}), headers=spelt)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"]
)
@pytest.mark.parametrize("path", [CONVERSATION, SEND])
def test_json_with_or_without_a_charset_is_accepted(wire: Wire, path: str, content_type: str) -> None:
    body: Any = wire.batch() if path == CONVERSATION else profile({})

    answer = wire.call(path, body, headers={"Content-Type": content_type})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "text/json", "application/x-www-form-urlencoded"]
)
@pytest.mark.parametrize("path", [CONVERSATION, SEND])
def test_another_media_type_is_415(wire: Wire, path: str, content_type: str | None) -> None:
    body: Any = wire.batch() if path == CONVERSATION else profile({})

    answer = wire.call(path, body, headers={"Content-Type": content_type})

    assert answer.status_code == 415
    assert answer.json()["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert answer.json()["body"] == {"msg": "Content-Type must be application/json"}


@pytest.mark.parametrize(
    "value", ["[object Object]", "{", "null", '{"type": "ClientProperties"}', '{"features": 5}']
)
def test_odd_client_properties_never_fail_a_call(wire: Wire, value: str) -> None:
    """R51."""
    opened = wire.converse(wire.batch(), headers={"Client-Properties": value})
    sent = wire.send(profile({}), headers={"Client-Properties": value})

    assert [opened.status_code, sent.status_code] == [200, 200]


# --- Path, method, size ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", [CONVERSATION, SEND, "/consumer"])
def test_another_method_is_405_and_names_post(wire: Wire, path: str, method: str) -> None:
    answer = wire.call(path, b"", method=method)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES


@pytest.mark.parametrize("tail", ["", f"/{UNKNOWN_ID}/send", f"/{UNKNOWN_ID}/close"])
def test_the_obsolete_paths_are_404(wire: Wire, tail: str) -> None:
    """R54."""
    answer = wire.http.post(f"{wire.base_url}/account/{wire.account}/conversation{tail}", json={})

    assert answer.status_code == 404
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES
    answer.json()


def test_a_body_of_one_mebibyte_is_read_and_one_byte_more_is_413(wire: Wire) -> None:
    """R22."""
    body = httpx.Request("POST", "http://x", json=wire.batch()).content

    over = wire.converse(body.ljust(MEBIBYTE + 1))
    exact = wire.converse(body.ljust(MEBIBYTE))

    assert over.status_code == 413
    assert over.json()["code"] == "PAYLOAD_TOO_LARGE"
    assert over.json()["body"] == {"msg": "Payload too large"}
    assert exact.status_code == 200


@pytest.mark.parametrize("query", ["", "?v=2", "?v=", "?v=3.0", "?v=three", "?V=3"])
@pytest.mark.parametrize("path", [CONVERSATION, SEND])
def test_another_version_is_400(wire: Wire, path: str, query: str) -> None:
    """R25."""
    body: Any = wire.batch() if path == CONVERSATION else profile({})

    answer = wire.call(path, body, query=query)

    assert answer.status_code == 400
    assert answer.json()["code"] == "BAD_REQUEST"
    assert answer.json()["body"]["msg"].startswith("Bad Request")


def test_an_update_of_an_unknown_conversation_is_404(wire: Wire) -> None:
    answer = wire.send(update(UNKNOWN_ID, {"field": "Stage", "conversationState": "CLOSE"}))

    assert answer.status_code == 404
    assert answer.reason_phrase == "Not Found"
    assert answer.json() == {"code": "NOT_FOUND", "body": {"msg": "Conversation not found"}, "reqId": "9"}


def test_a_path_with_a_slash_too_many_is_unknown(wire: Wire) -> None:
    path = f"/api/account/{wire.account}/messaging/consumer/conversation/?v=3"

    answer = wire.http.post(f"{wire.base_url}{path}", content=b"{}")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json"
