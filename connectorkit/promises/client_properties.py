"""Promises of sections 11.7 and 11.8: Client-Properties, routing."""

from __future__ import annotations

import json
from typing import Any

from connectorkit.promises.bench import TYPES, Bench, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import profile
from connectorkit.promises.surveying import with_features
from connectorkit.promises.webhook_bodies import details

rows = Rows()
_SANDBOX = "needs a look at what is stored"
_HOOK = "needs a webhook that the account can reach"
_CONTENT, _CHANGE = TYPES[0], TYPES[4]
_CUSTOMER_TEXTS = (
    *("ctype", "cstatus", "customerId", "currency", "socialId", "imei", "userName"),
    *("companyBranch", "accountName", "role"),
)


def _with_properties(bench: Bench, **members: Any) -> list[str]:
    """What is warned of when a client has these properties."""
    before = len(bench.warned())
    given = {"type": ".ClientProperties", **members}
    bench.did(profile(), headers={"Client-Properties": json.dumps(given)})
    return bench.warned()[before:]


@rows.promise(
    "P11.7-type",
    "The type is .ClientProperties, ClientProperties or .ams.headers.ClientProperties.",
    "11.7",
    {
        ".ClientProperties": "taken as one",
        "ClientProperties": "taken as one",
        ".ams.headers.ClientProperties": "taken as one",
        "Properties": "warned of",
    },
    never=_SANDBOX,
)
def _type(bench: Bench) -> Any:
    kinds = (".ClientProperties", "ClientProperties", ".ams.headers.ClientProperties", "Properties")
    return {kind: "warned of" if _with_properties(bench, type=kind) else "taken as one" for kind in kinds}


_SIXTY_FOUR = (
    *("appId", "osName", "osVersion", "browser", "browserVersion", "deviceManufacture"),
    *("deviceModel", "timeZone", "integrationVersion"),
)


@rows.promise(
    "P11.7-limits",
    "Values longer than 64 characters, or 32 of appVersion and ipAddress, are warned of.",
    "11.7",
    {"as long as may be": [], "one longer": sorted(("appVersion", "ipAddress", *_SIXTY_FOUR))},
    never=_SANDBOX,
)
def _limits(bench: Bench) -> Any:
    longest = {"appVersion": 32, "ipAddress": 32, **dict.fromkeys(_SIXTY_FOUR, 64)}

    def warned(more: int) -> list[str]:
        given = {name: "7" * (length + more) for name, length in longest.items()}
        return sorted(text.partition(" ")[0] for text in _with_properties(bench, **given))

    return {"as long as may be": warned(0), "one longer": warned(1)}


@rows.promise(
    "P11.7-values",
    "deviceFamily, os and integration have a few values; others are warned of.",
    "11.7",
    {"known values": [], "others": ["deviceFamily", "integration", "os"]},
    never=_SANDBOX,
)
def _values(bench: Bench) -> Any:
    known = {
        "deviceFamily": ("DESKTOP", "TABLET", "MOBILE", "OTHER"),
        "os": ("WINDOWS", "LINUX", "OSX", "ANDROID", "IOS", "OTHER"),
        "integration": ("WEB_SDK", "MOBILE_SDK", "BRAND_SDK"),
    }
    right = [
        text
        for name, values in known.items()
        for one in values
        for text in _with_properties(bench, **{name: one})
    ]
    wrong = _with_properties(bench, deviceFamily="PHONE", os="BEOS", integration="NO_SDK")
    return {"known values": right, "others": sorted(text.partition(" ")[0] for text in wrong)}


@rows.promise(
    "P11.7-not-json",
    "A header that is not JSON is ignored, with a warning.",
    "11.7, R51",
    {"features": [], "warned": True},
    never=_SANDBOX,
)
def _not_json(bench: Bench) -> Any:
    talk = bench.open(headers={"Client-Properties": "MULTI_DIALOG"})
    warned = any("Client-Properties" in str(at(one, "about")) for one in bench.state()["warnings"])
    return {"features": bench.kept(talk)["features_at_opening"], "warned": warned}


