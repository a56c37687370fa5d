"""The rows of a comparison, and which of them something that was heard belongs to."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import NamedTuple

from connectorkit import wire, words
from connectorkit.comparing.matching import AFTER, BEFORE, SIDES, Matching
from connectorkit.comparing.reading import SAID, SHOWN
from connectorkit.comparing.runs import Call, Heard, Item, Place

CHANGED, ADDED, REMOVED = "changed", "added", "removed"
_ALONE = (REMOVED, ADDED)  # by side


class Field(NamedTuple):
    """One value that differs; ``None`` where it is not there."""

    path: str
    before: str | None
    after: str | None


@dataclass(eq=False)
class Difference:
    """One change: an item of each run, or of one; the fields that differ, and what followed from it."""

    change: str
    where: str
    what: str
    before: Item | None = None
    after: Item | None = None
    fields: list[Field] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)


class Rows:
    """One row per change. What followed from a change joins its row: each method below finds such a row."""

    def __init__(self, match: Matching) -> None:
        self.found: list[Difference] = []
        self.of: dict[Item, Difference] = {}
        self._match = match
        self._numbers = {place: number for number, place in enumerate(match.conversations(), 1)}
        self._repeated: list[tuple[int, Call, Difference]] = []
        self._calls: defaultdict[Place | None, list[Difference]] = defaultdict(list)
        self._said: defaultdict[tuple[int, Place | None, str], deque[Difference]] = defaultdict(deque)
        self._alone: dict[tuple[int, Place], Difference] = {}

    def add(self, ours: Item | None, theirs: Item | None, fields: list[Field] | None = None) -> Difference:
        """A row of its own."""
        change = CHANGED if ours is not None and theirs is not None else ADDED if ours is None else REMOVED
        item, side = (theirs, AFTER) if ours is None else (ours, BEFORE)
        assert item is not None
        row = Difference(change, self._where(item, side), item.what, ours, theirs, fields or [])
        self.found.append(row)
        for side, one in zip(SIDES, (ours, theirs), strict=True):
            if one is None:
                continue
            self.of[one] = row
            place = self._match.place(one, side)
            if isinstance(one, Call):
                self._said[side, place, one.what].append(row)
                if len(one.attempts) > 1:
                    self._repeated.append((side, one, row))
                if side == BEFORE:
                    self._calls[place].append(row)
            elif change != CHANGED:
                self._said[side, place, one.lane].append(row)
                self._alone.setdefault((side, one.place), row)
        return row

    def join_renewal(self, ours: Call | None, theirs: Call | None) -> None:
        """A token that was fetched between two attempts of a call is part of that story."""
        token, side = (theirs, AFTER) if ours is None else (ours, BEFORE)
        assert token is not None
        if token.last.operation != "app_jwt":
            return
        for where, call, row in self._repeated:
            if where == side and call.at < token.at <= call.last.started_at:
                row.followed.append(token.what)
                self.found.remove(self.of.pop(token))
                return

    def of_cause(self, ours: Heard | None, theirs: Heard | None) -> Difference | None:
        """That of the request of ours that changed the conversation, or showed what the consumer does."""
        for side, item in ((AFTER, theirs), (BEFORE, ours)):
            if item is not None and item.lane == f"{SHOWN} {wire.CONSUMER}":
                return self._of_state(ours, theirs)
            cause = None if item is None else self._match.sides[side].cause(item)
            if cause is not None and cause in self.of:
                return self.of[cause]
        return None

    def of_values(self, item: Heard, fields: list[Field]) -> Difference | None:
        """That of a request whose values have changed in the same way."""
        values = {(one.before, one.after) for one in fields}
        rows = self._calls.get(item.place, [])
        return next((row for row in rows if values <= {(f.before, f.after) for f in row.fields}), None)

    def of_all(self, item: Heard, side: int) -> Difference | None:
        """Of a conversation that only one run has, one row tells."""
        if item.place in (self._match.places, self._match.back)[side]:
            return None
        opener = self._match.sides[side].openers.get(item.place)
        return self._alone.get((side, item.place)) if opener is None else self.of.get(opener)

    def of_text(self, item: Heard, side: int) -> Difference | None:
        """Of a text whose typing this may be: each text has been announced once at most."""
        if not item.lane.startswith(SHOWN):
            return None
        texts = self._said.get((side, item.place, item.lane.replace(SHOWN, SAID, 1)))
        return texts.popleft() if texts else None

    def _of_state(self, ours: Heard | None, theirs: Heard | None) -> Difference | None:
        """Chat states have no number: one that says the same, in the same conversation, is taken for it."""
        calls = [
            self._said.get((side, item.place, words.of_change(item.news.change)), deque())
            for side, item in zip(SIDES, (ours, theirs), strict=True)
            if item is not None
        ]
        both = (row for row in calls[0] if row in calls[-1])
        row = next(both, None)
        if row is not None:
            for waiting in calls:
                waiting.remove(row)
        return row

    def _where(self, item: Item, side: int) -> str:
        place = self._match.place(item, side)
        known = place if side == BEFORE or place is None else self._match.back.get(place, place)
        number = None if known is None else self._numbers.get(known)
        parts = [item.who] if isinstance(item, Call) else []
        return ", ".join([*parts, *([] if number is None else [f"conversation {number}"])]) or "notifications"
