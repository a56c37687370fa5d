"""Makes a sequence that shows a surprise as short and as plain as it can be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields, replace
from typing import Any

from connectorkit.explore.playing import Surprise
from connectorkit.explore.steps import Step

Player = Callable[[Sequence[Step]], Surprise | None]


def shrunk(found: Surprise, play: Player, until: float, is_new: Callable[[Surprise], bool]) -> Surprise:
    """The smallest sequence that still shows a surprise of the same kind.

    ``until`` is when to be content with what there is, by ``time.monotonic``.
    """
    best = found
    for smaller in (_without_steps, _with_plainer_steps, _without_steps):
        changed = True
        while changed and time.monotonic() < until:
            changed = False
            for steps in smaller(best.steps):
                if time.monotonic() >= until:
                    break
                tried = play(steps)
                if tried is not None and _alike(tried, found, is_new) and len(tried.steps) <= len(best.steps):
                    best, changed = tried, True
                    break
    return best


def _alike(one: Surprise, other: Surprise, is_new: Callable[[Surprise], bool]) -> bool:
    """Whether they are of one kind. One thing too many in what was heard shows in many ways."""
    return one.kind == other.kind or (one.look == other.look == "heard" and is_new(one))


def _without_steps(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    """Halves first, then quarters, down to single steps."""
    width = len(steps) // 2
    while width:
        for start in range(0, len(steps), width):
            yield steps[:start] + steps[start + width :]
        width //= 2


def _with_plainer_steps(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    for place, step in enumerate(steps):
        for plainer in _plainer(step):
            yield (*steps[:place], plainer, *steps[place + 1 :])


def _plainer(step: Any) -> Iterator[Any]:
    for field in fields(step):
        value = getattr(step, field.name)
        if isinstance(value, tuple) and field.name == "door" and len(value) > 1:
            for place in range(len(value)):
                yield replace(step, **{field.name: value[:place] + value[place + 1 :]})
        if field.default is not MISSING and value != field.default:
            yield replace(step, **{field.name: field.default})
    if getattr(step, "who", "ana") != "ana":
        yield replace(step, who="ana")
    if getattr(step, "what", "text") not in ("text", "close") and getattr(step, "edit", 1) is None:
        yield replace(step, what="text")
