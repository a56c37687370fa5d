"""Breaks the promises of section 9."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "P9.5-account": Breaks(
        "sandbox/sender.py",
        "            (wire.NOTIFIED_ACCOUNT, self._account_id),\n",
        "",
    ),
}
