"""A person at both sides of the conversation panel: in both themes, on a wide and on a narrow screen."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, expect

from .bench import EACH, HOSTILE, TWICE, Bench

pytestmark = pytest.mark.browser
OPENED = """
import connectorkit as ck
from connectorkit import widgets

kit = ck.connect(sandbox=True, agent=False, log=":memory:")
talk = kit.consumer({consumer!r}).open(features=["RICH_CONTENT", "QUICK_REPLIES", "MULTI_DIALOG"])
panel = widgets.conversation_panel(talk)
panel
"""
ONCE = pytest.mark.parametrize(("theme", "width"), [("light", 768)])
NAME_OF_FOCUSED = "(one => one.labels?.[0]?.textContent || one.title)(document.activeElement)"
IN_THEIR_ORDER = [
    "Send the consumer's text",
    "Show the agent that the consumer is typing",
    "Show that the consumer has stopped typing",
    "Tell that the consumer has read what the agent wrote",
    "Send a picture",
    "Close the conversation as the consumer, for good",
    "Text",
    "Send the agent's text and choices",
    "Choices",
    "as",
    "Show the consumer that the agent is typing",
    "Show that the agent has stopped typing",
]
PICTURED = """
import io
from PIL import Image

buffer = io.BytesIO()
Image.new("RGB", (64, 48), "teal").save(buffer, format="PNG")
panel.attach_bytes(hostile.replace("/", "_") + ".png", buffer.getvalue(), caption=hostile)
len(panel.fetch())
"""


def photo() -> bytes:
    picture = Image.new("RGB", (640, 360), "#dfe7ec")
    draw = ImageDraw.Draw(picture)
    draw.polygon(
        [(180, 80), (460, 80), (460, 300), (180, 300), (180, 220), (224, 190), (180, 160)], "#b98a57"
    )
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def consumer(panel: Locator) -> Locator:
    return panel.get_by_placeholder("Write as the consumer")


def agent(panel: Locator) -> Locator:
    return panel.get_by_placeholder("Write as the agent")


def button(panel: Locator, name: str, side: int = 0) -> Locator:
    """Of the consumer (0) or of the agent (1)."""
    return panel.get_by_role("button", name=name, exact=True).nth(side)


@EACH
def test_a_conversation_from_its_first_text_to_the_next_one(
    lab: Bench, theme: str, width: int, screenshots: Path
) -> None:
    panel = lab.open(OPENED.format(consumer="ana@example"), button="Send")
    lab.wait()
    log, shot = panel.get_by_role("log"), f"talk-{theme}-{width}"

    consumer(panel).fill("Where is my parcel?")
    consumer(panel).press("Enter")
    expect(log).to_contain_text("Where is my parcel?")
    expect(log).to_contain_text("number 0, accepted")
    button(panel, "Read", 1).click()
    expect(log).to_contain_text("number 0, read")

    button(panel, "Typing", 1).click()
    expect(panel.get_by_label("What each side is doing")).to_contain_text("typing (COMPOSING)")
    panel.get_by_label("Choices").fill("Today, Tomorrow, Never")
    agent(panel).fill("When shall it come?")
    agent(panel).press("Enter")
    tomorrow = log.get_by_role("button", name="Tomorrow")
    expect(tomorrow).to_be_enabled()
    lab.shoot(panel, screenshots / f"{shot}-choices.png")
    tomorrow.click()
    expect(log.get_by_role("button")).to_have_count(0)

    with lab.page.expect_file_chooser() as choosing:
        panel.get_by_role("button", name="Photo").click()
    choosing.value.set_files({"name": "photo.png", "mimeType": "image/png", "buffer": photo()})
    expect(log.get_by_role("img")).to_be_visible()
    expect(log).to_contain_text("photo.png")
    panel.get_by_label("as", exact=True).select_option("a card")
    panel.get_by_label("Choices").fill("A new one, My money")
    agent(panel).fill("I am sorry for that. What shall we do?")
    button(panel, "Send", 1).click()
    expect(log.get_by_role("button", name="My money")).to_be_enabled()
    lab.shoot(panel, screenshots / f"{shot}-card.png")

    button(panel, "Close").click()
    expect(panel.get_by_text("The conversation is closed. Re-open it to go on.")).to_be_visible()
    expect(log.get_by_role("button", name="My money")).to_be_disabled()
    button(panel, "4").click()
    expect(log).to_contain_text("Rated 4 of 5, settled.")
    lab.shoot(panel, screenshots / f"{shot}-closed.png")

    button(panel, "Re-open").click()
    expect(panel.get_by_text("A new conversation is open.")).to_be_visible()
    consumer(panel).fill("One more thing")
    button(panel, "Send").click()
    expect(log).to_contain_text("One more thing")
    expect(log).to_contain_text("Where is my parcel?")
    lab.shoot(panel, screenshots / f"{shot}-again.png")
    assert lab.outside == []


@ONCE
def test_everything_is_reached_and_done_with_the_keyboard(lab: Bench) -> None:
    panel = lab.open(
        OPENED.format(consumer="ben@example"),
        'panel.agent_say("Which one?", choices=["Red", "Blue"])',
        button="Send",
    )
    lab.wait()
    keys, log = lab.page.keyboard, panel.get_by_role("log")

    consumer(panel).click()
    reached = []
    for _ in IN_THEIR_ORDER:
        keys.press("Tab")
        reached.append(lab.page.evaluate(NAME_OF_FOCUSED))
    log.focus()
    keys.press("Tab")
    expect(log.get_by_role("button", name="Red")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")

    expect(log).to_contain_text("ben@example · number 2")
    expect(log).to_be_focused()  # where the button was, and not at the top of the page
    assert [words.partition(" (")[0] for words in reached] == IN_THEIR_ORDER


@ONCE
def test_a_survey_follows_and_is_answered(lab: Bench, theme: str, width: int, screenshots: Path) -> None:
    panel = lab.open(
        OPENED.format(consumer="cleo@example"),
        'first, last = {"text": "How was it?", "replies": ["1", "2"]}, {"text": "What can we do better?"}\n'
        'kit.sandbox.settings(survey={"skills": None, "questions": [first, last]})\n'
        'panel.agent_say("Good bye")',
        button="Send",
    )
    lab.wait()
    log = panel.get_by_role("log")

    button(panel, "Close", 1).click()
    log.get_by_role("button", name="2", exact=True).click()
    expect(log).to_contain_text("What can we do better?")
    lab.shoot(panel, screenshots / f"talk-{theme}-{width}-survey.png")
    consumer(panel).fill("Better boxes, please")
    consumer(panel).press("Enter")

    expect(log).to_contain_text("The conversation is closed")
    expect(button(panel, "Re-open")).to_be_enabled()


@TWICE
def test_hostile_and_endless_texts_are_texts_and_stay_inside(
    lab: Bench, theme: str, width: int, screenshots: Path
) -> None:
    panel = lab.open(
        OPENED.format(consumer=HOSTILE),
        f"hostile = {HOSTILE!r}\n"
        "word = 'unbreakable' * 200\n"
        "many = '\\n'.join(f'l {n}' for n in range(500))\n"
        "for text in (hostile, word, many, '\\u202eturned around ' + hostile):\n"
        "    panel.submit(text); panel.agent_say(text, choices=[text[:128]])\n"
        "    panel.agent_say(text, choices=[text[:128], 'short'], card=True)",
        PICTURED,
        button="Send",
    )
    lab.wait()
    log = panel.get_by_role("log")

    expect(log.get_by_role("img")).to_be_visible()
    expect(log).to_contain_text(HOSTILE)
    assert lab.page.evaluate("document.title").endswith("JupyterLab")
    assert lab.outside == []
    for region in (
        log,
        panel.locator(".ck-talk"),
        panel.locator(".jp-OutputArea-child, .ck-talk-heads").first,
    ):
        assert region.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert panel.locator(".widget-vbox, .ck-talk").first.evaluate(
        "node => node.getBoundingClientRect().right <= window.innerWidth"
    )
    heights = panel.locator(".ck-talk-words, .ck-talk-text").evaluate_all(
        "all => all.map(one => one.clientHeight)"
    )
    assert max(heights) < 300
    lab.shoot(panel, screenshots / f"talk-{theme}-{width}-hostile.png")
    log.evaluate("node => { node.scrollTop = -node.scrollHeight / 2 }")
    lab.shoot(panel, screenshots / f"talk-{theme}-{width}-hostile-middle.png")
