"""The account's bots: greeting, survey, auto-close."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectorkit.sandbox.notices import Event
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.snapshots import Snapshots
from connectorkit.sandbox.state import Conversation
from connectorkit.sandbox.world import World

from .conftest import ANNA, CLOSE_STATE, Now, event_request, opened, publish, receipt, said, send, update

Act = Callable[..., dict[str, Any]]
PassTime = Callable[[float], None]
QUESTIONS = [{"text": "How was it?", "replies": ["1", "2"]}, {"text": "Anything else?"}]
WEEK, DAY, HOUR, CHECK = 604_800, 86_400, 3_600, 1_500
CHANGE = "cqm.ExConversationChangeNotification"


# --- Greeting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("greeting", "features", "seconds", "expected"),
    [
        ("Welcome", ["AUTO_MESSAGES"], 0, ["Hi", "Welcome"]),
        ("Welcome", ["AUTO_MESSAGES"], 10, ["Hi", "Welcome"]),
        ("Welcome", ["AUTO_MESSAGES"], 10.001, ["Hi"]),
        ("Welcome", ["MULTI_DIALOG"], 0, ["Hi"]),
        ("Welcome", [], 0, ["Hi"]),
        ("", ["AUTO_MESSAGES"], 0, ["Hi"]),
        (None, ["AUTO_MESSAGES"], 0, ["Hi"]),
    ],
    ids=["at once", "just in time", "too late", "another feature", "no feature", "empty", "none"],
)
def test_the_first_text_is_greeted_if_it_comes_within_10_seconds(
    world: World, now: Now, greeting: str | None, features: list[str], seconds: float, expected: list[str]
) -> None:
    world.options.set({"auto_messages": greeting})
    conversation_id = opened(world, features=features)
    now.seconds += seconds

    send(world, publish(conversation_id))

    assert [text for _, text in said(world, conversation_id)] == expected


def test_only_the_first_text_is_greeted_and_by_the_controller_after_its_receipt(
    world: World, told: list[Event]
) -> None:
    world.options.set({"auto_messages": "Welcome"})
    conversation_id = opened(world, features=["AUTO_MESSAGES"])
    told.clear()

    numbers = [send(world, publish(conversation_id))["body"]["sequence"] for _ in range(2)]

    assert numbers == [0, 3]
    assert [event.sequence for event in told] == [0, 1, 2, 3, 4]
    assert said(world, conversation_id) == [("CONSUMER", "Hi"), ("CONTROLLER", "Welcome"), ("CONSUMER", "Hi")]


def test_a_first_text_too_late_is_the_end_of_greeting(world: World, now: Now) -> None:
    conversation_id = opened(world, features=["AUTO_MESSAGES"])
    send(world, publish(conversation_id))
    world.options.set({"auto_messages": "Welcome"})

    send(world, publish(conversation_id))

    assert len(said(world, conversation_id)) == 2


def test_a_greeting_answers_nothing(world: World) -> None:
    world.options.set({"auto_messages": "Welcome"})
    conversation = world.account.conversations[opened(world, features=["AUTO_MESSAGES"])]

    send(world, publish(conversation.id))

    assert conversation.effective_ttr > 0
    assert conversation.last_agent_ts is None


# --- Survey ------------------------------------------------------------------------------------------


@pytest.fixture
def surveyed(world: World, act: Act, told: list[Event]) -> Conversation:
    """A conversation whose survey has just begun; what was told begins with the close."""
    world.options.set({"survey": {"questions": QUESTIONS}})
    conversation_id = opened(world, features=["MULTI_DIALOG"])
    act(conversation_id, "join")
    told.clear()
    send(world, update(conversation_id, **CLOSE_STATE))
    return world.account.conversations[conversation_id]


def reply(world: World, talk: Conversation, words: str) -> int:
    request = publish(talk.dialogs[1].id, message=words)
    request["body"]["conversationId"] = talk.id
    return int(send(world, request)["body"]["sequence"])


def test_a_survey_begins_with_one_change_and_its_first_question(
    surveyed: Conversation, told: list[Event]
) -> None:
    change, question = told

    details = change.body["body"]["changes"][0]["result"]["conversationDetails"]
    assert [(d["dialogType"], d["state"]) for d in details["dialogs"]] == [
        ("MAIN", "CLOSE"),
        ("POST_SURVEY", "OPEN"),
    ]
    assert (details["state"], details["stage"]) == ("CLOSE", "OPEN")
    assert "endTs" not in details
    assert [p["role"] for p in details["participants"]] == ["AGENT", "CONSUMER", "READER"]
    event = question.body["body"]["changes"][0]["event"]
    assert event["message"] == "How was it?"
    buttons = event["quickReplies"]["replies"]
    assert [button["click"]["metadata"] for button in buttons] == [
        [{"type": "Answer", "id": reply, "questionId": "1", "provider": "survey"}] for reply in ("1", "2")
    ]


def test_a_survey_is_completed_with_the_last_answer(
    world: World, surveyed: Conversation, told: list[Event]
) -> None:
    numbers = [reply(world, surveyed, words) for words in ("2", "No")]

    survey = surveyed.dialogs[1]
    assert numbers == [1, 4]
    assert [text for _, text in said(world, surveyed.id, 1)] == ["How was it?", "2", "Anything else?", "No"]
    assert (survey.state, survey.closed_by, survey.closed_cause) == ("CLOSE", "AGENT", "Completed")
    assert (surveyed.stage, surveyed.close_reason) == ("CLOSE", "CONSUMER")
    assert [event.type for event in told].count(CHANGE) == 2
    assert world.account.open_conversation(ANNA) is None


def test_a_click_alone_is_no_answer(world: World, surveyed: Conversation) -> None:
    request = event_request(surveyed.dialogs[1].id, receipt("ACTION", 0))
    request["body"]["conversationId"] = surveyed.id

    send(world, request)

    assert len(said(world, surveyed.id, 1)) == 1


def test_a_survey_that_is_switched_off_ends_with_the_next_answer(
    world: World, surveyed: Conversation
) -> None:
    world.options.set({"survey": None})

    reply(world, surveyed, "2")

    assert (surveyed.stage, surveyed.dialogs[1].closed_cause) == ("CLOSE", "Completed")


def test_a_rating_is_taken_while_the_survey_runs(world: World, surveyed: Conversation) -> None:
    send(world, update(surveyed.id, field="CSATRate", status="SKIPPED"))

    assert (surveyed.csat, surveyed.stage) == ({"status": "SKIPPED"}, "OPEN")


def test_the_consumer_cannot_open_another_while_the_survey_runs(world: World, surveyed: Conversation) -> None:
    with pytest.raises(Refusal):
        world.account.open(ANNA, {})


def test_answers_put_off_the_end_of_a_survey(
    world: World, surveyed: Conversation, pass_time: PassTime
) -> None:
    pass_time(WEEK - DAY)
    reply(world, surveyed, "2")
    pass_time(WEEK - DAY)
    open_still = surveyed.stage
    pass_time(DAY)

    assert (open_still, surveyed.stage) == ("OPEN", "CLOSE")
    assert surveyed.dialogs[1].closed_by == "SYSTEM"


def test_a_survey_that_is_over_is_not_closed_again(
    world: World, surveyed: Conversation, told: list[Event], pass_time: PassTime
) -> None:
    reply(world, surveyed, "2")
    reply(world, surveyed, "No")
    told.clear()

    pass_time(2 * WEEK)

    assert told == []


@pytest.mark.parametrize("restored", ["while it runs", "from its midst"])
def test_a_restored_survey_ends_after_its_week_too(
    world: World, surveyed: Conversation, pass_time: PassTime, restored: str
) -> None:
    snapshots = Snapshots(world)
    pass_time(DAY)
    snapshot_id = snapshots.take()
    if restored == "from its midst":
        reply(world, surveyed, "2")
        reply(world, surveyed, "No")

    snapshots.restore(snapshot_id)
    talk = world.account.conversations[surveyed.id]
    pass_time(WEEK - DAY - 1)
    before = talk.stage
    pass_time(1)

    assert talk is not surveyed
    assert (before, talk.stage) == ("OPEN", "CLOSE")


def test_a_restored_survey_goes_on(world: World, surveyed: Conversation) -> None:
    snapshots = Snapshots(world)
    snapshots.restore(snapshots.take())
    talk = world.account.conversations[surveyed.id]

    reply(world, talk, "2")
    reply(world, talk, "No")

    assert (talk.stage, surveyed.stage) == ("CLOSE", "OPEN")


BAD: list[tuple[Any, str]] = [
    ([], "survey must be an object"),
    ({}, "survey.questions must have at least one question"),
    ({"questions": [5]}, "survey.questions[0] must be an object"),
    ({"questions": [{}]}, "survey.questions[0].text is missing"),
    ({"questions": [{"text": "A", "replies": [5]}]}, "survey.questions[0].replies must be strings"),
    ({"questions": [{"text": "A", "replies": [""]}]}, "survey.questions[0].replies must be strings"),
    ({"questions": [{"text": "A", "replies": ["x" * 129]}]}, "must be strings of 1 to 128 characters"),
    ({"questions": QUESTIONS, "skills": [4711]}, "survey.skills must be strings"),
    ({"questions": QUESTIONS, "skills": "4711"}, "survey.skills must be an array"),
]


@pytest.mark.parametrize(("survey", "words"), BAD, ids=lambda value: str(value)[:50])
def test_a_survey_that_could_not_be_held_is_refused(world: World, survey: Any, words: str) -> None:
    with pytest.raises(Refusal) as refused:
        world.options.set({"survey": survey})

    assert words in refused.value.body["error"]
    assert world.options.survey is None


# --- Auto-close --------------------------------------------------------------------------------------


@pytest.fixture
def waiting(world: World, act: Act) -> Conversation:
    """A conversation that waits for its consumer."""
    conversation_id = opened(world)
    act(conversation_id, "text", text="Are you still there?")
    return world.account.conversations[conversation_id]


def close_after(world: World, seconds: float | None) -> None:
    world.options.set({"auto_close_seconds": seconds})
    world.auto_close.arm()


def test_idle_conversations_are_looked_for_every_25_minutes(
    world: World, waiting: Conversation, told: list[Event], pass_time: PassTime
) -> None:
    close_after(world, HOUR)

    stages = []
    for seconds in (
        HOUR + 1,
        3 * CHECK - HOUR - 2,
        1,
    ):  # idle long enough, but not looked at before 75 minutes
        pass_time(seconds)
        stages.append(waiting.stage)

    assert stages == ["OPEN", "OPEN", "CLOSE"]
    assert waiting.close_reason == waiting.main.closed_by == "SYSTEM"
    assert len(told) == 1
    assert waiting.end_ts == (1_700_000_000 + 3 * CHECK) * 1000


def test_no_survey_follows_an_auto_close(world: World, act: Act, pass_time: PassTime) -> None:
    world.options.set({"survey": {"questions": QUESTIONS}})
    talk = world.account.conversations[opened(world, features=["MULTI_DIALOG"])]
    act(talk.id, "text", text="Hello")
    close_after(world, HOUR)

    pass_time(2 * HOUR)

    assert (talk.stage, len(talk.dialogs)) == ("CLOSE", 1)


@pytest.mark.parametrize("case", ["consumer waits", "never answered", "already closed"])
def test_only_who_keeps_the_agent_waiting_is_closed(
    world: World, waiting: Conversation, told: list[Event], pass_time: PassTime, case: str
) -> None:
    if case == "consumer waits":
        send(world, publish(waiting.id))
    else:
        send(world, update(waiting.id, **CLOSE_STATE))
        if case == "never answered":
            opened(world)
    close_after(world, HOUR)
    told.clear()

    pass_time(2 * HOUR)

    assert told == []


def test_it_can_be_switched_off_again(world: World, waiting: Conversation, pass_time: PassTime) -> None:
    close_after(world, HOUR)
    pass_time(CHECK)
    close_after(world, None)

    pass_time(2 * HOUR)

    assert waiting.stage == "OPEN"


@pytest.mark.parametrize("seconds", [25 * 60 - 1, 90 * DAY + 1, 10**400, "3600", True])
def test_the_time_must_be_as_the_service_allows(world: World, seconds: Any) -> None:
    with pytest.raises(Refusal) as refused:
        close_after(world, seconds)

    assert "auto_close_seconds must be" in refused.value.body["error"]


def test_a_restored_world_looks_too(world: World, waiting: Conversation, pass_time: PassTime) -> None:
    close_after(world, HOUR)
    snapshots = Snapshots(world)
    snapshots.restore(snapshots.take())

    pass_time(2 * HOUR)

    assert world.account.conversations[waiting.id].stage == "CLOSE"
