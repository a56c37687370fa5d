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
from connectorkit.site import catalogue, chapters, checking, commands, executing, ledger, limits, scripts
from connectorkit.site.writing import plain

Tell = Callable[[str], None]
_COURSE = "course"


class SiteError(Exception):
    """The site cannot be built."""


@dataclass(frozen=True)
class Built:
    """What came of it: where the site is, how many pages it has, and what is wrong with them."""

    folder: Path
    pages: int
    problems: tuple[str, ...] = ()


def find() -> Path:
    """The folder with the sources of the site. Raises ``SiteError`` where the kit is not of a clone."""
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
    not changed, and neither has the kit, are not executed again. Raises ``SiteError`` where a notebook fails,
    Sphinx warns of something, or ``to`` holds anything but an earlier site.
    """
    docs = find()
    work, to = docs / "_build", to or docs / "_build" / "site"
    _check_replaceable(to)
    staged = work / "source"
    pages = _course(work / "executed", tell, advance) | _observed(tell)
    pages |= {f"{limits.PATH}.md": limits.page(), f"{commands.PATH}.md": commands.page()}
    pages["changelog.md"] = (docs.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    _stage(docs, staged, pages)
    scripts.write(work / "static")
    tell("Sphinx writes the pages.")
    made = _sphinx(docs, staged, work)
    tell("Links are checked.")
    found = checking.problems(made)
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(made, to)
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
        name = f"{path.stem[:2]} {plain(chapters.title(notebook))}"
        listed.append(f"[{name}]({path.name})\n: {plain(chapters.abstract(notebook))}\n")
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
    return {f"{path}.md": page for path, page in pages.items()}


def _stage(docs: Path, staged: Path, pages: dict[str, str]) -> None:
    """Lay out everything that Sphinx reads."""
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(docs, staged, ignore=shutil.ignore_patterns("_*", "conf.py", ".*"))
    for path, text in pages.items():
        target = staged / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _sphinx(docs: Path, staged: Path, work: Path) -> Path:
    """Have Sphinx write the site; returns its folder, beside which some of its extensions leave things."""
    made = work / "made" / "html"
    shutil.rmtree(made.parent, ignore_errors=True)  # pages that are no longer made would stay, and be checked
    command = [sys.executable, "-m", "sphinx", "-b", "html", "--fail-on-warning", "--keep-going", "--quiet"]
    # All is read anew, which takes a few seconds: a page that was read before would not be warned of again.
    command += ["--fresh-env", "-c", str(docs), "-d", str(work / "doctrees"), str(staged), str(made)]
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONUTF8": "1"})
    said = re.sub(r"\x1b\[[0-9;]*m", "", result.stderr).replace(str(staged), "docs").strip()
    if result.returncode or said:
        raise SiteError(f"Sphinx is not content:\n{said or result.stdout}")
    return made


def _check_replaceable(to: Path) -> None:
    """A site may be replaced by a newer one. Whatever else somebody has in a folder must not be."""
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / "objects.inv").is_file())):
        raise SiteError(f"{to} has something else in it than a site. Choose an empty folder, or a new one.")


_COURSE_PAGE = """# The course

{count} notebooks, one idea each. Every page here is a notebook that was executed from top to bottom when the
site was built: what stands below a cell is what it gave. To work through them with your own hands, run
`connectorkit lab`.

{listed}

```{{toctree}}
:hidden:

{contents}
```
"""
