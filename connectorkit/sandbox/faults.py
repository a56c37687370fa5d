"""The faults that are on: which strike now, how often they have, and the lot that decides."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from connectorkit.sandbox.fault_specs import (
    DELAY,
    DRIBBLE,
    EXPIRE,
    SLOW_CONVERSATION,
    WEBHOOK,
    Spec,
    parse,
)

MOST_ON = 100
_MOST_SPENT = 100
_NO_OUTCOME = (DELAY, DRIBBLE, EXPIRE)


@dataclass
class Fault:
    """One fault and what became of it so far. ``lot`` is its own, so that no other fault shifts it."""

    id: str
    spec: Spec
    lot: random.Random
    hits: int = 0
    passed: int = 0

    @property
    def spent(self) -> bool:
        """Whether it has struck as often as it should."""
        return self.spec.times is not None and self.hits >= self.spec.times

    def strikes(self) -> bool:
        """Whether it strikes now that there is something to strike; counts what it does."""
        if self.spent:
            return False
        if self.passed < self.spec.skip:
            self.passed += 1
            return False
        if self.spec.probability < 1 and self.lot.random() >= self.spec.probability:
            return False
        self.hits += 1
        return True


@dataclass
class Strike:
    """What goes wrong with one call: at most one outcome, and how late and how slowly the answer comes."""

    outcome: Fault | None = None
    delay_seconds: float = 0.0
    bytes_per_second: float | None = None
    expires_app_jwt: bool = False


class Faults:
    """Every fault of one sandbox, oldest first. Which strike is drawn from ``seed``."""

    def __init__(self, seed: int | str) -> None:
        self._seed = seed
        self._faults: dict[str, Fault] = {}
        self._last_id = 0
        self._since_reset = 0

    @property
    def any(self) -> bool:
        """Whether there is one that might strike."""
        return bool(self._faults)

    def add(self, given: dict[str, Any]) -> str:
        """Switch a fault on; its id. Raises ``ValueError`` with a sentence for whoever asked.

        A latency profile takes the place of those that its calls had.
        """
        spec = parse(given)
        if spec.profile is not None:
            self._make_room(spec.on)
        if sum(not fault.spent for fault in self._faults.values()) >= MOST_ON:
            raise ValueError(f"At most {MOST_ON} faults can be on; switch some off first.")
        spent = [fault.id for fault in self._faults.values() if fault.spent]
        for fault_id in spent[: max(0, len(spent) - _MOST_SPENT)]:
            del self._faults[fault_id]
        self._last_id += 1
        # Ids are never used twice, but what is drawn begins anew with each reset.
        self._since_reset += 1
        lot = random.Random(f"{self._seed} fault {self._since_reset}")  # noqa: S311 - reproducible by design
        fault = Fault(str(self._last_id), spec, lot)
        self._faults[fault.id] = fault
        return fault.id

    def _make_room(self, calls: frozenset[str]) -> None:
        for fault in list(self._faults.values()):
            if fault.spec.profile is not None and fault.spec.on & calls:
                left = fault.spec.elsewhere(calls)
                if left is None:
                    del self._faults[fault.id]
                else:
                    fault.spec = left

    def was_added(self, fault_id: str) -> bool:
        """Whether there ever was a fault of this id."""
        return fault_id in self._faults or (fault_id.isdecimal() and 0 < int(fault_id) <= self._last_id)

    def remove(self, fault_id: str) -> int | None:
        """Switch one off; how often it had struck, or ``None`` where it was off already."""
        fault = self._faults.pop(fault_id, None)
        return None if fault is None else fault.hits

    def clear(self) -> None:
        """Switch all off."""
        self._faults.clear()

    def reset(self) -> None:
        """Switch all off and begin the lots anew."""
        self.clear()
        self._since_reset = 0

    def listed(self) -> list[dict[str, Any]]:
        """All that are on, and the latest of those that have struck as often as they should."""
        return [
            {
                "fault_id": fault.id,
                **fault.spec.given,
                "hits": fault.hits,
                "left": None if fault.spec.times is None else fault.spec.times - fault.hits,
            }
            for fault in self._faults.values()
        ]

    def memory(self) -> tuple[dict[str, Fault], int]:
        """All that there are; to be copied, as they go on counting."""
        return self._faults, self._since_reset

    def recall(self, memory: tuple[dict[str, Fault], int]) -> None:
        """Have those instead."""
        self._faults, self._since_reset = memory

    # --- What strikes now ----------------------------------------------------------------------------

    def strike(self, call: str, *, with_app_jwt: bool) -> Strike | None:
        """What goes wrong with this call, or ``None``. Delays add up; of outcomes the oldest fault's counts.

        A fault that could not take effect any more is not asked, and keeps its times.
        """
        strike, struck = Strike(), False
        for fault in self._faults.values():
            what = fault.spec.what
            if call not in fault.spec.on or (what == EXPIRE and not with_app_jwt):
                continue
            if what not in _NO_OUTCOME and strike.outcome is not None:
                continue
            if what == DRIBBLE and strike.bytes_per_second is not None:
                continue
            if fault.strikes():
                self._add(strike, fault)
                struck = True
        return strike if struck else None

    def webhook(self, name: str) -> bool:
        """Whether a notification is struck by ``duplicate``, ``reorder`` or ``loss``."""
        return self._first(WEBHOOK, name) is not None

    def slow_conversation(self) -> float | None:
        """For how many seconds the conversation just made cannot be found, if it is struck."""
        fault = self._first(SLOW_CONVERSATION)
        return None if fault is None else float(fault.spec.value)

    @staticmethod
    def _add(strike: Strike, fault: Fault) -> None:
        spec = fault.spec
        if spec.delay is not None:
            strike.delay_seconds += spec.delay.draw(fault.lot)
        if spec.what == DRIBBLE:
            strike.bytes_per_second = spec.value
        elif spec.what == EXPIRE:
            strike.expires_app_jwt = True
        elif spec.what != DELAY:
            strike.outcome = fault

    def _first(self, what: str, value: Any = None) -> Fault | None:
        for fault in self._faults.values():
            if fault.spec.what == what and value in (None, fault.spec.value) and fault.strikes():
                return fault
        return None
