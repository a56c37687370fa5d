"""Whatever the kit hands out has a short rich display and a plain text form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from public_objects import reachable

import connectorkit as ck
from connectorkit import rich
from connectorkit.markup import Shown

_RICH = ("_repr_html_", "_repr_mimebundle_", "_render_traceback_")
_LONGEST_TEXT, _LONGEST_HTML = 2_000, 40_000  # characters
HELD = [kind for kind in reachable() if not getattr(kind, "_is_protocol", False) and kind is not Shown]


def name(kind: type) -> str:
    return f"{kind.__module__.removeprefix('connectorkit.')}.{kind.__name__}"


def test_what_is_public_is_found() -> None:
    found = {kind.__name__ for kind in HELD}

    assert found >= {
        "Kit",
        "Consumer",
        "Conversation",
        "Reply",
        "Exchange",
        "Fault",
        "Outcome",
        "ClockOffset",
    }
    assert found >= {"ReportCard", "Picture", "Comparison", "LoadReport", "Imported", "Agent"}


@pytest.mark.parametrize("kind", HELD, ids=name)
def test_every_public_object_has_a_rich_display(kind: type) -> None:
    assert any(hasattr(kind, method) for method in _RICH)


@pytest.mark.parametrize("kind", HELD, ids=name)
def test_every_public_object_has_a_plain_text_form(kind: type) -> None:
    assert kind.__repr__ is not object.__repr__


@pytest.fixture(scope="module")
def held() -> Iterator[dict[str, Any]]:
    """One of each that a short session can have."""
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


def test_each_of_a_session_is_short_in_both_forms(held: dict[str, Any]) -> None:
    for label, value in held.items():
        text = repr(value)
        assert " object at 0x" not in text, label
        assert len(text) < _LONGEST_TEXT, (label, len(text))
        assert rich_form(value).strip(), label
        assert len(rich_form(value)) < _LONGEST_HTML, (label, len(rich_form(value)))


def test_no_display_of_a_session_shows_a_secret(held: dict[str, Any]) -> None:
    secret = held["settings"].client_secret.reveal()

    shown = "".join(repr(value) + rich_form(value) for value in held.values())

    assert secret not in shown
    assert "eyJ" not in shown, "a token's beginning"


def rich_form(value: Any) -> str:
    if isinstance(value, BaseException):
        return "\n".join(value._render_traceback_())  # type: ignore[attr-defined]
    if hasattr(value, "_repr_mimebundle_"):
        return str(value._repr_mimebundle_())
    return str(value._repr_html_())
