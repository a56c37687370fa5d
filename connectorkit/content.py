"""Checks of structured content against the documented elements, members and limits.

Each raises ``EnvelopeError``, which names the place, e.g. ``content.elements[1].title``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from connectorkit import wire
from connectorkit.checks import check_integer, check_list, check_mapping, check_one_of, check_text, require
from connectorkit.envelope import checked_metadata

CONTAINERS = ("vertical", "horizontal", "carousel")
SIZES = ("small", "medium", "large")
# Type to its texts, with the longest allowed; those that must be there come from _NEEDED.
_TEXTS: dict[str, dict[str, int]] = {
    "text": {"text": wire.MAX_ELEMENT_TEXT, "tooltip": wire.MAX_TOOLTIP},
    "button": {"title": wire.MAX_TITLE, "tooltip": wire.MAX_TOOLTIP},
    "image": {"url": wire.MAX_URI, "caption": wire.MAX_TITLE, "tooltip": wire.MAX_TOOLTIP},
    "map": {"tooltip": wire.MAX_TOOLTIP},
    "linkPreview": {"url": wire.MAX_URI, "title": wire.MAX_TITLE},
}
_NEEDED = {
    "text": ("text",),
    "button": ("title", "click"),
    "image": ("url",),
    "map": ("lo", "la"),
    "linkPreview": ("url",),
}
_ACTIONS = ("publishText", "link", "navigate")
_PLATFORMS = ("ios", "android", "web")


def check_content(content: Any, field: str = "content") -> None:
    """The content, and all within, has the documented members and keeps within their limits.

    Raises ``EnvelopeError``, which names the place, e.g. ``content.elements[1].title``. Members that are
    not documented are let through.
    """
    check_mapping(field, content, "the functions of connectorkit.rich")
    kind = content.get("type")
    check_one_of(f"{field}.type", kind, (*CONTAINERS, *_TEXTS))
    if kind in CONTAINERS:
        elements = content.get("elements")
        require(
            isinstance(elements, list | tuple), f"{field}.elements", "must be a list", "Put elements in it."
        )
        if content.get("tag") is not None:
            check_text(f"{field}.tag", content["tag"])
        for position, element in enumerate(elements or ()):
            check_content(element, f"{field}.elements[{position}]")
        return
    for member in _NEEDED[kind]:
        require(
            content.get(member) is not None, f"{field}.{member}", "is missing", f"Every {kind} must have it."
        )
    _check_texts(field, content, _TEXTS[kind])
    if kind == "image":
        require(
            content["url"].lower().startswith("https://"),
            f"{field}.url",
            f"is {content['url'][:40]!r}, allowed are addresses that begin with https://",
            "Use the picture's https address.",
        )
    if kind == "map":
        _check_place(field, content)
    if content.get("click") is not None:
        check_click(f"{field}.click", content["click"])
    if content.get("style") is not None:
        check_style(f"{field}.style", content["style"])
    _check_boolean(f"{field}.rtl", content.get("rtl"))


def check_quick_replies(answers: Any, field: str = "quick_replies") -> None:
    """The value is what ``quick_replies`` makes: at least one button, and how many stand in a row."""
    check_mapping(field, answers, "rich.quick_replies(rich.button(...), ...)")
    check_one_of(f"{field}.type", answers.get("type"), ("quickReplies",))
    replies, per_row = answers.get("replies"), answers.get("itemsPerRow", 1)
    check_integer(f"{field}.itemsPerRow", per_row)
    require(per_row > 0, f"{field}.itemsPerRow", f"is {per_row}", "Pass a number from 1 on.")
    require(
        isinstance(replies, list | tuple) and bool(replies),
        f"{field}.replies",
        "has no button",
        "Pass at least one rich.button(...).",
    )
    for position, reply in enumerate(replies or ()):
        check_content(reply, f"{field}.replies[{position}]")
        check_one_of(f"{field}.replies[{position}].type", reply["type"], ("button",))


def check_click(field: str, clicked: Any) -> None:
    """The value is what ``rich.click`` makes: at most four actions, and metadata."""
    check_mapping(field, clicked, "rich.click(...)")
    actions = clicked.get("actions", ())
    check_list(f"{field}.actions", actions)
    require(
        len(actions) <= wire.MAX_ACTIONS,
        f"{field}.actions",
        f"has {len(actions)} entries, allowed are {wire.MAX_ACTIONS}",
        "Leave some out, or make a second button.",
    )
    for position, action in enumerate(actions):
        check_action(f"{field}.actions[{position}]", action)
    if clicked.get("metadata") is not None:
        checked_metadata(f"{field}.metadata", clicked["metadata"])


def check_action(field: str, action: Any) -> None:
    """The value is a ``publishText``, ``link`` or ``navigate`` action."""
    check_mapping(field, action, "rich.publish_text(...), rich.link(...) or rich.navigate(...)")
    kind = action.get("type")
    check_one_of(f"{field}.type", kind, _ACTIONS)
    if action.get("name") is not None:
        check_text(f"{field}.name", action["name"], empty=True)
    if kind == "publishText":
        check_text(f"{field}.text", action.get("text"), longest=wire.MAX_ELEMENT_TEXT)
    elif kind == "navigate":
        _check_place(field, action)
    else:
        check_text(f"{field}.uri", action.get("uri"), longest=wire.MAX_URI)
        for platform in _PLATFORMS:
            if action.get(platform) is not None:
                check_mapping(f"{field}.{platform}", action[platform], f"rich.link(uri, {platform}=...)")
                uri = action[platform].get("uri")
                check_text(f"{field}.{platform}.uri", uri, longest=wire.MAX_URI)


def check_style(field: str, look: Any) -> None:
    """The value is what ``rich.style`` makes."""
    check_mapping(field, look, "rich.style(...)")
    for name in ("bold", "italic"):
        _check_boolean(f"{field}.{name}", look.get(name))
    if look.get("size") is not None:
        check_one_of(f"{field}.size", look["size"], SIZES)
    for name in ("color", "background-color", "border-color"):
        if look.get(name) is not None:
            check_text(f"{field}.{name}", look[name])


def _check_texts(field: str, element: Mapping[str, Any], limits: Mapping[str, int]) -> None:
    for member, longest in limits.items():
        if element.get(member) is not None:
            mandatory = member in _NEEDED[element["type"]]
            check_text(f"{field}.{member}", element[member], empty=not mandatory, longest=longest)


def _check_place(field: str, element: Mapping[str, Any]) -> None:
    for member in ("la", "lo"):
        value = element.get(member)
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        require(number, f"{field}.{member}", f"is {value!r}", "Pass degrees as a number, e.g. 52.52.")


def _check_boolean(field: str, value: Any) -> None:
    require(value is None or isinstance(value, bool), field, f"is {value!r}", "Pass True or False.")
