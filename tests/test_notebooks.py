"""The notebooks are committed clean, and run from top to bottom with nobody at the mouse."""

from __future__ import annotations

import os
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from connectorkit import course, scenarios

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# What must hold after the last cell; appended by the test, so that the notebooks stay free of test code.
AFTERWARDS = {
    "00-index": "heard = kit.log.timeline(conversation=talk.id)\n"
    "assert heard.query(\"who == 'ASSIGNED_AGENT'\")['what'].str.startswith('text: ').any()",
    "01-connect-and-tokens": "assert kit.log.exchanges()['operation'].tolist()[:3] "
    "== ['domains', 'app_jwt', 'consumer_jws']\n"
    "assert renewed.fingerprint != app_jwt.fingerprint and panel.seconds_left > 3590",
    "02-open-and-send": "assert panel.messages['text'].eq('Sent by the cell below the panel').sum() == 1\n"
    "assert messages['code'].eq('OK').all() and len(messages) == 7\n"
    "assert messages['sequence'].dropna().tolist() == [0, 2, 4]\n"
    "assert kit.log.timeline(conversation=talk.id)['who'].eq('ASSIGNED_AGENT').any()",
    "03-provoke-errors": f"assert outcomes['as_expected'].all() and len(outcomes) == {len(scenarios.ALL)}\n"
    "assert outage.hits == 2 and kit.sandbox.active_faults() == []\n"
    "assert unknown.settle().exchange_id == unknown.exchange.exchange_id\n"
    "assert kit.log.exchange(exchanges.exchange).status_code == 401\n"
    "assert log.exchange == panel.exchange_id is not None",
    "04-inspect-timings": "assert timings['connect_ms'].notna().sum() == 1\n"
    "assert abs(kit.log.clock_offset(conversation=talk).ms) < 60_000\n"
    "assert report.latency.percentile(99) > 3500 > report.uncorrected.percentile(90)\n"
    "assert [panel.view, panel.before, panel.after] == ['comparison', 'before', 'slow']",
    "05-receive-notifications": "came = kit.log.notifications(conversation=bea.id)\n"
    "assert came['mark'].tolist() == ['', '', 'duplicate', '', 'gap', 'late', 'gap', '', '', '', '']\n"
    "assert came['sequence'].dropna().tolist() == [0, 0, 1, 3, 2, 5, 6, 7, 8, 9]\n"
    "assert [len(states), forged.status_code, len(attempts) > 12] == [5, 401, True]",
    "06-files-and-rich-content": "assert steps['status_code'].tolist() == [200, 201, 200, 200, 200]\n"
    "assert [c.event_type for c in answers] == ['AcceptStatusEvent', 'ContentEvent']\n"
    "assert kit.log.changes(conversation=talk.id)[-1].stage == 'CLOSE'",
    "07-explore": "assert report.ok and report.steps > 20 and report.coverage()['reached'].any()\n"
    "assert [(one.expected, one.section) for one in found.surprises] == [(\"'1'\", '7.2')]\n"
    "assert len(surprise.steps) == 1 and 'reqId' in surprise.cell and again.ok and again.kept == 1",
    "08-is-my-receiver-ready": "assert lab.diagnosis.cause == 'ascii-encoded'\n"
    "assert first.defects == ['re-serialised', 'addressee-ignored'] and second\n"
    "assert third.defects == ['works-twice', 'order-by-arrival', 'outdated-state']\n"
    "assert last and own and last['newest'].verdict == own['newest'].verdict == 'passed'",
}

