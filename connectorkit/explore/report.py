"""What came of an exploration: surprises, numbers, and what was covered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from connectorkit.explore import coverage
from connectorkit.explore.playing import Cell, Surprise


@dataclass
class Report:
    """What came of an exploration.

    ``surprises`` come in the order found; ``sequences`` and ``steps`` count what was played, shrinking
    included; ``reached`` counts the cells (state, event, fault).
    """

    target: str
    seed: int
    controlled: bool = True
    surprises: list[Surprise] = field(default_factory=list)
    sequences: int = 0
    steps: int = 0
    seconds: float = 0.0
    kept: int = 0
    reached: Counter[Cell] = field(default_factory=Counter)

    @property
    def ok(self) -> bool:
        """Whether nothing was a surprise, and something was tried."""
        return not self.surprises and self.steps > 0

    @property
    def steps_per_second(self) -> float:
        """How fast it was."""
        return self.steps / self.seconds if self.seconds else 0.0

    def coverage_rows(self) -> list[dict[str, Any]]:
        """One row per cell that there is, with how often it was reached."""
        return coverage.rows(self.reached, controlled=self.controlled)

    def never_reached(self) -> list[Cell]:
        """The cells that there are and that no step has come to."""
        return [cell for cell in coverage.existing(controlled=self.controlled) if not self.reached[cell]]

    def facts(self) -> list[tuple[str, Any]]:
        """The numbers, with their names."""
        cells = len(coverage.existing(controlled=self.controlled))
        return [
            ("target", self.target),
            ("seed", self.seed),
            ("sequences", self.sequences),
            ("steps", f"{self.steps} in {self.seconds:.0f} s, {self.steps_per_second:.0f} a second"),
            ("cells reached", f"{cells - len(self.never_reached())} of {cells}"),
            ("kept cases replayed", self.kept),
            ("surprises", len(self.surprises) or "none"),
        ]

    def summary(self) -> dict[str, Any]:
        """What the command prints as JSON."""
        cells = len(coverage.existing(controlled=self.controlled))
        return {
            "ok": self.ok,
            "target": self.target,
            "seed": self.seed,
            "seconds": round(self.seconds, 3),
            "sequences": self.sequences,
            "steps": self.steps,
            "steps_per_second": round(self.steps_per_second, 1),
            "kept_cases_replayed": self.kept,
            "surprises": [one.row() for one in self.surprises],
            "coverage": {"cells": cells, "reached": cells - len(self.never_reached())},
        }

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__}: " + ", ".join(f"{name} {value}" for name, value in self.facts()) + ">"
        )
