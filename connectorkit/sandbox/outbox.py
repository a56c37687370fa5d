"""What one app is yet to be sent: its conversations, the workers that send, and the count policy."""

from __future__ import annotations

from collections import deque
from functools import partial

from connectorkit.sandbox.apps import App, Webhook
from connectorkit.sandbox.lanes import Conversation, Item, Lane
from connectorkit.sandbox.retention import Retention
from connectorkit.sandbox.schedule import Schedule
from connectorkit.sandbox.sender import DELIVERED, FAILED, LOST, Attempt, Sender

# Reference: "Retries, by count".
RETRY_SECONDS = 30.0
WORKERS = 16
REMOVED = "the app was removed"


class Outbox:
    """Sends the events of one app: in order inside a conversation, conversations side by side."""

    def __init__(self, app: App, schedule: Schedule, sender: Sender) -> None:
        self.app = app
        self.schedule = schedule
        self.conversations: dict[str, Conversation] = {}
        self._sender = sender
        self._retention = Retention(self)
        self._ready: deque[Lane] = deque()
        self._workers = 0
        self._sending = 0
        self._number = 0
        self._removed = False
        self._forgotten = False

    @property
    def state(self) -> str:
        """The app's state, as the retention policy calls it; ``Up`` under the count policy."""
        return self._retention.state

    @property
    def stored(self) -> int:
        """How many events are stored, in whichever list."""
        return self._retention.stored

    def put(self, item: Item) -> None:
        """Take a new event."""
        if self._removed:
            self._lose(item, REMOVED)
            return
        self._number += 1
        item.number = self._number
        key = item.event.conversation_id
        if (conversation := self.conversations.get(key)) is None:
            conversation = self.conversations[key] = Conversation(key)
        self._retention.place(conversation, item)

    def queue(self, lane: Lane, item: Item) -> None:
        """Have an item sent after the others of its lane."""
        lane.items.append(item)
        self.wake(lane)

    def wake(self, lane: Lane) -> None:
        """Have the head of a lane sent, if it may go."""
        if lane.items and not lane.busy and not lane.ready and self._may_send(lane):
            lane.ready = True
            self._ready.append(lane)
            if len(self._ready) > self._workers - self._sending and self._workers < WORKERS:
                self._workers += 1
                self.schedule.soon(self._work)

    def drop_expired(self) -> None:
        """Lose what has been at the head of the store for longer than the retention time."""
        for conversation in list(self.conversations.values()):
            items = conversation.main.items
            while items and self._expired(items[0]):
                self._lose(items.popleft(), self._expiry)
            self._tidy(conversation)

    def abandon(self, reason: str) -> None:
        """Lose everything that is not under way."""
        self._retention.stop()
        for conversation in list(self.conversations.values()):
            conversation.gather()
            conversation.probed = None
            for item in conversation.main.items:
                self._lose(item, reason)
            conversation.main.items.clear()
            self._tidy(conversation)

    def remove(self) -> None:
        """Lose everything, now and from here on; how requests under way end is still recorded."""
        self._removed = True
        self.abandon(REMOVED)

    def forget(self) -> None:
        """Drop everything without a word; nothing is sent or recorded from here on."""
        self._forgotten = True
        self.remove()

    # --- Sending -------------------------------------------------------------------------------------

    def _may_send(self, lane: Lane) -> bool:
        conversation = lane.conversation
        return lane is not conversation.main or self._retention.may_send(conversation)

    async def _work(self) -> None:
        try:
            while self._ready and not self._forgotten:
                lane = self._ready.popleft()
                lane.ready = False
                # What was allowed when the lane queued up may have changed since.
                if lane.items and not lane.busy and self._may_send(lane):
                    await self._send_head(lane)
        finally:
            self._workers -= 1

    async def _send_head(self, lane: Lane) -> None:
        conversation, item = lane.conversation, lane.items.popleft()
        lane.busy = True
        self._sending += 1
        try:
            failed = await self._turn(conversation, item)
        finally:
            lane.busy = False
            self._sending -= 1
        self._retention.finished(conversation, failed=failed)
        for other in {id(lane): lane, id(conversation.main): conversation.main}.values():
            self.wake(other)
        self._tidy(conversation)

    async def _turn(self, conversation: Conversation, item: Item) -> bool:
        """Send an item whose turn has come, or lose it; whether its endpoint failed."""
        app = self.app
        webhook = app.webhook(item.event.type)
        if not app.enabled or webhook is None:
            self._lose(item, "the app is switched off" if webhook else "the app has no webhook for it now")
            return False
        if self._expired(item):
            self._lose(item, self._expiry)
            return False
        item.attempts += 1
        attempt = await self._sender.send(app, webhook, item)
        outcome = DELIVERED if attempt.delivered else self._after_failure(conversation, item, webhook)
        self._record(item, attempt, outcome)
        return not attempt.delivered

    def _after_failure(self, conversation: Conversation, item: Item, webhook: Webhook) -> str:
        if self._removed or not self.app.enabled:
            return LOST
        if self.app.retention_seconds is not None:
            if webhook.max_retries == 0:
                return LOST
            self._retention.fail(webhook.endpoint, conversation, item)
            return FAILED
        if item.attempts > (webhook.max_retries or 0):
            return LOST
        self.schedule.after(RETRY_SECONDS, partial(self._retry, item))
        return FAILED

    def _retry(self, item: Item) -> None:
        """Count policy: a failed event by itself, whatever became of its conversation meanwhile."""
        if self._removed or self.app.retention_seconds is not None:  # since the attempt
            self.put(item)
            return
        alone = Conversation(item.event.conversation_id)
        self.queue(alone.side, item)

    def _tidy(self, conversation: Conversation) -> None:
        if conversation.idle and self.conversations.get(conversation.id) is conversation:
            del self.conversations[conversation.id]

    # --- Losing --------------------------------------------------------------------------------------

    @property
    def _expiry(self) -> str:
        return f"older than the retention time of {self.app.retention_seconds} s"

    def _expired(self, item: Item) -> bool:
        retention = self.app.retention_seconds
        return retention is not None and self.schedule.clock.now() - item.at > retention

    def _lose(self, item: Item, reason: str) -> None:
        if not self._forgotten:
            self._sender.record_loss(self.app, item, reason)

    def _record(self, item: Item, attempt: Attempt, outcome: str) -> None:
        if not self._forgotten:
            self._sender.record(self.app, item, attempt, outcome)
