"""What a text may stand for: percent-encoded, escaped, as HTML, Base64, hexadecimal or UTF-16, nested.

A ``Reading`` is a text decoded in one way, and knows for each of its characters where that stood in the
original. All decoders keep to characters: nothing here fails, and what is not encoded stays as it is.
"""

from __future__ import annotations

import binascii
import collections
import functools
import html
import re
from collections.abc import Callable, Iterator, Sequence

MOST_READINGS = 60  # of one text; enough for six layers of any two encodings
_DEPTH = 8
_BINARY_COST = 2  # Base64 and hexadecimal count double: each has several alignments

# One UTF-8 character, percent-encoded, or a single byte that belongs to none.
_TAIL = "%[89ab][0-9a-f]"
_PERCENT = re.compile(
    f"%[0-7][0-9a-f]|%[cd][0-9a-f]{_TAIL}|%e[0-9a-f](?:{_TAIL}){{2}}|%f[0-7](?:{_TAIL}){{3}}|%[0-9a-f]{{2}}",
    re.IGNORECASE,
)
_HEX = "[0-9a-fA-F]"
_ESCAPE = re.compile(
    rf"\\(?:u([dD][89abAB]{_HEX}{{2}})\\u([dD][c-fC-F]{_HEX}{{2}})|u({_HEX}{{4}})|x({_HEX}{{2}})|U({_HEX}{{8}})"
    r"|([0-7]{1,3})|(.))",
    re.DOTALL,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v"}
_HEX_RUN = re.compile(r"[0-9a-fA-F]{16,}|(?:[0-9a-fA-F]{2}[ :,-]){7,}[0-9a-fA-F]{2}")
_BETWEEN = " :,-"
_BETWEEN_ROWS = b"\x01"
_FILLED_UP = re.compile("={1,2}")
_SIXTEEN = b"x" * 16
_SPACED = [b"xx" + (sign + b"xx") * 7 for sign in (b" ", b":", b",", b"-")]


def _table(signs: bytes, other: bytes) -> bytes:
    return bytes(byte if byte in signs else other[0] for byte in range(256))


_LETTERS = bytes(range(48, 58)) + bytes(range(65, 91)) + bytes(range(97, 123))
# Everything that is not Base64 counts as a zero, so that a run of Base64 stays where it is.
_BASE64 = bytearray(_table(_LETTERS + b"+/", b"A"))
_BASE64[ord("-")], _BASE64[ord("_")] = ord("+"), ord("/")
_BASE64_TABLE = bytes(_BASE64)
_HEX_TABLE = bytes(
    ord("x") if chr(byte) in "0123456789abcdefABCDEF" else byte if chr(byte) in _BETWEEN else 46
    for byte in range(256)
)


class Alphabet:
    """Which bytes may be part of what is looked for: tells quickly that a decoded text holds none of it."""

    def __init__(self, signs: bytes = b"") -> None:
        self._signs = frozenset(signs)
        self._table = bytes(self._flag(byte) for byte in range(256))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alphabet) and self._signs == other._signs

    def __hash__(self) -> int:
        return hash(self._signs)

    def _flag(self, byte: int) -> int:
        return ord("x") if byte in self._signs else ord("0") if byte == 0 else ord(".")

    def with_signs(self, signs: bytes) -> Alphabet:
        """A larger alphabet, or this one where it has them all."""
        return self if self._signs.issuperset(signs) else Alphabet(bytes(self._signs) + signs)

    def occurs(self, data: bytes, length: int) -> bool:
        """Whether so many of its signs stand in a row, or with a NUL after each."""
        return self._in(data.translate(self._table), length)

    @staticmethod
    def _in(flags: bytes, length: int) -> bool:
        return b"x" * length in flags or (b"x0" in flags and b"x0" * length in flags)

    def rows(self, data: bytes, length: int) -> list[tuple[int, int]]:
        """Where so many of its signs or more stand in a row, or with a NUL after each: from, to."""
        flags = data.translate(self._table)
        return [found.span() for found in _rows(length).finditer(flags)] if self._in(flags, length) else []


