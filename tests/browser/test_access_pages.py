"""No display and no exported page has a serious barrier; and where no script runs, none is an empty box."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page
from public_session import html_form, session

import connectorkit as ck
from connectorkit import course, markup
from connectorkit.promises import report

from .axe import Axe
from .test_access import CELLS

THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
pytestmark = pytest.mark.browser

# What each panel leaves, in the order of their cells.
SHOWN = [
    "domain lookup",
    "after 3",
    "foreign-conversation",
    "steps.",
    "closed-conversation",
    "This was a panel",
]
# Outputs of cells in which a reader sees neither words nor a picture.
_EMPTY = """() => [...document.querySelectorAll(".jp-Cell-outputWrapper .jp-OutputArea")]
  .filter((box) => box.innerText.trim() === "" &&
    ![...box.querySelectorAll("img, svg")].some((one) => one.getBoundingClientRect().height > 10))
  .map((box) => box.outerHTML.slice(0, 300))"""


@pytest.fixture(scope="module")
def displays() -> dict[str, str]:
    """What each public object shows where it is the last of a cell."""
    with session() as held:
        return {name: html for name, value in held.items() if (html := html_form(value))}


@pytest.fixture(scope="module")
def executed() -> nbformat.NotebookNode:
    """A notebook of every panel and of some displays, run as converters run it."""
    shown = [
        "from connectorkit import views\nkit",
        "talk",
        "kit.log.waterfall(talk)",
        "kit.log.exchanges()",
        "views.phases(kit.log.timings())",
        "kit.scenarios",
        "kit.promises",
    ]
    cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in [*CELLS, *shown]]
    made = nbformat.v4.new_notebook(cells=cells)
    return NotebookClient(made, kernel_name="python3").execute()


@pytest.fixture
def page(browser: Browser, theme: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme, offline=True)
    yield context.new_page()
    context.close()


@THEMES
def test_no_display_has_a_serious_barrier(
    displays: dict[str, str], page: Page, axe: Axe, tmp_path: Path
) -> None:
    places = "".join(f"<section><h2>{name}</h2>{html}</section>" for name, html in displays.items())
    (tmp_path / "displays.html").write_text(
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Displays</title>'
        "<style>:root { color-scheme: light dark; background: Canvas }</style>"
        f"<main><h1>Displays</h1>{places}</main>",
        "utf-8",
    )
    page.goto((tmp_path / "displays.html").as_uri())

    axe.look(page, "displays")


@THEMES
def test_no_exported_page_has_a_serious_barrier(
    displays: dict[str, str], executed: nbformat.NotebookNode, page: Page, axe: Axe, tmp_path: Path
) -> None:
    with ck.connect(sandbox=True, log=":memory:") as kit:
        report.write([kit.promises.run("S33")], tmp_path / "promises.html", "the sandbox")
    made = {
        "notebook": course._as_page(plain(executed), "panels"),
        "card": markup.page("Log", displays["log"]),
        "promises": (tmp_path / "promises.html").read_text("utf-8"),
    }
    for name, text in made.items():
        (tmp_path / f"{name}.html").write_text(text, "utf-8")
        page.goto((tmp_path / f"{name}.html").as_uri())
        axe.look(page, name)


@pytest.mark.parametrize("saved", [True, False], ids=["state", "no state"])
def test_without_scripts_no_output_of_a_converted_notebook_is_empty(
    browser: Browser, executed: nbformat.NotebookNode, saved: bool, tmp_path: Path, screenshots: Path
) -> None:
    notebook = executed if saved else plain(executed)
    text, _ = HTMLExporter().from_notebook_node(notebook)
    (tmp_path / "stock.html").write_text(text, "utf-8")
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((tmp_path / "stock.html").as_uri())

    panels = page.locator(".jp-CodeCell").filter(has_text=re.compile(r"widgets\.\w+\("))
    assert page.locator(".jp-Cell-outputWrapper .jp-OutputArea").count() == len(executed.cells)
    assert page.evaluate(_EMPTY) == []
    assert panels.count() == len(SHOWN)
    for cell, words in zip(panels.all(), SHOWN, strict=True):
        assert words in cell.locator(".jp-OutputArea").inner_text()
    page.screenshot(path=screenshots / f"stock-{'with' if saved else 'without'}-state.png", full_page=True)
    context.close()


def test_each_output_has_a_plain_text_form(executed: nbformat.NotebookNode) -> None:
    outputs = [
        one for cell in executed.cells for one in cell.outputs if markup.UNSCRIPTED not in one.metadata
    ]

    assert len(outputs) == len(executed.cells)
    for one in outputs:
        assert one.data["text/plain"].strip()
        assert " object at 0x" not in one.data["text/plain"]


def plain(executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """As ``connectorkit run`` and notebooks saved in JupyterLab have it: no state of widgets."""
    made = deepcopy(executed)
    made.metadata.pop("widgets", None)
    course.leave_out_unscripted(made)
    return made
