"""Build the site: execute, observe, write pages, hand them to Sphinx, check what came of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import connectorkit
from connectorkit import course
from connectorkit.site import catalogue, chapters, checking, executing, ledger, limits, scripts
from connectorkit.site.writing import plain

Tell = Callable[[str], None]
_COURSE = "course"


class SiteError(Exception):
    """The site cannot be built."""


@dataclass(frozen=True)
class Built:
    """What came of it: the folder of the site, its pages, and what is wrong with them, which should be nothing."""

    folder: Path
    pages: int
    problems: tuple[str, ...] = ()


def find() -> Path:
    """The folder with the sources of the site. Raises ``SiteError`` where the kit is not used from a clone."""
    sources = Path(connectorkit.__file__).parents[1] / "docs"
    if not (sources / "conf.py").is_file():
        raise SiteError(
            "The sources of the site are in docs/ of a clone; an installed kit does not have them. Clone the "
            'repository, and there run: pip install --editable ".[site]" && connectorkit docs'
        )
    return sources


def build(
    to: Path | None = None,
    tell: Tell = lambda said: None,
    advance: Callable[[int, int], None] = lambda done, of: None,
) -> Built:
    """Build the site into ``to``, which is ``docs/_build/site`` unless said.

    ``tell`` hears what is done, ``advance`` of each executed cell: how many, of how many. Notebooks that have
    not changed, and neither has the kit, are not executed again. Raises ``SiteError`` where a notebook fails
    or Sphinx warns of something.
    """
    docs = find()
    work, to = docs / "_build", to or docs / "_build" / "site"
    staged = work / "source"
    pages = _course(work / "executed", tell, advance) | _observed(tell)
    pages["changelog.md"] = _changelog(docs.parent)
    _stage(docs, staged, pages)
    scripts.write(work / "static")
    tell("Sphinx writes the pages.")
    _sphinx(docs, staged, work, to)
    tell("Links are checked.")
    found = checking.problems(to)
    return Built(to, len(checking.pages(to)), tuple(found))


def _course(kept: Path, tell: Tell, advance: Callable[[int, int], None]) -> dict[str, str]:
    """The notebooks, executed, as pages by their path; and the page that lists them."""
    import nbformat

    notebooks = course.chapters()
    waiting = executing.to_run(notebooks, kept)
    tell(f"{len(notebooks)} notebooks: {len(waiting)} to execute, {len(notebooks) - len(waiting)} unchanged.")
    cells, done = course.count_cells(waiting), 0

    def ran() -> None:
        nonlocal done
        done += 1
        advance(done, cells)

    made: dict[str, str] = {}
    listed = []
    for path, (notebook, problem) in zip(
        notebooks, executing.executed(notebooks, kept, dict(os.environ), ran), strict=True
    ):
        if problem:
            raise SiteError(f"{path.name} fails at {problem}.")
        listed.append(
            f"[{plain(chapters.title(notebook))}]({path.name})\n: {plain(chapters.abstract(notebook))}\n"
        )
        made[f"{_COURSE}/take/{path.name}"] = path.read_text(encoding="utf-8")
        chapter = chapters.chapter(notebook, f"take/{path.name}")
        made[f"{_COURSE}/{path.name}"] = nbformat.writes(chapter)  # type: ignore[no-untyped-call]
    contents = "\n".join(path.stem for path in notebooks)
    made[f"{_COURSE}/index.md"] = _COURSE_PAGE.format(
        count=len(notebooks), listed="\n".join(listed), contents=contents
    )
    return made


def _observed(tell: Tell) -> dict[str, str]:
    """The catalogue and the ledger, run on a sandbox of their own."""
    tell("The error catalogue and the ledger of promises are observed on the sandbox.")
    with connectorkit.connect(sandbox=True, log=":memory:") as kit:
        outcomes = kit.scenarios.play_all()
        pages = catalogue.pages(outcomes)
        surprises = [one.scenario.name for one in outcomes if not one.as_expected]
        promised = kit.promises.check_all()
        pages |= ledger.pages(promised)
        surprises += [one.promise.id for one in promised if not one.kept]
    if surprises:
        tell(f"Not as expected, and shown so: {', '.join(surprises)}.")
    pages[limits.PATH] = limits.page()
    return {f"{path}.md": page for path, page in pages.items()}


def _changelog(root: Path) -> str:
    return (root / "CHANGELOG.md").read_text(encoding="utf-8")


def _stage(docs: Path, staged: Path, pages: dict[str, str]) -> None:
    """Lay out everything that Sphinx reads. What has not changed keeps its time, so that it is not read again."""
    wanted = {
        str(path.relative_to(docs)): path.read_text(encoding="utf-8")
        for path in docs.rglob("*.md")
        if not path.relative_to(docs).parts[0].startswith("_")
    } | pages
    for path, text in wanted.items():
        target = staged / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    for old in [path for path in staged.rglob("*") if path.is_file()]:
        if old.relative_to(staged).as_posix() not in wanted and "generated" not in old.parts:
            old.unlink()


def _sphinx(docs: Path, staged: Path, work: Path, to: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-b", "html", "--fail-on-warning", "--keep-going", "--quiet"]
    # Warnings are counted from all pages, so all are read anew; that takes a few seconds.
    command += ["-E", "-c", str(docs), "-d", str(work / "doctrees"), str(staged), str(to)]
    if to.exists() and (to / "index.html").exists():
        shutil.rmtree(to)  # pages that are no longer made would stay, and be checked
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONUTF8": "1"})
    said = re.sub(r"\x1b\[[0-9;]*m", "", result.stderr).replace(str(staged), "docs").strip()
    if result.returncode or said:
        raise SiteError(f"Sphinx is not content:\n{said or result.stdout}")


_COURSE_PAGE = """# The course

{count} notebooks, one idea each. Every page here is a notebook that was executed from top to bottom when the site
was built: what stands below a cell is what it gave. To work through them with your own hands, run
`connectorkit lab`.

{listed}

```{{toctree}}
:hidden:

{contents}
```
"""
