"""The path of the messages of one conversation: spans, words and picture."""

from __future__ import annotations

import math
import random
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from logbook import HOSTILE, accepted, made, random_exchange, random_notification
from logbook import T0 as BEGAN
from logbook import publish as publish_text
from storybook import ANA, C, Story, at, main_dialog, publish, receipt, state, text_event

from connectorkit.paths import drawing
from connectorkit.paths.scale import scale
from connectorkit.paths.spans import PATH
from connectorkit.paths.waterfall import Waterfall
from connectorkit.response_log import ResponseLog

AGENT = "ASSIGNED_AGENT"
SVG = "{http://www.w3.org/2000/svg}"


def story(text: str = "Hello") -> Story:
    """A message, its receipt, typing and an answer; the service's clock is 500 ms ahead."""
    told = Story().open(0, took=6.0)
    told.change(9, at(3), state="OPEN", stage="OPEN", startTs=at(3), dialogs=main_dialog())
    told.send(100, text_event(text), 0, took=8.0).hear(120, text_event(text), 0, stamp=at(104))
    told.hear(125, receipt("ACCEPT", 0), 1, "CONTROLLER", stamp=at(104))
    told.hear(2000, state("COMPOSING"), None, AGENT)
    return told.hear(5020, text_event("It is on its way"), 2, AGENT, stamp=at(5004))


def spans(found: Waterfall, *columns: str) -> list[Any]:
    frame = found.frame[list(columns)].astype(object)
    rows = frame.where(frame.notna(), None).values.tolist()
    return [tuple(round(value, 3) if isinstance(value, float) else value for value in row) for row in rows]


# --- Spans -----------------------------------------------------------------------------------------


def test_each_wait_is_a_span_on_our_clock() -> None:
    found = story().log.waterfall(C)

    assert spans(found, "step", "span", "who", "begin_ms", "end_ms", "took_ms", "caused_by") == [
        (1, "acknowledged", ANA, 0, 6, 6, None),
        (2, "acknowledged", ANA, 0, 6, 6, None),
        (3, "notified", "service", 0, 9, 9, "x1.1"),
        (3, "delivered", "service", 3, 9, 6, None),
        (4, "acknowledged", ANA, 100, 108, 8, None),
        (5, "notified", "CONSUMER", 100, 120, 20, "x2.0"),
        (5, "delivered", "CONSUMER", 104, 120, 16, None),
        (6, "delivered", "CONTROLLER", 104, 125, 21, None),
        (7, "delivered", AGENT, None, 2000, None, None),
        (8, "thought", AGENT, 104, 5004, 4900, "n2.0"),
        (8, "delivered", AGENT, 5004, 5020, 16, None),
    ]


def test_a_request_shows_when_the_service_acted_and_what_it_answered() -> None:
    found = story().log.waterfall(C)

    asked = [row for row in spans(found, "span", "what", "server_ms", "answer") if row[0] == "acknowledged"]
    assert asked == [
        ("acknowledged", "set profile", None, "OK"),
        ("acknowledged", "open conversation", 3, "OK, conversation opened"),
        ("acknowledged", "text: Hello", 104, "OK, number 0"),
    ]


def test_the_uncertainty_of_the_offset_stands_beside_each_time_stamp() -> None:
    found = story().log.waterfall(C)

    uncertainty = found.frame["uncertainty_ms"].dropna().unique().tolist()
    assert uncertainty == [(found.offset.uncertainty_ms or 0) + 0.5]


def test_the_agent_answers_the_newest_message_and_only_once() -> None:
    told = Story().open(0).send(100, text_event(), 0).hear(120, text_event(), 0, stamp=at(102))
    told.send(200, text_event(), 1).hear(220, text_event(), 1, stamp=at(202))
    told.hear(505, text_event("All agents are busy"), 2, "CONTROLLER", stamp=at(500))
    for number, when in ((3, 1000), (4, 2000)):
        told.hear(when + 5, text_event(), number, AGENT, stamp=at(when))

    thought = [
        row for row in spans(told.log.waterfall(C), "span", "took_ms", "caused_by") if row[0] == "thought"
    ]

    assert thought == [("thought", 798, "n2.0")]


