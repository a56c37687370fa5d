"""Sequences that have every change of a request, every door and every pair of doors once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

from connectorkit.explore.acting import Act
from connectorkit.explore.contents import CLOSING
from connectorkit.explore.door import DOORS, compatible
from connectorkit.explore.edits import EDITS, EVENT_EDITS, PROFILE_EDITS, REQUEST_EDITS
from connectorkit.explore.listening import Listen
from connectorkit.explore.sending import SHAPES, Open, Send
from connectorkit.explore.steps import Step
from connectorkit.explore.storing import AskUpload, Visit

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


def edits() -> Iterator[Sequence]:
    """What is refused changes nothing, so much of it goes into one conversation."""
    for what, table in EDITS.items():
        first: tuple[Step, ...] = (_OPEN, Act("text"))
        if what == "picture":
            first = (_OPEN, AskUpload("ana"), Visit("PUT"))
        bad = [Send("ana", what, edit=n, file=1) for n, edit in enumerate(table) if edit.verdict != "taken"]
        good = [Send("ana", what, edit=n, file=1) for n, edit in enumerate(table) if edit.verdict == "taken"]
        yield from ((*first, *some) for some in chunks(bad, 24))
        yield (*first, *bad[::7], Listen())  # and nothing of it is told
        yield from ((*first, *some, Listen()) for some in chunks(good, 1 if what in CLOSING else 12))


def batches() -> Iterator[Sequence]:
    """Each change of each request of a batch, and each wrong batch."""
    ending = (Send("ana", "text"), Act("text"), Send("ana", "rating"), Listen())
    for item, table in enumerate((PROFILE_EDITS, REQUEST_EDITS, EVENT_EDITS)):
        bad = [
            Open("ana", "text", item=item, edit=n) for n, edit in enumerate(table) if edit.verdict != "taken"
        ]
        good = [
            Open("ana", "text", item=item, edit=n) for n, edit in enumerate(table) if edit.verdict == "taken"
        ]
        yield from ((*some, _OPEN) for some in chunks(bad, 24))
        yield (*bad[::5], _OPEN, *ending)
        for some in chunks(good, 5):
            closed = [step for n, one in enumerate(some, 1) for step in (one, Send("ana", "close", n))]
            yield (*closed, *(Listen(n) for n in range(1, len(some) + 1)))
    yield tuple(Open("ana", shape=shape) for shape in SHAPES)
    yield (_OPEN, Open("ana", "text"), Open("ana", item=1, edit=0))


def doors() -> Iterator[Sequence]:
    """Each door, and two wrong things at once: which is told of shows the order of checks."""
    text = Send("ana", "text")
    shut = [name for name in DOORS if refused(name)]
    passing = [name for name, one in DOORS.items() if not one.refusal]
    for some in chunks(shut, 8):
        calls = [step for name in some for step in (replace(text, door=(name,)), Open("ben", door=(name,)))]
        yield (_OPEN, *calls, text)
    for name in passing:
        yield (_OPEN, replace(text, door=(name,)), Open("ben", door=(name,)), text, Listen())
    for some in chunks([pair for pair in combinations(_RANKS, 2) if compatible(pair)], 8):
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


def chunks(steps: list[Any], most: int) -> Iterator[list[Any]]:
    """The same, so many at a time."""
    for start in range(0, len(steps), most):
        yield steps[start : start + most]


def _brand() -> int:
    return next(place for place, edit in enumerate(REQUEST_EDITS) if edit.verdict == "door")


def refused(name: str) -> bool:
    """Whether a call with this door never passes."""
    return DOORS[name].refusal > 0 and name != "AppJWT from before"
