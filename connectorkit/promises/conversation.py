"""Promises of section 5: CONVERSATION, its batch, its bodies, its answers."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import batch, opening, profile

rows = Rows()


@rows.promise(
    "P5.2-order",
    "The answer has one entry per request, in the order of the requests.",
    "5.2",
    {"first": "msg", "second": "conversationId"},
    on_account="visible",
)
def _in_order(bench: Bench) -> Any:
    items = [profile(request_id="2"), opening(bench.account, "1")]
    heard = bench.converse(items)
    names = ("msg", "conversationId")
    held = [[name for name in names if name in heard.at(place, "body")] for place in (0, 1)]
    return {"first": ", ".join(held[0]), "second": ", ".join(held[1])}


@rows.promise(
    "P5.2-two",
    "A batch has at least two requests.",
    "5.2",
    {"one": "refused"},
    on_account="harmless",
)
def _at_least_two(bench: Bench) -> Any:
    return {"one": bench.converse(batch(bench.account)[:1]).taken}


PROMISES = rows.all
