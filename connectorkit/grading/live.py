"""Checks with conversations of the sandbox: every type, twice and out of order, and two hours of outage."""

from __future__ import annotations

from datetime import UTC, datetime

from connectorkit import rich
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.conversations import Conversation
from connectorkit.grading import samples
from connectorkit.grading.endpoint import Answer
from connectorkit.grading.exam import BUSY, Exam, TooBusy
from connectorkit.grading.gate import KEEP, OPEN, SHUT, WATCH, Gate, Passed
from connectorkit.grading.outside import slow_reason
from connectorkit.steering import Agent

CHECKS = ("every-type", "late", "outage")
_RETENTION_SECONDS = 24 * 3600
_OUTAGE_HOURS = 2
_PAUSE_MINUTES = 5  # the longest pause between two attempts
_SETTLE_SECONDS = 30
_SETTLE_TIMES = 4
_GATE_SECONDS = 60  # the gate waits for the receiver, and must not be given up before it has an answer


class Live:
    """Conversations played for one receiver; ``rough`` is what was sent twice or out of order."""

    def __init__(self, exam: Exam, client: Client, control: SandboxControl, gate: Gate) -> None:
        self._exam, self._client, self._control, self._gate = exam, client, control, gate
        self.rough: list[Passed] = []
        control.settings(agent_script=None, read_timeout_seconds=_GATE_SECONDS)
        control.webhook(gate.url, retention_seconds=_RETENTION_SECONDS)

    def check_all(self) -> None:
        """Judge what takes a conversation; afterwards the sandbox notifies nobody."""
        try:
            self.every_type()
            self.out_of_order()
            self.outage()
        finally:
            self._control.webhook(None)

    # --- Every type ----------------------------------------------------------------------------------

    def every_type(self) -> None:
        """A conversation in which everything happens once, as it happens."""
        self._gate.mode = WATCH
        talk = self._open()
        talk.send("Hello" if self._exam.has_failed("raw-bytes") else samples.GREETING)
        talk.typing()
        agent = self._control.agent(talk).join().read().typing()
        agent.text("Which one?", quick_replies=["This", "That"], metadata=[{"type": "ExternalId", "id": "7"}])
        agent.rich(rich.vertical(rich.text("Pick one"), rich.button("This", rich.publish_text("this"))))
        talk.read(agent.sequence or 0)
        agent.transfer("42").join().text("Good-bye").close()
        passed = self._settled()
        answers = {one.kind: one.answer for one in passed if one.answer and not one.answer.doubtful}
        answered = {kind: answer for kind, answer in answers.items() if answer.taken}
        refused = {
            one.kind: one.answer
            for one in passed
            if one.answer and not one.answer.taken and not one.answer.doubtful
        }
        self._exam.refused |= refused.keys()
        if refused:
            came = f"{', '.join(refused)}: {next(iter(refused.values()))}"
            self._exam.failed("every-type", "refuses-type", f"a conversation of {len(passed)} events", came)
        elif len(answered) < len({one.kind for one in passed}):
            self._exam.not_judged("every-type", BUSY)
        else:
            types = ", ".join(sorted(kind.rpartition(".")[2] for kind in answered))
            self._exam.passed("every-type", types, f"all {len(passed)} taken")

    # --- Twice and out of order ----------------------------------------------------------------------

    def out_of_order(self) -> None:
        """A conversation that is kept back, then sent with duplicates, late events and an old state."""
        self._gate.mode = KEEP
        talk = self._open()
        talk.send("First")
        agent = self._control.agent(talk).join()
        for text in ("Second", "Third", "Fourth", "Fifth"):
            agent.text(text)
        agent.transfer("42").join().text("Sixth").close()
        kept = [one for one in self._settled() if one.kind not in self._exam.refused]
        first: list[Answer] = []
        again: list[Answer] = []
        taken: list[Passed] = []
        for one in _muddled(kept):
            answer = self._exam.say(one.value, once=True)
            if one not in self.rough:
                first.append(answer)
            elif one in taken:  # else it is not refused as a duplicate
                again.append(answer)
            if answer.taken:
                taken.append(one)
            self.rough.append(one)
        if not first:
            self._exam.not_judged("late", "none of its types are taken; see every-type")
            return
        self._exam.taken_or("late", "refuses-late", "a conversation with late texts and an old state", first)
        bad = [answer for answer in again if not answer.taken and not answer.doubtful]
        if bad and not self._exam.has_failed("duplicates"):
            sent = "texts and states of a conversation once more"
            self._exam.failed("duplicates", "refuses-duplicate", sent, bad[0])

    # --- Outage --------------------------------------------------------------------------------------

    def outage(self) -> None:
        """Two hours without the receiver, while a conversation goes on; then it is there again."""
        gate, control = self._gate, self._control
        gate.mode = SHUT
        talk = self._open()
        agent = control.agent(talk).join()
        for number in range(1, 5):
            talk.send(f"Is anybody there? {number}")
            agent.text(f"One moment, please. {number}")
        control.advance(hours=_OUTAGE_HOURS)
        ahead = (control.now() - datetime.now(UTC)).total_seconds() + _PAUSE_MINUTES * 60
        gate.shift_ms = -int(ahead * 1000)
        gate.mode = OPEN
        control.advance(minutes=_PAUSE_MINUTES)
        _say_last(agent, talk)
        passed = [one for one in self._settled() if one.answer is not None]
        gate.shift_ms = 0
        sent = f"what was kept for two hours, {len(passed)} events, in their order"
        missed = [one for one in passed if one.answer is not None and not one.answer.taken]
        bad = [one for one in missed if one.answer is not None and not one.answer.doubtful]
        if bad:
            came = f"{bad[0].kind.rpartition('.')[2]}: {bad[0].answer}"
            self._exam.failed("outage", "refuses-backlog", "what was kept for two hours", came)
        elif missed:
            self._exam.not_judged("outage", BUSY)
        elif passed:
            self._exam.passed("outage", sent, "all taken")
        else:
            self._exam.not_judged("outage", "none of its types are taken; see every-type")

    def _open(self) -> Conversation:
        name = f"graded-{samples.new_id()[:8]}@example"
        features = ["RICH_CONTENT", "QUICK_REPLIES"]
        return self._client.consumer(name).open(first_name="Ana", features=features)

    def _settled(self) -> list[Passed]:
        """What has passed when all is over, or something was refused, which is sent again and again."""
        passed: list[Passed] = []
        for _ in range(_SETTLE_TIMES):
            settled = self._control.settle(_SETTLE_SECONDS)
            passed += self._gate.take()
            if settled or (
                self._gate.mode == OPEN and any(one.answer and not one.answer.taken for one in passed)
            ):
                return passed
        raise TooBusy


def skip(exam: Exam) -> None:
    """None of this is judged: a conversation takes many answers."""
    for check in CHECKS:
        exam.not_judged(check, slow_reason(exam))


def _say_last(agent: Agent, talk: Conversation) -> None:
    talk.send("There you are.")
    agent.text("Thank you for waiting.")


def _muddled(kept: list[Passed]) -> list[Passed]:
    """In an order that happens: two texts of the agent change places, some come twice, a state comes late."""
    states = [one for one in kept if one.change.details]
    said = [one for one in kept if one not in states and one.change.sequence is not None]
    texts = [one for one in said if one.change.text and one.change.originator_role == "ASSIGNED_AGENT"]
    order: list[Passed] = [states[0]] if states else []
    order += said
    if len(texts) > 2:
        one, two = order.index(texts[1]), order.index(texts[2])
        order[one], order[two] = order[two], order[one]
        order.insert(order.index(texts[0]) + 1, texts[0])  # twice in a row
        order.append(texts[1])  # and once more when all is over
    if len(states) > 2:
        order += [states[1], states[-1], states[-1], states[-2]]
    return order
