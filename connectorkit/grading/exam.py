"""What one grading knows while it goes on: whom it sends to and as whom, and what became of it all."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from connectorkit import wire
from connectorkit.grading import samples, tries
from connectorkit.grading.checks import BY_NAME
from connectorkit.grading.endpoint import Answer, Endpoint
from connectorkit.grading.marks import FAILED, NOT_JUDGED, PASSED, Mark
from connectorkit.grading.sender import Sender

BUSY = "this machine is too busy for a fair verdict; try again when it is calmer"
_AT_ONCE = 16
_MOST_DOUBTFUL = 2
_LARGE_BYTES = 100_000


class TooBusy(Exception):
    """Nothing can be judged while this machine is as busy as it is."""


@dataclass
class Exam:
    """One receiver under examination.

    ``sender`` may be replaced by one that the receiver understands, so that one defect does not hide the
    others. ``texts`` are the messages of agents that the receiver says it has, by dialog and number;
    ``forbidden`` the dialogs of what it must not take, by check. ``late`` are answers that were slow for no
    fault of this machine, ``spells`` those that were quick when they were asked for again.
    """

    endpoint: Endpoint
    sender: Sender
    marks: dict[str, Mark] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    slow: bool = False
    texts: dict[tuple[str, int], str] = field(default_factory=dict)
    forbidden: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    refused: set[str] = field(default_factory=set)  # types of notification that are not sent any more
    late: list[Answer] = field(default_factory=list)
    spells: list[Answer] = field(default_factory=list)
    breaks: list[Answer] = field(default_factory=list)  # connections that held at the next try
    doubtful: int = 0

    def post(
        self,
        value: Any,
        *,
        sender: Sender | None = None,
        once: bool = False,
        signature: str | Callable[[bytes], str] | None = None,
        **headers: Any,
    ) -> Answer:
        """Send a notification, or the bytes of one, until the answer is clear; see ``tries``.

        ``headers`` as of ``Sender.headers``. What has to be sent again is about a new conversation, unless it
        may exist ``once`` only. Raises ``TooBusy``.
        """
        return self._sent(value, sender or self.sender, once, signature, headers)[0]

    def say(self, value: dict[str, Any], **headers: Any) -> Answer:
        """Send an agent's message that the receiver should keep, once it says that it has it."""
        once, signature = headers.pop("once", False), headers.pop("signature", None)
        sender = headers.pop("sender", None) or self.sender
        answer, body = self._sent(value, sender, once, signature, headers)
        if answer.taken:
            self.expect(json.loads(body))
        return answer

    def _sent(
        self, value: Any, sender: Sender, once: bool, signature: Any, headers: dict[str, Any]
    ) -> tuple[Answer, bytes]:
        """The first answer with a status, else the last; and the body that it is about."""
        body = value if isinstance(value, bytes) else sender.encode(value)
        bodies: list[bytes] = []
        answered = False

        def send(number: int) -> Answer:
            nonlocal answered
            again = number and (answered or not once)
            bodies.append(self._renewed(body) if again else body)
            signed = signature(bodies[-1]) if callable(signature) else signature
            answer = self.endpoint.post(bodies[-1], sender.headers(bodies[-1], signature=signed, **headers))
            answered = answered or answer.status is not None
            return answer

        answers = self.attempt(send, len(body))
        place = next((n for n, answer in enumerate(answers) if answer.status is not None), len(answers) - 1)
        answer = answers[place]
        if (
            once and place and answer.status and not answer.taken
        ):  # may be refused as a duplicate of what got no answer
            answer = replace(answer, doubtful=True)
        return answer, bodies[place]

    def attempt(self, send: Callable[[int], Answer], body_bytes: int = 0) -> list[Answer]:
        """Send until it is clear, and remember how soon it was answered. Raises ``TooBusy``."""
        answers = tries.until_clear(send, body_bytes, timed=not self.slow)
        self.answers += answers
        if answers[-1].doubtful:
            self.doubtful += body_bytes < _LARGE_BYTES  # what is large may take its time
            if self.doubtful == _MOST_DOUBTFUL:
                raise TooBusy
        elif tries.clearly_slow(answers[-1], body_bytes):
            self.late.append(tries.slowest(answers))
        elif answers[0].slow and answers[-1].slowdown:
            # A machine that is calm now has hardly been the reason a moment ago.
            self.spells += [answers[0]] if answers[-1].slowdown < tries.CALM else []
        elif answers[-1].status is not None and len(answers) > 1:
            self.breaks.append(answers[0])
        return answers

    def _renewed(self, body: bytes) -> bytes:
        body, names = samples.renewed(body)
        for dialogs in self.forbidden.values():
            dialogs |= {new for old, new in names.items() if old in dialogs}
        return body

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
        with ThreadPoolExecutor(_AT_ONCE, "connectorkit post") as pool:
            return list(pool.map(lambda one: self.post(one[0], **one[1]), sendings))

    def at_once(self, values: Sequence[dict[str, Any]]) -> list[list[Answer]]:
        """Send texts side by side, up to sixteen at a time, as the service does; each with all its tries.

        How soon they came is not remembered: none comes as soon as it would alone.
        """

        def say(value: dict[str, Any]) -> list[Answer]:
            body = self.sender.encode(value)
            bodies = [body, *(self._renewed(body) for _ in range(2))]
            answers = tries.until_clear(
                lambda n: self.endpoint.post(bodies[n], self.sender.headers(bodies[n])), timed=False
            )
            if answers[-1].taken:
                self.expect(json.loads(bodies[len(answers) - 1]))
            return answers

        with ThreadPoolExecutor(_AT_ONCE, "connectorkit burst") as pool:
            return list(pool.map(say, values))

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
        bad = [answer for answer in answers if not answer.taken and not answer.doubtful]
        if bad and not (self.slow and bad[0].status is None):
            return self.failed(check, defect, sent, bad[0])
        return self._unanswered(check, answers) or self.passed(check, sent, answers[-1])

    def refused_or(self, check: str, defect: str, sent: str, answers: Sequence[Answer]) -> Mark:
        """Passed where none was taken."""
        bad = [answer for answer in answers if answer.taken]
        if bad:
            return self.failed(check, defect, sent, bad[0])
        return self._unanswered(check, answers) or self.passed(check, sent, answers[0])

    def _unanswered(self, check: str, answers: Sequence[Answer]) -> Mark | None:
        """Not judged where an answer is missing and it is not clear why."""
        if any(answer.doubtful for answer in answers):
            return self.not_judged(check, BUSY)
        if self.slow and any(answer.status is None for answer in answers):
            return self.not_judged(check, "there was no answer in time; see fast")
        return None

    def has_failed(self, check: str) -> bool:
        """Whether a defect was found by this check."""
        return check in self.marks and self.marks[check].verdict == FAILED

    def _mark(self, mark: Mark) -> Mark:
        self.marks[mark.check.name] = mark
        return mark
