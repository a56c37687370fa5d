"""Plays steps against a service, one after another, and stops at the first that was not as expected.

What is run is the very line that stands in the cell, so what is found is what the cell shows.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectorkit import envelopes
from connectorkit.client import Client
from connectorkit.errors import ConnectorError
from connectorkit.explore import cells
from connectorkit.explore.expecting import Check, Difference, Judge
from connectorkit.explore.listening import Listen, Recover
from connectorkit.explore.model import Model, Span
from connectorkit.explore.steering import Break, Wait, fault_name
from connectorkit.explore.steps import Step
from connectorkit.markup import Shown

Cell = tuple[str, str, str]  # state, event, fault
_SHOWN = 200
_CORRELATION = "7.2"


@dataclass(frozen=True)
class Surprise(Shown):
    """Something that was not as the protocol says.

    ``steps`` lead to it, ``cell`` is a notebook cell that shows it again, ``section`` is where the expected
    stands in the protocol. ``place`` is the expression whose value it is. ``name`` is the same for all
    surprises of one cause. ``kind`` is what differs, whatever was done, and ``look`` what was looked at.
    """

    name: str
    steps: tuple[Step, ...]
    expected: str
    observed: str
    section: str
    cell: str
    place: str = ""
    kind: str = ""
    look: str = ""
    kept: bool = False
    reproduced: bool = True

    @property
    def lines(self) -> list[str]:
        """The steps as lines of code, in short."""
        return [repr(step) for step in self.steps]

    def __repr__(self) -> str:
        steps = f"{len(self.steps)} step{'' if len(self.steps) == 1 else 's'}"
        told = f"{self.place + ': ' if self.place else ''}expected {self.expected}, observed {self.observed}"
        return f"<Surprise after {steps}: {told} (protocol {self.section})>"

    def row(self) -> dict[str, Any]:
        """What the command prints of it as JSON."""
        return {
            "name": self.name,
            "steps": self.lines,
            "place": self.place,
            "expected": self.expected,
            "observed": self.observed,
            "section": self.section,
            "cell": self.cell,
            "kept": self.kept,
            "reproduced": self.reproduced,
        }


@dataclass
class Play:
    """One sequence under way, on a service where nothing has happened yet."""

    kit: Client
    connect: str
    visited: Callable[[Cell], object]
    controlled: bool = True
    listening: bool = True
    pause: Callable[[], object] = lambda: None
    steps: list[Step] = field(default_factory=list)
    over: bool = False

    def __post_init__(self) -> None:
        self.model = Model(self.controlled)
        self.names: dict[str, Any] = {"kit": self.kit}
        self.model.names = self.names
        self.model.listening = self.listening
        self._lines: list[str] = []
        self._imports: set[str] = set()

    def begin(self) -> Surprise | None:
        """Make the names that steps use."""
        for line in (cells.IMPORT, *cells.PROLOGUE.values()):
            failure = self._run(line)
            if failure is not None:
                self._lines.append(line)
                return self._raised(failure, "4.1")
        return None

    def take(self, step: Step) -> Surprise | None:
        """Do one step, and look at what came of it; nothing where it is not possible now."""
        if self.over or not step.possible(self.model):
            return None
        self._visit(step)
        written, model = step.written(self.model), self.model
        self.steps.append(step)
        self._lines += written.lines
        self._imports |= written.imports
        self.pause()
        before, began = model.now(), time.time()
        failure = self._run("\n".join([*sorted(written.imports), *written.lines]))
        if failure is not None:
            return self._raised(failure, "6")
        if isinstance(step, Wait | Recover):
            self._moved(began)
        when = Span(before.earliest, model.now().latest)
        verdict = step.judged(model, when)
        self.over = verdict.open
        for check in verdict.checks:
            if (surprise := self._look(check)) is not None:
                return surprise
        return None

    def finish(self) -> Surprise | None:
        """Look at what was heard of every conversation."""
        if self.listening and (surprise := self.take(Recover())) is not None:
            return surprise
        for number in range(1, len(self.model.talks) + 1):
            if self.listening and (surprise := self.take(Listen(number))) is not None:
                return surprise
        return None

    def leave(self) -> None:
        """Close what is still open on an account. A sandbox is reset instead."""
        if self.controlled:
            return
        for talk in self.model.talks:
            found = self.names.get(talk.name)
            if talk.closed or not isinstance(found, str):
                continue
            self.pause()
            with contextlib.suppress(ConnectorError):
                self.kit.send(envelopes.close_conversation(found), consumer=talk.who)

    def _run(self, code: str) -> BaseException | None:
        try:
            # Our own text: nothing that a server said stands in it.
            exec(compile(code, "<step>", "exec"), self.names)  # noqa: S102 - the printed line is what runs
        except Exception as error:
            return error
        return None

    def _look(self, check: Check) -> Surprise | None:
        try:
            value = eval(compile(check.look, "<look>", "eval"), self.names)  # noqa: S307 - as above
        except Exception as error:
            shown = f"{type(error).__name__}: {error}"
            kind = f"{check.look}: {type(error).__name__}"
            return self._surprise(
                Difference(check.look, "something to look at", shown, kind, check.look), check.section
            )
        difference = Judge(check, value, self.names).difference()
        return None if difference is None else self._surprise(difference, check.section)

    def _moved(self, began: float) -> None:
        there, ended = self.names["now"].timestamp(), time.time()
        self.model.ahead = Span(there - ended, there - began + 0.001)

    def _visit(self, step: Step) -> None:
        fault = (
            "none" if not self.model.faults or isinstance(step, Break) else fault_name(self.model.faults[0])
        )
        self.visited((step.situation(self.model), step.event, fault))

    def _raised(self, error: BaseException, section: str) -> Surprise:
        shown = f"{type(error).__name__}: {error}"[:_SHOWN]
        kind = f"raised {type(error).__name__}: {str(error)[:40]}"
        return self._surprise(Difference("", "an answer", shown, kind, ""), section)

    def _surprise(self, difference: Difference, section: str) -> Surprise:
        if difference.place.endswith('["reqId"]'):
            section = _CORRELATION  # whatever else the answer should have been
        text = cells.cell(
            self._lines,
            self._imports,
            difference.assertion,
            connect=self.connect,
            expected=difference.expected,
            observed=difference.observed,
            section=section,
        )
        # Many things are refused wrongly in the same way; which one it was tells them apart.
        about = self.steps[-1].about if self.steps and "reply.json" not in difference.look else ""
        return Surprise(
            name=f"{about}: {difference.kind}" if about else difference.kind,
            steps=tuple(self.steps),
            expected=difference.expected,
            observed=difference.observed,
            section=section,
            cell=text,
            place=difference.place,
            kind=difference.kind,
            look=difference.look,
        )


def play(begin: Callable[[], Play], steps: Sequence[Step]) -> Surprise | None:
    """A whole sequence, from the beginning."""
    made = begin()
    try:
        surprise = made.begin()
        for step in steps:
            if surprise is not None or made.over:
                break
            surprise = made.take(step)
    finally:
        made.leave()
    return surprise
