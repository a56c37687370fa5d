"""What a changed field leaves behind, alone and in arrays: ratings, urgency, and the three ways to close."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import (
    BERT,
    CHANGE,
    CLOSED_TEXT,
    RATING,
    TTR,
    UNKNOWN_ID,
    Hook,
    Wire,
    assert_refused,
    refusal,
    sample,
    sequence,
    text,
    update,
    without,
)

MAIN = {"field": "ConversationStateField", "conversationState": "CLOSE"}
STAGE = {"field": "Stage", "conversationState": "CLOSE"}
RESOLVED = "OK Conversation resolved successfully"
NOT_ALLOWED = "Bad Request, field not allowed"


def dialog_change(dialog_id: str, **members: Any) -> dict[str, Any]:
    dialog = {"dialogId": dialog_id, "state": "CLOSE", "closedCause": "Closed by consumer"}
    return {"field": "DialogChange", "type": "UPDATE", "dialog": dialog | members}


def last(hook: Hook, count: int) -> dict[str, Any]:
    """The details in the latest of so many conversation changes."""
    return dict(hook.wait_for(count, CHANGE)[count - 1]["result"]["conversationDetails"])


@pytest.fixture
def opened(wire: Wire, hook: Hook) -> str:
    """A conversation whose opening the hook has been told of, and nothing more."""
    wire.install(hook.manifest(CHANGE))
    conversation_id = wire.open()
    hook.wait_for(1, CHANGE)
    return conversation_id


# --- Printed requests -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["close_stage_request", "close_dialog_request"])
def test_a_printed_close_is_carried_out(wire: Wire, name: str) -> None:
    conversation_id = wire.open()
    filling = {"{conversationId}": conversation_id, "{dialogId}": conversation_id}

    answer = wire.send(sample(name, filling))

    assert answer.status_code == 200
    assert answer.json() == {"code": "OK", "body": {"msg": RESOLVED}, "reqId": "9"}
    assert refusal(wire.send(text(conversation_id))) == CLOSED_TEXT


def test_the_printed_change_of_urgency_is_carried_out(wire: Wire) -> None:
    answer = wire.send(sample("ttr_request", {"{conversationId}": wire.open()}))

    assert answer.status_code == 200
    assert answer.json() == {"code": "OK", "body": {"msg": "OK TTR updated successfully"}, "reqId": "9"}


def test_the_printed_profile_is_set(wire: Wire) -> None:
    answer = wire.send(sample("profile_request"))

    assert answer.status_code == 200
    assert answer.json() == {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "8"}


# --- What a closing leaves --------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["main", "stage", "dialog", "array"])
def test_each_way_to_close_ends_state_and_stage(wire: Wire, hook: Hook, opened: str, way: str) -> None:
    """§9.4: what is added on close."""
    ways = {"main": MAIN, "stage": STAGE, "dialog": dialog_change(opened), "array": [dialog_change(opened)]}

    wire.send(update(opened, ways[way]))

    closed = last(hook, 2)
    assert (closed["state"], closed["stage"], closed["closeReason"]) == ("CLOSE", "CLOSE", "CONSUMER")
    assert [(dialog["dialogId"], dialog["state"]) for dialog in closed["dialogs"]] == [(opened, "CLOSE")]
    assert closed["endTs"] >= closed["startTs"]
    assert closed["dialogs"][0]["endTs"] >= closed["dialogs"][0]["creationTs"]
    assert closed["dialogs"][0]["closedBy"] == "CONSUMER"
    assert hook.changes(CHANGE)[1]["result"]["effectiveTTR"] == -1


def test_the_cause_of_a_dialog_change_is_passed_on(wire: Wire, hook: Hook, opened: str) -> None:
    wire.send(update(opened, dialog_change(opened, closedCause="I am done")))

    assert last(hook, 2)["dialogs"][0]["closedCause"] == "I am done"


def test_a_dialog_change_on_a_closed_conversation_is_refused(wire: Wire) -> None:
    """R13."""
    conversation_id = wire.open_and_close()

    answer = wire.send(update(conversation_id, dialog_change(conversation_id)))

    assert answer.status_code == 400
    assert answer.json() == {"code": "BAD_REQUEST", "body": {"msg": CLOSED_TEXT}, "reqId": "9"}


def test_a_dialog_change_of_an_unknown_dialog_is_404(wire: Wire) -> None:
    """R12."""
    conversation_id = wire.open()

    answer = wire.send(update(conversation_id, dialog_change(UNKNOWN_ID)))

    assert answer.status_code == 404
    assert answer.json()["body"] == {"msg": "Conversation not found"}
    assert sequence(wire.send(text(conversation_id))) == 0


@pytest.mark.parametrize("kind", ["INSERT", "update", "", None, 5])
def test_a_dialog_is_updated_and_nothing_else(wire: Wire, kind: Any) -> None:
    conversation_id = wire.open()

    answer = wire.send(update(conversation_id, {**dialog_change(conversation_id), "type": kind}))

    assert_refused(answer, "9", named="type")
    assert sequence(wire.send(text(conversation_id))) == 0


@pytest.mark.parametrize("dialog", [None, "d", 5, [], {}])
def test_a_dialog_is_described_by_an_object(wire: Wire, dialog: Any) -> None:
    conversation_id = wire.open()

    answer = wire.send(update(conversation_id, {**dialog_change(conversation_id), "dialog": dialog}))

    assert_refused(answer, "9", named="dialog")


@pytest.mark.parametrize("field", ["ConversationStateField", "Stage"])
def test_a_close_needs_its_state(wire: Wire, field: str) -> None:
    conversation_id = wire.open()

    assert_refused(wire.send(update(conversation_id, {"field": field})), "9", named="conversationState")
    assert sequence(wire.send(text(conversation_id))) == 0


# --- What a rating leaves ---------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_the_last_rating_is_told(wire: Wire, hook: Hook, opened: str, closed: bool) -> None:
    """R45, §11.5: open or closed, the last one wins."""
    if closed:
        wire.send(update(opened, MAIN))

    wire.send(update(opened, {**RATING, "csatRate": 1}))
    wire.send(update(opened, {**RATING, "csatRate": 4, "csatResolutionConfirmation": False}))

    csat = last(hook, 4 if closed else 3)["csat"]
    assert (csat["csatRate"], csat["csatResolutionConfirmation"]) == (4, False)
    assert csat["status"] == "FILLED"


def test_a_refused_rating_leaves_the_one_before(wire: Wire) -> None:
    conversation_id = wire.open()
    wire.send(update(conversation_id, {**RATING, "csatRate": 3}))

    wire.send(update(conversation_id, {**RATING, "csatRate": 6}))

    assert wire.conversation(conversation_id)["csat"]["csatRate"] == 3


def test_a_rating_leaves_the_conversation_open(wire: Wire) -> None:
    conversation_id = wire.open()

    wire.send(update(conversation_id, RATING))

    assert sequence(wire.send(text(conversation_id))) == 0


# --- What a change of urgency leaves ----------------------------------------------------------------


@pytest.mark.parametrize("ttr_type", ["CUSTOM", "NORMAL", "PRIORITIZED", "URGENT"])
def test_a_change_of_urgency_is_told(wire: Wire, hook: Hook, opened: str, ttr_type: str) -> None:
    wire.send(update(opened, {"field": "TTRField", "ttrType": ttr_type, "value": 77}))

    assert last(hook, 2)["ttr"] == {"ttrType": ttr_type, "value": 77}


def test_a_change_of_urgency_moves_the_time_an_answer_is_due(wire: Wire) -> None:
    """§11.4: counted from the consumer's last event."""
    conversation_id = wire.open()
    wire.send(text(conversation_id))

    wire.send(update(conversation_id, {**TTR, "value": 60}))

    kept = wire.conversation(conversation_id)
    assert kept["effective_ttr"] == kept["dialogs"][0]["events"][0]["serverTimestamp"] + 60_000


