"""Promises of section 6.5: structured content, its elements, their members and limits."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, Bench, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import accept, publish, text

rows = Rows()
_NEVER = "an account may not take structured content of consumers"
_CLICK = {"actions": [{"type": "publishText", "text": "Yes"}]}
_URL = "https://pictures.example/"


def _event(content: Any, **beside: Any) -> dict[str, Any]:
    return {"type": "RichContentEvent", "content": content, **beside}


def _button(title: str = "Yes", **members: Any) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": _CLICK, **members}


def _acting(*actions: Any) -> dict[str, Any]:
    return _button(click={"actions": list(actions)})


def _row(word: str, says: str, taken: dict[str, Any], refused: dict[str, Any]) -> None:
    """The row of contents that are taken, and of contents that are refused."""

    def probe(bench: Bench) -> Any:
        talk = bench.open()
        contents = taken | refused
        return {what: bench.send(publish(talk, _event(one))).taken for what, one in contents.items()}

    expected = {**dict.fromkeys(taken, "taken"), **dict.fromkeys(refused, "refused")}
    rows.add(f"P6.5-{word}", says, "6.5", probe, expected, never=_NEVER)


def _without(element: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in element.items() if key != name}


_TEXT = {"type": "text", "text": "Pick one"}
_IMAGE = {"type": "image", "url": f"{_URL}a.png"}
_MAP = {"type": "map", "lo": 13.4, "la": 52.5}
_PREVIEW = {"type": "linkPreview", "url": _URL}
_NAVIGATE = {"type": "navigate", "lo": 13.4, "la": 52.5, "name": "Berlin"}
_LINK = {"type": "link", "uri": _URL, "name": "Pictures"}

_row(
    "containers",
    "vertical, horizontal and carousel hold elements, also each other; other containers are refused.",
    {
        "vertical": {"type": "vertical", "elements": [_TEXT, _button()], "tag": "card"},
        "horizontal": {"type": "horizontal", "elements": [_TEXT]},
        "carousel": {"type": "carousel", "elements": [{"type": "vertical", "elements": [_TEXT]}]},
    },
    {"a grid": {"type": "grid", "elements": [_TEXT]}, "no elements": {"type": "vertical"}},
)
_row(
    "text",
    "A text element has a text of 5000 characters at most.",
    {"5000 characters": _TEXT | {"text": "x" * 5000}},
    {"5001 characters": _TEXT | {"text": "x" * 5001}, "no text": _without(_TEXT, "text")},
)
_row(
    "tooltip",
    "A tooltip has 256 characters at most.",
    {"256 characters": _TEXT | {"tooltip": "x" * 256}},
    {"257 characters": _TEXT | {"tooltip": "x" * 257}},
)
_row(
    "button",
    "A button has a title of 128 characters at most, and a click.",
    {"128 characters": _button("x" * 128)},
    {
        "129 characters": _button("x" * 129),
        "no title": _without(_button(), "title"),
        "no click": _without(_button(), "click"),
    },
)
_row(
    "image",
    "An image has a url of 2048 characters at most, and perhaps a caption of 128.",
    {"2048 characters": _IMAGE | {"url": _URL.ljust(2048, "x")}, "caption": _IMAGE | {"caption": "x" * 128}},
    {
        "2049 characters": _IMAGE | {"url": _URL.ljust(2049, "x")},
        "a long caption": _IMAGE | {"caption": "x" * 129},
        "no url": _without(_IMAGE, "url"),
    },
)
_row(
    "https",
    "The url of an image is https.",
    {"https": _IMAGE},
    {"http": _IMAGE | {"url": "http://pictures.example/a.png"}},
)
_row(
    "map",
    "A map has lo and la, both numbers.",
    {"both": _MAP, "whole numbers": _MAP | {"lo": 13, "la": 52}},
    {"no la": _without(_MAP, "la"), "no lo": _without(_MAP, "lo"), "a text as la": _MAP | {"la": "52.5"}},
)
_row(
    "preview",
    "A link preview has a url of 2048 characters at most, and perhaps a title of 128.",
    {"both": _PREVIEW | {"url": _URL.ljust(2048, "x"), "title": "x" * 128}},
    {
        "2049 characters": _PREVIEW | {"url": _URL.ljust(2049, "x")},
        "a long title": _PREVIEW | {"title": "x" * 129},
        "no url": _without(_PREVIEW, "url"),
    },
)
_row(
    "actions",
    "A click has four actions at most.",
    {"four": _acting(*[_LINK] * 4)},
    {"five": _acting(*[_LINK] * 5)},
)
_row(
    "publish",
    "The action publishText has a text of 5000 characters at most; other actions are refused.",
    {"5000 characters": _acting({"type": "publishText", "text": "x" * 5000})},
    {
        "5001 characters": _acting({"type": "publishText", "text": "x" * 5001}),
        "no text": _acting({"type": "publishText"}),
        "another action": _acting({"type": "call", "text": "x"}),
    },
)
_row(
    "link",
    "The action link has a uri of 2048 characters at most, and perhaps others for ios, android and web.",
    {
        "2048 characters": _acting(_LINK | {"uri": _URL.ljust(2048, "x")}),
        "platforms": _acting(_LINK | {name: {"uri": f"{_URL}{name}"} for name in ("ios", "android", "web")}),
    },
    {
        "2049 characters": _acting(_LINK | {"uri": _URL.ljust(2049, "x")}),
        "no uri": _acting(_without(_LINK, "uri")),
        "a platform without uri": _acting(_LINK | {"android": {}}),
    },
)
_row(
    "navigate",
    "The action navigate has la and lo, and perhaps a name.",
    {"with a name": _acting(_NAVIGATE), "without": _acting(_without(_NAVIGATE, "name"))},
    {"no la": _acting(_without(_NAVIGATE, "la")), "no lo": _acting(_without(_NAVIGATE, "lo"))},
)
_row(
    "style",
    "A style has bold and italic, a size of small, medium or large, and colours.",
    {
        **{size: _TEXT | {"style": {"size": size}} for size in ("small", "medium", "large")},
        "colours": _TEXT
        | {
            "rtl": False,
            "style": {
                **{"bold": True, "italic": False, "color": "#102030"},
                **{"background-color": "#fff", "border-color": "#000", "border-radius": 4},
            },
        },
    },
    {"huge": _TEXT | {"style": {"size": "huge"}}, "a text as bold": _TEXT | {"style": {"bold": "yes"}}},
)


@rows.promise(
    "P6.5-kept",
    "Structured content goes through as it was sent, quick replies beside it included.",
    "6.5",
    {"content": "as sent", "quickReplies": "as sent"},
    never=_NEVER,
)
def _kept(bench: Bench) -> Any:
    talk = bench.open()
    content = {"type": "vertical", "elements": [_TEXT | {"text": "Goes through"}, _button(), _IMAGE, _MAP]}
    replies = {"type": "quickReplies", "itemsPerRow": 8, "replies": [_button("Yes"), _button("No")]}
    bench.did(publish(talk, _event(content, quickReplies=replies)))
    kept = at(bench.events(talk), 0, "event")
    sent = {"content": content, "quickReplies": replies}
    return {name: "as sent" if at(kept, name) == one else at(kept, name) for name, one in sent.items()}


@rows.promise(
    "P6.5-replies",
    "Quick replies are a row of buttons, and may stand beside a text, too.",
    "6.5",
    {
        "beside a text": "taken",
        "no replies": "refused",
        "a text as reply": "refused",
        "another type": "refused",
    },
    never=_NEVER,
)
def _replies(bench: Bench) -> Any:
    talk = bench.open()
    good = {"type": "quickReplies", "itemsPerRow": 8, "replies": [_button()]}
    given = {
        "beside a text": good,
        "no replies": _without(good, "replies"),
        "a text as reply": good | {"replies": [_TEXT]},
        "another type": good | {"type": "replies"},
    }

    def taken(replies: Any) -> str:
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": "Well?"}
        return bench.send(publish(talk, {**event, "quickReplies": replies})).taken

    return {what: taken(replies) for what, replies in given.items()}


@rows.promise(
    "P6.5-click",
    "A click is answered by a receipt ACTION, and a text, both with the metadata of what was clicked.",
    "6.5",
    {"receipt": [{"type": "ExternalId", "id": "yes-65"}], "text": [{"type": "ExternalId", "id": "yes-65"}]},
    never="needs an agent who asks",
)
def _clicked(bench: Bench) -> Any:
    talk = bench.open()
    card = bench.agent(talk).rich({"type": "vertical", "elements": [_button()]}).sequence
    metadata = [{"type": "ExternalId", "id": "yes-65"}]
    bench.did({**accept(talk, "ACTION", card), "metadata": metadata})
    bench.did({**text(talk, "Yes"), "metadata": metadata})
    events = bench.events(talk)
    kept = {at(one, "event", "status"): at(one, "metadata") for one in events}
    kept |= {at(one, "event", "message"): at(one, "metadata") for one in events}
    return {"receipt": kept.get("ACTION", ABSENT), "text": kept.get("Yes", ABSENT)}


PROMISES = rows.all
