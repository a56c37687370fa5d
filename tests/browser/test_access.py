"""No panel and no display has a serious barrier, in either theme; and panels are worked by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .axe import Axe
from .bench import Bench

pytestmark = pytest.mark.browser
THEMED = pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 768)])
CELLS = [
    """
import connectorkit as ck
from connectorkit import widgets

kit = ck.connect(sandbox=True, agent=False, log=":memory:", seed=7)
talk = kit.consumer("ana@example").open(features=["RICH_CONTENT", "QUICK_REPLIES"], text="Hello")
for label in ("before", "after") * 3:
    with kit.label(label):
        for number in range(4):
            talk.send(f"{label} {number}")
kit.scenarios.run("closed-conversation")
kit.sandbox.settle()
""",
    "connect = widgets.connect_panel(kit, 'ana@example')\nconnect",
    "conversation = widgets.conversation_panel(talk)\nconversation",
    "errors = widgets.error_panel(kit)\nerrors",
    "timings = widgets.timings_panel(kit)\ntimings",
    "log = widgets.log_panel(kit)\nlog",
    "lab = widgets.signature_lab()\nlab",
]


@THEMED
def test_no_panel_has_a_serious_barrier(lab: Bench, axe: Axe, theme: str, width: int) -> None:
    lab.open(*CELLS, button="Run doctor")
    lab.wait()
    # So high that a whole panel is in it: what is scrolled out of sight has no colours.
    lab.page.set_viewport_size({"width": width, "height": 3000})
    found = []

    def look(name: str, has: str) -> None:
        panel = lab.panel(has).first
        panel.scroll_into_view_if_needed()
        found.extend(f"{name}: {one}" for one in axe.found(panel))

    look("connect", "Run doctor")
    panel = lab.panel("Run doctor")
    panel.get_by_role("button", name="Connect", exact=True).press("Enter")
    expect(panel.get_by_role("timer", name="AppJWT, time left")).to_contain_text(":")
    panel.get_by_role("button", name="Run doctor").press("Enter")
    expect(panel.get_by_text("All checks are well.")).to_be_visible()
    look("connect, connected", "Run doctor")
    panel = lab.panel("Send")
    panel.get_by_label("Choices").fill("Today, Tomorrow")
    panel.get_by_placeholder("Write as the agent").fill("When shall it come?")
    panel.get_by_placeholder("Write as the agent").press("Enter")
    expect(panel.get_by_role("log").get_by_role("button", name="Today")).to_be_enabled()
    look("conversation", "Send")

    panel = lab.panel("Cases")
    look("errors", "Cases")
    panel.get_by_role("button", name="foreign-conversation", exact=True).click()
    expect(panel.get_by_text(re.compile(r"^Exchange \d+$"))).to_be_visible()
    look("errors, one", "Cases")
    panel.get_by_role("button", name="Faults", exact=True).click()
    panel.get_by_role("button", name="Switch on", exact=True).click()
    expect(panel.get_by_text("has not struck yet").first).to_be_visible()
    look("faults", "Cases")
    panel.get_by_role("button", name="Clock", exact=True).click()
    panel.get_by_role("button", name="Advance", exact=True).click()
    expect(panel.get_by_text("1 hour 1 minute passed, and what fell due was done.")).to_be_visible()
    look("clock", "Cases")

    panel = lab.panel("Waterfall")
    picture = panel.locator(f"img.ck-{theme}")
    for view, words in VIEWS.items():
        panel.get_by_role("button", name=view, exact=True).click()
        expect(picture).to_have_attribute("alt", re.compile(words))
        look(f"timings, {view}", "Waterfall")
    panel.get_by_role("button", name="Before and after", exact=True).click()
    panel.get_by_label("Before", exact=True).select_option("label before")
    panel.get_by_label("After", exact=True).select_option("label after")
    panel.get_by_role("button", name="Compare", exact=True).click()
    expect(panel.get_by_text(re.compile("confidence|too few calls")).first).to_be_visible()
    look("timings, comparison", "Waterfall")

    look("log", "Older")
    panel = lab.panel("Older")
    panel.get_by_role("button", name="Older", exact=True).click()
    expect(panel.get_by_label("The exchange as cURL")).to_have_value(re.compile("curl"))
    look("log, one", "Older")

    assert not found, "\n".join(dict.fromkeys(found))


VIEWS = {
    "Waterfall": "path of the messages",
    "Exchanges": "^waterfall of",
    "Percentiles": "^percentiles of",
    "Histogram": "^histogram of",
}
