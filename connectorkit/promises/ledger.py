"""The ledger: every promise, by topic."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from connectorkit.promises import (
    contradictions,
    contradictions_calls,
    contradictions_content,
    contradictions_webhooks,
    conversation,
    errors,
    files,
    format,
    life_cycle,
    quirks,
    seed,
    seed_answers,
    seed_messages,
    send,
    tokens,
    webhooks,
)
from connectorkit.promises.model import Promise

# A topic may have several modules, so that each stays short.
_MODULES: dict[str, tuple[ModuleType, ...]] = {
    "API overview": (seed, seed_messages, seed_answers),
    "domains and tokens": (tokens,),
    "CONVERSATION": (conversation,),
    "SEND": (send,),
    "message format": (format,),
    "errors": (errors,),
    "webhooks": (webhooks,),
    "files": (files,),
    "life cycle": (life_cycle,),
    "quirks of clients": (quirks,),
    "contradictions": (
        *(contradictions, contradictions_calls),
        *(contradictions_content, contradictions_webhooks),
    ),
}

TOPICS = tuple(_MODULES)
ALL: tuple[Promise, ...] = tuple(
    replace(promise, topic=topic)
    for topic, modules in _MODULES.items()
    for module in modules
    for promise in module.PROMISES
)
BY_ID = {promise.id: promise for promise in ALL}
