"""Which call is made when, for which consumer: settled before the first is sent.

A plan follows from seed, rate and mix alone, not from what happens on the way. So the same plan can be
divided among several workers, and gives the same counts however it is divided.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from connectorkit.load.arrivals import Arrivals

OPERATIONS = ("open", "send", "close")
OPEN, SEND, CLOSE = range(3)
Step = tuple[int, int]  # operation, place
_CHUNK = 4096


class Draw:
    """Operations in the shares of a mix, and places among those there are, as a seed has it."""

    def __init__(self, mix: Mapping[str, float], seed: int) -> None:
        shares = np.array([mix.get(name, 0.0) for name in OPERATIONS], np.float64)
        self._shares = shares / shares.sum()
        self._chance = np.random.RandomState(seed)
        self._operations: list[int] = []
        self._fractions: list[float] = []

    def operation(self) -> int:
        """The next one."""
        if not self._operations:
            self._operations = self._chance.choice(len(OPERATIONS), _CHUNK, p=self._shares).tolist()
        return self._operations.pop()

    def below(self, count: int) -> int:
        """A whole number from 0 up, smaller than ``count``."""
        if not self._fractions:
            self._fractions = self._chance.random_sample(_CHUNK).tolist()
        return int(self._fractions.pop() * count)


class Planner:
    """Turns drawn operations into steps that can be carried out, each at a place.

    A place has one consumer, who has one conversation at a time. ``send`` and ``close`` go to one that is
    open; where none is, one is opened first. ``open`` takes the first free place; where all ``most`` are
    taken, a conversation is closed first. What is put in counts as ``open`` or ``close``.
    """

    def __init__(self, draw: Draw, most: int) -> None:
        self._draw = draw
        self._most = most
        self._open: list[int] = []
        self._free: list[int] = []
        self._places = 0

    @property
    def places(self) -> int:
        """How many were needed so far."""
        return self._places

    def next(self) -> list[Step]:
        """What the next arrival does: one step, or two."""
        operation = self._draw.operation()
        if operation == OPEN:
            first = [self._close()] if len(self._open) >= self._most else []
            return [*first, self._begin()]
        first = [] if self._open else [self._begin()]
        if operation == CLOSE:
            return [*first, self._close()]
        return [*first, (SEND, self._open[self._draw.below(len(self._open))])]

    def _begin(self) -> Step:
        if self._free:
            place = heapq.heappop(self._free)
        else:
            place, self._places = self._places, self._places + 1
        self._open.append(place)
        return OPEN, place

    def _close(self) -> Step:
        at = self._draw.below(len(self._open))
        place, self._open[at] = self._open[at], self._open[-1]
        self._open.pop()
        heapq.heappush(self._free, place)
        return CLOSE, place


@dataclass(frozen=True)
class Plan:
    """Arrivals, and what each of them does.

    ``part`` of ``parts`` has the places whose number leaves that remainder: all parts together are the whole.
    """

    arrivals: Arrivals
    mix: Mapping[str, float]
    conversations: int
    part: int = 0
    parts: int = 1

    def __iter__(self) -> Iterator[tuple[float, int, int]]:
        """Seconds from the start, operation and place of each step of this part."""
        planner = Planner(Draw(self.mix, self.arrivals.seed + 1), self.conversations)
        for chunk in self.arrivals.chunks():
            for at in chunk:
                for operation, place in planner.next():
                    if place % self.parts == self.part:
                        yield at, operation, place

    def survey(self) -> tuple[list[int], list[int]]:
        """How many steps of each operation this part has, and which places they need."""
        counts, places = [0] * len(OPERATIONS), set()
        for _, operation, place in self:
            counts[operation] += 1
            places.add(place)
        return counts, sorted(places)
