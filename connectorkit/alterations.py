"""What commonly happens to a body or a key before it is signed, as candidates for a comparison."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from connectorkit.markup import Shown

# Beyond it, what needs Python code for each character is not tried, so that a flood costs little.
_SMALL_BYTES = 16 * 1024
_EACH_BYTE = bytes(range(128)) + b"?" * 128
_COMPACT, _SPACED = (",", ":"), (", ", ": ")
_BOM = b"\xef\xbb\xbf"
_MARK = "with a question mark for"

Ways = Iterable[tuple[str, bytes]]


@dataclass(frozen=True)
class Alteration(Shown):
    """A body and a key that were signed instead of the true ones; ``how`` says what was done to one of them.

    ``how`` completes "what was signed is the body …" or, for a key, "the key was the secret …".
    """

    cause: str
    how: str
    key: bytes = field(repr=False)
    body: bytes = field(repr=False)


def alterations(body: bytes, key: bytes) -> Iterator[Alteration]:
    """Each known mistake; none has both the true key and the true body."""
    kinds = {
        "ascii-encoded": _as_ascii(body),
        "body-altered": _edges_changed(body),
        "re-serialised": _written_again(body),
    }
    for cause, bodies in kinds.items() if key else ():
        seen = {body}
        for how, altered in bodies:
            if altered not in seen:
                seen.add(altered)
                yield Alteration(cause, how, key, altered)
    tried = {key, b""}
    for how, altered_key in _altered_keys(key):
        if altered_key not in tried:
            tried.add(altered_key)
            yield Alteration("key-altered", how, altered_key, body)


def _as_ascii(body: bytes) -> Ways:
    if body.isascii():
        return
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    yield f"{_MARK} each character that is not ASCII", text.encode("ascii", "replace")
    # UTF-16 platforms put two marks for a character beyond U+FFFF, byte-wise ones a mark for each byte.
    halves = re.sub("[\U00010000-\U0010ffff]", "??", text).encode("ascii", "replace")
    yield f"{_MARK} each UTF-16 unit that is not ASCII", halves
    yield f"{_MARK} each byte that is not ASCII", body.translate(_EACH_BYTE)
    escaped = _escaped(text)
    yield "with a \\u escape for each character that is not ASCII", escaped.encode()
    if len(body) <= _SMALL_BYTES:
        capitals = re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), escaped)
        yield "with a \\u escape, in capitals, for each character that is not ASCII", capitals.encode()


def _escaped(text: str) -> str:
    """The same text with an escape for each non-ASCII character, and for nothing else."""
    # By the fast JSON encoder, then back what it escapes beside; a true backslash waits as NUL meanwhile.
    escaped = json.dumps(text.replace("\\", "\0"))[1:-1]
    for short, character in (('\\"', '"'), ("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("\\u0000", "\\")):
        escaped = escaped.replace(short, character)
    return escaped


def _written_again(body: bytes) -> Ways:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    ways: list[tuple[str, dict[str, Any]]] = [
        ("without blanks", {"separators": _COMPACT}),
        ("with a blank after each comma and colon", {"separators": _SPACED}),
        ("without blanks, its members sorted", {"separators": _COMPACT, "sort_keys": True}),
    ]
    if len(body) <= _SMALL_BYTES:
        ways += [(f"indented by {indent}", {"indent": indent}) for indent in (2, 4)]
        ways += [("indented by a tab", {"indent": "\t"})]
    for how, way in ways:
        for ascii_only in (False, True):
            try:
                text = json.dumps(value, ensure_ascii=ascii_only, **way)
            except (ValueError, RecursionError):
                continue
            shown = f"parsed and written again {how}" + (", with \\u escapes" if ascii_only else "")
            yield shown, encoded(text)
            if way.get("separators") == _COMPACT and "/" in text:  # some languages escape the slash
                yield f"{shown}, with escaped slashes", encoded(text.replace("/", "\\/"))


def _edges_changed(body: bytes) -> Ways:
    lines = body.replace(b"\r\n", b"\n")
    yield "with a newline at its end", body + b"\n"
    yield "with CR LF at its end", body + b"\r\n"
    yield "with a byte order mark before it", _BOM + body
    yield "without its byte order mark", body.removeprefix(_BOM)
    yield "without the blanks and newlines around it", body.strip()
    yield "without the blanks and newlines before it", body.lstrip()
    yield "without the blanks and newlines at its end", body.rstrip()
    yield "without its byte order mark and the blanks around it", body.removeprefix(_BOM).strip()
    yield "with LF for each CR LF", lines
    yield "with CR LF for each LF", lines.replace(b"\n", b"\r\n")
    yield "with a blank before it", b" " + body
    yield "with a blank at its end", body + b" "
    yield "not at all: no bytes", b""


def _altered_keys(key: bytes) -> Ways:
    bare = key.strip().strip(b"\"'")
    text = bare.decode("utf-8", "replace")
    yield "without the blanks and quotes around it", bare
    yield "without the blanks around it", key.strip()
    behind = {b"\n": "a newline", b"\r\n": "CR LF", b" ": "a blank", b"\t": "a tab"}
    for end, name in behind.items():
        yield f"with {name} at its end", bare + end
    for start in (b" ", b"\t"):
        yield f"with {behind[start]} before it", start + bare
    for mark, name in ((b'"', "double quotes"), (b"'", "single quotes"), (b" ", "blanks")):
        yield f"with {name} around it", mark + bare + mark
    yield "in capitals", encoded(text.upper())
    yield "in small letters", encoded(text.lower())
    yield "decoded from Base64", from_base64(text.translate(str.maketrans("-_", "+/")).rstrip("="))
    yield "decoded from hexadecimal", from_hex(text)


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
