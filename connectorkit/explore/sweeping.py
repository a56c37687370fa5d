"""Sequences that are tried before chance is: every table entry once, and what chance would find late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

from connectorkit.explore.contents import CLOSING, CONTENTS
from connectorkit.explore.door import DOORS, compatible
from connectorkit.explore.edits import EDITS, EVENT_EDITS, PROFILE_EDITS, REQUEST_EDITS
from connectorkit.explore.sending import SHAPES, Open, Send
from connectorkit.explore.steering import ACTIONS, FAULTS, Act, Break, Listen, Wait
from connectorkit.explore.steps import Step
from connectorkit.explore.storing import UPLOADS, VISITS, AskDownload, AskUpload, Visit
from connectorkit.explore.tokens import (
    JWS_CASES,
    LOOKUPS,
    TOKEN_CASES,
    FetchAppJwt,
    FetchJws,
    Identify,
    Keep,
    LookUp,
)

Sequence = tuple[Step, ...]
# One of each rank of the order of checks.
_RANKS = (
    "GET",
    "no AppJWT",
    "nonsense as AppJWT",
    "no ConsumerJWS",
    "nonsense as ConsumerJWS",
    "too large",
    "plain text",
    "v 2",
)
_OPEN = Open("ana")
_NEW = Open("ana", ids=("5", 6, "x" * 64))


def sweep() -> list[Sequence]:
    """Every one of them."""
    return [
        *_journeys(),
        *_contents(),
        *_closings(),
        *_agents(),
        *_edits(),
        *_batches(),
        *_doors(),
        *_calls(),
        *_files(),
        *_expiries(),
        *_faults(),
    ]


def harmless() -> list[Sequence]:
    """Those of which nothing reaches an agent and nothing stays: refused at the door, lookups, tokens."""
    doors = [(Send("ana", "text", 0, door=(name,)),) for name, door in DOORS.items() if _refused(name)]
    edits = [
        (Send("ana", what, 0, edit=place),)
        for what, table in EDITS.items()
        for place, edit in enumerate(table)
        if edit.verdict in ("bad", "unread", "exact") and what != "picture"
    ]
    batches = [
        (Open("ana", "text", item=item, edit=place),)
        for item, table in enumerate((PROFILE_EDITS, REQUEST_EDITS, EVENT_EDITS))
        for place, edit in enumerate(table)
        if edit.verdict in ("bad", "unread", "exact", "door")
    ]
    lookups: list[Sequence] = [(LookUp(case),) for case in LOOKUPS]
    return [
        *lookups,
        (Identify("ana"),),
        *doors,
        *edits,
        *batches,
        *((Open("ana", shape=s),) for s in SHAPES),
    ]


def _refused(name: str) -> bool:
    return DOORS[name].refusal > 0 and name != "AppJWT from before"


def _journeys() -> Iterator[Sequence]:
    text, listen = Send("ana", "text"), Listen()
    yield (_NEW, text, text, text, listen)
    yield (
        Open("ana", "text"),
        text,
        Act("join"),
        text,
        Act("text"),
        Send("ana", "ACCEPT"),
        Send("ana", "READ"),
        text,
        listen,
    )
    yield (
        _OPEN,
        Act("text"),
        Send("ana", "ACCEPT"),
        Send("ana", "ACCEPT"),
        Send("ana", "rating"),
        text,
        listen,
    )
    yield (
        _OPEN,
        text,
        Act("accept"),
        Act("accept"),
        Act("read"),
        Act("text"),
        Send("ana", "time to respond"),
        listen,
    )
    yield (
        _OPEN,
        text,
        Act("text"),
        text,
        Send("ana", "time to respond"),
        Wait(61),
        text,
        Send("ana", "rating"),
        listen,
    )
    yield (
        _OPEN,
        Act("join"),
        Act("leave"),
        text,
        Act("text"),
        Act("transfer"),
        text,
        Act("join"),
        text,
        listen,
    )
    yield (
        _OPEN,
        Send("ana", "close"),
        _OPEN,
        Send("ana", "text", 1),
        Send("ana", "text", 2),
        Listen(1),
        Listen(2),
    )
    yield (
        _OPEN,
        Act("close"),
        Act("resume"),
        Send("ana", "text", 2),
        _OPEN,
        Act("text", 2),
        Listen(1),
        Listen(2),
    )
    yield (
        _OPEN,
        _OPEN,
        Open("ana", "text"),
        Open("ben"),
        Send("ben", "text", 2),
        Send("ana", "text", 1),
        listen,
        Listen(2),
    )
    others = [what for what in CONTENTS if what != "picture" and "profile" not in what]
    for some in _chunks(others, 10):
        yield (
            _OPEN,
            text,
            *(Send("ben", what) for what in some),
            *(Send("ana", what, 0) for what in some),
            listen,
        )
    yield (
        _OPEN,
        text,
        Send("ana", "close"),
        text,
        Send("ana", "close"),
        Send("ana", "rating"),
        Send("ben", "text"),
        listen,
    )
    yield (_OPEN, *(Send("ana", "text", length=length) for length in (4999, 5000, 5001)), listen)
    yield (
        _OPEN,
        Send("ana", "text", length=5001),
        Send("ben", "text", length=5001),
        Send("ana", "text", 0, length=5001),
    )
    yield (_OPEN, *(Send("ana", "text", id=i) for i in (5, 0, -7, "1,", "x" * 64, "ü 🚀")), listen)
    yield (_OPEN, Send("ana", "text", as_array=True), Send("ana", "close", as_array=True))
    yield (
        Open("ben"),
        Open("ana", "text", third_talk=1),
        Open("ana", "text", third_talk=-1),
        Send("ana", "text", 2),
    )


def _contents() -> Iterator[Sequence]:
    for what in CONTENTS:
        if what not in CLOSING and what != "picture":
            yield (_OPEN, Send("ana", "text"), Send("ana", what), Act("text"), Send("ana", what), Listen())
    for what in ("text with metadata", "card", "COMPOSING", "card as message"):
        yield (Open("ana", what), Send("ana", "text"), Listen())


def _closings() -> Iterator[Sequence]:
    for what in CLOSING:
        yield (
            _OPEN,
            Send("ana", "text"),
            Send("ana", what),
            Send("ana", "text"),
            Send("ana", what),
            Listen(),
        )
        yield (
            _OPEN,
            Act("text"),
            Send("ana", what),
            Send("ana", "COMPOSING"),
            Send("ana", "READ"),
            _OPEN,
            Listen(),
            Listen(2),
        )


def _agents() -> Iterator[Sequence]:
    for action in ACTIONS:
        yield (
            _OPEN,
            Send("ana", "text"),
            Act(action),
            Send("ana", "text"),
            Act(action),
            Send("ana", "rating"),
            Listen(),
        )
        yield (
            _OPEN,
            Send("ana", "text"),
            Act("join"),
            Act(action),
            Send("ana", "text"),
            Act("close"),
            Listen(),
        )
        yield (_OPEN, Act("text"), Act(action), Send("ana", "close"), Act(action), Listen(), Listen(2))


def _edits() -> Iterator[Sequence]:
    """What is refused changes nothing, so much of it goes into one conversation."""
    for what, table in EDITS.items():
        first: tuple[Step, ...] = (_OPEN, Act("text"))
        if what == "picture":
            first = (_OPEN, AskUpload("ana"), Visit("PUT"))
        bad = [Send("ana", what, edit=n, file=1) for n, edit in enumerate(table) if edit.verdict != "taken"]
        good = [Send("ana", what, edit=n, file=1) for n, edit in enumerate(table) if edit.verdict == "taken"]
        yield from ((*first, *some, Listen()) for some in _chunks(bad, 16))
        yield from ((*first, *some, Listen()) for some in _chunks(good, 1 if what in CLOSING else 12))


def _batches() -> Iterator[Sequence]:
    ending = (Send("ana", "text"), Act("text"), Send("ana", "rating"), Listen())
    for item, table in enumerate((PROFILE_EDITS, REQUEST_EDITS, EVENT_EDITS)):
        bad = [
            Open("ana", "text", item=item, edit=n) for n, edit in enumerate(table) if edit.verdict != "taken"
        ]
        good = [
            Open("ana", "text", item=item, edit=n) for n, edit in enumerate(table) if edit.verdict == "taken"
        ]
        yield from ((*some, _OPEN, *ending) for some in _chunks(bad, 12))
        yield from ((one, *ending) for one in good)
    yield tuple(Open("ana", shape=shape) for shape in SHAPES)
    yield (_OPEN, Open("ana", "text"), Open("ana", item=1, edit=0))


def _doors() -> Iterator[Sequence]:
    text = Send("ana", "text")
    shut = [name for name in DOORS if _refused(name)]
    passing = [name for name, one in DOORS.items() if not one.refusal]
    for some in _chunks(shut, 8):
        calls = [step for name in some for step in (replace(text, door=(name,)), Open("ben", door=(name,)))]
        yield (_OPEN, *calls, text, Listen())
    for name in passing:
        yield (_OPEN, replace(text, door=(name,)), Open("ben", door=(name,)), text, Listen())
    for some in _chunks([pair for pair in combinations(_RANKS, 2) if compatible(pair)], 8):
        yield (
            _OPEN,
            *(replace(text, door=pair) for pair in some),
            *(Open("ben", door=pair) for pair in some),
        )
    for name in _RANKS:
        # In front of what is wrong inside: another's, nobody's, a closed one, a broken one, another brand.
        yield (
            _OPEN,
            replace(text, talk=0, door=(name,)),
            replace(text, who="ben", door=(name,)),
            replace(text, edit=0, door=(name,)),
            Open("ben", item=1, edit=_brand(), door=(name,)),
            Send("ana", "close"),
            replace(text, door=(name,)),
        )
    ben = Send("ben", "text")
    yield (
        _OPEN,
        replace(ben, edit=0),
        replace(text, talk=0, edit=0),
        Send("ana", "close"),
        Send("ben", "close"),
        ben,
    )


def _chunks(steps: list[Any], most: int) -> Iterator[list[Any]]:
    for start in range(0, len(steps), most):
        yield steps[start : start + most]


def _brand() -> int:
    return next(place for place, edit in enumerate(REQUEST_EDITS) if edit.verdict == "door")


def _calls() -> Iterator[Sequence]:
    yield tuple(FetchAppJwt(case) for case in TOKEN_CASES)
    yield (Keep(), *(FetchJws(case) for case in JWS_CASES))
    yield (Keep(), *(LookUp(case) for case in LOOKUPS), Identify("ana"), Identify("ben"))


def _files() -> Iterator[Sequence]:
    ask = AskUpload("ana")
    yield tuple(AskUpload("ana", case) for case in UPLOADS)
    for case in VISITS:
        yield (
            ask,
            Visit(case),
            AskDownload("ana"),
            Visit(case, 2),
            Visit("PUT"),
            Visit(case, 2),
            Visit("HEAD", 2),
            Visit("GET", 2),
        )
    yield (_OPEN, ask, Send("ana", "picture", file=1), Visit("PUT"), Send("ana", "picture", file=1), Listen())
    yield (
        _OPEN,
        ask,
        Visit("PUT"),
        Send("ana", "close"),
        Send("ana", "picture", file=1),
        AskDownload("ana"),
        Visit("GET", 2),
    )
    yield (
        Open("ben"),
        _OPEN,
        ask,
        Visit("PUT"),
        AskDownload("ben"),
        Send("ben", "picture", 1, file=1),
        Send("ana", "picture", 1, file=1),
    )
    for seconds in (-2.0, 0.2, 1.2):
        yield (
            ask,
            Wait(seconds, "file 1"),
            Visit("PUT"),
            AskDownload("ana"),
            Wait(seconds, "file 2"),
            Visit("GET", 2),
        )


def _expiries() -> Iterator[Sequence]:
    old = ("AppJWT from before",)
    for wait in (
        Wait(-2.0, "token"),
        Wait(0.2, "token"),
        Wait(1.2, "token"),
        Wait(29.0, "token"),
        Wait(3660),
    ):
        yield (
            _OPEN,
            Keep(),
            Wait(1),
            wait,
            Send("ana", "text", door=old),
            Open("ben", door=old),
            FetchJws("AppJWT from before"),
            Send("ana", "text"),
        )
    yield (
        _OPEN,
        Identify("ana"),
        Wait(604800),
        Send("ana", "text"),
        Identify("ana"),
        Wait(3660),
        Send("ana", "text"),
        Listen(),
    )
    yield (
        _OPEN,
        Send("ana", "text"),
        Wait(600),
        Act("text"),
        Wait(3540),
        Send("ana", "text"),
        Send("ana", "rating"),
        Listen(),
    )


def _faults() -> Iterator[Sequence]:
    for fault in FAULTS:
        on = dict(fault).get("on")
        struck: tuple[Step, ...] = (Send("ana", "text"), Send("ana", "text"))
        if on == "conversation":
            struck = (Open("ben"), Open("ben"))
        elif on is None and "slow_conversation" in dict(fault):
            struck = (Open("ben"), Send("ben", "text", 2), Wait(31), Send("ben", "text", 2), Listen(2))
        yield (_OPEN, Break(fault), *struck, Act("text"), Send("ana", "close"), Listen())
