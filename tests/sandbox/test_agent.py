"""What an agent can do at the desk, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectorkit.sandbox.notices import Event
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.world import World

from .conftest import ANNA, BERT, CLOSE_STATE, event_request, opened, profile, publish, receipt, send, update

Act = Callable[..., dict[str, Any]]
CHANGE = "cqm.ExConversationChangeNotification"
CARD = {"type": "vertical", "elements": [{"type": "text", "text": "Pick one"}]}
SURVEY = {"questions": [{"text": "How was it?", "replies": ["1", "2"]}]}


@pytest.fixture
def talk(world: World, told: list[Event]) -> str:
    """An open conversation; its opening is not among what is told."""
    conversation_id = opened(world)
    told.clear()
    return conversation_id


def kinds(told: list[Event]) -> list[str]:
    """What was told, in order: the last word of each type."""
    return [event.type.rpartition(".")[2] for event in told]


def last(told: list[Event]) -> dict[str, Any]:
    return dict(told[-1].body["body"]["changes"][0])


def people(told: list[Event]) -> list[str]:
    changes = [event for event in told if event.type == CHANGE]
    details = changes[-1].body["body"]["changes"][0]["result"]["conversationDetails"]
    return [each["role"] for each in details["participants"]]


# --- Coming and going --------------------------------------------------------------------------------


def test_joining_is_told_and_answered_with_the_agents_id(act: Act, talk: str, told: list[Event]) -> None:
    answer = act(talk, "join")

    assert len(told) == 1
    participants = last(told)["result"]["conversationDetails"]["participants"]
    assert participants == [
        {"id": answer["agent_id"], "role": "ASSIGNED_AGENT"},
        {"id": ANNA, "role": "CONSUMER"},
    ]
    assert answer == {
        "conversation_id": talk,
        "action": "join",
        "agent_id": participants[0]["id"],
        "sequence": None,
    }


def test_joining_twice_is_joining_once(act: Act, talk: str, told: list[Event]) -> None:
    first, second = act(talk, "join"), act(talk, "join")

    assert first == second
    assert kinds(told) == ["ExConversationChangeNotification"]


@pytest.mark.parametrize("role", ["MANAGER", "AGENT_MANAGER", "ASSIGNED_MANAGER", "AGENT", "READER"])
def test_who_joins_in_another_role_is_somebody_else(
    act: Act, world: World, talk: str, told: list[Event], role: str
) -> None:
    agent = act(talk, "join")["agent_id"]

    other = act(talk, "join", role=role)["agent_id"]

    present = {p.id: p.role for p in world.account.conversations[talk].main.participants}
    assert present == {agent: "ASSIGNED_AGENT", other: role, ANNA: "CONSUMER"}
    assert act(talk, "text", text="Hello")["agent_id"] == agent


@pytest.mark.parametrize(
    ("action", "more", "kind"),
    [
        ("text", {"text": "Hello"}, "ContentEvent"),
        ("rich", {"content": CARD}, "RichContentEvent"),
        ("typing", {}, "ChatStateEvent"),
        ("pause", {}, "ChatStateEvent"),
        ("read", {"sequences": [0]}, "AcceptStatusEvent"),
        ("accept", {"sequences": [0]}, "AcceptStatusEvent"),
        ("close", {}, "ExConversationChangeNotification"),
    ],
)
def test_who_acts_without_having_joined_joins_first(
    act: Act, talk: str, told: list[Event], action: str, more: dict[str, Any], kind: str
) -> None:
    answer = act(talk, action, **more)

    assert kinds(told) == ["ExConversationChangeNotification", kind]
    assert people(told) == ["ASSIGNED_AGENT", "CONSUMER"]
    assert answer["agent_id"]


@pytest.mark.parametrize("bad", [{"text": ""}, {"text": "Hi", "metadata": [5]}])
def test_who_is_refused_has_not_joined(act: Act, talk: str, told: list[Event], bad: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        act(talk, "text", **bad)

    assert told == []


def test_leaving_is_told_and_the_next_text_is_of_another_agent(
    act: Act, talk: str, told: list[Event]
) -> None:
    first = act(talk, "join")["agent_id"]

    assert act(talk, "leave")["agent_id"] == first
    assert people(told) == ["CONSUMER"]
    assert act(talk, "text", text="Hello")["agent_id"] not in (first, None)


def test_a_transfer_changes_the_skill_and_another_agent_answers(
    act: Act, world: World, talk: str, told: list[Event]
) -> None:
    first = act(talk, "join")["agent_id"]
    told.clear()

    assert act(talk, "transfer", skill_id=4711)["agent_id"] == first

    assert len(told) == 1
    details = last(told)["result"]["conversationDetails"]
    assert (details["skillId"], people(told)) == ("4711", ["CONSUMER"])
    assert act(talk, "text", text="Hello")["agent_id"] not in (first, None)
    assert world.account.conversations[talk].skill_id == "4711"


def test_what_waits_for_an_agent_can_be_transferred(act: Act, talk: str, told: list[Event]) -> None:
    assert act(talk, "transfer", skill_id="12")["agent_id"] is None
    assert kinds(told) == ["ExConversationChangeNotification"]


# --- Speaking ----------------------------------------------------------------------------------------


def test_a_text_takes_a_number_and_goes_out_as_it_was_given(act: Act, talk: str, told: list[Event]) -> None:
    metadata = [{"type": "ExternalId", "id": "card-1"}]

    answer = act(talk, "text", text="Hello", metadata=metadata)

    change = last(told)
    assert answer["sequence"] == change["sequence"] == 0
    assert change["event"] == {"type": "ContentEvent", "contentType": "text/plain", "message": "Hello"}
    assert change["metadata"] == metadata
    assert change["originatorMetadata"] == {"id": answer["agent_id"], "role": "ASSIGNED_AGENT"}


def test_titles_become_quick_replies_that_answer_with_themselves(
    act: Act, talk: str, told: list[Event]
) -> None:
    act(talk, "text", text="Which?", quick_replies=["A", "B"])

    replies = last(told)["event"]["quickReplies"]
    assert replies["type"] == "quickReplies"
    assert [button["click"]["actions"] for button in replies["replies"]] == [
        [{"type": "publishText", "text": "A"}],
        [{"type": "publishText", "text": "B"}],
    ]
    assert [button["click"]["metadata"] for button in replies["replies"]] == [
        [{"type": "ExternalId", "id": "A"}],
        [{"type": "ExternalId", "id": "B"}],
    ]


def test_rich_content_goes_out_as_it_was_given(act: Act, talk: str, told: list[Event]) -> None:
    replies = {"type": "quickReplies", "replies": [{"type": "button", "title": "Yes", "click": {}}]}

    act(talk, "rich", content=CARD, quick_replies=replies)

    assert last(told)["event"] == {"type": "RichContentEvent", "content": CARD, "quickReplies": replies}


@pytest.mark.parametrize(("action", "state"), [("typing", "COMPOSING"), ("pause", "PAUSE")])
def test_a_chat_state_has_no_number(act: Act, talk: str, told: list[Event], action: str, state: str) -> None:
    assert act(talk, action)["sequence"] is None
    assert last(told)["event"] == {"type": "ChatStateEvent", "chatState": state}
    assert "sequence" not in last(told)


def test_only_a_reply_ends_the_time_to_respond(act: Act, world: World, talk: str) -> None:
    conversation = world.account.conversations[talk]
    awaited = conversation.effective_ttr

    act(talk, "typing")
    after_typing = conversation.effective_ttr
    act(talk, "text", text="Hello")

    assert (after_typing, conversation.effective_ttr) == (awaited, -1)


@pytest.mark.parametrize(
    ("features", "action", "more", "missing"),
    [
        ((), "rich", {"content": CARD}, ["RICH_CONTENT"]),
        ((), "text", {"text": "Which?", "quick_replies": ["A"]}, ["QUICK_REPLIES"]),
        (("RICH_CONTENT", "QUICK_REPLIES"), "rich", {"content": CARD, "quick_replies": ["A"]}, []),
        ((), "text", {"text": "Hello"}, []),
    ],
    ids=["rich content", "quick replies", "both switched on", "plain text"],
)
def test_what_the_connector_cannot_show_is_delivered_with_a_warning(
    act: Act, world: World, features: tuple[str, ...], action: str, more: dict[str, Any], missing: list[str]
) -> None:
    conversation_id = opened(world, features=features)

    act(conversation_id, action, **more)

    texts = [(one["about"], one["text"].split(" needs ")[1].split(",")[0]) for one in world.warnings.dump()]
    assert texts == [(conversation_id, name) for name in missing]


@pytest.mark.parametrize(
    "request_of", [publish, lambda c: update(c, field="TTRField", ttrType="URGENT", value=9)]
)
def test_features_must_be_repeated_on_every_send(
    act: Act, world: World, request_of: Callable[[str], dict[str, Any]]
) -> None:
    conversation_id = opened(world, features=["RICH_CONTENT"])

    send(world, request_of(conversation_id), features=["RICH_CONTENT"])
    act(conversation_id, "rich", content=CARD)
    warned_before = len(world.warnings.dump())
    send(world, request_of(conversation_id))
    act(conversation_id, "rich", content=CARD)

    assert (warned_before, len(world.warnings.dump())) == (0, 1)


# --- Receipts ----------------------------------------------------------------------------------------


def test_reading_is_of_all_that_was_not_read_yet(
    act: Act, world: World, talk: str, told: list[Event]
) -> None:
    act(talk, "join")
    for _ in range(2):
        send(world, publish(talk))

    first = act(talk, "read")["sequence"]
    read = last(told)["event"]
    send(world, publish(talk))
    act(talk, "read")

    assert (first, read) == (4, receipt("READ", 0, 2))
    assert last(told)["event"] == receipt("READ", 5)


def test_with_nothing_to_read_nothing_is_sent(act: Act, world: World, talk: str, told: list[Event]) -> None:
    act(talk, "join")
    told.clear()

    assert act(talk, "read")["sequence"] is None
    assert told == []


def test_numbers_can_be_read_one_by_one(act: Act, world: World, talk: str, told: list[Event]) -> None:
    for _ in range(2):
        send(world, publish(talk))

    act(talk, "read", sequences=[2])

    assert last(told)["event"] == receipt("READ", 2)


def test_who_joins_later_accepts_what_the_controller_had_accepted(
    act: Act, world: World, talk: str, told: list[Event]
) -> None:
    send(world, publish(talk))

    answers = [act(talk, "accept"), act(talk, "accept")]

    assert [answer["sequence"] for answer in answers] == [2, None]
    assert [event.body["body"]["changes"][0]["event"] for event in told if event.sequence in (1, 2)] == [
        receipt("ACCEPT", 0),
        receipt("ACCEPT", 0),
    ]


# --- Closing and resuming ----------------------------------------------------------------------------


def test_an_agent_who_closes_is_the_reason(act: Act, world: World, talk: str, told: list[Event]) -> None:
    agent = act(talk, "join")["agent_id"]
    told.clear()

    assert act(talk, "close")["agent_id"] == agent

    assert len(told) == 1
    details = last(told)["result"]["conversationDetails"]
    assert (details["state"], details["stage"], details["closeReason"]) == ("CLOSE", "CLOSE", "AGENT")
    assert world.account.open_conversation(ANNA) is None


def test_an_agent_who_closes_without_having_joined_was_assigned_as_far_as_surveys_care(
    act: Act, world: World
) -> None:
    world.options.set({"survey": SURVEY})
    conversation_id = opened(world, features=["MULTI_DIALOG"])

    act(conversation_id, "close")

    assert world.account.conversations[conversation_id].stage == "OPEN"


def test_a_resumed_conversation_has_an_id_of_its_own_the_agent_and_the_last_skill(
    act: Act, world: World, told: list[Event]
) -> None:
    send(world, profile(firstName="Anna"))
    first = opened(world, skillId="12", features=["MULTI_DIALOG"])
    act(first, "transfer", skill_id="4711")
    agent = act(first, "join")["agent_id"]
    send(world, update(first, **CLOSE_STATE))
    told.clear()

    answer = act(first, "resume")

    second = world.account.conversations[answer["new_conversation_id"]]
    assert answer["agent_id"] == agent
    assert second.id != first
    assert (second.skill_id, second.features_at_opening) == ("4711", ("MULTI_DIALOG",))
    assert [(p.id, p.role) for p in second.main.participants] == [
        (agent, "ASSIGNED_AGENT"),
        (ANNA, "CONSUMER"),
    ]
    assert kinds(told) == ["ExConversationChangeNotification"]
    assert last(told)["result"]["convId"] == second.id
    assert world.account.profiles[ANNA] == {"firstName": "Anna"}
    assert send(world, publish(second.id))["body"] == {"sequence": 0}


def test_what_is_open_cannot_be_resumed(act: Act, talk: str) -> None:
    with pytest.raises(Refusal) as refused:
        act(talk, "resume")

    assert (refused.value.status, refused.value.body) == (
        400,
        {"error": "the conversation is open; there is nothing to resume"},
    )


def test_the_open_conversation_stands_in_the_way_of_a_resumed_one(act: Act, world: World, talk: str) -> None:
    act(talk, "close")
    other = opened(world)

    with pytest.raises(Refusal) as refused:
        act(talk, "resume")

    assert refused.value.body == {
        "error": f"conversation {other} of the same consumer is still open; close it first"
    }


# --- Refusals ----------------------------------------------------------------------------------------

BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "action is missing"),
    ({"action": "dance"}, "action must be one of join, accept, read"),
    ({"action": ["text"]}, "action must be one of"),
    ({"action": "join", "role": "CONSUMER"}, "role must be one of ASSIGNED_AGENT"),
    ({"action": "join", "role": 5}, "role must be one of"),
    ({"action": "text"}, "text is missing"),
    ({"action": "text", "text": ""}, "text is empty"),
    ({"action": "text", "text": 5}, "text must be a string"),
    ({"action": "text", "text": "a", "metadata": {}}, "metadata must be an array"),
    ({"action": "text", "text": "a", "metadata": [5]}, "metadata[0] must be an object"),
    ({"action": "text", "text": "a", "metadata": [{"id": "x"}]}, "metadata[0].type is missing"),
    ({"action": "text", "text": "a", "quick_replies": []}, "quick_replies must be titles"),
    ({"action": "text", "text": "a", "quick_replies": [""]}, "quick_replies must be titles"),
    ({"action": "text", "text": "a", "quick_replies": "A"}, "quick_replies must be an object"),
    ({"action": "text", "text": "a", "quick_replies": {}}, "quick_replies.replies is missing"),
    ({"action": "text", "text": "a", "quick_replies": ["x" * 129]}, "quick_replies.replies[0].title has 129"),
    ({"action": "rich"}, "content is missing"),
    ({"action": "rich", "content": []}, "content must be an object"),
    ({"action": "rich", "content": {"type": "vertical"}}, "content.elements is missing"),
    ({"action": "rich", "content": CARD, "metadata": [5]}, "metadata[0] must be an object"),
    ({"action": "read", "sequences": [-1]}, "sequences must hold integers from 0 up"),
    ({"action": "read", "sequences": [True]}, "sequences must hold integers from 0 up"),
    ({"action": "read", "sequences": [10**400]}, "sequences must hold integers from 0 up"),
    ({"action": "accept", "sequences": 0}, "sequences must be an array"),
    ({"action": "transfer"}, "skill_id is missing"),
    ({"action": "transfer", "skill_id": ""}, "skill_id is missing"),
    ({"action": "transfer", "skill_id": [1]}, "skill_id must be a string or an integer"),
    ({"action": "leave"}, "no agent is in the conversation"),
]


@pytest.mark.parametrize(("request_", "words"), BAD, ids=lambda value: str(value)[:50])
def test_what_makes_no_sense_is_refused_by_name(
    world: World, talk: str, told: list[Event], request_: dict[str, Any], words: str
) -> None:
    with pytest.raises(Refusal) as refused:
        world.desk.act({"conversation_id": talk, **request_})

    assert refused.value.status == 400
    assert words in refused.value.body["error"]
    assert told == []


@pytest.mark.parametrize(
    ("conversation_id", "status", "words"),
    [
        ("none", 404, "There is no conversation none"),
        ("", 400, "conversation_id is empty"),
        (None, 400, "conversation_id is missing"),
        (5, 400, "conversation_id must be a string"),
    ],
)
def test_an_agent_needs_a_conversation_that_exists(
    world: World, conversation_id: Any, status: int, words: str
) -> None:
    with pytest.raises(Refusal) as refused:
        world.desk.act({"conversation_id": conversation_id, "action": "join"})

    assert refused.value.status == status
    assert words in refused.value.body["error"]


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("join", {}),
        ("text", {"text": "Hi"}),
        ("read", {}),
        ("typing", {}),
        ("transfer", {"skill_id": "1"}),
        ("leave", {}),
        ("close", {}),
    ],
)
def test_in_a_closed_conversation_an_agent_can_do_nothing(
    act: Act, talk: str, told: list[Event], action: str, more: dict[str, Any]
) -> None:
    act(talk, "close")
    told.clear()

    with pytest.raises(Refusal) as refused:
        act(talk, action, **more)

    assert refused.value.body == {"error": "the conversation is closed; an agent can only resume it"}
    assert told == []


def test_agents_of_two_conversations_are_two(act: Act, world: World, talk: str) -> None:
    other = opened(world, BERT)

    assert act(talk, "join")["agent_id"] != act(other, "join")["agent_id"]


def test_while_a_survey_runs_an_agent_can_neither_act_nor_resume(act: Act, world: World) -> None:
    world.options.set({"survey": SURVEY})
    conversation_id = opened(world, features=["MULTI_DIALOG"])
    act(conversation_id, "close")
    survey = world.account.conversations[conversation_id].active

    with pytest.raises(Refusal):
        act(conversation_id, "read")
    with pytest.raises(Refusal) as refused:
        act(conversation_id, "resume")

    assert refused.value.body["error"].startswith(f"conversation {conversation_id} of the same consumer")
    assert [record["sequence"] for record in survey.events] == [0]
    click = event_request(survey.id, receipt("ACTION", 0))
    click["body"]["conversationId"] = conversation_id
    assert send(world, click)["body"] == {"sequence": 1}
