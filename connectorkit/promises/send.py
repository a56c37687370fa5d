"""Promises of section 6: SEND, its events, the fields that it changes."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import chat_state

rows = Rows()


@rows.promise(
    "P6.6-states",
    "A chat state is ACTIVE, INACTIVE, GONE, COMPOSING or PAUSE.",
    "6.6",
    {**dict.fromkeys(("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE"), "taken"), "PAUSED": "refused"},
    on_account="visible",
)
def _chat_states(bench: Bench) -> Any:
    talk = bench.open()
    states = ("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE", "PAUSED")
    return {state: bench.send(chat_state(talk, state)).taken for state in states}


PROMISES = rows.all
