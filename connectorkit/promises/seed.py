"""S1 to S19, of the API overview: the two calls and the tokens; the rest is next door.

Two sentences that say nearly the same are observed on different requests: one on CONVERSATION, one on
SEND, or on a text and on a profile. So a defect shows in the row of the sentence it breaks.
"""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, ANA, BEN, Bench, at, opened
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import batch, close, profile, text

rows = Rows()
_DAY, _YEAR = 86400, 365 * 86400
_CLOCK = "needs the sandbox's clock"


def _with(name: str, value: str | None) -> Any:
    def probe(bench: Bench) -> Any:
        return {"status": bench.send(profile(), headers={name: value}).status}

    return probe


@rows.promise(
    "S1",
    "There are two types of calls, and no third.",
    "1.2",
    {"CONVERSATION": True, "SEND": True, "a third": False},
    on_account="harmless",
)
def _two_calls(bench: Bench) -> Any:
    def there(rest: str) -> bool:
        return bench.path(rest, {}).status not in (404, 405)

    return {"CONVERSATION": there(""), "SEND": there("/send"), "a third": there("/receive")}


@rows.promise(
    "S2",
    "CONVERSATION carries a batch of requests.",
    "5.2",
    {"one request": "refused", "an array": "taken"},
    on_account="visible",
)
def _batch(bench: Bench) -> Any:
    one = bench.converse(batch(bench.account)[1])
    return {"one request": one.taken, "an array": bench.converse().taken}


@rows.promise(
    "S3",
    "CONVERSATION opens a new conversation and sets the consumer's profile.",
    "5",
    {"conversation": "opened", "profile": "set"},
    on_account="visible",
)
def _opens(bench: Bench) -> Any:
    items = batch(bench.account)
    items[0] = profile({"firstName": "Ana"})
    heard = bench.converse(items)
    name = bench.profile().get("firstName", ABSENT) if bench.on_sandbox else heard.at(0, "code")
    return {
        "conversation": "opened" if opened(heard) else heard.status,
        "profile": "set" if name in ("Ana", "OK") else "not set",
    }


@rows.promise(
    "S4",
    "SEND carries one request.",
    "6.1",
    {"an array": "refused", "one request": "taken"},
    on_account="harmless",
)
def _one_payload(bench: Bench) -> Any:
    return {"an array": bench.send([profile(), profile()]).taken, "one request": bench.send(profile()).taken}


@rows.promise("S5", "SEND can send a message.", "6.3", {"message": "sent"}, on_account="visible")
def _message(bench: Bench) -> Any:
    talk = bench.open()
    heard = bench.send(text(talk, "Where is it?"))
    if not bench.on_sandbox:
        return {"message": "sent" if heard.at("code") == "OK" else heard.text}
    said = [at(event, "event", "message") for event in bench.events(talk)]
    return {"message": "sent" if "Where is it?" in said else "not there"}


@rows.promise(
    "S6", "SEND can close a conversation.", "6.8", {"a new one can be opened": True}, on_account="visible"
)
def _closes(bench: Bench) -> Any:
    talk = bench.open()
    bench.send(close(talk))
    return {"a new one can be opened": opened(bench.converse()) not in (None, talk)}


@rows.promise(
    "S7", "SEND can set the consumer's profile.", "6.1, 5.3", {"profile": "set"}, on_account="harmless"
)
def _sets_profile(bench: Bench) -> Any:
    heard = bench.send(profile({"firstName": "Ana"}))
    if not bench.on_sandbox:
        return {"profile": "set" if heard.at("code") == "OK" else heard.text}
    return {"profile": "set" if bench.profile().get("firstName") == "Ana" else "not set"}


@rows.promise(
    "S8",
    "The connector must be authorised by an AppJWT, and the consumer identified by a ConsumerJWS.",
    "3, 4",
    {"with neither token": "refused", "with the AppJWT alone": "refused", "with both": "taken"},
    on_account="visible",
)
def _who_may(bench: Bench) -> Any:
    neither = {"Authorization": None, "X-LP-ON-BEHALF": None}
    return {
        "with neither token": bench.converse(headers=neither).taken,
        "with the AppJWT alone": bench.converse(headers={"X-LP-ON-BEHALF": None}).taken,
        "with both": bench.converse().taken,
    }


