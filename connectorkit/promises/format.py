"""Promises of section 7.1 to 7.3 and 7.5: the envelope, correlation, codes, the two forms of errors."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import NOWHERE, batch, opening, profile, text

rows = Rows()


# --- The envelope ------------------------------------------------------------------------------------


@rows.promise(
    "P7.1-notification",
    "A notification has kind, type and body, and nothing else; the body has the changes.",
    "7.1",
    {"kind": "notification", "members": ["body", "kind", "type"], "body": ["changes"]},
    never="needs a webhook that the account can reach",
)
def _notification(bench: Bench) -> Any:
    bench.subscribe("ms.MessagingEventNotification.ContentEvent")
    bench.say(bench.open(), "Which members?")
    told = bench.told().json
    return {"kind": told.get("kind"), "members": sorted(told), "body": sorted(told["body"])}


# --- Correlation -------------------------------------------------------------------------------------


@rows.promise(
    "P7.2-length",
    "An id has 1 to 64 characters.",
    "7.2",
    {"1": "taken", "64": "taken", "65": "refused"},
    on_account="harmless",
)
def _length(bench: Bench) -> Any:
    return {str(size): bench.send(profile(request_id="i" * size)).taken for size in (1, 64, 65)}


@rows.promise(
    "P7.2-integer",
    "An integer as id comes back as its digits, a text.",
    "7.2",
    {"reqId": "72"},
    on_account="harmless",
)
def _integer(bench: Bench) -> Any:
    return {"reqId": bench.send(profile(request_id=72)).at("reqId")}


@rows.promise(
    "P7.2-comma",
    "Odd text as an id is echoed verbatim, comma included.",
    "7.2",
    {"reqId": "17,"},
    on_account="visible",
)
def _odd_id(bench: Bench) -> Any:
    return {"reqId": bench.send(text(bench.open(), request_id="17,")).at("reqId")}


@rows.promise(
    "R7.2-ids",
    "An id that is empty, neither a text nor an integer, or null is answered 400.",
    "7.2, R3",
    dict.fromkeys(("empty", "true", "a fraction", "null", "an array", "an object"), 400),
    on_account="harmless",
)
def _bad_ids(bench: Bench) -> Any:
    ids = {"empty": "", "true": True, "a fraction": 7.2, "null": None, "an array": ["1"], "an object": {}}
    return {what: bench.send(profile(request_id=one)).status for what, one in ids.items()}


# --- Codes -------------------------------------------------------------------------------------------


@rows.promise(
    "P7.3-words",
    "The codes of what goes wrong at the service are the words of HTTP, too.",
    "7.3",
    {
        "429": "TOO_MANY_REQUESTS",
        "500": "INTERNAL_SERVER_ERROR",
        "502": "BAD_GATEWAY",
        "503": "SERVICE_UNAVAILABLE",
        "504": "GATEWAY_TIMEOUT",
    },
    never="needs a fault of the sandbox",
)
def _words(bench: Bench) -> Any:
    def code(status: int) -> Any:
        bench.fault(status=status, on="send", times=1)
        return bench.send(profile(request_id="w-73")).at("code")

    return {str(status): code(status) for status in (429, 500, 502, 503, 504)}


@rows.promise(
    "P7.3-number",
    "A refusal at the door has an integer as code.",
    "7.3",
    {"code": 401},
    on_account="harmless",
)
def _number(bench: Bench) -> Any:
    return {"code": bench.converse(headers={"X-LP-ON-BEHALF": None}).at("code")}


# --- The two forms of errors -------------------------------------------------------------------------


@rows.promise(
    "P7.5-door",
    "A refusal at the door of CONVERSATION is one object, without reqId; so it is of a missing brand.",
    "7.5",
    {"type": ".ReqBody$ErrorResp", "reqId": ABSENT},
    on_account="harmless",
)
def _door(bench: Bench) -> Any:
    heard = bench.converse([profile(), opening(bench.account, "o-75", brandId=None)])
    return {name: heard.at(name) for name in ("type", "reqId")}


@rows.promise(
    "P7.5-refused",
    "A request that was read and refused is answered by code, body and reqId; HTTP has the same status.",
    "7.5",
    {"status": 404, "members": ["body", "code", "reqId"], "body": ["msg"], "reqId": "n-75"},
    on_account="harmless",
)
def _refused(bench: Bench) -> Any:
    heard = bench.send(text(NOWHERE, request_id="n-75"))
    held = {"members": sorted(heard.json), "body": sorted(heard.json["body"])}
    return {"status": heard.status, **held, "reqId": heard.at("reqId")}


@rows.promise(
    "R7.5-object",
    "Where nothing of a batch was run, the refusal is one object, with the id of the request at fault.",
    "7.5, R67",
    {"code": "BAD_REQUEST", "reqId": "o-751"},
    on_account="harmless",
)
def _object(bench: Bench) -> Any:
    heard = bench.converse([profile(), opening(bench.account, "o-751", channelType=75)])
    return {name: heard.at(name) for name in ("code", "reqId")}


@rows.promise(
    "R7.5-unread",
    "Where no id can be read, the refusal has no reqId.",
    "7.5, R67",
    {"code": "BAD_REQUEST", "reqId": ABSENT},
    on_account="harmless",
)
def _unread(bench: Bench) -> Any:
    heard = bench.converse(str(batch(bench.account)))
    return {name: heard.at(name) for name in ("code", "reqId")}


PROMISES = rows.all
