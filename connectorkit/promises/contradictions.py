"""X1 and on: where the documents contradict each other, both readings, and what is true of the target."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Reading, Rows
from connectorkit.promises.samples import profile

rows = Rows()


@rows.contradiction(
    "X1",
    "Which number has a missing AppJWT?",
    "8.2, R8",
    Reading("40105, and 40104 is the missing ConsumerJWS", "the table of errors", {"errorCode": 40105}),
    Reading("40104", "the sample beside it", {"errorCode": 40104}),
    ruling="the table",
    on_account="harmless",
)
def _missing_app_jwt(bench: Bench) -> Any:
    heard = bench.send(profile(), headers={"Authorization": None})
    return {"errorCode": heard.at("body", "errorCode")}


PROMISES = rows.all
