"""The seed document by number, continued: S26 to S39, what every message has in common."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from .conftest import (
    UNKNOWN_ID,
    Wire,
    chat_state,
    close,
    profile,
    sample,
    sequence,
    text,
)


@pytest.mark.parametrize("kind", ["resp", "notification"])
def test_s26_the_connector_sends_requests_only(wire: Wire, kind: str) -> None:
    answer = wire.send({**profile({}), "kind": kind})

    assert answer.status_code == 400


def test_s26_kind_stands_at_the_top_level(wire: Wire) -> None:
    kind_elsewhere = wire.send(profile({"kind": "notification"}))
    refused = wire.send(profile({}), headers={"Authorization": None})

    assert kind_elsewhere.status_code == 200
    assert refused.json()["kind"] == "resp"


def test_s27_the_example_request_is_accepted_as_printed(wire: Wire) -> None:
    conversation_id = wire.open()

    answer = wire.send(sample("seed_publish_event_request", {"{conversationId}": conversation_id}))

    assert answer.status_code == 200


def test_s28_a_request_without_a_type_is_refused(wire: Wire) -> None:
    answer = wire.send({"kind": "req", "id": "1", "body": {}})

    assert answer.status_code == 400


def test_s28_an_error_object_has_a_type(wire: Wire) -> None:
    answer = wire.send(profile({}), headers={"Authorization": None})

    assert answer.json()["type"] == ".ReqBody$ErrorResp"


def test_s29_the_body_of_one_type_does_not_serve_another(wire: Wire) -> None:
    conversation_id = wire.open()
    publishing, closing = text(conversation_id), close(conversation_id)

    answers = [
        wire.send({**publishing, "type": closing["type"]}),
        wire.send({**closing, "type": publishing["type"]}),
        wire.send(publishing),
        wire.send(closing),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 200, 200]


def test_s30_the_type_stands_at_the_top_level(wire: Wire) -> None:
    nested = {"kind": "req", "id": "1", "body": {"type": "userprofile.SetUserProfile"}}

    answer = wire.send(nested)

    assert answer.status_code == 400


def test_s31_the_example_with_a_numeric_id_is_accepted_as_printed(wire: Wire) -> None:
    conversation_id = wire.open()

    answer = wire.send(
        sample("seed_update_conversation_field_request", {"{conversationId}": conversation_id})
    )

    assert answer.status_code == 200
    assert answer.json() == sample("csat_answer")


def test_s32_responses_are_told_apart_by_their_request(wire: Wire) -> None:
    conversation_id = wire.open()

    answers = [wire.send(text(conversation_id, request_id=name)).json() for name in ("north", "south")]

    assert [answer["reqId"] for answer in answers] == ["north", "south"]


def test_s33_a_request_without_an_id_is_refused(wire: Wire) -> None:
    request = profile({})
    del request["id"]

    answer = wire.send(request)

    assert answer.status_code == 400
    assert "reqId" not in answer.json()


@pytest.mark.parametrize("request_id", ["1", "1,", "a b", "6f1c0000-0000-4000-8000-000000000000"])
def test_s34_the_response_repeats_the_id_as_top_level_req_id(wire: Wire, request_id: str) -> None:
    answer = wire.send(profile({}, request_id))

    assert answer.json()["reqId"] == request_id


def test_s35_sequence_is_absent_where_nothing_is_published(wire: Wire) -> None:
    conversation_id = wire.open()
    rating = sample("csat_request", {"{conversationId}": conversation_id})

    answers = [wire.send(request) for request in (profile({}), rating, close(conversation_id))]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all("sequence" not in answer.json() for answer in answers)
    assert all("sequence" not in answer.json()["body"] for answer in answers)


def test_s36_sequence_counts_sends_as_0_2_4(wire: Wire) -> None:
    request = text(wire.open())

    counted = [sequence(wire.send(request)) for _ in range(5)]

    assert counted == [0, 2, 4, 6, 8]


def test_s37_the_example_response_answers_the_example_request_and_has_nothing_else(wire: Wire) -> None:
    conversation_id = wire.open()

    answer = wire.send(sample("seed_publish_event_request", {"{conversationId}": conversation_id}))

    assert answer.json() == sample("seed_response")


def test_s27_s34_s36_s37_the_example_sent_three_times_is_answered_member_for_member(wire: Wire) -> None:
    conversation_id = wire.open()
    request = sample("seed_publish_event_request", {"{conversationId}": conversation_id})

    answers = [wire.send(request).json() for _ in range(3)]

    assert answers == [{"code": "OK", "body": {"sequence": s}, "reqId": "1"} for s in (0, 2, 4)]


@pytest.mark.parametrize(
    ("dialog_id", "state", "status"),
    [("open", "ACTIVE", 200), ("open", "TYPING", 400), (UNKNOWN_ID, "ACTIVE", 404)],
)
def test_s38_s39_code_is_the_status_in_the_words_of_http(
    wire: Wire, dialog_id: str, state: str, status: int
) -> None:
    conversation_id = wire.open()

    answer = wire.send(chat_state(conversation_id if dialog_id == "open" else dialog_id, state))

    assert answer.status_code == status
    assert answer.json()["code"] == HTTPStatus(status).phrase.upper().replace(" ", "_")
