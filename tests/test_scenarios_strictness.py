"""What counts as expected: everything, member for member; and what may differ on an account."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from connectorkit.catalogue import BY_NAME, Answer
from connectorkit.log import Exchange
from connectorkit.scenarios.comparing import compared

DOOR = BY_NAME["missing-app-jwt"].answer
OAUTH = BY_NAME["wrong-scope"].answer
REFUSED = BY_NAME["wrong-kind"].answer
OVERLONG = BY_NAME["too-long-text"].answer
PLAIN = BY_NAME["wrong-method"].answer
BATCH = BY_NAME["already-open"].answer
TEXT = BY_NAME["file-url-expired"].answer


def exchange_of(answer: Answer, **changes: Any) -> Exchange:
    """The exchange that such an answer makes, but for the changes."""
    body = changes.pop("body", answer.body)
    headers = {n.lower(): v for n, v in answer.headers.items() if v is not None}
    return replace(
        Exchange("send", "POST", "https://msg.example"),
        status_code=changes.pop("status_code", answer.status),
        response_headers=list((headers | changes.pop("headers", {})).items()),
        response_body=body if isinstance(body, str) else json.dumps(body),
        **changes,
    )


def differing(answer: Answer, words: bool = True, **changes: Any) -> list[str]:
    """What is found to differ."""
    checks = compared(answer, answer.body, exchange_of(answer, **changes), words=words)
    return [check.what for check in checks if not check.ok]


def changed(body: Any, path: str, value: Any) -> Any:
    """A copy of the body with one member changed, taken out (``None``) or put in."""
    copy = json.loads(json.dumps(body))
    *way, last = path.split(".")
    inner = copy
    for name in way:
        inner = inner[int(name)] if name.isdigit() else inner[name]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copy


@pytest.mark.parametrize("answer", [DOOR, OAUTH, REFUSED, OVERLONG, PLAIN, BATCH, TEXT])
@pytest.mark.parametrize("words", [True, False])
def test_the_expected_answer_is_as_expected(answer: Answer, words: bool) -> None:
    assert differing(answer, words) == []


@pytest.mark.parametrize("answer", [DOOR, OAUTH, REFUSED, PLAIN, BATCH, TEXT])
@pytest.mark.parametrize("words", [True, False])
def test_another_status_is_a_surprise(answer: Answer, words: bool) -> None:
    assert differing(answer, words, status_code=418) == ["status"]


@pytest.mark.parametrize(
    ("answer", "path", "value"),
    [
        (DOOR, "body.errorCode", 40104),
        (DOOR, "body.errorCode", "40105"),
        (DOOR, "body.title", "AppJWT is Missing"),
        (DOOR, "body.details", "AUTHORIZATION header is not present."),
        (DOOR, "code", "401"),
        (DOOR, "kind", None),
        (DOOR, "reqId", "1"),
        (OAUTH, "error", "invalid_request"),
        (OAUTH, "error_description", ""),
        (REFUSED, "reqId", 1),
        (REFUSED, "reqId", None),
        (REFUSED, "body.msg", "Bad Request"),
        (REFUSED, "body.sequence", 0),
        (BATCH, "1.reqId", "1"),
        (BATCH, "0.code", "BAD_REQUEST"),
    ],
)
def test_one_member_that_differs_is_a_surprise_and_is_named(answer: Answer, path: str, value: Any) -> None:
    found = differing(answer, body=changed(answer.body, path, value))

    first, _, rest = path.partition(".")
    assert found == [f"[{first}].{rest}" if first.isdigit() else path]


@pytest.mark.parametrize("body", ["", "<html>", "null", "{}", "[]", '"Bad Request"'])
def test_another_body_altogether_is_a_surprise(body: str) -> None:
    assert differing(REFUSED, body=body)


def test_text_that_is_no_json_is_compared_as_it_is() -> None:
    assert differing(TEXT, body=f"{TEXT.body}.") == ["body"]
    assert differing(TEXT, body={"error": "no"}) == ["body"]


def test_headers_that_matter_are_compared() -> None:
    assert differing(PLAIN, headers={"allow": "GET, POST"}) == ["Allow"]
    forbidden = BY_NAME["wrong-client-secret"].answer
    assert differing(forbidden, headers={"www-authenticate": "Basic"}) == ["WWW-Authenticate"]
    assert differing(PLAIN, headers={"date": "today"}) == []


def test_a_failure_in_place_of_the_answer_is_a_surprise() -> None:
    assert differing(REFUSED, error="ReadTimeout: too late") == ["failure"]


def test_an_answer_in_place_of_a_failure_is_a_surprise() -> None:
    dropped = BY_NAME["dropped-request"].answer

    assert "status" in differing(dropped, status_code=200, body={"code": "OK"})


@pytest.mark.parametrize(("request_id", "found"), [("1", ["reqId"]), ("", ["reqId"]), ("2", [])])
def test_any_other_text_is_just_that(request_id: str, found: list[str]) -> None:
    answer = BY_NAME["wrong-request-id"].answer

    assert differing(answer, body=changed(answer.body, "reqId", request_id)) == found


def test_a_list_must_lack_what_it_is_to_lack() -> None:
    answer = BY_NAME["service-not-listed"].answer

    assert differing(answer, body={"baseURIs": [{"service": "idp"}]}) == []
    assert differing(answer, body={"baseURIs": [{"service": "msgHist"}]}) == ['without "msgHist"']


# --- On an account: words that no document gives may be others ----------------------------------------


@pytest.mark.parametrize(
    ("answer", "path", "value"),
    [
        (OAUTH, "error_description", "Unknown scope"),
        (REFUSED, "body.msg", "Bad Request, wrong kind"),
        (REFUSED, "reqId", None),
        (PLAIN, "error", "No"),
    ],
)
def test_on_an_account_undocumented_words_may_be_others(answer: Answer, path: str, value: Any) -> None:
    assert differing(answer, words=False, body=changed(answer.body, path, value)) == []


@pytest.mark.parametrize(
    ("answer", "path", "value"),
    [
        (OAUTH, "error", "invalid_request"),
        (REFUSED, "code", "NOT_FOUND"),
        (DOOR, "body.details", "No header"),
        (OVERLONG, "body.msg", "Bad Request, too long"),
    ],
)
def test_on_an_account_what_is_documented_must_be_there(answer: Answer, path: str, value: Any) -> None:
    assert differing(answer, words=False, body=changed(answer.body, path, value)) == [path]
