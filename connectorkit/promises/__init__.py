"""The ledger of promises: each sentence that the service must hold, and whether it is kept.

To add one, write its row into the module of its topic, and into ``tests/mutants/promises`` the defect that
breaks it alone. Each row must observe its own promise and as little else as possible.
"""

from __future__ import annotations

from connectorkit.promises.ledger import ALL, BY_ID, TOPICS
from connectorkit.promises.model import MARKS, Promise, Reading
from connectorkit.promises.outcome import Outcome
from connectorkit.promises.running import Promises

__all__ = ["ALL", "BY_ID", "MARKS", "TOPICS", "Outcome", "Promise", "Promises", "Reading"]
