"""Promises of section 6.1 to 6.3: SEND, whose event it is, texts; other events and fields are next door."""

from __future__ import annotations

import json
from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import accept, batch, profile, publish, request, text, update
from connectorkit.promises.survey_dialogs import asked_after

rows = Rows()
_TTR = {"field": "TTRField", "ttrType": "NORMAL", "value": 610}


# --- The call ----------------------------------------------------------------------------------------


@rows.promise(
    "P6.1-bodies",
    "What a success tells depends on the type: sequence, msg, or the two members of a file URL.",
    "6.1",
    {
        "ms.PublishEvent": "sequence",
        "cm.UpdateConversationField": "msg",
        "userprofile.SetUserProfile": "msg",
        "ms.GenerateURLForUploadFile": "queryParams, relativePath",
        "ms.GenerateURLForDownloadFile": "queryParams, relativePath",
    },
    never="an account may not have file sharing",
)
def _bodies(bench: Bench) -> Any:
    talk, path = bench.open(), bench.upload_url()["relativePath"]
    upload = request("ms.GenerateURLForUploadFile", {"fileSize": "61", "fileType": "GIF"}, "b-61")
    download = request("ms.GenerateURLForDownloadFile", {"relativePath": path}, "b-61")
    asked = (text(talk, request_id="b-61"), update(talk, _TTR, "b-61"), profile(request_id="b-61"))
    return {one["type"]: ", ".join(sorted(bench.did(one).at("body"))) for one in (*asked, upload, download)}


@rows.promise(
    "P6.1-others",
    "Types of CONVERSATION and of the web socket are refused.",
    "6.1, R65",
    dict.fromkeys(
        ("cm.ConsumerRequestConversation", "InitConnection", "ms.SubscribeMessagingEvents"), "refused"
    )
    | {"cqm.SubscribeExConversations": "refused"},
    on_account="harmless",
)
def _other_types(bench: Bench) -> Any:
    opening = batch(bench.account)[1]
    names = ("InitConnection", "ms.SubscribeMessagingEvents", "cqm.SubscribeExConversations")
    others = {name: bench.send(request(name, {}, "w-1")).taken for name in names}
    return {opening["type"]: bench.send(opening).taken, **others}


@rows.promise(
    "P6.1-features",
    "Client-Properties are repeated on every SEND for a feature to stay on.",
    "6.1",
    {"repeated": ["PHOTO_SHARING"], "left out": []},
    never="needs the sandbox",
)
def _features(bench: Bench) -> Any:
    on = {"Client-Properties": '{"type": ".ClientProperties", "features": ["PHOTO_SHARING"]}'}
    talk = bench.open(headers=on)
    bench.say(talk, headers=on)
    repeated = bench.kept(talk)["features"]
    bench.say(talk)
    return {"repeated": repeated, "left out": bench.kept(talk)["features"]}


# --- Whose event it is -------------------------------------------------------------------------------


@rows.promise(
    "P6.2-dialog",
    "An event must state its dialogId.",
    "6.2",
    {"missing": "refused", "empty": "refused"},
    on_account="visible",
)
def _dialog_id(bench: Bench) -> Any:
    talk = bench.open()
    without = text(talk, conversationId=talk)
    del without["body"]["dialogId"]
    return {
        "missing": bench.send(without).taken,
        "empty": bench.send(text("", conversationId=talk)).taken,
    }


@rows.promise(
    "P6.2-owner",
    "A conversationId beside it need not be there, and must be that of the dialog's conversation.",
    "6.2",
    {"absent": "taken", "its own": "taken", "another of the same consumer": "refused"},
    on_account="visible",
)
def _owner(bench: Bench) -> Any:
    another, talk = bench.closed(), bench.open()
    return {
        "absent": bench.send(text(talk)).taken,
        "its own": bench.send(text(talk, conversationId=talk)).taken,
        "another of the same consumer": bench.send(text(talk, "Whose?", conversationId=another)).taken,
    }


