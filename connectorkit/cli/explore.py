"""The ``explore`` command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from connectorkit.exploration import Exploration

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option(
    "--seconds",
    default=60.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="How long, shrinking of what is found included.",
)
@click.option("--seed", default=None, type=click.IntRange(min=0), help="The same again; else a new one.")
@click.option(
    "--sandbox", "use_sandbox", is_flag=True, help="Explore a sandbox, as is done unless --account."
)
@click.option("--account", "use_account", is_flag=True, help="Explore the account that is configured.")
@click.option("--visible", is_flag=True, help="On an account, also open conversations, which agents may see.")
@click.option(
    "--rate",
    default=1.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True, max=100),
    help="On an account, at most so many calls a second.",
)
@click.option("--stop-at-first", is_flag=True, help="End with the first surprise.")
@click.option("--keep", default=None, type=_FOLDER, help="Where found cases are kept and looked for first.")
@click.option("--cells", default=None, type=_FOLDER, help="Write a notebook cell for each surprise here.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def explore(
    seconds: float,
    seed: int | None,
    use_sandbox: bool,
    use_account: bool,
    visible: bool,
    rate: float,
    stop_at_first: bool,
    keep: Path | None,
    cells: Path | None,
    as_json: bool,
) -> None:
    """Try sequences nobody thought of, and tell what contradicts the protocol.

    Calls, broken envelopes, clock steps, faults, agents and notifications, as chance has it. Each surprise
    is shrunk and printed as a notebook cell that shows it by itself. Exits with 0 only when there was none.
    """
    from connectorkit.errors import ConnectorError

    if use_account and use_sandbox:
        raise click.UsageError("--account and --sandbox exclude each other.")
    if visible and not use_account:
        raise click.UsageError("--visible goes with --account.")
    try:
        made = _explored(
            use_account=use_account,
            seconds=seconds,
            seed=seed,
            keep=keep,
            stop_at_first=stop_at_first,
            progress=False if as_json else None,
            visible=visible,
            calls_per_second=rate,
        )
    except ConnectorError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "error": str(error), "surprises": []}))
            sys.exit(1)
        raise click.ClickException(str(error)) from None
    if cells is not None:
        _write(made, cells)
    if as_json:
        click.echo(json.dumps(made.summary()))
    else:
        _show(made)
    sys.exit(0 if made.ok else 1)


def _explored(*, use_account: bool, **options: object) -> Exploration:
    from connectorkit.errors import SettingsError
    from connectorkit.explorer import explore_kit
    from connectorkit.kit import connect
    from connectorkit.settings import load

    if not use_account:
        return explore_kit(**options)  # type: ignore[arg-type]
    if load() is None:
        raise SettingsError(
            "--account: no account is configured. Set CONNECTORKIT_ACCOUNT_ID and the other two."
        )
    with connect() as kit:
        return explore_kit(kit, **options)  # type: ignore[arg-type]


def _write(made: Exploration, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(made.surprises, 1):
            (folder / f"surprise-{number}.py").write_text(one.cell, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written ({error.strerror}).") from None


def _show(made: Exploration) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for number, one in enumerate(made.surprises, 1):
        # Text, not str: rich would read square brackets in a server's words as markup.
        console.print(Text(f"Surprise {number}, protocol {one.section}", "bold red"))
        place = f"{one.place}\n" if one.place else ""
        console.print(Text(f"{place}expected {one.expected}\nobserved {one.observed}\n"))
        click.echo(one.cell)
    for name, value in made.facts():
        console.print(Text(f"{name:20}", "dim") + Text(str(value)))
