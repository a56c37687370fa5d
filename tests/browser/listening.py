"""A page that is full of texts which mean ill, and what came of them that must not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hostile_texts import HOST
from playwright.sync_api import Dialog, Page, Request

from .bench import WIDTHS


class Listening:
    """A page, and what came of the texts on it that must not come of them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.ran: list[object] = []
        self.asked: list[str] = []
        context = page.context
        context.expose_binding("ckRan", lambda _, number=None: self.ran.append(number))
        context.on("page", lambda other: self.ran.append(f"a window: {other.url}"))
        context.route(f"**://{HOST}/**", lambda route: route.abort())
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

    def _dismiss(self, dialog: Dialog) -> None:
        self.ran.append(f"a dialog: {dialog.message}")
        dialog.dismiss()


# What is wider than its place, and by what.
_TOO_WIDE = """() => {
  const widest = (place) => [...place.querySelectorAll("*")]
    .sort((one, other) => other.getBoundingClientRect().right - one.getBoundingClientRect().right)[0];
  const over = (place) => place.scrollWidth > place.clientWidth + 1;
  const told = (place) => `${place.id || place.tagName}: ${(widest(place) || place).outerHTML.slice(0, 300)}`;
  const PLACES = ".place, main, article, .bd-content";
  const places = [...document.querySelectorAll(PLACES)].filter(over);
  // A text that became markup may swallow all that follows it.
  const { places: wanted } = document.body.dataset;
  const whole = !wanted || document.querySelectorAll("body > .place").length === Number(wanted);
  const wide = [...places, ...[document.documentElement].filter(over)].map(told).slice(0, 5);
  return whole ? wide : ["the page fell apart", ...wide];
}"""


def page_of(path: Path, shown: Iterable[tuple[str, str]]) -> Path:
    """A page of places, one below the other, that would let scripts run."""
    places = [f'<div class="place" id="{name}">{html}</div>\n' for name, html in shown]
    head = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><body data-places="{len(places)}">'
    path.write_text(head + "".join(places), "utf-8")
    return path
