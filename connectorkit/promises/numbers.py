"""Promises of section 7.4: how the events of a dialog are numbered."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, BEN, Bench, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import accept, chat_state, request, text, update
from connectorkit.promises.survey_dialogs import asked_after

rows = Rows()
_SANDBOX = "needs the sandbox"


@rows.promise(
    "P7.4-events",
    "Texts and receipts have consecutive numbers from 0, and chat states have none.",
    "7.4",
    {
        "numbers": [0, 1, None, 2, 3],
        "events": [
            "ContentEvent",
            "AcceptStatusEvent",
            "ChatStateEvent",
            "ContentEvent",
            "AcceptStatusEvent",
        ],
    },
    never=_SANDBOX,
)
def _events(bench: Bench) -> Any:
    talk = bench.open()
    bench.say(talk)
    bench.did(chat_state(talk, "GONE"))
    bench.say(talk, "The second of them")
    kept = bench.events(talk)
    return {
        "numbers": [at(one, "sequence") for one in kept],
        "events": [at(one, "event", "type") for one in kept],
    }


@rows.promise(
    "P7.4-dialog",
    "Each dialog has a counter of its own.",
    "7.4",
    {"one": [0, 2], "another": [0, 2]},
    on_account="visible",
)
def _counters(bench: Bench) -> Any:
    one, another = bench.open(), bench.open(BEN, skillId="7401")
    numbers = [(bench.say(one), bench.say(another, consumer=BEN)) for _ in range(2)]
    return {"one": [first for first, _ in numbers], "another": [second for _, second in numbers]}


@rows.promise(
    "P7.4-attended",
    "Sends are numbered 0, 2 with an agent in the conversation, too.",
    "7.4",
    {"numbers": [0, 2]},
    never=_SANDBOX,
)
def _attended(bench: Bench) -> Any:
    talk = bench.open()
    bench.agent(talk).join()
    return {"numbers": [bench.say(talk, "Are you there?") for _ in range(2)]}


@rows.promise(
    "P7.4-agent",
    "The text of an agent takes the next number.",
    "7.4",
    {"consumer": 0, "agent": 2, "consumer again": 3},
    never=_SANDBOX,
)
def _agent(bench: Bench) -> Any:
    talk = bench.open()
    first = bench.say(talk)
    agent = bench.agent(talk).text("One more number").sequence
    return {"consumer": first, "agent": agent, "consumer again": bench.say(talk)}


@rows.promise(
    "P7.4-receipts",
    "Each explicit receipt takes the next number, an agent's and a consumer's.",
    "7.4",
    {"texts": [0, 2], "agent's READ": 4, "consumer's READ": 5, "text": 6},
    never=_SANDBOX,
)
def _receipts(bench: Bench) -> Any:
    talk = bench.open()
    texts = [bench.say(talk), bench.say(talk)]
    read = bench.agent(talk).read(0, 2).sequence
    own = bench.did(accept(talk, "READ", 0, 2)).at("body", "sequence")
    return {"texts": texts, "agent's READ": read, "consumer's READ": own, "text": bench.say(talk)}


@rows.promise(
    "R7.4-again",
    "A second ACCEPT of the same messages by the same originator does nothing, and takes no number.",
    "7.4, R6",
    {"first": 2, "again": 2, "text": 3},
    never=_SANDBOX,
)
def _again(bench: Bench) -> Any:
    talk = bench.open()
    bench.agent(talk).text("One").text("Two")

    def accepted() -> Any:
        return bench.send(accept(talk, "ACCEPT", 0, 1)).at("body", "sequence")

    return {"first": accepted(), "again": accepted(), "text": bench.say(talk)}


@rows.promise(
    "R7.4-later",
    "An agent who joins later may still ACCEPT what was accepted by itself before, and takes a number.",
    "7.4, R6",
    {"text": 0, "agent's ACCEPT": 2, "next text": 3},
    never=_SANDBOX,
)
def _later(bench: Bench) -> Any:
    talk = bench.open(skillId="7403")
    first = bench.say(talk)
    accepted = bench.agent(talk).accept(0).sequence
    return {"text": first, "agent's ACCEPT": accepted, "next text": bench.say(talk)}


@rows.promise(
    "P7.4-survey",
    "The dialog of a survey counts from 0 again.",
    "7.4",
    {"question": 0, "answer": 1},
    never=_SANDBOX,
)
def _survey(bench: Bench) -> Any:
    talk, dialog = asked_after(bench, skillId="7402")
    answer = bench.send(text(dialog, "Good", conversationId=talk)).at("body", "sequence")
    return {"question": at(bench.kept(talk), "dialogs", 1, "events", 0, "sequence"), "answer": answer}


@rows.promise(
    "P7.4-absent",
    "Answers to a rating, to a close and to a file URL have no sequence.",
    "7.4",
    dict.fromkeys(("a rating", "a file URL", "a close"), ABSENT),
    never="an account may not have file sharing",
)
def _absent(bench: Bench) -> Any:
    talk = bench.open()
    rating = {"csatRate": 4, "csatResolutionConfirmation": False, "status": "FILLED"}
    asked = {
        "a rating": update(talk, {"field": "CSATRate", **rating}, "s-74"),
        "a file URL": request("ms.GenerateURLForUploadFile", {"fileSize": "74", "fileType": "PNG"}, "s-74"),
        "a close": update(talk, {"field": "ConversationStateField", "conversationState": "CLOSE"}, "s-74"),
    }
    return {what: bench.did(one).at("body", "sequence") for what, one in asked.items()}


PROMISES = rows.all
