"""Sequences that are tried before chance is: every table entry once, and what chance would find late."""

from __future__ import annotations

from collections.abc import Iterator

from connectorkit.explore.acting import Act
from connectorkit.explore.door import DOORS
from connectorkit.explore.edits import EDITS, EVENT_EDITS, PROFILE_EDITS, REQUEST_EDITS
from connectorkit.explore.entries import batches, doors, edits, refused
from connectorkit.explore.journeys import agents, bots, closings, contents, journeys, outages
from connectorkit.explore.listening import Listen
from connectorkit.explore.sending import SHAPES, Open, Send
from connectorkit.explore.steering import FAULTS, Break, Wait
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
_OPEN = Open("ana")
_REFUSED = ("bad", "unread", "exact", "door")


def sweep() -> list[Sequence]:
    """Every one of them."""
    return [
        *journeys(),
        *contents(),
        *bots(),
        *outages(),
        *closings(),
        *agents(),
        *edits(),
        *batches(),
        *doors(),
        *_calls(),
        *_files(),
        *_expiries(),
        *_faults(),
    ]


def harmless() -> list[Sequence]:
    """Those of which nothing reaches an agent and nothing stays: refused at the door, lookups, tokens."""
    shut = [(Send("ana", "text", 0, door=(name,)),) for name in DOORS if refused(name)]
    broken = [
        (Send("ana", what, 0, edit=place),)
        for what, table in EDITS.items()
        for place, edit in enumerate(table)
        if edit.verdict in _REFUSED and what != "picture"
    ]
    mixed_up = [
        (Open("ana", "text", item=item, edit=place),)
        for item, table in enumerate((PROFILE_EDITS, REQUEST_EDITS, EVENT_EDITS))
        for place, edit in enumerate(table)
        if edit.verdict in _REFUSED
    ]
    lookups = [(LookUp(case),) for case in LOOKUPS]
    shapes = [(Open("ana", shape=shape),) for shape in SHAPES]
    return [*lookups, (Identify("ana"),), *shut, *broken, *mixed_up, *shapes]


def visible() -> list[Sequence]:
    """Those that a connector could do as well: open, send, rate and close; agents may see them."""
    steps = (
        tuple(step for step in steps if isinstance(step, Open | Send) and possible_alone(step))
        for steps in sweep()
    )
    return list(dict.fromkeys(one for one in steps if one))


def possible_alone(step: Open | Send) -> bool:
    """Whether it needs neither a file, nor a token that was put aside, nor a setting of the sandbox."""
    needs_file = isinstance(step, Send) and step.what == "picture"
    needs_setting = isinstance(step, Open) and bool(step.setting)
    return not needs_file and not needs_setting and "AppJWT from before" not in step.door


def allowed(steps: Sequence, *, may_open: bool) -> bool:
    """Whether an account may be bothered with it: with what is harmless, or with conversations as well."""
    alone = {step for sequence in harmless() for step in sequence}
    return all(
        step in alone or (may_open and isinstance(step, Open | Send) and possible_alone(step))
        for step in steps
    )


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
    yield (ask, Visit("largest"), AskDownload("ana"), Visit("GET", 2), Visit("too large"), Visit("GET", 2))
    for kind in ("largest", "largest number", "number"):
        one = AskUpload("ana", kind)
        yield (one, Visit("PUT"), AskDownload("ana"), Visit("GET", 2), Visit("HEAD", 2))
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
        given = dict(fault)
        struck: tuple[Step, ...] = (Send("ana", "text"), Send("ana", "text"))
        if given.get("on") == "conversation":
            struck = (Open("ben"), Open("ben"))
        elif "slow_conversation" in given:
            struck = (Open("ben"), Send("ben", "text", 2), Wait(31), Send("ben", "text", 2), Listen(2))
        yield (_OPEN, Break(fault), *struck, Listen())
