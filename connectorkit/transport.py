"""Transports that record every exchange, failures included, with the time each phase took.

They wrap httpx's own transports, so token requests, retries and requests that never got an answer are all
seen. Phase times come from httpcore's trace events, measured where they happen.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectorkit.bodies import as_text, received, sent_bytes, sent_content
from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log
from connectorkit.redact import Redactor, Secret, token_claims

EXTENSION = "connectorkit"
# The label that exchanges carry in the log; a context variable, so that threads and tasks keep apart.
scenario_label: ContextVar[str | None] = ContextVar("scenario_label", default=None)
# What the person at the keyboard calls what they are doing: ``with kit.label("checkout bug"): ...``
label: ContextVar[str | None] = ContextVar("label", default=None)
MAX_KEPT_CHARACTERS = 2_000_000  # of a body; what is longer is cut in the log, never on the wire


@dataclass
class Call:
    """What the log should know about a request beyond HTTP; travels in ``request.extensions``.

    ``secret_query`` is added to the URL below everything that shows or logs URLs.
    """

    operation: str = "http"
    account_id: str | None = None
    consumer: str | None = None
    scenario: str | None = field(default_factory=scenario_label.get)
    label: str | None = field(default_factory=label.get)
    attempt: int = 1
    secret_query: Secret | None = None
    exchange: Exchange | None = field(default=None, repr=False)

    @classmethod
    def of(cls, request: httpx.Request) -> Call:
        """The call a request belongs to; made on the spot for requests from outside the kit."""
        call: Call = request.extensions.setdefault(EXTENSION, cls())
        return call


class Stopwatch:
    """Turns httpcore's trace events into phase times in milliseconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.started = clock()
        self.started_at = time.time_ns()
        self._marks: dict[str, float] = {}

    def __call__(self, event: str, info: dict[str, Any]) -> None:
        """A trace callback for the synchronous httpcore."""
        self._marks[event] = self._clock()

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """A trace callback for the asynchronous httpcore."""
        self(event, info)

    def phases(self) -> dict[str, Any]:
        """The Exchange fields that tell time."""
        headers_in = self._found(".receive_response_headers.complete")
        asked = "connection.connect_tcp.started" in self._marks
        sent = self._found(".send_request_headers.started")
        return {
            "connect_ms": self._span("connection.connect_tcp.started", "connection.connect_tcp.complete"),
            "tls_ms": self._span("connection.start_tls.started", "connection.start_tls.complete"),
            "send_ms": self._between(sent, self._found(".send_request_body.complete")),
            # httpcore has no "wait" event: it is the span of receiving the response's headers.
            "wait_ms": self._between(self._found(".receive_response_headers.started"), headers_in),
            "receive_ms": self._between(headers_in, self._found(".receive_response_body.complete")),
            "total_ms": (self._clock() - self.started) * 1000,
            # A reused connection emits no connection events.
            "reused_connection": None if sent is None else not asked,
        }

    def _found(self, ending: str) -> float | None:
        return next((mark for event, mark in self._marks.items() if event.endswith(ending)), None)

    def _span(self, start: str, end: str) -> float | None:
        return self._between(self._marks.get(start), self._marks.get(end))

    @staticmethod
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
        request.extensions = dict(request.extensions) | {
            "trace": watch.trace if asynchronous else watch,
        }
        Call.of(request)
        return watch

    def record(
        self,
        request: httpx.Request,
        watch: Stopwatch,
        *,
        response: httpx.Response | None = None,
        body: bytes = b"",
        error: BaseException | None = None,
    ) -> None:
        """Write the record, and leave it on the request's ``Call`` for whoever waits for the answer."""
        call = Call.of(request)
        sent = sent_content(request)
        content, undecodable = received(response, body)
        answer = as_text(response.headers, content) if response is not None else ""
        error = undecodable or error
        clean = self.redactor
        headers = response.headers.multi_items() if response is not None else []
        call.exchange = self._append(
            Exchange(
                operation=call.operation,
                account_id=call.account_id,
                consumer=call.consumer,
                scenario=call.scenario,
                label=call.label,
                attempt=call.attempt,
                started_at=watch.started_at,
                method=request.method,
                url=clean.text(str(_full_url(request))),
                status_code=response.status_code if response is not None else None,
                reason=clean.text(response.reason_phrase) if response is not None else None,
                error=clean.text(_described(error)) if error is not None else None,
                request_headers=clean.headers(request.headers.multi_items()),
                request_body=clean.text(as_text(request.headers, sent))[:MAX_KEPT_CHARACTERS],
                response_headers=clean.headers(headers),
                response_body=clean.text(answer)[:MAX_KEPT_CHARACTERS],
                request_bytes=sent_bytes(request),
                response_bytes=len(body),
                http_version=_http_version(response),
                tokens=token_claims(answer),
                **watch.phases(),
            )
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


class RecordingTransport(httpx.BaseTransport):
    """Records each exchange of the transport it wraps."""

    def __init__(self, inner: httpx.BaseTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; its record is written when the response is closed, or when it fails."""
        watch = self._recorder.start(request, asynchronous=False)
        try:
            response = self._inner.handle_request(_complete(request))
        except httpx.LocalProtocolError:
            unsendable = _unsendable(request)
            self._recorder.record(request, watch, error=unsendable)
            raise unsendable from None
        except BaseException as error:
            self._recorder.record(request, watch, error=error)
            raise
        if response.is_closed:  # made ready by a transport without a network; nobody will read its stream
            self._recorder.record(request, watch, response=response, body=response.content)
        else:
            response.stream = _Stream(response, response.stream, request, watch, self._recorder)
        return response

    def close(self) -> None:
        """Close the wrapped transport."""
        self._inner.close()


class AsyncRecordingTransport(httpx.AsyncBaseTransport):
    """Records each exchange of the asynchronous transport it wraps."""

    def __init__(self, inner: httpx.AsyncBaseTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; its record is written when the response is closed, or when it fails."""
        watch = self._recorder.start(request, asynchronous=True)
        try:
            response = await self._inner.handle_async_request(_complete(request))
        except httpx.LocalProtocolError:
            unsendable = _unsendable(request)
            self._recorder.record(request, watch, error=unsendable)
            raise unsendable from None
        except BaseException as error:
            self._recorder.record(request, watch, error=error)
            raise
        if response.is_closed:
            self._recorder.record(request, watch, response=response, body=response.content)
        else:
            response.stream = _AsyncStream(response, response.stream, request, watch, self._recorder)
        return response

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        await self._inner.aclose()


def _full_url(request: httpx.Request) -> httpx.URL:
    query = Call.of(request).secret_query
    return request.url if query is None else request.url.copy_with(query=query.reveal().encode("ascii"))


class _Complete(httpx.Request):
    """A request whose URL is a permission; it is handed to the network only, and hidden in tracebacks."""

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, '{self.url.copy_with(query=None)}')>"


def _complete(request: httpx.Request) -> httpx.Request:
    """The request as it goes out. httpx logs the URL of the one it was given, so that lacks the secret."""
    if Call.of(request).secret_query is None:
        return request
    return _Complete(
        request.method,
        _full_url(request),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )


def _unsendable(request: httpx.Request) -> httpx.LocalProtocolError:
    """In place of an error that quotes the header, which may be a token."""
    return httpx.LocalProtocolError(
        "A header cannot be sent: its value has a line break, or a blank at an end. Check the headers.",
        request=request,
    )


class _Tap:
    """Keeps what passes through a response stream, and records the exchange exactly once at its end."""

    def __init__(
        self,
        response: httpx.Response,
        inner: Any,
        request: httpx.Request,
        watch: Stopwatch,
        recorder: Recorder,
    ) -> None:
        self._response = response
        self._inner = inner
        self._request = request
        self._watch = watch
        self._recorder = recorder
        self._body = bytearray()
        self._done = False

    def _finish(self, error: BaseException | None = None) -> None:
        if not self._done:
            self._done = True
            self._recorder.record(
                self._request, self._watch, response=self._response, body=bytes(self._body), error=error
            )


class _Stream(_Tap, httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._inner:
                self._body += chunk
                yield chunk
        except BaseException as error:
            self._finish(error)
            raise

    def close(self) -> None:
        self._inner.close()
        self._finish()


class _AsyncStream(_Tap, httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._inner:
                self._body += chunk
                yield chunk
        except BaseException as error:
            self._finish(error)
            raise

    async def aclose(self) -> None:
        await self._inner.aclose()
        self._finish()


def _described(error: BaseException) -> str:
    if isinstance(error, GeneratorExit):
        return "the response was not read to its end"
    name, said = type(error).__name__, str(error)
    return f"{name}: {said}" if said else name


def _http_version(response: httpx.Response | None) -> str | None:
    if response is None:
        return None
    return str(response.extensions.get("http_version", b"").decode("ascii", "replace")) or None
