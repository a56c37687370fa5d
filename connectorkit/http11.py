"""One connection of HTTP/1.1, over a socket and httptools: a third of the time of httpx's own.

A send is mostly waiting, but at a laptop's sandbox half of it was the client's own work. Errors are httpx's,
and what begins is told to the extension ``trace`` of a request in the words of httpcore, as far as they
begin a phase: ``connect_tcp``, ``start_tls``, ``send_request_headers`` and ``receive_response_headers``.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, cast

import httptools
import httpx

from connectorkit.framing import Framing, framed

MAX_HEAD_BYTES = 100 * 1024
_READ_BYTES = 64 * 1024
_PORTS = {"http": 80, "https": 443}
_NO_BODY = (204, 304)

_log = logging.getLogger(__name__)  # says what httpcore would

Trace = Callable[[str, dict[str, Any]], object]


class Head(NamedTuple):
    """What an answer begins with; names of ``headers`` as they came."""

    status: int
    version: bytes
    reason: bytes
    headers: list[tuple[bytes, bytes]]


class Connection:
    """Sends one request at a time: ``send``, then ``pieces`` to its end, then ``rest``, and again.

    ``reusable`` tells whether it can go on after that. Whoever gets an error from it closes it.
    """

    # Of the answer that is read now.
    _head: Head | None
    _headers: list[tuple[bytes, bytes]]
    _reason: bytes
    _come: list[bytes]  # pieces of its body that nobody has taken yet
    _head_bytes: int
    _received: int
    _complete: bool
    _bodiless: bool
    _read_timeout: float | None

    def __init__(self, request: httpx.Request, context: ssl.SSLContext | None) -> None:
        """Connect to where the request goes, with TLS where there is a ``context``.

        Raises ``httpx.ConnectError`` and ``httpx.ConnectTimeout``.
        """
        url, trace, timeout = request.url, _trace(request), _timeouts(request).get("connect")
        host = url.raw_host.decode("ascii")
        self._alive = False
        with _failing(httpx.ConnectError, httpx.ConnectTimeout):
            trace("connection.connect_tcp.started", {})
            made = socket.create_connection((host, url.port or _PORTS[url.scheme]), timeout)
            try:
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if context is not None:
                    trace("connection.start_tls.started", {})
                    name = request.extensions.get("sni_hostname") or host
                    made = context.wrap_socket(made, server_hostname=name)
            except BaseException:
                made.close()
                raise
        self._socket = made
        self._timeout = timeout
        self._parser = httptools.HttpResponseParser(self)
        self._rests_since = 0.0
        self._forget()

    # --- A request and its answer --------------------------------------------------------------------

    def send(self, request: httpx.Request) -> Head:
        """Send the request and read the head of its answer. Raises httpx's errors."""
        framing = framed(request)
        trace, timeouts = _trace(request), _timeouts(request)
        self._forget()
        self._alive, self._bodiless = False, request.method == "HEAD"
        trace("http11.send_request_headers.started", {"request": request})
        if wordy := _log.isEnabledFor(logging.DEBUG):
            _log.debug("send_request_headers %s %s %r", request.method, request.url, request.headers.raw)
        with contextlib.suppress(httpx.WriteError):  # the answer may have come first, and say why
            self._write(request, framing, timeouts.get("write"))
        trace("http11.receive_response_headers.started", {})
        self._read_timeout = timeouts.get("read")
        while self._head is None:
            self._read()
        trace("http11.receive_response_headers.complete", {})
        if wordy:
            _log.debug("receive_response_headers %r", self._head)
        return self._head

    def pieces(self) -> Iterator[bytes]:
        """The body of the answer, as it comes."""
        while True:
            come, self._come = self._come, []
            yield from come
            if self._complete:
                return
            self._read()

    def rest(self) -> None:
        """Its answer has been read, and the next request may be long in coming."""
        self._rests_since = time.monotonic()

    @property
    def reusable(self) -> bool:
        """Whether one more request can follow: the last answer is complete, and nobody wants to hang up."""
        return self._alive

    def stale(self, keep_seconds: float | None) -> bool:
        """Whether it has rested for longer than this, or the other side has hung up meanwhile."""
        if keep_seconds is not None and time.monotonic() - self._rests_since > keep_seconds:
            return True
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return True
        return _readable(self._socket)  # what comes unasked is the end, or worse

    def close(self) -> None:
        """Hang up."""
        self._alive = False
        self._socket.close()

    # --- What the parser tells -----------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """An answer begins."""
        if self._complete:
            self._alive = False  # nobody asked for this one

    def on_status(self, reason: bytes) -> None:
        """A part of the reason phrase."""
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head has come; those of interim answers are dropped."""
        status = self._parser.get_status_code()
        if self._head is None and (status >= 200 or status == 101):
            version = b"HTTP/" + self._parser.get_http_version().encode("ascii")
            self._head = Head(status, version, self._reason, self._headers)
            self._complete = self._bodiless
        self._reason, self._headers = b"", []

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if not self._complete:
            self._come.append(body)
            self._received += len(body)

    def on_message_complete(self) -> None:
        """The answer has come, or an interim one."""
        if self._head is not None and not self._complete:
            self._complete = True
            self._alive = self._parser.should_keep_alive()

    # --- The socket ----------------------------------------------------------------------------------

    def _forget(self) -> None:
        self._head, self._headers, self._reason, self._come = None, [], b"", []
        self._received = self._head_bytes = 0
        self._complete = self._bodiless = False
        self._read_timeout = None

    def _write(self, request: httpx.Request, framing: Framing, timeout: float | None) -> None:
        """The head leaves together with a body that is at hand."""
        waiting, sent = framing.head, 0
        for piece in cast(Iterable[bytes], request.stream):
            sent += len(piece)
            self._write_all(waiting + framing.piece(piece, sent), timeout)
            waiting = b""
        if end := waiting + framing.end(sent):
            self._write_all(end, timeout)

    def _write_all(self, data: bytes, timeout: float | None) -> None:
        with _failing(httpx.WriteError, httpx.WriteTimeout):
            self._wait_for(timeout)
            left = memoryview(data)
            while left:
                left = left[self._socket.send(left) :]

    def _read(self) -> None:
        """Read on; raises ``RemoteProtocolError`` where what comes is no answer, or ends too early."""
        with _failing(httpx.ReadError, httpx.ReadTimeout):
            self._wait_for(self._read_timeout)
            data = self._socket.recv(_READ_BYTES)
        if not data:
            self._ended()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._complete, self._alive = True, False
        except httptools.HttpParserCallbackError as error:  # an error of our own, not of the answer
            raise error.__context__ or error from None
        except httptools.HttpParserError as error:
            self._alive = False
            if not self._complete:  # else it came behind the answer
                raise httpx.RemoteProtocolError(str(error)) from error
        if self._head is None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                raise httpx.RemoteProtocolError(f"The answer's head has over {MAX_HEAD_BYTES} bytes.")

    def _ended(self) -> None:
        self._alive = False
        if self._head is None:
            begun = self._head_bytes or self._headers or self._reason
            ending = "in the middle of the answer's head." if begun else "without sending a response."
            raise httpx.RemoteProtocolError(f"Server disconnected {ending}")
        given = {name.lower(): value for name, value in self._head.headers}
        if b"transfer-encoding" in given:
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body (incomplete chunked read)"
            )
        if b"content-length" in given and self._head.status not in _NO_BODY:
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body "
                f"(received {self._received} bytes, expected {given[b'content-length'].decode('latin-1')})"
            )
        self._complete = True  # an answer without a length ends with its connection

    def _wait_for(self, timeout: float | None) -> None:
        if timeout != self._timeout:  # telling a socket costs a call of the system
            self._timeout = timeout
            self._socket.settimeout(timeout)


class _failing:
    """Turns the system's errors into these two of httpx."""

    __slots__ = ("_error", "_timeout")

    def __init__(self, error: type[httpx.TransportError], timeout: type[httpx.TimeoutException]) -> None:
        self._error, self._timeout = error, timeout

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, TimeoutError):
            raise self._timeout(str(error)) from error
        if isinstance(error, OSError | UnicodeError):  # the latter of a host's name
            raise self._error(str(error)) from error


def _trace(request: httpx.Request) -> Trace:
    return cast(Trace, request.extensions.get("trace", _nobody))


def _nobody(event: str, info: dict[str, Any]) -> None:
    return None


def _timeouts(request: httpx.Request) -> dict[str, float | None]:
    return cast(dict[str, "float | None"], request.extensions.get("timeout", {}))


def _readable(made: socket.socket) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([made], [], [], 0)[0])
    poll = select.poll()
    poll.register(made, select.POLLIN)
    return bool(poll.poll(0))
