"""The connect panel in JupyterLab: hosts and tokens come, the time runs, the doctor walks."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from .scratch import THEMES, WIDTHS, open_scratch, outside_requests

pytestmark = pytest.mark.browser

CELLS = [
    "import connectorkit as ck\nfrom connectorkit import widgets\nkit = ck.connect(log=':memory:', seed=7)",
    "panel = widgets.connect_panel(kit, 'ana@example')\npanel",
]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_tokens_come_the_time_runs_and_the_doctor_walks(
    page: Page, lab_address: str, screenshots: Path, theme: str, width: int
) -> None:
    asked = outside_requests(page)
    open_scratch(page, lab_address, CELLS, theme=theme, width=width)
    panel = panel_of(page)

    panel.get_by_role("button", name="Connect", exact=True).press("Enter")
    timer = panel.get_by_role("timer", name="AppJWT, time left")
    expect(timer).to_contain_text(":")
    first = timer.inner_text()  # kept: it must change without anybody's doing
    expect(timer).not_to_have_text(first)
    panel.get_by_role("button", name="Run doctor").press("Enter")

    expect(panel.get_by_text("All checks are well.")).to_be_visible()
    expect(
        panel.get_by_role("row").filter(has_text="ConsumerJWS").filter(has_text="never expires")
    ).to_be_visible()
    panel.evaluate("element => element.scrollIntoView()")
    page.screenshot(path=screenshots / f"connect-{theme}-{width}.png")
    assert panel.evaluate("element => element.scrollWidth - element.clientWidth") <= 1
    assert asked == []


def test_the_sandbox_clock_counts(page: Page, lab_address: str) -> None:
    open_scratch(page, lab_address, [*CELLS, "panel.fetch()"], theme="light", width=1280)
    panel = panel_of(page)
    expect(panel.get_by_role("timer")).to_contain_text(":")

    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("kit.sandbox.advance(minutes=61); None")
    page.keyboard.press("Control+Enter")

    expect(panel.get_by_role("timer")).to_contain_text("expired")


def panel_of(page: Page) -> Locator:
    return page.locator(".jp-OutputArea-output").filter(has=page.get_by_role("button", name="Run doctor"))
