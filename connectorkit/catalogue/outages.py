"""Rate limits and outages: what the service does when it is asked too much, or cannot."""

from __future__ import annotations

from connectorkit.catalogue.model import Scenario

_TRY_AGAIN = "Send it again after 5, 10 and 15 seconds, then report it; the kit does so."
_WAIT = "Wait at least a second and as long as Retry-After says, and spread the load; the kit waits."
_POLICY = '"API error codes and retry recommendation"'
_BUSY = "Too many requests, please try again later"
SCENARIOS: tuple[Scenario, ...] = ()
