"""Headers of a delivery, its signature over the raw bytes, and the form of those bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from .conftest import Hook, Received, Wire
from .hooks import cause_every_type, only_texts, say

GREETING = 'Grüße 🚀 <b>&amp;</b> "quoted" back\\slash\nsecond line'
ENVIRONMENT = [
    {"header_name": "X-Env", "header_value": "test"},
    {"header_name": "X-Team", "header_value": "north east"},
]


def delivered(wire: Wire, hook: Hook, said: str = GREETING) -> Received:
    """The one delivery of a text of the agent."""
    say(wire, wire.open(), said)
    (received,) = hook.received
    return received


# --- Headers --------------------------------------------------------------------------------------


def test_a_delivery_names_account_and_app(wire: Wire, hook: Hook) -> None:
    app = wire.install(only_texts(hook))

    headers = delivered(wire, hook).headers

    assert headers["x-liveperson-account-id"] == wire.account
    assert headers["x-liveperson-client-id"] == app["client_id"]


def test_a_delivery_is_json_in_utf_8(wire: Wire, hook: Hook) -> None:
    wire.install(only_texts(hook))

    received = delivered(wire, hook)

    assert received.headers["content-type"] == "application/json; charset=utf-8"
    assert received.message["body"]["changes"][0]["event"]["message"] == GREETING


def test_a_delivery_has_the_headers_of_its_webhook(wire: Wire, hook: Hook) -> None:
    wire.install(only_texts(hook, headers=ENVIRONMENT))

    headers = delivered(wire, hook).headers

    assert [headers["x-env"], headers["x-team"]] == ["test", "north east"]


def test_a_query_in_the_endpoint_is_kept(wire: Wire, hook: Hook) -> None:
    wire.install(only_texts(hook, endpoint=f"{hook.url}?channel=sms&note=a%20b"))

    assert delivered(wire, hook).path == "/hook?channel=sms&note=a%20b"


# --- The signature --------------------------------------------------------------------------------


def test_the_signature_is_sha_1_in_base64_unless_set_otherwise(wire: Wire, hook: Hook) -> None:
    app = wire.install(only_texts(hook))

    received = delivered(wire, hook)

    digest = hmac.new(app["client_secret"].encode(), received.body, hashlib.sha1).digest()
    assert received.headers["x-liveperson-signature"] == "sha1=" + base64.b64encode(digest).decode()


@pytest.mark.parametrize(("algorithm", "made_by"), [("sha1", hashlib.sha1), ("sha256", hashlib.sha256)])
@pytest.mark.parametrize("encoding", ["base64", "hex"])
def test_algorithm_and_encoding_of_the_signature_can_be_set(
    wire: Wire, hook: Hook, algorithm: str, made_by: Any, encoding: str
) -> None:
    """R36"""
    app = wire.install(only_texts(hook))
    wire.settings(signature_algorithm=algorithm, signature_encoding=encoding)

    received = delivered(wire, hook)

    made = hmac.new(app["client_secret"].encode(), received.body, made_by)
    written = made.hexdigest() if encoding == "hex" else base64.b64encode(made.digest()).decode()
    assert received.headers["x-liveperson-signature"] == f"{algorithm}={written}"


def test_every_type_is_signed(wire: Wire, hook: Hook) -> None:
    app = wire.install(hook.manifest())

    cause_every_type(wire)

    assert len({received.kind for received in hook.received}) == 5
    for received in hook.received:
        digest = hmac.new(app["client_secret"].encode(), received.body, hashlib.sha1).digest()
        assert received.headers["x-liveperson-signature"] == "sha1=" + base64.b64encode(digest).decode()


@pytest.mark.parametrize("name", ["algorithm", "encoding"])
def test_another_signature_is_not_a_setting(wire: Wire, name: str) -> None:
    answer = wire.control("POST", "settings", {f"signature_{name}": "md5"})

    assert answer.status_code == 400


# --- The bytes ------------------------------------------------------------------------------------


def test_the_body_is_compact_json_in_raw_utf_8(wire: Wire, hook: Hook) -> None:
    """Q41, Q42"""
    wire.install(hook.manifest())

    say(wire, cause_every_type(wire), GREETING)

    assert "🚀".encode() in hook.received[-1].body
    for received in hook.received:
        compact = json.dumps(received.message, ensure_ascii=False, separators=(",", ":"))
        assert received.body == compact.encode()


def test_the_body_can_be_escaped_to_ascii(wire: Wire, hook: Hook) -> None:
    """Q41: such a body verifies even where a client reads it as ASCII."""
    app = wire.install(only_texts(hook))
    wire.settings(escape_non_ascii=True)

    received = delivered(wire, hook)

    compact = json.dumps(received.message, ensure_ascii=True, separators=(",", ":"))
    digest = hmac.new(app["client_secret"].encode(), received.body, hashlib.sha1).digest()
    assert received.body.isascii()
    assert received.body.lower() == compact.encode().lower()
    assert received.message["body"]["changes"][0]["event"]["message"] == GREETING
    assert received.headers["x-liveperson-signature"] == "sha1=" + base64.b64encode(digest).decode()
