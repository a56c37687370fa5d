"""Engagement attributes: the exact dicts, and how the builders explain a mistake."""

from __future__ import annotations

import datetime as dt
import doctest
from collections.abc import Callable
from typing import Any

import pytest

from connectorkit import sdes
from connectorkit.errors import EnvelopeError


def refusal(build: Callable[[], Any]) -> EnvelopeError:
    with pytest.raises(EnvelopeError) as caught:
        build()
    return caught.value


def test_doctests_of_the_builders_hold() -> None:
    result = doctest.testmod(sdes)

    assert result.attempted >= 2
    assert result.failed == 0


def test_nothing_given_makes_empty_entries() -> None:
    assert sdes.customer_info() == {"type": "ctmrinfo", "info": {}}
    assert sdes.personal_info() == {"type": "personal", "personal": {}}
    assert sdes.contact() == {}


def test_all_of_a_customer_uses_the_wire_s_spelling() -> None:
    built = sdes.customer_info(
        customer_id="C-77",
        customer_type="vip",
        status="active",
        balance=-12.5,
        currency="EUR",
        social_id="s-1",
        imei="35-209900",
        user_name="ana",
        company_size=120,
        company_branch="Berlin",
        account_name="Sol Ltd",
        role="buyer",
        last_payment=dt.date(2026, 1, 31),
        registered=dt.date(2020, 2, 29),
        login_status=1,
    )

    assert built == {
        "type": "ctmrinfo",
        "info": {
            "customerId": "C-77",
            "ctype": "vip",
            "cstatus": "active",
            "balance": -12.5,
            "currency": "EUR",
            "socialId": "s-1",
            "imei": "35-209900",
            "userName": "ana",
            "companySize": 120,
            "companyBranch": "Berlin",
            "accountName": "Sol Ltd",
            "role": "buyer",
            "lastPaymentDate": {"day": 31, "month": 1, "year": 2026},
            "registrationDate": {"day": 29, "month": 2, "year": 2020},
            "loginStatus": 1,
        },
    }


def test_all_of_a_person_uses_the_wire_s_spelling() -> None:
    built = sdes.personal_info(
        first_name="Anna",
        last_name="Berg",
        born=dt.date(1990, 12, 1),
        gender="FEMALE",
        language="en-US",
        company="Sol Ltd",
        contacts=[sdes.contact(email="anna@mail.example"), sdes.contact(phone="+4930123")],
    )

    assert built == {
        "type": "personal",
        "personal": {
            "firstname": "Anna",
            "lastname": "Berg",
            "language": "en-US",
            "company": "Sol Ltd",
            "gender": "FEMALE",
            "age": {"day": 1, "month": 12, "year": 1990},
            "contacts": [{"email": "anna@mail.example"}, {"phone": "+4930123"}],
        },
    }


def test_all_of_a_contact_uses_the_wire_s_spelling() -> None:
    built = sdes.contact(
        email="a@mail.example", phone="+4930123", phone_type="MOBILE", country="DE", region="Berlin"
    )

    assert built == {
        "email": "a@mail.example",
        "phone": "+4930123",
        "phoneType": "MOBILE",
        "address": {"country": "DE", "region": "Berlin"},
    }


def test_zero_and_empty_texts_are_kept() -> None:
    built = sdes.customer_info(balance=0, company_size=0, login_status=0, currency="")

    assert built["info"] == {"balance": 0, "companySize": 0, "loginStatus": 0, "currency": ""}


def test_contacts_are_copied() -> None:
    contact = sdes.contact(email="a@mail.example")
    built = sdes.personal_info(contacts=[contact])

    contact["email"] = "changed"

    assert built["personal"]["contacts"] == [{"email": "a@mail.example"}]


@pytest.mark.parametrize("gender", ["MALE", "FEMALE", "OTHER"])
def test_each_documented_gender_is_taken(gender: str) -> None:
    assert sdes.personal_info(gender=gender)["personal"] == {"gender": gender}


@pytest.mark.parametrize(
    "phone_type", ["HOME", "MOBILE", "WORK", "FAX", "MAIN", "HOME_FAX", "WORK_FAX", "PAGER", "OTHER"]
)
def test_each_documented_phone_type_is_taken(phone_type: str) -> None:
    assert sdes.contact(phone_type=phone_type) == {"phoneType": phone_type}


REFUSALS: list[tuple[Callable[[], Any], str]] = [
    (lambda: sdes.personal_info(gender="female"), "gender is 'female', allowed are MALE, FEMALE, OTHER. "),
    (lambda: sdes.personal_info(gender="female"), "Did you mean 'FEMALE'?"),
    (lambda: sdes.personal_info(gender=1), "gender is 1, allowed are MALE, FEMALE, OTHER. Choose one"),
    (lambda: sdes.contact(phone_type="CELL"), "phone_type is 'CELL', allowed are HOME, MOBILE, WORK"),
    (lambda: sdes.contact(phone_type="WORKFAX"), "Did you mean 'WORK_FAX'?"),
    (lambda: sdes.contact(country="DEU"), "country is 'DEU'. Use a two-letter code such as \"DE\""),
    (lambda: sdes.contact(country=""), "country is empty"),
    (lambda: sdes.contact(country=49), "country must be a text, not int"),
    (lambda: sdes.contact(email=3), "email must be a text, not int. Pass email as a str"),
    (lambda: sdes.personal_info(born="1990-12-01"), "born must be a date, not '1990-12-01'. Pass datetime"),
    (
        lambda: sdes.customer_info(balance="12"),
        "balance must be a finite number, not '12'. Pass it as an int",
    ),
    (lambda: sdes.customer_info(balance=True), "balance must be a finite number, not True"),
    (lambda: sdes.customer_info(company_size=1.5), "must be a whole number, not 1.5"),
    (lambda: sdes.customer_info(login_status=True), "must be a whole number, not True"),
    (lambda: sdes.customer_info(last_payment=20260131), "must be a date, not 20260131"),
    (lambda: sdes.customer_info(customer_id=77), "must be a text, not int"),
    (lambda: sdes.customer_info(role="a\udc00"), "role has half a surrogate pair at position 1"),
]


@pytest.mark.parametrize(("build", "words"), REFUSALS, ids=[words[:32] for _, words in REFUSALS])
def test_a_refusal_says_what_is_wrong_and_what_to_do(build: Callable[[], Any], words: str) -> None:
    error = refusal(build)

    assert words in str(error)
    assert str(error).startswith(f"{error.field} ")


@pytest.mark.parametrize(
    ("argument", "value"),
    [("company_size", "big"), ("login_status", "in"), ("last_payment", "today"), ("customer_id", 77)],
)
def test_a_refusal_names_the_argument_as_the_caller_wrote_it(argument: str, value: Any) -> None:
    error = refusal(lambda: sdes.customer_info(**{argument: value}))

    assert error.field == argument


@pytest.mark.parametrize("balance", [float("nan"), float("inf")])
def test_a_number_that_json_cannot_write_is_refused(balance: float) -> None:
    error = refusal(lambda: sdes.customer_info(balance=balance))

    assert error.field == "balance"


def test_one_contact_instead_of_a_list_is_explained() -> None:
    error = refusal(lambda: sdes.personal_info(contacts=sdes.contact(email="a@mail.example")))

    assert "contacts" in error.field
