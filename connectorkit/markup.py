"""The only place where the kit makes HTML. Every text that enters is escaped; callers pass plain values."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, is_dataclass
from html import escape as escaped
from typing import Any, NamedTuple

from connectorkit.texts import storable

# JupyterLab's own colours where they exist, so that both themes read well; elsewhere the page's.
_TEXT = "var(--jp-content-font-color1, currentColor)"
_DIM = "var(--jp-content-font-color2, color-mix(in srgb, currentColor 70%, transparent))"
_LINE = "var(--jp-border-color2, rgba(128, 128, 128, 0.4))"
# JupyterLab's green is too light to be read on white. Mixed with the words' own colour it is read on either.
_GOOD = "color-mix(in srgb, var(--jp-success-color1, #2e7d32) 65%, currentColor)"
_BAD = "color-mix(in srgb, var(--jp-error-color1, #c62828) 65%, currentColor)"
# They let either theme's background through.
_OURS, _THEIRS = "rgba(33, 150, 243, 0.22)", "rgba(128, 128, 128, 0.18)"
_BUBBLE = (
    "padding: 6px 10px; max-width: 80%; width: fit-content; border-radius: 10px; overflow-wrap: anywhere; "
    "overflow-x: clip; "
)
_SIDES = {
    True: f"margin: 4px auto 4px 0; background: {_OURS}",
    False: f"margin: 4px 0 4px auto; background: {_THEIRS}",
    None: f"margin: 4px auto; font-size: 85%; color: {_DIM}",
}
# Each paragraph in its own direction; what turns a text around ends with it.
_SPOKEN = "white-space: pre-wrap; unicode-bidi: plaintext"
_CODE = (
    "white-space: pre; overflow-x: auto; font-family: monospace; font-size: 90%; line-height: 1.4; "
    "padding: 6px 10px; margin: 6px 0 0 0; border-radius: 4px;"
)
# An endless word is broken; a letter under a hundred accents cannot be, and is cut off where its place ends.
_INSIDE = "overflow-wrap: anywhere; overflow-x: clip"
_SHORT, _LONGEST_WORD = 20, 40  # characters
UNSCRIPTED = "connectorkit_unscripted"  # marks, in its metadata, an output that is ``unscripted``
_SHOWN = 240  # characters of one member
_DRAWN = "width: 100%; min-width: 480px; max-width: 760px"  # narrower, its words could not be read
# Of JupyterLab, of Sphinx's theme, of VS Code.
_DARK_PAGES = ('[data-jp-theme-light="false"]', '[data-theme="dark"]', "body.vscode-dark")
_BY_THEME = ".ck-dark { display: none } " + " ".join(
    f"{page} .ck-light {{ display: none }} {page} .ck-dark {{ display: inline }}" for page in _DARK_PAGES
)
_OPEN_CELL = "padding: 2px 10px 2px 0; text-align: left; vertical-align: top;"
_CELL = f"{_OPEN_CELL} border-bottom: 1px solid {_LINE};"


def escape(text: str) -> str:
    """Text as it may stand in HTML. Half a surrogate pair would hold up the state of a whole panel."""
    return escaped(str(storable(text)))


class Bubble(NamedTuple):
    """Something said, by whom, and a remark below it; what is ours stands on the left.

    Neither side's (``None``) is what happened to the conversation: it stands in the middle, alone.
    """

    who: str
    text: str
    remark: str
    ours: bool | None = True


class Shown:
    """A base for what is shown in a notebook by its own members: those that have a value, a line each."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        if not is_dataclass(self):
            return note(repr(self))
        named = ((one.name, getattr(self, one.name)) for one in fields(self) if one.repr)
        rows = [(name.replace("_", " "), _shortened(value)) for name, value in named if _has_something(value)]
        return facts(type(self).__name__, rows)


