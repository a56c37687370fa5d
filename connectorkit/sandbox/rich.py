"""Structured content: which elements there are, what they must have, and how long it may be."""

from __future__ import annotations

from collections.abc import Callable

from connectorkit import wire
from connectorkit.sandbox.members import Members
from connectorkit.sandbox.refusals import bad

_CONTAINERS = ("vertical", "horizontal", "carousel")
_DEEPEST = 20  # nobody draws deeper; it keeps a hostile tree from exhausting the stack
_SIZES = ("small", "medium", "large")


def check_content(content: Members, depth: int = 0) -> None:
    """Refuse an element, or a tree of them, that does not keep to the documented structure."""
    if depth > _DEEPEST:
        raise bad(f"{content.path('elements')} are nested more than {_DEEPEST} deep")
    kind = content.choice("type", (*_CONTAINERS, *_ELEMENTS), required=True)
    content.text("tag")
    if kind in _CONTAINERS:
        if not content.has("elements"):
            raise bad(f"{content.path('elements')} is missing")
        for element in content.objects("elements"):
            check_content(element, depth + 1)
        return
    _limited(content, "tooltip", wire.MAX_TOOLTIP)
    content.boolean("rtl")
    _check_style(content)
    _ELEMENTS[kind](content)
    if content.has("click"):
        _check_click(content)


def check_quick_replies(given: Members) -> None:
    """Refuse quick replies that are not a row of buttons."""
    given.choice("type", ("quickReplies",))
    given.integer("itemsPerRow", least=1)
    if not given.has("replies"):
        raise bad(f"{given.path('replies')} is missing")
    for reply in given.objects("replies"):
        reply.choice("type", ("button",), required=True)
        check_content(reply)


def _check_text(element: Members) -> None:
    _limited(element, "text", wire.MAX_ELEMENT_TEXT, required=True)


def _check_button(element: Members) -> None:
    _limited(element, "title", wire.MAX_TITLE, required=True)
    element.inner("click", required=True)


def _check_image(element: Members) -> None:
    url = _limited(element, "url", wire.MAX_URI, required=True)
    if not url.lower().startswith("https://"):
        raise bad(f"{element.path('url')} must begin with https://")
    _limited(element, "caption", wire.MAX_TITLE)


def _check_map(element: Members) -> None:
    for name in ("lo", "la"):
        if element.number(name) is None:
            raise bad(f"{element.path(name)} is missing")


def _check_link_preview(element: Members) -> None:
    _limited(element, "url", wire.MAX_URI, required=True)
    _limited(element, "title", wire.MAX_TITLE)


_ELEMENTS: dict[str, Callable[[Members], None]] = {
    "text": _check_text,
    "button": _check_button,
    "image": _check_image,
    "map": _check_map,
    "linkPreview": _check_link_preview,
}


def _check_click(element: Members) -> None:
    click = element.inner("click", required=True)
    assert click is not None
    for entry in click.objects("metadata"):
        entry.text("type", required=True)
    actions = click.objects("actions")
    if len(actions) > wire.MAX_ACTIONS:
        raise bad(f"{click.path('actions')} has {len(actions)} actions, allowed are {wire.MAX_ACTIONS}")
    for action in actions:
        match action.choice("type", ("publishText", "link", "navigate"), required=True):
            case "publishText":
                _limited(action, "text", wire.MAX_ELEMENT_TEXT, required=True)
            case "link":
                _check_link(action)
            case _:
                _check_map(action)
                action.text("name")


def _check_link(action: Members) -> None:
    platforms = [action.inner(name) for name in ("ios", "android", "web")]
    found = [platform for platform in platforms if platform is not None]
    _limited(action, "uri", wire.MAX_URI, required=not found)
    action.text("name")
    for platform in found:
        _limited(platform, "uri", wire.MAX_URI, required=True)


def _check_style(element: Members) -> None:
    if style := element.inner("style"):
        style.boolean("bold")
        style.boolean("italic")
        style.choice("size", _SIZES)
        for name in ("color", "background-color", "border-color"):
            style.text(name)


def _limited(element: Members, name: str, longest: int, *, required: bool = False) -> str:
    value = element.text(name, required=required, empty=not required) or ""
    if len(value) > longest:
        raise bad(f"{element.path(name)} has {len(value)} characters, allowed are {longest}")
    return value
