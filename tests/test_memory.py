"""Which conversation a consumer has open, read back from what the log has seen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectorkit.log import Exchange, Log, Notification
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

    def jws(self, consumer: str = ANA, **claims: Any) -> Story:
        self.log.append(
            Exchange(
                "consumer_jws",
                "POST",
                "https://idp.example/api",
                account_id=ACCOUNT,
                consumer=consumer,
                tokens={"ba78": {"ext_consumer_id": consumer, "lp_consumer_id": f"lp-{consumer}", **claims}},
            )
        )
        return self

    def change(
        self, conversation_id: str, state: Any, stage: Any = None, *, at: Any = 5, of: str = ANA, **facts: Any
    ) -> Story:
        """A conversation change; ``start`` is the service's time of opening."""
        details = {
            "state": state,
            "stage": stage or state,
            "startTs": facts.pop("start", 1),
            "metaDataLastUpdateTs": at,
            "participants": [
                {"id": "agent", "role": "ASSIGNED_AGENT"},
                {"id": f"lp-{of}", "role": "CONSUMER"},
            ],
        }
        changes = [{"type": "UPSERT", "result": {"convId": conversation_id, "conversationDetails": details}}]
        body = {"kind": "notification", "type": "cqm.ExConversationChangeNotification"}
        body["body"] = {"changes": changes}  # type: ignore[assignment]
        known = {"host": HOST, "account_id": ACCOUNT, "conversation_id": conversation_id, **facts}
        self.log.append_notification(Notification(json.dumps(body), **known))
        return self

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


# --- Notifications ---------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [HOST, None])
def test_a_conversation_that_a_notification_says_is_closed_is_closed(host: str | None) -> None:
    assert Story().open("c-1").change("c-1", "CLOSE", host=host).remembered() is None


@pytest.mark.parametrize(
    "facts",
    [
        {"signature": "wrong-secret"},
        {"host": "other.example"},
        {"account_id": "87654321"},
        {"received_at": 9},
    ],
    ids=str,
)
def test_a_closing_that_is_not_valid_or_not_of_this_conversation_closes_nothing(
    facts: dict[str, Any],
) -> None:
    assert Story().open("c-1").change("c-1", "CLOSE", **facts).remembered() == "c-1"


def test_a_late_notification_from_before_the_close_does_not_reopen() -> None:
    story = Story().open("c-1").change("c-1", "CLOSE", at=9).change("c-1", "OPEN", at=5)

    assert story.remembered() is None


@pytest.mark.parametrize("got", [OK, FOUND_CLOSED])
def test_a_conversation_whose_survey_is_running_is_the_open_one(got: Any) -> None:
    story = Story().open("c-1").update("c-1", STATE, got).change("c-1", "CLOSE", "OPEN")

    assert story.remembered() == "c-1"
    assert story.change("c-1", "CLOSE", "CLOSE", at=9).remembered() is None


def test_a_conversation_closed_with_its_stage_has_no_survey_left() -> None:
    story = Story().open("c-1").update("c-1", STATE).change("c-1", "CLOSE", "OPEN").update("c-1", STAGE)

    assert story.remembered() is None


def test_a_conversation_resumed_by_an_agent_is_adopted() -> None:
    story = Story().jws().open("c-1").change("c-1", "CLOSE").change("c-2", "OPEN")

    assert story.remembered() == "c-2"
    assert story.text("c-2").remembered() == "c-2"
    assert story.update("c-2", STATE).remembered() is None


def test_a_resumed_conversation_is_adopted_also_where_the_first_close_was_not_heard() -> None:
    assert Story().jws().open("c-1").change("c-2", "OPEN").remembered() == "c-2"


def test_an_adopted_conversation_that_closed_is_closed() -> None:
    story = (
        Story().jws().open("c-1").change("c-1", "CLOSE").change("c-2", "OPEN").change("c-2", "CLOSE", at=9)
    )

    assert story.remembered() is None


def test_a_late_notification_of_another_conversation_does_not_hide_our_own() -> None:
    story = Story().jws().open("c-1").change("c-2", "CLOSE", at=9).change("c-2", "OPEN", at=5)

    assert story.remembered() == "c-1"


def test_the_newest_of_several_adopted_conversations_counts() -> None:
    story = Story().jws().change("c-3", "OPEN", start=30).change("c-2", "OPEN", start=20)

    assert story.remembered() == "c-3"


def test_our_own_newer_conversation_comes_before_an_adopted_one() -> None:
    assert Story().jws().change("c-1", "OPEN").open("c-2").remembered() == "c-2"
    late = Story().jws().open("c-2").change("c-2", "OPEN", start=20).change("c-1", "OPEN", start=10)
    assert late.remembered() == "c-2"


def test_our_own_older_conversation_is_not_adopted() -> None:
    story = Story().jws().open("c-1").update("c-1", STATE).open("c-2").update("c-2", STATE)

    assert story.change("c-1", "OPEN").remembered() is None


@pytest.mark.parametrize(
    "facts",
    [{"of": BERT}, {"signature": "truncated"}, {"host": "other.example"}, {"account_id": "87654321"}],
    ids=str,
)
def test_a_conversation_of_somebody_else_is_not_adopted(facts: dict[str, Any]) -> None:
    assert Story().jws().open("c-1").change("c-2", "OPEN", **facts).remembered() == "c-1"


@pytest.mark.parametrize(
    "claims", [{"lp_consumer_id": None}, {"lp_consumer_id": ""}, {"ext_consumer_id": BERT}]
)
def test_without_the_consumer_s_own_claims_nothing_is_adopted(claims: dict[str, Any]) -> None:
    assert Story().jws(**claims).open("c-1").change("c-2", "OPEN").remembered() == "c-1"


@pytest.mark.parametrize("odd", [None, 7, [], {}, {"a": []}, 10**30, "x"])
def test_odd_notifications_are_passed_over(odd: Any) -> None:
    story = Story().jws().open("c-1").change("c-1", odd, odd, at=odd, start=odd).change("c-2", "CLOSE")
    story.log.append_notification(Notification(f"lp-{ANA}", conversation_id="c-1"))

    assert story.remembered() == "c-1"


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
