"""One promise is broken in the sandbox: exactly its row of the ledger must go red.

``PROMISE_MUTANTS=all`` breaks every one of them; otherwise a few are. Several side by side:
``PROMISE_MUTANTS=all pytest tests/test_promise_mutants.py -n 2 --dist load``.
"""

from __future__ import annotations

import os

import pytest

from connectorkit.promises import ALL, BY_ID
from tests.mutants.planted import PROJECT
from tests.mutants.promises import DEFECTS, UNBREAKABLE
from tests.mutants.promises.running import break_promise

# A sentence about tokens, one about numbers, one that is a scenario, one about notifications, a quirk, and a
# contradiction.
_A_FEW = ("S9", "S36", "P8.1-40104", "P9.5-account", "Q3", "X1")
CHOSEN = tuple(DEFECTS) if os.environ.get("PROMISE_MUTANTS") == "all" else _A_FEW


def test_every_promise_has_a_defect_or_a_reason() -> None:
    assert set(DEFECTS) | set(UNBREAKABLE) == set(BY_ID)
    assert not set(DEFECTS) & set(UNBREAKABLE)
    assert all(len(reason) > 10 for reason in UNBREAKABLE.values())


def test_few_promises_cannot_be_broken() -> None:
    assert len(UNBREAKABLE) <= len(ALL) // 10


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_stands_once_in_its_file_and_names_who_goes_along(name: str) -> None:
    breaks = DEFECTS[name]

    assert (PROJECT / "connectorkit" / breaks.file).read_text(encoding="utf-8").count(breaks.old) == 1
    assert breaks.new != breaks.old
    assert set(breaks.along) <= set(BY_ID) - {name}
    assert all(len(reason) > 10 for reason in breaks.along.values())


@pytest.mark.parametrize("name", CHOSEN)
def test_exactly_the_broken_promise_goes_red(name: str) -> None:
    assert break_promise(name).wrong == []
