"""Promises of section 9.6 and of retries by count in 9.7: what counts as delivered, and what is tried again.

The sandbox's clock is moved; nothing is really waited for. Retries by time to live are next door.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from connectorkit.promises.bench import ANA, BEN, TYPES, Bench, at
from connectorkit.promises.hook import Delivery
from connectorkit.promises.model import Rows

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_CONTENT = TYPES[0]


def texts(bench: Bench, path: str = "") -> list[Any]:
    """The texts that came, or those at one path, in the order in which they did."""
    return [at(one.event, "message") for one in bench.heard(_CONTENT) if one.path.endswith(path)]


def failing(*words: str, status: int = 503) -> Callable[[Delivery], int]:
    """Answers 200, but to these texts, or to everything where none is named."""
    return lambda one: status if not words or at(one.event, "message") in words else 200


@rows.promise(
    "P9.6-success",
    "Answers of 200 and 201 are success.",
    "9.6",
    {"200": "delivered", "201": "delivered"},
    never=_HOOK,
)
def _success(bench: Bench) -> Any:
    return outcomes(bench, 200, 201)


@rows.promise(
    "P9.6-failure",
    "Any other answer is a failure: another 2xx, a redirection, an error, none at all.",
    "9.6",
    {name: "tried again" for name in ("203", "302", "404", "500", "none")},
    never=_HOOK,
)
def _failure(bench: Bench) -> Any:
    return outcomes(bench, 203, 302, 404, 500, 0)


def outcomes(bench: Bench, *statuses: int) -> dict[str, str]:
    """What becomes of texts that are answered so; 0 is no answer."""
    bench.subscribe(_CONTENT, max_retries=1)
    answers = {f"Answered {status}": status for status in statuses}
    bench.hook.answer = lambda one: answers[at(one.event, "message")]
    for words in answers:  # a conversation each, so that none waits for another
        consumer = f"{words}@promise.example"
        bench.say(bench.open(consumer), words, consumer)
    bench.settle()
    bench.advance(31)
    came = texts(bench)
    return {
        str(status or "none"): "delivered" if came.count(words) == 1 else "tried again"
        for words, status in answers.items()
    }


@rows.promise(
    "P9.6-timeouts",
    "The service waits 5 s for a connection, and 5 s for an answer.",
    "9.6, R34",
    {"connect": 5, "read": 5},
    never=_HOOK,
)
def _timeouts(bench: Bench) -> Any:
    known = bench.sandbox.settings()
    return {name: int(known[f"{name}_timeout_seconds"]) for name in ("connect", "read")}


@rows.promise(
    "P9.6-late",
    "An answer that is later than the timeout is a failure, so the event comes twice.",
    "9.6, 9.7",
    {"came": 2},
    never=_HOOK,
)
def _late(bench: Bench) -> Any:
    bench.set(read_timeout_seconds=0.05)
    bench.subscribe(_CONTENT, max_retries=1)
    talk = bench.open()
    answered = threading.Event()
    bench.hook.answer = lambda one: 200 if answered.wait(10) else 500
    bench.say(talk)
    bench.settle()
    answered.set()
    bench.set(read_timeout_seconds=5)
    bench.advance(31)
    return {"came": len(texts(bench))}


def _answer_late(bench: Bench, talk: str, times: int, consumer: str = ANA) -> None:
    """Deliver so many texts, one in 40 s, to an endpoint that answers after 3 s of the sandbox's clock."""

    def late(one: Delivery) -> int:
        bench.sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 3, "settle": False})
        return 200

    bench.hook.answer = late
    for _ in range(times):
        bench.say(talk, consumer=consumer)
        bench.settle()
        bench.advance(40)


def _warnings(bench: Bench) -> int:
    return sum(one["about"] == bench.hook.url for one in bench.sandbox.deliveries()["warnings"])


@rows.promise(
    "P9.6-slow",
    "Of an endpoint that answers slower than 2.5 s over 2 minutes, it is warned.",
    "9.6, R69",
    {"warnings after a minute and a half": 0, "after two": 1},
    never=_HOOK,
)
def _slow(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    talk = bench.open()
    _answer_late(bench, talk, 3)
    first = _warnings(bench)
    _answer_late(bench, talk, 1)
    return {"warnings after a minute and a half": first, "after two": _warnings(bench)}


@rows.promise(
    "R9.6-disabled",
    "An app that is too slow is switched off only where that is set.",
    "9.6, R69",
    {"by default": True, "where set": False},
    never=_HOOK,
)
def _disabled(bench: Bench) -> Any:
    def enabled(consumer: str) -> Any:
        app = bench.subscribe(_CONTENT)
        _answer_late(bench, bench.open(consumer), 5, consumer)
        return bench.installs("GET", app.client_id).at("enabled")

    default = enabled(ANA)
    bench.set(disable_slow_apps=True)
    return {"by default": default, "where set": enabled(BEN)}


# --- 9.7, by count -----------------------------------------------------------------------------------


def _failed(bench: Bench, **webhook: Any) -> str:
    """A conversation, and in it a text whose first delivery has failed."""
    bench.subscribe(_CONTENT, **webhook)
    talk = bench.open()
    bench.hook.answer = failing()
    bench.say(talk, "First")
    bench.settle()
    return talk


@rows.promise(
    "P9.7-count-default",
    "Without max_retries an event is dropped after its first failure.",
    "9.7",
    {"came": 1},
    never=_HOOK,
)
def _count_default(bench: Bench) -> Any:
    _failed(bench)
    bench.advance(200)
    return {"came": len(texts(bench))}


@rows.promise(
    "P9.7-count",
    "max_retries is how often an event is tried again; after the last it is lost.",
    "9.7",
    {"max_retries 2": 3, "max_retries 5": 6},
    never=_HOOK,
)
def _count(bench: Bench) -> Any:
    def came(consumer: str, retries: int) -> int:
        path = f"/with-{retries}"
        bench.subscribe(_CONTENT, max_retries=retries, endpoint=bench.hook.url + path)
        bench.hook.answer = failing()
        bench.say(bench.open(consumer), f"{retries} retries", consumer)
        bench.settle()
        bench.advance(200)
        return texts(bench, path).count(f"{retries} retries")

    return {"max_retries 2": came(ANA, 2), "max_retries 5": came(BEN, 5)}


@rows.promise(
    "P9.7-count-pause",
    "Retries by count are 30 s apart.",
    "9.7",
    {"after 25 s": 1, "after 31 s": 2},
    never=_HOOK,
)
def _count_pause(bench: Bench) -> Any:
    _failed(bench, max_retries=1)
    bench.advance(25)
    before = len(texts(bench))
    bench.advance(6)
    return {"after 25 s": before, "after 31 s": len(texts(bench))}


@rows.promise(
    "P9.7-count-unit",
    "Under retries by count one event's failure does not hold up the next of its conversation.",
    "9.7",
    {"came": ["First", "Second", "First"]},
    never=_HOOK,
)
def _count_unit(bench: Bench) -> Any:
    talk = _failed(bench, max_retries=1)
    bench.hook.answer = failing("First")
    bench.say(talk, "Second")
    bench.settle()
    bench.advance(31)
    return {"came": texts(bench)}


PROMISES = rows.all
