"""For each promise a defect of the sandbox that breaks it, by the modules of the ledger."""

from __future__ import annotations

from types import ModuleType

from tests.mutants.promises import (
    attributes,
    contradictions,
    conversation,
    errors,
    files,
    format,
    life_cycle,
    manifests,
    quirks_of_receivers,
    quirks_of_senders,
    retries,
    seed,
    seed_messages,
    send,
    tokens,
    webhook_bodies,
    webhooks,
)
from tests.mutants.promises.model import Breaks

_MODULES: tuple[ModuleType, ...] = (
    *(seed, seed_messages, tokens, conversation, send, format, errors),
    *(manifests, webhooks, webhook_bodies, retries, files, life_cycle, attributes),
    *(quirks_of_senders, quirks_of_receivers, contradictions),
)

DEFECTS: dict[str, Breaks] = {name: one for module in _MODULES for name, one in module.DEFECTS.items()}
# Promises that no defect of the sandbox can break, each with the reason.
UNBREAKABLE: dict[str, str] = {
    name: why for module in _MODULES for name, why in getattr(module, "UNBREAKABLE", {}).items()
}
