"""The log panel in JupyterLab: exchanges are found, chosen, read, copied, and new ones come by themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .scratch import THEMES, WIDTHS, open_scratch, outside_requests

pytestmark = pytest.mark.browser

CELLS = [
    "import connectorkit as ck\nfrom connectorkit import widgets\nkit = ck.connect(log=':memory:', seed=7)\n"
    "talk = kit.consumer('ana@example').open(text='Where is my parcel?')\n"
    "kit.scenarios.run('closed-conversation'); kit.sandbox.settle();",
    "panel = widgets.log_panel(kit)\npanel",
]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_an_exchange_is_chosen_and_read(
    page: Page, lab_address: str, screenshots: Path, theme: str, width: int
) -> None:
    asked = outside_requests(page)
    open_scratch(page, lab_address, CELLS, theme=theme, width=width)
    panel = panel_of(page)

    rows = panel.get_by_role("listbox", name="Exchanges, the newest on top")
    rows.select_option(rows.locator("option").filter(has_text="400").inner_text())

    expect(panel.get_by_text("Compared with scenario closed-conversation: as expected")).to_be_visible()
    expect(panel.get_by_label("Exchange", exact=True)).not_to_have_value("0")
    expect(panel.get_by_label("The exchange as cURL")).to_have_value(re.compile("curl --include"))
    panel.evaluate("element => element.scrollIntoView()")
    page.screenshot(path=screenshots / f"log-{theme}-{width}.png")
    panel.get_by_label("The exchange as cURL").scroll_into_view_if_needed()
    page.screenshot(path=screenshots / f"log-{theme}-{width}-below.png")
    assert overflow(panel) <= 1
    assert asked == []


def test_by_keyboard_and_what_comes_meanwhile(page: Page, lab_address: str, screenshots: Path) -> None:
    open_scratch(page, lab_address, CELLS, theme="light", width=1280)
    panel = panel_of(page)

    rows = panel.get_by_role("listbox", name="Exchanges, the newest on top")
    older = panel.get_by_role("button", name="Older", exact=True)
    older.press("Enter")
    expect(panel.get_by_label("Exchange", exact=True)).not_to_have_value("0")
    first = panel.get_by_label("Exchange", exact=True).input_value()
    older.press("Enter")
    expect(panel.get_by_label("Exchange", exact=True)).not_to_have_value(first)
    panel.get_by_role("button", name="Newer", exact=True).press("Enter")
    expect(panel.get_by_label("Exchange", exact=True)).to_have_value(first)
    panel.get_by_role("button", name="Python cell", exact=True).press("Enter")
    expect(panel.get_by_label("The exchange as Python cell")).to_have_value(re.compile("ck.connect"))
    panel.get_by_label("Find").fill("no such thing")
    panel.get_by_label("Find").press("Enter")
    expect(panel.get_by_text(re.compile(r"^None of \d+ exchanges matches\.$"))).to_be_visible()
    panel.get_by_role("button", name="Show all").press("Enter")
    expect(panel.get_by_text(re.compile(r"^\d+ exchanges\.$"))).to_be_visible()

    before = rows.locator("option").first.inner_text()
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("talk.send('One more'); None")
    page.keyboard.press("Control+Enter")
    expect(rows.locator("option").first).not_to_have_text(before)
    panel.evaluate("element => element.scrollIntoView()")
    page.screenshot(path=screenshots / "log-new-rows.png")


def test_the_text_is_copied_in_the_browser(page: Page, lab_address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_scratch(page, lab_address, [*CELLS, "panel.step(1);"], theme="light", width=1280)
    panel = panel_of(page)

    panel.get_by_role("button", name="Copy", exact=True).click()

    expect(panel.get_by_text("Copied.")).to_be_visible()
    assert "curl --include" in page.evaluate("navigator.clipboard.readText()")


def panel_of(page: Page) -> Locator:
    return page.locator(".jp-OutputArea-output").filter(
        has=page.get_by_role("button", name="Older", exact=True)
    )


def overflow(panel: Locator) -> int:
    """By how many pixels the panel is wider than its place."""
    return int(panel.evaluate("element => element.scrollWidth - element.clientWidth"))
