"""A door between the sandbox and the receiver: it passes notifications on, keeps them back, or stays shut.

The sandbox signs for its own app. What passes is signed anew for the receiver's, which changes nothing else.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from connectorkit import notices
from connectorkit.grading.endpoint import Answer
from connectorkit.grading.exam import Exam
from connectorkit.log import Notification
from connectorkit.notices import Change
from connectorkit.serving import Listener

SHUT, OPEN, KEEP, WATCH = MODES = ("shut", "open", "keep", "watch")
_AT_ONCE = 16  # as many as the sandbox sends side by side
# Members that are points in time, in milliseconds.
_TIMES = frozenset(
    {"serverTimestamp", "startTs", "endTs", "creationTs", "metaDataLastUpdateTs", "effectiveTTR"}
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True)
class Passed:
    """One notification that came to the door, and the answer where it was sent on."""

    value: dict[str, Any]
    answer: Answer | None = None

    @property
    def change(self) -> Change:
        """The first change in it."""
        return notices.read([Notification(json.dumps(self.value))])[0]

    @property
    def kind(self) -> str:
        """What an install calls this type of notification."""
        change = self.change
        return change.type or "" if change.details else f"{change.type}.{change.event_type}"


class Gate:
    """Listens where the sandbox delivers to; ``mode`` says what becomes of a delivery.

    ``shut`` answers 503; ``keep`` answers 200 and keeps it back; ``watch`` sends it on and answers 200
    whatever comes; ``open`` sends it on and answers as the receiver does, but 200 where that has taken it.
    ``shift_ms`` is added to all times in what is sent on: the sandbox's clock runs ahead of the receiver's.
    """

    def __init__(self, exam: Exam) -> None:
        self.mode = KEEP
        self.shift_ms = 0
        self._exam = exam
        self._passed: list[Passed] = []
        self._failure: Exception | None = None
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "connectorkit gate")
        self._listener = Listener(self, "127.0.0.1", 0)

    def __enter__(self) -> Self:
        host, port = self._listener.start()
        self.url = f"http://{host}:{port}/"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def take(self) -> list[Passed]:
        """What has come since the last look, in its order. Raises what went wrong at the gate itself."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            passed, self._passed = self._passed, []
            return passed

    def send_on(self, value: dict[str, Any]) -> Answer:
        """Send a notification to the receiver, and expect it to be kept where it is taken."""
        return self._exam.say(_shifted(value, self.shift_ms) if self.shift_ms else value, once=True)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one delivery of the sandbox."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        loop = asyncio.get_running_loop()
        try:
            status = await loop.run_in_executor(self._pool, self._decide, json.loads(body))
        except Exception as error:  # nobody would see it here
            self._failure, status = error, 500
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    def _decide(self, value: dict[str, Any]) -> int:
        mode, passed = self.mode, Passed(value)
        if mode == SHUT:
            return 503
        if mode in (OPEN, WATCH) and passed.kind not in self._exam.refused:
            passed = Passed(value, self.send_on(value))
        with self._lock:
            self._passed.append(passed)
        if mode != OPEN or passed.answer is None or passed.answer.taken:
            return 200
        return passed.answer.status or 504


def _shifted(value: Any, by_ms: int) -> Any:
    """The same with all points in time moved."""
    if isinstance(value, dict):
        return {name: _moved(name, item, by_ms) for name, item in value.items()}
    return [_shifted(item, by_ms) for item in value] if isinstance(value, list) else value


def _moved(name: str, item: Any, by_ms: int) -> Any:
    is_time = name in _TIMES and isinstance(item, int) and item > 0  # −1 stands for none
    return item + by_ms if is_time else _shifted(item, by_ms)
