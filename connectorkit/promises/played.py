"""Promises whose behaviour is a scenario already: that is provoked, and only what is promised counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectorkit.catalogue import BY_NAME, Scenario
from connectorkit.markup import Shown
from connectorkit.scenarios import Check, Outcome

# What a check of an outcome is called when it did not come to an answer at all.
_PREPARATION = "preparation"


@dataclass(frozen=True)
class Played(Shown):
    """Scenarios by name, and which of their checks count; all of them where none is named.

    A check is named as in an outcome: ``status``, ``body.errorCode``, ``[1].code``, the name of a header,
    ``attempts``, ``in the end``, ``notifications``.
    """

    names: tuple[str, ...]
    counts: tuple[str, ...] = ()

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios themselves."""
        return tuple(BY_NAME[name] for name in self.names)

    @property
    def on_account(self) -> Any:
        """How much a real account is bothered with them."""
        modes = {scenario.on_account for scenario in self.scenarios}
        return "" if "" in modes else "visible" if "visible" in modes else "harmless"

    @property
    def foreseen(self) -> str:
        """What must be observed, in one line."""
        which = f" ({', '.join(self.counts)})" if self.counts else ""
        return "; ".join(f"{one.name}: {one.expected}" for one in self.scenarios) + which

    def checks(self, outcomes: Sequence[Outcome]) -> list[Check]:
        """The checks that count, named after their scenario where there are several."""
        several = len(outcomes) > 1
        return [
            Check(f"{outcome.scenario.name}: {check.what}" if several else check.what, *_values(check))
            for outcome in outcomes
            for check in outcome.checks
            if not self.counts or check.what in self.counts
        ]

    def obstacle(self, outcomes: Sequence[Outcome]) -> str:
        """Why nothing was observed; empty where something was."""
        for outcome in outcomes:
            if outcome.not_run:
                return f"the scenario {outcome.scenario.name} {outcome.not_run}"
            for check in outcome.checks:
                if check.what == _PREPARATION:
                    return f"preparing {outcome.scenario.name} failed: {check.observed}"
        return ""


def scenario(name: str, *counts: str) -> Played:
    """A promise that is kept if this scenario is as expected, or only the checks named."""
    return Played((name,), counts)


def scenarios(*names: str, counts: tuple[str, ...] = ()) -> Played:
    """A promise that is kept if all these scenarios are as expected, or only the checks named."""
    return Played(names, counts)


def _values(check: Check) -> tuple[str, str, bool]:
    return check.expected, check.observed, check.ok
