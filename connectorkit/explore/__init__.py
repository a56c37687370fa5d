"""Property-based exploration: sequences of calls, clock steps, faults, agents and notifications.

An oracle, written from the protocol alone, says what must come of every step; what does not is a surprise,
which is shrunk and told of as a notebook cell.
"""

from __future__ import annotations

from connectorkit.explore.keeping import Kept
from connectorkit.explore.playing import Surprise
from connectorkit.explore.report import Report
from connectorkit.explore.searching import Target, explore

__all__ = ["Kept", "Report", "Surprise", "Target", "explore"]
