"""Promises of section 4: the ConsumerJWS, how it is asked for, what it holds, how asking is refused.

Each row has a consumer of its own, who never says anything.
"""

from __future__ import annotations

import re
from typing import Any

from connectorkit.promises.bench import ABSENT, Bench, claims, header
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario, scenarios

rows = Rows()


def _token(bench: Bench, ext_id: str) -> str:
    return str(bench.ask_consumer_jws({"ext_consumer_id": ext_id}).at("token"))


@rows.promise(
    "C4.1-version",
    "The ConsumerJWS is given with v in the query and without it.",
    "4.1",
    {"with": "taken", "without": "taken"},
    on_account="harmless",
)
def _version(bench: Bench) -> Any:
    asked = {"with": "?v=1.0", "without": ""}
    return {what: bench.ask_consumer_jws(query=query).taken for what, query in asked.items()}


@rows.promise(
    "P4.2-created", "The ConsumerJWS is answered 201.", "4.2", {"status": 201}, on_account="harmless"
)
def _created(bench: Bench) -> Any:
    return {"status": bench.ask_consumer_jws({"ext_consumer_id": "created@promise.example"}).status}


@rows.promise(
    "P4.2-token",
    "The answer is the token alone.",
    "4.2",
    {"members": ["token"]},
    on_account="harmless",
)
def _members(bench: Bench) -> Any:
    return {"members": sorted(bench.ask_consumer_jws().json)}


@rows.promise(
    "P4.3-header",
    "The header's kid, typ and alg are as in the AppJWT.",
    "4.3",
    {"kid": "appjwt-", "typ": "JWT", "alg": "the same"},
    on_account="harmless",
)
def _header(bench: Bench) -> Any:
    found = header(_token(bench, "header@promise.example"))
    same = found.get("alg") == header(bench.app_jwt()).get("alg")
    return {
        "kid": str(found.get("kid"))[:7],
        "typ": found.get("typ"),
        "alg": "the same" if same else found.get("alg"),
    }


@rows.promise(
    "P4.3-claims",
    "The claims are account_id, ext_consumer_id as it was sent, and lp_consumer_id.",
    "4.3",
    {"account_id": True, "ext_consumer_id": "Zoë +49 30/12 claims", "lp_consumer_id": "there"},
    on_account="harmless",
)
def _claims(bench: Bench) -> Any:
    found = claims(_token(bench, "Zoë +49 30/12 claims"))
    return {
        "account_id": found.get("account_id") == bench.account,
        "ext_consumer_id": found.get("ext_consumer_id"),
        "lp_consumer_id": "there" if "lp_consumer_id" in found else "missing",
    }


@rows.promise(
    "P4.3-hex",
    "The lp_consumer_id is 64 hex characters.",
    "4.3",
    {"lp_consumer_id": "64 hex characters"},
    on_account="harmless",
)
def _hex(bench: Bench) -> Any:
    found = str(claims(_token(bench, "hex@promise.example")).get("lp_consumer_id"))
    return {"lp_consumer_id": "64 hex characters" if re.fullmatch("[0-9a-fA-F]{64}", found) else found}


@rows.promise(
    "P4.3-timeless",
    "The ConsumerJWS has neither exp nor iat.",
    "4.3",
    {"exp": ABSENT, "iat": ABSENT},
    on_account="harmless",
)
def _timeless(bench: Bench) -> Any:
    found = claims(_token(bench, "timeless@promise.example"))
    return {name: found.get(name, ABSENT) for name in ("exp", "iat")}


@rows.promise(
    "R4.5-missing",
    "Asking without an AppJWT is refused with 40105.",
    "4.5, R31",
    {"errorCode": 40105},
    never="an account may have another body",
)
def _missing(bench: Bench) -> Any:
    heard = bench.ask_consumer_jws(headers={"Authorization": None})
    return {"errorCode": heard.at("body", "errorCode")}


rows.add(
    "R4.5-expired",
    "Asking with an expired AppJWT is refused with 40102.",
    "4.5, R31",
    scenario("consumer-jws-expired-app-jwt", "body.errorCode"),
)
rows.add(
    "R4.5-id",
    "A missing ext_consumer_id, and one that is no text, is answered 400: ext_consumer_id is missing.",
    "4.5, R31",
    scenarios(
        "missing-consumer-id", "numeric-consumer-id", counts=("status", "body.errorCode", "body.details")
    ),
)


@rows.promise(
    "R4.5-empty",
    "An empty ext_consumer_id is answered like a missing one.",
    "4.5, R31",
    {"status": 400, "errorCode": 40001, "details": "ext_consumer_id is missing"},
    on_account="harmless",
)
def _empty(bench: Bench) -> Any:
    heard = bench.ask_consumer_jws({"ext_consumer_id": ""})
    said = {name: heard.at("body", name) for name in ("errorCode", "details")}
    return {"status": heard.status, **said}


rows.add(
    "R4.5-json",
    "A body that is not JSON is answered 400: Body is not valid JSON.",
    "4.5, R31",
    scenario("consumer-jws-broken-json", "status", "body.errorCode", "body.details"),
)

PROMISES = rows.all
