"""Steps that call the messaging service: CONVERSATION and SEND."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from connectorkit.explore import answers, door, running, striking
from connectorkit.explore.contents import CONTENTS, PROFILE, PUBLISH, filled
from connectorkit.explore.edits import EDITS, EVENT_EDITS, PROFILE_EDITS, REQUEST_EDITS, Edit
from connectorkit.explore.expecting import Anything, Optional, Pattern
from connectorkit.explore.model import NOBODYS, Model, Span, Talk
from connectorkit.explore.running import Answer, Request
from connectorkit.explore.source import Code, source
from connectorkit.explore.steps import Verdict, Written
from connectorkit.explore.surveying import SETTINGS


@dataclass(frozen=True)
class Send:
    """SEND. ``talk`` and ``file`` count from 1; what is not there is an id of nobody's."""

    who: str
    what: str
    talk: int = 1
    id: str | int = "1"
    edit: int | None = None
    door: tuple[str, ...] = ()
    file: int = 0
    length: int = 0
    as_array: bool = False

    @property
    def about(self) -> str:
        """What is special about it."""
        edit = self._edit
        changed = () if edit is None else (self.what, ".".join(map(str, edit.path)))
        return ", ".join((*self.door, *changed))

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "door" if self.door else "bad request" if self._is_bad else CONTENTS[self.what].effect

    @property
    def _is_bad(self) -> bool:
        edit = self._edit
        return self.as_array or (edit is not None and edit.verdict != "taken")

    @property
    def _edit(self) -> Edit | None:
        return None if self.edit is None else EDITS[self.what][self.edit]

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        talk = model.talk(self.talk)
        if CONTENTS[self.what].effect == "profile":
            return "any"
        return "unknown" if talk is None else talk.situation if talk.who == self.who else "foreign"

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        content, talk = CONTENTS[self.what], model.talk(self.talk)
        if not door.possible(self.door, model):
            return False
        if content.effect == "picture" and model.file(self.file) is None:
            return False
        if talk is None or self._is_bad:
            return True
        if content.effect == "receipt" and talk.who == self.who and self._number(talk) is None:
            return False
        # Nor whether a rating counts beside a survey, or what closing means then.
        if talk.survey and content.effect in ("rating", "close", "time to respond"):
            return False
        # Nobody says what becomes of the time to respond of what is closed, or hidden from others.
        if content.effect == "time to respond" and talk.closed:
            return False
        return not (talk.hidden_until and (talk.who != self.who or content.effect == "close twice"))

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        request, who = self._request(model), self.who
        payload: Any = [request.envelope] if self.as_array else request.envelope
        line, imports = door.line("send", payload, who, self.door)
        return striking.written("send", line, imports, model, self.door)

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        verdict, request = Verdict(), self._request(model)

        def answer() -> Answer:
            return self._answer(model, request, when)

        striking.judge("send", verdict, model, when, answer, request.reads_as, self.door)
        return verdict

    def _answer(self, model: Model, request: Request, when: Span) -> Answer:
        shut = door.refusal(self.door, model, when)
        if shut is not None:
            return shut
        if self.as_array:
            return 400, {"code": "BAD_REQUEST", "body": _any_bad(), "reqId": Optional(Anything())}, "6.1"
        refused = request.shape()
        too_long = request.too_long or ("just not too large" in self.door and request.is_short)
        if refused is not None and refused[0] == 400 and too_long:  # of two faults nobody says which is told
            return 400, {"code": "BAD_REQUEST", "body": _any_bad(), "reqId": Optional(Anything())}, "6.3"
        if refused is not None:
            return refused
        if too_long:
            return *answers.refused(400, "Bad Request", request.reads_as), "6.3"
        return running.run(model, self.who, model.talk(self.talk), request, when, self.file)

    def _request(self, model: Model) -> Request:
        content, talk, edit = CONTENTS[self.what], model.talk(self.talk), self._edit
        file = model.file(self.file)
        put = {
            "TALK": NOBODYS if talk is None else talk.id,
            "PATH": Code(f"{file.path_of}.relative_path") if file is not None else "",
            "LAST": (self._number(talk) if talk is not None else 0) or 0,
            "ALL": (talk.told or talk.said if talk is not None else []) or [0],
        }
        envelope = {"kind": "req", "id": self.id, "type": content.type, "body": filled(content.body, **put)}
        if content.metadata is not None:
            envelope["metadata"] = content.metadata
        event = content.body.get("event", {})
        if self.length and isinstance(event.get("message"), str):
            short = running.characters(envelope) - len(envelope["body"]["event"]["message"])
            envelope["body"]["event"]["message"] = "ü" * (self.length - short)
        return Request(envelope if edit is None else edit.apply(envelope), content, edit)

    def _number(self, talk: Talk) -> int | None:
        """The message that a receipt is about: the agent's last, or one's own."""
        if talk.told:
            return talk.told[-1]
        if not talk.said or self.what == "ACCEPT":
            return None
        return talk.said[-1]


