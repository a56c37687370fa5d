"""Faults of what is well meant: spoilt answers, tokens that expire early, conversations not yet there."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import BERT, UNKNOWN_ID, Wire, claims, close, sequence, text
from .shapes import PNG, events, granted, store, upload_request

INVALID_APP_JWT = (
    '{"kind":"resp","code":401,"type":".ReqBody$ErrorResp","body":'
    '{"title":"Invalid AppJWT","details":"AppJWT has expired or is invalid","errorCode":40102}}'
)


def said(wire: Wire, conversation_id: str) -> list[str]:
    """The texts that the conversation holds."""
    told = [each["event"] for each in events(wire, conversation_id)]
    return [event["message"] for event in told if event["type"] == "ContentEvent"]


# --- Spoilt answers ----------------------------------------------------------------------------------

GOOD = '{"code":"OK","body":{"sequence":0},"reqId":"7"}'


@pytest.mark.parametrize(
    ("how", "body"),
    [
        ("truncated", '{"code":"OK","body":{"se'[:23]),
        ("malformed", '{"code"="OK","body":{"sequence":0},"reqId":"7"}'),
        ("empty", ""),
    ],
)
def test_an_answer_is_spoilt_and_the_text_was_said(wire: Wire, how: str, body: str) -> None:
    conversation_id = wire.open()
    wire.fault(body=how, on="send", times=1)

    answer = wire.send(text(conversation_id, "Hello"))

    assert (answer.status_code, answer.text) == (200, body)
    assert answer.headers["content-length"] == str(len(body))
    assert answer.headers["content-type"] == "application/json"
    assert said(wire, conversation_id) == ["Hello"]


def test_another_request_id_is_all_that_is_wrong(wire: Wire) -> None:
    conversation_id = wire.open()
    wire.fault(body="wrong_request_id", on="send")

    answer = wire.send(text(conversation_id))

    other = answer.json()["reqId"]
    assert other not in ("", "7")
    assert answer.text == GOOD.replace('"7"', f'"{other}"')


def test_in_a_batch_no_request_id_is_right(wire: Wire) -> None:
    wire.fault(body="wrong_request_id", on="conversation")

    profile, opened = wire.converse(wire.batch()).json()

    assert profile["body"] == {"msg": "OK User Profile set successfully"}
    assert {profile["reqId"], opened["reqId"]}.isdisjoint({"1", "2"})
    assert profile["reqId"] != opened["reqId"]


@pytest.mark.parametrize(("how", "length"), [("truncated", len(PNG) // 2), ("empty", 0)])
def test_a_downloaded_file_may_be_cut_too(wire: Wire, how: str, length: int) -> None:
    url = granted(wire.send(upload_request(len(PNG), "PNG")))
    store(wire, "PUT", url, PNG)
    there = {"relativePath": url["relativePath"]}
    request = {"kind": "req", "id": "4", "type": "ms.GenerateURLForDownloadFile", "body": there}
    download = granted(wire.send(request))
    wire.fault(body=how, on="download")

    assert store(wire, "GET", download).content == PNG[:length]


@pytest.mark.parametrize(
    "spec", [{"status": 503}, {"body": "empty"}, {"body": "truncated"}, {"error_code": 40103}]
)
def test_the_connection_stays_in_step(wire: Wire, spec: dict[str, Any]) -> None:
    conversation_id = wire.open()
    wire.fault(**spec, on="send", times=1)

    wire.send(text(conversation_id))

    assert wire.send(close(conversation_id)).json()["body"]["msg"] == "OK Conversation resolved successfully"


# --- Tokens and conversations ------------------------------------------------------------------------


def test_an_app_jwt_expires_when_the_call_comes_and_a_new_one_is_good(wire: Wire) -> None:
    conversation_id = wire.open()
    before = wire.app_token()
    wire.fault(expire="app_jwt", on="send", times=1)

    refused = wire.send(text(conversation_id))
    elsewhere = wire.ask_consumer_token({"ext_consumer_id": BERT})
    wire.renew()
    renewed = wire.send(text(conversation_id))

    assert (refused.status_code, refused.text) == (401, INVALID_APP_JWT)
    assert elsewhere.json()["body"]["errorCode"] == 40102
    assert renewed.status_code == 200
    assert wire.app_token() != before
    assert claims(wire.app_token())["exp"] == claims(wire.app_token())["iat"] + 3600


def test_an_expiring_token_may_be_sent_as_bearer(wire: Wire) -> None:
    conversation_id = wire.open()
    wire.fault(expire="app_jwt", on="send", times=1)

    wire.send(text(conversation_id), headers={"Authorization": f"Bearer {wire.app_token()}"})

    assert wire.send(text(conversation_id)).status_code == 401


def test_a_call_without_a_token_lets_none_expire(wire: Wire) -> None:
    wire.consumer_token()
    wire.fault(expire="app_jwt", times=1)

    answer = wire.send(text(UNKNOWN_ID), headers={"Authorization": None})

    assert answer.json()["body"]["errorCode"] == 40105
    assert wire.control("GET", "faults").json()["faults"][0]["hits"] == 0


def test_a_slow_conversation_is_not_found_until_its_time_has_come(wire: Wire) -> None:
    """R64."""
    wire.fault(slow_conversation=30, times=1)
    conversation_id = wire.open()
    other = wire.open(BERT)

    early = [wire.send(text(conversation_id)), wire.send(close(conversation_id))]
    of_another = wire.send(text(other), consumer=BERT)
    wire.advance(31)
    late = wire.send(text(conversation_id))

    assert [answer.status_code for answer in early] == [404, 404]
    assert early[0].text == ('{"code":"NOT_FOUND","body":{"msg":"Conversation not found"},"reqId":"7"}')
    assert (sequence(of_another), sequence(late)) == (0, 0)


def test_a_batch_that_opens_nothing_does_not_use_up_a_slow_conversation(wire: Wire) -> None:
    wire.open()
    wire.fault(slow_conversation=30, times=1)

    wire.converse(wire.batch())

    assert wire.send(text(wire.open(BERT)), consumer=BERT).status_code == 404


def test_a_snapshot_remembers_which_tokens_have_expired_and_what_is_not_there_yet(wire: Wire) -> None:
    wire.fault(slow_conversation=3600)
    conversation_id = wire.open()
    wire.clear_faults()
    before = wire.control("POST", "snapshot").json()
    wire.fault(expire="app_jwt", times=1)
    wire.send(text(conversation_id))
    after = wire.control("POST", "snapshot").json()
    statuses = []
    for kept in (before, after):
        wire.advance(7200)
        wire.control("POST", "restore", kept)
        statuses.append(wire.send(text(conversation_id)).status_code)

    assert statuses == [404, 401]


def test_a_reset_forgets_which_tokens_had_expired(wire: Wire) -> None:
    conversation_id = wire.open()
    wire.fault(expire="app_jwt", times=1)
    wire.send(text(conversation_id))

    wire.control("POST", "reset")

    assert wire.converse(wire.batch()).status_code == 200
