"""The join over real traffic: many consumers, notifications twice and out of order, a receiver restarted."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import connectorkit as ck

CONSUMERS, MESSAGES = 10, 200
TEXTS = ("Hello", "Where is my parcel?", "Thank you")  # said again and again: no text tells messages apart


def test_every_message_of_ten_consumers_joins_its_own_notification() -> None:
    with ck.connect(log=":memory:", agent=False, seed=3) as kit:
        kit.sandbox.faults(webhook="duplicate", probability=0.2)
        kit.sandbox.faults(webhook="reorder", probability=0.3)

        def chat(number: int) -> tuple[str, list[int]]:
            talk = kit.consumer(f"consumer-{number}@example").open()
            numbers = [talk.send(TEXTS[n % len(TEXTS)]).sequence or 0 for n in range(MESSAGES)]
            return talk.id, numbers

        with ThreadPoolExecutor(CONSUMERS) as threads:
            first = list(threads.map(chat, range(CONSUMERS // 2)))
            kit.notifications.stop()
            kit.notifications.start()
            talks = first + list(threads.map(chat, range(CONSUMERS // 2, CONSUMERS)))
        while not kit.sandbox.settle(30):
            pass
        kit.sandbox.advance(minutes=5)  # what failed while the receiver was away is sent again

        echoes = {
            (change["conversationId"], change["sequence"], note.notification_id)
            for note in kit.log.read_notifications()
            for change in json.loads(note.body)["body"]["changes"]
            if change.get("originatorMetadata", {}).get("role") == "CONSUMER"
        }
        joined, wrong, deliveries = 0, 0, 0
        for conversation_id, numbers in talks:
            timeline = kit.log.timeline(conversation=conversation_id)
            said = timeline[(timeline["kind"] == "request") & timeline["what"].str.startswith("text:")]
            assert said["sequence"].tolist() == numbers
            for row in said.itertuples():
                joined += row.notify_ms > 0 and row.ack_ms > 0
                wrong += (conversation_id, row.sequence, row.notification_id) not in echoes
            heard = timeline[timeline["kind"] == "notification"]
            deliveries += heard["deliveries"].sum()
            own = heard[heard["who"] == "CONSUMER"]
            events = dict(zip(said["sequence"], said["event_id"], strict=True))
            assert own["caused_by"].tolist() == [events[number] for number in own["sequence"]]
        marks = kit.log.notifications()["mark"].value_counts()

    assert (joined, wrong) == (CONSUMERS * MESSAGES, 0)
    assert deliveries > CONSUMERS * MESSAGES * 2  # some came twice: the faults were at work
    assert {"duplicate", "late", "gap"} <= set(marks.index)
