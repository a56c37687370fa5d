"""Breaks the promises of section 5."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "P5.2-order": Breaks(
        "sandbox/messaging.py",
        "    return status, answers\n",
        "    return status, sorted(answers, key=lambda one: 'conversationId' not in one['body'])\n",
    ),
    "P5.2-two": Breaks(
        "sandbox/messaging.py",
        "    if not 2 <= len(batch) <= 3:\n",
        "    if len(batch) == 1:\n        return 200, []\n    if not 2 <= len(batch) <= 3:\n",
    ),
}
