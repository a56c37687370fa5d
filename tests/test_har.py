"""HTTP Archives: what is written, what is read back, and what comes from browsers and worse places."""

from __future__ import annotations

import base64
import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from hostile import SEND_URL, TEXTS, exchange, with_text

from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log
from connectorkit.sharing import har
from connectorkit.sharing.har_import import parse_har, read_har

# The members that HAR 1.2 asks for: http://www.softwareishard.com/blog/har-12-spec/
REQUIRED = {
    "entry": {"startedDateTime": str, "time": (int, float), "request": dict, "response": dict, "cache": dict}
    | {"timings": dict},
    "request": {"method": str, "url": str, "httpVersion": str, "cookies": list, "headers": list}
    | {"queryString": list, "headersSize": int, "bodySize": int},
    "response": {"status": int, "statusText": str, "httpVersion": str, "cookies": list, "headers": list}
    | {"content": dict, "redirectURL": str, "headersSize": int, "bodySize": int},
    "content": {"size": int, "mimeType": str},
    "timings": {"send": (int, float), "wait": (int, float), "receive": (int, float)},
}
UNANSWERED = exchange(
    status_code=None,
    reason=None,
    error="ConnectError: refused",
    response_headers=[],
    response_body="",
    response_bytes=0,
    http_version=None,
    reused_connection=None,
    wait_ms=None,
    receive_ms=None,
)
UPLOAD = exchange(
    "<2585 bytes of image/png>",
    operation="upload_file",
    method="PUT",
    url="https://swift.example/v1/AUTH_async-images/12345678/a.PNG?temp_url_sig=[secret:0a1b2c3d]&temp_url_expires=9",
    response_body="<12 bytes of image/png>",
    attempt=2,
    label="checkout bug",
    tokens={"0a1b2c3d": {"exp": 1}},
)


def archive(*exchanges: Exchange) -> dict[str, Any]:
    file = io.StringIO()
    har.write(exchanges, file)
    found: dict[str, Any] = json.loads(file.getvalue())
    return found


def back(*exchanges: Exchange) -> list[Exchange]:
    return list(parse_har(json.dumps(archive(*exchanges))))


def check(name: str, part: Any) -> None:
    for member, kind in REQUIRED[name].items():
        assert isinstance(part[member], kind), f"{name}.{member} is {part.get(member)!r}"


@pytest.mark.parametrize("one", [exchange(), UNANSWERED, UPLOAD], ids=["answered", "unanswered", "upload"])
def test_an_entry_has_what_the_format_asks_for(one: Exchange) -> None:
    (entry,) = archive(one)["log"]["entries"]

    check("entry", entry)
    check("request", entry["request"])
    check("response", entry["response"])
    check("content", entry["response"]["content"])
    check("timings", entry["timings"])
    assert all(entry["timings"][phase] >= 0 for phase in ("send", "wait", "receive"))


def test_an_empty_archive_is_an_archive() -> None:
    log = archive()["log"]

    assert (log["version"], log["creator"]["name"], log["entries"]) == ("1.2", "connectorkit", [])


def test_times_are_in_milliseconds_and_add_up() -> None:
    (entry,) = archive(exchange())["log"]["entries"]

    assert entry["startedDateTime"] == "2026-09-21T14:13:20.123Z"
    assert entry["time"] == 16.0
    assert entry["timings"] == {
        "blocked": 0.875,
        "dns": -1,
        "connect": 3.75,  # the format counts the handshake in
        "ssl": 2.25,
        "send": 0.5,
        "wait": 10.125,
        "receive": 0.75,
    }


def test_what_did_not_happen_is_minus_one() -> None:
    (entry,) = archive(exchange(connect_ms=None, tls_ms=None, total_ms=math.inf))["log"]["entries"]

    assert [entry["timings"][phase] for phase in ("connect", "ssl", "blocked")] == [-1, -1, -1]


def test_what_was_blocked_is_what_the_frames_say() -> None:
    made = exchange(connect_ms=1.5, tls_ms=2.25, send_ms=0.5, wait_ms=10.0, receive_ms=0.75, total_ms=16.0)

    (entry,) = archive(made)["log"]["entries"]

    assert entry["timings"]["blocked"] == made.blocked_ms == 1.0
    assert entry["time"] == 16.0
    assert made.first_byte_ms == entry["time"] - entry["timings"]["receive"]


def test_an_exchange_without_an_answer_says_why() -> None:
    (entry,) = archive(UNANSWERED)["log"]["entries"]

    assert (entry["response"]["status"], entry["response"]["_error"]) == (0, "ConnectError: refused")


def test_the_kits_own_words_stand_under_names_of_their_own() -> None:
    (entry,) = archive(UPLOAD)["log"]["entries"]

    request = entry["request"]
    assert [request[f"_{name}"] for name in ("operation", "label", "attempt", "consumer")] == [
        *("upload_file", "checkout bug", 2, "ana@example"),
    ]
    assert request["queryString"][1] == {"name": "temp_url_expires", "value": "9"}


