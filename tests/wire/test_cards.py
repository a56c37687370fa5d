"""Structured content in full: every documented member travels unchanged, a wrong one is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import (
    RICH,
    STATE,
    Hook,
    Wire,
    assert_refused,
    chat_state,
    profile,
    publish,
    sequence,
    text,
    update,
)
from .shapes import BUTTON, CARD, CLICK, PUBLISH_TEXT, QUICK_REPLIES, features, rich, upload_request

STYLE = {
    "bold": True,
    "italic": False,
    "size": "large",
    "color": "#000000",
    "background-color": "#ffffff",
    "border-color": "#cccccc",
    "border-radius": 10,
}
LINK = {
    "type": "link",
    "uri": "https://shop.example/",
    "name": "Shop",
    "ios": {"uri": "shop://"},
    "android": {"uri": "shop://"},
    "web": {"uri": "https://shop.example/"},
}
NAVIGATE = {"type": "navigate", "la": 52.37, "lo": 4.9, "name": "Here"}
ACTIONS = {"actions": [PUBLISH_TEXT, LINK, NAVIGATE], "metadata": CLICK}
EVERYTHING = {
    "type": "vertical",
    "tag": "generic",
    "elements": [
        {"type": "text", "text": "Pick one", "tooltip": "t", "style": STYLE, "rtl": True},
        {"type": "button", "title": "Yes", "click": ACTIONS, "tooltip": "t", "style": STYLE, "rtl": False},
        {
            "type": "horizontal",
            "elements": [
                {
                    "type": "image",
                    "url": "https://a.example/a.png",
                    "caption": "c",
                    "click": ACTIONS,
                    "tooltip": "t",
                },
                {"type": "map", "lo": 4, "la": 52.37, "click": ACTIONS, "tooltip": "t"},
            ],
        },
        {"type": "linkPreview", "url": "https://shop.example/", "title": "Shop"},
    ],
}


def with_element(element: Any) -> dict[str, Any]:
    return {"type": "vertical", "elements": [element]}


def with_action(action: Any) -> dict[str, Any]:
    return with_element({**BUTTON, "click": {"actions": [action]}})


@pytest.mark.parametrize("side", ["consumer", "agent"])
def test_a_card_with_everything_in_it_travels_unchanged(wire: Wire, hook: Hook, side: str) -> None:
    """§6.5."""
    wire.install(hook.manifest(RICH))
    conversation_id = wire.open()

    if side == "agent":
        wire.agent(conversation_id, "rich", content=EVERYTHING, quick_replies=QUICK_REPLIES)
    else:
        wire.send(rich(conversation_id, EVERYTHING, quickReplies=QUICK_REPLIES))

    event = hook.wait_for(1)[0]["event"]
    assert event == {"type": "RichContentEvent", "content": EVERYTHING, "quickReplies": QUICK_REPLIES}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({}, "type"),
        ({"type": "pyramid", "elements": []}, "type"),
        ({"type": "vertical"}, "elements"),
        (with_element("text"), "elements"),
        (with_element({"type": "video"}), "type"),
        (with_element({**CARD, "tag": 5}), "tag"),
        (with_element({**BUTTON, "tooltip": 5}), "tooltip"),
        (with_element({**BUTTON, "rtl": "yes"}), "rtl"),
        (with_element({**BUTTON, "style": "bold"}), "style"),
        *(
            (with_element({**BUTTON, "style": {name: value}}), name)
            for name, value in (("bold", 1), ("italic", "no"), ("size", "tiny"), ("color", 5))
        ),
        (with_element({**BUTTON, "style": {"background-color": 5}}), "background-color"),
        (with_element({**BUTTON, "click": "go"}), "click"),
        (with_element({**BUTTON, "click": {"actions": {}}}), "actions"),
        (with_element({**BUTTON, "click": {"actions": [], "metadata": {}}}), "metadata"),
        (with_element({**BUTTON, "click": {"actions": [], "metadata": [{"id": "1"}]}}), "type"),
        (with_action("go"), "actions"),
        (with_action({}), "type"),
        (with_action({"type": "dial"}), "type"),
        (with_action({"type": "publishText"}), "text"),
        (with_action({"type": "publishText", "text": ""}), "text"),
        (with_action({"type": "link"}), "uri"),
        (with_action({"type": "link", "uri": "https://a.example/".ljust(2049, "x")}), "uri"),
        (with_action({**LINK, "name": 5}), "name"),
        (with_action({**LINK, "ios": {}}), "uri"),
        (with_action({**LINK, "android": "shop://"}), "android"),
        (with_action({**LINK, "web": {"uri": "https://a.example/".ljust(2049, "x")}}), "uri"),
        (with_action({"type": "navigate", "lo": 4.9}), "la"),
        (with_action({"type": "navigate", "la": "52", "lo": 4.9}), "la"),
        (with_action({**NAVIGATE, "name": 5}), "name"),
    ],
)
def test_a_wrong_part_of_a_card_is_refused_by_name(wire: Wire, content: dict[str, Any], named: str) -> None:
    conversation_id = wire.open()

    answer = wire.send(rich(conversation_id, content))

    assert_refused(answer, "7", named=named)
    assert sequence(wire.send(text(conversation_id))) == 0


@pytest.mark.parametrize(
    "uri", [{"uri": "https://a.example/".ljust(2048, "x")}, {"web": {"uri": "https://a.example/"}}]
)
def test_a_link_may_have_2048_characters_or_lead_to_platforms_only(wire: Wire, uri: dict[str, Any]) -> None:
    assert sequence(wire.send(rich(wire.open(), with_action({"type": "link", **uri})))) == 0


@pytest.mark.parametrize(
    ("replies", "named"),
    [
        ("Yes", "quickReplies"),
        ({}, "replies"),
        ({**QUICK_REPLIES, "type": "buttons"}, "type"),
        ({**QUICK_REPLIES, "itemsPerRow": 0}, "itemsPerRow"),
        ({**QUICK_REPLIES, "itemsPerRow": "8"}, "itemsPerRow"),
        ({**QUICK_REPLIES, "replies": {}}, "replies"),
        ({**QUICK_REPLIES, "replies": ["Yes"]}, "replies"),
        ({**QUICK_REPLIES, "replies": [{"type": "text", "text": "Yes"}]}, "type"),
        ({**QUICK_REPLIES, "replies": [{"type": "button", "title": "Yes"}]}, "click"),
        ({**QUICK_REPLIES, "replies": [{**BUTTON, "title": "x" * 129}]}, "title"),
    ],
)
@pytest.mark.parametrize("beside", ["a text", "a card"])
def test_wrong_quick_replies_are_refused_by_name(wire: Wire, beside: str, replies: Any, named: str) -> None:
    words = {"type": "ContentEvent", "contentType": "text/plain", "message": "Well?"}
    event: dict[str, Any] = words if beside == "a text" else {"type": "RichContentEvent", "content": CARD}

    answer = wire.send(publish(wire.open(), event | {"quickReplies": replies}))

    assert_refused(answer, "7", named=named)


# --- What the client said it can show ---------------------------------------------------------------


def warnings_about(wire: Wire, about: str) -> list[str]:
    return [each["text"] for each in wire.state().json()["warnings"] if each["about"] == about]


@pytest.mark.parametrize(
    ("action", "more", "feature"),
    [
        ("rich", {"content": CARD}, "RICH_CONTENT"),
        ("text", {"text": "Well?", "quick_replies": QUICK_REPLIES}, "QUICK_REPLIES"),
    ],
)
@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
def test_what_the_client_cannot_show_is_delivered_with_a_warning(
    wire: Wire, hook: Hook, action: str, more: dict[str, Any], feature: str, on: bool
) -> None:
    """§11.7."""
    headers = features(feature) if on else None
    conversation_id = wire.converse(wire.batch(), headers=headers).json()[1]["body"]["conversationId"]
    wire.install(hook.manifest())

    wire.agent(conversation_id, action, **more)

    assert len(hook.wait_for(2)) >= 2
    told = warnings_about(wire, conversation_id)
    assert [feature in each for each in told] == ([] if on else [True])


def test_a_feature_that_is_not_repeated_is_off(wire: Wire) -> None:
    """§6.1: it must be repeated on every SEND."""
    on = features("RICH_CONTENT")
    conversation_id = wire.converse(wire.batch(), headers=on).json()[1]["body"]["conversationId"]

    wire.send(text(conversation_id), headers=on)
    wire.agent(conversation_id, "rich", content=CARD)
    before = warnings_about(wire, conversation_id)
    wire.send(text(conversation_id))
    wire.agent(conversation_id, "rich", content=CARD)

    assert before == []
    assert len(warnings_about(wire, conversation_id)) == 1


# --- Metadata and chat states beside it -------------------------------------------------------------


@pytest.mark.parametrize(
    "metadata", ["ExternalId", {"type": "ExternalId"}, 5, ["ExternalId"], [{"id": "1"}], [{"type": 5}]]
)
def test_metadata_is_an_array_of_objects_with_a_type(wire: Wire, metadata: Any) -> None:
    """§6.9."""
    conversation_id = wire.open()

    answer = wire.send({**text(conversation_id), "metadata": metadata})

    assert_refused(answer, "7")
    assert sequence(wire.send(text(conversation_id))) == 0


@pytest.mark.parametrize("kind", ["text", "state", "rating", "profile", "upload"])
def test_metadata_travels_on_any_request(wire: Wire, kind: str) -> None:
    """§6.9."""
    conversation_id = wire.open()
    rating = {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"}
    requests = {
        "text": text(conversation_id),
        "state": chat_state(conversation_id, "ACTIVE"),
        "rating": update(conversation_id, rating),
        "profile": profile({}),
        "upload": upload_request(),
    }

    assert wire.send({**requests[kind], "metadata": CLICK}).status_code == 200


def test_a_text_does_not_end_the_typing(wire: Wire, hook: Hook) -> None:
    """§6.6: only another chat state does."""
    wire.install(hook.manifest())
    conversation_id = wire.open()

    wire.send(chat_state(conversation_id, "COMPOSING"))
    wire.send(text(conversation_id))

    assert wire.settle()
    assert [each["event"]["chatState"] for each in hook.changes(STATE)] == ["COMPOSING"]
