"""The ``scenarios`` command."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connectorkit.cli.telling import counted, reasons

if TYPE_CHECKING:
    from connectorkit.kit import Kit
    from connectorkit.scenarios import Outcome, Scenario


def _chosen(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> list[Scenario]:
    from connectorkit.scenarios import ALL, Scenarios

    try:
        return Scenarios.named(*values) if values else list(ALL)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.option(
    "--only",
    "chosen",
    multiple=True,
    metavar="NAME",
    callback=_chosen,
    help="Run only this one; * stands for any letters, as in 'missing-*'. May be repeated.",
)
@click.option("--sandbox", "use_sandbox", is_flag=True, help="Use the sandbox even if an account is set.")
@click.option(
    "--visible",
    is_flag=True,
    help="On a real account, also run those that open a conversation, which agents may see.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcomes as JSON.")
@click.option(
    "--junit",
    default=None,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a JUnit report for a CI system.",
)
@click.option("--list", "only_list", is_flag=True, help="Print the catalogue and run nothing.")
def scenarios(
    chosen: list[Scenario],
    use_sandbox: bool,
    visible: bool,
    as_json: bool,
    junit: Path | None,
    only_list: bool,
) -> None:
    """Provoke every documented error, and set the observed beside the expected.

    Exits with 0 only when all that ran was as expected. On a real account only those are run of which
    nothing reaches an agent and nothing stays; the others are listed with the reason.
    """
    from connectorkit.errors import ConnectorError
    from connectorkit.kit import connect
    from connectorkit.scenarios.report import write_junit

    if only_list:
        _list(chosen, as_json)
        return
    began = datetime.now(UTC)
    try:
        with connect(sandbox=use_sandbox) as kit:
            if not as_json:
                click.echo(f"Running {counted(len(chosen), 'scenario')} on {kit.target}.")
            outcomes = _run(kit, chosen, visible, quiet=as_json)
            target = kit.target
    except ConnectorError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "error": str(error), "outcomes": []}))
            sys.exit(1)
        raise click.ClickException(str(error)) from None
    if junit is not None:
        try:
            write_junit(outcomes, junit, target, began)
        except OSError as error:
            raise click.ClickException(f"{junit} cannot be written ({error.strerror}).") from None
    ran = [outcome for outcome in outcomes if not outcome.not_run]
    ok = bool(ran) and all(outcome.as_expected for outcome in ran)
    if as_json:
        click.echo(json.dumps({"ok": ok, "target": target, "outcomes": [one.row() for one in outcomes]}))
    else:
        _summarise(outcomes)
    sys.exit(0 if ok else 1)


def _run(kit: Kit, chosen: Sequence[Scenario], visible: bool, *, quiet: bool) -> list[Outcome]:
    """Run them; unless ``quiet``, each is told of as it comes."""
    from rich.console import Console

    names, console = [scenario.name for scenario in chosen], Console(highlight=False)
    width, topics = max(map(len, names)), [""]

    def told(outcome: Outcome) -> None:
        if outcome.not_run:
            return
        if outcome.scenario.topic != topics[-1]:
            topics.append(outcome.scenario.topic)
            console.print(f"\n{topics[-1]}", style="bold")
        console.print(_line(outcome, width, console.width))

    return kit.scenarios.play_all(None if quiet else told, only=names, visible=visible)


def _line(outcome: Outcome, name_width: int, width: int) -> Any:
    """One line of the terminal: mark, name, the first answer cut to fit, and what the kit made of it."""
    from rich.text import Text

    # Text, not str: rich would read square brackets in a server's words as markup.
    line = Text("✓ ", "green") if outcome.as_expected else Text("✗ ", "red")
    line.append(f"{outcome.scenario.name:{name_width}}  ", "default")
    handled = Text(f" → {outcome.handled}" if outcome.handled else "", "default")
    observed = Text(" ".join(outcome.observed.split()), "default")
    observed.truncate(max(8, width - line.cell_len - handled.cell_len), overflow="ellipsis")
    return line + observed + handled


def _summarise(outcomes: Sequence[Outcome]) -> None:
    from rich.console import Console

    console = Console()
    ran = [one for one in outcomes if not one.not_run]
    skipped = [one for one in outcomes if one.not_run]
    surprises = [one for one in ran if not one.as_expected]
    for one in surprises:
        console.print(_difference(one))
    if skipped:
        console.print(reasons((one.not_run.partition(";")[0], one.scenario.name) for one in skipped))
    words = f"\n{counted(len(ran), 'scenario')} run, "
    words += f"{counted(len(surprises), 'surprise')}" if surprises else "each as expected"
    words += f", {len(skipped)} not run" if skipped else ""
    click.echo(f"{words}." if ran else "\nNothing was run: see above why. Use --sandbox for all of them.")


def _difference(outcome: Outcome) -> Any:
    from rich.table import Table
    from rich.text import Text

    title = Text(f"\n{outcome.scenario.name}: {outcome.scenario.shows}", "bold")
    table = Table("", "Expected", "Observed", title=title, title_justify="left")
    for check in outcome.checks:
        style = "" if check.ok else "red"
        table.add_row(*(Text(text, style) for text in (check.what, check.expected, check.observed)))
    if outcome.advice:
        table.caption = Text(outcome.advice)
        table.caption_justify = "left"
    return table


def _list(chosen: Sequence[Scenario], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([scenario.row() for scenario in chosen]))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("Scenario", "Shows", "Account", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    topic = ""
    for scenario in chosen:
        if scenario.topic != topic:
            topic = scenario.topic
            table.add_row(Text(topic, "bold"))
        table.add_row(scenario.name, Text(scenario.shows), scenario.on_account or "no")
    Console().print(table)
    click.echo(f"{counted(len(chosen), 'scenario')}. Account: whether it can be run on a real one.")
