"""The panels, without a browser: values are set, buttons are clicked, what they show is read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from panel_parts import button, parts, press_enter, shown, texts

import connectorkit as ck
from connectorkit import widgets
from connectorkit.client import Client
from connectorkit.errors import ConversationClosedError, EnvelopeError, LogError
from connectorkit.journey import Conversation
from connectorkit.log import Notification
from connectorkit.widgets import transcript

Eventually = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def talk(client: Client) -> Conversation:
    return client.consumer("ana").open()


def test_send_adds_to_transcript_and_table_and_clears_the_field(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)
    panel.text.value = "<b>Hello</b> & more"

    button(panel, "Send").click()

    assert texts(panel) == ["<b>Hello</b> & more"]
    assert shown(panel).count("&lt;b&gt;Hello&lt;/b&gt; &amp; more") == 1
    assert "<b>Hello" not in shown(panel)
    assert "Sent. The service gave it number 0." in shown(panel)
    assert panel.text.value == ""


async def press_enter_before_the_text_comes(panel: widgets.ConversationPanel) -> None:
    press_enter(panel.text)
    panel.text.value = "typed fast"


def test_enter_that_overtakes_the_text_sends_all_of_it(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    asyncio.run(press_enter_before_the_text_comes(panel))

    assert panel.messages["text"].dropna().tolist() == ["typed fast"]


def test_leaving_the_field_sends_nothing(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    panel.text.value = "not yet"

    assert panel.messages["text"].dropna().tolist() == []


def test_enter_on_a_text_that_is_there_sends_it(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)
    panel.text.value = "typed before"

    press_enter(panel.text)

    assert panel.messages["text"].dropna().tolist() == ["typed before"]


def test_a_mistake_is_said_in_the_panel_and_raised_to_a_cell(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    button(panel, "Send").click()
    with pytest.raises(EnvelopeError, match="text is empty"):
        panel.submit("")

    assert "text is empty" in shown(panel)


def test_after_close_the_controls_rest_and_the_panel_says_why(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    button(panel, "Close").click()

    assert "The conversation is closed. Re-open it to go on." in shown(panel)
    assert all(button(panel, label).disabled for label in ("Send", "Typing", "Close"))
    with pytest.raises(ConversationClosedError):
        panel.submit("too late")


def test_a_long_conversation_says_that_the_table_is_its_end(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)

    for number in range(12):
        panel.submit(f"text {number}")

    assert "The last 12 of 14 messages:" in shown(panel)


def test_the_plain_form_of_a_panel_is_a_sentence(talk: Conversation) -> None:
    assert "run the notebook in JupyterLab" in repr(widgets.conversation_panel(talk))


# --- Both sides ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared_kit() -> Iterator[ck.Kit]:
    with ck.connect(sandbox=True, agent=False, log=":memory:") as kit:
        yield kit


@pytest.fixture
def kit(shared_kit: ck.Kit) -> ck.Kit:
    shared_kit.sandbox.reset()
    return shared_kit


def said(talk: Conversation) -> list[tuple[Any, ...]]:
    assert isinstance(talk.consumer.log, ck.ResponseLog)
    talk.consumer.log.notifications()  # waits for those under way
    read = transcript.read(talk.consumer.log, talk.id)
    return [tuple(line.bubble) for line in read.said if line.side != transcript.SERVICE]


def test_both_sides_are_shown_once_each_and_in_their_order(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open(text="First")
    kit.sandbox.agent(talk).text("Second")
    talk.send("Third")

    assert said(talk) == [
        ("ana", "First", "number 0, accepted", True),
        ("ASSIGNED_AGENT", "Second", "number 2", False),
        ("ana", "Third", "number 3, accepted", True),
    ]


def test_what_was_read_says_so(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open(text="Read")
    kit.sandbox.agent(talk).read()
    talk.send("Unread")
    talk.read(3)  # our own receipts count for nothing

    assert [remark for _, _, remark, _ in said(talk)] == ["number 0, read", "number 3, accepted"]


def test_a_notification_that_came_twice_is_one_message(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open()
    agent = kit.sandbox.agent(talk).join()
    kit.sandbox.faults(webhook="duplicate")
    agent.text("Once")

    assert [text for _, text, _, _ in said(talk)] == ["Once"]


def test_a_message_whose_notification_came_late_stands_at_its_number(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open()
    agent = kit.sandbox.agent(talk).join()
    kit.sandbox.faults(webhook="reorder", times=1)
    agent.text("One").text("Two")

    assert [text for _, text, _, _ in said(talk)] == ["One", "Two"]


def test_messages_that_another_program_sent_are_ours_too(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open()
    other = ck.Client(kit.settings)
    other.send(ck.envelopes.publish_text(talk.id, "From elsewhere"), consumer="ana")
    other.close()

    assert said(talk) == [("CONSUMER", "From elsewhere", "number 0, accepted", True)]


def test_rich_content_is_shown_as_its_texts_and_buttons(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open(features=["RICH_CONTENT", "QUICK_REPLIES"])
    yes = ck.rich.button("Yes", ck.rich.publish_text("yes"))
    card = ck.rich.vertical(ck.rich.text("Which?"), ck.rich.horizontal(yes, ck.rich.text("or no")))
    kit.sandbox.agent(talk).rich(card, quick_replies=["Help"])

    assert [text for _, text, _, _ in said(talk)] == ["Which?\n[Yes]\nor no\n[Help]"]


def test_a_hostile_agent_writes_text_and_no_markup(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open()
    hostile = "<img src=x onerror=alert(1)>"
    agent = kit.sandbox.agent(talk).text(hostile)
    agent.rich(ck.rich.text(hostile), quick_replies=[hostile])
    said(talk)

    panel = widgets.conversation_panel(talk)

    static = panel._repr_mimebundle_()["text/html"]
    assert static.count("&lt;img src=x onerror=alert(1)&gt;") == 3
    assert "<img" not in static
    assert "<img" not in shown(panel)


def test_an_answer_appears_by_itself(kit: ck.Kit, eventually: Eventually) -> None:
    talk = kit.consumer("ana").open()
    panel = widgets.conversation_panel(talk)

    kit.sandbox.agent(talk).text("I am here")

    eventually(lambda: "I am here" in texts(panel))
    assert "Refresh" not in [getattr(part, "description", "") for part in parts(panel)]


def test_in_a_kernel_it_appears_from_the_kernels_own_thread(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open()
    threads = set()

    async def cells() -> None:
        panel = widgets.conversation_panel(talk)
        panel.transcript.observe(lambda _: threads.add(threading.current_thread()), "lines")
        await asyncio.to_thread(kit.sandbox.agent(talk).text, "I am here")
        async with asyncio.timeout(10):
            while "I am here" not in texts(panel):
                await asyncio.sleep(0.01)

    asyncio.run(cells())

    assert threads == {threading.current_thread()}


def test_an_agent_who_closes_makes_the_controls_rest(kit: ck.Kit, eventually: Eventually) -> None:
    talk = kit.consumer("ana").open()
    panel = widgets.conversation_panel(talk)

    kit.sandbox.agent(talk).close()

    eventually(lambda: "The conversation is closed. Re-open it to go on." in shown(panel))
    assert all(button(panel, label).disabled for label in ("Send", "Typing", "Close"))


def test_a_panel_that_was_taken_away_no_longer_listens(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open()
    panel = widgets.conversation_panel(talk)

    panel.close()
    kit.sandbox.agent(talk).text("Too late")

    assert [text for _, text, _, _ in said(talk)] == ["Too late"]
    kit.notifications.stop()  # lets the handlers end
    kit.notifications.start()
    assert "Too late" not in texts(panel)


def test_many_threads_may_refresh_and_send_at_once(kit: ck.Kit) -> None:
    talk = kit.consumer("ana").open()
    panel = widgets.conversation_panel(talk)
    threads = [threading.Thread(target=panel.refresh) for _ in range(4)]
    threads += [threading.Thread(target=panel.submit, args=(f"text {n}",)) for n in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(panel.messages["text"].dropna()) == [f"text {n}" for n in range(4)]
    assert all(f"text {n}" in texts(panel) for n in range(4))


def test_a_log_that_was_closed_is_no_error_of_the_panel(kit: ck.Kit) -> None:
    log = ck.ResponseLog()
    with ck.connect(sandbox=True, agent=False, log=log) as other:
        talk = other.consumer("ana").open()
        panel = widgets.conversation_panel(talk)
        log.close()

        panel._heard(Notification("{}", conversation_id=talk.id))

        with pytest.raises(LogError):
            panel.refresh()


def test_a_plain_client_has_a_button_to_refresh(talk: Conversation) -> None:
    panel = widgets.conversation_panel(talk)
    talk.send("From another cell")

    button(panel, "Refresh").click()

    assert "From another cell" in texts(panel)
