"""The retention policy's four states: when events go out directly, are stored, resent or drained."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connectorkit.sandbox.lanes import Conversation, Item
from connectorkit.sandbox.schedule import Timer

if TYPE_CHECKING:
    from connectorkit.sandbox.outbox import Outbox

UP, FAILED, IN_TRANSITION, RECOVERED = STATES = ("Up", "Failed", "In transition", "Recovered")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 300.0
HOLD_SECONDS = 4.0


class Retention:
    """The state of one app as a whole, and where an event goes in it.

    Without a retention time an app never leaves ``Up``, where every event goes out directly.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.state = UP
        self._outbox = outbox
        self._failed: set[str] = set()  # endpoints not known to be fine again
        self._trying: set[str] = set()  # endpoints whose probe is under way
        self._pause = FIRST_PAUSE_SECONDS
        self._timer: Timer | None = None
        self._unfinished = 0  # conversations being resent or drained

    @property
    def stored(self) -> int:
        """How many events are stored, in whichever list."""
        if self.state == UP:
            return 0
        return sum(
            len(one.later)
            + len(one.held)
            # What goes out directly and waits for its turn is not stored.
            + (len(one.main.items) if self.state == FAILED or one.resending or one.draining else 0)
            for one in self._outbox.conversations.values()
        )

    def place(self, conversation: Conversation, item: Item) -> None:
        """Put a new event where the state wants it."""
        if self.state == FAILED:
            conversation.main.items.append(item)
        elif conversation.resending or conversation.later:
            conversation.later.append(item)
        elif conversation.draining:
            lapse = partial(self._lapse, conversation, item)
            conversation.held[item] = self._outbox.schedule.after(HOLD_SECONDS, lapse)
        else:
            self._outbox.queue(conversation.main, item)

    def may_send(self, conversation: Conversation) -> bool:
        """Whether the head of the main lane may go out now."""
        if self.state == FAILED:
            return conversation.probed is not None
        # What follows waits for those that went past a drain; the drain itself does not.
        return conversation.draining or not conversation.side.active

    def fail(self, endpoint: str, conversation: Conversation, item: Item) -> None:
        """An endpoint failed: the item returns to the head of its conversation, and the app is Failed."""
        self._failed.add(endpoint)
        conversation.gather(item)
        if self.state == FAILED:
            return
        self.state = FAILED
        for other in self._outbox.conversations.values():
            other.gather()
        self._unfinished = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._wait()

    def finished(self, conversation: Conversation, *, failed: bool) -> None:
        """An item of a conversation is no longer under way; whether its endpoint failed it."""
        if (endpoint := conversation.probed) is not None:
            conversation.probed = None
            self._trying.discard(endpoint)
            if not failed:
                self._failed.discard(endpoint)
            if not self._trying:
                self._decide()
        if (conversation.resending or conversation.draining) and not conversation.main.active:
            conversation.resending = conversation.draining = False
            for item, timer in conversation.held.items():
                timer.cancel()
                self._outbox.queue(conversation.main, item)
            conversation.held.clear()
            self._unfinished -= 1
            if not self._unfinished:
                self._advance()

    def stop(self) -> None:
        """Wait for nothing any more; whatever is stored is the caller's."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._failed.clear()
        self._trying.clear()
        self._unfinished = 0
        self.state = UP

    # --- Failed --------------------------------------------------------------------------------------

    def _wait(self) -> None:
        self._timer = self._outbox.schedule.after(self._pause, self._probe)

    def _probe(self) -> None:
        """Try each failed endpoint with the oldest stored event that goes to it and may go."""
        self._timer = None
        outbox = self._outbox
        outbox.drop_expired()
        if not outbox.app.enabled or outbox.app.retention_seconds is None:
            self._failed.clear()  # the install has changed; there is no state to keep
        webhooks = outbox.app.webhooks
        probes: dict[str, tuple[bool, int, Conversation]] = {}
        waiting: set[str] = set()
        for conversation in outbox.conversations.values():
            webhook = webhooks.get(conversation.main.items[0].event.type) if conversation.main.items else None
            if webhook is None or webhook.endpoint not in self._failed:
                continue
            if conversation.busy:
                waiting.add(webhook.endpoint)  # its head must wait for what was sent before it
                continue
            # An event that may not be retried would be gone if the probe failed; it is the last choice.
            probe = (webhook.max_retries == 0, conversation.main.items[0].number, conversation)
            if webhook.endpoint not in probes or probe[:2] < probes[webhook.endpoint][:2]:
                probes[webhook.endpoint] = probe
        self._failed &= probes.keys() | waiting  # nothing to try them with: taken as fine
        self._trying = set(probes)
        for endpoint, (_, _, conversation) in probes.items():
            conversation.probed = endpoint
            outbox.wake(conversation.main)
        if not probes:
            self._decide()

    def _decide(self) -> None:
        """After the probes: go on, or wait longer."""
        if self._failed:
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
            self._wait()
            return
        self.state = IN_TRANSITION
        stored = [other for other in self._outbox.conversations.values() if other.main.items]
        stored.sort(key=lambda other: other.main.items[0].number)
        self._unfinished = len(stored)
        for conversation in stored:
            conversation.resending = True
            self._outbox.wake(conversation.main)
        if not stored:
            self._advance()

    # --- In transition, Recovered --------------------------------------------------------------------

    def _advance(self) -> None:
        """The store, or the second list, is empty."""
        later = [other for other in self._outbox.conversations.values() if other.later]
        later.sort(key=lambda other: other.later[0].number)
        self.state = RECOVERED if later else UP
        self._unfinished = len(later)
        for conversation in later:
            conversation.main.items.extend(conversation.later)
            conversation.later.clear()
            conversation.draining = True
            self._outbox.wake(conversation.main)

    def _lapse(self, conversation: Conversation, item: Item) -> None:
        del conversation.held[item]
        self._outbox.queue(conversation.side, item)
