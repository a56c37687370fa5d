"""Promises of section 9.7: what an app hears while its store is being resent.

What must be seen while a delivery is under way is done from the webhook's own answer to it, so that nothing
depends on how fast anybody is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectorkit.promises.bench import BEN, TYPES, App, Bench, NotReady, at
from connectorkit.promises.hook import Delivery
from connectorkit.promises.model import Rows
from connectorkit.promises.retention import failed, once, state_of
from connectorkit.promises.retries import failing, texts

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_CONTENT, _CHAT = TYPES[0], TYPES[3]


def _resent(bench: Bench, *stored: str, during: str, do: Callable[[App, str], int]) -> None:
    """Texts are stored and then resent; while ``during`` is under way, something is done once."""
    app, talk = failed(bench)
    for words in stored:
        bench.say(talk, words)
    bench.settle()
    done: list[str] = []

    def answer(one: Delivery) -> int:
        if at(one.event, "message") == during and not done:
            done.append(during)
            return do(app, talk)
        return 200

    bench.hook.answer = answer
    bench.advance(10)
    if not done:
        raise NotReady("what was stored was not resent")
    bench.settle()


def _comes(bench: Bench, words: str) -> bool:
    """Whether a text comes within a second, while something else is under way."""
    return bench.hook.waited_for(lambda one: at(one.event, "message") == words, 1.0)


@rows.promise(
    "P9.7-transition-new",
    "While the store is resent, events of new conversations go out directly.",
    "9.7",
    {"a new conversation's text": "comes at once", "state": "In transition"},
    never=_HOOK,
)
def _transition_new(bench: Bench) -> Any:
    seen: dict[str, Any] = {}

    def do(app: App, talk: str) -> int:
        bench.say(bench.open(BEN), "Of Ben", BEN)
        seen["a new conversation's text"] = "comes at once" if _comes(bench, "Of Ben") else "waits"
        seen["state"] = state_of(bench, app)
        return 200

    _resent(bench, "Two", "Three", during="Two", do=do)
    return seen


@rows.promise(
    "P9.7-transition-stored",
    "While the store is resent, a new event of a stored conversation comes after what is stored.",
    "9.7",
    {"taken": ["One", "Two", "Three", "Four"]},
    never=_HOOK,
)
def _transition_stored(bench: Bench) -> Any:
    def do(app: App, talk: str) -> int:
        bench.say(talk, "Four")
        return 200

    _resent(bench, "Two", "Three", during="Two", do=do)
    return {"taken": texts(bench)[1:]}


@rows.promise(
    "P9.7-transition-failed",
    "Any failure while the store is resent makes the app fail again.",
    "9.7",
    {"state": "Failed", "what follows": "stored"},
    never=_HOOK,
)
def _transition_failed(bench: Bench) -> Any:
    app, talk = failed(bench)
    bench.say(talk, "Two")
    bench.say(talk, "Three")
    bench.hook.answer = once(failing("Two"))
    bench.advance(2.5)
    return {"state": state_of(bench, app), "what follows": "sent" if "Three" in texts(bench) else "stored"}


def _drained(bench: Bench, do: Callable[[App, str], int]) -> None:
    """Something is done while a conversation is drained of what came while its store was resent."""
    app, talk = failed(bench)
    bench.say(talk, "Two")
    bench.settle()
    done: list[Any] = []

    def answer(one: Delivery) -> int:
        words = at(one.event, "message")
        if words == "Two":
            bench.say(talk, "Three")
        elif words == "Three" and not done:
            done.append(words)
            return do(app, talk)
        return 200

    bench.hook.answer = answer
    bench.sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 3, "settle": False})
    bench.time_passed = True
    if not bench.hook.waited_for(lambda one: at(one.event, "message") == "Three", 5.0):
        raise NotReady("what came while the store was resent did not come")
    bench.settle()


@rows.promise(
    "P9.7-drain",
    "What came while the store was resent is drained, and what comes then waits up to 4 s.",
    "9.7",
    {"state": "Recovered", "within 4 s": "waits", "after 4 s": "comes"},
    never=_HOOK,
)
def _drain(bench: Bench) -> Any:
    seen: dict[str, Any] = {}

    def do(app: App, talk: str) -> int:
        bench.say(talk, "Four")
        seen["state"] = state_of(bench, app)
        seen["within 4 s"] = "comes" if bench.hook.waited_for(_is_four, 0.2) else "waits"
        bench.sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 4, "settle": False})
        seen["after 4 s"] = "comes" if bench.hook.waited_for(_is_four, 2.0) else "waits"
        return 200

    _drained(bench, do)
    return seen


def _is_four(one: Delivery) -> bool:
    return bool(at(one.event, "message") == "Four")


@rows.promise(
    "P9.7-drained",
    "What waits for a drain follows it in order.",
    "9.7",
    {"taken": ["Two", "Three", "Four", "Five"]},
    never=_HOOK,
)
def _drained_in_order(bench: Bench) -> Any:
    def do(app: App, talk: str) -> int:
        bench.say(talk, "Four")
        bench.say(talk, "Five")
        return 200

    _drained(bench, do)
    return {"taken": texts(bench)[2:]}


PROMISES = rows.all
