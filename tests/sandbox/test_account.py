"""The rules of the state: numbers, receipts, changes told, time to respond, closing, order of checks."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from connectorkit.sandbox import messaging
from connectorkit.sandbox.notices import Event
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.world import World

from .conftest import (
    ANNA,
    BERT,
    CLOSE_STATE,
    Now,
    batch,
    event_request,
    opened,
    publish,
    receipt,
    send,
    update,
)

Act = Callable[..., dict[str, Any]]
CHANGE = "cqm.ExConversationChangeNotification"
STAGE = {"field": "Stage", "conversationState": "CLOSE"}
START = 1_700_000_000_000


def number(world: World, conversation_id: str, event: dict[str, Any]) -> int:
    return int(send(world, event_request(conversation_id, event))["body"]["sequence"])


def refusal_of(world: World, request: Any, consumer: str = ANNA) -> tuple[int, Any]:
    with pytest.raises(Refusal) as refused:
        send(world, request, consumer)
    return refused.value.status, refused.value.body


def changes(told: list[Event]) -> list[dict[str, Any]]:
    """The conversations as they were told of, oldest first."""
    return [e.body["body"]["changes"][0]["result"] for e in told if e.type == CHANGE]


# --- Receipts ----------------------------------------------------------------------------------------


def test_a_second_accept_is_told_nobody_and_answers_with_the_first(world: World, told: list[Event]) -> None:
    conversation_id = opened(world)
    for _ in range(2):
        world.desk.act({"conversation_id": conversation_id, "action": "text", "text": "Hello"})

    numbers = [number(world, conversation_id, receipt("ACCEPT", *which)) for which in ((0,), (0,), (0, 1))]
    told.clear()
    again = [number(world, conversation_id, receipt("ACCEPT", *which)) for which in ((1,), (0,), (1, 0))]

    assert numbers == [2, 2, 3]
    assert again == [3, 2, 2]
    assert told == []


def test_an_accept_that_is_new_in_part_is_told_as_it_was_sent(world: World, told: list[Event]) -> None:
    conversation_id = opened(world)
    for _ in range(2):
        world.desk.act({"conversation_id": conversation_id, "action": "text", "text": "Hello"})
    number(world, conversation_id, receipt("ACCEPT", 0))

    number(world, conversation_id, receipt("ACCEPT", 0, 1))

    assert told[-1].body["body"]["changes"][0]["event"] == receipt("ACCEPT", 0, 1)


def test_an_accept_of_what_is_not_there_yet_does_not_use_up_the_accept_of_it(world: World) -> None:
    """R66: such numbers are accepted without effect."""
    conversation_id = opened(world)
    number(world, conversation_id, receipt("ACCEPT", 1, 999))
    text = world.desk.act({"conversation_id": conversation_id, "action": "text", "text": "Hello"})

    assert text["sequence"] == 1
    assert number(world, conversation_id, receipt("ACCEPT", 1)) == 2
    assert number(world, conversation_id, receipt("ACCEPT", 1)) == 2


def test_accepts_of_two_sides_are_two(world: World) -> None:
    conversation_id = opened(world)
    send(world, publish(conversation_id))

    assert number(world, conversation_id, receipt("ACCEPT", 0)) == 2


@pytest.mark.parametrize(
    "event",
    [
        {"type": "ChatStateEvent", "chatState": "ACTIVE"},
        receipt("READ", 0),
        {"type": "RichContentEvent", "content": {"type": "text", "text": "Hi"}},
    ],
    ids=lambda event: str(event["type"]),
)
def test_only_a_content_event_is_a_hosted_file(world: World, event: dict[str, Any]) -> None:
    """A contentType means nothing in other events (R59), also where a file is asked for later."""
    conversation_id = opened(world)

    assert number(world, conversation_id, event | {"contentType": "hosted/file"}) == 0


# --- Length ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "allowed"),
    [
        (receipt("READ", 0) | {"contentType": "hosted/file"}, False),
        ({"type": "RichContentEvent", "content": {"type": "text", "text": "Hi"}}, True),
        ("no event", False),
    ],
    ids=["receipt", "rich content", "no event"],
)
def test_5000_characters_are_the_limit_of_what_has_no_content_of_its_own(
    world: World, event: Any, allowed: bool
) -> None:
    """R21."""
    request = event_request(opened(world), event) | {"padding": "x" * 5000}

    if allowed:
        assert send(world, request)["code"] == "OK"
    else:
        expected = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request"}, "reqId": "1"}
        assert refusal_of(world, request) == (400, expected)


def test_a_long_request_without_a_body_is_answered_with_its_id(world: World) -> None:
    """R67."""
    request = {"kind": "req", "id": "9", "type": "ms.PublishEvent", "padding": "x" * 5000}

    status, body = refusal_of(world, request)

    assert (status, body["reqId"]) == (400, "9")
    assert body["body"] == {"msg": "Bad Request, body is missing"}


# --- What is told, and how often ---------------------------------------------------------------------


def once(world: World, act: Act, conversation_id: str) -> dict[str, Callable[[], Any]]:
    """Each occasion on which a conversation's new state is told."""
    ttr = {"field": "TTRField", "ttrType": "URGENT", "value": 60}
    rating = {"field": "CSATRate", "status": "SKIPPED"}
    return {
        "manager": lambda: act(conversation_id, "join", role="MANAGER"),
        "join": lambda: act(conversation_id, "join"),
        "ttr": lambda: send(world, update(conversation_id, **ttr)),
        "transfer": lambda: act(conversation_id, "transfer", skill_id="4711"),
        "join again": lambda: act(conversation_id, "join"),
        "leave": lambda: act(conversation_id, "leave"),
        "rating": lambda: send(world, update(conversation_id, **rating)),
        "close": lambda: send(world, update(conversation_id, **CLOSE_STATE)),
        "rating after the close": lambda: send(world, update(conversation_id, **rating)),
    }


