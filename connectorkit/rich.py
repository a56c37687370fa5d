"""Structured content: cards, buttons, pictures, and what happens on a click.

Builders return plain dicts, checked against the documented members and limits::

    rich.vertical(
        rich.text("Which one?", style=rich.style(bold=True)),
        rich.button("The red one", rich.publish_text("red"), metadata=[{"type": "ExternalId", "id": "1"}]),
    )
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectorkit.checks import check_list
from connectorkit.content import check_action, check_click, check_style
from connectorkit.content import check_content as check_content
from connectorkit.content import check_quick_replies as check_quick_replies

Element = dict[str, Any]
Action = dict[str, Any]
Metadata = Iterable[Mapping[str, Any]]

# --- Elements ----------------------------------------------------------------------------------------


def text(
    text: str,
    *,
    tooltip: str | None = None,
    style: Mapping[str, Any] | None = None,
    right_to_left: bool | None = None,
) -> Element:
    """A text of up to 5000 characters.

    >>> text("Pick one")
    {'type': 'text', 'text': 'Pick one'}
    """
    return _checked(type="text", text=text, tooltip=tooltip, style=style, rtl=right_to_left)


def button(
    title: str,
    *actions: Mapping[str, Any],
    metadata: Metadata | None = None,
    tooltip: str | None = None,
    style: Mapping[str, Any] | None = None,
    right_to_left: bool | None = None,
) -> Element:
    """A button that does up to four actions; ``metadata`` comes back with the click.

    >>> button("Yes", publish_text("yes"))["click"]
    {'actions': [{'type': 'publishText', 'text': 'yes'}]}
    """
    return _checked(
        type="button",
        title=title,
        click=click(*actions, metadata=metadata),
        tooltip=tooltip,
        style=style,
        rtl=right_to_left,
    )


def image(
    url: str,
    *actions: Mapping[str, Any],
    metadata: Metadata | None = None,
    caption: str | None = None,
    tooltip: str | None = None,
) -> Element:
    """A picture from the web (``https``; the account must allow its domain)."""
    return _checked(
        type="image", url=url, caption=caption, click=_optional_click(actions, metadata), tooltip=tooltip
    )


def map(
    latitude: float,
    longitude: float,
    *actions: Mapping[str, Any],
    metadata: Metadata | None = None,
    tooltip: str | None = None,
) -> Element:
    """A map around a place, in degrees."""
    return _checked(
        type="map", la=latitude, lo=longitude, click=_optional_click(actions, metadata), tooltip=tooltip
    )


def link_preview(url: str, *, title: str | None = None) -> Element:
    """A preview of a page."""
    return _checked(type="linkPreview", url=url, title=title)


def vertical(*elements: Mapping[str, Any], tag: str | None = None) -> Element:
    """Elements below each other."""
    return _checked(type="vertical", tag=tag, elements=list(elements))


def horizontal(*elements: Mapping[str, Any], tag: str | None = None) -> Element:
    """Elements beside each other."""
    return _checked(type="horizontal", tag=tag, elements=list(elements))


def carousel(*elements: Mapping[str, Any], tag: str | None = None) -> Element:
    """Cards to leaf through."""
    return _checked(type="carousel", tag=tag, elements=list(elements))


def quick_replies(*replies: Mapping[str, Any], items_per_row: int = 8) -> Element:
    """Buttons that stand below a text or rich content, for ``quick_replies=``."""
    answers = {"type": "quickReplies", "itemsPerRow": items_per_row, "replies": list(replies)}
    check_quick_replies(answers)
    return answers


def style(
    *,
    bold: bool | None = None,
    italic: bool | None = None,
    size: str | None = None,
    color: str | None = None,
    background_color: str | None = None,
    border_color: str | None = None,
    border_radius: int | None = None,
) -> dict[str, Any]:
    """How a text or a button looks; ``size`` is small, medium or large, a colour is CSS's."""
    look = {
        "bold": bold,
        "italic": italic,
        "size": size,
        "color": color,
        "background-color": background_color,
        "border-color": border_color,
        "border-radius": border_radius,
    }
    look = {name: value for name, value in look.items() if value is not None}
    check_style("style", look)
    return look


# --- Clicks ------------------------------------------------------------------------------------------


def click(*actions: Mapping[str, Any], metadata: Metadata | None = None) -> dict[str, Any]:
    """What a click does, and the metadata that its answer copies."""
    clicked: dict[str, Any] = {"actions": list(actions)}
    if metadata is not None:
        check_list("metadata", metadata)
        clicked["metadata"] = list(metadata)
    check_click("click", clicked)
    return clicked


def publish_text(text: str) -> Action:
    """The action that makes the consumer say a text."""
    return _checked_action(type="publishText", text=text)


def link(
    uri: str,
    *,
    name: str | None = None,
    ios: str | None = None,
    android: str | None = None,
    web: str | None = None,
) -> Action:
    """The action that opens a page; ``ios``, ``android`` and ``web`` are addresses for each of them.

    >>> link("https://shop.example", ios="shop://cart")
    {'type': 'link', 'uri': 'https://shop.example', 'ios': {'uri': 'shop://cart'}}
    """
    own = {"ios": ios, "android": android, "web": web}
    platforms = {platform: {"uri": address} for platform, address in own.items() if address is not None}
    return _checked_action(type="link", name=name, uri=uri, **platforms)


def navigate(latitude: float, longitude: float, *, name: str | None = None) -> Action:
    """The action that shows the way to a place, in degrees."""
    return _checked_action(type="navigate", name=name, la=latitude, lo=longitude)


def _optional_click(
    actions: tuple[Mapping[str, Any], ...], metadata: Metadata | None
) -> dict[str, Any] | None:
    return click(*actions, metadata=metadata) if actions or metadata is not None else None


def _checked(**members: Any) -> Element:
    element = {name: value for name, value in members.items() if value is not None}
    check_content(element, str(members["type"]))
    return element


def _checked_action(**members: Any) -> Action:
    action = {name: value for name, value in members.items() if value is not None}
    check_action(str(members["type"]), action)
    return action
