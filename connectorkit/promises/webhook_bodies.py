"""Promises of section 9.4: what is told of a conversation."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import TYPES, Bench, NotReady, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import close, update

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_CHANGE = TYPES[4]


def results(bench: Bench) -> list[Any]:
    """What was told of conversations so far: the ``result`` of each change, oldest first."""
    return [at(one.change, "result") for one in bench.heard(_CHANGE)]


def details(bench: Bench) -> Any:
    """The ``conversationDetails`` of the last change that was told."""
    bench.told(_CHANGE)
    return at(results(bench)[-1], "conversationDetails")


def details_of_closed(bench: Bench) -> Any:
    """The same, of a conversation that must be told to be closed."""
    told = details(bench)
    if at(told, "state") != "CLOSE":
        raise NotReady("nobody was told that the conversation is closed")
    return told


def opened_and_told(bench: Bench) -> str:
    """A conversation whose changes are told, and that of its opening has been."""
    bench.subscribe(_CHANGE)
    talk = bench.open()
    bench.settle()
    return talk


@rows.promise(
    "P9.4-upsert",
    "A change of a conversation is an UPSERT of a result with convId, effectiveTTR and conversationDetails.",
    "9.4",
    {"type": "UPSERT", "result": ["convId", "conversationDetails", "effectiveTTR"]},
    never=_HOOK,
)
def _upsert(bench: Bench) -> Any:
    opened_and_told(bench)
    change = bench.told(_CHANGE).change
    return {"type": at(change, "type"), "result": sorted(at(change, "result"))}


@rows.promise(
    "P9.4-details",
    "conversationDetails have skill, brand, state, stage, times, participants, dialogs, ttr and handler.",
    "9.4",
    {
        "members": [
            *("brandId", "conversationHandlerDetails", "dialogs", "metaDataLastUpdateTs", "participants"),
            *("skillId", "stage", "startTs", "state", "ttr"),
        ]
    },
    never=_HOOK,
)
def _details(bench: Bench) -> Any:
    opened_and_told(bench)
    return {"members": sorted(details(bench))}


@rows.promise(
    "P9.4-values",
    "An open conversation is told with its brand, state and stage OPEN, and when it began.",
    "9.4",
    {"brandId": "the account", "state": "OPEN", "stage": "OPEN", "startTs": "now"},
    never=_HOOK,
)
def _values(bench: Bench) -> Any:
    opened_and_told(bench)
    told = details(bench)
    age = bench.sandbox.now().timestamp() * 1000 - at(told, "startTs")
    return {
        "brandId": "the account" if at(told, "brandId") == bench.account else at(told, "brandId"),
        "state": at(told, "state"),
        "stage": at(told, "stage"),
        "startTs": "now" if -1000 <= age < 60_000 else at(told, "startTs"),
    }


@rows.promise(
    "P9.4-dialog",
    "A dialog has its id, its type, its channel, its state, times and participantsDetails.",
    "9.4",
    {
        "members": [
            *("channelType", "creationTs", "dialogId", "dialogType", "metaDataLastUpdateTs"),
            *("participantsDetails", "state"),
        ],
        "channelType": "MESSAGING",
    },
    never=_HOOK,
)
def _dialog(bench: Bench) -> Any:
    opened_and_told(bench)
    dialog = at(details(bench), "dialogs", 0)
    return {"members": sorted(dialog), "channelType": at(dialog, "channelType")}


@rows.promise(
    "P9.4-participants",
    "A participant has an id and a role: the consumer those of the consumer.",
    "9.4",
    {"participants": [["id", "role"]], "role": "CONSUMER", "id": "lp_consumer_id"},
    never=_HOOK,
)
def _participants(bench: Bench) -> Any:
    opened_and_told(bench)
    told = at(details(bench), "participants")
    given = at(told, 0, "id")
    return {
        "participants": [sorted(one) for one in told],
        "role": at(told, 0, "role"),
        "id": "lp_consumer_id" if given == bench.lp_consumer_id() else given,
    }


@rows.promise(
    "P9.4-handler",
    "conversationHandlerDetails have the account and the skill.",
    "9.4",
    {"accountId": "the account", "skillId": "-1"},
    never=_HOOK,
)
def _handler(bench: Bench) -> Any:
    opened_and_told(bench)
    told = at(details(bench), "conversationHandlerDetails")
    account = at(told, "accountId")
    return {
        "accountId": "the account" if account == bench.account else account,
        "skillId": at(told, "skillId"),
    }


@rows.promise(
    "P9.4-ended",
    "On close, the conversation has endTs, and its dialog endTs and closedBy.",
    "9.4",
    {"endTs": "later than startTs", "dialog's endTs": "the same", "closedBy": "CONSUMER"},
    never=_HOOK,
)
def _ended(bench: Bench) -> Any:
    talk = opened_and_told(bench)
    bench.advance(5)
    bench.did(close(talk))
    told = details_of_closed(bench)
    end = at(told, "endTs")
    later = type(end) is int and end >= at(told, "startTs") + 5000
    return {
        "endTs": "later than startTs" if later else end,
        "dialog's endTs": "the same"
        if at(told, "dialogs", 0, "endTs") == end
        else at(told, "dialogs", 0, "endTs"),
        "closedBy": at(told, "dialogs", 0, "closedBy"),
    }


@rows.promise(
    "P9.4-reason",
    "When the consumer closes, the closeReason is CONSUMER.",
    "9.4",
    {"closeReason": "CONSUMER"},
    never=_HOOK,
)
def _reason(bench: Bench) -> Any:
    bench.did(close(opened_and_told(bench)))
    return {"closeReason": at(details_of_closed(bench), "closeReason")}


@rows.promise(
    "P9.4-cause",
    "The closedCause that a DialogChange states is told of its dialog.",
    "9.4",
    {"closedCause": "Had to catch a train"},
    never=_HOOK,
)
def _cause(bench: Bench) -> Any:
    talk = opened_and_told(bench)
    dialog = {"dialogId": talk, "state": "CLOSE", "closedCause": "Had to catch a train"}
    bench.did(update(talk, {"field": "DialogChange", "type": "UPDATE", "dialog": dialog}))
    return {"closedCause": at(details_of_closed(bench), "dialogs", 0, "closedCause")}


@rows.promise(
    "P9.4-growing",
    "metaDataLastUpdateTs grows with every change, so that old news can be told from new.",
    "9.4, 9.7",
    {"changes": 5, "growing": True},
    never=_HOOK,
)
def _growing(bench: Bench) -> Any:
    talk = opened_and_told(bench)
    bench.agent(talk).join("MANAGER").join("MANAGER").join("MANAGER").join("MANAGER")
    times = [at(one, "conversationDetails", "metaDataLastUpdateTs") for one in results(bench)]
    return {"changes": len(times), "growing": times == sorted(set(times))}


PROMISES = rows.all
