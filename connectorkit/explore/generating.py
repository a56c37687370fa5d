"""Draws the next step of a sequence: anything that can be done, most of it where something can come of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from connectorkit.explore.acting import ACTIONS, Act
from connectorkit.explore.contents import CLOSING, CONTENTS
from connectorkit.explore.door import DOORS
from connectorkit.explore.edits import EDITS, EVENT_EDITS, PROFILE_EDITS, REQUEST_EDITS
from connectorkit.explore.listening import Deafen, Listen, Recover
from connectorkit.explore.model import Model
from connectorkit.explore.sending import SHAPES, Open, Send
from connectorkit.explore.steering import FAULTS, Break, Wait
from connectorkit.explore.steps import Step
from connectorkit.explore.storing import UPLOADS, VISITS, AskDownload, AskUpload, Visit
from connectorkit.explore.surveying import ANSWERS, SETTINGS, Answer
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

Draw = Callable[[Any], Any]

_WHO = st.sampled_from(("ana", "ana", "ana", "ben"))
_IDS = st.sampled_from(
    ("1", "1", "2", "1,", 5, 0, -7, "x" * 64, "ü 🚀", "6f1c0000-0000-4000-8000-000000000001")
)
_OPEN_CONTENTS = st.sampled_from(tuple(name for name in CONTENTS if name not in (*CLOSING, "picture")))
_CLOSING = st.sampled_from(CLOSING)
_EDITED = st.sampled_from(tuple(what for what, edits in EDITS.items() for _ in range(1 + len(edits) // 8)))
_EDITS = {what: st.integers(0, len(edits) - 1) for what, edits in EDITS.items()}
_BATCH_EDITS = {
    place: st.integers(0, len(edits) - 1)
    for place, edits in enumerate((PROFILE_EDITS, REQUEST_EDITS, EVENT_EDITS))
}
_DOORS = st.lists(st.sampled_from(tuple(DOORS)), min_size=1, max_size=3, unique=True)
_ACTIONS = st.sampled_from((*ACTIONS, "text", "text", "read"))
_FAULTS = st.sampled_from(FAULTS)
_SECONDS = st.sampled_from((1, 5, 9, 29, 31, 61, 600, 3540, 3660, 86400, 604800))
_THIRDS = st.sampled_from(("", "", "text", "text", "card", "COMPOSING", "text with metadata"))
_SHAPES = st.sampled_from(SHAPES)
_COIN = st.booleans()
_SETTINGS = st.sampled_from(("",) * 6 + tuple(SETTINGS))
_ON_ACCOUNT = st.sampled_from(("send", "send", "edit", "door", "open", "close"))
_FAMILIES = st.sampled_from(
    ("send",) * 9
    + ("edit",) * 5
    + ("door",) * 3
    + ("open",) * 3
    + ("close",) * 2
    + ("agent",) * 7
    + ("wait",) * 2
    + ("fault",) * 2
    + ("token",) * 2
    + ("file",) * 3
    + ("listen", "outage")
)


def next_step(draw: Draw, model: Model, *, listening: bool) -> Step:
    """A step that may follow what was done so far."""
    who = draw(_WHO)
    if not model.talks:
        return _open(draw, model, who)
    family = draw(_FAMILIES if model.controlled else _ON_ACCOUNT)
    match family:
        case "send":
            talk = _talk(draw, model, who)
            return Send(who, draw(_OPEN_CONTENTS), talk, draw(_IDS), length=_length(draw))
        case "edit":
            what = draw(_EDITED)
            return Send(who, what, _talk(draw, model, who), edit=draw(_EDITS[what]), file=_file(draw, model))
        case "door":
            return _door(draw, model, who)
        case "open":
            return _open(draw, model, who)
        case "close":
            if model.settings.get("survey") and draw(_COIN):
                return Answer(draw(st.sampled_from(tuple(ANSWERS))), _talk(draw, model, who))
            return Send(who, draw(_CLOSING), _talk(draw, model, who), draw(_IDS))
        case "agent":
            return Act(draw(_ACTIONS), _talk(draw, model, who))
        case "wait":
            return _wait(draw, model)
        case "fault":
            return Break(draw(_FAULTS))
        case "token":
            return _token(draw, who)
        case "file":
            return _files(draw, model, who)
    if family == "outage" and listening:
        return Recover() if model.deaf else Deafen()
    return Listen(_talk(draw, model, who)) if listening else Send(who, "text", _talk(draw, model, who))


def _talk(draw: Draw, model: Model, who: str) -> int:
    """Mostly the consumer's newest; sometimes another, or one that does not exist."""
    if draw(st.integers(0, 5)):
        own = [place for place, talk in enumerate(model.talks, 1) if talk.who == who]
        if own:
            return own[-1]
    return int(draw(st.integers(0, len(model.talks))))


