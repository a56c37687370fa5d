"""Reads the changes out of received notifications, and marks those that came twice or out of order.

Nothing here fails on an odd body: what cannot be read is missing. Marks are found by going over the
deliveries in the order they came, so a receiver has nothing to remember.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectorkit.log import Log, Notification
from connectorkit.markup import Shown
from connectorkit.pairs import object_or_empty, text_or_none
from connectorkit.records import stamped
from connectorkit.replies import whole_number

VALID = "valid"
DUPLICATE, GAP, LATE, STALE = MARKS = ("duplicate", "gap", "late", "stale")
_MAX_MS = 9_000_000_000_000  # as nanoseconds it still fits 64 bits; the year 2255


@dataclass(frozen=True)
class Change(Shown):
    """One change in a received notification; the members are named like the columns of the frame.

    ``event`` and ``details`` are the published event and the conversation's details as they came,
    ``metadata`` what stood beside the event.
    ``position`` is missing for a delivery in which no change could be read. ``server_timestamp`` is
    milliseconds since the epoch.
    """

    notification: Notification
    position: int | None = None
    type: str | None = None
    event_type: str | None = None
    conversation_id: str | None = None
    dialog_id: str | None = None
    sequence: int | None = None
    originator_id: str | None = None
    originator_role: str | None = None
    server_timestamp: int | None = None
    event: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    metadata: list[dict[str, Any]] = field(default_factory=list)
    attempt: int | None = None
    mark: str = ""

    def __repr__(self) -> str:
        number = "" if self.sequence is None else f" {self.sequence}"
        who = "" if self.originator_role is None else f" by {self.originator_role}"
        return f"<Change: {self.event_type or self.type}{number}{who}>"

    @property
    def valid(self) -> bool:
        """Whether its signature was: anybody may send the rest."""
        return self.notification.signature == VALID

    @property
    def identity(self) -> tuple[str, str, int] | None:
        """What all deliveries of it share within one service; a chat state has nothing of the kind."""
        if self.dialog_id is not None and self.sequence is not None and self.sequence >= 0:
            return "event", self.dialog_id, self.sequence
        if self.details and self.conversation_id is not None and self.server_timestamp is not None:
            return "conversation", self.conversation_id, self.server_timestamp
        return None

    @property
    def lag_ms(self) -> float | None:
        """From the service's time stamp to its arrival here, by two clocks."""
        if self.server_timestamp is None:
            return None
        return self.notification.received_at / 1_000_000 - self.server_timestamp

    @property
    def text(self) -> str | None:
        """The message, where it is a text; that of a file is an object."""
        return text_or_none(self.event.get("message"))

    @property
    def status(self) -> str | None:
        """What a receipt or a chat state says."""
        return text_or_none(self.event.get("status")) or text_or_none(self.event.get("chatState"))

    @property
    def state(self) -> str | None:
        """Of the main dialog, after a conversation change."""
        return text_or_none(self.details.get("state"))

    @property
    def stage(self) -> str | None:
        """Of the whole conversation, after a conversation change."""
        return text_or_none(self.details.get("stage"))

    @property
    def dialogs(self) -> list[dict[str, Any]]:
        """Those that a conversation change lists."""
        return _objects(self.details.get("dialogs"))

    @property
    def participants(self) -> list[dict[str, Any]]:
        """Those that a conversation change lists."""
        return _objects(self.details.get("participants"))


def read(notifications: Iterable[Notification]) -> list[Change]:
    """Every change in these deliveries, marked; give them in the order in which they came."""
    return Reader().read(notifications)


class Reader:
    """Reads deliveries as they come, and knows what came before.

    ``homes`` is which dialog belongs to which conversation, as changes tell. ``outdated`` says that
    something read earlier would be placed in another conversation now: then read anew, with these homes.
    """

    def __init__(self, homes: Mapping[str, str | None] | None = None) -> None:
        self.homes: dict[str, str | None] = dict(homes or {})
        self.outdated = False
        self._placed: dict[str, str | None] = {}
        self._marker = _Marker()

    def read(self, notifications: Iterable[Notification]) -> list[Change]:
        """Every change in them, marked."""
        changes = [change for notification in notifications for change in _changes(notification)]
        for change in changes:
            for dialog in change.dialogs if change.valid and change.details else ():
                if dialog_id := text_or_none(dialog.get("dialogId")):
                    self._move(dialog_id, change.conversation_id)
        return [self._marker.marked(self._at_home(change)) for change in changes]

    def _move(self, dialog_id: str, conversation_id: str | None) -> None:
        self.homes[dialog_id] = conversation_id
        if dialog_id in self._placed and self._placed[dialog_id] != (conversation_id or dialog_id):
            self.outdated = True

    def _at_home(self, change: Change) -> Change:
        """With its conversation, also where the body names the dialog only (that of MAIN has the same id)."""
        if change.conversation_id is not None or change.dialog_id is None:
            return change
        home = self._placed[change.dialog_id] = self.homes.get(change.dialog_id) or change.dialog_id
        return stamped(change, conversation_id=home)


