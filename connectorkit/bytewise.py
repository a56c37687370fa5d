"""Two byte strings or two headers beside each other, up to 80 columns, with their first difference marked."""

from __future__ import annotations

_BESIDE = 16  # bytes in a line
_BEFORE = 8  # of these, those that are still the same
_LABEL = 9
_LONGEST = 71  # the header of a SHA-256 in hexadecimal
_NO_DIFFERENCE = -1


def bodies(given: bytes, signed: bytes) -> str:
    """The bytes around the first difference, in hexadecimal and as text; empty where there is none."""
    place = first_difference(given, signed)
    if place == _NO_DIFFERENCE:
        return ""
    start = max(0, place - _BEFORE)
    marker = " " * (_LABEL + 3 * (place - start)) + "^^"
    told = f"The first difference is at byte {place}, counted from 0."
    sizes = f"{len(given)} bytes were given, {len(signed)} were signed."
    lines = [_bytes("given", given, start), _bytes("signed", signed, start), marker]
    return "\n".join([*(line.rstrip() for line in lines), told, sizes])


def headers(given: str, expected: str) -> str:
    """A header as it came above the right one; empty where they are the same."""
    place = first_difference(given, expected)
    if place == _NO_DIFFERENCE:
        return ""
    lines = [f"{'given':{_LABEL}}{shown(given)}", f"{'expected':{_LABEL}}{expected}"]
    if place < _LONGEST and shown(given[:place]) == given[:place]:
        lines.append(" " * (_LABEL + place) + "^")
    lines.append(f"The first difference is at character {place}, counted from 0.")
    return "\n".join(line.rstrip() for line in lines)


def shown(text: str) -> str:
    """One harmless line of a text from anywhere, cut to what fits."""
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[: _LONGEST + 1])
    return safe if len(safe) <= _LONGEST and len(text) <= _LONGEST else safe[: _LONGEST - 1] + "…"


def first_difference(one: bytes | str, other: bytes | str) -> int:
    """Where they begin to differ; −1 where they are the same."""
    if one == other:
        return _NO_DIFFERENCE
    same, most = 0, min(len(one), len(other))
    while same < most:  # halving: a large body is compared in pieces, not byte by byte
        middle = (same + most + 1) // 2
        if one[same:middle] == other[same:middle]:
            same = middle
        else:
            most = middle - 1
    return same


def _bytes(label: str, whole: bytes, start: int) -> str:
    some = whole[start : start + _BESIDE]
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in some)
    return f"{label:{_LABEL}}{some.hex(' '):{3 * _BESIDE - 1}}  {text}"