def test_without_an_offset_the_agents_time_is_still_known() -> None:
    told = Story().hear(120, text_event(), 0, stamp=at(104)).hear(900, text_event(), 1, AGENT, stamp=at(800))

    assert spans(told.log.waterfall(C), "span", "begin_ms", "end_ms", "took_ms") == [
        ("delivered", None, 0, None),
        ("thought", None, None, 696),
        ("delivered", None, 780, None),
    ]


def test_a_request_without_an_answer_never_ends_and_a_refused_one_says_so() -> None:
    refused = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request"}, "reqId": "7"}
    told = Story().open(0).call(10, "send", publish(C, text_event()), refused, status_code=400)
    told.call(20, "send", publish(C, text_event()), None, status_code=None, error="ReadTimeout")

    assert spans(told.log.waterfall(C), "begin_ms", "end_ms", "answer")[2:] == [
        (10, 15, "refused: Bad Request"),
        (20, None, None),
    ]


def test_another_offset_may_be_given() -> None:
    told = story()

    found = told.log.waterfall(C, offset=told.log.clock_offset())

    assert found.offset.stamps == story().log.waterfall(C).offset.stamps
    assert spans(found, "took_ms") == spans(told.log.waterfall(C), "took_ms")


def test_an_empty_log_keeps_columns_and_dtypes() -> None:
    empty, filled = ResponseLog().waterfall(), story().log.waterfall()

    assert list(empty.frame.columns) == list(PATH)
    assert (empty.frame.dtypes == filled.frame.dtypes).all()
    assert repr(empty).startswith("There is no conversation in the log yet.")
    assert empty.steps().empty


def test_the_default_is_the_conversation_used_last() -> None:
    assert story().log.waterfall().conversation == C


@pytest.mark.parametrize("seed", range(12))
def test_a_log_of_whatever_kind_has_a_path(seed: int) -> None:
    chance, log = random.Random(seed), ResponseLog()
    for _ in range(50):
        log.append(random_exchange(chance))
        log.append_notification(random_notification(chance))
    for text in HOSTILE[:6]:
        odd = chance.choice([None, -5.0, 1e300, math.inf, math.nan])
        log.append(
            made(
                "send",
                request_body=publish_text(text, "c-1"),
                response_body=accepted(chance.randrange(9)),
                status_code=200,
                consumer=text,
                total_ms=odd,
                connect_ms=odd,
                started_at=chance.choice([0, 2**62, BEGAN]),
            )
        )

    for conversation in (None, "c-1", "c-2", "nowhere"):
        found = log.waterfall(conversation)
        assert repr(found)
        assert found._repr_html_()
        assert (found.frame["took_ms"].dropna().abs() < math.inf).all()
    assert read(log.waterfall("c-1").picture().svg())[0]


# --- Display ---------------------------------------------------------------------------------------


def test_it_is_shown_as_one_line_for_each_step() -> None:
    shown = repr(story().log.waterfall(C)).splitlines()

    assert shown[0] == f"Path of conversation {C}, milliseconds since its first request:"
    assert shown[1].split() == [
        "step",
        "at",
        "ms",
        "who",
        "what",
        "service",
        "ack",
        "notified",
        "delivered",
        "thought",
    ]
    assert shown[5].split() == ["4", "100.0", ANA, "text:", "Hello", "104.0", "8.0"]
    assert shown[9].split()[-3:] == ["5,004.0", "16.0", "4,900.0"]
    assert shown[-1].startswith("The service's clock is ahead of ours by 500.")


def test_the_display_escapes_what_was_said() -> None:
    html = story("<script>alert(1)</script>").log.waterfall(C)._repr_html_()

    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_a_line_break_in_a_message_breaks_no_line() -> None:
    assert len(repr(story("one\ntwo").log.waterfall(C)).splitlines()) == len(
        repr(story("one two").log.waterfall(C)).splitlines()
    )


