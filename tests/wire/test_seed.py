"""One check or more for every sentence of the seed document, by number: S1 to S25; the rest is next door."""

from __future__ import annotations

import pytest

from .conftest import (
    BERT,
    CONTENT,
    JSON_MEDIA_TYPES,
    UNKNOWN_ID,
    Hook,
    Wire,
    claims,
    close,
    profile,
    sample,
    sequence,
    text,
    without,
)


def test_s01_there_are_two_types_of_calls(wire: Wire) -> None:
    conversation_answer = wire.converse(wire.batch())
    conversation_id = conversation_answer.json()[1]["body"]["conversationId"]
    send_answer = wire.send(text(conversation_id))
    third_answer = wire.call("/messaging/consumer/conversation/receive", text(conversation_id))

    assert [conversation_answer.status_code, send_answer.status_code] == [200, 200]
    assert third_answer.status_code == 404


def test_s02_conversation_carries_a_batch_payload(wire: Wire) -> None:
    single = wire.converse(wire.request_conversation())
    batch = wire.converse(wire.batch())

    assert single.status_code == 400
    assert batch.status_code == 200
    assert len(batch.json()) == 2


def test_s03_conversation_opens_a_new_conversation_and_sets_the_profile(wire: Wire) -> None:
    request = sample("conversation_request", {"12345678": wire.account})

    answer = wire.converse(request)

    conversation_id = answer.json()[1]["body"]["conversationId"]
    assert answer.status_code == 200
    assert answer.json() == sample("conversation_answer", {"6f1c…": conversation_id})
    assert wire.send(text(conversation_id)).status_code == 200


def test_s04_send_carries_one_payload(wire: Wire) -> None:
    conversation_id = wire.open()

    many = wire.send([text(conversation_id), text(conversation_id)])
    one = wire.send(text(conversation_id))

    assert many.status_code == 400
    assert one.status_code == 200
    assert isinstance(one.json(), dict)


def test_s05_send_can_send_a_message(wire: Wire) -> None:
    conversation_id = wire.open()

    answer = wire.send(sample("send_text_request", {"{conversationId}": conversation_id}))

    assert answer.status_code == 200
    assert answer.json() == sample("send_text_answer")


def test_s06_send_can_close_a_conversation(wire: Wire) -> None:
    conversation_id = wire.open()

    answer = wire.send(close(conversation_id))

    assert answer.status_code == 200
    assert wire.send(text(conversation_id)).status_code == 400
    assert wire.open() != conversation_id


def test_s07_send_can_set_the_consumer_profile(wire: Wire) -> None:
    answer = wire.send(profile({"firstName": "Anna"}, "4"))

    assert answer.status_code == 200
    assert answer.json() == {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "4"}


def test_s08_the_connector_is_authorised_and_the_consumer_identified_before_use(wire: Wire) -> None:
    anonymous = {"Authorization": None, "X-LP-ON-BEHALF": None}
    unidentified = {"X-LP-ON-BEHALF": None}

    refused = [
        wire.converse(wire.batch(), headers=headers).status_code for headers in (anonymous, unidentified)
    ]
    accepted = wire.converse(wire.batch())

    assert refused == [401, 401]
    assert accepted.status_code == 200


def test_s09_the_app_token_expires_after_60_minutes(wire: Wire) -> None:
    token = wire.app_token()

    wire.advance(3595)
    just_before = wire.send(profile({}))
    wire.advance(claims(token)["exp"] - claims(wire.new_app_token())["iat"])
    just_after = wire.send(profile({}))

    assert claims(token)["exp"] - claims(token)["iat"] == 60 * 60
    assert [just_before.status_code, just_after.status_code] == [200, 401]


def test_s10_the_consumer_token_never_expires(wire: Wire) -> None:
    ten_years = 10 * 365 * 24 * 3600
    old_token, issued = wire.consumer_token(), claims(wire.app_token())["iat"]

    wire.advance(ten_years)
    wire.renew()
    answer = wire.send(profile({}), headers={"X-LP-ON-BEHALF": old_token})

    assert claims(wire.app_token())["iat"] - issued >= ten_years
    assert "exp" not in claims(old_token)
    assert answer.status_code == 200


def test_s11_an_expired_app_token_is_401(wire: Wire) -> None:
    conversation_id = wire.open()

    wire.advance(3600)
    answer = wire.send(text(conversation_id))

    assert answer.status_code == 401
    assert answer.json() == sample("error_40102")


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        pytest.param({"Authorization": None}, "error_40105", id="s12_missing_app_token"),
        pytest.param({"Authorization": "not.a.token"}, "error_40102", id="s13_invalid_app_token"),
        pytest.param({"X-LP-ON-BEHALF": None}, "error_40104", id="s14_missing_consumer_token"),
        pytest.param({"X-LP-ON-BEHALF": "not.a.token"}, "error_40103", id="s15_invalid_consumer_token"),
    ],
)
def test_s12_s13_s14_s15_a_missing_or_invalid_token_is_401(
    wire: Wire, headers: dict[str, str | None], error: str
) -> None:
    answer = wire.send(profile({}), headers=headers)

    assert answer.status_code == 401
    assert answer.json() == sample(error)


