"""What is kept of a consumer's profile, and what a client says of itself."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from .conftest import BERT, JSON_MEDIA_TYPES, RATING, TTR, Wire, close, profile, text, update


def sdes(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"authenticatedData": {"lp_sdes": list(entries)}}


CUSTOMER = {"type": "ctmrinfo", "info": {"customerId": "C-77"}}
ANNA_BERG = {"type": "personal", "personal": {"firstname": "Anna", "lastname": "Berg"}}


def stored_profile(wire: Wire, *bodies: dict[str, Any]) -> dict[str, Any]:
    for body in bodies:
        assert wire.send(profile(body)).status_code == 200
    return dict(wire.state().json()["profiles"][wire.lp_consumer_id()])


def test_a_profile_is_replaced_member_by_member(wire: Wire) -> None:
    """R63."""
    kept = stored_profile(wire, {"firstName": "Anna", "lastName": "Berg"}, {"lastName": "Tal"}, {})

    assert (kept["firstName"], kept["lastName"]) == ("Anna", "Tal")


def test_a_list_of_attributes_is_replaced_as_a_whole(wire: Wire) -> None:
    """R63."""
    kept = stored_profile(wire, sdes(CUSTOMER, ANNA_BERG), sdes(CUSTOMER))

    assert kept["authenticatedData"]["lp_sdes"] == [CUSTOMER]


UNSUPPORTED = [
    {"type": "purchase", "total": 11.7},
    {"type": "ctmrinfo", "info": {"storeNumber": "5"}},
    {"type": "ctmrinfo", "info": {"storeZipCode": "10115"}},
]


@pytest.mark.parametrize("odd", UNSUPPORTED, ids=["type", "number", "zip code"])
def test_an_attribute_that_is_not_supported_is_not_kept(wire: Wire, odd: dict[str, Any]) -> None:
    """R71, §11.6."""
    kept = stored_profile(wire, sdes(ANNA_BERG, odd))

    assert ANNA_BERG in kept["authenticatedData"]["lp_sdes"]
    assert not [word for word in ("purchase", "storeNumber", "storeZipCode") if word in json.dumps(kept)]


@pytest.mark.parametrize("odd", UNSUPPORTED, ids=["type", "number", "zip code"])
def test_an_attribute_that_is_not_supported_leaves_a_warning(wire: Wire, odd: dict[str, Any]) -> None:
    """R71, §11.6."""
    before = len(wire.state().json()["warnings"])

    stored_profile(wire, sdes(ANNA_BERG, odd))

    assert len(wire.state().json()["warnings"]) > before


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_gender_as_a_number_becomes_its_word(wire: Wire, number: int) -> None:
    """R52."""
    kept = stored_profile(wire, sdes({"type": "personal", "personal": {"gender": number}}))

    (entry,) = kept["authenticatedData"]["lp_sdes"]
    assert entry["personal"]["gender"] in ("MALE", "FEMALE", "OTHER")


def born(day: date, years: int, **more: int) -> dict[str, Any]:
    date_of_birth = {"year": day.year - years, "month": day.month, "day": day.day}
    return {"type": "personal", "personal": {"age": date_of_birth | more}}


@pytest.mark.parametrize(
    ("days", "age"), [(0, 40), (1, 39), (-1, 40)], ids=["today", "tomorrow", "yesterday"]
)
def test_an_age_is_computed_from_the_date_of_birth(wire: Wire, days: int, age: int) -> None:
    """§11.6. The birthday is that many days from now."""
    birthday = datetime.now(UTC).date() + timedelta(days)

    kept = stored_profile(wire, sdes(born(birthday, 40)))

    (entry,) = kept["authenticatedData"]["lp_sdes"]
    assert entry["personal"]["age"]["age"] == age


def test_an_age_that_is_stated_or_cannot_be_computed_is_left_alone(wire: Wire) -> None:
    """§11.6."""
    stated = born(date(2020, 5, 1), 40, age=17)
    entries = [stated, {"type": "personal", "personal": {"age": {"year": 1980}}}]

    kept = stored_profile(wire, sdes(*entries))

    assert kept["authenticatedData"]["lp_sdes"] == entries


def test_the_profiles_of_two_consumers_are_apart(wire: Wire) -> None:
    stored_profile(wire, {"firstName": "Anna"})

    wire.send(profile({"firstName": "Bert"}), consumer=BERT)

    kept = wire.state().json()["profiles"]
    assert kept[wire.lp_consumer_id()]["firstName"] == "Anna"
    assert kept[wire.lp_consumer_id(BERT)]["firstName"] == "Bert"


def test_a_batch_sets_the_profile_even_when_it_opens_nothing(wire: Wire) -> None:
    """§5.6."""
    wire.open()

    wire.converse([profile({"firstName": "Anna"}), wire.request_conversation()])

    assert wire.state().json()["profiles"][wire.lp_consumer_id()]["firstName"] == "Anna"


# --- Client-Properties ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "",
        "[]",
        "5",
        '"text"',
        '{"features": null}',
        '{"features": {"MULTI_DIALOG": true}}',
        '{"features": [1, null, {}]}',
        '{"features": ["NEVER_HEARD_OF", "AUTO_MESSAGES"]}',
        '{"type": ".ams.headers.ClientProperties", "appId": 5, "os": "BEOS", "timeZone": []}',
        '{"ipAddress": "' + "9" * 400 + '"}',
        "[" * 500,
    ],
)
def test_odd_properties_never_fail_any_call(wire: Wire, value: str) -> None:
    """R51."""
    how = {"headers": {"Client-Properties": value}}

    opening = wire.converse(wire.batch(), **how)
    conversation_id = opening.json()[1]["body"]["conversationId"]
    requests = [text(conversation_id), update(conversation_id, [RATING, TTR]), close(conversation_id)]
    answers = [opening, *(wire.send(request, **how) for request in requests)]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert {answer.headers["content-type"] for answer in answers} <= JSON_MEDIA_TYPES


@pytest.mark.parametrize("name", [r"\ud800", r"\udc00\ud800"])
def test_a_feature_that_is_no_text_spoils_nothing(wire: Wire, name: str) -> None:
    """R51."""
    headers: dict[str, str | None] = {"Client-Properties": f'{{"features": ["{name}"]}}'}

    answer = wire.converse(wire.batch(), headers=headers)

    assert answer.status_code == 200
    assert wire.state().status_code == 200


def test_properties_that_are_not_json_leave_a_warning(wire: Wire) -> None:
    """R51."""
    before = len(wire.state().json()["warnings"])

    wire.converse(wire.batch(), headers={"Client-Properties": "[object Object]"})

    assert len(wire.state().json()["warnings"]) > before
