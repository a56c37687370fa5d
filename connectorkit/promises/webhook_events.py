"""Promises of section 9.4: what is told of texts, receipts, chat states, structured content and files."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import TYPES, Bench, NotReady, at
from connectorkit.promises.hook import Delivery
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import hosted_file, publish

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_CONTENT, _RICH, _RECEIPT, _CHAT, _ = TYPES
_CARD = {"type": "vertical", "elements": [{"type": "text", "text": "Pick one"}]}


def _text_told(bench: Bench, words: str = "Good morning", **how: Any) -> Delivery:
    """What is told of an agent's text."""
    bench.subscribe(_CONTENT)
    bench.agent(bench.open()).text(words, **how)
    return bench.told()


@rows.promise(
    "P9.4-envelope",
    "A notification is JSON with kind notification, a type, and a body of changes.",
    "9.4",
    {"members": ["body", "kind", "type"], "kind": "notification", "body": ["changes"]},
    never=_HOOK,
)
def _envelope(bench: Bench) -> Any:
    told = _text_told(bench).json
    return {"members": sorted(told), "kind": told["kind"], "body": sorted(told["body"])}


@rows.promise(
    "P9.4-types",
    "The type is ms.MessagingEventNotification for all four kinds of messaging events.",
    "9.4",
    {
        name: "ms.MessagingEventNotification"
        for name in ("ContentEvent", "AcceptStatusEvent", "RichContentEvent", "ChatStateEvent")
    },
    never=_HOOK,
)
def _types(bench: Bench) -> Any:
    bench.subscribe(_CONTENT, _RICH, _RECEIPT, _CHAT)
    talk = bench.open()
    bench.say(talk)
    bench.agent(talk).rich(_CARD).typing()
    return {at(one.event, "type"): at(one.json, "type") for one in bench.heard()}


@rows.promise(
    "P9.4-sequence",
    "sequence is the number that the answer to the text has told.",
    "9.4",
    {"the same": [True, True]},
    never=_HOOK,
)
def _sequence(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    talk = bench.open()
    told = [(bench.say(talk), bench.told()) for _ in range(2)]
    return {"the same": [at(one.change, "sequence") == number for number, one in told]}


@rows.promise(
    "P9.4-consumer",
    "The originatorId of a consumer's event is the lp_consumer_id.",
    "9.4",
    {"originatorId": "lp_consumer_id"},
    never=_HOOK,
)
def _consumer(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    bench.say(bench.open())
    given = at(bench.told().change, "originatorId")
    return {"originatorId": "lp_consumer_id" if given == bench.lp_consumer_id() else given}


@rows.promise(
    "P9.4-agent",
    "The originatorId of an agent's event is a UUID.",
    "9.4",
    {"originatorId": [8, 4, 4, 4, 12]},
    never=_HOOK,
)
def _agent(bench: Bench) -> Any:
    given = str(at(_text_told(bench).change, "originatorId"))
    return {"originatorId": [len(part) for part in given.split("-")]}


@rows.promise(
    "P9.4-metadata-of",
    "originatorMetadata has the originator's id again, and the role.",
    "9.4",
    {"id": "originatorId", "role": "ASSIGNED_AGENT"},
    never=_HOOK,
)
def _metadata_of(bench: Bench) -> Any:
    change = _text_told(bench).change
    who = at(change, "originatorMetadata")
    same = at(who, "id") == at(change, "originatorId")
    return {"id": "originatorId" if same else at(who, "id"), "role": at(who, "role")}


@rows.promise(
    "P9.4-timestamp",
    "serverTimestamp is the time in whole milliseconds.",
    "9.4",
    {"serverTimestamp": "now"},
    never=_HOOK,
)
def _timestamp(bench: Bench) -> Any:
    given = at(_text_told(bench).change, "serverTimestamp")
    age = bench.sandbox.now().timestamp() * 1000 - given if type(given) is int else None
    return {"serverTimestamp": "now" if age is not None and -1000 <= age < 60_000 else given}


@rows.promise(
    "P9.4-ids",
    "A messaging change has conversationId and dialogId both.",
    "9.4, R37",
    {"conversationId": True, "dialogId": True},
    never=_HOOK,
)
def _ids(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    talk = bench.open()
    bench.say(talk, "Both ids?")
    change = bench.told().change
    return {name: at(change, name) == talk for name in ("conversationId", "dialogId")}


@rows.promise(
    "P9.4-metadata",
    "The metadata of an event come with it, unchanged.",
    "9.4",
    {"metadata": [{"type": "ExternalId", "id": "card-7"}]},
    never=_HOOK,
)
def _metadata(bench: Bench) -> Any:
    told = _text_told(bench, metadata=[{"type": "ExternalId", "id": "card-7"}])
    return {"metadata": at(told.change, "metadata")}


@rows.promise(
    "P9.4-text",
    "The event of a text has its type, its contentType and the message.",
    "9.4",
    {"event": ["ContentEvent", "text/plain", "Which size?"]},
    never=_HOOK,
)
def _text(bench: Bench) -> Any:
    event = _text_told(bench, "Which size?").event
    return {"event": [at(event, name) for name in ("type", "contentType", "message")]}


@rows.promise(
    "P9.4-receipt",
    "The event of a receipt has its type, status and sequenceList, and the change a number of its own.",
    "9.4",
    {"event": {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}, "sequence": 2},
    never=_HOOK,
)
def _receipt(bench: Bench) -> Any:
    bench.subscribe(_RECEIPT)
    talk = bench.open()
    bench.say(talk)
    bench.agent(talk).read(0)
    told = bench.told()
    if at(told.event, "status") != "READ":
        raise NotReady("no receipt of reading came")
    return {"event": told.event, "sequence": at(told.change, "sequence")}


@rows.promise(
    "P9.4-chat-state",
    "The change of a chat state has neither sequence nor serverTimestamp.",
    "9.4",
    {
        "members": ["conversationId", "dialogId", "event", "originatorId", "originatorMetadata"],
        "event": {"type": "ChatStateEvent", "chatState": "COMPOSING"},
    },
    never=_HOOK,
)
def _chat_state(bench: Bench) -> Any:
    bench.subscribe(_CHAT)
    bench.agent(bench.open()).typing()
    told = bench.told()
    return {"members": sorted(told.change), "event": told.event}


@rows.promise(
    "P9.4-rich",
    "The event of structured content has its type and the content.",
    "9.4",
    {"event": {"type": "RichContentEvent", "content": _CARD}},
    never=_HOOK,
)
def _rich_event(bench: Bench) -> Any:
    bench.subscribe(_RICH)
    bench.agent(bench.open()).rich(_CARD)
    return {"event": bench.told().event}


@rows.promise(
    "P9.4-file",
    "The event of a hosted file has caption, relativePath, fileType and preview.",
    "9.4",
    {"caption": "The box", "fileType": "GIF", "preview": "data:image/png;base64,aGk=", "relativePath": True},
    never=_HOOK,
)
def _file(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    talk, path = bench.open(), bench.uploaded()
    bench.did(publish(talk, hosted_file(path, caption="The box", preview="data:image/png;base64,aGk=")))
    message = at(bench.told().event, "message")
    return {
        **{name: at(message, name) for name in ("caption", "fileType", "preview")},
        "relativePath": at(message, "relativePath") == path,
    }


PROMISES = rows.all
