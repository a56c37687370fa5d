"""What the synchronous and the asynchronous client share: everything that does not wait."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import httpx

from connectorkit import markup, memory, network, retries, unsettled, wire
from connectorkit.auth import ConnectorAuth, Headers, new_request
from connectorkit.bodies import Progress, Upload
from connectorkit.checks import check_text
from connectorkit.credentials import Credentials
from connectorkit.errors import ConnectorError, NoAnswerError, OutcomeUnknown
from connectorkit.log import Exchange, Log
from connectorkit.operations import FileUrl, Operation, Payload
from connectorkit.records import Settlement
from connectorkit.redact import Redactor, Secret
from connectorkit.replies import Reply, unexpected
from connectorkit.retries import NEVER, PUBLISHED, RetryPolicy
from connectorkit.settings import Settings
from connectorkit.transport import Answer, Call, Recorder

Found = TypeVar("Found")
DEFAULT_CONSUMER = "someone@example"
_LOOK_SECONDS = 0.05
_SETTLE = (
    "The request had left, so it may have been carried out, and sending it again may do it twice. "
    "The kit did not: call settle() on this error to look for a notification that tells."
)
_REPEAT = "The request had left; sending it again does no harm."


class BaseClient(ABC):
    """What both clients share: settings, log, credentials, and who owns which conversation."""

    def __init__(
        self,
        settings: Settings,
        *,
        log: Log | None = None,
        clock: Callable[[], float] = time.time,
        retry: RetryPolicy | bool = True,
    ) -> None:
        self.settings = settings
        self.retry = PUBLISHED if retry is True else retry or NEVER
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

    def _request(
        self, operation: Operation, consumer: str | None, progress: Progress | None = None
    ) -> httpx.Request:
        known = self.credentials.known_url(operation)
        # Or the flow puts it in: only that knows when the domain lookup has been made.
        url = known or f"{self.settings.scheme}://{operation.service}.invalid{operation.target}"
        request = new_request(self.settings, operation, url, consumer=consumer)
        if operation.secret_query is not None:
            Call.of(request).secret_query = operation.secret_query
            request.headers["Accept"] = "*/*"  # files, and refusals in plain words
            if operation.method == "PUT":
                request.stream = Upload(operation.content, progress)
        return request

    def note_owner(self, conversation_id: str, consumer: str) -> None:
        """From now on SEND requests that name this conversation go out for this consumer."""
        self._owners[conversation_id] = consumer

    def _retry_in(self, request: httpx.Request, answer: Answer) -> float | None:
        """The seconds to wait before a refused request is sent again; ``None`` where the refusal stands."""
        call = Call.of(request)
        if call.exchange is None or not retries.switched_on.get():
            return None
        return self.retry.pause(call, answer.status_code, call.exchange.response_headers)

    def _no_answer(self, request: httpx.Request, failure: httpx.HTTPError) -> NoAnswerError:
        """The kit's own error for what went wrong in the network."""
        exchange, said = Call.of(request).exchange, network.sentence(failure)
        if not network.had_left(failure):
            return NoAnswerError(said, exchange=exchange)
        if exchange is None or exchange.operation not in unsettled.CALLS:
            return NoAnswerError(said, sent=True, exchange=exchange)
        envelope = exchange.request_json()
        harmless = isinstance(envelope, dict) and envelope.get("type") in unsettled.REPEATABLE
        return OutcomeUnknown(
            f"{said.split(' Check ')[0]} {_REPEAT if harmless else _SETTLE}",
            exchange=exchange,
            consumer=exchange.consumer,
            conversation_id=memory.mentioned_conversation(envelope),
            settle=partial(self._settle, exchange),
        )

    def _settle(self, exchange: Exchange, within: float) -> Settlement | None:
        """Look so many seconds for the notification that settles an exchange; a conversation is adopted."""
        until = time.monotonic() + within
        while True:
            found = unsettled.settle(self.log, exchange)
            if found is not None and exchange.operation == "conversation" and exchange.consumer is not None:
                self.note_owner(found.conversation_id, exchange.consumer)
            if found is not None or time.monotonic() >= until:
                return found
            time.sleep(_LOOK_SECONDS)

    def _noted(self, reply: Reply, consumer: str) -> Reply:
        if reply.conversation_id is not None:
            self.note_owner(reply.conversation_id, consumer)
        return reply

    def _file_url(self, reply: Reply, answer: Answer) -> FileUrl:
        """The URL in what was really received: the signature in ``reply`` is replaced, as in the log."""
        reply.raise_for_error()
        url = _file_url_in(answer)
        if url is None:
            raise unexpected(reply, "relativePath and queryParams")
        self.redactor.learn(url.signature, passing=True)
        return url

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""

    def _check_open(self) -> None:
        if self.closed:
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


def _file_url_in(answer: Answer) -> FileUrl | None:
    """Read apart, so that no frame of an error's traceback has a signature in a variable."""
    try:
        body = answer.json()["body"]
        path, signed = body["relativePath"], body["queryParams"]
        signature, expires = signed[wire.TEMP_URL_SIGNATURE], signed[wire.TEMP_URL_EXPIRES]
    except (LookupError, TypeError):
        return None
    if not (isinstance(path, str) and isinstance(signature, str) and isinstance(expires, str | int)):
        return None
    return FileUrl(path, Secret(signature), str(expires))


class _Hidden(dict[str, str | None]):
    """Headers that a tester gave; a traceback that shows variables shows their names only."""

    def __repr__(self) -> str:
        return f"<headers {', '.join(map(str, self))}>"


def hidden(headers: Headers | None) -> Headers | None:
    """The same headers, with a repr that hides the values."""
    return headers if headers is None or isinstance(headers, _Hidden) else _Hidden(headers)


def named(consumer: str | None) -> str:
    """The consumer meant, the default one where none is named."""
    if consumer is None:
        return DEFAULT_CONSUMER
    check_text("consumer", consumer)
    return consumer


def present(found: Found | None) -> Found:
    """The token or the answer, which the flow has brought by now."""
    assert found is not None, "the flow ends with what it is for, or with an error"
    return found
