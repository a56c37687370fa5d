"""500 hostile texts through whatever the kit shows, in Chromium: none runs or fetches, and all stay inside.

Every text goes through every function that makes HTML, and each object shows a share of them;
``HOSTILE_TEXTS=all`` in the environment shows every text in every object.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_objects import PLAIN, kinds, objects, of_panels, parts
from hostile_texts import ALL, TEXTS
from test_displays import HELD

from connectorkit import markup

from .listening import Listening, page_of

SHARE = 1 if os.environ.get("HOSTILE_TEXTS") == "all" else 10
RUNNING = {"markup", "scripts", "handlers", "breakouts", "drawings"}
pytestmark = pytest.mark.browser


def test_unescaped_they_would_run_and_fetch(listening: Listening, tmp_path: Path) -> None:
    raw = (one for one in ALL if one.family in RUNNING)
    frames = ((f"{one.number}", f'<iframe srcdoc="{markup.escape(one.text)}"></iframe>') for one in raw)
    listening.page.goto(page_of(tmp_path / "raw.html", frames).as_uri(), wait_until="commit")
    for _ in range(60):
        ran = {number for number in listening.ran if isinstance(number, int)}
        asked = {url.rsplit("/", 1)[-1] for url in listening.asked}
        if len(ran) > 40 and len(asked) > 25:
            return
        listening.page.wait_for_timeout(250)

    pytest.fail(f"{len(ran)} texts ran, {len(asked)} asked for something")


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
        listening.show(page_of(tmp_path / f"{name}.html", shown))


def test_a_page_of_its_own(listening: Listening, tmp_path: Path) -> None:
    everything = "".join(markup.section(one, markup.facts(one, [(one, one)])) for one in TEXTS)
    (tmp_path / "page.html").write_text(markup.page(TEXTS[0] + "</title>" + TEXTS[30], everything), "utf-8")

    listening.show(tmp_path / "page.html")
