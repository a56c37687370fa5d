"""Breaks the rulings that decide between documents."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "X1": Breaks(
        "sandbox/services.py",
        "            raise refusals.door(wire.MISSING_APP_JWT)\n",
        "            raise refusals.door(wire.MISSING_CONSUMER_JWS)\n",
    ),
}
