"""An exported archive in the network panel of Chromium's own developer tools."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, expect

import connectorkit as ck
from connectorkit.log import Exchange
from connectorkit.sharing.export import Exported, export

pytestmark = pytest.mark.browser
DEVTOOLS = "devtools://devtools/bundled/devtools_app.html"
_CLICKS = 5
_DRAWN_MS = 3000


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The error tour as an archive, and one request more that got no answer."""
    with ck.connect(sandbox=True, log=":memory:", agent=False) as kit:
        kit.scenarios.play_all()
        unanswered = Exchange(
            "send",
            "POST",
            "https://va.msg.example/unanswered?v=3",
            started_at=next(iter(kit.log)).started_at,
            total_ms=10_000.0,
            error="ReadTimeout: The read operation timed out",
            request_body='{"text":"<script>document.title=1</script> \\ud800"}',
        )
        exported = export([*kit.log, unanswered], tmp_path_factory.mktemp("tour") / "tour.har")
    assert isinstance(exported, Exported)
    return exported


@pytest.fixture
def panel(browser: Browser, tour: Exported) -> Iterator[Page]:
    """The network panel, the archive imported as a person would."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.goto(DEVTOOLS)
    page.get_by_role("tab", name="Network", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("Import HAR"))).to_be_visible()
    page.locator("input[type=file]").set_input_files(tour.path)
    yield page
    context.close()


def open_only(panel: Page, tour: Exported, by: str) -> None:
    """Filter down to one request, and open its details."""
    expect(panel.get_by_text(f"{tour.count} requests", exact=True)).to_be_visible()
    panel.locator(".text-prompt[aria-label=Filter]").click()
    panel.keyboard.type(by)
    expect(panel.get_by_text(f"1 / {tour.count} requests", exact=True)).to_be_visible()
    rows = panel.get_by_role("row")
    expect(rows).to_have_count(2)  # with the header; the rows follow the count above in their own time
    details = panel.get_by_role("tab", name="Headers", exact=True)
    for _ in range(_CLICKS):
        # The grid draws its rows anew for a while, and a click on one that is just being replaced is lost.
        rows.nth(1).get_by_role("cell").first.click()
        with contextlib.suppress(TimeoutError):
            details.wait_for(timeout=_DRAWN_MS)
            return
    raise AssertionError("the row does not open")


def test_the_network_panel_shows_every_exchange(panel: Page, tour: Exported, screenshots: Path) -> None:
    expect(panel.get_by_text(f"{tour.count} requests", exact=True)).to_be_visible()

    kinds = panel.get_by_label("Request types to include")
    kinds.get_by_role("option", name="JS").click()
    expect(panel.get_by_text(f"0 / {tour.count} requests", exact=True)).to_be_visible()
    kinds.get_by_role("option", name="Fetch/XHR").click()
    expect(panel.get_by_text(f"{tour.count} requests", exact=True)).to_be_visible()
    panel.screenshot(path=screenshots / "har-in-devtools.png")


def test_a_row_opens_its_answer_and_its_times(panel: Page, tour: Exported, screenshots: Path) -> None:
    open_only(panel, tour, "status-code:415")

    panel.get_by_role("tab", name="Response", exact=True).click()
    expect(panel.get_by_text("Content-Type must be application/json").first).to_be_visible()
    panel.screenshot(path=screenshots / "har-response.png")
    panel.get_by_role("tab", name="Timing", exact=True).click()
    expect(panel.get_by_text("Waiting for server response").first).to_be_visible()
    panel.screenshot(path=screenshots / "har-timing.png")


def test_a_request_without_an_answer_shows_what_was_sent(
    panel: Page, tour: Exported, screenshots: Path
) -> None:
    open_only(panel, tour, "unanswered")

    panel.get_by_role("tab", name="Payload", exact=True).click()
    expect(panel.get_by_text("<script>document.title=1</script>").first).to_be_visible()
    expect(panel).to_have_title("DevTools")
    panel.screenshot(path=screenshots / "har-unanswered.png")
