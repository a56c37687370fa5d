"""What real receivers of notifications rely on, by number (the other quirks are in test_quirks.py)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from .conftest import (
    CHANGE,
    CONTENT,
    RATING,
    RECEIPT,
    RICH,
    WEBHOOKS,
    Hook,
    Received,
    Wire,
    close,
    text,
    update,
)
from .shapes import CARD, QUICK_REPLIES


def sha1_of(body: bytes, secret: str) -> str:
    digest = hmac.new(secret.encode(), body, hashlib.sha1).digest()
    return f"sha1={base64.b64encode(digest).decode()}"


def first_received(wire: Wire, hook: Hook, words: str) -> tuple[Received, str]:
    """The first text that came, and the secret that its receiver knows."""
    secret = wire.install(hook.manifest(CONTENT))["client_secret"]
    wire.send(text(wire.open(), words))
    hook.wait_for(1)
    return hook.received[0], secret


@pytest.mark.parametrize("joined", [False, True], ids=["alone", "with an agent"])
def test_q34_the_automatic_accept_is_an_agents_only_if_one_is_there(
    wire: Wire, hook: Hook, joined: bool
) -> None:
    wire.install(hook.manifest(RECEIPT))
    conversation_id = wire.open()
    if joined:
        wire.agent(conversation_id, "join")

    wire.send(text(conversation_id))

    role = hook.wait_for(1)[0]["originatorMetadata"]["role"]
    assert role == ("ASSIGNED_AGENT" if joined else "CONTROLLER")


def test_q35_each_notification_has_one_change(wire: Wire, hook: Hook) -> None:
    wire.install(hook.manifest())
    conversation_id = wire.open()
    wire.send(text(conversation_id))
    wire.agent(conversation_id, "text", text="Hello")
    wire.send(close(conversation_id))

    assert wire.settle()
    assert {len(each.message["body"]["changes"]) for each in hook.received} == {1}
    assert {each.kind for each in hook.received} >= {CONTENT, RECEIPT, CHANGE}


def test_q36_the_conversation_is_found_in_either_place(wire: Wire, hook: Hook) -> None:
    wire.install(hook.manifest())
    conversation_id = wire.open()
    wire.send(text(conversation_id))

    hook.wait_for(1, CHANGE)
    (said,) = hook.wait_for(1, CONTENT)
    assert hook.changes(CHANGE)[0]["result"]["convId"] == conversation_id
    assert (said["conversationId"], said["dialogId"]) == (conversation_id, conversation_id)


def test_q37_the_consumers_own_events_are_echoed(wire: Wire, hook: Hook) -> None:
    wire.install(hook.manifest(CONTENT))

    wire.send(text(wire.open(), "It is me"))

    said = hook.wait_for(1)[0]
    assert said["originatorId"] == wire.lp_consumer_id()
    assert said["originatorMetadata"] == {"id": wire.lp_consumer_id(), "role": "CONSUMER"}
    assert said["event"]["message"] == "It is me"


def test_q38_a_manager_who_replied_is_found_first_with_nothing_due(wire: Wire, hook: Hook) -> None:
    wire.install(hook.manifest(CHANGE))
    conversation_id = wire.open()
    wire.send(text(conversation_id))
    wire.agent(conversation_id, "join", role="MANAGER")
    wire.agent(conversation_id, "text", text="Hello")

    wire.send(update(conversation_id, RATING))

    assert wire.settle()
    result = hook.changes(CHANGE)[-1]["result"]
    assert result["conversationDetails"]["participants"][0]["role"] == "MANAGER"
    assert result["conversationDetails"]["state"] == "OPEN"
    assert result["effectiveTTR"] < 0


def test_q39_a_close_by_the_agent_sets_all_three(wire: Wire, hook: Hook) -> None:
    wire.install(hook.manifest(CHANGE))

    wire.agent(wire.open(), "close")

    assert wire.settle()
    told = hook.changes(CHANGE)[-1]["result"]["conversationDetails"]
    assert (told["state"], told["stage"], told["closeReason"]) == ("CLOSE", "CLOSE", "AGENT")


def test_q40_a_card_has_its_canonical_keys(wire: Wire, hook: Hook) -> None:
    wire.install(hook.manifest(RICH))

    wire.agent(wire.open(), "rich", content=CARD, quick_replies=QUICK_REPLIES)

    event = hook.wait_for(1)[0]["event"]
    assert event == {"type": "RichContentEvent", "content": CARD, "quickReplies": QUICK_REPLIES}


@pytest.mark.parametrize("escaped", [False, True], ids=["raw", "escaped"])
def test_q41_umlauts_are_sent_raw_unless_asked_otherwise(wire: Wire, hook: Hook, escaped: bool) -> None:
    wire.settings(escape_non_ascii=escaped)

    received, secret = first_received(wire, hook, "Grüße 🚀")

    assert received.message["body"]["changes"][0]["event"]["message"] == "Grüße 🚀"
    assert received.body.isascii() == escaped
    assert ("Grüße 🚀".encode() in received.body) != escaped
    assert received.headers["x-liveperson-signature"] == sha1_of(received.body, secret)


def test_q42_notifications_are_compact(wire: Wire, hook: Hook) -> None:
    received, secret = first_received(wire, hook, "Grüße, 🚀: so")

    compact = json.dumps(received.message, separators=(",", ":"), ensure_ascii=False).encode()
    assert received.body == compact
    assert received.headers["x-liveperson-signature"] == sha1_of(compact, secret)


@pytest.mark.parametrize("own", [True, False], ids=["one each", "one for all"])
def test_q43_each_type_goes_where_the_manifest_says(wire: Wire, hook: Hook, own: bool) -> None:
    manifest: dict[str, Any] = hook.manifest()
    if own:
        for kind in WEBHOOKS:
            manifest["capabilities"]["webhooks"][kind]["endpoint"] = f"{hook.url}/{kind}?a=1"
    wire.install(manifest)

    wire.send(text(wire.open()))

    hook.wait_for(3)
    assert {(each.path, each.kind) for each in hook.received} == {
        (f"/hook/{kind}?a=1" if own else "/hook", kind) for kind in (CHANGE, CONTENT, RECEIPT)
    }


@pytest.mark.parametrize(("status", "delivered"), [(200, True), (400, False), (401, False)])
def test_q44_the_answer_of_a_receiver_is_counted(
    wire: Wire, hook: Hook, status: int, delivered: bool
) -> None:
    hook.answer = lambda received: status
    wire.install(hook.manifest(CONTENT))

    wire.send(text(wire.open()))

    assert wire.settle()
    (delivery,) = wire.deliveries()["deliveries"]
    assert (delivery["status"], delivery["outcome"] == "delivered") == (status, delivered)
