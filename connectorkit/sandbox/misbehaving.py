"""Lets faults strike: stands between the server and the sandbox's app, and touches service calls only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from connectorkit import wire
from connectorkit.parting import HANG_UP, HangUp
from connectorkit.sandbox import calls, fault_answers
from connectorkit.sandbox.bodies import read_body, refused
from connectorkit.sandbox.fault_specs import AFTER, BEFORE, BODY, DROP, ERROR_CODE, IN, STATUS
from connectorkit.sandbox.faults import Faults, Strike
from connectorkit.sandbox.issuer import Issuer, bare_token
from connectorkit.sandbox.patience import Patience, Wait
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.routing import Router

_PIECES_PER_SECOND = 10  # of an answer that dribbles
_LENGTH = b"content-length"


class Misbehaving:
    """The app, with the faults that are on."""

    def __init__(self, app: Router, faults: Faults, issuer: Issuer, patience: Patience) -> None:
        self._app = app
        self._faults = faults
        self._issuer = issuer
        self._patience = patience

    def prompt(self, scope: Scope) -> Callable[[bytes], Response] | None:
        """What answers this request without waiting, if something does; no fault may strike it then."""
        return None if self._faults.any else self._app.prompt(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; raises ``RuntimeError`` where its connection is to be dropped and it has none."""
        if not self._faults.any or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call, token = calls.named(scope["method"], scope["path"]), _app_jwt(scope)
        strike = None if call is None else self._faults.strike(call, with_app_jwt=bool(token))
        if call is None or strike is None:
            await self._app(scope, receive, send)
            return
        if strike.expires_app_jwt:
            self._issuer.expire(token)
        drop = _Drop(scope, strike)
        # What is asked for happens now, and late is the answer only: so it is with a slow network.
        answer = await self._answer(call, strike, scope, receive)
        async with self._patience.of(receive) as wait:
            await wait.until(strike.delay_seconds)
            if not wait.client_left:
                await _send(answer, drop, strike, wait, send)

    async def _answer(self, call: str, strike: Strike, scope: Scope, receive: Receive) -> _Answer:
        spec = None if strike.outcome is None else strike.outcome.spec
        heard = _Heard(receive)
        scope = {**scope, "extensions": {}}  # so that the body is read where it can be heard
        answer = _Answer()
        if spec is None or spec.done:
            await self._app(scope, heard, answer.take)
        else:
            try:
                await read_body(Request(scope, heard))
            except Refusal as refusal:
                return _Answer.of(refused(refusal))
        if strike.outcome is None or spec is None:
            return answer
        if spec.what in (STATUS, ERROR_CODE):
            return _Answer.of(fault_answers.response(call, spec, bytes(heard.body)))
        if spec.what == BODY:
            answer.replace(fault_answers.spoilt(spec.value, answer.body, strike.outcome.lot))
        return answer


class _Heard:
    """What the client sends, and the part of its body that may be a message."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.body = bytearray()

    async def __call__(self) -> Message:
        message = await self._receive()
        if len(self.body) <= wire.MAX_BODY_BYTES:
            self.body += message.get("body", b"")
        return message


@dataclass
class _Answer:
    """A whole answer, kept back."""

    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    @classmethod
    def of(cls, response: Response) -> _Answer:
        return cls(response.status_code, list(response.raw_headers), bytes(response.body))

    async def take(self, message: Message) -> None:
        """Be told its parts, as an ASGI server is."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    def replace(self, body: bytes) -> None:
        """Have another body, of which the headers tell the true length."""
        self.body = body
        self.headers = [*self.without_length(), (_LENGTH, str(len(body)).encode())]

    def without_length(self) -> list[tuple[bytes, bytes]]:
        return [(name, value) for name, value in self.headers if name.lower() != _LENGTH]


class _Drop:
    """How a connection is dropped, if it is."""

    def __init__(self, scope: Scope, strike: Strike) -> None:
        spec = None if strike.outcome is None else strike.outcome.spec
        self.when = spec.value if spec is not None and spec.what == DROP else None
        hang_up = scope.get("extensions", {}).get(HANG_UP)
        if self.when is not None and hang_up is None:
            raise RuntimeError(
                "A fault drops the connection, but this app is called without one. "
                'Serve it with "connectorkit sandbox" or connect() to let it strike.'
            )
        self.hang_up: HangUp = hang_up


async def _send(answer: _Answer, drop: _Drop, strike: Strike, wait: Wait, send: Send) -> None:
    if drop.when == BEFORE:
        drop.hang_up.now()
        return
    headers, body, whole = answer.headers, answer.body, drop.when != IN
    if not whole:
        # Without a body there is no half of it; one without a length lacks its end as well.
        headers = headers if body else answer.without_length()
        body = body[: len(body) // 2]
    messages = [
        {"type": "http.response.start", "status": answer.status, "headers": headers},
        {"type": "http.response.body", "body": body, "more_body": not whole},
    ]
    if strike.bytes_per_second is not None:
        await send(messages.pop(0))
        messages[0]["body"] = await _dribble(body, strike.bytes_per_second, wait, send)
    if drop.when == AFTER:
        drop.hang_up.after_answer()
    for message in messages:
        await send(message)
    if drop.when is not None:
        drop.hang_up.now()


async def _dribble(body: bytes, bytes_per_second: float, wait: Wait, send: Send) -> bytes:
    """Send piece by piece, each when its time has come; returns the last one, which is to be sent."""
    piece = max(1, int(bytes_per_second / _PIECES_PER_SECOND))
    begun, sent = wait.seconds, 0
    while sent + piece < len(body) and not wait.ended:
        await wait.until(begun + (sent + piece) / bytes_per_second)
        # Where time was advanced, more than one piece is due.
        due = len(body) if wait.ended else int((wait.seconds - begun) * bytes_per_second)
        due = min(max(due, sent + piece), len(body))
        await send({"type": "http.response.body", "body": body[sent:due], "more_body": True})
        sent = due
    await wait.until(begun + len(body) / bytes_per_second)
    return body[sent:]


def _app_jwt(scope: Scope) -> str:
    name = wire.AUTHORIZATION.lower().encode()
    values = [value for given, value in scope["headers"] if given.lower() == name]
    return bare_token(values[0].decode("latin-1")) if values else ""
