"""500 hostile texts in pages made of notebooks and of data: the site, and the pages of connectorkit run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hostile_objects import exchange, filled
from hostile_panels import panels
from hostile_texts import TEXTS
from ipywidgets.embed import dependency_state
from playwright.sync_api import expect
from storybook import Story, text_event

from connectorkit import course, drawing, frames, promises, scenarios, views
from connectorkit.log import Log
from connectorkit.paths.waterfall import waterfall
from connectorkit.promises import report
from connectorkit.site import building, catalogue, chapters, ledger, scripts, showing

from .listening import Listening

ROOT = Path(__file__).parents[2]
_INDEX = "# Hostile\n\n```{toctree}\ncourse/hostile\ncatalogue/index\npromises/index\n```\n"
pytestmark = pytest.mark.browser


def timings(texts: Sequence[str]) -> Any:
    log = Log()
    for place, text in enumerate(texts):
        began = 1_790_000_000_000_000_000 + place
        log.append(exchange(text, started_at=began, wait_ms=4.0, total_ms=5.0 + place % 7, error=text))
    return frames.timings(log)


def pictures(texts: Sequence[str]) -> Iterator[drawing.Picture]:
    """Every chart, with the texts wherever it has names."""
    frame = timings(texts)
    yield views.phases(frame, last=len(texts))
    yield views.waterfall(frame, last=len(texts))
    for chart in (views.histogram, views.percentiles):
        yield chart({text: [1.0, 2.0 + place] for place, text in enumerate(texts)})
        yield chart(frame, by="label")
    yield views.rate(frame)
    yield views.heat(frame)
    story = Story().open(consumer=texts[0])
    for place, text in enumerate(texts):
        story.send(10 * place, text_event(text), place, consumer=text)
    yield waterfall(story.log, "c-1").picture(last=len(texts))


@pytest.fixture(scope="module")
def saved() -> str:
    """A notebook as it is saved after a run: panels with their state, charts, and what was printed."""
    charts = [showing._bundle(one) for one in pictures(TEXTS)]
    outputs = [("chart", one | {"image/svg+xml": one[showing.PICTURE]["light"]}) for one in charts]
    with_panels = dict(panels(TEXTS))
    outputs += [(name, panel._repr_mimebundle_()) for name, panel in with_panels.items()]
    outputs.append(("frame", {"text/html": timings(TEXTS)._repr_html_()}))
    made = nbformat.v4.new_notebook(metadata={"language_info": {"name": "python"}})
    made.cells = [nbformat.v4.new_markdown_cell("# Hostile\n\nWhat somebody else wrote.")]
    for name, data in outputs:
        output = nbformat.v4.new_output("display_data", data=data)
        made.cells.append(nbformat.v4.new_code_cell(name, outputs=[output]))
    # Of what is only printed, IPython itself takes care.
    printed = "\n".join(TEXTS).encode("utf-8", "replace").decode()
    said = nbformat.v4.new_output("stream", name="stdout", text=printed)
    made.cells.append(nbformat.v4.new_code_cell("print", outputs=[said]))
    state = dependency_state([*with_panels.values()], drop_defaults=False)
    made.metadata["widgets"] = {chapters.STATE: {"version_major": 2, "version_minor": 0, "state": state}}
    return str(nbformat.writes(made))


def observed() -> dict[str, str]:
    """The pages of the catalogue and of the ledger, hostile wherever their texts can come from elsewhere."""
    outcomes, promised = [], []
    for place, text in enumerate(TEXTS):
        topic = scenarios.TOPICS[place % len(scenarios.TOPICS)]
        made = exchange(text, url=f"https://va.msg.example/{text}", response_body=text)
        scenario = replace(filled(scenarios.Scenario, text), name=f"case {place}", topic=topic)
        outcomes.append(replace(filled(scenarios.Outcome, text), scenario=scenario, exchange=made))
        promise = filled(promises.Promise, text)
        promise = replace(promise, id=f"S{place}", topic=promises.TOPICS[place % len(promises.TOPICS)])
        if place % 2:
            promise = replace(promise, readings=())
        promised.append(replace(filled(promises.Outcome, text), promise=promise))
    pages = catalogue.pages(outcomes) | ledger.pages(promised)
    return {f"{path}.md": page for path, page in pages.items()}


@pytest.fixture(scope="module")
def site(saved: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as the whole site is, of these pages only."""
    docs = tmp_path_factory.mktemp("hostile") / "docs"
    left_out = shutil.ignore_patterns("_build", "guides", "reference", "*.md", "*.png")
    shutil.copytree(ROOT / "docs", docs, ignore=left_out)
    (docs / "index.md").write_text(_INDEX, "utf-8")
    chapter = chapters.chapter(nbformat.reads(saved, as_version=4), "take/hostile.ipynb")
    pages = observed() | {
        "course/hostile.ipynb": nbformat.writes(chapter),
        "course/take/hostile.ipynb": saved,
    }
    staged, work = docs / "_build" / "source", docs / "_build"
    building._stage(docs, staged, pages)
    scripts.write(work / "static")
    return building._sphinx(docs, staged, work)


def test_catalogue_and_ledger(site: Path, listening: Listening) -> None:
    pages = [path for folder in ("catalogue", "promises") for path in sorted((site / folder).glob("*.html"))]

    for path in pages:
        listening.show(path)

    assert len(pages) > 20


def test_a_notebook_and_its_panels_come_to_life(site: Path, listening: Listening) -> None:
    listening.show(site / "course" / "hostile.html")
    panels = listening.page.locator(".ck-panel")
    expect(panels.locator(".ck-live")).to_have_count(panels.count())
    figures = listening.page.locator(".ck-figure")
    for place in range(figures.count()):
        figures.nth(place).scroll_into_view_if_needed()
        expect(figures.nth(place).locator(".ck-live svg.marks")).to_be_visible()

    listening.look()


def test_a_page_of_connectorkit_run(saved: str, listening: Listening, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(course._as_page(nbformat.reads(saved, as_version=4), "hostile"), "utf-8")
    listening.show(page)

    # Without its policy, it is the texts alone that keep it quiet.
    page.write_text(page.read_text("utf-8").replace(course._POLICY, ""), "utf-8")
    listening.show(page)


def test_the_ledger_as_a_page(listening: Listening, tmp_path: Path) -> None:
    page = tmp_path / "ledger.html"
    report.write([filled(promises.Outcome, text) for text in TEXTS], page, TEXTS[0])

    listening.show(page)
