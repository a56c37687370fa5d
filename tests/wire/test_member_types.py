"""Members of profile and opening: each documented one is kept as sent, or refused by name if wrong."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Wire, profile, refusal, text

DATE = {"day": 1, "month": 2, "year": 2020}
CUSTOMER = {
    "ctype": "VIP",
    "cstatus": "cancelled",
    "customerId": "C-77",
    "balance": -400.5,
    "currency": "EUR",
    "socialId": "s",
    "imei": "i",
    "userName": "anna",
    "companySize": 500,
    "companyBranch": "b",
    "accountName": "a",
    "role": "r",
    "lastPaymentDate": DATE,
    "registrationDate": DATE,
    "loginStatus": 1,
}
CONTACT = {
    "email": "a@b.example",
    "phone": "+49 30 1",
    "phoneType": "WORK_FAX",
    "address": {"country": "DE", "region": "BE"},
}
PERSON = {
    "firstname": "Anna",
    "lastname": "Berg",
    "age": {"age": 34, "year": 1990, "month": 1, "day": 2},
    "contacts": [CONTACT, {"phoneType": "PAGER"}],
    "gender": "FEMALE",
    "language": "en-US",
    "company": "c",
}
AUTH = {"amr": ["pwd"], "iss": "issuer"}
PROFILE = {
    "firstName": "Anna",
    "lastName": "Berg",
    "userId": "u",
    "avatarUrl": "https://a.example/a.png",
    "backgndImgUri": "https://a.example/b.png",
    "role": "consumer",
    "description": "d",
    "privateData": {
        "mobileNum": "1",
        "mail": "a@b.example",
        "pushNotificationData": {"serviceName": "s", "certName": "c", "token": "t"},
    },
    "authenticatedData": {
        "lp_sdes": [
            {"type": "ctmrinfo", "info": CUSTOMER, "auth": AUTH},
            {"type": "personal", "personal": PERSON, "auth": AUTH},
        ]
    },
}
TEXTS = ("firstName", "lastName", "userId", "avatarUrl", "backgndImgUri", "role", "description")
CUSTOMER_TEXTS = [
    "ctype",
    "cstatus",
    "customerId",
    "currency",
    "socialId",
    "imei",
    "userName",
    "companyBranch",
    "accountName",
    "role",
]


def customer(**info: Any) -> dict[str, Any]:
    return {"authenticatedData": {"lp_sdes": [{"type": "ctmrinfo", "info": info}]}}


def person(**personal: Any) -> dict[str, Any]:
    return {"authenticatedData": {"lp_sdes": [{"type": "personal", "personal": personal}]}}


# --- Profiles ---------------------------------------------------------------------------------------


def test_every_documented_member_of_a_profile_is_kept_as_sent(wire: Wire) -> None:
    """§5.3, §11.6."""
    answer = wire.send(profile(PROFILE))

    assert answer.status_code == 200
    assert wire.state().json()["profiles"] == {wire.lp_consumer_id(): PROFILE}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        *(({name: 5}, name) for name in TEXTS),
        ({"privateData": []}, "privateData"),
        ({"privateData": {"mobileNum": 1}}, "mobileNum"),
        ({"privateData": {"mail": {}}}, "mail"),
        ({"privateData": {"pushNotificationData": "t"}}, "pushNotificationData"),
        *(
            ({"privateData": {"pushNotificationData": {name: 5}}}, name)
            for name in ("serviceName", "certName", "token")
        ),
        ({"authenticatedData": []}, "authenticatedData"),
        ({"authenticatedData": {"lp_sdes": {}}}, "lp_sdes"),
        ({"authenticatedData": {"lp_sdes": ["ctmrinfo"]}}, "lp_sdes"),
        ({"authenticatedData": {"lp_sdes": [{"info": {}}]}}, "type"),
        ({"authenticatedData": {"lp_sdes": [{"type": "ctmrinfo", "info": []}]}}, "info"),
        ({"authenticatedData": {"lp_sdes": [{"type": "personal", "personal": "p"}]}}, "personal"),
        *((customer(**{name: 5}), name) for name in CUSTOMER_TEXTS),
        *((customer(balance=value), "balance") for value in ("1", True, [])),
        *((customer(companySize=value), "companySize") for value in ("1", 1.5, True)),
        (customer(loginStatus="1"), "loginStatus"),
        *(
            (customer(**{name: {key: value for key, value in DATE.items() if key != part}}), part)
            for name in ("lastPaymentDate", "registrationDate")
            for part in DATE
        ),
        (customer(lastPaymentDate="2020-02-01"), "lastPaymentDate"),
        (customer(lastPaymentDate={**DATE, "day": "1"}), "day"),
        *((person(**{name: 5}), name) for name in ("firstname", "lastname", "language", "company")),
        (person(age=34), "age"),
        *((person(age={part: "1"}), part) for part in ("age", "year", "month", "day")),
        *((person(gender=value), "gender") for value in ("male", "X", 3, -1, True)),
        (person(contacts={}), "contacts"),
        (person(contacts=[{"email": 5}]), "email"),
        (person(contacts=[{"phone": 5}]), "phone"),
        *((person(contacts=[{"phoneType": value}]), "phoneType") for value in ("CELL", "home", 5)),
        (person(contacts=[{"address": "DE"}]), "address"),
        (person(contacts=[{"address": {"country": 5}}]), "country"),
        (person(contacts=[{"address": {"region": 5}}]), "region"),
    ],
)
def test_a_member_of_another_type_is_refused_by_name_on_either_call(
    wire: Wire, body: dict[str, Any], named: str
) -> None:
    sent = wire.send(profile(body))
    opened = wire.converse([profile(body), wire.request_conversation()])

    assert [sent.status_code, opened.status_code] == [400, 400]
    assert all(refusal(answer).startswith("Bad Request, ") for answer in (sent, opened))
    assert all(named in refusal(answer) for answer in (sent, opened))
    assert wire.state().json()["profiles"] == {}


@pytest.mark.parametrize(("number", "word"), [(0, "MALE"), (1, "FEMALE"), (2, "OTHER")])
def test_a_gender_by_number_is_the_word_of_that_place(wire: Wire, number: int, word: str) -> None:
    """R52."""
    wire.send(profile(person(gender=number)))

    (kept,) = wire.state().json()["profiles"].values()
    assert kept == person(gender=word)


@pytest.mark.parametrize("tier", ["vip", "VIP", "Vip"])
def test_a_tier_may_be_spelt_in_any_case(wire: Wire, tier: str) -> None:
    assert wire.send(profile(customer(ctype=tier, cstatus=tier))).status_code == 200


# --- Openings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"brandId": 12345678}, "brandId"),
        *(({"skillId": value}, "skillId") for value in (1.5, True, [], {})),
        ({"campaignInfo": "c"}, "campaignInfo"),
        ({"campaignInfo": {"campaignId": "1"}}, "engagementId"),
        ({"campaignInfo": {"engagementId": "1"}}, "campaignId"),
        ({"campaignInfo": {"campaignId": 1.5, "engagementId": 2}}, "campaignId"),
        ({"campaignInfo": {"campaignId": 1, "engagementId": True}}, "engagementId"),
        ({"conversationContext": []}, "conversationContext"),
        *(({"conversationContext": {name: 5}}, name) for name in ("type", "visitorId", "sessionId", "lang")),
        *(
            ({"conversationContext": {"interactionContextId": value}}, "interactionContextId")
            for value in (1.5, [])
        ),
        ({"conversationContext": {"features": "RICH_CONTENT"}}, "features"),
    ],
)
def test_a_member_of_an_opening_of_another_type_is_refused_by_name(
    wire: Wire, members: dict[str, Any], named: str
) -> None:
    """§5.4."""
    answer = wire.converse(wire.batch(**members))

    assert answer.status_code == 400
    assert refusal(answer).startswith("Bad Request, ")
    assert named in refusal(answer)
    assert wire.state().json()["conversations"] == []


def test_an_empty_brand_is_a_missing_one(wire: Wire) -> None:
    answer = wire.converse(wire.batch(brandId=""))

    assert (answer.status_code, answer.json()["body"]["errorCode"]) == (400, 40001)


@pytest.mark.parametrize(
    "bad", [{"skillId": []}, {"ttrDefName": "LOW"}, {"campaignInfo": {"campaignId": "1"}}]
)
def test_a_wrong_shape_is_told_before_a_missing_brand(wire: Wire, bad: dict[str, Any]) -> None:
    """R10."""
    first, second = wire.batch(**bad)
    del second["body"]["brandId"]

    answer = wire.converse([first, second])

    assert answer.json()["code"] == "BAD_REQUEST"


def test_a_wrong_shape_of_the_third_item_is_told_before_a_missing_brand(wire: Wire) -> None:
    """R10."""
    first, second, third = wire.batch(text("", ""))
    del second["body"]["brandId"]

    answer = wire.converse([first, second, third])

    assert answer.json()["code"] == "BAD_REQUEST"


def test_what_was_asked_for_at_the_opening_is_kept(wire: Wire) -> None:
    members = {
        "ttrDefName": "URGENT",
        "skillId": "4711",
        "campaignInfo": {"campaignId": "1", "engagementId": 2},
        "conversationContext": {
            "type": "SharkContext",
            "visitorId": "v",
            "sessionId": "s",
            "interactionContextId": "2",
            "lang": "en-US",
            "features": ["RICH_CONTENT"],
        },
    }

    opened = wire.converse(wire.batch(**members)).json()[1]["body"]["conversationId"]

    kept = wire.conversation(opened)["request"]
    assert {name: kept[name] for name in members} == members


# --- A third item -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "status", "code"),
    [(False, 404, "NOT_FOUND"), (True, 400, "BAD_REQUEST")],
    ids=["unknown", "closed"],
)
def test_the_status_is_that_of_the_item_that_failed(wire: Wire, own: bool, status: int, code: str) -> None:
    """R15: the conversation is open all the same."""
    dialog_id = wire.open_and_close() if own else "00000000-0000-4000-8000-000000000000"

    answer = wire.converse(wire.batch(text(dialog_id, request_id="3")))

    assert answer.status_code == status
    assert [entry["code"] for entry in answer.json()] == ["OK", "OK", code]
    assert wire.send(text(answer.json()[1]["body"]["conversationId"])).status_code == 200