# What must hold after the solutions, which run after those.
SOLVED = {
    "01-connect-and-tokens": "assert 'ext_consumer_id' in {*ben} and sent_again == 0",
    "02-open-and-send": "assert [refused.status_code, typed.ok] == [400, True] and urgent.id",
    "03-provoke-errors": "assert surprise.differs and [one.ok for one in replies] == [False, True]\n"
    "assert behind.status_code == 401 and 'ConsumerJWS is missing' in behind.response_body",
    "04-inspect-timings": "assert slowest_phase == 'wait_ms' and wider.percentiles() is not None",
    "05-receive-notifications": "assert (causes != 'valid').any() and (late['outcome'] == 'lost').any()",
    "06-files-and-rich-content": "assert warnings and last.stage == 'CLOSE' and len(last.dialogs) == 1",
    "07-explore": "assert [(one.observed, len(one.steps)) for one in third.surprises] == [('500', 1)]\n"
    "assert ['agent: umlauts', 'with agent', 'none'] in new.values.tolist() and len(new) == 9",
    "08-is-my-receiver-ready": "assert 'no-verification' in trusting.defects",
}
_SOLUTION = re.compile(r"<details>.*?</details>", re.DOTALL)
_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
COURSE = [path for path in NOTEBOOKS if not path.stem.startswith("00")]


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def test_every_notebook_has_its_assertions() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(AFTERWARDS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_clean(path: Path) -> None:
    notebook = read(path)

    for number, cell in enumerate(notebook.cells, 1):
        assert not cell.get("outputs"), f"cell {number} has outputs"
        assert cell.get("execution_count") is None, f"cell {number} has an execution count"
        assert cell.get("id"), f"cell {number} has no id"
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert path.stat().st_size < 50_000


def solutions(path: Path) -> list[list[str]]:
    """The code of each folded solution, a cell each."""
    folded = (found.group() for cell in read(path).cells for found in _SOLUTION.finditer(cell.source))
    return [_CODE.findall(one) for one in folded]


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_every_task_has_a_folded_solution_that_is_short(path: Path) -> None:
    _, _, tasks = read(path).cells[-1].source.partition("## Try it yourself")
    found = solutions(path)

    assert len(re.findall(r"(?m)^- ", tasks)) == len(found) >= 2
    assert tasks.count("<details><summary>One way</summary>\n\n") == tasks.count("\n</details>\n")
    for cells in found:
        assert cells
        assert all(len(cell.splitlines()) <= 10 for cell in cells)


def test_the_index_names_every_notebook_and_its_title() -> None:
    index = "\n".join(cell.source for cell in read(NOTEBOOKS[0]).cells)

    assert NOTEBOOKS[0].stem == "00-index"
    assert 4 <= len(read(NOTEBOOKS[0]).cells) <= 10
    for path in COURSE:
        title = read(path).cells[0].source.splitlines()[0].removeprefix("# ")
        assert f"[{path.stem[:2]} {title}]({path.name})" in index


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_notebook_tells_a_story(path: Path) -> None:
    cells = read(path).cells
    text = [c for c in cells if c.cell_type == "markdown"]
    code = [c for c in cells if c.cell_type == "code"]

    assert 15 <= len(cells) <= 32
    assert len(text) >= len(code)
    assert all(
        word in text[0].source for word in ("# ", "What you'll do", "What you'll learn", "What you'll need")
    )
    closing = text[-1].source
    assert cells[-1] is text[-1]
    assert closing.index("## What you saw") < closing.index("## Try it yourself") < closing.index(".ipynb)")
    for cell in code:
        assert len(cell.source.splitlines()) <= 8, cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_links_lead_somewhere(path: Path) -> None:
    for cell in read(path).cells:
        for target in re.findall(r"\]\(([^)#]+\.ipynb)\)", cell.source):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_holds_what_it_says(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = read(path)
    solved = [cell for cells in solutions(path) for cell in cells]
    for source in (AFTERWARDS[path.stem], *solved, SOLVED.get(path.stem, "")):
        notebook.cells.append(nbformat.v4.new_code_cell(source))
    copy = tmp_path / path.name
    nbformat.write(notebook, copy)
    environment = dict(os.environ) | {"CONNECTORKIT_LOG": str(tmp_path / "log.sqlite3")}

    executed = []
    keep = course.leave_out_unscripted
    monkeypatch.setattr(
        course, "leave_out_unscripted", lambda made: (executed.append(deepcopy(made)), keep(made))
    )

    (result,) = course.run([copy], tmp_path / "pages", environment)

    assert result.problem == ""
    page = result.page.read_text(encoding="utf-8")
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    for state_too in (True, False):
        assert empty_outputs(executed[0], state_too) == []


def empty_outputs(executed: Any, state_too: bool) -> list[str]:
    """Where a reader without scripts sees nothing, on a page made of the notebook by nbconvert itself."""
    notebook = deepcopy(executed)
    if not state_too:
        notebook.metadata.pop("widgets", None)
    page = BeautifulSoup(HTMLExporter().from_notebook_node(notebook)[0], "html.parser")
    places = page.select(".jp-Cell-outputWrapper .jp-OutputArea")
    assert len(places) == sum(bool(cell.get("outputs")) for cell in notebook.cells)
    for part in page.select("script, style"):
        part.decompose()
    empty = (place for place in places if not place.get_text(strip=True) and not place.find(["img", "svg"]))
    return [str(place)[:300] for place in empty]
