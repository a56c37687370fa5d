"""Which notifications must come of what happens in a conversation, member for member. Reference: "Bodies"."""

from __future__ import annotations

import copy
from typing import Any

from connectorkit.explore.expecting import UUID, Anything, Later, Moment, Off, Optional, Peer
from connectorkit.explore.model import Heard, Model, Span, Talk
from connectorkit.explore.source import Code

CONTROLLER, SURVEY_BOT = "controller", "survey bot"
ACCOUNT = Code("account")
_CHANGE = ("body", "changes", 0)
_DETAILS = (*_CHANGE, "result", "conversationDetails")


UNHEARD = -1  # in place of where the consumer's last message was heard: its notification was lost


def message(
    model: Model,
    talk: Talk,
    speaker: str,
    event: dict[str, Any],
    when: Span,
    metadata: Any = None,
    *,
    numbered: bool = True,
    survey: bool = False,
) -> int | None:
    """Something is said, received or typed: it takes a number, unless it is a chat state; which."""
    number = talk.number(survey=survey) if numbered else None
    facts = {"speaker": speaker, "event": event, "metadata": metadata, "survey": survey}
    _hear(model, talk, Heard("message", facts, when, number))
    return number


def words(model: Model, talk: Talk, event: dict[str, Any], when: Span, metadata: Any = None) -> int:
    """The consumer says something, and in the same step its arrival is confirmed."""
    number = message(model, talk, talk.who, event, when, metadata)
    assert number is not None
    heard = talk.heard[-1] if talk.heard and talk.heard[-1].sequence == number else None
    talk.last_consumer = UNHEARD if heard is None else len(talk.heard) - 1
    talk.said.append(number)
    talk.answered = False
    receiver = agent_of(talk) if talk.agent else CONTROLLER
    accept(model, talk, receiver, [number], when)
    return number


