"""Q1 to Q51: what real clients do, and the service must live with (section 12)."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import text

rows = Rows()


@rows.promise(
    "Q3",
    "Clients send every message with the same id: none is taken for a duplicate.",
    "12",
    {"numbers": "all different"},
    on_account="visible",
)
def _same_id(bench: Bench) -> Any:
    talk = bench.open()
    numbers = [bench.send(text(talk, request_id="3")).at("body", "sequence") for _ in range(3)]
    return {"numbers": "all different" if len(set(map(str, numbers))) == 3 else numbers}


PROMISES = rows.all
