"""S32 to S39, of the API overview: what an answer tells of its request.

Two sentences that say nearly the same are observed on different requests: one on CONVERSATION, one on
SEND, or on a text and on a profile. So a defect shows in the row of the sentence it breaks.
"""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import EXAMPLE_REQUEST, chat_state, profile, publish, request, text, update

rows = Rows()
_TTR = {"field": "TTRField", "ttrType": "URGENT", "value": 300}


@rows.promise(
    "S32",
    "A response can be told to belong to its request.",
    "7.2",
    {"told apart": True},
    on_account="harmless",
)
def _correlated(bench: Bench) -> Any:
    names = ("north", "NORTH", "south")
    echoed = {name: bench.send(request("ms.Nothing", {}, name)).at("reqId") for name in names}
    return {"told apart": len(set(map(str, echoed.values()))) == len(names)}


@rows.promise(
    "S33",
    "Every request must state an id.",
    "7.2, R3",
    {"a request without an id": "refused"},
    on_account="harmless",
)
def _id_wanted(bench: Bench) -> Any:
    without = {name: value for name, value in profile().items() if name != "id"}
    return {"a request without an id": bench.send(without).taken}


@rows.promise(
    "S34",
    "The response repeats the id as top-level reqId.",
    "7.2",
    {"top-level reqId": "r-17"},
    on_account="harmless",
)
def _repeated(bench: Bench) -> Any:
    return {"top-level reqId": bench.send(profile(request_id="r-17")).at("reqId")}


@rows.promise(
    "S35",
    "sequence is optional: some answers have none.",
    "7.4",
    {"answer to a text": "a number", "answer to a profile": "none"},
    on_account="visible",
)
def _optional(bench: Bench) -> Any:
    talk = bench.open()
    said = bench.send(text(talk)).at("body", "sequence")
    set_ = bench.send(profile()).at("body", "sequence")
    return {
        "answer to a text": "a number" if type(said) is int else "none",
        "answer to a profile": "none" if set_ == ABSENT else "a number",
    }


@rows.promise(
    "S36",
    "sequence counts sends of the same request: 0, 2, 4.",
    "7.4, R4",
    {"sequence": [0, 2, 4]},
    on_account="visible",
)
def _counted(bench: Bench) -> Any:
    talk = bench.open()
    return {"sequence": [bench.send(text(talk, "Count me")).at("body", "sequence") for _ in range(3)]}


@rows.promise(
    "S37",
    "The example's response is code, sequence 0 and reqId, and nothing else.",
    "7.1, R1",
    {"code": "OK", "body": {"sequence": 0}, "reqId": "1"},
    on_account="visible",
)
def _example_response(bench: Bench) -> Any:
    talk = bench.open()
    return bench.did(EXAMPLE_REQUEST % talk).json


@rows.promise(
    "S38",
    "Every response has a code.",
    "7.3",
    {"a text": True, "an update": True, "an unknown type": True},
    on_account="visible",
)
def _coded(bench: Bench) -> Any:
    talk = bench.open()
    answers = {"a text": bench.send(text(talk)), "an update": bench.send(update(talk, _TTR))}
    answers["an unknown type"] = bench.send(request("ms.Nothing", {}, "n-1"))
    return {what: "code" in one.json for what, one in answers.items()}


@rows.promise(
    "S39",
    "The code is the status in the words of HTTP.",
    "7.3",
    {"200": "OK", "400": "BAD_REQUEST", "404": "NOT_FOUND"},
    on_account="visible",
)
def _words_of_http(bench: Bench) -> Any:
    talk = bench.open()
    nowhere = "00000000-0000-4000-8000-000000000001"
    return {
        "200": bench.send(chat_state(talk, "ACTIVE")).at("code"),
        "400": bench.send(chat_state(talk, "TYPING")).at("code"),
        "404": bench.send(publish(nowhere, {"type": "ChatStateEvent", "chatState": "ACTIVE"})).at("code"),
    }


PROMISES = rows.all
