"""Faults of webhooks as data: what shall go wrong, how often, and how many times."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

DUPLICATE, REORDER, LOSS = FAULTS = ("webhook_duplicate", "webhook_reorder", "webhook_loss")
_MEMBERS = {"fault", "probability", "times"}


@dataclass
class _Fault:
    name: str
    probability: float
    left: int | None  # None for no end


class Faults:
    """The faults that are on, and the lot that decides whom they hit."""

    def __init__(self, lot: random.Random) -> None:
        self._lot = lot
        self._faults: dict[int, _Fault] = {}
        self._last_id = 0

    def add(self, given: dict[str, Any]) -> int:
        """Switch a fault on; its id. ``probability`` is 1 and ``times`` without end where not given.

        Raises ``ValueError`` with a sentence for whoever asked.
        """
        unknown = sorted(set(given) - _MEMBERS)
        if unknown:
            raise ValueError(
                f'Unknown member "{unknown[0]}"; a fault has "fault", "probability" and "times".'
            )
        name = given.get("fault")
        if name not in FAULTS:
            raise ValueError(f'"fault" must be one of {", ".join(FAULTS)}.')
        probability = given.get("probability", 1.0)
        if isinstance(probability, bool) or not isinstance(probability, int | float):
            raise ValueError('"probability" must be a number from 0 to 1.')
        if not 0 <= probability <= 1:
            raise ValueError('"probability" must be from 0 to 1.')
        times = given.get("times")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
            raise ValueError('"times" must be a whole number from 1 on, or null for no end.')
        self._last_id += 1
        self._faults[self._last_id] = _Fault(name, probability, times)
        return self._last_id

    def clear(self) -> None:
        """Switch all faults off."""
        self._faults.clear()

    def memory(self) -> dict[int, _Fault]:
        """All that are on; to be copied, as they go on counting."""
        return self._faults

    def recall(self, memory: dict[int, _Fault]) -> None:
        """Have those instead."""
        self._faults = memory

    def hits(self, name: str) -> bool:
        """Whether a fault of this name strikes now; one that has struck often enough is gone."""
        for number, fault in list(self._faults.items()):
            # The lot is drawn only where a fault asks for it, so that others do not shift what it gives.
            if fault.name == name and (fault.probability == 1 or self._lot.random() < fault.probability):
                if fault.left is not None:
                    fault.left -= 1
                    if not fault.left:
                        del self._faults[number]
                return True
        return False
