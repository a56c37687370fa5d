"""``Client``: the client for notebooks and scripts. Every call is one ``_exchange``."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from connectorkit import operations, proxies, waiting
from connectorkit.auth import ConnectorAuth, Headers, reply_of
from connectorkit.base_client import DEFAULT_CONSUMER, hidden, named, present
from connectorkit.base_client import BaseClient as BaseClient
from connectorkit.bodies import Progress
from connectorkit.checks import check_text
from connectorkit.journey import Consumer
from connectorkit.log import Log
from connectorkit.operations import FileUrl, Operation, Payload
from connectorkit.replies import Reply
from connectorkit.retries import RetryPolicy
from connectorkit.settings import Settings
from connectorkit.tokens import Token
from connectorkit.transport import Answer, Call, RecordingTransport


class Client(BaseClient):
    """A synchronous connector for one account. Safe to share between threads; close it when done.

    ``transport`` replaces the network (for tests); ``clock`` gives seconds since the epoch. ``retry`` is a
    policy, or ``False`` for none; ``pause`` is called with the seconds to wait before a repetition, and why.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        log: Log | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        retry: RetryPolicy | bool = True,
        pause: Callable[[float, str], object] = waiting.wait,
    ) -> None:
        super().__init__(settings, log=log, clock=clock, retry=retry)
        inner = transport or proxies.transport(settings.proxy)
        self._wire = RecordingTransport(inner, self._recorder)
        self._pause = pause
        # A client thrown away without close() leaves no open socket behind.
        weakref.finalize(self, self._wire.close)
        self._consumers: dict[str, Consumer] = {}
        self._consumers_lock = threading.Lock()

    def consumer(self, name: str = DEFAULT_CONSUMER) -> Consumer:
        """The consumer known to the connector by this name (``ext_consumer_id``). Nothing is sent yet."""
        check_text("consumer", name)
        with self._consumers_lock:
            return self._consumers.setdefault(name, Consumer(self, name))

    def conversation(
        self, batch: Payload, *, consumer: str | None = None, headers: Headers | None = None
    ) -> Reply:
        """CONVERSATION with a raw batch, sent as it is, however broken. A refusal is a reply, not an error.

        ``headers`` replace what the kit would send; ``None`` as a value leaves that header out.
        """
        name, headers = named(consumer), hidden(headers)
        operation = operations.conversation(self.settings.account_id, batch)
        del batch  # what may hold a secret is in no variable of a frame that a traceback can show
        return self._noted(self.call(operation, name, headers), name)

    def send(
        self, envelope: Payload, *, consumer: str | None = None, headers: Headers | None = None
    ) -> Reply:
        """SEND with a raw request, sent as it is, however broken. A refusal is a reply, not an error.

        Without ``consumer`` it is sent for the owner of the conversation it names, where this kit has opened
        or resumed it; else for a default consumer.
        """
        name = self.owner(envelope) if consumer is None else named(consumer)
        operation, headers = operations.send(self.settings.account_id, envelope), hidden(headers)
        del envelope
        return self.call(operation, name, headers)

    def domains(self) -> dict[str, str]:
        """Service name to host, from the domain lookup (cached for half an hour)."""
        self._prepare(self._preparation())
        return dict(self.credentials.domains or {})

    def app_jwt(self, *, renew: bool = False) -> Token:
        """The connector's AppJWT, fetched when missing, about to expire, or when told to ``renew``."""
        if renew:
            self.credentials.discard(self.credentials.app_jwt)
        self._prepare(self._preparation(app_jwt=True))
        return present(self.credentials.app_jwt)

    def consumer_jws(self, name: str, *, renew: bool = False) -> Token:
        """A consumer's ConsumerJWS, fetched when it is first needed or when told to ``renew``."""
        check_text("consumer", name)
        if renew:
            self.credentials.consumer_jws.pop(name, None)
        self._prepare(self._preparation(consumer=name))
        return self.credentials.consumer_jws[name]

    def call(
        self, operation: Operation, consumer: str | None = None, headers: Headers | None = None
    ) -> Reply:
        """Send any operation. Raises ``NoAnswerError`` or ``OutcomeUnknown`` where the network fails."""
        return self._exchange(operation, consumer, headers := hidden(headers))[0]

    def file_url(
        self, envelope: Payload, *, consumer: str | None = None, headers: Headers | None = None
    ) -> FileUrl:
        """SEND a request for an upload or download URL; what comes is a permission, good for 60 seconds.

        Raises the typed error of a refusal.
        """
        operation, headers = operations.send(self.settings.account_id, envelope), hidden(headers)
        del envelope
        return self._file_url(*self._exchange(operation, named(consumer), headers))

    def upload(
        self,
        url: FileUrl,
        content: bytes,
        file_type: str,
        *,
        consumer: str | None = None,
        progress: Progress | None = None,
    ) -> Reply:
        """PUT a file into the store. A refusal is a reply, not an error.

        ``progress`` is called with the bytes sent and their total; ``consumer`` is only for the log.
        """
        operation = operations.upload_file(url, content, file_type)
        return self._exchange(operation, consumer, progress=progress)[0]

    def download(self, url: FileUrl, *, consumer: str | None = None) -> bytes:
        """GET a file from the store. Raises the typed error of a refusal."""
        reply, answer = self._exchange(operations.download_file(url), consumer)
        reply.raise_for_error()
        return answer.content

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._wire.is_closed

    def close(self) -> None:
        """Close the connections. The log stays readable."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(
        self,
        operation: Operation,
        consumer: str | None,
        headers: Headers | None = None,
        progress: Progress | None = None,
    ) -> tuple[Reply, Answer]:
        self._check_open()
        request = self._request(operation, consumer, progress)
        auth, answer = self._auth(operation, consumer, headers), None
        more = auth.opening(request)
        if more is None:
            answer = self._send(request)
            more = auth.renewal(request, answer)
        if more is not None:
            answer = auth.follow(more, self._send)
        return reply_of(request), present(answer)

    def _prepare(self, auth: ConnectorAuth) -> None:
        self._check_open()
        auth.follow(auth.flow(None), self._send)

    def _send(self, request: httpx.Request) -> Answer:
        """Send one request, again where the policy says so; a network failure is never repeated."""
        while True:
            failure, answer = None, None
            try:
                answer = self._wire.send(request)
            except httpx.HTTPError as error:
                failure = error
            if failure is not None:  # raised here, so that it has no context
                raise self._no_answer(request, failure)
            answer = present(answer)
            seconds = self._retry_in(request, answer) if answer.status_code >= 429 else None
            if seconds is None:
                return answer
            self._pause(seconds, waiting.reason(request, answer.status_code))
            Call.of(request).attempt += 1
