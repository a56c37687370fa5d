"""Promises of section 6.8: the fields of a conversation that a consumer changes."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import close, update
from connectorkit.promises.survey_dialogs import asked_after, attended

rows = Rows()
_SANDBOX = "needs the sandbox"
_STAGE = {"field": "Stage", "conversationState": "CLOSE"}
_STATE = {"field": "ConversationStateField", "conversationState": "CLOSE"}


def _dialog_change(talk: str, **dialog: Any) -> dict[str, Any]:
    closing = {"dialogId": talk, "state": "CLOSE", "closedCause": "Closed by consumer", **dialog}
    return {"field": "DialogChange", "type": "UPDATE", "dialog": closing}


def _rating(rate: Any, **members: Any) -> dict[str, Any]:
    """A rating, never the one of the printed example."""
    field = {"field": "CSATRate", "csatRate": rate, "csatResolutionConfirmation": False, "status": "FILLED"}
    return field | members


def _urgency(kind: Any, seconds: Any) -> dict[str, Any]:
    return {"field": "TTRField", "ttrType": kind, "value": seconds}


def _taken(bench: Bench, fields: dict[str, Any]) -> dict[str, str]:
    talk = bench.open()
    return {what: bench.send(update(talk, field, "u-68")).taken for what, field in fields.items()}


# --- Closing -----------------------------------------------------------------------------------------


@rows.promise(
    "P6.8-main",
    "ConversationStateField closes the MAIN dialog; the conversation stays open for its survey.",
    "6.8",
    {"stage": "OPEN", "dialogs": {"MAIN": "CLOSE", "POST_SURVEY": "OPEN"}},
    never=_SANDBOX,
)
def _main(bench: Bench) -> Any:
    talk = attended(bench, skillId="6801")
    bench.did(update(talk, _STATE))
    kept = bench.kept(talk)
    return {"stage": kept["stage"], "dialogs": {one["type"]: one["state"] for one in kept["dialogs"]}}


@rows.promise(
    "P6.8-stage",
    "Stage closes everything, and no survey follows.",
    "6.8",
    {"stage": "CLOSE", "state": "CLOSE", "dialogs": {"MAIN": "CLOSE"}},
    never=_SANDBOX,
)
def _stage(bench: Bench) -> Any:
    talk = attended(bench, skillId="6802")
    bench.did(update(talk, _STAGE))
    kept = bench.kept(talk)
    dialogs = {one["type"]: one["state"] for one in kept["dialogs"]}
    return {"stage": kept["stage"], "state": kept["state"], "dialogs": dialogs}


@rows.promise(
    "P6.8-dialog",
    "DialogChange closes one dialog, and its closedCause is told to all.",
    "6.8",
    {"dialogType": "POST_SURVEY", "state": "CLOSE", "closedCause": "Had to go"},
    never="needs a webhook that the account can reach",
)
def _dialog(bench: Bench) -> Any:
    talk, dialog = asked_after(bench)
    bench.subscribe("cqm.ExConversationChangeNotification")
    bench.did(update(talk, _dialog_change(dialog, closedCause="Had to go")))
    told = at(bench.told().change, "result", "conversationDetails", "dialogs", 1)
    return {name: at(told, name) for name in ("dialogType", "state", "closedCause")}


@rows.promise(
    "P6.8-closing",
    "All three ways to close are answered OK Conversation resolved successfully.",
    "6.8",
    dict.fromkeys(
        ("ConversationStateField", "Stage", "DialogChange"), "OK Conversation resolved successfully"
    ),
    on_account="visible",
)
def _closing(bench: Bench) -> Any:
    def said(field: Any) -> Any:
        talk = bench.open()
        return bench.send(update(talk, field(talk), "u-closing")).msg

    ways = {"ConversationStateField": lambda talk: _STATE, "Stage": lambda talk: _STAGE}
    return {name: said(field) for name, field in {**ways, "DialogChange": _dialog_change}.items()}


@rows.promise(
    "P6.8-close",
    "A state that a consumer sets is CLOSE, and a change of a dialog is an UPDATE to CLOSE.",
    "6.8",
    dict.fromkeys(
        ("the state OPEN", "the stage OPEN", "another type", "a dialog OPEN", "no dialog"), "refused"
    ),
    on_account="visible",
)
def _only_close(bench: Bench) -> Any:
    talk = bench.open()
    change = _dialog_change(talk)
    fields = {
        "the state OPEN": _STATE | {"conversationState": "OPEN"},
        "the stage OPEN": _STAGE | {"conversationState": "OPEN"},
        "another type": change | {"type": "UPSERT"},
        "a dialog OPEN": _dialog_change(talk, state="OPEN"),
        "no dialog": {name: value for name, value in change.items() if name != "dialog"},
    }
    return {what: bench.send(update(talk, field)).taken for what, field in fields.items()}


# --- Satisfaction ------------------------------------------------------------------------------------


@rows.promise(
    "P6.8-rate",
    "A csatRate is an integer from 1 to 5.",
    "6.8",
    {**dict.fromkeys(("1", "2", "3", "4", "5"), "taken"), **dict.fromkeys(("0", "6", "2.5"), "refused")},
    on_account="visible",
)
def _rates(bench: Bench) -> Any:
    return _taken(bench, {str(rate): _rating(rate) for rate in (1, 2, 3, 4, 5, 0, 6, 2.5)})


@rows.promise(
    "P6.8-rating",
    "csatResolutionConfirmation is true or false; the status is FILLED, PARTIALLY_FILLED or SKIPPED.",
    "6.8",
    {
        **dict.fromkeys(("FILLED", "PARTIALLY_FILLED", "SKIPPED"), "taken"),
        **dict.fromkeys(("DONE", "a text as confirmation"), "refused"),
    },
    on_account="visible",
)
def _rating_members(bench: Bench) -> Any:
    statuses = ("FILLED", "PARTIALLY_FILLED", "SKIPPED", "DONE")
    ratings = {status: _rating(3, status=status) for status in statuses}
    return _taken(bench, ratings | {"a text as confirmation": _rating(3, csatResolutionConfirmation="yes")})


@rows.promise(
    "P6.8-rated",
    "A rating is stored.",
    "6.8",
    {"csatRate": 4, "csatResolutionConfirmation": False, "status": "PARTIALLY_FILLED"},
    never=_SANDBOX,
)
def _rated(bench: Bench) -> Any:
    talk = bench.open()
    bench.did(update(talk, _rating(4, status="PARTIALLY_FILLED")))
    return bench.kept(talk)["csat"]


# --- Urgency -----------------------------------------------------------------------------------------


@rows.promise(
    "P6.8-ttr",
    "A ttrType is CUSTOM, NORMAL, PRIORITIZED or URGENT, its value seconds from 0 up.",
    "6.8",
    {
        **dict.fromkeys(("CUSTOM", "NORMAL", "PRIORITIZED", "URGENT", "0 seconds"), "taken"),
        **dict.fromkeys(("-1 seconds", "SLOW"), "refused"),
    },
    on_account="visible",
)
def _ttr(bench: Bench) -> Any:
    kinds = ("CUSTOM", "NORMAL", "PRIORITIZED", "URGENT")
    seconds = {f"{value} seconds": _urgency("NORMAL", value) for value in (0, -1)}
    fields = {kind: _urgency(kind, 680) for kind in kinds} | seconds
    return _taken(bench, fields | {"SLOW": _urgency("SLOW", 680)})


@rows.promise(
    "P6.8-urgency",
    "A TTRField changes the urgency of the conversation.",
    "6.8",
    {"ttrType": "CUSTOM", "value": 681},
    never="needs a webhook that the account can reach",
)
def _urgency_changed(bench: Bench) -> Any:
    talk = bench.open()
    bench.subscribe("cqm.ExConversationChangeNotification")
    bench.did(update(talk, _urgency("CUSTOM", 681)))
    return at(bench.told().change, "result", "conversationDetails", "ttr")


@rows.promise(
    "R6.8-texts",
    "A rating and a change of the urgency are answered in words of their own.",
    "6.8, R45, R47",
    {"CSATRate": "OK CSAT updated successfully", "TTRField": "OK TTR updated successfully"},
    never="an account may have other words",
)
def _texts(bench: Bench) -> Any:
    talk = bench.open()
    fields = (_rating(1), _urgency("URGENT", 682))
    return {field["field"]: bench.send(update(talk, field, "u-texts")).msg for field in fields}


# --- Several fields ----------------------------------------------------------------------------------


@rows.promise(
    "R6.8-array",
    "Several fields are changed all or none.",
    "6.8, R46",
    {"the answer": "refused", "the conversation": "OPEN"},
    never=_SANDBOX,
)
def _all_or_none(bench: Bench) -> Any:
    talk = bench.open()
    after_the_end = update(talk, [_STATE, _urgency("NORMAL", 683)])
    return {"the answer": bench.send(after_the_end).taken, "the conversation": bench.kept(talk)["stage"]}


@rows.promise(
    "P6.8-conversation",
    "An update must state its conversationId.",
    "6.8",
    {"missing": "refused", "empty": "refused"},
    on_account="visible",
)
def _conversation_id(bench: Bench) -> Any:
    without = close(bench.open())
    del without["body"]["conversationId"]
    return {"missing": bench.send(without).taken, "empty": bench.send(close("")).taken}


PROMISES = rows.all
