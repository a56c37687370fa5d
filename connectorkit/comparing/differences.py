"""What is different between two runs: each change once, together with what followed from it."""

from __future__ import annotations

from collections.abc import Iterator

from connectorkit import words
from connectorkit.comparing.consequences import Difference, Field, Rows
from connectorkit.comparing.likeness import NOTHING, Leaves
from connectorkit.comparing.matching import AFTER, BEFORE, Matching
from connectorkit.comparing.reading import CONVERSATION, ECHO, SHOWN, Reading
from connectorkit.comparing.runs import Call, Heard, Item, Told


class Differences:
    """Compares two readings.

    ``found`` is in the order of the run. ``missed`` tells, by side, what only one run heard, so late that
    the other may have ended before it came.
    """

    def __init__(self, before: Reading, after: Reading) -> None:
        self._match = Matching(before, after)
        self._sides = (before, after)
        self._rows = Rows(self._match)
        self._told_to_one: list[tuple[int, Told, str, Item, Item]] = []
        self.missed: tuple[list[str], list[str]] = ([], [])
        self._compare_calls()
        self._compare_heard()
        self._compare_told()
        self._compare_rest()
        self.found = sorted(self._rows.found, key=self._when)

    # --- Calls ---

    def _compare_calls(self) -> None:
        for ours, theirs in self._match.calls:
            if ours is None or theirs is None:
                self._rows.add(ours, theirs)
            elif different := self._of_calls(ours, theirs):
                self._rows.add(ours, theirs, different)
        for ours, theirs in self._match.calls:
            if ours is None or theirs is None:
                self._rows.join_renewal(ours, theirs)

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

    # --- What was heard ---

    def _compare_heard(self) -> None:
        for ours, theirs in self._match.heard:
            if ours is None or theirs is None:
                continue
            self._match.both_heard(ours.place, ours.lane, ours.at, theirs.at)
            different = self._leaves(ours.leaves, theirs.leaves)
            if ours.lane == CONVERSATION:
                different = [one for one in different if self._is_news(one.path, ours, theirs)]
            different += self._times("deliveries", ours.news, theirs.news)
            different += self._told(ours, theirs, set())
            if not different:
                continue
            row = self._rows.of_cause(ours, theirs) or self._rows.of_values(ours, different)
            if row is None:
                self._rows.add(ours, theirs, different)
            else:
                row.fields += different

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
        place = self._match.place(ours, BEFORE)
        for label in dict.fromkeys((*ours.told, *theirs.told)):
            a, b = ours.told.get(label, []), theirs.told.get(label, [])
            for one, other in zip(a, b, strict=False):
                if place is not None:
                    self._match.both_heard(place, label, one.at, other.at)
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
            row = self._rows.of.get(ours)
            place = self._match.place((ours, theirs)[side], side)
            if row is None and self._match.may_be_missed(side, place, label, told.at):
                self.missed[side].append(f"{label} of {ours.what}")
                continue
            said = words.of_change(told.change)
            different = Field(label, said, None) if side == BEFORE else Field(label, None, said)
            if row is None:
                self._rows.add(ours, theirs, [different])
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
            row = (
                self._rows.of_cause(*both) or self._rows.of_all(item, side) or self._rows.of_text(item, side)
            )
            if row is not None:
                row.followed.append(item.what)
            elif self._match.may_be_missed(side, item.place, item.lane, item.at):
                self.missed[side].append(item.what)
            else:
                self._rows.add(*both)

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

    def _when(self, row: Difference) -> tuple[int, int, int]:
        item, side = (row.after, AFTER) if row.before is None else (row.before, BEFORE)
        return self._match.when(side, 0 if item is None else item.at)
