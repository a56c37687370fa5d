"""``AsyncClient``: the client for tasks, with the names of ``Client``."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import httpx

from connectorkit import operations, proxies, waiting
from connectorkit.auth import ConnectorAuth, Headers, reply_of
from connectorkit.base_client import DEFAULT_CONSUMER, hidden, named, present
from connectorkit.base_client import BaseClient as BaseClient
from connectorkit.bodies import Progress
from connectorkit.checks import check_text
from connectorkit.journey import AsyncConsumer
from connectorkit.log import Log
from connectorkit.operations import FileUrl, Operation, Payload
from connectorkit.replies import Reply
from connectorkit.retries import RetryPolicy
from connectorkit.settings import Settings
from connectorkit.tokens import Token
from connectorkit.transport import Answer, AsyncRecordingTransport, Call


class AsyncClient(BaseClient):
    """The asynchronous twin of ``Client``: same names, same meaning, awaited."""

    def __init__(
        self,
        settings: Settings,
        *,
        log: Log | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
        retry: RetryPolicy | bool = True,
        pause: Callable[[float, str], Awaitable[object]] = waiting.wait_async,
    ) -> None:
        super().__init__(settings, log=log, clock=clock, retry=retry)
        inner = transport or proxies.async_transport(settings.proxy)
        self._wire = AsyncRecordingTransport(inner, self._recorder)
        self._pause = pause
        self._consumers: dict[str, AsyncConsumer] = {}

    def consumer(self, name: str = DEFAULT_CONSUMER) -> AsyncConsumer:
        """See ``Client.consumer``."""
        check_text("consumer", name)
        return self._consumers.setdefault(name, AsyncConsumer(self, name))

    async def conversation(
        self, batch: Payload, *, consumer: str | None = None, headers: Headers | None = None
    ) -> Reply:
        """See ``Client.conversation``."""
        name, headers = named(consumer), hidden(headers)
        operation = operations.conversation(self.settings.account_id, batch)
        del batch
        return self._noted(await self.call(operation, name, headers), name)

    async def send(
        self, envelope: Payload, *, consumer: str | None = None, headers: Headers | None = None
    ) -> Reply:
        """See ``Client.send``."""
        name = self.owner(envelope) if consumer is None else named(consumer)
        operation, headers = operations.send(self.settings.account_id, envelope), hidden(headers)
        del envelope
        return await self.call(operation, name, headers)

    async def domains(self) -> dict[str, str]:
        """See ``Client.domains``."""
        await self._prepare(self._preparation())
        return dict(self.credentials.domains or {})

    async def app_jwt(self, *, renew: bool = False) -> Token:
        """See ``Client.app_jwt``."""
        if renew:
            self.credentials.discard(self.credentials.app_jwt)
        await self._prepare(self._preparation(app_jwt=True))
        return present(self.credentials.app_jwt)

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
        return (await self._exchange(operation, consumer, headers := hidden(headers)))[0]

    async def file_url(
        self, envelope: Payload, *, consumer: str | None = None, headers: Headers | None = None
    ) -> FileUrl:
        """See ``Client.file_url``."""
        operation, headers = operations.send(self.settings.account_id, envelope), hidden(headers)
        del envelope
        return self._file_url(*await self._exchange(operation, named(consumer), headers))

    async def upload(
        self,
        url: FileUrl,
        content: bytes,
        file_type: str,
        *,
        consumer: str | None = None,
        progress: Progress | None = None,
    ) -> Reply:
        """See ``Client.upload``."""
        operation = operations.upload_file(url, content, file_type)
        return (await self._exchange(operation, consumer, progress=progress))[0]

    async def download(self, url: FileUrl, *, consumer: str | None = None) -> bytes:
        """See ``Client.download``."""
        reply, answer = await self._exchange(operations.download_file(url), consumer)
        reply.raise_for_error()
        return answer.content

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._wire.is_closed

    async def close(self) -> None:
        """Close the connections. The log stays readable."""
        await self._wire.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _exchange(
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
            answer = await self._send(request)
            more = auth.renewal(request, answer)
        if more is not None:
            answer = await auth.follow_async(more, self._send)
        return reply_of(request), present(answer)

    async def _prepare(self, auth: ConnectorAuth) -> None:
        self._check_open()
        await auth.follow_async(auth.flow(None), self._send)

    async def _send(self, request: httpx.Request) -> Answer:
        """See ``Client._send``."""
        while True:
            failure, answer = None, None
            try:
                answer = await self._wire.send(request)
            except httpx.HTTPError as error:
                failure = error
            if failure is not None:
                raise self._no_answer(request, failure)
            answer = present(answer)
            seconds = self._retry_in(request, answer) if answer.status_code >= 429 else None
            if seconds is None:
                return answer
            await self._pause(seconds, waiting.reason(request, answer.status_code))
            Call.of(request).attempt += 1
