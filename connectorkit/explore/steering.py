"""Steps that steer the sandbox: its clock, its agents, what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectorkit.explore import hearing, running
from connectorkit.explore.contents import CARD
from connectorkit.explore.expecting import UUID, Check
from connectorkit.explore.model import Model, Span, Talk
from connectorkit.explore.source import source
from connectorkit.explore.steps import Verdict, Written


@dataclass(frozen=True)
class Wait:
    """Time passes: so many seconds, or until so many before (negative) or after something expires.

    ``until`` is ``"token"`` for the AppJWT that was put aside, or ``"file 1"`` for a file URL.
    """

    seconds: float
    until: str = ""

    @property
    def event(self) -> str:
        """Its name in the report."""
        return f"until the {self.until.split()[0]} expires" if self.until else "time passes"

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        return "any"

    def _end(self, model: Model) -> float | None:
        if self.until == "token":
            return model.token_expires
        file = model.file(int(self.until.split()[1]))
        return None if file is None else file.expires.earliest

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        if not self.until:
            return True
        end = self._end(model)
        return end is not None and model.now().latest < end + self.seconds

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        if not self.until:
            return Written.of(f"now = kit.sandbox.advance(seconds={self.seconds:g})")
        end = 'token.claims["exp"]'
        if self.until != "token":
            end = f"int({model.files[int(self.until.split()[1]) - 1].name}.expires)"
        left = f"{end} - kit.sandbox.now().timestamp()"
        return Written.of(
            f"now = kit.sandbox.advance(seconds={left} {'+-'[self.seconds < 0]} {abs(self.seconds):g})"
        )

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        return Verdict()


_ACTIONS = {
    "join": "join()",
    "text": 'text("How can I help?")',
    "text with metadata": 'text("Pick", metadata=[{"type": "ExternalId", "id": "card-1"}])',
    "umlauts": 'text("Schöne Grüße 🚀")',
    "card": f"rich({source(CARD['content'])})",
    "typing": "typing()",
    "pause": "pause()",
    "read": "read({last})",
    "accept": "accept({last})",
    "transfer": 'transfer("4711")',
    "leave": "leave()",
    "close": "close()",
    "resume": "resume()",
}
ACTIONS = tuple(_ACTIONS)


@dataclass(frozen=True)
class Act:
    """The agent of a conversation does something."""

    action: str
    talk: int = 1

    @property
    def event(self) -> str:
        """Its name in the report."""
        return f"agent: {self.action}"

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        talk = model.talk(self.talk)
        return "unknown" if talk is None else talk.situation

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        talk = model.talk(self.talk)
        if talk is None or talk.hidden_until:
            return False
        if self.action == "resume":
            return talk.closed and model.open_of(talk.who) is None
        if self.action in ("read", "accept"):
            return not talk.closed and bool(talk.said)
        if self.action == "leave":
            return not talk.closed and talk.agent
        return not talk.closed

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        talk = model.talks[self.talk - 1]
        call = _ACTIONS[self.action].format(last=talk.said[-1]) if "{last}" in _ACTIONS[self.action] else ""
        line = f"kit.sandbox.agent({talk.name}).{call or _ACTIONS[self.action]}"
        if self.action == "resume":
            return Written.of(f"talk_{len(model.talks) + 1} = {line}.conversation_id")
        return Written.of(f"agent = {line}")

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        verdict, talk = Verdict(), model.talks[self.talk - 1]
        before = talk.next_number
        self._do(model, talk, when)
        if talk.next_number > before:
            verdict.expect("agent.sequence", talk.next_number - 1, "7.4")
        if self.action == "resume":
            verdict.expect(model.talks[-1].name, UUID, "R48")
        return verdict

    def _do(self, model: Model, talk: Talk, when: Span) -> None:
        if self.action == "resume":
            # Whoever resumes it is there already; what else the new one has of the old is left open.
            running.opened(model, talk.who, None, when)
            return
        if self.action == "transfer":
            talk.agent, talk.skill_id = False, "4711"
            hearing.change(model, talk, when)
            return
        if self.action == "leave":
            talk.agent = False
            hearing.change(model, talk, when)
            return
        if not talk.agent:
            talk.agent, talk.agents = True, talk.agents + 1
            hearing.change(model, talk, when)
        agent = hearing.agent_of(talk)
        match self.action:
            case "typing" | "pause":
                state = "COMPOSING" if self.action == "typing" else "PAUSE"
                event = {"type": "ChatStateEvent", "chatState": state}
                hearing.message(model, talk, agent, event, when, numbered=False)
            case "read":
                numbers = [talk.said[-1]]
                read = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": numbers}
                hearing.message(model, talk, agent, read, when)
            case "accept":
                if talk.said[-1] not in talk.accepted.get(agent, set()):
                    hearing.accept(model, talk, agent, [talk.said[-1]], when)
            case "close":
                talk.state, talk.closed_by = "CLOSE", "AGENT"
                hearing.change(model, talk, when)
            case "join":
                pass
            case _:
                self._say(model, talk, agent, when)

    def _say(self, model: Model, talk: Talk, agent: str, when: Span) -> None:
        said = {"text": "How can I help?", "text with metadata": "Pick", "umlauts": "Schöne Grüße 🚀"}
        event: dict[str, Any] = CARD
        if self.action in said:
            event = {"type": "ContentEvent", "contentType": "text/plain", "message": said[self.action]}
        metadata = [{"type": "ExternalId", "id": "card-1"}] if self.action == "text with metadata" else None
        number = hearing.message(model, talk, agent, event, when, metadata)
        assert number is not None
        talk.told.append(number)
        talk.answered = True


@dataclass(frozen=True)
class Break:
    """A fault is switched on, for one time: the keywords of ``kit.sandbox.faults``."""

    fault: tuple[tuple[str, Any], ...]

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "fault"

    @property
    def name(self) -> str:
        """What goes wrong, for the report of what was covered."""
        return fault_name(dict(self.fault))

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        return "any"

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        # Two of a kind at once would leave open which strikes first.
        return not model.faults

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        given = ", ".join(f"{name}={source(value)}" for name, value in self.fault)
        return Written.of(f"fault = kit.sandbox.faults({given}, times=1)")

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        model.faults.append(dict(self.fault))
        return Verdict()


def fault_name(fault: dict[str, Any]) -> str:
    """A fault in a few letters: ``status 503``, ``drop before``, ``webhook loss``."""
    what = next(name for name in fault if name not in ("on", "retry_after", "done"))
    return f"{what} {fault[what]}"


FAULTS: tuple[tuple[tuple[str, Any], ...], ...] = (
    *((("status", status), ("on", "send")) for status in (404, 429, 500, 502, 503, 504, 451)),
    *((("status", status), ("on", "conversation")) for status in (429, 500, 503)),
    (("status", 429), ("retry_after", 7), ("on", "send")),
    (("status", 503), ("on", "send"), ("done", True)),
    *((("error_code", code), ("on", "send")) for code in (40001, 40102, 40103, 40104, 40105)),
    *((("error_code", code), ("on", "conversation")) for code in (40001, 40103)),
    (("drop", "before"), ("on", "send")),
    (("drop", "before"), ("on", "send"), ("done", True)),
    (("drop", "in"), ("on", "send")),
    (("drop", "after"), ("on", "send")),
    *((("body", how), ("on", "send")) for how in ("truncated", "malformed", "empty", "wrong_request_id")),
    (("expire", "app_jwt"), ("on", "send")),
    (("slow_conversation", 30),),
    *((("webhook", how),) for how in ("duplicate", "loss", "reorder")),
)


@dataclass(frozen=True)
class Listen:
    """What was heard of a conversation: every notification exactly once, in order, with the right words."""

    talk: int = 1

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "notifications"

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        talk = model.talk(self.talk)
        return "unknown" if talk is None else talk.situation

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        return model.talk(self.talk) is not None

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        name = model.talks[self.talk - 1].name
        return Written.of(
            "settled = any(kit.sandbox.settle(1) for _ in range(30))",
            f"notes = list(kit.log.read_notifications(conversation={name}))",
            "heard = [note.json() for note in notes]",
        )

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        talk = model.talks[self.talk - 1]
        expected = hearing.expected(model, talk)
        senders = "(note.signature, note.account_id == account, note.client_id == client)"
        verdict = Verdict([Check(f"{{{senders} for note in notes}}", {("valid", True, True)}, "9.5")])
        kinds = '{dict(note.headers)["content-type"] for note in notes}'
        verdict.expect(kinds, {"application/json; charset=utf-8"}, "9.5")
        if talk.order_open:
            verdict.expect("len(heard)", len(expected), "9.7")
        else:
            verdict.expect("heard", expected, "9.4")
        if not expected:
            verdict.checks = verdict.checks[2:]
        return verdict
