"""Breaks the promises of section 6."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "P6.6-states": Breaks(
        "wire.py",
        '"COMPOSING", "PAUSE")',
        '"COMPOSING", "PAUSED")',
    ),
}
