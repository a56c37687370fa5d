"""Q19 to Q31: what real clients put into requests, which the service must live with (section 12)."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ANA, BEN, Bench, Heard, at, opened
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import batch, close, hosted_file, opening, profile, publish, request, text
from connectorkit.promises.surveying import with_features

rows = Rows()
_SANDBOX = "needs a look at what is stored"
_FILES = "an account may not have file sharing"


@rows.promise(
    "Q19",
    "Client-Properties whose type lacks its dot, or that are not JSON, are tolerated.",
    "12",
    {"no dot": "taken", "[object Object]": "taken"},
    on_account="harmless",
)
def _odd_properties(bench: Bench) -> Any:
    return {
        "no dot": bench.send(profile(), headers=with_features("RICH_CONTENT", kind="ClientProperties")).taken,
        "[object Object]": bench.send(profile(), headers={"Client-Properties": "[object Object]"}).taken,
    }


@rows.promise(
    "Q20", "Client-Properties may be missing on close.", "12", {"close": "taken"}, on_account="visible"
)
def _no_properties(bench: Bench) -> Any:
    talk = bench.open(headers=with_features("RICH_CONTENT"))
    return {"close": bench.send(close(talk)).taken}


# --- Conversations -----------------------------------------------------------------------------------


@rows.promise(
    "Q21",
    "A conversation may be asked for without a channelType.",
    "12, R17",
    {"opened": True},
    on_account="visible",
)
def _no_channel(bench: Bench) -> Any:
    return {
        "opened": opened(bench.converse(batch(bench.account, channelType=None, skillId="12"))) is not None
    }


_ODD_MEMBERS: dict[str, Any] = {
    "ttrDefName null": {"ttrDefName": None},
    "skillId -1 as text": {"skillId": "-1"},
    "skillId -1": {"skillId": -1},
    "skillId empty": {"skillId": ""},
    "numeric campaign": {"campaignInfo": {"campaignId": 17, "engagementId": 18}},
    "interactionContextId 2": {"conversationContext": {"interactionContextId": 2}},
}


@rows.promise(
    "Q22",
    "The demo's odd members of a conversation request are taken.",
    "12",
    dict.fromkeys(_ODD_MEMBERS, "taken"),
    on_account="visible",
)
def _odd_members(bench: Bench) -> Any:
    def asked(number: int, members: dict[str, Any]) -> str:
        items = batch(bench.account)
        items[1]["body"] |= members
        return bench.converse(items, consumer=f"q22-{number}@promise.example").taken

    return {name: asked(number, members) for number, (name, members) in enumerate(_ODD_MEMBERS.items())}


@rows.promise(
    "Q23",
    "A skillId at the top level of a conversation request is ignored.",
    "12",
    {"request": "taken", "skill": "-1"},
    never=_SANDBOX,
)
def _outer_skill(bench: Bench) -> Any:
    items = batch(bench.account)
    items[1]["skillId"] = "99"
    heard = bench.converse(items)
    return {"request": heard.taken, "skill": bench.kept(opened(heard) or "").get("skill_id")}


@rows.promise(
    "Q24",
    "The features in a conversationContext are stored.",
    "12",
    {"features": ["PHOTO_SHARING", "CO_APP"]},
    never=_SANDBOX,
)
def _context_features(bench: Bench) -> Any:
    talk = bench.open(conversationContext={"features": ["PHOTO_SHARING", "CO_APP"]})
    return {"features": at(bench.kept(talk), "request", "conversationContext", "features")}


@rows.promise(
    "Q25",
    "A conversationId beside the dialogId is taken, and checked.",
    "12",
    {"its own": "taken", "an older one's": "refused"},
    on_account="visible",
)
def _beside(bench: Bench) -> Any:
    older, talk = bench.closed(), bench.open()
    return {
        "its own": bench.send(text(talk, conversationId=talk)).taken,
        "an older one's": bench.send(text(talk, conversationId=older)).taken,
    }


# --- Profiles ----------------------------------------------------------------------------------------


@rows.promise(
    "Q26",
    "A profile may have empty authenticatedData, or none.",
    "12",
    {"empty": "taken", "none": "taken"},
    on_account="visible",
)
def _empty_data(bench: Bench) -> Any:
    def asked(body: dict[str, Any], consumer: str) -> Heard:
        return bench.converse([profile(body), opening(bench.account)], consumer=consumer)

    return {"empty": asked({"authenticatedData": {}}, ANA).taken, "none": asked({}, BEN).taken}


@rows.promise(
    "Q27",
    "A profile may have a firstName and authenticatedData.",
    "12",
    {"firstName": "Ana", "lp_sdes": ["personal"]},
    never=_SANDBOX,
)
def _both(bench: Bench) -> Any:
    person = {"type": "personal", "personal": {"firstname": "Anna"}}
    bench.did(profile({"firstName": "Ana", "authenticatedData": {"lp_sdes": [person]}}))
    kept = bench.profile()
    entries = at(kept, "authenticatedData", "lp_sdes")
    return {"firstName": kept.get("firstName"), "lp_sdes": [at(one, "type") for one in entries]}


@rows.promise(
    "Q28",
    "Contacts may have empty strings.",
    "12",
    {"empty strings": "taken"},
    on_account="harmless",
)
def _empty_contacts(bench: Bench) -> Any:
    contact = {"email": "", "phone": "", "phoneType": "", "address": {"country": "", "region": ""}}
    person = {"type": "personal", "personal": {"contacts": [contact]}}
    return {"empty strings": bench.send(profile({"authenticatedData": {"lp_sdes": [person]}})).taken}


# --- Files and texts ---------------------------------------------------------------------------------


@rows.promise(
    "Q29",
    "An upload may be asked for as PNG, and the file published as what it is.",
    "12, R43",
    {"published as JPG": "taken"},
    never=_FILES,
)
def _another_type(bench: Bench) -> Any:
    url = bench.upload_url(kind="PNG")
    bench.store("PUT", url["relativePath"], url["queryParams"], b"\xff\xd8\xff")
    event = hosted_file(url["relativePath"], "JPG")
    return {"published as JPG": bench.send(publish(bench.open(), event)).taken}


@rows.promise(
    "Q30",
    "fileSize may be text or a number.",
    "12",
    {"text": "taken", "number": "taken"},
    on_account="harmless",
)
def _size(bench: Bench) -> Any:
    def asked(size: Any) -> str:
        body = {"fileSize": size, "fileType": "PNG"}
        return bench.send(request("ms.GenerateURLForUploadFile", body, "f-9")).taken

    return {"text": asked("43"), "number": asked(43)}


@rows.promise(
    "Q31",
    "An object as the message of a text is refused, and the member named.",
    "12",
    {"object": "refused", "names": "body.event.message"},
    on_account="visible",
)
def _object(bench: Bench) -> Any:
    heard = bench.send(text(bench.open(), {"payload": "b-7"}))
    named = "body.event.message" in str(heard.msg)
    return {"object": heard.taken, "names": "body.event.message" if named else heard.msg}


PROMISES = rows.all
