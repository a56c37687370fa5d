"""What the protocol says comes of a request that has passed the door: the answer, and what changes."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

from connectorkit.explore import answers, hearing, surveying
from connectorkit.explore.contents import PUBLISH, Content
from connectorkit.explore.edits import Edit
from connectorkit.explore.expecting import UUID, Between, Pattern
from connectorkit.explore.model import TTR_SECONDS, Model, Span, Talk
from connectorkit.explore.source import Code

Answer = tuple[int, Any, str]  # status, body, section
MOST_CHARACTERS = 5000
_ID_CHARACTERS = 36
GREETING_SECONDS = 10


@dataclass(frozen=True)
class Request:
    """One request envelope as it is sent: with its content, and the change that was made of it."""

    envelope: dict[str, Any]
    content: Content
    edit: Edit | None

    @property
    def reads_as(self) -> Any:
        """The ``reqId`` that must come back: the id as text; ``None`` where none can be read."""
        given = self.envelope.get("id")
        readable = isinstance(given, str | int) and not isinstance(given, bool)
        return str(given) if readable and not self.is_unread else None

    @property
    def is_unread(self) -> bool:
        """Whether the id itself is what is wrong."""
        return self.edit is not None and self.edit.verdict == "unread"

    def shape(self) -> Answer | None:
        """The refusal of its shape, before anything is looked up; ``None`` where it is well formed."""
        edit = self.edit
        if edit is None or edit.verdict == "taken":
            return None
        if edit.verdict == "unread":
            return *answers.bad(edit.says, None), edit.section
        if edit.verdict == "bare":
            return *answers.refused(400, "Bad Request", self.reads_as), edit.section
        if edit.verdict == "exact":
            return *answers.refused(400, edit.says, self.reads_as), edit.section
        if edit.verdict == "door":
            return *answers.door(edit.says), edit.section
        return *answers.bad(edit.says, self.reads_as), edit.section

    @property
    def is_short(self) -> bool:
        """Whether it is a text, receipt or chat state, which have a limit of their own (R21)."""
        if self.content.type != PUBLISH or self.content.effect == "picture":
            return False
        body = self.envelope.get("body")
        event = body.get("event") if isinstance(body, dict) else None
        return not (isinstance(event, dict) and event.get("type") == "RichContentEvent")

    @property
    def too_long(self) -> bool:
        """Whether it has more characters as sent than its limit allows."""
        return self.is_short and characters(self.envelope) > MOST_CHARACTERS


def characters(envelope: dict[str, Any]) -> int:
    """How many characters the request has as it is sent: compact JSON."""
    return len(json.dumps(_plain(envelope), ensure_ascii=False, separators=(",", ":")))


def _plain(value: Any) -> Any:
    if isinstance(value, Code):
        return "x" * _ID_CHARACTERS
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def run(model: Model, who: str, talk: Talk | None, request: Request, when: Span, file: int = 0) -> Answer:
    """A request whose shape is right: whether there is what it names, whose it is, its state, its effect."""
    content, reads_as = request.content, request.reads_as
    if content.effect == "profile":
        return 200, answers.ok(reads_as, msg=answers.OK_PROFILE), "6.1"
    if talk is None or (talk.who == who and when.latest < talk.hidden_until):
        return *answers.refused(404, answers.NOT_FOUND, reads_as), "R12"
    if talk.who == who and when.earliest < talk.hidden_until:
        return 0, None, "R64"  # it can be found just about now
    if talk.who != who:
        return *answers.door(40103), "R11"
    if content.effect == "picture" and (refused := _picture(model, who, talk, request, file)) is not None:
        return refused
    if content.effect == "rating":
        return _rate(model, talk, request, when)
    if talk.closed:
        return *answers.refused(400, answers.CLOSED, reads_as), "R13"
    return _do(model, talk, request, when)


def _do(model: Model, talk: Talk, request: Request, when: Span) -> Answer:
    content, reads_as, envelope = request.content, request.reads_as, request.envelope
    match content.effect:
        case "words" | "picture":
            event, metadata = told(envelope)
            number = hearing.words(model, talk, event, when, metadata)
            certain = _greet(model, talk, when)
            return 200 if certain else 0, answers.ok(reads_as, sequence=number), "7.4"
        case "chat state":
            event, metadata = told(envelope)
            hearing.message(model, talk, talk.who, event, when, metadata, numbered=False)
            return 200, answers.ok(reads_as, sequence=0), "R7"
        case "receipt":
            return _receive(model, talk, request, when)
        case "close twice":
            return *answers.refused(400, answers.CLOSED, reads_as), "R46"
        case "time to respond":
            field = envelope["body"]["conversationField"]
            talk.ttr_type, talk.ttr_seconds = field["ttrType"], field["value"]
            hearing.change(model, talk, when)
            return 200, answers.ok(reads_as, msg=answers.OK_TTR), "6.8"
    _close(model, talk, envelope, when)
    return 200, answers.ok(reads_as, msg=answers.OK_CLOSED), "6.8"


def _greet(model: Model, talk: Talk, when: Span) -> bool:
    """The controller greets if the first message came within 10 s of opening; whether that can be told."""
    if not talk.greets:
        return True
    talk.greets = False
    if when.earliest - talk.opened.latest > GREETING_SECONDS:
        return True
    if when.latest - talk.opened.earliest > GREETING_SECONDS:
        return False
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": model.settings["auto_messages"]}
    hearing.message(model, talk, hearing.CONTROLLER, event, when)
    return True


def told(envelope: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """The event and the metadata as a notification has them; an old member name is put right (R40)."""
    event = copy.deepcopy(envelope["body"]["event"])
    if event["type"] == "RichContentEvent" and "message" in event:
        event["content"] = event.pop("message")
    return event, envelope.get("metadata") or None


def _receive(model: Model, talk: Talk, request: Request, when: Span) -> Answer:
    event, metadata = told(request.envelope)
    numbers = event["sequenceList"]
    if event["status"] == "ACCEPT":
        if set(numbers) <= talk.accepted.get(talk.who, set()):
            # No number, no notification; what the answer says instead is left open.
            return 200, answers.ok(request.reads_as, sequence=Between(0, talk.next_number)), "7.4"
        number = talk.next_number
        hearing.accept(model, talk, talk.who, numbers, when, metadata)
    else:
        number = talk.next_number
        hearing.message(model, talk, talk.who, event, when, metadata)
    return 200, answers.ok(request.reads_as, sequence=number), "6.7"


def _rate(model: Model, talk: Talk, request: Request, when: Span) -> Answer:
    field = request.envelope["body"]["conversationField"]
    for one in field if isinstance(field, list) else [field]:
        talk.csat = {name: value for name, value in one.items() if name != "field"}
        hearing.change(model, talk, when)
    return 200, answers.ok(request.reads_as, msg=answers.OK_CSAT), "R45"


def _close(model: Model, talk: Talk, envelope: dict[str, Any], when: Span) -> None:
    field = envelope["body"]["conversationField"]
    for one in field if isinstance(field, list) else [field]:
        if one["field"] == "CSATRate":
            talk.csat = {name: value for name, value in one.items() if name != "field"}
            hearing.change(model, talk, when)
        else:
            cause = one.get("dialog", {}).get("closedCause")
            surveying.close(model, talk, "CONSUMER", cause, when, survey=one["field"] != "Stage")


def _picture(model: Model, who: str, talk: Talk, request: Request, number: int) -> Answer | None:
    """Whose file it is is looked at with whose conversation, what is there with the state."""
    file = model.file(number)
    assert file is not None, "such a step is passed over where there is no file"
    if file.who != who:
        return *answers.door(40103), "R11"
    if not model.stored(file):
        if talk.closed:
            said = Pattern(r"Bad Request, .+", "Bad Request, …")
            return *answers.refused(400, said, request.reads_as), "R42"
        return *answers.bad("relativePath", request.reads_as), "R42"
    return None


def opened(model: Model, who: str, request: dict[str, Any] | None, when: Span) -> Talk:
    """A new conversation of a consumer; without a request an agent has resumed an old one."""
    talk = Talk(f"talk_{len(model.talks) + 1}", who, None, None, None, agent=request is None)
    talk.agents = int(talk.agent)
    if request is not None:
        body = request["body"]
        talk.ttr_type = body.get("ttrDefName") or "PRIORITIZED"
        talk.ttr_seconds = TTR_SECONDS[talk.ttr_type]
        talk.skill_id = "-1" if body.get("skillId") in (None, "") else str(body["skillId"])
    talk.opened = when
    model.talks.append(talk)
    hearing.change(model, talk, when)
    return talk


CONVERSATION_ID = UUID
