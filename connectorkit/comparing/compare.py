"""``compare(before, after)``: what changed between two runs, with ids, times and tokens matched away.

Compared are calls (method, path, headers with a meaning, body, answer) and what notifications told, each by
the members of its JSON. Ids, tokens, times, hosts, ports and numbers of messages may differ as long as
they refer to the same things. Order counts for what one party did, not for who was faster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from connectorkit import markup
from connectorkit.comparing.consequences import ADDED, CHANGED, REMOVED, Difference
from connectorkit.comparing.differences import Differences
from connectorkit.comparing.reading import Reading
from connectorkit.comparing.runs import Call, Heard, Item, Run, run_from, run_of
from connectorkit.comparing.telling import counted, printable
from connectorkit.log import Log
from connectorkit.records import Exchange, Notification
from connectorkit.tables import TEXT, WHOLE, Columns, frame

__all__ = ("COMPARISON", "DETAILS", "Comparison", "Run", "compare", "run_of")

COMPARISON: Columns = {
    "change": (TEXT, "changed, added or removed"),
    "where": (TEXT, "the consumer and the conversation, counted in the order of the run"),
    "what": (TEXT, "the call or the notification, in a few words"),
    "field": (
        TEXT,
        "what differs first: a JSON path, status_code, sequence …; missing for added and removed",
    ),
    "before": (TEXT, "its value there; missing where there is none"),
    "after": (TEXT, "its value here; missing where there is none"),
    "also": (TEXT, "other fields that differ, and what followed from the change"),
    "exchange_before": (WHOLE, "the exchange to look at"),
    "exchange_after": (WHOLE, "the exchange to look at"),
    "notification_before": (WHOLE, "the delivery to look at, where the change is not one of a call"),
    "notification_after": (WHOLE, "the delivery to look at, where the change is not one of a call"),
}
DETAILS: Columns = {
    "row": (WHOLE, "row of the comparison"),
    "field": (TEXT, "JSON path, status_code, sequence …"),
    "before": (TEXT, "its value there"),
    "after": (TEXT, "its value here"),
}
Records = Run | Log | Iterable[Exchange | Notification]
_SHOWN = 20  # rows of the plain display
_LONGEST = 70
_SIGNS = {CHANGED: "~", ADDED: "+", REMOVED: "-"}


class Comparison:
    """What changed between two runs: ``equal``, a ``frame`` with one row per change, and its ``details``.

    ``missed`` tells, for either run, what only it has heard, so late that the other may have ended before
    it could; that counts as no change.
    """

    def __init__(self, before: Run, after: Run) -> None:
        found = Differences(Reading(before), Reading(after))
        if found.found and bool(before.notifications) != bool(after.notifications):
            # A run that heard nothing differs in one thing, not in every message.
            silent = (replace(run, notifications=()) for run in (before, after))
            found = Differences(*map(Reading, silent))
            found.found.append(_silence(before, after))
        self._rows = found.found
        self._counts = tuple((len(run.exchanges), len(run.notifications)) for run in (before, after))
        self.missed = {"before": found.missed[0], "after": found.missed[1]}

    @property
    def equal(self) -> bool:
        """Whether nothing changed."""
        return not self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __bool__(self) -> bool:
        return True  # without a change it is a comparison too

    @property
    def frame(self) -> pd.DataFrame:
        """One row per change, in the order of the run; the columns are those of ``COMPARISON``."""
        return frame(COMPARISON, map(_row, self._rows))

    @property
    def details(self) -> pd.DataFrame:
        """One row per field that differs; the columns are those of ``DETAILS``."""
        rows = ((number, one) for number, row in enumerate(self._rows) for one in row.fields)
        return frame(
            DETAILS,
            ({"row": n, "field": f.path, "before": f.before, "after": f.after} for n, f in rows),
        )

    def __repr__(self) -> str:
        rows = [_line(row) for row in self._rows[:_SHOWN]]
        more = len(self._rows) - len(rows)
        rows += [f"… and {counted(more, 'more change')}; see .frame"] if more else []
        return "\n".join([self._headline(), *map(printable, rows), *self._remarks()])

    def _repr_html_(self) -> str:
        columns = ("change", "where", "what", "field", "before", "after", "also")
        shown = [
            [_short(row.get(name), quoted=False) for name in columns]
            for row in map(_row, self._rows[:_SHOWN])
        ]
        more = len(self._rows) - len(shown)
        parts = [markup.note(self._headline(), good=self.equal)]
        parts += [markup.table(columns, shown)] if shown else []
        parts += [markup.note(f"… and {counted(more, 'more change')}; see .frame")] if more else []
        return "".join([*parts, *map(markup.note, self._remarks())])

    def _headline(self) -> str:
        sides = [f"{counted(e, 'exchange')} and {counted(n, 'notification')}" for e, n in self._counts]
        if self.equal:
            return f"No change: {sides[0]} match{'' if sides[0] == sides[1] else f' {sides[1]}'}."
        return f"{counted(len(self._rows), 'change')} between {sides[0]} before, and {sides[1]} after:"

    def _remarks(self) -> list[str]:
        return [
            f"Only the run {side} heard, at its end: {printable(_listed(said))}. "
            "The other may have ended too early."
            for side, said in self.missed.items()
            if said
        ]


def compare(before: Records, after: Records) -> Comparison:
    """What changed from one run to another.

    Each is a log, what ``run_of(log, session)`` returns, or exchanges and notifications in any iterable.
    Raises ``TypeError`` for anything else.
    """
    return Comparison(run_from(before), run_from(after))


def _silence(before: Run, after: Run) -> Difference:
    what = f"all {counted(len(before.notifications or after.notifications), 'notification')}"
    return Difference(REMOVED if before.notifications else ADDED, "notifications", what)


def _row(difference: Difference) -> dict[str, Any]:
    first = difference.fields[0] if difference.fields else None
    before, after = difference.before, difference.after
    paths = dict.fromkeys(one.path for one in difference.fields[1:])
    row = {
        "change": difference.change,
        "where": difference.where,
        "what": difference.what,
        "also": _listed([*paths, *difference.followed]) or None,
        **{f"{name}_before": number for name, number in _numbers(before).items()},
        **{f"{name}_after": number for name, number in _numbers(after).items()},
    }
    if first is not None:
        return row | {"field": first.path, "before": first.before, "after": first.after}
    return row | {"before": before and before.what, "after": after and after.what}


def _numbers(item: Item | None) -> dict[str, int]:
    if isinstance(item, Call):
        return {"exchange": item.last.exchange_id}
    return {"notification": item.news.change.notification.notification_id} if isinstance(item, Heard) else {}


def _line(difference: Difference) -> str:
    row = _row(difference)
    line = f"{_SIGNS[difference.change]} {row['where']}: {_short(row['what'], quoted=False)}"
    if row.get("field"):
        line += f" — {_short(row['field'], quoted=False)}: {_short(row['before'])} → {_short(row['after'])}"
    return f"{line} (also {_short(row['also'], quoted=False)})" if row["also"] else line


def _short(text: str | None, *, quoted: bool = True) -> str:
    if text is None:
        return "nothing" if quoted else ""
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f"“{printable(text)}”" if quoted else printable(text)


def _listed(words: list[str]) -> str:
    found = {word: words.count(word) for word in dict.fromkeys(words)}
    return ", ".join(word if times == 1 else f"{times} × {word}" for word, times in found.items())
