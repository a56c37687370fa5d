"""One grading from the first notification to the report card."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.grading import inside, live, outside
from connectorkit.grading.checks import CHECKS
from connectorkit.grading.endpoint import Endpoint
from connectorkit.grading.exam import Exam
from connectorkit.grading.gate import Gate
from connectorkit.grading.greeting import greet
from connectorkit.grading.inside import View
from connectorkit.grading.marks import ReportCard
from connectorkit.grading.sender import Sender

# A sandbox of its own: its clock is moved by hours, and its conversations are of no use to anybody else.
Stage = Callable[[], AbstractContextManager[tuple[Client, SandboxControl]]]


def examine(endpoint: Endpoint, sender: Sender, stage: Stage, view: View | None = None) -> ReportCard:
    """Grade one receiver. ``stage`` is entered only where the receiver takes notifications at all.

    Raises ``SettingsError`` where ``view`` cannot be read.
    """
    exam = Exam(endpoint, sender)
    if view is not None:
        inside.read(view)  # a view that does not work is better known at once
    endpoint.check_trust()
    if greet(exam):
        outside.tls(exam)
        outside.check_all(exam)
        rough = []
        if exam.slow:
            live.skip(exam)
        else:
            with stage() as (client, control), Gate(exam) as gate:
                played = live.Live(exam, client, control, gate)
                played.check_all()
                rough = played.rough
        inside.check_all(exam, view, rough)
    outside.fast(exam)
    for check in CHECKS:
        if check.name not in exam.marks:
            exam.not_judged(check.name, "no notification is taken; see above")
    return ReportCard.of(endpoint.url, exam.marks.values())
