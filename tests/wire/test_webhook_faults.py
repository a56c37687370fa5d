"""Faults of the way to the receiver: events that come twice, out of order or not at all."""

from __future__ import annotations

import pytest

from .conftest import BERT, Hook, Wire
from .hooks import arrived, only_texts, say, say_as_consumer

TEXTS = [f"text {number}" for number in range(6)]


@pytest.fixture
def conversation_id(wire: Wire, hook: Hook) -> str:
    """An open conversation of an account with one app, which has the texts sent to the hook."""
    wire.install(only_texts(hook))
    return wire.open()


def say_all(wire: Wire, conversation_id: str, texts: list[str]) -> None:
    """Texts of the agent, one right after the other, and whatever a fault keeps back of them."""
    for each in texts:
        wire.agent(conversation_id, "text", text=each)
    wire.settle()
    wire.advance(60)


def test_duplicate_delivers_each_event_twice(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.fault(webhook="duplicate")

    say_all(wire, conversation_id, TEXTS)

    assert sorted(arrived(hook)) == sorted(TEXTS * 2)
    assert len({received.body for received in hook.received}) == len(TEXTS)


def test_duplicate_for_some_times_leaves_the_rest_alone(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.fault(webhook="duplicate", times=2)

    say(wire, conversation_id, *TEXTS)

    assert sorted(arrived(hook)) == sorted(TEXTS + TEXTS[:2])


def test_reorder_delivers_every_event_once_and_some_out_of_order(
    wire: Wire, hook: Hook, conversation_id: str
) -> None:
    wire.fault(webhook="reorder")

    say_all(wire, conversation_id, TEXTS)

    assert sorted(arrived(hook)) == TEXTS
    assert arrived(hook) != TEXTS


def test_loss_delivers_nothing(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.fault(webhook="loss")

    say_all(wire, conversation_id, TEXTS)

    assert hook.received == []


def test_a_lost_event_leaves_a_gap_in_the_numbers(wire: Wire, hook: Hook, conversation_id: str) -> None:
    say(wire, conversation_id, "text 0")
    wire.fault(webhook="loss", times=1)
    say(wire, conversation_id, "text 1", "text 2")

    assert [change["sequence"] for change in hook.changes()] == [0, 2]


def test_a_lost_event_is_not_retried(wire: Wire, hook: Hook) -> None:
    wire.install(only_texts(hook, retry={"retention_time": 3600}))
    conversation_id = wire.open()
    wire.fault(webhook="loss", times=1)

    say(wire, conversation_id, "lost", "next")
    wire.advance(3600)

    assert arrived(hook) == ["next"]


@pytest.mark.parametrize("fault", ["duplicate", "reorder", "loss"])
def test_deleting_the_faults_ends_them(wire: Wire, hook: Hook, conversation_id: str, fault: str) -> None:
    wire.fault(webhook=fault)
    say_all(wire, conversation_id, TEXTS[:3])
    came = len(hook.received)

    wire.clear_faults()
    say_all(wire, conversation_id, TEXTS[3:])

    assert arrived(hook)[came:] == TEXTS[3:]


@pytest.mark.parametrize("fault", ["duplicate", "reorder", "loss"])
def test_a_fault_of_probability_nought_does_nothing(
    wire: Wire, hook: Hook, conversation_id: str, fault: str
) -> None:
    wire.fault(webhook=fault, probability=0.0)

    say_all(wire, conversation_id, TEXTS)

    assert arrived(hook) == TEXTS


def test_a_reset_ends_the_faults(wire: Wire, hook: Hook, conversation_id: str) -> None:
    wire.fault(webhook="loss")
    wire.control("POST", "reset")
    wire.install(only_texts(hook))

    say(wire, wire.open(BERT), "Hello")

    assert arrived(hook) == ["Hello"]


def test_a_fault_of_the_webhooks_does_not_touch_the_answers(
    wire: Wire, hook: Hook, conversation_id: str
) -> None:
    wire.fault(webhook="loss")

    say_as_consumer(wire, conversation_id, "one", "two")
    wire.settle()

    assert len(wire.conversation(conversation_id)["dialogs"][0]["events"]) == 4
    assert hook.received == []


@pytest.mark.parametrize(
    "fault",
    [
        {"webhook": "sloth"},
        {"webhook": "loss", "probability": 2},
        {"webhook": "loss", "probability": "often"},
        {"webhook": "loss", "times": -1},
        {},
    ],
)
def test_a_fault_that_does_not_exist_is_refused(wire: Wire, fault: dict[str, object]) -> None:
    assert wire.control("POST", "faults", fault).status_code == 400