def test_each_occasion_is_told_exactly_once(world: World, act: Act, told: list[Event]) -> None:
    conversation_id = opened(world)
    counts = [len(told)]
    for occasion in once(world, act, conversation_id).values():
        occasion()
        counts.append(len(told))

    assert counts == list(range(1, 11))
    times = [c["conversationDetails"]["metaDataLastUpdateTs"] for c in changes(told)]
    assert times == sorted(set(times))


def test_what_was_told_is_not_changed_by_what_comes_later(world: World, act: Act, told: list[Event]) -> None:
    conversation_id = opened(world)
    send(world, publish(conversation_id))
    before = copy.deepcopy([event.body for event in told])

    for occasion in once(world, act, conversation_id).values():
        occasion()

    assert [event.body for event in told[: len(before)]] == before


def test_a_request_is_not_kept_by_reference(world: World) -> None:
    requests = batch()
    requests[1]["body"]["conversationContext"] = {"features": ["X"]}
    _, answers = messaging.conversation(world.account, ANNA, requests)

    requests[1]["body"]["conversationContext"]["features"].append("Y")

    kept = world.account.conversations[answers[1]["body"]["conversationId"]].request
    assert kept["conversationContext"] == {"features": ["X"]}


def test_the_third_item_of_a_batch_has_the_features_of_the_batch(world: World) -> None:
    _, answers = messaging.conversation(world.account, ANNA, batch(publish("", "3")), ["RICH_CONTENT"])

    conversation = world.account.conversations[answers[1]["body"]["conversationId"]]
    assert conversation.features_at_opening == conversation.features == ("RICH_CONTENT",)
    assert answers[2] == {"code": "OK", "body": {"sequence": 0}, "reqId": "3"}


# --- Time to respond ---------------------------------------------------------------------------------


def test_a_new_urgency_counts_from_the_consumers_last_word(world: World, now: Now) -> None:
    conversation = world.account.conversations[opened(world)]
    send(world, publish(conversation.id))
    now.seconds += 100

    send(world, update(conversation.id, field="TTRField", ttrType="CUSTOM", value=50))

    assert conversation.effective_ttr == START + 50_000


def test_a_new_urgency_asks_for_nothing_where_nothing_is_awaited(world: World, act: Act, now: Now) -> None:
    conversation = world.account.conversations[opened(world)]
    act(conversation.id, "text", text="Hello")

    send(world, update(conversation.id, field="TTRField", ttrType="URGENT", value=60))
    before = conversation.effective_ttr
    now.seconds += 5
    send(world, publish(conversation.id))

    assert (before, conversation.effective_ttr) == (-1, START + 65_000)


@pytest.mark.parametrize("field", [CLOSE_STATE, STAGE])
def test_nothing_is_awaited_after_the_close(world: World, field: dict[str, Any]) -> None:
    conversation = world.account.conversations[opened(world)]

    send(world, update(conversation.id, **field))

    assert conversation.effective_ttr == -1


