"""Bodies no honest client sends: refused or accepted, but never an error of the server."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from .conftest import (
    JSON_MEDIA_TYPES,
    RATING,
    TTR,
    Wire,
    chat_state,
    close,
    profile,
    publish,
    sequence,
    text,
    update,
)

DEEP = 100_000
HUGE = b"9" * 6000

NOT_JSON = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "truncated": b'{"kind": "req", "id": "1"',
    "trailing": b"{} {}",
    "trailing-comma": b'{"kind": "req",}',
    "single-quotes": b"{'kind': 'req'}",
    "bare-word": b"undefined",
    "wrong-utf8": b'{"kind": "req", "id": "\xff\xfe"}',
    "latin-1": '{"kind": "req", "id": "ü"}'.encode("latin-1"),
    "raw-control": b'{"kind": "req", "id": "\x01"}',
    "form": b"kind=req&id=1",
}
ODD_MESSAGES = {
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "deep-array": b"[" * DEEP,
    "deep-array-closed": b"[" * DEEP + b"]" * DEEP,
    "deep-object": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "utf-16": '{"kind": "req", "id": "1"}'.encode("utf-16"),
    "bom": b'\xef\xbb\xbf{"kind": "req", "id": "1", "type": "userprofile.SetUserProfile", "body": {}}',
    "huge-number": HUGE,
    "nul": b"\x00",
}
# What stands in for the event's message, the id and the rating of otherwise good requests.
ODD_VALUES = {
    "nan": b"NaN",
    "infinity": b"Infinity",
    "overflow": b"1e400",
    "huge-integer": HUGE,
    "large-integer": b"9" * 400,
    "lone-surrogate": rb'"\ud800"',
    "reversed-surrogates": rb'"\udc00\ud800"',
    "nul-character": rb'"\u0000"',
    "deep": b"[" * 2000 + b"]" * 2000,
    "minus-zero": b"-0",
    "duplicate-members": b'{"a": 1, "a": 2}',
    "prototype": b'{"__proto__": {"a": 1}}',
}


VALUE = "VALUE"


def holding(request: Any, value: bytes) -> bytes:
    return json.dumps(request).encode().replace(b'"VALUE"', value)


def spoken(members: Any) -> str | None:
    if not isinstance(members, dict):
        return None
    return "-".join(re.findall(r"\w+", json.dumps(members))[:-1])


def named(cases: dict[str, bytes]) -> list[Any]:
    return [pytest.param(value, id=name) for name, value in cases.items()]


@pytest.mark.parametrize("body", named(NOT_JSON))
@pytest.mark.parametrize(
    "path", ["/messaging/consumer/conversation", "/messaging/consumer/conversation/send"]
)
def test_what_is_not_json_is_400(wire: Wire, path: str, body: bytes) -> None:
    answer = wire.call(path, body)

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "body"}
    assert answer.json()["code"] == "BAD_REQUEST"
    assert answer.json()["body"]["msg"].startswith("Bad Request")


@pytest.mark.parametrize("body", named(ODD_MESSAGES))
@pytest.mark.parametrize(
    "path",
    ["/messaging/consumer/conversation?v=3", "/messaging/consumer/conversation/send?v=3", "/consumer?v=1.0"],
)
def test_an_odd_message_is_answered_in_json_and_never_with_5xx(wire: Wire, path: str, body: bytes) -> None:
    answer = wire.call(path, body, query="")

    assert answer.status_code in (200, 400)
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES
    assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("value", named(ODD_VALUES))
@pytest.mark.parametrize(
    "changes",
    [
        {"id": VALUE},
        {"type": VALUE},
        {"kind": VALUE},
        {"body": VALUE},
        {"body": {"firstName": VALUE}},
        {"body": {"authenticatedData": {"lp_sdes": VALUE}}},
        {"unknown": VALUE},
    ],
    ids=spoken,
)
def test_an_odd_value_in_a_profile_never_yields_5xx(
    wire: Wire, changes: dict[str, Any], value: bytes
) -> None:
    answer = wire.send(holding(profile({}) | changes, value))

    assert answer.status_code in (200, 400)
    assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("value", named(ODD_VALUES))
@pytest.mark.parametrize(
    "request_for",
    [
        pytest.param(lambda dialog: chat_state(VALUE, "ACTIVE"), id="dialogId"),
        pytest.param(lambda dialog: publish(dialog, VALUE), id="event"),
        pytest.param(lambda dialog: publish(dialog, {"type": VALUE}), id="type"),
        pytest.param(lambda dialog: chat_state(dialog, VALUE), id="chatState"),
        pytest.param(lambda dialog: chat_state(dialog, "ACTIVE") | {"metadata": VALUE}, id="metadata"),
        pytest.param(lambda dialog: close(VALUE), id="conversationId"),
        pytest.param(lambda dialog: update(dialog, VALUE), id="conversationField"),
        pytest.param(lambda dialog: update(dialog, RATING | {"csatRate": VALUE}), id="csatRate"),
        pytest.param(lambda dialog: update(dialog, TTR | {"value": VALUE}), id="value"),
    ],
)
def test_an_odd_value_in_a_conversation_never_yields_5xx_nor_a_number(
    wire: Wire, request_for: Callable[[str], Any], value: bytes
) -> None:
    conversation_id = wire.open()

    answer = wire.send(holding(request_for(conversation_id), value))

    assert answer.status_code in (200, 400, 404)
    assert isinstance(answer.json(), dict)
    assert sequence(wire.send(text(conversation_id))) == 0


@pytest.mark.parametrize("value", named(ODD_VALUES))
def test_an_odd_value_as_message_never_yields_5xx(wire: Wire, value: bytes) -> None:
    conversation_id = wire.open()

    answer = wire.send(holding(text(conversation_id, VALUE), value))
    after = sequence(wire.send(text(conversation_id)))

    assert answer.status_code in (200, 400)
    assert after == (2 if answer.status_code == 200 else 0)


@pytest.mark.parametrize("value", named(ODD_VALUES))
@pytest.mark.parametrize("member", ["brandId", "channelType", "ttrDefName", "skillId", "campaignInfo"])
def test_an_odd_value_in_a_batch_never_yields_5xx(wire: Wire, member: str, value: bytes) -> None:
    answer = wire.converse(holding(wire.batch(**{member: VALUE}), value))

    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("value", named(ODD_VALUES))
def test_an_odd_external_id_never_yields_5xx(wire: Wire, value: bytes) -> None:
    answer = wire.ask_consumer_token(b'{"ext_consumer_id": %b}' % value)

    assert answer.status_code in (201, 400)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("depth", [101, 600, 900])
def test_what_is_nested_too_deep_is_refused_whatever_it_stands_in(wire: Wire, depth: int) -> None:
    """What was kept of it could be neither copied nor shown."""
    conversation_id = wire.open()
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "a", "unheardOf": VALUE}
    requests = [
        profile({"unheardOf": VALUE}),
        publish(conversation_id, event),
        text(conversation_id) | {"metadata": [{"type": "Unheard", "of": VALUE}]},
    ]

    answers = [wire.send(holding(request, nested(depth))) for request in requests]
    answers.append(wire.converse(holding(wire.batch(unheardOf=VALUE), nested(depth))))

    assert [answer.status_code for answer in answers] == [400] * 4
    assert wire.state().status_code == 200
    assert sequence(wire.send(text(conversation_id))) == 0


def test_what_is_nested_less_deep_is_taken_and_kept(wire: Wire) -> None:
    answer = wire.send(holding(profile({"unheardOf": VALUE}), nested(90)))

    assert answer.status_code == 200
    assert wire.state().json()["profiles"][wire.lp_consumer_id()]["unheardOf"] == json.loads(nested(90))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("agent", {"action": "text", "text": VALUE}),
        ("agent", {"action": "text", "text": "a", "metadata": [{"type": VALUE}]}),
        ("agent", {"action": "rich", "content": {"type": "map", "la": 1, "lo": VALUE}}),
        ("settings", {"auto_messages": VALUE}),
        ("settings", {"read_timeout_seconds": VALUE}),
        ("settings", {"auto_close_seconds": VALUE}),
        ("settings", {"survey": {"questions": [{"text": VALUE}]}}),
    ],
    ids=spoken,
)
@pytest.mark.parametrize("value", named(ODD_VALUES))
def test_an_odd_value_in_the_control_api_spoils_nothing(
    wire: Wire, path: str, body: dict[str, Any], value: bytes
) -> None:
    conversation_id = wire.open()
    more = {"conversation_id": conversation_id} if path == "agent" else {}

    answer = wire.control("POST", path, holding(body | more, value))

    assert answer.status_code in (200, 400)
    assert [wire.state().status_code, wire.control("GET", "settings").status_code] == [200, 200]


@pytest.mark.parametrize(
    "body", [b'\n{\r\n\t"id" : "1" ,\n "type":"userprofile.SetUserProfile","body":{ } }\n\n']
)
def test_white_space_is_free(wire: Wire, body: bytes) -> None:
    answer = wire.send(body)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /%ff%fe/%00 HTTP/1.1\r\nHost: x\r\n",
        b"GET /api/account/%2e%2e/service/baseURI.json?version=%ff HTTP/1.1\r\nHost: x\r\n",
        b"POST /sentinel/api/account/x/app/token?%=%&v HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n",
        b"PURGE /api/account HTTP/1.1\r\nHost: x\r\n",
        b"POST /api/account/x/consumer HTTP/1.1\r\nHost: x\r\nAuthorization: \xff\r\nContent-Length: 0\r\n",
        b"POST /api/account/x/consumer HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n",
        b"no request at all\r\n",
    ],
)
def test_an_odd_request_line_or_header_is_the_callers_fault(wire: Wire, request_line: bytes) -> None:
    where = urlsplit(wire.base_url)

    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as connection:
        connection.sendall(request_line + b"Connection: close\r\n\r\n")
        status_line = connection.makefile("rb").readline()

    assert status_line.split()[1][:1] == b"4"


def test_sends_at_the_same_time_never_share_a_number(wire: Wire) -> None:
    conversation_id = wire.open()
    wire.send(profile({}))

    with ThreadPoolExecutor(8) as pool:
        counted = list(pool.map(lambda _: sequence(wire.send(text(conversation_id))), range(24)))

    assert sorted(counted) == list(range(0, 48, 2))
