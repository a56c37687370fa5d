"""S20 to S31, of the API overview: kinds and types of messages.

Two sentences that say nearly the same are observed on different requests: one on CONVERSATION, one on
SEND, or on a text and on a profile. So a defect shows in the row of the sentence it breaks.
"""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, BEN, Bench
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import EXAMPLE_REQUEST, EXAMPLE_UPDATE, batch, close, profile, text

rows = Rows()


@rows.promise(
    "S20",
    "Every message, of either side, is JSON.",
    "7.1",
    {
        "a request that is not JSON": "refused",
        "the answer to a text": "JSON",
        "the answer to an unknown conversation": "JSON",
        "the answer to no token": "JSON",
        "the answer to another method": "JSON",
    },
    on_account="visible",
)
def _json(bench: Bench) -> Any:
    talk = bench.open()
    answers = {
        "a text": bench.send(text(talk)),
        "an unknown conversation": bench.send(text("00000000-0000-4000-8000-000000000001")),
        "no token": bench.send(text(talk), headers={"Authorization": None}),
        "another method": bench.send(profile(), method="PUT"),
    }
    form = bench.send("kind=req&id=1&type=userprofile.SetUserProfile")
    return {
        "a request that is not JSON": form.taken,
        **{
            f"the answer to {what}": "JSON" if one.json != ABSENT else "not JSON"
            for what, one in answers.items()
        },
    }


@rows.promise(
    "S21",
    "A message is a request, a response or a notification, and nothing else.",
    "7.1",
    {"req": "taken", "event": "refused"},
    on_account="harmless",
)
def _three_kinds(bench: Bench) -> Any:
    return {kind: bench.send({**profile(), "kind": kind}).taken for kind in ("req", "event")}


@rows.promise(
    "S22",
    "A request of the connector is replied to with a response.",
    "7.1",
    {"the answer is": "a response"},
    on_account="harmless",
)
def _replied_to(bench: Bench) -> Any:
    heard = bench.send(profile())
    return {"the answer is": "a response" if heard.at("kind") in (ABSENT, "resp") else heard.at("kind")}


@rows.promise(
    "S23",
    "Each request is answered by one response.",
    "7.1",
    {"two requests": "2 responses", "three requests": "3 responses"},
    on_account="visible",
)
def _each_answered(bench: Bench) -> Any:
    two = bench.converse(consumer=BEN)
    three = bench.converse(batch(bench.account, text("")))
    return {
        "two requests": f"{len(two.json)} responses",
        "three requests": f"{len(three.json)} responses",
    }


@rows.promise(
    "S24",
    "A notification goes from the server to the connector.",
    "9",
    {"the agent's text": "notified"},
    never="needs a webhook that the account can reach",
)
def _notified(bench: Bench) -> Any:
    bench.subscribe("ms.MessagingEventNotification.ContentEvent")
    talk = bench.open()
    bench.agent(talk).text("How can I help?")
    came = [one.event.get("message") for one in bench.heard("ContentEvent")]
    return {"the agent's text": "notified" if "How can I help?" in came else "not notified"}


@rows.promise(
    "S25",
    "An app is notified only while its webhooks capability is enabled.",
    "9.1",
    {"enabled": "notified", "no longer": "not notified"},
    never="changes what is installed",
)
def _capability(bench: Bench) -> Any:
    app = bench.subscribe()
    talk = bench.open()
    bench.settle()
    enabled = len(bench.deliveries(app))
    without = {"client_name": "Promised", "enabled": True, "grant_types": ["client_credentials"]}
    bench.installed(app, without)
    bench.say(talk)
    bench.settle()
    return {
        "enabled": "notified" if enabled else "not notified",
        "no longer": "notified" if len(bench.deliveries(app)) > enabled else "not notified",
    }


@rows.promise(
    "S26",
    "kind stands at the top level, and a connector's is req.",
    "7.1, R1",
    {
        "resp from a connector": "refused",
        "notification from a connector": "refused",
        "another kind in the body": "taken",
    },
    on_account="harmless",
)
def _top_level_kind(bench: Bench) -> Any:
    return {
        "resp from a connector": bench.send({**profile(), "kind": "resp"}).taken,
        "notification from a connector": bench.send({**profile(), "kind": "notification"}).taken,
        "another kind in the body": bench.send(profile({"kind": "notification"})).taken,
    }


@rows.promise(
    "S27",
    "The example of a request is taken as it is printed.",
    "6.3",
    {"the example": "taken"},
    on_account="visible",
)
def _example(bench: Bench) -> Any:
    talk = bench.open()
    return {"the example": bench.send(EXAMPLE_REQUEST % talk).taken}


@rows.promise(
    "S28",
    "Every message has a type.",
    "7.1, R1",
    {"a request without a type": "refused"},
    on_account="harmless",
)
def _typed(bench: Bench) -> Any:
    untyped = {"kind": "req", "id": "m-1", "body": {}}
    return {"a request without a type": bench.send(untyped).taken}


@rows.promise(
    "S29",
    "What the body holds depends on the type.",
    "5, 6",
    {"a text's body in an update": "refused", "an update's body in a text": "refused"},
    on_account="visible",
)
def _type_decides(bench: Bench) -> Any:
    talk = bench.open()
    saying, closing = text(talk), close(talk)
    return {
        "a text's body in an update": bench.send({**saying, "type": closing["type"]}).taken,
        "an update's body in a text": bench.send({**closing, "type": saying["type"]}).taken,
    }


@rows.promise(
    "S30",
    "The type is that of the top level.",
    "7.1",
    {"another type in the body": "taken"},
    on_account="harmless",
)
def _top_level_type(bench: Bench) -> Any:
    return {"another type in the body": bench.send(profile({"type": "ms.PublishEvent"})).taken}


@rows.promise(
    "S31",
    "The example of an update, with a number as id, is taken as it is printed.",
    "6.8",
    {"the example": "taken"},
    on_account="visible",
)
def _example_update(bench: Bench) -> Any:
    talk = bench.open()
    return {"the example": bench.send(EXAMPLE_UPDATE % talk).taken}


PROMISES = rows.all
