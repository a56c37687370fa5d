"""500 hostile texts through whatever the kit shows, in Chromium: none runs or fetches, and all stay inside.

Every text goes through every function that makes HTML, and each object shows a share of them;
``HOSTILE_TEXTS=all`` in the environment shows every text in every object.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hostile_objects import PLAIN, kinds, objects, of_panels, parts
from hostile_texts import ALL, HOST, TEXTS
from playwright.sync_api import Browser, Dialog, Page, Request, Route
from test_displays import HELD

from connectorkit import markup

from .bench import WIDTHS

SHARE = 1 if os.environ.get("HOSTILE_TEXTS") == "all" else 10
pytestmark = pytest.mark.browser


class Listening:
    """A page, and what came of the texts on it that must not come of them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.ran: list[object] = []
        self.asked: list[str] = []
        context = page.context
        context.expose_binding("ckRan", lambda _, number=None: self.ran.append(number))
        context.on("page", lambda other: self.ran.append(f"a window: {other.url}"))
        context.route("**/*", self._route)
        page.on("dialog", self._dismiss)
        page.on("request", self._note)

    def look(self) -> None:
        """At both widths nothing is wider than its place; and nothing has happened so far."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 900})
            assert self.page.evaluate(_TOO_WIDE) == [], width
        self.page.mouse.move(300, 300)
        assert (self.ran, self.asked) == ([], [])

    def show(self, path: Path) -> None:
        self.page.goto(path.as_uri())
        self.look()

    def _note(self, request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:", "about:", "http://127.0.0.1")):
            self.asked.append(request.url)

    def _route(self, route: Route) -> None:
        if HOST in route.request.url:
            route.abort()
        else:
            route.continue_()

    def _dismiss(self, dialog: Dialog) -> None:
        self.ran.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


# What is wider than its place, and by what.
_TOO_WIDE = """() => {
  const widest = (place) => [...place.querySelectorAll("*")]
    .sort((one, other) => other.getBoundingClientRect().right - one.getBoundingClientRect().right)[0];
  const over = (place) => place.scrollWidth > place.clientWidth + 1;
  const told = (place) => `${place.id || place.tagName}: ${(widest(place) || place).outerHTML.slice(0, 300)}`;
  const places = [...document.querySelectorAll(".place, main, article, .bd-content")].filter(over);
  return [...places, ...[document.documentElement].filter(over)].map(told).slice(0, 5);
}"""


@pytest.fixture
def listening(browser: Browser) -> Iterator[Listening]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    yield Listening(context.new_page())
    context.close()


def page_of(path: Path, shown: Iterator[tuple[str, str]]) -> Path:
    """A page of places, one below the other, that would let scripts run."""
    places = "".join(f'<div class="place" id="{name}">{html}</div>\n' for name, html in shown)
    path.write_text(f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><body>{places}', "utf-8")
    return path


def test_unescaped_they_would_run_and_fetch(listening: Listening, tmp_path: Path) -> None:
    frames = ((f"{one.number}", f'<iframe srcdoc="{markup.escape(one.text)}"></iframe>') for one in ALL)
    listening.page.goto(page_of(tmp_path / "raw.html", frames).as_uri(), wait_until="commit")
    listening.page.wait_for_timeout(2_500)

    ran = {number for number in listening.ran if isinstance(number, int)}
    asked = {url.rsplit("/", 1)[-1] for url in listening.asked}
    assert len(ran) > 60
    assert len(asked) > 40
    assert any("dialog" in str(one) for one in listening.ran)


def test_each_public_object_is_shown_here_or_shows_no_texts() -> None:
    seen = {kind for kind in HELD if kind in kinds() or issubclass(kind, BaseException)}
    by_hand = {name for name in objects("x") if "." not in name}

    assert {kind.__name__ for kind in set(HELD) - seen} == PLAIN | by_hand


@pytest.mark.parametrize("name", parts("x"))
def test_every_text_in_every_function_that_makes_html(
    listening: Listening, tmp_path: Path, name: str
) -> None:
    shown = ((f"text-{one.number}", parts(one.text)[name]) for one in ALL)
    listening.show(page_of(tmp_path / "page.html", shown))


@pytest.mark.parametrize("made", [objects, of_panels])
def test_objects_and_what_panels_write_of_them(
    listening: Listening, tmp_path: Path, made: Callable[[str], dict[str, str]]
) -> None:
    pages: dict[str, list[tuple[str, str]]] = {}
    for one in ALL:
        for place, (name, html) in enumerate(made(one.text).items()):
            if (one.number + place) % SHARE == 0:
                pages.setdefault(name if SHARE == 1 else f"{place % 5}", []).append(
                    (f"{name} {one.number}", html)
                )
    for name, shown in pages.items():
        listening.show(page_of(tmp_path / f"{name}.html", iter(shown)))


def test_a_page_of_its_own(listening: Listening, tmp_path: Path) -> None:
    everything = "".join(markup.section(one, markup.facts(one, [(one, one)])) for one in TEXTS)
    (tmp_path / "page.html").write_text(markup.page(TEXTS[0] + "</title>" + TEXTS[30], everything), "utf-8")

    listening.show(tmp_path / "page.html")
