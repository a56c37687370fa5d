"""The timings panel, without a browser: its views, what it follows, and when it rests."""

from __future__ import annotations

import dataclasses
import html
import itertools
import threading
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import hostile
import ipywidgets
import pandas as pd
import pytest
import traitlets
from hostile import exchange
from panel_parts import button, parts, shown

import connectorkit as ck
from connectorkit import frames, widgets
from connectorkit.columns import PHASES
from connectorkit.errors import LogError
from connectorkit.response_log import ResponseLog
from connectorkit.widgets import charts
from connectorkit.widgets.working import Pulse

WAIT = 60.0  # seconds: a machine under load is slow, never wrong
START = 1_790_000_000_000_000_000


@pytest.fixture
def log() -> ResponseLog:
    return ResponseLog()


@pytest.fixture
def panel(log: ResponseLog) -> Iterator[widgets.TimingsPanel]:
    made = widgets.timings_panel(log)
    yield made
    made.close()


def fill(log: ResponseLog, count: int, **changes: Any) -> None:
    for number in range(count):
        given = {
            "session_id": log.session_id,
            "started_at": START + number * 10**9,
            "total_ms": 10.0 + number,
        }
        log.append(exchange(**given | changes))


def followers() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name.startswith("connectorkit timings panel")]


def until(true: Any) -> None:
    """Wait until something is so; a test that waits in vain fails."""
    ends = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_an_empty_log_is_a_sentence_in_each_view(panel: widgets.TimingsPanel) -> None:
    told = {}
    for view in ("waterfall", "exchanges", "percentiles", "histogram"):
        panel.show(view)
        told[view] = panel._status.value
        assert panel._picture.value == ""

    assert "There is no conversation in the log yet." in told["waterfall"]
    assert all("There are no exchanges yet." in told[view] for view in list(told)[1:])


def test_the_waterfall_is_of_the_conversation_that_is_chosen(client: ck.Client, log: ResponseLog) -> None:
    first = client.consumer("ana@example").open(text="Hello")
    second = client.consumer("ben@example").open(text="Good day")
    for one in client.log:
        log.append(dataclasses.replace(one, exchange_id=0, session_id=log.session_id))
    panel = widgets.timings_panel(log)

    by_itself = panel._status.value
    panel.show("waterfall", conversation=first)
    chosen = panel._status.value
    panel._conversation.value = second.id

    assert second.id in by_itself
    assert first.id in chosen
    assert second.id in panel._status.value
    assert panel.conversation == second.id
    assert [value for _, value in panel._conversation.options] == ["", second.id, first.id]
    assert "the service" in panel._words.value.lower()
    assert 'alt="path of the messages' in panel._picture.value


def test_the_exchanges_stand_with_their_phases_the_newest_first(
    panel: widgets.TimingsPanel, log: ResponseLog
) -> None:
    fill(log, 25)

    panel.show("exchanges")

    assert "The last 20 exchanges; durations in milliseconds." in panel._status.value
    assert panel._words.value.count("<tr>") == 21
    assert panel._words.value.index(">25<") < panel._words.value.index(">24<")
    assert 'alt="waterfall of 20 exchanges' in panel._picture.value


@pytest.mark.parametrize("view", ["percentiles", "histogram"])
@pytest.mark.parametrize("by", ["operation", "label", "scenario", "phase"])
def test_latencies_are_those_of_the_summary(
    panel: widgets.TimingsPanel, log: ResponseLog, view: str, by: str
) -> None:
    fill(log, 30, label="one")
    fill(log, 10, label=None, operation="conversation", status_code=401)

    panel.show(view, by=by)

    whole = log.summary(by, session="current")
    assert list(panel.summary.columns) == list(whole.columns)
    pd.testing.assert_frame_equal(panel.summary.reset_index(drop=True), whole.reset_index(drop=True))
    assert f"40 exchanges by {by}" in panel._status.value
    assert panel._words.value.count("<tr>") == 1 + len(whole)
    assert f'alt="{view} of' in panel._picture.value


def test_the_duration_and_the_session_are_chosen(panel: widgets.TimingsPanel, log: ResponseLog) -> None:
    fill(log, 5)
    fill(log, 7, session_id="another")

    panel.show("percentiles", phase="wait_ms")
    ours = panel._status.value
    panel._session.value = "all"

    assert "5 exchanges by operation: wait, in milliseconds." in ours
    assert "12 exchanges by operation: wait" in panel._status.value
    assert (panel.session, panel._of.value) == ("all", "wait_ms")


