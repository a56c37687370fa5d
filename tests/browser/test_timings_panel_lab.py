"""A person at the timings panel: each view, before and after, and a waterfall that grows while cells run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from .bench import EACH, HOSTILE_CELL, Bench

pytestmark = pytest.mark.browser
ONCE = pytest.mark.parametrize(("theme", "width"), [("dark", 768)])
OPENED = """
import connectorkit as ck
from connectorkit import widgets

kit = ck.connect(sandbox=True, log=":memory:")
talk = kit.consumer("ana@example").open(first_name="Ana", text="Hello")
for label in ("before", "after") * 3:
    with kit.label(label):
        for number in range(4):
            talk.send(f"{label} {number}")
kit.sandbox.settle()
panel = widgets.timings_panel(kit)
panel
"""


def picture(panel: Locator, theme: str) -> Locator:
    """The picture for this theme; the other one is hidden."""
    other = "light" if theme == "dark" else "dark"
    expect(panel.locator(f"img.ck-{other}")).to_be_hidden()
    return panel.locator(f"img.ck-{theme}")


@EACH
def test_each_view_shows_a_picture_and_its_numbers(
    lab: Bench, theme: str, width: int, screenshots: Path
) -> None:
    panel = lab.open(OPENED, button="Waterfall")
    lab.wait()

    expect(panel.get_by_text(re.compile(r"^Conversation .*: \d+ steps\."))).to_be_visible()
    expect(picture(panel, theme)).to_have_attribute("alt", re.compile("path of the messages"))
    lab.shoot(panel, screenshots / f"timings-waterfall-{theme}-{width}.png")
    for view in ("Exchanges", "Percentiles", "Histogram"):
        panel.get_by_role("button", name=view, exact=True).click()
        expect(picture(panel, theme)).to_have_attribute(
            "alt", re.compile(f"^{'waterfall' if view == 'Exchanges' else view.lower()} of")
        )
        expect(panel.locator("tbody tr").first).to_be_visible()
        lab.shoot(panel, screenshots / f"timings-{view.lower()}-{theme}-{width}.png")
    panel.get_by_label("By", exact=True).select_option("label")
    expect(panel.get_by_role("cell", name="before", exact=True)).to_be_visible()

    panel.get_by_role("button", name="Before and after", exact=True).click()
    panel.get_by_label("Before", exact=True).select_option("label before")
    panel.get_by_label("After", exact=True).select_option("label after")
    panel.get_by_label("By", exact=True).select_option("operation")
    panel.get_by_role("button", name="Compare", exact=True).click()
    expect(panel.get_by_text(re.compile("confidence|too few calls")).first).to_be_visible()
    lab.shoot(panel, screenshots / f"timings-comparison-{theme}-{width}.png")


@ONCE
def test_it_follows_while_a_cell_runs_and_rests_when_paused(lab: Bench, screenshots: Path) -> None:
    started = """
import threading
ending = threading.Event()

def work():
    while not ending.is_set():
        talk.send("again")
        ending.wait(0.05)

threading.Thread(target=work).start()
panel.show("percentiles")
"""
    ended = "ending.wait(8)\nending.set()\nkit.log.summary()['count']['send']"
    panel = lab.open(OPENED, started, ended, button="Waterfall")
    status = panel.get_by_text(re.compile(r"^[\d,]+ exchanges? by operation"))

    expect(status).to_be_visible()
    first = status.inner_text()
    expect(status).not_to_have_text(first)  # the kernel is busy with a cell, or has gone on: both are fine
    lab.wait()
    lab.shoot(panel, screenshots / "timings-live.png")
    panel.get_by_role("button", name="Pause", exact=True).click()
    expect(panel.get_by_text("Paused.")).to_be_visible()
    expect(panel.get_by_role("button", name="Go on", exact=True)).to_be_visible()


@ONCE
def test_hostile_texts_run_nothing_and_hold_the_layout(lab: Bench, screenshots: Path) -> None:
    hostile = """
with kit.label(hostile):
    hers = kit.consumer(hostile[:200]).open(first_name=hostile[:50])
    hers.send(hostile)
kit.sandbox.settle()
panel.show("percentiles", by="label")
"""
    panel = lab.open(OPENED, HOSTILE_CELL, hostile, button="Waterfall")
    lab.wait()

    expect(panel.get_by_text("</script><script>").first).to_be_visible()
    lab.shoot(panel, screenshots / "timings-hostile-percentiles.png")
    drawn = {"Exchanges": "waterfall of", "Waterfall": "path of", "Histogram": "histogram of"}
    for view, words in drawn.items():
        panel.get_by_role("button", name=view, exact=True).click()
        expect(picture(panel, "dark")).to_have_attribute("alt", re.compile(f"^{words}"))
        lab.shoot(panel, screenshots / f"timings-hostile-{view.lower()}.png")
    panel.get_by_role("button", name="Before and after", exact=True).click()
    expect(panel.get_by_text("Choose what was before")).to_be_visible()
    lab.shoot(panel, screenshots / "timings-hostile-before.png")
