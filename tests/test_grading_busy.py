"""Grading on a busy machine: what is nobody's fault is not held against a receiver."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from receivers.broken import HangsUpAtTimes
from receivers.correct import ACCOUNT, APP, SECRET, Headers, Inbox
from receivers.serving import plainly_served, served

from connectorkit.grading import endpoint as endpoints
from connectorkit.grading import grading, inside, load, samples, tries
from connectorkit.grading.endpoint import Answer, Endpoint
from connectorkit.grading.exam import BUSY, Exam, TooBusy
from connectorkit.grading.gate import Passed
from connectorkit.grading.marks import FAILED, NOT_JUDGED, PASSED, ReportCard
from connectorkit.grading.outside import fast, held, large
from connectorkit.grading.sender import Sender
from connectorkit.redact import Secret

QUICK, LATE = Answer(200, 0.01), Answer(200, 3.0)
BROKEN, WAITED = Answer(None, 0.0, "the connection ended without an answer"), Answer(None, 5.0, "no answer")
MACHINE = {"calm": 1.1, "busy": 3.0, "very busy": 60.0}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes this machine seem calm or busy."""

    def seem(how: str) -> None:
        class Seeming:
            slowdown = MACHINE[how]

            def __enter__(self) -> Seeming:
                return self

            def __exit__(self, *error: object) -> None:
                """Nothing was measured."""

        monkeypatch.setattr(tries, "Load", Seeming)
        monkeypatch.setattr(load, "Load", Seeming)

    monkeypatch.setattr(tries, "_PAUSE_SECONDS", 0.0)
    return seem


@pytest.fixture
def exam() -> Exam:
    return Exam(Endpoint("http://127.0.0.1:9/"), Sender(ACCOUNT, APP, Secret(SECRET)))


def one_after_the_other(*answers: Answer) -> Callable[[int], Answer]:
    """Sends nothing; the last answer stays."""
    return lambda number: answers[min(number, len(answers) - 1)]


def verdict(exam: Exam, *sendings: tuple[Answer, ...], body_bytes: int = 500) -> tuple[str, str]:
    """What ``fast`` says, and of ``accepts`` what ``held`` says."""
    exam.passed("accepts", "", "")
    for answers in sendings:
        exam.attempt(one_after_the_other(*answers), body_bytes)
    fast(exam)
    held(exam)
    return exam.marks["fast"].verdict, exam.marks["accepts"].verdict


# --- Slow answers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["calm", "busy"])
@pytest.mark.parametrize("slow", [LATE, WAITED], ids=["late", "never"])
def test_who_is_slow_each_time_is_named_however_busy_it_is(
    exam: Exam, machine: Callable[[str], None], how: str, slow: Answer
) -> None:
    machine(how)

    assert verdict(exam, (QUICK,), (slow,))[0] == FAILED


@pytest.mark.parametrize("how", MACHINE)
def test_one_slow_answer_is_sent_again_and_forgiven(
    exam: Exam, machine: Callable[[str], None], how: str
) -> None:
    machine(how)

    assert verdict(exam, (QUICK,), (LATE, QUICK), (WAITED, QUICK)) == (PASSED, PASSED)
    assert exam.marks["fast"].came == (
        "the slowest answer after 0.010 s; 2 more were late, only once or as this machine is busy"
    )


def test_who_is_slow_now_and_then_on_a_calm_machine_is_named(
    exam: Exam, machine: Callable[[str], None]
) -> None:
    machine("calm")

    assert verdict(exam, *3 * [(LATE, QUICK)])[0] == FAILED
    assert exam.marks["fast"].came.startswith("3 too late, and soon when sent again; 200 after 3.000 s")


def test_slow_answers_now_and_then_on_a_busy_machine_are_nobodys_fault(
    exam: Exam, machine: Callable[[str], None]
) -> None:
    machine("busy")

    assert verdict(exam, *9 * [(LATE, QUICK)])[0] == PASSED


def test_one_answer_that_nothing_can_be_said_of_leaves_it_open_who_is_slow(
    exam: Exam, machine: Callable[[str], None]
) -> None:
    machine("very busy")

    assert verdict(exam, (QUICK,), (LATE,))[0] == NOT_JUDGED
    assert exam.marks["fast"].why == BUSY
    with pytest.raises(TooBusy):
        exam.attempt(one_after_the_other(WAITED))


def test_a_large_body_may_take_longer_on_a_busy_machine(exam: Exam, machine: Callable[[str], None]) -> None:
    machine("busy")

    assert verdict(exam, (QUICK,), (LATE,), body_bytes=1_000_000)[0] == PASSED
    machine("calm")
    assert verdict(exam, (LATE,), body_bytes=1_000_000)[0] == FAILED


@pytest.mark.parametrize(("how", "why"), [("very busy", BUSY), ("calm", "no answer in time; see fast")])
def test_a_large_body_that_is_not_answered_in_time_is_no_limit(
    exam: Exam, machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, how: str, why: str
) -> None:
    machine(how)
    monkeypatch.setattr(exam.endpoint, "post", lambda body, headers: QUICK if len(body) < 9**6 else WAITED)

    large(exam)

    assert exam.marks["large"].verdict == NOT_JUDGED
    assert why in exam.marks["large"].why


# --- Broken connections ----------------------------------------------------------------------------------


def test_a_connection_that_breaks_once_or_twice_is_forgiven(
    exam: Exam, machine: Callable[[str], None]
) -> None:
    assert verdict(exam, (BROKEN, QUICK), (BROKEN, BROKEN, QUICK)) == (PASSED, PASSED)


