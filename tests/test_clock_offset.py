"""What a log tells of the service's clock, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from storybook import EPOCH_MS, HOST, C, Story, at, main_dialog, publish, receipt, state, text_event

from connectorkit.paths import stamps
from connectorkit.paths.clocks import Stamp
from connectorkit.paths.offsets import ClockOffset, clock_offset, of_stamps
from connectorkit.response_log import ResponseLog

MS = 1_000_000


def told(story: Story) -> list[tuple[float, float | None, float | None]]:
    """Stamps with their bounds, in milliseconds of the story."""
    found = stamps.stamps(stamps.conversation(story.log, C))

    def ms(bound: int | None) -> float | None:
        return None if bound is None else (bound - EPOCH_MS * MS) / MS

    return [(s.server_ms - EPOCH_MS, ms(s.after), ms(s.before)) for s in found]


# --- Which stamps, and between what ----------------------------------------------------------------


def test_a_message_lies_between_the_first_byte_of_its_request_and_the_head_of_its_answer() -> None:
    facts = {
        "took": 20.0,
        "connect_ms": 3.0,
        "tls_ms": 4.0,
        "send_ms": 1.0,
        "wait_ms": 7.0,
        "receive_ms": 5.0,
    }
    story = Story().open(0).send(100, text_event(), 0, **facts).hear(130, text_event(), 0, stamp=at(110))

    assert told(story) == [(610, 107, 115)]


def test_a_notification_that_came_before_the_answer_bounds_it_more_closely() -> None:
    story = Story().open(0).send(100, text_event(), 0, took=40.0).hear(112, text_event(), 0, stamp=at(110))

    assert told(story) == [(610, 100, 112)]


def test_of_what_came_twice_the_first_counts() -> None:
    story = Story().open(0).send(100, text_event(), 0, took=40.0)
    story.hear(112, text_event(), 0, stamp=at(110)).hear(50_000, text_event(), 0, stamp=at(110))

    assert told(story) == [(610, 100, 112)]


def test_what_others_did_lies_between_our_requests_around_it() -> None:
    story = Story().open(0).send(100, text_event(), 0).send(300, text_event(), 3)
    story.hear(140, receipt("READ", 0), 1, "ASSIGNED_AGENT", stamp=at(130))
    story.hear(400, text_event(), 2, "ASSIGNED_AGENT", stamp=at(200))
    story.hear(420, text_event(), 9, "ASSIGNED_AGENT", stamp=at(410))

    assert told(story) == [(630, 100, 140), (700, 100, 305), (910, 300, 420)]


def test_without_a_request_of_ours_an_arrival_is_the_only_bound() -> None:
    story = Story().hear(140, text_event(), 1, "ASSIGNED_AGENT", stamp=at(130))

    assert told(story) == [(630, None, 140)]


def test_an_answer_that_never_came_bounds_nothing() -> None:
    story = Story().open(0).hear(500, text_event(), 0, "ASSIGNED_AGENT", stamp=at(130))
    story.call(100, "send", publish(C, text_event()), None, status_code=None, error="ReadTimeout")

    assert told(story) == [(630, None, 500)]


def test_chat_states_and_unsigned_deliveries_bear_no_stamp_that_counts() -> None:
    story = Story().open(0).send(100, text_event(), 0).hear(120, state("COMPOSING"), None)
    story.hear(112, text_event(), 0, stamp=at(110), signature="wrong")

    assert told(story) == []


def test_opening_and_closing_have_their_stamps_in_the_conversation() -> None:
    story = Story().open(10)
    story.change(30, at(12), state="OPEN", stage="OPEN", startTs=at(12), dialogs=main_dialog())
    story.update(100, {"field": "ConversationStateField", "conversationState": "CLOSE"})
    closed = {"state": "CLOSE", "endTs": at(102), "closedBy": "CONSUMER"}
    story.change(
        110, at(103), state="CLOSE", stage="CLOSE", startTs=at(12), closeReason="CONSUMER",
        dialogs=main_dialog(**closed),
    )  # fmt: skip

    assert told(story) == [(512, 10, 15), (602, 100, 105)]


def test_a_close_by_the_agent_is_not_ours_to_date() -> None:
    story = Story().open(10).change(30, at(12), state="OPEN", stage="OPEN", startTs=at(12))
    closed = {"state": "CLOSE", "endTs": at(102), "closedBy": "AGENT"}
    story.change(
        110, at(103), state="CLOSE", stage="CLOSE", startTs=at(12), closeReason="AGENT",
        dialogs=main_dialog(**closed),
    )  # fmt: skip

    assert told(story) == [(512, 10, 15)]


@pytest.mark.parametrize("odd", [None, "soon", True, 1.5, 10**30, [], {}])
def test_odd_stamps_are_no_stamps(odd: Any) -> None:
    story = Story().open(10).change(30, at(12), state="OPEN", stage="OPEN", startTs=odd)
    change = {"originatorMetadata": {"role": "CONSUMER"}, "event": text_event(), "sequence": 0}
    change |= {"conversationId": C, "dialogId": C, "serverTimestamp": odd}
    story.deliver(40, "ms.MessagingEventNotification", change, C)

    assert told(story) == []


# --- The offset ------------------------------------------------------------------------------------


def talk(offset: int = 500, moved: int = 0) -> Story:
    """Ten messages, each answered after 4 ms; the service's clock is ``moved`` after the fifth."""
    story = Story().open(0)
    for n in range(10):
        when = 1000 * (n + 1)
        stamp = EPOCH_MS + when + 2 + offset + (moved if n >= 5 else 0)
        story.send(when, text_event(), 2 * n, took=4.0).hear(when + 9, text_event(), 2 * n, stamp=stamp)
    return story


