"""cm.UpdateConversationField: closing, rating, time to respond; one field or an array of them."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import (
    BERT,
    CLOSED_TEXT,
    RATING,
    TTR,
    Wire,
    assert_refused,
    chat_state,
    close,
    refusal,
    sample,
    sequence,
    text,
    update,
    without,
)

STAGE = {"field": "Stage", "conversationState": "CLOSE"}
MAIN = {"field": "ConversationStateField", "conversationState": "CLOSE"}
RESOLVED = "OK Conversation resolved successfully"


# --- Closing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field", [MAIN, STAGE, [MAIN], [STAGE]], ids=["main", "stage", "main-array", "stage-array"]
)
def test_closing_is_answered_with_its_words(wire: Wire, field: Any) -> None:
    conversation_id = wire.open()

    answer = wire.send(update(conversation_id, field))

    assert answer.status_code == 200
    assert answer.json() == {"code": "OK", "body": {"msg": RESOLVED}, "reqId": "9"}
    assert refusal(wire.send(text(conversation_id))) == CLOSED_TEXT


@pytest.mark.parametrize(
    "request_for",
    [text, close, lambda dialog: chat_state(dialog, "GONE"), lambda dialog: update(dialog, STAGE)],
    ids=["text", "close", "state", "stage"],
)
def test_a_closed_conversation_takes_no_publish_and_no_close(wire: Wire, request_for: Any) -> None:
    """R13: the words are exact."""
    request = request_for(wire.open_and_close())

    answer = wire.send(request)

    assert answer.status_code == 400
    assert answer.json() == {"code": "BAD_REQUEST", "body": {"msg": CLOSED_TEXT}, "reqId": request["id"]}


@pytest.mark.parametrize("state", ["OPEN", "close", "", None, True])
@pytest.mark.parametrize("field", ["ConversationStateField", "Stage"])
def test_a_state_other_than_close_is_refused_by_name(wire: Wire, field: str, state: Any) -> None:
    conversation_id = wire.open()

    answer = wire.send(update(conversation_id, {"field": field, "conversationState": state}))

    assert_refused(answer, "9", named="conversationState")
    assert sequence(wire.send(text(conversation_id))) == 0


# --- Rating and time to respond -------------------------------------------------------------------


def test_the_printed_rating_is_answered_as_printed(wire: Wire) -> None:
    conversation_id = wire.open()

    answer = wire.send(sample("csat_request", {"{conversationId}": conversation_id}))

    assert answer.status_code == 200
    assert answer.json() == sample("csat_answer")


@pytest.mark.parametrize("rate", [1, 2, 3, 4, 5])
def test_a_rating_is_taken_open_or_closed_and_again(wire: Wire, rate: int) -> None:
    """R45."""
    conversation_id = wire.open()
    request = update(conversation_id, {**RATING, "csatRate": rate})

    answers = [wire.send(request), wire.send(request), wire.send(close(conversation_id)), wire.send(request)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200]
    assert answers[3].json()["body"] == {"msg": "OK CSAT updated successfully"}


@pytest.mark.parametrize("status", ["SKIPPED", "PARTIALLY_FILLED"])
@pytest.mark.parametrize(
    "empty", [{}, {"csatRate": None}, {"csatRate": None, "csatResolutionConfirmation": None}]
)
def test_a_rating_not_filled_may_lack_its_values(wire: Wire, status: str, empty: dict[str, Any]) -> None:
    """R45."""
    answer = wire.send(update(wire.open(), {"field": "CSATRate", "status": status, **empty}))

    assert answer.status_code == 200


@pytest.mark.parametrize("missing", ["csatRate", "csatResolutionConfirmation", "status"])
def test_a_filled_rating_needs_all_its_members(wire: Wire, missing: str) -> None:
    """R45."""
    answer = wire.send(update(wire.open(), without(RATING, missing)))

    assert_refused(answer, "9", named=missing)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(("csatRate", value) for value in (0, 6, -1, 4.5, "5", True, None)),
        *(("csatResolutionConfirmation", value) for value in ("true", 1, None)),
        *(("status", value) for value in ("DONE", "filled", "", None)),
    ],
)
def test_a_wrong_value_of_a_rating_is_refused_by_name(wire: Wire, member: str, value: Any) -> None:
    answer = wire.send(update(wire.open(), {**RATING, member: value}))

    assert_refused(answer, "9", named=member)


@pytest.mark.parametrize("ttr_type", ["CUSTOM", "NORMAL", "PRIORITIZED", "URGENT"])
@pytest.mark.parametrize("value", [0, 600])
def test_the_time_to_respond_can_be_changed(wire: Wire, ttr_type: str, value: int) -> None:
    answer = wire.send(update(wire.open(), {"field": "TTRField", "ttrType": ttr_type, "value": value}))

    assert answer.status_code == 200
    assert answer.json() == {"code": "OK", "body": {"msg": "OK TTR updated successfully"}, "reqId": "9"}


@pytest.mark.parametrize(
    ("member", "value"),
    [("ttrType", "LOW"), ("ttrType", "urgent"), ("value", -1), ("value", "60"), ("value", True)],
)
def test_a_wrong_time_to_respond_is_refused_by_name(wire: Wire, member: str, value: Any) -> None:
    answer = wire.send(update(wire.open(), {**TTR, member: value}))

    assert_refused(answer, "9", named=member)


# --- Fields in general ----------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["Skill", "ParticipantsChange"])
@pytest.mark.parametrize("in_array", [False, True])
def test_a_field_of_the_agent_side_is_not_allowed(wire: Wire, field: str, in_array: bool) -> None:
    """R47."""
    change = {"field": field, "type": "UPDATE", "skill": "4711"}

    answer = wire.send(update(wire.open(), [change] if in_array else change))

    assert_refused(answer, "9")
    assert answer.json()["body"]["msg"] == "Bad Request, field not allowed"


@pytest.mark.parametrize(
    "field", [None, "CLOSE", 5, {}, {"field": "Mood"}, {"field": None}, {"field": 5}, ["Stage"]]
)
def test_what_is_no_field_is_refused(wire: Wire, field: Any) -> None:
    answer = wire.send(update(wire.open(), field))

    assert_refused(answer, "9")


@pytest.mark.parametrize("missing", ["conversationId", "conversationField"])
def test_an_update_names_its_conversation_and_its_field(wire: Wire, missing: str) -> None:
    request = close(wire.open())

    answer = wire.send({**request, "body": without(request["body"], missing)})

    assert_refused(answer, "9", named=missing)


def test_an_array_of_fields_is_carried_out(wire: Wire) -> None:
    """R46."""
    conversation_id = wire.open()

    answer = wire.send(update(conversation_id, [RATING, TTR, MAIN]))

    assert answer.status_code == 200
    assert answer.json()["code"] == "OK"
    assert refusal(wire.send(text(conversation_id))) == CLOSED_TEXT


@pytest.mark.parametrize("bad", [{"field": "Skill"}, {"field": "Mood"}, {**RATING, "csatRate": 9}, None])
def test_an_array_with_one_bad_field_changes_nothing(wire: Wire, bad: Any) -> None:
    """R46: all or nothing."""
    conversation_id = wire.open()

    answer = wire.send(update(conversation_id, [MAIN, bad]))

    assert_refused(answer, "9")
    assert sequence(wire.send(text(conversation_id))) == 0


@pytest.mark.parametrize("field", [MAIN, STAGE, RATING, TTR], ids=["main", "stage", "rating", "ttr"])
def test_the_conversation_of_another_consumer_cannot_be_changed(wire: Wire, field: dict[str, Any]) -> None:
    """R11."""
    conversation_of_bert = wire.open(BERT)

    answer = wire.send(update(conversation_of_bert, field))

    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")


# --- DialogChange: the third way to close --------------------------------------------------------------


def dialog_change(dialog_id: str, **members: Any) -> dict[str, Any]:
    dialog = {"dialogId": dialog_id, "state": "CLOSE", "closedCause": "Closed by consumer"}
    return {"field": "DialogChange", "type": "UPDATE", "dialog": dialog | members}


def test_a_dialog_change_closes_the_main_dialog(wire: Wire) -> None:
    conversation_id = wire.open()

    answer = wire.send(update(conversation_id, dialog_change(conversation_id)))

    assert answer.json() == {"code": "OK", "body": {"msg": RESOLVED}, "reqId": "9"}
    assert refusal(wire.send(text(conversation_id))) == CLOSED_TEXT


@pytest.mark.parametrize(
    ("field", "named"),
    [
        (dialog_change("d", state="OPEN"), "state"),
        (dialog_change(""), "dialogId"),
        (without(dialog_change("d"), "type"), "type"),
        (without(dialog_change("d"), "dialog"), "dialog"),
    ],
)
def test_a_wrong_dialog_change_is_refused(wire: Wire, field: dict[str, Any], named: str) -> None:
    assert_refused(wire.send(update(wire.open(), field)), "9", named)


def test_a_dialog_change_of_another_consumers_dialog_is_refused(wire: Wire) -> None:
    foreign = wire.open(BERT)

    answer = wire.send(update(wire.open(), dialog_change(foreign)))

    assert (answer.status_code, answer.json()["body"]["errorCode"]) == (401, 40103)
