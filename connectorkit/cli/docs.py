"""The ``docs`` command."""

from __future__ import annotations

import importlib.util
import sys
import webbrowser
from pathlib import Path

import click

_NEEDED = ("sphinx", "myst_nb", "pydata_sphinx_theme", "sphinx_design", "sphinx_copybutton", "nbclient")


@click.command()
@click.option(
    "--to",
    default=None,
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the site goes; docs/_build/site unless given. A site that is there already is replaced.",
)
@click.option("--open", "opened", is_flag=True, help="Open the site in a browser when it is built.")
def docs(to: Path | None, opened: bool) -> None:
    """Build the documentation site from a clone, the course executed.

    Exits with 1 where a notebook fails, Sphinx warns, a link leads nowhere, or a page would load something
    from elsewhere. Notebooks use the sandbox, whatever account is set; those that have not changed are not
    executed again.
    """
    if any(importlib.util.find_spec(module) is None for module in _NEEDED):
        raise click.ClickException('This needs more packages: pip install "connectorkit[site]".')
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from connectorkit import course, site
    from connectorkit.errors import ConnectorError

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("Cells", visible=False)

            def advance(done: int, of: int) -> None:
                progress.update(bar, completed=done, total=of, visible=True)

            built = site.build(to, lambda said: progress.console.print(said, markup=False), advance)
    except (site.SiteError, course.CourseError, ConnectorError) as error:
        raise click.ClickException(str(error)) from None
    for problem in built.problems:
        click.echo(problem, err=True)
    index = built.folder / "index.html"
    click.echo(f"{built.pages} pages → {index}")
    if opened:
        webbrowser.open(index.resolve().as_uri())
    sys.exit(1 if built.problems else 0)
