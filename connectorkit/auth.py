"""Authentication: domain lookup, AppJWT and ConsumerJWS, as one flow for both clients.

The flow knows nothing of sockets, threads or tasks. It yields requests to be sent and ``Turn`` marks where
only one caller at a time may go on; the two drivers at the end differ only in how they wait. However many
threads or tasks ask at once, one request is made for each thing that is missing.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any

import httpx

from connectorkit import operations, wire
from connectorkit.credentials import Credentials
from connectorkit.errors import NoAnswerError
from connectorkit.operations import Operation
from connectorkit.replies import Message, Reply
from connectorkit.settings import Settings
from connectorkit.tokens import Token
from connectorkit.transport import EXTENSION, Answer, Call, unsendable

_DOMAINS, _APP_JWT = "domains", "app_jwt"


@dataclass(frozen=True)
class Turn:
    """Wait until nobody else holds ``key``; ``Turn(None)`` gives the one taken last back."""

    key: str | None


Headers = dict[str, str | None]
Flow = Generator[httpx.Request | Turn, Answer | None, Any]


class ConnectorAuth:
    """Finds the host, brings the tokens, and after a 401 that asks for it renews the AppJWT once.

    One instance per request. ``headers`` replace what the flow would set (``None`` leaves a header out):
    that is how a tester sends a wrong token, and such a token is never renewed.
    """

    def __init__(
        self,
        credentials: Credentials,
        operation: Operation | None = None,
        *,
        consumer: str | None = None,
        headers: dict[str, str | None] | None = None,
        want_app_jwt: bool = False,
    ) -> None:
        self._known = credentials
        self._operation = operation
        self._consumer = consumer
        self._headers = type(headers or {})((name.lower(), value) for name, value in (headers or {}).items())
        self._want_app_jwt = want_app_jwt
        self._used: Token | None = None

    def flow(self, request: httpx.Request | None) -> Flow:
        """Everything that must be sent so that ``request`` can be, and then the request itself.

        With ``None`` instead of a request only the preparations are made.
        """
        operation = self._operation
        if operation is None or request is None:
            yield from self._bring_domains()
            if self._want_app_jwt or self._consumer is not None:
                yield from self._bring_app_jwt()
            if self._consumer is not None:
                yield from self._bring_consumer_jws(self._consumer)
            return
        if operation.service is not None:
            yield from self._bring_domains()
        if operation.authorised and wire.AUTHORIZATION.lower() not in self._headers:
            yield from self._bring_app_jwt()
        wants_jws = operation.on_behalf and wire.ON_BEHALF.lower() not in self._headers
        if wants_jws and self._consumer is not None:
            yield from self._bring_consumer_jws(self._consumer)
        url = self._known.url(operation)
        request.url = url
        request.headers["Host"] = url.netloc.decode("ascii")
        yield from self._send_signed(request, operation, self._headers)

    def opening(self, request: httpx.Request) -> Flow | None:
        """The flow; ``None`` where nothing is missing: then ``request`` is signed, and ready to be sent."""
        operation = self._operation
        if operation is None or not self._ready(operation):
            return self.flow(request)
        self._used = self._sign(request, operation, self._headers)
        return None

    def renewal(self, request: httpx.Request, answer: Answer) -> Flow | None:
        """What is to be sent after an answer that asks for a fresh AppJWT; ``None`` where it does not."""
        if self._used is None or self._operation is None or not asks_for_app_jwt(answer):
            return None
        return self._renew(request, self._operation, self._headers, self._used)

    def _ready(self, operation: Operation) -> bool:
        known, own = self._known, self._headers
        if operation.service is None or known.domains is None or operation.service not in known.domains:
            return False
        wants_app_jwt = operation.authorised and wire.AUTHORIZATION.lower() not in own
        if wants_app_jwt and known.fresh_app_jwt() is None:
            return False
        wants_jws = operation.on_behalf and self._consumer is not None and wire.ON_BEHALF.lower() not in own
        return not wants_jws or self._consumer in known.consumer_jws

    def _send_signed(
        self, request: httpx.Request, operation: Operation, replaced: Headers
    ) -> Generator[Any, Answer, Answer]:
        token = self._sign(request, operation, replaced)
        response = yield request
        if token is None or not asks_for_app_jwt(response):
            return response
        return (yield from self._renew(request, operation, replaced, token))

    def _renew(
        self, request: httpx.Request, operation: Operation, replaced: Headers, token: Token
    ) -> Generator[Any, Any, Answer]:
        self._known.discard(token)
        yield from self._bring_app_jwt()
        self._sign(request, operation, replaced)
        Call.of(request).attempt += 1
        response: Answer = yield request
        return response

    def _sign(self, request: httpx.Request, operation: Operation, replaced: Headers) -> Token | None:
        """Set the token headers; returns the AppJWT used, ``None`` where it was not ours to choose."""
        if not _replace(request.headers, replaced):
            raise NoAnswerError(str(unsendable(request)))
        jws = self._known.consumer_jws.get(self._consumer or "")
        if operation.on_behalf and jws is not None and wire.ON_BEHALF.lower() not in replaced:
            request.headers[wire.ON_BEHALF] = jws.secret.reveal()
        token = self._known.app_jwt
        if not operation.authorised or token is None or wire.AUTHORIZATION.lower() in replaced:
            return None
        # The bare token: no client in use sends "Bearer", although token_type says so.
        request.headers[wire.AUTHORIZATION] = token.secret.reveal()
        return token

    def _bring_domains(self) -> Flow:
        if self._known.domains is None:
            yield Turn(_DOMAINS)
            if self._known.domains is None:
                request = self._request(operations.find_domains(self._known.settings.account_id))
                yield request
                self._known.keep_domains(reply_of(request))
            yield Turn(None)

    def _bring_app_jwt(self) -> Flow:
        if self._known.fresh_app_jwt() is None:
            yield Turn(_APP_JWT)
            if self._known.fresh_app_jwt() is None:
                known = self._known.settings
                request = self._request(
                    operations.get_app_jwt(known.account_id, known.client_id, known.client_secret)
                )
                response = yield request
                assert response is not None, "a request was yielded, so the driver sends its answer"
                self._known.keep_app_jwt(reply_of(request), response)
            yield Turn(None)

    def _bring_consumer_jws(self, consumer: str) -> Flow:
        if consumer not in self._known.consumer_jws:
            yield Turn(f"consumer {consumer}")
            if consumer not in self._known.consumer_jws:
                yield from self._bring_app_jwt()
                operation = operations.get_consumer_jws(self._known.settings.account_id, consumer)
                request = self._request(operation)
                response = yield from self._send_signed(request, operation, {})
                self._known.keep_consumer_jws(consumer, reply_of(request), response)
            yield Turn(None)

    def _request(self, operation: Operation) -> httpx.Request:
        return new_request(
            self._known.settings,
            operation,
            self._known.url(operation),
            consumer=self._consumer,
        )

    def follow(self, flow: Flow, send: Callable[[httpx.Request], Answer]) -> Answer | None:
        """Drive a flow from a thread; the last answer."""
        held: list[threading.Lock] = []
        answer: Answer | None = None
        last: Answer | None = None
        try:
            while True:
                step = flow.send(answer)
                answer = None
                if not isinstance(step, Turn):
                    answer = last = send(step)
                elif step.key is None:
                    held.pop().release()
                else:
                    lock = self._known.thread_turns.setdefault(step.key, threading.Lock())
                    lock.acquire()
                    held.append(lock)
        except StopIteration:
            return last
        finally:
            for lock in reversed(held):
                lock.release()

    async def follow_async(
        self, flow: Flow, send: Callable[[httpx.Request], Awaitable[Answer]]
    ) -> Answer | None:
        """Drive a flow from a task; the last answer."""
        held: list[asyncio.Lock] = []
        answer: Answer | None = None
        last: Answer | None = None
        try:
            while True:
                step = flow.send(answer)
                answer = None
                if not isinstance(step, Turn):
                    answer = last = await send(step)
                elif step.key is None:
                    held.pop().release()
                else:
                    lock = self._known.task_turns.setdefault(step.key, asyncio.Lock())
                    await lock.acquire()
                    held.append(lock)
        except StopIteration:
            return last
        finally:
            for lock in reversed(held):
                lock.release()


def _replace(headers: httpx.Headers, replaced: Headers) -> bool:
    """Whether all could be set; an error of httpx would quote the value."""
    try:
        for name, value in replaced.items():
            if value is None:
                headers.pop(name, None)
            else:
                headers[name] = value
    except UnicodeEncodeError:
        return False
    return True


def new_request(
    settings: Settings,
    operation: Operation,
    url: httpx.URL | str,
    *,
    consumer: str | None = None,
) -> httpx.Request:
    """The request of an operation, with the timeout and the log's context that a bare one would lack."""
    call = Call(operation.name, settings.account_id, consumer)
    url = httpx.URL(url) if isinstance(url, str) else url
    headers = [("Host", url.netloc.decode("ascii")), ("Accept", wire.JSON_MEDIA_TYPE)]
    content = b"" if operation.method == "GET" else operation.content
    if operation.content_type is not None:
        headers.append(("Content-Type", operation.content_type))
    if operation.method != "GET":
        headers.append(("Content-Length", str(len(content))))
    seconds = settings.timeout
    return httpx.Request(
        operation.method,
        url,
        headers=headers,
        stream=httpx.ByteStream(content),
        extensions={
            "timeout": dict.fromkeys(("connect", "read", "write", "pool"), seconds),
            EXTENSION: call,
        },
    )


def asks_for_app_jwt(response: Answer) -> bool:
    """Whether a 401 can be cured by a fresh AppJWT.

    ``errorCode`` decides: 40102 and 40105 are about the AppJWT, 40103 and 40104 about the consumer. A 401
    that carries no number is given one try.
    """
    if response.status_code != 401:
        return False
    message = Message.read(response.json())
    number = message.error_code if message else None
    return number in (wire.INVALID_APP_JWT, wire.MISSING_APP_JWT, None)


def reply_of(request: httpx.Request) -> Reply:
    """The answer in the kit's terms, read from the record: whatever a server echoes, no secret is in it."""
    call = Call.of(request)
    assert call.exchange is not None, "the transport records before an answer is handed on"
    return Reply.recorded(call.exchange)
