"""Commands for the notebooks: ``lab`` opens them, ``run`` executes them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--notebooks", default=None, type=click.Path(exists=True, file_okay=False), help="Another folder to open."
)
@click.argument("jupyter_options", nargs=-1, type=click.UNPROCESSED)
def lab(notebooks: str | None, jupyter_options: tuple[str, ...]) -> None:
    """Open JupyterLab on the notebooks. Options it does not know go to JupyterLab."""
    _need("jupyterlab", "lab")
    folder = notebooks or _notebooks()
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command.append("--LabApp.default_url=/lab/tree/00-index.ipynb")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        click.echo("Running as root, as in many containers: JupyterLab is told to allow it.", err=True)
        command.append("--allow-root")
    click.echo(f"JupyterLab opens on {folder}. Press Ctrl+C twice to stop it.", err=True)
    command += jupyter_options
    if os.name == "posix":
        # JupyterLab takes this process's place, so that whatever ends it ends JupyterLab.
        os.execve(command[0], command, _lab_environment())  # noqa: S606
    raise SystemExit(subprocess.call(command, env=_lab_environment()))


def _lab_environment() -> dict[str, str]:
    """JupyterLab with our defaults: it asks no questions about news. The user's own settings still win."""
    paths = [str(Path(__file__).parents[1] / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}


@click.command()
@click.argument("notebooks", nargs=-1, type=click.Path())
@click.option(
    "--pages", default="pages", type=click.Path(file_okay=False, path_type=Path), help="Where the pages go."
)
@click.option("--account", "on_account", is_flag=True, help="Let them talk to the configured real account.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def run(notebooks: tuple[str, ...], pages: Path, on_account: bool, as_json: bool) -> None:
    """Execute the notebooks (all, or those named) and write one HTML page for each.

    Exits with 1 if any cell fails. The kernels log to a temporary file unless CONNECTORKIT_LOG is set, and
    use the sandbox unless --account is given.
    """
    _need("nbclient", "docs")
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from connectorkit import course, settings

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        chapters = course.chapters(notebooks)
        with tempfile.TemporaryDirectory() as scratch, Progress(*columns, console=console) as progress:
            bar = progress.add_task("Cells", total=course.count_cells(chapters))
            environment = {"CONNECTORKIT_LOG": str(Path(scratch) / "log.sqlite3")} | dict(os.environ)
            if not on_account:  # empty rather than absent: a .env file must not fill them in
                environment |= dict.fromkeys(settings.NEEDED_VARIABLES, "")
            runs = course.run(chapters, pages, environment, lambda: progress.advance(bar))
    except course.CourseError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        rows = [{"notebook": str(r.notebook), "page": str(r.page), "problem": r.problem} for r in runs]
        click.echo(json.dumps(rows))
    else:
        for result in runs:
            outcome = f"failed at {result.problem}" if result.problem else "ran"
            click.echo(f"{result.notebook.name} {outcome} → {result.page}")
    sys.exit(1 if any(r.problem for r in runs) else 0)


def _need(module: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise click.ClickException(f'This needs more packages: pip install "connectorkit[{extra}]".')


def _notebooks() -> Path:
    from connectorkit import course

    try:
        return course.find()
    except course.CourseError as error:
        raise click.ClickException(str(error)) from None
