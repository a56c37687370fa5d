"""The ``connectorkit`` command and its subcommands."""

from __future__ import annotations

import click

from connectorkit.cli.docs import docs
from connectorkit.cli.examining import doctor
from connectorkit.cli.explore import explore
from connectorkit.cli.load import load
from connectorkit.cli.notebooks import lab, run
from connectorkit.cli.promises import promises
from connectorkit.cli.scenarios import scenarios
from connectorkit.cli.serving import receive, sandbox
from connectorkit.cli.sharing import export


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="connectorkit")
def main() -> None:
    """Learn and test the Connector API, on a local sandbox or a real account."""


for command in (lab, sandbox, run, doctor, scenarios, promises, explore, load, receive, export, docs):
    main.add_command(command)
