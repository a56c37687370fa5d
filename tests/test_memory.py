"""Which conversation a consumer has open, read back from what the log has seen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectorkit.log import Exchange, Log
from connectorkit.memory import mentioned_conversation, open_conversation

ACCOUNT, ANA, BERT = "12345678", "ana@example", "bert@example"
HOST = "msg.example"
OK = {"code": "OK", "body": {"msg": "OK"}, "reqId": "1"}
FOUND_CLOSED = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, Conversation is close"}, "reqId": "7"}
STATE = {"field": "ConversationStateField", "conversationState": "CLOSE"}
STAGE = {"field": "Stage", "conversationState": "CLOSE"}
RATING = {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"}


class Story:
    """A log written by hand, one call after another."""

    def __init__(self) -> None:
        self.log = Log()

    def call(
        self,
        operation: str,
        sent: Any,
        got: Any,
        *,
        consumer: str = ANA,
        account: str = ACCOUNT,
        host: str = HOST,
    ) -> Story:
        texts = [value if isinstance(value, str) else json.dumps(value) for value in (sent, got)]
        self.log.append(
            Exchange(
                operation,
                "POST",
                f"https://{host}/api?v=3",
                account_id=account,
                consumer=consumer,
                request_body=texts[0],
                response_body=texts[1],
            )
        )
        return self

    def open(self, conversation_id: str, **whose: str) -> Story:
        answer = {"code": "OK", "body": {"conversationId": conversation_id}, "reqId": "2"}
        return self.call("conversation", [], [OK, answer], **whose)

    def refused_open(self, **whose: str) -> Story:
        said = "Consumer request conversation failed: User x already has open conversation. "
        return self.call(
            "conversation",
            [],
            [OK, {"code": "BAD_REQUEST", "body": {"msg": said + "Can't open another one."}}],
            **whose,
        )

    def update(self, conversation_id: str, field: Any, got: Any = OK, **whose: str) -> Story:
        body = {"conversationId": conversation_id, "conversationField": field}
        request = {"kind": "req", "id": "9", "type": "cm.UpdateConversationField", "body": body}
        return self.call("send", request, got, **whose)

    def text(self, dialog_id: str, got: Any = OK, **whose: str) -> Story:
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": "Hello"}
        request = {
            "kind": "req",
            "id": "7",
            "type": "ms.PublishEvent",
            "body": {"dialogId": dialog_id, "event": event},
        }
        return self.call("send", request, got, **whose)

    def remembered(self, consumer: str = ANA, account: str = ACCOUNT) -> str | None:
        return open_conversation(self.log, account, consumer, HOST)


# --- Open and closed -------------------------------------------------------------------------------


def test_an_empty_log_knows_of_none() -> None:
    assert Story().remembered() is None


def test_an_opened_conversation_is_open_whatever_is_said_in_it() -> None:
    story = Story().open("c-1").text("c-1").update("c-1", RATING)

    assert story.remembered() == "c-1"


@pytest.mark.parametrize("field", [STATE, STAGE, [STATE], [RATING, STAGE]])
def test_a_conversation_closed_by_a_field_is_closed(field: Any) -> None:
    assert Story().open("c-1").update("c-1", field).remembered() is None


@pytest.mark.parametrize("code", [200, "OK"])
def test_the_code_of_a_close_may_be_a_word_or_a_number(code: Any) -> None:
    assert Story().open("c-1").update("c-1", STATE, {"code": code, "body": {}}).remembered() is None


def test_a_closed_dialog_change_of_the_main_dialog_closes_it() -> None:
    change = {
        "field": "DialogChange",
        "type": "UPDATE",
        "dialog": {"dialogId": "c-1", "state": "CLOSE", "closedCause": "Closed by consumer"},
    }

    assert Story().open("c-1").update("c-1", change).remembered() is None


def test_a_conversation_found_closed_by_a_text_is_closed() -> None:
    assert Story().open("c-1").text("c-1", FOUND_CLOSED).remembered() is None


def test_a_conversation_found_closed_by_closing_again_is_closed() -> None:
    assert Story().open("c-1").update("c-1", STATE, FOUND_CLOSED).remembered() is None


@pytest.mark.parametrize(
    "refused",
    [
        {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, id"}, "reqId": "9"},
        {"kind": "resp", "code": 401, "body": {"errorCode": 40102, "details": "AppJWT has expired"}},
        {"code": "NOT_FOUND", "body": {}},
        "no json",
        "",
    ],
)
def test_a_close_that_was_refused_closes_nothing(refused: Any) -> None:
    assert Story().open("c-1").update("c-1", STATE, refused).remembered() == "c-1"


# --- Orders ----------------------------------------------------------------------------------------


def test_the_newest_of_several_openings_counts() -> None:
    story = Story().open("c-1").update("c-1", STATE).open("c-2")

    assert story.remembered() == "c-2"


def test_closing_an_older_conversation_leaves_the_newer_one_open() -> None:
    assert Story().open("c-1").open("c-2").update("c-1", STATE).remembered() == "c-2"


def test_closing_the_newest_does_not_reopen_an_older_one() -> None:
    assert Story().open("c-1").open("c-2").update("c-2", STATE).remembered() is None


def test_a_conversation_on_another_host_is_another_matter() -> None:
    story = Story().open("c-1").open("c-2", host="127.0.0.1:4711").update("c-2", STATE, host="127.0.0.1:4711")

    assert story.remembered() == "c-1"


def test_a_refused_opening_does_not_hide_the_open_conversation() -> None:
    assert Story().open("c-1").refused_open().refused_open().remembered() == "c-1"


def test_a_refused_opening_alone_names_none() -> None:
    assert Story().refused_open().remembered() is None


def test_a_refused_opening_after_a_close_names_none() -> None:
    assert Story().open("c-1").update("c-1", STATE).refused_open().remembered() is None


def test_an_opening_whose_text_was_refused_is_open() -> None:
    answers = [OK, {"code": "OK", "body": {"conversationId": "c-1"}}, {"code": "BAD_REQUEST", "body": {}}]

    assert Story().call("conversation", [], answers).remembered() == "c-1"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "no json",
        "{}",
        {"kind": "resp", "code": 401, "body": {"errorCode": 40105}},
        [None, 3, "x"],
        [{"code": "OK", "body": {"conversationId": None}}],
        [{"code": "BAD_REQUEST", "body": {"conversationId": "c-9"}}],
    ],
)
def test_an_opening_without_a_good_answer_opens_nothing(answer: Any) -> None:
    assert Story().open("c-1").call("conversation", [], answer).remembered() == "c-1"


# --- Whose -----------------------------------------------------------------------------------------


def test_consumers_are_kept_apart() -> None:
    story = Story().open("c-1").open("c-2", consumer=BERT).update("c-2", STATE, consumer=BERT)

    assert story.remembered(ANA) == "c-1"
    assert story.remembered(BERT) is None
    assert story.remembered("nobody") is None


def test_accounts_are_kept_apart() -> None:
    story = Story().open("c-1").open("c-2", account="87654321")

    assert story.remembered() == "c-1"
    assert story.remembered(account="87654321") == "c-2"


def test_the_same_id_closed_in_another_account_stays_open_here() -> None:
    assert Story().open("c-1").update("c-1", STATE, account="87654321").remembered() == "c-1"


def test_more_calls_than_one_page_lie_between_opening_and_asking() -> None:
    story = Story().open("c-1")
    for _ in range(600):
        story.text("c-1")

    assert story.remembered() == "c-1"


# --- What a request names --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("envelope", "named"),
    [
        ({"body": {"conversationId": "c-1"}}, "c-1"),
        ({"body": {"dialogId": "d-1"}}, "d-1"),
        ({"body": {"conversationId": "c-1", "dialogId": "d-1"}}, "c-1"),
        ({"body": {"conversationId": 5}}, None),
        ({"body": {}}, None),
        ({"body": None}, None),
        ({"body": []}, None),
        ({}, None),
        ([{"body": {"conversationId": "c-1"}}], None),
        ("text", None),
        (b"bytes", None),
        (None, None),
    ],
)
def test_the_conversation_a_request_names_is_found_or_none(envelope: Any, named: str | None) -> None:
    assert mentioned_conversation(envelope) == named
