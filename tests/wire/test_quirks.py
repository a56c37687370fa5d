"""What real clients do, by number: whatever they send oddly is taken, and answered as they expect it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import (
    ANNA,
    Wire,
    assert_refused,
    chat_state,
    claims,
    close,
    profile,
    publish,
    sequence,
    text,
    update,
)
from .shapes import (
    CARD,
    PNG,
    download_request,
    features,
    granted,
    hosted,
    receipt,
    rich,
    store,
    upload_request,
    uploaded,
)

PROFILE_SET = {"msg": "OK User Profile set successfully"}


def batch(wire: Wire, *ids: Any, **members: Any) -> list[dict[str, Any]]:
    requests = wire.batch(**members)
    return [{**request, "id": each} for request, each in zip(requests, ids, strict=True)]


# --- Ids and order ----------------------------------------------------------------------------------


def test_q01_an_id_with_a_comma_is_echoed_verbatim(wire: Wire) -> None:
    answer = wire.converse(batch(wire, "1,", "2,"))

    assert [entry["reqId"] for entry in answer.json()] == ["1,", "2,"]


def test_q02_a_numeric_id_comes_back_as_text(wire: Wire) -> None:
    answer = wire.send(text(wire.open(), request_id=3))

    assert answer.json() == {"code": "OK", "body": {"sequence": 0}, "reqId": "3"}


def test_q03_a_constant_id_makes_no_duplicate(wire: Wire) -> None:
    conversation_id = wire.open()

    numbers = [sequence(wire.send(text(conversation_id, words, "3"))) for words in ("a", "b", "a")]

    assert numbers == [0, 2, 4]


def test_q04_the_same_id_twice_is_answered_by_position(wire: Wire) -> None:
    first, second = wire.converse(batch(wire, "1,", "1,")).json()

    assert first == {"code": "OK", "body": PROFILE_SET, "reqId": "1,"}
    assert (second["code"], set(second["body"]), second["reqId"]) == ("OK", {"conversationId"}, "1,")


@pytest.mark.parametrize("request_id", ["1", "007", "a b", "1.0"])
def test_q05_an_id_stays_the_text_it_was(wire: Wire, request_id: str) -> None:
    answer = wire.send(text(wire.open(), request_id=request_id))

    assert answer.json()["reqId"] == request_id


def test_q06_the_conversation_is_read_from_the_second_place(wire: Wire) -> None:
    conversation_id = wire.converse(wire.batch()).json()[1]["body"]["conversationId"]

    assert sequence(wire.send(text(conversation_id))) == 0


def test_q07_one_item_only_has_a_conversation_id(wire: Wire) -> None:
    answer = wire.converse(wire.batch(text("", request_id="3")))

    assert ["conversationId" in entry["body"] for entry in answer.json()] == [False, True, False]


def test_q08_the_profile_may_have_the_higher_id(wire: Wire) -> None:
    first, second = wire.converse(batch(wire, "2,", "1,")).json()

    assert (first["reqId"], first["body"]) == ("2,", PROFILE_SET)
    assert (second["reqId"], set(second["body"])) == ("1,", {"conversationId"})


# --- Tokens and discovery ---------------------------------------------------------------------------


def credentials(wire: Wire) -> dict[str, str]:
    return {"client_id": wire.ready["client_id"], "client_secret": wire.ready["client_secret"]}


def test_q09_all_credentials_may_stand_in_the_query(wire: Wire) -> None:
    query = {"v": "1.0", "grant_type": "client_credentials", **credentials(wire)}

    answer = wire.ask_app_token(query, b"")

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type"}


def test_q10_the_grant_type_may_stand_in_the_body(wire: Wire) -> None:
    form = {"grant_type": "client_credentials", **credentials(wire)}

    assert wire.ask_app_token({"v": "1.0"}, form).status_code == 200


def test_q11_a_token_call_may_call_itself_json(wire: Wire) -> None:
    query = {"v": "1.0", "grant_type": "client_credentials", **credentials(wire)}

    answer = wire.ask_app_token(query, b"", headers={"Content-Type": "application/json"})

    assert answer.status_code == 200


def test_q12_the_version_of_the_consumer_call_may_be_left_out(wire: Wire) -> None:
    answer = wire.ask_consumer_token({"ext_consumer_id": ANNA}, query="")

    assert answer.status_code == 201


def discovery(wire: Wire, tail: str) -> Any:
    answer = wire.http.get(f"{wire.base_url}/api/account/{wire.account}/service/{tail}?version=1.0")
    assert answer.status_code == 200
    return answer.json()


def test_q13_the_suffix_of_the_discovery_may_be_left_out(wire: Wire) -> None:
    assert discovery(wire, "baseURI") == discovery(wire, "baseURI.json")
    assert discovery(wire, "idp/baseURI") == discovery(wire, "idp/baseURI.json")


def test_q14_one_service_is_a_bare_object(wire: Wire) -> None:
    one = discovery(wire, "idp/baseURI.json")

    assert set(one) == {"service", "account", "baseURI"}
    assert one in discovery(wire, "baseURI.json")["baseURIs"]


def test_q15_discovery_works_without_tls(wire: Wire) -> None:
    assert wire.base_url.startswith("http://127.0.0.1:")
    assert discovery(wire, "sentinel/baseURI.json")["service"] == "sentinel"


@pytest.mark.parametrize("prefix", ["", "Bearer "])
def test_q16_the_token_is_raw_or_a_bearer(wire: Wire, prefix: str) -> None:
    headers: dict[str, str | None] = {"Authorization": prefix + wire.app_token()}

    assert wire.converse(wire.batch(), headers=headers).status_code == 200


def test_q17_header_names_may_be_lower_case(wire: Wire) -> None:
    url = f"{wire.domain('asyncMessagingEnt')}/api/account/{wire.account}/messaging/consumer/conversation"
    headers = {"authorization": wire.app_token(), "x-lp-on-behalf": wire.consumer_token()}

    answer = wire.http.post(f"{url}?v=3", json=wire.batch(), headers=headers)

    assert answer.status_code == 200


def test_q18_the_status_has_its_real_phrase(wire: Wire) -> None:
    conversation_id = wire.open_and_close()

    refused = wire.send(text(conversation_id))
    unauthorised = wire.send(text(conversation_id), headers={"Authorization": None})
    created = wire.ask_consumer_token({"ext_consumer_id": ANNA})

    answers = [refused, unauthorised, created]
    assert [answer.reason_phrase for answer in answers] == ["Bad Request", "Unauthorized", "Created"]


# --- Client-Properties and the opening --------------------------------------------------------------


@pytest.mark.parametrize("value", ['{"type": "ClientProperties", "features": []}', "[object Object]"])
def test_q19_odd_client_properties_are_tolerated(wire: Wire, value: str) -> None:
    assert wire.converse(wire.batch(), headers={"Client-Properties": value}).status_code == 200


def test_q20_client_properties_may_be_missing_on_close(wire: Wire) -> None:
    answer = wire.converse(wire.batch(), headers=features("RICH_CONTENT", "MULTI_DIALOG"))

    closed = wire.send(close(answer.json()[1]["body"]["conversationId"]))

    assert closed.status_code == 200


def test_q21_the_channel_type_may_be_missing(wire: Wire) -> None:
    first, second = wire.batch()
    del second["body"]["channelType"]

    assert wire.converse([first, second]).status_code == 200


@pytest.mark.parametrize(
    "members",
    [
        {"ttrDefName": None},
        {"skillId": "-1"},
        {"skillId": -1},
        {"skillId": ""},
        {"campaignInfo": {"campaignId": 1, "engagementId": 2}},
        {"conversationContext": {"type": "SharkContext", "interactionContextId": 2}},
    ],
    ids=str,
)
def test_q22_numbers_null_and_empty_text_are_taken(wire: Wire, members: dict[str, Any]) -> None:
    answer = wire.converse(wire.batch(**members))

    assert answer.status_code == 200
    conversation_id = answer.json()[1]["body"]["conversationId"]
    assert wire.conversation(conversation_id)["skill_id"] == "-1"


def test_q23_a_skill_at_the_top_level_is_ignored(wire: Wire) -> None:
    first, second = wire.batch()

    answer = wire.converse([first, {**second, "skillId": "4711"}])

    conversation_id = answer.json()[1]["body"]["conversationId"]
    assert wire.conversation(conversation_id)["skill_id"] == "-1"


def test_q24_features_in_the_context_are_stored(wire: Wire) -> None:
    context = {"type": "SharkContext", "features": ["RICH_CONTENT", "ODD"]}

    answer = wire.converse(wire.batch(conversationContext=context))

    kept = wire.conversation(answer.json()[1]["body"]["conversationId"])
    assert kept["request"]["conversationContext"] == context


def test_q25_the_conversation_may_stand_beside_the_dialog(wire: Wire) -> None:
    earlier, current = wire.open_and_close(), wire.open()
    request = text(current)

    right = wire.send({**request, "body": {**request["body"], "conversationId": current}})
    wrong = wire.send({**request, "body": {**request["body"], "conversationId": earlier}})

    assert sequence(right) == 0
    assert wrong.status_code in (400, 404)


# --- Profiles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{"authenticatedData": {}}, {"firstName": "Anna"}, {}], ids=str)
def test_q26_a_profile_may_lack_attributes(wire: Wire, body: dict[str, Any]) -> None:
    assert wire.converse([profile(body), wire.request_conversation()]).status_code == 200


def test_q27_a_profile_may_have_a_name_and_attributes(wire: Wire) -> None:
    sdes = [{"type": "personal", "personal": {"firstname": "Anna"}}]
    body = {"firstName": "Anna", "authenticatedData": {"lp_sdes": sdes}}

    assert wire.converse([profile(body), wire.request_conversation()]).status_code == 200


def test_q28_contacts_may_be_empty_text(wire: Wire) -> None:
    contact = {"email": "", "phone": "", "phoneType": "", "address": {"country": "", "region": ""}}
    sdes = [{"type": "personal", "personal": {"contacts": [contact]}}]
    body = {"authenticatedData": {"lp_sdes": sdes}}

    assert wire.converse([profile(body), wire.request_conversation()]).status_code == 200


# --- Files and events -------------------------------------------------------------------------------


def test_q29_the_type_published_need_not_be_the_type_uploaded(wire: Wire) -> None:
    answer = wire.send(hosted(wire.open(), uploaded(wire, file_type="PNG"), "JPG"))

    assert sequence(answer) == 0


@pytest.mark.parametrize("size", ["20480", 20480])
def test_q30_a_file_size_is_text_or_a_number(wire: Wire, size: Any) -> None:
    assert wire.send(upload_request(size)).status_code == 200


def test_q31_an_object_as_text_is_refused_by_name(wire: Wire) -> None:
    answer = wire.send(text(wire.open(), {"type": "button", "title": "Yes"}))

    assert_refused(answer, "7", named="message")


def test_q32_every_publish_is_answered_with_an_integer(wire: Wire) -> None:
    opened = wire.open()
    make = [text(opened), chat_state(opened, "PAUSE"), receipt(opened, "READ", [0]), rich(opened, CARD)]

    assert [sequence(wire.send(request)) for request in make] == [0, 0, 2, 3]


def test_q33_accepting_and_reading_each_agent_text_takes_a_number_each(wire: Wire) -> None:
    conversation_id = wire.open()
    numbers = []

    for _ in range(2):
        said = wire.agent(conversation_id, "text", text="Hello")["sequence"]
        accepted = sequence(wire.send(receipt(conversation_id, "ACCEPT", [said])))
        numbers += [said, accepted, sequence(wire.send(receipt(conversation_id, "READ", [said])))]

    assert numbers == [0, 1, 2, 3, 4, 5]


# --- Clients in general (the quirks of receivers, 34 to 44, are in test_quirks_of_receivers.py) --------


def test_q45_what_a_library_repeats_is_said_again(wire: Wire) -> None:
    body = json.dumps(text(wire.open())).encode()

    assert [sequence(wire.send(body)) for _ in range(4)] == [0, 2, 4, 6]


def test_q46_the_app_token_says_truly_when_it_expires(wire: Wire) -> None:
    told = claims(wire.app_token())

    wire.advance(told["exp"] - told["iat"] - 60)
    before = wire.converse(wire.batch())
    wire.advance(60)
    after = wire.converse(wire.batch())

    assert told["exp"] - told["iat"] == 3600
    assert [before.status_code, after.status_code] == [200, 401]


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({}, 400),
        ({"query": ""}, 400),
        ({"headers": {"Authorization": None}}, 401),
        ({"headers": {"Content-Type": "text/plain"}}, 415),
        ({"method": "GET"}, 405),
    ],
)
def test_q47_a_refusal_always_has_a_json_body(wire: Wire, how: dict[str, Any], status: int) -> None:
    answer = wire.send(publish("", {}), **how)

    assert answer.status_code == status
    assert isinstance(answer.json(), dict)


def test_q48_a_browser_may_put_a_file(wire: Wire) -> None:
    url = granted(wire.send(upload_request()))
    origin = {"Origin": "https://shop.example"}

    asked = store(wire, "OPTIONS", url, headers={**origin, "Access-Control-Request-Method": "PUT"})
    put = store(wire, "PUT", url, PNG, headers=origin)

    assert "PUT" in asked.headers["access-control-allow-methods"]
    assert put.status_code == 201
    assert put.headers["access-control-allow-origin"] in ("*", origin["Origin"])


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_q49_json_may_be_pretty(wire: Wire, line_end: str) -> None:
    body = json.dumps(wire.batch(), indent="\t").replace("\n", line_end)

    assert wire.converse(f"{line_end}{body}{line_end}".encode()).status_code == 200


def test_q50_unknown_members_are_ignored_anywhere(wire: Wire) -> None:
    odd = {"unheardOf": {"deep": [1, None]}}
    first, second = wire.batch()
    opening = [{**first, "body": odd, **odd}, {**second, "body": {**second["body"], **odd}, **odd}]
    conversation_id = wire.converse(opening).json()[1]["body"]["conversationId"]
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "a", **odd}
    rating = {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"}

    said = wire.send({**publish(conversation_id, event), **odd})
    rated = wire.send(update(conversation_id, {**rating, **odd}))

    assert [said.status_code, rated.status_code] == [200, 200]


def test_q51_a_file_is_read_after_the_conversation_is_closed(wire: Wire) -> None:
    path = uploaded(wire)
    wire.open_and_close()

    url = granted(wire.send(download_request(path)))

    assert store(wire, "GET", url).content == PNG
