"""No panel and no display has a serious barrier, in either theme; and panels are worked by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from .axe import Axe
from .bench import Bench

pytestmark = pytest.mark.browser
ONCE = pytest.mark.parametrize(("theme", "width"), [("light", 768)])
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


@ONCE
def test_tab_reaches_every_control_of_every_panel(lab: Bench) -> None:
    lab.open(*CELLS, button="Run doctor")
    lab.wait()
    keyboard = lab.page.keyboard

    for has, least in REACHED.items():
        panel = lab.panel(has).first
        controls = panel.locator("button, select, input, textarea, summary, [role=slider]")
        controls.locator("visible=true").first.focus()
        for _ in range(200):
            if not panel.evaluate(_MARK):
                break
            keyboard.press("Tab")
        assert panel.evaluate(_MISSED) == [], has
        assert panel.locator("[data-reached]").count() >= least, has


@ONCE
def test_the_focus_stays_in_the_panel_when_its_button_goes(lab: Bench) -> None:
    lab.open(CELLS[0], *CELLS[2:5], button="Cases")
    lab.wait()
    errors, talk, timings = (lab.panel(has).first for has in ("Cases", "Send", "Waterfall"))

    def press(panel: Locator, button: str, then: Locator) -> None:
        panel.get_by_role("button", name=button, exact=True).first.press("Enter")
        expect(then).to_be_visible()
        lab.page.wait_for_function("one => one.contains(document.activeElement)", arg=panel.element_handle())

    press(errors, "Run all", errors.get_by_role("button", name="Stop", exact=True))
    press(errors, "Stop", errors.get_by_text(re.compile(r"^Stopped\. ")))
    press(errors, "Faults", errors.get_by_role("button", name="Switch on", exact=True))
    press(errors, "Switch on", errors.get_by_role("button", name="Switch off", exact=True))
    press(errors, "Switch off", errors.get_by_text(re.compile(r"^Fault \d+ is off")))
    press(timings, "Pause", timings.get_by_role("button", name="Go on", exact=True))
    talk.get_by_label("Choices").fill("Today, Tomorrow")
    talk.get_by_placeholder("Write as the agent").fill("When shall it come?")
    talk.get_by_placeholder("Write as the agent").press("Enter")
    press(talk, "Today", talk.get_by_role("log").get_by_text("Today", exact=True).last)
    press(talk, "Close", talk.get_by_role("button", name="Re-open", exact=True))


def test_letters_and_arrows_in_a_list_are_not_the_notebooks(lab: Bench) -> None:
    panel = lab.open(CELLS[0], CELLS[3], button="Cases")
    lab.wait()
    cells = lab.page.locator(".jp-CodeCell")
    before = cells.count()

    topic = panel.get_by_label("Topic")
    topic.focus()
    for key in ("b", "d", "d", "ArrowDown"):
        lab.page.keyboard.press(key)
    expect(topic).to_be_focused()
    panel.get_by_role("button", name="Clock", exact=True).press("Enter")
    slider = panel.get_by_role("slider")
    slider.focus()
    lab.page.keyboard.press("ArrowUp")

    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "2 hours")
    assert cells.count() == before


VIEWS = {
    "Waterfall": "path of the messages",
    "Exchanges": "^waterfall of",
    "Percentiles": "^percentiles of",
    "Histogram": "^histogram of",
}
# What each panel is known by, and how many controls it has at least.
REACHED = {"Run doctor": 3, "Send": 12, "Cases": 60, "Waterfall": 8, "Older": 10, "Check": 5}
_MARK = """one => {
  const focused = document.activeElement;
  if (!one.contains(focused)) return false;
  focused.dataset.reached = "";
  return true;
}"""
_MISSED = """one => [...one.querySelectorAll("button, select, input, textarea, summary, [role=slider]")]
  .filter((part) => !part.disabled && part.getClientRects().length && !("reached" in part.dataset))
  .map((part) => part.outerHTML.slice(0, 200))"""
