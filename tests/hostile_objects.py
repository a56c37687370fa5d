"""Whatever the kit shows in a notebook, made so that a given text stands wherever a text can stand in it."""

from __future__ import annotations

import collections
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from public_objects import reachable
from storybook import Story, text_event

from connectorkit import frames, markup, promises, records, steering, tokens
from connectorkit.comparing.compare import compare
from connectorkit.comparing.timings import compare_timings
from connectorkit.conversations import Conversation, Dialog
from connectorkit.grading import marks
from connectorkit.histograms import Histogram
from connectorkit.journey import Consumer
from connectorkit.load import figures as counted
from connectorkit.log import Exchange, Log
from connectorkit.paths.waterfall import waterfall
from connectorkit.redact import Secret
from connectorkit.replies import Reply
from connectorkit.scenarios import Outcome, Scenario
from connectorkit.steps import Clicked
from connectorkit.widgets import exchange as closely
from connectorkit.widgets.cases import closely as case_closely
from connectorkit.widgets.cases import table as case_table

Shows = Callable[[str], str]
# Members whose value is one of a few of ours; a text from elsewhere never gets there.
_OURS: dict[tuple[str, str], Any] = {
    ("Mark", "verdict"): marks.FAILED,
    ("Promise", "mark"): next(iter(promises.MARKS)),
    ("Surprise", "steps"): (),
    ("Figures", "times"): {one: Histogram() for one in (counted.CORRECTED, counted.UNCORRECTED)},
}
# What they show is numbers and addresses of ours, or nothing but the name of their kind.
PLAIN = {
    *("AsyncClient", "AsyncConsumer", "AsyncConversation", "AsyncDialog", "AsyncKit"),  # as without Async
    *("Client", "Kit", "SandboxControl", "Receiver", "ResponseLog", "Log", "LoadRun", "Secret", "Histogram"),
    *("Agent", "Latency", "KitPromises", "KitScenarios", "Scenarios", "Administrator", "InstalledApp"),
    "Picture",  # drawn for itself
}


_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>ckRan(0)</script></svg>'


def parts(text: str) -> dict[str, str]:
    """Everything that the one module of HTML makes."""
    bubbles = [markup.Bubble(text, text, text, ours) for ours in (True, False, None)]
    return {
        "facts": markup.facts(text, [(text, text), ("name", text)], good=True),
        "table": markup.table([text, "b"], [[text, text], [None, text], ["x", text]], label=text, wide=(1,)),
        "transcript": markup.transcript(bubbles),
        "nothing said": markup.transcript([], empty=text),
        "note": markup.note(text),
        "title": markup.title(text),
        "words": markup.words(text),
        "drawing": markup.drawing(_SVG, _SVG, text),
        "code": markup.code(text),
        "field": markup.field(text, text),
        "listing": markup.listing(text),
        "folded": markup.folded(text, "", opened=True),
        "timer": markup.timer(text, text),
        "phases": markup.phases([(text, 1.0, "teal")]),
        "section": markup.section(text, ""),
        "fitted": markup.fitted(markup.stack([markup.note(text), markup.facts(text, [(text, text)])])),
    }


def objects(text: str) -> dict[str, str]:
    """One of each public kind whose display may hold a text from elsewhere."""
    shown = {f"{kind.__module__}.{kind.__name__}": shown_as(filled(kind, text)) for kind in kinds()}
    consumer: Any = SimpleNamespace(name=text)
    dialog, talk = Dialog(consumer, text, text), Conversation(consumer, text)
    fault = steering.Fault(consumer, text, {"status": text, text: text})
    fault._removed = True
    token = tokens.Token(text, Secret("x"))
    token.header, token.claims = {"kid": text, "alg": text}, {text: text, "scope": [text]}
    reply = filled(Reply, text)
    made: dict[str, Any] = {
        "Consumer": Consumer(consumer, text),
        "Dialog": dialog,
        "Conversation": talk,
        "Fault": fault,
        "Token": token,
        "Clicked": Clicked(reply, reply),
        "Waterfall": waterfall(conversation_log(text), "c-1"),
        "Comparison": compare([exchange(text)], [exchange(f"{text} other")]),
        "TimingComparison": compare_timings(*2 * [timings(text)], by="label"),
    }
    shown |= {name: shown_as(one) for name, one in made.items()}
    return shown


def of_panels(text: str) -> dict[str, str]:
    """What panels write of one exchange, one scenario and one outcome."""
    log = Log()
    log.append(exchange(text))
    scenario: Scenario = filled(Scenario, text)
    outcome: Outcome = replace(filled(Outcome, text), scenario=scenario)
    return {
        "exchange closely": closely.detail(log, next(iter(log))),
        "case": case_closely(scenario, None),
        "case that was run": case_closely(scenario, outcome),
        "cases": markup.fitted(case_table([outcome])),
        "frame": f'<div style="overflow: auto">{frames.exchanges(log)._repr_html_()}</div>',  # type: ignore[operator]
    }


