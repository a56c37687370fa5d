"""Everything that scenarios and promises want, around a sandbox that somebody else has started."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from connectorkit import Client
from connectorkit.control import SandboxControl
from connectorkit.log import Log
from connectorkit.promises import Promises
from connectorkit.receiver import Receiver
from connectorkit.redact import Secret
from connectorkit.scenarios import ALL, Administrator, Scenarios
from connectorkit.settings import Settings
from connectorkit.waiting import ClockPause

# Requests alone bring these about again: no fault, clock or app is needed, no file, and no broken network.
REPLAYABLE = tuple(
    scenario.name
    for scenario in ALL
    if not (scenario.faults or scenario.clock_seconds or scenario.request.nobody)
    and not any(step.startswith("app ") or "agent" in step for step in scenario.before)
    and scenario.request.call not in ("upload_file", "download_file")
)


@contextlib.contextmanager
def scenarios_of(ready: dict[str, Any]) -> Iterator[Scenarios]:
    """The scenarios, against the sandbox with this ready line; its clock is moved instead of waiting."""
    with _equipment(ready) as (_, scenarios):
        yield scenarios


@contextlib.contextmanager
def promises_of(ready: dict[str, Any]) -> Iterator[Promises]:
    """The ledger of promises, against the sandbox with this ready line."""
    with _equipment(ready) as (promises, _):
        yield promises


@contextlib.contextmanager
def _equipment(ready: dict[str, Any]) -> Iterator[tuple[Promises, Scenarios]]:
    settings = Settings(
        account_id=ready["account_id"],
        client_id=ready["client_id"],
        client_secret=Secret(ready["client_secret"]),
        domain_lookup=ready["base_url"],
        scheme="http",
    )
    with contextlib.ExitStack() as closing:
        control = SandboxControl(ready["base_url"], Secret(ready["control_token"]))
        closing.callback(control.close)
        log = Log()
        closing.callback(log.close)
        client = closing.enter_context(Client(settings, log=log, pause=ClockPause(control)))
        receiver = Receiver(
            client_secret=settings.client_secret,
            account_id=settings.account_id,
            client_id=settings.client_id,
            host_hint=ready["base_url"].partition("//")[2],
        )
        receiver.subscribe(log.append_notification)
        closing.enter_context(receiver)
        control.webhook(receiver.url)
        administrator = Administrator(ready["admin_username"], Secret(ready["admin_password"]))
        scenarios = Scenarios(client, control, administrator=administrator, receiver=receiver)
        yield Promises(client, control, administrator=administrator, scenarios=scenarios), scenarios
