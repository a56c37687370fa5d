"""What was to come of a logged exchange: by its scenario, else by what documents say of every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectorkit import wire
from connectorkit.catalogue import BY_NAME, Scenario
from connectorkit.log import Exchange
from connectorkit.pairs import Pair, object_or_empty, pairs
from connectorkit.scenarios.comparing import ABSENT, compared, same, shown
from connectorkit.scenarios.outcome import Check

# What else is known where a scenario is played is not in the log.
_UNKNOWN = re.compile(r"\{(?!not )\w+\}")
_OPENS = ("open", "open by another")


@dataclass(frozen=True)
class Expected:
    """What was compared with what came. ``by`` says by what rule, ``remark`` what to know about it."""

    by: str
    checks: tuple[Check, ...]
    remark: str = ""

    @property
    def met(self) -> bool | None:
        """Whether all agrees; ``None`` where nothing could be compared."""
        return all(check.ok for check in self.checks) if self.checks else None


def expected(exchange: Exchange) -> Expected:
    """The expected beside the observed; steps that prepare a scenario are told apart."""
    scenario = BY_NAME.get(exchange.scenario or "")
    if scenario is None:
        return Expected("the documents", tuple(_documented(exchange)))
    return _of_scenario(exchange, scenario)


def _of_scenario(exchange: Exchange, scenario: Scenario) -> Expected:
    call = scenario.request.call
    if exchange.operation != call:
        remark = f"A step of scenario {scenario.name}, which is about the answer to a call of {call}."
        return Expected("the documents", tuple(_documented(exchange)), remark)
    if exchange.attempt > 1:
        remark = (
            f"Attempt {exchange.attempt}: scenario {scenario.name} is about the first. In the end: "
            f"{scenario.handled or scenario.answer.status}."
        )
        return Expected("the documents", tuple(_documented(exchange)), remark)
    by = f"scenario {scenario.name}"
    body = _filled(scenario.answer.body, exchange)
    checks = [check for check in compared(scenario.answer, body, exchange) if not _open_end(check)]
    good = tuple(_documented(exchange))
    if (
        not all(check.ok for check in checks)
        and _may_be_a_step(exchange, scenario)
        and all(check.ok for check in good)
    ):
        remark = f"A step of scenario {scenario.name}, before or after the request it is about."
        return Expected("the documents", good, remark)
    return Expected(by, tuple(checks), scenario.shows)


def _may_be_a_step(exchange: Exchange, scenario: Scenario) -> bool:
    """Whether it may be one that prepares the scenario or tidies up after it.

    A SEND of another type is; of the other calls, a scenario's preparations make the same ones.
    """
    if exchange.operation != "send":
        return exchange.operation != "conversation" or any(step in _OPENS for step in scenario.before)
    types = {pair.type for pair in pairs(exchange)}
    own = object_or_empty(scenario.request.payload).get("type")
    return own not in types or (own == wire.UPDATE_FIELD and "close" in scenario.before)


def _filled(body: Any, exchange: Exchange) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, exchange) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, exchange) for value in body]
    if not isinstance(body, str):
        return body
    known = {"account": exchange.account_id, "consumer": exchange.consumer}
    for name, value in known.items():
        body = body.replace(f"{{{name}}}", value) if value is not None else body
    return body


def _open_end(check: Check) -> bool:
    """Whether the value could only be known while it was played, and something came in its place."""
    return _UNKNOWN.search(check.expected) is not None and check.observed != ABSENT


def _documented(exchange: Exchange) -> Iterator[Check]:
    """What every answer is like that is no refusal."""
    status = exchange.status_code
    good = status is not None and 200 <= status < 300
    yield Check("status", "200 to 299", str(status) if status is not None else ABSENT, good)
    if exchange.error:
        yield same("failure", None, exchange.error)
    for pair in pairs(exchange):
        place = f"[{pair.position}]." if isinstance(exchange.request_json(), list) else ""
        yield from _answer(pair, place)


def _answer(pair: Pair, place: str) -> Iterator[Check]:
    answer = pair.answer
    if answer is None:
        yield Check(f"{place}answer", "a message", ABSENT, ok=False)
        return
    yield Check(f"{place}code", "OK", shown(answer.code), answer.ok)
    if (asked := pair.request.get("id")) is not None:
        yield same(f"{place}reqId", str(asked), answer.request_id)
    if pair.type == wire.PUBLISH_EVENT and pair.event.get("type") != wire.CHAT_STATE_EVENT:
        number = pair.sequence
        yield Check(
            f"{place}body.sequence",
            "a number",
            shown(number) if number is not None else ABSENT,
            number is not None,
        )
    if pair.type == wire.REQUEST_CONVERSATION:
        opened = answer.body.get("conversationId")
        found = isinstance(opened, str) and bool(opened)
        yield Check(f"{place}body.conversationId", "an id", shown(opened) if found else ABSENT, found)