@rows.promise(
    "P6.2-survey",
    "In a dialog that is not the MAIN one, an event must state the conversationId.",
    "6.2",
    {"without": "refused", "with": "taken"},
    never="needs the sandbox",
)
def _in_survey(bench: Bench) -> Any:
    talk, dialog = asked_after(bench)
    return {
        "without": bench.send(text(dialog, "Fine so far")).taken,
        "with": bench.send(text(dialog, "Fine so far", conversationId=talk)).taken,
    }


@rows.promise(
    "P6.2-event",
    "An event must be there, as an object of a known type.",
    "6.2",
    {"missing": "refused", "a text": "refused", "an unknown type": "refused"},
    on_account="visible",
)
def _event(bench: Bench) -> Any:
    talk = bench.open()
    unknown = {"type": "SystemEvent", "contentType": "text/plain", "message": "Good morning"}
    return {
        "missing": bench.send(request("ms.PublishEvent", {"dialogId": talk}, "m-1")).taken,
        "a text": bench.send(publish(talk, "Good morning")).taken,
        "an unknown type": bench.send(publish(talk, unknown)).taken,
    }


# --- Texts -------------------------------------------------------------------------------------------


@rows.promise(
    "P6.3-type",
    "A text must state its contentType, text/plain.",
    "6.3",
    {"missing": "refused", "text/html": "refused"},
    on_account="visible",
)
def _content_type(bench: Bench) -> Any:
    talk = bench.open()
    plain = {"type": "ContentEvent", "message": "Good morning"}
    return {
        "missing": bench.send(publish(talk, plain)).taken,
        "text/html": bench.send(publish(talk, {**plain, "contentType": "text/html"})).taken,
    }


@rows.promise(
    "P6.3-message",
    "The message of a text is a text that is not empty.",
    "6.3",
    {"missing": "refused", "empty": "refused", "a number": "refused"},
    on_account="visible",
)
def _message(bench: Bench) -> Any:
    talk = bench.open()
    without = {"type": "ContentEvent", "contentType": "text/plain"}
    return {
        "missing": bench.send(publish(talk, without)).taken,
        "empty": bench.send(text(talk, "")).taken,
        "a number": bench.send(text(talk, 63)).taken,
    }


def _long(talk: str, characters: int, letter: str = "x") -> dict[str, Any]:
    """A text whose request has so many characters as it is sent."""
    empty = json.dumps(text(talk, ""), ensure_ascii=False, separators=(",", ":"))
    return text(talk, letter * (characters - len(empty)))


@rows.promise(
    "P6.3-limit",
    "A request with a text has 5000 characters at most.",
    "6.3",
    {"5000": "taken", "5001": "refused"},
    on_account="visible",
)
def _limit(bench: Bench) -> Any:
    talk = bench.open()
    return {str(size): bench.send(_long(talk, size)).taken for size in (5000, 5001)}


@rows.promise(
    "P6.3-characters",
    "Characters are counted, not bytes.",
    "6.3",
    {"5000 characters, nearly 10000 bytes": "taken"},
    on_account="visible",
)
def _characters(bench: Bench) -> Any:
    return {"5000 characters, nearly 10000 bytes": bench.send(_long(bench.open(), 5000, "ü")).taken}


@rows.promise(
    "P6.3-too-long",
    "A text that is too long is answered 400 and Bad Request, without another word.",
    "6.3, 8.3",
    {"status": 400, "code": "BAD_REQUEST", "body": {"msg": "Bad Request"}},
    on_account="visible",
)
def _too_long(bench: Bench) -> Any:
    heard = bench.send(_long(bench.open(), 6000))
    return {"status": heard.status, "code": heard.at("code"), "body": heard.at("body")}


@rows.promise(
    "R6.3-scope",
    "The limit of 5000 characters holds for receipts too, but not for the text within structured content.",
    "6.3, R21",
    {"a long receipt": "refused", "long structured content": "taken"},
    never="an account may not take structured content of consumers",
)
def _scope(bench: Bench) -> Any:
    talk = bench.open()
    rich = {"type": "RichContentEvent", "content": {"type": "text", "text": "x" * 5000}}
    return {
        "a long receipt": bench.send(accept(talk, "NACK", *range(2500))).taken,
        "long structured content": bench.send(publish(talk, rich)).taken,
    }


PROMISES = rows.all
