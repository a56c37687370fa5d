"""What one grading knows while it goes on: whom it sends to and as whom, and what became of it all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from connectorkit import wire
from connectorkit.grading.checks import BY_NAME
from connectorkit.grading.endpoint import Answer, Endpoint
from connectorkit.grading.marks import FAILED, NOT_JUDGED, PASSED, Mark
from connectorkit.grading.sender import Sender

_AT_ONCE = 16


@dataclass
class Exam:
    """One receiver under examination.

    ``sender`` may be replaced by one that the receiver understands, so that one defect does not hide the
    others. ``texts`` are the messages of agents that the receiver says it has, by dialog and number;
    ``forbidden`` the dialogs of what it must not take, by check.
    """

    endpoint: Endpoint
    sender: Sender
    marks: dict[str, Mark] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    slow: bool = False
    texts: dict[tuple[str, int], str] = field(default_factory=dict)
    forbidden: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: set[str] = field(default_factory=set)  # types of notification that are not sent any more

    def post(self, value: Any, *, sender: Sender | None = None, **headers: Any) -> Answer:
        """Send a notification, or the bytes of one; ``headers`` as of ``Sender.headers``."""
        sender = sender or self.sender
        body = value if isinstance(value, bytes) else sender.encode(value)
        answer = self.endpoint.post(body, sender.headers(body, **headers))
        self.answers.append(answer)
        return answer

    def say(self, value: dict[str, Any], **headers: Any) -> Answer:
        """Send an agent's message that the receiver should keep, once it says that it has it."""
        answer = self.post(value, **headers)
        if answer.taken:
            self.expect(value)
        return answer

    def expect(self, value: dict[str, Any]) -> None:
        """The receiver has said that it has this; counts where it is an agent's text."""
        for change in value["body"]["changes"]:
            event = change.get("event", {})
            role = change.get("originatorMetadata", {}).get("role")
            if event.get("contentType") == wire.TEXT and role not in (None, wire.CONSUMER):
                self.texts[change["dialogId"], change["sequence"]] = event["message"]

    def post_all(self, sendings: Sequence[tuple[Any, dict[str, Any]]]) -> list[Answer]:
        """Send some that do not depend on each other; side by side where each takes its time."""
        if not self.slow:
            return [self.post(value, **headers) for value, headers in sendings]
        return self.at_once(sendings)

    def at_once(self, sendings: Sequence[tuple[Any, dict[str, Any]]]) -> list[Answer]:
        """Send them side by side, up to sixteen at a time, as the service does."""
        with ThreadPoolExecutor(_AT_ONCE, "connectorkit burst") as pool:
            return list(pool.map(lambda one: self.post(one[0], **one[1]), sendings))

    def passed(self, check: str, sent: str, came: object) -> Mark:
        """All is well."""
        return self._mark(Mark(BY_NAME[check], PASSED, sent, str(came)))

    def failed(self, check: str, defect: str, sent: str, came: object) -> Mark:
        """A defect was found."""
        return self._mark(Mark(BY_NAME[check], FAILED, sent, str(came), defect))

    def not_judged(self, check: str, why: str) -> Mark:
        """Something stood in the way."""
        return self._mark(Mark(BY_NAME[check], NOT_JUDGED, why=why))

    def taken_or(self, check: str, defect: str, sent: str, answers: Sequence[Answer]) -> Mark:
        """Passed where all were taken; what a slow receiver did not answer says nothing."""
        bad = [answer for answer in answers if not answer.taken]
        if not bad:
            return self.passed(check, sent, answers[-1])
        if self.slow and bad[0].status is None:
            return self.not_judged(check, "there was no answer in time; see fast")
        return self.failed(check, defect, sent, bad[0])

    def refused_or(self, check: str, defect: str, sent: str, answers: Sequence[Answer]) -> Mark:
        """Passed where none was taken."""
        bad = [answer for answer in answers if answer.taken]
        if bad:
            return self.failed(check, defect, sent, bad[0])
        if self.slow and any(answer.status is None for answer in answers):
            return self.not_judged(check, "there was no answer in time; see fast")
        return self.passed(check, sent, answers[0])

    def has_failed(self, check: str) -> bool:
        """Whether a defect was found by this check."""
        return check in self.marks and self.marks[check].verdict == FAILED

    def _mark(self, mark: Mark) -> Mark:
        self.marks[mark.check.name] = mark
        return mark