def test_the_offset_of_a_conversation_says_what_it_rests_on() -> None:
    found = clock_offset(talk().log, conversation=C)

    assert (found.ms, found.uncertainty_ms, found.stamps, found.moved) == (500.5, 2.5, 10, False)
    assert found.host == HOST
    assert repr(found).startswith(
        "The service's clock is ahead of ours by 500.5 ± 2.5 ms, from 10 time stamps, 22:13:21.004 to "
        "22:13:30.004 UTC in "
    )


@pytest.mark.parametrize(
    ("offset", "words"),
    [(-500, "is behind ours by 499.5 ± 2.5 ms"), (0, "agrees with ours (+0.5 ± 2.5 ms)")],
)
def test_behind_and_equal_are_said(offset: int, words: str) -> None:
    assert words in repr(clock_offset(talk(offset).log, conversation=C))


def test_a_clock_that_was_moved_is_told_of_and_not_averaged() -> None:
    found = clock_offset(talk(moved=3_660_000).log, conversation=C)

    assert found.moved
    assert [piece.ms for piece in found.pieces] == [500.5, 3_660_500.5]
    assert repr(found).splitlines() == [
        "A clock was moved (once): the service's stands no fixed distance from ours, and no average "
        "is given.",
        "The service's clock is ahead of ours by 500.5 ± 2.5 ms, from 5 time stamps, "
        "22:13:21.004 to 22:13:25.004 UTC.",
        "The service's clock is ahead of ours by 3,660,500.5 ± 2.5 ms, from 5 time stamps, "
        "22:13:26.004 to 22:13:30.004 UTC. It moved by +3,660,000.0 ms between 22:13:25.004 and "
        "22:13:26.004 UTC.",
    ]
    assert found.short == "clock of the service: moved, +500.5 ± 2.5 ms, then +3,660,500.5 ± 2.5 ms"


