"""A person in JupyterLab: runs a notebook, clicks in its panel, runs it again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser


def test_notebook_02_runs_and_its_panel_sends(page: Page, lab_address: str, screenshots: Path) -> None:
    _open(page, lab_address, "02-open-and-send.ipynb")

    _run_all(page)
    page.get_by_placeholder("Write as the consumer").fill("Typed by hand <b>& sent</b>")
    page.get_by_role("button", name="Send", exact=True).first.click()

    expect(_panel(page).get_by_role("log")).to_contain_text("Typed by hand <b>& sent</b>")
    expect(_panel(page).locator("tbody tr").last).to_contain_text("Typed by hand <b>& sent</b>")
    expect(_panel(page).get_by_text("Sent. The service gave it")).to_be_visible()
    _panel(page).scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "02-panel.png")


def test_enter_sends_too(page: Page, lab_address: str) -> None:
    _open(page, lab_address, "02-open-and-send.ipynb")
    _run_all(page)

    text = page.get_by_placeholder("Write as the consumer")
    text.press_sequentially("Typed faster than anybody could, then sent with Enter")
    text.press("Enter")

    expect(_panel(page).get_by_role("log")).to_contain_text(
        "Typed faster than anybody could, then sent with Enter"
    )
    expect(text).to_have_value("")


def test_the_agents_answer_appears_in_the_panel_by_itself(
    page: Page, lab_address: str, screenshots: Path
) -> None:
    _open(page, lab_address, "02-open-and-send.ipynb")
    _run_all(page)

    page.get_by_placeholder("Write as the consumer").fill("What can I choose?")
    page.get_by_role("button", name="Send", exact=True).first.click()

    expect(_panel(page).get_by_role("log").get_by_role("button", name="A delivery")).to_be_visible()
    _panel(page).scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "02-both-sides.png")


def test_notebook_02_runs_twice_in_one_kernel_and_in_a_restarted_one(page: Page, lab_address: str) -> None:
    _open(page, lab_address, "02-open-and-send.ipynb")
    _run_all(page)

    _run_all(page)
    expect(page.get_by_text("open (resumed)").first).to_be_visible()

    _menu(page, "Kernel", "Restart Kernel and Run All Cells…")
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    _wait_until_done(page)


def test_notebook_03_panel_runs_one_case_and_all(page: Page, lab_address: str, screenshots: Path) -> None:
    _open(page, lab_address, "03-provoke-errors.ipynb")
    _run_all(page)

    panel = _output_with(page, "Run all")
    panel.get_by_role("button", name="foreign-conversation", exact=True).click()
    expect(panel.get_by_text("ConsumerJWS is invalid").first).to_be_visible()
    panel.get_by_role("button", name="Run all").click()

    expect(panel.get_by_text(re.compile(r"^\d+ cases run, each as expected\.$"))).to_be_visible()
    panel.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "03-panel.png")


def test_notebook_03_panel_finds_cases_by_keyboard(page: Page, lab_address: str, screenshots: Path) -> None:
    _open(page, lab_address, "03-provoke-errors.ipynb")
    _run_all(page)

    panel = page.locator(".jp-OutputArea-output").filter(has=page.get_by_label("Topic"))
    panel.get_by_label("Topic").select_option(label="door (11)")
    field = panel.get_by_placeholder("a word or a number")
    field.press_sequentially("40105")
    expect(panel.get_by_role("button", name="Run 1", exact=True)).to_be_visible()
    field.press("Enter")

    expect(panel.get_by_text("AppJWT is missing").first).to_be_visible()
    panel.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "03-found.png")


def test_notebook_03_faults_are_switched_on_and_off(page: Page, lab_address: str, screenshots: Path) -> None:
    _open(page, lab_address, "03-provoke-errors.ipynb")
    _run_all(page)

    panel = _output_with(page, "Switch on")
    expect(panel.get_by_text("has struck once, and is done").first).to_be_visible()
    panel.get_by_label("What").select_option("500, the service fails")
    panel.get_by_label("How often").select_option("until switched off")
    panel.get_by_role("button", name="Switch on", exact=True).click()
    expect(panel.get_by_text("status=500, on='send' · has not struck yet")).to_be_visible()
    panel.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "03-faults.png")
    panel.get_by_role("button", name="Switch off", exact=True).click()

    expect(panel.get_by_text("is off.")).to_be_visible()
    expect(panel.get_by_text("status=500")).to_have_count(0)


def test_notebook_08_grades_twice_in_one_kernel(page: Page, lab_address: str, screenshots: Path) -> None:
    _open(page, lab_address, "08-is-my-receiver-ready.ipynb")
    _run_all(page)

    _run_all(page)

    cards = page.locator(".jp-OutputArea-output").filter(has_text="Report card")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("re-serialised, addressee-ignored")
    expect(cards.last).to_contain_text("24 of 24 passed")
    cards.first.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "08-card.png")


def test_notebook_08_lab_names_the_cause(page: Page, lab_address: str, screenshots: Path) -> None:
    _open(page, lab_address, "08-is-my-receiver-ready.ipynb")
    _run_all(page)

    panel = _output_with(page, "Forget the secret")
    expect(panel.get_by_text("Signature: ascii-encoded")).to_be_visible()
    panel.get_by_label("Header").fill("sha1=truncated")
    panel.get_by_role("button", name="Check", exact=True).click()

    expect(panel.get_by_text("Signature: header-malformed")).to_be_visible()
    panel.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "08-lab.png")


def test_notebook_04_shows_its_chart(page: Page, lab_address: str, screenshots: Path) -> None:
    _open(page, lab_address, "04-inspect-timings.ipynb")

    _run_all(page)

    chart = page.locator(".jp-RenderedSVG img, .jp-RenderedSVG svg").first
    chart.scroll_into_view_if_needed()
    expect(chart).to_be_visible()
    page.screenshot(path=screenshots / "04-chart.png")


def test_notebook_05_runs_twice_in_one_kernel(page: Page, lab_address: str, screenshots: Path) -> None:
    _open(page, lab_address, "05-receive-notifications.ipynb")
    _run_all(page)

    _run_all(page)

    page.get_by_text("Away for two hours").last.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "05-away.png")


def test_notebook_06_runs_twice_in_one_kernel(page: Page, lab_address: str, screenshots: Path) -> None:
    _open(page, lab_address, "06-files-and-rich-content.ipynb")
    _run_all(page)

    _run_all(page)

    page.get_by_text("A photo").last.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / "06-photo.png")


def _open(page: Page, lab_address: str, notebook: str) -> None:
    page.goto(lab_address.format(notebook=notebook) + "&reset")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    _wait_until_idle(page)


def _run_all(page: Page) -> None:
    # Numbers of an earlier run would look as if this one were done.
    _menu(page, "Edit", "Clear Outputs of All Cells")
    _menu(page, "Run", "Run All Cells")
    _wait_until_done(page)


def _menu(page: Page, menu: str, item: str) -> None:
    page.get_by_role("menuitem", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def _wait_until_done(page: Page) -> None:
    """Every code cell has a number, the kernel is idle, and no cell has failed."""
    waiting = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt", has_text="[*]")
    expect(waiting).to_have_count(0)
    empty = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt", has_text="[ ]")
    expect(empty).to_have_count(0)
    _wait_until_idle(page)
    expect(page.locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"]')).to_have_count(0)
    expect(page.locator(".jp-OutputArea-output[data-mime-type*='error']")).to_have_count(0)


def _wait_until_idle(page: Page) -> None:
    expect(page.get_by_text("Python 3 (ipykernel) | Idle").first).to_be_visible()


def _panel(page: Page) -> Locator:
    return _output_with(page, "Send")


def _output_with(page: Page, button: str) -> Locator:
    """The panel that has this button."""
    return page.locator(".jp-OutputArea-output").filter(
        has=page.get_by_role("button", name=button, exact=True)
    )
