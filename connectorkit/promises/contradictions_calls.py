"""X15 to X28: where the documents contradict each other on the two calls, their answers and numbers.

Most open a conversation, so on an account they are visible. Which receipts the service books, and for whom,
is told to a webhook only: an account cannot show it here.
"""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ANA, BEN, Bench, at, opened
from connectorkit.promises.model import Reading, Rows
from connectorkit.promises.samples import accept, opening, profile, text

rows = Rows()
_HOOK = "needs a webhook that the account can reach"


@rows.contradiction(
    "X15",
    "Which status has a CONVERSATION that was carried out?",
    "8.2, R54",
    Reading("200", "the documents", {"status": 200}),
    Reading("201", "the old OpenAPI file", {"status": 201}),
    ruling="the documents; the old file is obsolete",
    on_account="visible",
)
def _conversation_status(bench: Bench) -> Any:
    return {"status": bench.converse([profile(), opening(bench.account, "x15")]).status}


@rows.contradiction(
    "X16",
    "Which status has a SEND that was carried out?",
    "8.2, R54",
    Reading("200", "the documents", {"status": 200}),
    Reading("202", "the old OpenAPI file", {"status": 202}),
    ruling="the documents; the old file is obsolete",
    on_account="harmless",
)
def _send_status(bench: Bench) -> Any:
    return {"status": bench.send(profile(request_id="x16")).status}


@rows.contradiction(
    "X17",
    "Do the responses to requests that were carried out have kind and type?",
    "7.1, R1",
    Reading("no", "the overview's example and every sample", {"members": ["body", "code", "reqId"]}),
    Reading(
        "yes, as every message",
        "the overview's own words",
        {"members": ["body", "code", "kind", "reqId", "type"]},
    ),
    ruling="the example; the kit reads a missing kind as resp",
    on_account="visible",
)
def _members(bench: Bench) -> Any:
    answers = bench.converse([profile(), opening(bench.account, "x17")])
    return {"members": sorted(answers.json[1])}


@rows.contradiction(
    "X18",
    "May an id be a number?",
    "7.2, R3",
    Reading("yes", "the overview's second example", {"a number as id": "taken"}),
    Reading("no, a string", "the overview's own words", {"a number as id": "refused"}),
    ruling="yes; its reqId is a string all the same",
    on_account="harmless",
)
def _numeric_id(bench: Bench) -> Any:
    return {"a number as id": bench.send(profile(request_id=18)).taken}


@rows.contradiction(
    "X19",
    "Which status has a batch whose conversation request is refused?",
    "5.6, R14",
    Reading("400", "the how-to guide", {"status": 400, "answer": "an array"}),
    Reading(
        "200, and each entry tells its own", "the codes of the entries", {"status": 200, "answer": "an array"}
    ),
    ruling="the guide: the status of what failed, over the array of all answers",
    on_account="visible",
)
def _half_failed(bench: Bench) -> Any:
    bench.open()
    heard = bench.converse([profile(), opening(bench.account, "x19")])
    return {"status": heard.status, "answer": "an array" if isinstance(heard.json, list) else "none"}


@rows.contradiction(
    "X20",
    "Is what stands behind a failed request of a batch answered?",
    "5.2, R15",
    Reading("yes, one entry for each request", "the documents", {"the third": "answered"}),
    Reading("no, the failed one is the last", "the how-to guide's sample", {"the third": "not answered"}),
    ruling="the documents; it is answered, not run",
    on_account="visible",
)
def _behind_a_failed(bench: Bench) -> Any:
    bench.open()
    heard = bench.converse([profile(), opening(bench.account, "x20"), text("", request_id="x20-3")])
    answered = [at(entry, "reqId") for entry in heard.json]
    return {"the third": "answered" if "x20-3" in answered else "not answered"}


@rows.contradiction(
    "X21",
    "May the conversation request come before the profile?",
    "5.2, R16",
    Reading("no", "the prose and all newer pages", {"the other way round": "refused"}),
    Reading("yes", "an old sample", {"the other way round": "taken"}),
    ruling="the newer pages",
    on_account="visible",
)
def _order(bench: Bench) -> Any:
    return {"the other way round": bench.converse([opening(bench.account, "x21"), profile()]).taken}


@rows.contradiction(
    "X22",
    "Must a conversation request state channelType?",
    "5.4, R17",
    Reading("no", "the minimal example", {"without channelType": "taken"}),
    Reading("yes", "the table beside it", {"without channelType": "refused"}),
    ruling="the example: MESSAGING where it is left out",
    on_account="visible",
)
def _channel_type(bench: Bench) -> Any:
    request = opening(bench.account, "x22", channelType=None)
    return {"without channelType": bench.converse([profile(), request]).taken}


