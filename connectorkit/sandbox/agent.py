"""The agent's desk: what an agent can do in a conversation, played by a person, a script or a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from connectorkit import wire
from connectorkit.sandbox import rich
from connectorkit.sandbox.account import Account
from connectorkit.sandbox.history import History
from connectorkit.sandbox.members import Members, json_object
from connectorkit.sandbox.receipts import Receipts
from connectorkit.sandbox.refusals import RequestRefused, bad, plain
from connectorkit.sandbox.seeded import Lot
from connectorkit.sandbox.shapes import check_metadata, check_sequences
from connectorkit.sandbox.state import Conversation, Participant
from connectorkit.sandbox.warnings import Warnings

ACTIONS = (
    *("join", "accept", "read", "typing", "pause", "text", "rich"),
    *("transfer", "leave", "close", "resume"),
)
_JOINING_ROLES = tuple(r for r in wire.ROLES if r not in (wire.CONSUMER, wire.CONTROLLER))
# Who acted, and the number that the event took, if it was one that takes a number.
_Done = tuple[Participant | None, int | None]


class Desk:
    """Agents of one account. Who acts without having joined joins first, but for transfers."""

    def __init__(self, account: Account, lot: Lot, warnings: Warnings) -> None:
        self._account = account
        self._lot = lot
        self._warnings = warnings
        self._receipts: WeakKeyDictionary[History, dict[str, Receipts]] = WeakKeyDictionary()

    def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one action described in JSON; raises ``Refusal`` for what cannot be done."""
        given = Members(request, "")
        try:
            check_action(given)
            action = given.value["action"]
            conversation_id = given.text("conversation_id", required=True, empty=False) or ""
            talk = self._account.conversations.get(conversation_id)
            if talk is None:
                raise plain(404, f"There is no conversation {conversation_id}; GET /sandbox/state lists them")
            if talk.closed and action != "resume":
                raise bad("the conversation is closed; an agent can only resume it")
            agent, sequence = self._do(action, talk, given)
        except RequestRefused as refusal:
            # In the plain form of the control API: nothing here is part of the protocol.
            raise plain(400, refusal.body["body"]["msg"].removeprefix("Bad Request, ")) from None
        return {
            "conversation_id": conversation_id,
            "action": action,
            "agent_id": agent.id if agent else None,
            "sequence": sequence,
            **({"new_conversation_id": self._open_of(talk)} if action == "resume" else {}),
        }

    # --- Actions ---

    def _do(self, action: str, talk: Conversation, given: Members) -> _Done:
        match action:
            case "join":
                return self._join(talk, given.value.get("role") or wire.ASSIGNED_AGENT), None
            case "accept" | "read":
                return self._receipt(talk, action.upper(), _sequences(given))
            case "typing" | "pause":
                state = "COMPOSING" if action == "typing" else "PAUSE"
                agent, _ = self._publish(talk, {"type": wire.CHAT_STATE_EVENT, "chatState": state})
                return agent, None
            case "text":
                return self._publish(talk, _text(given), given.items("metadata"))
            case "rich":
                return self._publish(talk, _rich(given), given.items("metadata"))
            case "transfer":
                return self._transfer(talk, _skill_id(given)), None
            case "leave":
                return self._leave(talk), None
            case "close":
                agent = self._agent(talk)
                self._account.close_dialog(talk, talk.main, wire.AGENT)
                return agent, None
            case _:
                return self._resume(talk), None

    def _join(self, talk: Conversation, role: str) -> Participant:
        if role == wire.ASSIGNED_AGENT:
            return self._agent(talk)
        joined = Participant(self._lot.uuid(), role)
        talk.main.join(joined)
        self._account.changed(talk)
        return joined

    def _leave(self, talk: Conversation) -> Participant:
        agent = talk.main.assigned_agent
        if agent is None:
            raise bad("no agent is in the conversation")
        talk.main.leave(agent.id)
        self._account.changed(talk)
        return agent

    def _receipt(self, talk: Conversation, status: str, given: list[int]) -> _Done:
        numbers = given or self._unanswered(talk, status)
        if not numbers:
            return self._agent(talk), None
        event = {"type": wire.ACCEPT_STATUS_EVENT, "status": status, "sequenceList": numbers}
        return self._publish(talk, event)

    def _transfer(self, talk: Conversation, skill_id: str) -> Participant | None:
        """Nobody joins only to leave: what waits for an agent can be transferred too."""
        agent = talk.main.assigned_agent
        if agent is not None:
            talk.main.leave(agent.id)
        talk.skill_id = skill_id
        self._account.changed(talk)
        return agent

    def _resume(self, talk: Conversation) -> Participant:
        """Talk to the consumer again: a new conversation, which the connector did not ask for (R48)."""
        if not talk.closed:
            raise bad("the conversation is open; there is nothing to resume")
        if open_id := self._open_of(talk):
            raise bad(f"conversation {open_id} of the same consumer is still open; close it first")
        agent = talk.had_agent or self._new_agent()
        request = talk.request | {"skillId": talk.skill_id}
        self._account.open(talk.consumer_id, request, talk.features_at_opening, agent)
        return agent

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
    ) -> _Done:
        agent = self._agent(talk)
        needed = {wire.RICH_CONTENT: event["type"] == wire.RICH_CONTENT_EVENT}
        needed[wire.QUICK_REPLIES] = "quickReplies" in event
        for feature, is_needed in needed.items():
            if is_needed and feature not in talk.features:
                self._warnings.add(
                    talk.id, f"The connector was sent what needs {feature}, which it had not switched on"
                )
        return agent, self._account.publish(talk.main, agent, event, metadata or None)

    def _unanswered(self, talk: Conversation, status: str) -> list[int]:
        """Numbers of the consumer's messages that the agent has not sent this receipt for."""
        agent, events = self._agent(talk), talk.main.events
        known = self._receipts.setdefault(events, {})
        if (receipts := known.get(status)) is None or receipts.agent_id != agent.id:
            receipts = known[status] = Receipts(agent.id, status)
        return receipts.unanswered(events)

    def _open_of(self, talk: Conversation) -> str | None:
        return self._account.open_conversation(talk.consumer_id)


