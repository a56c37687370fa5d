"""One webhook as an ASGI app: reads a POST within bounds, judges it, has it recorded, then answers.

What is not a notification at all is refused and not recorded; a notification that is not to be trusted is
recorded with the cause, and refused with 401.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from connectorkit import wire
from connectorkit.hiding import redacted
from connectorkit.log import Notification
from connectorkit.notices import conversation_of
from connectorkit.redact import Redactor, Secret, fingerprint
from connectorkit.signature import CAUSES, VALID, verify
from connectorkit.values import PIECE

BODY_SECONDS = 30
# What is read and thrown away of a body that is too large, so that the sender gets to see the answer.
DRAINED_BYTES = 16 * wire.MAX_BODY_BYTES
# A larger body is judged beside the event loop, so that a flood of bad ones does not hold up the others.
_SMALL_BYTES = 64 * 1024

# What may be wrong although the signature is right. It stands in the same place as a signature's cause.
ADDRESS_CAUSES = {
    "wrong-account": (
        "The notification is for another account than the one this receiver is for, or names none. "
        "Compare x-liveperson-account-id with CONNECTORKIT_ACCOUNT_ID."
    ),
    "wrong-client": (
        "The notification is for another app than the one this receiver is for, or names none. "
        "Compare x-liveperson-client-id with CONNECTORKIT_CLIENT_ID, and use that app's client secret."
    ),
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True)
class Judge:
    """Makes a record out of a request: whether its signature and its addressee are right, secrets replaced.

    ``host`` is the messaging host that the notifications are about, where that is known.
    """

    account_id: str
    client_id: str
    client_secret: Secret
    algorithm: str = "sha1"
    encoding: str = "base64"
    host: str | None = None
    redactor: Redactor = field(default_factory=Redactor)

    def __call__(self, body: bytes, headers: list[tuple[str, str]], received_at: int) -> Notification:
        """The record; it has not been written anywhere. ``received_at`` is ns since the epoch."""
        account_id, client_id = _value(headers, wire.NOTIFIED_ACCOUNT), _value(headers, wire.NOTIFIED_CLIENT)
        cause = self._cause(body, _value(headers, wire.SIGNATURE), account_id, client_id)
        # A receiver may serve several kits, and a notification quote what any of them sent.
        text = self._clean(body.decode("utf-8", "backslashreplace"))
        return Notification(
            body=text,
            received_at=received_at,
            account_id=None if account_id is None else self._clean(account_id),
            client_id=None if client_id is None else self._clean(client_id),
            host=self.host,
            headers=self._headers(headers),
            body_bytes=len(body),
            signature=cause,
            status_code=200 if cause == VALID else 401,
            conversation_id=conversation_of(text),
        )

    def _headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        given = _value(headers, wire.SIGNATURE) or ""
        signature = given.partition("=")[2]
        shown = self.redactor.headers(headers)
        if len(signature) >= PIECE:  # a proxy may have copied it into a header of its own
            label = f"[secret:{fingerprint(given)}]"
            shown = [(name, text.replace(signature, label)) for name, text in shown]
        return [(redacted(name), redacted(text)) for name, text in shown]

    def _clean(self, text: str) -> str:
        return redacted(text)  # the redactor here is one of them

    def _cause(self, body: bytes, header: str | None, account_id: str | None, client_id: str | None) -> str:
        cause = verify(body, header, self.client_secret.reveal(), self.algorithm, self.encoding).cause
        # Another app has another secret, so what the headers say explains more than "wrong-secret" does.
        for name, given, wanted in (
            ("wrong-account", account_id, self.account_id),
            ("wrong-client", client_id, self.client_id),
        ):
            if given != wanted and (cause == VALID or (cause == "wrong-secret" and given is not None)):
                return name
        return cause


class Webhook:
    """The ASGI app. POST to ``path``, or to anything below it, is a notification.

    ``record`` is called before the answer and returns what was recorded, or ``None`` where that failed,
    which is answered with 500 so that the sender tries again. ``answered`` is called after the answer.
    """

    def __init__(
        self,
        judge: Judge,
        path: str,
        record: Callable[[Notification], Notification | None],
        answered: Callable[[Notification], None],
        aside: Executor,
    ) -> None:
        self._judge = judge
        self._path = path
        self._record = record
        self._answered = answered
        self._aside = aside

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            body = await _read_body(receive)
            self._check(scope["method"], scope["path"])
        except _Refused as refusal:
            await _answer(send, refusal.status, {"error": str(refusal)}, refusal.headers)
            return
        except _Gone:
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        notification = await self._judged(body, headers, time.time_ns())
        recorded = self._record(notification)
        try:
            await _answer(send, *_outcome(notification, recorded))
        finally:
            if recorded is not None:
                self._answered(recorded)

    def _check(self, method: str, path: str) -> None:
        if path != self._path and not path.startswith(self._path.rstrip("/") + "/"):
            raise _Refused(404, f"Unknown path. Notifications are received at {self._path}")
        if method != "POST":
            raise _Refused(405, "Method not allowed. Notifications are sent with POST", {"allow": "POST"})

    async def _judged(self, body: bytes, headers: list[tuple[str, str]], now: int) -> Notification:
        if len(body) <= _SMALL_BYTES:
            return self._judge(body, headers, now)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._aside, self._judge, body, headers, now)


class _Refused(Exception):
    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class _Gone(Exception):
    """The sender hung up before its body was complete."""


async def _read_body(receive: Receive) -> bytes:
    body, received, more = bytearray(), 0, True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more and received <= DRAINED_BYTES:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                received += len(message.get("body", b""))
                more = message.get("more_body", False)
                if received <= wire.MAX_BODY_BYTES:
                    body += message.get("body", b"")
    except TimeoutError:
        hang_up = {"connection": "close"}
        raise _Refused(408, f"The body did not arrive within {BODY_SECONDS} seconds", hang_up) from None
    if received > wire.MAX_BODY_BYTES:
        unread = {"connection": "close"} if more else {}
        raise _Refused(413, f"The body is larger than {wire.MAX_BODY_BYTES} bytes", unread)
    return bytes(body)


def _outcome(notification: Notification, recorded: Notification | None) -> tuple[int, str | dict[str, str]]:
    if recorded is None:
        return 500, {"error": "The notification could not be recorded. Send it again later"}
    cause = notification.signature
    if cause == VALID:
        return 200, "OK"
    return 401, {"error": CAUSES.get(cause) or ADDRESS_CAUSES[cause], "cause": cause}


async def _answer(
    send: Send, status: int, value: str | dict[str, str], headers: dict[str, str] | None = None
) -> None:
    is_text = isinstance(value, str)
    content = (value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))).encode()
    media_type = "text/plain; charset=utf-8" if is_text else wire.JSON_MEDIA_TYPE
    given = {"content-type": media_type, "content-length": str(len(content))} | (headers or {})
    raw = [(name.encode(), text.encode()) for name, text in given.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


def _value(headers: list[tuple[str, str]], name: str) -> str | None:
    """A header's value, whatever its letter case; several of one name are one, as HTTP has it."""
    found = [value for given, value in headers if given.lower() == name]
    return ", ".join(found) if found else None