def facts(title: str, rows: Iterable[tuple[str, Any]], *, good: bool | None = None) -> str:
    """A titled two-column list of names and values; ``good`` colours the title's mark."""
    mark = "" if good is None else f'<span style="color: {_GOOD if good else _BAD}">{"●"}</span> '
    body = "".join(
        f'<tr><th scope="row" style="{_CELL} color: {_DIM}; font-weight: normal{_unbroken(str(name))}">'
        f"{escape(str(name))}</th>"
        f'<td style="{_CELL} overflow-wrap: anywhere">{escape(str(value))}</td></tr>'
        for name, value in rows
    )
    return (
        f'<div style="line-height: 1.5; color: {_TEXT}; {_INSIDE}"><strong>{mark}{escape(title)}</strong>'
        f'<table style="border-collapse: collapse; margin: 4px 0 0 0; text-align: left">{body}</table></div>'
    )


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    empty: str = "Nothing yet.",
    wide: Collection[int] = (),
    label: str | None = None,
) -> str:
    """A plain table with a header row; says ``empty`` when there are no rows.

    The keyboard reaches it, to scroll a table that is wider than its place; a ``label`` makes it a landmark.
    The columns in ``wide`` hold sentences, and are not made narrower than those read well. A row whose first
    cell is ``None`` belongs to the one above it.
    """
    listed = [*rows]
    body = ""
    for row, below in zip(listed, [*listed[1:], [""]], strict=False):
        line = _OPEN_CELL if below[0] is None else _CELL
        cells = (
            f'<td style="{line}{_width(place, value, wide)}">{_cell(value)}</td>'
            for place, value in enumerate(row)
        )
        body += f"<tr>{''.join(cells)}</tr>"
    if not body:
        return note(empty)
    head = "".join(f'<th scope="col" style="{_CELL} color: {_DIM}">{escape(name)}</th>' for name in columns)
    role = "group" if label is None else "region"
    named = f' tabindex="0" role="{role}" aria-label="{escape(label or _heading(columns))}"'
    return (
        f'<div style="overflow-x: auto; line-height: 1.5; margin: 6px 0 0 0; color: {_TEXT}"{named}>'
        '<table style="border-collapse: collapse">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def stack(parts: Iterable[str]) -> str:
    """What this module has made, one part below the other, with a gap between."""
    return "".join(f'<div style="margin: 0 0 12px 0">{part}</div>' for part in parts)


def fitted(content: str) -> str:
    """What this module has made, no wider than its place: tables scroll, words are wrapped."""
    if not content:
        return ""
    return f'<div style="display: grid; grid-template-columns: minmax(0, 1fr)">{content}</div>'


def section(title: str, content: str) -> str:
    """A part of a page, under a heading of its own."""
    style = f"font-size: 110%; margin: 1.5em 0 0.3em 0; color: {_TEXT}; {_INSIDE}"
    return f'<section><h2 style="{style}">{escape(title)}</h2>{content}</section>'


def transcript(said: Iterable[Bubble], *, empty: str = "No messages yet.") -> str:
    """Speech bubbles in a region that screen readers announce."""
    bubbles = "".join(
        f'<div style="{_BUBBLE}{_SIDES[one.ours]}">'
        f'<div style="{_SPOKEN}">{escape(one.text)}</div>{_remark(one)}</div>'
        for one in said
    )
    return (
        # Reversed around one child: a long transcript scrolls, and stays at its newest line.
        '<div tabindex="0" role="group" aria-label="Messages" '
        'style="max-height: 26em; overflow-y: auto; display: flex; flex-direction: column-reverse">'
        f'<div role="log" aria-label="Transcript" style="color: {_TEXT}; line-height: 1.4">'
        f"{bubbles or note(empty)}</div></div>"
    )


def _remark(one: Bubble) -> str:
    if one.ours is None:
        return ""
    # A name that turns writing round must not turn what follows it.
    words = f'<span style="unicode-bidi: isolate">{escape(one.who)}</span> · {escape(one.remark)}'
    return f'<div style="font-size: 80%; color: {_DIM}; unicode-bidi: plaintext">{words}</div>'


def note(text: str, *, good: bool | None = None) -> str:
    """One line of plain words; ``good`` gives it the colour of success or failure."""
    colour = _DIM if good is None else _GOOD if good else _BAD
    return f'<div role="status" style="color: {colour}; line-height: 1.4; {_INSIDE}">{escape(text)}</div>'


def unscripted(content: str) -> str:
    """What this module has made, for pages in which no script runs, and only for them."""
    return f"<noscript>{content}</noscript>"


def title(text: str) -> str:
    """The name of a part of a panel."""
    style = f"color: {_TEXT}; font-weight: 600; line-height: 1.4; {_INSIDE}"
    return f'<div style="{style}">{escape(text)}</div>'


def words(text: str) -> str:
    """Plain words that are always there; unlike a ``note``, nobody announces them."""
    return f'<div style="color: {_DIM}; line-height: 1.4; {_INSIDE}">{escape(text)}</div>'


def drawing(light: str, dark: str, words: str) -> str:
    """A picture as svg for either theme, in ``words`` for who does not see it.

    As an image of its own nothing in it is run, and nothing is fetched.
    """
    shown = "".join(
        f'<img class="ck-{name}" alt="{escape(words)}" style="{_DRAWN}" '
        f'src="data:image/svg+xml;base64,{b64encode(svg.encode("utf-8", "replace")).decode("ascii")}">'
        for name, svg in (("light", light), ("dark", dark))
    )
    place = '<div style="overflow-x: auto" tabindex="0" role="group" aria-label="Picture">'
    return f"<style>{_BY_THEME}</style>{place}{shown}</div>"


def code(text: str) -> str:
    """Text whose columns count: code, or bytes below each other."""
    return (
        '<div role="region" aria-label="Code" tabindex="0" '
        f'style="{_CODE} color: {_TEXT}; background: {_THEIRS}">{escape(text)}</div>'
    )


def field(label: str, text: str) -> str:
    """A text in a field: it can be selected by keyboard, and not changed."""
    return (
        f'<textarea readonly rows="8" wrap="off" spellcheck="false" aria-label="{escape(label)}" style="'
        "display: block; width: 100%; box-sizing: border-box; resize: vertical; padding: 6px 8px; "
        "font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.4; "
        "background: var(--jp-layout-color1, Canvas); color: var(--jp-content-font-color1, CanvasText); "
        f'border: 1px solid {_LINE}">'
        # The first line break of a field is not part of its text.
        f"\n{escape(text)}</textarea>"
    )


def listing(header: str) -> str:
    """The heading of a list whose columns stand below each other, in the letters of that list."""
    letters = "font-family: var(--jp-code-font-family, monospace) !important; font-size: 12px !important"
    return (
        f"<style>.connectorkit-listing select {{ {letters} }} "
        # For who hears it; who sees it has the heading.
        ".connectorkit-listing label { position: absolute !important; clip-path: inset(50%); width: 1px }"
        "</style>"
        f'<div aria-hidden="true" style="{letters.replace(" !important", "")}; white-space: pre; '
        f'padding: 0 0 0 6px; line-height: 1.4; overflow-x: clip; color: {_DIM}">{escape(header)}</div>'
    )


def folded(title: str, content: str, *, opened: bool = False) -> str:
    """What this module has made, below a line that shows or hides it, also where no script runs."""
    return (
        f'<details style="margin: 6px 0 0 0; color: {_TEXT}"{" open" if opened else ""}>'
        f'<summary style="cursor: pointer; line-height: 1.6; {_INSIDE}">{escape(title)}</summary>'
        f"{content}</details>"
    )


def timer(label: str, text: str, *, good: bool | None = None) -> str:
    """Time that runs, which screen readers tell when asked and not every second."""
    colour = _TEXT if good is None else _GOOD if good else _BAD
    return (
        f'<div role="timer" aria-label="{escape(label)}" style="color: {colour}; line-height: 1.5; '
        f'{_INSIDE}">{escape(label)}: '
        f'<strong style="font-variant-numeric: tabular-nums">{escape(text)}</strong></div>'
    )


def phases(parts: Sequence[tuple[str, float, str]]) -> str:
    """Durations in milliseconds as one bar, each part in its colour, and below it the numbers.

    A part is its name, how long it took, and a colour of ours.
    """
    whole = sum(took for _, took, _ in parts) or 1.0
    bar = "".join(
        f'<div style="flex: {took / whole:.6f} 1 0; min-width: 2px; background: {escape(colour)}"></div>'
        for _, took, colour in parts
    )
    names = "".join(
        f'<span style="{_INSIDE}{_unbroken(name)}"><span aria-hidden="true" style="display: inline-block; '
        f'width: 0.8em; height: 0.8em; border-radius: 2px; background: {escape(colour)}"></span> '
        f"{escape(name)} {took:,.2f} ms</span>"
        for name, took, colour in parts
    )
    return (
        f'<div style="color: {_TEXT}"><div aria-hidden="true" style="display: flex; height: 14px; '
        f'max-width: 45em; overflow: hidden; border-radius: 3px; margin: 6px 0">{bar}</div>'
        f'<div style="display: flex; flex-wrap: wrap; gap: 2px 14px; line-height: 1.5">{names}</div></div>'
    )


def page(title: str, content: str) -> str:
    """A page of its own around what this module has made. It loads nothing and runs nothing."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n"
        "<style>:root { color-scheme: light dark; background: Canvas; color: CanvasText } "
        "body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem }</style>\n</head>\n"
        f"<body><main>\n{content}\n</main></body>\n</html>\n"
    )


def _has_something(value: Any) -> bool:
    return value is not None and not (isinstance(value, str | tuple | list | dict) and not value)


def _shortened(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _heading(columns: Sequence[str]) -> str:
    return f"Table: {', '.join(name for name in columns if name)}"


def _unbroken(name: str) -> str:
    """A short name stands on one line beside a long text; a long one may be broken, and keeps some width."""
    return "; white-space: nowrap" if len(name) <= _SHORT else "; overflow-wrap: anywhere; min-width: 8em"


def _width(place: int, value: Any, wide: Collection[int]) -> str:
    """The first column names the row; it is short and must not be broken at its hyphens. A long id may be."""
    if place == 0:
        return " white-space: nowrap"
    sentence = " min-width: 14em;" if place in wide else ""
    long = any(len(word) > _LONGEST_WORD for word in str(value).split())
    return f"{sentence} overflow-wrap: anywhere" if long else sentence


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return f'<span style="color: {_GOOD if value else _BAD}">{"✓" if value else "✗"}</span>'
    return escape("" if value is None else str(value))
