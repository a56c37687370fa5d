"""The ledger in files: JSON, CSV, Markdown and HTML, by the suffix of the name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from connectorkit import markup
from connectorkit.promises.model import MARKS
from connectorkit.promises.outcome import Outcome

_COLUMNS = ("promise", "says", "mark", "section", "expected", "observed", "state", "reading", "not_run")
_HEADS = ("Promise", "", "Says", "Mark", "Section", "Expected", "Observed", "Remark")


def summary(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many there are of each state."""
    states = [one.state for one in outcomes]
    return {state: states.count(state) for state in dict.fromkeys(states)}


def all_well(outcomes: Sequence[Outcome]) -> bool:
    """Whether something was observed, every promise that was is kept, and none could not be observed."""
    states = {one.state for one in outcomes} - {"not run"}
    return bool(states) and states <= {"kept", "informs"}


def as_dict(outcomes: Sequence[Outcome], target: str) -> dict[str, Any]:
    """All of it, for JSON."""
    return {
        "ok": all_well(outcomes),
        "target": target,
        "summary": summary(outcomes),
        "promises": [one.row() for one in outcomes],
    }


def write(outcomes: Sequence[Outcome], path: Path, target: str) -> None:
    """Write the ledger, as the suffix of ``path`` says; folders are made as needed.

    Raises ``ValueError`` for another suffix than .json, .csv, .md and .html, ``OSError`` where it cannot be
    written.
    """
    made = form_of(path)(outcomes, target)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A server may send half a surrogate pair, which no file in UTF-8 can hold.
    path.write_text(made, encoding="utf-8", errors="backslashreplace", newline="")


def form_of(path: Path) -> Callable[[Sequence[Outcome], str], str]:
    """What makes the text of a file of this name. Raises ``ValueError`` where its suffix is none of ours."""
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        raise ValueError(f"{path.name} ends with none of {', '.join(_FORMS)}. Name the file accordingly.")
    return form


def _json(outcomes: Sequence[Outcome], target: str) -> str:
    return json.dumps(as_dict(outcomes, target), ensure_ascii=False, indent=2) + "\n"


def _csv(outcomes: Sequence[Outcome], target: str) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, (*_COLUMNS, "target"), extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for one in outcomes:
        row = {name: _not_a_formula(value) for name, value in one.row().items()}
        writer.writerow(row | {"target": target})
    return text.getvalue()


def _markdown(outcomes: Sequence[Outcome], target: str) -> str:
    lines = ["# Promises", "", f"Observed on {_cell(target)}: {_told(outcomes)}.", ""]
    lines += ["Marks: " + "; ".join(f"{mark} {whose}" for mark, whose in MARKS.items()) + ".", ""]
    lines += [_line(_HEADS), _line(["---"] * len(_HEADS))]
    lines += [_line(_row(one)) for one in outcomes]
    return "\n".join(lines) + "\n"


def _html(outcomes: Sequence[Outcome], target: str) -> str:
    facts = [("observed on", target), *((state, count) for state, count in summary(outcomes).items())]
    head = markup.facts("Promises", facts, good=all_well(outcomes))
    return markup.page("Promises", head + markup.table(_HEADS, (_row(one) for one in outcomes)))


def _row(one: Outcome) -> tuple[Any, ...]:
    promise = one.promise
    mark = "–" if one.kept is None else one.kept
    remark = one.reason or one.read
    expected, observed = one.expected or promise.foreseen, one.observed
    return promise.id, mark, promise.says, promise.mark, promise.section, expected, observed, remark


def _told(outcomes: Sequence[Outcome]) -> str:
    return ", ".join(f"{count} {state}" for state, count in summary(outcomes).items()) or "nothing"


def _line(cells: Sequence[Any]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(value: Any) -> str:
    """Plain text in a table of Markdown: what a server said forms no markup there."""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if value == "---":
        return "---"
    text = " ".join(str(value).split())
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|!&" else sign for sign in text)


def _not_a_formula(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


_FORMS: dict[str, Callable[[Sequence[Outcome], str], str]] = {
    ".json": _json,
    ".csv": _csv,
    ".md": _markdown,
    ".html": _html,
}
