"""The way back from Failed to Up: transition, drain, and what is sent directly meanwhile."""

from __future__ import annotations

import pytest

from .conftest import BERT, Hook, Wire
from .hooks import (
    Receiver,
    arrived,
    receive,
    reports,
    say,
    standing,
    wait_for_text,
    with_retention,
)

HOUR = 3600
UP = {"state": "Up", "stored": 0}


class Recovery:
    """An app on its way back: a receiver failed, now answers, and is held in the middle of the resending."""

    def __init__(self, wire: Wire, hook: Hook) -> None:
        self.wire = wire
        self.hook = hook
        self.receiver: Receiver = receive(hook, 500)
        self.app = wire.install(with_retention(hook, HOUR))
        self.conversation_id = wire.open()
        self.another = wire.open(BERT)
        say(wire, self.conversation_id, "one", "two")

    @property
    def state(self) -> str:
        return str(standing(self.wire, self.app)["state"])

    def say(self, *texts: str) -> None:
        """Texts of the agent; nobody waits for their delivery."""
        for each in texts:
            self.wire.agent(self.conversation_id, "text", text=each)

    def say_elsewhere(self, said: str) -> None:
        """A text in a conversation of which nothing was stored; its delivery is waited for."""
        self.wire.agent(self.another, "text", text=said)
        wait_for_text(self.hook, said)

    def begin_transition(self) -> None:
        """The first stored event is accepted, the second has arrived and is not answered yet."""
        self.receiver.hold("two")
        self.wire.advance(2, settle=False)
        wait_for_text(self.hook, "two")

    def begin_drain(self) -> None:
        """The store is empty; of what came meanwhile, the first has arrived and is not answered yet."""
        self.begin_transition()
        self.say("three", "four")
        self.receiver.hold("three")
        self.receiver.release("two")
        wait_for_text(self.hook, "three")

    def finish(self, held: str) -> None:
        self.receiver.release(held)
        self.wire.settle()


@pytest.fixture
def recovery(wire: Wire, hook: Hook) -> Recovery:
    return Recovery(wire, hook)


# --- In transition --------------------------------------------------------------------------------


def test_an_app_is_in_transition_while_its_store_is_resent(recovery: Recovery) -> None:
    before = recovery.state
    recovery.begin_transition()
    during = recovery.state
    recovery.finish("two")

    assert [before, during, recovery.state] == ["Failed", "In transition", "Up"]
    assert recovery.receiver.texts() == ["one", "two"]


def test_in_transition_a_new_conversation_is_delivered_directly(recovery: Recovery) -> None:
    recovery.begin_transition()

    recovery.say_elsewhere("new")

    assert recovery.state == "In transition"
    assert arrived(recovery.hook) == ["one", "one", "two", "new"]
    recovery.finish("two")


def test_in_transition_a_stored_conversation_appends(recovery: Recovery) -> None:
    recovery.begin_transition()

    recovery.say("three")
    # Delivered directly; had the one before it been so as well, it would have arrived by now.
    recovery.say_elsewhere("new")
    meanwhile = arrived(recovery.hook)
    recovery.finish("two")

    assert "three" not in meanwhile
    assert [said for said in recovery.receiver.texts() if said != "new"] == ["one", "two", "three"]


def test_a_failure_in_transition_fails_the_app_again(recovery: Recovery) -> None:
    recovery.begin_transition()
    recovery.receiver.first = [500]

    recovery.finish("two")
    failed_again = recovery.state
    recovery.wire.advance(300)

    assert failed_again == "Failed"
    assert arrived(recovery.hook) == ["one", "one", "two", "two"]
    assert recovery.receiver.texts() == ["one", "two"]
    assert standing(recovery.wire, recovery.app) == UP


def test_what_came_in_transition_outlives_a_failure_in_it(recovery: Recovery) -> None:
    recovery.begin_transition()
    recovery.say("three", "four")
    recovery.receiver.first = [500]

    recovery.finish("two")
    recovery.wire.advance(300)

    assert recovery.receiver.texts() == ["one", "two", "three", "four"]
    assert standing(recovery.wire, recovery.app) == UP


def test_after_a_failure_in_transition_new_conversations_are_stored_again(recovery: Recovery) -> None:
    recovery.begin_transition()
    recovery.receiver.first = [500]
    recovery.finish("two")

    say(recovery.wire, recovery.another, "new")

    assert "new" not in arrived(recovery.hook)
    recovery.wire.advance(300)
    assert sorted(recovery.receiver.texts()) == ["new", "one", "two"]


# --- Recovered: the drain -------------------------------------------------------------------------


def test_an_app_has_recovered_while_what_came_meanwhile_is_resent(recovery: Recovery) -> None:
    recovery.begin_drain()
    during = recovery.state
    recovery.finish("three")

    assert [during, recovery.state] == ["Recovered", "Up"]
    assert recovery.receiver.texts() == ["one", "two", "three", "four"]


def test_an_event_during_the_drain_arrives_in_order_when_the_drain_ends_in_time(recovery: Recovery) -> None:
    recovery.begin_drain()

    recovery.say("five")
    recovery.wire.advance(3, settle=False)
    recovery.finish("three")

    assert arrived(recovery.hook) == ["one", "one", "two", "three", "four", "five"]
    assert recovery.receiver.texts() == ["one", "two", "three", "four", "five"]
    assert standing(recovery.wire, recovery.app) == UP


def test_an_event_during_the_drain_arrives_out_of_order_after_four_seconds(recovery: Recovery) -> None:
    recovery.begin_drain()

    recovery.say("five")
    recovery.wire.advance(3, settle=False)
    recovery.say_elsewhere("after three seconds")
    recovery.wire.advance(1, settle=False)
    wait_for_text(recovery.hook, "five")
    recovery.finish("three")

    expected = ["one", "one", "two", "three", "after three seconds", "five", "four"]
    assert arrived(recovery.hook) == expected
    assert sorted(recovery.receiver.texts()) == sorted(set(expected))


def test_the_wait_for_the_drain_is_four_seconds(recovery: Recovery) -> None:
    recovery.begin_drain()

    said_at = recovery.wire.control("GET", "clock").json()["now_ms"]
    recovery.say("five")
    recovery.wire.advance(4, settle=False)
    wait_for_text(recovery.hook, "five")
    recovery.finish("three")

    (sent_at,) = [each["at_ms"] for each in reports(recovery.wire, recovery.app) if each["sequence"] == 4]
    assert 4000 <= sent_at - said_at < 4900


def test_during_the_drain_other_conversations_do_not_wait(recovery: Recovery) -> None:
    recovery.begin_drain()

    recovery.say_elsewhere("new")

    assert recovery.state == "Recovered"
    assert arrived(recovery.hook)[-2:] == ["three", "new"]
    recovery.finish("three")


def test_a_failure_during_the_drain_fails_the_app_again(recovery: Recovery) -> None:
    recovery.begin_drain()
    recovery.receiver.first = [500]

    recovery.finish("three")
    failed_again = recovery.state
    recovery.wire.advance(300)

    assert failed_again == "Failed"
    assert recovery.receiver.texts() == ["one", "two", "three", "four"]
    assert standing(recovery.wire, recovery.app) == UP
