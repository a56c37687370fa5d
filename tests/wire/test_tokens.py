"""App token and consumer token: where credentials may stand, what the answers hold, what is refused."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jwt
import pytest

from .conftest import ANNA, BERT, JSON_MEDIA_TYPES, Wire, claims, profile, sample

GRANT = {"grant_type": "client_credentials"}
VERSION = {"v": "1.0"}
TOKEN_ERROR_MEDIA_TYPES = {media_type.lower() for media_type in JSON_MEDIA_TYPES}


def credentials(wire: Wire) -> dict[str, str]:
    return {"client_id": wire.ready["client_id"], "client_secret": wire.ready["client_secret"]}


def assert_oauth_error(answer: httpx.Response, status: int, error: str) -> None:
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert set(answer.json()) == {"error", "error_description"}
    assert isinstance(answer.json()["error_description"], str)
    assert answer.headers["content-type"].lower() in TOKEN_ERROR_MEDIA_TYPES
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"


# --- App token: placement -------------------------------------------------------------------------


def test_credentials_in_the_form_body_and_the_grant_in_the_query(wire: Wire) -> None:
    answer = wire.ask_app_token(VERSION | GRANT, credentials(wire))

    assert answer.status_code == 200


def test_all_four_in_the_query_and_an_empty_body(wire: Wire) -> None:
    answer = wire.ask_app_token(VERSION | GRANT | credentials(wire), b"")

    assert answer.status_code == 200


def test_only_the_version_in_the_query(wire: Wire) -> None:
    answer = wire.ask_app_token(VERSION, GRANT | credentials(wire))

    assert answer.status_code == 200


@pytest.mark.parametrize("member", ["client_id", "client_secret", "grant_type"])
def test_the_body_wins_over_the_query(wire: Wire, member: str) -> None:
    """R31."""
    right = GRANT | credentials(wire)
    wrong = right | {member: "wrong"}

    right_in_body = wire.ask_app_token(VERSION | wrong, right)
    wrong_in_body = wire.ask_app_token(VERSION | right, wrong)

    assert right_in_body.status_code == 200
    assert wrong_in_body.status_code in (400, 401)


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_a_json_content_type_is_accepted_when_the_query_is_complete(wire: Wire, body: bytes) -> None:
    query = VERSION | GRANT | credentials(wire)

    answer = wire.ask_app_token(query, body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 200


# --- App token: answer ----------------------------------------------------------------------------


def test_the_answer_has_exactly_two_members(wire: Wire) -> None:
    answer = wire.ask_app_token(VERSION | GRANT, credentials(wire))

    token = answer.json()["access_token"]
    assert answer.json() == sample("app_token_answer", {"{AppJWT}": token})
    assert answer.headers["content-type"] == "application/json;charset=utf-8"


def test_the_header_of_the_app_token(wire: Wire) -> None:
    header = jwt.get_unverified_header(wire.new_app_token())

    assert header == {"kid": header["kid"], "typ": "JWT", "alg": "RS256"}
    assert re.fullmatch(r"appjwt-\d\d-\d\d-\d\d", header["kid"])


def test_the_claims_of_the_app_token(wire: Wire) -> None:
    found = claims(wire.new_app_token())

    issued = found["iat"]
    assert type(issued) is int
    assert type(found["exp"]) is int
    assert found == {
        "aud": wire.account,
        "azp": wire.ready["client_id"],
        "scope": "msg.consumer",
        "iss": "Sentinel",
        "iat": issued,
        "exp": issued + 3600,
    }


def test_the_issue_time_follows_the_clock(wire: Wire) -> None:
    before = claims(wire.new_app_token())["iat"]

    wire.advance(86400)
    after = claims(wire.new_app_token())["iat"]

    assert 86400 <= after - before < 86430


def test_an_app_token_is_refused_from_the_second_exp_on(wire: Wire) -> None:
    """R55: there is no leeway; a later token tells what the sandbox's clock says."""
    token = wire.app_token()

    wire.advance(3590)
    while_valid = wire.send(profile({}))
    wire.advance(claims(token)["exp"] - claims(wire.new_app_token())["iat"])
    from_exp_on = wire.send(profile({}))

    assert while_valid.status_code == 200
    assert from_exp_on.status_code == 401
    assert from_exp_on.json() == sample("error_40102")


def test_a_new_app_token_does_not_end_the_one_before(wire: Wire) -> None:
    wire.app_token()

    wire.new_app_token()

    assert wire.send(profile({})).status_code == 200


# --- App token: errors ----------------------------------------------------------------------------


@pytest.mark.parametrize("member", ["client_id", "client_secret"])
def test_wrong_credentials_are_an_invalid_client(wire: Wire, member: str) -> None:
    answer = wire.ask_app_token(VERSION | GRANT, credentials(wire) | {member: "wrong"})

    assert_oauth_error(answer, 401, "invalid_client")
    assert "www-authenticate" not in answer.headers


def test_an_app_of_another_account_is_an_invalid_client(wire: Wire) -> None:
    answer = wire.ask_app_token(VERSION | GRANT, credentials(wire), account=f"{wire.account}9")

    assert_oauth_error(answer, 401, "invalid_client")


def test_a_client_that_used_the_authorization_header_is_told_the_scheme(wire: Wire) -> None:
    wrong = credentials(wire) | {"client_secret": "wrong"}

    answer = wire.ask_app_token(VERSION | GRANT, wrong, headers={"Authorization": "Basic eDp5"})

    assert_oauth_error(answer, 401, "invalid_client")
    assert answer.headers["www-authenticate"]


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "grant_type"])
def test_a_missing_parameter_is_an_invalid_request(wire: Wire, missing: str) -> None:
    form = GRANT | credentials(wire)
    del form[missing]

    answer = wire.ask_app_token(VERSION, form)

    assert_oauth_error(answer, 400, "invalid_request")


