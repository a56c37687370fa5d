"""Q1 to Q18: how real clients number requests, look up, get tokens, which the service must live with (12)."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ANA, BEN, Bench, NotReady, at, opened
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import batch, close, opening, profile, text

rows = Rows()


@rows.promise(
    "Q1",
    "In a batch, ids such as 1, and 2, are echoed with the comma.",
    "12",
    {"reqIds": ["1,", "2,"]},
    on_account="visible",
)
def _commas(bench: Bench) -> Any:
    heard = bench.converse([profile(request_id="1,"), opening(bench.account, "2,")])
    return {"reqIds": [heard.at(place, "reqId") for place in (0, 1)]}


@rows.promise(
    "Q2",
    "A number as the id of a close is taken, and echoed as text.",
    "12",
    {"reqId": "7"},
    on_account="visible",
)
def _numeric_id(bench: Bench) -> Any:
    return {"reqId": bench.send(close(bench.open(), request_id=7)).at("reqId")}


@rows.promise(
    "Q3",
    "Clients send every message with the same id: none is taken for a duplicate.",
    "12",
    {"numbers": "all different"},
    on_account="visible",
)
def _same_id(bench: Bench) -> Any:
    talk = bench.open()
    numbers = [bench.send(text(talk, request_id="3")).at("body", "sequence") for _ in range(3)]
    return {"numbers": "all different" if len(set(map(str, numbers))) == 3 else numbers}


@rows.promise(
    "Q4",
    "Where all requests of a batch have one id, they are answered by position.",
    "12",
    {"answers": ["msg", "conversationId", "sequence"]},
    on_account="visible",
)
def _one_id(bench: Bench) -> Any:
    items = [profile(request_id="1"), opening(bench.account, "1"), text("", request_id="1")]
    heard = bench.converse(items)
    return {"answers": [next(iter(at(one, "body")), None) for one in heard.json]}


@rows.promise(
    "Q5",
    "Clients compare reqId and id as strings: a string of digits stays one.",
    "12",
    {"reqId": "0042"},
    on_account="visible",
)
def _digits(bench: Bench) -> Any:
    given = bench.send(text(bench.open(), request_id="0042")).at("reqId")
    return {"reqId": given if isinstance(given, str) else f"the number {given}"}


@rows.promise(
    "Q6",
    "Clients read the second entry's conversationId: the answer is an array, also of two.",
    "12",
    {"[1].body.conversationId": True},
    on_account="visible",
)
def _second_entry(bench: Bench) -> Any:
    heard = bench.converse(batch(bench.account, conversationContext={"type": "SharkContext"}))
    return {"[1].body.conversationId": heard.at(1, "body", "conversationId") == opened(heard) is not None}


@rows.promise(
    "Q7",
    "Clients take the first entry with a conversationId: only that of the conversation has one.",
    "12",
    {"entries": [1]},
    on_account="visible",
)
def _one_entry(bench: Bench) -> Any:
    items = batch(bench.account)
    items[0] = profile({"authenticatedData": {"lp_sdes": []}})
    answers = bench.converse(items).json
    return {"entries": [place for place, one in enumerate(answers) if "conversationId" in at(one, "body")]}


@rows.promise(
    "Q8",
    "Where the profile has the higher id, requests are answered by position all the same.",
    "12",
    {"reqIds": ["2,", "1,"], "second": "the conversation"},
    on_account="visible",
)
def _higher_id(bench: Bench) -> Any:
    heard = bench.converse([profile(request_id="2,"), opening(bench.account, "1,")])
    if opened(heard) is None:
        raise NotReady("no conversation was opened")
    second = heard.at(1, "body", "conversationId") == opened(heard)
    return {
        "reqIds": [f"{str(heard.at(place, 'reqId')).rstrip(',')}," for place in (0, 1)],
        "second": "the conversation" if second else "something else",
    }


# --- Tokens and lookups ------------------------------------------------------------------------------


def _credentials(bench: Bench) -> dict[str, str]:
    return {"grant_type": "client_credentials", **bench.service.credentials}


def _query(bench: Bench) -> dict[str, str]:
    """All credentials in a query, which is taken where the body is an empty form."""
    query = {"v": "1.0", **_credentials(bench)}
    if bench.ask_app_jwt(query=query, form="").taken != "taken":
        raise NotReady("credentials in the query are not taken at all")
    return query


@rows.promise(
    "Q9",
    "All credentials may stand in the query, with an empty body of no type.",
    "12",
    {"AppJWT": "taken"},
    never="puts the secret into a URL, where logs keep it",
)
def _in_query(bench: Bench) -> Any:
    query = _query(bench)
    return {"AppJWT": bench.ask_app_jwt(query=query, form="", headers={"Content-Type": None}).taken}


@rows.promise(
    "Q10",
    "The grant type may stand in the body, whose type may have a charset.",
    "12",
    {"AppJWT": "taken"},
    on_account="harmless",
)
def _in_body(bench: Bench) -> Any:
    kind = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return {"AppJWT": bench.ask_app_jwt(query={"v": "1.0"}, form=_credentials(bench), headers=kind).taken}


@rows.promise(
    "Q11",
    "A token call of the type application/json is taken where its query is complete.",
    "12",
    {"AppJWT": "taken"},
    never="puts the secret into a URL, where logs keep it",
)
def _as_json(bench: Bench) -> Any:
    query = _query(bench)
    kind = {"Content-Type": "application/json"}
    return {"AppJWT": bench.ask_app_jwt(query=query, form="", headers=kind).taken}


@rows.promise(
    "Q12",
    "A ConsumerJWS is issued without a version in the query, whatever the consumer is called.",
    "12",
    {"ConsumerJWS": "taken"},
    on_account="harmless",
)
def _no_version(bench: Bench) -> Any:
    if bench.ask_consumer_jws(query="").taken != "taken":
        raise NotReady("nobody's ConsumerJWS is issued without a version")
    return {"ConsumerJWS": bench.ask_consumer_jws({"ext_consumer_id": "+43 1 234567"}, query="").taken}


@rows.promise(
    "Q13",
    "Domains are looked up without .json, too.",
    "12",
    {"all": "an array", "one": "an entry"},
    on_account="harmless",
)
def _no_suffix(bench: Bench) -> Any:
    every, one = bench.lookup("/baseURI"), bench.lookup("/idp/baseURI")
    return {
        "all": "an array" if isinstance(every.at("baseURIs"), list) else every.taken,
        "one": "an entry" if isinstance(one.json, dict) and one.taken == "taken" else one.taken,
    }


@rows.promise(
    "Q14",
    "The lookup of one service names the same host as that of all.",
    "12",
    {"host": "the same"},
    on_account="harmless",
)
def _both_shapes(bench: Bench) -> Any:
    every = bench.lookup().at("baseURIs")
    wanted = [at(one, "baseURI") for one in every if at(one, "service") == "asyncMessagingEnt"]
    heard = bench.lookup("/asyncMessagingEnt/baseURI.json")
    if "baseURIs" in heard.json:
        raise NotReady("the entry stands in an array")
    given = str(heard.at("baseURI"))
    bare = given.partition("://")[2] or given  # whether it has a scheme is another promise
    return {"host": "the same" if [bare] == wanted else given}


@rows.promise(
    "Q15",
    "Domains may be looked up over plain http.",
    "12",
    {"over http": "taken"},
    never="the lookup of an account is a setting",
)
def _plain_http(bench: Bench) -> Any:
    plain = bench.service.settings.domain_lookup.startswith("http://")
    return {"over http": bench.lookup().taken if plain else "not tried"}


@rows.promise(
    "Q16",
    "The bare token stands in Authorization; Bearer before it is taken, too.",
    "12, R27",
    {"bare": "taken", "Bearer": "taken", "bearer": "taken"},
    never="an account may refuse Bearer",
)
def _bare_token(bench: Bench) -> Any:
    token = bench.app_jwt()

    def asked(prefix: str, consumer: str) -> str:
        return bench.converse(consumer=consumer, headers={"Authorization": prefix + token}).taken

    return {
        "bare": asked("", ANA),
        "Bearer": asked("Bearer ", BEN),
        "bearer": asked("bearer ", "q16@promise.example"),
    }


@rows.promise(
    "Q17",
    "Names of headers may be in small letters.",
    "12",
    {"small letters": "taken"},
    on_account="harmless",
)
def _small_letters(bench: Bench) -> Any:
    tokens = {"authorization": bench.app_jwt(), "x-lp-on-behalf": bench.consumer_jws()}
    return {"small letters": bench.send(profile(), headers=tokens).taken}


@rows.promise(
    "Q18",
    "Clients show the status text: it is that of the status.",
    "12",
    {"200": "OK", "400": "Bad Request", "401": "Unauthorized", "404": "Not Found"},
    on_account="harmless",
)
def _reasons(bench: Bench) -> Any:
    answers = [
        bench.send(profile()),
        bench.send(profile(request_id="")),
        bench.send(profile(), headers={"Authorization": None}),
        bench.send(close("00000000-0000-4000-8000-000000000001")),
    ]
    return {str(one.status): one.reason for one in answers}


PROMISES = rows.all
