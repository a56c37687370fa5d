"""The ledger in files: JSON, CSV, Markdown and HTML, by the suffix of the name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from connectorkit import markup
from connectorkit.promises.model import MARKS, in_words
from connectorkit.promises.outcome import NEITHER, SEEN, Outcome, State

_COLUMNS = (
    *("promise", "topic", "says", "mark", "section", "expected", "observed", "state"),
    *("readings", "reading", "ruling", "not_run"),
)
_HEADS = ("Promise", "", "Says", "Mark", "Section", "Expected", "Observed")
_READ_HEADS = ("Promise", "", "Question", "Section", "Here", "Read in", "Reading", "Then one sees")
# How many there are of each state, in words.
WORDS: dict[State, str] = {
    "kept": "kept",
    "broken": "broken",
    "informs": "told which reading is true",
    "not observed": "not observed",
    "not run": "not run",
}
# Columns that hold sentences.
_WIDE = (2, 5, 6)


def summary(outcomes: Sequence[Outcome]) -> dict[State, int]:
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
    for title, heads, rows in _parts(outcomes):
        lines += [f"## {_cell(title)}", "", _line(heads), _line(["---"] * len(heads))]
        lines += [*map(_line, rows), ""]
    return "\n".join(lines)


def _html(outcomes: Sequence[Outcome], target: str) -> str:
    marks = ((f"mark {mark}", whose) for mark, whose in MARKS.items())
    facts = [("observed on", target), *((WORDS[state], count) for state, count in summary(outcomes).items())]
    facts += marks
    page = markup.facts("Promises", facts, good=all_well(outcomes))
    for title, heads, rows in _parts(outcomes):
        page += markup.section(title, markup.table(heads, rows, wide=_WIDE))
    return markup.page("Promises", page)


def _parts(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, Sequence[str], list[Sequence[Any]]]]:
    """By topic: its name, the heads of its table, and the rows."""
    for topic in dict.fromkeys(one.promise.topic for one in outcomes):
        here = [one for one in outcomes if one.promise.topic == topic]
        told = [one for one in here if one.promise.readings]
        others = [one for one in here if not one.promise.readings]
        title = topic[:1].upper() + topic[1:]
        if others:
            yield f"{title}: {_told(others)}", _HEADS, [_row(one) for one in others]
        if told:
            yield f"{title}: {_told(told)}", _READ_HEADS, [row for one in told for row in _read_rows(one)]


def _row(one: Outcome) -> tuple[Any, ...]:
    promise = one.promise
    expected = one.expected or promise.foreseen
    observed = "as expected" if one.kept and one.observed == expected else one.observed or _why(one)
    return promise.id, _sign(one), promise.says, promise.mark, promise.section, expected, observed


def _read_rows(one: Outcome) -> list[tuple[Any, ...]]:
    """A contradiction: one row for each reading, then what else is to be said."""
    promise = one.promise
    rows = [
        (SEEN if seen else "", reading.source, reading.says, in_words(reading.observed))
        for reading, seen in one.readings
    ]
    if one.read == NEITHER:
        rows.append((SEEN, "", NEITHER, one.observed))
    if one.reason:
        rows.append(("–", "", _why(one), ""))
    rows.append(("", "the ruling", promise.ruling, ""))
    heads: list[tuple[Any, ...]] = [(promise.id, _sign(one), promise.says, promise.section)]
    heads += [(None, "", "", "")] * (len(rows) - 1)
    return [head + row for head, row in zip(heads, rows, strict=True)]


def _why(one: Outcome) -> str:
    return f"not run: {one.not_run}" if one.not_run else one.reason


def _sign(one: Outcome) -> Any:
    return _SIGNS.get(one.state, one.kept)


def _told(outcomes: Sequence[Outcome]) -> str:
    return ", ".join(f"{count} {WORDS[state]}" for state, count in summary(outcomes).items()) or "nothing"


def _line(cells: Sequence[Any]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(value: Any) -> str:
    """Plain text in a table of Markdown: what a server said forms no markup there."""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if value is None:
        return ""
    if value == "---":
        return "---"
    text = " ".join(str(value).split())
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|!&" else sign for sign in text)


def _not_a_formula(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


_SIGNS = {"informs": "i", "not observed": "?", "not run": "–"}
_FORMS: dict[str, Callable[[Sequence[Outcome], str], str]] = {
    ".json": _json,
    ".csv": _csv,
    ".md": _markdown,
    ".html": _html,
}
