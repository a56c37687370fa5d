"""What every step of an exploration has in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from connectorkit.explore import answers
from connectorkit.explore.expecting import Among, Check
from connectorkit.explore.model import Model, Span
from connectorkit.markup import Shown

# Everything under way is delivered; longer than a second where the machine is busy.
SETTLED = "settled = any(kit.sandbox.settle(1) for _ in range(30))"


@dataclass(frozen=True)
class Written(Shown):
    """A step as lines of a cell, and what the cell must import for them."""

    lines: tuple[str, ...]
    imports: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *lines: str, imports: set[str] | None = None) -> Written:
        """These lines."""
        return cls(lines, frozenset(imports or ()))


@dataclass
class Verdict(Shown):
    """What must have come of a step, in the order in which it is looked at.

    ``open`` means that nobody can tell what the step has changed: the sequence ends here.
    """

    checks: list[Check] = field(default_factory=list)
    open: bool = False

    def expect(self, look: str, like: Any, section: str) -> None:
        """Look at one thing more."""
        self.checks.append(Check(look, like, section))

    def answer(self, status: int, body: Any, section: str) -> None:
        """Status, media type and JSON of ``reply``."""
        self.expect("reply.status_code", status, section)
        self.media_type()
        self.expect("reply.json", body, section)

    def media_type(self) -> None:
        """Exactly one of two spellings: some clients read any other as raw bytes."""
        look = 'dict(reply.exchange.response_headers)["content-type"]'
        self.expect(look, Among(answers.JSON_TYPES), "R77")


class Step(Protocol):
    """One thing that is done. It is data: equal steps do the same."""

    @property
    def event(self) -> str:
        """Its name in the report of what was covered."""

    @property
    def about(self) -> str:
        """What is special about it, such as the member that is wrong; empty where nothing is."""

    def possible(self, model: Model) -> bool:
        """Whether it can be done now; else it is passed over."""

    def situation(self, model: Model) -> str:
        """The state in which it happens, for the report of what was covered."""

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it, done in this span of time; changes the model accordingly."""


class Plain:
    """A step about which nothing is special."""

    @property
    def about(self) -> str:
        """Nothing."""
        return ""


class Anytime(Plain):
    """A step that can be done whatever there is."""

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        return "any"

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        return True