@rows.contradiction(
    "X23",
    "Is CUSTOM a ttrDefName?",
    "5.4, R18, R20",
    Reading("yes", "the older documents", {"CUSTOM": "taken"}),
    Reading("no", "the newer documents", {"CUSTOM": "refused"}),
    ruling="taken for old clients; the kit does not offer it",
    on_account="visible",
)
def _custom(bench: Bench) -> Any:
    request = opening(bench.account, "x23", ttrDefName="CUSTOM")
    return {"CUSTOM": bench.converse([profile(), request]).taken}


@rows.contradiction(
    "X24",
    "Can a new conversation be used at once?",
    "5.7, R64",
    Reading("yes, the server waits for it", "the documents", {"a text at once": "taken"}),
    Reading("not always", "the old OpenAPI file's warning of a race", {"a text at once": "refused"}),
    ruling="yes; the fault slow_conversation lets it take a while",
    on_account="visible",
)
def _at_once(bench: Bench) -> Any:
    talk = opened(bench.converse([profile(), opening(bench.account, "x24")]))
    return {"a text at once": bench.send(text(str(talk))).taken}


@rows.contradiction(
    "X25",
    "What does sequence count?",
    "7.4, R4, R5",
    Reading(
        "the dialog's events: a text, and the receipt that follows it",
        "overview and documents together",
        {"two texts with different ids": [0, 2]},
    ),
    Reading(
        "how often the very same request came", "the overview alone", {"two texts with different ids": [0, 0]}
    ),
    Reading("messages, one by one", "the documents alone", {"two texts with different ids": [0, 1]}),
    ruling="both together: one counter for each dialog, and one receipt after each text",
    on_account="visible",
)
def _counts(bench: Bench) -> Any:
    talk = bench.open()
    asked = [text(talk, "The first", "x25-a"), text(talk, "Another", "x25-b")]
    return {"two texts with different ids": [bench.send(one).at("body", "sequence") for one in asked]}


@rows.contradiction(
    "X26",
    "Which receipt follows a consumer's text by itself?",
    "7.4, R6",
    Reading("ACCEPT", "the sample of a history, and the survey walk-through", {"by itself": ["ACCEPT"]}),
    Reading("READ", "the samples of notifications", {"by itself": ["READ"]}),
    ruling="ACCEPT; nothing else is automatic",
    never=_HOOK,
)
def _receipt(bench: Bench) -> Any:
    talk = bench.open()
    bench.say(talk, "Which receipt comes?")
    return {"by itself": [at(one, "event", "status") for one in _receipts(bench, talk)]}


@rows.contradiction(
    "X27",
    "Whose is the receipt that follows by itself?",
    "7.4, R6",
    Reading(
        "the assigned agent's, where there is one",
        "the survey walk-through",
        {"with an agent": "ASSIGNED_AGENT", "without": "CONTROLLER"},
    ),
    Reading(
        "the service's, on arrival",
        "the table of event types",
        {"with an agent": "CONTROLLER", "without": "CONTROLLER"},
    ),
    ruling="the walk-through; without an agent it is the service's",
    never=_HOOK,
)
def _whose(bench: Bench) -> Any:
    def role(talk: str, consumer: str) -> Any:
        bench.say(talk, "Whose receipt is it?", consumer)
        return at(_receipts(bench, talk), -1, "role")

    taken, waiting = bench.open(), bench.open(BEN)
    bench.agent(taken).join()
    return {"with an agent": role(taken, ANA), "without": role(waiting, BEN)}


@rows.contradiction(
    "X28",
    "May a receipt name a number that the dialog does not have?",
    "6.7, R66",
    Reading("yes, without effect: it is an integer from 0 up", "the schema", {"number 6600": "taken"}),
    Reading(
        "no, the numbers are those of the messages meant", "the words beside it", {"number 6600": "refused"}
    ),
    ruling="the schema",
    on_account="visible",
)
def _unknown_number(bench: Bench) -> Any:
    return {"number 6600": bench.send(accept(bench.open(), "READ", 6600)).taken}


def _receipts(bench: Bench, talk: str) -> list[dict[str, Any]]:
    return [one for one in bench.events(talk) if at(one, "event", "type") == "AcceptStatusEvent"]


PROMISES = rows.all
