"""The envelope: ids and their echo, kind, the exact members of an answer, and the numbers of a dialog."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import (
    ANNA,
    BERT,
    JSON_MEDIA_TYPES,
    UNKNOWN_ID,
    Wire,
    chat_state,
    close,
    profile,
    sequence,
    text,
    update,
)

ILLEGAL_IDS = ["", "x" * 65, True, False, 1.5, None, [], ["1"], {}, {"id": "1"}]
LEGAL_IDS = [
    ("1", "1"),
    ("1,", "1,"),
    ("2,", "2,"),
    (" ", " "),
    ("0", "0"),
    ("007", "007"),
    ("Grüße", "Grüße"),
    ('"quoted"\\', '"quoted"\\'),
    ("x" * 64, "x" * 64),
    (0, "0"),
    (5, "5"),
    (-1, "-1"),
    (2**53 + 1, "9007199254740993"),
]


# --- Ids ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("request_id", "echo"), LEGAL_IDS)
def test_a_legal_id_comes_back_as_text_on_send(wire: Wire, request_id: Any, echo: str) -> None:
    answer = wire.send(profile({}, request_id))

    assert answer.status_code == 200
    assert answer.json()["reqId"] == echo


@pytest.mark.parametrize(("request_id", "echo"), LEGAL_IDS)
def test_a_legal_id_comes_back_as_text_on_conversation(wire: Wire, request_id: Any, echo: str) -> None:
    first, second = wire.batch()

    answer = wire.converse([first, {**second, "id": request_id}])

    assert answer.status_code == 200
    assert answer.json()[1]["reqId"] == echo


@pytest.mark.parametrize("request_id", ILLEGAL_IDS)
def test_an_illegal_id_is_refused_on_send(wire: Wire, request_id: Any) -> None:
    """R3."""
    answer = wire.send(profile({}, request_id))

    assert answer.status_code == 400
    assert answer.json()["code"] == "BAD_REQUEST"
    assert answer.json()["body"]["msg"].startswith("Bad Request")
    assert "id" in answer.json()["body"]["msg"].lower().split(",", 1)[1]


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("request_id", ILLEGAL_IDS)
def test_an_illegal_id_is_refused_in_a_batch_before_anything_runs(
    wire: Wire, request_id: Any, position: int
) -> None:
    batch = wire.batch()
    batch[position]["id"] = request_id

    answer = wire.converse(batch)

    assert answer.status_code == 400
    assert isinstance(answer.json(), dict)
    assert wire.converse(wire.batch()).status_code == 200


@pytest.mark.parametrize("position", [0, 1])
def test_a_missing_id_is_refused_in_a_batch(wire: Wire, position: int) -> None:
    batch = wire.batch()
    del batch[position]["id"]

    answer = wire.converse(batch)

    assert answer.status_code == 400
    assert answer.json()["code"] == "BAD_REQUEST"


def test_an_id_that_is_refused_is_not_echoed(wire: Wire) -> None:
    answer = wire.send(profile({}, None))

    assert set(answer.json()) == {"code", "body"}


# --- Kind and type --------------------------------------------------------------------------------


def test_a_kind_left_out_counts_as_a_request(wire: Wire) -> None:
    """R3."""
    answer = wire.send({"id": "1", "type": "userprofile.SetUserProfile", "body": {}})

    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["resp", "notification", "REQ", "request", "", 5, True, ["req"]])
def test_a_kind_other_than_req_is_refused(wire: Wire, kind: Any) -> None:
    """R3."""
    answer = wire.send({**profile({}), "kind": kind})

    assert answer.status_code == 400
    assert answer.json()["reqId"] == "1"


@pytest.mark.parametrize("type_name", ["ms.Whisper", "USERPROFILE.SETUSERPROFILE", "", None, 5, True, [], {}])
def test_an_unknown_type_is_refused_with_the_id(wire: Wire, type_name: Any) -> None:
    answer = wire.send({**profile({}), "type": type_name})

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "body", "reqId"}
    assert answer.json()["reqId"] == "1"


@pytest.mark.parametrize("body", [None, "text", 5, True, []])
def test_a_body_is_an_object(wire: Wire, body: Any) -> None:
    answer = wire.send({"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body})

    assert answer.status_code == 400


@pytest.mark.parametrize("message", [None, "text", 5, True])
def test_a_message_is_an_object(wire: Wire, message: Any) -> None:
    answer = wire.send(message)

    assert answer.status_code == 400
    assert "reqId" not in answer.json()


# --- Answers --------------------------------------------------------------------------------------


def test_a_success_has_exactly_three_members(wire: Wire) -> None:
    """R1, R2."""
    opened = wire.converse(wire.batch())
    conversation_id = opened.json()[1]["body"]["conversationId"]

    answers = [
        *opened.json(),
        wire.send(text(conversation_id)).json(),
        wire.send(chat_state(conversation_id, "ACTIVE")).json(),
        wire.send(profile({})).json(),
        wire.send(close(conversation_id)).json(),
    ]

    assert {frozenset(answer) for answer in answers} == {frozenset({"code", "body", "reqId"})}
    assert {answer["code"] for answer in answers} == {"OK"}


def test_a_refusal_has_exactly_three_members(wire: Wire) -> None:
    """R67."""
    conversation_id = wire.open()

    answers = [
        wire.send(text(UNKNOWN_ID)),
        wire.send(text(conversation_id, "")),
        wire.send({**profile({}), "type": "x"}),
    ]

    assert [answer.json()["code"] for answer in answers] == ["NOT_FOUND", "BAD_REQUEST", "BAD_REQUEST"]
    assert {frozenset(answer.json()) for answer in answers} == {frozenset({"code", "body", "reqId"})}


def test_every_answer_has_one_of_two_media_types(wire: Wire) -> None:
    """R77."""
    conversation_id = wire.open()

    answers = [
        wire.converse(wire.batch()),
        wire.converse(wire.batch(), consumer=BERT),
        wire.send(text(conversation_id)),
        wire.send(text(conversation_id, "")),
        wire.send(text(UNKNOWN_ID)),
        wire.send(profile({}), headers={"X-LP-ON-BEHALF": None}),
        wire.send(profile({}), headers={"Content-Type": None}),
        wire.send(profile({}), method="GET"),
        wire.call("/nowhere", {}),
        wire.send(b" " * (1024 * 1024 + 1)),
        wire.ask_consumer_token({}),
    ]

    assert [answer.status_code for answer in answers] == [
        400,
        200,
        200,
        400,
        404,
        401,
        415,
        405,
        404,
        413,
        400,
    ]
    assert {answer.headers["content-type"] for answer in answers} <= JSON_MEDIA_TYPES


def test_unknown_members_are_ignored_wherever_they_stand(wire: Wire) -> None:
    """R59."""
    conversation_id = wire.open()
    request = text(conversation_id)
    request["extra"] = {"deep": [1, 2]}
    request["metadata"] = [{"type": "Unheard", "id": "x"}]
    request["body"]["extra"] = None
    request["body"]["event"]["extra"] = "x"
    closing = update(conversation_id, {"field": "Stage", "conversationState": "CLOSE", "extra": 1})

    sent = wire.send(request)
    closed = wire.send(closing)

    assert sequence(sent) == 0
    assert closed.status_code == 200


# --- Sequence -------------------------------------------------------------------------------------


def test_texts_and_ids_of_any_kind_share_the_counter(wire: Wire) -> None:
    """R5: the same request means a publish into the same dialog."""
    conversation_id = wire.open()

    counted = [sequence(wire.send(text(conversation_id, f"text {n}", request_id=n))) for n in range(4)]

    assert counted == [0, 2, 4, 6]


def test_nothing_deduplicates(wire: Wire) -> None:
    """R62."""
    request = text(wire.open(), "again", request_id="3")

    counted = [sequence(wire.send(request)) for _ in range(3)]

    assert counted == [0, 2, 4]


def test_chat_states_in_between_use_no_number(wire: Wire) -> None:
    conversation_id = wire.open()

    counted = []
    for state in ("ACTIVE", "COMPOSING", "PAUSE"):
        counted.append(sequence(wire.send(chat_state(conversation_id, state))))
        counted.append(sequence(wire.send(text(conversation_id))))

    assert counted == [0, 0, 0, 2, 0, 4]


def test_the_third_item_of_a_batch_is_the_first_send(wire: Wire) -> None:
    opened = wire.converse(wire.batch(text("", request_id="3"))).json()
    conversation_id = opened[1]["body"]["conversationId"]

    counted = [opened[2]["body"]["sequence"], *(sequence(wire.send(text(conversation_id))) for _ in range(2))]

    assert counted == [0, 2, 4]


def test_each_dialog_has_a_counter_of_its_own(wire: Wire) -> None:
    of_anna, of_bert = wire.open(ANNA), wire.open(BERT)

    counted = [
        sequence(wire.send(text(of_anna))),
        sequence(wire.send(text(of_anna))),
        sequence(wire.send(text(of_bert), consumer=BERT)),
        sequence(wire.send(text(of_anna))),
        sequence(wire.send(text(of_bert), consumer=BERT)),
    ]

    assert counted == [0, 2, 0, 4, 2]


def test_refused_and_other_requests_use_no_number(wire: Wire) -> None:
    conversation_id = wire.open()

    before = sequence(wire.send(text(conversation_id)))
    refused = [
        wire.send(text(conversation_id, "")),
        wire.send(text(conversation_id), headers={"Authorization": None}),
        wire.send(text(conversation_id), consumer=BERT),
    ]
    other = wire.send(profile({}))
    after = sequence(wire.send(text(conversation_id)))

    assert [answer.status_code for answer in refused] == [400, 401, 401]
    assert other.status_code == 200
    assert [before, after] == [0, 2]


def test_time_and_a_new_app_token_leave_the_counter_alone(wire: Wire) -> None:
    conversation_id = wire.open()

    first = sequence(wire.send(text(conversation_id)))
    wire.advance(7200)
    wire.renew()
    second = sequence(wire.send(text(conversation_id)))

    assert [first, second] == [0, 2]
