"""Which cells (state × event × fault) there are, and which were reached."""

from __future__ import annotations

from collections import Counter
from typing import Any

from connectorkit.explore.acting import ACTIONS
from connectorkit.explore.contents import CONTENTS
from connectorkit.explore.playing import Cell
from connectorkit.explore.steering import FAULTS, fault_name

STATES = ("unknown", "waiting", "with agent", "answered", "left", "closed", "survey", "foreign")
_OPENINGS = ("open", "open with a message", "bad batch", "door")
_OPENING_STATES = ("none open", "waiting", "with agent", "answered", "left")
_FILE_STATES = ("nothing stored", "stored", "URL expired")
# What no document speaks of, so that it is not tried.
_NEVER = {
    "time to respond": ("closed", "survey"),
    "rating": ("survey",),
    "close": ("survey",),
}
NONE = "none"


def existing(*, controlled: bool = True) -> list[Cell]:
    """Every cell there is. A fault of a call counts with the events that make this call."""
    cells: dict[Cell, None] = {}
    for event, states, call in _events(controlled):
        faults = [NONE]
        if controlled and call:
            faults += [fault_name(dict(one)) for one in FAULTS if dict(one).get("on", call) == call]
        for state in states:
            for fault in faults:
                cells[state, event, fault] = None
    return list(cells)


def _events(controlled: bool) -> list[tuple[str, tuple[str, ...], str]]:
    events: list[tuple[str, tuple[str, ...], str]] = []
    for effect in dict.fromkeys(content.effect for content in CONTENTS.values()):
        states: tuple[str, ...] = STATES
        if effect == "profile":
            states = ("any",)
        elif effect in _NEVER:
            states = tuple(state for state in STATES if state not in _NEVER[effect])
        events.append((effect, states, "send"))
    events += [(event, STATES, "send") for event in ("bad request", "door")]
    events += [(event, _OPENING_STATES, "conversation") for event in _OPENINGS]
    events += [(event, ("any",), "") for event in ("domain lookup", "bad domain lookup", "ConsumerJWS")]
    if not controlled:
        return events
    events.append(("survey answer", ("survey",), ""))
    for action in ACTIONS:
        states = STATES[1:5]
        if action == "resume":
            states = ("closed",)
        elif action == "leave":
            states = ("with agent", "answered")
        events.append((f"agent: {action}", states, ""))
    anytime = (
        *("time passes", "until the token expires", "until the file expires", "fault"),
        *("receiver down", "receiver up again", "AppJWT", "token call", "bad token call"),
        *("bad ConsumerJWS call", "upload URL", "bad upload URL"),
    )
    events += [(event, ("any",), "") for event in anytime]
    events.append(("download URL", ("own file", "foreign file"), ""))
    methods = ("PUT", "GET", "HEAD", "DELETE", "POST", "OPTIONS")
    events += [(f"storage: {method}", _FILE_STATES, "") for method in methods]
    return events


def rows(reached: Counter[Cell], *, controlled: bool = True) -> list[dict[str, Any]]:
    """One row per cell: ``state``, ``event``, ``fault``, how often it was reached, and whether it is listed.

    What was reached and is not listed above stands at the end.
    """
    listed = existing(controlled=controlled)
    known = set(listed)
    more = sorted(cell for cell in reached if cell not in known)
    return [
        {"state": state, "event": event, "fault": fault, "times": reached[state, event, fault]}
        for state, event, fault in (*listed, *more)
    ]