def shown_as(made: Any) -> str:
    return str(made._repr_html_())


def exchange(text: str, **facts: Any) -> Exchange:
    """With the text in every member of it, and in its bodies as text and as a refusal."""
    sent = {"type": text, "id": text, "body": {"dialogId": text, "event": {"message": text, text: text}}}
    refusal = {"code": text, "body": {"errorCode": 40103, "title": text, "details": text}, "reqId": text}
    known = {"request_body": json.dumps(sent), "response_body": json.dumps(refusal), "status_code": 401}
    return replace(filled(records.Exchange, text), **known | facts)


def timings(text: str) -> Any:
    log = Log()
    for number in range(3):
        log.append(exchange(text, status_code=200, started_at=number, total_ms=5.0 + number))
    return frames.timings(log)


def conversation_log(*texts: str) -> Log:
    """A conversation in which both sides say these, in each of the ways in which something can be said."""
    story, number = Story(), 0
    story.open(consumer=texts[0])
    for place, text in enumerate(texts, 1):
        ms = 10.0 * place
        story.send(ms, text_event(text), number, consumer=texts[0])
        story.hear(ms + 1, rich(text), number + 1, role="ASSIGNED_AGENT")
        story.hear(ms + 2, file(text), number + 2, role=text)
        number += 3
    return story.log


def rich(text: str) -> dict[str, Any]:
    """Structured content whose every text is this one, with quick replies."""
    said = {"type": "publishText", "text": text}
    click = {"actions": [said, {"type": "link", "name": text, "uri": text}], "metadata": [{"id": text}]}
    elements = [
        {"type": "text", "text": text, "tooltip": text, "style": {"bold": True, "color": text}},
        {"type": "button", "title": text, "tooltip": text, "click": click},
        {"type": "image", "url": text, "caption": text, "tooltip": text, "click": click},
        {"type": "linkPreview", "title": text, "url": text},
        {"type": "map", "la": text, "lo": text},
        {"type": text, "title": text},
        {"type": text, "caption": text},
    ]
    replies = [{"type": "button", "title": text, "tooltip": text, "click": click}]
    content = {"type": "vertical", "elements": [*elements, {"type": "carousel", "elements": elements[:2]}]}
    return {
        "type": "RichContentEvent",
        "content": content,
        "quickReplies": {"type": "quickReplies", "replies": replies},
    }


def file(text: str) -> dict[str, Any]:
    """A file with this caption, name and type."""
    message = {"caption": text, "relativePath": f"/f/{text}", "fileType": text, "preview": text}
    return {"type": "ContentEvent", "contentType": "hosted/file", "message": message}


def filled(kind: type, text: str) -> Any:
    """An object of this dataclass that has the text in every member that takes one."""
    hints = _hints(kind)
    given = {}
    for one in fields(kind):
        place = (kind.__name__, one.name)
        given[one.name] = _OURS[place] if place in _OURS else _value(hints[one.name], text)
    return kind(**given)


@cache
def kinds() -> tuple[type, ...]:
    shown = (kind for kind in reachable() if is_dataclass(kind) and hasattr(kind, "_repr_html_"))
    return tuple(kind for kind in shown if kind is not markup.Shown)


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Annotations are texts, and some names in them are imported for type checkers only."""
    known = {one.__name__: one for one in (*reachable(), Secret, Histogram, Path)}
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        names = vars(sys.modules[base.__module__])
        for name, annotation in vars(base).get("__annotations__", {}).items():
            hint = eval(annotation, {**known, **names}) if isinstance(annotation, str) else annotation
            found[name] = hint
    return found


def _value(hint: Any, text: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _value(next(one for one in inner if one is not NoneType), text)
    if origin is Literal:
        return inner[0]
    if origin is tuple:
        return tuple(_value(one, text) for one in inner if one is not Ellipsis)
    if origin in (list, frozenset):
        return origin([_value(inner[0], text)])
    if origin is collections.Counter:
        return collections.Counter({_value(inner[0], text): 1})
    if origin in (dict, Mapping):
        return {_value(inner[0], text): _value(inner[1], text)}
    if hint in _SIMPLE:
        return _SIMPLE[hint](text)
    if origin is Callable or not isinstance(hint, type):
        return lambda *_: text
    return filled(hint, text) if is_dataclass(hint) else hint(text)


_SIMPLE: dict[Any, Callable[[str], Any]] = {
    Any: str,
    str: str,
    object: str,
    int: lambda _: 1,
    float: lambda _: 1.0,
    bool: lambda _: False,
    bytes: lambda text: text.encode("utf-8", "replace"),
    Path: lambda text: Path(text.replace("\0", " ")),
    Secret: lambda _: Secret("x"),
    Histogram: lambda _: Histogram(),
}
