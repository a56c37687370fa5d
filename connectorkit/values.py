"""Known secret values, and where a text holds one of them, or a piece of one, in whatever form.

Looking is quick where there is nothing to find: every stretch of eight characters of every value is kept in
a table, as a number, and a text is looked up in it at every fourth character, so that no piece of twelve
slips through. Only where that hits, or where a part of the text may be encoded, is there more to do.
"""

from __future__ import annotations

import collections
import string
import threading
from collections.abc import Iterator
from typing import NamedTuple

from connectorkit.forms import Alphabet, Reading, encoded, is_plain, readings

PIECE = 12  # what is left of a value that was cut counts from so many characters on
ENCODED_PIECE = 8  # inside Base64 and hexadecimal, where ordinary text does not look like a value
HEX_PIECE = (
    10  # of a value that is hexadecimal itself; encoding a piece of twelve may take one off at either end
)
SHORTEST = 4  # shorter "secrets" would blank out ordinary text
MOST_PASSING = 200  # tokens and signatures kept by value; older ones are still told by their shape
_GRAM = 8
_STRIDE = 4
_HEX = frozenset(string.hexdigits)
_CHUNK = 64 * 1024
# With the signs of tokens, which are also told by their shape.
_SIGNS_OF_ENCODINGS = (string.ascii_letters + string.digits + "%\\&;#+/=-_.").encode()


class Found(NamedTuple):
    """Part of a text that is a value or a piece of one."""

    start: int
    end: int
    characters: int  # of the value, that were found
    label: str


