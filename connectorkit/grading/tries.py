"""How often something is sent until its answer can be held against the receiver, or for it.

A status is the receiver's own word and counts at once. A broken connection and a slow answer may have other
reasons: it is sent again, and a slow answer counts only where this machine was not too busy at that time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from connectorkit.grading.endpoint import Answer
from connectorkit.grading.load import Load

CALM = 1.5  # a slowdown that says nothing against a measurement
_MOST = 5
_BROKEN = 3  # so many broken connections in a row are the receiver's
_PAUSE_SECONDS = 0.2
# What a receiver may need of an idle processor before it answers: for any notification, and for each million
# bytes of it. It is far more than to verify and to store; who needs more, or waits for others, works first.
_OWN_SECONDS = 0.1
_OWN_SECONDS_PER_MILLION = 1.0


def until_clear(send: Callable[[int], Answer], body_bytes: int = 0, *, timed: bool = True) -> list[Answer]:
    """All answers, the last of them the clear one; ``send`` is given the number of the try, from 0 on.

    Where none was clear, the last is ``doubtful``. What is not ``timed`` may be slow.
    """
    answers: list[Answer] = []
    while True:
        answer = _weighed(send, len(answers)) if any(a.slow for a in answers) else send(len(answers))
        answers.append(answer)
        if is_clear(answer, body_bytes, timed=timed) or sum(is_broken(a) for a in answers) == _BROKEN:
            return answers
        if len(answers) == _MOST:
            answers[-1] = replace(answer, doubtful=True)
            return answers
        if is_broken(answer):
            time.sleep(_PAUSE_SECONDS)


def is_clear(answer: Answer, body_bytes: int = 0, *, timed: bool = True) -> bool:
    """Whether this alone is for or against the receiver; a broken connection never is."""
    if answer.slow and timed:
        return clearly_slow(answer, body_bytes)
    return answer.slow or not is_broken(answer)


def clearly_slow(answer: Answer, body_bytes: int = 0) -> bool:
    """Whether it was slow, and not for the slowdown that was measured beside it."""
    own = _OWN_SECONDS + _OWN_SECONDS_PER_MILLION * body_bytes / 1_000_000
    return answer.slow and answer.slowdown > 0 and answer.seconds / answer.slowdown > own


def is_broken(answer: Answer) -> bool:
    """Whether there was no answer, and not for waiting too long."""
    return answer.status is None and not answer.slow


def slowest(answers: Sequence[Answer]) -> Answer:
    """The one that took longest."""
    return max(answers, key=lambda answer: answer.seconds)


def _weighed(send: Callable[[int], Answer], number: int) -> Answer:
    with Load() as load:
        answer = send(number)
    return replace(answer, slowdown=load.slowdown)
