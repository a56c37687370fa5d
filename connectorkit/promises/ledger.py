"""The ledger: every promise, by topic."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from connectorkit.promises import (
    attributes,
    client_properties,
    contradictions,
    contradictions_calls,
    contradictions_content,
    contradictions_webhooks,
    conversation,
    domains,
    errors,
    file_store,
    files,
    format,
    hosted_files,
    identities,
    installing,
    life_cycle,
    manifests,
    metadata,
    numbers,
    openings,
    profiles,
    quirks_of_receivers,
    quirks_of_requests,
    quirks_of_senders,
    quirks_of_webhooks,
    refusals,
    resending,
    retention,
    retries,
    rich_content,
    seed,
    seed_answers,
    seed_messages,
    send,
    signatures,
    signs,
    surveying,
    tokens,
    updates,
    urgency,
    webhook_bodies,
    webhook_changes,
    webhook_events,
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
    "webhooks": (
        *(manifests, installing, webhooks, webhook_events, webhook_bodies, webhook_changes),
        *(signatures, retries, retention, resending),
    ),
    "files": (files, file_store),
    "life cycle": (life_cycle, surveying, urgency, attributes, client_properties),
    "quirks of clients": (
        *(quirks_of_senders, quirks_of_requests),
        *(quirks_of_receivers, quirks_of_webhooks),
    ),
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
