"""Which calls, conversations and notifications of one run stand for which of another."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Hashable
from difflib import SequenceMatcher
from typing import Any, TypeVar

from connectorkit.comparing.alignment import align
from connectorkit.comparing.likeness import Bijection, Leaves
from connectorkit.comparing.reading import Reading
from connectorkit.comparing.runs import Call, Heard, Item, Place

BEFORE, AFTER = SIDES = (0, 1)
# A run that ends does not wait for the last notifications; what came this much later may have been missed.
_GRACE_NS = 1_000_000_000
_TOLD = 200  # characters of two texts that are looked at to see how alike they are
One = TypeVar("One", bound=Item)
Both = tuple[One | None, One | None]


class Matching:
    """Pairs of what two runs have in common, and what only one has, as pairs with ``None``."""

    def __init__(self, before: Reading, after: Reading) -> None:
        self.sides = (before, after)
        self.ids = Bijection()
        self.partner: dict[Item, Item] = {}
        self.places: dict[Place, Place] = {}
        self.calls = self._match_calls()
        self._match_places()
        self.heard = self._match_heard()
        self._last: tuple[dict[tuple[Place, str], int], dict[tuple[Place, str], int]] = ({}, {})
        common = [(a.at, b.at) for a, b in self.partner.items() if isinstance(a, Call)]
        self._anchors = (sorted(common), sorted((there, here) for here, there in common))

    def both_heard(self, place: Place, lane: str, here: int, there: int) -> None:
        """Up to these moments both runs have heard what stands in this lane of a conversation."""
        places = (place, self.places.get(place, place))
        for last, name, at in zip(self._last, places, (here, there), strict=True):
            last[name, lane] = max(at, last.get((name, lane), 0))

    def place(self, item: Item, side: int) -> Place | None:
        """The conversation that it is about."""
        if isinstance(item, Heard):
            return item.place
        found = (self.sides[side].place(item, pair) for pair in item.pairs)
        return next((place for place in found if place is not None), None)

    def conversations(self) -> list[Place]:
        """All of both runs, in the order in which they were met; those in common once, as before."""
        places = [*self.sides[0].places, *(p for p in self.sides[1].places if p not in self.back)]
        return [place for place in places if place[1]]

    def may_be_missed(self, side: int, place: Place | None, lane: str, at: int) -> bool:
        """Whether the other run may have ended before it could hear what this one heard at this moment."""
        # Only within a lane does what comes later prove anything: others act in an order of their own.
        if place is not None and at < self._last[side].get((place, lane), 0):
            return False
        here, there = self._anchor(side, at)
        return self.sides[1 - side].ended - there < at - here + _GRACE_NS

    def when(self, side: int, at: int) -> tuple[int, int, int]:
        """A moment of either run, so that moments of both can be put in one order."""
        return (at, BEFORE, at) if side == BEFORE else (self._anchor(AFTER, at)[1], AFTER, at)

    def _anchor(self, side: int, at: int) -> tuple[int, int]:
        """When the last call in common before this moment was begun, in this run and in the other."""
        number = bisect.bisect_right(self._anchors[side], (at, 2**63)) - 1
        if number < 0:
            return self.sides[side].began, self.sides[1 - side].began
        return self._anchors[side][number]

    def _match_calls(self) -> list[Both[Call]]:
        found: list[Both[Call]] = []
        for stream in dict.fromkeys((*self.sides[0].calls, *self.sides[1].calls)):
            ours, theirs = (side.calls.get(stream, []) for side in self.sides)
            found += self._paired(ours, theirs, [_whole, _asked, _kind])
        return found

    def _match_places(self) -> None:
        """Conversations belong together as the calls do, those that were opened before others."""
        met: list[tuple[bool, Place, Place]] = []
        for ours, theirs in self.calls:
            if ours is not None and theirs is not None:
                for asked, again in zip(ours.pairs, theirs.pairs, strict=True):
                    here, there = self.sides[0].place(ours, asked), self.sides[1].place(theirs, again)
                    if here is not None and there is not None:
                        met.append((not (asked.opened and again.opened), here, there))
        taken: set[Place] = set()
        for _, here, there in sorted(met, key=lambda one: one[0]):
            if here not in self.places and there not in taken:
                self.places[here] = there
                taken.add(there)
        # Those that were only heard of, or that no opening tells about, in the order in which they were met.
        rest = [
            [p for p in side.places if p not in known and p not in side.openers]
            for side, known in zip(self.sides, (set(self.places), taken), strict=True)
        ]
        for named in (True, False):  # what names no conversation stands apart
            self.places |= zip(*([p for p in side if bool(p[1]) == named] for side in rest), strict=False)
        self.back = {there: here for here, there in self.places.items()}
        for here, there in self.places.items():
            self.ids.agree((here[1],), (there[1],))

    def _match_heard(self) -> list[Both[Heard]]:
        found: list[Both[Heard]] = []
        for here, there in self.places.items():
            ours, theirs = self.sides[0].heard.get(here, {}), self.sides[1].heard.get(there, {})
            for lane in dict.fromkeys((*ours, *theirs)):
                found += self._paired(ours.get(lane, []), theirs.get(lane, []), [_whole, _kind])
        for side, known in zip(SIDES, (self.places, self.back), strict=True):
            lanes = [
                lane
                for place, by in self.sides[side].heard.items()
                if place not in known
                for lane in by.values()
            ]
            alone = [item for lane in lanes for item in lane]
            found += [(item, None) if side == BEFORE else (None, item) for item in alone]
        return found

    def _paired(
        self, ours: list[One], theirs: list[One], keys: list[Callable[[Any], Hashable]]
    ) -> list[Both[One]]:
        pairs = [(ours[a], theirs[b]) for a, b in align(ours, theirs, keys, _likeness)]
        both: list[Both[One]] = [*pairs]
        self.partner.update(pairs)
        here, there = {a for a, _ in pairs}, {b for _, b in pairs}
        alone: list[Both[One]] = [(item, None) for item in ours if item not in here]
        alone += [(None, item) for item in theirs if item not in there]
        return [*both, *alone]


def _marks(leaves: Leaves) -> frozenset[tuple[str, str, str]]:
    return frozenset((path, leaf.kind, leaf.text) for path, leaf in leaves.items())


def _whole(item: Item) -> Hashable:
    """Everything but ids, times and tokens."""
    if isinstance(item, Heard):
        return _marks(item.leaves)
    return _marks(item.request), _marks(item.response), len(item.attempts), *item.steps


def _asked(item: Call) -> Hashable:
    return _marks(item.request)


def _kind(item: Item) -> Hashable:
    return item.kind


def _likeness(ours: Item, theirs: Item) -> float:
    sent = [_marks(item.leaves if isinstance(item, Heard) else item.request) for item in (ours, theirs)]
    shared = len(sent[0] & sent[1]) / max(1, len(sent[0] | sent[1]))
    words = SequenceMatcher(None, ours.what[:_TOLD], theirs.what[:_TOLD], autojunk=False).ratio()
    return (shared + words) / 2
