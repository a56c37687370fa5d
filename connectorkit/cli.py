"""The ``connectorkit`` command: ``lab``, ``sandbox``, ``run``, ``doctor``, ``receive``."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from connectorkit import wire
from connectorkit.hosts import is_host

if TYPE_CHECKING:
    from connectorkit.doctor import Step


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="connectorkit")
def main() -> None:
    """Learn and test the Connector API, on a local sandbox or a real account."""


@main.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--notebooks", default=None, type=click.Path(exists=True, file_okay=False), help="Another folder to open."
)
@click.argument("jupyter_options", nargs=-1, type=click.UNPROCESSED)
def lab(notebooks: str | None, jupyter_options: tuple[str, ...]) -> None:
    """Open JupyterLab on the notebooks. Options it does not know go to JupyterLab."""
    _need("jupyterlab", "lab")
    folder = notebooks or _notebooks()
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}"]
    command.append("--LabApp.default_url=/lab/tree/01-connect-and-tokens.ipynb")
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
    paths = [str(Path(__file__).parent / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    return os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths))}


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


@main.command()
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


@main.command()
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


@main.command()
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


@main.command()
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
@click.option("--json", "as_json", is_flag=True, help="Print each notification as a line of JSON.")
def receive(**options: Any) -> None:
    """Receive the account's notifications until interrupted, and print a line for each.

    The first line is JSON and has the url to register as a webhook. CONNECTORKIT_ACCOUNT_ID, _CLIENT_ID and
    _CLIENT_SECRET say what to expect; whatever does not fit is answered with 401 and named.
    """
    from connectorkit import foreground
    from connectorkit.errors import ConnectorError

    if options["tls"] and (options["certificate"] or options["key"]):
        raise click.UsageError(
            "--tls makes a certificate of its own. Leave it out, or --certificate and --key."
        )
    if options["certificates"] and not options["tls"]:
        raise click.UsageError("--certificates goes with --tls. Add --tls.")
    try:
        foreground.receive(**options)
    except ConnectorError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo("The receiver has stopped.", err=True)


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


def _need(module: str, extra: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise click.ClickException(f'This needs more packages: pip install "connectorkit[{extra}]".')


def _notebooks() -> Path:
    from connectorkit import course

    try:
        return course.find()
    except course.CourseError as error:
        raise click.ClickException(str(error)) from None
