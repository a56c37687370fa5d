"""Structured content as a panel can show it: parts of bounded number and depth, and what can be clicked.

Everything here came from a server: parts are plain texts with a kind, and whoever draws them writes text. No
address in them is ever fetched, and of a style only its weight, slope and size are kept: colours could hide
a text in one of the themes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectorkit.content import CONTAINERS, SIZES
from connectorkit.pairs import object_or_empty, text_or_none

Part = dict[str, Any]
_MOST_PARTS = 200  # in depth, too: it keeps a hostile tree from exhausting the stack
_LONGEST = 20_000  # characters of one text
_LONGEST_LABEL = 300


@dataclass(frozen=True)
class Choice:
    """Something to click: what stands on it, and the element as it came, which is what ``click`` takes."""

    label: str
    element: Mapping[str, Any] = field(repr=False)
    quick: bool = False


@dataclass
class Shown:
    """The parts of one message, and its choices; a part that can be clicked names its choice by number."""

    parts: list[Part] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The texts from top to bottom; what can be clicked stands in brackets."""
        return list(_lines(self.parts, self.choices))


def clean(text: str, longest: int = _LONGEST) -> str:
    """The text as a browser can be sent it: without half surrogate pairs, and not endless."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if len(whole) <= longest:
        return whole
    return f"{whole[:longest]}… ({len(whole) - longest:,} more characters are in the log)"


def read(content: Any, quick_replies: Any = None) -> Shown:
    """What to show of rich content and of the quick replies below it; reads anything, refuses nothing."""
    reader = _Reader()
    shown = reader.shown
    if content is not None:
        shown.parts += reader.parts([content])
    replies = object_or_empty(quick_replies).get("replies")
    for reply in replies if isinstance(replies, list) else ():
        shown.parts += reader.parts([reply], quick=True)
    return shown


class _Reader:
    def __init__(self) -> None:
        self.shown = Shown()
        self._left = _MOST_PARTS

    def parts(self, elements: Any, quick: bool = False) -> list[Part]:
        made: list[Part] = []
        for element in elements if isinstance(elements, list) else ():
            self._left -= 1
            if self._left <= 0:
                made += [_note("More is not shown; it is in the log.")] if self._left == 0 else []
                break
            made.append(self._part(object_or_empty(element), quick))
        return made

    def _part(self, element: dict[str, Any], quick: bool) -> Part:
        kind = element.get("type")
        if isinstance(kind, str) and kind in CONTAINERS:
            return {"kind": "group", "flow": kind, "parts": self.parts(element.get("elements"))}
        title = text_or_none(element.get("title"))
        if kind == "text" and isinstance(element.get("text"), str):
            return self._clickable(
                {"kind": "text", "text": clean(element["text"]), **_look(element)}, element
            )
        if title is not None and kind != "linkPreview":
            return self._button(title, element, quick)
        return self._clickable(_note(_described(kind, element)), element)

    def _button(self, title: str, element: dict[str, Any], quick: bool) -> Part:
        made: Part = {"kind": "button", "label": clean(title, _LONGEST_LABEL), "hint": _hint(element)}
        if quick:
            made["quick"] = True
        return self._clickable(made, element, quick)

    def _clickable(self, part: Part, element: dict[str, Any], quick: bool = False) -> Part:
        if isinstance(element.get("click"), dict):
            part["choice"] = len(self.shown.choices)
            label = part.get("label") or part.get("text") or "this"
            self.shown.choices.append(Choice(clean(label, _LONGEST_LABEL), element, quick))
        return part


def _note(text: str) -> Part:
    return {"kind": "note", "text": clean(text)}


def _look(element: dict[str, Any]) -> Part:
    style = object_or_empty(element.get("style"))
    look: Part = {name: True for name in ("bold", "italic") if style.get(name) is True}
    return look | ({"size": style["size"]} if style.get("size") in SIZES else {})


def _described(kind: Any, element: dict[str, Any]) -> str:
    """An element that is told of rather than drawn."""
    url, words = text_or_none(element.get("url")) or "no address", ""
    if kind == "image":
        words = f"Picture: {text_or_none(element.get('caption')) or 'without a caption'} ({url})"
    elif kind == "linkPreview":
        words = f"Page: {text_or_none(element.get('title')) or 'without a title'} ({url})"
    elif kind == "map":
        words = f"Map around {element.get('la')}, {element.get('lo')}"
    return words or text_or_none(element.get("caption")) or f"An element of the type {kind!r}"


def _hint(element: dict[str, Any]) -> str:
    """What a click on it does, in words."""
    actions = object_or_empty(element.get("click")).get("actions")
    told = [_action(object_or_empty(one)) for one in (actions if isinstance(actions, list) else ())]
    tooltip = text_or_none(element.get("tooltip"))
    spoken = [tooltip if tooltip != element.get("title") else None, *told]
    return clean("; ".join(one for one in spoken if one), _LONGEST_LABEL)


def _action(action: dict[str, Any]) -> str:
    match action.get("type"):
        case "publishText":
            return f"says: {action.get('text')}"
        case "link":
            return f"leads to {action.get('uri') or 'a page'}"
        case "navigate":
            return f"shows the way to {action.get('la')}, {action.get('lo')}"
    return ""


def _lines(parts: list[Part], choices: list[Choice]) -> Iterator[str]:
    for part in parts:
        if part["kind"] == "group":
            yield from _lines(part["parts"], choices)
        elif part["kind"] == "button":
            yield f"[{part['label']}]"
        else:
            yield part["text"]