def of_log(log: Log, conversation: str | None = None) -> list[Change]:
    """Every change in the log, or those of one conversation, read with the index made for that."""
    if conversation is None:
        return read(log.read_notifications())
    found = [*log.read_notifications(conversation=conversation), *log.read_notifications(conversation="")]
    # Older samples name the dialog only, and that of a survey has an id of its own.
    listed = (change for n in found for change in _changes(n) if change.valid)
    dialogs = {
        dialog_id
        for change in listed
        if change.conversation_id == conversation
        for dialog in change.dialogs
        if (dialog_id := text_or_none(dialog.get("dialogId")))
    }
    for dialog_id in dialogs - {conversation}:
        found += log.read_notifications(conversation=dialog_id)
    found.sort(key=lambda notification: notification.notification_id)
    return [change for change in read(found) if change.conversation_id == conversation]


def conversation_of(body: str) -> str | None:
    """The conversation that a notification is about; ``None`` where the body names none or several."""
    named = {c.conversation_id or c.dialog_id for c in _changes(Notification(body))}
    return named.pop() if len(named) == 1 else None


class _Marker:
    """Goes along with the deliveries and knows what has come already."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[Any, ...]] = Counter()
        self._highest: dict[tuple[Any, ...], int] = {}

    def marked(self, change: Change) -> Change:
        if not change.valid or change.position is None:
            return change
        if change.identity is None:
            return stamped(change, attempt=1)
        kind, name, number = change.identity
        scope = (change.notification.host, kind, name)
        self._seen[*scope, number] += 1
        attempt, highest = self._seen[*scope, number], self._highest.get(scope, -1)
        self._highest[scope] = max(highest, number)
        mark = ""
        if attempt > 1:
            mark = DUPLICATE
        elif number < highest:
            mark = LATE if kind == "event" else STALE
        elif kind == "event" and number > highest + 1:
            mark = GAP
        return stamped(change, attempt=attempt, mark=mark)


def _changes(notification: Notification) -> Iterator[Change]:
    envelope = object_or_empty(notification.json())
    kind, changes = text_or_none(envelope.get("type")), object_or_empty(envelope.get("body")).get("changes")
    if not isinstance(changes, list) or not changes:
        yield Change(notification, type=kind, conversation_id=notification.conversation_id)
        return
    for position, value in enumerate(changes):
        made = object_or_empty(value)
        result, event = made.get("result"), object_or_empty(made.get("event"))
        if isinstance(result, dict):
            details = object_or_empty(result.get("conversationDetails"))
            yield Change(
                notification,
                position,
                kind,
                event_type=text_or_none(made.get("type")),
                conversation_id=text_or_none(result.get("convId")),
                server_timestamp=milliseconds(details.get("metaDataLastUpdateTs")),
                details=details,
            )
            continue
        originator = object_or_empty(made.get("originatorMetadata"))
        yield Change(
            notification,
            position,
            kind,
            event_type=text_or_none(event.get("type")),
            conversation_id=text_or_none(made.get("conversationId")),
            dialog_id=text_or_none(made.get("dialogId")),
            sequence=whole_number(made.get("sequence")),
            originator_id=text_or_none(made.get("originatorId")) or text_or_none(originator.get("id")),
            originator_role=text_or_none(originator.get("role")),
            server_timestamp=milliseconds(made.get("serverTimestamp")),
            event=event,
            metadata=_objects(made.get("metadata")),
        )


def milliseconds(value: Any) -> int | None:
    """The value if it can be a time stamp: milliseconds since the epoch, within what frames can hold."""
    number = whole_number(value)
    return number if number is not None and abs(number) <= _MAX_MS else None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
