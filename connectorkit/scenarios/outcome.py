"""What a scenario brought: the expected beside the observed, and what the kit made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectorkit import markup
from connectorkit.catalogue import Scenario
from connectorkit.log import Exchange
from connectorkit.replies import Reply


@dataclass(frozen=True)
class Check:
    """One thing that was compared; texts as they are shown."""

    what: str
    expected: str
    observed: str
    ok: bool


@dataclass(frozen=True)
class Outcome:
    """What a scenario brought: the first answer to the provoking request, and what the kit made of it.

    ``exchange`` is that first exchange, ``reply`` the answer after what the kit did by itself, ``error`` what
    it raised instead. ``checks`` are what was compared, one by one. ``result`` is the last status or the name
    of the error, after so many ``attempts``. ``not_run`` says why it was not run, if so; the rest is empty
    then. ``duration_ms`` is by this machine's clock, preparations and tidying up included.
    """

    scenario: Scenario
    exchange: Exchange | None = None
    reply: Reply | None = None
    error: Exception | None = None
    observed: str = ""
    checks: tuple[Check, ...] = field(default=(), repr=False)
    attempts: int = 0
    result: int | str | None = None
    not_run: str = ""
    duration_ms: float = 0.0

    @property
    def as_expected(self) -> bool:
        """Whether it was run, and everything that was compared agrees."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    @property
    def differences(self) -> tuple[Check, ...]:
        """What does not agree."""
        return tuple(check for check in self.checks if not check.ok)

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
        if self.result is None or (self.attempts <= 1 and isinstance(self.result, int)):
            return ""
        attempts = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        return f"{self.result}{attempts}"

    def __repr__(self) -> str:
        verdict = self.not_run or ("as expected" if self.as_expected else "a surprise")
        differing = "".join(f"; {c.what} is {c.observed}, not {c.expected}" for c in self.differences)
        return (
            f"<Outcome {self.scenario.name}: {verdict}; expected {self.scenario.expected}, "
            f"observed {self.observed or 'nothing'}{differing}>"
        )

    def _repr_html_(self) -> str:
        facts = [
            ("shows", self.scenario.shows),
            ("not run", self.not_run),
            ("observed", "" if self.checks else self.observed),
            ("the kit's doing", self.handled),
            ("next step", self.advice),
            ("source", self.scenario.source),
            ("exchange", self.exchange.exchange_id if self.exchange is not None else ""),
        ]
        good = None if self.not_run else self.as_expected
        head = markup.facts(self.scenario.name, [row for row in facts if row[1]], good=good)
        if not self.checks:
            return head
        rows = [(check.what, check.expected, check.observed, check.ok) for check in self.checks]
        return head + markup.table(("", "expected", "observed", "same"), rows)