class Look:
    """A text, and what is worked out of it only once, however many look for their values in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.raw = encoded(text)
        self._numbers: list[list[int]] | None = None
        self._plain: dict[tuple[Alphabet, int, bool], bool] = {}

    def numbers(self) -> list[list[int]]:
        """Its stretches of eight characters, at every fourth, as numbers; in parts."""
        if self._numbers is None:
            starts = range(0, len(self.raw) or 1, _CHUNK)
            parts = [self.raw[start : start + _CHUNK + _GRAM] for start in starts]
            self._numbers = [
                numbers for part in parts for numbers in (_numbers(part), _numbers(part[_STRIDE:]))
            ]
        return self._numbers

    def is_plain(self, alphabet: Alphabet, shortest: int, *, blanks: bool) -> bool:
        """Whether it stands for nothing but itself."""
        key = (alphabet, shortest, blanks)
        if key not in self._plain:
            self._plain[key] = is_plain(self.text, self.raw, alphabet, shortest, blanks=blanks)
        return self._plain[key]


class Values:
    """The values known, each with the label that replaces it. Safe to share between threads.

    Passing values are those that come in numbers, such as tokens: only the newest are kept.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._labels: dict[str, str] = {}
        self._passing: collections.OrderedDict[str, None] = collections.OrderedDict()
        self._grams: dict[int, int] = {}  # how many values have it
        self._short: dict[str, str] = {}
        self._alphabet = Alphabet(_SIGNS_OF_ENCODINGS)
        self._blanks = False

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, value: str, label: str, *, passing: bool = False) -> None:
        """Know a value from now on."""
        with self._lock:
            for form in _spellings(value):
                if len(form) < SHORTEST:
                    continue
                if form not in self._labels:
                    self._add(form, label)
                elif form not in self._passing:
                    continue  # known for good
                self._passing.pop(form, None)
                if passing:
                    self._passing[form] = None
            while len(self._passing) > MOST_PASSING:
                self._forget(self._passing.popitem(last=False)[0])

    def _add(self, form: str, label: str) -> None:
        self._labels[form] = label
        if len(form) < PIECE:  # found whole only
            self._short = self._short | {form: label}
        for gram in _grams(form):
            self._grams[gram] = self._grams.get(gram, 0) + 1
        self._alphabet = self._alphabet.with_signs(form.encode("latin-1", "ignore"))
        self._blanks |= " " in form

    def _forget(self, form: str) -> None:
        del self._labels[form]
        self._short = {short: label for short, label in self._short.items() if short != form}
        for gram in _grams(form):
            self._grams[gram] -= 1
            if not self._grams[gram]:
                del self._grams[gram]

    def may_hold(self, look: Look) -> bool:
        """Whether there is reason to look closer; never ``False`` for a text that holds something."""
        if not self._labels:
            return False
        return self._hits(look) or not look.is_plain(self._alphabet, self._shortest, blanks=self._blanks)

    @property
    def _shortest(self) -> int:
        return min(map(len, self._short), default=ENCODED_PIECE)

    def _hits(self, look: Look) -> bool:
        known = self._grams.keys()
        if not all(known.isdisjoint(numbers) for numbers in look.numbers()):
            return True
        return bool(self._short) and any(value in look.text for value in self._short)

    def _places(self, raw: bytes, stride: int) -> list[int]:
        """Where a stretch stands that some value has, in order."""
        known, found = self._grams.keys(), list[int]()
        for offset in range(0, _GRAM, stride):
            numbers = _numbers(raw[offset:])
            if not known.isdisjoint(numbers):
                found += [offset + _GRAM * at for at, number in enumerate(numbers) if number in known]
        return sorted(found)

    def readings(self, text: str) -> Iterator[Reading]:
        """The text, and what it may stand for."""
        return readings(text, self._alphabet, self._shortest, blanks=self._blanks)

    def find(self, reading: Reading) -> Iterator[Found]:
        """Every value in one reading, by where it stands in the original."""
        stride, shortest = (1, ENCODED_PIECE) if reading.binary else (_STRIDE, PIECE)
        with self._lock:
            values = dict(self._labels)
        text, next_place, homes = reading.text, 0, dict[str, list[tuple[str, int]]]()
        for place in self._places(encoded(text), stride):
            if place < next_place:
                continue
            gram = text[place : place + _GRAM]
            if gram not in homes:
                homes[gram] = [(value, at) for value in values for at in _occurrences(value, gram)]
            longest = self._longest(text, place, homes[gram], values, shortest)
            if longest is not None:
                yield self._placed(reading, longest)
                next_place = longest.end - _GRAM
        for value, label in self._short.items():
            for place in _occurrences(text, value):
                yield self._placed(reading, Found(place, place + len(value), len(value), label))

    @staticmethod
    def _longest(
        text: str, place: int, homes: list[tuple[str, int]], values: dict[str, str], shortest: int
    ) -> Found | None:
        best: Found | None = None
        for value, inside in homes:
            start, end = _extent(text, place, value, inside)
            # Ids are hexadecimal too: eight digits in common come about by chance.
            least = max(shortest, HEX_PIECE) if _HEX.issuperset(value) else shortest
            if end - start >= max(least, best.characters + 1 if best else 0):
                best = Found(start, end, end - start, values[value])
        return best

    @staticmethod
    def _placed(reading: Reading, found: Found) -> Found:
        start, end = reading.place(found.start, found.end)
        return found._replace(start=start, end=end)


def _grams(value: str) -> set[int]:
    if len(value) < PIECE:
        return set()
    raw = encoded(value)
    return {number for offset in range(_GRAM) for number in _numbers(raw[offset:])}


def _numbers(raw: bytes) -> list[int]:
    """Each eight bytes as a number, one behind the other."""
    return memoryview(raw)[: len(raw) // _GRAM * _GRAM].cast("Q").tolist()


def _occurrences(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _spellings(value: str) -> set[str]:
    """The value, and what becomes of it where its bytes are taken for Latin-1."""
    if value.isascii():
        return {value}
    codecs = ("utf-8", "utf-16-le", "utf-16-be")
    return {value} | {
        value.encode(codec, "surrogatepass").decode("latin-1").replace("\0", "") for codec in codecs
    }


def _extent(text: str, place: int, value: str, inside: int) -> tuple[int, int]:
    """How far text and value agree around a stretch that both have."""
    back = 0
    while place > back and inside > back and text[place - back - 1] == value[inside - back - 1]:
        back += 1
    start, ahead = place - back, _GRAM
    while (
        place + ahead < len(text)
        and inside + ahead < len(value)
        and text[place + ahead] == value[inside + ahead]
    ):
        ahead += 1
    return start, place + ahead
