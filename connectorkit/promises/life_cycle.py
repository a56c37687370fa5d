"""Promises of sections 11.1 and 11.3 to 11.5: states, roles, time to respond, ratings; surveys are next door."""

from __future__ import annotations

from typing import Any

from connectorkit.errors import SandboxError
from connectorkit.promises.bench import TYPES, Bench, NotReady, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import close, text, update
from connectorkit.promises.surveys import before_survey, states
from connectorkit.promises.webhook_bodies import details, details_of_closed, results

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_SETTING = "needs a setting of the sandbox"
_AGENT = "needs an agent"
_CONTENT, _CHANGE = TYPES[0], TYPES[4]
_MINUTES, _DAYS = 60, 86400


# --- 11.1: states ------------------------------------------------------------------------------------


@rows.promise(
    "P11.1-closed",
    "A conversation that the consumer closes, without a survey, has state and stage CLOSE.",
    "11.1",
    {"state": "CLOSE", "stage": "CLOSE"},
    never=_HOOK,
)
def _closed(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    bench.closed()
    return states(details(bench))


@rows.promise(
    "P11.1-main",
    "The main dialog has the conversation's id, and comes first.",
    "11.1",
    {"dialogId": True, "dialogType": "MAIN", "state": "OPEN"},
    never=_HOOK,
)
def _main(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    talk = bench.open()
    dialog = at(details(bench), "dialogs", 0)
    return {
        "dialogId": at(dialog, "dialogId") == talk,
        **{name: at(dialog, name) for name in ("dialogType", "state")},
    }


@rows.promise(
    "P11.1-idle",
    "A conversation that waits too long for the consumer is closed by the system, without a survey.",
    "11.1",
    {"state": "CLOSE", "stage": "CLOSE", "closeReason": "SYSTEM", "dialogs": 1},
    never=_SETTING,
)
def _idle(bench: Bench) -> Any:
    before_survey(bench)
    bench.set(auto_close_seconds=60 * _MINUTES)
    bench.advance(90 * _MINUTES)
    told = details_of_closed(bench)
    return {**states(told), "closeReason": at(told, "closeReason"), "dialogs": len(at(told, "dialogs"))}


@rows.promise(
    "P11.1-awaited",
    "A conversation that waits for the agent is not closed for being idle.",
    "11.1",
    {"after a day": "OPEN"},
    never=_SETTING,
)
def _awaited(bench: Bench) -> Any:
    talk = bench.open()
    bench.agent(talk).text("How can I help?")
    bench.say(talk)
    bench.set(auto_close_seconds=60 * _MINUTES)
    bench.advance(1 * _DAYS)
    return {"after a day": bench.kept(talk)["state"]}


@rows.promise(
    "P11.1-idle-range",
    "How long may be set from 25 minutes to 90 days.",
    "11.1",
    {"24 minutes": "refused", "25 minutes": "taken", "90 days": "taken", "91 days": "refused"},
    never=_SETTING,
)
def _idle_range(bench: Bench) -> Any:
    def setting(seconds: int) -> str:
        try:
            bench.set(auto_close_seconds=seconds)
        except SandboxError:
            return "refused"
        return "taken"

    return {
        "24 minutes": setting(24 * _MINUTES),
        "25 minutes": setting(25 * _MINUTES),
        "90 days": setting(90 * _DAYS),
        "91 days": setting(91 * _DAYS),
    }


@rows.promise(
    "R11.1-idle-off",
    "Unless it is set, nothing is closed for being idle.",
    "11.1, R49",
    {"after a year": "OPEN"},
    never="needs the sandbox's clock",
)
def _idle_off(bench: Bench) -> Any:
    talk = bench.open()
    bench.agent(talk).text("How can I help?")
    bench.advance(365 * _DAYS)
    return {"after a year": bench.kept(talk)["state"]}


@rows.promise(
    "P11.1-resumed",
    "When an agent resumes, an open conversation of another id is told, and is the consumer's.",
    "11.1, R48",
    {"told": "OPEN", "convId": "another", "consumer": True},
    never=_AGENT,
)
def _resumed(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    talk = bench.closed()
    bench.agent(talk).resume()
    told = results(bench)[-1]
    people = at(told, "conversationDetails", "participants")
    return {
        "told": at(told, "conversationDetails", "state"),
        "convId": "another" if at(told, "convId") not in (talk, None) else "the same",
        "consumer": bench.lp_consumer_id() in [at(one, "id") for one in people],
    }


@rows.promise(
    "P11.1-same-id",
    "Agents who join, leave or transfer never change the id.",
    "11.1",
    {"ids": 1},
    never=_AGENT,
)
def _same_id(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    agent = bench.agent(bench.open()).join()
    agent.leave().join().transfer("4711")
    return {"ids": len({at(one, "convId") for one in results(bench)})}


# --- 11.3: roles -------------------------------------------------------------------------------------


@rows.promise(
    "P11.3-one-agent",
    "At most one agent is assigned.",
    "11.3",
    {"ASSIGNED_AGENT": 1, "CONSUMER": 1},
    never=_AGENT,
)
def _one_agent(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    bench.agent(bench.open()).join().join("MANAGER").join("READER").join()
    told = [at(one, "role") for one in at(details(bench), "participants")]
    if "ASSIGNED_AGENT" not in told:
        raise NotReady("no agent is there")
    return {role: told.count(role) for role in ("ASSIGNED_AGENT", "CONSUMER")}


@rows.promise(
    "P11.3-roles",
    "Agents may be there as MANAGER, AGENT_MANAGER, ASSIGNED_MANAGER, AGENT and READER.",
    "11.3",
    {role: "told" for role in ("MANAGER", "AGENT_MANAGER", "ASSIGNED_MANAGER", "AGENT", "READER")},
    never=_AGENT,
)
def _roles(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    agent = bench.agent(bench.open())
    roles = ("MANAGER", "AGENT_MANAGER", "ASSIGNED_MANAGER", "AGENT", "READER")
    for role in roles:
        agent.join(role)
    told = [at(one, "role") for one in at(details(bench), "participants")]
    return {role: "told" if role in told else "not told" for role in roles}


@rows.promise(
    "R11.3-order",
    "Agents are listed before the consumer, and readers behind.",
    "11.3, R39",
    {"participants": ["AGENT", "CONSUMER", "READER"]},
    never=_AGENT,
)
def _order(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    bench.agent(bench.open()).join("READER").join("AGENT")
    return {"participants": [at(one, "role") for one in at(details(bench), "participants")]}


@rows.promise(
    "P11.3-active",
    "Who is there is ACTIVE in participantsDetails.",
    "11.3",
    {"states": ["ACTIVE"]},
    never=_HOOK,
)
def _active(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    bench.open()
    return {"states": [at(one, "state") for one in at(details(bench), "dialogs", 0, "participantsDetails")]}


# --- 11.4: time to respond ---------------------------------------------------------------------------


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


for _name, _value in (("URGENT", 300), ("NORMAL", 900), ("CUSTOM", 1200)):
    rows.add(
        f"R11.4-{_name.lower()}",
        f"In the sandbox, {_name} stands for {_value} s.",
        "11.4, R18",
        lambda bench, name=_name: {"ttr": _ttr_told(bench, ttrDefName=name)},
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
    bench.subscribe(_CHANGE, _CONTENT)
    talk = bench.open()
    bench.did(update(talk, {"field": "TTRField", "ttrType": "CUSTOM", "value": 240}))
    bench.advance(100)
    bench.say(talk)
    said = at(bench.told(_CONTENT).change, "serverTimestamp")
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
