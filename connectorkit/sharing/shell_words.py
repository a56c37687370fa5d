r"""The words of one shell command, as bash would see them, without a shell.

``shlex`` knows no ``$'…'``, in which browsers write the cURL commands they copy, so it cannot be used here.
"""

from __future__ import annotations

import re

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "E": "\x1b",
}
_ANSI = re.compile(
    r"\\(?:x(?P<hex>[0-9A-Fa-f]{1,2})|u(?P<u4>[0-9A-Fa-f]{1,4})|U(?P<u8>[0-9A-Fa-f]{1,8})"
    r"|(?P<octal>[0-7]{1,3})|c(?P<control>.)|(?P<other>.))",
    re.DOTALL,
)
_WORD = re.compile(
    r"""(?P<blank>(?:[ \t\r]|\\\r?\n)+)"""
    r"""|(?P<comment>(?<![^\s;&|])\#[^\n]*)"""
    r"""|(?P<end>[\n;&|<>()])"""
    r"""|\$'(?P<ansi>(?:[^'\\]|\\.)*)'"""
    r"""|'(?P<single>[^']*)'"""
    r"""|\$?"(?P<double>(?:[^"\\]|\\.)*)\""""
    r"""|\\(?P<escaped>.)"""
    r"""|(?P<plain>[^\s'"\\;&|<>()]+?(?=[\s'"\\;&|<>()$]|$)|\$)""",
    re.DOTALL,
)


class UnbalancedError(ValueError):
    """A quote that is not closed, or a backslash at the end."""


def commands(text: str) -> list[list[str]]:
    """The words of each command in a text; line breaks, semicolons and pipes end a command.

    Variables are not filled in: ``"$TOKEN"`` is the word ``$TOKEN``. Raises ``UnbalancedError``.
    """
    found: list[list[str]] = [[]]
    word: list[str] | None = None
    position = 0
    while position < len(text):
        part = _WORD.match(text, position)
        if part is None:
            raise UnbalancedError(f"A quote is not closed, after {text[position : position + 40]!r}.")
        position = part.end()
        kind = part.lastgroup
        if kind in ("blank", "comment", "end"):
            if word is not None:
                found[-1].append("".join(word))
                word = None
            if kind == "end" and found[-1]:
                found.append([])
        else:
            word = [] if word is None else word
            word.append(_value(str(kind), part[str(kind)]))
    if word is not None:
        found[-1].append("".join(word))
    return [words for words in found if words]


def _value(kind: str, text: str) -> str:
    if kind == "ansi":
        return ansi(text)
    if kind == "double":  # here a backslash quotes four characters only, and joins lines
        return re.sub(r'\\(["\\$`]|\r?\n)', lambda found: found[1].strip("\r\n"), text)
    return text


def ansi(text: str) -> str:
    """What stands in ``$'…'``; bytes that are escaped one by one are put together as UTF-8."""
    shown = _ANSI.sub(_escape, text)
    try:
        return shown.encode("utf-8", "surrogateescape").decode("utf-8", "surrogatepass")
    except UnicodeError:
        return shown.encode("utf-8", "replace").decode()


def _escape(found: re.Match[str]) -> str:
    if (code := found["u4"] or found["u8"]) is not None:
        number = int(code, 16)
        if 0xD800 <= number <= 0xDFFF:
            return chr(number).encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
        return chr(number) if number <= 0x10FFFF else "�"
    if (digits := found["hex"]) is not None:
        return bytes([int(digits, 16)]).decode("utf-8", "surrogateescape")
    if (octal := found["octal"]) is not None:
        return bytes([int(octal, 8) & 0xFF]).decode("utf-8", "surrogateescape")
    if (control := found["control"]) is not None:
        return chr(ord(control.upper()) & 0x1F)
    other = found["other"]
    return _ESCAPES.get(other, other if other in "\\'\"?" else f"\\{other}")
