"""A person at the errors panel: searches, runs one and all, stops, switches a fault on, lets time pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .bench import EACH, HOSTILE, HOSTILE_CELL, Bench

pytestmark = pytest.mark.browser
ONCE = pytest.mark.parametrize(("theme", "width"), [("light", 768)])
OPENED = """
import connectorkit as ck
from connectorkit import widgets

kit = ck.connect(sandbox=True, log=":memory:")
panel = widgets.error_panel(kit)
panel
"""
# Two minutes for all of them: time enough for a person on a busy machine.
SLOW = """
import time
import connectorkit as ck
from connectorkit import widgets
from connectorkit.scenarios import Scenarios

kit = ck.connect(sandbox=True, log=":memory:")

class Slow(Scenarios):
    def run(self, name, *, visible=False):
        time.sleep(1)
        return kit.scenarios.run(name, visible=visible)

panel = widgets.error_panel(Slow(kit, kit.sandbox))
panel
"""
HOSTILE_PANEL = """
import dataclasses
from connectorkit.scenarios import BY_NAME, Scenarios

class Hostile(Scenarios):
    def __iter__(self):
        one = BY_NAME["missing-id"]
        return iter([dataclasses.replace(one, shows=hostile, advice=hostile, source=hostile)])

    def run(self, name, *, visible=False):
        made = kit.scenarios.run(name)
        return dataclasses.replace(made, scenario=next(iter(self)), observed=hostile, expected=hostile)

panel = widgets.error_panel(Hostile(kit, kit.sandbox))
panel
"""


@EACH
def test_errors_are_found_run_and_read(lab: Bench, theme: str, width: int, screenshots: Path) -> None:
    panel = lab.open(OPENED, button="Cases")
    lab.wait()

    panel.get_by_role("button", name="foreign-conversation", exact=True).click()
    expect(panel.get_by_text("ConsumerJWS is invalid").first).to_be_visible()
    expect(panel.get_by_text(re.compile(r"^Exchange \d+$"))).to_be_visible()
    lab.shoot(panel, screenshots / f"errors-one-{theme}-{width}.png")
    panel.get_by_placeholder("a word or a number").press_sequentially("batch")
    run = panel.get_by_role("button", name=re.compile(r"^Run \d+$"))
    expect(run).to_be_visible()
    run.click()
    expect(panel.get_by_text(re.compile(r"^\d+ cases run, each as expected\.$"))).to_be_visible()
    expect(panel.get_by_role("button", name="Stop", exact=True)).to_be_hidden()
    lab.shoot(panel, screenshots / f"errors-found-{theme}-{width}.png")

    panel.get_by_role("button", name="Faults", exact=True).click()
    panel.get_by_role("button", name="Switch on", exact=True).click()
    expect(panel.get_by_text("has not struck yet").first).to_be_visible()
    lab.shoot(panel, screenshots / f"errors-faults-{theme}-{width}.png")
    panel.get_by_role("button", name="Clock", exact=True).click()
    panel.get_by_role("button", name="Advance", exact=True).click()
    expect(panel.get_by_text("1 hour 1 minute passed, and what fell due was done.")).to_be_visible()
    lab.shoot(panel, screenshots / f"errors-clock-{theme}-{width}.png")


@ONCE
def test_all_are_run_while_a_cell_can_be_run_and_are_stopped(lab: Bench, screenshots: Path) -> None:
    panel = lab.open(SLOW, "2 ** 70", button="Cases")
    lab.wait()

    panel.get_by_role("button", name="Run all", exact=True).click()
    stop = panel.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    lab.shoot(panel, screenshots / "errors-running.png")
    cell = lab.page.locator(".jp-CodeCell").last
    cell.locator(".cm-content").click()
    lab.page.keyboard.press("End")
    lab.page.keyboard.type(" + int(panel.running)")
    lab.page.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("1180591620717411303425")
    stop.click()

    expect(panel.get_by_text(re.compile(r"^Stopped\. \d+ cases? run, each as expected\."))).to_be_visible()


@ONCE
def test_the_panel_is_worked_by_keyboard_alone(lab: Bench) -> None:
    panel = lab.open(OPENED, button="Cases")
    lab.wait()
    page = lab.page

    panel.get_by_label("Topic").focus()
    page.keyboard.press("Tab")
    page.keyboard.type("missing-id")
    expect(panel.get_by_role("button", name="Run 1", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(panel.get_by_role("button", name="missing-id", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    expect(panel.get_by_text("Bad Request, id is missing").first).to_be_visible()
    panel.get_by_role("button", name="Clock", exact=True).focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_text("Clock of the sandbox")).to_be_visible()
    page.keyboard.press("Tab")
    slider = panel.locator(".noUi-handle")
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(panel.get_by_text("2 hours", exact=True)).to_be_visible()


@ONCE
def test_hostile_texts_run_nothing_and_hold_the_layout(lab: Bench, screenshots: Path) -> None:
    opened = OPENED.removesuffix("panel\n")
    panel = lab.open(opened, HOSTILE_CELL, HOSTILE_PANEL, button="Cases")
    lab.wait()

    panel.get_by_role("button", name="missing-id", exact=True).click()

    expect(panel.get_by_text(HOSTILE[:40]).first).to_be_visible()
    expect(panel.get_by_text(re.compile(r"^Exchange \d+$"))).to_be_visible()
    lab.shoot(panel, screenshots / "errors-hostile.png")
