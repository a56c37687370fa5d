"""The scripted agent: rules as data, each a text pattern and the steps that answer it."""

from __future__ import annotations

import copy
import random
from collections import deque
from typing import TYPE_CHECKING, Any

from connectorkit import wire
from connectorkit.sandbox.agent import Desk, check_action
from connectorkit.sandbox.members import Members
from connectorkit.sandbox.patterns import TooSlow, check_pattern, found
from connectorkit.sandbox.refusals import Refusal, bad
from connectorkit.sandbox.schedule import Schedule
from connectorkit.sandbox.state import Conversation, Dialog
from connectorkit.sandbox.warnings import Warnings

if TYPE_CHECKING:
    from connectorkit.sandbox.options import Options

_EVENTS = ("open", "text")
_LONGEST_PAUSE = 86400.0
_MOST_RULES = 100
_MOST_STEPS = 100  # of one rule
_MOST_WAITING = 1000  # steps of one conversation; a consumer can write faster than an agent answers


def _answer(text: str, **more: Any) -> list[dict[str, Any]]:
    return [
        {"action": "join", "after": 0.05},
        {"action": "read"},
        {"action": "typing", "after": 0.05},
        {"action": "text", "text": text, "after": [0.1, 0.15], **more},
    ]


DEFAULT_SCRIPT: list[dict[str, Any]] = [
    {
        "on": "text",
        "pattern": r"\b(parcel|order|delivery)\b",
        "steps": _answer("It left our warehouse today and arrives tomorrow."),
    },
    {
        "on": "text",
        "pattern": r"\b(choose|choice|options)\b",
        "steps": _answer("What is it about?", quick_replies=["A delivery", "A bill", "Something else"]),
    },
    {"on": "text", "steps": _answer("Thank you for writing. I am looking into it.")},
]


def check_script(script: Any) -> None:
    """Refuse a script that could not be played; the message names the rule and the member."""
    given = Members({"agent_script": script}, "")
    if len(given.items("agent_script")) > _MOST_RULES:
        raise bad(f"agent_script may have at most {_MOST_RULES} rules")
    for rule in given.objects("agent_script"):
        rule.choice("on", _EVENTS, required=True)
        check_pattern(rule, "pattern")
        steps = rule.objects("steps")
        if len(steps) > _MOST_STEPS:
            raise bad(f"{rule.path('steps')} may have at most {_MOST_STEPS} steps")
        for step in steps:
            check_action(step)
            _pause(step, random.Random(0))  # noqa: S311 - only to see whether it can be read


class ScriptedAgent:
    """Plays the script of the options. Steps of one conversation follow each other, never side by side."""

    def __init__(
        self,
        desk: Desk,
        schedule: Schedule,
        options: Options,
        chance: random.Random,
        warnings: Warnings,
    ) -> None:
        self._desk = desk
        self._schedule = schedule
        self._options = options
        self._chance = chance
        self._warnings = warnings
        self._steps: dict[str, deque[dict[str, Any]]] = {}

    def react(self, what: str, talk: Conversation, dialog: Dialog, record: dict[str, Any]) -> None:
        """Begin to answer what has just happened, if a rule says so."""
        if not self._options.agent_script or what not in ("open", "said") or dialog.type != wire.MAIN_DIALOG:
            return
        message = record.get("event", {}).get("message")
        on, text = ("open", "") if what == "open" else ("text", message if isinstance(message, str) else "")
        for position, rule in enumerate(self._options.agent_script):
            if rule["on"] == on and self._fits(talk, rule, position, text):
                self._queue(talk, rule.get("steps") or [], text)
                return

    def reset(self) -> None:
        """Forget what was still to be done."""
        self._steps.clear()

    def _fits(self, talk: Conversation, rule: dict[str, Any], position: int, text: str) -> bool:
        try:
            return found(rule.get("pattern") or "", text)
        except TooSlow:
            warning = (
                f"The pattern of agent_script[{position}] takes too long on this text; it was passed over"
            )
            self._warnings.add(talk.id, warning)
            return False

    def _queue(self, talk: Conversation, steps: list[dict[str, Any]], text: str) -> None:
        busy = talk.id in self._steps
        waiting = self._steps.setdefault(talk.id, deque())
        if len(waiting) + len(steps) > _MOST_WAITING:
            self._warnings.add(talk.id, "The scripted agent is too far behind and left a text unanswered")
            return
        waiting.extend(step | {"said": text} for step in steps)
        if not busy:
            self._next(talk)

    def _next(self, talk: Conversation) -> None:
        waiting = self._steps.get(talk.id)
        if not waiting:
            self._steps.pop(talk.id, None)
            return
        step = waiting.popleft()
        pause = _pause(Members(step, "step"), self._chance)
        self._schedule.after(pause, lambda: self._do(talk, step))

    def _do(self, talk: Conversation, step: dict[str, Any]) -> None:
        if talk.id not in self._steps:
            return  # everything was reset meanwhile
        if talk.closed:
            self._steps.pop(talk.id)
            return
        request = copy.deepcopy({n: value for n, value in step.items() if n not in ("after", "said")})
        if isinstance(request.get("text"), str):
            request["text"] = request["text"].replace("{text}", step["said"])
        try:
            self._desk.act(request | {"conversation_id": talk.id})
        except Refusal as refusal:
            reason = refusal.body["error"]
            self._warnings.add(talk.id, f"The scripted agent could not {step['action']}: {reason}")
        self._next(talk)


def _pause(step: Members, chance: random.Random) -> float:
    """Seconds before a step: a number, or a pair between which one is drawn."""
    given = step.value.get("after", 0)
    bounds = given if isinstance(given, list) else [given, given]
    fits = len(bounds) == 2 and all(
        isinstance(n, int | float) and not isinstance(n, bool) and 0 <= n <= _LONGEST_PAUSE for n in bounds
    )
    if not fits:
        raise bad(f"{step.path('after')} must be seconds from 0 to {_LONGEST_PAUSE:.0f}, or a pair of them")
    return chance.uniform(*bounds)
