"""For each promise a defect of the sandbox that breaks it, by the modules of the ledger."""

from __future__ import annotations

from types import ModuleType

from tests.mutants.promises import (
    attributes,
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
    manifests,
    metadata,
    numbers,
    openings,
    profiles,
    quirks_of_receivers,
    quirks_of_senders,
    refusals,
    retries,
    rich_content,
    seed,
    seed_messages,
    send,
    signs,
    tokens,
    updates,
    webhook_bodies,
    webhooks,
)
from tests.mutants.promises.model import Breaks

_MODULES: tuple[ModuleType, ...] = (
    *(seed, seed_messages),
    *(domains, tokens, identities, conversation, profiles, openings),
    *(send, hosted_files, rich_content, signs, updates, metadata),
    *(format, numbers),
    *(errors, refusals),
    *(manifests, webhooks, webhook_bodies, retries, files, life_cycle, attributes),
    *(quirks_of_senders, quirks_of_receivers),
    *(contradictions, contradictions_calls, contradictions_content, contradictions_webhooks),
)

DEFECTS: dict[str, Breaks] = {name: one for module in _MODULES for name, one in module.DEFECTS.items()}
# Promises that no defect of the sandbox can break, each with the reason.
UNBREAKABLE: dict[str, str] = {
    name: why for module in _MODULES for name, why in getattr(module, "UNBREAKABLE", {}).items()
}
