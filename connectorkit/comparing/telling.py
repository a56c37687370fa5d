"""Numbers and texts as comparisons print them."""

from __future__ import annotations


def printable(text: str) -> str:
    """On one line, whatever the text holds."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def counted(number: int, what: str) -> str:
    """Such as ``1 change`` or ``2 changes``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def ms(value: float) -> str:
    """A number of milliseconds with three digits that say something, or as many as it takes."""
    size = abs(value)
    digits = 3 if size < 1 else 2 if size < 10 else 1 if size < 1000 else 0
    return f"{value:,.{digits}f}"


def signed(value: float) -> str:
    """The same with its sign; zero has none."""
    text = ms(abs(value))
    return text if not float(text.replace(",", "")) else f"{'+' if value > 0 else '−'}{text}"
