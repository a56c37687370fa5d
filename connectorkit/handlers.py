"""Handlers of notifications: they work after the answer, one notification after another, on one thread."""

from __future__ import annotations

import logging
import queue
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from connectorkit.log import Notification
from connectorkit.redact import Redactor

Handler = Callable[[Notification], object]

_QUEUED = 10_000  # notifications that handlers may be behind
_LAST_SECONDS = 2.0  # for a handler to end when the receiver stops

logger = logging.getLogger(__name__)


@dataclass
class _Subscription:
    handler: Handler
    failed: bool = False


class Handlers:
    """Who works on notifications. The first failure of each is logged, and stops nobody."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._subscriptions: tuple[_Subscription, ...] = ()
        self._queue: queue.Queue[Notification | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._behind = False

    def add(self, handler: Handler) -> None:
        """Call it from the next notification on."""
        self._subscriptions = (*self._subscriptions, _Subscription(handler))

    def remove(self, handler: Handler) -> None:
        """No longer call it."""
        self._subscriptions = tuple(s for s in self._subscriptions if s.handler != handler)

    def start(self) -> None:
        """Begin to work."""
        self._queue = queue.Queue()
        self._thread = threading.Thread(
            target=self._work, args=(self._queue,), name="connectorkit handlers", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Work off what is queued; waits two seconds for it, and not on the handlers' own thread."""
        if self._thread is None:
            return
        self._queue.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join(_LAST_SECONDS)
        self._thread = None

    def put(self, notification: Notification) -> None:
        """Queue a notification, unless the handlers are too far behind."""
        if not self._subscriptions:
            return
        if self._queue.qsize() < _QUEUED:
            self._queue.put(notification)
        elif not self._behind:
            self._behind = True
            logger.warning(
                "Handlers are %d notifications behind and miss some. Do less in them; what was recorded "
                "is in the log.",
                _QUEUED,
            )

    def _work(self, waiting: queue.Queue[Notification | None]) -> None:
        while (notification := waiting.get()) is not None:
            for subscription in self._subscriptions:
                self._call(subscription, notification)

    def _call(self, subscription: _Subscription, notification: Notification) -> None:
        try:
            subscription.handler(notification)
        except Exception as error:
            if not subscription.failed:
                trace = self._redactor.text("".join(traceback.format_exception(error)))
                logger.error(
                    "A handler of notifications failed; it will be called again, and not reported again.\n%s",
                    trace,
                )
            subscription.failed = True
