"""A person in JupyterLab: runs a notebook, clicks in its panel, runs it again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .bench import Bench

pytestmark = pytest.mark.browser


def test_notebook_02_runs_and_its_panel_sends(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("02-open-and-send.ipynb")

    lab.run_all()
    lab.page.get_by_placeholder("Write as the consumer").fill("Typed by hand <b>& sent</b>")
    lab.page.get_by_role("button", name="Send", exact=True).first.click()

    expect(lab.panel("Send").get_by_role("log")).to_contain_text("Typed by hand <b>& sent</b>")
    expect(lab.panel("Send").locator("tbody tr").last).to_contain_text("Typed by hand <b>& sent</b>")
    expect(lab.panel("Send").get_by_text("Sent. The service gave it")).to_be_visible()
    lab.panel("Send").scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "02-panel.png")


def test_enter_sends_too(lab: Bench) -> None:
    lab.open_notebook("02-open-and-send.ipynb")
    lab.run_all()

    text = lab.page.get_by_placeholder("Write as the consumer")
    text.press_sequentially("Typed faster than anybody could, then sent with Enter")
    text.press("Enter")

    expect(lab.panel("Send").get_by_role("log")).to_contain_text(
        "Typed faster than anybody could, then sent with Enter"
    )
    expect(text).to_have_value("")


def test_the_agents_answer_appears_in_the_panel_by_itself(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("02-open-and-send.ipynb")
    lab.run_all()

    lab.page.get_by_placeholder("Write as the consumer").fill("What can I choose?")
    lab.page.get_by_role("button", name="Send", exact=True).first.click()

    expect(lab.panel("Send").get_by_role("log").get_by_role("button", name="A delivery")).to_be_visible()
    lab.panel("Send").scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "02-both-sides.png")


def test_notebook_02_runs_twice_in_one_kernel_and_in_a_restarted_one(lab: Bench) -> None:
    lab.open_notebook("02-open-and-send.ipynb")
    lab.run_all()

    lab.run_all()
    expect(lab.page.get_by_text("open (resumed)").first).to_be_visible()

    lab.menu("Kernel", "Restart Kernel and Run All Cells…")
    lab.page.get_by_role("button", name="Confirm Kernel Restart").click()
    lab.wait()


def test_notebook_03_panel_runs_one_case_and_all(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("03-provoke-errors.ipynb")
    lab.run_all()

    panel = lab.panel("Run all")
    panel.get_by_role("button", name="foreign-conversation", exact=True).click()
    expect(panel.get_by_text("ConsumerJWS is invalid").first).to_be_visible()
    panel.get_by_role("button", name="Run all").click()

    expect(panel.get_by_text(re.compile(r"^\d+ cases run, each as expected\.$"))).to_be_visible()
    panel.scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "03-panel.png")


def test_notebook_03_panel_finds_cases_by_keyboard(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("03-provoke-errors.ipynb")
    lab.run_all()

    panel = lab.page.locator(".jp-OutputArea-output").filter(has=lab.page.get_by_label("Topic"))
    panel.get_by_label("Topic").select_option(label="door (11)")
    field = panel.get_by_placeholder("a word or a number")
    field.press_sequentially("40105")
    expect(panel.get_by_role("button", name="Run 1", exact=True)).to_be_visible()
    field.press("Enter")

    expect(panel.get_by_text("AppJWT is missing").first).to_be_visible()
    panel.scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "03-found.png")


def test_notebook_03_shows_the_exchange_behind_a_case(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("03-provoke-errors.ipynb")
    lab.run_all()

    panel = lab.page.locator(".jp-OutputArea-output").filter(has=lab.page.get_by_label("Topic"))
    field = panel.get_by_placeholder("a word or a number")
    field.press_sequentially("40104")
    expect(panel.get_by_role("button", name="Run 1", exact=True)).to_be_visible()
    field.press("Enter")

    behind = lab.panel("Older").last
    expect(behind.get_by_text(re.compile("send → 401 Unauthorized"))).to_be_visible()
    expect(behind).to_contain_text("ConsumerJWS is missing")
    expect(lab.panel("Older").first).to_contain_text("AppJWT has expired or is invalid")
    behind.scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "03-behind.png")


def test_notebook_03_faults_are_switched_on_and_off(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("03-provoke-errors.ipynb")
    lab.run_all()

    panel = lab.panel("Switch on")
    expect(panel.get_by_text("has struck once, and is done").first).to_be_visible()
    panel.get_by_label("What").select_option("500, the service fails")
    panel.get_by_label("How often").select_option("until switched off")
    panel.get_by_role("button", name="Switch on", exact=True).click()
    expect(panel.get_by_text("status=500, on='send' · has not struck yet")).to_be_visible()
    panel.scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "03-faults.png")
    panel.get_by_role("button", name="Switch off", exact=True).click()

    expect(panel.get_by_text("is off.")).to_be_visible()
    expect(panel.get_by_text("status=500")).to_have_count(0)


def test_notebook_08_grades_twice_in_one_kernel(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("08-is-my-receiver-ready.ipynb")
    lab.run_all()

    lab.run_all()

    cards = lab.page.locator(".jp-OutputArea-output").filter(has_text="Report card")
    expect(cards).to_have_count(2)
    expect(cards.first).to_contain_text("re-serialised, addressee-ignored")
    expect(cards.last).to_contain_text("24 of 24 passed")
    cards.first.scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "08-card.png")


def test_notebook_08_lab_names_the_cause(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("08-is-my-receiver-ready.ipynb")
    lab.run_all()

    panel = lab.panel("Forget the secret")
    expect(panel.get_by_text("Signature: ascii-encoded")).to_be_visible()
    panel.get_by_label("Header").fill("sha1=truncated")
    panel.get_by_role("button", name="Check", exact=True).click()

    expect(panel.get_by_text("Signature: header-malformed")).to_be_visible()
    panel.scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "08-lab.png")


def test_notebook_04_shows_its_chart(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("04-inspect-timings.ipynb")

    lab.run_all()

    chart = lab.page.locator(".jp-RenderedSVG img, .jp-RenderedSVG svg").first
    chart.scroll_into_view_if_needed()
    expect(chart).to_be_visible()
    lab.page.screenshot(path=screenshots / "04-chart.png")


def test_notebook_05_runs_twice_in_one_kernel(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("05-receive-notifications.ipynb")
    lab.run_all()

    lab.run_all()

    lab.page.get_by_text("Away for two hours").last.scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "05-away.png")


def test_notebook_06_runs_twice_in_one_kernel(lab: Bench, screenshots: Path) -> None:
    lab.open_notebook("06-files-and-rich-content.ipynb")
    lab.run_all()

    lab.run_all()

    lab.page.get_by_text("A photo").last.scroll_into_view_if_needed()
    lab.page.screenshot(path=screenshots / "06-photo.png")
