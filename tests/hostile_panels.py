"""Every panel full of hostile texts, without a kernel and without a service behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import ipywidgets
from hostile_objects import conversation_log, exchange, filled

from connectorkit import widgets
from connectorkit.doctor import Step
from connectorkit.log import Log
from connectorkit.redact import Secret
from connectorkit.response_log import ResponseLog
from connectorkit.scenarios import BY_NAME, TOPICS, Check, Outcome, Scenario, Scenarios
from connectorkit.settings import Settings
from connectorkit.texts import storable
from connectorkit.tokens import Token

_TO_A_TALK = 60  # texts, each said in three ways: a transcript draws its newest 200 lines
NOW = datetime(2026, 9, 1, tzinfo=UTC)


def panels(texts: Sequence[str]) -> Iterator[tuple[str, ipywidgets.Box]]:
    """By name; together they show every text in every place of theirs that takes one."""
    for begin in range(0, len(texts), _TO_A_TALK):
        yield f"conversation {begin}", conversation(texts[begin : begin + _TO_A_TALK])
    yield "log", log(texts)
    yield "errors", errors(texts)
    for view in ("percentiles", "histogram", "exchanges"):
        yield f"timings {view}", timings(texts, view)
    yield "timings waterfall", path(texts)
    yield "connect", connect(texts)
    yield "clock", clock(texts)
    yield "faults", faults(texts)
    yield "signature lab", signature(texts)


def conversation(texts: Sequence[str]) -> ipywidgets.Box:
    consumer = SimpleNamespace(name=texts[0], log=conversation_log(*texts), sandbox=None, notifications=None)
    talk: Any = SimpleNamespace(id="c-1", consumer=consumer, closed=False)
    panel = widgets.conversation_panel(talk)
    panel.draft = texts[-1]
    panel._say(texts[0], False)
    return panel


def log(texts: Sequence[str]) -> ipywidgets.Box:
    """The list has them all, and one that breaks out of a script is chosen."""
    panel = widgets.log_panel(_log(texts))
    panel.choose(next(n for n, text in enumerate(texts, 1) if text.startswith("</script>")))
    return panel


def errors(texts: Sequence[str]) -> ipywidgets.Box:
    """A case of each text, all of them run. The names of cases are ours, and no half pairs."""
    texts = [storable(text) for text in texts]
    topics = list(TOPICS)
    cases = {
        text: replace(
            BY_NAME["missing-id"],
            name=text,
            topic=topics[place * len(topics) // len(texts)],
            **dict.fromkeys(("shows", "advice", "source", "never"), text),
        )
        for place, text in enumerate(texts)
    }

    class Hostile(Scenarios):
        def __iter__(self) -> Iterator[Scenario]:
            return iter(cases.values())

        def run(self, name: str, *, visible: bool = False) -> Outcome:
            checks = (Check(name, name, name, ok=False),)
            told: dict[str, Any] = dict(expected=name, observed=name, checks=checks, exchange=exchange(name))
            return Outcome(cases[name], **told)

    client: Any = SimpleNamespace(log=Log())
    panel = widgets.error_panel(Hostile(client))
    for text in texts:
        panel._ran(text, False)
    panel.show(texts[0])
    panel._show_rows()
    return panel


def timings(texts: Sequence[str], view: str) -> ipywidgets.Box:
    panel = widgets.timings_panel(_log(texts))
    panel.show(view, by="label", session="all")
    return panel


def path(texts: Sequence[str]) -> ipywidgets.Box:
    panel = widgets.timings_panel(conversation_log(*texts))
    panel.show("waterfall")
    return panel


def connect(texts: Sequence[str]) -> ipywidgets.Box:
    all_of_them = {f"{place} {text}": text for place, text in enumerate(texts)}
    token = Token("AppJWT", Secret("x"))
    token.header, token.claims = {"kid": texts[0]}, all_of_them
    known = SimpleNamespace(domains=all_of_them, app_jwt=token, consumer_jws={texts[0]: token})
    settings = replace(filled(Settings, texts[0]), client_id=texts[-1])
    kit: Any = SimpleNamespace(
        settings=settings, credentials=known, redactor=SimpleNamespace(claims=lambda claims: claims)
    )
    panel = widgets.connect_panel(kit)
    panel.steps = tuple(Step(text, False, text, 1.0, text) for text in texts)
    panel._show_checks(running=True)
    panel._say(texts[0], False)
    return panel


def clock(texts: Sequence[str]) -> ipywidgets.Box:
    sandbox: Any = SimpleNamespace(now=lambda: NOW)
    panel = widgets.clock_panel(sandbox, lambda: [(text, NOW) for text in texts])
    panel._say(texts[0], False)
    return panel


def faults(texts: Sequence[str]) -> ipywidgets.Box:
    known = [
        {"fault_id": storable(text), "hits": 1, "left": place % 2, "status": text, text: [text]}
        for place, text in enumerate(texts)
    ]
    sandbox: Any = SimpleNamespace(all_faults=lambda: known, active_faults=lambda: known)
    panel = widgets.faults_panel(sandbox)
    panel._say(texts[0], False)
    return panel


def signature(texts: Sequence[str]) -> ipywidgets.Box:
    panel = widgets.signature_lab()
    panel.submit(storable("\n".join(texts)), f"sha1={texts[0]}", "only-for-practice")
    return panel


def _log(texts: Sequence[str]) -> ResponseLog:
    log = ResponseLog()
    for place, text in enumerate(texts):
        log.append(exchange(text, started_at=1_790_000_000_000_000_000 + place, total_ms=5.0 + place % 7))
    return log
