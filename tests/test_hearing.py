"""What a kit hears: the agent's answer in three lines, a receiver of one's own for an account."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

import connectorkit as ck
from connectorkit.errors import SandboxError


def test_three_lines_show_text_acknowledgement_receipt_and_answer_in_causal_order() -> None:
    with ck.connect(log=":memory:") as kit:
        talk = kit.consumer("ana@example").open()
        talk.send("Where is my parcel?")
        timeline = kit.log.timeline()

    told = list(zip(timeline["kind"], timeline["who"], timeline["what"].str.split(":").str[0], strict=True))
    text = told.index(("request", "ana@example", "text"))
    assert told[text : text + 4] == [
        ("request", "ana@example", "text"),
        ("response", "service", "OK, number 0"),
        ("notification", "CONSUMER", "text"),
        ("notification", "CONTROLLER", "ACCEPT of 0"),
    ]
    assert told[-1] == ("notification", "ASSIGNED_AGENT", "text")
    assert (timeline["conversation_id"] == talk.id).all()


def test_an_agent_answers_an_async_kit_too() -> None:
    import asyncio

    async def chat() -> list[str]:
        async with ck.connect_async(log=":memory:") as kit:
            talk = await kit.consumer("ana@example").open()
            await talk.send("Where is my parcel?")
            return list(kit.log.timeline()["who"])

    assert asyncio.run(chat())[-1] == "ASSIGNED_AGENT"


def test_without_the_agent_nobody_answers() -> None:
    with ck.connect(log=":memory:", agent=False) as kit:
        kit.consumer("ana@example").open(text="Where is my parcel?")

        assert "ASSIGNED_AGENT" not in set(kit.log.timeline()["who"])


def test_a_person_may_play_the_agent() -> None:
    with ck.connect(log=":memory:", agent=False) as kit:
        talk = kit.consumer("ana@example").open(text="Hello")
        kit.sandbox.agent(talk).join().read().typing().text("Good morning").close()

        heard = kit.log.notifications(conversation=talk.id)
    assert heard[heard["originator_role"] == "ASSIGNED_AGENT"]["event_type"].tolist() == [
        "AcceptStatusEvent",
        "ChatStateEvent",
        "ContentEvent",
    ]
    assert heard["state"].dropna().tolist() == ["OPEN", "OPEN", "CLOSE"]


def test_the_sandbox_needs_no_other_receiver() -> None:
    with ck.connect(log=":memory:") as kit:
        with pytest.raises(SandboxError, match=r"connected to kit\.notifications already"):
            kit.listen()

        assert kit.notifications.listening


@pytest.fixture
def account_kit(sandbox: dict[str, Any]) -> Any:
    """A kit that takes the sandbox for a real account."""
    with ck.connect(
        account_id=sandbox["account_id"],
        client_id=sandbox["client_id"],
        client_secret=sandbox["client_secret"],
        domain_lookup=sandbox["base_url"],
        scheme="http",
        log=":memory:",
    ) as kit:
        yield kit


def test_a_kit_for_an_account_hears_what_is_sent_to_its_receiver(
    account_kit: Any, control: httpx.Client
) -> None:
    receiver = account_kit.listen()
    control.post("/sandbox/webhook", json={"url": receiver.url})
    talk = account_kit.consumer("ana@example").open(text="Hello")

    receiver.wait_for(lambda n: "ACCEPT" in n.body, after=0)
    control.post("/sandbox/webhook", json={"url": None})

    heard = account_kit.log.notifications()
    assert heard["conversation_id"].unique().tolist() == [talk.id]
    assert heard["signature"].unique().tolist() == ["valid"]
    assert account_kit.log.timeline()["notify_ms"].notna().sum() == 1


def test_a_receiver_ends_with_its_kit(account_kit: Any) -> None:
    receiver = account_kit.listen()

    account_kit.close()

    assert not receiver.listening


def test_notifications_of_an_account_wait_to_be_started(account_kit: Any) -> None:
    assert not account_kit.notifications.listening
    assert account_kit.notifications is account_kit.notifications
    assert account_kit.notifications.start().listening
