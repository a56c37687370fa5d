"""Promises of section 8.3: every other refusal, and what a client does about it."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ANA, Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario
from connectorkit.promises.samples import NOWHERE, chat_state, profile, text

rows = Rows()
_FAULT = "needs a fault of the sandbox"

rows.add(
    "P8.3-closed",
    "A text for a closed conversation is answered 400 and Bad Request, Conversation is close.",
    "8.3",
    scenario("closed-conversation", "status", "code", "body.msg"),
)
rows.add(
    "P8.3-closing",
    "So is closing what is closed.",
    "8.3",
    scenario("closed-twice", "status", "code", "body.msg"),
)


@rows.promise(
    "R8.3-words",
    "What is malformed is answered Bad Request, and the member at fault by its name.",
    "8.3, R68",
    {"begins with": "Bad Request, ", "names": "body.event.chatState"},
    never="an account may have other words",
)
def _words(bench: Bench) -> Any:
    talk = bench.open()
    without = chat_state(talk, "ACTIVE")
    del without["body"]["event"]["chatState"]
    said = str(bench.send(without).msg)
    name = "body.event.chatState"
    return {"begins with": said[:13], "names": name if name in said else said}


@rows.promise(
    "P8.3-version",
    "Another v than 3, and none, is answered 400.",
    "8.3, R25",
    {"none": 400, "2": 400, "3.0": 400},
    on_account="harmless",
)
def _version(bench: Bench) -> Any:
    queries = {"none": "", "2": "?v=2", "3.0": "?v=3.0"}
    return {what: bench.send(profile(), query=query).status for what, query in queries.items()}


rows.add(
    "R8.3-unknown",
    "An unknown conversation is answered 404 and Conversation not found.",
    "8.3, R12",
    scenario("unknown-conversation", "status", "body.msg"),
)
rows.add("P8.3-path", "An unknown path is answered 404, in JSON.", "8.3", scenario("unknown-path"))
rows.add(
    "P8.3-method",
    "Another method than POST is answered 405, with Allow: POST.",
    "8.3",
    scenario("wrong-method", "status", "Allow"),
)
rows.add(
    "R8.3-size",
    "A body over one mebibyte is answered 413, PAYLOAD_TOO_LARGE and Payload too large.",
    "8.3, R22",
    scenario("too-large-body", "status", "code", "body.msg"),
)
rows.add(
    "R8.3-type",
    "Another Content-Type than JSON is answered 415, in words.",
    "8.3, R26",
    scenario("wrong-content-type", "status", "code", "body.msg"),
)


@rows.promise(
    "P8.3-busy",
    "Too many requests are answered 429, in words, and with Retry-After.",
    "8.3, R23",
    {
        "status": 429,
        "code": "TOO_MANY_REQUESTS",
        "msg": "Too many requests, please try again later",
        "Retry-After": "1",
    },
    never=_FAULT,
)
def _busy(bench: Bench) -> Any:
    bench.fault(status=429, on="send", times=1)
    heard = bench.send(profile(request_id="busy-83"))
    said = {"code": heard.at("code"), "msg": heard.msg, "Retry-After": heard.headers.get("retry-after")}
    return {"status": heard.status, **said}


# --- What a client does ------------------------------------------------------------------------------


@rows.promise(
    "P8.3-wait",
    "After a 429 a client waits for a second at least, and sends again.",
    "8.3",
    {"in the end": 200, "attempts": 2, "waited": True},
    never=_FAULT,
)
def _waits(bench: Bench) -> Any:
    client = bench.client()
    client.consumer_jws(ANA)
    bench.fault(status=429, on="send", times=1)
    before = bench.sandbox.now()
    reply = client.send(profile(request_id="wait-83"), consumer=ANA)
    waited = (bench.sandbox.now() - before).total_seconds()
    return {"in the end": reply.status_code, "attempts": reply.exchange.attempt, "waited": waited >= 1}


@rows.promise(
    "P8.3-pauses",
    "After a 5xx a client sends again, three times, after 5, 10 and 15 seconds.",
    "8.3",
    {"in the end": 503, "attempts": 4, "seconds": 30},
    never=_FAULT,
)
def _pauses(bench: Bench) -> Any:
    client = bench.client()
    client.consumer_jws(ANA)
    bench.fault(status=503, on="send")
    before = bench.sandbox.now()
    reply = client.send(profile(request_id="pauses-83"), consumer=ANA)
    waited = (bench.sandbox.now() - before).total_seconds()
    # The clock goes on by itself, too.
    return {
        "in the end": reply.status_code,
        "attempts": reply.exchange.attempt,
        "seconds": 30 if 30 <= waited < 45 else waited,
    }


@rows.promise(
    "P8.3-never",
    "After any other 4xx a client does not send again.",
    "8.3",
    {"400": 1, "404": 1},
    on_account="harmless",
)
def _never_again(bench: Bench) -> Any:
    client = bench.client()
    asked = {"400": chat_state(NOWHERE, "TYPING", "never-83"), "404": text(NOWHERE, request_id="never-83")}
    return {what: client.send(one, consumer=ANA).exchange.attempt for what, one in asked.items()}


rows.add(
    "P8.3-blocked",
    "A blocked account is answered 451, and a client does not send again.",
    "8.3",
    scenario("blocked-account", "status", "attempts", "in the end"),
)

PROMISES = rows.all
