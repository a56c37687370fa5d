"""Promises of sections 6.6 and 6.7: chat states and receipts."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import accept, chat_state, publish, text
from connectorkit.promises.survey_dialogs import asked_after

rows = Rows()


# --- Chat states -------------------------------------------------------------------------------------


@rows.promise(
    "P6.6-states",
    "A chat state is ACTIVE, INACTIVE, GONE, COMPOSING or PAUSE.",
    "6.6",
    {**dict.fromkeys(("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE"), "taken"), "PAUSED": "refused"},
    on_account="visible",
)
def _chat_states(bench: Bench) -> Any:
    talk = bench.open()
    states = ("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE", "PAUSED")
    return {state: bench.send(chat_state(talk, state)).taken for state in states}


@rows.promise(
    "P6.6-composing",
    "COMPOSING stays on until another chat state comes: a text does not end it.",
    "6.6",
    {"chat states": ["COMPOSING"]},
    never="needs the sandbox",
)
def _composing(bench: Bench) -> Any:
    talk = bench.open()
    bench.did(chat_state(talk, "COMPOSING"))
    bench.say(talk, "Typed at last")
    states = [
        at(event, "event", "chatState") for event in bench.events(talk) if "chatState" in event["event"]
    ]
    return {"chat states": states}


@rows.promise(
    "R6.6-number",
    "A chat state is answered with sequence 0, and takes no number.",
    "6.6, R7",
    {"text": 0, "chat state": 0, "next text": 2},
    on_account="visible",
)
def _no_number(bench: Bench) -> Any:
    talk = bench.open()
    asked = {"text": text(talk), "chat state": chat_state(talk, "INACTIVE"), "next text": text(talk)}
    return {what: bench.send(one).at("body", "sequence") for what, one in asked.items()}


@rows.promise(
    "C6.6-survey",
    "The dialog of a survey takes no chat states.",
    "6.6",
    {"status": 400},
    never="needs the sandbox",
)
def _in_survey(bench: Bench) -> Any:
    talk, dialog = asked_after(bench)
    gone = {"type": "ChatStateEvent", "chatState": "GONE"}
    return {"status": bench.send(publish(dialog, gone, conversationId=talk)).status}


@rows.promise(
    "R6.6-closed",
    "On a closed conversation every event is refused, whatever it is.",
    "6.6, R13",
    {"a text": "refused", "a chat state": "refused", "a receipt": "refused"},
    on_account="visible",
)
def _closed(bench: Bench) -> Any:
    talk = bench.closed()
    return {
        "a text": bench.send(text(talk)).taken,
        "a chat state": bench.send(chat_state(talk, "INACTIVE")).taken,
        "a receipt": bench.send(accept(talk, "NACK", 0)).taken,
    }


# --- Receipts ----------------------------------------------------------------------------------------


@rows.promise(
    "P6.7-statuses",
    "A receipt is ACCEPT, READ, ACCESS, NACK or ACTION; VIEWED is not for consumers.",
    "6.7",
    {**dict.fromkeys(("ACCEPT", "READ", "ACCESS", "NACK", "ACTION"), "taken"), "VIEWED": "refused"},
    on_account="visible",
)
def _statuses(bench: Bench) -> Any:
    talk = bench.open()
    bench.say(talk)
    statuses = ("ACCEPT", "READ", "ACCESS", "NACK", "ACTION", "VIEWED")
    return {status: bench.send(accept(talk, status, 0)).taken for status in statuses}


@rows.promise(
    "P6.7-list",
    "A receipt lists the numbers of the messages meant: integers, one or several.",
    "6.7",
    {
        "several": "taken",
        "missing": "refused",
        "none": "refused",
        "a fraction": "refused",
        "a number outside a list": "refused",
    },
    on_account="visible",
)
def _list(bench: Bench) -> Any:
    talk = bench.open()
    bench.say(talk), bench.say(talk)
    bare = {"type": "AcceptStatusEvent", "status": "READ"}
    return {
        "several": bench.send(accept(talk, "READ", 0, 2)).taken,
        "missing": bench.send(publish(talk, bare)).taken,
        "none": bench.send(accept(talk, "READ")).taken,
        "a fraction": bench.send(accept(talk, "READ", 0.5)).taken,
        "a number outside a list": bench.send(publish(talk, {**bare, "sequenceList": 0})).taken,
    }


@rows.promise(
    "P6.7-number",
    "The answer to a receipt has the receipt's own number, not that of the message meant.",
    "6.7",
    {"message": 0, "receipt": 2},
    on_account="visible",
)
def _own_number(bench: Bench) -> Any:
    talk = bench.open()
    return {
        "message": bench.say(talk),
        "receipt": bench.send(accept(talk, "ACCESS", 0)).at("body", "sequence"),
    }


PROMISES = rows.all
