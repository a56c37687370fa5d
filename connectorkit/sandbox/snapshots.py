"""Snapshots of a world: what was said and set, to return to as often as one likes."""

from __future__ import annotations

import copy
import secrets
from collections import OrderedDict
from typing import Any

from connectorkit.sandbox.world import World

_MOST = 20


class Snapshots:
    """The latest snapshots, in memory.

    What is under way when one is taken (retries, an agent's next step) is not part of it; settle first.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def take(self) -> str:
        """Remember everything; returns the snapshot's id."""
        snapshot_id = secrets.token_hex(8)
        self._kept[snapshot_id] = copy.deepcopy(self._world.memory())
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return snapshot_id

    def restore(self, snapshot_id: str) -> bool:
        """Return to a snapshot, which stays for another time; false where there is none of that id."""
        kept = self._kept.get(snapshot_id)
        if kept is None:
            return False
        self._world.recall(copy.deepcopy(kept))
        return True
