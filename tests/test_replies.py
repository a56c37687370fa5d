"""What the service answered: response forms read, typed errors and the next step of each refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from connectorkit import errors
from connectorkit.log import Exchange
from connectorkit.replies import Message, Reply, unexpected

SAMPLES = Path(__file__).parent / "wire" / "samples"
CLOSED = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, Conversation is close"}, "reqId": "7"}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


def reply(
    decoded: Any, status: int = 200, operation: str = "send", headers: dict[str, str] | None = None
) -> Reply:
    return Reply.recorded(
        Exchange(
            operation,
            "POST",
            "https://msg.example",
            exchange_id=3,
            status_code=status,
            response_headers=list((headers or {}).items()),
            response_body="" if decoded is None else json.dumps(decoded),
        )
    )


def error_of(answer: Reply) -> errors.ApiError:
    with pytest.raises(errors.ApiError) as caught:
        answer.raise_for_error()
    return caught.value


# --- Answers to something else -----------------------------------------------------------------------


def answered(asked: Any, said: Any, operation: str = "send") -> Reply:
    exchange = reply(said, operation=operation).exchange
    return Reply.recorded(replace(exchange, request_body=json.dumps(asked)))


@pytest.mark.parametrize("given", ["7", 7, "1,", "ü"])
def test_an_answer_under_the_request_s_id_is_ok(given: Any) -> None:
    assert answered({"id": given}, {"code": "OK", "body": {}, "reqId": str(given)}).ok


@pytest.mark.parametrize("given", [None, True, 1.5, [], {}])
def test_an_id_that_none_can_echo_is_not_compared(given: Any) -> None:
    assert answered({"id": given}, {"code": "OK", "body": {}, "reqId": "1"}).ok


def test_an_answer_under_another_id_is_not_ok() -> None:
    answer = answered({"id": "7"}, {"code": "OK", "body": {"sequence": 0}, "reqId": "8"})

    error = error_of(answer)

    assert not answer.ok
    assert answer.miscorrelated == ("7", "8")
    assert isinstance(error, errors.UnexpectedAnswerError)
    assert str(error).startswith("Expected reqId '7' from SEND, got ")
    assert "Do not send it again" in str(error)


def test_a_batch_is_compared_by_position() -> None:
    said = [{"code": "OK", "body": {}, "reqId": i} for i in ("1,", "1,")]

    assert answered([{"id": "1,"}, {"id": "1,"}], said, "conversation").ok
    assert answered([{"id": "1,"}, {"id": "2,"}], said, "conversation").miscorrelated == ("2,", "1,")


@pytest.mark.parametrize(
    ("status", "attempt", "advice"),
    [
        (503, 1, "Try again after 5, 10 and 15 seconds"),
        (503, 4, "The kit has tried four times. Wait 2, 4, 8 … minutes"),
        (429, 1, "Wait at least one second"),
        (429, 4, "The kit has tried four times. Wait longer"),
    ],
)
def test_what_the_kit_has_tried_is_not_advised_again(status: int, attempt: int, advice: str) -> None:
    exchange = reply({"code": "X", "body": {}}, status).exchange

    assert Reply.recorded(replace(exchange, attempt=attempt)).advice.startswith(advice)


# --- Answers that say yes --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["seed_response", "send_text_answer", "csat_answer"])
def test_a_documented_success_is_ok(name: str) -> None:
    answer = reply(sample(name))

    assert answer.ok
    assert answer.code == "OK"
    assert answer.error is None
    assert answer.advice == ""
    assert answer.raise_for_error() is answer


def test_a_success_without_kind_is_a_response() -> None:
    message = reply(sample("seed_response")).messages[0]

    assert message == Message("OK", {"sequence": 0}, "1", kind="resp", type=None)


def test_a_batch_answer_gives_messages_in_order_and_the_new_conversation() -> None:
    answer = reply(sample("conversation_answer"), operation="conversation")

    assert [m.request_id for m in answer.messages] == ["1", "2"]
    assert answer.conversation_id == "6f1c…"
    assert answer.messages[0].text == "OK User Profile set successfully"


@pytest.mark.parametrize("code", ["OK", 200, 201, 202, 204])
def test_ok_is_a_word_or_a_number(code: str | int) -> None:
    assert Message(code).ok


@pytest.mark.parametrize("code", [None, "", "ok", "BAD_REQUEST", 199, 300, 401, True, [200], {"a": 1}])
def test_anything_else_is_not_ok(code: Any) -> None:
    assert not Message(code).ok


@pytest.mark.parametrize("sequence", [0, 2, 4])
def test_the_sequence_is_a_number(sequence: int) -> None:
    assert reply({"code": "OK", "body": {"sequence": sequence}, "reqId": "1"}).sequence == sequence


@pytest.mark.parametrize("body", [{}, {"sequence": "4"}, {"sequence": None}, {"sequence": 2.5}, None, []])
def test_the_sequence_is_optional(body: Any) -> None:
    assert reply({"code": "OK", "body": body, "reqId": "1"}).sequence is None


def test_a_third_item_s_sequence_is_the_batch_s() -> None:
    batch = [*sample("conversation_answer"), sample("conversation_third_item_answer")]

    assert reply(batch).sequence == 0


def test_a_numeric_req_id_becomes_text() -> None:
    assert reply({"code": "OK", "body": {}, "reqId": 5}).messages[0].request_id == "5"


def test_a_conversation_without_an_id_has_none() -> None:
    assert reply([{"code": "OK", "body": {"conversationId": None}, "reqId": "2"}]).conversation_id is None


def test_a_token_answer_has_no_messages() -> None:
    answer = reply(sample("app_token_answer"), operation="app_jwt")

    assert answer.ok
    assert answer.messages == ()
    assert (answer.code, answer.sequence, answer.conversation_id, answer.text) == (None,) * 4


# --- Refusals at the door --------------------------------------------------------------------------

DOOR = [
    (40001, 400, errors.InvalidRequestError, "Missing parameter", "Brand Id is missing", "Add brandId"),
    (
        40102,
        401,
        errors.AuthenticationError,
        "Invalid AppJWT",
        "AppJWT has expired or is invalid",
        "Get a new AppJWT and send once more",
    ),
    (
        40103,
        401,
        errors.AuthenticationError,
        "Invalid ConsumerJWS",
        "ConsumerJWS is invalid",
        "Use the consumer who owns this conversation",
    ),
    (
        40104,
        401,
        errors.AuthenticationError,
        "ConsumerJWS is missing",
        "X_ON_BEHALF_HEADER is not present",
        "Send the ConsumerJWS in the X-LP-ON-BEHALF header",
    ),
    (
        40105,
        401,
        errors.AuthenticationError,
        "AppJWT is missing",
        "AUTHORIZATION header is not present",
        "Send the AppJWT, without a Bearer prefix, in the Authorization header",
    ),
]


@pytest.mark.parametrize(("number", "status", "kind", "title", "details", "advice"), DOOR)
def test_each_error_number_has_its_error_and_its_next_step(
    number: int, status: int, kind: type[errors.ApiError], title: str, details: str, advice: str
) -> None:
    error = error_of(reply(sample(f"error_{number}"), status, "conversation"))

    assert type(error) is kind
    assert (error.status_code, error.code, error.error_code) == (status, status, number)
    assert (error.title, error.details, error.request_id) == (title, details, None)
    assert error.advice.startswith(advice)
    assert str(error) == f"CONVERSATION was refused: {details} ({status}, error {number}). {error.advice}"


def test_the_number_decides_whatever_the_texts_say() -> None:
    changed = sample("error_40103")
    changed["body"] |= {"title": "Invalid AppJWT", "details": "AppJWT has expired or is invalid"}

    assert error_of(reply(changed, 401)).advice.startswith("Use the consumer who owns")


def test_a_refused_batch_reads_as_one_error_object() -> None:
    answer = reply(sample("error_40105"), 401, "conversation")

    assert len(answer.messages) == 1
    assert (answer.messages[0].kind, answer.messages[0].type) == ("resp", ".ReqBody$ErrorResp")
    assert str(answer.error).startswith("CONVERSATION was refused: AUTHORIZATION header is not present")


@pytest.mark.parametrize("number", [49999, "40102", None, 40102.0, [40102]])
def test_an_unknown_error_number_leaves_the_decision_to_the_status(number: Any) -> None:
    answer = reply({"code": 401, "body": {"details": "no", "errorCode": number}}, 401)

    assert type(answer.error) is errors.AuthenticationError
    assert answer.advice == "Check account id, client id and client secret."


# --- Refusals by status ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "word", "kind", "advice"),
    [
        (400, "BAD_REQUEST", errors.InvalidRequestError, "Correct the request"),
        (401, "UNAUTHORIZED", errors.AuthenticationError, "Check account id, client id"),
        (403, "FORBIDDEN", errors.InvalidRequestError, "Correct the request"),
        (404, "NOT_FOUND", errors.NotFoundError, "Check the conversation id and the path"),
        (405, "METHOD_NOT_ALLOWED", errors.InvalidRequestError, "Use the documented HTTP method"),
        (413, "PAYLOAD_TOO_LARGE", errors.InvalidRequestError, "Send a smaller body"),
        (415, "UNSUPPORTED_MEDIA_TYPE", errors.InvalidRequestError, "Send Content-Type: application/json"),
        (429, "TOO_MANY_REQUESTS", errors.RateLimitedError, "Wait at least one second"),
        (451, "", errors.InvalidRequestError, "The account is blocked; do not retry"),
        (500, "INTERNAL_SERVER_ERROR", errors.ServerError, "Try again after 5, 10 and 15 seconds"),
        (502, "BAD_GATEWAY", errors.ServerError, "Try again after 5, 10 and 15 seconds"),
        (503, "SERVICE_UNAVAILABLE", errors.ServerError, "Try again after 5, 10 and 15 seconds"),
        (504, "GATEWAY_TIMEOUT", errors.ServerError, "Try again after 5, 10 and 15 seconds"),
        (302, "FOUND", errors.UnexpectedAnswerError, ""),
    ],
)
@pytest.mark.parametrize("form", ["object", "list", "number", "no body"])
def test_each_status_has_its_error_and_its_next_step(
    status: int, word: str, kind: type[errors.ApiError], advice: str, form: str
) -> None:
    message = {"code": status if form == "number" else word, "body": {"msg": "No."}, "reqId": "7"}
    decoded = {"object": message, "number": message, "list": [message], "no body": None}[form]

    error = error_of(reply(decoded, status))

    assert type(error) is kind
    assert error.status_code == status
    assert error.advice.startswith(advice)
    assert f"({status})" in str(error)
    assert error.exchange is not None


def test_a_rate_limit_says_how_long_to_wait() -> None:
    assert error_of(reply(None, 429, headers={"retry-after": "1.0"})).retry_after == 1.0
    assert error_of(reply(None, 429)).retry_after is None


# --- Refusals by text ------------------------------------------------------------------------------


def test_a_closed_conversation_has_an_error_of_its_own() -> None:
    error = error_of(reply(CLOSED, 400))

    assert type(error) is errors.ConversationClosedError
    assert (error.code, error.request_id) == ("BAD_REQUEST", "7")
    assert error.advice == "Open a new conversation and send it there."


def test_an_already_open_conversation_is_found_behind_the_profile_that_was_set() -> None:
    profile = {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "1"}
    answer = reply([profile, sample("conversation_already_open_answer")], 400, "conversation")

    error = error_of(answer)

    assert not answer.ok
    assert answer.code == "BAD_REQUEST"
    assert type(error) is errors.ConversationAlreadyOpenError
    assert error.request_id == "2"
    assert error.advice.startswith("Use the open conversation, or close it first")


def test_the_first_failed_item_decides() -> None:
    first = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, ttrDefName"}, "reqId": "2"}
    behind = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, previous request failed"}, "reqId": "3"}

    assert reply([first, behind], 400).text == "Bad Request, ttrDefName"


def test_a_failed_item_counts_even_where_the_status_is_200() -> None:
    answer = reply([{"code": "OK", "body": {}}, {"code": "BAD_REQUEST", "body": {"msg": "no"}}], 200)

    assert not answer.ok
    assert isinstance(answer.error, errors.ApiError)


def test_an_oauth_error_is_quoted() -> None:
    decoded = {"error": "invalid_client", "error_description": "Unknown client"}

    error = error_of(reply(decoded, 401, "app_jwt"))

    assert str(error).startswith("AppJWT request was refused: Unknown client (401). Check account id")
    assert error.details == "Unknown client"


def test_a_body_that_is_a_bare_msg_is_quoted() -> None:
    """The guide shows the answer to a text that is too long in this form."""
    error = error_of(reply(sample("send_too_long_body"), 400))

    assert "refused: Bad Request (400)" in str(error)


# --- Malformed answers -----------------------------------------------------------------------------

MALFORMED: list[Any] = [
    None,
    "text",
    7,
    True,
    [],
    {},
    [None, 3, "x"],
    [[{"code": "OK"}]],
    {"reqId": "7"},
    {"code": None},
    {"code": 400, "body": None},
    {"code": 400, "body": "text"},
    {"code": 400, "body": {"msg": {"deep": 1}, "title": ["x"], "errorCode": {}}},
    {"code": {"a": 1}, "body": {"msg": 0}, "reqId": {"b": 2}, "kind": 5, "type": 6},
    {"error": {"message": "x"}},
]


@pytest.mark.parametrize("decoded", MALFORMED, ids=repr)
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_malformed_answer_never_breaks_the_reading(decoded: Any, status: int) -> None:
    answer = reply(decoded, status)

    assert isinstance(repr(answer), str)
    assert isinstance(answer._repr_html_(), str)
    assert isinstance(answer.advice, str)
    assert answer.ok is (answer.error is None)


@pytest.mark.parametrize("decoded", [None, "text", 7, {}, [], {"reqId": "7"}], ids=repr)
@pytest.mark.parametrize("operation", ["send", "conversation"])
def test_a_200_that_answers_no_request_is_not_ok(decoded: Any, operation: str) -> None:
    assert not reply(decoded, 200, operation).ok


def test_an_unexpected_answer_says_what_was_expected_and_what_came() -> None:
    exchange = Exchange("domains", "GET", "https://api.example", response_body="<html>" + "x" * 500)

    error = unexpected(Reply.recorded(exchange), "a JSON object with baseURIs")

    assert type(error) is errors.UnexpectedAnswerError
    assert str(error).startswith("Expected a JSON object with baseURIs from Domain lookup, got <html>xxx")
    assert "…" in str(error)
    assert len(str(error)) < 320


def test_an_unexpected_empty_answer_is_called_empty() -> None:
    assert "got an empty body (204)" in str(unexpected(reply(None, 204), "anything"))


# --- As shown and as recorded ----------------------------------------------------------------------


def test_the_plain_form_names_status_code_text_and_next_step() -> None:
    shown = repr(reply(CLOSED, 400))

    assert shown.startswith("<Reply to send: status 400, code BAD_REQUEST")
    assert "says Bad Request, Conversation is close" in shown
    assert "next step Open a new conversation" in shown
    assert shown.endswith("exchange 3>")


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"'><svg onload=alert(1)>"]
)
def test_the_display_shows_hostile_text_as_text(hostile: str) -> None:
    body = {"msg": hostile, "title": hostile, "conversationId": hostile}
    tags: set[str] = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.add(tag)  # type: ignore[method-assign]

    parser.feed(reply({"code": hostile, "body": body}, 400, hostile)._repr_html_())

    assert tags <= {"div", "strong", "span", "table", "tr", "th", "td"}


def test_the_log_gives_the_same_reply_again() -> None:
    exchange = Exchange("send", "POST", "u", status_code=400, response_body=json.dumps(CLOSED))

    answer = Reply.recorded(exchange)

    assert answer.status_code == 400
    assert type(answer.error) is errors.ConversationClosedError


def test_a_request_without_an_answer_is_no_success() -> None:
    assert not Reply.recorded(Exchange("send", "POST", "u", error="ReadTimeout")).ok
