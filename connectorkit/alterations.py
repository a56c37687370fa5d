"""What commonly happens to a body or a key before it is signed, as candidates for a comparison."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

# Beyond it, what needs Python code for each character is not tried, so that a flood costs little.
_SMALL_BYTES = 16 * 1024
_EACH_BYTE = bytes(range(128)) + b"?" * 128
_COMPACT, _SPACED = (",", ":"), (", ", ": ")
_BOM = b"\xef\xbb\xbf"


def alterations(body: bytes, key: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Cause, key and body of each known mistake; none has both the true key and the true body."""
    kinds = {
        "ascii-encoded": _as_ascii(body),
        "body-altered": _edges_changed(body),
        "re-serialised": _written_again(body),
    }
    for cause, bodies in kinds.items() if key else ():
        seen = {body}
        for altered in bodies:
            if altered not in seen:
                seen.add(altered)
                yield cause, key, altered
    for altered_key in {*_altered_keys(key)} - {key, b""}:
        yield "key-altered", altered_key, body


def _as_ascii(body: bytes) -> Iterable[bytes]:
    if body.isascii():
        return
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    yield text.encode("ascii", "replace")
    # UTF-16 platforms put two marks for a character beyond U+FFFF, byte-wise ones a mark for each byte.
    yield re.sub("[\U00010000-\U0010ffff]", "??", text).encode("ascii", "replace")
    yield body.translate(_EACH_BYTE)
    escaped = _escaped(text)
    yield escaped.encode()
    if len(body) <= _SMALL_BYTES:
        yield re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), escaped).encode()


def _escaped(text: str) -> str:
    """The same text with an escape for each non-ASCII character, and for nothing else."""
    # By the fast JSON encoder, then back what it escapes beside; a true backslash waits as NUL meanwhile.
    escaped = json.dumps(text.replace("\\", "\0"))[1:-1]
    for short, character in (('\\"', '"'), ("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("\\u0000", "\\")):
        escaped = escaped.replace(short, character)
    return escaped


def _written_again(body: bytes) -> Iterable[bytes]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    ways: list[dict[str, Any]] = [{"separators": _COMPACT}, {"separators": _SPACED}]
    ways += [{"separators": _COMPACT, "sort_keys": True}]
    if len(body) <= _SMALL_BYTES:
        ways += [{"indent": indent} for indent in (2, 4, "\t")]
    for way in ways:
        for ascii_only in (False, True):
            try:
                text = json.dumps(value, ensure_ascii=ascii_only, **way)
            except (ValueError, RecursionError):
                continue
            yield encoded(text)
            if way.get("separators") == _COMPACT and "/" in text:  # some languages escape the slash
                yield encoded(text.replace("/", "\\/"))


def _edges_changed(body: bytes) -> Iterable[bytes]:
    yield body + b"\n"
    yield body + b"\r\n"
    yield _BOM + body
    yield body.removeprefix(_BOM)
    yield body.strip()
    yield body.lstrip()
    yield body.rstrip()
    yield body.removeprefix(_BOM).strip()
    yield body.replace(b"\r\n", b"\n")
    yield body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield b" " + body
    yield body + b" "
    yield b""


def _altered_keys(key: bytes) -> Iterable[bytes]:
    bare = key.strip().strip(b"\"'")
    text = bare.decode("utf-8", "replace")
    return (
        bare,
        key.strip(),
        *(bare + end for end in (b"\n", b"\r\n", b" ", b"\t")),
        *(start + bare for start in (b" ", b"\t")),
        *(mark + bare + mark for mark in (b'"', b"'", b" ")),
        encoded(text.upper()),
        encoded(text.lower()),
        from_base64(text.translate(str.maketrans("-_", "+/")).rstrip("=")),
        from_hex(text),
    )


def from_hex(text: str) -> bytes:
    """Decoded hexadecimal; empty where it is none."""
    try:
        return bytes.fromhex(text) if " " not in text else b""
    except ValueError:
        return b""


def from_base64(text: str) -> bytes:
    """Decoded standard Base64 without padding; empty where it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def encoded(text: Any) -> bytes:
    """A text in UTF-8, half surrogates included; empty where it is no text."""
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else b""
