"""The state of one account: consumers, conversations, dialogs. It knows nothing of HTTP."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from connectorkit import wire
from connectorkit.sandbox import refusals
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.seeded import Lot

OPEN = "OPEN"
CONSUMER, CONTROLLER = "CONSUMER", "CONTROLLER"
# Seconds behind the names are account settings; PRIORITIZED is the documented default (R18).
TTR_SECONDS = {"URGENT": 300, "PRIORITIZED": 600, "NORMAL": 900, "CUSTOM": 1200}
DEFAULT_TTR = "PRIORITIZED"


@dataclass
class Dialog:
    """One exchange of events, numbered from 0 by a counter of its own."""

    id: str
    type: str = "MAIN"
    state: str = OPEN
    next_sequence: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def number(self) -> int:
        """Take the next number; never reused."""
        taken = self.next_sequence
        self.next_sequence += 1
        return taken


@dataclass
class Conversation:
    """A container with exactly one consumer; its main dialog has its id."""

    id: str
    consumer_id: str
    dialogs: list[Dialog]
    start_ts: int
    last_consumer_ts: int
    skill_id: str = wire.ANY_SKILL
    ttr_type: str = DEFAULT_TTR
    ttr_seconds: int = TTR_SECONDS[DEFAULT_TTR]
    request: dict[str, Any] = field(default_factory=dict)
    state: str = OPEN
    stage: str = OPEN
    effective_ttr: int = -1
    end_ts: int | None = None
    close_reason: str | None = None
    csat: dict[str, Any] | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing more can be said in it."""
        return self.state == wire.CLOSE


class Account:
    """Everything the messaging service remembers; one instance per sandbox."""

    def __init__(self, account_id: str, lot: Lot, clock: Clock) -> None:
        self.account_id = account_id
        self.profiles: dict[str, dict[str, Any]] = {}
        self.conversations: dict[str, Conversation] = {}
        self._open: dict[str, str] = {}
        self._dialogs: dict[str, tuple[Conversation, Dialog]] = {}
        self._lot = lot
        self._clock = clock

    def reset(self) -> None:
        """Forget profiles and conversations. Ids go on, so that none is ever used twice."""
        self.profiles.clear()
        self.conversations.clear()
        self._open.clear()
        self._dialogs.clear()

    def set_profile(self, consumer_id: str, members: dict[str, Any]) -> None:
        """Store a profile, replacing member by member."""
        self.profiles.setdefault(consumer_id, {}).update(members)

    def open(self, consumer_id: str, request: dict[str, Any]) -> Conversation:
        """Open the consumer's conversation; refused while another is open."""
        if consumer_id in self._open:
            raise refusals.RequestRefused(400, wire.ALREADY_OPEN_MESSAGE.format(lp_consumer_id=consumer_id))
        new_id, now = self._lot.uuid(), self._clock.now_ms()
        ttr_type = request.get("ttrDefName") or DEFAULT_TTR
        conversation = Conversation(
            id=new_id,
            consumer_id=consumer_id,
            dialogs=[Dialog(new_id)],
            start_ts=now,
            last_consumer_ts=now,
            skill_id=_skill(request.get("skillId")),
            ttr_type=ttr_type,
            ttr_seconds=TTR_SECONDS[ttr_type],
            effective_ttr=now + TTR_SECONDS[ttr_type] * 1000,
            request=request,
        )
        self.conversations[new_id] = conversation
        self._dialogs[new_id] = conversation, conversation.dialogs[0]
        self._open[consumer_id] = new_id
        return conversation

    def conversation(self, conversation_id: str, consumer_id: str) -> Conversation:
        """The conversation, if it exists and is this consumer's."""
        found = self.conversations.get(conversation_id)
        return self._owned(found, consumer_id)

    def dialog(self, dialog_id: str, consumer_id: str) -> tuple[Conversation, Dialog]:
        """The dialog and its conversation, if they exist and are this consumer's."""
        conversation, dialog = self._dialogs.get(dialog_id, (None, None))
        owned = self._owned(conversation, consumer_id)
        assert dialog is not None
        return owned, dialog

    def check_not_foreign(self, dialog_id: str, consumer_id: str) -> None:
        """Refuse a dialog of another consumer; an unknown one is found out later."""
        if dialog_id in self._dialogs:
            self.dialog(dialog_id, consumer_id)

    def publish_content(self, conversation: Conversation, dialog: Dialog, event: dict[str, Any]) -> int:
        """Take a consumer's message; its number is returned.

        In the same step the receipt of its arrival is booked, which takes the next number: so sends with
        nothing in between are numbered 0, 2, 4.
        """
        now = self._clock.now_ms()
        sequence = dialog.number()
        dialog.events.append(_event(sequence, conversation.consumer_id, CONSUMER, event, now))
        receipt = {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [sequence]}
        dialog.events.append(_event(dialog.number(), CONTROLLER.lower(), CONTROLLER, receipt, now))
        conversation.last_consumer_ts = now
        conversation.effective_ttr = now + conversation.ttr_seconds * 1000
        return sequence

    def publish_chat_state(self, conversation: Conversation, dialog: Dialog, event: dict[str, Any]) -> int:
        """Take a chat state; it has no number, and the answer says 0."""
        dialog.events.append(_event(None, conversation.consumer_id, CONSUMER, event, self._clock.now_ms()))
        return 0

    def close(self, conversation: Conversation, reason: str) -> None:
        """Close it with all its dialogs, for good."""
        conversation.state = conversation.stage = wire.CLOSE
        conversation.end_ts = self._clock.now_ms()
        conversation.close_reason = reason
        conversation.effective_ttr = -1
        for dialog in conversation.dialogs:
            dialog.state = wire.CLOSE
        self._open.pop(conversation.consumer_id, None)

    def set_ttr(self, conversation: Conversation, ttr_type: str, seconds: int) -> None:
        """Change the urgency."""
        conversation.ttr_type, conversation.ttr_seconds = ttr_type, seconds
        conversation.effective_ttr = conversation.last_consumer_ts + seconds * 1000

    def dump(self) -> dict[str, Any]:
        """The whole state as JSON, for a person to look at."""
        return {
            "profiles": self.profiles,
            "conversations": [asdict(conversation) for conversation in self.conversations.values()],
        }

    @staticmethod
    def _owned(conversation: Conversation | None, consumer_id: str) -> Conversation:
        if conversation is None:
            raise refusals.not_found()
        if conversation.consumer_id != consumer_id:
            raise refusals.door(wire.INVALID_CONSUMER_JWS)
        return conversation


def _skill(given: Any) -> str:
    return str(given) if given not in (None, "") else wire.ANY_SKILL


def _event(
    sequence: int | None, originator: str, role: str, event: dict[str, Any], now: int
) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "originatorId": originator,
        "role": role,
        "serverTimestamp": now,
        "event": event,
    }