@pytest.mark.parametrize("query", [{}, {"v": "2.0"}, {"v": ""}])
def test_a_missing_or_wrong_version_is_an_invalid_request(wire: Wire, query: dict[str, str]) -> None:
    answer = wire.ask_app_token(query | GRANT, credentials(wire))

    assert_oauth_error(answer, 400, "invalid_request")


@pytest.mark.parametrize("grant", ["password", "authorization_code", "CLIENT_CREDENTIALS"])
def test_another_grant_type_is_unsupported(wire: Wire, grant: str) -> None:
    answer = wire.ask_app_token(VERSION, credentials(wire) | {"grant_type": grant})

    assert_oauth_error(answer, 400, "unsupported_grant_type")


def test_a_scope_that_is_not_granted_is_invalid(wire: Wire) -> None:
    answer = wire.ask_app_token(VERSION | GRANT, credentials(wire) | {"scope": "agent.admin"})

    assert_oauth_error(answer, 400, "invalid_scope")


@pytest.mark.parametrize("body", [b"client_id=%FF%FE", b"\xff\xfe", b"&&=&", b"client_id=a&client_id=b"])
def test_a_malformed_form_is_the_callers_fault(wire: Wire, body: bytes) -> None:
    answer = wire.ask_app_token(VERSION | GRANT, body)

    assert 400 <= answer.status_code < 500


# --- Consumer token -------------------------------------------------------------------------------


def test_the_consumer_token_is_created(wire: Wire) -> None:
    answer = wire.ask_consumer_token(sample("consumer_token_request"))

    token = answer.json()["token"]
    assert answer.status_code == 201
    assert answer.json() == sample("consumer_token_answer", {"{ConsumerJWS}": token})
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES


def test_the_header_of_the_consumer_token(wire: Wire) -> None:
    header = jwt.get_unverified_header(wire.consumer_token())

    assert header == jwt.get_unverified_header(wire.app_token())


def test_the_claims_of_the_consumer_token(wire: Wire) -> None:
    found = claims(wire.consumer_token(ANNA))

    identity = found["lp_consumer_id"]
    assert found == {"account_id": wire.account, "ext_consumer_id": ANNA, "lp_consumer_id": identity}
    assert re.fullmatch(r"[0-9a-fA-F]{64}", identity)


def test_the_same_external_id_is_the_same_consumer(wire: Wire) -> None:
    """R61: also a day later."""
    tokens = [wire.ask_consumer_token({"ext_consumer_id": ANNA}).json()["token"]]

    wire.advance(86400)
    wire.renew()
    tokens.append(wire.ask_consumer_token({"ext_consumer_id": ANNA}).json()["token"])

    assert claims(tokens[0])["lp_consumer_id"] == claims(tokens[1])["lp_consumer_id"]


@pytest.mark.parametrize("other", [BERT, ANNA.upper(), f"{ANNA} ", "änna", "+49 30 1234"])
def test_another_external_id_is_another_consumer(wire: Wire, other: str) -> None:
    token = wire.consumer_token(other)

    assert claims(token)["ext_consumer_id"] == other
    assert claims(token)["lp_consumer_id"] != wire.lp_consumer_id(ANNA)


def test_the_version_may_be_left_out(wire: Wire) -> None:
    answer = wire.ask_consumer_token({"ext_consumer_id": ANNA}, query="")

    assert answer.status_code == 201


@pytest.mark.parametrize("authorization", [None, ""])
def test_a_consumer_token_needs_an_app_token(wire: Wire, authorization: str | None) -> None:
    answer = wire.ask_consumer_token({"ext_consumer_id": ANNA}, {"Authorization": authorization})

    assert answer.status_code == 401
    assert answer.json() == sample("error_40105")


def test_an_invalid_app_token_yields_no_consumer_token(wire: Wire) -> None:
    answer = wire.ask_consumer_token({"ext_consumer_id": ANNA}, {"Authorization": "not.a.token"})

    assert answer.status_code == 401
    assert answer.json() == sample("error_40102")


def test_an_expired_app_token_yields_no_consumer_token(wire: Wire) -> None:
    wire.app_token()
    wire.advance(3600)

    answer = wire.ask_consumer_token({"ext_consumer_id": ANNA})

    assert answer.status_code == 401
    assert answer.json() == sample("error_40102")


@pytest.mark.parametrize(
    "body", [{}, *({"ext_consumer_id": value} for value in ("", None, 5, True, ["a"], {"id": "a"}))]
)
def test_an_external_id_is_text_that_is_not_empty(wire: Wire, body: Any) -> None:
    answer = wire.ask_consumer_token(body)

    assert answer.status_code == 400
    assert answer.json()["body"]["errorCode"] == 40001
    assert answer.json()["body"]["details"] == "ext_consumer_id is missing"


@pytest.mark.parametrize("body", [b"", b"{", b"ext_consumer_id=anna"])
def test_a_consumer_request_that_is_not_json_is_refused(wire: Wire, body: bytes) -> None:
    answer = wire.ask_consumer_token(body)

    assert answer.status_code == 400
    assert answer.json()["body"]["errorCode"] == 40001
    assert answer.json()["body"]["details"] == "Body is not valid JSON"


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_consumer_request_must_be_declared_as_json(wire: Wire, content_type: str | None) -> None:
    """R26."""
    answer = wire.ask_consumer_token({"ext_consumer_id": ANNA}, {"Content-Type": content_type})

    assert answer.status_code == 415
