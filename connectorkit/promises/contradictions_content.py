"""X29 to X43: where the documents contradict each other on content, files, fields and profiles.

What needs a file that was uploaded is never tried on an account, which may not have file sharing; nor what
only the sandbox tells, such as a profile as it is kept.
"""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ANA, Bench, NotReady, at
from connectorkit.promises.model import Reading, Rows
from connectorkit.promises.samples import close, profile, publish, request, update

rows = Rows()
_FILES = "an account may not have file sharing"
_PICTURE = "data:image/gif;base64,"


def _file(bench: Bench, kind: str = "hosted/file", **message: str) -> str:
    talk = bench.open()
    hosted = {"relativePath": bench.uploaded(), "fileType": "GIF", **message}
    return bench.send(publish(talk, {"type": "ContentEvent", "contentType": kind, "message": hosted})).taken


def _upload(bench: Bench, size: int, kind: str) -> str:
    asking = request("ms.GenerateURLForUploadFile", {"fileSize": str(size), "fileType": kind}, "f-1")
    return bench.send(asking).taken


def _element(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


@rows.contradiction(
    "X29",
    "Does the limit of 5000 characters hold for a file with its preview?",
    "6.3, R21",
    Reading("no, a preview may have 30 KB", "the page on files", {"a preview of 6000": "taken"}),
    Reading("yes, for the whole request", "the how-to guide", {"a preview of 6000": "refused"}),
    ruling="the page on files; the limit holds for texts, receipts and chat states",
    never=_FILES,
)
def _long_preview(bench: Bench) -> Any:
    return {"a preview of 6000": _file(bench, caption="Long preview", preview=_PICTURE + "A" * 6000)}


@rows.contradiction(
    "X30",
    "Which member of a RichContentEvent holds its content?",
    "6.5, R40",
    Reading("content", "newer documents", {"content": "taken", "message": "refused"}),
    Reading("message", "an older schema", {"content": "refused", "message": "taken"}),
    Reading("either", "both together", {"content": "taken", "message": "taken"}),
    ruling="content; message is understood as well",
    ruled=2,
    on_account="visible",
)
def _rich_member(bench: Bench) -> Any:
    talk = bench.open()
    element = _element("Pick one of these")
    return {
        name: bench.send(publish(talk, {"type": "RichContentEvent", name: element})).taken
        for name in ("content", "message")
    }


@rows.contradiction(
    "X31",
    "In which member is structured content passed on?",
    "9.4, R40",
    Reading("content", "real clients, and newer documents", {"passed on in": "content"}),
    Reading("message", "an older schema", {"passed on in": "message"}),
    ruling="content, whichever way it came",
    never="needs a webhook that the account can reach",
)
def _rich_passed_on(bench: Bench) -> Any:
    bench.subscribe("ms.MessagingEventNotification.RichContentEvent")
    bench.did(publish(bench.open(), {"type": "RichContentEvent", "message": _element("Passed on")}))
    event = bench.told().event
    return {"passed on in": ", ".join(name for name in ("content", "message") if name in event)}


@rows.contradiction(
    "X32",
    "Is RichContent the type of an event?",
    "6.5, R40",
    Reading("no, RichContentEvent", "newer documents", {"RichContent": "refused"}),
    Reading("yes", "an older schema", {"RichContent": "taken"}),
    ruling="newer documents",
    on_account="visible",
)
def _rich_type(bench: Bench) -> Any:
    event = {"type": "RichContent", "content": _element("Which type?")}
    return {"RichContent": bench.send(publish(bench.open(), event)).taken}


@rows.contradiction(
    "X33",
    "Is HostedFile a contentType?",
    "6.4, R41",
    Reading("no, hosted/file", "newer documents", {"HostedFile": "refused"}),
    Reading("yes", "older pages", {"HostedFile": "taken"}),
    ruling="newer documents; the refusal names hosted/file",
    never=_FILES,
)
def _hosted_file(bench: Bench) -> Any:
    return {"HostedFile": _file(bench, "HostedFile", caption="Of an older page")}


@rows.contradiction(
    "X34",
    "Must a file have a caption?",
    "6.4, R41",
    Reading("no", "the table", {"without a caption": "taken"}),
    Reading("yes", "a schema", {"without a caption": "refused"}),
    ruling="the table",
    never=_FILES,
)
def _caption(bench: Bench) -> Any:
    return {"without a caption": _file(bench, preview=_PICTURE + "eDM0")}


@rows.contradiction(
    "X35",
    "How large may a file be?",
    "10.3, R42",
    Reading("3 MB", "the page on files", {"3 MB": "taken", "4 MB": "refused"}),
    Reading("5 MB", "newer pages on mobile", {"3 MB": "taken", "4 MB": "taken"}),
    ruling="3 MB for what a connector uploads",
    on_account="harmless",
)
def _how_large(bench: Bench) -> Any:
    return {"3 MB": _upload(bench, 3_000_000, "PNG"), "4 MB": _upload(bench, 4_000_000, "PNG")}


@rows.contradiction(
    "X36",
    "May a consumer upload a PDF?",
    "10.3, R42",
    Reading("no, pictures only", "the page on files", {"PNG": "taken", "PDF": "refused"}),
    Reading("yes", "newer pages on mobile", {"PNG": "taken", "PDF": "taken"}),
    ruling="pictures only; others may come in notifications",
    on_account="harmless",
)
def _which_types(bench: Bench) -> Any:
    return {kind: _upload(bench, 3600, kind) for kind in ("PNG", "PDF")}


@rows.contradiction(
    "X37",
    "How many slashes stand between the store and the path of a file?",
    "10.2, R44",
    Reading("two, as the path begins with one already", "the documents' pattern", {"two slashes": "taken"}),
    Reading("one, which is what is signed", "the store's own rule", {"two slashes": "refused"}),
    ruling="one; a second is tolerated, and the signature is that of one",
    never=_FILES,
)
def _two_slashes(bench: Bench) -> Any:
    url = bench.upload_url(kind="JPEG")
    heard = bench.store("PUT", f"/{url['relativePath']}", url["queryParams"], b"\xff\xd8\xff")
    return {"two slashes": heard.taken}


@rows.contradiction(
    "X38",
    "Is conversationField an object or an array?",
    "6.8, R46",
    Reading("an object", "the overview's example", {"an object": "taken", "an array": "refused"}),
    Reading("an array", "the schema", {"an object": "refused", "an array": "taken"}),
    Reading("either", "both together", {"an object": "taken", "an array": "taken"}),
    ruling="either; an array is all or nothing",
    ruled=2,
    on_account="visible",
)
def _field_shape(bench: Bench) -> Any:
    talk, field = bench.open(), {"field": "TTRField", "ttrType": "NORMAL", "value": 900}
    given = {"an object": field, "an array": [field]}
    return {shape: bench.send(update(talk, value, "x38")).taken for shape, value in given.items()}


@rows.contradiction(
    "X39",
    "May a consumer change the skill of a conversation?",
    "6.8, R47",
    Reading("no, only agents", "the pages for connectors", {"Skill": "refused"}),
    Reading("yes", "the schema, which lists the field", {"Skill": "taken"}),
    ruling="no",
    on_account="visible",
)
def _skill(bench: Bench) -> Any:
    field = {"field": "Skill", "type": "UPDATE", "skill": "-1"}
    return {"Skill": bench.send(update(bench.open(), field, "x39")).taken}


@rows.contradiction(
    "X40",
    "When may a consumer rate a conversation?",
    "11.5, R45",
    Reading("after it was closed", "the documents", {"open": "refused", "closed": "taken"}),
    Reading(
        "before: what is closed takes nothing", "the how-to guide", {"open": "taken", "closed": "refused"}
    ),
    Reading("at any time", "both together", {"open": "taken", "closed": "taken"}),
    ruling="at any time; the last rating counts",
    ruled=2,
    on_account="visible",
)
def _when_rated(bench: Bench) -> Any:
    talk = bench.open()
    field = {
        "field": "CSATRate",
        "csatRate": 2,
        "csatResolutionConfirmation": False,
        "status": "PARTIALLY_FILLED",
    }
    before = bench.send(update(talk, field)).taken
    bench.close(talk)
    return {"open": before, "closed": bench.send(update(talk, field)).taken}


@rows.contradiction(
    "X41",
    "What becomes of a second close?",
    "8.3, R13",
    Reading("it is refused, as is all that comes too late", "the how-to guide", {"second close": "refused"}),
    Reading(
        "it changes nothing and is fine", "what a client that repeats it expects", {"second close": "taken"}
    ),
    ruling="it is refused, with the text of the guide",
    on_account="visible",
)
def _closed_twice(bench: Bench) -> Any:
    return {"second close": bench.send(close(bench.closed(), "x41")).taken}


@rows.contradiction(
    "X42",
    "A profile is set again: what becomes of the members it leaves out?",
    "5.3, R63",
    Reading("they stay", "the table, where all members are optional", {"lastName": "kept"}),
    Reading("they are gone", "the name of the request", {"lastName": "gone"}),
    ruling="they stay: each member of the top level is replaced by itself",
    never="an account does not tell what it keeps",
)
def _set_again(bench: Bench) -> Any:
    bench.did(profile({"firstName": "Xenia", "lastName": "Berg"}))
    if at(bench.profile(ANA), "lastName") != "Berg":
        raise NotReady("the profile was not stored")
    bench.did(profile({"firstName": "Xenia"}, "x42"))
    return {"lastName": "kept" if bench.profile(ANA).get("lastName") == "Berg" else "gone"}


@rows.contradiction(
    "X43",
    "Is gender a text or a number?",
    "11.6, R52",
    Reading("a text", "the schema", {"FEMALE": "taken", "1": "refused"}),
    Reading("a number", "a table", {"FEMALE": "refused", "1": "taken"}),
    Reading("either", "both together", {"FEMALE": "taken", "1": "taken"}),
    ruling="a text; 0, 1 and 2 are understood as well",
    ruled=2,
    on_account="harmless",
)
def _gender(bench: Bench) -> Any:
    def answer(gender: Any) -> str:
        person = {"firstname": "Xenia", "gender": gender}
        known = {"lp_sdes": [{"type": "personal", "personal": person}]}
        return bench.send(profile({"authenticatedData": known})).taken

    return {str(gender): answer(gender) for gender in ("FEMALE", 1)}


PROMISES = rows.all
