"""The error panel, without a browser: cases are found, run by button, by Enter and all at once."""

from __future__ import annotations

import dataclasses
import html
import threading
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import hostile
import ipywidgets
import pytest
import traitlets
from panel_parts import button, parts, press_enter, shown

from connectorkit import transport, widgets
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import ConnectorError
from connectorkit.redact import Secret
from connectorkit.scenarios import ALL, BY_NAME, TOPICS, Check, Outcome, Scenario, Scenarios
from connectorkit.texts import storable
from connectorkit.widgets.access import Access

WAIT = 60.0  # seconds: a machine under load is slow, never wrong


@pytest.fixture
def scenarios(client: Client, sandbox: dict[str, Any]) -> Scenarios:
    return Scenarios(client, SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"])))


def cases(panel: widgets.ErrorPanel) -> list[ipywidgets.Button]:
    """The buttons of the cases that are shown."""
    return [part for part in panel._cases._cases.children if isinstance(part, ipywidgets.Button)]


def headings(panel: widgets.ErrorPanel) -> list[str]:
    """The topics above them."""
    return [part.value for part in panel._cases._cases.children if isinstance(part, ipywidgets.Label)]


def test_a_case_is_run_by_its_button(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    button(panel, "missing-id").click()
    assert panel.wait(WAIT)

    assert "Bad Request, id is missing" in shown(panel)
    assert "Send an id, a text of 1 to 64 characters" in shown(panel)
    assert panel.outcomes["scenario"].tolist() == ["missing-id"]
    assert button(panel, "missing-id").button_style == "success"
    assert button(panel, "broken-json").button_style == ""


def test_cases_are_found_by_words_numbers_and_topics(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    panel.text.value = "files 411"

    assert [case.description for case in cases(panel)] == ["upload-without-length"]
    assert button(panel, "Run 1").tooltip == "Run every case that is shown"
    assert "foreign-conversation" in panel.search("40103")
    assert len(panel.search("")) == len(cases(panel)) == len(ALL)
    assert button(panel, "Run all").button_style == "primary"
    assert headings(panel) == list(TOPICS)


def test_a_topic_is_chosen_and_searched(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    panel.topics.value = "door"
    of_the_topic = [case.description for case in cases(panel)]
    panel.text.value = "40103"

    assert of_the_topic == [scenario.name for scenario in ALL if scenario.topic == "door"]
    assert headings(panel) == ["door"]
    assert 0 < len(cases(panel)) < len(of_the_topic)
    assert ("door (11)", "door") in panel.topics.options
    assert panel.topics.options[0] == (f"all ({len(ALL)})", "")


def test_an_unknown_topic_is_a_sentence(scenarios: Scenarios) -> None:
    with pytest.raises(ValueError, match=r"There is no topic 'doors'\. There are tokens, door, batch"):
        widgets.error_panel(scenarios).search("", "doors")


def test_enter_shows_the_one_case_that_was_found(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.text.value = "missing-id"

    press_enter(panel.text)
    assert panel.wait(WAIT)

    assert panel.outcomes["scenario"].tolist() == ["missing-id"]
    assert "Bad Request, id is missing" in panel._result.value


def test_enter_runs_the_cases_that_were_found(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.text.value = "file-url"

    press_enter(panel.text)
    assert panel.wait(WAIT)

    assert panel.outcomes["scenario"].tolist() == [case.description for case in cases(panel)]
    assert f"{len(cases(panel))} cases run, each as expected." in shown(panel)


def test_enter_in_an_empty_field_runs_nothing(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    press_enter(panel.text)

    assert panel.outcomes.empty


def test_the_last_complaint_goes_when_something_is_found(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.search("no such words")

    panel.search("missing")

    assert "No case" not in shown(panel)


def test_nothing_found_is_said_and_nothing_can_be_run(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    assert panel.search("no such words") == []

    assert "No case has all of these words." in shown(panel)
    assert button(panel, "Run 0").disabled
    assert panel.run_all().empty


def test_words_are_found_in_status_advice_and_source(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    one = next(one for one in ALL if one.advice and one.source)

    assert one.name in panel.search(one.advice)
    assert one.name in panel.search(one.source)
    assert all(str(401) in BY_NAME[name].expected for name in panel.search("401 door"))


def test_an_unknown_case_is_a_sentence(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    with pytest.raises(ValueError, match=r"Did you mean 'missing-id'\?"):
        panel.run("missing-idd")
    assert "Did you mean &#x27;missing-id&#x27;?" in shown(panel)


def test_the_cases_that_are_shown_are_run_with_progress(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    seen: list[int] = []
    panel._going.bar.observe(lambda change: seen.append(change["new"]), "value")
    panel.search("", "batch")

    button(panel, f"Run {len(cases(panel))}").click()
    assert panel.wait(WAIT)

    count = len(cases(panel))
    assert count > 5
    assert seen == list(range(1, count + 1))
    assert panel._going.bar.description == f"{count} of {count}"
    assert f"{count} cases run, each as expected." in shown(panel)
    assert panel._going.layout.display == "none"
    assert panel.outcomes["as_expected"].all()


def test_what_is_not_for_this_target_is_counted_and_keeps_its_colour(client: Client) -> None:
    panel = widgets.error_panel(Scenarios(client))
    panel.search("outages")

    panel.run_all()

    assert f"0 cases run, each as expected. {len(cases(panel))} are not for this target." in shown(panel)
    assert {case.button_style for case in cases(panel)} == {""}


def test_a_surprise_is_red_and_named(scenarios: Scenarios, client: Client) -> None:
    panel = widgets.error_panel(scenarios)
    client.settings = dataclasses.replace(client.settings, account_id="other")
    names = panel.search("id is missing")

    panel.run_all()

    surprised = panel.outcomes.query("not as_expected")["scenario"].tolist()
    assert 0 < len(surprised) < len(names)
    told = f"{len(names)} cases run, {len(surprised)} surprised: {', '.join(surprised)}."
    assert told in shown(panel)
    red = [name for name in names if button(panel, name).button_style == "danger"]
    assert red == surprised


def test_the_table_has_the_outcomes_of_the_cases_that_are_shown(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.run("missing-id")
    panel.run("missing-brand-id")

    panel.search("", "batch")

    assert "missing-brand-id" in panel._table.value
    assert "missing-id<" not in panel._table.value
    assert panel.outcomes["scenario"].tolist() == ["missing-id", "missing-brand-id"]


def test_a_case_is_shown_before_it_is_run(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    panel.show("expired-app-jwt")

    told = html.unescape(shown(panel))
    known = BY_NAME["expired-app-jwt"]
    assert all(
        words in told for words in (known.shows, known.expected, known.advice, known.source, "not yet")
    )
    assert panel.case.value == "expired-app-jwt"
    assert panel.exchange_id is None


def test_a_case_is_chosen_from_the_list(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.run("missing-id")
    panel.run("missing-brand-id")

    panel.case.value = "missing-id"

    assert panel.selected == "missing-id"
    assert "Bad Request, id is missing" in panel._result.value
    with pytest.raises(ValueError, match="Did you mean"):
        panel.show("missing-idd")


def test_the_exchange_behind_a_case_is_a_trait_that_another_panel_follows(scenarios: Scenarios) -> None:
    class Follower(traitlets.HasTraits):
        exchange = traitlets.Int(None, allow_none=True)

    panel, follower = widgets.error_panel(scenarios), Follower()
    traitlets.link((panel, "exchange_id"), (follower, "exchange"))

    first = panel.run("missing-id")
    panel.run("missing-brand-id")
    panel.show("missing-id")

    assert first.exchange is not None
    assert follower.exchange == first.exchange.exchange_id
    behind = scenarios.log.exchange(first.exchange.exchange_id)
    assert f"Exchange {behind.exchange_id}" in panel._result.value
    assert behind.url in html.unescape(panel._result.value)
    assert behind.response_body in html.unescape(panel._result.value)


class Slow(Scenarios):
    """Each case waits until it may begin, so that a test is never too late."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.may, self.begun = threading.Semaphore(0), threading.Semaphore(0)

    def run(self, name: str, *, visible: bool = False) -> Outcome:
        self.begun.release()
        assert self.may.acquire(timeout=WAIT)
        return super().run(name, visible=visible)


@pytest.fixture
def slow(scenarios: Scenarios) -> Slow:
    return Slow(scenarios._client, scenarios.sandbox)


def test_cases_are_run_beside_the_kernel_and_stopped(slow: Slow) -> None:
    panel = widgets.error_panel(slow)
    panel.search("", "batch")

    panel.start_all()  # returns although no case may begin yet
    assert slow.begun.acquire(timeout=WAIT)
    assert panel.running
    assert all(case.disabled for case in cases(panel))
    assert panel._going.layout.display != "none"
    with pytest.raises(ConnectorError, match=r"stop\(\) first"):
        panel.run("missing-id")
    with pytest.raises(ConnectorError, match=r"stop\(\) first"):
        panel.start_all()
    slow.may.release()
    assert slow.begun.acquire(timeout=WAIT)
    button(panel, "Stop").click()
    slow.may.release()
    assert panel.wait(WAIT)

    assert (panel.running, panel.done, panel.total) == (False, 2, len(cases(panel)))
    assert "Stopped. 2 cases run, each as expected." in shown(panel)
    assert len(panel.outcomes) == 2
    assert not any(case.disabled for case in cases(panel))
    assert panel._going.layout.display == "none"


def test_a_label_of_the_cell_counts_for_what_is_run_beside_it(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.search("missing-id")
    token = transport.label.set("for the ticket")
    try:
        panel.run_all()
    finally:
        transport.label.reset(token)

    assert scenarios.log.last().label == "for the ticket"


def test_no_thread_is_left_when_the_panel_is_closed(slow: Slow) -> None:
    panel = widgets.error_panel(slow)
    panel.start_all()
    assert slow.begun.acquire(timeout=WAIT)
    slow.may.release()

    panel.close()

    assert not [one for one in threading.enumerate() if one.name.startswith("connectorkit error panel")]
    assert panel.comm is None


def test_what_cannot_be_run_at_all_is_a_sentence(scenarios: Scenarios) -> None:
    class Broken(Scenarios):
        def run(self, name: str, *, visible: bool = False) -> Outcome:
            raise ConnectorError("The disk is <full>.")

    panel = widgets.error_panel(Broken(scenarios._client, scenarios.sandbox))
    panel.search("", "batch")

    with pytest.raises(ConnectorError, match="is <full>"):
        panel.run("missing-id")
    button(panel, f"Run {len(cases(panel))}").click()
    assert panel.wait(WAIT)

    assert "The disk is &lt;full&gt;." in panel._result.value
    assert panel.outcomes.empty
    assert (panel.running, panel.done) == (False, 0)


def test_time_passes_and_what_expires_next_is_told(scenarios: Scenarios, client: Client) -> None:
    panel = widgets.error_panel(scenarios)
    client.consumer("ana@example").open()
    before = panel.clock.refresh()
    panel.section = "clock"
    assert "expires" in shown(panel.clock)
    assert "the AppJWT, in 59 minutes" in shown(panel.clock) or "the AppJWT, in 1 hour" in shown(panel.clock)

    after = panel.advance(minutes=61)

    assert after - before >= timedelta(minutes=61)
    assert "has expired" in shown(panel.clock)
    assert "1 hour 1 minute ahead of this machine" in shown(panel.clock)
    assert panel.clock.now == after.isoformat(timespec="seconds")


def test_faults_and_clock_stand_in_the_panel_and_one_part_shows(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.faults.submit(status=503, on="send", times=1)

    panel.section = "faults"

    hidden = {name: part.layout.display == "none" for name, part in panel.sections._parts.items()}
    assert hidden == {"cases": True, "faults": False, "clock": True}
    drawn = (part for part in parts(panel.faults) if not isinstance(part, Access))
    assert {part.layout.display for part in drawn} == {None}
    assert "status=503" in shown(panel.faults)
    assert panel.sections.buttons.value == "faults"


def test_on_an_account_what_needs_a_sandbox_rests_and_says_why(client: Client) -> None:
    panel = widgets.error_panel(Scenarios(client))

    rests = button(panel, "expired-app-jwt")
    assert rests.disabled
    assert rests.tooltip == BY_NAME["expired-app-jwt"].why_never
    assert "Not for this target are" in shown(panel)
    assert not button(panel, "missing-id").disabled
    assert (panel.faults, panel.clock) == (None, None)
    assert "On a real account nothing is steered." in html.unescape(shown(panel))
    with pytest.raises(ConnectorError, match="nothing is steered"):
        panel.advance(minutes=61)


def test_on_an_account_what_agents_may_see_is_asked_about_first(client: Client) -> None:
    panel = widgets.error_panel(Scenarios(client))
    name = next(one.name for one in ALL if one.on_account == "visible")

    button(panel, name).click()
    asked, ran = panel.pending, len(panel.outcomes)
    button(panel, "Leave it").click()
    left = panel.pending
    button(panel, name).click()
    button(panel, "Run it").click()
    assert panel.wait(WAIT)

    assert (asked, ran, left, panel.pending) == (name, 0, "", "")
    assert "which agents may see" in BY_NAME[name].account
    assert panel.outcomes["scenario"].tolist() == [name]
    assert panel.outcomes["as_expected"].all()
    assert panel._asking.layout.display == "none"


def test_all_on_an_account_leaves_out_what_agents_may_see(client: Client) -> None:
    panel = widgets.error_panel(Scenarios(client))
    name = next(one.name for one in ALL if one.on_account == "visible")
    panel.search(name)

    panel.run_all()
    left_out = panel.outcomes.set_index("scenario").loc[name, "not_run"]
    panel.run_all(visible=True)

    assert "agents may see" in left_out
    assert panel.outcomes.set_index("scenario").loc[name, "as_expected"]


@pytest.mark.parametrize("text", hostile.TEXTS.values(), ids=hostile.TEXTS)
def test_hostile_texts_are_shown_as_they_are(client: Client, text: str) -> None:
    class Hostile(Scenarios):
        def __iter__(self) -> Iterator[Scenario]:
            return iter([dataclasses.replace(BY_NAME["missing-id"], shows=text, advice=text, source=text)])

        def run(self, name: str, *, visible: bool = False) -> Outcome:
            made = dataclasses.replace(hostile.with_text(text), response_body=text, error=text[:100])
            checks = (Check(text, text, text, ok=False),)
            told = dict(expected=text, observed=text, checks=checks, exchange=made)
            return Outcome(next(iter(self)), **told)

    panel = widgets.error_panel(Hostile(client))
    panel.search(text)

    panel.show("missing-id")
    before = shown(panel)
    panel.run("missing-id")

    for told in (before, shown(panel), panel._repr_mimebundle_()["text/html"]):
        assert "<script>" not in told
        assert Markup.of(told) <= {"div", "span", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert storable(text).strip()[:20] in html.unescape(before)


class Markup(HTMLParser):
    """The names of the elements in a text."""

    @classmethod
    def of(cls, text: str) -> set[str]:
        reader = cls()
        reader.found = set()
        reader.feed(text)
        return reader.found

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.add(tag)
        assert not any(name.startswith("on") or name == "src" for name, _ in attrs)


def test_every_control_is_labelled(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    controls = [
        part
        for part in parts(panel)
        if isinstance(part, ipywidgets.Button | ipywidgets.Dropdown | ipywidgets.Text)
    ]

    assert len(controls) > len(ALL)
    assert all(one.tooltip and one.description for one in controls)


def test_where_no_panel_can_be_shown_there_is_a_table(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.run("missing-id")

    bundle = panel._repr_mimebundle_()

    assert "<table" in bundle["text/html"]
    assert "Bad Request, id is missing" in bundle["text/html"]
    assert "1 cases run" in bundle["text/plain"] or "1 case run" in bundle["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_before_anything_is_run_there_is_no_table(scenarios: Scenarios) -> None:
    assert widgets.error_panel(scenarios)._table.value == ""
