"""Defects planted in the sandbox, one at a time: who notices?

``PLANTED_DEFECTS=all`` has the project's own suite judge all thirty (ten minutes), and
``PLANTED_DEFECTS=explore`` looks for them by exploring alone (an hour); otherwise a few are judged by the
files of the suite that are about them.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.defects import DEFECTS, SandboxDefect
from tests.mutants.planted import PROJECT, Planted, planted

WANTED = os.environ.get("PLANTED_DEFECTS", "")
# Everything that judges what the sandbox answers and tells, and never by reading its source.
_STARTED_AND_STOPPED = {"test_command.py", "test_tls.py"}  # of processes; a busy machine decides too much
SUITE = tuple(
    str(path.relative_to(PROJECT))
    for pattern in ("wire/test_*.py", "sandbox/test_*.py", "test_scenarios.py", "test_whole_journey.py")
    for path in sorted((PROJECT / "tests").glob(pattern))
    if path.name not in _STARTED_AND_STOPPED
)
_A_FEW = ("lookup-without-version", "second-accept-counts", "closed-by-nobody")
CHOSEN = tuple(defect for defect in DEFECTS if WANTED == "all" or defect.name in _A_FEW)
MAY_MISS = 2 if WANTED == "all" else 0
_TURNS = 3  # what fails once only was a busy machine, and is no notice

TO_EXPLORE = 60  # seconds, for each defect
TO_FIND, MOST_STEPS = 20, 5


def test_each_defect_is_its_own_and_names_the_section_it_contradicts() -> None:
    assert len(DEFECTS) == 30
    assert len({defect.name for defect in DEFECTS}) == 30
    assert len({(defect.file, defect.old) for defect in DEFECTS}) == 30
    named = [re.findall(r"\b(\d+)\.\d+\b", defect.breaks.partition(":")[0]) for defect in DEFECTS]
    assert all(named)
    assert {int(section) for sections in named for section in sections} == set(range(2, 12))


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_stands_once_in_the_sandbox_and_leaves_python(defect: SandboxDefect) -> None:
    text = (PROJECT / "connectorkit" / defect.file).read_text(encoding="utf-8")

    assert defect.file.startswith("sandbox/")
    assert text.count(defect.old) == 1
    assert defect.new != defect.old
    compile(text.replace(defect.old, defect.new), defect.file, "exec")
    assert set(defect.noticed_by) <= set(SUITE)


def test_the_suite_has_nothing_against_a_healthy_copy() -> None:
    files = SUITE if WANTED == "all" else _about(CHOSEN)

    with planted(None) as copy:
        assert _first_failure(copy, files) is None


def test_the_suite_notices_what_is_planted(capsys: pytest.CaptureFixture[str]) -> None:
    unnoticed = []
    for defect in CHOSEN:
        began = time.monotonic()
        with planted(defect) as copy:
            test = _first_failure(copy, defect.noticed_by)
            if test is None and WANTED == "all":
                test = _first_failure(copy, [file for file in SUITE if file not in defect.noticed_by])
        if test is None:
            unnoticed.append(defect.name)
        with capsys.disabled():
            print(f"\n{defect.name}: {test or 'not noticed'} ({time.monotonic() - began:.0f} s)", end="")

    assert len(unnoticed) <= MAY_MISS, unnoticed


if WANTED == "explore":

    def test_exploring_finds_what_is_planted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        found, wrong = [], []
        with planted(None) as healthy:
            for defect in DEFECTS:
                began = time.monotonic()
                with planted(defect) as copy:
                    surprise = _explored(copy, tmp_path / defect.name)
                    took = time.monotonic() - began
                    if surprise is not None:
                        found.append(defect.name)
                        wrong += [f"{defect.name}: {what}" for what in _objections(surprise, copy, healthy)]
                with capsys.disabled():
                    print(f"\n{defect.name}: {_told(surprise)} ({took:.0f} s)", end="")

        assert wrong == []
        assert len(found) >= TO_FIND, found


# --- The project's own suite -------------------------------------------------------------------------


def _about(defects: Iterable[SandboxDefect]) -> list[str]:
    return sorted({file for defect in defects for file in defect.noticed_by})


def _first_failure(copy: Planted, tests: Iterable[str]) -> str | None:
    """The first of these tests that fails in the copy, and does so again when it is alone."""
    for _ in range(_TURNS):
        if _passes(copy, *tests):
            return None
        (test,) = json.loads((copy.folder / ".pytest_cache/v/cache/lastfailed").read_text("utf-8"))
        if not _passes(copy, test):
            return str(test)
    return None


def _passes(copy: Planted, *tests: str) -> bool:
    done = copy.run("-m", "pytest", "-n0", "-x", "-q", *tests, timeout=3600)
    # Anything but "passed" and "failed" is no judgement: nothing collected, say, or a broken import.
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]
    return done.returncode == 0


# --- Exploring ---------------------------------------------------------------------------------------


def _explored(copy: Planted, keep: Path) -> dict[str, Any] | None:
    """The first surprise, if there is one in time."""
    options = ("--stop-at-first", "--json", "--seed", "1", "--keep", str(keep))
    done = copy.run("-m", "connectorkit", "explore", "--sandbox", "--seconds", str(TO_EXPLORE), *options)
    assert done.stdout.startswith("{"), done.stdout[-2000:] + done.stderr[-2000:]
    surprises = json.loads(done.stdout)["surprises"]
    assert (done.returncode == 0) == (surprises == []), done.stderr[-2000:]
    return dict(surprises[0]) if surprises else None


def _objections(surprise: dict[str, Any], copy: Planted, healthy: Planted) -> list[str]:
    """What is wrong with a find: too long, or a cell that does not show the defect, and it alone."""
    cell = surprise["cell"]
    shown = sum(copy.run("-c", cell).returncode != 0 for _ in range(10))
    shown_where_none_is = sum(healthy.run("-c", cell).returncode != 0 for _ in range(3))
    objections = {
        f"{len(surprise['steps'])} steps": len(surprise["steps"]) > MOST_STEPS,
        f"the cell shows it {shown} times out of 10": shown != 10,
        "the cell fails in a healthy copy": shown_where_none_is > 0,
    }
    return [what for what, is_wrong in objections.items() if is_wrong]


def _told(surprise: dict[str, Any] | None) -> str:
    if surprise is None:
        return "not found"
    return f"found as {surprise['name']} in {len(surprise['steps'])} steps, section {surprise['section']}"
