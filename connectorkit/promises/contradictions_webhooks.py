"""X44 to X49: where the documents contradict each other on notifications.

None can be seen on an account: there, no webhook of this kit can be reached, and no app may be installed.
"""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench, NotReady, at
from connectorkit.promises.model import Reading, Rows

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_INSTALL = "changes what is installed"
_TEXT = "ms.MessagingEventNotification.ContentEvent"
_MISSPELT = "ms.MessagingEventNotification.AccpetStatusEvent"
_MISPLACED = "ms.MessagingEventNotification.ExConversationChangeNotification"


@rows.contradiction(
    "X44",
    "Which ids has a change?",
    "9.4, R37",
    Reading("conversation and dialog", "newer samples", {"ids": ["conversationId", "dialogId"]}),
    Reading("the dialog's alone", "older samples", {"ids": ["dialogId"]}),
    ruling="newer samples",
    never=_HOOK,
)
def _ids(bench: Bench) -> Any:
    bench.subscribe(_TEXT)
    bench.say(bench.open(), "Whose text is this?")
    change = bench.told().change
    return {"ids": [name for name in ("conversationId", "dialogId") if name in change]}


@rows.contradiction(
    "X45",
    "How many changes has a notification?",
    "9.4, R37",
    Reading("one", "clients, which read the first and no other", {"at most": 1}),
    Reading("any number", "the documents, where changes is an array", {"at most": 2}),
    ruling="one",
    never=_HOOK,
)
def _how_many_changes(bench: Bench) -> Any:
    bench.subscribe(_TEXT)
    talk = bench.open()
    for words in ("How many changes are there?", "And now?"):
        bench.say(talk, words)
    counts = [len(at(one.json, "body", "changes")) for one in bench.heard()]
    if not counts:
        raise NotReady("no notification came")
    return {"at most": max(counts)}


@rows.contradiction(
    "X46",
    "Has the notification of a conversation a subscriptionId?",
    "9.4, R38",
    Reading("no", "clients, which do without", {"subscriptionId": "left out"}),
    Reading("yes", "some samples", {"subscriptionId": "there"}),
    ruling="left out; the kit ignores it",
    never=_HOOK,
)
def _subscription_id(bench: Bench) -> Any:
    bench.subscribe("cqm.ExConversationChangeNotification")
    bench.open(skillId="46")
    body = at(bench.told().json, "body")
    return {"subscriptionId": "there" if "subscriptionId" in body else "left out"}


@rows.contradiction(
    "X47",
    "How is the type of receipts spelt in a manifest?",
    "9.3, R53",
    Reading("AcceptStatusEvent", "the names of the events", {"AccpetStatusEvent": "refused"}),
    Reading("AccpetStatusEvent", "a misprint of the documents", {"AccpetStatusEvent": "taken"}),
    ruling="AcceptStatusEvent; the refusal names it",
    never=_INSTALL,
)
def _misspelt(bench: Bench) -> Any:
    return {"AccpetStatusEvent": bench.installs("POST", body=bench.manifest(_MISSPELT)).taken}


@rows.contradiction(
    "X48",
    "Under which name do changes of conversations stand in a manifest?",
    "9.3, R53",
    Reading("cqm.…", "the type of the notification", {"among the messaging events": "refused"}),
    Reading("ms.MessagingEventNotification.…", "a table", {"among the messaging events": "taken"}),
    ruling="cqm.ExConversationChangeNotification; the refusal names it",
    never=_INSTALL,
)
def _misplaced(bench: Bench) -> Any:
    heard = bench.installs("POST", body=bench.manifest(_MISPLACED))
    return {"among the messaging events": heard.taken}


@rows.contradiction(
    "X49",
    "Has a webhook that answers 202 or 204 taken the notification?",
    "9.6, R60",
    Reading("no, 200 and 201 alone count", "the page on webhooks", {"202": "failed", "204": "failed"}),
    Reading("yes, 2xx is success", "HTTP semantics", {"202": "delivered", "204": "delivered"}),
    ruling="the page on webhooks",
    never=_HOOK,
)
def _other_successes(bench: Bench) -> Any:
    named = {"header_name": "X-Promise", "header_value": "x49"}
    app = bench.subscribe(_TEXT, headers=[named])
    talk = bench.open()

    def outcome(status: int) -> str:
        bench.hook.answer = lambda delivery: status
        bench.say(talk)
        bench.settle()
        last = [one["outcome"] for one in bench.deliveries(app) if one["status"] == status]
        if not last:
            raise NotReady("nothing was delivered")
        return "delivered" if last[-1] == "delivered" else "failed"

    return {str(status): outcome(status) for status in (202, 204)}


PROMISES = rows.all
