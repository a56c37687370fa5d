"""The ``export`` command."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import click

# Those of ``connectorkit.sharing.export``, which is loaded only when it is needed: it brings pandas.
_FORMATS = ("har", "parquet", "jsonl", "curl", "postman", "http", "python")


@click.command()
@click.argument("target", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--log", "log_path", default=None, metavar="PATH", help="The log; the kit's own unless given.")
@click.option("--format", "format_", default=None, type=click.Choice(_FORMATS), help="Else by TARGET's name.")
@click.option("--session", default=None, metavar="ID", help='One run of a kit; "last" is the newest.')
@click.option("--conversation", default=None, metavar="ID", help="What is about one conversation.")
@click.option("--consumer", default=None, metavar="NAME", help="What was sent for one consumer.")
@click.option("--scenario", default=None, metavar="NAME", help="What one scenario of the catalogue sent.")
@click.option("--label", default=None, metavar="TEXT", help="What was sent under this label.")
@click.option(
    "--since",
    default=None,
    metavar="TIME",
    help='From a moment on, such as 2026-01-31T09:00 (UTC) or "10 min" ago.',
)
@click.option(
    "--mask", default=None, type=click.Choice(["content"]), help="Leave out texts and personal data."
)
@click.option("--overwrite", is_flag=True, help="Replace TARGET where it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def export(
    target: Path, log_path: str | None, format_: str | None, overwrite: bool, as_json: bool, **filters: Any
) -> None:
    """Write the exchanges of the response log to TARGET, for other tools; "-" is the standard output.

    The name says the format: .har (a browser's developer tools), .parquet, .jsonl, .sh (cURL),
    .postman_collection.json, .http (VS Code, JetBrains), .py (cells). Secrets are in none of them.
    """
    from connectorkit.errors import ConnectorError
    from connectorkit.sharing import export as exports

    if str(target) == "-" and format_ is None:
        raise click.UsageError("With - as TARGET, say which format: --format har, for example.")
    if str(target) == "-" and format_ == "parquet":
        raise click.UsageError("Parquet is no text. Name a file instead of -.")
    try:
        log = _existing(log_path)
        if str(target) != "-":
            # A bar is for people; what reads the output as JSON reads nothing else.
            asked = None if sys.stderr.isatty() and not as_json else False
            done = exports.export(log, target, format_, overwrite=overwrite, progress=asked, **filters)
            assert isinstance(done, exports.Exported)
            _say(done, as_json)
        else:
            chosen = exports.chosen(log, **filters)
            if isinstance(sys.stdout, io.TextIOWrapper):
                sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
            exports.write_text(chosen, sys.stdout, str(format_))
    except ConnectorError as error:
        raise click.ClickException(str(error)) from None


def _existing(given: str | None) -> Any:
    """The log, which is not made where there is none."""
    from connectorkit import settings
    from connectorkit.errors import LogError
    from connectorkit.log import Log

    path = given or settings.log_and_timeout()[0]
    if not Path(path).expanduser().is_file():
        raise LogError(f"There is no log at {path}. Make a call with a kit first, or name a log with --log.")
    return Log(path)


def _say(done: Any, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"path": str(done.path), "format": done.format, "exchanges": done.count}))
    else:
        many = "exchange" if done.count == 1 else "exchanges"
        click.echo(f"{done.count} {many} → {done.path} ({done.format})")
