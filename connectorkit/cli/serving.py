"""Commands that serve until interrupted: ``sandbox`` and ``receive``."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, get_args

import click
from click.core import ParameterSource

from connectorkit import wire
from connectorkit.hosts import is_host


def _account_id(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
        raise click.BadParameter(f"{value!r} is no account id. Use up to 64 letters, digits, - and _.")
    return value


def _hosts(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Service to host; what is said for one service outdoes what is said for all."""
    services = get_args(wire.Service)
    for_all, for_one = {}, {}
    for value in values:
        service, separator, host = value.rpartition("=")
        if separator and service not in services:
            raise click.BadParameter(f"{service!r} is no service. Choose from {', '.join(services)}.")
        if not is_host(host):
            raise click.BadParameter(
                f"{host!r} is no host. Use HOST or HOST:PORT, such as va.msg.example or 127.0.0.1:8443, "
                "without a scheme or a path."
            )
        if separator:
            for_one[service] = host
        else:
            for_all = dict.fromkeys(services, host)
    return for_all | for_one


def _webhook(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """An https address, or plain http to this machine."""
    from connectorkit.sandbox.manifest import ManifestError, check_endpoint

    try:
        return value if value is None else check_endpoint(value, "The address")
    except ManifestError as error:
        raise click.BadParameter(f"{value!r} cannot be notified. {error}.") from None


def _trust(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """A file of certificates that can be read, found out before anything is to be delivered."""
    import ssl

    try:
        ssl.create_default_context(cafile=value)
    except (ssl.SSLError, OSError) as error:
        raise click.BadParameter(f"{value!r} holds no certificates in PEM form ({error}).") from None
    return value


@click.command()
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="Port to listen on; 0 finds a free one."
)
@click.option("--tls", is_flag=True, help="Speak TLS on that port, and plain HTTP on a second one.")
@click.option(
    "--plain-port",
    default=None,
    type=click.IntRange(0, 65535),
    help="With --tls, the second port; 0 finds a free one.",
)
@click.option(
    "--certificates",
    default=None,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --tls, keep CA and certificate here between runs. Otherwise they are new each time.",
)
@click.option(
    "--hosts",
    multiple=True,
    metavar="[SERVICE=]HOST[:PORT]",
    callback=_hosts,
    help="What domain answers name, for all services or for one; may be repeated. Without a port clients "
    "use 443, so lead that to the sandbox, or let it listen there. The certificate has these names too.",
)
@click.option("--account", default=None, type=click.STRING, callback=_account_id, help="Account id to play.")
@click.option("--seed", default=None, type=int, help="Makes ids, secrets and keys reproducible.")
@click.option(
    "--webhook",
    default=None,
    metavar="URL",
    callback=_webhook,
    help="Notify this address of everything: https, or http on this machine. What fails is kept for an hour.",
)
@click.option(
    "--trust",
    default=None,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    callback=_trust,
    help="With an https webhook, a PEM file of authorities to trust beside the usual ones.",
)
@click.option("--agent", is_flag=True, help="Let a scripted agent answer.")
def sandbox(
    port: int,
    tls: bool,
    plain_port: int | None,
    certificates: Path | None,
    hosts: dict[str, str],
    account: str | None,
    seed: int | None,
    webhook: str | None,
    trust: str | None,
    agent: bool,
) -> None:
    """Serve the sandbox until interrupted; prints one line of JSON when it is ready."""
    from connectorkit.errors import SettingsError
    from connectorkit.sandbox.server import PortTaken, Tls, serve
    from connectorkit.sandbox.world import DEFAULT_ACCOUNT_ID, World

    if not tls and (plain_port is not None or certificates is not None):
        raise click.UsageError("--plain-port and --certificates go with --tls. Add --tls.")

    def ready(line: str) -> None:
        print(line, flush=True)
        if sys.stdout.isatty():
            click.echo("Ready. Press Ctrl+C to stop.", err=True)

    world = World(account or DEFAULT_ACCOUNT_ID, seed, webhook=webhook, agent=agent, hosts=hosts, trust=trust)
    try:
        serve(world, port=port, tls=Tls(plain_port or 0, certificates) if tls else None, ready=ready)
    except (PortTaken, SettingsError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo("The sandbox has stopped.", err=True)


@click.command()
@click.option("--host", default="127.0.0.1", help="Address to listen on; only this machine unless given.")
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="Port to listen on; 0 finds a free one."
)
@click.option("--log", default=None, type=click.Path(dir_okay=False), help="Where notifications are kept.")
@click.option(
    "--certificate", default=None, type=click.Path(dir_okay=False), help="Speak TLS with this PEM chain."
)
@click.option("--key", default=None, type=click.Path(dir_okay=False), help="The PEM key of the certificate.")
@click.option("--tls", is_flag=True, help="Speak TLS with a certificate made on the spot.")
@click.option(
    "--certificates",
    default=None,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --tls, keep CA and certificate here between runs.",
)
@click.option("--grade", default=None, metavar="URL", help="Grade the receiver at this address instead.")
@click.option(
    "--state", default=None, metavar="URL", help="With --grade, a JSON list of what it has worked on."
)
@click.option(
    "--trust",
    default=None,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="With --grade, a PEM file of authorities to trust beside the usual ones.",
)
@click.option(
    "--html",
    default=None,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --grade, write the report card as a page, too.",
)
@click.option("--account", default=None, metavar="ID", help="With --grade, the account it is notified of.")
@click.option(
    "--client-id", default=None, metavar="ID", help="With --grade, the app; its secret is asked for."
)
@click.option(
    "--algorithm",
    default=wire.SIGNATURE_ALGORITHMS[0],
    type=click.Choice(wire.SIGNATURE_ALGORITHMS),
    help="With --grade, how the account signs.",
)
@click.option(
    "--encoding",
    default=wire.SIGNATURE_ENCODINGS[0],
    type=click.Choice(wire.SIGNATURE_ENCODINGS),
    help="With --grade, how a signature is written.",
)
@click.option("--json", "as_json", is_flag=True, help="Print notifications, or the report card, as JSON.")
@click.pass_context
def receive(context: click.Context, /, grade: str | None, as_json: bool, **options: Any) -> None:
    """Receive the account's notifications until interrupted, and print a line for each.

    The first line is JSON and has the url to register as a webhook. CONNECTORKIT_ACCOUNT_ID, _CLIENT_ID and
    _CLIENT_SECRET say what to expect; whatever does not fit is answered with 401 and named.

    With --grade URL nothing is received: your own receiver at URL is notified as the service would, and its
    report card printed. The variables say for whom it is notified; a secret that is missing is asked for.
    Exits with 0 for full marks only.
    """
    from connectorkit import foreground
    from connectorkit.cli import grading
    from connectorkit.errors import ConnectorError

    given = {name for name in options if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    graded = {name: options.pop(name) for name in grading.OPTIONS}
    _check_together(given, grade is not None)
    if options["tls"] and (options["certificate"] or options["key"]):
        raise click.UsageError(
            "--tls makes a certificate of its own. Leave it out, or --certificate and --key."
        )
    if options["certificates"] and not options["tls"]:
        raise click.UsageError("--certificates goes with --tls. Add --tls.")
    try:
        if grade is not None:
            grading.grade(grade, as_json=as_json, **graded)
        foreground.receive(as_json=as_json, **options)
    except ConnectorError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo(f"The {'grading' if grade else 'receiver'} has stopped.", err=True)


def _check_together(given: set[str], grades: bool) -> None:
    """Options of listening do not go with --grade, and those of grading go with nothing else."""
    from connectorkit.cli import grading

    wrong = sorted(name for name in given if (name in grading.OPTIONS) != grades)
    if wrong:
        option = f"--{wrong[0].replace('_', '-')}"
        raise click.UsageError(
            f"{option} does not go with --grade. Leave one of them out."
            if grades
            else f"{option} goes with --grade. Add --grade URL."
        )
