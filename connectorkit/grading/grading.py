"""One grading from the first notification to the report card."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.grading import inside, live, outside
from connectorkit.grading.checks import CHECKS
from connectorkit.grading.endpoint import Endpoint
from connectorkit.grading.exam import BUSY, Exam, TooBusy
from connectorkit.grading.gate import Gate, Passed
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
    why = "no notification is taken; see above"
    try:
        if greet(exam):
            _judge(exam, stage, view)
    except TooBusy:
        why = BUSY
    outside.fast(exam)
    outside.held(exam)
    for check in CHECKS:
        if check.name not in exam.marks:
            exam.not_judged(check.name, why)
    return ReportCard.of(endpoint.url, exam.marks.values())


def _judge(exam: Exam, stage: Stage, view: View | None) -> None:
    outside.tls(exam)
    outside.check_all(exam)
    rough: list[Passed] = []
    if exam.slow:
        live.skip(exam)
    else:
        with stage() as (client, control), Gate(exam) as gate:
            played = live.Live(exam, client, control, gate)
            played.check_all()
            rough = played.rough
    inside.check_all(exam, view, rough)
