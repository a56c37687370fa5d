"""Promises of section 8.1: the refusal at the door, its numbers, and which check comes first."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ANA, BEN, Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario
from connectorkit.promises.samples import close, profile, text

rows = Rows()
_TEXTS = ("body.errorCode", "body.title", "body.details")


def _numbers(bench: Bench, asked: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The errorCode where each of these headers takes the place of the good one."""
    return {
        what: bench.send(profile(), headers=headers).at("body", "errorCode")
        for what, headers in asked.items()
    }


@rows.promise(
    "P8.1-object",
    "The error object has kind resp, the type .ReqBody$ErrorResp, the status as integer code, and a body.",
    "8.1",
    {
        "kind": "resp",
        "code": 401,
        "type": ".ReqBody$ErrorResp",
        "body": ["details", "errorCode", "title"],
    },
    on_account="harmless",
)
def _object(bench: Bench) -> Any:
    heard = bench.send(profile(), headers={"X-LP-ON-BEHALF": "of-nobody"})
    return {**heard.json, "body": sorted(heard.at("body"))}


rows.add(
    "P8.1-40001",
    "A missing brandId has the errorCode 40001 and its documented texts.",
    "8.1",
    scenario("missing-brand-id", *_TEXTS),
)
rows.add(
    "P8.1-claims",
    "A genuine token that lacks a claim of an AppJWT has the errorCode 40001 and the same texts.",
    "8.1",
    scenario("app-jwt-without-claims", *_TEXTS),
)
rows.add(
    "P8.1-40102",
    "An invalid AppJWT has the errorCode 40102 and its documented texts.",
    "8.1",
    scenario("invalid-app-jwt", *_TEXTS),
)
rows.add(
    "P8.1-40103",
    "An invalid ConsumerJWS has the errorCode 40103 and its documented texts.",
    "8.1",
    scenario("invalid-consumer-jws", *_TEXTS),
)
rows.add(
    "P8.1-40104",
    "A missing ConsumerJWS has the errorCode 40104 and its documented texts.",
    "8.1",
    scenario("missing-consumer-jws", *_TEXTS),
)
rows.add(
    "P8.1-40105",
    "A missing AppJWT has the errorCode 40105 and its documented texts.",
    "8.1",
    scenario("missing-app-jwt", *_TEXTS),
)


@rows.promise(
    "P8.1-signature",
    "An AppJWT whose signature is wrong has the errorCode 40102.",
    "8.1",
    {"errorCode": 40102},
    on_account="harmless",
)
def _signature(bench: Bench) -> Any:
    head, claims, signature = bench.app_jwt().split(".")
    forged = f"{head}.{claims}.{'A' * len(signature)}"
    heard = bench.send(profile(), headers={"Authorization": forged})
    return {"errorCode": heard.at("body", "errorCode")}


@rows.promise(
    "P8.1-account",
    "An AppJWT of another account has the errorCode 40102.",
    "8.1",
    {"errorCode": 40102},
    never="the other account may be somebody's",
)
def _another_account(bench: Bench) -> Any:
    return {"errorCode": bench.send(profile(), account="87654321").at("body", "errorCode")}


rows.add(
    "P8.1-expired",
    "An expired AppJWT has the errorCode 40102.",
    "8.1",
    scenario("expired-app-jwt", "body.errorCode"),
)
rows.add(
    "P8.1-file",
    "Asking for the file of another consumer has the errorCode 40103.",
    "8.1",
    scenario("foreign-file", "body.errorCode"),
)


@rows.promise(
    "P8.1-foreign",
    "Writing into the conversation of another consumer, and closing it, has the errorCode 40103.",
    "8.1",
    {"writing": 40103, "closing": 40103},
    on_account="visible",
)
def _foreign(bench: Bench) -> Any:
    talk = bench.open(BEN)
    asked = {"writing": text(talk), "closing": close(talk)}
    return {what: bench.send(one, consumer=ANA).at("body", "errorCode") for what, one in asked.items()}


@rows.promise(
    "P8.1-empty",
    "An empty header is as good as none.",
    "8.1",
    {"Authorization": 40105, "X-LP-ON-BEHALF": 40104},
    on_account="harmless",
)
def _empty(bench: Bench) -> Any:
    return _numbers(bench, {name: {name: ""} for name in ("Authorization", "X-LP-ON-BEHALF")})


@rows.promise(
    "P8.1-once",
    "After a second 401 a client stops: it renews the AppJWT once, and repeats once.",
    "8.1, 8.3",
    {"in the end": 401, "attempts": 2},
    never="needs a fault of the sandbox",
)
def _once(bench: Bench) -> Any:
    client = bench.client()
    bench.fault(error_code=40102, on="send")
    reply = client.send(profile(request_id="once-81"), consumer=ANA)
    return {"in the end": reply.status_code, "attempts": reply.exchange.attempt}


# --- The order of checks -----------------------------------------------------------------------------


@rows.promise(
    "R8.1-tokens",
    "Tokens are checked in this order: AppJWT, its claims, ConsumerJWS; and before what is sent.",
    "8.1, R10",
    {"bad AppJWT, no JWS": 40102, "no claims, no JWS": 40001, "no JWS, not JSON": 40104},
    on_account="harmless",
)
def _tokens_first(bench: Bench) -> Any:
    missing = {"X-LP-ON-BEHALF": None}
    numbers = _numbers(
        bench,
        {
            "bad AppJWT, no JWS": {"Authorization": "not-a-token", **missing},
            "no claims, no JWS": {"Authorization": bench.consumer_jws(), **missing},
        },
    )
    not_json = bench.send("no JSON", headers=missing)
    return {**numbers, "no JWS, not JSON": not_json.at("body", "errorCode")}


@rows.promise(
    "R8.1-http",
    "Then come the size, the Content-Type and v, in this order.",
    "8.1, R10",
    {"too large, of another type": 413, "of another type, for another v": 415},
    on_account="harmless",
)
def _http_next(bench: Bench) -> Any:
    other = {"Content-Type": "text/plain"}
    return {
        "too large, of another type": bench.send(b" " * (1024 * 1024 + 1), headers=other).status,
        "of another type, for another v": bench.send(profile(), headers=other, query="?v=2").status,
    }


@rows.promise(
    "R8.1-content",
    "At last come the shape, whether the conversation exists, whose it is, and whether it is open.",
    "8.1, R10",
    {"bad shape, unknown": "BAD_REQUEST", "of another, closed": ".ReqBody$ErrorResp"},
    on_account="visible",
)
def _content_last(bench: Bench) -> Any:
    foreign = bench.closed(BEN)
    nowhere = "00000000-0000-4000-8000-000000000081"
    return {
        "bad shape, unknown": bench.send(text(nowhere, 81)).at("code"),
        "of another, closed": bench.send(text(foreign), consumer=ANA).at("type"),
    }


PROMISES = rows.all
