"""The page on the command line, from what the commands say of themselves."""

from __future__ import annotations

import click

from connectorkit.cli import main
from connectorkit.site.writing import block, plain

PATH = "reference/commands"
_WIDTH = 88


def page() -> str:
    """The page: one section for each command, with its help as a terminal shows it."""
    parts = [
        "# Commands",
        "Each ends with 0 only when all went as expected, so a CI system can use it. Where there is a "
        "result, `--json` prints it for other programs.",
    ]
    for name, command in main.commands.items():
        parts += [f"## connectorkit {plain(name)}", block(_help(name, command))]
    return "\n\n".join(parts)


def _help(name: str, command: click.Command) -> str:
    above = click.Context(main, info_name="connectorkit", **main.context_settings)
    context = click.Context(
        command, info_name=name, parent=above, max_content_width=_WIDTH, terminal_width=_WIDTH
    )
    return command.get_help(context)
