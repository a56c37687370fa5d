"""One of each public object that a short session can have, and what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import connectorkit as ck
from connectorkit import rich


@contextmanager
def session() -> Iterator[dict[str, Any]]:
    """The objects by name, as long as their kit is open."""
    with ck.connect(sandbox=True, log=":memory:") as kit:
        ana = kit.consumer("ana@example")
        talk = ana.open(first_name="Ana", features=["RICH_CONTENT"])
        reply = talk.send("Where is my parcel? " * 100)
        kit.sandbox.settle()
        button = rich.button("Yes", rich.publish_text("Yes"))
        fault = kit.sandbox.faults(status=503, on="send", times=1)
        fault.remove()
        bad = kit.send({"kind": "req"})
        known: dict[str, Any] = {
            "kit": kit,
            "settings": kit.settings,
            "secret": kit.settings.client_secret,
            "retry": kit.retry,
            "sandbox": kit.sandbox,
            "receiver": kit.notifications,
            "log": kit.log,
            "token": kit.app_jwt(),
            "consumer": ana,
            "conversation": talk,
            "dialog": talk.dialog(talk.id),
            "reply": reply,
            "refusal": bad,
            "message": reply.messages[0],
            "error": bad.error,
            "exchange": reply.exchange,
            "notification": next(iter(kit.log.read_notifications())),
            "change": kit.log.changes(conversation=talk)[-1],
            "offset": kit.log.clock_offset(),
            "waterfall": kit.log.waterfall(talk),
            "clicked": talk.click(button, 0),
            "agent": kit.sandbox.agent(talk),
            "fault": fault,
            "latency": kit.sandbox.latency("fixed", ms=1),
            "scenarios": kit.scenarios,
            "scenario": next(iter(kit.scenarios)),
            "outcome": kit.scenarios.run("missing-id"),
            "promises": kit.promises,
            "promise": next(iter(kit.promises)),
            "kept promise": kit.promises.run("S33"),
            "imported": ck.from_curl("curl https://va.msg.example/x -d 1"),
            "policy": ck.RetryPolicy(),
            "verdict": ck.signature.verify(b"x", "sha1=AAAA", "only-for-practice"),
            "diagnosis": ck.signature_lab("x", None, "only-for-practice"),
            "async kit": ck.connect_async(sandbox=True, log=kit.log),
            "exchanges": kit.log.exchanges(),
            "pruned": kit.log.prune(older_than="2001-01-01"),
        }
        yield known


def rich_form(value: Any) -> str:
    if isinstance(value, BaseException):
        return "\n".join(value._render_traceback_())  # type: ignore[attr-defined]
    if hasattr(value, "_repr_mimebundle_"):
        return str(value._repr_mimebundle_())
    return str(value._repr_html_())


def html_form(value: Any) -> str:
    """What a page shows of it; empty where that is plain text."""
    if isinstance(value, BaseException):
        return ""
    if hasattr(value, "_repr_mimebundle_"):
        bundle = value._repr_mimebundle_()
        bundle = bundle[0] if isinstance(bundle, tuple) else bundle
        return str(bundle.get("text/html") or bundle.get("image/svg+xml") or "")
    return str(value._repr_html_())