def test_s16_after_such_a_401_only_a_fresh_app_token_helps(wire: Wire) -> None:
    wire.app_token()
    wire.consumer_token()
    wire.advance(3600)

    with_the_old = [wire.send(profile({})).status_code for _ in range(2)]
    wire.renew()
    with_a_fresh_one = wire.send(profile({})).status_code

    assert with_the_old == [401, 401]
    assert with_a_fresh_one == 200


def test_s17_401_states_that_the_token_is_absent_or_expired(wire: Wire) -> None:
    absent = wire.send(profile({}), headers={"Authorization": None})
    wire.advance(3600)
    expired = wire.send(profile({}))

    assert [absent.status_code, expired.status_code] == [401, 401]
    assert [absent.json()["body"]["errorCode"], expired.json()["body"]["errorCode"]] == [40105, 40102]


def test_s18_the_401_asks_for_a_new_token_and_the_same_call_then_succeeds(wire: Wire) -> None:
    request = text(wire.open())
    wire.advance(3600)

    refused = wire.send(request)
    wire.renew()
    repeated = wire.send(request)

    assert "AppJWT" in refused.json()["body"]["title"]
    assert sequence(repeated) == 0


@pytest.mark.parametrize("headers", [{"X-LP-ON-BEHALF": None}, {"X-LP-ON-BEHALF": "invalid"}])
def test_s19_a_valid_app_token_with_a_bad_consumer_token_is_401_too(
    wire: Wire, headers: dict[str, str | None]
) -> None:
    conversation_id = wire.open()

    answer = wire.send(text(conversation_id), headers=headers)

    assert answer.status_code == 401


def test_s19_consumer_a_on_the_conversation_of_consumer_b_is_401(wire: Wire) -> None:
    conversation_of_b = wire.open(BERT)

    answer = wire.send(text(conversation_of_b))

    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")


def test_s20_every_message_of_the_server_is_json(wire: Wire) -> None:
    conversation_id = wire.open()

    answers = [
        wire.send(text(conversation_id)),
        wire.send(text(UNKNOWN_ID)),
        wire.send(b"{"),
        wire.send(text(conversation_id), headers={"Authorization": None}),
        wire.send(text(conversation_id), method="GET"),
        wire.call("/nowhere", {}),
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 400, 401, 405, 404]
    assert {answer.headers["content-type"] for answer in answers} <= JSON_MEDIA_TYPES
    assert all(isinstance(answer.json(), dict) for answer in answers)


def test_s20_a_message_of_the_client_that_is_not_json_is_refused(wire: Wire) -> None:
    answer = wire.send(b"kind=req&id=1&type=userprofile.SetUserProfile")

    assert answer.status_code == 400


def test_s21_a_message_of_a_fourth_kind_is_refused(wire: Wire) -> None:
    answer = wire.send({**profile({}), "kind": "event"})

    assert answer.status_code == 400


def test_s22_a_request_of_the_connector_is_replied_to_with_a_response(wire: Wire) -> None:
    answer = wire.send(profile({}, "first"))

    assert answer.json()["reqId"] == "first"
    assert answer.json().get("kind", "resp") == "resp"


def test_s23_every_request_has_exactly_one_response(wire: Wire) -> None:
    answer = wire.converse(wire.batch(text("", request_id="3")))

    assert [entry["reqId"] for entry in answer.json()] == ["1", "2", "3"]


def test_s24_a_notification_goes_from_the_server_to_the_connector(wire: Wire, hook: Hook) -> None:
    wire.install(hook.manifest(CONTENT))
    conversation_id = wire.open()

    wire.agent(conversation_id, "text", text="How can I help?")
    wire.settle()

    (notification,) = [received.message for received in hook.received]
    (change,) = notification["body"]["changes"]
    assert notification["kind"] == "notification"
    assert [change["conversationId"], change["event"]["message"]] == [conversation_id, "How can I help?"]


def test_s25_an_app_is_registered_by_enabling_its_webhooks_capability(wire: Wire, hook: Hook) -> None:
    conversation_id = wire.open()
    without_it = wire.install(without(hook.manifest(), "capabilities"))
    wire.send(text(conversation_id, "Nobody is told"))
    wire.settle()
    before = list(hook.received)

    with_it = wire.install(hook.manifest())
    wire.send(text(conversation_id, "One app is told"))
    wire.settle()

    told = {received.headers["x-liveperson-client-id"] for received in hook.received}
    assert before == []
    assert told == {with_it["client_id"]}
    assert without_it["client_id"] not in {each["client_id"] for each in wire.deliveries()["deliveries"]}
