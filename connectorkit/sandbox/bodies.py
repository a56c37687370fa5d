"""HTTP in both directions: bounded bodies in, JSON with an exact media type out."""

from __future__ import annotations

import asyncio
import codecs
import json
import math
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

from connectorkit import wire
from connectorkit.bounded import ARRIVED
from connectorkit.sandbox import refusals
from connectorkit.sandbox.refusals import Refusal, bad

BODY_SECONDS = 30
# What is read and thrown away of a body that is too large, so that the client gets to see the answer.
DRAINED_BYTES = 16 * wire.MAX_BODY_BYTES
_BLANKS = " \t\n\r"  # all that JSON knows
# No documented message comes near it, and whatever copies or prints a deeper value may run out of stack.
_DEEPEST = 100


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer, compact UTF-8."""
    content = _ENCODER.encode(value).encode()
    if headers is None:
        return _Json(content, status)
    return Response(content, status, {"Content-Type": wire.JSON_MEDIA_TYPE} | headers)


class _Json(Response):
    """What nearly every answer is: its two headers are known beforehand."""

    def __init__(self, content: bytes, status: int) -> None:
        # Not what it inherits: that would look for what is known here.
        self.body, self.status_code, self.background = content, status, None
        self.raw_headers = [_JSON_HEADER, (b"content-length", b"%d" % len(content))]


class _Decoder(json.JSONDecoder):
    """Strict, and without two searches for blanks around each value."""

    def __init__(self) -> None:
        super().__init__(parse_constant=_refuse_constant, parse_float=_finite)
        self._scan: Any = vars(self)["scan_once"]

    def decode(self, s: str, _w: Any = None) -> Any:
        """The value that the whole text is. Raises ``ValueError``."""
        text = s.strip(_BLANKS)
        try:
            value, end = self._scan(text, 0)
        except StopIteration as stop:
            raise ValueError(f"no value at {stop.value}") from None
        if end != len(text):
            raise ValueError(f"more than one value at {end}")
        return value


class _Encoder(json.JSONEncoder):
    """Makes its part in C once, where there is one: that takes longer than to write a short answer."""

    def __init__(self) -> None:
        super().__init__(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        make: Any = getattr(json.encoder, "c_make_encoder", None)
        text = json.encoder.encode_basestring
        if make is not None:
            self._in_c = make(None, self.default, text, None, ":", ",", False, False, False)
            self.encode = self._encode_in_c  # type: ignore[method-assign]

    def _encode_in_c(self, o: Any) -> str:
        return "".join(self._in_c(o, 0))


def refused(refusal: Refusal) -> Response:
    """The wire form of a refusal."""
    return answer(refusal.body, refusal.status, refusal.headers or None)


async def read_body(request: Request, limit: int | None = None) -> bytes | None:
    """The body, or ``None`` when it is over the limit (1 MiB unless given); 408 when it takes too long."""
    limit = wire.MAX_BODY_BYTES if limit is None else limit
    arrived = request.scope.get("extensions", {}).get(ARRIVED)
    if arrived is not None and (body := arrived()) is not None:
        return body if len(body) <= limit else None
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(request.receive, limit)
    except TimeoutError:
        raise refusals.plain(408, f"The body did not arrive within {BODY_SECONDS} seconds") from None


async def _read(receive: Receive, limit: int) -> bytes | None:
    parts, received, more = [], 0, True
    while more and received <= DRAINED_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise refusals.plain(400, "The body ended early")
        part, more = message.get("body", b""), message.get("more_body", False)
        received += len(part)
        if received <= limit:
            parts.append(part)
    return b"".join(parts) if received <= limit else None


def media_type(request: Request) -> str:
    """The Content-Type in small letters, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def decode(body: bytes) -> Any:
    """Strict JSON in UTF-8: no NaN, no half surrogates, no bottomless nesting."""
    try:
        value = _DECODER.decode(body.removeprefix(codecs.BOM_UTF8).decode())
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad("the body is not valid JSON") from None
    if body.count(b"[") + body.count(b"{") > _DEEPEST and _too_deep(value):
        raise bad(f"the body is nested more than {_DEEPEST} deep")
    return value


def _too_deep(value: Any) -> bool:
    level: list[Any] = [[value]]
    for _ in range(_DEEPEST + 1):
        inner = [one.values() if isinstance(one, dict) else one for one in level]
        level = [one for many in inner for one in many if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_JSON_HEADER = (b"content-type", wire.JSON_MEDIA_TYPE.encode())
# Made once: each would take longer to make than to use.
_ENCODER = _Encoder()
_DECODER = _Decoder()
