"""What a kit is made of: settings, log, and a sandbox where there is no account."""

from __future__ import annotations

import os
from typing import Any

from connectorkit import settings
from connectorkit.errors import SettingsError
from connectorkit.lease import Lease
from connectorkit.redact import Secret
from connectorkit.response_log import ResponseLog
from connectorkit.settings import Settings


def connection(
    sandbox: bool, seed: int | None, agent: bool, given: dict[str, Any]
) -> tuple[Settings, ResponseLog, Lease | None]:
    """Settings, log and, where no account is configured or ``sandbox`` is wanted, the lease of a sandbox.

    The arguments are those of ``connect``. Raises ``SettingsError``, ``LogError`` or ``SandboxError``.
    """
    open_log = given.pop("log", None)
    if not isinstance(open_log, ResponseLog):
        given["log"], open_log = None if open_log is None else str(_checked_path(open_log)), None
    log_path, timeout = settings.log_and_timeout(**given)
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise SettingsError(f"Seed is {seed!r}, allowed are whole numbers. Leave it out for a new one.")
    configured = None if sandbox else settings.load(**given)
    if configured is not None:
        return configured, open_log or ResponseLog(log_path), None
    log = open_log or ResponseLog(log_path)
    lease = Lease(seed, agent, log)
    ready = lease.ready
    found = Settings(
        account_id=ready["account_id"],
        client_id=ready["client_id"],
        client_secret=Secret(ready["client_secret"]),
        domain_lookup=ready["base_url"],
        scheme="http",
        timeout=timeout,
        log=log_path,
        # A proxy from the environment is for an account: it seldom finds the way back to this machine.
        proxy=settings.proxy_url(given.get("proxy")),
    )
    return found, log, lease


def _checked_path(log: Any) -> str | os.PathLike[str]:
    if not isinstance(log, str | os.PathLike):
        raise SettingsError(f'log is {log!r}. Pass a path, ":memory:", or an open ck.ResponseLog.')
    return log
