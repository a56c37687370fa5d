"""One attempt to deliver: signed, sent, timed, recorded; and the watch for endpoints that are too slow."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectorkit import wire
from connectorkit.sandbox.apps import App, Webhook
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.lanes import Item
from connectorkit.sandbox.options import Options
from connectorkit.sandbox.post import DeliveryFailed, Post, Timeouts
from connectorkit.signature import sign

DELIVERED, FAILED, LOST = OUTCOMES = ("delivered", "failed", "lost")

# Reference: "Delivery protocol". Nothing else counts as success.
_SUCCESS = (200, 201)
_SLOW_SECONDS = 2.5
_SLOW_WINDOW_SECONDS = 120.0
_KEPT_RECORDS = 20_000
_KEPT_WARNINGS = 1_000


@dataclass(frozen=True)
class Attempt:
    """How one request to an endpoint went. Without an answer ``status`` is ``None``."""

    at_ms: int
    endpoint: str
    status: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.error is None


@dataclass
class _SlowSpell:
    """A time in which an endpoint gave nothing but slow answers."""

    since: float
    last: float
    warned: bool = False


class Sender:
    """Sends items and keeps a record. ``on_disable`` is told of an app that is too slow, where set so."""

    def __init__(self, clock: Clock, options: Options, post: Post, account_id: str) -> None:
        self.clock = clock
        self.options = options
        self.records: deque[dict[str, Any]] = deque(maxlen=_KEPT_RECORDS)
        self.warnings: deque[dict[str, Any]] = deque(maxlen=_KEPT_WARNINGS)
        self.on_disable: Callable[[App, str], None] | None = None
        self._post = post
        self._account_id = account_id
        self._spells: dict[tuple[str, str], _SlowSpell] = {}

    def encode(self, body: dict[str, Any]) -> bytes:
        """The bytes of a notification: compact JSON, raw UTF-8 unless the options want escapes."""
        text = json.dumps(body, ensure_ascii=self.options.escape_non_ascii, separators=(",", ":"))
        # Half a surrogate pair has no UTF-8; what Python writes for it is also its escape in JSON.
        return text.encode("utf-8", "backslashreplace")

    async def send(self, app: App, webhook: Webhook, item: Item) -> Attempt:
        """Try once. Never raises: whatever goes wrong is the attempt's error."""
        options = self.options
        started = self.clock.now()
        timeouts = Timeouts(options.connect_timeout_seconds, options.read_timeout_seconds)
        status: int | None = None
        try:
            headers = self._headers(app, webhook, item.body)
            status = await self._post(webhook.endpoint, item.body, headers, timeouts)
            error = None if status in _SUCCESS else f"answered {status}; only 200 and 201 count as success"
        except DeliveryFailed as failure:
            error = failure.reason
        except Exception as failure:
            error = f"could not be sent: {failure or type(failure).__name__}"
        self._watch(app, webhook.endpoint, started, answered=status is not None)
        return Attempt(int(started * 1000), webhook.endpoint, status, error)

    def record(self, app: App, item: Item, attempt: Attempt, outcome: str) -> None:
        """Keep how an attempt went."""
        self._keep(app, item, outcome, attempt)

    def record_loss(self, app: App, item: Item, reason: str) -> None:
        """Keep that an item was given up without another attempt, and why."""
        webhook = app.webhook(item.event.type)
        endpoint = webhook.endpoint if webhook else ""
        self._keep(app, item, LOST, Attempt(self.clock.now_ms(), endpoint, None, reason))

    def warn(self, about: str, text: str) -> None:
        """Keep a warning."""
        self.warnings.append({"at_ms": self.clock.now_ms(), "about": about, "text": text})

    def reset(self) -> None:
        """Forget records, warnings and how fast anybody was."""
        self.records.clear()
        self.warnings.clear()
        self._spells.clear()

    def _keep(self, app: App, item: Item, outcome: str, attempt: Attempt) -> None:
        self.records.append(
            {
                "at_ms": attempt.at_ms,
                "client_id": app.client_id,
                "endpoint": attempt.endpoint,
                "type": item.event.type,
                "conversation_id": item.event.conversation_id,
                "dialog_id": item.event.dialog_id,
                "sequence": item.event.sequence,
                "attempt": item.attempts,
                "status": attempt.status,
                "error": attempt.error,
                "outcome": outcome,
            }
        )

    def _headers(self, app: App, webhook: Webhook, body: bytes) -> list[tuple[str, str]]:
        options = self.options
        signature = sign(body, app.client_secret, options.signature_algorithm, options.signature_encoding)
        return [
            ("Content-Type", f"{wire.JSON_MEDIA_TYPE}; charset=utf-8"),
            (wire.NOTIFIED_ACCOUNT, self._account_id),
            (wire.NOTIFIED_CLIENT, app.client_id),
            (wire.SIGNATURE, signature),
            *webhook.headers,
        ]

    def _watch(self, app: App, endpoint: str, started: float, *, answered: bool) -> None:
        """Warn when an endpoint has answered slowly, and only so, for two minutes; once per such time.

        A timeout is as slow as an answer can be. A refused connection says nothing about speed, and
        neither does a silence of two minutes between two answers.
        """
        now = self.clock.now()
        key = (app.client_id, endpoint)
        spell = self._spells.get(key)
        if now - started <= _SLOW_SECONDS:
            if answered and spell is not None:
                del self._spells[key]
            return
        if spell is None or now - spell.last > _SLOW_WINDOW_SECONDS:
            self._spells[key] = _SlowSpell(now, now)
            return
        spell.last = now
        if spell.warned or now - spell.since < _SLOW_WINDOW_SECONDS:
            return
        spell.warned = True
        reason = (
            f"Every answer of {endpoint} took more than {_SLOW_SECONDS:g} s for {_SLOW_WINDOW_SECONDS:g} s. "
            "The service may disable such an app without warning. Answer at once and work later."
        )
        self.warn(endpoint, reason)
        if self.options.disable_slow_apps and self.on_disable is not None:
            self.on_disable(app, reason)
