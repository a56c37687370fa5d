"""``kit.explore`` on a healthy sandbox, and what it leaves behind."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import connectorkit as ck
from connectorkit.exploration import COLUMNS, Exploration
from connectorkit.explore import Kept, Surprise
from connectorkit.explore.report import Report
from connectorkit.explore.sending import Open, Send
from connectorkit.texts import storable
from tests.hostile import TEXTS

SECONDS = 5


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    with ck.connect(sandbox=True, log=":memory:") as kit:
        talk = kit.consumer("ana").open()
        made = kit.explore(seconds=SECONDS, seed=5, keep=tmp_path_factory.mktemp("kept"))
        assert talk.send("Still here").sequence is not None  # its own sandbox was not reset
    return made


def test_a_healthy_sandbox_surprises_nobody(explored: Exploration) -> None:
    assert [one.cell for one in explored.surprises] == []
    assert explored.ok
    assert explored.sequences > 10
    assert explored.steps > 50
    assert explored.steps_per_second == explored.steps / explored.seconds


def test_so_many_sequences_of_a_seed_reach_the_same_again(kit: ck.Kit) -> None:
    first, again, other = (kit.explore(sequences=25, seed=seed, keep=False) for seed in (5, 5, 6))

    assert first.sequences == again.sequences == 25
    assert first.reached == again.reached != other.reached


def test_coverage_is_a_frame_of_all_cells_that_there_are(explored: Exploration) -> None:
    coverage = explored.coverage()

    assert dict(coverage.dtypes.astype(str)) == {
        name: {"string": "string"}.get(kind, kind) for name, kind in COLUMNS.items()
    }
    assert coverage["times"].sum() == explored.steps
    assert (coverage["reached"] == (coverage["times"] > 0)).all()
    missed = set(explored.never_reached())
    cells = coverage.loc[~coverage["reached"], ["state", "event", "fault"]]
    assert missed == set(cells.itertuples(index=False, name=None))
    assert ("none open", "open", "none") not in missed


def test_the_heat_map_is_a_picture_and_a_text(explored: Exploration) -> None:
    picture, text = explored.heat_map(), explored.table()

    assert picture.svg().startswith("<svg")
    assert "events in a state were reached" in repr(picture)
    lines = text.splitlines()
    assert {"waiting", "closed"} <= set(lines[0].split())
    assert any(line.startswith("words") for line in lines)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_display_is_escaped(text: str) -> None:
    surprise = Surprise("", (), text, text, text, text)

    shown = Exploration(text, 1, surprises=[surprise])._repr_html_()

    text = storable(text)
    assert shown.count(html.escape(text)) == 5
    assert text not in shown or text == html.escape(text)


def test_nothing_tried_is_not_ok() -> None:
    assert not Report("nobody", 1).ok


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seconds": 0}, "seconds is 0, allowed are numbers above 0. Try seconds=60."),
        ({"seconds": True}, "seconds is True"),
        ({"sequences": 0}, "sequences is 0, allowed are whole numbers from 1 up"),
        ({"sequences": True}, "sequences is True"),
        ({"seed": -1}, "seed is -1, allowed are whole numbers from 0 up"),
        ({"calls_per_second": 0}, "calls_per_second is 0"),
    ],
)
def test_wrong_options_get_a_sentence(options: dict[str, Any], said: str, kit: ck.Kit) -> None:
    with pytest.raises(ck.SettingsError, match=said.replace(".", r"\.")):
        kit.explore(**options)


@pytest.fixture
def kit() -> Iterator[ck.Kit]:
    with ck.connect(sandbox=True, log=":memory:", agent=False, seed=77) as kit:
        yield kit


def test_the_kits_own_sandbox_is_never_reset(kit: ck.Kit) -> None:
    kit.consumer("ana").open()

    with pytest.raises(ck.SettingsError, match="seed is 77, which this kit's own sandbox has"):
        kit.explore(seconds=5, seed=77, keep=False)

    assert len(kit.sandbox.state()["conversations"]) == 1


def test_without_hypothesis_one_sentence_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import connectorkit as ck\n"
        "with ck.connect(sandbox=True, log=':memory:') as kit:\n"
        "    try: kit.explore(seconds=1)\n"
        "    except ck.SettingsError as error: print(error)\n"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert ran.stdout == 'Exploring needs hypothesis. Install it with: pip install "connectorkit[docs]"\n'


def test_a_kept_case_is_tried_first(tmp_path: Path) -> None:
    steps = (Open("ben"), Send("ben", "umlauts"))
    Kept(tmp_path).put(Surprise("a name", steps, "", "", "", ""))
    told: list[Report] = []

    with ck.connect(sandbox=True, log=":memory:") as kit:
        made = kit.explore(seconds=2, seed=6, keep=tmp_path, progress=told.append)

    assert made.kept == 1
    assert made.ok
    assert told  # it is heard of meanwhile
    assert len(list(tmp_path.iterdir())) == 1


_COUNTED = """
import json, os, sys, threading, time
import connectorkit as ck
from connectorkit.explore import searching

searching.sweep = list  # so that hypothesis draws from the start

def children():
    tasks = os.listdir("/proc/self/task")
    return sum(len(open(f"/proc/self/task/{task}/children").read().split()) for task in tasks)

def count():
    return {
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "files": len(os.listdir("/proc/self/fd")),
        "children": children(),
    }

def explore(seed):
    with ck.connect(sandbox=True, log=":memory:") as kit:
        made = kit.explore(seconds=2, seed=seed, keep=sys.argv[1])
        assert made.ok, made.surprises and made.surprises[0].cell

explore(1)  # what is imported and made once
before = count()
explore(2)
until = time.monotonic() + 10
while count() != before and time.monotonic() < until:
    time.sleep(0.05)
print(json.dumps([before, count()]))
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what is open where Linux tells it")
def test_nothing_stays_open(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _COUNTED, "kept"], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )

    assert ran.returncode == 0, ran.stderr
    before, after = json.loads(ran.stdout)
    assert after == before
    assert before["children"] == 0
    assert list(tmp_path.iterdir()) == []
