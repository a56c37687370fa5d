"""The ledger of promises: each sentence that the service must hold, and whether it is kept.

To add one, write a row into the module of its topic, and into the module of the same name in
``tests/mutants/promises`` the defect that breaks it alone; a topic may have several modules (see ``ledger``).
``python -m tests.mutants.promises.running P5.2-order`` plants that defect and tells what else went red.

A row observes its own promise and as little else as possible:

- it returns words such as ``taken`` and ``refused`` unless the status itself is promised; the number or the
  text of a refusal only where that is promised;
- where two rows promise nearly the same, they look at different requests: one at CONVERSATION, the other at
  SEND; one at a text, the other at a profile. A defect may then be in how one of them is treated;
- what must have happened before is done with verbs that prepare (see ``bench``), never looked at in passing;
- an id, a text or a name that a probe sends is its own, not the one of a document's example.
"""

from __future__ import annotations

from connectorkit.promises.ledger import ALL, BY_ID, TOPICS
from connectorkit.promises.model import MARKS, Promise, Reading
from connectorkit.promises.outcome import Outcome
from connectorkit.promises.running import LeftOpen, Promises

__all__ = ["ALL", "BY_ID", "MARKS", "TOPICS", "LeftOpen", "Outcome", "Promise", "Promises", "Reading"]
