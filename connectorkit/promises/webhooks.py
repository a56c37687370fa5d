"""Promises of section 9.3: which events an app is told of; how they are told is next door."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import TYPES, App, Bench, NotReady, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import accept, chat_state, hosted_file, publish, update

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_CONTENT, _RICH, _RECEIPT, _CHAT, _CHANGE = TYPES
_ELEMENT = {"type": "text", "text": "Pick one"}
_CARD = {"type": "vertical", "elements": [_ELEMENT]}


# --- 9.3: which events are told of -------------------------------------------------------------------


@rows.promise(
    "P9.3-content",
    "Under ContentEvent, hosted files are told of, too.",
    "9.3",
    {"a file": "told"},
    never=_HOOK,
)
def _content(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    talk = bench.open()
    bench.did(publish(talk, hosted_file(bench.uploaded())))
    return {
        "a file": "told"
        if "hosted/file" in [at(one.event, "contentType") for one in bench.heard()]
        else "not"
    }


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
    bench.did(update(talk, {"field": "TTRField", "ttrType": "URGENT", "value": 90}))
    members = [set(at(one.change, "result", "conversationDetails")) for one in (first, bench.told())]
    return {"left out of a later one": sorted(members[0] - members[1])}


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
    heard = bench.ask_app_jwt(form=form)
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


PROMISES = rows.all
