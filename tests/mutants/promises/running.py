"""Plants a defect, and runs the whole healthy ledger against the sandbox that has it."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from connectorkit.promises import Outcome
from tests.mutants.planted import planted
from tests.mutants.promises import DEFECTS
from tests.scenario_bench import promises_of


@dataclass(frozen=True)
class Run:
    """What became of the ledger."""

    promise_id: str
    outcomes: list[Outcome]

    @property
    def red(self) -> set[str]:
        """The promises that are broken."""
        return {one.promise.id for one in self.outcomes if one.state == "broken"}

    @property
    def unobserved(self) -> set[str]:
        """Those of which nothing can be said."""
        return {one.promise.id for one in self.outcomes if one.state == "not observed"}

    @property
    def wrong(self) -> list[str]:
        """What is red and should not be, or the other way round, in words; empty where all is well."""
        allowed = set(DEFECTS[self.promise_id].along)
        told = {one.promise.id: one for one in self.outcomes}
        missed = [f"{name} is {told[name].state}" for name in {self.promise_id, *allowed} - self.red]
        return missed + [repr(told[name]) for name in sorted(self.red - allowed - {self.promise_id})]


def break_promise(promise_id: str) -> Run:
    """The ledger against a sandbox that breaks this promise."""
    defect = DEFECTS[promise_id].defect(promise_id)
    with (
        planted(defect, copied=("connectorkit",)) as copy,
        copy.sandbox("--seed", "1") as ready,
        promises_of(ready) as promises,
    ):
        return Run(promise_id, promises.check_all())


def main(names: list[str]) -> int:
    """``python -m tests.mutants.promises.running S9 S36`` while writing rows; without names, all of them."""
    wrong = 0
    for name in names or DEFECTS:
        run = break_promise(name)
        unobserved = f"; not observed: {', '.join(sorted(run.unobserved))}" if run.unobserved else ""
        sys.stdout.write(f"{name}: {'; '.join(run.wrong) or 'exact'}{unobserved}\n")
        sys.stdout.flush()
        wrong += bool(run.wrong)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
