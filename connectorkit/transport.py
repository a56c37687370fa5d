"""Transports that record every exchange, failures included, with the time each phase took.

They wrap httpx's own transports, so token requests, retries and requests that never got an answer are all
seen. What goes wrong below comes out as httpx's own error, without the frames and the causes that hold the
request's raw headers in their variables.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectorkit.bodies import Received
from connectorkit.calls import EXTENSION as EXTENSION
from connectorkit.calls import Call as Call
from connectorkit.calls import complete
from connectorkit.calls import label as label
from connectorkit.calls import scenario_label as scenario_label
from connectorkit.recording import Recorder as Recorder
from connectorkit.redact import Redactor
from connectorkit.stopwatch import Stopwatch

# Whoever switches httpx's logging on gets to see what httpx.Client would say.
_httpx_log = logging.getLogger("httpx")


@dataclass(frozen=True)
class Answer:
    """A response, read to its end; ``content`` is decompressed."""

    status_code: int
    content: bytes = field(repr=False)

    def json(self) -> Any:
        """The decoded body, or ``None`` where it is not JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class RecordingTransport(httpx.BaseTransport):
    """Records each exchange of the transport it wraps."""

    def __init__(self, inner: httpx.BaseTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder
        self.is_closed = False

    def send(self, request: httpx.Request) -> Answer:
        """Send the request and read the answer, as ``httpx.Client.send`` does, but no redirects and cookies.

        Recorded when this returns, or when it raises.
        """
        watch = self._recorder.start(request, asynchronous=False)
        response: httpx.Response | None = None
        received, failure = Received(), None
        try:
            response = self._inner.handle_request(complete(request))
            received.read(response)
        except BaseException as error:
            failure = _presentable(error, request, self._recorder.redactor)
        return _answer(self._recorder, request, watch, response, received, failure)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; its record is written when the response is closed, or when it fails."""
        watch = self._recorder.start(request, asynchronous=False)
        failure = None
        try:
            response = self._inner.handle_request(complete(request))
        except BaseException as error:
            failure = _presentable(error, request, self._recorder.redactor)
        if failure is not None:
            self._recorder.record(request, watch, error=failure)
            raise failure
        if response.is_closed:
            self._recorder.record(request, watch, response=response, received=Received(response.content))
        else:
            response.stream = _Stream(response, response.stream, request, watch, self._recorder)
        return response

    def close(self) -> None:
        """Close the wrapped transport."""
        self.is_closed = True
        self._inner.close()


class AsyncRecordingTransport(httpx.AsyncBaseTransport):
    """Records each exchange of the asynchronous transport it wraps."""

    def __init__(self, inner: httpx.AsyncBaseTransport, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder
        self.is_closed = False

    async def send(self, request: httpx.Request) -> Answer:
        """See ``RecordingTransport.send``."""
        watch = self._recorder.start(request, asynchronous=True)
        response: httpx.Response | None = None
        received, failure = Received(), None
        try:
            response = await self._inner.handle_async_request(complete(request))
            await received.aread(response)
        except BaseException as error:
            failure = _presentable(error, request, self._recorder.redactor)
        return _answer(self._recorder, request, watch, response, received, failure)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; its record is written when the response is closed, or when it fails."""
        watch = self._recorder.start(request, asynchronous=True)
        failure = None
        try:
            response = await self._inner.handle_async_request(complete(request))
        except BaseException as error:
            failure = _presentable(error, request, self._recorder.redactor)
        if failure is not None:
            self._recorder.record(request, watch, error=failure)
            raise failure
        if response.is_closed:
            self._recorder.record(request, watch, response=response, received=Received(response.content))
        else:
            response.stream = _AsyncStream(response, response.stream, request, watch, self._recorder)
        return response

    async def aclose(self) -> None:
        """Close the wrapped transport."""
        self.is_closed = True
        await self._inner.aclose()


def _answer(
    recorder: Recorder,
    request: httpx.Request,
    watch: Stopwatch,
    response: httpx.Response | None,
    received: Received,
    failure: BaseException | None,
) -> Answer:
    """Record what came of a request, and hand it on."""
    undecodable = recorder.record(request, watch, response=response, received=received, error=failure)
    if failure is not None:
        raise failure
    if undecodable is not None:
        raise _presentable(undecodable, request, recorder.redactor)
    assert response is not None, "there is an answer where nothing failed"
    if _httpx_log.isEnabledFor(logging.INFO):
        outcome = response.http_version, response.status_code, response.reason_phrase
        _httpx_log.info('HTTP Request: %s %s "%s %d %s"', request.method, request.url, *outcome)
    return Answer(response.status_code, received.content)


def unsendable(request: httpx.Request) -> httpx.LocalProtocolError:
    """In place of an error that quotes the header, which may be a token."""
    return httpx.LocalProtocolError(
        "A header cannot be sent: its value has a line break, a blank at an end, or half a surrogate pair. "
        "Check the headers.",
        request=request,
    )


def _presentable(error: BaseException, request: httpx.Request, redactor: Redactor) -> BaseException:
    """The error without the frames below ours, the errors it was made of, and what it quotes of an answer."""
    if isinstance(error, httpx.LocalProtocolError):
        error = unsendable(request)
    error.args = tuple(redactor.text(part) if isinstance(part, str) else part for part in error.args)
    error.__cause__ = error.__context__ = None
    if isinstance(error, httpx.RequestError):
        error.request = request
    return error.with_traceback(None)


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
        self._received = Received()
        self._done = False

    def _finish(self, error: BaseException | None = None) -> None:
        if not self._done:
            self._done = True
            self._recorder.record(
                self._request, self._watch, response=self._response, received=self._received, error=error
            )


class _Stream(_Tap, httpx.SyncByteStream):
    def __iter__(self) -> Iterator[bytes]:
        failure = None
        try:
            for chunk in self._inner:
                self._received.body += chunk
                yield chunk
                del chunk
        except BaseException as error:
            failure = _presentable(error, self._request, self._recorder.redactor)
        if failure is not None:
            self._finish(failure)
            raise failure

    def close(self) -> None:
        self._inner.close()
        self._finish()


class _AsyncStream(_Tap, httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        failure = None
        try:
            async for chunk in self._inner:
                self._received.body += chunk
                yield chunk
        except BaseException as error:
            failure = _presentable(error, self._request, self._recorder.redactor)
        if failure is not None:
            self._finish(failure)
            raise failure

    async def aclose(self) -> None:
        await self._inner.aclose()
        self._finish()
