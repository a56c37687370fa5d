"""Promises of sections 1 and 2: ids, hosts, the domain lookup."""

from __future__ import annotations

import uuid
from typing import Any

from connectorkit.promises.bench import ABSENT, Bench, at
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario
from connectorkit.promises.samples import profile

rows = Rows()
_WEBHOOK = "needs a webhook that the account can reach"


# --- Ids and the form of everything ------------------------------------------------------------------


@rows.promise(
    "P1.1-uuid",
    "The id of a conversation is the text of a UUID of version 4.",
    "1.1",
    {"version": 4, "characters": 36},
    on_account="visible",
)
def _conversation_id(bench: Bench) -> Any:
    talk = bench.open(skillId="1101")
    return {"version": uuid.UUID(talk).version, "characters": len(talk)}


@rows.promise(
    "P1.1-main",
    "The MAIN dialog is made with the conversation and has its id.",
    "1.1",
    {"dialogs": ["MAIN"], "its id": "the conversation's"},
    never=_WEBHOOK,
)
def _main_dialog(bench: Bench) -> Any:
    bench.subscribe("cqm.ExConversationChangeNotification")
    talk = bench.open(skillId="1102")
    dialogs = at(bench.told().change, "result", "conversationDetails", "dialogs")
    its = at(dialogs, 0, "dialogId")
    return {
        "dialogs": [at(one, "dialogType") for one in dialogs],
        "its id": "the conversation's" if its == talk else its,
    }


@rows.promise(
    "P1.1-consumer",
    "The consumer goes by the lp_consumer_id of the ConsumerJWS, as originator and as participant.",
    "1.1",
    {"originatorId": True, "a participant": True},
    never=_WEBHOOK,
)
def _consumer_id(bench: Bench) -> Any:
    bench.subscribe()
    talk = bench.open(skillId="1103")
    bench.say(talk, "Who am I?")
    said = bench.told("ContentEvent").change
    details = at(bench.told("ConversationChangeNotification").change, "result", "conversationDetails")
    known = bench.lp_consumer_id()
    return {
        "originatorId": at(said, "originatorId") == known,
        "a participant": known in [at(one, "id") for one in details["participants"]],
    }


@rows.promise(
    "P1.4-utf8",
    "Messages are UTF-8, in both directions.",
    "1.4",
    {"reqId": "grüße-€-😀"},
    on_account="harmless",
)
def _utf8(bench: Bench) -> Any:
    return {"reqId": bench.send(profile(request_id="grüße-€-😀")).at("reqId")}


# --- The domain lookup -------------------------------------------------------------------------------


@rows.promise(
    "P2.1-all",
    "The lookup of all services answers with an array of entries: service, account and baseURI, all texts.",
    "2.1",
    {"baseURIs": "an array", "entries": ["account", "baseURI", "service"]},
    on_account="harmless",
)
def _all_services(bench: Bench) -> Any:
    entries = bench.lookup().at("baseURIs")
    names = ("account", "baseURI", "service")
    lacking = {name for entry in entries for name in names if at(entry, name) == ABSENT}
    lacking |= {name for entry in entries for name in names if not isinstance(at(entry, name), str)}
    return {
        "baseURIs": "an array" if isinstance(entries, list) else str(entries),
        "entries": sorted(set(names) - lacking),
    }


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


@rows.promise(
    "P2.1-asked",
    "The entry of one service names that service, and the account that was asked for.",
    "2.1",
    {"service": "idp", "account": True},
    on_account="harmless",
)
def _as_asked(bench: Bench) -> Any:
    heard = bench.lookup("/idp/baseURI.json")
    return {"service": heard.at("service"), "account": heard.at("account") == bench.account}


@rows.promise(
    "P2.1-host",
    "A baseURI is a host, perhaps with a port: no scheme, no slash at its end.",
    "2.1",
    {"a scheme": False, "a slash": False},
    on_account="harmless",
)
def _host(bench: Bench) -> Any:
    host = str(bench.lookup("/swift/baseURI.json").at("baseURI"))
    return {"a scheme": "://" in host, "a slash": host.endswith("/")}


@rows.promise(
    "P2.1-case",
    "Small and capital letters of a service's name are told apart.",
    "2.1",
    {"asyncMessagingEnt": "taken", "AsyncMessagingEnt": "refused"},
    on_account="harmless",
)
def _case(bench: Bench) -> Any:
    names = ("asyncMessagingEnt", "AsyncMessagingEnt")
    return {name: bench.lookup(f"/{name}/baseURI.json").taken for name in names}


@rows.promise(
    "C2.1-suffix",
    "Both paths end in .json or do not; the answer is the same.",
    "2.1",
    {"all services": "the same", "one service": "the same"},
    on_account="harmless",
)
def _suffix(bench: Bench) -> Any:
    def same(rest: str) -> str:
        with_, without = bench.lookup(f"{rest}/baseURI.json"), bench.lookup(f"{rest}/baseURI")
        alike = with_.status == without.status == 200 and with_.json == without.json
        return "the same" if alike else f"{with_.status} and {without.status}"

    return {"all services": same(""), "one service": same("/swift")}


@rows.promise(
    "P2.2-names",
    "The services that a connector and its administrator need have an entry each.",
    "2.2",
    dict.fromkeys(
        ("sentinel", "idp", "asyncMessagingEnt", "swift", "agentVep", "accountConfigReadWrite"), "taken"
    ),
    on_account="harmless",
)
def _needed_services(bench: Bench) -> Any:
    tokens, messaging = ("sentinel", "idp"), ("asyncMessagingEnt", "swift")
    names = (*tokens, *messaging, "agentVep", "accountConfigReadWrite")
    return {name: bench.lookup(f"/{name}/baseURI.json").taken for name in names}


@rows.promise(
    "P2.3-version",
    "A lookup without a version, or with another than 1.0, is answered 400.",
    "2.3",
    {"without": 400, "1": 400, "2.0": 400},
    on_account="harmless",
)
def _version(bench: Bench) -> Any:
    asked: dict[str, dict[str, str]] = {"without": {}, "1": {"version": "1"}, "2.0": {"version": "2.0"}}
    return {what: bench.lookup(query=query).status for what, query in asked.items()}


rows.add(
    "P2.3-account",
    "The lookup of an unknown account is answered 401.",
    "2.3",
    scenario("unknown-account", "status"),
)
rows.add(
    "R2.3-service",
    "The lookup of one service that is not known is answered 404.",
    "2.3, R32",
    scenario("unknown-service", "status"),
)


@rows.promise(
    "C2.3-absent",
    "A service that the account does not have is simply not in the list, which is answered 200.",
    "2.3",
    {"status": 200, "msgHist": ABSENT},
    never="an account may have message history",
)
def _not_listed(bench: Bench) -> Any:
    heard = bench.lookup()
    listed = {at(entry, "service"): at(entry, "baseURI") for entry in heard.at("baseURIs")}
    return {"status": heard.status, "msgHist": listed.get("msgHist", ABSENT)}


PROMISES = rows.all
