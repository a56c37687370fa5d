"""The tree of errors: what a caller can catch, and what an error carries."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from connectorkit import envelopes, errors
from connectorkit.log import Exchange
from connectorkit.replies import Reply

ALL_NAMES = [
    "SettingsError",
    "EnvelopeError",
    "LogError",
    "SandboxError",
    "NoAnswerError",
    "OutcomeUnknown",
    "ApiError",
    "AuthenticationError",
    "InvalidRequestError",
    "ConversationClosedError",
    "ConversationAlreadyOpenError",
    "NotFoundError",
    "RateLimitedError",
    "ServerError",
    "UnexpectedAnswerError",
]


def refused() -> errors.ApiError:
    body = {"title": "Invalid AppJWT", "details": "AppJWT has expired or is invalid", "errorCode": 40102}
    answer = json.dumps({"code": 401, "body": body})
    reply = Reply.recorded(
        Exchange("send", "POST", "https://msg.example", status_code=401, response_body=answer)
    )
    error = reply.error
    assert error is not None
    return error


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_error_is_caught_by_the_base_class_and_stands_in_the_drawing(name: str) -> None:
    assert issubclass(getattr(errors, name), errors.ConnectorError)
    assert name in str(errors.__doc__)


def test_the_drawing_names_every_error_there_is() -> None:
    defined = {n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, Exception)}

    assert defined == {*ALL_NAMES, "ConnectorError"}


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("AuthenticationError", "ApiError"),
        ("InvalidRequestError", "ApiError"),
        ("NotFoundError", "ApiError"),
        ("RateLimitedError", "ApiError"),
        ("ServerError", "ApiError"),
        ("UnexpectedAnswerError", "ApiError"),
        ("ConversationClosedError", "InvalidRequestError"),
        ("ConversationAlreadyOpenError", "InvalidRequestError"),
        ("EnvelopeError", "ConnectorError"),
        ("NoAnswerError", "ConnectorError"),
        ("OutcomeUnknown", "NoAnswerError"),
    ],
)
def test_errors_inherit_as_drawn(name: str, base: str) -> None:
    assert getattr(errors, name).__bases__[0] is getattr(errors, base)


def test_a_builder_s_error_reads_as_field_problem_and_fix() -> None:
    error = errors.EnvelopeError("text", "is empty", "Pass at least one character.")

    assert str(error) == "text is empty. Pass at least one character."
    assert error.field == "text"
    assert isinstance(error, ValueError)


def test_an_api_error_needs_no_more_than_a_status() -> None:
    error = errors.ApiError("refused", status_code=418)

    facts = (error.code, error.error_code, error.title, error.details, error.request_id, error.exchange)
    assert str(error) == "refused"
    assert error.status_code == 418
    assert facts == (None,) * 6
    assert error.advice == ""
    assert error.retry_after is None


def test_an_api_error_carries_what_the_answer_said() -> None:
    error = refused()

    assert (error.status_code, error.code, error.error_code) == (401, 401, 40102)
    assert error.title == "Invalid AppJWT"
    assert error.details == "AppJWT has expired or is invalid"
    assert error.exchange is not None


@pytest.mark.parametrize(
    "again", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy], ids=["pickle", "copy"]
)
def test_errors_survive_the_way_to_another_process(again: Callable[[Any], Any]) -> None:
    builder_error = errors.EnvelopeError("text", "is empty", "Pass one.")

    copies = [again(refused()), again(builder_error)]

    assert [str(c) for c in copies] == [str(refused()), str(builder_error)]
    assert copies[0].status_code == 401
    assert copies[1].field == "text"


def test_a_notebook_shows_the_callers_lines_and_the_sentence() -> None:
    with pytest.raises(errors.EnvelopeError) as raised:
        envelopes.publish_chat_state("d-1", "TYPING")
    raised.value.add_note("So it is.")

    line, empty, sentence, note = raised.value._render_traceback_()

    assert line.startswith(f"{__file__}, line ")
    assert line.endswith(': envelopes.publish_chat_state("d-1", "TYPING")')
    assert (empty, note) == ("", "So it is.")
    assert sentence == f"EnvelopeError: {raised.value}"
