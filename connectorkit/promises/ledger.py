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
    domains,
    errors,
    files,
    format,
    hosted_files,
    identities,
    life_cycle,
    metadata,
    numbers,
    openings,
    profiles,
    quirks,
    refusals,
    rich_content,
    seed,
    seed_answers,
    seed_messages,
    send,
    signs,
    tokens,
    updates,
    webhooks,
)
from connectorkit.promises.model import Promise

# A topic may have several modules, so that each stays short.
_MODULES: dict[str, tuple[ModuleType, ...]] = {
    "API overview": (seed, seed_messages, seed_answers),
    "domains and tokens": (domains, tokens, identities),
    "CONVERSATION": (conversation, profiles, openings),
    "SEND": (send, hosted_files, rich_content, signs, updates, metadata),
    "message format": (format, numbers),
    "errors": (errors, refusals),
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
