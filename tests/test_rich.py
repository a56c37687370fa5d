"""Structured content: what the builders make, and how a breach of the documented limits is explained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectorkit import envelopes, rich
from connectorkit.errors import EnvelopeError

CARD_ID = [{"type": "ExternalId", "id": "card-1"}]
YES = {"type": "button", "title": "Yes", "click": {"actions": [{"type": "publishText", "text": "yes"}]}}


# --- What is built -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (rich.text("Pick one"), {"type": "text", "text": "Pick one"}),
        (
            rich.text("Pick", tooltip="one", style=rich.style(bold=True, size="large"), right_to_left=False),
            {
                "type": "text",
                "text": "Pick",
                "tooltip": "one",
                "style": {"bold": True, "size": "large"},
                "rtl": False,
            },
        ),
        (rich.button("Yes", rich.publish_text("yes")), YES),
        (
            rich.button("Go", rich.link("https://shop.example", name="Shop", web="app://"), metadata=CARD_ID),
            {
                "type": "button",
                "title": "Go",
                "click": {
                    "actions": [
                        {
                            "type": "link",
                            "name": "Shop",
                            "uri": "https://shop.example",
                            "web": {"uri": "app://"},
                        }
                    ],
                    "metadata": [{"type": "ExternalId", "id": "card-1"}],
                },
            },
        ),
        (rich.button("Known by its id", metadata=CARD_ID)["click"], {"actions": [], "metadata": CARD_ID}),
        (
            rich.image("https://img.example/a.png", caption="A", tooltip="a"),
            {"type": "image", "url": "https://img.example/a.png", "caption": "A", "tooltip": "a"},
        ),
        (
            rich.image("https://img.example/a.png", rich.navigate(52.5, 13, name="Shop")),
            {
                "type": "image",
                "url": "https://img.example/a.png",
                "click": {"actions": [{"type": "navigate", "name": "Shop", "la": 52.5, "lo": 13}]},
            },
        ),
        (rich.map(52.5, 13.4), {"type": "map", "la": 52.5, "lo": 13.4}),
        (rich.map(0, -180, metadata=CARD_ID)["click"], {"actions": [], "metadata": CARD_ID}),
        (
            rich.link_preview("http://shop.example", title="Shop"),
            {"type": "linkPreview", "url": "http://shop.example", "title": "Shop"},
        ),
        (rich.vertical(YES, tag="card"), {"type": "vertical", "tag": "card", "elements": [YES]}),
        (rich.horizontal(), {"type": "horizontal", "elements": []}),
        (
            rich.carousel(rich.vertical(YES)),
            {"type": "carousel", "elements": [{"type": "vertical", "elements": [YES]}]},
        ),
        (rich.quick_replies(YES), {"type": "quickReplies", "itemsPerRow": 8, "replies": [YES]}),
        (
            rich.style(
                italic=False, color="red", background_color="#fff", border_color="blue", border_radius=4
            ),
            {
                "italic": False,
                "color": "red",
                "background-color": "#fff",
                "border-color": "blue",
                "border-radius": 4,
            },
        ),
    ],
)
def test_a_builder_makes_the_documented_members(built: Any, expected: Any) -> None:
    assert built == expected


def test_rich_content_is_published_under_content() -> None:
    built = envelopes.publish_rich(
        "d-1", rich.vertical(YES), quick_replies=rich.quick_replies(YES), metadata=CARD_ID, request_id="7"
    )

    assert built == {
        "kind": "req",
        "id": "7",
        "type": "ms.PublishEvent",
        "body": {
            "dialogId": "d-1",
            "event": {
                "type": "RichContentEvent",
                "content": {"type": "vertical", "elements": [YES]},
                "quickReplies": {"type": "quickReplies", "itemsPerRow": 8, "replies": [YES]},
            },
        },
        "metadata": CARD_ID,
    }


def test_a_text_may_have_quick_replies() -> None:
    built = envelopes.publish_text("d-1", "Pick", quick_replies=rich.quick_replies(YES, items_per_row=2))

    assert built["body"]["event"] == {
        "type": "ContentEvent",
        "contentType": "text/plain",
        "message": "Pick",
        "quickReplies": {"type": "quickReplies", "itemsPerRow": 2, "replies": [YES]},
    }


def test_content_longer_than_a_text_may_be_is_taken() -> None:
    """The limit of 5000 characters is each element's own, not the request's."""
    content = rich.vertical(rich.text("x" * 5000), rich.text("y" * 5000))

    assert envelopes.publish_rich("d-1", content)["body"]["event"]["content"] == content


# --- Limits ------------------------------------------------------------------------------------------

LINK = "https://img.example/"
LIMITS: list[tuple[Callable[[str], Any], int, str]] = [
    (lambda x: rich.text(x), 5000, "text.text"),
    (lambda x: rich.text("a", tooltip=x), 256, "text.tooltip"),
    (lambda x: rich.button(x, rich.publish_text("a")), 128, "button.title"),
    (lambda x: rich.button("a", rich.publish_text("a"), tooltip=x), 256, "button.tooltip"),
    (lambda x: rich.image(LINK + x[len(LINK) :]), 2048, "image.url"),
    (lambda x: rich.image(LINK, caption=x), 128, "image.caption"),
    (lambda x: rich.image(LINK, tooltip=x), 256, "image.tooltip"),
    (lambda x: rich.map(1, 2, tooltip=x), 256, "map.tooltip"),
    (lambda x: rich.link_preview(x), 2048, "linkPreview.url"),
    (lambda x: rich.link_preview("a", title=x), 128, "linkPreview.title"),
    (lambda x: rich.publish_text(x), 5000, "publishText.text"),
    (lambda x: rich.link(x), 2048, "link.uri"),
    (lambda x: rich.link("a", ios=x), 2048, "link.ios.uri"),
]


@pytest.mark.parametrize(("build", "longest", "field"), LIMITS, ids=[field for *_, field in LIMITS])
def test_a_text_may_be_as_long_as_documented_and_no_longer(
    build: Callable[[str], Any], longest: int, field: str
) -> None:
    build("x" * longest)

    with pytest.raises(EnvelopeError) as caught:
        build("x" * (longest + 1))

    assert caught.value.field == field
    assert f"has {longest + 1} characters, allowed are {longest}. Shorten it." in str(caught.value)


def test_four_actions_are_taken_and_five_are_not() -> None:
    actions = [rich.publish_text("a")] * 5
    rich.button("a", *actions[:4])

    with pytest.raises(EnvelopeError, match=r"click\.actions has 5 entries, allowed are 4"):
        rich.button("a", *actions)


# --- What is refused ---------------------------------------------------------------------------------


def inside(element: Any) -> dict[str, Any]:
    return {"type": "vertical", "elements": [YES, element]}


REFUSALS: list[tuple[Any, str, str]] = [
    ("text", "content", "must be an object, not str. Build it with the functions of connectorkit.rich"),
    ({}, "content.type", "is None, allowed are vertical, horizontal, carousel, text, button"),
    ({"type": "Carousel", "elements": []}, "content.type", "Did you mean 'carousel'?"),
    ({"type": "vertical"}, "content.elements", "must be a list"),
    ({"type": "vertical", "elements": [], "tag": 5}, "content.tag", "must be a text"),
    (inside({"type": "text"}), "content.elements[1].text", "is missing. Every text must have it"),
    (inside({"type": "text", "text": ""}), "content.elements[1].text", "is empty"),
    (inside({"type": "text", "text": "a", "rtl": "no"}), "content.elements[1].rtl", "Pass True or False"),
    (inside({"type": "button", "title": "a"}), "content.elements[1].click", "is missing"),
    (inside(YES | {"title": None}), "content.elements[1].title", "is missing"),
    (inside(YES | {"click": []}), "content.elements[1].click", "Build it with rich.click(...)"),
    (inside(YES | {"click": {"actions": YES}}), "content.elements[1].click.actions", "must be a list"),
    (
        inside(YES | {"click": {"actions": [{"type": "say"}]}}),
        "content.elements[1].click.actions[0].type",
        "allowed are publishText, link, navigate",
    ),
    (
        inside(YES | {"click": {"actions": [{"type": "publishText"}]}}),
        "content.elements[1].click.actions[0].text",
        "must be a text, not NoneType",
    ),
    (
        inside(YES | {"click": {"actions": [{"type": "link", "uri": "a", "web": "b"}]}}),
        "content.elements[1].click.actions[0].web",
        "must be an object",
    ),
    (
        inside(YES | {"click": {"actions": [{"type": "navigate", "la": 1}]}}),
        "content.elements[1].click.actions[0].lo",
        "is None. Pass degrees as a number",
    ),
    (
        inside(YES | {"click": {"metadata": [{"type": "ExternalId", "id": "x" * 65}]}}),
        "content.elements[1].click.metadata[0].id",
        "has 65 characters, allowed are 64",
    ),
    (inside(YES | {"style": {"size": "huge"}}), "content.elements[1].style.size", "small, medium, large"),
    (inside(YES | {"style": {"bold": 1}}), "content.elements[1].style.bold", "is 1. Pass True or False"),
    (inside(YES | {"style": {"color": 1}}), "content.elements[1].style.color", "must be a text"),
    ({"type": "image", "url": "http://a.example/b.png"}, "content.url", "begin with https://"),
    ({"type": "image", "url": 5}, "content.url", "must be a text"),
    ({"type": "map", "lo": 5}, "content.la", "is missing"),
    ({"type": "map", "lo": 5, "la": True}, "content.la", "is True. Pass degrees"),
    ({"type": "map", "lo": 5, "la": float("nan")}, "content.la", "is nan. Pass degrees"),
    ({"type": "linkPreview"}, "content.url", "is missing"),
]


@pytest.mark.parametrize(
    ("content", "field", "words"), REFUSALS, ids=[f"{f}-{w[:20]}" for _, f, w in REFUSALS]
)
def test_a_refusal_names_the_place_and_the_fix(content: Any, field: str, words: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        envelopes.publish_rich("d-1", content)

    assert caught.value.field == field
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([YES], "quick_replies"),
        ({"type": "quickreplies", "replies": [YES]}, "quick_replies.type"),
        ({"type": "quickReplies", "replies": []}, "quick_replies.replies"),
        ({"type": "quickReplies"}, "quick_replies.replies"),
        ({"type": "quickReplies", "itemsPerRow": 0, "replies": [YES]}, "quick_replies.itemsPerRow"),
        ({"type": "quickReplies", "itemsPerRow": "8", "replies": [YES]}, "quick_replies.itemsPerRow"),
        ({"type": "quickReplies", "replies": [rich.text("a")]}, "quick_replies.replies[0].type"),
    ],
)
def test_quick_replies_are_checked(answers: Any, field: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        envelopes.publish_text("d-1", "Pick", quick_replies=answers)

    assert caught.value.field == field


def test_members_beyond_the_documented_ones_pass() -> None:
    content = {"type": "text", "text": "a", "novelty": {"x": 1}}

    assert envelopes.publish_rich("d-1", content)["body"]["event"]["content"] == content
