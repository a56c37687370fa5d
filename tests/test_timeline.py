"""One conversation in causal order: the join of request, response and notification, and causes."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from storybook import ANA, HOST, LP, T0, C, Story, publish, receipt, state, text_event

from connectorkit.log import Exchange, Log
from connectorkit.response_log import ResponseLog
from connectorkit.timeline import TIMELINE, timeline

# --- The whole -------------------------------------------------------------------------------------


def test_a_conversation_reads_from_the_first_request_to_the_last_notification() -> None:
    story = Story().open(0)
    story.change(3, 100, state="OPEN", stage="OPEN", participants=[{"id": LP, "role": "CONSUMER"}])
    story.send(10, text_event("Where is my parcel?"), 0).hear(14, text_event("Where is my parcel?"), 0)
    story.hear(16, receipt("ACCEPT", 0), 1, "CONTROLLER").hear(20, state("COMPOSING"), None, "ASSIGNED_AGENT")
    story.hear(30, text_event("On its way."), 2, "ASSIGNED_AGENT")
    story.send(40, receipt("READ", 2), 3).hear(44, receipt("READ", 2), 3)
    story.update(50, {"field": "ConversationStateField", "conversationState": "CLOSE"})
    story.change(58, 200, state="CLOSE", stage="CLOSE", closeReason="CONSUMER")

    assert story.told("event_id", "kind", "who", "what", "sequence", "caused_by") == [
        ("x1.0", "request", ANA, "set profile", None, None),
        ("x1.1", "request", ANA, "open conversation", None, None),
        ("x1.0r", "response", "service", "OK", None, "x1.0"),
        ("x1.1r", "response", "service", "OK, conversation opened", None, "x1.1"),
        ("n1.0", "notification", "service", "conversation OPEN", None, "x1.1"),
        ("x2.0", "request", ANA, "text: Where is my parcel?", 0, None),
        ("x2.0r", "response", "service", "OK, number 0", 0, "x2.0"),
        ("n2.0", "notification", "CONSUMER", "text: Where is my parcel?", 0, "x2.0"),
        ("n3.0", "notification", "CONTROLLER", "ACCEPT of 0", 1, "x2.0"),
        ("n4.0", "notification", "ASSIGNED_AGENT", "typing (COMPOSING)", None, None),
        ("n5.0", "notification", "ASSIGNED_AGENT", "text: On its way.", 2, None),
        ("x3.0", "request", ANA, "READ of 2", 3, "n5.0"),
        ("x3.0r", "response", "service", "OK, number 3", 3, "x3.0"),
        ("n6.0", "notification", "CONSUMER", "READ of 2", 3, "x3.0"),
        ("x4.0", "request", ANA, "close conversation", None, None),
        ("x4.0r", "response", "service", "OK", None, "x4.0"),
        ("n7.0", "notification", "service", "conversation CLOSE", None, "x4.0"),
    ]


def test_one_row_holds_request_response_and_notification_of_one_message() -> None:
    story = Story().open(0).send(10, text_event(), 0, took=7.5).hear(22.25, text_event(), 0)

    assert story.told("event_id", "notification_id", "ack_ms", "notify_ms")[-3:] == [
        ("x2.0", 1, 7.5, 12.25),
        ("x2.0r", None, None, None),
        ("n1.0", None, None, None),
    ]


def test_the_text_that_opens_a_conversation_is_joined_too() -> None:
    story = Story().open(0, text="Hello").hear(9, text_event(), 0)

    assert story.told("event_id", "dialog_id", "notification_id", "caused_by") == [
        ("x1.0", None, None, None),
        ("x1.1", None, None, None),
        ("x1.2", C, 1, None),
        ("x1.2r", C, None, "x1.2"),
        ("n1.0", C, None, "x1.2"),
        ("x1.0r", None, None, "x1.0"),
        ("x1.1r", None, None, "x1.1"),
    ]


@pytest.mark.parametrize("make", [lambda log: timeline(log), lambda log: timeline(log, conversation="c-9")])
@pytest.mark.parametrize("story", [Story(), Story().open(0, text="Hi").hear(9, text_event(), 0)])
def test_columns_and_dtypes_are_those_documented(make: Any, story: Story) -> None:
    frame = make(story.log)

    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        name: dtype for name, (dtype, _) in TIMELINE.items()
    }


def test_times_are_those_of_this_machine() -> None:
    story = Story().open(0).send(10, text_event(), 0, took=5).hear(20, text_event(), 0)

    times = timeline(story.log)["at"].tail(3) - pd.Timestamp(T0, unit="ns", tz="UTC")
    assert (times / pd.Timedelta(milliseconds=1)).tolist() == [10, 15, 20]


# --- Never a false join ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [
        {"role": "ASSIGNED_AGENT"},
        {"host": "other.example"},
        {"signature": "wrong-secret"},
        {"dialog": "d-2"},
        {"number": 2},
        {"number": None},
    ],
    ids=str,
)
def test_what_is_not_the_same_event_is_not_joined(facts: dict[str, Any]) -> None:
    heard: dict[str, Any] = {"number": 0, **facts}
    story = Story().open(0).send(10, text_event(), 0).hear(14, text_event(), **heard)

    assert set(story.told("notification_id")) == {None}


def test_a_receiver_that_does_not_know_its_host_is_believed() -> None:
    story = Story().open(0).send(10, text_event(), 0).hear(14, text_event(), 0, host=None)

    assert [i for i in story.told("notification_id") if i] == [1]


def test_a_chat_state_is_not_joined_though_its_answer_says_zero() -> None:
    story = Story().open(0).send(6, state("COMPOSING"), 0).send(20, text_event(), 0).hear(24, text_event(), 0)
    story.hear(8, state("COMPOSING"), None)

    assert story.told("event_id", "what", "sequence", "notification_id")[4:] == [
        ("x2.0", "typing (COMPOSING)", None, None),
        ("n2.0", "typing (COMPOSING)", None, None),
        ("x2.0r", "OK", None, None),
        ("x3.0", "text: Hello", 0, 1),
        ("x3.0r", "OK, number 0", 0, None),
        ("n1.0", "text: Hello", 0, None),
    ]


def test_where_two_requests_claim_one_number_neither_is_joined() -> None:
    story = Story().open(0).send(10, text_event(), 0).send(20, text_event(), 0).hear(24, text_event(), 0)

    assert set(story.told("notification_id")) == {None}


def test_of_a_repeated_request_the_one_that_was_accepted_joins() -> None:
    refused = {"kind": "resp", "code": 401, "body": {"title": "Invalid AppJWT", "errorCode": 40102}}
    story = Story().open(0).call(10, "send", publish(C, text_event()), refused, status_code=401)
    story.send(20, text_event(), 0, attempt=2).hear(28, text_event(), 0)

    assert story.told("event_id", "what", "notification_id", "notify_ms")[4:] == [
        ("x2.0", "text: Hello", None, None),
        ("x2.0r", "refused: Invalid AppJWT (40102)", None, None),
        ("x3.0", "text: Hello", 1, 8.0),
        ("x3.0r", "OK, number 0", None, None),
        ("n1.0", "text: Hello", None, None),
    ]


def test_a_request_without_an_answer_has_no_response_and_no_join() -> None:
    story = Story().open(0).send(10, text_event(), None, status_code=None, error="ReadTimeout")
    story.hear(12, text_event(), 0)

    assert story.told("event_id", "sequence", "caused_by", "notification_id", "ack_ms")[4:] == [
        ("x2.0", None, None, None, None),
        ("n1.0", 0, None, None, None),
    ]


def test_an_answer_that_is_no_message_is_a_response_all_the_same() -> None:
    story = Story().open(0).send(10, text_event(), None, status_code=502)

    assert story.told("what")[-1] == "unexpected answer (502)"


def test_deliveries_are_counted_and_the_first_one_joins() -> None:
    story = Story().open(0).send(10, text_event(), 0)
    story.hear(14, text_event(), 0).hear(44, text_event(), 0).hear(12, text_event(), 0, signature="bad")
    story.hear(50, text_event(), 0, host=None)

    assert story.told("event_id", "deliveries", "notify_ms")[-3:] == [
        ("x2.0", None, 4.0),
        ("x2.0r", None, None),
        ("n1.0", 3, None),
    ]


# --- Order -----------------------------------------------------------------------------------------


def test_numbers_ascend_whatever_came_first() -> None:
    story = Story().open(0).send(10, text_event(), 2).send(11, text_event(), 0)
    story.hear(30, text_event(), 2).hear(31, receipt("ACCEPT", 2), 3, "CONTROLLER").hear(40, text_event(), 0)
    story.hear(90, receipt("ACCEPT", 0), 1, "CONTROLLER")

    assert story.told("event_id")[4:] == [
        *("x3.0", "x3.0r", "n3.0", "n4.0", "x2.0", "x2.0r", "n1.0", "n2.0"),
    ]


def test_no_row_stands_before_its_cause_even_when_clocks_differ() -> None:
    story = Story().open(10).change(2, 100, state="OPEN", stage="OPEN")
    story.send(20, text_event(), 0).hear(19, text_event(), 0).hear(21, receipt("READ", 0), 1, "AGENT")

    ids, causes = story.told("event_id"), story.told("caused_by")
    assert story.told("event_id") == [
        "x1.0",
        "x1.1",
        "x1.0r",
        "x1.1r",
        "n1.0",
        "x2.0",
        "x2.0r",
        "n2.0",
        "n3.0",
    ]
    assert all(ids.index(cause) < place for place, cause in enumerate(causes) if cause)


def test_a_survey_counts_its_own_numbers() -> None:
    dialogs = [{"dialogId": C, "dialogType": "MAIN"}, {"dialogId": "d-2", "dialogType": "POST_SURVEY"}]
    story = Story().open(0).send(10, text_event("Bye"), 0).hear(12, text_event("Bye"), 0)
    story.change(20, 200, state="CLOSE", stage="OPEN", dialogs=dialogs)
    story.hear(21, text_event("How was it?"), 0, "AGENT", dialog="d-2")
    story.send(30, text_event("1"), 1, dialog="d-2").hear(33, text_event("1"), 1, dialog="d-2")

    assert story.told("event_id", "what", "dialog_id", "sequence", "notification_id", conversation=C)[4:] == [
        ("x2.0", "text: Bye", C, 0, 1),
        ("x2.0r", "OK, number 0", C, 0, None),
        ("n1.0", "text: Bye", C, 0, None),
        ("n2.0", "conversation OPEN, main dialog CLOSE", None, None, None),
        ("n3.0", "text: How was it?", "d-2", 0, None),
        ("x3.0", "text: 1", "d-2", 1, 4),
        ("x3.0r", "OK, number 1", "d-2", 1, None),
        ("n4.0", "text: 1", "d-2", 1, None),
    ]


# --- Which conversation ----------------------------------------------------------------------------


def test_the_conversation_used_last_is_shown_by_request_or_by_notification() -> None:
    story = Story().open(0, "c-1").open(10, "c-2", consumer="bert@example")

    assert set(story.told("conversation_id")) == {"c-2"}
    assert set(story.hear(20, text_event(), 0, "ASSIGNED_AGENT").told("conversation_id")) == {"c-1"}
    story.hear(30, text_event(), 0, "AGENT", dialog="c-2", conversation="c-2", signature="bad")
    assert set(story.told("conversation_id")) == {"c-1"}
    assert set(story.told("conversation_id", conversation="c-2")) == {"c-2"}


def test_a_session_chooses_rows_and_the_joins_stay() -> None:
    story = Story().open(0, session_id="a").send(10, text_event(), 0, session_id="a")
    story.hear(20, text_event(), 0, session_id="b")

    assert story.told("event_id", "notification_id", session="a")[-2:] == [("x2.0", 1), ("x2.0r", None)]
    assert story.told("event_id", session="b") == ["n1.0"]
    assert story.told("event_id", session="current") == []


def test_a_conversation_that_was_only_heard_of_is_shown() -> None:
    story = Story().hear(0, text_event(), 0).hear(5, text_event(), 2, "ASSIGNED_AGENT", host="other.example")

    assert story.told("event_id") == ["n2.0"]  # the service that spoke last


def test_a_conversation_opened_elsewhere_is_found_by_its_sends() -> None:
    story = Story().send(10, text_event(), 4).hear(12, text_event(), 4)

    assert story.told("event_id") == ["x1.0", "x1.0r", "n1.0"]


def test_of_two_conversations_with_one_id_the_newest_is_shown() -> None:
    for host in ("127.0.0.1:99", HOST):
        story = Story().open(0, url=f"http://{host}/x").send(10, text_event("old"), 0, url=f"http://{host}/x")
        story.hear(12, text_event("old"), 0, host=host)
        story.open(100).send(110, text_event("new"), 0).hear(112, text_event("new"), 0)

        assert story.told("event_id", "notification_id")[4:] == [("x4.0", 2), ("x4.0r", None), ("n2.0", None)]


def test_what_is_under_way_is_waited_for_first() -> None:
    story = Story().open(0).send(10, text_event(), 0)
    story.log.settle = lambda: story.hear(14, text_event(), 0) and None

    assert story.log.timeline()["notification_id"].notna().sum() == 1
    assert len(story.log.notifications()) == 2  # the hook ran once more


# --- Ten consumers, two hundred messages each ------------------------------------------------------


def test_every_notified_message_joins_its_own_and_no_other() -> None:
    lots, log = random.Random(20), ResponseLog()
    records: list[tuple[float, Any]] = []
    belongs: dict[tuple[str, int], tuple[str, bool]] = {}  # (conversation, number) → (text, was notified)
    restart = 5_000.0
    for consumer in range(10):
        conversation, story = f"conversation-{consumer}", Story()
        story.open(consumer, conversation, consumer=f"consumer-{consumer}")
        clock = 10.0 + consumer
        for number in range(0, 400, 2):
            text = f"message {lots.randrange(40)}"
            who = {"consumer": f"consumer-{consumer}"}
            story.send(clock, text_event(text), number, dialog=conversation, **who)
            lost = lots.random() < 0.1
            belongs[conversation, number] = text, not lost
            for event, n, role in (
                (text_event(text), number, "CONSUMER"),
                (receipt("ACCEPT", number), number + 1, "CONTROLLER"),
            ):
                for _ in range(0 if lost else 1 + (lots.random() < 0.3)):
                    late = clock + lots.expovariate(1 / 60)
                    session = "receiver-1" if late < restart else "receiver-2"
                    where = {"dialog": conversation, "conversation": conversation, "session_id": session}
                    story.hear(late, event, n, role, **where)
            clock += lots.uniform(5, 45)
        records += [(e.started_at, e) for e in story.log] + [
            (n.received_at, n) for n in story.log.read_notifications()
        ]
    for _, record in sorted(records, key=lambda entry: entry[0]):
        log.append(record) if isinstance(record, Exchange) else log.append_notification(record)

    began = time.perf_counter()
    frames = [timeline(log, conversation=f"conversation-{consumer}") for consumer in range(10)]
    took = time.perf_counter() - began

    bodies = {n.notification_id: n.json()["body"]["changes"][0] for n in log.read_notifications()}
    joined = false = 0
    for consumer, frame in enumerate(frames):
        requests = frame[(frame["kind"] == "request") & frame["sequence"].notna()]
        assert len(requests) == 200
        for row in requests.to_dict("records"):
            text, notified = belongs[f"conversation-{consumer}", row["sequence"]]
            assert pd.notna(row["notification_id"]) == notified
            if notified:
                change = bodies[row["notification_id"]]
                own = (f"conversation-{consumer}", row["sequence"], text)
                false += (change["dialogId"], change["sequence"], change["event"]["message"]) != own
                joined += 1
        numbers = frame["sequence"].dropna()
        assert numbers.is_monotonic_increasing
        assert frame["event_id"].is_unique
        places = {event_id: place for place, event_id in enumerate(frame["event_id"])}
        assert all(places[c] < p for p, c in enumerate(frame["caused_by"]) if pd.notna(c))
        assert frame["deliveries"].sum() == sum(
            c["dialogId"] == f"conversation-{consumer}" for c in bodies.values()
        )
    assert len({n.session_id for n in log.read_notifications()}) == 2
    assert (joined, false) == (sum(notified for _, notified in belongs.values()), 0)
    assert 1700 < joined < 1900
    assert took < 10  # about a second; the limit is for a machine with other things to do
    print(f"{len(log)} exchanges, {log.count_notifications()} notifications, ten timelines in {took:.2f} s")


def test_the_same_log_gives_the_same_timeline_each_time() -> None:
    story = Story().open(0, text="Hi")
    for number in range(1, 30):
        story.hear(5, text_event(), 30 - number, "ASSIGNED_AGENT").hear(5, state("PAUSE"), None, "AGENT")

    pd.testing.assert_frame_equal(timeline(story.log), timeline(story.log))
    assert story.told("sequence")[-58:].count(None) == 29


def test_one_conversation_is_read_without_reading_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story()
    for number in range(20):
        story.open(number, f"c-{number}", consumer=f"consumer-{number}")
        story.hear(number, text_event(), 0, dialog=f"c-{number}", conversation=f"c-{number}")
    read: list[Any] = []
    monkeypatch.setattr(Log, "query", lambda log, *query: read.append(_plain(log, *query)) or read[-1])

    timeline(story.log, conversation="c-7")

    assert sum(map(len, read)) <= 4


_plain = Log.query


def test_another_session_in_the_same_file_does_not_come_in_between(tmp_path: Path) -> None:
    path = tmp_path / "shared.sqlite3"
    first, second = ResponseLog(path), ResponseLog(path)
    for log, conversation, started_at in ((first, "c-1", 1_000), (second, "c-2", 2_000)):
        body = {"dialogId": conversation, "event": text_event()}
        request = {"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body}
        log.append(
            Exchange(
                "send",
                "POST",
                "http://h/",
                consumer=ANA,
                started_at=started_at,
                request_body=json.dumps(request),
            )
        )

    shown = [set(log.timeline()["conversation_id"]) for log in (first, second, ResponseLog(path))]

    assert shown == [{"c-1"}, {"c-2"}, {"c-2"}]


def test_a_conversation_is_named_by_its_id_or_by_itself() -> None:
    story = Story().open(0).open(10, "c-2", consumer="bert@example")

    class Talk:
        id = C

    log = story.log
    assert set(log.timeline(Talk())["conversation_id"]) == set(log.timeline(C)["conversation_id"]) == {C}
    with pytest.raises(TypeError, match=r"conversation is 5\. Pass what open\(\) returned, or its id"):
        log.timeline(5)  # type: ignore[arg-type]
