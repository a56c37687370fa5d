"""X1 to X14: where the documents contradict each other on tokens, errors and domains.

A contradiction has both readings, each with its source, and the ruling that kit and sandbox follow. On an
account it tells which reading is true there. All of these are harmless: no conversation is needed for them.
"""

from __future__ import annotations

import re
from typing import Any

from connectorkit.promises.bench import ABSENT, Bench, at, claims
from connectorkit.promises.model import Reading, Rows
from connectorkit.promises.samples import NOWHERE, batch, opening, profile

rows = Rows()
_XENIA = "xenia@promise.example"


@rows.contradiction(
    "X1",
    "Which number has a missing AppJWT?",
    "8.2, R8",
    Reading("40105, and 40104 is the missing ConsumerJWS", "the table of errors", {"errorCode": 40105}),
    Reading("40104", "the sample beside it", {"errorCode": 40104}),
    ruling="the table",
    on_account="harmless",
)
def _missing_app_jwt(bench: Bench) -> Any:
    heard = bench.send(profile(), consumer=_XENIA, headers={"Authorization": None})
    return {"errorCode": heard.at("body", "errorCode")}


@rows.contradiction(
    "X2",
    "Which status has 40001?",
    "8.2, R9",
    Reading("400, as the first digits of a number are its status", "the rule of the digits", {"status": 400}),
    Reading("401, as the code always is", "the text on the error object", {"status": 401}),
    ruling="the digits",
    on_account="harmless",
)
def _status_of_40001(bench: Bench) -> Any:
    return {"status": bench.converse([profile(), opening(bench.account, "x2", brandId=None)]).status}


@rows.contradiction(
    "X3",
    "What becomes of an AppJWT without its claims?",
    "8.2, R9",
    Reading(
        "a genuine one is 40001, a forged one is invalid before anybody looks for claims",
        "overview and documents together",
        {"genuine": 40001, "forged": 40102},
    ),
    Reading(
        "every invalid AppJWT is answered 401", "the API overview alone", {"genuine": 40102, "forged": 40102}
    ),
    Reading("missing claims are 40001", "the table of errors alone", {"genuine": 40001, "forged": 40001}),
    ruling="both together: signature and expiry first, claims afterwards",
    on_account="harmless",
)
def _without_claims(bench: Bench) -> Any:
    # A ConsumerJWS is a genuine token of the service, and has no claim of an AppJWT.
    genuine = bench.consumer_jws(_XENIA)
    forged = genuine[:-12] + "A" * 12

    def error(token: str) -> Any:
        return bench.send(profile(), headers={"Authorization": token}).at("body", "errorCode")

    return {"genuine": error(genuine), "forged": error(forged)}


@rows.contradiction(
    "X4",
    "How many numbers of errors are there?",
    "8.2",
    Reading("five", "the newer list", {"different numbers": 5}),
    Reading("four", "the older list", {"different numbers": 4}),
    ruling="the newer list",
    on_account="harmless",
)
def _how_many(bench: Bench) -> Any:
    tries: tuple[dict[str, str | None], ...] = (
        {"Authorization": None, "X-LP-ON-BEHALF": "x4"},
        {"Authorization": "x4"},
        {"X-LP-ON-BEHALF": None},
        {"X-LP-ON-BEHALF": "x4"},
    )
    answers = [bench.send(profile(), headers=headers) for headers in tries]
    answers.append(bench.converse(batch(bench.account, brandId=None)))
    return {"different numbers": len({heard.at("body", "errorCode") for heard in answers} - {ABSENT})}


@rows.contradiction(
    "X5",
    "Both tokens are missing: of which one is the connector told?",
    "8.1, R10",
    Reading(
        "of the AppJWT, as a fresh one is what a 401 asks for", "the API overview", {"told of": "the AppJWT"}
    ),
    Reading("of the ConsumerJWS, 40104", "the order of the numbers", {"told of": "the ConsumerJWS"}),
    ruling="the AppJWT is looked at first",
    on_account="harmless",
)
def _both_missing(bench: Bench) -> Any:
    heard = bench.send(profile(), headers={"Authorization": None, "X-LP-ON-BEHALF": None})
    number = heard.at("body", "errorCode")
    words = {ABSENT: "neither", 40104: "the ConsumerJWS"}
    return {"told of": words.get(number, "the AppJWT")}


@rows.contradiction(
    "X6",
    "Is code a text or a number?",
    "7.3, 8.2, R2",
    Reading(
        "a text in responses, a number in the error object",
        "the overview's example and the samples",
        {"response": "text", "error object": "number"},
    ),
    Reading(
        "a number", "the schemas of the web-socket twin", {"response": "number", "error object": "number"}
    ),
    ruling="the example and the samples; the kit reads both",
    on_account="harmless",
)
def _code(bench: Bench) -> Any:
    answers = {
        "response": bench.send(profile(request_id="x6")),
        "error object": bench.send(profile(), headers={"X-LP-ON-BEHALF": None}),
    }
    words = {str: "text", int: "number"}
    return {what: words.get(type(heard.at("code")), ABSENT) for what, heard in answers.items()}


