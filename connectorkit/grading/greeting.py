"""The first notification: whether it is taken, and if not, in what way the receiver would take it.

Once a way is found, the rest is sent in that way, so that one defect does not hide the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from connectorkit import wire
from connectorkit.alterations import alterations
from connectorkit.grading import samples
from connectorkit.grading.endpoint import SUCCESS, Answer
from connectorkit.grading.exam import Exam, TooBusy
from connectorkit.grading.sender import SPELLINGS, Sender, spaced
from connectorkit.redact import Secret

SENT = "a text, signed"


def greet(exam: Exam) -> bool:
    """Judge the first notification; whether the receiver takes any. Raises ``TooBusy``."""
    value = samples.message("Hello")
    answer = exam.say(value)
    exam.slow = bool(exam.late)
    if answer.doubtful or (exam.doubtful and not exam.slow):
        raise TooBusy
    if answer.status is None:
        if exam.slow:
            exam.not_judged("accepts", "there was no answer in time; see fast")
        else:
            exam.failed("accepts", "unreachable", SENT, answer)
        return False
    if not answer.taken:
        found = _way_in(exam, value, answer)
        if found is None:
            return False
        answer = found
    if answer.status in SUCCESS:
        exam.passed("accepts", SENT, answer)
    else:
        exam.failed("accepts", "counts-as-failure", SENT, answer)
    return True


def _way_in(exam: Exam, value: dict[str, Any], refusal: Answer) -> Answer | None:
    """The answer to a notification that is sent in the way that the receiver expects, if there is one."""
    own = exam.sender
    for name, spelling in SPELLINGS.items():
        exam.sender = dataclasses.replace(own, spelling=spelling)
        if (answer := exam.say(value)).taken:
            sent = "the names of the headers in small letters, then with capitals"
            exam.failed("header-case", "case-sensitive-header", sent, f"{refusal}; taken: {name}")
            return answer
    for cause, sender in _other_ways(own):
        exam.sender = sender
        if (answer := exam.say(value)).taken:
            exam.failed("raw-bytes", cause, SENT, refusal)
            return answer
    exam.sender = own
    if cause := signed_otherwise(exam, own.encode(value)):
        exam.failed("raw-bytes", cause, SENT, refusal)
        exam.not_judged("accepts", "what is signed as it should be is refused; see raw-bytes")
    else:
        exam.failed("accepts", "refuses-valid", SENT, refusal)
    return None


def _other_ways(own: Sender) -> Iterator[tuple[str, Sender]]:
    """Mistakes that can be gone along with: the cause, and a sender that makes the same one."""
    for encode in (spaced,):
        yield "re-serialised", dataclasses.replace(own, encode=encode)
    for algorithm in wire.SIGNATURE_ALGORITHMS:
        for encoding in wire.SIGNATURE_ENCODINGS:
            cause = "other-encoding" if algorithm == own.algorithm else "other-algorithm"
            yield cause, dataclasses.replace(own, algorithm=algorithm, encoding=encoding)
    yield "prefix-missing", dataclasses.replace(own, prefixed=False)
    secret = own.secret.reveal().encode("utf-8", "surrogatepass")
    for other in alterations(b"", secret):
        if other.cause == "key-altered":
            key = Secret(other.key.decode("utf-8", "surrogateescape"))
            yield other.cause, dataclasses.replace(own, key=key)


def signed_otherwise(exam: Exam, body: bytes) -> str:
    """The cause of a refusal, found by signing the body as it is commonly done wrong; empty where unknown."""
    secret = exam.sender.secret.reveal().encode("utf-8", "surrogatepass")
    for other in alterations(body, secret):
        if exam.post(body, once=True, signature=exam.sender.sign(other.body, other.key)).taken:
            return other.cause
    return ""
