"""The clients: ``Client`` for notebooks and scripts, ``AsyncClient`` with the same names for tasks.

Both are thin: ``BaseClient`` holds everything that does not wait, and every call goes through ``call``.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from connectorkit import markup, memory, operations, wire
from connectorkit.auth import ConnectorAuth, Headers, new_request, reply_of
from connectorkit.checks import check_text
from connectorkit.credentials import Credentials
from connectorkit.errors import ConnectorError
from connectorkit.journey import AsyncConsumer, Consumer
from connectorkit.log import Log
from connectorkit.operations import Operation, Payload
from connectorkit.redact import Redactor
from connectorkit.replies import Reply
from connectorkit.settings import Settings
from connectorkit.tokens import Token
from connectorkit.transport import AsyncRecordingTransport, Recorder, RecordingTransport

DEFAULT_CONSUMER = "someone@example"


class BaseClient:
    """What both clients share: settings, log, credentials, and who owns which conversation."""

    def __init__(
        self, settings: Settings, *, log: Log | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.settings = settings
        self.log = log if log is not None else Log(settings.log or ":memory:")
        self.redactor = Redactor()
        self.credentials = Credentials(settings, self.redactor, clock)
        self._recorder = Recorder(self.log, self.redactor)
        self._owners: dict[str, str] = {}

    def remembered_conversation(self, consumer: str) -> str | None:
        """The consumer's open conversation, as far as the log knows."""
        host = self.credentials.host(wire.MESSAGING)
        if host is None:  # nothing was ever sent, so nothing can be open
            return None
        return memory.open_conversation(self.log, self.settings.account_id, consumer, host)

    def owner(self, envelope: Payload) -> str:
        """Whose conversation a SEND request names, else the default consumer."""
        named = memory.mentioned_conversation(envelope)
        return self._owners.get(named or "", DEFAULT_CONSUMER)

    def _auth(self, operation: Operation, consumer: str | None, headers: Headers | None) -> ConnectorAuth:
        return ConnectorAuth(self.credentials, operation, consumer=consumer, headers=headers)

    def _preparation(self, *, app_jwt: bool = False, consumer: str | None = None) -> ConnectorAuth:
        return ConnectorAuth(self.credentials, want_app_jwt=app_jwt, consumer=consumer)

    def _request(self, operation: Operation, consumer: str | None) -> httpx.Request:
        # The auth flow puts the real host in: only it knows when the domain lookup has been made.
        placeholder = f"{self.settings.scheme}://{operation.service}.invalid{operation.target}"
        return new_request(self.settings, operation, placeholder, consumer=consumer)

    def note_owner(self, conversation_id: str, consumer: str) -> None:
        """From now on SEND requests that name this conversation go out for this consumer."""
        self._owners[conversation_id] = consumer

    def _noted(self, reply: Reply, consumer: str) -> Reply:
        if reply.conversation_id is not None:
            self.note_owner(reply.conversation_id, consumer)
        return reply

    @staticmethod
    def _check_open(closed: bool) -> None:
        if closed:
            raise ConnectorError("This kit is closed. Connect again with ck.connect() to go on.")

    def _facts(self) -> list[tuple[str, str]]:
        token = self.credentials.app_jwt
        return [
            ("account", self.settings.account_id),
            ("domain lookup", self.settings.domain_lookup),
            ("AppJWT", "not fetched yet" if token is None else token.fingerprint),
            ("log", repr(self.log)[1:-1]),
        ]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: " + ", ".join(f"{n} {v}" for n, v in self._facts()) + ">"

    def _repr_html_(self) -> str:
        return markup.facts(type(self).__name__, self._facts())


