"""Compares what came with what was to come, member for member."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from connectorkit.catalogue import Answer
from connectorkit.log import Exchange
from connectorkit.scenarios.outcome import Check

ABSENT = "–"
_LONGEST_SHOWN = 300
_ANOTHER = re.compile(r"\{not (.+)\}")
# Members that a client may decide on; the others are words, which an account may choose itself.
_NUMBERS = ("code", "errorCode", "error")
# What httpx calls it, and what it is for a client.
_FAILURES = {
    "ConnectError": "no connection",
    "ConnectTimeout": "no connection",
    "ReadTimeout": "no answer in time",
    "RemoteProtocolError": "connection closed",
    "ReadError": "connection closed",
    "WriteError": "connection closed",
}


def compared(answer: Answer, body: Any, exchange: Exchange, *, words: bool = True) -> Iterator[Check]:
    """Every check of the first answer. ``body`` is the expected one, filled in.

    Without ``words``, texts that no document gives are not compared: those of an account may be others.
    """
    yield same("status", answer.status, exchange.status_code)
    if answer.failure or exchange.error:
        yield same("failure", answer.failure or None, failure(exchange) or None)
    promised = "all" if words else answer.promised
    if promised == "status":
        return
    observed_headers = dict(exchange.response_headers)
    for name, value in answer.headers.items():
        yield same(name, value, observed_headers.get(name.lower()))
    if answer.lacks:
        found = answer.lacks if answer.lacks in exchange.response_body else None
        yield same(f"without {answer.lacks}", None, found)
    if body is not None:
        yield from compared_values(body, decoded(exchange.response_body), numbers_only=promised == "numbers")


def failure(exchange: Exchange) -> str:
    """What happened in place of a whole answer, in the words of the catalogue."""
    name = (exchange.error or "").partition(":")[0]
    return _FAILURES.get(name, name)


def decoded(text: str) -> Any:
    """The JSON, or the text where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def compared_values(expected: Any, observed: Any, *, numbers_only: bool = False) -> Iterator[Check]:
    """Every member of two decoded bodies, or the bodies themselves where one is a text."""
    members, found = dict(_leaves(expected)), dict(_leaves(observed))
    if isinstance(expected, str) or isinstance(observed, str):
        members, found = {"body": expected}, {"body": observed}
    for name in dict.fromkeys((*members, *found)):
        if not numbers_only or name.rpartition(".")[2] in _NUMBERS:
            yield same(name, members.get(name), found.get(name), (name in members, name in found))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value that holds no other, with its place: ``[1].body.msg``."""
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield from _leaves(member, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for position, item in enumerate(value):
            yield from _leaves(item, f"{path}[{position}]")
    else:
        yield path or "body", value


def same(what: str, expected: Any, observed: Any, there: tuple[bool, bool] | None = None) -> Check:
    """Whether two values are the same, in type too. ``there`` is whether each is there at all."""
    here, came = there or (expected is not None, observed is not None)
    ok = here == came and type(expected) is type(observed) and expected == observed
    if isinstance(expected, str) and (another := _ANOTHER.fullmatch(expected)):
        ok = isinstance(observed, str) and observed not in ("", another[1])
    return Check(what, shown(expected) if here else ABSENT, shown(observed) if came else ABSENT, ok)


def shown(value: Any) -> str:
    """A value as it is shown; a text that looks like a number or has odd blanks in it has quotes."""
    plain = isinstance(value, str) and value and value == " ".join(value.split())
    quoted = not plain or value.lstrip("-").replace(".", "").isdigit()
    text = json.dumps(value, ensure_ascii=False) if quoted else value
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
