"""Promises of sections 2 to 4: domain lookup, AppJWT, ConsumerJWS."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario

rows = Rows()


@rows.promise(
    "P2.1-one",
    "The lookup of one service answers with its entry alone, in no array.",
    "2.1",
    {"members": ["account", "baseURI", "service"]},
    on_account="harmless",
)
def _one_service(bench: Bench) -> Any:
    heard = bench.lookup("/sentinel/baseURI.json")
    return {"members": sorted(heard.json) if isinstance(heard.json, dict) else heard.text}


rows.add(
    "P2.3-account",
    "The lookup of an unknown account is answered 401.",
    "2.3",
    scenario("unknown-account", "status"),
)

PROMISES = rows.all