@functools.cache
def _rows(length: int) -> re.Pattern[bytes]:
    return re.compile(b"x{%d,}|(?:x0){%d,}x?" % (length, length))


Spans = tuple[Sequence[int], Sequence[int]]  # where each character begins and ends


class Reading:
    """A text, decoded from another reading; where its parts stand is worked out when it is asked for."""

    def __init__(
        self,
        text: str,
        outer: Reading | None = None,
        spans: Callable[[], Spans] | None = None,
        cost: int = 0,
        *,
        binary: bool = False,
    ) -> None:
        self.text = text
        self.left: int = _DEPTH if outer is None else outer.left - cost  # layers that may still be taken off
        self.binary: bool = binary or (outer is not None and outer.binary)  # out of Base64 or hexadecimal
        self._outer = outer
        self._spans = spans
        self._known: Spans | None = None
        self.by: object = None  # how it was decoded, where that is a matter of text

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of this reading stands in the original."""
        if self._outer is None or self._spans is None:
            return start, end
        if self._known is None:
            self._known = self._spans()
        starts, ends = self._known
        return self._outer.place(starts[start], ends[end - 1])


def readings(text: str, alphabet: Alphabet, shortest: int, *, blanks: bool = False) -> Iterator[Reading]:
    """The text itself, then whatever it may stand for; each reading once, at most ``MOST_READINGS``.

    ``shortest`` is the length of what is looked for in binary encodings; ``blanks`` says that a plus sign
    may stand for a blank.
    """
    waiting, seen = collections.deque([Reading(text)]), {text}
    for _ in range(MOST_READINGS):
        if not waiting:
            return
        reading = waiting.popleft()
        yield reading
        for further in _further(reading, alphabet, shortest, blanks):
            if further.text not in seen:
                seen.add(further.text)
                # What was escaped is mostly escaped again in the same way: such chains come before mixtures.
                again = further.by is not None and further.by is reading.by
                (waiting.appendleft if again else waiting.append)(further)


def encoded(text: str) -> bytes:
    """One byte per character; what has none becomes a question mark."""
    return text.encode("latin-1", "replace")


def is_plain(text: str, raw: bytes, alphabet: Alphabet, shortest: int, *, blanks: bool = False) -> bool:
    """Whether the text stands for nothing but itself: a quick look, for most texts. ``raw`` is it encoded."""
    if "%" in text or "\\" in text or "\0" in text or (blanks and "+" in text):
        return False
    if "&" in text and _ENTITY.search(text):
        return False
    if alphabet.occurs(b"".join(_alignments(raw)), shortest):
        return False
    return not _may_be_hex(raw) or not any(_from_hex(Reading(text), alphabet, shortest))


def _further(reading: Reading, alphabet: Alphabet, shortest: int, blanks: bool) -> Iterator[Reading]:
    if reading.left <= 0:
        return
    text = reading.text
    if "%" in text:
        yield _substituted(reading, _PERCENT, _percent)
    if "\\" in text:
        yield _substituted(reading, _ESCAPE, _unescaped)
    if "&" in text:
        yield _substituted(reading, _ENTITY, lambda found: html.unescape(found[0]))
    if "\0" in text:
        yield Reading(text.replace("\0", ""), reading, lambda: _without_nul(text), 1)
    if blanks and "+" in text:
        yield Reading(text.replace("+", " "), reading, lambda: _spans(range(len(text))), 1)
    if reading.left >= _BINARY_COST:
        yield from _from_base64(reading, alphabet, shortest)
        yield from _from_hex(reading, alphabet, shortest)


def _spans(starts: Sequence[int], length: int = 1) -> Spans:
    return starts, [start + length for start in starts]


def _without_nul(text: str) -> Spans:
    return _spans([place for place, sign in enumerate(text) if sign != "\0"])


def _substituted(
    reading: Reading, pattern: re.Pattern[str], decode: Callable[[re.Match[str]], str]
) -> Reading:
    text = reading.text

    def spans() -> Spans:
        starts, ends, done = list[int](), list[int](), 0
        for found in pattern.finditer(text):
            start, end = found.span()
            characters = len(decode(found))
            starts += [*range(done, start), *[start] * characters]
            ends += [*range(done + 1, start + 1), *[end] * characters]
            done = end
        return [*starts, *range(done, len(text))], [*ends, *range(done + 1, len(text) + 1)]

    found = Reading(pattern.sub(decode, text), reading, spans, 1)
    found.by = pattern
    return found


def _percent(found: re.Match[str]) -> str:
    data = bytes.fromhex(found[0].replace("%", ""))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unescaped(found: re.Match[str]) -> str:
    high, low, four, two, eight, octal, sign = found.groups()
    if high:
        return (bytes.fromhex(high) + bytes.fromhex(low)).decode("utf-16-be")
    if digits := four or two or eight:
        number = int(digits, 16)
        return chr(number) if number <= 0x10FFFF else found[0]
    return chr(int(octal, 8)) if octal else _CONTROLS.get(sign, sign)


def _alignments(raw: bytes) -> Iterator[bytes]:
    """The bytes that Base64 stands for, whichever of its characters begins a group of four."""
    signs = raw.translate(_BASE64_TABLE) + b"AAA"  # a last group that is not full counts too
    for offset in range(4):
        yield binascii.a2b_base64(signs[offset : offset + (len(signs) - offset) // 4 * 4])


def _from_base64(reading: Reading, alphabet: Alphabet, shortest: int) -> Iterator[Reading]:
    """Only the rows of signs: most of what ordinary text stands for in Base64 is noise, and as long as it."""
    text = reading.text
    for offset, data in enumerate(_alignments(encoded(text))):
        if rows := alphabet.rows(data, shortest):
            kept = _BETWEEN_ROWS.join(data[start:end] for start, end in rows)
            spans = functools.partial(_base64_spans, text, offset, rows)
            yield Reading(kept.decode("latin-1"), reading, spans, _BINARY_COST, binary=True)


def _base64_spans(text: str, offset: int, rows: list[tuple[int, int]]) -> Spans:
    """Neighbouring bytes share characters. The signs that fill up the last group belong to the last byte."""
    # The sign between two rows counts as the byte behind the first.
    places = [place for start, end in rows for place in range(start, end + 1)][:-1]
    starts = [min(offset + place * 4 // 3, len(text)) for place in places]
    ends = [min(offset - (-(place + 1) * 4 // 3), len(text)) for place in places]
    for found in _FILLED_UP.finditer(text):
        ends = [found.end() if end == found.start() else end for end in ends]
    return starts, ends


def _may_be_hex(raw: bytes) -> bool:
    flags = raw.translate(_HEX_TABLE)
    return _SIXTEEN in flags or any(spaced in flags for spaced in _SPACED)


def _from_hex(reading: Reading, alphabet: Alphabet, shortest: int) -> Iterator[Reading]:
    text = reading.text
    if not _may_be_hex(encoded(text)):
        return
    for run in _HEX_RUN.finditer(text):
        digits = [place for place in range(*run.span()) if text[place] not in _BETWEEN]
        for aligned in (digits, digits[1:]):
            firsts, seconds = aligned[0 : len(aligned) // 2 * 2 : 2], aligned[1::2]
            data = bytes.fromhex("".join(text[a] + text[b] for a, b in zip(firsts, seconds, strict=True)))
            if alphabet.occurs(data, shortest):
                spans = functools.partial(_hex_spans, firsts, seconds)
                yield Reading(data.decode("latin-1"), reading, spans, _BINARY_COST, binary=True)


def _hex_spans(firsts: list[int], seconds: list[int]) -> Spans:
    return firsts, [place + 1 for place in seconds]