@pytest.mark.parametrize("missing", ["ttrType", "value"])
def test_a_change_of_urgency_needs_its_members(wire: Wire, missing: str) -> None:
    assert_refused(wire.send(update(wire.open(), without(TTR, missing))), "9", named=missing)


@pytest.mark.parametrize(("member", "value"), [("value", 1.5), ("value", None), ("ttrType", None)])
def test_another_wrong_urgency_is_refused_by_name(wire: Wire, member: str, value: Any) -> None:
    assert_refused(wire.send(update(wire.open(), {**TTR, member: value})), "9", named=member)


# --- Arrays -----------------------------------------------------------------------------------------


def test_an_array_is_carried_out_in_order(wire: Wire) -> None:
    """R46."""
    conversation_id = wire.open()
    ratings = [{**RATING, "csatRate": rate} for rate in (5, 1, 3)]

    answer = wire.send(update(conversation_id, ratings))

    assert answer.status_code == 200
    assert wire.conversation(conversation_id)["csat"]["csatRate"] == 3


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize(
    "bad",
    [
        {"field": "Skill", "type": "UPDATE", "skill": "4711"},
        {"field": "ParticipantsChange", "type": "ADD", "role": "READER"},
        {"field": "Mood"},
        {**TTR, "value": -1},
        dialog_change("", state="CLOSE"),
        [RATING],
    ],
    ids=["skill", "participants", "unknown", "urgency", "dialog", "nested"],
)
def test_nothing_of_an_array_with_a_bad_field_is_done(wire: Wire, bad: Any, position: int) -> None:
    """R46: wherever the bad one stands."""
    conversation_id = wire.open()
    before = wire.conversation(conversation_id)
    fields: list[Any] = [RATING, TTR]
    fields.insert(position, bad)

    answer = wire.send(update(conversation_id, fields))

    assert_refused(answer, "9")
    assert wire.conversation(conversation_id) == before


