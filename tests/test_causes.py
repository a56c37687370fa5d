"""What caused what in a conversation; and that no odd record breaks its timeline."""

from __future__ import annotations

from typing import Any

import pytest
from storybook import C, Story, publish, receipt, text_event

from connectorkit.timeline import timeline

# --- Causes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "number", "cause"),
    [([0], 1, "x2.0"), ([0, 5], 6, "n2.0"), ([9], 10, None), ([1], 1, None), ([5], 1, None), ([], 1, None)],
)
def test_a_receipt_is_caused_by_the_highest_number_it_names(
    listed: list[int], number: int, cause: str | None
) -> None:
    story = Story().open(0).send(10, text_event(), 0).hear(12, text_event(), 0)
    story.hear(30, text_event(), 5, "ASSIGNED_AGENT").hear(
        40, receipt("READ", *listed), number, "ASSIGNED_AGENT"
    )

    assert dict(story.told("event_id", "caused_by"))["n3.0"] == cause


def test_a_refused_receipt_is_caused_only_by_what_was_there_before() -> None:
    refused = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request"}}
    story = (
        Story()
        .open(0)
        .hear(10, text_event(), 0, "ASSIGNED_AGENT")
        .hear(30, text_event(), 1, "ASSIGNED_AGENT")
    )
    for number in (0, 1):
        story.call(20, "send", publish(C, receipt("READ", number)), refused, status_code=400)

    causes = dict(story.told("event_id", "caused_by"))
    assert (causes["x2.0"], causes["x3.0"]) == ("n1.0", None)


def test_a_refused_receipt_of_the_same_moment_stands_after_what_it_names() -> None:
    refused = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request"}}
    story = Story().open(0).hear(20, text_event(), 0, "ASSIGNED_AGENT")
    story.call(20, "send", publish(C, receipt("READ", 0)), refused, status_code=400)

    assert story.told("event_id")[4:] == ["n1.0", "x2.0", "x2.0r"]


CLOSE = {"field": "ConversationStateField", "conversationState": "CLOSE"}
RATE = {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"}
RATED = {"csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"}


@pytest.mark.parametrize(
    ("sent", "details", "cause"),
    [
        (CLOSE, {"state": "CLOSE", "stage": "CLOSE", "closeReason": "CONSUMER"}, "x2.0"),
        (CLOSE, {"state": "CLOSE", "stage": "CLOSE", "closeReason": "AGENT"}, None),
        (CLOSE, {"state": "CLOSE", "stage": "CLOSE"}, None),
        (CLOSE, {"state": "CLOSE", "stage": "CLOSE", "closeReason": {"odd": []}}, None),
        (CLOSE, {"state": "CLOSE", "stage": "CLOSE", "closeReason": "CONSUMER", "csat": RATED}, None),
        (CLOSE, {"state": "OPEN", "stage": "OPEN"}, None),
        (RATE, {"state": "CLOSE", "stage": "CLOSE", "closeReason": "CONSUMER"}, None),
        (RATE, {"state": "OPEN", "stage": "OPEN", "csat": RATED}, "x2.0"),
        (RATE, {"state": "OPEN", "stage": "OPEN", "csat": {"csatRate": 1}}, None),
        (RATE, {"state": "OPEN", "stage": "OPEN", "csat": RATED, "participants": []}, None),
    ],
)
def test_a_conversation_change_has_a_cause_only_where_that_is_certain(
    sent: dict[str, Any], details: dict[str, Any], cause: str | None
) -> None:
    story = (
        Story().open(0).change(3, 100, state="OPEN", stage="OPEN").update(10, sent).change(20, 200, **details)
    )

    assert dict(story.told("event_id", "caused_by"))["n2.0"] == cause


def test_each_of_two_closings_has_its_change_where_a_survey_lies_between() -> None:
    story = Story().open(0).change(3, 100, state="OPEN", stage="OPEN").update(10, CLOSE)
    story.change(20, 200, state="CLOSE", stage="OPEN", closeReason="CONSUMER")
    story.update(30, {"field": "Stage", "conversationState": "CLOSE"})
    story.change(40, 300, state="CLOSE", stage="CLOSE", closeReason="CONSUMER")

    causes = dict(story.told("event_id", "caused_by"))
    assert (causes["n2.0"], causes["n3.0"]) == ("x2.0", "x3.0")


def test_a_change_seen_first_is_the_opening_only_if_it_is_the_very_first_state() -> None:
    assert dict(Story().open(0).change(3, 101, state="OPEN").told("event_id", "caused_by"))["n1.0"] is None


# --- Odd records -----------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, {"a": [1]}, 10**30, True, "\ud83d"], ids=repr)
def test_an_odd_value_anywhere_never_breaks_it(odd: Any) -> None:
    details = {
        name: odd for name in ("state", "stage", "csat", "participants", "dialogs", "closeReason", "startTs")
    }
    event = {name: odd for name in ("message", "sequenceList", "status", "contentType", "chatState")}
    story = Story().open(0).change(1, 100, **details).change(2, 200, dialogs=[odd, {"dialogId": odd}])
    for kind in ("ContentEvent", "AcceptStatusEvent", "ChatStateEvent", "RichContentEvent", odd):
        story.send(10, {"type": kind, **event}, 0).hear(20, {"type": kind, **event}, 1)
    story.hear(30, odd, odd, odd)
    story.hear(31, text_event(), 2, dialog=odd, conversation=odd, conversation_id=C)
    story.update(40, {"field": odd, "dialog": odd}, odd).deliver(50, odd, odd, C)  # type: ignore[arg-type]
    story.call(60, "send", {"type": odd, "body": {"conversationId": C, "dialogId": odd, "event": odd}}, odd)
    story.call(70, "send", {"body": {"conversationId": odd, "about": C}}, {"code": odd, "body": odd})

    frame = timeline(story.log, conversation=C)

    assert frame["event_id"].is_unique
    assert len(frame) > 10