def test_a_linked_trait_chooses_too(panel: widgets.TimingsPanel, log: ResponseLog) -> None:
    class Other(traitlets.HasTraits):
        view = traitlets.Unicode("histogram")

    fill(log, 5)
    other = Other()
    traitlets.link((other, "view"), (panel, "view"))

    assert panel.views.value == "histogram"
    assert 'alt="histogram of' in panel._picture.value


@pytest.mark.parametrize("wrong", [{"view": "pie"}, {"by": "colour"}, {"phase": "colour_ms"}])
def test_what_there_is_not_to_choose_is_refused(panel: widgets.TimingsPanel, wrong: dict[str, str]) -> None:
    before = panel.view, panel.by, panel.phase

    with pytest.raises(traitlets.TraitError):
        panel.show(**wrong)

    assert (panel.view, panel.by, panel.phase) == before


def test_only_the_controls_of_the_view_are_there(panel: widgets.TimingsPanel) -> None:
    there = {}
    for view in ("waterfall", "exchanges", "percentiles", "comparison"):
        panel.show(view)
        fields = [part for part in parts(panel) if isinstance(part, ipywidgets.Dropdown)]
        there[view] = [one.description for one in fields if one.layout.display != "none"]

    assert there == {
        "waterfall": ["Conversation"],
        "exchanges": ["From"],
        "percentiles": ["By", "Duration", "From"],
        "comparison": ["By", "Duration", "Before", "After"],
    }


def test_two_runs_are_compared_with_their_confidence(panel: widgets.TimingsPanel, log: ResponseLog) -> None:
    fill(log, 60, label="before", total_ms=10.0)
    for number in range(60):
        fill(log, 1, label="after", total_ms=30.0 + number % 3, started_at=START + number * 10**9)

    made = panel.compare("before", "after")

    assert panel.view == "comparison"
    assert (panel.before, panel.after) == (panel._before.value, panel._after.value) == ("before", "after")
    assert "slower" in repr(made)
    assert "95 % confidence" in shown(panel)
    assert panel.comparison is made
    assert ("label after", "after") in panel._before.options


def test_two_runs_are_compared_by_hand_beside_the_kernel(
    panel: widgets.TimingsPanel, log: ResponseLog
) -> None:
    fill(log, 60, label="before")
    fill(log, 60, label="after")
    panel.show("comparison")
    panel._before.value, panel._after.value = "before", "after"

    button(panel, "Compare").click()
    assert panel._worker.wait(WAIT)

    assert "60 calls before, 60 after" in shown(panel)
    assert not button(panel, "Compare").disabled


def test_frames_are_compared_too_and_by_phase(panel: widgets.TimingsPanel, log: ResponseLog) -> None:
    fill(log, 40)
    panel.show("percentiles", by="phase")
    found = log.timings()

    made = panel.compare(found.head(20), found.tail(20))

    assert set(made.frame["phase"]) == {*PHASES, "total_ms"}


def test_a_run_that_there_is_not_is_said_and_raised(panel: widgets.TimingsPanel, log: ResponseLog) -> None:
    fill(log, 3)

    with pytest.raises(LogError, match="no such session"):
        panel.compare("yesterday", "current")

    assert "no such session" in panel._status.value
    assert panel.comparison is None


def test_it_follows_while_it_is_seen(panel: widgets.TimingsPanel, log: ResponseLog) -> None:
    panel.show("percentiles")
    nobody = followers()
    panel._view_count = 1  # as a browser tells
    assert panel.following

    fill(log, 3)
    until(lambda: "3 exchanges" in panel._status.value)
    fill(log, 2)
    until(lambda: "5 exchanges" in panel._status.value)
    panel._view_count = 0

    assert nobody == followers() == []
    assert not panel.following


def test_it_follows_while_the_kernel_is_busy(panel: widgets.TimingsPanel, log: ResponseLog) -> None:
    """The main thread stays in this loop, as in a cell that is running."""
    panel.show("histogram")
    panel._view_count = 1

    for _ in range(1000):
        fill(log, 1)
        if 'alt="histogram of' in panel._picture.value:
            break
        time.sleep(0.05)

    assert 'alt="histogram of' in panel._picture.value


