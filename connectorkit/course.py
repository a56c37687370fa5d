"""The notebooks: where they are, and how they are run headless and rendered as pages."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import connectorkit
from connectorkit import markup

AT_ONCE = 2
_CELL_SECONDS = 120
_PAGE_ORDER = ("text/html", "image/svg+xml", "image/png", "text/markdown", "text/plain")


class CourseError(Exception):
    """The notebooks cannot be found or read."""


@dataclass(frozen=True)
class Run:
    """How one notebook went; ``problem`` is empty when all was well."""

    notebook: Path
    page: Path
    problem: str = ""


def find() -> Path:
    """The folder with the notebooks: of this checkout, or, for an installed kit, a copy to work in."""
    package = Path(connectorkit.__file__).parent
    checkout = package.parent / "notebooks"
    if checkout.is_dir():
        return checkout
    brought, copy = package / "notebooks", Path.cwd() / "connectorkit-notebooks"
    if not brought.is_dir():
        raise CourseError("The notebooks are not installed. Install connectorkit again, or work in a clone.")
    for notebook in brought.glob("*.ipynb"):
        copy.mkdir(exist_ok=True)
        if not (copy / notebook.name).exists():  # what somebody has worked on stays as it is
            shutil.copy(notebook, copy)
    return copy


def chapters(names: tuple[str, ...] = ()) -> list[Path]:
    """The notebooks to run, in order: all of the course, or those named by path or by their name in it."""
    if not names:
        return sorted(find().glob("[0-9][0-9]-*.ipynb"))
    paths = [Path(name) if Path(name).is_file() else _of_course(name) for name in names]
    for path in paths:
        if not path.is_file():
            raise CourseError(f"There is no notebook {path}. Leave the names out to run the whole course.")
    return paths


def _of_course(name: str) -> Path:
    try:
        path = find() / name
    except CourseError:
        return Path(name)
    return path if path.is_file() else Path(name)


def count_cells(notebooks: list[Path]) -> int:
    """Code cells in all of them, for a progress bar."""
    return sum(1 for path in notebooks for cell in read(path).cells if cell.cell_type == "code")


def run(
    notebooks: list[Path], pages: Path, environment: dict[str, str], advance: Callable[[], None] | None = None
) -> list[Run]:
    """Execute notebooks, two at a time, and write one HTML page for each into ``pages``.

    ``environment`` is what the kernels see; ``advance`` is called after each cell.
    """
    pages.mkdir(parents=True, exist_ok=True)

    async def run_all() -> list[Run]:
        turns = asyncio.Semaphore(AT_ONCE)
        return await asyncio.gather(
            *(_run_one(path, pages, environment, advance, turns) for path in notebooks)
        )

    return asyncio.run(run_all())


async def _run_one(
    path: Path,
    pages: Path,
    environment: dict[str, str],
    advance: Callable[[], None] | None,
    turns: asyncio.Semaphore,
) -> Run:
    notebook, page = read(path), pages / f"{path.stem}.html"
    async with turns:
        problem = await execute(notebook, path.parent, environment, advance)
        leave_out_unscripted(notebook)
        notebook.metadata.pop("widgets", None)
        page.write_text(_as_page(notebook, path.stem), encoding="utf-8")
    return Run(path, page, problem)


async def execute(
    notebook: Any,
    folder: Path,
    environment: dict[str, str],
    advance: Callable[[], None] | None = None,
    extensions: Sequence[str] = (),
) -> str:
    """Run all cells of a notebook as if it lay in ``folder``; outputs and widget state are added to it.

    ``extensions`` are modules that IPython loads first. Returns what went wrong, nothing when all was well.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal

    client = NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        kernel_name="python3",
        # Kernels listen on loopback; their warning about it would drown the progress bar.
        extra_arguments=[
            "--IPKernelApp.log_level=ERROR",
            *(f"--IPKernelApp.extra_extensions={name}" for name in extensions),
        ],
        resources={"metadata": {"path": str(folder)}},
        on_cell_executed=lambda **_: advance() if advance is not None else None,
    )
    problem = ""
    try:
        await client.async_execute(env=environment)
    except (CellControlSignal, RuntimeError) as error:  # a cell failed, or the kernel died
        problem = str(error).strip().splitlines()[-1]
    return _error_output(notebook) or problem