def test_clocks_that_run_apart_are_called_so_in_a_few_lines() -> None:
    """A hundred parts in a million, for an hour."""
    bounds = [(1000 * s, 1000 * s + 2) for s in range(0, 3600, 10)]
    found = of_stamps(
        Stamp(at(after + 1, after // 10_000), *((EPOCH_MS + ms) * MS for ms in (after, before)))
        for after, before in bounds
    )

    lines = repr(found).splitlines()
    assert lines[0].startswith("A clock was moved again and again, or runs apart:")
    assert lines[1].endswith(" times before these are in .pieces.")
    assert len(lines) == 7


def test_a_single_stamp_that_disagrees_is_counted() -> None:
    story = talk().send(20_000, text_event(), 20, took=4.0)
    story.hear(20_009, text_event(), 20, stamp=EPOCH_MS).hear(
        20_500, text_event(), 22, "MANAGER", stamp=at(20_100)
    )

    found = clock_offset(story.log, conversation=C)

    assert (found.disagreeing, found.stamps, found.ms) == (1, 12, 500.5)
    assert "1 time stamp of 12 disagrees and was left out" in repr(found)


def test_wide_bounds_are_called_wide() -> None:
    slow = Story().open(0).send(100, text_event(), 0, took=300.0).hear(500, text_event(), 0, stamp=at(200))

    assert "That is wide: times of the two clocks can be compared only to ± 150.5 ms" in repr(
        clock_offset(slow.log, conversation=C)
    )
    assert "wide" not in repr(clock_offset(talk().log, conversation=C))


def test_nothing_known_is_said_with_what_to_do() -> None:
    found = clock_offset(ResponseLog())

    assert (found.ms, found.uncertainty_ms, found.stamps, found.moved) == (None, None, 0, False)
    assert "cannot be told" in repr(found)
    assert "Let a receiver listen" in repr(found)
    assert found.short == "clock not known"


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        (
            Stamp(EPOCH_MS, before=(EPOCH_MS + 20) * MS),
            "is at least -20.0 ms; no stamp is bounded from before",
        ),
        (Stamp(EPOCH_MS, after=(EPOCH_MS - 20) * MS), "is at most +21.0 ms; no stamp is bounded from after"),
    ],
)
def test_one_bound_alone_is_said_as_such(stamp: Stamp, words: str) -> None:
    found = of_stamps([stamp])

    assert words in repr(found)
    assert found.ms is None


def test_stamps_that_contradict_each_other_are_no_offset() -> None:
    found = of_stamps([Stamp(EPOCH_MS + add, (EPOCH_MS - 1) * MS, (EPOCH_MS + 1) * MS) for add in (0, 900)])

    assert "most time stamps disagree" in repr(found)


def test_the_offset_of_a_session_takes_all_its_conversations_on_the_newest_service() -> None:
    log = ResponseLog()
    # A conversation on another sandbox, with another clock; then two on ours; then one in a later session.
    places = [("old.example", 9_000, "monday"), (HOST, 500, "monday"), (HOST, 500, "monday")]
    for number, (host, ahead, session) in enumerate([*places, (HOST, 700, "tuesday")]):
        name, story = f"c-{number}", Story()
        story.log = log
        facts = {"url": f"https://{host}/x", "session_id": session}
        when = 1000 * number
        story.open(when, name, **facts).send(when + 100, text_event(), 0, name, took=4.0, **facts)
        story.hear(
            when + 120, text_event(), 0, dialog=name, conversation=name, stamp=EPOCH_MS + when + 102 + ahead,
            host=host, session_id=session,
        )  # fmt: skip

    newest, monday = clock_offset(log), clock_offset(log, session="monday")

    assert (monday.host, monday.stamps, monday.sessions, monday.ms) == (HOST, 2, ("monday",), 500.5)
    # This log's own session heard nothing.
    assert (newest.stamps, newest.sessions, newest.ms) == (1, ("tuesday",), 700.5)


def test_the_display_escapes_what_came_from_outside() -> None:
    found = ClockOffset(of_stamps([Stamp(EPOCH_MS, EPOCH_MS * MS, EPOCH_MS * MS)]).pieces, "<b>host</b>")

    assert "<b>" not in found._repr_html_()
    assert "&lt;b&gt;host" in found._repr_html_()


# --- Stamps on our clock ---------------------------------------------------------------------------


def test_a_stamp_is_brought_to_our_clock_with_its_uncertainty() -> None:
    found = clock_offset(talk().log, conversation=C)

    ours, uncertainty = found.on_our_clock(EPOCH_MS + 1502, by=(EPOCH_MS + 1010) * MS)

    assert (ours, uncertainty) == ((EPOCH_MS + 1002) * MS, 3.0)


def test_a_stamp_made_before_a_move_and_heard_of_after_it_stays_before_it() -> None:
    found = clock_offset(talk(moved=3_660_000).log, conversation=C)

    ours, _ = found.on_our_clock(EPOCH_MS + 4502, by=(EPOCH_MS + 9000) * MS)

    assert ours == (EPOCH_MS + 4002) * MS


@pytest.mark.parametrize("stamp", [EPOCH_MS + 90_000, EPOCH_MS - 90_000])
def test_a_stamp_that_cannot_be_has_no_place(stamp: int) -> None:
    found = clock_offset(talk().log, conversation=C)

    assert found.on_our_clock(stamp, by=(EPOCH_MS + 9000) * MS, since=EPOCH_MS * MS) == (None, None)
    assert ClockOffset().on_our_clock(stamp, by=0) == (None, None)
