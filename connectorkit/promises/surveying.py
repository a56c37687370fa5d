"""Promises of sections 11.1 and 11.2 on surveys: when one follows, what is asked, how it ends."""

from __future__ import annotations

import json
from typing import Any

from connectorkit.promises.bench import TYPES, Bench, NotReady, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import close, text
from connectorkit.promises.webhook_bodies import details

rows = Rows()
_SETTING = "needs a setting of the sandbox"
_CONTENT, _CHANGE = TYPES[0], TYPES[4]
_SURVEY = {"questions": [{"text": "How was it?", "replies": ["Good", "Bad"]}, {"text": "Why is that?"}]}
_DAYS = 86400


def with_features(*features: str, kind: str = ".ClientProperties") -> dict[str, str | None]:
    """The header Client-Properties with these features."""
    return {"Client-Properties": json.dumps({"type": kind, "features": list(features)})}


def states(told: Any) -> dict[str, Any]:
    """State and stage of a conversation that is told of."""
    return {name: at(told, name) for name in ("state", "stage")}


def before_survey(
    bench: Bench, *, skills: Any = None, features: tuple[str, ...] = ("MULTI_DIALOG",), agent: bool = True
) -> str:
    """A conversation whose account has a survey, told of at the hook."""
    bench.set(survey={"skills": skills, **_SURVEY})
    bench.subscribe(_CHANGE, _CONTENT)
    talk = bench.open(headers=with_features(*features))
    if agent:
        bench.agent(talk).text("How can I help?")
    return talk


def _surveyed(bench: Bench) -> tuple[str, Any]:
    """The consumer has closed the conversation, and is asked the first question; the survey as it is told."""
    talk = before_survey(bench)
    bench.did(close(talk))
    return talk, _survey(bench)


def _survey(bench: Bench) -> Any:
    survey = at(details(bench), "dialogs", 1)
    if at(survey, "dialogType") != "POST_SURVEY":
        raise NotReady("no survey was opened")
    return survey


def _types(bench: Bench, talk: str) -> list[Any]:
    return [at(dialog, "type") for dialog in bench.kept(talk)["dialogs"]]


def _answer(bench: Bench, talk: str, survey: Any, words: str) -> None:
    bench.did(text(survey["dialogId"], words, conversationId=talk))


@rows.promise(
    "P11.1-survey",
    "While a survey goes on, state is CLOSE and stage OPEN, and so is the survey.",
    "11.1",
    {"state": "CLOSE", "stage": "OPEN", "survey": "OPEN"},
    never=_SETTING,
)
def _while_surveyed(bench: Bench) -> Any:
    _, survey = _surveyed(bench)
    return {**states(details(bench)), "survey": at(survey, "state")}


@rows.promise(
    "P11.1-survey-done",
    "When the survey is done, stage is CLOSE, too.",
    "11.1",
    {"state": "CLOSE", "stage": "CLOSE"},
    never=_SETTING,
)
def _survey_done(bench: Bench) -> Any:
    talk, survey = _surveyed(bench)
    for words in ("Good", "You were fast"):
        _answer(bench, talk, survey, words)
    if at(_survey(bench), "state") != "CLOSE":
        raise NotReady("the survey was not closed")
    return states(details(bench))


@rows.promise(
    "P11.1-survey-idle",
    "A survey that is idle for a week is closed by the system.",
    "11.1",
    {"after six days": "OPEN", "after eight": "CLOSE", "closedBy": "SYSTEM"},
    never=_SETTING,
)
def _survey_idle(bench: Bench) -> Any:
    talk, _ = _surveyed(bench)

    def survey() -> Any:
        return bench.kept(talk)["dialogs"][1]

    bench.advance(6 * _DAYS)
    before = survey()["state"]
    bench.advance(2 * _DAYS)
    return {"after six days": before, "after eight": survey()["state"], "closedBy": survey()["closed_by"]}


# --- 11.2: surveys -----------------------------------------------------------------------------------


