"""Delivery of notifications to the webhooks of apps, with both retry policies and the faults asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from connectorkit.sandbox.apps import App
from connectorkit.sandbox.fault_specs import DUPLICATE, LOSS, REORDER
from connectorkit.sandbox.faults import Faults
from connectorkit.sandbox.lanes import Item
from connectorkit.sandbox.notices import Event
from connectorkit.sandbox.options import Options
from connectorkit.sandbox.outbox import Outbox
from connectorkit.sandbox.post import Post
from connectorkit.sandbox.schedule import Schedule, Timer
from connectorkit.sandbox.sender import Sender

_REORDER_SECONDS = 0.05  # an event to be reordered waits no longer for the one that shall overtake it


class Deliveries:
    """Takes events and delivers them, each as its app's install says at that time."""

    def __init__(
        self,
        schedule: Schedule,
        options: Options,
        post: Post,
        *,
        faults: Faults,
        account_id: str,
        on_disable: Callable[[App, str], None] | None = None,
    ) -> None:
        self.faults = faults
        self._schedule = schedule
        self._sender = Sender(schedule.clock, options, post, account_id)
        if on_disable is not None:
            # As an action of its own, so that its failure is not that of a delivery.
            self._sender.on_disable = lambda app, why: schedule.soon(lambda: on_disable(app, why))
        self._outboxes: dict[str, Outbox] = {}
        # Conversations with an event that shall be overtaken, by app.
        self._overtaken: dict[tuple[str, str], tuple[list[Item], Timer]] = {}

    @property
    def options(self) -> Options:
        """The settings in force; may be replaced."""
        return self._sender.options

    @options.setter
    def options(self, options: Options) -> None:
        self._sender.options = options

    @property
    def clients(self) -> list[str]:
        """The apps that something was to be delivered to."""
        return list(self._outboxes)

    def deliver(self, app: App, event: Event) -> None:
        """Have an event delivered; returns at once. Without a webhook for its type nothing happens."""
        if not app.enabled or not app.hears(event.type):
            return
        outbox = self._outbox(app)
        item = Item(event, self._sender.encode(event.body), self._schedule.clock.now())
        if self.faults.webhook(LOSS):
            self._sender.record_loss(app, item, f'lost by the fault webhook="{LOSS}"')
            return
        items = [item]
        if self.faults.webhook(DUPLICATE):
            items.append(Item(event, item.body, item.at))
        key = (app.client_id, event.conversation_id)
        if key not in self._overtaken and self.faults.webhook(REORDER):
            timer = self._schedule.after(_REORDER_SECONDS, partial(self._release, outbox, key))
            self._overtaken[key] = (items, timer)
            return
        for one in items:
            outbox.put(one)
        self._release(outbox, key)

    def refresh(self, app: App) -> None:
        """An install was changed: what is sent next follows it; switched off, it loses what is stored."""
        outbox = self._outboxes.get(app.client_id)
        if outbox is not None:
            outbox.app = app
            if not app.enabled:
                outbox.abandon("the app is switched off")

    def drop(self, client_id: str) -> None:
        """An app was removed: its stored events are lost."""
        outbox = self._outboxes.pop(client_id, None)
        if outbox is not None:
            outbox.remove()

    def report(self) -> dict[str, Any]:
        """The attempts so far, oldest first, the state of each app, and warnings."""
        return {
            "deliveries": [dict(record) for record in self._sender.records],
            "apps": self.states(),
            "warnings": [dict(warning) for warning in self._sender.warnings],
        }

    def states(self) -> list[dict[str, Any]]:
        """The state of each app that was ever notified, and how many of its events are stored."""
        return [
            {"client_id": client_id, "state": outbox.state, "stored": outbox.stored}
            for client_id, outbox in self._outboxes.items()
        ]

    def reset(self) -> None:
        """Forget everything. What is under way ends with the schedule's own reset."""
        for outbox in self._outboxes.values():
            outbox.forget()
        self._outboxes.clear()
        self._overtaken.clear()
        self._sender.reset()

    def _outbox(self, app: App) -> Outbox:
        outbox = self._outboxes.get(app.client_id)
        if outbox is None:
            outbox = self._outboxes[app.client_id] = Outbox(app, self._schedule, self._sender)
        outbox.app = app
        return outbox

    def _release(self, outbox: Outbox, key: tuple[str, str]) -> None:
        items, timer = self._overtaken.pop(key, ((), None))
        if timer is not None:
            timer.cancel()
        for item in items:
            outbox.put(item)
