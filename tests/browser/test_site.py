"""The documentation site, built once by its own command, and read in Chromium with scripts and without."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

import connectorkit
from connectorkit import promises, scenarios
from connectorkit.cli import main
from connectorkit.sandbox.limits import DOES_NOT_IMITATE

from .axe import Axe

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))
WIDTHS = (1280, 768)
# One of each kind, to be looked at by people.
KINDS = {
    "first": "index",
    "notebook": "course/02-open-and-send",
    "charts": "course/04-inspect-timings",
    "guide": "guides/ci",
    "catalogue": "catalogue/tokens",
    "ledger": "promises/send",
    "contradictions": "promises/contradictions",
    "reference": "reference/kit",
    "limits": "reference/sandbox",
}
pytestmark = pytest.mark.browser


def sources() -> set[Path]:
    """What lies where a build might leave something."""
    return {
        path
        for folder in ("docs", "notebooks")
        for path in (ROOT / folder).rglob("*")
        if "_build" not in path.parts and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "html"
    before = sources()
    # An account that is set must not be used: nothing listens there.
    elsewhere = {name: "nobody" for name in connectorkit.settings.NEEDED_VARIABLES}
    elsewhere["CONNECTORKIT_DOMAIN_LOOKUP"] = "http://127.0.0.1:9"

    result = subprocess.run(
        [sys.executable, "-m", "connectorkit", "docs", "--to", str(folder)],
        capture_output=True,
        text=True,
        env=os.environ | elsewhere,
        cwd=ROOT,
    )

    assert result.returncode == 0, result.stderr
    assert "Not as expected" not in result.stderr
    assert result.stdout.strip().endswith(str(folder / "index.html"))
    assert sources() == before
    assert list(folder.parent.iterdir()) == [folder]
    return folder


def all_pages(site: Path) -> list[Path]:
    found = sorted(path for path in site.rglob("*.html") if "_static" not in path.parts)
    assert len(found) > 45
    return found


def text(site: Path, name: str) -> str:
    return (site / f"{name}.html").read_text(encoding="utf-8")


# --- What is on the pages -----------------------------------------------------------------------------


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_there_with_its_outputs(site: Path, notebook: Path) -> None:
    page = text(site, f"course/{notebook.stem}")
    cells = [cell for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "code"]
    speaking = [cell for cell in cells if says_something(cell.source)]

    assert page.count('class="cell_input') == len(cells)
    assert page.count('class="cell_output') >= max(len(speaking), len(cells) // 2)
    assert "Traceback (most recent call last)" not in page


def says_something(source: str) -> bool:
    """Whether a cell's last line is a plain name or a call of the kit that returns what is shown."""
    return bool(re.fullmatch(r"[a-z_]+(\.[a-z_]+)*(\(\))?", source.strip().splitlines()[-1]))


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    # Four lines of text, then one line per object: name, kind and where it is.
    objects = zlib.decompress((site / "objects.inv").read_bytes().split(b"\n", 4)[4]).decode()
    known = {line.split()[0] for line in objects.splitlines() if line.split()[1].startswith("py:")}

    documented = {name.removeprefix("connectorkit.") for name in known}

    modules = {"envelopes", "rich", "scenarios", "sdes", "signature"}
    assert set(connectorkit.__all__) - documented - modules == set()
    assert {"envelopes.publish_text", "rich.button", "sdes.customer_info", "signature.verify"} <= documented
    assert {"Kit.explore", "Kit.consumer", "Kit.load", "journey.Consumer.open"} <= documented


def test_every_case_of_the_catalogue_is_there_with_its_answer(site: Path) -> None:
    page = "".join(path.read_text(encoding="utf-8") for path in (site / "catalogue").glob("*.html"))

    for scenario in scenarios.ALL:
        assert f'id="case-{scenario.name}"' in page
    assert page.count("<p>What to do") + page.count("<dt>What to do</dt>") == len(scenarios.ALL)
    assert "Differs" not in page


def test_every_promise_is_there_and_kept(site: Path) -> None:
    pages = [path.read_text(encoding="utf-8") for path in (site / "promises").glob("*.html")]

    seen = unescape("".join(pages))

    for promise in promises.ALL:
        assert promise.id in seen
        assert " ".join(promise.says.split()) in re.sub(r"</?code[^>]*>", "", seen), promise.id
    assert "✗" not in seen


