"""Breaks the promises of section 11."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "P11.1-closed": Breaks("sandbox/notices.py", "conversation.stage", "wire.OPEN"),
}
