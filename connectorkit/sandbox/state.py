"""What the messaging service holds of conversations: plain data, no behaviour beyond looking at itself."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from itertools import islice
from typing import Any

from connectorkit import wire
from connectorkit.sandbox.history import History

# Seconds behind the names are account settings; PRIORITIZED is the documented default (R18).
TTR_SECONDS = {"URGENT": 300, "PRIORITIZED": 600, "NORMAL": 900, "CUSTOM": 1200}
DEFAULT_TTR = "PRIORITIZED"
KEPT_RECEIPTS = 10_000  # messages of one dialog whose ACCEPT can be repeated
_AGENTS_FIRST = {wire.CONSUMER: 1, wire.READER: 2, wire.CONTROLLER: 2}  # every other role is an agent's


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a dialog: the consumer, an agent, a bot."""

    id: str
    role: str


@dataclass(slots=True)
class Dialog:
    """One exchange of events, numbered from 0 by a counter of its own."""

    id: str
    conversation_id: str
    created_ts: int
    type: str = wire.MAIN_DIALOG
    state: str = wire.OPEN
    updated_ts: int = 0
    participants: list[Participant] = field(default_factory=list)
    app_id: str | None = None
    end_ts: int | None = None
    closed_by: str | None = None
    closed_cause: str | None = None
    next_sequence: int = 0
    events: History = field(default_factory=History)
    # Originator to {accepted number: number of the receipt}; a second ACCEPT of the same is a no-op.
    accepted: dict[str, dict[int, int]] = field(default_factory=dict)

    def number(self) -> int:
        """Take the next number; never reused."""
        taken = self.next_sequence
        self.next_sequence += 1
        return taken

    def join(self, participant: Participant) -> None:
        """Add somebody, agents before the consumer and the consumer before the rest."""
        if not self.participants:  # most join nobody
            self.participants = [participant]
            return
        others = [p for p in self.participants if p.id != participant.id]
        self.participants = sorted([*others, participant], key=lambda p: _AGENTS_FIRST.get(p.role, 0))

    def leave(self, participant_id: str) -> None:
        """Remove somebody."""
        self.participants = [p for p in self.participants if p.id != participant_id]

    def close(self, now: int, by: str, cause: str | None = None) -> None:
        """Close it for good."""
        self.state, self.end_ts, self.closed_by, self.closed_cause = wire.CLOSE, now, by, cause
        self.updated_ts = max(now, self.updated_ts + 1)

    def forget_receipts(self, speaker_id: str) -> None:
        """Forget the oldest messages that somebody has accepted, where there are too many to remember."""
        taken = self.accepted[speaker_id]
        if len(taken) > 2 * KEPT_RECEIPTS:
            self.accepted[speaker_id] = dict(islice(taken.items(), KEPT_RECEIPTS, None))

    @property
    def assigned_agent(self) -> Participant | None:
        """The one agent the dialog is assigned to, if any."""
        for participant in self.participants:
            if participant.role == wire.ASSIGNED_AGENT:
                return participant
        return None


@dataclass(slots=True)
class Conversation:
    """A container with exactly one consumer; its main dialog comes first and has its id."""

    id: str
    consumer_id: str
    dialogs: list[Dialog]
    start_ts: int
    last_consumer_ts: int
    updated_ts: int
    skill_id: str = wire.ANY_SKILL
    ttr_type: str = DEFAULT_TTR
    ttr_seconds: int = TTR_SECONDS[DEFAULT_TTR]
    request: dict[str, Any] = field(default_factory=dict)
    features_at_opening: tuple[str, ...] = ()
    features: tuple[str, ...] = ()  # of the latest request; they must be repeated on every SEND
    state: str = wire.OPEN
    stage: str = wire.OPEN
    effective_ttr: int = -1
    last_agent_ts: int | None = None
    had_agent: Participant | None = None  # the last one assigned, whether still there or not
    greeted: bool = False
    end_ts: int | None = None
    close_reason: str | None = None
    csat: dict[str, Any] | None = None

    @property
    def main(self) -> Dialog:
        """The dialog that was made with the conversation."""
        return self.dialogs[0]

    @property
    def active(self) -> Dialog:
        """The dialog that is open, else the last one."""
        return next((d for d in self.dialogs if d.state == wire.OPEN), self.dialogs[-1])

    @property
    def closed(self) -> bool:
        """Whether its main dialog is closed; a survey may still be going on."""
        return self.state == wire.CLOSE


def plain(value: Any) -> Any:
    """Records as objects. ``asdict`` would copy whatever is in them."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return [plain(one) for one in value] if isinstance(value, list | History) else value
