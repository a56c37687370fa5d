"""Where a conversation takes place: one consumer, and what is under way for this one."""

from __future__ import annotations

from collections import deque

from connectorkit.load.planning import OPEN, SEND
from connectorkit.load.requests import Letterhead, Stationery

Waiting = tuple[int, float, float]  # operation, due, seconds from the start


class Place:
    """Keeps the order that matters: texts wait until the conversation is open, closing waits for the texts.

    Where it could not be opened, what should go there cannot be sent, see ``lacks``.
    """

    __slots__ = ("_head", "_letter", "busy", "consumer", "conversation", "sending", "waiting")

    def __init__(self, consumer: str) -> None:
        self.consumer = consumer
        self.conversation: bytes | None = None
        self.busy = False  # opening or closing
        self.sending = 0
        self.waiting: deque[Waiting] = deque()
        self._head: Letterhead | None = None
        self._letter: tuple[bytes, ...] = ()

    def may(self, operation: int) -> bool:
        """Whether its time has come: nothing that must be over before is under way."""
        return not self.busy and (operation == SEND or not self.sending)

    def lacks(self, operation: int) -> bool:
        """Whether there is no conversation for what needs one."""
        return operation != OPEN and self.conversation is None

    def begin(self, operation: int) -> None:
        """Something is under way."""
        if operation == SEND:
            self.sending += 1
        else:
            self.busy = True

    def end(self, operation: int, *, ok: bool, conversation: bytes | None = None) -> None:
        """It has come to an end; ``conversation`` is what was opened."""
        if operation == SEND:
            self.sending -= 1
            return
        self.busy = False
        if operation == OPEN:
            if conversation is not None:  # else one that an earlier refusal left open goes on
                self.conversation, self._letter = conversation, ()
        elif ok:
            self.conversation, self._letter = None, ()

    def request(self, operation: int, stationery: Stationery) -> bytes:
        """The bytes to send."""
        head = self._head
        if head is None or head.epoch != stationery.epoch:
            head, self._letter = stationery.head(self.consumer), ()
            self._head = head
        if operation == OPEN:
            return stationery.opening(head)
        assert self.conversation is not None, "what lacks a conversation is not sent"
        if operation != SEND:
            return stationery.closing(head, self.conversation)
        if not self._letter:
            self._letter = stationery.sending(head, self.conversation)
        return stationery.numbered(self._letter)