def _file(draw: Draw, model: Model) -> int:
    return int(draw(st.integers(0, len(model.files))))


def _length(draw: Draw) -> int:
    return int(draw(st.sampled_from((0,) * 12 + (4999, 5000, 5001))))


def _open(draw: Draw, model: Model, who: str) -> Step:
    third, ids = draw(_THIRDS), (draw(_IDS), draw(_IDS), draw(_IDS))
    special = draw(st.integers(0, 7))
    if special == 0:
        return Open(who, third, shape=draw(_SHAPES))
    if special in (1, 2, 3):
        item = draw(st.integers(0, 2 if third else 1))
        return Open(who, third, item=item, edit=draw(_BATCH_EDITS[item]))
    if special == 4 and third:
        return Open(who, third, third_talk=draw(st.integers(-1, len(model.talks))))
    setting = draw(_SETTINGS) if model.controlled and not model.talks else ""
    wanted = {"auto_messages": ("automatic messages",), "survey": ("surveys",)}
    doors = next((doors for name, doors in wanted.items() if name in {setting, *model.settings}), ())
    return Open(who, third, ids, door=doors, setting=setting)


def _door(draw: Draw, model: Model, who: str) -> Step:
    doors = tuple(draw(_DOORS))
    if draw(st.integers(0, 3)) == 0:
        return Open(who, door=doors)
    edit = draw(_EDITS["text"]) if draw(_COIN) else None
    return Send(who, "text", _talk(draw, model, who), edit=edit, door=doors)


def _wait(draw: Draw, model: Model) -> Step:
    ends = (["token"] if model.token_expires else []) + [f"file {n}" for n in range(1, len(model.files) + 1)]
    if ends and draw(_COIN):
        return Wait(draw(st.sampled_from((-2.0, 0.2, 1.2))), draw(st.sampled_from(ends)))
    return Wait(draw(_SECONDS))


def _token(draw: Draw, who: str) -> Step:
    match draw(st.integers(0, 5)):
        case 0 | 1:
            return Keep()
        case 2:
            return FetchAppJwt(draw(st.sampled_from(tuple(TOKEN_CASES))))
        case 3:
            return FetchJws(draw(st.sampled_from(tuple(JWS_CASES))))
        case 4:
            return LookUp(draw(st.sampled_from(tuple(LOOKUPS))))
    return Identify(who)


def _files(draw: Draw, model: Model, who: str) -> Step:
    if not model.files:
        return AskUpload(who, draw(st.sampled_from(tuple(UPLOADS))) if draw(_COIN) else "text")
    file = int(draw(st.integers(1, len(model.files))))
    match draw(st.integers(0, 6)):
        case 0:
            return AskUpload(who, draw(st.sampled_from(tuple(UPLOADS))))
        case 1 | 2:
            return AskDownload(who, file)
        case 3:
            return Send(who, "picture", _talk(draw, model, who), file=file)
    return Visit(draw(st.sampled_from(tuple(VISITS))), file)
