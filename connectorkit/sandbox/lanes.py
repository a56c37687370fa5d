"""What waits to be delivered, and per conversation the order it goes in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from connectorkit.sandbox.notices import Event
from connectorkit.sandbox.schedule import Timer


@dataclass(eq=False)
class Item:
    """One event on its way to one app. ``at`` is the sandbox's time when it came, in seconds."""

    event: Event
    body: bytes
    at: float
    number: int = 0  # counts the app's events; the order to return to when a list is put together again
    attempts: int = 0


@dataclass(eq=False)
class Lane:
    """Items that are sent one after the other."""

    conversation: Conversation
    items: deque[Item] = field(default_factory=deque)
    busy: bool = False  # one of them is under way
    ready: bool = False  # waits for a free worker

    @property
    def active(self) -> bool:
        """Whether something of it is not done."""
        return self.busy or bool(self.items)


class Conversation:
    """What is left to deliver of one conversation to one app."""

    def __init__(self, conversation_id: str) -> None:
        self.id = conversation_id
        self.main = Lane(self)
        self.side = Lane(self)  # what goes past a drain that took too long
        self.later: deque[Item] = deque()  # what came while the store was being resent
        self.held: dict[Item, Timer] = {}  # what came while this conversation was being drained
        self.resending = False
        self.draining = False
        self.probed: str | None = None  # the endpoint that the head of the store is to try

    @property
    def busy(self) -> bool:
        """Whether something of it is under way."""
        return self.main.busy or self.side.busy

    @property
    def idle(self) -> bool:
        """Whether nothing is left to remember."""
        return not (self.main.active or self.side.active or self.later or self.held or self.probed)

    def gather(self, *more: Item) -> None:
        """Put everything that is not under way into the main lane, in the order in which it came."""
        for timer in self.held.values():
            timer.cancel()
        waiting = [*more, *self.main.items, *self.later, *self.held, *self.side.items]
        self.main.items = deque(sorted(waiting, key=lambda item: item.number))
        self.side.items.clear()
        self.later.clear()
        self.held.clear()
        self.resending = self.draining = False
