"""Bodies of requests and responses: how one is sent in pieces, and what the log keeps of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import cast

import httpx

from connectorkit import wire

Items = list[tuple[str, str]]
Progress = Callable[[int, int], object]
PIECE_BYTES = 64 * 1024
_TEXTUAL = ("json", "xml", "javascript", "x-www-form-urlencoded")


class Upload(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that is sent in pieces; ``progress`` is called with the bytes sent and their total.

    ``sent`` is what the network has taken so far.
    """

    def __init__(self, content: bytes, progress: Progress | None = None) -> None:
        self.content = content
        self._progress = progress
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        self.sent = 0  # whoever reads it again sends it again
        for start in range(0, len(self.content), PIECE_BYTES):
            piece = self.content[start : start + PIECE_BYTES]
            yield piece
            self.sent += len(piece)
            if self._progress is not None:
                self._progress(self.sent, len(self.content))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def sent_bytes(request: httpx.Request) -> int:
    """How many bytes of its body a request has sent; a stream from outside the kit counts as none."""
    if isinstance(request.stream, Upload):
        return request.stream.sent
    return len(sent_content(request))


def sent_content(request: httpx.Request) -> bytes:
    """The body of a request; a stream would have been used up by now."""
    if isinstance(request.stream, Upload):
        return request.stream.content
    return b"".join(request.stream) if isinstance(request.stream, httpx.ByteStream) else b""


def items(headers: httpx.Headers) -> Items:
    """Names, in small letters, and values of headers, in their order."""
    try:
        return [(name.decode("ascii").lower(), value.decode("ascii")) for name, value in headers.raw]
    except UnicodeDecodeError:
        return headers.multi_items()


class Received:
    """The body of a response as it came; an object of its own, so that no traceback shows what is in it."""

    def __init__(self, body: bytes = b"") -> None:
        self.body = bytearray(body)
        self.content = bytes(body)
        self._decompressed = bool(body)  # whoever has it ready has done that

    def read(self, response: httpx.Response) -> None:
        """Read the response to its end, and close it."""
        if response.is_closed:  # made ready by a transport without a network
            self.body += response.content
            self._decompressed = True
            return
        try:
            for chunk in cast(httpx.SyncByteStream, response.stream):
                self.body += chunk
        finally:
            response.close()

    async def aread(self, response: httpx.Response) -> None:
        """See ``read``."""
        if response.is_closed:
            self.body += response.content
            self._decompressed = True
            return
        try:
            async for chunk in cast(httpx.AsyncByteStream, response.stream):
                self.body += chunk
        finally:
            await response.aclose()

    def decompress(self, headers: httpx.Headers) -> httpx.DecodingError | None:
        """Set ``content``; returns what the caller will be told where that cannot be done."""
        self.content = bytes(self.body)
        if not self.content or self._decompressed or "content-encoding" not in headers:
            return None
        try:
            # Decoded apart, so that a caller's stream stays untouched.
            self.content = httpx.Response(200, headers=headers, content=self.content).content
        except httpx.DecodingError as error:
            return error
        return None


def as_text(headers: Items, content: bytes) -> str:
    """What the log keeps: text as it is, anything else as ``<20480 bytes of image/png>``.

    Bytes that are no text although their media type says so are replaced, never refused.
    """
    if not content:
        return ""
    given = next((value for name, value in headers if name == "content-type"), "")
    media_type = given.partition(";")[0].strip().lower()
    if media_type in ("", wire.BINARY_MEDIA_TYPE):  # nothing is claimed, so the bytes decide
        textual = _is_utf8(content)
    else:
        textual = media_type.startswith("text/") or media_type.endswith(_TEXTUAL)
    if textual:
        return content.decode("utf-8", "replace")
    return f"<{len(content)} bytes of {media_type or 'unknown type'}>"


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content
