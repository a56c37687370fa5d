"""The survey behind a closed main dialog: when it comes, how it is answered, how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import (
    CHANGE,
    CONTENT,
    STATE,
    Hook,
    Wire,
    chat_state,
    close,
    refusal,
    sequence,
    text,
    update,
)
from .shapes import events, features, receipt

QUESTIONS = [
    {"text": "How was it?", "replies": ["1", "2", "3"]},
    {"text": "Would you come back?", "replies": ["Yes", "No"]},
]
WEEK = 7 * 24 * 3600
STAGE = {"field": "Stage", "conversationState": "CLOSE"}


def dialog_change(dialog_id: str) -> dict[str, Any]:
    dialog = {"dialogId": dialog_id, "state": "CLOSE", "closedCause": "Closed by consumer"}
    return {"field": "DialogChange", "type": "UPDATE", "dialog": dialog}


def set_up(wire: Wire, skills: list[str] | None = None) -> None:
    wire.settings(survey={"skills": skills, "questions": QUESTIONS})


def opened(wire: Wire, *names: str, **members: Any) -> str:
    """A conversation opened with these features switched on."""
    answer = wire.converse(wire.batch(**members), headers=features(*names) if names else None)
    assert answer.status_code == 200, answer.text
    return str(answer.json()[1]["body"]["conversationId"])


def shape(wire: Wire, conversation_id: str) -> tuple[Any, ...]:
    """State and stage, then type and state of each dialog."""
    assert wire.settle()
    kept = wire.conversation(conversation_id)
    dialogs = [(dialog["type"], dialog["state"]) for dialog in kept["dialogs"]]
    return kept["state"], kept["stage"], *dialogs


ASKING = ("CLOSE", "OPEN", ("MAIN", "CLOSE"), ("POST_SURVEY", "OPEN"))
OVER = ("CLOSE", "CLOSE", ("MAIN", "CLOSE"), ("POST_SURVEY", "CLOSE"))
NO_SURVEY = ("CLOSE", "CLOSE", ("MAIN", "CLOSE"))


def surveyed(wire: Wire) -> tuple[str, str]:
    """A conversation whose main dialog is closed, and the dialog of its survey."""
    set_up(wire)
    conversation_id = opened(wire, "MULTI_DIALOG")
    wire.agent(conversation_id, "join")
    assert wire.send(close(conversation_id)).status_code == 200
    assert shape(wire, conversation_id) == ASKING
    return conversation_id, str(wire.conversation(conversation_id)["dialogs"][1]["id"])


def within(request: dict[str, Any], conversation_id: str) -> dict[str, Any]:
    """The request with its conversation named beside its dialog."""
    return {**request, "body": {**request["body"], "conversationId": conversation_id}}


def asked(wire: Wire, conversation_id: str) -> list[dict[str, Any]]:
    """The questions of the survey so far."""
    assert wire.settle()
    told = events(wire, conversation_id, 1)
    return [event for event in told if event["role"] != "CONSUMER" and "quickReplies" in event["event"]]


def reply(wire: Wire, conversation_id: str, survey_id: str, words: str) -> list[int]:
    """Click and text that answer the latest question, as a channel sends them; their numbers."""
    question = asked(wire, conversation_id)[-1]
    buttons = question["event"]["quickReplies"]["replies"]
    button = next(each for each in buttons if each["title"] == words)
    metadata = button["click"].get("metadata", [])
    clicked = receipt(survey_id, "ACTION", [question["sequence"]])
    requests = [within(clicked, conversation_id), within(text(survey_id, words), conversation_id)]
    return [sequence(wire.send({**request, "metadata": metadata})) for request in requests]


# --- When it comes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["consumer", "dialog", "agent"])
def test_a_survey_opens_when_the_main_dialog_closes(wire: Wire, way: str) -> None:
    set_up(wire)
    conversation_id = opened(wire, "MULTI_DIALOG", "RICH_CONTENT")
    wire.agent(conversation_id, "join")

    if way == "agent":
        wire.agent(conversation_id, "close")
    else:
        field = dialog_change(conversation_id)
        wire.send(close(conversation_id) if way == "consumer" else update(conversation_id, field))

    assert shape(wire, conversation_id) == ASKING


def test_stage_close_leaves_no_survey(wire: Wire) -> None:
    set_up(wire)
    conversation_id = opened(wire, "MULTI_DIALOG")
    wire.agent(conversation_id, "join")

    assert wire.send(update(conversation_id, STAGE)).status_code == 200

    assert shape(wire, conversation_id) == NO_SURVEY


@pytest.mark.parametrize(
    ("configured", "names", "agent"),
    [
        (False, ["MULTI_DIALOG"], True),
        (True, [], True),
        (True, ["RICH_CONTENT"], True),
        (True, ["MULTI_DIALOG"], False),
    ],
    ids=["none set up", "no header", "other feature", "no agent"],
)
def test_without_any_one_condition_there_is_no_survey(
    wire: Wire, configured: bool, names: list[str], agent: bool
) -> None:
    """R50."""
    if configured:
        set_up(wire)
    conversation_id = opened(wire, *names)
    if agent:
        wire.agent(conversation_id, "join")

    wire.send(close(conversation_id))

    assert shape(wire, conversation_id) == NO_SURVEY


def test_the_feature_counts_at_the_opening_only(wire: Wire) -> None:
    """§11.2."""
    set_up(wire)
    conversation_id = opened(wire)
    wire.agent(conversation_id, "join")

    wire.send(text(conversation_id), headers=features("MULTI_DIALOG"))
    wire.send(close(conversation_id), headers=features("MULTI_DIALOG"))

    assert shape(wire, conversation_id) == NO_SURVEY


@pytest.mark.parametrize(
    ("skills", "transferred", "survey"),
    [
        (["4711"], None, True),
        (["12", "4711"], None, True),
        (["12"], None, False),
        (["4711"], "12", False),
        (["12"], "12", True),
        (None, "12", True),
    ],
)
def test_the_last_skill_decides(
    wire: Wire, skills: list[str] | None, transferred: str | None, survey: bool
) -> None:
    """§11.2."""
    set_up(wire, skills)
    conversation_id = opened(wire, "MULTI_DIALOG", skillId="4711")
    wire.agent(conversation_id, "join")
    if transferred:
        wire.agent(conversation_id, "transfer", skill_id=transferred)

    wire.send(close(conversation_id))

    assert shape(wire, conversation_id) == (ASKING if survey else NO_SURVEY)


# --- How it is answered -----------------------------------------------------------------------------


def test_the_survey_has_an_id_of_its_own_behind_the_main_dialog(wire: Wire) -> None:
    conversation_id, survey_id = surveyed(wire)

    dialogs = wire.conversation(conversation_id)["dialogs"]

    assert [dialog["id"] for dialog in dialogs] == [conversation_id, survey_id]
    assert survey_id != conversation_id


def test_the_first_question_comes_with_its_replies_and_number_0(wire: Wire) -> None:
    conversation_id, _ = surveyed(wire)

    (question,) = asked(wire, conversation_id)

    event = question["event"]
    assert (question["sequence"], question["role"]) == (0, "AGENT")
    assert (event["type"], event["contentType"], event["message"]) == (
        "ContentEvent",
        "text/plain",
        "How was it?",
    )
    assert [button["title"] for button in event["quickReplies"]["replies"]] == ["1", "2", "3"]


def test_answers_go_into_the_survey_dialog_until_it_is_over(wire: Wire) -> None:
    conversation_id, survey_id = surveyed(wire)

    numbers = reply(wire, conversation_id, survey_id, "2")
    questions = [question["event"]["message"] for question in asked(wire, conversation_id)]
    reply(wire, conversation_id, survey_id, "Yes")

    assert numbers == [1, 2]
    assert questions == ["How was it?", "Would you come back?"]
    assert shape(wire, conversation_id) == OVER


def test_the_main_dialog_takes_nothing_more(wire: Wire) -> None:
    conversation_id, _ = surveyed(wire)

    assert wire.send(text(conversation_id)).status_code == 400
    assert shape(wire, conversation_id) == ASKING


@pytest.mark.parametrize("state", ["ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE"])
def test_a_survey_takes_no_chat_states(wire: Wire, hook: Hook, state: str) -> None:
    """§6.6."""
    conversation_id, survey_id = surveyed(wire)
    wire.install(hook.manifest(STATE))

    answer = wire.send(within(chat_state(survey_id, state), conversation_id))

    assert answer.status_code == 400
    assert refusal(answer).startswith("Bad Request")
    assert wire.settle()
    assert hook.received == []


def test_the_notifications_of_a_survey_name_both_ids(wire: Wire, hook: Hook) -> None:
    """§9.4."""
    conversation_id, survey_id = surveyed(wire)
    wire.install(hook.manifest(CONTENT))

    reply(wire, conversation_id, survey_id, "2")

    said = hook.wait_for(1)[0]
    assert (said["conversationId"], said["dialogId"]) == (conversation_id, survey_id)
    assert (said["event"]["message"], said["sequence"]) == ("2", 2)


# --- How it ends ------------------------------------------------------------------------------------


def test_a_survey_that_was_answered_is_completed_by_the_agents_side(wire: Wire, hook: Hook) -> None:
    """§11.2."""
    conversation_id, survey_id = surveyed(wire)
    wire.install(hook.manifest(CHANGE))

    reply(wire, conversation_id, survey_id, "2")
    reply(wire, conversation_id, survey_id, "Yes")

    assert wire.settle()
    details = hook.changes(CHANGE)[-1]["result"]["conversationDetails"]
    main, survey = details["dialogs"]
    assert (details["state"], details["stage"]) == ("CLOSE", "CLOSE")
    assert (main["dialogId"], main["dialogType"]) == (conversation_id, "MAIN")
    assert (survey["dialogId"], survey["dialogType"]) == (survey_id, "POST_SURVEY")
    assert (survey["state"], survey["closedCause"], survey["closedBy"]) == ("CLOSE", "Completed", "AGENT")


def test_the_opening_of_a_survey_is_told_with_those_who_take_part(wire: Wire, hook: Hook) -> None:
    """§11.2: the consumer, the survey's bot, and the former agent as a reader."""
    wire.install(hook.manifest(CHANGE))
    conversation_id, survey_id = surveyed(wire)

    told = [change["result"]["conversationDetails"] for change in hook.changes(CHANGE)]
    agent = next(each["id"] for each in told[1]["participants"] if each["role"] == "ASSIGNED_AGENT")
    details = told[-1]
    main, survey = details["dialogs"]
    assert (details["state"], details["stage"]) == ("CLOSE", "OPEN")
    assert [main["dialogId"], survey["dialogId"]] == [conversation_id, survey_id]
    assert [main["state"], survey["state"]] == ["CLOSE", "OPEN"]
    assert survey["metaData"]["appInstallId"]
    roles = {each["role"]: each["id"] for each in survey["participantsDetails"]}
    assert set(roles) == {"CONSUMER", "AGENT", "READER"}
    assert (roles["CONSUMER"], roles["READER"]) == (wire.lp_consumer_id(), agent)


@pytest.mark.parametrize("way", ["dialog", "stage"])
def test_the_consumer_may_close_the_survey(wire: Wire, way: str) -> None:
    conversation_id, survey_id = surveyed(wire)
    field = dialog_change(survey_id) if way == "dialog" else STAGE

    answer = wire.send(update(conversation_id, field))

    assert answer.status_code == 200
    assert shape(wire, conversation_id) == OVER


def test_a_week_without_a_word_closes_the_survey(wire: Wire) -> None:
    """§11.1."""
    conversation_id, _ = surveyed(wire)

    wire.advance(WEEK - 3600)
    before = shape(wire, conversation_id)
    wire.advance(2 * 3600)

    assert before == ASKING
    assert shape(wire, conversation_id) == OVER


def test_a_new_conversation_follows_a_finished_survey(wire: Wire) -> None:
    conversation_id, _ = surveyed(wire)
    wire.send(update(conversation_id, STAGE))

    assert wire.open() != conversation_id
