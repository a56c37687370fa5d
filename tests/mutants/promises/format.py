"""Breaks the promises of section 7."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "P7.2-comma": Breaks(
        "sandbox/messaging.py",
        "    text = str(given)\n",
        "    text = str(given).rstrip(',')\n",
    ),
}
