"""Promises of section 9.4: when a change of a conversation is told."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import BEN, Bench, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import update
from connectorkit.promises.webhook_bodies import opened_and_told, results

rows = Rows()
_HOOK = "needs a webhook that the account can reach"


@rows.promise(
    "P9.4-when-opened",
    "It is told when a conversation is opened.",
    "9.4",
    {"one without a campaign": 1, "one of a campaign": 1},
    never=_HOOK,
)
def _when_opened(bench: Bench) -> Any:
    opened_and_told(bench)
    first = len(results(bench))
    bench.open(BEN, campaignInfo={"campaignId": "1", "engagementId": "2"})
    return {"one without a campaign": first, "one of a campaign": len(results(bench)) - first}


def _told_since(bench: Bench, before: int) -> dict[str, Any]:
    told = results(bench)
    last = at(told[-1], "conversationDetails") if len(told) > before else {}
    roles = [at(one, "role") for one in at(last, "participants")] if last else []
    return {
        "told": len(told) - before,
        "skillId": at(last, "skillId"),
        "agents": roles.count("ASSIGNED_AGENT"),
    }


@rows.promise(
    "P9.4-when-joined",
    "It is told when an agent joins.",
    "9.4",
    {"told": 1, "skillId": "-1", "agents": 1},
    never=_HOOK,
)
def _when_joined(bench: Bench) -> Any:
    talk = opened_and_told(bench)
    before = len(results(bench))
    bench.agent(talk).join()
    return _told_since(bench, before)


@rows.promise(
    "P9.4-when-left",
    "It is told when an agent leaves.",
    "9.4",
    {"told": 1, "skillId": "-1", "agents": 0},
    never=_HOOK,
)
def _when_left(bench: Bench) -> Any:
    talk = opened_and_told(bench)
    agent = bench.agent(talk).join()
    before = len(results(bench))
    agent.leave()
    return _told_since(bench, before)


@rows.promise(
    "P9.4-when-transferred",
    "It is told when the skill changes: the agent is gone, and skillId is another.",
    "9.4",
    {"told": 1, "skillId": "77", "agents": 0},
    never=_HOOK,
)
def _when_transferred(bench: Bench) -> Any:
    talk = opened_and_told(bench)
    agent = bench.agent(talk).join()
    before = len(results(bench))
    agent.transfer("77")
    return _told_since(bench, before)


@rows.promise(
    "P9.4-when-ttr",
    "It is told when the time to respond is changed.",
    "9.4",
    {"told": {"ttrType": "CUSTOM", "value": 77}},
    never=_HOOK,
)
def _when_ttr(bench: Bench) -> Any:
    talk = opened_and_told(bench)
    bench.did(update(talk, {"field": "TTRField", "ttrType": "CUSTOM", "value": 77}))
    return {"told": at(results(bench)[-1:], 0, "conversationDetails", "ttr")}


@rows.promise(
    "P9.4-when-closed",
    "It is told when an agent closes the conversation.",
    "9.4",
    {"told": 1},
    never=_HOOK,
)
def _when_closed(bench: Bench) -> Any:
    talk = opened_and_told(bench)
    agent = bench.agent(talk).join()
    before = len(results(bench))
    agent.close()
    return {"told": len(results(bench)) - before}


@rows.promise(
    "P9.4-when-rated",
    "It is told when a rating is stored, with the rating as csat.",
    "9.4",
    {"csat": {"csatRate": 4, "csatResolutionConfirmation": False, "status": "FILLED"}},
    never=_HOOK,
)
def _when_rated(bench: Bench) -> Any:
    talk = opened_and_told(bench)
    rating = {"csatRate": 4, "csatResolutionConfirmation": False, "status": "FILLED"}
    bench.did(update(talk, {"field": "CSATRate", **rating}))
    return {"csat": at(results(bench)[-1:], 0, "conversationDetails", "csat")}


PROMISES = rows.all
