"""Steps of the agent of a conversation, played by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectorkit.explore import hearing, running, surveying
from connectorkit.explore.contents import CARD
from connectorkit.explore.expecting import UUID
from connectorkit.explore.model import Model, Span, Talk
from connectorkit.explore.source import source
from connectorkit.explore.steps import Plain, Verdict, Written

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
class Act(Plain):
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
            # Whether the new one is greeted or surveyed as the old one was is left open.
            return not model.settings and talk.closed and model.open_of(talk.who) is None
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
                surveying.close(model, talk, "AGENT", None, when)
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
        talk.answered, talk.answered_at = True, when
