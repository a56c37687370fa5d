"""The receiver check: each broken receiver is graded with its own defect, a correct one gets full marks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from receivers.broken import BROKEN
from receivers.correct import ACCOUNT, APP, SECRET, Inbox
from receivers.serving import served

from connectorkit import grader
from connectorkit.grading import grading
from connectorkit.grading.checks import CHECKS
from connectorkit.grading.endpoint import Endpoint
from connectorkit.grading.marks import FAILED, ReportCard
from connectorkit.grading.sender import Sender
from connectorkit.redact import Secret

Grade = Callable[..., ReportCard]
INSIDE = {check.name for check in CHECKS if check.inside}


@pytest.fixture
def grade(sandbox: dict[str, Any]) -> Grade:
    """Grades with the sandbox that runs already."""

    def grade(url: str, trust: str | None = None, **view: Any) -> ReportCard:
        sender = Sender(ACCOUNT, APP, Secret(SECRET))
        return grading.examine(Endpoint(url, trust), sender, lambda: grader.stage_of(sandbox), **view)

    return grade


def graded(grade: Grade, inbox: Inbox) -> ReportCard:
    with served(inbox) as url:
        return grade(url, view=inbox.state)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.__name__)
def test_a_broken_receiver_is_graded_with_its_own_defect_and_no_other(
    grade: Grade, broken: type[Inbox]
) -> None:
    card = graded(grade, broken())

    assert card.defects == [broken.defect]
    assert [mark.verdict for mark in card.marks].count(FAILED) == 1
    assert not card
