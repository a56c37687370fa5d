"""Sequences as consumers and agents have them, and what goes wrong between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectorkit.explore.acting import ACTIONS, Act
from connectorkit.explore.contents import CLOSING, CONTENTS
from connectorkit.explore.entries import chunks
from connectorkit.explore.listening import Deafen, Listen, Recover
from connectorkit.explore.sending import Open, Send
from connectorkit.explore.steering import Wait
from connectorkit.explore.steps import Step
from connectorkit.explore.surveying import Answer

Sequence = tuple[Step, ...]
_OPEN = Open("ana")
_NEW = Open("ana", ids=("5", 6, "x" * 64))


def journeys() -> Iterator[Sequence]:
    """What people do, and what they do next."""
    text, listen = Send("ana", "text"), Listen()
    yield (_NEW, text, text, text, listen)
    yield (
        Open("ana", "text"),
        text,
        Act("join"),
        text,
        Act("text"),
        Send("ana", "ACCEPT"),
        Send("ana", "READ"),
        text,
        listen,
    )
    yield (
        _OPEN,
        Act("text"),
        Send("ana", "ACCEPT"),
        Send("ana", "ACCEPT"),
        Send("ana", "rating"),
        text,
        listen,
    )
    yield (
        _OPEN,
        text,
        Act("accept"),
        Act("accept"),
        Act("read"),
        Act("text"),
        Send("ana", "time to respond"),
        listen,
    )
    yield (
        _OPEN,
        text,
        Act("text"),
        text,
        Send("ana", "time to respond"),
        Wait(61),
        text,
        Send("ana", "rating"),
        listen,
    )
    yield (
        _OPEN,
        Act("join"),
        Act("leave"),
        text,
        Act("text"),
        Act("transfer"),
        text,
        Act("join"),
        text,
        listen,
    )
    yield (
        _OPEN,
        Send("ana", "close"),
        _OPEN,
        Send("ana", "text", 1),
        Send("ana", "text", 2),
        Listen(1),
        Listen(2),
    )
    yield (
        _OPEN,
        Act("close"),
        Act("resume"),
        Send("ana", "text", 2),
        _OPEN,
        Act("text", 2),
        Listen(1),
        Listen(2),
    )
    yield (
        _OPEN,
        _OPEN,
        Open("ana", "text"),
        Open("ben"),
        Send("ben", "text", 2),
        Send("ana", "text", 1),
        listen,
        Listen(2),
    )
    others = [what for what in CONTENTS if what != "picture" and "profile" not in what]
    for some in chunks(others, 10):
        yield (
            _OPEN,
            text,
            *(Send("ben", what) for what in some),
            *(Send("ana", what, 0) for what in some),
            listen,
        )
    yield (
        _OPEN,
        text,
        Send("ana", "close"),
        text,
        Send("ana", "close"),
        Send("ana", "rating"),
        Send("ben", "text"),
        listen,
    )
    yield (_OPEN, *(Send("ana", "text", length=length) for length in (4999, 5000, 5001)), listen)
    yield (
        _OPEN,
        Send("ana", "text", length=5001),
        Send("ben", "text", length=5001),
        Send("ana", "text", 0, length=5001),
    )
    yield (_OPEN, *(Send("ana", "text", id=i) for i in (5, 0, -7, "1,", "x" * 64, "ü 🚀")), listen)
    yield (_OPEN, Send("ana", "text", as_array=True), Send("ana", "close", as_array=True))
    yield (
        Open("ben"),
        Open("ana", "text", third_talk=1),
        Open("ana", "text", third_talk=-1),
        Send("ana", "text", 2),
    )


def contents() -> Iterator[Sequence]:
    """Everything that can be said, twice, before and after an agent."""
    spoken = [what for what in CONTENTS if what not in CLOSING and what != "picture"]
    for some in chunks([Send("ana", what) for what in spoken], 3):
        yield (_OPEN, Send("ana", "text"), *some, Act("text"), *some, Listen())
    for what in ("text with metadata", "card", "COMPOSING", "card as message"):
        yield (Open("ana", what), Send("ana", "text"), Listen())


def bots() -> Iterator[Sequence]:
    """What the account does by itself, where it is set so."""
    greeted = Open("ana", door=("automatic messages",), setting="auto_messages")
    text = Send("ana", "text")
    yield (greeted, text, text, Act("text"), Send("ana", "rating"), Listen())
    yield (replace(greeted, third="text"), text, Listen())
    yield (greeted, Wait(9), text, Listen())
    yield (greeted, Wait(12), text, Listen())
    yield (Open("ana", setting="auto_messages"), text, Listen())
    asked = (Open("ana", door=("surveys",), setting="survey"), text)
    answers = (Answer("ACTION"), Answer(), text, Listen())
    for end in (Send("ana", "close"), Send("ana", "close the dialog"), Act("close")):
        yield (*asked, Act("text"), end, text, Answer("COMPOSING"), Answer("alone"), *answers, _OPEN)
    yield (*asked, Act("join"), Act("leave"), Send("ana", "close"), *answers)
    yield (*asked, Act("text"), Send("ana", "close the stage"), _OPEN, Listen())
    yield (*asked, Send("ana", "close"), _OPEN, Listen())
    yield (Open("ana", setting="survey"), Act("text"), Send("ana", "close"), _OPEN, Listen())
    waiting = (Open("ana", setting="auto_close_seconds"), text)
    yield (*waiting, Act("text"), Wait(3660), text, _OPEN, Listen(), Listen(2))
    yield (*waiting, Act("text"), Wait(600), text, Wait(3660), text, Listen())
    yield (*waiting, Act("text"), Wait(600), Listen(), Wait(86400), Listen())


def outages() -> Iterator[Sequence]:
    """Nobody listens for some time: nothing is lost, nothing comes twice, the order stays."""
    text = Send("ana", "text")
    yield (_OPEN, Deafen(), text, Act("text"), text, Recover(), text, Listen())
    yield (Deafen(), _OPEN, text, Wait(61), Open("ben"), Send("ana", "close"), Recover(), Listen(), Listen(2))


def closings() -> Iterator[Sequence]:
    """Each way to close, and what is said then."""
    for what in CLOSING:
        yield (
            _OPEN,
            Send("ana", "text"),
            Send("ana", what),
            Send("ana", "text"),
            Send("ana", what),
            Listen(),
        )
        yield (
            _OPEN,
            Act("text"),
            Send("ana", what),
            Send("ana", "COMPOSING"),
            Send("ana", "READ"),
            _OPEN,
            Listen(),
            Listen(2),
        )


def agents() -> Iterator[Sequence]:
    """Each thing that an agent can do, before and after the consumer's words, and after a close."""
    text = Send("ana", "text")
    for action in ACTIONS:
        yield (_OPEN, text, Act(action), text, Act(action), Send("ana", "rating"), Act("close"), Listen())
    for action in ("transfer", "leave", "close", "resume", "accept"):
        yield (
            _OPEN,
            text,
            Act("text"),
            Act(action),
            text,
            Send("ana", "close"),
            Act(action),
            Listen(),
            Listen(2),
        )
