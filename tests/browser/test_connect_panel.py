"""The connect panel in JupyterLab: hosts and tokens come, the time runs, the doctor walks."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from .bench import EACH, Bench

pytestmark = pytest.mark.browser

CELLS = [
    "import connectorkit as ck\nfrom connectorkit import widgets\nkit = ck.connect(log=':memory:', seed=7)",
    "panel = widgets.connect_panel(kit, 'ana@example')\npanel",
]


@EACH
def test_tokens_come_the_time_runs_and_the_doctor_walks(
    lab: Bench, theme: str, width: int, screenshots: Path
) -> None:
    panel = lab.open(*CELLS, button="Run doctor")
    lab.wait()

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
    lab.shoot(panel, screenshots / f"connect-{theme}-{width}.png")


def test_the_sandbox_clock_counts(lab: Bench) -> None:
    panel = lab.open(*CELLS, "panel.fetch()", button="Run doctor")
    lab.wait()
    expect(panel.get_by_role("timer")).to_contain_text(":")

    lab.run_first("kit.sandbox.advance(minutes=61); None")

    expect(panel.get_by_role("timer")).to_contain_text("expired")