# --- Picture ---------------------------------------------------------------------------------------


def read(svg: str) -> tuple[set[str], set[str], str]:
    elements = list(ElementTree.fromstring(svg).iter())
    names = {element.tag.removeprefix(SVG) for element in elements}
    return names, {name for e in elements for name in e.attrib}, "\n".join(e.text or "" for e in elements)


def test_the_picture_has_a_line_for_each_step_and_the_offset_in_its_title() -> None:
    picture = story().log.waterfall(C).picture()

    _, _, text = read(picture.svg())
    assert "clock of the service: +500." in text
    assert "4  ana@example: text: Hello" in text
    assert "agent's time to answer" in text
    assert "4,900.0 ms" in text
    assert "8 steps; clock of the service: +500." in repr(picture)


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><image href=x onerror="alert(1)"/>', "]]><!--"]
)
def test_hostile_text_is_text_in_the_picture(hostile: str) -> None:
    names, attributes, _ = read(story(hostile).log.waterfall(C).picture().svg())

    assert not names & {"script", "image", "foreignObject", "use", "a"}
    assert not [name for name in attributes if name.startswith("on") or name.endswith("href")]


def test_what_cannot_be_placed_and_what_is_not_there_make_pictures() -> None:
    lonely = Story().hear(120, text_event(), 0, stamp=at(104))

    for log in (ResponseLog(), lonely.log):
        assert read(log.waterfall().picture().svg())[0]


def test_only_the_last_steps_are_drawn() -> None:
    picture = story().log.waterfall(C).picture(last=2)

    _, _, text = read(picture.svg())
    assert "2 steps" in repr(picture)
    assert "4  ana@example" not in text
    with pytest.raises(ValueError, match=r"last is 0, allowed are whole numbers from 1 up\."):
        story().log.waterfall(C).picture(last=0)


def test_a_refusal_shows_in_the_picture() -> None:
    refused = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request"}, "reqId": "7"}
    told = Story().open(0).call(10, "send", publish(C, text_event()), refused, status_code=400)

    assert "text: Hello (refused)" in read(told.log.waterfall(C).picture().svg())[2]


def test_the_frame_is_left_as_it_was() -> None:
    found = story().log.waterfall(C)
    before = found.frame.copy()

    drawing.draw(found.frame, found.offset)

    assert before.equals(found.frame)


# --- The axis --------------------------------------------------------------------------------------


def test_idle_time_is_cut_and_busy_time_keeps_its_proportions() -> None:
    axis = scale([(0, 10), (5, 20), (60_000, 60_010)])

    ((start, end),) = axis.cuts
    assert 20 < start < end < 60_000
    assert axis.place(10) - axis.place(0) == pytest.approx(10)
    assert axis.place(60_010) - axis.place(60_000) == pytest.approx(10)
    assert axis.place(60_000) - axis.place(20) < 10


def test_places_never_go_back() -> None:
    axis = scale([(0, 10), (100, 101), (900, 950), (951, 10_000)])

    places = [axis.place(ms) for ms in range(0, 10_001, 7)]
    assert places == sorted(places)


def test_ticks_say_the_time_in_a_fitting_unit() -> None:
    words = [text for _, text in scale([(0, 40), (90_000, 90_030)]).ticks]

    assert words[:3] == ["0 ms", "10 ms", "20 ms"]
    assert words[-1] == "90.03 s"


@pytest.mark.parametrize("busy", [[], [(5, 5)], [(0, 0), (0, 0)], [(-3, 4)], [(0, 1e9)], [(0, 1e-6)]])
def test_odd_spans_make_an_axis(busy: list[tuple[float, float]]) -> None:
    axis = scale(busy)

    assert axis.places == tuple(sorted(axis.places))
    assert axis.places[-1] > axis.places[0]
    assert axis.ticks
