"""Promises of sections 11.1 and 11.3: states and roles; surveys are next door."""

from __future__ import annotations

from typing import Any

from connectorkit.errors import SandboxError
from connectorkit.promises.bench import TYPES, Bench, NotReady, at
from connectorkit.promises.model import Rows
from connectorkit.promises.surveying import before_survey, states
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
    {"told": "OPEN", "consumer": True},
    never=_AGENT,
)
def _resumed(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    talk = bench.closed()
    bench.agent(talk).resume()
    told = [one for one in results(bench) if at(one, "convId") != talk]
    people = at(told, 0, "conversationDetails", "dialogs", 0, "participantsDetails")
    return {
        "told": at(told, 0, "conversationDetails", "state"),
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


PROMISES = rows.all
