"""What the conversation panel is made of: content as parts, what happened, pictures, and the view."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hostile import TEXTS
from storybook import ANA, C, Story, text_event
from test_conversation_panel import picture

import connectorkit
from connectorkit import Client
from connectorkit.files import LocalFile
from connectorkit.journey import Conversation
from connectorkit.settings import Settings
from connectorkit.widgets import ConversationPanel, elements, transcript
from connectorkit.widgets.controls import parts
from connectorkit.widgets.pictures import Albums
from connectorkit.widgets.transcript import Line, Transcript
from connectorkit.widgets.transcript_view import TranscriptView

PATH = "/v1/AUTH_async-images/1/c0ffee_uuid_1.PDF"


def details(state: str = "OPEN", stage: str = "OPEN", **more: Any) -> dict[str, Any]:
    return {"state": state, "stage": stage, "participants": [{"id": "c", "role": "CONSUMER"}], **more}


def read(story: Story) -> Transcript:
    return transcript.read(story.log, C)


def said(story: Story) -> list[Line]:
    return [line for line in read(story).said if line.side != transcript.SERVICE]


def hosted(**message: Any) -> dict[str, Any]:
    return {"type": "ContentEvent", "contentType": "hosted/file", "message": message}


def rich_event(content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "RichContentEvent", "content": content, **more}


# --- Structured content --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "text",
        7,
        {"type": "vertical"},
        {"type": "vertical", "elements": "x"},
        {"type": ["text"]},
        {},
    ],
)
def test_content_of_any_shape_can_be_read(content: Any) -> None:
    shown = elements.read(content, quick_replies=content)

    assert shown.choices == []
    json.dumps(shown.parts)


def test_a_bottomless_tree_ends_with_a_word() -> None:
    tree: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(5000):
        tree = {"type": "vertical", "elements": [tree]}

    shown = elements.read(tree)

    assert shown.lines() == ["More is not shown; it is in the log."]


def test_a_tree_without_an_end_in_width_is_cut_once() -> None:
    row = {"type": "horizontal", "elements": [{"type": "text", "text": "x"}] * 150}

    lines = elements.read({"type": "vertical", "elements": [row] * 10}).lines()

    assert len(lines) <= 201
    assert lines.count("More is not shown; it is in the log.") == 1


@pytest.mark.parametrize("click", [None, [], "x", {"actions": "x"}, {"actions": [7, None]}, {"metadata": 1}])
def test_a_click_of_any_shape_can_be_read(click: Any) -> None:
    shown = elements.read({"type": "button", "title": "Yes", "click": click, "style": "x", "tooltip": 3})

    assert [choice.label for choice in shown.choices] == (["Yes"] if isinstance(click, dict) else [])


def test_of_a_style_colours_are_left_out() -> None:
    look = {"bold": True, "italic": "yes", "size": "url(//x)", "color": "white", "background-color": "white"}

    (part,) = elements.read({"type": "text", "text": "x", "style": look}).parts

    assert part == {"kind": "text", "text": "x", "bold": True}


def test_a_text_for_the_browser_is_whole_and_not_endless() -> None:
    assert elements.clean("half \ud83d a pair") == "half \ufffd a pair"
    assert elements.clean("🙂\u202e\0") == "🙂\u202e\0"
    assert elements.clean("x" * 25_000).endswith("x… (5,000 more characters are in the log)")


# --- What happened -------------------------------------------------------------------------------------


def test_who_came_who_left_and_how_it_ended() -> None:
    agent = [{"id": "a", "role": "ASSIGNED_AGENT"}, {"id": "c", "role": "CONSUMER"}]
    survey = {"dialogId": "s-1", "dialogType": "POST_SURVEY", "state": "OPEN"}
    story = Story().open(text="Hi")
    story.change(10, 1, **details(skillId="1"))
    story.change(20, 2, **details(skillId="1", participants=agent))
    story.change(30, 3, **details(skillId="2"))
    story.change(40, 4, **details(skillId="2", csat={"csatRate": 2, "csatResolutionConfirmation": False}))
    story.change(50, 5, **details("CLOSE", "OPEN", skillId="2", dialogs=[survey]))

    now = read(story)

    assert [line.text for line in now.said if line.side == transcript.SERVICE] == [
        "The conversation is open.",
        "ASSIGNED_AGENT has joined.",
        "ASSIGNED_AGENT has left.",
        "The conversation is with the skill 2 now.",
        "Rated 2 of 5, not settled.",
        "The main dialog is closed; a survey follows.",
    ]
    assert (now.state, now.survey, now.surveyed, now.closed) == ("survey", "s-1", True, True)


def test_changes_count_in_the_order_of_the_service() -> None:
    story = Story().open().change(10, 2, **details("CLOSE", "CLOSE", closeReason="SYSTEM"))
    story.change(20, 1, **details()).change(30, 2, **details("CLOSE", "CLOSE"))

    now = read(story)

    assert now.state == "closed"
    assert [line.text for line in now.said].count("The conversation is closed (SYSTEM).") == 1


@pytest.mark.parametrize(
    "csat", [None, 5, [], {}, {"csatRate": "5"}, {"csatRate": None, "status": "SKIPPED"}]
)
def test_a_rating_of_any_shape_can_be_read(csat: Any) -> None:
    story = Story().open().change(10, 1, **details(csat=csat))

    assert read(story).rated in (None, 5)


def test_without_notifications_our_own_requests_tell() -> None:
    rated = {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True}
    story = Story().open(text="Hi").update(10, rated)
    story.update(20, {"field": "ConversationStateField", "conversationState": "CLOSE"})

    now = read(story)

    assert [line.text for line in now.said] == [
        *("The conversation is open.", "Hi", "Rated 5 of 5, settled."),
        "The conversation is closed (CONSUMER).",
    ]
    assert (now.state, now.rated) == ("closed", 5)


def test_an_unsigned_change_neither_closes_nor_speaks() -> None:
    result = {"convId": C, "conversationDetails": details("CLOSE", "CLOSE")}
    change = {"type": "UPSERT", "result": result}
    kind = "cqm.ExConversationChangeNotification"
    story = Story().open(text="Hi").deliver(10, kind, change, C, signature="bad")
    story.hear(20, text_event("Trust me"), 3, "ASSIGNED_AGENT", signature="bad")

    assert (read(story).state, [line.text for line in said(story)]) == ("open", ["Hi"])


# --- Files ---------------------------------------------------------------------------------------------


def test_a_file_of_an_agent_is_shown_by_name_and_once_fetched_by_size() -> None:
    story = Story().open().hear(10, hosted(relativePath=PATH, fileType="PDF"), 0, "ASSIGNED_AGENT")
    (line,) = said(story)
    files = Albums()
    before = files.facts([line])[line.key]
    files.fetched(line, b"%PDF-1.7")
    after = files.facts([line])[line.key]

    assert (before["words"], before["fetch"]) == ("c0ffee_uuid_1.PDF · PDF", True)
    assert (after["words"], after["fetch"]) == ("c0ffee_uuid_1.PDF · PDF · 8 bytes", False)
    assert (after["picture"], after["data"]) == ("", None)


@pytest.mark.parametrize(
    "preview",
    [
        *(None, 7, "", "javascript:alert(1)", "https://elsewhere.example/x.png"),
        *("data:image/svg+xml;base64,PHN2Zz4=", "data:image/png;base64,", "data:image/png;base64,!!!"),
        "data:image/png;base64," + base64.b64encode(b"<script>").decode(),
        "data:image/png;base64," + "A" * 100_000,
        base64.b64encode(picture((8, 8))).decode(),
    ],
)
def test_a_preview_that_is_no_picture_is_not_shown(preview: Any) -> None:
    story = Story().open().hear(10, hosted(relativePath=PATH, fileType="PNG", preview=preview), 0, "AGENT")
    lines = said(story)

    assert [facts["data"] for facts in Albums().facts(lines).values()] == [None]


def test_only_the_newest_pictures_are_held() -> None:
    story, files = Story().open(), Albums()
    for number in range(40):
        story.hear(10 + number, hosted(relativePath=f"{PATH}{number}", fileType="PNG"), number, "AGENT")
    for line in said(story):
        files.sent(C, line.number, LocalFile("a.png", "PNG", picture((8, 8))))
    lines = said(story)
    view = TranscriptView("ana", print)
    view.show(lines, files.facts(lines), {})

    assert len(view.pictures) == 30
    assert len(view.lines) == 40


# --- The view ------------------------------------------------------------------------------------------


def test_only_the_newest_lines_are_drawn() -> None:
    view = TranscriptView("ana", print)
    lines = [Line(f"n{n}.0", "agent", "AGENT", f"text {n}", 0) for n in range(250)]

    view.show(lines, {}, {})

    assert len(view.lines) == 201
    assert view.lines[0]["text"] == "50 earlier lines are in the log."
    assert view.lines[-1]["text"] == "text 249"


def test_the_script_writes_texts_and_asks_nobody() -> None:
    folder = Path(connectorkit.__file__).parent / "widgets"
    script, style = ((folder / name).read_text() for name in ("transcript.js", "transcript.css"))

    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "Function(", "fetch("):
        assert word not in script
    assert not re.search(r"https?:|import\s*[({\"']|@import|url\(", script + style)
    assert TranscriptView._esm == script


@pytest.mark.parametrize("name", TEXTS)
def test_whatever_a_service_says_can_be_sent_to_a_browser(fake_settings: Settings, name: str) -> None:
    text = TEXTS[name]
    button = {"type": "button", "title": text, "tooltip": text, "click": {"actions": [{"type": text}]}}
    event = rich_event({"type": "vertical", "elements": [button]}, quickReplies={"replies": [button]})
    file = hosted(relativePath=f"/v1/{text}", fileType=text, caption=text, preview=text)
    story = Story().open(text=text).hear(10, text_event(text), 0, text)
    story.hear(20, event, 1, text).hear(30, file, 2, text).hear(40, {"type": text}, 3, text)
    story.hear(50, {"type": "ChatStateEvent", "chatState": text}, None, text)
    story.change(60, 1, **details(skillId=text, participants=[{"id": text, "role": text}]))
    story.send(70, text_event(text), None, status_code=400)
    with Client(fake_settings, log=story.log) as client:
        panel = ConversationPanel(Conversation(client.consumer(ANA), C))

        states = [part.get_state() for part in [panel, *parts(panel)]]
        static = panel._repr_mimebundle_()["text/html"]
        panel.close()

    whole = json.dumps(states, default=str, ensure_ascii=False).encode()
    assert len(whole) < 400_000
    assert "<script" not in static
    static.encode()
    assert len(panel.transcript.lines) >= 6
