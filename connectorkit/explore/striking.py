"""What a fault that was asked for makes of a call: what it promises, and what it leaves as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from connectorkit.explore import answers, door
from connectorkit.explore.expecting import Anything, Optional
from connectorkit.explore.model import Model, Span, Talk
from connectorkit.explore.running import Answer
from connectorkit.explore.steps import Verdict, Written

_RENEWED = (40102, 40105)  # what the kit answers with a fresh AppJWT, once
_ERRORS = ("NoAnswerError", "OutcomeUnknown")
_SECTION = "faults"
_RANK_OF_TOKENS = 3  # what is looked at up to there ends before the AppJWT is found good


def written(call: str, line: str, imports: set[str], model: Model, doors: Sequence[str]) -> Written:
    """The line; where a fault will drop the connection, so that the error is what is looked at."""
    fault = _strikes(call, model, doors)
    if fault is None or fault.get("drop") not in ("before", "in"):
        return Written.of(line, imports=imports)
    caught = ("try:", f"    {line}", "except ck.ConnectorError as error:", "    reply = error")
    return Written.of(*caught, imports=imports)


def judge(
    call: str,
    verdict: Verdict,
    model: Model,
    when: Span,
    answer: Callable[[], Answer],
    reads_as: str | None,
    doors: Sequence[str],
) -> None:
    """Say what must come of a call: ``answer``, unless a fault strikes."""
    fault = _strikes(call, model, doors)
    own_token = any(door.AUTHORIZATION in one.headers for one in door.apply_to_all(doors))
    if fault is None:
        _plain(verdict, answer())
        if not own_token and not any(one.rank < _RANK_OF_TOKENS for one in door.apply_to_all(doors)):
            model.waited = 0.0  # else the kit would have renewed it
        return
    model.spend(fault)
    if fault.get("expire") and own_token:
        verdict.open = True
    elif "status" in fault:
        _status(verdict, fault, reads_as, answer)
    elif fault.get("error_code") is not None and (fault["error_code"] not in _RENEWED or own_token):
        verdict.answer(*answers.door(fault["error_code"]), _SECTION)
    elif fault.get("drop") in ("before", "in"):
        if fault["drop"] == "in" or fault.get("done"):
            verdict.open = answer()[0] == 0
        verdict.expect(f"type(reply).__name__ in {_ERRORS}", True, _SECTION)
    elif "body" in fault:
        _spoilt(verdict, fault["body"], answer(), own_token)
    else:
        _plain(verdict, answer())


def hide(model: Model, talk: Talk, when: Span) -> None:
    """A new conversation cannot be found for some time, where a fault wants it so (R64)."""
    fault = next((one for one in model.faults if "slow_conversation" in one), None)
    if fault is not None:
        model.spend(fault)
        talk.hidden_until = when.latest + fault["slow_conversation"]


def _strikes(call: str, model: Model, doors: Sequence[str]) -> dict[str, Any] | None:
    # What goes to another path or by another method is another call, or none.
    elsewhere = any(one.rank <= 0 for one in door.apply_to_all(doors))
    return None if elsewhere else model.fault(call)


def _plain(verdict: Verdict, answer: Answer) -> None:
    status, body, section = answer
    if not status:
        verdict.open = True
        return
    verdict.answer(status, body, section)
    if status == 405:
        verdict.expect('dict(reply.exchange.response_headers)["allow"]', "POST", "8.3")


def _status(
    verdict: Verdict, fault: dict[str, Any], reads_as: str | None, answer: Callable[[], Answer]
) -> None:
    status = fault["status"]
    if fault.get("done"):
        verdict.open = answer()[0] == 0
    verdict.expect("reply.status_code", status, _SECTION)
    verdict.media_type()
    code = answers.CODES.get(status)
    if code is not None:
        message: Any = "Too many requests, please try again later" if status == 429 else Anything()
        body = {"code": code, "body": {"msg": message}, "reqId": Optional(reads_as or Anything())}
        verdict.expect("reply.json", body, "7.3")
    wait = fault.get("retry_after")
    if wait is None and status == 429:
        wait = 1
    if wait is not None:
        verdict.expect('dict(reply.exchange.response_headers)["retry-after"]', str(wait), "R23")


def _spoilt(verdict: Verdict, how: str, answer: Answer, own_token: bool) -> None:
    status, body, section = answer
    if not status:
        verdict.open = True
        return
    if how == "wrong_request_id":
        right = body.get("reqId") if isinstance(body, dict) else None
        if isinstance(right, str):
            verdict.expect("reply.status_code", status, section)
            verdict.expect(f'reply.json["reqId"] != {right!r}', True, _SECTION)
        else:
            verdict.expect("reply.status_code", status, section)
    elif status == 401 and not own_token:
        verdict.answer(status, body, section)  # one that cannot be read is given one try
    else:
        verdict.expect("reply.status_code", status, section)
        verdict.expect("reply.json", None, _SECTION)
