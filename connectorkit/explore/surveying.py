"""The end of a conversation, and the survey that may follow. Reference: "Survey"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectorkit.explore import answers, hearing
from connectorkit.explore.expecting import Anything, Pattern
from connectorkit.explore.model import Model, Span, Talk
from connectorkit.explore.source import Code, source
from connectorkit.explore.steps import SETTLED, Plain, Verdict, Written

QUESTIONS: list[dict[str, Any]] = [{"text": "How was it?", "replies": ["Good", "Bad"]}]
# What is set in the sandbox before anything is open.
SETTINGS: dict[str, Any] = {
    "auto_messages": "Welcome",
    "auto_close_seconds": 1800,
    "survey": {"questions": QUESTIONS},
}
ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "text": ({"type": "ContentEvent", "contentType": "text/plain", "message": "Good"}, ""),
    "ACTION": ({"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [0]}, ""),
    "COMPOSING": ({"type": "ChatStateEvent", "chatState": "COMPOSING"}, "chat state"),
    "alone": ({"type": "ContentEvent", "contentType": "text/plain", "message": "Good"}, "conversationId"),
}


def close(model: Model, talk: Talk, by: str, cause: str | None, when: Span, *, survey: bool = True) -> None:
    """The main dialog closes. A survey follows where the account has one and an agent had been there."""
    talk.state, talk.closed_by, talk.closed_cause = "CLOSE", by, cause
    if survey and talk.surveyed and talk.agents:
        talk.survey = "OPEN"
    hearing.change(model, talk, when)
    if talk.survey == "OPEN":
        _ask(model, talk, when)


def _ask(model: Model, talk: Talk, when: Span) -> None:
    if talk.asked >= len(QUESTIONS):
        talk.survey = "CLOSE"
        hearing.change(model, talk, when)
        return
    question = QUESTIONS[talk.asked]
    talk.asked += 1
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": question["text"]}
    if "replies" in question:
        event["quickReplies"] = Anything()
    hearing.message(model, talk, hearing.SURVEY_BOT, event, when, survey=True)


@dataclass(frozen=True)
class Answer(Plain):
    """The consumer does something in the dialog of the survey, whose id was heard last."""

    what: str = "text"
    talk: int = 1

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "survey answer"

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        talk = model.talk(self.talk)
        return "unknown" if talk is None else talk.situation

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        talk = model.talk(self.talk)
        if talk is None or talk.survey != "OPEN" or not model.listening or model.deaf or model.faults:
            return False
        return (
            not talk.order_open
            and bool(talk.heard[-1].facts.get("speaker"))
            and talk.heard[-1].facts["survey"]
        )

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        talk = model.talks[self.talk - 1]
        event, _ = ANSWERS[self.what]
        body = {"dialogId": Code("survey"), "conversationId": talk.id, "event": event}
        if self.what == "alone":
            del body["conversationId"]
        request = {"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body}
        return Written.of(
            SETTLED,
            f"last = list(kit.log.read_notifications(conversation={talk.name}))[-1]",
            'survey = last.json()["body"]["changes"][0]["dialogId"]',
            f"reply = kit.send({source(request)}, consumer={source(talk.who)})",
        )

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        verdict, talk = Verdict(), model.talks[self.talk - 1]
        event, wrong = ANSWERS[self.what]
        if wrong == "conversationId":
            verdict.answer(*answers.bad(wrong, "1"), "6.2")
        elif wrong:
            verdict.answer(*answers.refused(400, Pattern("Bad Request, .+", "Bad Request, …"), "1"), "6.6")
        else:
            number = hearing.message(model, talk, talk.who, event, when, survey=True)
            verdict.answer(200, answers.ok("1", sequence=number), "11.2")
            if self.what == "text":
                received = {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [number]}
                hearing.message(model, talk, hearing.CONTROLLER, received, when, survey=True)
                _ask(model, talk, when)
        return verdict
