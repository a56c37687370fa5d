"""The head of a request as bytes, and how its body stands behind it: in chunks, or of a given length.

What a server would read as something else than what is meant is refused with ``httpx.LocalProtocolError``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import httpx

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(rb"[\x21-\x7e]+")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_MOST_NAMES = 256
_good_names: set[bytes] = set()  # of headers; most requests have the same


class Framing(NamedTuple):
    """``length`` counts the bytes of the body, unless it is ``chunked``."""

    head: bytes
    chunked: bool
    length: int

    def piece(self, piece: bytes, sent: int) -> bytes:
        """A piece of the body as it is sent; ``sent`` counts it already."""
        if self.chunked:
            return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""  # an empty chunk is the end
        if sent > self.length:
            raise httpx.LocalProtocolError("Too much data for declared Content-Length")
        return piece

    def end(self, sent: int) -> bytes:
        """What follows the last piece."""
        if self.chunked:
            return b"0\r\n\r\n"
        if sent < self.length:
            raise httpx.LocalProtocolError("Too little data for declared Content-Length")
        return b""


def framed(request: httpx.Request) -> Framing:
    """How this request is sent."""
    method, target = request.method.encode("ascii", "replace"), request.url.raw_path
    if not _TOKEN.fullmatch(method) or not _TARGET.fullmatch(target):
        raise httpx.LocalProtocolError("Illegal method or target")
    lines, chunked, lengths = [b"%b %b HTTP/1.1\r\n" % (method, target)], False, set[bytes]()
    for name, value in request.headers.raw:
        if name not in _good_names:
            _check_name(name)
        if value != value.strip() or b"\n" in value or b"\r" in value or b"\0" in value:
            raise httpx.LocalProtocolError("Illegal header value")
        small = name.lower()
        if small == b"content-length":
            lengths.add(value)
        elif small == b"transfer-encoding":
            if value.lower() != b"chunked":
                raise httpx.LocalProtocolError("Only Transfer-Encoding: chunked is supported")
            chunked = True
        lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    length = lengths.pop() if lengths else b"0"
    if lengths or (chunked and length != b"0") or not _LENGTH.fullmatch(length):
        raise httpx.LocalProtocolError("Conflicting or illegal Content-Length")
    return Framing(b"".join(lines), chunked, int(length))


def _check_name(name: bytes) -> None:
    if not _TOKEN.fullmatch(name):
        raise httpx.LocalProtocolError("Illegal header name")
    if len(_good_names) < _MOST_NAMES:
        _good_names.add(name)
