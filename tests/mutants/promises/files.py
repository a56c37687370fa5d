"""Breaks the promises of section 10."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "P10.2-put": Breaks("sandbox/storage.py", "201", "200"),
}
