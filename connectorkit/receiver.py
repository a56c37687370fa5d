"""Receives notifications: listens, verifies, records, answers, and only then lets others work on them.

>>> receiver = Receiver(client_secret=secret, account_id="12345678", client_id="app-1")  # doctest: +SKIP
>>> receiver.subscribe(log.append_notification)  # doctest: +SKIP
>>> with receiver:  # doctest: +SKIP
...     receiver.wait_for(lambda notification: notification.conversation_id == "c-1")
"""

from __future__ import annotations

import collections
import logging
import os
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from connectorkit import markup, wire
from connectorkit.errors import ConnectorError, SettingsError
from connectorkit.handlers import Handler, Handlers
from connectorkit.log import Notification
from connectorkit.redact import Redactor, Secret
from connectorkit.signature import VALID
from connectorkit.webhook import Judge, Webhook

if TYPE_CHECKING:
    from connectorkit.serving import Listener

Sink = Callable[[Notification], Notification | None]

PATH = "/"  # whatever the address in the install ends with
_KEPT = 1000  # notifications that wait_for can look back at, and their bytes
_KEPT_BYTES = 16 * 1024 * 1024
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - how to reach it from here

logger = logging.getLogger(__name__)


class Receiver:
    """A webhook on this machine, for one app of one account.

    It listens on loopback unless told otherwise, on a free port where ``port`` is 0; a port once found is
    kept for the next ``start``. ``certificate`` and ``key`` are PEM files and make it speak TLS.
    ``host_hint`` is the messaging host that the notifications are about. Raises ``SettingsError`` where a
    value cannot be used.
    """

    def __init__(
        self,
        *,
        client_secret: Secret,
        account_id: str,
        client_id: str,
        host: str = "127.0.0.1",
        port: int = 0,
        path: str = PATH,
        algorithm: str = "sha1",
        encoding: str = "base64",
        certificate: str | os.PathLike[str] | None = None,
        key: str | os.PathLike[str] | None = None,
        host_hint: str | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        _check(client_secret, port, path, algorithm, encoding)
        self._redactor = redactor or Redactor()
        self._redactor.learn(client_secret)
        self._judge = Judge(
            account_id, client_id, client_secret, algorithm, encoding, host_hint, self._redactor
        )
        self._host, self._port, self._path = host, port, path
        self._context = _context(certificate, key)
        self._listener: Listener | None = None
        self._aside: ThreadPoolExecutor | None = None
        self._sinks: tuple[Sink, ...] = ()
        self._handlers = Handlers(self._redactor)
        self._recent: collections.deque[tuple[int, Notification]] = collections.deque()
        self._recent_bytes = 0
        self._arrived = threading.Condition()
        self.received = 0
        self.lost = 0

    # --- Listening -----------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen, if it does not yet. Raises ``SettingsError`` where the address cannot be had."""
        from connectorkit.serving import Listener, ListenError  # uvicorn takes its time to import

        if self.listening:
            return self
        self._aside = ThreadPoolExecutor(1, "connectorkit diagnosis")
        app = Webhook(self._judge, self._path, self._record, self._answered, self._aside)
        listener = Listener(app, self._host, self._port, self._context)
        try:
            host, self._port = listener.start()
        except ListenError as error:
            self._aside.shutdown(wait=False)
            raise SettingsError(
                f"The receiver cannot listen on port {self._port} of {self._host} ({error}). "
                "Choose another port, or 0 for a free one, and an address of this machine."
            ) from None
        self._address = _LOOPBACK.get(host, host)
        self._listener = listener
        self._handlers.start()
        return self

    def stop(self) -> None:
        """Answer what is under way, let the handlers end within two seconds, and free the port."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        if self._aside is not None:
            self._aside.shutdown(wait=False, cancel_futures=True)
            self._aside = None
        self._handlers.stop()
        with self._arrived:
            self._arrived.notify_all()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def listening(self) -> bool:
        """Whether notifications are taken; false in a process forked from this one."""
        return self._listener is not None and self._listener.listening

    @property
    def url(self) -> str:
        """Where notifications go: the endpoint for an app install. Raises while it was not started."""
        if self._listener is None:
            raise ConnectorError("The receiver is not listening, so it has no URL. Call start() first.")
        address = f"[{self._address}]" if ":" in self._address else self._address
        return f"{'https' if self._context else 'http'}://{address}:{self._port}{self._path}"

    # --- Who gets them -------------------------------------------------------------------------------

    def subscribe(self, sink: Sink) -> None:
        """Have ``sink`` called with each notification before it is answered, also with untrusted ones.

        It records; what the first sink returns is what handlers and ``wait_for`` get. When one raises, the
        sender gets 500 and sends again later, and ``lost`` counts it.
        """
        self._sinks = (*self._sinks, sink)

    def unsubscribe(self, sink: Sink) -> None:
        """No longer call ``sink``; nothing happens where it was not subscribed."""
        self._sinks = tuple(given for given in self._sinks if given != sink)

    def on(self, handler: Handler) -> Handler:
        """Have ``handler`` called with each trusted notification after the answer; usable as a decorator.

        Handlers work on one thread of their own, one notification after another. The first exception of
        each is logged; it stops nothing. Those 10,000 notifications behind miss some, which is logged too.
        """
        _check_callable("handler", handler)
        self._handlers.add(handler)
        return handler

    def off(self, handler: Handler) -> None:
        """No longer call ``handler``; nothing happens where it was not there."""
        self._handlers.remove(handler)

    def wait_for(
        self, predicate: Callable[[Notification], object], timeout: float = 10.0, *, after: int | None = None
    ) -> Notification:
        """The first recorded notification that ``predicate`` holds for, untrusted ones included.

        Only what arrives from now on counts, or with ``after`` what came later than the first so many:
        note ``receiver.received``, act, then wait with ``after=`` it, and nothing is missed in between.
        A thousand notifications can be looked back at. Raises ``TimeoutError`` after ``timeout`` seconds,
        or at once where the receiver is not listening.
        """
        _check_callable("predicate", predicate)
        deadline = time.monotonic() + timeout
        start = seen = self.received if after is None else after
        causes: collections.Counter[str] = collections.Counter()
        while True:
            fresh, seen = self._since(seen, deadline - time.monotonic())
            for notification in fresh:
                if predicate(notification):
                    return notification
                causes[notification.signature] += 1
            if time.monotonic() >= deadline or not (fresh or self.listening):
                reason = f"within {timeout:g} s" if self.listening else "and the receiver is not listening"
                raise TimeoutError(f"No such notification came {reason}. {_others(seen - start, causes)}")

    def _since(self, seen: int, seconds: float) -> tuple[list[Notification], int]:
        """What came after the first ``seen``, as soon as there is something, and how many came in all."""
        with self._arrived:
            self._arrived.wait_for(lambda: self.received > seen or not self.listening, max(0.0, seconds))
            fresh = [notification for number, notification in self._recent if number > seen]
            return fresh, max(seen, self.received)

    def __repr__(self) -> str:
        place = self.url if self.listening else "not listening"
        return f"<Receiver: {place}, {self.received} received>"

    def _repr_html_(self) -> str:
        rows = [
            ("url", self.url if self.listening else "not listening"),
            ("account", self._judge.account_id),
            ("client id", self._judge.client_id),
            ("signature", f"{self._judge.algorithm}, {self._judge.encoding}"),
            ("received", self.received),
            ("lost", self.lost),
        ]
        return markup.facts("Receiver", rows, good=self.listening and not self.lost)

    # --- Called on the thread that listens -----------------------------------------------------------

    def _record(self, notification: Notification) -> Notification | None:
        kept = None
        try:
            for sink in self._sinks:
                recorded = sink(notification)
                kept = kept or recorded
        except Exception as error:
            if not self.lost:
                logger.warning(
                    "A notification could not be recorded (%s). The sender was asked to send it again.",
                    self._redactor.text(str(error)),
                )
            self.lost += 1
            return None
        self._announce(kept or notification)
        return kept or notification

    def _announce(self, notification: Notification) -> None:
        """Before the answer, so that whoever was answered has been counted."""
        with self._arrived:
            self.received += 1
            self._recent.append((self.received, notification))
            self._recent_bytes += notification.body_bytes
            while len(self._recent) > _KEPT or self._recent_bytes > _KEPT_BYTES:
                self._recent_bytes -= self._recent.popleft()[1].body_bytes
            self._arrived.notify_all()

    def _answered(self, notification: Notification) -> None:
        if notification.signature == VALID:
            self._handlers.put(notification)


def _check_callable(name: str, value: object) -> None:
    if not callable(value):
        raise TypeError(f"{name} is {value!r}. Pass a function that takes one Notification.")


def _check(client_secret: Secret, port: int, path: str, algorithm: str, encoding: str) -> None:
    if not client_secret:
        raise SettingsError(
            "Client secret is empty, so no signature can be verified. Set CONNECTORKIT_CLIENT_SECRET."
        )
    if not 0 <= port <= 65535:
        raise SettingsError(f"Port is {port}, allowed are 0 to 65535. Use 0 for a free one.")
    if not path.startswith("/"):
        raise SettingsError(f"Path is {path!r} and must begin with a slash, for example /notifications.")
    allowed = {
        "Algorithm": (algorithm, wire.SIGNATURE_ALGORITHMS),
        "Encoding": (encoding, wire.SIGNATURE_ENCODINGS),
    }
    for name, (given, known) in allowed.items():
        if given not in known:
            raise SettingsError(f"{name} is {given!r}, allowed are {' and '.join(known)}.")


def _context(
    certificate: str | os.PathLike[str] | None, key: str | os.PathLike[str] | None
) -> ssl.SSLContext | None:
    if certificate is None:
        if key is not None:
            raise SettingsError("A key is given without its certificate. Pass certificate= too.")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except (OSError, ValueError) as error:
        files = " and ".join(str(Path(file)) for file in (certificate, key) if file is not None)
        raise SettingsError(
            f"{files} cannot be used for TLS ({error}). Pass a certificate chain and its key as PEM files."
        ) from None
    return context


def _no_password() -> str:
    """Instead of a question on the terminal."""
    raise ValueError("the key is protected by a password")


def _others(count: int, causes: collections.Counter[str]) -> str:
    bad = ", ".join(f"{times} {cause}" for cause, times in causes.items() if cause != VALID)
    return f"{count} others did" + (f", of these untrusted: {bad}." if bad else ".")