# --- What an action must have, whatever the conversation ---------------------------------------------


def check_action(given: Members) -> None:
    """Refuse an action that could be carried out nowhere; the message names the member."""
    match given.choice("action", ACTIONS, required=True):
        case "join":
            given.choice("role", _JOINING_ROLES)
        case "accept" | "read":
            _sequences(given)
        case "text":
            _text(given)
        case "rich":
            _rich(given)
        case "transfer":
            _skill_id(given)


def _sequences(given: Members) -> list[int]:
    numbers = given.items("sequences")
    if numbers:
        check_sequences(numbers, given.path("sequences"))
    return numbers


def _text(given: Members) -> dict[str, Any]:
    text = given.text("text", required=True, empty=False)
    check_metadata(given)
    event = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": text}
    return event | _quick_replies(given)


def _rich(given: Members) -> dict[str, Any]:
    content = given.inner("content", required=True)
    assert content is not None
    rich.check_content(content)
    check_metadata(given)
    return {"type": wire.RICH_CONTENT_EVENT, "content": content.value} | _quick_replies(given)


def _skill_id(given: Members) -> str:
    skill_id = given.text_or_integer("skill_id")
    if skill_id in (None, ""):
        raise bad(f"{given.path('skill_id')} is missing")
    return str(skill_id)


def _quick_replies(given: Members) -> dict[str, Any]:
    """Quick replies as the wire has them; a plain list of titles is enough."""
    value = given.value.get("quick_replies")
    if value is None:
        return {}
    name = given.path("quick_replies")
    if isinstance(value, list):
        if not value or not all(isinstance(title, str) and title for title in value):
            raise bad(f"{name} must be titles, or an object of type quickReplies")
        value = quick_replies(value)
    rich.check_quick_replies(json_object(value, name))
    return {"quickReplies": value}


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
