"""What notifications say of requests that were never answered: on a real sandbox that drops connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

import connectorkit as ck
from connectorkit import envelopes, unsettled
from connectorkit.kit import AsyncKit, Kit
from connectorkit.log import Exchange, Log, Notification

LOST = {"drop": "before", "done": True, "times": 1}  # carried out, and nobody is told
NOT_DONE = {"drop": "before", "times": 1}


@pytest.fixture(scope="module")
def shared_kit() -> Iterator[Kit]:
    with ck.connect(sandbox=True, agent=False, log=":memory:") as kit:
        yield kit


@pytest.fixture
def kit(shared_kit: Kit) -> Iterator[Kit]:
    shared_kit.sandbox.reset()
    shared_kit.sandbox.webhook(shared_kit.notifications.url)
    yield shared_kit
    shared_kit.sandbox.clear_faults()


@pytest.fixture
def talk(kit: Kit, request: pytest.FixtureRequest) -> Any:
    return kit.consumer(f"{request.node.name}@example").open()


def unknown(kit: Kit, action: Any, **fault: Any) -> ck.OutcomeUnknown:
    with kit.sandbox.faults(**(fault or LOST)), pytest.raises(ck.OutcomeUnknown) as caught:
        action()
    return caught.value


def test_a_text_that_arrived_is_settled_with_its_number(kit: Kit, talk: Any) -> None:
    talk.send("one")

    error = unknown(kit, lambda: talk.send("two"))
    found = error.settle()

    assert found is not None
    assert (found.sequence, found.conversation_id) == (2, talk.id)
    assert talk.send("three").sequence == 4


def test_a_text_that_never_arrived_stays_open(kit: Kit, talk: Any) -> None:
    error = unknown(kit, lambda: talk.send("one"), **NOT_DONE)

    assert error.settle(0) is None
    assert talk.send("one").sequence == 0
    # The same text was said again, and answered: its echo is taken.
    assert error.settle(0) is None


def test_the_same_text_said_before_settles_nothing(kit: Kit, talk: Any) -> None:
    talk.send("again")

    error = unknown(kit, lambda: talk.send("again"), **NOT_DONE)

    assert error.settle(0) is None


def test_two_unknown_texts_that_are_the_same_need_two_echoes(kit: Kit, talk: Any) -> None:
    arrived = unknown(kit, lambda: talk.send("again"))
    missing = unknown(kit, lambda: talk.send("again"), **NOT_DONE)

    assert arrived.settle() is not None
    assert missing.settle(0) is None
    assert list(kit.log.unsettled(session="current").tail(2)["settled"]) == [True, False]


def test_a_receipt_is_settled(kit: Kit, talk: Any) -> None:
    kit.sandbox.agent(talk).text("Hello")

    found = unknown(kit, lambda: talk.read(0)).settle()

    assert found is not None
    assert found.sequence == 1


def test_a_chat_state_is_settled_without_a_number(kit: Kit, talk: Any) -> None:
    found = unknown(kit, lambda: talk.typing()).settle()

    assert found is not None
    assert found.sequence is None


def test_an_opening_is_settled_and_the_conversation_adopted(kit: Kit) -> None:
    ana = kit.consumer("ana@example")
    ana.jws()

    error = unknown(kit, ana.open, **LOST, on="conversation")
    found = error.settle()

    assert found is not None
    assert kit.send(envelopes.publish_text(found.conversation_id, "Hello")).ok  # sent for ana
    again = ana.open()
    assert (again.resumed, again.id) == (True, found.conversation_id)


def test_an_opening_that_was_not_done_stays_open(kit: Kit) -> None:
    ben = kit.consumer("ben@example")
    ben.open().close()

    error = unknown(kit, ben.open, **NOT_DONE, on="conversation")

    assert error.settle(0) is None


def test_a_rating_is_settled_by_its_value(kit: Kit, talk: Any) -> None:
    talk.rate(2)

    found = unknown(kit, lambda: talk.rate(5)).settle()
    missing = unknown(kit, lambda: talk.rate(3), **NOT_DONE).settle(0)

    assert found is not None
    assert missing is None


def test_a_close_is_settled_by_the_state(kit: Kit, talk: Any) -> None:
    missing = unknown(kit, talk.close, **NOT_DONE).settle(0)
    found = unknown(kit, talk.close).settle()

    assert missing is None
    assert found is not None


def test_a_change_of_urgency_is_settled_by_its_value(kit: Kit, talk: Any) -> None:
    envelope = envelopes.request(
        "cm.UpdateConversationField",
        {
            "conversationId": talk.id,
            "conversationField": {"field": "TTRField", "ttrType": "URGENT", "value": 77},
        },
    )

    assert unknown(kit, lambda: kit.send(envelope)).settle() is not None


def test_a_profile_shows_in_no_notification(kit: Kit, talk: Any) -> None:
    envelope = envelopes.set_profile(first_name="Ana")

    error = unknown(kit, lambda: kit.send(envelope, consumer=talk.consumer.name))

    assert "does no harm" in str(error)
    assert error.settle(0) is None


def test_the_frame_says_what_is_known_of_each(kit: Kit, talk: Any) -> None:
    error = unknown(kit, lambda: talk.send("where is it?"))

    row = kit.log.unsettled(session="current").iloc[-1]

    assert error.exchange is not None
    assert row["exchange_id"] == error.exchange.exchange_id
    assert (row["operation"], row["type"], row["settled"]) == ("send", "ms.PublishEvent", True)
    assert (row["conversation_id"], row["sequence"]) == (talk.id, 0)
    assert row["error"].startswith("RemoteProtocolError")


def test_an_empty_log_has_nothing_unsettled() -> None:
    with closing(ck.ResponseLog(":memory:")) as log:
        found = log.unsettled()

    assert found.empty
    assert "settled" in found.columns


def test_tasks_meet_the_same_error() -> None:
    async def lose() -> ck.OutcomeUnknown:
        kit: AsyncKit = ck.connect_async(sandbox=True, agent=False, log=":memory:")
        async with kit:
            talk = await kit.consumer("eve@example").open()
            with kit.sandbox.faults(**LOST), pytest.raises(ck.OutcomeUnknown) as caught:
                await talk.send("Hello")
            assert await asyncio.to_thread(caught.value.settle) is not None
            return caught.value

    assert asyncio.run(lose()).sent


def test_pauses_pass_on_the_sandboxs_clock(kit: Kit, talk: Any) -> None:
    before = kit.sandbox.now()

    with kit.sandbox.faults(status=503, on="send"):
        reply = kit.send(envelopes.publish_text(talk.id, "Hello"))

    assert reply.status_code == 503
    assert (kit.sandbox.now() - before).total_seconds() >= 30
    attempts = [e.attempt for e in kit.log.read(session="current") if e.status_code == 503]
    assert attempts == [1, 2, 3, 4]


def test_inside_no_retries_a_refusal_stands(kit: Kit, talk: Any) -> None:
    with kit.no_retries(), kit.sandbox.faults(status=503, on="send") as fault:
        kit.send(envelopes.publish_text(talk.id, "Hello"))

    assert fault.hits == 1


# --- The reader alone, on records made by hand -------------------------------------------------------

LP_ID, TALK = "c0ffee", "talk-1"


class Book:
    """A log in which everything happens one second after the other."""

    def __init__(self) -> None:
        self.log = Log()
        self.now = 1_000_000_000

    def _next(self) -> int:
        self.now += 1_000_000_000
        return self.now

    def publish(self, text: str, sequence: int | None = None) -> Exchange:
        """A text that was answered with this number, or not at all."""
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
        body = {"id": "1", "type": "ms.PublishEvent", "body": {"dialogId": TALK, "event": event}}
        answer = {"code": "OK", "body": {"sequence": sequence}, "reqId": "1"}
        return self._sent(body, None if sequence is None else answer)

    def close(self) -> Exchange:
        field = {"field": "ConversationStateField", "conversationState": "CLOSE"}
        body = {"conversationId": TALK, "conversationField": field}
        return self._sent({"id": "2", "type": "cm.UpdateConversationField", "body": body}, None)

    def _sent(self, envelope: Any, answer: Any) -> Exchange:
        outcome: dict[str, Any] = {"error": "ReadTimeout: late"}
        if answer is not None:
            outcome = {"status_code": 200, "response_body": json.dumps(answer)}
        return self.log.append(
            Exchange(
                "send",
                "POST",
                "",
                consumer="ana",
                started_at=self._next(),
                request_body=json.dumps(envelope),
                **outcome,
            )
        )

    def echo(self, text: str, sequence: int, role: str = "CONSUMER") -> int:
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
        change = {
            "sequence": sequence,
            "originatorId": LP_ID,
            "originatorMetadata": {"id": LP_ID, "role": role},
            "serverTimestamp": 1,
            "event": event,
            "conversationId": TALK,
            "dialogId": TALK,
        }
        return self._notified("ms.MessagingEventNotification", change)

    def state(self, state: str, stamp: int) -> int:
        details = {"state": state, "stage": state, "metaDataLastUpdateTs": stamp}
        change = {"type": "UPSERT", "result": {"convId": TALK, "conversationDetails": details}}
        return self._notified("cqm.ExConversationChangeNotification", change)

    def _notified(self, kind: str, change: Any) -> int:
        body = json.dumps({"kind": "notification", "type": kind, "body": {"changes": [change]}})
        notification = Notification(body, received_at=self._next(), conversation_id=TALK)
        return self.log.append_notification(notification).notification_id


@pytest.fixture
def book() -> Iterator[Book]:
    book = Book()
    yield book
    book.log.close()


def settled(book: Book, exchange: Exchange) -> tuple[int, int | None] | None:
    found = unsettled.settle(book.log, exchange)
    return None if found is None else (found.notification_id, found.sequence)


def test_echoes_that_come_late_are_taken_in_the_order_of_the_requests(book: Book) -> None:
    first, second = book.publish("again"), book.publish("again")
    one, two = book.echo("again", 0), book.echo("again", 2)

    assert settled(book, first) == (one, 0)
    assert settled(book, second) == (two, 2)


def test_an_echo_that_comes_twice_counts_once(book: Book) -> None:
    first, second = book.publish("again"), book.publish("again")
    book.echo("again", 0), book.echo("again", 0)

    assert settled(book, first) is not None
    assert settled(book, second) is None


def test_an_agent_who_says_the_same_settles_nothing(book: Book) -> None:
    lost = book.publish("Hello")
    book.echo("Hello", 0, role="ASSIGNED_AGENT")

    assert settled(book, lost) is None


def test_an_echo_of_before_settles_nothing(book: Book) -> None:
    book.echo("Hello", 0)  # from another log, or another client
    lost = book.publish("Hello")

    assert settled(book, lost) is None


def test_a_conversation_that_was_closed_before_settles_no_close(book: Book) -> None:
    book.state("CLOSE", 1)
    lost = book.close()
    book.state("CLOSE", 2)

    assert settled(book, lost) is None


def test_a_conversation_that_closes_after_settles_it(book: Book) -> None:
    book.state("OPEN", 1)
    lost = book.close()
    book.state("OPEN", 2)
    closed = book.state("CLOSE", 3)

    assert settled(book, lost) == (closed, None)


def test_a_signature_that_does_not_verify_settles_nothing(book: Book) -> None:
    lost = book.publish("Hello")
    number = book.echo("Hello", 0)
    assert settled(book, lost) == (number, 0)

    forged = Book()
    again = forged.publish("Hello")
    (real,) = book.log.read_notifications()
    forged.log.append_notification(replace(real, received_at=forged.now + 1, signature="wrong-secret"))

    assert settled(forged, again) is None
    forged.log.close()
