"""The ``doctor`` command."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from connectorkit.doctor import Step


@click.command()
@click.option("--sandbox", "use_sandbox", is_flag=True, help="Examine the sandbox even if an account is set.")
@click.option("--json", "as_json", is_flag=True, help="Print the steps as JSON.")
def doctor(use_sandbox: bool, as_json: bool) -> None:
    """Walk domain lookup, AppJWT, ConsumerJWS, open, send, close; exit with 1 at the first failure.

    On a real account it opens a conversation of its own, sends one test message, and closes it.
    """
    from connectorkit.doctor import examine
    from connectorkit.errors import ConnectorError
    from connectorkit.kit import connect

    try:
        with connect(sandbox=use_sandbox) as kit:
            if not as_json:
                click.echo(f"Examining {kit.target}.")
            steps = list(examine(kit))
    except ConnectorError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "error": str(error), "steps": []}))
            sys.exit(1)
        raise click.ClickException(str(error)) from None
    ok = all(step.ok for step in steps)
    if as_json:
        click.echo(json.dumps({"ok": ok, "target": kit.target, "steps": [vars(step) for step in steps]}))
    else:
        _print_steps(steps)
    sys.exit(0 if ok else 1)


def _print_steps(steps: list[Step]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("", "Step", "Result", "Time", "Advice")
    for step in steps:
        mark = Text("✓", "green") if step.ok else Text("✗", "red")
        # Text, not str: rich would read square brackets in a server's words as markup.
        table.add_row(mark, Text(step.name), Text(step.result), f"{step.took_ms:.0f} ms", Text(step.advice))
    Console().print(table)
    failed = next((step for step in steps if not step.ok), None)
    if failed is not None:  # once more in one line: the table wraps in a narrow terminal
        click.echo(f"{failed.name} failed: {failed.result.rstrip('.')}. {failed.advice}".rstrip())
