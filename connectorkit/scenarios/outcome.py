"""What a scenario brought: the expected beside the observed, and what the kit made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectorkit import markup
from connectorkit.catalogue import Scenario, ending_in_words
from connectorkit.log import Exchange
from connectorkit.markup import Shown
from connectorkit.replies import Reply


@dataclass(frozen=True)
class Check(Shown):
    """One thing that was compared; texts as they are shown."""

    what: str
    expected: str
    observed: str
    ok: bool


@dataclass(frozen=True)
class Outcome:
    """What a scenario brought: the first answer to the provoking request, and what the kit made of it.

    ``exchange`` is that first exchange, ``reply`` the answer after what the kit did by itself, ``error`` what
    it raised instead. ``expected`` and ``observed`` are one line each, ``checks`` everything that was
    compared. ``result`` is the last status or the name of the error, after so many ``attempts``; ``settled``
    is what notifications told of a request whose outcome was unknown. ``not_run`` says why it was not run, if
    so; the rest is empty then. ``duration_ms`` is by this machine's clock, preparations and tidying up
    included.
    """

    scenario: Scenario
    exchange: Exchange | None = None
    reply: Reply | None = None
    error: Exception | None = None
    expected: str = ""
    observed: str = ""
    checks: tuple[Check, ...] = ()
    attempts: int = 0
    result: int | str | None = None
    settled: str = ""
    not_run: str = ""
    duration_ms: float = 0.0

    @classmethod
    def of_failure(cls, scenario: Scenario, stage: str, error: Exception, **known: Any) -> Outcome:
        """What is left to say where it did not come to an answer: that is a finding too."""
        said = f"{type(error).__name__}: {error}"
        check = Check(stage, "done", said, ok=False)
        return cls(scenario, error=error, expected=scenario.expected, observed=said, checks=(check,), **known)

    @property
    def as_expected(self) -> bool:
        """Whether it was run, and everything that was compared agrees."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    @property
    def differences(self) -> tuple[Check, ...]:
        """What does not agree."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def differs(self) -> str:
        """What does not agree, in words; empty where all does."""
        return "; ".join(f"{c.what} is {c.observed}, not {c.expected}" for c in self.differences)

    @property
    def advice(self) -> str:
        """The next step for a client that meets this."""
        if self.not_run:
            return ""
        if self.as_expected:
            return self.scenario.advice
        return self.reply.advice if self.reply is not None else ""

    @property
    def handled(self) -> str:
        """What the kit made of it by itself, in words; empty where it left it at the first answer."""
        return ending_in_words(self.result, self.attempts, self.settled)

    def row(self) -> dict[str, Any]:
        """Its row in the frame of outcomes."""
        ran = not self.not_run
        return {
            "scenario": self.scenario.name,
            "topic": self.scenario.topic,
            "expected": self.expected or self.scenario.expected,
            "observed": self.observed or None,
            "as_expected": self.as_expected if ran else None,
            "differs": self.differs or None,
            "attempts": self.attempts or None,
            "result": None if self.result is None else str(self.result),
            "next_step": self.advice or None,
            "exchange_id": self.exchange.exchange_id if self.exchange else None,
            "duration_ms": self.duration_ms if ran else None,
            "not_run": self.not_run or None,
        }

    def __repr__(self) -> str:
        if self.as_expected:
            came = f"as expected; {self.observed}"
        else:
            expected, observed = self.expected or self.scenario.expected, self.observed or "nothing"
            came = f"{self.not_run or 'a surprise'}; expected {expected}, observed {observed}"
        differs = f"; {self.differs}" if self.differs else ""
        handled = f"; the kit made of it {self.handled}" if self.handled else ""
        return f"<Outcome {self.scenario.name}: {came}{differs}{handled}>"

    def _repr_html_(self) -> str:
        facts = [
            ("shows", self.scenario.shows),
            ("not run", self.not_run),
            ("the kit made of it", self.handled),
            ("next step", self.advice),
            ("source", self.scenario.source),
            ("exchange", self.exchange.exchange_id if self.exchange is not None else ""),
        ]
        good = None if self.not_run else self.as_expected
        head = markup.facts(self.scenario.name, [row for row in facts if row[1]], good=good)
        if not self.checks:
            return head
        rows = [(check.what, check.ok, check.expected, check.observed) for check in self.checks]
        return head + markup.table(("compared", "same", "expected", "observed"), rows)