def test_limits_commands_and_changes_are_there(site: Path) -> None:
    limits, commands = unescape(text(site, "reference/sandbox")), text(site, "reference/commands")

    assert [limit for limit in DOES_NOT_IMITATE if limit not in limits] == []
    assert [name for name in main.commands if f"Usage: connectorkit {name}" not in commands] == []
    assert "Unreleased" in text(site, "changelog")


def test_no_page_names_anything_to_be_fetched_from_elsewhere(site: Path) -> None:
    for path in all_pages(site):
        page = path.read_text(encoding="utf-8")
        for tag in re.findall(r"<(?:script|link|img|iframe|source|video|audio|object|embed)\b[^>]*>", page):
            assert not re.search(r"""(?:src|href|srcset|data)=["']?(?:https?:)?//""", tag), (path.name, tag)
    for path in site.rglob("*.css"):
        fetched = r"""(?:url\(\s*|@import\s+)["']?(?:https?:)?//"""
        assert not re.search(fetched, path.read_text(encoding="utf-8")), path


def test_no_secret_is_in_the_state_of_a_widget(site: Path) -> None:
    passwords = []
    for path in all_pages(site):
        kind = "application/vnd.jupyter.widget-state+json"
        for body in re.findall(rf'<script type="{re.escape(kind)}">(.*?)</script>', path.read_text(), re.S):
            models = json.loads(body)["state"].values()
            passwords += [m["state"]["value"] for m in models if m["model_name"] == "PasswordModel"]

    assert passwords
    assert set(passwords) == {""}


# --- In a browser -------------------------------------------------------------------------------------


