"""Q33 to Q44: how real clients read notifications, which the service must suit (section 12)."""

from __future__ import annotations

import json
from typing import Any

from connectorkit.promises.bench import TYPES, Bench, NotReady, at
from connectorkit.promises.model import Rows
from connectorkit.promises.retries import outcomes
from connectorkit.promises.samples import batch, text
from connectorkit.promises.webhook_bodies import details, details_of_closed

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_CONTENT, _RICH, _RECEIPT, _CHAT, _CHANGE = TYPES
_CARD = {"type": "vertical", "elements": [{"type": "text", "text": "Pick one"}]}


@rows.promise(
    "Q33",
    "Clients match receipts by equality with that sequence.",
    "12",
    {"the receipt of the second text": "is of its sequence"},
    never=_HOOK,
)
def _receipts(bench: Bench) -> Any:
    bench.subscribe(_RECEIPT)
    talk = bench.open()
    bench.say(talk)
    number = bench.say(talk)
    numbers = at(bench.told().event, "sequenceList")
    return {"the receipt of the second text": "is of its sequence" if numbers == [number] else numbers}


@rows.promise(
    "Q34",
    "Clients take a receipt of the ASSIGNED_AGENT for an agent at work: without one, nobody has that role.",
    "12, R6",
    {"nobody there": "another role", "after the agent has left": "another role"},
    never=_HOOK,
)
def _agent_at_work(bench: Bench) -> Any:
    bench.subscribe(_RECEIPT)
    talk = bench.open()
    roles = []
    for step in (0, 1):
        if step:
            bench.agent(talk).join().leave()
        bench.say(talk)
        roles.append(at(bench.told().change, "originatorMetadata", "role"))
    told = ["ASSIGNED_AGENT" if role == "ASSIGNED_AGENT" else "another role" for role in roles]
    return dict(zip(("nobody there", "after the agent has left"), told, strict=True))


@rows.promise(
    "Q35",
    "Clients read only the first change: each notification has one.",
    "12",
    {"changes": [1]},
    never=_HOOK,
)
def _one_change(bench: Bench) -> Any:
    bench.subscribe()
    talk = bench.open()
    bench.say(talk)
    bench.agent(talk).join().read().typing().text("How can I help?")
    return {"changes": sorted({len(at(one.json, "body", "changes")) for one in bench.heard()})}


@rows.promise(
    "Q36",
    "Clients find the conversation by conversationId, else by result.convId: one of them is always there.",
    "12",
    {"a receipt": "conversationId", "a change": "result.convId"},
    never=_HOOK,
)
def _found(bench: Bench) -> Any:
    bench.subscribe(_RECEIPT, _CHANGE)
    talk = bench.open()
    bench.say(talk)
    receipt, change = bench.told(_RECEIPT).change, bench.told(_CHANGE).change
    return {
        "a receipt": "conversationId" if at(receipt, "conversationId") == talk else "neither",
        "a change": "result.convId" if at(change, "result", "convId") == talk else "neither",
    }


@rows.promise(
    "Q37",
    "Clients learn the consumer's id from its own events: they are told, also those of a batch.",
    "12",
    {"told": "CONSUMER"},
    never=_HOOK,
)
def _echoed(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    heard = bench.converse(batch(bench.account, text("", "First words")))
    if heard.taken != "taken":
        raise NotReady("the batch was not taken")
    told = [one.change for one in bench.heard() if at(one.event, "message") == "First words"]
    return {"told": at(told, 0, "originatorMetadata", "role")}


@rows.promise(
    "Q38",
    "Clients see an agent join by the first participant: it is the MANAGER, not the consumer.",
    "12",
    {"first participant": "MANAGER", "state": "OPEN"},
    never=_HOOK,
)
def _joined(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    bench.agent(bench.open()).join("MANAGER")
    told = details(bench)
    return {"first participant": at(told, "participants", 0, "role"), "state": at(told, "state")}


@rows.promise(
    "Q39",
    "Clients see an agent close by state, stage and closeReason: all are set.",
    "12",
    {"state": "CLOSE", "stage": "CLOSE", "closeReason": "AGENT"},
    never=_HOOK,
)
def _closed_by_agent(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    bench.agent(bench.open()).join().close()
    told = details_of_closed(bench)
    return {name: at(told, name) for name in ("state", "stage", "closeReason")}


@rows.promise(
    "Q40",
    "Clients read event.content and event.quickReplies.replies.",
    "12",
    {"content": "vertical", "replies": ["This", "That"]},
    never=_HOOK,
)
def _canonical(bench: Bench) -> Any:
    bench.subscribe(_RICH)
    bench.agent(bench.open()).rich(_CARD, quick_replies=["This", "That"])
    event = bench.told().event
    replies = at(event, "quickReplies", "replies")
    return {
        "content": at(event, "content", "type"),
        "replies": [at(one, "title") for one in replies] if isinstance(replies, list) else replies,
    }


@rows.promise(
    "Q41",
    "Bodies are raw UTF-8; where it is set so they are pure ASCII, and say the same.",
    "12",
    {"by default": "UTF-8", "set to": "ASCII", "text": "Grüß Gott"},
    never=_HOOK,
)
def _ascii(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    talk = bench.open()
    bench.say(talk, "Grüß Gott")
    raw = bench.told()
    bench.set(escape_non_ascii=True)
    bench.say(talk, "Grüß Gott")
    escaped = bench.told()
    return {
        "by default": "UTF-8" if "Grüß Gott".encode() in raw.body else "escaped",
        "set to": "ASCII" if escaped.body.isascii() else "UTF-8",
        "text": at(escaped.event, "message"),
    }


@rows.promise(
    "Q42",
    "Bodies are compact JSON, so that writing them again gives the same bytes.",
    "12",
    {"written again": "the same"},
    never=_HOOK,
)
def _compact(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    bench.say(bench.open(), "What, if: spaces?")
    told = bench.told()
    again = json.dumps(told.json, ensure_ascii=False, separators=(",", ":")).encode()
    return {"written again": "the same" if again == told.body else "another"}


@rows.promise(
    "Q43",
    "Each type may have a URL of its own, or all the same.",
    "12",
    {"texts": ["/hook/texts"], "chat states": ["/hook/states"], "all": ["/hook"]},
    never=_HOOK,
)
def _urls(bench: Bench) -> Any:
    manifest = bench.manifest(_CONTENT, _CHAT)
    for kind, path in ((_CONTENT, "/texts"), (_CHAT, "/states")):
        manifest["capabilities"]["webhooks"][kind]["endpoint"] += path
    app = bench.app(manifest)
    agent = bench.agent(bench.open()).text("Which one?").typing()
    apart = {
        name: sorted({one.path for one in bench.heard(kind)})
        for name, kind in (("texts", _CONTENT), ("chat states", _CHAT))
    }
    bench.installed(app, bench.manifest(_CONTENT, _CHAT))
    before = len(bench.heard())
    agent.text("Still there?").pause()
    return {**apart, "all": sorted({one.path for one in bench.heard()[before:]})}


@rows.promise(
    "Q44",
    "Clients answer 200 also for what they do not know, and perhaps 401 or 400 to a bad signature: failures.",
    "12",
    {"200": "delivered", "401": "tried again", "400": "tried again"},
    never=_HOOK,
)
def _answers(bench: Bench) -> Any:
    return outcomes(bench, 200, 401, 400)


PROMISES = rows.all
