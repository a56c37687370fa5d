"""The notebooks with their outputs, executed when they or the kit have changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nbformat

import connectorkit
from connectorkit import course, settings

SHOWING = "connectorkit.site.showing"


def executed(
    notebooks: Sequence[Path],
    kept: Path,
    environment: dict[str, str],
    advance: Callable[[], None] | None = None,
) -> list[tuple[Any, str]]:
    """Each notebook with its outputs, and what went wrong in it, which is nothing where all was well.

    Those that went well are kept in the folder ``kept``, and not executed again while the notebook and the
    kit are the same. Kernels use the sandbox, and a log that is gone afterwards.
    """
    kept.mkdir(parents=True, exist_ok=True)
    known = {path: kept / f"{path.stem}-{_fingerprint(path)}.ipynb" for path in notebooks}
    for old in set(kept.glob("*.ipynb")) - set(known.values()):
        old.unlink()

    async def run_all(scratch: Path) -> list[tuple[Any, str]]:
        turns = asyncio.Semaphore(course.AT_ONCE)

        async def run(path: Path) -> tuple[Any, str]:
            notebook = course.read(path)
            its_own = {"CONNECTORKIT_LOG": str(scratch / path.stem / "log.sqlite3")}
            async with turns:
                problem = await course.execute(notebook, path.parent, seen | its_own, advance, [SHOWING])
            course.leave_out_unscripted(notebook)
            notebook = _without(notebook, str(scratch))
            if not problem:
                nbformat.write(notebook, known[path])  # type: ignore[no-untyped-call]
            return notebook, problem

        async def have(path: Path) -> tuple[Any, str]:
            return (course.read(known[path]), "") if known[path].exists() else await run(path)

        return await asyncio.gather(*map(have, notebooks))

    # Empty rather than absent: a .env file must not fill them in.
    seen = environment | dict.fromkeys(settings.NEEDED_VARIABLES, "")
    with tempfile.TemporaryDirectory() as scratch:
        return asyncio.run(run_all(Path(scratch)))


def to_run(notebooks: Sequence[Path], kept: Path) -> list[Path]:
    """Those of which no outputs are kept."""
    return [path for path in notebooks if not (kept / f"{path.stem}-{_fingerprint(path)}.ipynb").exists()]


def _without(notebook: Any, scratch: str) -> Any:
    """The folder of the logs is another one in every run, and of no use to a reader."""
    text = json.dumps(notebook).replace(json.dumps(scratch)[1:-1], "…")
    return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]


def _fingerprint(notebook: Path) -> str:
    package = Path(connectorkit.__file__).parent
    found = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    # What makes pages of outputs, and the commands, change no output.
    aside = {path for name in ("site", "cli") for path in (package / name).glob("*.py")}
    aside.discard(package / "site" / "showing.py")
    for path in (notebook, *sorted({*package.rglob("*.py")} - aside)):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