def test_paused_it_stands_still_and_then_catches_up(
    panel: widgets.TimingsPanel, log: ResponseLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.show("percentiles")
    fill(log, 1)
    button(panel, "Refresh").click()
    looks = threading.Semaphore(0)
    look = panel._look
    monkeypatch.setattr(panel, "_look", lambda: (look(), looks.release())[0])
    button(panel, "Pause").click()
    panel._view_count = 1

    fill(log, 4)
    assert looks.acquire(timeout=WAIT)
    assert looks.acquire(timeout=WAIT)
    paused = panel._status.value
    button(panel, "Go on").click()

    assert "1 exchange by" in paused
    assert "Paused." in paused
    assert "5 exchanges by" in panel._status.value
    assert "Paused." not in panel._status.value
    panel.pause()
    assert panel.paused
    panel.resume()
    assert button(panel, "Pause")


def test_what_has_not_changed_is_not_drawn_again(
    panel: widgets.TimingsPanel, log: ResponseLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, 5)
    panel.show("percentiles")
    drawn: list[str] = []
    draw = charts.Charts.draw

    def counting(self: charts.Charts, view: str, *given: Any) -> charts.Drawn:
        drawn.append(view)
        return draw(self, view, *given)

    monkeypatch.setattr(charts.Charts, "draw", counting)
    assert panel._look()
    assert panel._look()
    quiet = list(drawn)
    fill(log, 1)
    assert panel._look()

    assert (quiet, drawn) == ([], ["percentiles"])


def test_what_is_new_costs_only_itself(
    panel: widgets.TimingsPanel, log: ResponseLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, 300)
    panel.show("percentiles")
    looked_at: list[int] = []
    failed = frames.failed
    monkeypatch.setattr(frames, "failed", lambda rows: (looked_at.append(len(rows)), failed(rows))[1])

    fill(log, 2)
    panel._look()

    assert looked_at == [2]


def test_a_closed_log_is_a_sentence_and_ends_the_following(
    panel: widgets.TimingsPanel, log: ResponseLog
) -> None:
    fill(log, 3)
    panel.show("percentiles")
    panel._view_count = 1
    log.close()

    until(lambda: not panel.following)

    assert "The log is closed." in panel._status.value
    assert 'alt="percentiles of' in panel._picture.value
    with pytest.raises(LogError):
        panel.refresh()


def test_no_thread_is_left_when_the_panel_is_closed(log: ResponseLog) -> None:
    panel = widgets.timings_panel(log)
    panel._view_count = 1
    assert followers()

    panel.close()

    assert followers() == []


def test_a_look_is_followed_by_a_rest_and_the_last_ends_it() -> None:
    moments: list[float] = []
    enough = threading.Event()

    def look() -> bool:
        moments.append(time.monotonic())
        if len(moments) == 3:
            enough.set()
        return len(moments) < 3

    pulse = Pulse("connectorkit test", look, 0.05)
    assert enough.wait(WAIT)
    pulse.close()

    assert not pulse.running
    assert len(moments) == 3
    assert all(later - earlier >= 0.05 for earlier, later in itertools.pairwise(moments))


@pytest.mark.parametrize("text", hostile.TEXTS.values(), ids=hostile.TEXTS)
def test_hostile_texts_are_only_text(log: ResponseLog, text: str) -> None:
    for number in range(3):
        made = hostile.with_text(text)
        log.append(dataclasses.replace(made, session_id=log.session_id, started_at=START + number))
    panel = widgets.timings_panel(log)

    for view in ("waterfall", "exchanges", "percentiles", "histogram"):
        for by in ("label", "scenario"):
            panel.show(view, by=by)
            told = shown(panel) + panel._repr_mimebundle_()["text/html"]
            assert Markup.of(told) <= SAFE
    panel.compare(log.timings(), log.timings())
    assert Markup.of(shown(panel)) <= SAFE


SAFE = {*("div", "span", "strong", "table", "thead", "tbody", "tr", "th", "td"), "img", "style"}


class Markup(HTMLParser):
    """The names of the elements in a text; images must hold their picture themselves."""

    @classmethod
    def of(cls, text: str) -> set[str]:
        reader = cls()
        reader.found = set()
        reader.feed(text)
        return reader.found

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.add(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "src" or value.startswith("data:image/svg+xml;base64,")


def test_every_control_is_labelled(panel: widgets.TimingsPanel) -> None:
    kinds = ipywidgets.Button | ipywidgets.Dropdown
    controls = [part for part in parts(panel) if isinstance(part, kinds)]

    assert len(controls) == 9
    assert all(one.tooltip and one.description for one in controls)
    assert len(panel.views.tooltips) == len(panel.views.options)


def test_where_no_panel_can_be_shown_there_are_picture_and_table(
    panel: widgets.TimingsPanel, log: ResponseLog
) -> None:
    fill(log, 3)
    panel.show("percentiles")

    bundle = panel._repr_mimebundle_()

    assert "<img" in bundle["text/html"]
    assert "<table" in bundle["text/html"]
    assert "percentiles" in bundle["text/plain"]
    assert "3 exchanges by operation" in html.unescape(bundle["text/html"])
