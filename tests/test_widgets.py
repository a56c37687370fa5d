"""The panels, without a browser: values are set, buttons are clicked, what they show is read."""

from __future__ import annotations

import asyncio
from typing import Any

import ipywidgets
import pytest

from connectorkit import widgets
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import ConversationClosedError, EnvelopeError
from connectorkit.journey import Conversation
from connectorkit.redact import Secret
from connectorkit.scenarios import ALL, Scenarios


@pytest.fixture
def talk(client: Client) -> Conversation:
    return client.consumer("ana").open()


def button(panel: ipywidgets.Box, label: str) -> ipywidgets.Button:
    inside = [child for row in panel.children for child in getattr(row, "children", ())]
    return next(child for child in inside if getattr(child, "description", "") == label)


def shown(panel: ipywidgets.Box) -> str:
    return "".join(child.value for child in panel.children if isinstance(child, ipywidgets.HTML))


def press_enter(panel: widgets.ConversationPanel) -> None:
    panel.text._handle_custom_msg({"event": "submit"}, [])


def test_send_adds_to_transcript_and_table_and_clears_the_field(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)
    panel.text.value = "<b>Hello</b> & more"

    button(panel, "Send").click()

    assert shown(panel).count("&lt;b&gt;Hello&lt;/b&gt; &amp; more") == 2
    assert "<b>Hello" not in shown(panel)
    assert "Sent. The service gave it number 0." in shown(panel)
    assert panel.text.value == ""


async def press_enter_before_the_text_comes(panel: widgets.ConversationPanel) -> None:
    press_enter(panel)
    panel.text.value = "typed fast"


def test_enter_that_overtakes_the_text_sends_all_of_it(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    asyncio.run(press_enter_before_the_text_comes(panel))

    assert panel.messages["text"].dropna().tolist() == ["typed fast"]


def test_leaving_the_field_sends_nothing(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    panel.text.value = "not yet"

    assert panel.messages["text"].dropna().tolist() == []


def test_enter_on_a_text_that_is_there_sends_it(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)
    panel.text.value = "typed before"

    press_enter(panel)

    assert panel.messages["text"].dropna().tolist() == ["typed before"]


def test_a_mistake_is_said_in_the_panel_and_raised_to_a_cell(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    button(panel, "Send").click()
    with pytest.raises(EnvelopeError, match="text is empty"):
        panel.submit("")

    assert "text is empty" in shown(panel)


def test_after_close_the_controls_rest_and_the_panel_says_why(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    button(panel, "Close").click()

    assert "The conversation is closed. Open a new one to go on." in shown(panel)
    assert all(button(panel, label).disabled for label in ("Send", "Typing", "Close"))
    with pytest.raises(ConversationClosedError):
        panel.submit("too late")


def test_a_long_conversation_says_that_the_table_is_its_end(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    for number in range(12):
        panel.submit(f"text {number}")

    assert "The last 12 of 14 messages:" in shown(panel)


def test_the_plain_form_of_a_panel_is_a_sentence(talk: Conversation) -> None:
    assert "run the notebook in JupyterLab" in repr(widgets.conversation_panel(talk))


@pytest.fixture
def scenarios(client: Client, sandbox: dict[str, Any]) -> Scenarios:
    return Scenarios(client, SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"])))


def test_a_case_is_run_by_its_button(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)
    panel.case.value = "missing-id"

    button(panel, "Run").click()

    assert "400 · Bad Request, id is missing" in shown(panel)
    assert panel.outcomes["scenario"].tolist() == ["missing-id"]


def test_a_case_run_by_a_cell_is_the_one_in_the_menu(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    panel.submit("array-on-send")

    assert panel.case.value == "array-on-send"


def test_an_unknown_case_is_a_sentence(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    assert panel.submit("missing-idd") is None
    assert "Did you mean &#x27;missing-id&#x27;?" in shown(panel)


def test_all_cases_are_run_with_progress(scenarios: Scenarios) -> None:
    panel = widgets.error_panel(scenarios)

    button(panel, "Run all").click()

    assert len(panel.outcomes) == len(ALL)
    assert f"{len(ALL)} cases run, each as expected." in shown(panel)