def test_a_file_that_was_not_kept_is_no_text() -> None:
    (entry,) = archive(UPLOAD)["log"]["entries"]

    assert entry["request"]["postData"]["text"] == ""
    assert "text" not in entry["response"]["content"]


@pytest.mark.parametrize("one", [exchange(), UNANSWERED, UPLOAD], ids=["answered", "unanswered", "upload"])
def test_an_exchange_comes_back_whole(one: Exchange) -> None:
    assert back(one) == [one]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_texts_come_back_unchanged(text: str) -> None:
    assert back(with_text(text)) == [with_text(text)]


def test_what_was_read_can_be_appended_to_a_log(memory_log: Log) -> None:
    appended = [memory_log.append(read) for read in back(exchange(), UNANSWERED)]

    assert [e.exchange_id for e in appended] == [1, 2]
    assert replace(next(iter(memory_log)), exchange_id=12) == exchange()


# --- From elsewhere ----------------------------------------------------------------------------------


def planted(**claims: Any) -> str:
    return jwt.encode({"number": 1, **claims}, "k" * 32, algorithm="HS256")


def foreign(**changes: Any) -> str:
    """An archive as a browser saves it, with the members it has and none of ours."""
    consumer = planted(ext_consumer_id="ana@example")
    request = {
        "method": "POST",
        "url": SEND_URL,
        "httpVersion": "http/2.0",
        "headers": [
            {"name": ":authority", "value": "va.msg.example"},
            {"name": "Authorization", "value": f"Bearer {planted()}"},
            {"name": "X-LP-ON-BEHALF", "value": consumer},
            {"name": "cookie", "value": "session=planted-cookie"},
        ],
        "postData": {"mimeType": "application/json", "text": '{"id":"7"}'},
        "bodySize": 10,
    }
    response = {
        "status": 200,
        "statusText": "",
        "headers": [],
        "content": {"size": 2, "text": "{}"},
        "bodySize": 2,
    }
    timings = {"blocked": 1, "dns": -1, "connect": 5, "ssl": 3, "send": 0.1, "wait": 20, "receive": 1}
    entry = {
        "startedDateTime": "2026-09-21T16:13:20.123+02:00",
        "time": 27.1,
        "request": request | changes.pop("request", {}),
        "response": response | changes.pop("response", {}),
        "timings": timings,
        **changes,
    }
    return json.dumps({"log": {"version": "1.2", "creator": {}, "pages": [], "entries": [entry]}})


def test_a_browsers_archive_is_understood() -> None:
    (read,) = parse_har(foreign())

    assert (read.operation, read.account_id, read.consumer) == ("send", "12345678", "ana@example")
    assert read.started_at == 1_790_000_000_123_000_000
    assert (read.connect_ms, read.tls_ms, read.wait_ms, read.total_ms) == (2, 3, 20, 27.1)
    assert (read.status_code, read.request_bytes, read.http_version) == (200, 10, "http/2.0")


def test_the_consumer_is_known_from_the_call_that_brought_the_token() -> None:
    label = "[jwt:0a1b2c3d]"
    fetched = exchange(
        '{"ext_consumer_id":"ana@example"}',
        url="https://idp.example/api/account/12345678/consumer?v=1.0",
        response_body=json.dumps({"token": label}),
    )
    saved = archive(exchange(), fetched)
    for entry in saved["log"]["entries"]:  # as a tool that knows the standard members only
        entry["request"] = {k: v for k, v in entry["request"].items() if not k.startswith("_")}

    sent, asked = parse_har(json.dumps(saved))

    assert (sent.operation, sent.consumer) == ("send", "ana@example")
    assert (asked.operation, asked.consumer) == ("consumer_jws", "ana@example")


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/api/account/le1/service/baseURI.json?version=1.0", "domains"),
        ("GET", "/api/account/le1/service/sentinel/baseURI?version=1.0", "domains"),
        ("POST", "/sentinel/api/account/le1/app/token?v=1.0", "app_jwt"),
        ("POST", "/api/account/le1/consumer?v=1.0", "consumer_jws"),
        ("POST", "/api/account/le1/messaging/consumer/conversation?v=3", "conversation"),
        ("POST", "/api/account/le1/messaging/consumer/conversation/send?v=3", "send"),
        ("PUT", "/v1/AUTH_async-images/le1/a/b.PNG?temp_url_sig=1", "upload_file"),
        ("GET", "/v1/AUTH_async-images/le1/a/b.PNG?temp_url_sig=1", "download_file"),
    ],
)
def test_calls_are_recognised_by_their_paths(method: str, path: str, operation: str) -> None:
    (read,) = parse_har(foreign(request={"method": method, "url": f"https://any.example{path}"}))

    assert (read.operation, read.account_id) == (operation, "le1")


