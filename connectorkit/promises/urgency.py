"""Promises of sections 11.4 and 11.5: time to respond, ratings."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import TYPES, Bench, at
from connectorkit.promises.model import Probe, Rows
from connectorkit.promises.samples import update
from connectorkit.promises.webhook_bodies import details, details_of_closed, results

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_AGENT = "needs an agent"
_CHANGE = TYPES[4]
_MINUTES, _DAYS = 60, 86400


def _ttr_told(bench: Bench, **members: Any) -> Any:
    bench.subscribe(_CHANGE)
    bench.open(**members)
    return at(details(bench), "ttr")


@rows.promise(
    "C11.4-default",
    "Without a ttrDefName, a conversation is PRIORITIZED, with 600 s.",
    "11.4",
    {"ttr": {"ttrType": "PRIORITIZED", "value": 600}},
    never=_HOOK,
)
def _default_ttr(bench: Bench) -> Any:
    return {"ttr": _ttr_told(bench)}


def _seconds_of(name: str) -> Probe:
    return lambda bench: {"ttr": _ttr_told(bench, ttrDefName=name)}


for _name, _value in (("URGENT", 300), ("NORMAL", 900), ("CUSTOM", 1200)):
    rows.add(
        f"R11.4-{_name.lower()}",
        f"In the sandbox, {_name} stands for {_value} s.",
        "11.4, R18",
        _seconds_of(_name),
        {"ttr": {"ttrType": _name, "value": _value}},
        never="the seconds are settings of an account",
    )


def _effective(bench: Bench, talk: str) -> Any:
    """The effectiveTTR that is told next, and that nothing else was done for."""
    bench.agent(talk).join("READER")
    return at(results(bench)[-1], "effectiveTTR")


@rows.promise(
    "P11.4-effective",
    "effectiveTTR is the time of the consumer's last message, and the seconds of the ttr.",
    "11.4",
    {"seconds after the message": 240},
    never=_HOOK,
)
def _effective_ttr(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    talk = bench.open()
    bench.did(update(talk, {"field": "TTRField", "ttrType": "CUSTOM", "value": 240}))
    bench.advance(100)
    bench.say(talk)
    said = at(bench.events(talk), 0, "serverTimestamp")
    return {"seconds after the message": (_effective(bench, talk) - said) // 1000}


@rows.promise(
    "P11.4-replied",
    "After an agent's reply effectiveTTR is -1.",
    "11.4",
    {"effectiveTTR": -1},
    never=_AGENT,
)
def _replied(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    talk = bench.open()
    bench.say(talk)
    bench.agent(talk).text("How can I help?")
    return {"effectiveTTR": _effective(bench, talk)}


@rows.promise(
    "P11.4-closed",
    "After close effectiveTTR is -1.",
    "11.4, 9.4",
    {"effectiveTTR": -1},
    never=_HOOK,
)
def _after_close(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    bench.closed()
    details_of_closed(bench)
    return {"effectiveTTR": at(results(bench)[-1], "effectiveTTR")}


# --- 11.5: ratings -----------------------------------------------------------------------------------


def _rate(talk: str, rate: int) -> dict[str, Any]:
    rating = {"csatRate": rate, "csatResolutionConfirmation": False, "status": "FILLED"}
    return update(talk, {"field": "CSATRate", **rating})


@rows.promise(
    "P11.5-after-close",
    "A rating may be sent after close.",
    "11.5",
    {"it": "taken", "stored": 3},
    never="stores a rating that somebody may look at",
)
def _after(bench: Bench) -> Any:
    talk = bench.closed()
    return {"it": bench.send(_rate(talk, 3)).taken, "stored": at(bench.kept(talk), "csat", "csatRate")}


@rows.promise(
    "R11.5-last",
    "Of several ratings the last one wins.",
    "11.5, R45",
    {"stored": 1},
    never="stores a rating that somebody may look at",
)
def _last(bench: Bench) -> Any:
    talk = bench.open()
    bench.did(_rate(talk, 4))
    bench.did(_rate(talk, 1))
    return {"stored": at(bench.kept(talk), "csat", "csatRate")}


PROMISES = rows.all