def accept(
    model: Model, talk: Talk, speaker: str, numbers: list[int], when: Span, metadata: Any = None
) -> None:
    """A receipt with status ACCEPT; once by each originator of each message."""
    event = {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": numbers}
    message(model, talk, speaker, event, when, metadata)
    talk.accepted.setdefault(speaker, set()).update(numbers)


def change(model: Model, talk: Talk, when: Span) -> None:
    """The conversation has changed: its whole state is told."""
    facts = {
        "agent": agent_of(talk) if talk.agent else None,
        "ttr": (talk.ttr_type, talk.ttr_seconds),
        "awaited": not talk.closed and not talk.answered,
        "last": talk.last_consumer,
        "state": talk.state,
        "skill": talk.skill_id,
        "closed_by": talk.closed_by,
        "closed_cause": talk.closed_cause,
        "csat": copy.deepcopy(talk.csat),
        "survey": talk.survey,
        "former": agent_of(talk),
    }
    _hear(model, talk, Heard("change", facts, when))


def agent_of(talk: Talk) -> str:
    """The agent who is there, by number: whoever comes after one has left is another."""
    return f"agent {talk.agents}"


def _hear(model: Model, talk: Talk, heard: Heard) -> None:
    if model.webhook_fault("loss"):
        return
    talk.heard.append(heard)
    if model.webhook_fault("duplicate"):
        talk.heard.append(heard)
    if model.webhook_fault("reorder"):
        talk.order_open = True


def expected(model: Model, talk: Talk) -> list[Any]:
    """Every notification about the conversation, in order."""
    made: list[Any] = []
    seen: dict[str, tuple[str | int, ...]] = {}  # whose id was first told where
    updated: tuple[str | int, ...] | None = None
    for place, heard in enumerate(talk.heard):
        if place and heard is talk.heard[place - 1]:
            made.append(made[-1])  # the same once more
            continue
        ago = model.now().latest - heard.span.earliest
        moment = Moment(heard.span.earliest, heard.span.latest, 1000, ago)
        if heard.kind == "message":
            made.append(_message(talk, heard, place, moment, seen))
        else:
            made.append(_conversation(talk, heard, place, moment, seen, updated))
            updated = (place, *_DETAILS, "metaDataLastUpdateTs")
    return made


def _message(
    talk: Talk, heard: Heard, place: int, moment: Moment, seen: dict[str, tuple[str | int, ...]]
) -> dict[str, Any]:
    speaker = heard.facts["speaker"]
    at = (place, *_CHANGE, "originatorId")
    roles = {talk.who: "CONSUMER", CONTROLLER: "CONTROLLER", SURVEY_BOT: "AGENT"}
    told: dict[str, Any] = {} if heard.sequence is None else {"sequence": heard.sequence}
    told["originatorId"] = _identity(talk, speaker, at, seen)
    told["originatorMetadata"] = {"id": Peer(at), "role": roles.get(speaker, "ASSIGNED_AGENT")}
    if heard.sequence is not None:
        told["serverTimestamp"] = moment
    told |= {"event": heard.facts["event"], "conversationId": talk.id, "dialogId": talk.id}
    if heard.facts["survey"]:
        told["dialogId"] = _identity(talk, "survey", (place, *_CHANGE, "dialogId"), seen)
    if heard.facts["metadata"]:
        told["metadata"] = heard.facts["metadata"]
    else:
        told["metadata"] = Optional(None)
    return _envelope("ms.MessagingEventNotification", told)


def _conversation(
    talk: Talk,
    heard: Heard,
    place: int,
    moment: Moment,
    seen: dict[str, tuple[str | int, ...]],
    updated: tuple[str | int, ...] | None,
) -> dict[str, Any]:
    facts, details = heard.facts, (place, *_DETAILS)
    people: list[dict[str, Any]] = []
    if facts["agent"]:
        at = (*details, "participants", 0, "id")
        people.append({"id": _identity(talk, facts["agent"], at, seen), "role": "ASSIGNED_AGENT"})
    people.append({"id": Code(talk.who), "role": "CONSUMER"})
    closed = facts["state"] == "CLOSE"
    dialog: dict[str, Any] = {
        "dialogId": talk.id,
        "dialogType": "MAIN",
        "channelType": "MESSAGING",
        "state": facts["state"],
        "creationTs": Peer((*details, "startTs")),
        "metaDataLastUpdateTs": Optional(Anything()),
        "participantsDetails": [one | {"state": "ACTIVE"} for one in people],
    }
    kind, value = facts["ttr"]
    skill: Any = Anything() if facts["skill"] is None else facts["skill"]
    told: dict[str, Any] = {
        "skillId": skill,
        "brandId": ACCOUNT,
        "state": facts["state"],
        "stage": facts["state"],
        "startTs": moment if place == 0 else Peer((0, *_DETAILS, "startTs")),
        # Receivers tell old news by it, so it only grows.
        "metaDataLastUpdateTs": Later(updated) if updated else moment,
        "participants": people,
        "dialogs": [dialog],
        "ttr": Anything() if kind is None else {"ttrType": kind, "value": value},
        "conversationHandlerDetails": {"accountId": ACCOUNT, "skillId": skill},
    }
    if not (talk.heard and talk.heard[0].kind == "change" and talk.heard[0].facts["state"] == "OPEN"):
        told["startTs"] = Anything()
    if closed:
        dialog |= {"endTs": Anything(), "closedBy": facts["closed_by"]}
        if facts["closed_cause"]:
            dialog["closedCause"] = facts["closed_cause"]
        told |= {"endTs": Peer((*details, "dialogs", 0, "endTs")), "closeReason": facts["closed_by"]}
    if facts["survey"]:
        told["dialogs"].append(_survey(talk, facts, (*details, "dialogs", 1), seen))
        told["participants"] = Anything()
        told["endTs"] = Anything()
        if facts["survey"] == "OPEN":
            told |= {"stage": "OPEN", "endTs": Optional(Anything()), "closeReason": Optional(Anything())}
    if facts["csat"] is not None:
        told["csat"] = facts["csat"]
    result = {"convId": talk.id, "effectiveTTR": _turn(facts, details, value), "conversationDetails": told}
    return _envelope("cqm.ExConversationChangeNotification", {"type": "UPSERT", "result": result})


def _survey(
    talk: Talk, facts: dict[str, Any], at: tuple[str | int, ...], seen: dict[str, tuple[str | int, ...]]
) -> dict[str, Any]:
    """The dialog of the survey: the bot who asks, the consumer, and whoever was the agent, as a reader."""
    people = ((SURVEY_BOT, "AGENT"), (talk.who, "CONSUMER"), (facts["former"], "READER"))
    dialog: dict[str, Any] = {
        "dialogId": _identity(talk, "survey", (*at, "dialogId"), seen),
        "dialogType": "POST_SURVEY",
        "channelType": "MESSAGING",
        "state": facts["survey"],
        "creationTs": Anything(),
        "metaDataLastUpdateTs": Optional(Anything()),
        "participantsDetails": [
            {
                "id": _identity(talk, who, (*at, "participantsDetails", place, "id"), seen),
                "role": role,
                "state": "ACTIVE",
            }
            for place, (who, role) in enumerate(people)
        ],
        "metaData": {"appInstallId": Anything()},
    }
    if facts["survey"] == "CLOSE":
        dialog |= {"endTs": Anything(), "closedBy": "AGENT", "closedCause": "Completed"}
    return dialog


def _turn(facts: dict[str, Any], details: tuple[str | int, ...], value: int | None) -> Any:
    """Until when the agent should have answered; -1 where nothing is awaited."""
    if not facts["awaited"]:
        return -1
    if value is None or facts["last"] == UNHEARD:
        return Anything()
    if facts["last"] is None:
        return Off((*details, "startTs"), value * 1000, 1000)
    return Off((facts["last"], *_CHANGE, "serverTimestamp"), value * 1000, 1000)


def _identity(talk: Talk, who: str, at: tuple[str | int, ...], seen: dict[str, tuple[str | int, ...]]) -> Any:
    if who == talk.who:
        return Code(who)
    if who in seen:
        return Peer(seen[who])
    seen[who] = at
    return UUID


def _envelope(kind: str, told: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "notification", "type": kind, "body": {"changes": [told]}}
