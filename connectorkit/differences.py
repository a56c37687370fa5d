"""What is different between two runs: each change once, together with what followed from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from connectorkit import wire, words
from connectorkit.likeness import NOTHING, Leaves
from connectorkit.matching import AFTER, BEFORE, Matching, first_of
from connectorkit.reading import CONNECTOR, CONVERSATION, ECHO, SAID, SHOWN, Reading
from connectorkit.runs import Call, Heard, Item, Place, Told

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
    before: Item | None
    after: Item | None
    fields: list[Field] = field(default_factory=list)
    followed: list[str] = field(default_factory=list)

    @property
    def item(self) -> Item:
        """What it is about; of two, that of the run before."""
        item = self.before or self.after
        assert item is not None
        return item


class Differences:
    """Compares two readings.

    ``found`` is in the order of the run. ``missed`` tells, by side, what only one run heard, so late that
    the other may have ended before it came.
    """

    def __init__(self, before: Reading, after: Reading) -> None:
        self._match = Matching(before, after)
        self._sides = (before, after)
        self._rows: dict[Item, Difference] = {}
        self._told_to_one: list[tuple[int, Told, str, Item, Item]] = []
        self.found: list[Difference] = []
        self.missed: tuple[list[str], list[str]] = ([], [])
        places = [*before.places, *(p for p in after.places if p not in self._match.back)]
        self._numbers = {place: number for number, place in enumerate((p for p in places if p[1]), 1)}
        self._compare_calls()
        self._compare_heard()
        self._compare_told()
        self._compare_rest()
        self.found.sort(key=self._when)

    # --- Calls ---

    def _compare_calls(self) -> None:
        for ours, theirs in self._match.calls:
            if ours is None or theirs is None:
                self._add(ours, theirs)
            elif different := self._of_calls(ours, theirs):
                self._add(ours, theirs, different)
        for ours, theirs in self._match.calls:
            if ours is None or theirs is None:
                self._join_renewal(ours, theirs)

    def _of_calls(self, ours: Call, theirs: Call) -> list[Field]:
        found = self._leaves(ours.request, theirs.request)
        found += self._references(ours, theirs)
        if len(ours.attempts) != len(theirs.attempts):
            found.append(Field("attempts", str(len(ours.attempts)), str(len(theirs.attempts))))
        for number, both in enumerate(zip(ours.earlier, theirs.earlier, strict=False), 1):
            found += [f._replace(path=f"attempt {number}: {f.path}") for f in self._leaves(*both)]
        found += self._leaves(ours.response, theirs.response)
        for asked, again, *steps in zip(ours.pairs, theirs.pairs, ours.steps, theirs.steps, strict=True):
            if None not in steps and steps[0] != steps[1]:
                found.append(Field("response.body.sequence", str(asked.sequence), str(again.sequence)))
        return found + self._told(ours, theirs, {(one.before, one.after) for one in found})

    def _references(self, ours: Call, theirs: Call) -> Iterator[Field]:
        """Receipts that name other messages than those of the other run."""
        for asked, again in zip(ours.pairs, theirs.pairs, strict=True):
            numbers = words.receipt_numbers(asked.event), words.receipt_numbers(again.event)
            named = self._sides[0].named(ours, asked), self._sides[1].named(theirs, again)
            if [n if isinstance(n, int) else self._match.partner.get(n) for n in named[0]] != named[1]:
                yield Field("request.body.event.sequenceList", *map(str, numbers))

    def _join_renewal(self, ours: Call | None, theirs: Call | None) -> None:
        """A token that was fetched between two attempts of a call is part of that story."""
        token, side = (theirs, AFTER) if ours is None else (ours, BEFORE)
        assert token is not None
        if token not in self._sides[side].calls.get(CONNECTOR, ()):
            return
        for row in self.found:
            call = row.after if side == AFTER else row.before
            if isinstance(call, Call) and call.at < token.at <= call.last.started_at:
                row.followed.append(token.what)
                self.found.remove(self._rows.pop(token))
                return

    # --- What was heard ---

    def _compare_heard(self) -> None:
        for ours, theirs in self._match.heard:
            if ours is None or theirs is None:
                continue
            self._match.both_heard(ours.place, ours.at, theirs.at)
            different = self._leaves(ours.leaves, theirs.leaves)
            if ours.lane == CONVERSATION:
                different = [one for one in different if self._is_news(one.path, ours, theirs)]
            different += self._times("deliveries", ours.news, theirs.news)
            different += self._told(ours, theirs, set())
            row = (
                (self._row_of_cause(ours, theirs) or self._row_of_same(ours, different))
                if different
                else None
            )
            if row is not None:
                row.fields += different
            elif different:
                self._add(ours, theirs, different)

    def _is_news(self, path: str, *items: Heard) -> bool:
        """A conversation is told as a whole each time: what neither side has changed just now is no news."""
        for item, side in zip(items, self._sides, strict=True):
            before = side.before(item)
            if before is None or before.leaves.get(path, NOTHING)[:2] != item.leaves.get(path, NOTHING)[:2]:
                return True
        return False

    def _told(self, ours: Item, theirs: Item, known: set[tuple[str | None, str | None]]) -> list[Field]:
        """What notifications told of an item: its event, and receipts."""
        found: list[Field] = []
        place = self._place(ours, BEFORE)
        for label in dict.fromkeys((*ours.told, *theirs.told)):
            a, b = ours.told.get(label, []), theirs.told.get(label, [])
            for one, other in zip(a, b, strict=False):
                if place is not None:
                    self._match.both_heard(place, one.at, other.at)
                if label == ECHO:
                    events = [
                        side.reader.value(told.change.event, f"{label}.event", numbers=True)
                        for side, told in zip(self._sides, (one, other), strict=True)
                    ]
                    found += [f for f in self._leaves(*events) if (f.before, f.after) not in known]
                found += self._times(f"{label}.deliveries", one, other)
            self._told_to_one += [(BEFORE, told, label, ours, theirs) for told in a[len(b) :]]
            self._told_to_one += [(AFTER, told, label, ours, theirs) for told in b[len(a) :]]
        return found

    def _compare_told(self) -> None:
        """What only one run was told of an item that both have."""
        for side, told, label, ours, theirs in self._told_to_one:
            row = self._rows.get(ours)
            place = self._place((ours, theirs)[side], side)
            if row is None and self._match.may_be_missed(side, place, told.at):
                self.missed[side].append(f"{label} of {ours.what}")
                continue
            said = words.of_change(told.change)
            different = Field(label, said, None) if side == BEFORE else Field(label, None, said)
            if row is None:
                self._add(ours, theirs, [different])
            else:
                row.fields.append(different)

    def _compare_rest(self) -> None:
        """What only one run heard, except where it followed from a change that has a row already."""
        alone = [
            (BEFORE, ours) if ours is not None else (AFTER, theirs)
            for ours, theirs in self._match.heard
            if ours is None or theirs is None
        ]
        # What is shown comes last: typing belongs to the text that it announced.
        for side, item in sorted(alone, key=lambda one: one[1] is not None and one[1].lane.startswith(SHOWN)):
            assert item is not None
            both = (item, None) if side == BEFORE else (None, item)
            row = self._row_of_cause(*both) or self._row_of_all(item, side) or self._row_of_text(item, side)
            if row is not None:
                row.followed.append(item.what)
            elif self._match.may_be_missed(side, item.place, item.at):
                self.missed[side].append(item.what)
            else:
                self._add(*both)

    # --- What followed from what ---

    def _row_of_cause(self, ours: Heard | None, theirs: Heard | None) -> Difference | None:
        """That of the request of ours that changed the conversation, or showed what the consumer does."""
        both = (ours or theirs, f"{SHOWN} {wire.CONSUMER}")
        if both[0] is not None and both[0].lane == both[1]:
            return self._row_of_state(ours, theirs)
        for item, side in ((theirs, self._sides[1]), (ours, self._sides[0])):
            cause = None if item is None else side.cause(item)
            if cause is not None and cause in self._rows:
                return self._rows[cause]
        return None

    def _row_of_same(self, item: Heard, fields: list[Field]) -> Difference | None:
        """That of a request whose values have changed in the same way."""
        values = {(one.before, one.after) for one in fields}
        for row in self.found:
            if isinstance(row.before, Call) and self._place(row.before, BEFORE) == item.place:
                if values <= {(one.before, one.after) for one in row.fields}:
                    return row
        return None

    def _row_of_state(self, ours: Heard | None, theirs: Heard | None) -> Difference | None:
        """Chat states have no number: one that says the same, in the same conversation, is taken for it."""
        for row in self.found:
            calls = [
                (call, heard, side)
                for call, heard, side in ((row.before, ours, BEFORE), (row.after, theirs, AFTER))
                if heard is not None
            ]
            if all(
                isinstance(call, Call)
                and self._place(call, side) == heard.place
                and call.what == words.of_change(heard.news.change)
                for call, heard, side in calls
            ):
                said = calls[0][1].what
                if said not in row.followed:
                    return row
        return None

    def _row_of_all(self, item: Heard, side: int) -> Difference | None:
        """Of a conversation that only one run has, one row tells."""
        if item.place in (self._match.places, self._match.back)[side]:
            return None
        opener = self._sides[side].openers.get(item.place)
        if opener is not None:
            return self._rows.get(opener)
        alike = (i for i in self._rows if isinstance(i, Heard) and i.place == item.place)
        return next((self._rows[i] for i in alike if self._rows[i].change == _ALONE[side]), None)

    def _row_of_text(self, item: Heard, side: int) -> Difference | None:
        """Of a text whose typing this may be: each text has been announced once at most."""
        if not item.lane.startswith(SHOWN):
            return None
        for row in self.found:
            said = row.item
            if row.change == _ALONE[side] and isinstance(said, Heard) and said.place == item.place:
                lane = said.lane.removeprefix(SAID) == item.lane.removeprefix(SHOWN)
                if lane and item.what not in row.followed:
                    return row
        return None

    # --- Parts ---

    def _leaves(self, ours: Leaves, theirs: Leaves) -> list[Field]:
        found = []
        for path in dict.fromkeys((*ours, *theirs)):
            a, b = ours.get(path), theirs.get(path)
            if a is None or b is None:
                found.append(Field(path, a and a.shown, b and b.shown))
            elif a[:2] != b[:2] or not self._match.ids.agree(a.ids, b.ids):
                found.append(Field(path, a.shown, b.shown))
        return found

    @staticmethod
    def _times(name: str, ours: Told, theirs: Told) -> list[Field]:
        same = ours.deliveries == theirs.deliveries
        return [] if same else [Field(name, str(ours.deliveries), str(theirs.deliveries))]

    def _add(self, ours: Item | None, theirs: Item | None, fields: list[Field] | None = None) -> Difference:
        change = CHANGED if ours is not None and theirs is not None else ADDED if ours is None else REMOVED
        item, side = (theirs, AFTER) if ours is None else (ours, BEFORE)
        assert item is not None
        row = Difference(change, self._where(item, side), ours, theirs, fields or [])
        self._rows |= {one: row for one in (ours, theirs) if one is not None}
        self.found.append(row)
        return row

    def _where(self, item: Item, side: int) -> str:
        place = self._place(item, side)
        number = None if place is None else self._numbers.get(self._there(place, side))
        parts = [item.who] if isinstance(item, Call) else []
        return ", ".join([*parts, *([] if number is None else [f"conversation {number}"])]) or "notifications"

    def _there(self, place: Place, side: int) -> Place:
        """The conversation as the run before has it, if it does."""
        if side == BEFORE:
            return place
        return self._match.back.get(place, place)

    def _place(self, item: Item, side: int) -> Place | None:
        if isinstance(item, Heard):
            return item.place
        return first_of(self._sides[side].place(item, pair) for pair in item.pairs)

    def _when(self, row: Difference) -> tuple[int, int, int]:
        return self._match.when(BEFORE if row.before is not None else AFTER, row.item.at)
