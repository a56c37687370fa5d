"""The error panel, without a browser: cases are found, run by button, by Enter and all at once."""

from __future__ import annotations

import dataclasses
from typing import Any

import ipywidgets
import pytest
from panel_parts import button, press_enter, shown

from connectorkit import widgets
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.redact import Secret
from connectorkit.scenarios import ALL, TOPICS, Scenarios


@pytest.fixture
def scenarios(client: Client, sandbox: dict[str, Any]) -> Scenarios:
    return Scenarios(client, SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"])))


def cases(panel: widgets.ErrorPanel) -> list[ipywidgets.Button]:
    """The buttons of the cases that are shown."""
    return [part for part in panel._cases.children if isinstance(part, ipywidgets.Button)]


def headings(panel: widgets.ErrorPanel) -> list[str]:
    """The topics above them."""
    return [part.value for part in panel._cases.children if isinstance(part, ipywidgets.Label)]


def test_a_case_is_run_by_its_button(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    button(panel, "missing-id").click()

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
    assert "foreign-conversation" in panel.find("40103")
    assert len(panel.find("")) == len(cases(panel)) == len(ALL)
    assert button(panel, "Run all").button_style == "primary"
    assert headings(panel) == list(TOPICS)


def test_a_topic_is_chosen_and_searched(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    panel.topic.value = "door"
    of_the_topic = [case.description for case in cases(panel)]
    panel.text.value = "40103"

    assert of_the_topic == [scenario.name for scenario in ALL if scenario.topic == "door"]
    assert headings(panel) == ["door"]
    assert 0 < len(cases(panel)) < len(of_the_topic)
    assert ("door (11)", "door") in panel.topic.options
    assert panel.topic.options[0] == (f"all ({len(ALL)})", "")


def test_an_unknown_topic_is_a_sentence(scenarios: Scenarios) -> None:
    with pytest.raises(ValueError, match=r"There is no topic 'doors'\. There are tokens, door, batch"):
        widgets.error_panel(scenarios).find("", "doors")


def test_enter_shows_the_one_case_that_was_found(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.text.value = "missing-id"

    press_enter(panel.text)

    assert panel.outcomes["scenario"].tolist() == ["missing-id"]
    assert "Bad Request, id is missing" in panel._result.value


def test_enter_runs_the_cases_that_were_found(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.text.value = "file-url"

    press_enter(panel.text)

    assert panel.outcomes["scenario"].tolist() == [case.description for case in cases(panel)]
    assert f"{len(cases(panel))} cases run, each as expected." in shown(panel)


def test_enter_in_an_empty_field_runs_nothing(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    press_enter(panel.text)

    assert panel.outcomes.empty


def test_the_last_complaint_goes_when_something_is_found(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.find("no such words")

    panel.find("missing")

    assert "No case" not in shown(panel)


def test_nothing_found_is_said_and_nothing_can_be_run(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    assert panel.find("no such words") == []

    assert "No case has all of these words." in shown(panel)
    assert button(panel, "Run 0").disabled
    assert panel.submit_all().empty


def test_an_unknown_case_is_a_sentence(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    assert panel.submit("missing-idd") is None
    assert "Did you mean &#x27;missing-id&#x27;?" in shown(panel)


def test_the_cases_that_are_shown_are_run_with_progress(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    seen: list[int] = []
    panel._progress.observe(lambda change: seen.append(change["new"]), "value")
    panel.find("batch")

    button(panel, f"Run {len(cases(panel))}").click()

    count = len(cases(panel))
    assert count > 5
    assert seen == list(range(1, count + 1))
    assert panel._progress.description == f"{count} of {count}"
    assert f"{count} cases run, each as expected." in shown(panel)
    assert panel._progress.layout.display == "none"
    assert panel.outcomes["as_expected"].all()


def test_what_is_not_for_this_target_is_counted_and_keeps_its_colour(client: Client) -> None:
    panel = widgets.error_panel(Scenarios(client))
    panel.find("outages")

    panel.submit_all()

    assert f"0 cases run, each as expected. {len(cases(panel))} are not for this target." in shown(panel)
    assert {case.button_style for case in cases(panel)} == {""}


def test_a_surprise_is_red_and_named(scenarios: Scenarios, client: Client) -> None:
    panel = widgets.error_panel(scenarios)
    client.settings = dataclasses.replace(client.settings, account_id="other")
    panel.find("send broken-json")

    panel.submit_all()

    assert "1 case run, 1 surprised: broken-json." in shown(panel)
    assert button(panel, "broken-json").button_style == "danger"


def test_the_table_has_the_outcomes_of_the_cases_that_are_shown(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.submit("missing-id")
    panel.submit("missing-brand-id")

    panel.find("", "batch")

    assert "missing-brand-id" in panel._table.value
    assert "missing-id<" not in panel._table.value
    assert panel.outcomes["scenario"].tolist() == ["missing-id", "missing-brand-id"]


def test_before_anything_is_run_there_is_no_table(scenarios: Scenarios) -> None:
    assert widgets.error_panel(scenarios)._table.value == ""
