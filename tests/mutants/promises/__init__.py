"""For each promise a defect of the sandbox that breaks it, by the modules of the ledger."""

from __future__ import annotations

from types import ModuleType

from tests.mutants.promises import (
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
    seed_messages,
    send,
    signs,
    tokens,
    updates,
    webhooks,
)
from tests.mutants.promises.model import Breaks

_MODULES: tuple[ModuleType, ...] = (
    *(seed, seed_messages),
    *(domains, tokens, identities, conversation, profiles, openings),
    *(send, hosted_files, rich_content, signs, updates, metadata),
    *(format, numbers),
    *(errors, refusals, webhooks, files, life_cycle, quirks),
    *(contradictions, contradictions_calls, contradictions_content, contradictions_webhooks),
)

DEFECTS: dict[str, Breaks] = {name: one for module in _MODULES for name, one in module.DEFECTS.items()}
# Promises that no defect of the sandbox can break, each with the reason.
UNBREAKABLE: dict[str, str] = {
    name: why for module in _MODULES for name, why in getattr(module, "UNBREAKABLE", {}).items()
}