def test_connections_that_break_at_times_are_a_defect(exam: Exam, machine: Callable[[str], None]) -> None:
    assert verdict(exam, *3 * [(BROKEN, QUICK)]) == (PASSED, FAILED)
    assert exam.marks["accepts"].defect == HangsUpAtTimes.defect


def test_who_breaks_each_connection_is_asked_three_times(exam: Exam, machine: Callable[[str], None]) -> None:
    answers = exam.attempt(one_after_the_other(BROKEN))

    assert len(answers) == 3
    assert not answers[-1].doubtful


def test_what_is_sent_again_is_no_duplicate(
    exam: Exam, machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []

    def post(body: bytes, headers: Any) -> Answer:
        sent.append(body)
        return BROKEN if len(sent) == 1 else QUICK

    monkeypatch.setattr(exam.endpoint, "post", post)
    value = samples.message("Hello")
    exam.forbidden["forged"].add(value["body"]["changes"][0]["dialogId"])

    assert exam.say(value).taken
    assert len(sent) == len(set(sent)) == 2
    (dialog,) = {dialog for dialog, _ in exam.texts}
    assert dialog.encode() in sent[1]
    assert dialog in exam.forbidden["forged"]


@pytest.mark.parametrize("status", [200, 409])
def test_what_must_be_the_same_and_is_refused_the_second_time_says_nothing(
    exam: Exam, machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    answers = iter([BROKEN, Answer(status, 0.01)])
    monkeypatch.setattr(exam.endpoint, "post", lambda body, headers: next(answers))

    answer = exam.say(samples.message("Hello"), once=True)

    assert answer.doubtful == (status == 409)
    mark = exam.taken_or("duplicates", "refuses-duplicate", "", [answer])
    assert mark.verdict == (NOT_JUDGED if answer.doubtful else PASSED)


# --- A whole grading -------------------------------------------------------------------------------------


def graded(inbox: Inbox) -> ReportCard:
    def no_stage() -> Any:
        raise AssertionError("a sandbox was started")

    with served(inbox) as url:
        return grading.examine(Endpoint(url), Sender(ACCOUNT, APP, Secret(SECRET)), no_stage, inbox.state)


class Slow(Inbox):
    seconds = 0.6


def test_on_a_machine_that_is_too_busy_nothing_is_judged(
    machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("very busy")
    monkeypatch.setattr(endpoints, "SLOW_SECONDS", 0.5)

    card = graded(Slow())

    assert {mark.verdict for mark in card.marks} == {NOT_JUDGED}
    assert {mark.why for mark in card.marks} == {BUSY}
    assert not card


def test_the_same_receiver_is_named_where_the_machine_is_calm(
    machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine("calm")
    monkeypatch.setattr(endpoints, "SLOW_SECONDS", 0.5)

    assert graded(Slow()).defects == ["slow-answer"]


def test_many_connections_at_once_may_take_a_second_try(exam: Exam) -> None:
    class Shy(Inbox):
        """Hangs up on the first that come."""

        hangs_up = True
        left = 8
        lock = threading.Lock()

        def receive(self, body: bytes, headers: Headers) -> int:
            with self.lock:
                self.left -= 1
                first = self.left >= 0
            if first:
                raise RuntimeError("crashed")
            return super().receive(body, headers)

    inbox = Shy()
    with plainly_served(inbox) as url:
        exam.endpoint = Endpoint(url)
        answers = exam.at_once([samples.message("Hello") for _ in range(32)])

    assert all(every[-1].taken for every in answers)
    assert sum(len(every) - 1 for every in answers) == 8
    assert exam.texts.keys() == inbox.events.keys()


class Clock:
    """Only sleeping takes time."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("how", "found"), [("calm", FAILED), ("busy", PASSED)])
def test_who_works_late_is_waited_for_longer_where_it_is_busy(
    exam: Exam, machine: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, how: str, found: str
) -> None:
    machine(how)
    clock = Clock()
    monkeypatch.setattr(inside, "time", clock)
    exam.texts = {("d-1", 0): "One", ("d-1", 1): "Two"}

    def view() -> list[dict[str, Any]]:
        count = 1 if clock.monotonic() < 2.5 else 2
        return [{"dialogId": "d-1", "sequence": number, "text": None} for number in range(count)]

    inside.check_all(exam, view, [])

    assert exam.marks["complete"].verdict == found


@pytest.mark.parametrize("lost", [True, False])
def test_a_state_that_may_be_lost_is_not_outdated(exam: Exam, lost: bool) -> None:
    exam.texts = {("c-1", 0): "One", ("c-1", 1): "Two"}
    rough = [Passed(state_at(stamp)) for stamp in (10, 20)]
    seen = [{"dialogId": "c-1", "sequence": number} for number in range(1 if lost else 2)]

    inside.check_all(exam, lambda: [*seen, {"convId": "c-1", "metaDataLastUpdateTs": 10}], rough)

    assert exam.marks["newest"].verdict == (NOT_JUDGED if lost else FAILED)


def state_at(stamp: int) -> dict[str, Any]:
    """A notification of a conversation's state."""
    details = {"state": "OPEN", "metaDataLastUpdateTs": stamp}
    result = {"convId": "c-1", "conversationDetails": details}
    return {
        "kind": "notification",
        "type": "cqm.ExConversationChangeNotification",
        "body": {"changes": [{"type": "UPSERT", "result": result}]},
    }


# --- The measurement -------------------------------------------------------------------------------------


def test_a_machine_with_more_work_than_processors_is_slower() -> None:
    started = time.perf_counter()
    with load.Load() as meanwhile:
        time.sleep(0.2)

    assert meanwhile.slowdown >= 1
    assert time.perf_counter() - started < 5
    assert not [thread for thread in threading.enumerate() if thread.name == "connectorkit load"]
