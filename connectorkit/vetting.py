"""Reads a raw request as a person has typed it, and says what in it is wrong and what only unusual.

*Wrong* is what the documents say is refused. *Unusual* is what they do not mention, and what they say is
tolerated. Nothing is sent here.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from connectorkit import documented, markup, wire
from connectorkit.checks import check_request_size
from connectorkit.content import check_content, check_quick_replies
from connectorkit.documented import Shape
from connectorkit.envelope import checked_metadata
from connectorkit.errors import EnvelopeError

_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "an array",
    bool: "true or false",
    type(None): "null",
}
_DEEPEST = 60  # containers in containers; beyond that nothing more is looked at


class CellError(EnvelopeError):
    """A cell cannot be sent as it stands; ``line`` and ``column``, where it is no JSON, count from 1."""

    def __init__(
        self, field: str, problem: str, fix: str, *, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(field, problem, fix)
        self.line = line
        self.column = column

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Finding:
    """One remark about a request: where, what, and what to do. ``wrong`` means that it will be refused."""

    place: str
    problem: str
    fix: str
    wrong: bool = True

    def __str__(self) -> str:
        return f"{self.place} {self.problem}. {self.fix}"


@dataclass(frozen=True)
class Findings:
    """All remarks about one request, the wrong ones first."""

    found: tuple[Finding, ...] = ()

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """Those for which the service would refuse it."""
        return tuple(one for one in self.found if one.wrong)

    def __bool__(self) -> bool:
        return bool(self.found)

    def __repr__(self) -> str:
        return (
            "\n".join(f"{'Wrong' if one.wrong else 'Unusual'}: {one}" for one in self.found) or "No remarks."
        )

    def _repr_html_(self) -> str:
        rows = [("wrong" if one.wrong else "unusual", one.place, one.problem, one.fix) for one in self.found]
        return markup.table(("", "place", "what", "what to do"), rows, empty="No remarks.", wide=(2, 3))


def read(text: str) -> tuple[Any, Findings]:
    """The JSON in a text, and a remark for each member that is stated twice.

    Raises ``CellError``, which names line and column, where the text is no JSON.
    """
    twice: list[Finding] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for name, value in pairs:
            if name in seen:
                twice.append(
                    Finding(name, "is stated twice", "The last one counts; delete the other.", False)
                )
            seen[name] = value
        return seen

    def no_number(name: str) -> NoReturn:
        place = re.search(rf"(?<![\w\"-]){re.escape(name)}(?![\w\"])", text)
        _refuse(text, place.start() if place else 0, f"{name} is no number in JSON")

    if not text.strip():
        raise CellError(
            "cell", "is empty", "Write a request below the first line: {…}, or a batch: [{…}, {…}]."
        )
    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except json.JSONDecodeError as error:
        _refuse(text, error.pos, error.msg[:1].lower() + error.msg[1:])
    except RecursionError:
        raise CellError("cell", "is nested too deeply to be read", "Send it with --as-is.") from None
    return value, Findings(tuple(twice))


def _refuse(text: str, position: int, problem: str) -> NoReturn:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    lines = text.split("\n")
    shown = lines[line - 1]
    start = max(0, column - 40)
    mark = f"{shown[start : start + 80]}\n{' ' * (column - 1 - start)}^"
    raise CellError(
        "cell",
        f"is no JSON at line {line}, column {column}: {problem}",
        f"Correct it there, or send it with --as-is.\n\n{mark}",
        line=line,
        column=column,
    ) from None


def vet(payload: Any, *, call: str = "send", account_id: str | None = None) -> Findings:
    """What the documents say against a payload of ``call``: ``send``, or the batch of a ``conversation``."""
    found = list(_batch(payload, account_id) if call == "conversation" else _send(payload))
    return Findings(tuple(sorted(found, key=lambda one: not one.wrong)))


def _batch(payload: Any, account_id: str | None) -> Iterator[Finding]:
    if not isinstance(payload, list):
        yield Finding("batch", "must be an array", "Put the requests in brackets, or send it with --send.")
        return
    if len(payload) < 2:
        yield Finding(
            "batch", f"has {len(payload)} requests", "A batch has a profile and a conversation request."
        )
    order = (wire.SET_USER_PROFILE, wire.REQUEST_CONVERSATION, wire.PUBLISH_EVENT)
    for place, request in enumerate(payload):
        name = f"[{place}]"
        yield from _request(request, name, in_batch=True)
        type_ = request.get("type") if isinstance(request, dict) else None
        if place >= len(order):
            yield Finding(name, "is one request too many", "Three are documented; send it afterwards.", False)
        elif type_ != order[place] and type_ in documented.BODIES:
            yield Finding(f"{name}.type", f"is {type_}", f"The request in this place is {order[place]}.")
        body = request.get("body") if isinstance(request, dict) else None
        brand = body.get("brandId") if isinstance(body, dict) else None
        if (
            type_ == wire.REQUEST_CONVERSATION
            and account_id
            and isinstance(brand, str)
            and brand != account_id
        ):
            yield Finding(f"{name}.body.brandId", f"is {brand}", f"It is the account's id, {account_id}.")


def _send(payload: Any) -> Iterator[Finding]:
    if isinstance(payload, list):
        yield Finding("request", "is an array", "SEND takes one request; --conversation sends a batch.")
        return
    yield from _request(payload, "", in_batch=False)
    if isinstance(payload, dict) and payload.get("type") == wire.REQUEST_CONVERSATION:
        yield Finding("type", f"is {wire.REQUEST_CONVERSATION}", "It stands in a batch, after the profile.")


def _request(request: Any, name: str, *, in_batch: bool) -> Iterator[Finding]:
    found = list(_members(request, documented.REQUEST, name))
    if in_batch:  # the service fills in the new conversation's id
        found = [one for one in found if one.place != f"{name}.body.dialogId"]
    yield from found
    if not isinstance(request, dict) or any(one.wrong for one in found):
        return  # what follows looks into what is there
    identity = request["id"]
    if isinstance(identity, str) and not 1 <= len(identity) <= wire.MAX_ID_CHARACTERS:
        yield Finding(_below(name, "id"), f"has {len(identity)} characters", "Allowed are 1 to 64.")
    yield from _deeper(request, name)


def _deeper(request: dict[str, Any], name: str) -> Iterator[Finding]:
    """What the builders check beyond names, types and values."""
    body = request["body"]
    event = body.get("event", {}) if request["type"] == wire.PUBLISH_EVENT else {}
    at = f"{_below(name, 'body')}.event"
    message = event.get("message")
    if message == "":
        yield Finding(f"{at}.message", "is empty", "The service wants a character at least.")
    numbers = event.get("sequenceList")
    if numbers == []:
        yield Finding(f"{at}.sequenceList", "is empty", "Name the numbers of the messages meant, e.g. [2].")
    checks: list[tuple[Any, Any, str]] = [
        (checked_metadata, request.get("metadata"), _below(name, "metadata")),
        (check_content, event.get("content"), f"{at}.content"),
        (check_quick_replies, event.get("quickReplies"), f"{at}.quickReplies"),
    ]
    if event and event.get("type") != wire.RICH_CONTENT_EVENT and not isinstance(message, dict):
        checks.append((check_request_size, request, name or "request"))
    for check, value, place in checks:
        if value is None:
            continue
        try:
            check(place, value) if check in (checked_metadata, check_request_size) else check(value, place)
        except EnvelopeError as error:
            yield Finding(error.field, error.problem, error.fix)


def _members(value: Any, shape: Shape, name: str, depth: int = 0) -> Iterator[Finding]:
    """Names, types and values against the documented shape, from top to bottom."""
    here = name or "request"
    if depth > _DEEPEST:
        return
    if shape.kinds and not _is_a(value, shape.kinds):
        wanted = " or ".join(_NAMES[kind] for kind in shape.kinds)
        yield Finding(here, f"is {_kind(value)}", f"It must be {wanted}.")
        return
    if shape.allowed and not any(value == one and type(value) is type(one) for one in shape.allowed):
        yield Finding(here, f"is {_short(value)}", _choose(value, shape.allowed))
        return
    if isinstance(value, list) and shape.items is not None:
        for place, item in enumerate(value):
            yield from _members(item, shape.items, f"{name}[{place}]", depth + 1)
    elif isinstance(value, dict):
        yield from _object(value, shape.chosen(value), name, depth)


def _object(value: Mapping[str, Any], shape: Shape, name: str, depth: int) -> Iterator[Finding]:
    for member in dict.fromkeys(shape.needed):
        if member not in value:
            wrong = (depth, member) != (0, "kind")  # R3: without one it counts as a request
            yield Finding(_below(name, member), "is missing", "The documents ask for it.", wrong)
    if not shape.members:
        return
    for member, inner in value.items():
        known = shape.members.get(member)
        if known is not None:
            yield from _members(inner, known, _below(name, member), depth + 1)
            continue
        if shape.by:  # with an unknown type nothing is known of the rest
            continue
        near = difflib.get_close_matches(member, shape.members, n=1)
        fix = f"Did you mean {near[0]}?" if near else "The service may ignore it."
        yield Finding(_below(name, member), "is not documented here", fix, False)


def _below(name: str, member: str) -> str:
    return f"{name}.{member}" if name else member


def _is_a(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds)


def _kind(value: Any) -> str:
    return next((name for kind, name in _NAMES.items() if type(value) is kind), "of no JSON type")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


def _choose(value: Any, allowed: tuple[Any, ...]) -> str:
    near = difflib.get_close_matches(str(value).upper(), [str(one).upper() for one in allowed], n=1)
    meant = next((one for one in allowed if near and str(one).upper() == near[0]), None)
    if meant is not None:
        return f"Did you mean {_short(meant)}?"
    return f"Allowed: {', '.join(_short(one) for one in allowed)}."
