"""What became of a promise: kept, broken, not observed, or not run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from connectorkit import markup
from connectorkit.promises.model import MARKS, Promise, Reading, in_words
from connectorkit.scenarios import Check

NEITHER = "neither reading"
SEEN = "seen"
State = Literal["kept", "broken", "informs", "not observed", "not run"]


@dataclass(frozen=True)
class Outcome:
    """What was observed of one promise.

    ``expected`` and ``observed`` are one line each, ``checks`` everything that was compared. ``not_run`` says
    why it was not run on this ``target``; ``not_observed`` what went wrong before it could be observed, which
    says nothing about the promise. ``informative`` is a contradiction on an account: it tells which reading
    is true there. ``exchange_id`` is the last exchange with the service.
    """

    promise: Promise
    target: str = ""
    expected: str = ""
    observed: str = ""
    checks: tuple[Check, ...] = ()
    reading: Reading | None = None
    informative: bool = False
    not_run: str = ""
    not_observed: str = ""
    exchange_id: int | None = None
    duration_ms: float = 0.0

    @property
    def kept(self) -> bool | None:
        """Whether the promise is kept; ``None`` where that was not observed, or is only told."""
        if self.not_run or self.not_observed or self.informative:
            return None
        return bool(self.checks) and all(check.ok for check in self.checks)

    @property
    def state(self) -> State:
        """What became of it, in a word or two."""
        if self.not_run:
            return "not run"
        if self.not_observed:
            return "not observed"
        if self.informative:
            return "informs"
        return "kept" if self.kept else "broken"

    @property
    def reason(self) -> str:
        """Why it was not run or not observed; empty where it was."""
        return self.not_run or (f"not observed: {self.not_observed}" if self.not_observed else "")

    @property
    def differences(self) -> tuple[Check, ...]:
        """What does not agree."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def differs(self) -> str:
        """What does not agree, in words; empty where all does, and where it is only told."""
        if self.informative:
            return ""
        return "; ".join(f"{c.what} is {c.observed}, not {c.expected}" for c in self.differences)

    @property
    def readings(self) -> tuple[tuple[Reading, bool], ...]:
        """Of a contradiction: its readings, and of each whether it is the one that was observed."""
        return tuple((reading, reading is self.reading) for reading in self.promise.readings)

    @property
    def read(self) -> str:
        """Of a contradiction: which reading was observed, in words."""
        if not self.promise.readings or self.reason:
            return ""
        return f"{self.reading.source}: {self.reading.says}" if self.reading is not None else NEITHER

    def row(self) -> dict[str, Any]:
        """Its row in the frame of the ledger's outcomes."""
        return {
            **{name: self.promise.row()[name] for name in ("promise", "topic", "says", "mark", "section")},
            "expected": self.expected or self.promise.foreseen,
            "observed": self.observed or None,
            "kept": self.kept,
            "state": self.state,
            "differs": self.differs or None,
            "readings": self.promise.row()["readings"],
            "reading": self.read or None,
            "ruling": self.promise.ruling or None,
            "not_run": self.reason or None,
            "target": self.target,
            "exchange_id": self.exchange_id,
            "duration_ms": None if self.not_run else self.duration_ms,
        }

    def __repr__(self) -> str:
        differs = f"; {self.differs}" if self.differs else ""
        return (
            f"<Outcome {self.promise.id}: {self.reason or self.state}; "
            f"expected {self.expected or self.promise.foreseen}, "
            f"observed {self.observed or 'nothing'}{differs}>"
        )

    def _repr_html_(self) -> str:
        promise = self.promise
        who = f"{MARKS[promise.mark]}, section {promise.section}"
        facts = [
            ("question" if promise.readings else "promise", promise.says),
            ("asked in" if promise.readings else "said by", promise.section if promise.readings else who),
            ("ruling", promise.ruling),
            ("observed", self.observed if self.read == NEITHER else ""),
            ("not observed" if self.not_observed else "not run", self.not_observed or self.not_run),
            ("target", self.target),
            ("exchange", self.exchange_id or ""),
        ]
        head = markup.facts(promise.id, [row for row in facts if row[1]], good=self.kept)
        if promise.readings:
            return head + markup.table(("here", "read in", "reading", "then one sees"), self._read_rows())
        rows = [(check.what, check.ok, check.expected, check.observed) for check in self.checks]
        return head + (markup.table(("compared", "same", "expected", "observed"), rows) if rows else "")

    def _read_rows(self) -> list[tuple[str, str, str, str]]:
        return [
            (SEEN if seen else "", reading.source, reading.says, in_words(reading.observed))
            for reading, seen in self.readings
        ]