def leave_out_unscripted(notebook: Any) -> None:
    """Our pages show panels without scripts in their own way; other converters need these outputs."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if markup.UNSCRIPTED not in one.get("metadata", {})]


def read(path: Path) -> Any:
    """A notebook from its file. Raises ``CourseError`` where it is none."""
    import nbformat

    try:
        return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise CourseError(f"{path} cannot be read as a notebook ({error}).") from None


def _error_output(notebook: Any) -> str:
    """The first error output outside a cell tagged for it; panels' callbacks fail without stopping a run."""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code" or "raises-exception" in cell.metadata.get("tags", []):
            continue
        for output in cell.outputs:
            if output.output_type == "error":
                return f"cell {number}: {output.ename}: {output.evalue}"
    for output in _captured(notebook):
        if output.get("output_type") == "error":
            return f"an output widget: {output.get('ename')}: {output.get('evalue')}"
    return ""


def _captured(notebook: Any) -> Iterator[dict[str, Any]]:
    """What ``ipywidgets.Output`` captured; it leaves no trace in the cells."""
    saved = notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    for model in saved.get("state", {}).values():
        if model.get("model_name") == "OutputModel":
            yield from model.get("state", {}).get("outputs", ())


def _as_page(notebook: Any, title: str) -> str:
    """One page without scripts: it reads the same offline, in an e-mail, and with scripts off."""
    from nbconvert import HTMLExporter

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not has_gone(output)]
    exporter: Any = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True
    )
    exporter.config.NbConvertBase.display_data_priority = list(_PAGE_ORDER)
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    # The pages stand side by side, as the notebooks do.
    body = re.sub(r'href="([0-9][0-9]-[a-z-]+)\.ipynb"', r'href="\1.html"', body)
    # What is wider than its place is scrolled by keyboard as well.
    reached = '<div class="output_wrapper" tabindex="0" role="group" aria-label="Output">'
    body = body.replace('<div class="output_wrapper">', reached)
    return _PAGE.format(title=escape(title), policy=_POLICY, style=_STYLE + _code_colours(), body=body)


def has_gone(output: Any) -> bool:
    """Whether it was shown only for a while, such as a progress bar; its place says ``Output()``."""
    data = output.get("data", {})
    return _WIDGET in data and data.get("text/plain", "").startswith("Output(")


def _code_colours() -> str:
    from pygments.formatters import HtmlFormatter

    light, dark = (
        HtmlFormatter(style=name, nobackground=True).get_style_defs(".highlight")
        for name in ("xcode", "github-dark")
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}"


_WIDGET = "application/vnd.jupyter.widget-view+json"
# A page may load nothing and run nothing, whatever a server managed to write into an output.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body><main>
{body}
</main></body>
</html>
"""
_STYLE = """
:root { color-scheme: light dark; background: Canvas; color: CanvasText; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
pre { overflow-x: auto; padding: 0.6rem 0.8rem; border-radius: 6px; line-height: 1.4; font-size: 0.85rem; }
.input_area pre, .highlight pre { background: rgba(128, 128, 128, 0.08); margin: 0.8rem 0 0.2rem; }
.output_wrapper { margin: 0.2rem 0 1rem; overflow-x: auto; }
.output_subarea pre { background: none; padding-left: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
main table { border-collapse: collapse; border: 0; font-size: 0.85rem; }
main table th, main table td, main table.dataframe thead th, main table.dataframe tbody tr th {
  text-align: left; vertical-align: top; padding: 0.2rem 0.9rem 0.2rem 0; border: 0;
  border-bottom: 1px solid rgba(128, 128, 128, 0.35);
}
svg { max-width: 100%; height: auto; }
.anchor-link { display: none; }
code { font-size: 0.92em; }
"""