@pytest.mark.parametrize("url", ["https://shop.example/consumer", "https://[", "about:blank", ""])
def test_other_requests_are_kept_as_http(url: str) -> None:
    (read,) = parse_har(foreign(request={"url": url}))

    assert (read.operation, read.account_id) == ("http", None)


def test_secrets_are_replaced_wherever_they_stand() -> None:
    token, secret, opaque = planted(number=2), "planted" + "client" + "secret", "planted" + "opaque" + "token"
    form = [{"name": "client_id", "value": "app"}, {"name": "client_secret", "value": secret}]
    request = {
        "url": f"https://a.example/?y={secret}&x={token}",
        "headers": [{"name": "Authorization", "value": f"Bearer {opaque}"}],
        "postData": {"mimeType": "application/x-www-form-urlencoded", "params": form},
        "_label": f"seen {token}",
        "_tokens": {"x": {"note": token}},
    }
    answer = {"content": {"text": json.dumps({"access_token": token, "note": f"{opaque} {secret}"})}}

    (read,) = parse_har(foreign(request=request, response=answer))

    assert secret not in repr(vars(read))
    assert opaque not in repr(vars(read))
    assert token not in repr(vars(read))
    assert "planted-cookie" not in repr(vars(read))
    assert read.request_body.startswith("client_id=app&client_secret=[secret:")


def test_base64_bodies_are_decoded_and_files_are_named() -> None:
    def content(mime_type: str, body: bytes) -> dict[str, Any]:
        encoded = base64.b64encode(body).decode()
        return {"content": {"mimeType": mime_type, "text": encoded, "encoding": "base64"}}

    (text,) = parse_har(foreign(response=content("application/json", b'{"code":"OK"}')))
    (file,) = parse_har(foreign(response=content("image/png", b"\x89PNG")))

    assert (text.response_body, file.response_body) == ('{"code":"OK"}', "<4 bytes of image/png>")


ODD: list[dict[str, Any]] = [
    {"startedDateTime": "yesterday", "time": "long", "timings": None},
    {"startedDateTime": None, "time": math.nan, "timings": {"connect": -1, "ssl": True, "send": 1e400}},
    {"startedDateTime": "9999-12-31T00:00:00Z", "request": {"_started_at": "9" * 400, "_attempt": 10**400}},
    {"request": {"headers": "none", "postData": 7, "queryString": [1, None], "_tokens": 3, "_wait_ms": "x"}},
    {"request": {"headers": [1, {"name": 2}, {"value": "x"}], "bodySize": -1}},
    {"response": {"status": "200", "content": None, "headers": {}, "bodySize": 1.5, "_error": 1}},
    {"response": {"status": -5, "content": {"text": "%%%", "encoding": "base64", "mimeType": "ö"}}},
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_members_of_other_kinds_are_passed_over(odd: dict[str, Any], memory_log: Log) -> None:
    (read,) = parse_har(foreign(**json.loads(json.dumps(odd))))

    assert memory_log.append(read).exchange_id == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", 'expected an object with "log" and "entries"'),
        ('{"log":{"entries":{}}}', 'expected an object with "log" and "entries"'),
        ('{"log":{"entries":[{"request":{"method":"GET"}}]}}', "entry 0 has no request"),
        ('{"log":{"entries":[7]}}', "entry 0 has no request"),
    ],
)
def test_what_is_no_archive_is_refused_in_a_sentence(text: str, says: str, tmp_path: Path) -> None:
    (path := tmp_path / "x.har").write_text(text)

    with pytest.raises(LogError, match=r"x\.har") as refused:
        read_har(path)

    assert says in str(refused.value)


def test_a_file_that_is_missing_or_too_large_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectorkit.sharing.har_import.MAX_HAR_BYTES", 100)
    (path := tmp_path / "large.har").write_text("x" * 101)

    with pytest.raises(LogError, match=r"large\.har has 101 bytes, allowed are 100"):
        read_har(path)
    with pytest.raises(LogError, match=r"none\.har cannot be read"):
        read_har(tmp_path / "none.har")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (path := tmp_path / "x.har").write_text(foreign(), encoding="utf-8-sig")

    assert len(read_har(path)) == 1


def test_a_number_among_claims_that_is_a_credential_elsewhere_is_left_out() -> None:
    number = 472_839_104_756_281
    request = {
        "method": "POST",
        "url": "https://msg.example/",
        "headers": [{"name": "Authorization", "value": f"Bearer {number}"}],
        "_operation": "send",
        "_tokens": {"ba7816bf": {"pin": number}},
    }

    (found,) = parse_har(json.dumps({"log": {"entries": [{"request": request, "response": {}}]}}))

    assert found.tokens == {"ba7816bf": {}}
