"""What a fault may be asked to do, as data: one spec, checked with one sentence per mistake."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from connectorkit import wire
from connectorkit.sandbox import delays
from connectorkit.sandbox.delays import LONGEST_SECONDS, Delay, number

# The calls of the service, by the names that the log has for them; the last two are the administrator's.
CALLS = (
    *("domains", "app_jwt", "consumer_jws", "conversation", "send", "upload_file", "download_file"),
    *("login", "installs"),
)
_SHORT_NAMES = {"upload": "upload_file", "download": "download_file"}
_WITH_APP_JWT = ("consumer_jws", "conversation", "send")
_ANSWERED_WITH_A_BODY = tuple(call for call in CALLS if call != "upload_file")
_ANSWERED_IN_JSON = tuple(call for call in _ANSWERED_WITH_A_BODY if call != "download_file")

STATUS, ERROR_CODE, DROP, BODY, DRIBBLE, EXPIRE, SLOW_CONVERSATION, WEBHOOK, DELAY = WHAT = (
    *("status", "error_code", "drop", "body", "dribble", "expire", "slow_conversation", "webhook"),
    "delay",
)
BEFORE, IN, AFTER = DROPS = ("before", "in", "after")
TRUNCATED, MALFORMED, EMPTY, WRONG_REQUEST_ID = BODIES = (
    *("truncated", "malformed", "empty", "wrong_request_id"),
)
DUPLICATE, REORDER, LOSS = WEBHOOKS = ("duplicate", "reorder", "loss")
_HOW = ("on", "times", "probability", "skip", "done", "retry_after", "profile")
_MOST_BYTES_PER_SECOND = 1_000_000
_MOST_TIMES = 2**53
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Spec:
    """One fault as it was checked. ``what`` is the member that says what happens, ``value`` its value.

    ``on`` names the calls it may strike, none for faults of another kind; ``given`` is what was asked for.
    ``profile`` is the name of a latency profile, of which a call has one at a time.
    """

    what: str
    value: Any
    given: dict[str, Any]
    on: frozenset[str]
    delay: Delay | None
    retry_after: int | None
    done: bool
    times: int | None
    probability: float
    skip: int
    profile: str | None = None

    def elsewhere(self, calls: frozenset[str]) -> Spec | None:
        """The same without these calls; ``None`` where nothing is left."""
        left = self.on - calls
        given = {**self.given, "on": [call for call in CALLS if call in left]}
        return replace(self, on=left, given=given) if left else None


def parse(given: dict[str, Any]) -> Spec:
    """The spec, checked; ``null`` counts as absent. Raises ``ValueError`` with a sentence."""
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if name not in WHAT and name not in _HOW:
            raise ValueError(_unknown(name))
    what = _what(given)
    value = _CHECKS[what](what, given[what])
    delay = delays.parse(DELAY, given[DELAY]) if DELAY in given else None
    return Spec(
        what=what,
        value=value,
        given=given,
        on=_on(given, what, value),
        delay=_allowed_delay(delay, what),
        retry_after=_retry_after(given, what),
        done=_done(given, what, value),
        times=_whole("times", given["times"], 1, _MOST_TIMES) if "times" in given else None,
        probability=number("probability", given.get("probability", 1.0), 0, 1),
        skip=_whole("skip", given.get("skip", 0), 0, _MOST_TIMES),
        profile=_profile(given, what),
    )


# --- Members that belong together --------------------------------------------------------------------


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, [*WHAT, *_HOW], 1)
    hint = f'did you mean "{near[0]}"?' if near else f"a fault has {_listed([*WHAT, *_HOW], 'and')}."
    return f'Unknown member "{name}"; {hint}'


def _what(given: dict[str, Any]) -> str:
    named = [name for name in WHAT if name in given and name != DELAY] or [n for n in (DELAY,) if n in given]
    if not named:
        raise ValueError(f"Say what shall go wrong with one of {_listed(WHAT)}.")
    if len(named) > 1:
        raise ValueError(f'"{named[0]}" and "{named[1]}" are two faults; switch on one after the other.')
    return named[0]


def _on(given: dict[str, Any], what: str, value: Any) -> frozenset[str]:
    reach = _reach(what, value)
    if "on" not in given:
        return frozenset(reach)
    if what in (WEBHOOK, SLOW_CONVERSATION):
        raise ValueError(f'"on" has no meaning beside "{what}"; leave it out.')
    names = [given["on"]] if isinstance(given["on"], str) else given["on"]
    if not isinstance(names, list) or not names:
        raise ValueError('"on" must be the name of a call or a list of names, as "send".')
    known = [_SHORT_NAMES.get(name, name) if isinstance(name, str) else name for name in names]
    for name in known:
        if name not in CALLS:
            raise ValueError(f'"on" must name calls out of {_listed(CALLS, "and")}, not {name!r}.')
        if name not in reach:
            raise ValueError(
                f'"{what}"{_of(value)} cannot strike the call "{name}"; "on" may name {_listed(reach)}.'
            )
    return frozenset(known)


def _reach(what: str, value: Any) -> tuple[str, ...]:
    """The calls that a fault can strike at all."""
    if what in (ERROR_CODE, EXPIRE):
        return _WITH_APP_JWT
    if what == BODY and value == MALFORMED:
        return _ANSWERED_IN_JSON
    if what == BODY and value == WRONG_REQUEST_ID:
        return ("conversation", "send")
    if what in (BODY, DRIBBLE):
        return _ANSWERED_WITH_A_BODY
    return () if what in (WEBHOOK, SLOW_CONVERSATION) else CALLS


def _allowed_delay(delay: Delay | None, what: str) -> Delay | None:
    if delay is not None and what in (WEBHOOK, SLOW_CONVERSATION):
        raise ValueError(f'"delay" cannot be added to "{what}"; switch on a delay of its own.')
    return delay


def _profile(given: dict[str, Any], what: str) -> str | None:
    if "profile" not in given:
        return None
    if what != DELAY:
        raise ValueError('"profile" belongs to "delay" alone; leave it out here.')
    name = given["profile"]
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise ValueError(f'"profile" must be a name of at most {_LONGEST_NAME} characters.')
    return name


def _retry_after(given: dict[str, Any], what: str) -> int | None:
    if "retry_after" not in given:
        return None
    if what != STATUS:
        raise ValueError('"retry_after" belongs to "status"; add "status": 429, or leave it out.')
    return _whole("retry_after", given["retry_after"], 0, int(LONGEST_SECONDS), " of seconds")


def _done(given: dict[str, Any], what: str, value: Any) -> bool:
    may_choose = what == STATUS or (what, value) == (DROP, BEFORE)
    if "done" not in given:
        return not may_choose and what != ERROR_CODE
    if not isinstance(given["done"], bool):
        raise ValueError('"done" must be true or false: whether the request is carried out all the same.')
    if not may_choose:
        raise ValueError('"done" belongs to "status" and to "drop": "before"; leave it out here.')
    return given["done"]


# --- Single members ----------------------------------------------------------------------------------


def _status(name: str, given: Any) -> int:
    return _whole(name, given, 400, 599)


def _dribble(name: str, given: Any) -> float:
    return number(name, given, 0.1, _MOST_BYTES_PER_SECOND, " of bytes per second")


def _seconds(name: str, given: Any) -> float:
    return number(name, given, 0, LONGEST_SECONDS, " of seconds")


def _one_of(*allowed: Any) -> Callable[[str, Any], Any]:
    def check(name: str, given: Any) -> Any:
        # A number that equals an allowed one, as true equals 1, is another thing in JSON.
        if not any(given == one and type(given) is type(one) for one in allowed):
            raise ValueError(f'"{name}" must be {_listed(allowed)}.')
        return given

    return check


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    STATUS: _status,
    ERROR_CODE: _one_of(*wire.DOOR_ERRORS),
    DROP: _one_of(*DROPS),
    BODY: _one_of(*BODIES),
    DRIBBLE: _dribble,
    EXPIRE: _one_of("app_jwt"),
    SLOW_CONVERSATION: _seconds,
    WEBHOOK: _one_of(*WEBHOOKS),
    DELAY: delays.parse,
}


def _whole(name: str, given: Any, least: int, most: int, unit: str = "") -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        up = f"from {least} on" if most == _MOST_TIMES else f"from {least} to {most}"
        raise ValueError(f'"{name}" must be a whole number{unit} {up}.')
    return given


def _listed(names: Any, last: str = "or") -> str:
    *most, final = [f'"{name}"' if isinstance(name, str) else str(name) for name in names]
    return f"{', '.join(most)} {last} {final}" if most else final


def _of(value: Any) -> str:
    return f' "{value}"' if isinstance(value, str) else ""
