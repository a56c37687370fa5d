"""Makes one redacted log record of each exchange, with the time each phase took.

Phase times come from httpcore's trace events, measured where they happen.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import httpx

from connectorkit.bodies import Received, as_text, items, sent_bytes, sent_content
from connectorkit.calls import Call, full_url
from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log
from connectorkit.records import stamped
from connectorkit.redact import Redactor, token_claims

MAX_KEPT_CHARACTERS = 2_000_000  # of a body; what is longer is cut in the log, never on the wire


_BLANK = Exchange(operation="", method="", url="")


class Stopwatch:
    """Turns httpcore's trace events into phase times in milliseconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.started = clock()
        self.started_at = time.time_ns()
        self._marks: dict[str, float] = {}

    def __call__(self, event: str, info: dict[str, Any]) -> None:
        """A trace callback for the synchronous httpcore."""
        # Without the first part, which is the layer: "connection" or the version of HTTP.
        self._marks[event[event.find(".") + 1 :]] = self._clock()

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """A trace callback for the asynchronous httpcore."""
        self(event, info)

    def phases(self) -> dict[str, Any]:
        """The Exchange fields that tell time."""
        mark = self._marks.get
        headers_in = mark("receive_response_headers.complete")
        asked = mark("connect_tcp.started")
        sent = mark("send_request_headers.started")
        return {
            "connect_ms": _between(asked, mark("connect_tcp.complete")),
            "tls_ms": _between(mark("start_tls.started"), mark("start_tls.complete")),
            "send_ms": _between(sent, mark("send_request_body.complete")),
            # httpcore has no "wait" event: it is the span of receiving the response's headers.
            "wait_ms": _between(mark("receive_response_headers.started"), headers_in),
            "receive_ms": _between(headers_in, mark("receive_response_body.complete")),
            "total_ms": (self._clock() - self.started) * 1000,
            # A reused connection emits no connection events.
            "reused_connection": None if sent is None else asked is None,
        }


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else (end - start) * 1000


class Recorder:
    """Makes one redacted log record of each exchange."""

    def __init__(self, log: Log, redactor: Redactor) -> None:
        self.log = log
        self.redactor = redactor
        self.lost = 0

    def start(self, request: httpx.Request, *, asynchronous: bool) -> Stopwatch:
        """Begin timing; httpcore will call the stopwatch back."""
        watch = Stopwatch()
        trace = watch.trace if asynchronous else watch
        request.extensions = {**request.extensions, "trace": trace}  # not in the dict that others may hold
        Call.of(request)
        return watch

    def record(
        self,
        request: httpx.Request,
        watch: Stopwatch,
        *,
        response: httpx.Response | None = None,
        received: Received | None = None,
        error: BaseException | None = None,
    ) -> httpx.DecodingError | None:
        """Write the record, and leave it on the request's ``Call`` for whoever waits for the answer.

        Returns what is to be raised where the body cannot be decompressed.
        """
        phases = watch.phases()  # before anything that takes time
        received = received or Received()
        undecodable = received.decompress(response.headers) if response is not None else None
        phases["started_at"] = watch.started_at
        exchange = self._exchange(request, response, received, undecodable or error, phases)
        Call.of(request).exchange = self._append(exchange)
        return undecodable

    def _exchange(
        self,
        request: httpx.Request,
        response: httpx.Response | None,
        received: Received,
        failure: BaseException | None,
        phases: dict[str, Any],
    ) -> Exchange:
        call = Call.of(request)
        asked, answered = items(request.headers), items(response.headers) if response is not None else []
        answer = as_text(answered, received.content)
        (url, reason, said, sent, got), (asked, answered) = self.redactor.record(
            (
                str(full_url(request)),
                response.reason_phrase if response is not None else "",
                _described(failure) if failure is not None else "",
                as_text(asked, sent_content(request)),
                answer,
            ),
            asked,
            answered,
        )
        return stamped(
            _BLANK,
            operation=call.operation,
            account_id=call.account_id,
            consumer=call.consumer,
            scenario=call.scenario,
            label=call.label,
            attempt=call.attempt,
            method=request.method,
            url=url,
            status_code=response.status_code if response is not None else None,
            reason=reason if response is not None else None,
            error=said or None,
            request_headers=asked,
            request_body=sent[:MAX_KEPT_CHARACTERS],
            response_headers=answered,
            response_body=got[:MAX_KEPT_CHARACTERS],
            request_bytes=sent_bytes(request),
            response_bytes=len(received.body),
            http_version=_http_version(response),
            tokens=self.redactor.claims(token_claims(answer)) if got is not answer else {},
            **phases,
        )

    def _append(self, exchange: Exchange) -> Exchange:
        """A full disk must not swallow the service's answer: say so once, count, and go on."""
        try:
            return self.log.append(exchange)
        except LogError as error:
            self.lost += 1
            if self.lost == 1:
                warnings.warn(f"{error} Until then exchanges are not recorded.", RuntimeWarning, stacklevel=2)
            return exchange


def _described(error: BaseException) -> str:
    if isinstance(error, GeneratorExit):
        return "the response was not read to its end"
    name, said = type(error).__name__, str(error)
    return f"{name}: {said}" if said else name


def _http_version(response: httpx.Response | None) -> str | None:
    if response is None:
        return None
    version: bytes = response.extensions.get("http_version", b"")
    return version.decode("ascii", "replace") or None
