"""The ``connectorkit`` command."""

from __future__ import annotations

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="connectorkit")
def main() -> None:
    """Learn and test the Connector API, on a local sandbox or a real account."""


@main.command()
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="Port to listen on; 0 finds a free one."
)
@click.option("--account", default=None, help="Account id to play.")
@click.option("--seed", default=None, type=int, help="Makes ids, secrets and keys reproducible.")
def sandbox(port: int, account: str | None, seed: int | None) -> None:
    """Serve the sandbox until interrupted; prints one line of JSON when it is ready."""
    from connectorkit.sandbox.server import PortTaken, serve
    from connectorkit.sandbox.world import DEFAULT_ACCOUNT_ID, World

    try:
        serve(
            World(account or DEFAULT_ACCOUNT_ID, seed), port=port, ready=lambda line: print(line, flush=True)
        )
    except PortTaken as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo("The sandbox has stopped.", err=True)
