"""SEND: texts, chat states and the types it takes; what is accepted and with which words refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import (
    RATING,
    UNKNOWN_ID,
    Wire,
    assert_refused,
    chat_state,
    close,
    profile,
    publish,
    sample,
    sequence,
    text,
    update,
    without,
)

STATES = ["ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE"]


# --- Text -----------------------------------------------------------------------------------------


def test_the_printed_text_is_answered_as_printed(wire: Wire) -> None:
    conversation_id = wire.open()

    answer = wire.send(sample("send_text_request", {"{conversationId}": conversation_id}))

    assert answer.status_code == 200
    assert answer.json() == sample("send_text_answer")


@pytest.mark.parametrize("message", ["x", " two words ", "Grüße 🚀", "a\nb\tc", '"}]', "<b>", "\u0000"])
def test_any_text_that_is_not_empty_is_sent(wire: Wire, message: str) -> None:
    answer = wire.send(text(wire.open(), message))

    assert sequence(answer) == 0


@pytest.mark.parametrize("message", ["", None, 5, True, ["a"], {"text": "a"}])
def test_a_message_is_text_that_is_not_empty(wire: Wire, message: Any) -> None:
    answer = wire.send(text(wire.open(), message))

    assert_refused(answer, "7", named="message")


@pytest.mark.parametrize("missing", ["type", "contentType", "message"])
def test_a_text_event_needs_each_of_its_members(wire: Wire, missing: str) -> None:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "a"}

    answer = wire.send(publish(wire.open(), without(event, missing)))

    assert_refused(answer, "7", named=missing)


@pytest.mark.parametrize("content_type", ["text/html", "TEXT/PLAIN", "", None, 5])
def test_another_content_type_is_refused(wire: Wire, content_type: Any) -> None:
    event = {"type": "ContentEvent", "contentType": content_type, "message": "a"}

    answer = wire.send(publish(wire.open(), event))

    assert_refused(answer, "7", named="contentType")


@pytest.mark.parametrize("event", [None, "hello", [], {}, {"type": "TextEvent"}, {"type": None}, {"type": 5}])
def test_what_is_no_event_is_refused(wire: Wire, event: Any) -> None:
    answer = wire.send(publish(wire.open(), event))

    assert_refused(answer, "7")


@pytest.mark.parametrize("missing", ["dialogId", "event"])
def test_a_publish_names_its_dialog_and_its_event(wire: Wire, missing: str) -> None:
    request = text(wire.open())

    answer = wire.send({**request, "body": without(request["body"], missing)})

    assert_refused(answer, "7", named=missing)


@pytest.mark.parametrize("dialog_id", [None, 5, True, [], {}])
def test_a_dialog_id_is_text(wire: Wire, dialog_id: Any) -> None:
    answer = wire.send(text(dialog_id))

    assert_refused(answer, "7", named="dialogId")


def test_the_conversation_may_be_named_beside_the_dialog(wire: Wire) -> None:
    conversation_id = wire.open()
    request = text(conversation_id)

    answer = wire.send({**request, "body": {**request["body"], "conversationId": conversation_id}})

    assert sequence(answer) == 0


def test_a_conversation_that_does_not_own_the_dialog_is_refused(wire: Wire) -> None:
    earlier = wire.open_and_close()
    current = wire.open()
    request = text(current)

    answer = wire.send({**request, "body": {**request["body"], "conversationId": earlier}})

    assert answer.status_code in (400, 404)
    assert sequence(wire.send(text(current))) == 0


@pytest.mark.parametrize(
    "event",
    [
        {"type": "ChatStateEvent", "chatState": "ACTIVE"},
        {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]},
        {"type": "RichContentEvent", "content": {"type": "text", "text": "a"}},
    ],
    ids=lambda event: str(event["type"]),
)
@pytest.mark.parametrize("content_type", ["hosted/file", "text/plain", "HostedFile"])
def test_a_content_type_means_nothing_in_another_event(
    wire: Wire, event: dict[str, Any], content_type: str
) -> None:
    """R59."""
    answer = wire.send(publish(wire.open(), {**event, "contentType": content_type}))

    assert answer.status_code == 200


# --- The limit of 5000 characters -----------------------------------------------------------------


def request_of(characters: int, request: dict[str, Any], fill: str) -> bytes:
    """The request as JSON text of exactly so many characters, filled up inside its message or its id."""
    compact = json.dumps(request, ensure_ascii=False)
    return compact.replace("FILL", fill * (characters - len(compact) + len("FILL"))).encode()


@pytest.mark.parametrize("fill", ["x", "ü", "€"])
def test_a_text_request_of_5000_characters_is_accepted(wire: Wire, fill: str) -> None:
    body = request_of(5000, text(wire.open(), "FILL"), fill)

    answer = wire.send(body)

    assert len(body.decode()) == 5000
    assert sequence(answer) == 0


@pytest.mark.parametrize("fill", ["x", "ü", "€"])
def test_a_text_request_of_5001_characters_is_refused_with_the_bare_words(wire: Wire, fill: str) -> None:
    conversation_id = wire.open()

    answer = wire.send(request_of(5001, text(conversation_id, "FILL"), fill))

    assert_refused(answer, "7")
    assert answer.json()["body"] == sample("send_too_long_body")
    assert sequence(wire.send(text(conversation_id))) == 0


@pytest.mark.parametrize(
    "request_for", [text, lambda dialog: chat_state(dialog, "ACTIVE")], ids=["text", "state"]
)
def test_the_body_counts_as_received_white_space_included(wire: Wire, request_for: Any) -> None:
    """R21."""
    body = json.dumps(request_for(wire.open())).encode()

    just_fits = wire.send(body.ljust(5000))
    too_long = wire.send(body.ljust(5001))

    assert just_fits.status_code == 200
    assert too_long.status_code == 400
    assert too_long.json()["body"] == sample("send_too_long_body")


# --- Chat states ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", STATES)
def test_a_chat_state_is_accepted_and_uses_no_number(wire: Wire, state: str) -> None:
    """R7."""
    conversation_id = wire.open()

    answers = [wire.send(chat_state(conversation_id, state)).json() for _ in range(2)]

    assert answers == [{"code": "OK", "body": {"sequence": 0}, "reqId": "7"}] * 2
    assert sequence(wire.send(text(conversation_id))) == 0


@pytest.mark.parametrize("state", ["PAUSED", "composing", "TYPING", "", None, 5, ["ACTIVE"]])
def test_another_chat_state_is_refused_by_name(wire: Wire, state: Any) -> None:
    answer = wire.send(chat_state(wire.open(), state))

    assert_refused(answer, "7", named="chatState")


def test_a_chat_state_event_needs_its_state(wire: Wire) -> None:
    answer = wire.send(publish(wire.open(), {"type": "ChatStateEvent"}))

    assert_refused(answer, "7", named="chatState")


# --- Who and what ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_for",
    [text, close, lambda dialog: chat_state(dialog, "ACTIVE"), lambda dialog: update(dialog, RATING)],
    ids=["text", "close", "state", "rating"],
)
def test_an_unknown_conversation_is_404(wire: Wire, request_for: Any) -> None:
    """R12."""
    request = request_for(UNKNOWN_ID)

    answer = wire.send(request)

    assert answer.status_code == 404
    assert answer.json() == {
        "code": "NOT_FOUND",
        "body": {"msg": "Conversation not found"},
        "reqId": request["id"],
    }


def test_a_profile_is_set_without_any_conversation(wire: Wire) -> None:
    answer = wire.send(profile({"firstName": "Anna"}, 8))

    assert answer.json() == {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "8"}


def test_a_conversation_request_on_send_is_refused(wire: Wire) -> None:
    """R65."""
    answer = wire.send(wire.request_conversation())

    assert_refused(answer, "2")
    assert wire.converse(wire.batch()).status_code == 200


@pytest.mark.parametrize(
    "type_name",
    [
        "InitConnection",
        "ms.SubscribeMessagingEvents",
        "cqm.SubscribeExConversations",
        "cqm.UnsubscribeExConversations",
        "ms.publishevent",
        "ms.MessagingEventNotification",
        "",
    ],
)
def test_a_type_of_another_door_is_refused(wire: Wire, type_name: str) -> None:
    answer = wire.send({**text(wire.open()), "type": type_name})

    assert_refused(answer, "7")


@pytest.mark.parametrize("size", [0, 1, 2])
def test_an_array_is_refused(wire: Wire, size: int) -> None:
    conversation_id = wire.open()

    answer = wire.send([text(conversation_id)] * size)

    assert answer.status_code == 400
    assert answer.json()["code"] == "BAD_REQUEST"
    assert sequence(wire.send(text(conversation_id))) == 0
