"""The ``promises`` command."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectorkit.cli.telling import counted, reasons

if TYPE_CHECKING:
    from connectorkit.kit import Kit
    from connectorkit.promises import Outcome, Promise

_SIGNS = {"kept": ("✓ ", "green"), "broken": ("✗ ", "red"), "informs": ("i ", "cyan")}
_UNKNOWN = ("? ", "yellow")


def _chosen(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    from connectorkit.promises import Promises

    try:
        Promises.named(*values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return values


def _export_path(context: click.Context, parameter: click.Parameter, value: Path | None) -> Path | None:
    from connectorkit.promises import report

    try:
        if value is not None:
            report.form_of(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    return value


@click.command()
@click.option(
    "--only",
    "chosen",
    multiple=True,
    metavar="ID",
    callback=_chosen,
    help="Check only this one; * stands for any letters, as in 'P5.*'. May be repeated.",
)
@click.option(
    "--mark",
    default=None,
    type=click.Choice(["S", "P", "C", "R"]),
    help="Only those of the API overview (S), public documents (P), real clients (C), rulings (R).",
)
@click.option("--sandbox", "use_sandbox", is_flag=True, help="Use the sandbox even if an account is set.")
@click.option(
    "--visible",
    is_flag=True,
    help="On a real account, also check those that open a conversation, which agents may see.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcomes as JSON.")
@click.option(
    "--export",
    "exported",
    default=None,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_export_path,
    help="Write the ledger to a file: .json, .csv, .md or .html.",
)
@click.option("--list", "only_list", is_flag=True, help="Print the ledger and check nothing.")
def promises(
    chosen: tuple[str, ...],
    mark: str | None,
    use_sandbox: bool,
    visible: bool,
    as_json: bool,
    exported: Path | None,
    only_list: bool,
) -> None:
    """Check what the service promises, sentence by sentence.

    Exits with 0 only when every promise that was checked is kept. On a real account only those are checked
    of which nothing reaches an agent; there, a contradiction of the documents tells which reading is true.
    """
    from connectorkit.errors import ConnectorError
    from connectorkit.kit import connect
    from connectorkit.promises import LeftOpen, Promises, report

    rows = Promises.named(*chosen, mark=mark)
    if not rows:
        raise click.UsageError(f"None of these promises has the mark {mark}.")
    if only_list:
        _list(rows, as_json)
        return
    try:
        with connect(sandbox=use_sandbox) as kit, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", LeftOpen)
            if not as_json:
                click.echo(f"Checking {counted(len(rows), 'promise')} on {kit.target}.")
            outcomes = _check(kit, rows, visible, quiet=as_json)
            target = kit.target
    except ConnectorError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "error": str(error), "promises": []}))
            sys.exit(1)
        raise click.ClickException(str(error)) from None
    if exported is not None:
        try:
            report.write(outcomes, exported, target)
        except OSError as error:
            raise click.ClickException(f"{exported} cannot be written ({error.strerror}).") from None
    if as_json:
        click.echo(json.dumps(report.as_dict(outcomes, target)))
    else:
        _summarise(outcomes)
        if exported is not None:
            click.echo(f"Ledger → {exported}")
    for warning in warned:
        click.echo(f"\n{warning.message}", err=True)
    sys.exit(0 if report.all_well(outcomes) and not warned else 1)


def _check(kit: Kit, rows: Sequence[Promise], visible: bool, *, quiet: bool) -> list[Outcome]:
    """Check them; unless ``quiet``, each is told of as it comes."""
    from rich.console import Console

    names, console = [promise.id for promise in rows], Console(highlight=False)
    width, topics = max(map(len, names)), [""]

    def told(outcome: Outcome) -> None:
        if outcome.not_run:
            return
        if outcome.promise.topic != topics[-1]:
            topics.append(outcome.promise.topic)
            console.print(f"\n{topics[-1]}", style="bold")
        console.print(_line(outcome, width, console.width))
        if outcome.promise.readings:
            console.print(_readings(outcome, width))

    return kit.promises.check_all(None if quiet else told, only=names, visible=visible)


def _line(outcome: Outcome, name_width: int, width: int) -> Any:
    """One line of the terminal, cut to fit: mark, id, and what is promised."""
    from rich.text import Text

    line = Text(*_SIGNS.get(outcome.state, _UNKNOWN))
    line.append(f"{outcome.promise.id:{name_width}}  ", "default")
    says = Text(outcome.promise.says, "default")
    says.truncate(max(8, width - line.cell_len), overflow="ellipsis")
    return line + says


def _readings(outcome: Outcome, name_width: int) -> Any:
    """Of a contradiction: each reading on a line of its own, an arrow before the one that was seen."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from connectorkit.promises.outcome import NEITHER

    table = Table.grid(padding=(0, 1, 0, 0))
    for reading, seen in outcome.readings:
        style = "default" if seen else "dim"
        table.add_row(Text("→" if seen else "·", style), Text(f"{reading.source}: {reading.says}", style))
    if outcome.read == NEITHER:
        table.add_row(Text("→"), Text(f"{NEITHER}: {outcome.observed}"))
    return Padding(table, (0, 0, 0, name_width + 4), expand=False)


def _summarise(outcomes: Sequence[Outcome]) -> None:
    from rich.console import Console

    from connectorkit.promises import report

    console = Console()
    states = {state: [one for one in outcomes if one.state == state] for state in report.WORDS}
    for one in states["broken"]:
        console.print(_difference(one))
    unclear = states["not observed"]
    if unclear:
        console.print(reasons(((one.not_observed, one.promise.id) for one in unclear), "Not observed"))
    skipped = states["not run"]
    if skipped:
        console.print(reasons((one.not_run.partition(";")[0], one.promise.id) for one in skipped))
    ran = len(outcomes) - len(skipped)
    if not ran:
        click.echo("\nNothing was checked: see above why. Use --sandbox for all of them.")
        return
    said = [f"{len(found)} {report.WORDS[state]}" for state, found in states.items() if found]
    click.echo(f"\n{counted(ran, 'promise')} checked: {', '.join(said)}.")


def _difference(outcome: Outcome) -> Any:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    promise = outcome.promise
    title = Text(f"\n{promise.id}: {promise.says} (section {promise.section})", "bold")
    table = Table("", "Expected", "Observed")
    for check in outcome.checks:
        style = "" if check.ok else "red"
        table.add_row(*(Text(text, style) for text in (check.what, check.expected, check.observed)))
    return Group(title, table)


def _list(rows: Sequence[Promise], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([promise.row() for promise in rows]))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Promise", "Says", "Mark", "Section", "Account", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    topic = ""
    for promise in rows:
        if promise.topic != topic:
            topic = promise.topic
            table.add_row("", Text(topic, "bold"))
        says = Text(promise.says)
        for reading in promise.readings:
            says.append(f"\n· {reading.source}: {reading.says}", "dim")
        table.add_row(promise.id, says, promise.mark, promise.section, promise.bother or "no")
    Console().print(table)
    click.echo(f"{counted(len(rows), 'promise')}. Account: whether it can be checked on a real one.")
