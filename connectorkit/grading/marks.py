"""The outcome of one check, and the report card of all."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connectorkit import markup
from connectorkit.grading.checks import CHECKS, DEFECTS, Check
from connectorkit.markup import Shown
from connectorkit.signature import CAUSES

PASSED, FAILED, NOT_JUDGED = VERDICTS = ("passed", "failed", "not judged")
_SIGNS = {PASSED: "✓", FAILED: "✗", NOT_JUDGED: "–"}
_COLUMNS = ("check", "mark", "a good receiver", "what was sent → what came")
_WIDTH = 80


@dataclass(frozen=True)
class Mark(Shown):
    """How a check went: ``sent`` and ``came`` in words, ``defect`` one of ``DEFECTS`` or of ``CAUSES``.

    ``why`` says for a check that was not judged what stood in the way.
    """

    check: Check
    verdict: str
    sent: str = ""
    came: str = ""
    defect: str = ""
    why: str = ""

    @property
    def explanation(self) -> str:
        """What the defect is, and the next step."""
        return DEFECTS.get(self.defect) or CAUSES.get(self.defect, "")

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "check": self.check.name,
            "title": self.check.title,
            "verdict": self.verdict,
            "sent": self.sent,
            "came": self.came,
            "defect": self.defect or None,
            "explanation": self.explanation or None,
            "why_not_judged": self.why or None,
            "read": self.check.section,
        }

    def __repr__(self) -> str:
        return f"<Mark {self.check.name}: {self.defect or self.verdict}>"


@dataclass(frozen=True)
class ReportCard:
    """What a receiver was graded for, one mark per check; true with full marks.

    Marks are given for what could be judged: from outside by the answers, and inside only with a view
    into the receiver.
    """

    url: str
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, url: str, marks: Iterable[Mark]) -> ReportCard:
        """The card with its marks in the order of the checks."""
        given = {mark.check.name: mark for mark in marks}
        return cls(url, tuple(given[check.name] for check in CHECKS if check.name in given))

    def __bool__(self) -> bool:
        return self.full_marks

    def __getitem__(self, name: str) -> Mark:
        """The mark of a check, by its name."""
        for mark in self.marks:
            if mark.check.name == name:
                return mark
        raise KeyError(f"There is no check {name!r}. There are {', '.join(c.name for c in CHECKS)}.")

    @property
    def full_marks(self) -> bool:
        """Whether something was judged, and all of it is well."""
        counts = self._counts
        return counts[PASSED] > 0 and not counts[FAILED]

    @property
    def defects(self) -> list[str]:
        """The names of what is wrong, each once."""
        return list(dict.fromkeys(mark.defect for mark in self.marks if mark.defect))

    @property
    def score(self) -> str:
        """In words: so many of so many checks."""
        counts = self._counts
        judged = counts[PASSED] + counts[FAILED]
        rest = f", {counts[NOT_JUDGED]} not judged" if counts[NOT_JUDGED] else ""
        return f"{counts[PASSED]} of {judged} passed{rest}"

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        counts = self._counts
        return {
            "url": self.url,
            "full_marks": self.full_marks,
            "passed": counts[PASSED],
            "failed": counts[FAILED],
            "not_judged": counts[NOT_JUDGED],
            "defects": self.defects,
            "marks": [mark.as_dict() for mark in self.marks],
        }

    def to_json(self) -> str:
        """All of it as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=2)

    def __repr__(self) -> str:
        """A table of at most 80 columns; an address longer than that is cut."""
        title = f"Report card of {self.url}"
        score = f"Full marks: {self.score}" if self.full_marks else self.score
        lines = [title if len(title) <= _WIDTH else title[: _WIDTH - 1] + "…", score, ""]
        for mark, reason in self._reasoned():
            lines += _lines(mark, reason=reason)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = [("address", self.url), ("score", self.score)]
        if self.defects:
            rows.append(("defects", ", ".join(self.defects)))
        failed = (_defect(mark) for mark in self.marks if mark.verdict == FAILED)
        parts = [markup.facts("Report card", rows, good=self.full_marks), *failed]
        table = (_row(mark, reason=reason) for mark, reason in self._reasoned())
        return markup.stack([*parts, markup.table(_COLUMNS, table)])

    def _reasoned(self) -> Iterator[tuple[Mark, bool]]:
        """Each mark, and whether to say why it was not judged: one reason for many stands below the last."""
        for mark, following in zip(self.marks, (*self.marks[1:], None), strict=True):
            yield mark, following is None or following.why != mark.why

    @property
    def _counts(self) -> Counter[str]:
        return Counter(mark.verdict for mark in self.marks)


def _lines(mark: Mark, *, reason: bool) -> list[str]:
    head = f"{_SIGNS[mark.verdict]} {mark.check.name:16} {mark.check.title}"
    told: list[tuple[str, str]] = [("not judged: ", mark.why)] if mark.why and reason else []
    if mark.verdict == FAILED:
        told = [
            ("sent: ", mark.sent),
            ("came: ", mark.came),
            ("defect: ", f"{mark.defect}. {mark.explanation}"),
            ("read: ", mark.check.section),
        ]
    return [
        head,
        *(
            textwrap.fill(
                label + text,
                _WIDTH,
                initial_indent=" " * 4,
                subsequent_indent=" " * 6,
                break_on_hyphens=False,
            )
            for label, text in told
            if text
        ),
    ]


def _defect(mark: Mark) -> str:
    rows = [
        ("defect", mark.explanation),
        ("sent", mark.sent),
        ("came", mark.came),
        ("read", mark.check.section),
    ]
    return markup.facts(f"{mark.check.name}: {mark.defect}", rows, good=False)


def _row(mark: Mark, *, reason: bool) -> tuple[Any, ...]:
    if mark.verdict == NOT_JUDGED:
        return mark.check.name, "–", mark.check.title, f"not judged: {mark.why}" if reason else ""
    went = f"{mark.sent} → {mark.came}" if mark.sent else mark.came
    return mark.check.name, mark.verdict == PASSED, mark.check.title, went
