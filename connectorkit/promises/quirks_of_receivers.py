"""Q32 and Q45 to Q51: how real clients read answers, which the service must suit (section 12)."""

from __future__ import annotations

import json
from typing import Any

from connectorkit.promises.bench import ABSENT, TYPES, Bench, at, claims
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import accept, opening, profile, publish, request, text

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_FILES = "an account may not have file sharing"
_CONTENT, _RICH, _RECEIPT, _CHAT, _CHANGE = TYPES
_CARD = {"type": "vertical", "elements": [{"type": "text", "text": "Pick one"}]}


# --- Answers -----------------------------------------------------------------------------------------


@rows.promise(
    "Q32",
    "The answer to a publish always has an integer as sequence.",
    "12",
    {"text": "integer", "rich content": "integer", "receipt": "integer"},
    on_account="visible",
)
def _integers(bench: Bench) -> Any:
    talk = bench.open()
    answers = {
        "text": bench.send(text(talk)),
        "rich content": bench.send(publish(talk, {"type": "RichContentEvent", "content": _CARD})),
        "receipt": bench.send(accept(talk, "READ", 0)),
    }
    kinds = {name: type(one.at("body", "sequence")) for name, one in answers.items()}
    return {name: "integer" if kind is int else kind.__name__ for name, kind in kinds.items()}


@rows.promise(
    "Q46",
    "Clients renew the AppJWT by its exp: that is an hour away, and the token is good until then.",
    "12",
    {"exp": "in 60 minutes", "half a minute before": "taken"},
    never="needs the sandbox's clock",
)
def _exp(bench: Bench) -> Any:
    token = bench.renew()
    bench.consumer_jws()
    left = claims(token)["exp"] - bench.sandbox.now().timestamp()
    bench.advance(left - 30)
    return {
        "exp": "in 60 minutes" if 3585 < left <= 3601 else left,
        "half a minute before": bench.send(profile()).taken,
    }


@rows.promise(
    "Q47",
    "Clients show the raw body of whatever is no 2xx: it is always JSON.",
    "12",
    {"an unknown path": "JSON", "another media type": "JSON", "another version": "JSON"},
    on_account="harmless",
)
def _always_json(bench: Bench) -> Any:
    answers = {
        "an unknown path": bench.path("/q47", {}),
        "another media type": bench.send(profile(), headers={"Content-Type": "text/plain"}),
        "another version": bench.send(profile(), query="?v=2"),
    }
    return {
        name: "JSON" if one.json != ABSENT and one.status >= 400 else one.text
        for name, one in answers.items()
    }


@rows.promise(
    "Q49",
    "Requests may be pretty-printed, with any whitespace.",
    "12",
    {"lines": "taken", "around it": "taken"},
    on_account="harmless",
)
def _pretty(bench: Bench) -> Any:
    printed = json.dumps(profile(), indent="\t").replace("\n", "\r\n")
    return {"lines": bench.send(printed).taken, "around it": bench.send(f"\r\n \t{printed}\r\n").taken}


@rows.promise(
    "Q50",
    "Unknown members are ignored, wherever they stand.",
    "12, R59",
    {"beside the body": "taken", "in the body": "taken", "in the event": "taken", "in a batch": "taken"},
    on_account="visible",
)
def _unknown_members(bench: Bench) -> Any:
    more = {"clientTimestamp": 1}
    items = [{**profile(), **more}, opening(bench.account, **more)]
    heard = bench.converse(items)
    talk = str(heard.at(1, "body", "conversationId"))
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "Hello", **more}
    return {
        "beside the body": bench.send({**text(talk), **more}).taken,
        "in the body": bench.send(text(talk, **more)).taken,
        "in the event": bench.send(publish(talk, event)).taken,
        "in a batch": heard.taken,
    }


@rows.promise(
    "Q45",
    "Clients' libraries repeat a request by themselves: each that arrives is a new message.",
    "12, R62",
    {"messages": 3},
    never="needs a look at what is stored",
)
def _repeated(bench: Bench) -> Any:
    talk = bench.open()
    asking = text(talk, "Once more", request_id="0b0f2a4e-7a52-4a0e-9a51-3a3c8c1d9d10")
    for _ in range(3):
        bench.send(asking)
    return {"messages": sum(at(one, "event", "message") == "Once more" for one in bench.events(talk))}


# --- Files -------------------------------------------------------------------------------------------


@rows.promise(
    "Q48",
    "A browser may put a file: the store answers what it asks before.",
    "12, R70",
    {"origin": "*", "methods": ["PUT"], "PUT": "taken"},
    never=_FILES,
)
def _browser(bench: Bench) -> Any:
    url = bench.upload_url()
    path, query = url["relativePath"], url["queryParams"]
    origin = {"Origin": "https://shop.promise.example"}
    asked = bench.store("OPTIONS", path, query, headers={**origin, "Access-Control-Request-Method": "PUT"})
    methods = asked.headers.get("access-control-allow-methods", "").replace(",", " ").split()
    return {
        "origin": asked.headers.get("access-control-allow-origin"),
        "methods": [name for name in methods if name == "PUT"],
        "PUT": bench.store("PUT", path, query, b"GIF89a", headers=origin).taken,
    }


@rows.promise(
    "Q51",
    "A file may be asked for after the conversation is closed.",
    "12",
    {"after close": "taken"},
    never=_FILES,
)
def _after_close(bench: Bench) -> Any:
    path = bench.uploaded()
    bench.closed()
    return {
        "after close": bench.send(
            request("ms.GenerateURLForDownloadFile", {"relativePath": path}, "f-3")
        ).taken
    }


PROMISES = rows.all
