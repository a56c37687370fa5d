"""The life of a conversation: what comes too early or too late."""

from __future__ import annotations

from connectorkit.catalogue.model import Request, Scenario
from connectorkit.catalogue.shapes import refused, text, update

_OPEN_NEW = "Open a new conversation and send it there; this one is closed for good."
_CLOSED = refused(400, "Bad Request, Conversation is close", documented=True)

SCENARIOS = (
    Scenario(
        name="closed-conversation",
        shows="A text comes after the conversation was closed.",
        advice=_OPEN_NEW,
        source="R13",
        before=("open", "close"),
        request=Request(payload=text()),
        answer=_CLOSED,
        on_account="visible",
    ),
    Scenario(
        name="closed-by-the-agent",
        shows="The agent has closed the conversation; the connector did not notice and goes on.",
        advice=_OPEN_NEW,
        source="R13",
        before=("open", "close as the agent"),
        request=Request(payload=text()),
        answer=_CLOSED,
    ),
    Scenario(
        name="closed-twice",
        shows="A conversation that is closed is closed again.",
        advice="Nothing: it is closed.",
        source="R13",
        before=("open", "close"),
        request=Request(payload=update({"field": "ConversationStateField", "conversationState": "CLOSE"})),
        answer=_CLOSED,
        on_account="visible",
    ),
    Scenario(
        name="typing-after-close",
        shows="The consumer goes on typing in a closed conversation.",
        advice=_OPEN_NEW,
        source="R13",
        before=("open", "close"),
        request=Request(
            payload=text()
            | {
                "body": {
                    "dialogId": "{conversation}",
                    "event": {"type": "ChatStateEvent", "chatState": "COMPOSING"},
                }
            }
        ),
        answer=_CLOSED,
        on_account="visible",
    ),
    Scenario(
        name="not-yet-usable",
        shows="A new conversation is not known everywhere at once: the first text finds none.",
        advice="Send the text once more, a moment later.",
        source="R64",
        faults=({"slow_conversation": 5},),
        before=("faults", "open"),
        rest_seconds=5,
        request=Request(payload=text()),
        answer=refused(404, "Conversation not found"),
    ),
)