class Watched:
    """A page, and what it said and asked for that it should not."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("console", lambda said: self._note(said.text, said.type == "error"))
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("request", lambda request: self._note(request.url, not _is_here(request.url)))

    def _note(self, what: str, wrong: bool) -> None:
        if wrong:
            self.wrong.append(f"{self.page.url}: {what}")


def _is_here(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:"))


@pytest.fixture
def watched(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Watched]:
    theme, scripts = getattr(request, "param", ("light", True))
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=theme, java_script_enabled=scripts, offline=True
    )
    context.set_default_timeout(60_000)
    yield Watched(context.new_page())
    context.close()


# The widest thing on a page that stands out of it, and outputs, charts and panels that show nothing.
_LOOK = """() => {
  const shows = (box) => box.innerText.trim() !== "" ||
    [...box.querySelectorAll("img, svg")].some((one) => one.getBoundingClientRect().height > 10);
  const boxes = [...document.querySelectorAll(".cell_output, .output, .ck-panel, .ck-figure, pre, td > img")];
  return {
    words: document.querySelector("main").innerText.trim().split(/\\s+/).length,
    over: Math.max(...[document.documentElement, ...document.querySelectorAll("main, .bd-content, article")]
      .map((one) => one.scrollWidth - one.clientWidth)),
    empty: boxes.filter((box) => !box.closest("details:not([open])"))
      .filter((box) => box.getBoundingClientRect().height < 5 || !shows(box))
      .map((box) => box.outerHTML.slice(0, 200)),
    broken: [...document.images].filter((image) => image.complete && !image.naturalWidth &&
      image.getBoundingClientRect().width > 0).map((image) => image.src.slice(0, 100)),
  };
}"""


def looked_at(site: Path, watched: Watched) -> None:
    for path in all_pages(site):
        watched.page.goto(path.as_uri())
        for width in WIDTHS:
            watched.page.set_viewport_size({"width": width, "height": 900})
            seen = watched.page.evaluate(_LOOK)
            assert seen["over"] <= 0, f"{path} is {seen['over']} pixels too wide at {width}"
            assert (seen["empty"], seen["broken"]) == ([], []), path
            assert seen["words"] >= (2 if path.stem == "search" else 25), path
    assert watched.wrong == []


@pytest.mark.parametrize("watched", [("light", False)], indirect=True)
def test_without_scripts_every_page_reads(site: Path, watched: Watched) -> None:
    looked_at(site, watched)


@pytest.mark.parametrize("watched", [("dark", True)], indirect=True)
def test_with_scripts_every_page_reads_and_asks_for_nothing(site: Path, watched: Watched) -> None:
    looked_at(site, watched)


@pytest.mark.parametrize("watched", [("light", True), ("dark", True)], indirect=True)
def test_no_page_has_a_serious_barrier(site: Path, watched: Watched, axe: Axe) -> None:
    """In the dark one in six, as the light has shown what each says: ``AXE_PAGES=all`` is for all of them."""
    dark = watched.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    sample = 6 if dark and os.environ.get("AXE_PAGES") != "all" else 1
    found: dict[str, Path] = {}
    for path in all_pages(site)[::sample]:
        watched.page.goto(path.as_uri())
        found |= {one: path for one in axe.found(watched.page)}
    assert not found, "\n".join(f"{path.name}: {one}" for one, path in found.items())


@pytest.mark.parametrize("watched", [("light", False)], indirect=True)
def test_without_scripts_charts_and_panels_are_pictures(site: Path, watched: Watched) -> None:
    watched.page.goto((site / "course" / "04-inspect-timings.html").as_uri())
    chart = watched.page.locator(".ck-figure img.only-light").first
    expect(chart).to_be_visible()
    assert (chart.get_attribute("src") or "").startswith("data:image/svg+xml")
    expect(watched.page.locator(".ck-figure img.only-dark").first).to_be_hidden()

    watched.page.goto((site / "course" / "02-open-and-send.html").as_uri())
    panel = watched.page.locator(".ck-panel")
    expect(panel).to_contain_text("Sent by the cell below the panel")
    expect(panel.locator(".ck-button").first).to_be_visible()


@pytest.mark.parametrize("watched", [("light", True), ("dark", True)], indirect=True)
def test_charts_answer_the_mouse_and_follow_the_theme(site: Path, watched: Watched) -> None:
    watched.page.goto((site / "course" / "04-inspect-timings.html").as_uri())
    figures = watched.page.locator(".ck-figure")
    for place in range(figures.count()):
        figures.nth(place).scroll_into_view_if_needed()
        expect(figures.nth(place).locator(".ck-live svg.marks")).to_be_visible()
        expect(figures.nth(place).locator("> img:visible")).to_have_count(0)

    bars = figures.first.locator(".ck-live .mark-rect path")
    figures.first.scroll_into_view_if_needed()
    bars.first.hover(force=True)
    expect(watched.page.locator("#vg-tooltip-element.visible")).to_contain_text("exchange")

    ink = "() => getComputedStyle(document.querySelector('.ck-live svg .role-title-text text')).fill"
    before = watched.page.evaluate(ink)
    watched.page.emulate_media(
        color_scheme="dark"
        if watched.page.evaluate("document.documentElement.dataset.theme") == "light"
        else "light"
    )
    watched.page.wait_for_function(f"before => ({ink})() !== before", arg=before)
    assert watched.wrong == []


PANELS = {
    "02-open-and-send": "Sent by the cell below the panel",
    "03-provoke-errors": "half-failed-batch",
    "08-is-my-receiver-ready": "ascii-encoded",
}


@pytest.mark.parametrize("name", PANELS)
def test_panels_come_to_life(site: Path, watched: Watched, name: str) -> None:
    watched.page.goto((site / "course" / f"{name}.html").as_uri())

    live = watched.page.locator(".ck-panel .ck-live")
    expect(live).to_have_count(watched.page.locator(".ck-panel").count())
    expect(live.first.locator(".jupyter-widgets").first).to_be_visible()
    expect(live.filter(has_text=PANELS[name]).first).to_be_visible()
    expect(watched.page.locator(".ck-widget:visible")).to_have_count(0)
    field = live.first.locator("input[type=text]").first
    field.fill("typed by a reader")
    expect(field).to_have_value("typed by a reader")
    assert watched.wrong == []


@pytest.mark.parametrize("watched", [("light", True), ("dark", True)], indirect=True)
def test_one_page_of_each_kind_is_pictured(site: Path, watched: Watched, screenshots: Path) -> None:
    for kind, name in KINDS.items():
        watched.page.goto((site / f"{name}.html").as_uri())
        theme = watched.page.evaluate("document.documentElement.dataset.theme")
        for width in WIDTHS:
            watched.page.set_viewport_size({"width": width, "height": 900})
            picture = watched.page.screenshot(path=screenshots / f"site-{kind}-{theme}-{width}.png")
            assert len(picture) > 10_000
