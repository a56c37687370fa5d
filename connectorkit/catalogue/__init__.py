"""The catalogue of everything that can go wrong, as data, by topic."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from connectorkit.catalogue import (
    at_the_door,
    batch,
    files,
    http,
    life_cycle,
    network,
    outages,
    send,
    tokens,
    webhooks,
)
from connectorkit.catalogue.model import Answer, Ending, Request, Scenario, ending_in_words, in_words

__all__ = [
    "ALL",
    "BY_NAME",
    "TOPICS",
    "Answer",
    "Ending",
    "Request",
    "Scenario",
    "ending_in_words",
    "in_words",
]

_MODULES: dict[str, ModuleType] = {
    "tokens": tokens,
    "door": at_the_door,
    "batch": batch,
    "send": send,
    "life cycle": life_cycle,
    "files": files,
    "http": http,
    "outages": outages,
    "network": network,
    "webhooks": webhooks,
}

TOPICS = tuple(_MODULES)
ALL: tuple[Scenario, ...] = tuple(
    replace(scenario, topic=topic) for topic, module in _MODULES.items() for scenario in module.SCENARIOS
)
BY_NAME = {scenario.name: scenario for scenario in ALL}
