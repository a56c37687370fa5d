"""``grade()``: a receiver's report card. It brings the sandbox whose sender the receiver is tried with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from connectorkit import laboratory, settings
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import SandboxError, SettingsError
from connectorkit.grading import grading, inside
from connectorkit.grading.endpoint import Endpoint
from connectorkit.grading.marks import ReportCard
from connectorkit.grading.sender import Sender
from connectorkit.log import Log
from connectorkit.progress import saying
from connectorkit.redact import Secret
from connectorkit.sandbox.launch import ChildSandbox, LaunchFailed
from connectorkit.settings import Settings

if TYPE_CHECKING:
    from connectorkit.kit import Kit

Observed = Callable[[], Iterable[Any]]

# Who has no account configures the receiver with these. Everybody may know them.
PRACTICE = Settings(
    account_id="12345678",
    client_id="practice-app",
    client_secret=Secret("only-for-practice"),
)


def grade(
    url: str,
    *,
    account_id: str | None = None,
    client_id: str | None = None,
    client_secret: str | Secret | None = None,
    state: str | None = None,
    observed: Observed | None = None,
    trust: str | os.PathLike[str] | None = None,
    algorithm: str = "sha1",
    encoding: str = "base64",
) -> ReportCard:
    """Grade the receiver at ``url``: it is notified as the service would, and its answers are judged.

    It is notified for the account and app that are given, or configured as for ``connect()``, or else for
    those of ``grader.PRACTICE``. What becomes of a notification inside is judged only with a view: ``state``
    is the address of a JSON list of what the receiver has worked on, ``observed`` a function that returns it
    (see ``grading.inside``). ``trust`` is a PEM file of authorities. Takes some seconds; nothing leaves
    this machine but to these addresses. Raises ``SettingsError`` or ``SandboxError``.
    """
    if isinstance(client_secret, str):
        client_secret = Secret(client_secret)  # so that no traceback shows it among the variables
    known = configured(account_id, client_id, client_secret)
    return grade_for(
        known,
        url,
        state=state,
        observed=observed,
        trust=trust,
        algorithm=algorithm,
        encoding=encoding,
    )


def configured(
    account_id: str | None = None, client_id: str | None = None, client_secret: Secret | None = None
) -> Settings:
    """As whom a receiver is notified: who is configured, else the practice app."""
    found = settings.load(account_id=account_id, client_id=client_id, client_secret=client_secret)
    return found or PRACTICE


def grade_kit(kit: Kit, url: str | None = None, **options: Any) -> ReportCard:
    """Grade a receiver for the kit's own app; without ``url`` the kit's own receiver, and its log."""
    if url is None:
        url = kit.notifications.url
        options.setdefault("observed", lambda: inside.taken(kit.log))
    return grade_for(kit.settings, url, **options)


def grade_for(
    known: Settings,
    url: str,
    *,
    state: str | None = None,
    observed: Observed | None = None,
    trust: str | os.PathLike[str] | None = None,
    algorithm: str = "sha1",
    encoding: str = "base64",
) -> ReportCard:
    """Grade the receiver at ``url`` for one app; see ``grade``."""
    laboratory.check_options(algorithm, encoding)
    if state is not None and observed is not None:
        raise SettingsError("state and observed are two views into the receiver. Give one of them.")
    trusted = None if trust is None else os.fspath(trust)
    view = observed if state is None else inside.over_http(state, trusted)
    sender = Sender(known.account_id, known.client_id, known.client_secret, algorithm, encoding)
    with saying("The receiver is notified of some conversations; this takes a few seconds"):
        return grading.examine(Endpoint(url, trusted), sender, lambda: _stage(known.account_id), view)


@contextlib.contextmanager
def _stage(account_id: str) -> Iterator[tuple[Client, SandboxControl]]:
    """A sandbox of this account, a client of it, and its control."""
    try:
        child = ChildSandbox(account_id=account_id)
    except (LaunchFailed, OSError) as error:
        raise SandboxError(str(error)) from None
    try:
        with stage_of(child.ready) as stage:
            yield stage
    finally:
        child.stop()


@contextlib.contextmanager
def stage_of(ready: dict[str, Any]) -> Iterator[tuple[Client, SandboxControl]]:
    """The same of a sandbox that runs already; ``ready`` is what it said at its start."""
    known = Settings(
        account_id=ready["account_id"],
        client_id=ready["client_id"],
        client_secret=Secret(ready["client_secret"]),
        domain_lookup=ready["base_url"],
        scheme="http",
    )
    control = SandboxControl(ready["base_url"], Secret(ready["control_token"]))
    with contextlib.closing(control), contextlib.closing(Log()) as log, Client(known, log=log) as client:
        yield client, control
