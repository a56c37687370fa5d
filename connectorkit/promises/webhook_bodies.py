"""Promises of section 9.4: what is told of changes of conversations, and when."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import BEN, TYPES, Bench, NotReady, at
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


def _open(bench: Bench) -> str:
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
    _open(bench)
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
    _open(bench)
    return {"members": sorted(details(bench))}


@rows.promise(
    "P9.4-values",
    "An open conversation is told with its brand, state and stage OPEN, and when it began.",
    "9.4",
    {"brandId": "the account", "state": "OPEN", "stage": "OPEN", "startTs": "now"},
    never=_HOOK,
)
def _values(bench: Bench) -> Any:
    _open(bench)
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
    _open(bench)
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
    _open(bench)
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
    _open(bench)
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
    talk = _open(bench)
    bench.advance(5)
    bench.did(close(talk))
    told = details_of_closed(bench)
    end = at(told, "endTs")
    later = type(end) is int and end >= at(told, "startTs") + 5000
    return {
        "endTs": "later than startTs" if later else end,
        "dialog's endTs": "the same" if at(told, "dialogs", 0, "endTs") == end else at(told, "dialogs", 0, "endTs"),
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
    bench.did(close(_open(bench)))
    return {"closeReason": at(details_of_closed(bench), "closeReason")}


@rows.promise(
    "P9.4-cause",
    "The closedCause that a DialogChange states is told of its dialog.",
    "9.4",
    {"closedCause": "Had to catch a train"},
    never=_HOOK,
)
def _cause(bench: Bench) -> Any:
    talk = _open(bench)
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
    talk = _open(bench)
    bench.agent(talk).join("MANAGER").join("MANAGER").join("MANAGER").join("MANAGER")
    times = [at(one, "conversationDetails", "metaDataLastUpdateTs") for one in results(bench)]
    return {"changes": len(times), "growing": times == sorted(set(times))}


# --- When a change is told ---------------------------------------------------------------------------


@rows.promise(
    "P9.4-when-opened",
    "It is told when a conversation is opened.",
    "9.4",
    {"one without a campaign": 1, "one of a campaign": 1},
    never=_HOOK,
)
def _when_opened(bench: Bench) -> Any:
    _open(bench)
    first = len(results(bench))
    bench.open(BEN, campaignInfo={"campaignId": "1", "engagementId": "2"})
    return {"one without a campaign": first, "one of a campaign": len(results(bench)) - first}


def _told_since(bench: Bench, before: int) -> dict[str, Any]:
    told = results(bench)
    last = at(told[-1], "conversationDetails") if len(told) > before else {}
    roles = [at(one, "role") for one in at(last, "participants")] if last else []
    return {"told": len(told) - before, "skillId": at(last, "skillId"), "agents": roles.count("ASSIGNED_AGENT")}


@rows.promise(
    "P9.4-when-joined",
    "It is told when an agent joins.",
    "9.4",
    {"told": 1, "skillId": "-1", "agents": 1},
    never=_HOOK,
)
def _when_joined(bench: Bench) -> Any:
    talk = _open(bench)
    before = len(results(bench))
    bench.agent(talk).join()
    return _told_since(bench, before)


@rows.promise(
    "P9.4-when-left",
    "It is told when an agent leaves.",
    "9.4",
    {"told": 1, "skillId": "-1", "agents": 0},
    never=_HOOK,
)
def _when_left(bench: Bench) -> Any:
    talk = _open(bench)
    agent = bench.agent(talk).join()
    before = len(results(bench))
    agent.leave()
    return _told_since(bench, before)


@rows.promise(
    "P9.4-when-transferred",
    "It is told when the skill changes: the agent is gone, and skillId is another.",
    "9.4",
    {"told": 1, "skillId": "77", "agents": 0},
    never=_HOOK,
)
def _when_transferred(bench: Bench) -> Any:
    talk = _open(bench)
    agent = bench.agent(talk).join()
    before = len(results(bench))
    agent.transfer("77")
    return _told_since(bench, before)


@rows.promise(
    "P9.4-when-ttr",
    "It is told when the time to respond is changed.",
    "9.4",
    {"told": {"ttrType": "CUSTOM", "value": 77}},
    never=_HOOK,
)
def _when_ttr(bench: Bench) -> Any:
    talk = _open(bench)
    bench.did(update(talk, {"field": "TTRField", "ttrType": "CUSTOM", "value": 77}))
    return {"told": at(results(bench)[-1:], 0, "conversationDetails", "ttr")}


@rows.promise(
    "P9.4-when-closed",
    "It is told when an agent closes the conversation.",
    "9.4",
    {"told": 1},
    never=_HOOK,
)
def _when_closed(bench: Bench) -> Any:
    talk = _open(bench)
    agent = bench.agent(talk).join()
    before = len(results(bench))
    agent.close()
    return {"told": len(results(bench)) - before}


@rows.promise(
    "P9.4-when-rated",
    "It is told when a rating is stored, with the rating as csat.",
    "9.4",
    {"csat": {"csatRate": 4, "csatResolutionConfirmation": False, "status": "FILLED"}},
    never=_HOOK,
)
def _when_rated(bench: Bench) -> Any:
    talk = _open(bench)
    rating = {"csatRate": 4, "csatResolutionConfirmation": False, "status": "FILLED"}
    bench.did(update(talk, {"field": "CSATRate", **rating}))
    return {"csat": at(results(bench)[-1:], 0, "conversationDetails", "csat")}


PROMISES = rows.all
