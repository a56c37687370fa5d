"""``connectorkit receive --grade URL``: the report card of a receiver that runs already."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from connectorkit.settings import Settings

# What makes sense only together with --grade, by the parameter's name.
OPTIONS = ("state", "trust", "html", "account", "client_id", "algorithm", "encoding")


def grade(
    url: str,
    *,
    state: str | None,
    trust: str | None,
    html: Path | None,
    account: str | None,
    client_id: str | None,
    algorithm: str,
    encoding: str,
    as_json: bool,
) -> None:
    """Print the report card, and leave with 0 for full marks only. Raises ``ConnectorError``."""
    from connectorkit import grader, markup

    known = _known(account, client_id)
    _announce(url, known, practice=known is grader.PRACTICE)
    card = grader.grade_for(known, url, state=state, trust=trust, algorithm=algorithm, encoding=encoding)
    click.echo(card.to_json() if as_json else repr(card))
    if html is not None:
        try:
            html.write_text(markup.page("Report card", card._repr_html_()), encoding="utf-8")
        except OSError as error:
            raise click.ClickException(f"{html} cannot be written ({error.strerror}).") from None
        click.echo(f"Report card → {html}", err=True)
    sys.exit(0 if card.full_marks else 1)


def _known(account: str | None, client_id: str | None) -> Settings:
    """As whom the receiver is notified. The secret comes from the environment, or is asked for."""
    from connectorkit import grader
    from connectorkit.errors import SettingsError
    from connectorkit.redact import Secret

    try:
        return grader.configured(account, client_id)
    except SettingsError:
        if not _can_ask():
            raise
    secret = Secret(click.prompt("Client secret", hide_input=True, err=True))
    return grader.configured(account, client_id, secret)


def _can_ask() -> bool:
    return sys.stdin.isatty()


def _announce(url: str, known: Settings, *, practice: bool) -> None:
    """On the error output, so that what is piped on is the card alone."""
    click.echo(f"Grading {url} for account {known.account_id}, app {known.client_id}.", err=True)
    if practice:
        click.echo(
            "No account is configured, so these are practice values. The receiver must know them too; its "
            f"client secret is {known.client_secret.reveal()}",
            err=True,
        )