def test_nothing_of_an_array_with_an_unknown_dialog_is_done(wire: Wire) -> None:
    """R12, R46."""
    conversation_id = wire.open()
    before = wire.conversation(conversation_id)

    answer = wire.send(update(conversation_id, [RATING, dialog_change(UNKNOWN_ID)]))

    assert answer.status_code == 404
    assert wire.conversation(conversation_id) == before


def test_nothing_of_an_array_with_a_foreign_dialog_is_done(wire: Wire) -> None:
    """R11, R46."""
    foreign = wire.open(BERT)
    conversation_id = wire.open()
    before = wire.conversation(conversation_id)

    answer = wire.send(update(conversation_id, [RATING, dialog_change(foreign)]))

    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")
    assert wire.conversation(conversation_id) == before


def test_nothing_of_an_array_that_closes_twice_over_is_done_on_a_closed_conversation(wire: Wire) -> None:
    """R13, R46: the rating alone would be taken."""
    conversation_id = wire.open_and_close()

    answer = wire.send(update(conversation_id, [RATING, MAIN]))

    assert refusal(answer) == CLOSED_TEXT
    assert wire.conversation(conversation_id)["csat"] is None


# --- The agent's side -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"field": "Skill", "type": "UPDATE", "skill": "4711"},
        {"field": "ParticipantsChange", "type": "ADD", "role": "ASSIGNED_AGENT", "userId": "a"},
        {"field": "ParticipantsChange", "type": "REMOVE", "role": "CONSUMER"},
    ],
)
def test_a_consumer_changes_neither_skill_nor_participants(wire: Wire, change: dict[str, Any]) -> None:
    """R47."""
    conversation_id = wire.open()
    before = wire.conversation(conversation_id)

    answer = wire.send(update(conversation_id, change))

    assert answer.status_code == 400
    assert answer.json() == {"code": "BAD_REQUEST", "body": {"msg": NOT_ALLOWED}, "reqId": "9"}
    assert wire.conversation(conversation_id) == before


def test_members_a_field_does_not_know_are_ignored(wire: Wire) -> None:
    """R59."""
    answer = wire.send(update(wire.open(), {**RATING, "mood": "fine", "deep": {"a": [1]}}))

    assert answer.status_code == 200
