"""A copy of the project with one defect in it: what runs there, also as a child, runs the defective code."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
_COPIED = ("connectorkit", "notebooks", "tests", "pyproject.toml", "README.md", "environment.yml")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "mutants")


@dataclass(frozen=True)
class Defect:
    """``old`` becomes ``new`` in ``file``, which is a path below ``connectorkit``; ``breaks`` says what then
    is wrong."""

    name: str
    file: str
    old: str
    new: str
    breaks: str


@dataclass(frozen=True)
class Planted:
    """Where the defective copy is, and the environment in which it is the one that is imported."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTORKIT_")}
        return kept | {"PYTHONPATH": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run Python there, e.g. ``run("-m", "pytest", "tests/wire", "-x")``."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    @contextlib.contextmanager
    def sandbox(self, *arguments: str) -> Iterator[dict[str, Any]]:
        """A sandbox that runs the defective code; its ready line."""
        process = subprocess.Popen(
            [sys.executable, "-m", "connectorkit", "sandbox", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(timeout=10)
            process.stdout.close()


@contextlib.contextmanager
def planted(defect: Defect | None, copied: Sequence[str] = _COPIED) -> Iterator[Planted]:
    """A copy of the project with the defect; without one, the project as it is.

    A sandbox needs ``connectorkit`` alone to be ``copied``.
    """
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        for name in copied:
            source, target = PROJECT / name, Path(folder) / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=_LEFT_OUT)
            else:
                shutil.copy(source, target)
        if defect is not None:
            file = Path(folder) / "connectorkit" / defect.file
            text = file.read_text(encoding="utf-8")
            found = text.count(defect.old)
            assert found == 1, f"{defect.name}: {defect.file} has the text to be replaced {found} times"
            file.write_text(text.replace(defect.old, defect.new), encoding="utf-8")
        yield Planted(Path(folder))
