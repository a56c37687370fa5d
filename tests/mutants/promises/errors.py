"""Breaks the promises of section 8."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "P8.1-40104": Breaks(
        "wire.py",
        "X_ON_BEHALF_HEADER is not present",
        "X-LP-ON-BEHALF is not present",
    ),
}
