"""The agent's desk: what an agent can do in a conversation, played by a person, a script or a test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from connectorkit import wire
from connectorkit.sandbox import rich
from connectorkit.sandbox.account import Account
from connectorkit.sandbox.members import Members, is_integer
from connectorkit.sandbox.refusals import RequestRefused, bad, plain
from connectorkit.sandbox.seeded import Lot
from connectorkit.sandbox.shapes import check_event
from connectorkit.sandbox.state import Conversation, Participant
from connectorkit.sandbox.warnings import Warnings

_CONTENT = (wire.CONTENT_EVENT, wire.RICH_CONTENT_EVENT)
_JOINING_ROLES = tuple(r for r in wire.ROLES if r not in (wire.CONSUMER, wire.CONTROLLER))


class Desk:
    """Agents of one account. An agent who acts without having joined joins first."""

    def __init__(self, account: Account, lot: Lot, warnings: Warnings) -> None:
        self._account = account
        self._lot = lot
        self._warnings = warnings
        self.actions: dict[str, Callable[[Conversation, Members], int | None]] = {
            "join": self._join,
            "accept": lambda talk, given: self._receipt(talk, "ACCEPT", given),
            "read": lambda talk, given: self._receipt(talk, "READ", given),
            "typing": lambda talk, _: self._chat_state(talk, "COMPOSING"),
            "pause": lambda talk, _: self._chat_state(talk, "PAUSE"),
            "text": self._text,
            "rich": self._rich,
            "transfer": self._transfer,
            "leave": self._leave,
            "close": self._close,
            "resume": self._resume,
        }

    def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one action described in JSON; raises ``Refusal`` for what cannot be done."""
        given = Members(request, "")
        try:
            action = given.choice("action", tuple(self.actions), required=True)
            conversation_id = given.text("conversation_id", required=True, empty=False) or ""
            talk = self._account.conversations.get(conversation_id)
            if talk is None:
                raise plain(404, f"There is no conversation {conversation_id}; GET /sandbox/state lists them")
            if talk.closed and action != "resume":
                raise bad("the conversation is closed; an agent can only resume it")
            if not talk.closed and action == "resume":
                raise bad("the conversation is open; there is nothing to resume")
            sequence = self.actions[action](talk, given)
        except RequestRefused as refusal:
            # In the plain form of the control API: nothing here is part of the protocol.
            raise plain(400, refusal.body["body"]["msg"].removeprefix("Bad Request, ")) from None
        agent = talk.had_agent
        return {
            "conversation_id": conversation_id,
            "action": action,
            "agent_id": agent.id if agent else None,
            "sequence": sequence,
            **({"new_conversation_id": self._open_of(talk)} if action == "resume" else {}),
        }

    # --- Actions ---

    def _join(self, talk: Conversation, given: Members) -> None:
        role = given.choice("role", _JOINING_ROLES) or wire.ASSIGNED_AGENT
        if role == wire.ASSIGNED_AGENT:
            self._agent(talk)
        else:
            talk.main.join(Participant(self._lot.uuid(), role))
            self._account.changed(talk)

    def _leave(self, talk: Conversation, given: Members) -> None:
        agent = talk.main.assigned_agent
        if agent is None:
            raise bad("no agent is in the conversation")
        talk.main.leave(agent.id)
        self._account.changed(talk)

    def _receipt(self, talk: Conversation, status: str, given: Members) -> int | None:
        numbers = given.items("sequences") or self._unanswered(talk, status)
        if not all(is_integer(number) and number >= 0 for number in numbers):
            raise bad("sequences must be whole numbers from 0 up")
        if not numbers:
            return None
        event = {"type": wire.ACCEPT_STATUS_EVENT, "status": status, "sequenceList": numbers}
        return self._publish(talk, event)

    def _chat_state(self, talk: Conversation, state: str) -> None:
        self._publish(talk, {"type": wire.CHAT_STATE_EVENT, "chatState": state})

    def _text(self, talk: Conversation, given: Members) -> int:
        text = given.text("text", required=True, empty=False)
        event = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": text}
        return self._publish(talk, event | _quick_replies(given), given.items("metadata"))

    def _rich(self, talk: Conversation, given: Members) -> int:
        content = given.inner("content", required=True)
        assert content is not None
        rich.check_content(content)
        event = {"type": wire.RICH_CONTENT_EVENT, "content": content.value}
        return self._publish(talk, event | _quick_replies(given), given.items("metadata"))

    def _transfer(self, talk: Conversation, given: Members) -> None:
        skill_id = given.text_or_integer("skill_id")
        if skill_id in (None, ""):
            raise bad("skill_id is missing")
        if agent := talk.main.assigned_agent:
            talk.main.leave(agent.id)
        talk.skill_id = str(skill_id)
        self._account.changed(talk)

    def _close(self, talk: Conversation, given: Members) -> None:
        self._account.close_dialog(talk, talk.main, wire.AGENT)

    def _resume(self, talk: Conversation, given: Members) -> None:
        """Talk to the consumer again: a new conversation, which the connector did not ask for (R48)."""
        if self._open_of(talk) is not None:
            raise bad("the consumer has another open conversation")
        agent = talk.had_agent or self._new_agent()
        self._account.open(talk.consumer_id, talk.request, talk.features_at_opening, agent)

    # --- Parts ---

    def _agent(self, talk: Conversation) -> Participant:
        agent = talk.main.assigned_agent
        if agent is None:
            agent = self._new_agent()
            talk.main.join(agent)
            talk.had_agent = agent
            self._account.changed(talk)
        return agent

    def _new_agent(self) -> Participant:
        return Participant(self._lot.uuid(), wire.ASSIGNED_AGENT)

    def _publish(
        self, talk: Conversation, event: dict[str, Any], metadata: list[dict[str, Any]] | None = None
    ) -> int:
        check_event(Members(event, ""))
        agent = self._agent(talk)
        needed = {wire.RICH_CONTENT: event["type"] == wire.RICH_CONTENT_EVENT}
        needed[wire.QUICK_REPLIES] = "quickReplies" in event
        for feature, is_needed in needed.items():
            if is_needed and feature not in talk.features:
                self._warnings.add(
                    talk.id, f"The connector was sent what needs {feature}, which it had not switched on"
                )
        return self._account.publish(talk.main, agent, event, metadata or None)

    def _unanswered(self, talk: Conversation, status: str) -> list[int]:
        """Numbers of the consumer's messages that the agent has not sent this receipt for."""
        agent = self._agent(talk)
        said = [r for r in talk.main.events if r["role"] == wire.CONSUMER and r["event"]["type"] in _CONTENT]
        answered = {
            number
            for record in talk.main.events
            if record["originatorId"] == agent.id and record["event"].get("status") == status
            for number in record["event"]["sequenceList"]
        }
        return [record["sequence"] for record in said if record["sequence"] not in answered]

    def _open_of(self, talk: Conversation) -> str | None:
        return self._account.open_conversation(talk.consumer_id)


def quick_replies(titles: Sequence[str], **answer: str) -> dict[str, Any]:
    """A row of buttons that answer with their own titles; ``answer`` adds ids for the click's metadata."""
    return {
        "type": "quickReplies",
        "itemsPerRow": 8,
        "replies": [
            {
                "type": "button",
                "title": title,
                "tooltip": title,
                "click": {
                    "actions": [{"type": "publishText", "text": title}],
                    "metadata": [
                        {"type": "Answer", "id": title[: wire.MAX_METADATA_ID], **answer}
                        if answer
                        else {"type": "ExternalId", "id": title[: wire.MAX_METADATA_ID]}
                    ],
                },
            }
            for title in titles
        ],
    }


def _quick_replies(given: Members) -> dict[str, Any]:
    """Quick replies as the wire has them; a plain list of titles is enough."""
    value = given.value.get("quick_replies")
    if value is None:
        return {}
    if isinstance(value, list):
        if not value or not all(isinstance(title, str) and title for title in value):
            raise bad("quick_replies must be titles, or an object of type quickReplies")
        value = quick_replies(value)
    rich.check_quick_replies(Members({"quick_replies": value}, "").inner("quick_replies") or Members({}, ""))
    return {"quickReplies": value}
