"""The ``load`` command."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from connectorkit.load_report import LoadReport


def _mix(context: click.Context, parameter: click.Parameter, value: str | None) -> dict[str, float] | None:
    """``open=1,send=8,close=1`` as shares."""
    if value is None:
        return None
    shares = {}
    for pair in value.split(","):
        name, sign, share = pair.partition("=")
        try:
            shares[name.strip()] = float(share)
        except ValueError:
            sign = ""
        if not sign:
            raise click.BadParameter(f"{pair!r} is no share. Write open=1,send=8,close=1.")
    return shares


@click.command()
@click.option(
    "--rate",
    default=None,
    type=click.FloatRange(min=0, min_open=True),
    help="Requests a second: 50 on a sandbox if not said; up to 100, and needed, on an account.",
)
@click.option("--flat-out", is_flag=True, help="On a sandbox: as fast as the connections go, without a rate.")
@click.option("--duration", default="30s", show_default=True, metavar="TIME", help="Such as 30s, 2m or 1h.")
@click.option("--mix", default=None, metavar="SHARES", callback=_mix, help="[default: open=1,send=8,close=1]")
@click.option(
    "--arrivals",
    default="constant",
    show_default=True,
    type=click.Choice(["constant", "poisson", "ramp"]),
    help="Evenly, as chance has it, or ever more often up to the rate.",
)
@click.option("--connections", default=32, show_default=True, type=click.IntRange(min=1), help="At most.")
@click.option("--timeout", default=10.0, show_default=True, metavar="SECONDS", help="For connect and answer.")
@click.option("--seed", default=None, type=click.IntRange(min=0), help="The same again; else a new one.")
@click.option("--sandbox", "use_sandbox", is_flag=True, help="Load a sandbox, as is done unless --account.")
@click.option("--account", "use_account", is_flag=True, help="Load the account that is configured.")
@click.option("--visible", is_flag=True, help="Needed for an account: agents may see the conversations.")
@click.option("--record", is_flag=True, help="Write each exchange into the log as well, which is slower.")
@click.option("--max-p99", default=None, type=float, metavar="MS", help="Exit with 1 where p99 is above.")
@click.option("--max-errors", default=None, type=float, metavar="PERCENT", help="The same for errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def load(
    use_sandbox: bool,
    use_account: bool,
    max_p99: float | None,
    max_errors: float | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Send calls at a rate, and tell how long each took from when it was due.

    Exits with 0 unless a threshold is passed, nothing was answered or it was stopped. Ctrl-C ends a run
    early, and shows what was measured.
    """
    from connectorkit.errors import ConnectorError

    if use_account and use_sandbox:
        raise click.UsageError("--account and --sandbox exclude each other.")
    if options["visible"] and not use_account:
        raise click.UsageError("--visible goes with --account.")
    flat_out = options.pop("flat_out")
    if flat_out and options["rate"] is not None:
        raise click.UsageError("--flat-out and --rate exclude each other.")
    if options["rate"] is None and not flat_out:
        del options["rate"]  # then what is usual is meant
    try:
        made = _loaded(use_account=use_account, progress=False if as_json else None, **options)
    except ConnectorError as error:
        if as_json:
            click.echo(json.dumps({"ok": False, "error": str(error)}))
            sys.exit(1)
        raise click.ClickException(str(error)) from None
    passed = _passed(made, max_p99, max_errors)
    if as_json:
        click.echo(json.dumps({"ok": not passed, "thresholds_passed": passed, **made.to_dict()}))
    else:
        click.echo(repr(made))
        for sentence in passed:
            click.echo(f"\n{sentence}", err=True)
    sys.exit(1 if passed else 0)


def _loaded(*, use_account: bool, record: bool, **options: Any) -> LoadReport:
    from connectorkit.errors import SettingsError
    from connectorkit.kit import connect
    from connectorkit.settings import load

    if use_account and load() is None:
        raise SettingsError(
            "--account: no account is configured. Set CONNECTORKIT_ACCOUNT_ID and the other two."
        )
    log = None if record else ":memory:"
    with connect(sandbox=not use_account, agent=False, log=log) as kit:
        if not use_account and not record:
            kit.sandbox.webhook(None)  # notifications of this many messages would go to no one
        return kit.load(record=record, **options)


def _passed(made: LoadReport, max_p99: float | None, max_errors: float | None) -> list[str]:
    """A sentence for each threshold that was passed."""
    said = []
    latency = made.latency
    if made.stopped:
        said.append("The run was stopped before its end.")
    if not latency:
        said.append("Nothing was answered. See how the requests ended above.")
    elif max_p99 is not None and latency.percentile(99) > max_p99:
        said.append(f"p99 is {latency.percentile(99):.4g} ms; --max-p99 allows {max_p99:g} ms.")
    if max_errors is not None and made.error_percent > max_errors:
        said.append(f"{made.error_percent:.3g} % are errors; --max-errors allows {max_errors:g} %.")
    return said
