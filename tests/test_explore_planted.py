"""Defects planted in the sandbox: exploring finds them, in few steps, and its cells show them again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.planted import PROJECT, Defect, planted

DEFECTS = [
    Defect(
        "agents-replies-leave-the-time-running",
        "sandbox/account.py",
        "            conversation.last_agent_ts = now\n            conversation.effective_ttr = -1\n",
        "            conversation.last_agent_ts = now\n",
        "effectiveTTR is -1 after an agent's reply",
    ),
    Defect(
        "half-a-minute-of-leeway",
        "sandbox/issuer.py",
        "and self._clock.now() < exp",
        "and self._clock.now() < exp + 30",
        "an AppJWT is expired from the second exp on",
    ),
]


def explored(folder: Path, environment: dict[str, str], *more: str) -> tuple[int, dict[str, Any]]:
    """Run the command there; its exit code and what it printed."""
    command = [sys.executable, "-m", "connectorkit", "explore", "--json", "--seed", "3", *more]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=180)
    assert ran.stderr == ""
    return ran.returncode, json.loads(ran.stdout)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_planted_defect_is_found_and_its_cell_shows_it(defect: Defect, tmp_path: Path) -> None:
    with planted(defect) as copy:
        keep = ("--keep", str(tmp_path / "kept"))
        code, answer = explored(
            copy.folder, copy.environment, "--stop-at-first", "--cells", str(tmp_path), *keep
        )

        assert code == 1
        assert answer["ok"] is False
        (surprise,) = answer["surprises"]
        assert surprise["reproduced"]
        assert not surprise["kept"]
        assert 1 <= len(surprise["steps"]) <= 5
        cell = tmp_path / "surprise-1.py"
        assert cell.read_text(encoding="utf-8") == surprise["cell"]
        shown = copy.run(str(cell))
        assert shown.returncode == 1
        assert "AssertionError" in shown.stderr

        _, again = explored(copy.folder, copy.environment, "--stop-at-first", *keep)
        assert [one["kept"] for one in again["surprises"]] == [True]
        assert again["surprises"][0]["steps"] == surprise["steps"]
        assert again["steps"] <= 4 * len(surprise["steps"])  # it was tried first

    here = os.environ | {"PYTHONPATH": str(PROJECT)}
    passes = subprocess.run([sys.executable, str(cell)], env=here, capture_output=True, text=True)
    assert passes.returncode == 0, passes.stderr