@rows.promise(
    "P11.7-unknown",
    "Unknown features are kept and ignored.",
    "11.7",
    {"kept": ["RICH_CONTENT", "HOLOGRAMS"]},
    never=_SANDBOX,
)
def _unknown(bench: Bench) -> Any:
    talk = bench.open(headers=with_features("RICH_CONTENT", "HOLOGRAMS"))
    return {"kept": bench.kept(talk)["features_at_opening"]}


def _greeted(bench: Bench, *features: str, late: float = 0) -> list[Any]:
    """Who has greeted a consumer whose first message comes so late."""
    talk = bench.open(headers=with_features(*features))
    bench.advance(late)
    bench.say(talk)
    bench.settle()
    return [one["role"] for one in bench.events(talk) if at(one, "event", "message") == "Welcome"]


@rows.promise(
    "P11.7-greeting",
    "With AUTO_MESSAGES the CONTROLLER greets, if the account has a greeting.",
    "11.7",
    {"none set up": [], "one set up": ["CONTROLLER"]},
    never="needs a setting of the sandbox",
)
def _greeting(bench: Bench) -> Any:
    first = _greeted(bench, "AUTO_MESSAGES")
    bench.set(auto_messages="Welcome")
    _close_all(bench)
    return {"none set up": first, "one set up": _greeted(bench, "AUTO_MESSAGES")}


def _close_all(bench: Bench) -> None:
    for one in bench.state()["conversations"]:
        if one["consumer_id"] == bench.lp_consumer_id() and one["stage"] == "OPEN":
            bench.close(one["id"])
    bench.settle()  # what is told of two conversations may come in any order


@rows.promise(
    "P11.7-greeting-unasked",
    "Without AUTO_MESSAGES nobody greets.",
    "11.7",
    {"greeted by": []},
    never="needs a setting of the sandbox",
)
def _greeting_unasked(bench: Bench) -> Any:
    bench.set(auto_messages="Welcome")
    return {"greeted by": _greeted(bench, "RICH_CONTENT")}


@rows.promise(
    "P11.7-greeting-late",
    "The greeting needs a first message within 10 s of opening.",
    "11.7",
    {"after 12 s": []},
    never="needs a setting of the sandbox",
)
def _greeting_late(bench: Bench) -> Any:
    bench.set(auto_messages="Welcome")
    return {"after 12 s": _greeted(bench, "AUTO_MESSAGES", late=12)}


def _warned_of(bench: Bench, feature: str) -> bool:
    return any(feature in one for one in bench.warned())


@rows.promise(
    "P11.7-rich",
    "Without RICH_CONTENT structured content is delivered all the same, and warned of.",
    "11.7",
    {"without": ["delivered", True]},
    never=_HOOK,
)
def _rich(bench: Bench) -> Any:
    bench.subscribe(TYPES[1])
    bench.agent(bench.open()).rich({"type": "text", "text": "Pick one"})
    return {"without": ["delivered" if bench.heard() else "not", _warned_of(bench, "RICH_CONTENT")]}


@rows.promise(
    "P11.7-quick-replies",
    "Without QUICK_REPLIES they are delivered all the same, and warned of; with it they are not warned of.",
    "11.7",
    {"with": False, "without": True},
    never=_HOOK,
)
def _quick_replies(bench: Bench) -> Any:
    talk = bench.open(headers=with_features("QUICK_REPLIES"))
    bench.agent(talk).text("Pick one", quick_replies=["This", "That"])
    first = _warned_of(bench, "QUICK_REPLIES")
    bench.say(talk)  # without the header: no longer
    bench.agent(talk).text("Pick one", quick_replies=["This", "That"])
    return {"with": first, "without": _warned_of(bench, "QUICK_REPLIES")}


# --- 11.8: routing -----------------------------------------------------------------------------------


@rows.promise(
    "P11.8-skill",
    "skillId is a string in notifications, whatever it was in the request.",
    "11.8",
    {"3141": "3141", "none": "-1"},
    never=_HOOK,
)
def _skill(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    bench.open(skillId=3141)
    first = at(details(bench), "skillId")
    _close_all(bench)
    bench.open()
    return {"3141": first, "none": at(details(bench), "skillId")}


PROMISES = rows.all