# --- Closing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [CLOSE_STATE, STAGE])
@pytest.mark.parametrize(
    "second", [CLOSE_STATE, STAGE, {"field": "TTRField", "ttrType": "URGENT", "value": 1}]
)
def test_what_is_closed_is_refused_and_told_to_nobody(
    world: World, told: list[Event], first: dict[str, Any], second: dict[str, Any]
) -> None:
    conversation_id = opened(world)
    send(world, update(conversation_id, **first))
    told.clear()

    status, body = refusal_of(world, update(conversation_id, **second))

    assert (status, body["body"]) == (400, {"msg": "Bad Request, Conversation is close"})
    assert told == []


def test_a_refused_update_changes_no_features(world: World) -> None:
    conversation = world.account.conversations[opened(world, features=["RICH_CONTENT"])]
    request = update(conversation.id)
    request["body"]["conversationField"] = [CLOSE_STATE, CLOSE_STATE]

    refusal_of(world, request)

    assert (conversation.features, conversation.state) == (("RICH_CONTENT",), "OPEN")


def test_the_next_conversation_of_the_consumer_is_another(world: World) -> None:
    first = opened(world)
    send(world, update(first, **CLOSE_STATE))

    second = opened(world)

    assert world.account.open_conversation(ANNA) == second != first
    assert number(world, second, receipt("READ", 0)) == 0


# --- Order of checks ---------------------------------------------------------------------------------


def test_what_does_not_exist_comes_before_whose_it_is_and_that_before_its_state(world: World) -> None:
    conversation_id = opened(world, BERT)
    send(world, update(conversation_id, **CLOSE_STATE), BERT)

    found = [
        refusal_of(world, publish("none")),
        refusal_of(world, publish(conversation_id)),
        refusal_of(world, publish(conversation_id), BERT),
    ]

    assert [status for status, _ in found] == [404, 401, 400]
    assert found[1][1]["body"]["errorCode"] == 40103


def test_somebody_elses_file_comes_before_the_state_of_the_conversation(world: World) -> None:
    """§8.1: 40103 is of files too."""
    path = world.files.upload_url(BERT, "PNG")["relativePath"]
    conversation_id = opened(world)
    send(world, update(conversation_id, **CLOSE_STATE))
    message = {"relativePath": path, "fileType": "PNG"}
    event = {"type": "ContentEvent", "contentType": "hosted/file", "message": message}

    status, body = refusal_of(world, event_request(conversation_id, event))

    assert (status, body["body"]["errorCode"]) == (401, 40103)


# --- Memory ------------------------------------------------------------------------------------------


def test_ids_are_never_used_twice_also_after_a_reset(world: World) -> None:
    first = opened(world)
    world.reset()

    assert opened(world) != first


def test_a_reset_forgets_everything(world: World, act: Act) -> None:
    first = opened(world)
    act(first, "text", text="Hello")
    world.warnings.add("x", "y")
    world.reset()

    assert world.account.dump() == {"profiles": {}, "conversations": []}
    assert world.warnings.dump() == []
    assert world.account.open_conversation(ANNA) is None
    assert refusal_of(world, publish(first))[0] == 404


def test_a_dump_is_the_whole_state(world: World, act: Act) -> None:
    conversation = world.account.conversations[opened(world, features=["X"])]
    act(conversation.id, "text", text="Hello")

    (dumped,) = world.account.dump()["conversations"]

    assert json.loads(json.dumps(dumped)) == json.loads(json.dumps(asdict(conversation), default=list))
    assert [event["event"]["message"] for event in dumped["dialogs"][0]["events"]] == ["Hello"]


def test_a_warning_is_no_longer_than_anybody_would_read(world: World) -> None:
    world.warnings.add("x", "y" * 1_000_000)

    (warning,) = world.warnings.dump()
    assert len(warning["text"]) == 501


def test_ids_of_conversations_do_not_depend_on_who_logged_in() -> None:
    ids = []
    for logins in (0, 1):
        world = World(seed=5)
        for _ in range(logins):
            world.new_admin_bearer()
        ids.append(opened(world))

    assert ids[0] == ids[1]


def test_sessions_that_have_ended_are_forgotten(world: World) -> None:
    first = world.new_admin_bearer()
    world.clock.advance(3600)
    second = world.new_admin_bearer()

    assert (world.is_admin(first), world.is_admin(second)) == (False, True)
    assert list(world._bearers) == [second]
