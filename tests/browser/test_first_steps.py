"""The first minute of somebody new: from a lab that has just started to an answered message; and Tab."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .bench import TWICE, Bench
from .conftest import ROOT

pytestmark = pytest.mark.browser

_COUNT = """
window.pressed = {clicks: 0, keys: 0};
const count = name => event => { if (event.isTrusted) window.pressed[name] += 1; };
window.addEventListener("pointerdown", count("clicks"), true);
window.addEventListener("keydown", count("keys"), true);
"""
_NUMBERS = {"one": 1, "two": 2, "three": 3}


@TWICE
def test_the_readme_counts_the_clicks_to_the_first_answer(
    lab: Bench, screenshots: Path, theme: str, width: int
) -> None:
    lab.page.add_init_script(_COUNT)
    lab.arrive()

    lab.page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    lab.page.get_by_role("button", name=re.compile("^Run this cell")).click()

    answer = lab.panel("Send").get_by_text("It left our warehouse today and arrives tomorrow.")
    expect(answer).to_be_visible()
    pressed = lab.page.evaluate("window.pressed")
    lab.page.screenshot(path=screenshots / f"first-answer-{theme}-{width}.png")
    assert pressed == {"clicks": _clicks_of_the_readme(), "keys": 0}
    assert pressed["clicks"] <= 3
    if width == 1280:  # in a narrow window the answer may be above or below what is seen
        expect(answer).to_be_in_viewport()


def test_tab_lists_the_types_of_requests(lab: Bench, screenshots: Path) -> None:
    lab.open(
        "%load_ext connectorkit\nimport connectorkit as ck\nfrom connectorkit import widgets\n"
        "widgets.faults_panel(ck.connect(sandbox=True).sandbox)",
        button="Switch on",
    )
    lab.wait()
    cell = lab.write_first('%%send\n{"type": "ms.')

    lab.page.keyboard.press("Tab")

    offered = lab.page.locator(".jp-Completer-item")
    expect(offered.filter(has_text="ms.PublishEvent")).to_be_visible()
    expect(offered).to_have_count(3)
    lab.page.screenshot(path=screenshots / "send-tab.png")
    offered.filter(has_text="ms.PublishEvent").click()
    expect(cell).to_contain_text('{"type": "ms.PublishEvent')


def _clicks_of_the_readme() -> int:
    found = re.search(r"\*\*(\w+) clicks\*\*", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert found, "the README counts no clicks"
    return _NUMBERS[found[1].lower()]
