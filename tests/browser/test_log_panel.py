"""The log panel in JupyterLab: exchanges are found, chosen, read, copied, and new ones come by themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .bench import EACH, Bench

pytestmark = pytest.mark.browser

CELLS = [
    "import connectorkit as ck\nfrom connectorkit import widgets\nkit = ck.connect(log=':memory:', seed=7)\n"
    "talk = kit.consumer('ana@example').open(text='Where is my parcel?')\n"
    "kit.scenarios.run('closed-conversation'); kit.sandbox.settle();",
    "panel = widgets.log_panel(kit)\npanel",
]


@EACH
def test_an_exchange_is_chosen_and_read(lab: Bench, theme: str, width: int, screenshots: Path) -> None:
    panel = lab.open(*CELLS, button="Older")
    lab.wait()

    rows = panel.get_by_role("listbox", name="Exchanges, the newest on top")
    rows.select_option(rows.locator("option").filter(has_text="400").inner_text())

    expect(panel.get_by_text("Compared with scenario closed-conversation: as expected")).to_be_visible()
    expect(panel.get_by_label("Exchange", exact=True)).not_to_have_value("0")
    expect(panel.get_by_label("The exchange as cURL")).to_have_value(re.compile("curl --include"))
    lab.shoot(panel, screenshots / f"log-{theme}-{width}.png")
    panel.get_by_label("The exchange as cURL").scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / f"log-{theme}-{width}-below.png")


def test_by_keyboard_and_what_comes_meanwhile(lab: Bench, screenshots: Path) -> None:
    panel = lab.open(*CELLS, button="Older")
    lab.wait()

    rows = panel.get_by_role("listbox", name="Exchanges, the newest on top")
    number = panel.get_by_label("Exchange", exact=True)
    older = panel.get_by_role("button", name="Older", exact=True)
    rows.focus()
    lab.page.keyboard.press("ArrowDown")
    expect(number).not_to_have_value("0")
    newest = int(number.input_value())
    lab.page.keyboard.press("ArrowDown")
    expect(number).to_have_value(f"{newest - 1}")
    lab.page.keyboard.press("ArrowUp")
    expect(number).to_have_value(f"{newest}")
    lab.page.keyboard.press("End")
    expect(number).to_have_value("1")
    expect(rows).to_be_focused()
    older.press("Enter")
    panel.get_by_role("button", name="Newer", exact=True).press("Enter")
    expect(number).to_have_value("2")
    expect(panel.get_by_role("button", name="Newer", exact=True)).to_be_focused()
    panel.get_by_role("button", name="Python cell", exact=True).press("Enter")
    expect(panel.get_by_label("The exchange as Python cell")).to_have_value(re.compile("ck.connect"))
    panel.get_by_label("Find").fill("no such thing")
    panel.get_by_label("Find").press("Enter")
    expect(panel.get_by_text(re.compile(r"^None of \d+ exchanges matches\.$"))).to_be_visible()
    panel.get_by_role("button", name="Show all").press("Enter")
    expect(panel.get_by_text(re.compile(r"^\d+ exchanges\.$"))).to_be_visible()

    before = rows.locator("option").first.inner_text()
    lab.run_first("talk.send('One more'); None")
    expect(rows.locator("option").first).not_to_have_text(before)
    lab.shoot(panel, screenshots / "log-new-rows.png")


def test_the_text_is_copied_in_the_browser(lab: Bench) -> None:
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel = lab.open(*CELLS, "panel.step(1);", button="Older")
    lab.wait()

    panel.get_by_role("button", name="Copy", exact=True).click()

    expect(panel.get_by_text("Copied.")).to_be_visible()
    assert "curl --include" in lab.page.evaluate("navigator.clipboard.readText()")