@rows.contradiction(
    "X7",
    "How does the AppJWT stand in Authorization?",
    "3.4, R27",
    Reading("bare", "the documents", {"bare": "taken", "after Bearer": "refused"}),
    Reading("after Bearer", "token_type, which says Bearer", {"bare": "refused", "after Bearer": "taken"}),
    Reading("either way", "what clients send", {"bare": "taken", "after Bearer": "taken"}),
    ruling="the kit sends it bare; the sandbox takes both, and warns of Bearer",
    ruled=2,
    on_account="harmless",
)
def _bearer(bench: Bench) -> Any:
    token = bench.app_jwt()
    given = {"bare": token, "after Bearer": f"Bearer {token}"}
    return {
        how: bench.send(profile(request_id="x7"), headers={"Authorization": value}).taken
        for how, value in given.items()
    }


@rows.contradiction(
    "X8",
    "Which status has the answer with a ConsumerJWS?",
    "8.2, R30",
    Reading("201", "the documents", {"status": 201}),
    Reading("200", "clients, to which any 2xx is good", {"status": 200}),
    ruling="the documents; the kit takes any 2xx",
    on_account="harmless",
)
def _created(bench: Bench) -> Any:
    return {"status": bench.ask_consumer_jws({"ext_consumer_id": _XENIA}).status}


@rows.contradiction(
    "X9",
    "client_secret comes in query and form, and differs: which one counts?",
    "3.1, R31",
    Reading("that of the form", "the newest page", {"right in the form, wrong in the query": "taken"}),
    Reading(
        "that of the query",
        "the older page, which has all of it there",
        {"right in the form, wrong in the query": "refused"},
    ),
    ruling="the newest page: the form",
    on_account="harmless",
)
def _form_over_query(bench: Bench) -> Any:
    query = {"v": "1.0", "grant_type": "client_credentials", "client_secret": "x9wrong"}
    return {"right in the form, wrong in the query": bench.ask_app_jwt(query=query).taken}


@rows.contradiction(
    "X10",
    "Does the answer with an AppJWT tell when it expires?",
    "3.2, R29",
    Reading("no, access_token and token_type are all", "the documents", {"expires_in": "left out"}),
    Reading("yes, in expires_in", "OAuth 2.0, which recommends it", {"expires_in": "there"}),
    ruling="the documents; the kit reads exp in the token",
    on_account="harmless",
)
def _expires_in(bench: Bench) -> Any:
    form = {"grant_type": "client_credentials", **bench.service.credentials}
    heard = bench.ask_app_jwt(query={"v": "1.0"}, form=form)
    if heard.at("access_token") == ABSENT:
        return {"expires_in": f"no token, but {heard.status}"}
    return {"expires_in": "left out" if heard.at("expires_in") == ABSENT else "there"}


@rows.contradiction(
    "X11",
    "Has a baseURI a scheme?",
    "2.1, R33",
    Reading("no, host and port alone", "the samples", {"scheme": "none"}),
    Reading("yes, as URIs have", "the member's name", {"scheme": "https"}),
    ruling="the samples; the kit's setting scheme says https",
    on_account="harmless",
)
def _scheme(bench: Bench) -> Any:
    heard = bench.lookup("/asyncMessagingEnt/baseURI.json")
    given = re.search(r'"baseURI"\s*:\s*"(?:(\w+)://)?', heard.text)  # in whatever shape it stands
    return {"scheme": given[1] or "none" if given else f"no baseURI, but {heard.status}"}


@rows.contradiction(
    "X12",
    "The same external id twice: is that one consumer or two?",
    "4.3, R61",
    Reading("one, for ever", "the text on ids", {"lp_consumer_id": "the same"}),
    Reading("two, as each answer says 201 Created", "the status", {"lp_consumer_id": "another"}),
    ruling="one; the text of the token may differ",
    on_account="harmless",
)
def _same_consumer(bench: Bench) -> Any:
    asked = {"ext_consumer_id": "xenia-twice@promise.example"}
    tokens = [str(bench.ask_consumer_jws(asked).at("token")) for _ in range(2)]
    ids = [at(claims(token), "lp_consumer_id") for token in tokens]
    if ABSENT in ids:
        return {"lp_consumer_id": ABSENT}
    return {"lp_consumer_id": "the same" if ids[0] == ids[1] else "another"}


@rows.contradiction(
    "X13",
    "What does X-LP-ON-BEHALF hold?",
    "4.4, R54",
    Reading("a ConsumerJWS, and nothing else", "the documents", {"JSON that names the consumer": "refused"}),
    Reading("JSON", "the old OpenAPI file", {"JSON that names the consumer": "taken"}),
    ruling="the documents; the old file is obsolete",
    on_account="harmless",
)
def _on_behalf(bench: Bench) -> Any:
    text = '{"ext_consumer_id":"xenia@promise.example"}'
    return {"JSON that names the consumer": bench.send(profile(), headers={"X-LP-ON-BEHALF": text}).taken}


@rows.contradiction(
    "X14",
    "Are there paths with the id of a conversation in them?",
    "8.3, R54",
    Reading("no", "the documents", {"a path to close one": "not there"}),
    Reading("yes, to send and to close", "the old OpenAPI file", {"a path to close one": "there"}),
    ruling="the documents; the old file is obsolete",
    on_account="harmless",
)
def _old_path(bench: Bench) -> Any:
    heard = bench.service.request(
        "POST",
        f"{bench.service.origin('asyncMessagingEnt')}/api/account/{bench.account}/conversation/{NOWHERE}/close",
        name="http",
        body={},
        headers={"Content-Type": "application/json", "Authorization": bench.app_jwt()},
    )
    return {"a path to close one": "not there" if heard.status == 404 else "there"}


PROMISES = rows.all
