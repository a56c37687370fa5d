"""Promises of section 9.7: retries by time to live."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from connectorkit.promises.bench import ANA, BEN, TYPES, App, Bench
from connectorkit.promises.hook import Delivery
from connectorkit.promises.model import Rows
from connectorkit.promises.retries import failing, texts
from connectorkit.promises.samples import chat_state

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_CONTENT, _CHAT = TYPES[0], TYPES[3]


def failed(bench: Bench, *types: str, seconds: int = 3600, **webhook: Any) -> tuple[App, str]:
    """An app whose first delivery of a text has failed, and the conversation of that."""
    app = bench.subscribe(*(types or (_CONTENT,)), retry={"retention_time": seconds}, **webhook)
    talk = bench.open()
    bench.hook.answer = failing()
    bench.say(talk, "One")
    bench.settle()
    return app, talk


def state_of(bench: Bench, app: App) -> Any:
    """The state of an app, as the sandbox tells it."""
    apps = bench.sandbox.deliveries()["apps"]
    return next((one["state"] for one in apps if one["client_id"] == app.client_id), None)


def _pauses(bench: Bench, app: App) -> list[float]:
    """Seconds between the attempts for the first text, as the sandbox has noted them."""
    times = [one["at_ms"] for one in bench.deliveries(app) if one["attempt"]]
    return [round((later - earlier) / 1000) for earlier, later in pairwise(times)]


@rows.promise(
    "P9.7-pauses",
    "By time to live, the pauses between retries are 2, 4, 8, 16 … s.",
    "9.7",
    {"pauses": [2, 4, 8, 16]},
    never=_HOOK,
)
def _doubling(bench: Bench) -> Any:
    app, _ = failed(bench)
    bench.advance(40)
    return {"pauses": _pauses(bench, app)[:4]}


@rows.promise(
    "P9.7-longest-pause",
    "The pauses grow up to 5 minutes.",
    "9.7",
    {"longest pause": 300},
    never=_HOOK,
)
def _longest_pause(bench: Bench) -> Any:
    app, _ = failed(bench)
    bench.advance(512 + 610)
    return {"longest pause": max(_pauses(bench, app))}


@rows.promise(
    "P9.7-wins",
    "With a retention_time, max_retries does not count.",
    "9.7",
    {"max_retries 1": "tried more often"},
    never=_HOOK,
)
def _wins(bench: Bench) -> Any:
    failed(bench, max_retries=1)
    bench.advance(200)
    return {"max_retries 1": "tried more often" if len(texts(bench)) > 3 else len(texts(bench))}


@rows.promise(
    "P9.7-order",
    "By time to live, the order inside a conversation is kept.",
    "9.7",
    {"taken": ["One", "Two", "Three", "Four", "Five", "Six"]},
    never=_HOOK,
)
def _order(bench: Bench) -> Any:
    _, talk = failed(bench)
    for words in ("Two", "Three", "Four", "Five", "Six"):
        bench.say(talk, words)
    before = len(texts(bench))
    bench.hook.answer = failing("none of them")
    bench.advance(10)
    return {"taken": texts(bench)[before:]}


@rows.promise(
    "P9.7-failed",
    "Once an endpoint has failed, the app has, and every event is stored.",
    "9.7",
    {"state": "Failed", "another conversation's text": "stored"},
    never=_HOOK,
)
def _stores(bench: Bench) -> Any:
    app, _ = failed(bench)
    bench.say(bench.open(BEN), "Of Ben", BEN)
    return {
        "state": state_of(bench, app),
        "another conversation's text": "sent" if "Of Ben" in texts(bench) else "stored",
    }


@rows.promise(
    "P9.7-all-endpoints",
    "One failing endpoint makes events for all endpoints of the app wait.",
    "9.7",
    {"an event for another endpoint": "waits", "after that is fine": "comes"},
    never=_HOOK,
)
def _all_endpoints(bench: Bench) -> Any:
    manifest = bench.manifest(_CONTENT, _CHAT, retry={"retention_time": 3600})
    manifest["capabilities"]["webhooks"][_CHAT]["endpoint"] = f"{bench.hook.url}/other"
    bench.app(manifest)
    talk = bench.open()
    bench.hook.answer = lambda one: 200 if one.path.endswith("/other") else 503
    bench.say(talk)
    bench.settle()
    bench.did(chat_state(talk, "COMPOSING"))
    before = len(bench.heard(_CHAT))
    bench.hook.answer = failing("none of them")
    bench.advance(10)
    return {
        "an event for another endpoint": "comes" if before else "waits",
        "after that is fine": "comes" if bench.heard(_CHAT) else "waits",
    }


@rows.promise(
    "P9.7-up",
    "When what was stored has been sent, the app is up again, and events go out directly.",
    "9.7",
    {"state": "Up", "the next text": "comes at once"},
    never=_HOOK,
)
def _up(bench: Bench) -> Any:
    app, talk = failed(bench)
    bench.hook.answer = failing("none of them")
    bench.advance(10)
    bench.say(talk, "Next")
    return {
        "state": state_of(bench, app),
        "the next text": "comes at once" if "Next" in texts(bench) else "waits",
    }


@rows.promise(
    "P9.7-lost",
    "What is older than the retention_time is lost.",
    "9.7",
    {"retention_time 600": "comes", "retention_time 10": "lost"},
    never=_HOOK,
)
def _lost(bench: Bench) -> Any:
    def late(consumer: str, seconds: int) -> str:
        words, path = f"Kept for {seconds}", f"/kept-{seconds}"
        bench.subscribe(_CONTENT, retry={"retention_time": seconds}, endpoint=bench.hook.url + path)
        bench.hook.answer = failing()
        bench.say(bench.open(consumer), words, consumer)
        bench.settle()
        bench.advance(100)
        before = texts(bench, path).count(words)
        bench.hook.answer = failing("none of them")
        bench.advance(200)
        return "comes" if texts(bench, path).count(words) > before else "lost"

    return {"retention_time 600": late(ANA, 600), "retention_time 10": late(BEN, 10)}


@rows.promise(
    "P9.7-never-retried",
    "Failures of a webhook with max_retries 0 are dropped, and do not make the app fail.",
    "9.7",
    {"came": 1, "state": "Up"},
    never=_HOOK,
)
def _never_retried(bench: Bench) -> Any:
    app, _ = failed(bench, max_retries=0)
    bench.advance(100)
    return {"came": len(texts(bench)), "state": state_of(bench, app)}


@rows.promise(
    "P9.7-never-retried-stored",
    "If the app has failed, the events of a webhook with max_retries 0 are stored like others.",
    "9.7",
    {"while failed": 0, "afterwards": 1},
    never=_HOOK,
)
def _never_retried_stored(bench: Bench) -> Any:
    manifest = bench.manifest(_CONTENT, _CHAT, retry={"retention_time": 3600})
    manifest["capabilities"]["webhooks"][_CHAT]["max_retries"] = 0
    bench.app(manifest)
    talk = bench.open()
    bench.hook.answer = failing()
    bench.say(talk)
    bench.settle()
    bench.did(chat_state(talk, "PAUSE"))
    before = len(bench.heard(_CHAT))
    bench.hook.answer = failing("none of them")
    bench.advance(10)
    return {"while failed": before, "afterwards": len(bench.heard(_CHAT))}


def once(answer: Callable[[Delivery], int]) -> Callable[[Delivery], int]:
    """The same, until it has failed once."""
    failed: list[Delivery] = []

    def answered(one: Delivery) -> int:
        status = 200 if failed else answer(one)
        if status != 200:
            failed.append(one)
        return status

    return answered


PROMISES = rows.all
