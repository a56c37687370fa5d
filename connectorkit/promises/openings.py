"""Promises of section 5.4: what a request for a conversation may hold.

Several conversations in one row are of several consumers, as each may have but one.
"""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario
from connectorkit.promises.samples import opening, profile

rows = Rows()


def _taken(bench: Bench, asked: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Whether each of these requests is taken, each of a consumer of its own."""

    def one(place: int, members: dict[str, Any]) -> str:
        wanted = opening(bench.account)
        wanted["body"] |= members
        return bench.converse([profile(), wanted], consumer=f"{place}@openings.example").taken

    return {what: one(place, members) for place, (what, members) in enumerate(asked.items())}


@rows.promise(
    "P5.4-channel",
    "The channelType is MESSAGING and nothing else.",
    "5.4",
    {"MESSAGING": "taken", "SMS": "refused"},
    on_account="visible",
)
def _channel(bench: Bench) -> Any:
    return _taken(bench, {name: {"channelType": name} for name in ("MESSAGING", "SMS")})


@rows.promise(
    "P5.4-ttr",
    "The ttrDefName is NORMAL, URGENT, PRIORITIZED or null; old clients also send CUSTOM.",
    "5.4",
    {**dict.fromkeys(("NORMAL", "URGENT", "PRIORITIZED", "CUSTOM", "null"), "taken"), "SOON": "refused"},
    on_account="visible",
)
def _ttr(bench: Bench) -> Any:
    names = ("NORMAL", "URGENT", "PRIORITIZED", "CUSTOM", None, "SOON")
    return _taken(bench, {name or "null": {"ttrDefName": name, "skillId": "5401"} for name in names})


@rows.promise(
    "P5.4-skill",
    "The skillId is a text or an integer.",
    "5.4",
    {"a text": "taken", "an integer": "taken", "a list": "refused"},
    on_account="visible",
)
def _skill(bench: Bench) -> Any:
    given = {"a text": "5402", "an integer": 5402, "a list": [5402]}
    return _taken(bench, {what: {"skillId": skill} for what, skill in given.items()})


@rows.promise(
    "P5.4-any",
    "Without a skillId it is -1: any skill.",
    "5.4",
    {"skillId": "-1"},
    never="needs the sandbox",
)
def _any_skill(bench: Bench) -> Any:
    return {"skillId": bench.kept(bench.open(conversationContext={"lang": "en-NZ"})).get("skill_id")}


@rows.promise(
    "P5.4-campaign",
    "campaignId and engagementId are texts or integers, and are sent together.",
    "5.4",
    {"texts": "taken", "integers": "taken", "one alone": "refused"},
    never="an account may not have that campaign",
)
def _campaign(bench: Bench) -> Any:
    given: dict[str, dict[str, Any]] = {
        "texts": {"campaignId": "541", "engagementId": "542"},
        "integers": {"campaignId": 541, "engagementId": 542},
        "one alone": {"engagementId": "542"},
    }
    return _taken(bench, {what: {"campaignInfo": campaign} for what, campaign in given.items()})


@rows.promise(
    "P5.4-context",
    "In a context, monitoring ids may be empty, interactionContextId may be an integer; lang is a text.",
    "5.4",
    {"empty ids": "taken", "an integer": "taken", "a number as lang": "refused"},
    never="an account may know the monitoring ids",
)
def _context(bench: Bench) -> Any:
    given: dict[str, dict[str, Any]] = {
        "empty ids": {"visitorId": "", "sessionId": "", "interactionContextId": "2"},
        "an integer": {"visitorId": "v", "sessionId": "s", "interactionContextId": 2, "lang": "de-DE"},
        "a number as lang": {"lang": 49},
    }
    contexts = {what: {"type": "SharkContext", **members} for what, members in given.items()}
    return _taken(bench, {what: {"conversationContext": one} for what, one in contexts.items()})


@rows.promise(
    "C5.4-features",
    "Features within the context are kept, and switch nothing on.",
    "5.4",
    {"kept": ["CO_APP"], "switched on": []},
    never="needs the sandbox",
)
def _features(bench: Bench) -> Any:
    kept = bench.kept(bench.open(conversationContext={"type": "SharkContext", "features": ["CO_APP"]}))
    context = kept["request"]["conversationContext"]
    return {"kept": context.get("features"), "switched on": kept["features"]}


rows.add(
    "R5.4-brand",
    "Another brandId than the account of the path is answered 400, in words.",
    "5.4, R19",
    scenario("wrong-brand-id", "status", "body.msg"),
)

PROMISES = rows.all
