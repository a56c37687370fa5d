"""Provokes what the catalogue holds, and sets the observed beside the expected."""

from __future__ import annotations

from connectorkit.catalogue import ALL, BY_NAME, TOPICS, Scenario
from connectorkit.scenarios.installs import Administrator
from connectorkit.scenarios.outcome import Check, Outcome
from connectorkit.scenarios.running import Scenarios

__all__ = ["ALL", "BY_NAME", "TOPICS", "Administrator", "Check", "Outcome", "Scenario", "Scenarios"]