class Client(BaseClient):
    """A synchronous connector for one account. Safe to share between threads; close it when done.

    ``transport`` replaces the network (for tests); ``clock`` gives seconds since the epoch.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        log: Log | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(settings, log=log, clock=clock)
        inner = transport or httpx.HTTPTransport(limits=_LIMITS)
        self._http = httpx.Client(transport=RecordingTransport(inner, self._recorder), trust_env=False)
        # A client thrown away without close() leaves no open socket behind.
        weakref.finalize(self, self._http.close)
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
        name = _named(consumer)
        return self._noted(
            self.call(operations.conversation(self.settings.account_id, batch), name, headers), name
        )

    def send(
        self, envelope: Payload, *, consumer: str | None = None, headers: Headers | None = None
    ) -> Reply:
        """SEND with a raw request, sent as it is, however broken. A refusal is a reply, not an error.

        Without ``consumer`` it is sent for the owner of the conversation it names, where this kit has opened
        or resumed it; else for a default consumer.
        """
        name = self.owner(envelope) if consumer is None else _named(consumer)
        return self.call(operations.send(self.settings.account_id, envelope), name, headers)

    def domains(self) -> dict[str, str]:
        """Service name to host, from the domain lookup (cached for half an hour)."""
        self._prepare(self._preparation())
        return dict(self.credentials.domains or {})

    def app_jwt(self, *, renew: bool = False) -> Token:
        """The connector's AppJWT, fetched when missing, about to expire, or when told to ``renew``."""
        if renew:
            self.credentials.discard(self.credentials.app_jwt)
        self._prepare(self._preparation(app_jwt=True))
        return _present(self.credentials.app_jwt)

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
        """Send any operation. Network failures are raised as httpx's own errors."""
        self._check_open(self._http.is_closed)
        request = self._request(operation, consumer)
        self._http.send(request, auth=self._auth(operation, consumer, headers))
        return reply_of(request)

    def close(self) -> None:
        """Close the connections. The log stays readable."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepare(self, auth: ConnectorAuth) -> None:
        self._check_open(self._http.is_closed)
        steps = auth.sync_auth_flow(None)
        try:
            request = next(steps)
            while True:
                request = steps.send(self._http.send(request, auth=None))
        except StopIteration:
            return
        finally:
            steps.close()


class AsyncClient(BaseClient):
    """The asynchronous twin of ``Client``: same names, same meaning, awaited."""

    def __init__(
        self,
        settings: Settings,
        *,
        log: Log | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(settings, log=log, clock=clock)
        inner = transport or httpx.AsyncHTTPTransport(limits=_LIMITS)
        self._http = httpx.AsyncClient(
            transport=AsyncRecordingTransport(inner, self._recorder), trust_env=False
        )
        self._consumers: dict[str, AsyncConsumer] = {}

    def consumer(self, name: str = DEFAULT_CONSUMER) -> AsyncConsumer:
        """See ``Client.consumer``."""
        check_text("consumer", name)
        return self._consumers.setdefault(name, AsyncConsumer(self, name))

    async def conversation(
        self, batch: Payload, *, consumer: str | None = None, headers: Headers | None = None
    ) -> Reply:
        """See ``Client.conversation``."""
        name = _named(consumer)
        operation = operations.conversation(self.settings.account_id, batch)
        return self._noted(await self.call(operation, name, headers), name)

    async def send(
        self, envelope: Payload, *, consumer: str | None = None, headers: Headers | None = None
    ) -> Reply:
        """See ``Client.send``."""
        name = self.owner(envelope) if consumer is None else _named(consumer)
        return await self.call(operations.send(self.settings.account_id, envelope), name, headers)

    async def domains(self) -> dict[str, str]:
        """See ``Client.domains``."""
        await self._prepare(self._preparation())
        return dict(self.credentials.domains or {})

    async def app_jwt(self, *, renew: bool = False) -> Token:
        """See ``Client.app_jwt``."""
        if renew:
            self.credentials.discard(self.credentials.app_jwt)
        await self._prepare(self._preparation(app_jwt=True))
        return _present(self.credentials.app_jwt)

    async def consumer_jws(self, name: str, *, renew: bool = False) -> Token:
        """See ``Client.consumer_jws``."""
        check_text("consumer", name)
        if renew:
            self.credentials.consumer_jws.pop(name, None)
        await self._prepare(self._preparation(consumer=name))
        return self.credentials.consumer_jws[name]

    async def call(
        self, operation: Operation, consumer: str | None = None, headers: Headers | None = None
    ) -> Reply:
        """See ``Client.call``."""
        self._check_open(self._http.is_closed)
        request = self._request(operation, consumer)
        await self._http.send(request, auth=self._auth(operation, consumer, headers))
        return reply_of(request)

    async def close(self) -> None:
        """Close the connections. The log stays readable."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _prepare(self, auth: ConnectorAuth) -> None:
        self._check_open(self._http.is_closed)
        steps = auth.async_auth_flow(None)
        try:
            request = await anext(steps)
            while True:
                request = await steps.asend(await self._http.send(request, auth=None))
        except StopAsyncIteration:
            return
        finally:
            await steps.aclose()


# Connections are kept while a person reads a page between two cells.
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=60)


def _named(consumer: str | None) -> str:
    if consumer is None:
        return DEFAULT_CONSUMER
    check_text("consumer", consumer)
    return consumer


def _present(token: Token | None) -> Token:
    assert token is not None, "the flow ends with a token or an error"
    return token
