"""CONVERSATION: the rules of the batch, what its members may be, and one open conversation per consumer."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import (
    ANNA,
    BERT,
    CLOSED_TEXT,
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

SDES = [
    {"type": "ctmrinfo", "info": {"customerId": "C-77", "ctype": "vip"}},
    {"type": "personal", "personal": {"firstname": "Anna", "lastname": "Berg"}},
]
Reshape = Callable[[list[Any]], Any]


def assert_nothing_ran(wire: Wire) -> None:
    """A consumer may still open a conversation, so none was opened before."""
    assert wire.converse(wire.batch()).status_code == 200


# --- Opening --------------------------------------------------------------------------------------


def test_the_printed_batch_is_answered_as_printed(wire: Wire) -> None:
    answer = wire.converse(sample("conversation_request", {"12345678": wire.account}))

    conversation_id = answer.json()[1]["body"]["conversationId"]
    assert answer.status_code == 200
    assert answer.json() == sample("conversation_answer", {"6f1c…": conversation_id})


def test_the_conversation_id_is_a_random_uuid_and_serves_as_dialog_id(wire: Wire) -> None:
    conversation_id = wire.open()

    assert uuid.UUID(conversation_id).version == 4
    assert sequence(wire.send(text(conversation_id))) == 0


def test_two_consumers_have_two_conversations(wire: Wire) -> None:
    assert wire.open(ANNA) != wire.open(BERT)


# --- Batch rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [[], {}, None, "batch", 3, True])
def test_a_batch_is_an_array_that_is_not_empty(wire: Wire, batch: Any) -> None:
    answer = wire.converse(batch)

    assert answer.status_code == 400
    assert_nothing_ran(wire)


@pytest.mark.parametrize(
    "reshape",
    [
        lambda batch: batch[:1],
        lambda batch: batch[1:],
        lambda batch: batch[1],
        lambda batch: batch[::-1],
        lambda batch: [batch[0], batch[0]],
        lambda batch: [batch[1], batch[1]],
        lambda batch: [batch[0], text("", request_id="3")],
        lambda batch: [*batch, batch[0]],
        lambda batch: [*batch, close("")],
        lambda batch: [*batch, text("", request_id="3"), text("", request_id="4")],
        lambda batch: [batch[0], text("", request_id="3"), batch[1]],
        lambda batch: [batch[0], {**batch[1], "type": "cm.Unknown"}],
        lambda batch: [*batch, None],
        lambda batch: [batch[0], [batch[1]]],
    ],
)
def test_a_batch_of_another_order_length_or_type_is_refused_before_anything_runs(
    wire: Wire, reshape: Reshape
) -> None:
    """R16, R67: one single response object."""
    answer = wire.converse(reshape(wire.batch()))

    assert answer.status_code == 400
    assert answer.json()["code"] == "BAD_REQUEST"
    assert answer.json()["body"]["msg"].startswith("Bad Request")
    assert_nothing_ran(wire)


def test_a_type_at_fault_is_answered_with_the_id_of_its_item(wire: Wire) -> None:
    """R67."""
    batch = [profile({}, "first"), {**wire.request_conversation(), "id": "second", "type": "cm.Unknown"}]

    answer = wire.converse(batch)

    assert set(answer.json()) == {"code", "body", "reqId"}
    assert answer.json()["reqId"] == "second"


@pytest.mark.parametrize("ids", [("1,", "1,"), ("2,", "1,"), ("9", "3"), ("a", "a")])
def test_answers_stand_in_request_order_whatever_the_ids(wire: Wire, ids: tuple[str, str]) -> None:
    first, second = wire.batch()

    answer = wire.converse([{**first, "id": ids[0]}, {**second, "id": ids[1]}])

    assert [entry["reqId"] for entry in answer.json()] == list(ids)
    assert ["conversationId" in entry["body"] for entry in answer.json()] == [False, True]


def test_numeric_ids_come_back_as_text(wire: Wire) -> None:
    first, second = wire.batch()

    answer = wire.converse([{**first, "id": 1}, {**second, "id": 2}])

    assert [entry["reqId"] for entry in answer.json()] == ["1", "2"]


@pytest.mark.parametrize("dialog", [{"dialogId": ""}, {}])
def test_a_third_item_publishes_into_the_new_conversation(wire: Wire, dialog: dict[str, str]) -> None:
    third = text("", request_id="3")
    third["body"] = {"event": third["body"]["event"], **dialog}

    answer = wire.converse(wire.batch(third))

    assert answer.status_code == 200
    assert answer.json()[2] == sample("conversation_third_item_answer")
    assert sequence(wire.send(text(answer.json()[1]["body"]["conversationId"]))) == 2


def test_a_chat_state_as_third_item_uses_no_number(wire: Wire) -> None:
    answer = wire.converse(wire.batch(chat_state("", "ACTIVE", "3")))

    assert answer.json()[2] == sample("conversation_third_item_answer")
    assert sequence(wire.send(text(answer.json()[1]["body"]["conversationId"]))) == 0


def test_the_limit_for_a_single_text_does_not_hold_for_a_batch(wire: Wire) -> None:
    """R21."""
    answer = wire.converse(wire.batch(text("", "x" * 6000, "3")))

    assert answer.status_code == 200


# --- One open conversation per consumer -----------------------------------------------------------


def test_a_second_conversation_is_refused_while_the_first_is_open(wire: Wire) -> None:
    """R14: the status is 400, the body still an array, the profile was set."""
    conversation_id = wire.open()

    answer = wire.converse(wire.batch())

    refused = sample("conversation_already_open_answer", {"{lp_consumer_id}": wire.lp_consumer_id()})
    assert answer.status_code == 400
    assert answer.json() == [
        {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "1"},
        refused,
    ]
    assert sequence(wire.send(text(conversation_id))) == 0


def test_an_item_behind_a_failed_one_is_answered_but_not_run(wire: Wire) -> None:
    """R15."""
    conversation_id = wire.open()

    answer = wire.converse(wire.batch(text("", request_id="3")))

    assert answer.status_code == 400
    assert [entry["code"] for entry in answer.json()] == ["OK", "BAD_REQUEST", "BAD_REQUEST"]
    assert answer.json()[2] == {
        "code": "BAD_REQUEST",
        "body": {"msg": "Bad Request, previous request failed"},
        "reqId": "3",
    }
    assert sequence(wire.send(text(conversation_id))) == 0


@pytest.mark.parametrize("how", ["state", "stage", "dialog", "agent"])
def test_after_closing_a_new_conversation_is_opened(wire: Wire, how: str) -> None:
    """§11.1: however it was closed."""
    old_id = wire.open()
    if how == "agent":
        wire.agent(old_id, "close")
    else:
        fields = {
            "state": {"field": "ConversationStateField", "conversationState": "CLOSE"},
            "stage": {"field": "Stage", "conversationState": "CLOSE"},
            "dialog": {
                "field": "DialogChange",
                "type": "UPDATE",
                "dialog": {"dialogId": old_id, "state": "CLOSE", "closedCause": "Closed by consumer"},
            },
        }
        assert wire.send(update(old_id, fields[how])).status_code == 200

    new_id = wire.open()

    assert new_id != old_id
    assert sequence(wire.send(text(new_id))) == 0
    assert refusal(wire.send(text(old_id))) == CLOSED_TEXT


# --- Members of the conversation request ----------------------------------------------------------


@pytest.mark.parametrize(
    "members",
    [
        {"ttrDefName": "NORMAL"},
        {"ttrDefName": "URGENT"},
        {"ttrDefName": "PRIORITIZED"},
        {"ttrDefName": "CUSTOM"},
        {"ttrDefName": None},
        {"skillId": "-1"},
        {"skillId": -1},
        {"skillId": ""},
        {"skillId": "4711"},
        {"skillId": 4711},
        {"campaignInfo": {"campaignId": 3, "engagementId": 4}},
        {"campaignInfo": {"campaignId": "3", "engagementId": "4"}},
        {"conversationContext": {"type": "SharkContext", "visitorId": "", "sessionId": "", "lang": "en-US"}},
        {"conversationContext": {"type": "SharkContext", "interactionContextId": 2}},
        {"conversationContext": {"interactionContextId": "2", "features": ["RICH_CONTENT", "ODD"]}},
        {"unheardOf": {"deep": [1, 2, 3]}},
    ],
)
def test_members_as_real_clients_send_them_are_accepted(wire: Wire, members: dict[str, Any]) -> None:
    answer = wire.converse(wire.batch(**members))

    assert answer.status_code == 200


def test_the_channel_type_may_be_left_out(wire: Wire) -> None:
    """R17."""
    first, second = wire.batch()
    del second["body"]["channelType"]

    answer = wire.converse([first, second])

    assert answer.status_code == 200


def test_a_skill_at_the_top_level_is_ignored(wire: Wire) -> None:
    first, second = wire.batch()

    answer = wire.converse([first, {**second, "skillId": "4711"}])

    assert answer.status_code == 200
    assert set(answer.json()[1]) == {"code", "body", "reqId"}


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"channelType": "CHAT"}, "channelType"),
        ({"channelType": "messaging"}, "channelType"),
        ({"ttrDefName": "LOW"}, "ttrDefName"),
        ({"ttrDefName": "normal"}, "ttrDefName"),
        ({"ttrDefName": 5}, "ttrDefName"),
    ],
)
def test_a_value_that_is_not_listed_is_refused_by_name(
    wire: Wire, members: dict[str, Any], named: str
) -> None:
    """R17, R18, R68."""
    answer = wire.converse(wire.batch(**members))

    assert answer.status_code == 400
    assert refusal(answer).startswith("Bad Request")
    assert named in refusal(answer)
    assert_nothing_ran(wire)


@pytest.mark.parametrize("brand", ["99999999", "someone"])
def test_a_brand_other_than_the_account_of_the_path_is_refused(wire: Wire, brand: str) -> None:
    """R19."""
    answer = wire.converse(wire.batch(brandId=brand))

    assert answer.status_code == 400
    assert refusal(answer) == "Bad Request, brandId does not match account"
    assert_nothing_ran(wire)


# --- Members of the profile -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"authenticatedData": {}},
        {"authenticatedData": {"lp_sdes": []}},
        {"authenticatedData": {"lp_sdes": SDES}},
        {"firstName": "Anna", "lastName": "Berg", "authenticatedData": {"lp_sdes": SDES}},
        {"firstName": "", "lastName": "", "userId": "", "role": "", "avatarUrl": "", "description": ""},
        {"role": "consumer", "privateData": {"mobileNum": "1", "mail": "a@b.example"}},
        {"privateData": {"pushNotificationData": {"serviceName": "", "certName": "", "token": ""}}},
        {
            "authenticatedData": {
                "lp_sdes": [{"type": "personal", "personal": {"contacts": [{"email": "", "phone": ""}]}}]
            }
        },
        {"authenticatedData": {"lp_sdes": [{"type": "personal", "personal": {"gender": 1}}]}},
        {"authenticatedData": {"lp_sdes": [{"type": "ctmrinfo", "info": {"storeNumber": "5"}}]}},
        {"authenticatedData": {"lp_sdes": [{"type": "purchase", "total": 11.7}]}},
        {"shoeSize": 43},
    ],
)
def test_a_profile_as_real_clients_send_it_is_accepted_by_both_calls(
    wire: Wire, body: dict[str, Any]
) -> None:
    opened = wire.converse([profile(body), wire.request_conversation()])
    sent = wire.send(profile(body, "8"))

    assert opened.status_code == 200
    assert opened.json()[0] == {
        "code": "OK",
        "body": {"msg": "OK User Profile set successfully"},
        "reqId": "1",
    }
    assert sent.status_code == 200
    assert sent.json() == {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "8"}


def test_a_batch_that_speaks_into_a_foreign_dialog_opens_nothing(wire: Wire) -> None:
    foreign = wire.open(BERT)

    refused = wire.converse(wire.batch(text(foreign)))

    assert (refused.status_code, refused.json()["body"]["errorCode"]) == (401, 40103)
    assert wire.converse(wire.batch()).status_code == 200