@rows.promise(
    "P11.2-feature",
    "A survey needs MULTI_DIALOG in Client-Properties when the conversation is opened.",
    "11.2",
    {"without it": ["MAIN"]},
    never=_SETTING,
)
def _feature(bench: Bench) -> Any:
    talk = before_survey(bench, features=("RICH_CONTENT",))
    bench.did(close(talk, "c-2"), headers=with_features("MULTI_DIALOG"))
    return {"without it": _types(bench, talk)}


@rows.promise(
    "P11.2-skill",
    "A survey must be set up for the last skill.",
    "11.2",
    {"for another": ["MAIN"], "for the last": ["MAIN", "POST_SURVEY"]},
    never=_SETTING,
)
def _skill(bench: Bench) -> Any:
    talk = before_survey(bench, skills=["88"])
    bench.did(close(talk))
    first = _types(bench, talk)
    talk = bench.open(headers=with_features("MULTI_DIALOG"))
    bench.agent(talk).text("How can I help?").transfer("88").text("How can I help?")
    bench.did(close(talk))
    return {"for another": first, "for the last": _types(bench, talk)}


@rows.promise(
    "P11.2-agent",
    "A survey needs an agent who had been assigned.",
    "11.2",
    {"without one": ["MAIN"]},
    never=_SETTING,
)
def _agent(bench: Bench) -> Any:
    talk = before_survey(bench, agent=False)
    bench.did(close(talk))
    return {"without one": _types(bench, talk)}


@rows.promise(
    "P11.2-people",
    "In a survey are its bot as AGENT, the consumer, and the former agent as READER.",
    "11.2",
    {"roles": ["AGENT", "CONSUMER", "READER"]},
    never=_SETTING,
)
def _people(bench: Bench) -> Any:
    _, survey = _surveyed(bench)
    return {"roles": sorted(str(at(one, "role")) for one in at(survey, "participantsDetails"))}


@rows.promise(
    "P11.2-own-id",
    "A survey is the second dialog, and has an id of its own and metaData.appInstallId.",
    "11.2",
    {"id": "its own", "appInstallId": True},
    never=_SETTING,
)
def _own_id(bench: Bench) -> Any:
    talk, survey = _surveyed(bench)
    app = at(survey, "metaData", "appInstallId")
    return {
        "id": "its own" if at(survey, "dialogId") != talk else "the conversation's",
        "appInstallId": isinstance(app, str) and len(app) == 36,
    }


@rows.promise(
    "P11.2-questions",
    "A question is a text with quick replies.",
    "11.2",
    {"contentType": "text/plain", "message": "How was it?", "replies": ["Good", "Bad"]},
    never=_SETTING,
)
def _questions(bench: Bench) -> Any:
    _surveyed(bench)
    event = bench.told(_CONTENT).event
    return {
        **{name: at(event, name) for name in ("contentType", "message")},
        "replies": [at(one, "title") for one in at(event, "quickReplies", "replies")],
    }


@rows.promise(
    "P11.2-answers",
    "An answer goes to the survey's dialogId, with the conversationId, and the next question follows there.",
    "11.2",
    {"next": "Why is that?", "dialogId": "the survey's"},
    never=_SETTING,
)
def _answers(bench: Bench) -> Any:
    talk, survey = _surveyed(bench)
    _answer(bench, talk, survey, "Bad")
    told = bench.told(_CONTENT)
    mine = at(told.change, "dialogId") == survey["dialogId"]
    return {"next": at(told.event, "message"), "dialogId": "the survey's" if mine else "another"}


@rows.promise(
    "P11.2-completed",
    "A survey ends with closedCause Completed, closedBy AGENT.",
    "11.2",
    {"closedCause": "Completed", "closedBy": "AGENT"},
    never=_SETTING,
)
def _completed(bench: Bench) -> Any:
    talk, survey = _surveyed(bench)
    for words in ("Good", "You were kind"):
        _answer(bench, talk, survey, words)
    told = _survey(bench)
    if at(told, "state") != "CLOSE":
        raise NotReady("the survey was not closed")
    return {name: at(told, name) for name in ("closedCause", "closedBy")}


PROMISES = rows.all
