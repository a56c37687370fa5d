"""The receiver as it is seen from outside: what is sent to it, and how soon it answers what."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from connectorkit.errors import SettingsError

# Reference: "Delivery protocol". Nobody waits longer, and nothing else counts as success.
PATIENCE_SECONDS = 5.0
SLOW_SECONDS = 2.5
SUCCESS = (200, 201)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_WHOLE_SECONDS = 2 * PATIENCE_SECONDS  # however slowly an answer dribbles in
_MOST_BYTES = 64 * 1024

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds. Without an answer ``status`` is ``None``.

    ``slowdown`` is that of this machine meanwhile, 0 where it was not measured. A ``doubtful`` answer says
    nothing about the receiver.
    """

    status: int | None
    seconds: float
    error: str = ""
    slowdown: float = 0.0
    doubtful: bool = False

    @property
    def taken(self) -> bool:
        """Whether the receiver says that it has it, if not in the words that count."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def slow(self) -> bool:
        """Whether it took longer than an app may take."""
        return self.seconds > SLOW_SECONDS

    def __str__(self) -> str:
        return self.error if self.status is None else f"{self.status} after {self.seconds:.3f} s"


class Endpoint:
    """One address. ``trust`` is a PEM file of authorities to trust beside the usual ones.

    Each request has a connection of its own. Where the certificate is not trusted, ``mistrusted`` says why,
    and it is gone on with all the same: nothing that is sent is a secret.
    """

    def __init__(self, url: str, trust: str | Path | None = None) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if host is None or parts.scheme not in ("http", "https") or any(c.isspace() for c in url):
            raise SettingsError(
                f"{url!r} is no address of a receiver. Give something like http://127.0.0.1:8080/."
            )
        if parts.username is not None or parts.password is not None:
            raise SettingsError("The address has a user or a password in it. Leave them out.")
        self.url = url
        self.secure = parts.scheme == "https"
        self.local = host in _LOOPBACK
        self.mistrusted = ""
        self._host, self._port = host, port or (443 if self.secure else 80)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._context = _context(trust) if self.secure else None

    def post(self, body: bytes, headers: Headers) -> Answer:
        """Send a notification."""
        return self.request("POST", body, headers)

    def request(self, method: str, body: bytes = b"", headers: Headers = ()) -> Answer:
        """Send any request on a new connection."""
        return self.on_one_connection([(method, body, headers)])[0]

    def on_one_connection(self, requests: Sequence[tuple[str, bytes, Headers]]) -> list[Answer]:
        """Send requests one after the other; on another connection only where the receiver has said so."""
        connection, answers = self._connection(), []
        try:
            for method, body, headers in requests:
                answers.append(self._send(connection, method, body, headers))
        finally:
            connection.close()
        return answers

    def hang_up_halfway(self, body: bytes, headers: Headers) -> None:
        """Begin a request and break off in its body; nothing comes of it."""
        connection = self._connection()
        try:
            self._head(connection, "POST", [*headers, ("Content-Length", str(len(body)))])
            connection.send(body[: len(body) // 2])
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()

    def check_trust(self) -> None:
        """Look at the certificate once, before anything is sent."""
        if self._context is None:
            return
        connection = self._connection()
        try:
            connection.connect()
        except ssl.SSLError as error:
            self.mistrusted = getattr(error, "verify_message", "") or error.reason or str(error)
            self._context = ssl._create_unverified_context()  # noqa: S323 - see the class
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        except OSError:
            return  # nobody there: the first notification will tell
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_SECONDS)
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=PATIENCE_SECONDS, context=self._context
        )

    def _send(
        self, connection: http.client.HTTPConnection, method: str, body: bytes, headers: Headers
    ) -> Answer:
        started = time.perf_counter()
        status, error = None, ""
        try:
            if connection.sock is None:
                connection.connect()
            with _deadline(connection):
                length = [("Content-Length", str(len(body)))] if body or method == "POST" else []
                self._head(connection, method, [*headers, *length])
                with contextlib.suppress(ConnectionError):  # it may have answered before it hung up
                    connection.send(body)
                response = connection.getresponse()
                status = response.status
                response.read(_MOST_BYTES)
        except (OSError, http.client.HTTPException) as failure:
            error = _reason(failure, self._host, self._port)
            connection.close()
        seconds = time.perf_counter() - started
        if status is not None and seconds > PATIENCE_SECONDS:
            status = None
        if status is None and seconds > PATIENCE_SECONDS:
            error = f"no answer within {PATIENCE_SECONDS:g} s"
        return Answer(status, seconds, "" if status is not None else error)

    def _head(self, connection: http.client.HTTPConnection, method: str, headers: Headers) -> None:
        connection.putrequest(method, self._target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()


def _context(trust: str | Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if trust is not None:
        try:
            context.load_verify_locations(cafile=trust)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"{trust} holds no certificates to trust ({error}). Name a PEM file of authorities."
            ) from None
    return context


@contextlib.contextmanager
def _deadline(connection: http.client.HTTPConnection) -> Iterator[None]:
    """A timeout of a socket begins anew with each byte; this one does not."""
    sock = connection.sock

    def give_up() -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(_WHOLE_SECONDS, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _reason(failure: Exception, host: str, port: int) -> str:
    if isinstance(failure, TimeoutError):
        return f"no answer within {PATIENCE_SECONDS:g} s"
    if isinstance(failure, ConnectionRefusedError | socket.gaierror):
        return f"no connection to {host}:{port}"
    if isinstance(failure, ConnectionError | http.client.RemoteDisconnected):
        return "the connection ended without an answer"
    if isinstance(failure, http.client.HTTPException):
        return f"what came is no HTTP ({type(failure).__name__})"
    return f"no connection ({failure})"