@dataclass(frozen=True)
class Open:
    """CONVERSATION. ``third`` is what the third request says, ``item`` the request that is changed."""

    who: str
    third: str = ""
    ids: tuple[str | int, str | int, str | int] = ("1", "2", "3")
    item: int = 1
    edit: int | None = None
    door: tuple[str, ...] = ()
    shape: str = ""
    setting: str = ""  # what is set in the sandbox before
    third_talk: int = 0  # the conversation that the third request names; 0 for none, -1 for nobody's

    @property
    def about(self) -> str:
        """What is special about it."""
        edit = self._edit
        changed = () if edit is None else (f"item {self.item}", ".".join(map(str, edit.path)))
        return ", ".join((*self.door, *changed, *([self.shape] if self.shape else [])))

    @property
    def event(self) -> str:
        """Its name in the report."""
        if self.door:
            return "door"
        bad = self.shape or (self._edit is not None and self._edit.verdict != "taken")
        return "bad batch" if bad else "open with a message" if self.third else "open"

    @property
    def _edit(self) -> Edit | None:
        table = (PROFILE_EDITS, REQUEST_EDITS, EVENT_EDITS)[self.item]
        return None if self.edit is None else table[self.edit]

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        talk = model.open_of(self.who)
        return "none open" if talk is None else talk.situation

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        if self.setting and (model.talks or not model.controlled):
            return False
        if self.item == 2 and self.edit is not None and self.third != "text":
            return False
        if self.third_talk and not self.third:
            return False
        current = model.open_of(self.who)
        if current is not None and current.closed:
            return False  # nobody says whether another may be opened while a survey is open
        return (self.item < 2 or bool(self.third)) and door.possible(self.door, model)

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        line, imports = door.line("conversation", self._payload(), self.who, self.door)
        written = striking.written("conversation", line, imports, model, self.door)
        first: tuple[str, ...] = ()
        if self.setting:
            first = (f"kit.sandbox.settings({self.setting}={source(SETTINGS[self.setting])})",)
        return Written(
            (*first, *written.lines, f"talk_{len(model.talks) + 1} = reply.conversation_id"), written.imports
        )

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        verdict = Verdict()
        if self.setting:
            model.settings[self.setting] = SETTINGS[self.setting]
        # Which id is read out of what is no batch, or where the first is none, nobody says.
        requests = self._requests()
        first = None if self.shape or any(one.is_unread for one in requests) else requests[0].reads_as
        striking.judge(
            "conversation",
            verdict,
            model,
            when,
            lambda: self._answer(model, when),
            first,
            self.door,
        )
        return verdict

    def _answer(self, model: Model, when: Span) -> Answer:
        shut = door.refusal(self.door, model, when)
        if shut is not None:
            return shut
        if self.shape:
            return 400, {"code": "BAD_REQUEST", "body": _any_bad(), "reqId": Optional(Anything())}, "5.2"
        requests = self._requests()
        for request in requests:
            if (refused := request.shape()) is not None:
                return refused
        named = model.talk(self.third_talk)
        if named is not None and named.who != self.who:
            return *answers.door(40103), "R11"
        return self._run(model, requests, when)

    def _run(self, model: Model, requests: list[Request], when: Span) -> Answer:
        """Items run in order; those behind a failed one are answered but not run (R15)."""
        told: list[Any] = [answers.ok(requests[0].reads_as, msg=answers.OK_PROFILE)]
        if model.open_of(self.who) is not None:
            said = answers.ALREADY_OPEN.split("{}")
            pattern = Pattern(r"[0-9a-f]{64}".join(map(re.escape, said)), answers.ALREADY_OPEN.format("…"))
            told.append(answers.refused(400, pattern, requests[1].reads_as)[1])
            told += [answers.refused(400, answers.BEHIND, one.reads_as)[1] for one in requests[2:]]
            return 400, told, "5.6"
        talk = running.opened(model, self.who, requests[1].envelope, when)
        striking.hide(model, talk, when)
        talk.surveyed = "survey" in model.settings and "surveys" in self.door
        talk.greets = bool(model.settings.get("auto_messages")) and "automatic messages" in self.door
        told.append(answers.ok(requests[1].reads_as, conversationId=running.CONVERSATION_ID))
        status = 200
        for request in requests[2:]:
            target = None if self.third_talk < 0 else model.talk(self.third_talk) or talk
            if target is talk and talk.hidden_until:
                return 0, None, "R64"
            status, body, _ = running.run(model, self.who, target, request, when)
            told.append(body)
        return status, told, "5.5"

    def _payload(self) -> Any:
        batch = [request.envelope for request in self._requests()]
        match self.shape:
            case "an object":
                return batch[1]
            case "one request":
                return batch[:1]
            case "none":
                return []
            case "four requests":
                return [*batch[:2], *[_third(self.ids[2], "text", None)] * 2]
            case "reversed":
                return batch[1::-1]
            case "first twice":
                return [batch[0], batch[0]]
            case "not all objects":
                return [batch[0], "x"]
        return batch

    def _requests(self) -> list[Request]:
        body = {"brandId": Code("account")}
        envelopes: list[dict[str, Any]] = [
            {"kind": "req", "id": self.ids[0], "type": PROFILE, "body": {}},
            {"kind": "req", "id": self.ids[1], "type": "cm.ConsumerRequestConversation", "body": body},
        ]
        if self.third:
            envelopes.append(_third(self.ids[2], self.third, self.third_talk))
        kinds = (CONTENTS["empty profile"], CONTENTS["empty profile"], CONTENTS[self.third or "text"])
        made = []
        for place, (envelope, content) in enumerate(zip(envelopes, kinds, strict=False)):
            edit = self._edit if place == self.item else None
            made.append(Request(envelope if edit is None else edit.apply(envelope), content, edit))
        return made


SHAPES = ("an object", "one request", "none", "four requests", "reversed", "first twice", "not all objects")


def _third(request_id: str | int, what: str, talk: int | None) -> dict[str, Any]:
    body = filled(CONTENTS[what].body, TALK="", LAST=0, ALL=[0])
    if talk is not None and talk:
        body["dialogId"] = NOBODYS if talk < 0 else Code(f"talk_{talk}")
    request = {"kind": "req", "id": request_id, "type": PUBLISH, "body": body}
    metadata = CONTENTS[what].metadata
    return request if metadata is None else request | {"metadata": metadata}


def _any_bad() -> dict[str, Any]:
    return {"msg": Pattern(r"Bad Request.*", "Bad Request …")}
