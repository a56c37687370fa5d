"""Around a survey: numbers, ids, urgency, what is refused meanwhile, who closed it."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import (
    CHANGE,
    CLOSED_TEXT,
    Hook,
    Wire,
    assert_refused,
    close,
    refusal,
    sequence,
    text,
    update,
)
from .shapes import events, features, receipt

QUESTIONS = [{"text": "How was it?", "replies": ["1", "2"]}, {"text": "Anything else?", "replies": ["No"]}]
DAY = 86400


@pytest.fixture
def asking(wire: Wire, hook: Hook) -> tuple[str, str]:
    """A conversation whose main dialog had an exchange and is closed, and the dialog of its survey."""
    wire.install(hook.manifest(CHANGE))
    wire.settings(survey={"skills": None, "questions": QUESTIONS})
    answer = wire.converse(wire.batch(), headers=features("MULTI_DIALOG"))
    conversation_id = answer.json()[1]["body"]["conversationId"]
    wire.send(text(conversation_id))
    wire.agent(conversation_id, "text", text="Hello")
    wire.send(close(conversation_id))
    assert wire.settle()
    return conversation_id, wire.conversation(conversation_id)["dialogs"][1]["id"]


def within(request: dict[str, Any], conversation_id: str) -> dict[str, Any]:
    return {**request, "body": {**request["body"], "conversationId": conversation_id}}


def details(hook: Hook) -> dict[str, Any]:
    return dict(hook.changes(CHANGE)[-1]["result"]["conversationDetails"])


def test_a_survey_counts_from_0_with_question_click_answer_and_accept(
    wire: Wire, asking: tuple[str, str]
) -> None:
    """§7.4: whatever numbers the main dialog had."""
    conversation_id, survey_id = asking

    clicked = sequence(wire.send(within(receipt(survey_id, "ACTION", [0]), conversation_id)))
    answered = sequence(wire.send(within(text(survey_id, "2"), conversation_id)))

    told = [(each["sequence"], each["event"]["type"]) for each in events(wire, conversation_id, 1)]
    assert [clicked, answered] == [1, 2]
    assert told == [
        (0, "ContentEvent"),
        (1, "AcceptStatusEvent"),
        (2, "ContentEvent"),
        (3, "AcceptStatusEvent"),
        (4, "ContentEvent"),
    ]


def test_a_reply_of_a_survey_carries_the_metadata_of_an_answer(wire: Wire, asking: tuple[str, str]) -> None:
    """§6.9: question, answer and provider are named."""
    (question,) = events(wire, asking[0], 1)

    for button in question["event"]["quickReplies"]["replies"]:
        (entry,) = button["click"]["metadata"]
        assert entry["type"] == "Answer"
        assert all(isinstance(entry[name], str) and entry[name] for name in ("questionId", "id", "provider"))
        assert button["click"]["actions"] == [{"type": "publishText", "text": button["title"]}]


def test_an_answer_names_its_conversation(wire: Wire, asking: tuple[str, str]) -> None:
    """§6.2."""
    conversation_id, survey_id = asking

    assert_refused(wire.send(text(survey_id, "2")), "7", named="conversationId")
    assert sequence(wire.send(within(text(survey_id, "2"), conversation_id))) == 1


def test_the_main_dialog_cannot_be_closed_again(wire: Wire, asking: tuple[str, str]) -> None:
    """R13."""
    answer = wire.send(close(asking[0]))

    assert (answer.status_code, refusal(answer)) == (400, CLOSED_TEXT)
    assert wire.conversation(asking[0])["stage"] == "OPEN"


def test_the_consumer_has_an_open_conversation_until_the_survey_is_over(
    wire: Wire, asking: tuple[str, str]
) -> None:
    """§5.6, §11.1: the stage is that of the container."""
    conversation_id, survey_id = asking

    refused = wire.converse(wire.batch())
    for words in ("2", "No"):
        wire.send(within(text(survey_id, words), conversation_id))

    assert refused.status_code == 400
    assert "already has open conversation" in refusal(refused)
    assert wire.conversation(conversation_id)["stage"] == "CLOSE"
    assert wire.open() != conversation_id


def test_nothing_is_awaited_of_the_agent_during_a_survey(
    wire: Wire, hook: Hook, asking: tuple[str, str]
) -> None:
    """§11.4."""
    conversation_id, survey_id = asking

    for words in ("2", "No"):
        wire.send(within(text(survey_id, words), conversation_id))

    assert wire.settle()
    assert hook.changes(CHANGE)[-1]["result"]["effectiveTTR"] == -1


def test_the_reason_of_the_closing_outlives_the_survey(
    wire: Wire, hook: Hook, asking: tuple[str, str]
) -> None:
    conversation_id, survey_id = asking

    for words in ("2", "No"):
        wire.send(within(text(survey_id, words), conversation_id))

    assert wire.settle()
    main, survey = details(hook)["dialogs"]
    assert details(hook)["closeReason"] == "CONSUMER"
    assert [main["closedBy"], survey["closedBy"]] == ["CONSUMER", "AGENT"]
    assert survey["endTs"] >= main["endTs"]


def test_a_survey_idle_for_a_week_is_closed_by_the_system(
    wire: Wire, hook: Hook, asking: tuple[str, str]
) -> None:
    """§11.1: counted from the last word in it."""
    conversation_id, survey_id = asking

    wire.advance(5 * DAY)
    wire.renew()
    wire.send(within(text(survey_id, "2"), conversation_id))
    wire.advance(6 * DAY)
    before = details(hook)["stage"]
    wire.advance(DAY + 60)

    assert wire.settle()
    assert [before, details(hook)["stage"]] == ["OPEN", "CLOSE"]
    assert details(hook)["dialogs"][1]["closedBy"] == "SYSTEM"


def test_an_idle_conversation_is_closed_without_a_survey(wire: Wire, hook: Hook) -> None:
    """§11.1."""
    wire.install(hook.manifest(CHANGE))
    wire.settings(survey={"skills": None, "questions": QUESTIONS}, auto_close_seconds=3600)
    answer = wire.converse(wire.batch(), headers=features("MULTI_DIALOG"))
    wire.agent(answer.json()[1]["body"]["conversationId"], "text", text="Are you still there?")

    wire.advance(2 * 3600)

    assert wire.settle()
    assert [details(hook)["stage"], details(hook)["closeReason"]] == ["CLOSE", "SYSTEM"]
    assert [dialog["dialogType"] for dialog in details(hook)["dialogs"]] == ["MAIN"]
    assert details(hook)["dialogs"][0]["closedBy"] == "SYSTEM"


def test_a_rating_during_a_survey_is_stored(wire: Wire, hook: Hook, asking: tuple[str, str]) -> None:
    rating = {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"}

    answer = wire.send(update(asking[0], rating))

    assert answer.status_code == 200
    assert wire.settle()
    assert details(hook)["csat"]["csatRate"] == 5
