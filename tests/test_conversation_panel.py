"""Both sides of the conversation panel, without a browser: each action is a method that a control calls."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import threading
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from hostile import TEXTS
from panel_parts import button, lines, parts, press_enter, shown, texts
from PIL import Image

import connectorkit as ck
from connectorkit import widgets
from connectorkit.client import Client
from connectorkit.errors import ApiError, EnvelopeError, SandboxError
from connectorkit.journey import Conversation
from connectorkit.widgets import ConversationPanel

FEATURES = ["RICH_CONTENT", "QUICK_REPLIES", "MULTI_DIALOG"]
SURVEY = {"skills": None, "questions": [{"text": "How was it?", "replies": ["1", "2"]}, {"text": "Why?"}]}


def picture(size: tuple[int, int] = (640, 480), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, format=kind)
    return buffer.getvalue()


def uploaded(name: str, content: bytes) -> tuple[dict[str, Any], ...]:
    """As the upload control hands it over."""
    facts = {"name": name, "type": "", "size": len(content), "last_modified": datetime.now(UTC)}
    return ({**facts, "content": memoryview(content)},)


@pytest.fixture(scope="module")
def shared_kit() -> Iterator[ck.Kit]:
    with ck.connect(sandbox=True, agent=False, log=":memory:") as kit:
        yield kit


@pytest.fixture
def kit(shared_kit: ck.Kit) -> ck.Kit:
    shared_kit.sandbox.reset()
    shared_kit.sandbox.settings(survey=None, agent_script=None)
    return shared_kit


@pytest.fixture
def talk(kit: ck.Kit) -> Conversation:
    return kit.consumer("ana@example").open(features=FEATURES)


@pytest.fixture
def panel(talk: Conversation) -> Iterator[ConversationPanel]:
    panel = widgets.conversation_panel(talk)
    yield panel
    panel.close()


def settled(panel: ConversationPanel) -> ConversationPanel:
    """After everything that is under way has come."""
    log = panel.talk.consumer.log
    assert isinstance(log, ck.ResponseLog)
    log.notifications()
    panel.refresh()
    return panel


def test_a_folded_panel_shows_its_requests_when_asked(talk: Conversation, panel: ConversationPanel) -> None:
    folded = widgets.conversation_panel(talk, folded=True)

    shown, hidden = (
        next(part for part in one.children if isinstance(part, ipywidgets.Accordion))
        for one in (panel, folded)
    )
    assert (shown.selected_index, hidden.selected_index) == (0, None)
    assert hidden.children[0].value == shown.children[0].value != ""
    folded.close()


def last(panel: ConversationPanel) -> dict[str, Any]:
    return [line for line in lines(panel) if line["side"] != "service"][-1]


def notes(panel: ConversationPanel) -> list[str]:
    return [line["text"] for line in lines(panel) if line["side"] == "service"]


def rating_row(panel: ConversationPanel) -> Any:
    return next(part for part in parts(panel) if button(panel, "5") in getattr(part, "children", ()))


def sent(panel: ConversationPanel) -> list[dict[str, Any]]:
    """The envelopes that went out for this conversation, oldest first."""
    return [exchange.request_json() for exchange in panel.talk.consumer.log if exchange.operation == "send"]


# --- The consumer ------------------------------------------------------------------------------------


def test_receipts_tick_in(panel: ConversationPanel) -> None:
    panel.submit("Hello")
    seen = [settled(panel) and last(panel)["state"]]
    panel.agent_read()
    seen.append(last(panel)["state"])

    assert seen == ["accepted", "read"]
    assert last(panel)["remark"] == "number 0, read"


def test_a_plain_client_hears_of_no_receipts(client: Client) -> None:
    panel = widgets.conversation_panel(client.consumer("ana").open())

    panel.submit("Hello")

    assert (last(panel)["state"], last(panel)["remark"]) == ("sent", "number 0")


def test_what_was_refused_says_why_and_stays_in_the_field(kit: ck.Kit, panel: ConversationPanel) -> None:
    kit.sandbox.faults(status=400, on="send", times=1)
    panel.draft = "not lost"

    button(panel, "Send").click()

    assert panel.draft == panel.text.value == "not lost"
    assert "refused" in panel.said
    assert panel.said in shown(panel)
    assert last(panel)["state"] == "refused"


def test_what_got_no_answer_says_so_and_stays_in_the_field(kit: ck.Kit, panel: ConversationPanel) -> None:
    kit.sandbox.faults(drop="before", on="send", times=1)
    panel.draft = "who knows"

    button(panel, "Send").click()

    assert panel.draft == "who knows"
    assert (last(panel)["state"], last(panel)["remark"]) == ("unknown", "no answer")


def test_a_draft_is_the_field_and_the_field_a_draft(panel: ConversationPanel) -> None:
    panel.draft = "one"
    assert panel.text.value == "one"

    panel.text.value = "two"
    assert panel.draft == "two"

    button(panel, "Send").click()
    assert (panel.draft, panel.text.value) == ("", "")


def test_chat_states_come_and_go_on_both_sides(panel: ConversationPanel) -> None:
    panel.typing()
    panel.agent_typing()
    assert panel.transcript.chat_states == {"consumer": "typing (COMPOSING)", "agent": "typing (COMPOSING)"}

    panel.submit("A text does not end it; only another chat state does")
    assert panel.transcript.chat_states["consumer"] == "typing (COMPOSING)"

    panel.pause()
    panel.agent_say("Hello")
    assert panel.transcript.chat_states == {"consumer": "stopped typing (PAUSE)"}
    panel.agent_typing()
    panel.agent_pause()
    assert panel.transcript.chat_states["agent"] == "stopped typing (PAUSE)"


def test_read_names_what_was_not_read_before(panel: ConversationPanel) -> None:
    assert panel.read() is None
    panel.agent_say("One")
    panel.agent_say("Two")

    panel.read()

    assert sent(panel)[-1]["body"]["event"]["sequenceList"] == [0, 1]
    assert [line["state"] for line in lines(panel) if line["side"] == "agent"] == ["read", "read"]
    assert panel.read() is None


# --- Choices -----------------------------------------------------------------------------------------


def test_a_quick_reply_is_clicked_once(panel: ConversationPanel) -> None:
    panel.agent_say("Which?", choices=["Red", "Blue"])
    assert panel.choices == ["Red", "Blue"]

    receipt, text = panel.choose("Blue")

    assert (receipt.ok, text is not None and text.ok) == (True, True)
    assert [one["body"]["event"].get("status") for one in sent(panel)[-2:]] == ["ACTION", None]
    assert texts(panel) == ["Which?", "Blue"]
    assert panel.choices == []
    with pytest.raises(EnvelopeError, match=r"'Red' is not offered\. What is offered: nothing\."):
        panel.choose("Red")


def test_a_click_copies_the_metadata_of_the_button(panel: ConversationPanel) -> None:
    panel.agent_say("Which?", choices=["A new one", "My money"], card=True)

    panel.choose(1)

    assert [one["metadata"] for one in sent(panel)[-2:]] == [[{"type": "ExternalId", "id": "My money"}]] * 2
    assert sent(panel)[-1]["body"]["event"]["message"] == "My money"
    assert panel.choices == ["A new one", "My money"]  # a card stays


def test_an_older_message_can_be_chosen_from_by_its_number(panel: ConversationPanel) -> None:
    panel.agent_say("One?", choices=["Yes"], card=True)
    panel.agent_say("Two?", choices=["No"], card=True)

    panel.choose("Yes", number=0)

    assert sent(panel)[-2]["body"]["event"]["sequenceList"] == [0]


@pytest.mark.parametrize("wanted", ["red", 2, -1, True])
def test_what_is_not_offered_cannot_be_chosen(panel: ConversationPanel, wanted: Any) -> None:
    panel.agent_say("Which?", choices=["Red", "Blue"])
    before = len(sent(panel))

    with pytest.raises(EnvelopeError, match=r"is not offered\. What is offered: Red, Blue"):
        panel.choose(wanted)

    assert len(sent(panel)) == before
    assert "What is offered: Red, Blue." in panel.said


def test_a_click_in_the_browser_chooses(panel: ConversationPanel) -> None:
    panel.agent_say("Which?", choices=["Red", "Blue"])
    message = {"do": "choose", "key": last(panel)["key"], "choice": 0}

    panel.transcript._handle_custom_msg(message, [])
    panel.transcript._handle_custom_msg(message, [])  # and a second time before the first was drawn

    assert texts(panel) == ["Which?", "Red"]


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {"do": "choose"},
        {"do": "choose", "key": "n1.0", "choice": "0"},
        {"do": "choose", "key": ["x"], "choice": 0},
        {"do": "choose", "key": "nowhere", "choice": 0},
        {"do": "choose", "key": "x1.0", "choice": 99},
        {"do": "close", "key": "x1.0"},
    ],
)
def test_a_message_that_no_button_sends_does_nothing(panel: ConversationPanel, message: Any) -> None:
    panel.agent_say("Which?", choices=["Red", "Blue"])
    before = len(panel.talk.consumer.log)

    panel.transcript._handle_custom_msg(message, [])

    assert len(panel.talk.consumer.log) == before


def test_nothing_can_be_chosen_in_a_closed_conversation(panel: ConversationPanel) -> None:
    panel.agent_say("Which?", choices=["Red"], card=True)

    panel.end()

    assert panel.choices == []
    assert next(line for line in lines(panel) if "parts" in line)["open"] == []


# --- Files -------------------------------------------------------------------------------------------


def test_a_picture_is_sent_and_shown_small(panel: ConversationPanel, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(picture())

    panel.attach(photo, caption="It came like this")

    line = last(panel)
    assert line["text"] == "It came like this"
    assert line["file"]["words"] == f"photo.png · PNG · {photo.stat().st_size:,} bytes"
    thumbnail = panel.transcript.pictures[line["file"]["picture"]]
    assert thumbnail.startswith("data:image/png;base64,")
    assert len(thumbnail) < 31_000


def test_a_picture_of_another_program_shows_its_preview_until_it_is_fetched(
    kit: ck.Kit, talk: Conversation, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(picture(kind="JPEG"))
    talk.send_file(photo)
    panel = settled(widgets.conversation_panel(talk))
    before = last(panel)["file"]
    assert before["fetch"]
    assert "bytes" not in before["words"]
    assert len(panel.transcript.pictures) == 1

    content = panel.fetch()

    assert content == photo.read_bytes()
    assert last(panel)["file"]["words"].endswith(f"· JPG · {len(content):,} bytes")
    assert not last(panel)["file"]["fetch"]
    assert [*panel.transcript.pictures] == [last(panel)["file"]["picture"]]


def test_fetch_in_the_browser_fetches(panel: ConversationPanel) -> None:
    panel.attach_bytes("photo.png", picture())

    panel.transcript._handle_custom_msg({"do": "fetch", "key": last(panel)["key"]}, [])

    assert not last(panel)["file"]["fetch"]


def test_a_file_that_will_not_do_is_refused_and_the_caption_stays(panel: ConversationPanel) -> None:
    panel.draft = "my caption"

    panel.consumer.upload.value = uploaded("offer.pdf", b"%PDF-1.7")

    assert "'offer.pdf' is by its first bytes none of JPG, JPEG, PNG, GIF" in panel.said
    assert (panel.draft, panel.consumer.upload.value) == ("my caption", ())
    assert not any("file" in line for line in lines(panel))


def test_an_upload_takes_the_draft_as_caption_and_is_not_kept(panel: ConversationPanel) -> None:
    panel.draft = "my caption"

    panel.consumer.upload.value = uploaded("a.png", picture((20, 20)))

    assert (last(panel)["text"], panel.draft, panel.consumer.upload.value) == ("my caption", "", ())


def test_there_is_nothing_to_fetch_where_no_file_came(panel: ConversationPanel) -> None:
    with pytest.raises(EnvelopeError, match="has no file"):
        panel.fetch()
    assert "has no file" in panel.said


# --- The end, the rating, and the next one -------------------------------------------------------------


def test_closed_rated_and_opened_again(panel: ConversationPanel) -> None:
    panel.submit("First")
    before = panel.talk
    panel.agent_end()
    assert panel.state == "closed"
    assert rating_row(panel).layout.display != "none"

    button(panel, "4").click()
    settled(panel)
    assert notes(panel)[-2:] == ["The conversation is closed (AGENT).", "Rated 4 of 5, settled."]
    assert (button(panel, "4").button_style, button(panel, "5").button_style) == ("success", "")

    talk = panel.reopen()
    panel.submit("Second")

    assert (panel.state, panel.talk, panel.conversation_id) == ("open", talk, talk.id)
    assert talk.id != before.id
    assert talk.properties == before.properties is not None  # what the connector can show goes on
    assert texts(panel) == ["First", "Second"]
    panel.agent_say("In the new one")
    assert texts(panel)[-1] == "In the new one"


def test_controls_offer_what_the_state_allows(panel: ConversationPanel) -> None:
    def rests() -> dict[str, bool]:
        return {label: button(panel, label).disabled for label in ("Send", "Typing", "Read", "Close")}

    assert not any(rests().values())
    assert button(panel, "Re-open").layout.display == "none"
    panel.end()
    assert all(rests().values())
    assert panel.agent.text.disabled
    assert button(panel, "Re-open").layout.display != "none"
    panel.reopen()
    assert not any(rests().values())


def test_a_survey_is_answered_in_its_own_dialog(kit: ck.Kit, panel: ConversationPanel) -> None:
    kit.sandbox.settings(survey=SURVEY)
    panel.agent_say("Bye")
    panel.end()
    settled(panel)
    assert panel.state == "survey"
    assert panel.choices == ["1", "2"]
    assert "The main dialog is closed; a survey follows." in notes(panel)
    assert button(panel, "Typing").disabled
    assert not button(panel, "Send").disabled

    panel.choose("2")
    settled(panel)
    panel.submit("Better boxes, please")
    settled(panel)

    assert panel.state == "closed"
    assert texts(panel) == ["Bye", "How was it?", "2", "Why?", "Better boxes, please"]
    assert rating_row(panel).layout.display == "none"  # a survey replaces the rating


def test_a_survey_can_be_closed_unanswered(kit: ck.Kit, panel: ConversationPanel) -> None:
    kit.sandbox.settings(survey=SURVEY)
    panel.agent_say("Bye")
    panel.end()
    settled(panel)

    panel.end()
    settled(panel)

    assert panel.state == "closed"


def test_a_rating_that_there_is_not_is_refused_in_words(panel: ConversationPanel) -> None:
    with pytest.raises(EnvelopeError, match="6"):
        panel.rate(6)
    assert "6" in panel.said


# --- The agent ---------------------------------------------------------------------------------------


def test_the_agent_writes_by_hand(panel: ConversationPanel) -> None:
    panel.agent_draft = "How can I help?"
    panel.agent.choices.value = "A delivery, ,A bill "

    press_enter(panel.agent.text)

    assert last(panel)["text"] == "How can I help?"
    assert panel.choices == ["A delivery", "A bill"]
    assert (panel.agent_draft, panel.agent.choices.value) == ("", "")
    assert "ASSIGNED_AGENT has joined." in notes(panel)


def test_the_agent_sends_any_rich_content(panel: ConversationPanel) -> None:
    content = ck.rich.vertical(
        ck.rich.text("Bold", style=ck.rich.style(bold=True, size="large", color="white")),
        ck.rich.image("https://shop.example/x.png", ck.rich.publish_text("that one"), caption="A shoe"),
        ck.rich.map(52.5, 13.4),
        ck.rich.link_preview("https://shop.example", title="The shop"),
        ck.rich.button("Look", ck.rich.link("https://shop.example")),
    )

    panel.agent_send(content, quick_replies=["No"])

    (group, quick) = last(panel)["parts"]
    told = [part.get("text") or part["label"] for part in group["parts"]]
    assert told == [
        "Bold",
        "Picture: A shoe (https://shop.example/x.png)",
        "Map around 52.5, 13.4",
        "Page: The shop (https://shop.example)",
        "Look",
    ]
    assert group["parts"][0] == {"kind": "text", "text": "Bold", "bold": True, "size": "large"}
    assert group["parts"][4]["hint"] == "leads to https://shop.example"
    assert panel.choices == ["Picture: A shoe (https://shop.example/x.png)", "Look", "No"]
    assert quick["quick"]
    assert panel.choose("Look").text is None


def test_what_the_agent_may_not_say_stays_in_the_fields(panel: ConversationPanel) -> None:
    panel.agent.choices.value = "x" * 129
    panel.agent_draft = "Too long a title"

    button(panel.agent, "Send").click()

    assert panel.said.startswith("The sandbox refused:")
    assert (panel.agent_draft, panel.agent.choices.value) == ("Too long a title", "x" * 129)
    with pytest.raises(SandboxError):
        panel.agent_say("")
    with pytest.raises(EnvelopeError, match="title"):
        panel.agent_say("A card", choices=["x" * 129], card=True)


def test_the_script_is_switched_and_one_of_your_own_is_kept(kit: ck.Kit, talk: Conversation) -> None:
    mine = [{"on": "text", "steps": [{"action": "text", "text": "Mine"}]}]
    kit.sandbox.settings(agent_script=mine)
    panel = widgets.conversation_panel(talk)
    assert panel.scripted
    assert panel.agent.scripted.value

    panel.agent.scripted.value = False
    assert kit.sandbox.settings()["agent_script"] is None
    assert not panel.scripted
    panel.agent_scripted(True)

    assert panel.agent.scripted.value
    assert kit.sandbox.settings()["agent_script"] == mine
    panel.submit("Hello")
    settled(panel)
    assert texts(panel) == ["Hello", "Mine"]


def test_a_script_that_there_was_not_is_the_default_one(kit: ck.Kit, panel: ConversationPanel) -> None:
    panel.agent_scripted(True)

    assert kit.sandbox.settings()["agent_script"]


def test_an_account_has_no_agent_to_play(client: Client) -> None:
    panel = widgets.conversation_panel(client.consumer("ana").open())

    with pytest.raises(SandboxError, match="Only a sandbox's agent can be played here"):
        panel.agent_say("Hello")

    assert "Only a sandbox's agent can be played here" in panel.said
    assert "work in a workspace of their own" in shown(panel)
    assert not any(getattr(part, "description", "") == "Send" for part in parts(panel.agent))


# --- Keeping up, and leaving ---------------------------------------------------------------------------


def test_the_panel_starts_no_thread_and_leaves_nothing_behind(kit: ck.Kit, talk: Conversation) -> None:
    before = threading.enumerate()
    drawn: list[Any] = []

    async def cells() -> None:
        panel = widgets.conversation_panel(talk)
        panel.agent_say("Hello")
        assert threading.enumerate() == before
        await asyncio.to_thread(kit.sandbox.agent(talk).text, "Too late")
        panel.transcript.observe(drawn.append, "lines")
        panel.close()
        await asyncio.sleep(0.2)  # longer than a refresh that was under way would wait

    asyncio.run(cells())

    assert drawn == []
    assert threading.enumerate() == before


def test_closing_the_panel_closes_every_part_of_it(panel: ConversationPanel) -> None:
    inside = [panel, *parts(panel)]
    assert all(part.comm is not None for part in inside)

    panel.close()
    panel.close()  # a second time does nothing

    assert all(part.comm is None for part in inside)


def test_a_closed_panel_is_held_by_nobody(kit: ck.Kit, talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)
    held = weakref.ref(panel)

    panel.close()
    del panel
    gc.collect()

    assert held() is None


def test_a_page_that_closes_its_end_ends_the_panel(kit: ck.Kit, panel: ConversationPanel) -> None:
    panel.comm.handle_close({"content": {"data": {}}})
    kit.sandbox.agent(panel.talk).text("Too late")
    kit.log.notifications()
    kit.notifications.stop()  # lets the handlers end
    kit.notifications.start()

    assert texts(panel) == []


# --- What a server may say -----------------------------------------------------------------------------


def short(text: str, most: int = 120) -> str:
    """As a server could send it: without the halves of pairs that its JSON cannot hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")[:most]


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_texts_are_nothing_but_texts(kit: ck.Kit, name: str) -> None:
    text = short(TEXTS[name], 3000)
    talk = kit.consumer(short(text).strip() or "x").open(features=FEATURES)
    panel = widgets.conversation_panel(talk)

    panel.submit(text)
    panel.agent_say(text)
    panel.agent_send(ck.rich.text(text), quick_replies=[short(text)])
    panel.agent_say(text, choices=[short(text)], card=True)
    panel.attach_bytes(f"{short(text)}.png".replace("/", "_"), picture((20, 20)), caption=short(text))
    panel.choose(0)

    state = json.dumps({trait: getattr(panel.transcript, trait) for trait in ("lines", "pictures", "sides")})
    state.encode()  # and no half pairs, which no socket could send
    said = [line["text"] for line in lines(panel)]
    assert said.count(text) >= 2
    static = panel._repr_mimebundle_()["text/html"]
    for html in (static, shown(panel)):
        assert "<script" not in html
        assert "<img" not in html
    panel.close()


def test_no_secret_is_in_the_state_of_the_panel(kit: ck.Kit, panel: ConversationPanel) -> None:
    panel.attach_bytes("photo.png", picture((20, 20)))
    panel.fetch()
    talk = panel.talk
    hidden = [
        kit.settings.client_secret.reveal(),
        talk.consumer.jws().secret.reveal(),
        "temp_url_sig",  # who has it needs no token
    ]

    states = " ".join(str(part.get_state()) for part in [panel, *parts(panel)])

    assert not any(secret in states for secret in hidden)


def test_the_static_form_is_what_both_sides_said(panel: ConversationPanel) -> None:
    panel.submit("Hello")
    panel.agent_say("Which?", choices=["Red"])

    bundle = panel._repr_mimebundle_()

    assert "run the notebook in JupyterLab" in bundle["text/plain"]
    assert 'role="log"' in bundle["text/html"]
    assert bundle["text/html"].index("Hello") < bundle["text/html"].index("[Red]")


def test_refusals_of_the_service_are_raised_to_a_cell(kit: ck.Kit, panel: ConversationPanel) -> None:
    kit.sandbox.faults(status=400, on="send", times=1)

    with pytest.raises(ApiError):
        panel.submit("x")
