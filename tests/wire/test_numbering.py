"""The numbers of a dialog with two sides in it, and what metadata does on its way."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import CONTENT, RECEIPT, RICH, Hook, Wire, sequence, text
from .shapes import CARD, CLICK, events, hosted, receipt, rich, uploaded

METADATA = [
    [{"type": "ExternalId", "id": "card-1"}],
    [{"type": "Answer", "questionId": "q", "id": "a", "provider": "p", "groupId": "g"}],
    [{"type": "ActionReason", "reason": "escalated_by_user", "reasonId": "1"}],
    [
        {
            "type": "BotResponse",
            "externalConversationId": "x",
            "intents": [{"id": "i", "confidenceScore": 0.5}],
        }
    ],
    [{"type": "ConnectorPaymentResponse", "status": {"deep": [1, None, "ü"]}}],
    [{"type": "NeverHeardOf", "value": 5}, {"type": "ExternalId", "id": "card-2"}],
]


def test_files_and_cards_are_accepted_at_once_like_texts(wire: Wire) -> None:
    """§7.4: each takes a number for itself and one for its receipt."""
    conversation_id = wire.open()
    path = uploaded(wire)

    requests = [text(conversation_id), hosted(conversation_id, path), rich(conversation_id, CARD)]

    assert [sequence(wire.send(request)) for request in [*requests, text(conversation_id)]] == [0, 2, 4, 6]


@pytest.mark.parametrize(
    ("joined", "role"), [(False, "CONTROLLER"), (True, "ASSIGNED_AGENT")], ids=["alone", "with an agent"]
)
def test_the_automatic_accept_is_of_the_agent_if_there_is_one(wire: Wire, joined: bool, role: str) -> None:
    """R6."""
    conversation_id = wire.open()
    if joined:
        wire.agent(conversation_id, "join")

    wire.send(text(conversation_id))

    first, second = events(wire, conversation_id)
    assert [first["sequence"], second["sequence"]] == [0, 1]
    assert second["event"] == {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [0]}
    assert second["role"] == role


def test_an_agents_text_and_receipt_take_the_next_numbers(wire: Wire) -> None:
    conversation_id = wire.open()

    numbers = [
        sequence(wire.send(text(conversation_id))),
        wire.agent(conversation_id, "text", text="Hello")["sequence"],
        sequence(wire.send(receipt(conversation_id, "ACCEPT", [2]))),
        sequence(wire.send(receipt(conversation_id, "READ", [2]))),
        wire.agent(conversation_id, "read", sequences=[0])["sequence"],
        sequence(wire.send(text(conversation_id))),
        wire.agent(conversation_id, "rich", content=CARD)["sequence"],
    ]

    assert numbers == [0, 2, 3, 4, 5, 6, 8]


def test_an_agents_text_is_not_accepted_by_itself(wire: Wire) -> None:
    conversation_id = wire.open()

    numbers = [wire.agent(conversation_id, "text", text="Hello")["sequence"] for _ in range(3)]

    assert numbers == [0, 1, 2]


@pytest.mark.parametrize("action", ["typing", "pause"])
def test_typing_takes_no_number(wire: Wire, action: str) -> None:
    conversation_id = wire.open()
    wire.agent(conversation_id, "join")

    wire.agent(conversation_id, action)

    assert sequence(wire.send(text(conversation_id))) == 0


def test_a_second_accept_by_the_same_consumer_is_nothing(wire: Wire, hook: Hook) -> None:
    """§7.4: no number, no webhook."""
    wire.install(hook.manifest(CONTENT, RECEIPT))
    conversation_id = wire.open()
    wire.agent(conversation_id, "text", text="Hello")

    first = wire.send(receipt(conversation_id, "ACCEPT", [0]))
    again = wire.send(receipt(conversation_id, "ACCEPT", [0]))

    assert sequence(first) == 1
    assert type(sequence(again)) is int
    assert sequence(wire.send(text(conversation_id))) == 2
    hook.wait_for(2, CONTENT)
    assert wire.settle()
    assert [change["sequence"] for change in hook.changes(RECEIPT)] == [1, 3]


@pytest.mark.parametrize("status", ["READ", "ACTION"])
def test_a_second_receipt_of_another_status_takes_a_number(wire: Wire, status: str) -> None:
    conversation_id = wire.open()
    wire.agent(conversation_id, "text", text="Hello")
    request = {**receipt(conversation_id, status, [0]), "metadata": CLICK}

    assert [sequence(wire.send(request)) for _ in range(2)] == [1, 2]


def test_an_agent_who_accepts_what_was_accepted_for_him_adds_nothing(wire: Wire) -> None:
    """R6."""
    conversation_id = wire.open()
    wire.agent(conversation_id, "join")
    wire.send(text(conversation_id))

    wire.agent(conversation_id, "accept", sequences=[0])

    assert sequence(wire.send(text(conversation_id))) == 2


def test_an_agent_who_joins_later_may_accept_what_the_controller_accepted(wire: Wire) -> None:
    """§7.4."""
    conversation_id = wire.open()
    wire.send(text(conversation_id))
    wire.agent(conversation_id, "join")

    accepted = wire.agent(conversation_id, "accept", sequences=[0])["sequence"]

    assert accepted == 2
    assert sequence(wire.send(text(conversation_id))) == 3


# --- Metadata ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("metadata", METADATA, ids=lambda value: str(value[0]["type"]))
def test_metadata_of_any_type_reappears_unchanged(wire: Wire, hook: Hook, metadata: Any) -> None:
    """§6.9, R59."""
    wire.install(hook.manifest(CONTENT))

    answer = wire.send({**text(wire.open()), "metadata": metadata})

    assert sequence(answer) == 0
    assert hook.wait_for(1)[0]["metadata"] == metadata


@pytest.mark.parametrize("kind", [RICH, RECEIPT])
def test_metadata_travels_with_other_events(wire: Wire, hook: Hook, kind: str) -> None:
    """Each in a dialog of its own numbers: the card is the first, the receipt follows text and ACCEPT."""
    wire.install(hook.manifest(kind))
    conversation_id = wire.open()
    wire.agent(conversation_id, "text", text="Hello")
    request = rich(conversation_id, CARD) if kind == RICH else receipt(conversation_id, "ACTION", [0])

    wire.send({**request, "metadata": CLICK})

    assert hook.wait_for(1, kind)[0]["metadata"] == CLICK


def test_the_metadata_of_an_agent_reaches_the_connector(wire: Wire, hook: Hook) -> None:
    wire.install(hook.manifest(CONTENT))

    wire.agent(wire.open(), "text", text="Hello", metadata=METADATA[0])

    assert hook.wait_for(1)[0]["metadata"] == METADATA[0]


def test_a_click_is_answered_by_an_action_and_its_text(wire: Wire, hook: Hook) -> None:
    """§6.5: both carry the metadata of the button."""
    conversation_id = wire.open()
    card = wire.agent(conversation_id, "rich", content=CARD)["sequence"]
    wire.install(hook.manifest(CONTENT, RECEIPT))

    action = wire.send({**receipt(conversation_id, "ACTION", [card]), "metadata": CLICK})
    reply = wire.send({**text(conversation_id, "Yes"), "metadata": CLICK})

    assert [sequence(action), sequence(reply)] == [card + 1, card + 2]
    clicked, said, _ = hook.wait_for(3)
    assert clicked["event"] == {"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [card]}
    assert (clicked["metadata"], said["metadata"]) == (CLICK, CLICK)
