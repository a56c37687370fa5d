"""Promises of section 11: states, surveys, roles, urgency, ratings, attributes, routing."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench, at
from connectorkit.promises.model import Rows

rows = Rows()


@rows.promise(
    "P11.1-closed",
    "A conversation that the consumer closes, without a survey, has state and stage CLOSE.",
    "11.1",
    {"state": "CLOSE", "stage": "CLOSE"},
    never="needs a webhook that the account can reach",
)
def _closed(bench: Bench) -> Any:
    bench.subscribe("cqm.ExConversationChangeNotification")
    bench.closed()
    details = at(bench.told().change, "result", "conversationDetails")
    return {name: at(details, name) for name in ("state", "stage")}


PROMISES = rows.all
