"""Promises of section 7: the envelope, correlation, codes, numbers, the two forms of errors."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import text

rows = Rows()


@rows.promise(
    "P7.2-comma",
    "Odd text as an id is echoed verbatim, comma included.",
    "7.2",
    {"reqId": "17,"},
    on_account="visible",
)
def _odd_id(bench: Bench) -> Any:
    return {"reqId": bench.send(text(bench.open(), request_id="17,")).at("reqId")}


PROMISES = rows.all
