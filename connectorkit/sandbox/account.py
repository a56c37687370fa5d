"""One account's conversations and what happens to them. It knows nothing of HTTP, and tells who listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from connectorkit import wire
from connectorkit.sandbox import notices, refusals
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.files import FileStore
from connectorkit.sandbox.history import Archive, copied
from connectorkit.sandbox.notices import Event
from connectorkit.sandbox.seeded import Lot
from connectorkit.sandbox.state import DEFAULT_TTR, TTR_SECONDS, Conversation, Dialog, Participant, plain

# What bots and scripts hear: "open", "said" (a consumer's message was taken), "closing" of the main dialog
# before anybody is told of it, and "closed" of any dialog afterwards.
Reaction = Callable[[str, Conversation, Dialog, dict[str, Any]], None]
KEPT_CLOSED = 10_000  # conversations that are over; older ones are forgotten
_CONTENT = (wire.CONTENT_EVENT, wire.RICH_CONTENT_EVENT)


class Account:
    """Everything the messaging service remembers; one instance per sandbox.

    ``tell`` is called with each notification of a type that is ``listened_to``, ``warn`` with what a client
    should know of; ``reactions`` has who is told of what, so that bots and scripts can answer.
    """

    def __init__(self, account_id: str, lot: Lot, clock: Clock, files: FileStore) -> None:
        self.account_id = account_id
        self.files = files
        self.profiles: dict[str, dict[str, Any]] = {}
        self.conversations: dict[str, Conversation] = {}
        self.controller = Participant(lot.uuid(), wire.CONTROLLER)
        self.tell: Callable[[Event], None] = lambda event: None
        self.listened_to: Callable[[str], bool] = lambda kind: True
        self.warn: Callable[[str, str], None] = lambda about, text: None
        self.reactions: dict[str, list[Reaction]] = {}
        self._open: dict[str, str] = {}
        self._hidden: dict[str, float] = {}
        self._dialogs: dict[str, tuple[Conversation, Dialog]] = {}
        self._closed: deque[str] = deque()
        self._archive = Archive()
        self._lot = lot
        self._clock = clock

    def reset(self) -> None:
        """Forget profiles and conversations. Ids go on, so that none is ever used twice."""
        self.profiles.clear()
        self.files.reset()
        self.conversations.clear()
        self._open.clear()
        self._hidden.clear()
        self._dialogs.clear()
        self._closed.clear()
        self._archive = Archive()

    def memory(self) -> tuple[Any, ...]:
        """All that is remembered of what was said."""
        return self.profiles, self.conversations, self._open, self._hidden

    def recall(self, memory: tuple[Any, ...]) -> None:
        """Remember that instead."""
        self.profiles, self.conversations, self._open, self._hidden = memory
        self._dialogs = {
            dialog.id: (conversation, dialog)
            for conversation in self.conversations.values()
            for dialog in conversation.dialogs
        }
        self._closed = deque(one.id for one in self.conversations.values() if one.stage == wire.CLOSE)
        self._archive = Archive(dialog.events for _, dialog in self._dialogs.values())

    def dump(self) -> dict[str, Any]:
        """The whole state as JSON, for a person to look at; to be written at once, as nothing is copied."""
        return {
            "profiles": self.profiles,
            "conversations": [plain(conversation) for conversation in self.conversations.values()],
        }

    # --- Looking things up ---

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

    def hide(self, conversation_id: str, seconds: float) -> None:
        """Let its consumer not find a conversation for so long (R64)."""
        self._hidden[conversation_id] = self._clock.now() + seconds

    def open_conversation(self, consumer_id: str) -> str | None:
        """The id of the consumer's open conversation, if there is one."""
        return self._open.get(consumer_id)

    def today(self) -> date:
        """The day it is, by the sandbox's clock."""
        return datetime.fromtimestamp(self._clock.now(), UTC).date()

    # --- What consumers, agents and bots do ---

    def set_profile(self, consumer_id: str, members: dict[str, Any]) -> None:
        """Store a profile, replacing member by member."""
        self.profiles.setdefault(consumer_id, {}).update(members)

    def open(
        self,
        consumer_id: str,
        request: dict[str, Any],
        features: Sequence[str] = (),
        agent: Participant | None = None,
    ) -> Conversation:
        """Open the consumer's conversation; refused while another is open."""
        if consumer_id in self._open:
            raise refusals.RequestRefused(400, wire.ALREADY_OPEN_MESSAGE.format(lp_consumer_id=consumer_id))
        new_id, now = self._lot.uuid(), self._clock.now_ms()  # one reading: all its times are equal
        ttr_type = request.get("ttrDefName") or DEFAULT_TTR
        conversation = Conversation(
            id=new_id,
            consumer_id=consumer_id,
            dialogs=[],
            start_ts=now,
            last_consumer_ts=now,
            updated_ts=now - 1,
            skill_id=_skill(request.get("skillId")),
            ttr_type=ttr_type,
            ttr_seconds=TTR_SECONDS[ttr_type],
            effective_ttr=now + TTR_SECONDS[ttr_type] * 1000,
            request=copied(request),
            features_at_opening=tuple(features),
            features=tuple(features),
            had_agent=agent,
        )
        self.conversations[new_id] = conversation
        self._open[consumer_id] = new_id
        here = [agent] if agent is not None else []
        participants = [*here, Participant(consumer_id, wire.CONSUMER)]
        dialog = self.add_dialog(conversation, new_id, participants, now)
        self.changed(conversation, now)
        self._react("open", conversation, dialog, {})
        return conversation

    def add_dialog(
        self,
        conversation: Conversation,
        dialog_id: str,
        participants: Sequence[Participant],
        now: int | None = None,
        **facts: Any,
    ) -> Dialog:
        """One more dialog in the conversation; whoever asks for it tells of the change."""
        now = self._clock.now_ms() if now is None else now
        dialog = Dialog(dialog_id, conversation.id, now, updated_ts=now, **facts)
        for participant in participants:
            dialog.join(participant)
        conversation.dialogs.append(dialog)
        self._dialogs[dialog_id] = conversation, dialog
        return dialog

    def publish(
        self,
        dialog: Dialog,
        speaker: Participant,
        event: dict[str, Any],
        metadata: list[dict[str, Any]] | None = None,
    ) -> int:
        """Take an event into a dialog; its number is returned, or 0 for a chat state, which has none.

        With a consumer's message, the receipt of its arrival is booked in the same step, which takes the
        next number: so sends with nothing in between are numbered 0, 2, 4.
        """
        conversation = self.conversations[dialog.conversation_id]
        accepts = event["type"] == wire.ACCEPT_STATUS_EVENT and event["status"] == "ACCEPT"
        if accepts:
            taken = dialog.accepted.setdefault(speaker.id, {})
            if all(number in taken for number in event["sequenceList"]):
                return taken[event["sequenceList"][-1]]
        record = self._record(dialog, speaker, event, metadata)
        number = record["sequence"]
        if accepts:
            # Numbers that are not in the dialog have no effect (R66); the message may yet come.
            taken |= {n: number for n in event["sequenceList"] if n < number and n not in taken}
            dialog.forget_receipts(speaker.id)
        if event["type"] in _CONTENT:
            self._count_time(conversation, dialog, speaker, record["serverTimestamp"])
            if speaker.role == wire.CONSUMER:
                receipt = {"type": wire.ACCEPT_STATUS_EVENT, "status": "ACCEPT", "sequenceList": [number]}
                self.publish(dialog, dialog.assigned_agent or self.controller, receipt)
                self._react("said", conversation, dialog, record)
        return number if number is not None else 0

    def set_ttr(self, conversation: Conversation, ttr_type: str, seconds: int) -> None:
        """Change the urgency."""
        conversation.ttr_type, conversation.ttr_seconds = ttr_type, seconds
        if conversation.effective_ttr != -1:
            conversation.effective_ttr = conversation.last_consumer_ts + seconds * 1000
        self.changed(conversation)

    def rate(self, conversation: Conversation, csat: dict[str, Any]) -> None:
        """Store the consumer's satisfaction; the last one wins."""
        conversation.csat = csat
        self.changed(conversation)

    def close_dialog(
        self, conversation: Conversation, dialog: Dialog, by: str, cause: str | None = None
    ) -> None:
        """Close one dialog; the conversation closes with its last, unless a survey takes over."""
        now = self._clock.now_ms()
        dialog.close(now, by, cause)
        if dialog is conversation.main:
            conversation.state = wire.CLOSE
            conversation.close_reason = by
            conversation.effective_ttr = -1
            self._react("closing", conversation, dialog, {})
        if all(d.state == wire.CLOSE for d in conversation.dialogs):
            self._end(conversation, now)
        self.changed(conversation)
        self._react("closed", conversation, dialog, {})

    def close_all(self, conversation: Conversation, by: str) -> None:
        """Close everything at once; no survey follows."""
        now = self._clock.now_ms()
        for dialog in conversation.dialogs:
            if dialog.state == wire.OPEN:
                dialog.close(now, by)
        conversation.state = wire.CLOSE
        conversation.close_reason = conversation.close_reason or by
        conversation.effective_ttr = -1
        self._end(conversation, now)
        self.changed(conversation)

    def changed(self, conversation: Conversation, now: int | None = None) -> None:
        """Tell of the conversation's new state. Its time of change only grows, so that old news show."""
        now = self._clock.now_ms() if now is None else now
        conversation.updated_ts = max(now, conversation.updated_ts + 1)
        for dialog in conversation.dialogs:
            if dialog.state == wire.OPEN:
                dialog.updated_ts = conversation.updated_ts
        if self.listened_to(wire.CONVERSATION_NOTIFICATION):
            self.tell(notices.conversation_change(self.account_id, conversation))

    # --- The parts of a step ---

    def _record(
        self,
        dialog: Dialog,
        speaker: Participant,
        event: dict[str, Any],
        metadata: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        numbered = event["type"] != wire.CHAT_STATE_EVENT
        record = {
            "sequence": dialog.number() if numbered else None,
            "originatorId": speaker.id,
            "role": speaker.role,
            "serverTimestamp": self._clock.now_ms(),
            "event": event,
            "metadata": metadata,
        }
        dialog.events.append(record)
        self._archive.appended(dialog.events)
        if self.listened_to(f"{wire.MESSAGING_NOTIFICATION}.{event['type']}"):
            self.tell(notices.messaging_event(dialog, record))
        return record

    @staticmethod
    def _count_time(conversation: Conversation, dialog: Dialog, speaker: Participant, now: int) -> None:
        """Whose turn it is, and until when the agent should have answered."""
        if dialog is not conversation.main:
            return
        if speaker.role == wire.CONSUMER:
            conversation.last_consumer_ts = now
            conversation.effective_ttr = now + conversation.ttr_seconds * 1000
        elif speaker.role != wire.CONTROLLER:  # an automatic greeting answers nothing
            conversation.last_agent_ts = now
            conversation.effective_ttr = -1

    def _end(self, conversation: Conversation, now: int) -> None:
        conversation.stage = wire.CLOSE
        conversation.end_ts = now
        self._open.pop(conversation.consumer_id, None)
        self._closed.append(conversation.id)
        if len(self._closed) > KEPT_CLOSED:
            self._forget(self._closed.popleft())

    def _forget(self, conversation_id: str) -> None:
        """Know no more of a conversation than of one that never was."""
        for dialog in self.conversations.pop(conversation_id).dialogs:
            del self._dialogs[dialog.id]
        self._hidden.pop(conversation_id, None)

    def _is_hidden(self, conversation_id: str) -> bool:
        return self._clock.now() < self._hidden.get(conversation_id, 0)

    def _react(self, what: str, conversation: Conversation, dialog: Dialog, record: dict[str, Any]) -> None:
        for reaction in self.reactions.get(what, ()):
            reaction(what, conversation, dialog, record)

    def _owned(self, conversation: Conversation | None, consumer_id: str) -> Conversation:
        if conversation is None or (self._hidden and self._is_hidden(conversation.id)):
            raise refusals.not_found()
        if conversation.consumer_id != consumer_id:
            raise refusals.door(wire.INVALID_CONSUMER_JWS)
        return conversation


def _skill(given: Any) -> str:
    return str(given) if given not in (None, "") else wire.ANY_SKILL
