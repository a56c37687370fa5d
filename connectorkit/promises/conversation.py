"""Promises of section 5: CONVERSATION, its batch and its answers; what is in the requests is next door."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import BEN, Bench, NotReady, at, opened
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import batch, opening, profile, request, text

rows = Rows()


@rows.promise(
    "P5.1-charset",
    "The Content-Type may have a charset beside application/json.",
    "5.1",
    {"application/json; charset=UTF-8": "taken"},
    on_account="visible",
)
def _charset(bench: Bench) -> Any:
    named = "application/json; charset=UTF-8"
    return {named: bench.converse(headers={"Content-Type": named}).taken}


# --- The batch ---------------------------------------------------------------------------------------


@rows.promise(
    "P5.2-order",
    "The answer has one entry per request, in the order of the requests.",
    "5.2",
    {"first": "msg", "second": "conversationId"},
    on_account="visible",
)
def _in_order(bench: Bench) -> Any:
    items = [profile(request_id="2"), opening(bench.account, "1")]
    heard = bench.converse(items)
    names = ("msg", "conversationId")
    held = [[name for name in names if name in heard.at(place, "body")] for place in (0, 1)]
    return {"first": ", ".join(held[0]), "second": ", ".join(held[1])}


@rows.promise(
    "P5.2-two",
    "A batch has at least two requests.",
    "5.2",
    {"one": "refused"},
    on_account="harmless",
)
def _at_least_two(bench: Bench) -> Any:
    return {"one": bench.converse(batch(bench.account)[:1]).taken}


@rows.promise(
    "P5.2-places",
    "First comes the profile, then the request for a conversation, then perhaps an event, and nothing else.",
    "5.2",
    {"reversed": "refused", "two profiles": "refused", "a profile at the end": "refused"},
    never="an account may take what is in another order",
)
def _places(bench: Bench) -> Any:
    first, second = batch(bench.account)
    return {
        "reversed": bench.converse([second, first]).taken,
        "two profiles": bench.converse([first, first]).taken,
        "a profile at the end": bench.converse([first, second, profile(request_id="p-9")]).taken,
    }


@rows.promise(
    "R5.2-four",
    "A batch has three requests at most.",
    "5.2, R16",
    {"four": "refused"},
    never="an account may take four",
)
def _at_most_three(bench: Bench) -> Any:
    return {"four": bench.converse(batch(bench.account, text("", "One"), text("", "Two"))).taken}


@rows.promise(
    "P5.2-empty",
    "The first request must have a body, which may be empty.",
    "5.2",
    {"none": "refused", "{}": "taken"},
    on_account="visible",
)
def _empty_body(bench: Bench) -> Any:
    first, second = batch(bench.account)
    bodiless = {name: value for name, value in first.items() if name != "body"}
    return {
        "none": bench.converse([bodiless, second], consumer=BEN).taken,
        "{}": bench.converse([{**first, "body": {}}, second]).taken,
    }


@rows.promise(
    "P5.2-filled",
    "The third request goes into the new conversation, where its dialogId is empty or absent.",
    "5.2",
    {"empty": "in the conversation", "absent": "in the conversation"},
    never="needs the sandbox",
)
def _filled_in(bench: Bench) -> Any:
    def went(third: Any, consumer: str) -> str:
        heard = bench.converse(batch(bench.account, third), consumer=consumer)
        said = [at(event, "event", "message") for event in bench.events(opened(heard) or "")]
        return "in the conversation" if "At once" in said else heard.text

    empty, absent = text("", "At once"), text("", "At once")
    del absent["body"]["dialogId"]
    return {"empty": went(empty, "empty@promise.example"), "absent": went(absent, "absent@promise.example")}


@rows.promise(
    "P5.2-ids",
    "Ids may be the same within a batch: an id is only repeated, what counts is the place.",
    "5.2",
    {"first": "9,", "second": "9,"},
    on_account="visible",
)
def _same_ids(bench: Bench) -> Any:
    heard = bench.converse([profile(request_id="9,"), opening(bench.account, "9,")])
    return {"first": heard.at(0, "reqId"), "second": heard.at(1, "reqId")}


# --- The answer --------------------------------------------------------------------------------------


@rows.promise(
    "P5.5-answer",
    "The answers are code, body and reqId: the body a msg, and a conversationId.",
    "5.5",
    [
        {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "p-5"},
        {"code": "OK", "body": {"conversationId": "an id"}, "reqId": "o-5"},
    ],
    on_account="visible",
)
def _answer(bench: Bench) -> Any:
    heard = bench.converse([profile(request_id="p-5"), opening(bench.account, "o-5")])
    talk, said = opened(heard), heard.json
    if talk is not None:
        said[1]["body"]["conversationId"] = "an id"
    return said


@rows.promise(
    "P5.5-status",
    "The status is 200 where every request succeeded.",
    "5.5",
    {"three requests": 200},
    on_account="visible",
)
def _status(bench: Bench) -> Any:
    return {"three requests": bench.converse(batch(bench.account, text("", "At once", "m-5"))).status}


@rows.promise(
    "P5.5-third",
    "A text as third request is answered like any: it is the first of its dialog.",
    "5.5, 7.4",
    {"code": "OK", "body": {"sequence": 0}, "reqId": "m-3"},
    on_account="visible",
)
def _third(bench: Bench) -> Any:
    return bench.converse(batch(bench.account, text("", "At once", "m-3"))).at(2)


# --- One open conversation per consumer --------------------------------------------------------------


@rows.promise(
    "P5.6-status",
    "A second open conversation is refused with 400, in an array: the profile is OK.",
    "5.6",
    {"status": 400, "codes": ["OK", "BAD_REQUEST"]},
    on_account="visible",
)
def _already_open(bench: Bench) -> Any:
    bench.open()
    heard = bench.converse([profile(), opening(bench.account, "o-6")])
    return {"status": heard.status, "codes": [heard.at(place, "code") for place in (0, 1)]}


@rows.promise(
    "P5.6-profile",
    "The profile that comes with the refused request is set.",
    "5.6",
    {"profile": "set"},
    never="needs the sandbox",
)
def _profile_set(bench: Bench) -> Any:
    first = bench.converse([profile({"firstName": "Ida"}), opening(bench.account)])
    if opened(first) is None or not bench.profile():
        raise NotReady("no conversation was opened with a profile")
    bench.converse([profile({"lastName": "Sommer"}), opening(bench.account)])
    return {"profile": "set" if bench.profile().get("lastName") == "Sommer" else "not set"}


@rows.promise(
    "P5.6-text",
    "The refusal names the consumer by the lp_consumer_id.",
    "5.6",
    {
        "msg": "Consumer request conversation failed: User (the consumer) already has open conversation. "
        "Can't open another one."
    },
    on_account="visible",
)
def _already_open_text(bench: Bench) -> Any:
    bench.open()
    said = str(bench.converse([profile(), opening(bench.account, "o-66")]).at(1, "body", "msg"))
    return {"msg": said.replace(bench.lp_consumer_id(), "(the consumer)")}


@rows.promise(
    "P5.6-id",
    "The refusal does not tell the id of the open conversation: the connector must remember it.",
    "5.6",
    {"told": False},
    on_account="visible",
)
def _id_not_told(bench: Bench) -> Any:
    talk = bench.open()
    return {"told": talk in bench.converse([profile(), opening(bench.account, "o-67")]).text}


# --- Refusals ----------------------------------------------------------------------------------------


@rows.promise(
    "P5.7-bad",
    "What is not JSON, no array, of an unknown type or has a bad member is answered 400.",
    "5.7",
    dict.fromkeys(("not JSON", "an object", "an unknown type", "a bad member"), 400),
    on_account="harmless",
)
def _bad(bench: Bench) -> Any:
    first, second = batch(bench.account)
    answers = {
        "not JSON": bench.converse("[{'kind': 'req'}]"),
        "an object": bench.converse(first),
        "an unknown type": bench.converse([first, request("cm.Nothing", second["body"], "o-1")]),
        "a bad member": bench.converse([first, opening(bench.account, conversationContext="SharkContext")]),
    }
    return {what: heard.status for what, heard in answers.items()}


PROMISES = rows.all
