"""Promises of sections 9.3 to 9.5: which events are told of, the messaging notifications, headers, signature.

Changes of conversations are next door. The signature's formula stands here by itself, and is tried on the
documented examples before it judges what came.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from connectorkit.promises.bench import TYPES, App, Bench, Heard, NotReady, at
from connectorkit.promises.hook import Delivery
from connectorkit.promises.model import Probe, Rows
from connectorkit.promises.samples import accept, chat_state, publish, text

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_CONTENT, _RICH, _RECEIPT, _CHAT, _CHANGE = TYPES
_ELEMENT = {"type": "text", "text": "Pick one"}
_CARD = {"type": "vertical", "elements": [_ELEMENT]}
_EXAMPLE_SECRET = "sandbox-secret-0001"  # noqa: S105 - of the documented example
_EXAMPLE = (
    '{"kind":"notification","body":{"changes":[{"sequence":2,"event":{"type":"ContentEvent",'
    '"message":"Hello","contentType":"text/plain"},"conversationId":"c-1","dialogId":"c-1"}]},'
    '"type":"ms.MessagingEventNotification"}'
)
_EXAMPLE_NOT_ASCII = (
    '{"kind":"notification","body":{"changes":[{"event":{"type":"ContentEvent","message":"Grüße 🚀",'
    '"contentType":"text/plain"},"dialogId":"c-1"}]},"type":"ms.MessagingEventNotification"}'
)


def file_event(path: str, **more: Any) -> dict[str, Any]:
    """The event of a hosted file."""
    return {
        "type": "ContentEvent",
        "contentType": "hosted/file",
        "message": {"relativePath": path, "fileType": "GIF", **more},
    }


# --- 9.3: which events are told of -------------------------------------------------------------------


@rows.promise(
    "P9.3-content", "Under ContentEvent, hosted files are told of, too.", "9.3", {"a file": "told"}, never=_HOOK
)
def _content(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    talk = bench.open()
    bench.did(publish(talk, file_event(bench.uploaded())))
    return {"a file": "told" if "hosted/file" in [at(one.event, "contentType") for one in bench.heard()] else "not"}


@rows.promise(
    "P9.3-rich",
    "Under RichContentEvent, structured content is told of.",
    "9.3",
    {"a carousel": "told"},
    never=_HOOK,
)
def _rich(bench: Bench) -> Any:
    bench.subscribe(_RICH)
    bench.agent(bench.open()).rich({"type": "carousel", "elements": [_ELEMENT]})
    return {"a carousel": "told" if bench.heard() else "not"}


@rows.promise(
    "P9.3-accept",
    "Under AcceptStatusEvent it is told that a message arrived, was read, was acted on.",
    "9.3",
    {"told": ["ACCEPT", "READ", "ACTION"]},
    never=_HOOK,
)
def _accept(bench: Bench) -> Any:
    bench.subscribe(_RECEIPT)
    talk = bench.open()
    bench.say(talk)
    number = bench.agent(talk).read().rich(_CARD).sequence
    bench.did(accept(talk, "ACTION", number))
    return {"told": [at(one.event, "status") for one in bench.heard()]}


@rows.promise(
    "P9.3-chat",
    "Under ChatStateEvent, typing and presence are told of.",
    "9.3",
    {"told": ["COMPOSING", "GONE"]},
    never=_HOOK,
)
def _chat(bench: Bench) -> Any:
    bench.subscribe(_CHAT)
    talk = bench.open()
    bench.agent(talk).typing()
    bench.settle()
    bench.did(chat_state(talk, "GONE"))
    return {"told": [at(one.event, "chatState") for one in bench.heard("ChatStateEvent")]}


@rows.promise(
    "P9.3-only",
    "An app hears only of the types that its manifest names.",
    "9.3",
    {"types": ["ChatStateEvent"]},
    never=_HOOK,
)
def _only(bench: Bench) -> Any:
    bench.subscribe(_CHAT)
    talk = bench.open()
    bench.say(talk)
    bench.agent(talk).rich(_CARD).typing()
    return {"types": sorted({str(at(one.event, "type")) for one in bench.heard()})}


@rows.promise(
    "P9.3-complete",
    "A change of a conversation always has its complete state.",
    "9.3, 9.4",
    {"left out of a later one": []},
    never=_HOOK,
)
def _complete(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    talk = bench.open()
    first = bench.told()
    bench.did(_ttr(talk))
    members = [set(at(one.change, "result", "conversationDetails")) for one in (first, bench.told())]
    return {"left out of a later one": sorted(members[0] - members[1])}


def _ttr(talk: str) -> dict[str, Any]:
    return {
        "kind": "req",
        "id": "u-2",
        "type": "cm.UpdateConversationField",
        "body": {
            "conversationId": talk,
            "conversationField": {"field": "TTRField", "ttrType": "URGENT", "value": 90},
        },
    }


@rows.promise(
    "P9.3-account",
    "Notifications are per account: an app hears of what another app has opened, too.",
    "9.3",
    {"of another app's conversation": "told"},
    never=_HOOK,
)
def _per_account(bench: Bench) -> Any:
    bench.subscribe(_CHANGE)
    talk = bench.open(headers={"Authorization": _app_jwt(bench, bench.app(_silent()))})
    ids = [at(one.change, "result", "convId") for one in bench.heard()]
    return {"of another app's conversation": "told" if talk in ids else "not"}


def _silent() -> dict[str, Any]:
    return {"client_name": "Another", "grant_types": ["client_credentials"], "scope": "msg.consumer"}


def _app_jwt(bench: Bench, app: App) -> str:
    form = {"client_id": app.client_id, "client_secret": app.client_secret.reveal()}
    heard: Heard = bench.ask_app_jwt(form=form)
    if heard.status >= 300:
        raise NotReady("the other app got no AppJWT")
    return str(heard.at("access_token"))


@rows.promise(
    "R9.3-misspelt",
    "A misspelt or misplaced type of events in a manifest is refused, and the right one named.",
    "9.3, R53",
    {
        "AccpetStatusEvent": "refused, names ms.MessagingEventNotification.AcceptStatusEvent",
        "ExConversationChangeNotification": "refused, names cqm.ExConversationChangeNotification",
    },
    never="changes what is installed",
)
def _misspelt(bench: Bench) -> Any:
    def installing(last: str, right: str) -> str:
        wrong = f"ms.MessagingEventNotification.{last}"
        webhooks = {wrong: {"endpoint": "https://hook.promise.example/"}}
        manifest = {"client_name": "Promised", "capabilities": {"webhooks": webhooks}}
        heard = bench.installs("POST", body=manifest)
        return f"{heard.taken}, names {right if f'mean {right}' in heard.text else 'no other'}"

    return {
        "AccpetStatusEvent": installing("AccpetStatusEvent", _RECEIPT),
        "ExConversationChangeNotification": installing("ExConversationChangeNotification", _CHANGE),
    }


# --- 9.4: messaging notifications --------------------------------------------------------------------


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
        for name in ("ContentEvent", "RichContentEvent", "AcceptStatusEvent", "ChatStateEvent")
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
    "P9.4-agent", "The originatorId of an agent's event is a UUID.", "9.4", {"originatorId": [8, 4, 4, 4, 12]}, never=_HOOK
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
    bench.say(talk)
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
    {"caption": "The box", "relativePath": True, "fileType": "GIF", "preview": "data:image/png;base64,aGk="},
    never=_HOOK,
)
def _file(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    talk, path = bench.open(), bench.uploaded()
    bench.did(publish(talk, file_event(path, caption="The box", preview="data:image/png;base64,aGk=")))
    message = at(bench.told().event, "message")
    return {
        **{name: at(message, name) for name in ("caption", "fileType", "preview")},
        "relativePath": at(message, "relativePath") == path,
    }


# --- 9.5: headers and signature ----------------------------------------------------------------------


@rows.promise(
    "P9.5-account",
    "A notification names the account in x-liveperson-account-id.",
    "9.5",
    {"the account": True},
    never=_HOOK,
)
def _names_account(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    bench.say(bench.open())
    return {"the account": bench.told().headers.get("x-liveperson-account-id") == bench.account}


@rows.promise(
    "P9.5-client",
    "A notification names the app in x-liveperson-client-id.",
    "9.5",
    {"the app": True},
    never=_HOOK,
)
def _names_client(bench: Bench) -> Any:
    app = bench.subscribe(_CONTENT)
    bench.say(bench.open())
    return {"the app": bench.told().headers.get("x-liveperson-client-id") == app.client_id}


@rows.promise(
    "P9.5-content-type",
    "The Content-Type of a notification is application/json; charset=utf-8.",
    "9.5",
    {"Content-Type": "application/json; charset=utf-8"},
    never=_HOOK,
)
def _content_type(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    bench.say(bench.open())
    return {"Content-Type": bench.told().headers.get("content-type")}


def _signed(secret: str, body: bytes, algorithm: str, encoding: str) -> str:
    digest = hmac.new(secret.encode("utf-8"), body, getattr(hashlib, algorithm)).digest()
    return f"{algorithm}={digest.hex() if encoding == 'hex' else base64.b64encode(digest).decode('ascii')}"


def _signature(algorithm: str, encoding: str) -> Probe:
    def probe(bench: Bench) -> Any:
        if (algorithm, encoding) != ("sha1", "base64"):
            bench.set(signature_algorithm=algorithm, signature_encoding=encoding)
        app = bench.subscribe(_CONTENT)
        bench.say(bench.open(), "Hello")
        told = bench.told()
        wanted = _signed(app.client_secret.reveal(), told.body, algorithm, encoding)
        given = told.headers.get("x-liveperson-signature")
        return {
            "the example": _signed(_EXAMPLE_SECRET, _EXAMPLE.encode(), algorithm, encoding),
            "what came": "signed so" if given == wanted else "signed otherwise",
        }

    return probe


for _algorithm, _encoding, _value in (
    ("sha1", "base64", "sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw="),
    ("sha1", "hex", "sha1=51feab19cc27eb614118dc03cb25570a5d40694c"),
    ("sha256", "base64", "sha256=TreUdae/YnufXY9gGN7srDyGmJ7zE0NtsDsWIKVC7sE="),
    ("sha256", "hex", "sha256=4eb79475a7bf627b9f5d8f6018deecac3c86989ef313436db03b1620a542eec1"),
):
    _default = ", by default" if (_algorithm, _encoding) == ("sha1", "base64") else ", where it is set so"
    rows.add(
        f"P9.5-{_algorithm}-{_encoding}",
        f"The raw body is signed by {_algorithm} in {_encoding}, the client secret being the key{_default}.",
        "9.5, R36",
        _signature(_algorithm, _encoding),
        {"the example": _value, "what came": "signed so"},
        never=_HOOK,
    )


@rows.promise(
    "P9.5-not-ascii",
    "What is not ASCII is signed as the UTF-8 bytes that are sent.",
    "9.5",
    {
        "the example": ["sha1=LdStGH8lun5xChQna3kSw0o4meM=", "sha256=/7rvqUJdOLs43daBAi+3OoHMoVA4oFHd+V1pfdMpENo="],
        "what came": "signed so",
    },
    never=_HOOK,
)
def _not_ascii(bench: Bench) -> Any:
    app = bench.subscribe(_CONTENT)
    bench.say(bench.open(), "Grüße 🚀")
    told = bench.told()
    digests = [_signed(_EXAMPLE_SECRET, _EXAMPLE_NOT_ASCII.encode(), name, "base64") for name in ("sha1", "sha256")]
    # However the digest is written, the row beside it says.
    given = told.headers.get("x-liveperson-signature", "").rstrip("=")
    wanted = _signed(app.client_secret.reveal(), told.body, "sha1", "base64").rstrip("=")
    return {"the example": digests, "what came": "signed so" if given == wanted else "signed otherwise"}


PROMISES = rows.all