@rows.promise(
    "S9",
    "The AppJWT expires after 60 minutes.",
    "3.3",
    {"after 59 minutes": "taken", "after 60.5 minutes": "refused"},
    never=_CLOCK,
)
def _expires(bench: Bench) -> Any:
    bench.renew()
    bench.consumer_jws()
    bench.advance(59 * 60)
    before = bench.send(profile()).taken
    bench.advance(90)
    return {"after 59 minutes": before, "after 60.5 minutes": bench.send(profile()).taken}


@rows.promise("S10", "The ConsumerJWS never expires.", "4.3", {"after five years": "taken"}, never=_CLOCK)
def _never_expires(bench: Bench) -> Any:
    token = bench.consumer_jws()
    bench.advance(5 * _YEAR)
    bench.renew()
    return {"after five years": bench.send(profile(), headers={"X-LP-ON-BEHALF": token}).taken}


@rows.promise("S11", "An expired AppJWT is answered 401.", "8.1", {"status": 401}, never=_CLOCK)
def _expired(bench: Bench) -> Any:
    bench.app_jwt(), bench.consumer_jws()
    bench.advance(_DAY)
    return {"status": bench.send(profile()).status}


rows.add(
    "S12",
    "A missing AppJWT is answered 401.",
    "8.1",
    _with("Authorization", None),
    {"status": 401},
    on_account="harmless",
)
rows.add(
    "S13",
    "An invalid AppJWT is answered 401.",
    "8.1",
    _with("Authorization", "not-a-token"),
    {"status": 401},
    on_account="harmless",
)
rows.add(
    "S14",
    "A missing ConsumerJWS is answered 401.",
    "8.1",
    _with("X-LP-ON-BEHALF", None),
    {"status": 401},
    on_account="harmless",
)
rows.add(
    "S15",
    "An invalid ConsumerJWS is answered 401.",
    "8.1",
    _with("X-LP-ON-BEHALF", "not-a-token"),
    {"status": 401},
    on_account="harmless",
)


@rows.promise(
    "S16",
    "After such a 401 a fresh AppJWT is required.",
    "8.1",
    {"at first": "refused", "again": "refused", "with a fresh one": "taken"},
    never=_CLOCK,
)
def _fresh_one_wanted(bench: Bench) -> Any:
    bench.app_jwt(), bench.consumer_jws()
    bench.advance(_DAY)
    first, again = bench.send(profile()), bench.send(profile())
    bench.renew()
    return {"at first": first.taken, "again": again.taken, "with a fresh one": bench.send(profile()).taken}


@rows.promise(
    "S17",
    "A 401 states that the token is absent from the request, or expired.",
    "8.1",
    {"absent": "missing", "expired": "expired"},
    never=_CLOCK,
)
def _what_401_states(bench: Bench) -> Any:
    absent = bench.converse(headers={"Authorization": None})
    bench.app_jwt(), bench.consumer_jws()
    bench.advance(_DAY)
    expired = bench.converse()
    return {
        "absent": "missing" if "missing" in str(absent.at("body", "title")) else absent.text,
        "expired": "expired" if "expired" in str(expired.at("body", "details")) else expired.text,
    }


@rows.promise(
    "S18",
    "The 401 asks for a new token; the kit fetches it once and repeats the call.",
    "8.1",
    {"in the end": 200, "attempts": 2},
    never=_CLOCK,
)
def _asks_for_a_new_one(bench: Bench) -> Any:
    client = bench.client()
    client.consumer_jws(ANA)
    bench.advance(_DAY)
    reply = client.conversation(batch(bench.account), consumer=ANA)
    return {"in the end": reply.status_code, "attempts": reply.exchange.attempt if reply.exchange else 0}


@rows.promise(
    "S19",
    "With a valid AppJWT the same 401 comes when one consumer writes into another's conversation.",
    "8.1, R11",
    {"status": 401},
    on_account="visible",
)
def _of_another(bench: Bench) -> Any:
    talk = bench.open(BEN)
    bench.app_jwt()
    return {"status": bench.send(text(talk), consumer=ANA).status}


PROMISES = rows.all
