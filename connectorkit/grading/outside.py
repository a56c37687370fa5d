"""Checks that are judged by the answers alone, each with notifications of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from connectorkit.grading import load, samples, tries
from connectorkit.grading.endpoint import PATIENCE_SECONDS, SLOW_SECONDS, Answer
from connectorkit.grading.exam import BUSY, Exam
from connectorkit.grading.greeting import signed_otherwise
from connectorkit.grading.sender import SPELLINGS

_LARGE_BYTES = 1_000_000
_SMALLER_BYTES = (500_000, 250_000, 100_000, 50_000, 25_000, 10_000)
_BURST = 32
_BURSTS = 4  # at most so many, and so many of them too slow on a machine that is not to blame
_SPELLS = 3  # so many are no accident
_NOT_VERIFIED = "no signature is verified; see forged"
_BROKEN = (500, 502, 503, 504)


def check_all(exam: Exam) -> None:
    """Judge everything that needs no conversation; side by side where each answer takes its time."""
    checks: list[Callable[[Exam], None]] = [
        header_case,
        raw_bytes,
        signatures,
        addressee,
        unknown_members,
        unknown_types,
        large,
        duplicates,
        connections,
        other_requests,
    ]
    if exam.slow:
        with ThreadPoolExecutor(len(checks), "connectorkit check") as pool:
            list(pool.map(lambda check: check(exam), checks))
        exam.not_judged("burst", slow_reason(exam))
        return
    for check in checks:
        check(exam)
    burst(exam)


def slow_reason(exam: Exam) -> str:
    """Why what takes many answers is not judged."""
    return f"an answer takes {exam.answers[0].seconds:.1f} s; see fast"


def tls(exam: Exam) -> None:
    """Whether the service would deliver to this address."""
    endpoint = exam.endpoint
    if endpoint.mistrusted:
        exam.failed("tls", "untrusted-certificate", "a TLS handshake", endpoint.mistrusted)
    elif endpoint.secure:
        exam.passed("tls", "a TLS handshake", "a certificate that is trusted")
    elif endpoint.local:
        exam.not_judged("tls", "plain http on this machine; the service delivers to https only")
    else:
        exam.failed("tls", "plain-http", "plain HTTP", "an answer")


def fast(exam: Exam) -> None:
    """Whether all that was sent so far was answered soon enough; a burst has a check of its own."""
    if not exam.slow and all(answer.status is None for answer in exam.answers):
        return  # nobody there, or nothing is clear
    sent = f"{len(exam.answers)} notifications"
    if exam.late:
        exam.failed("fast", "slow-answer", sent, _slowness(tries.slowest(exam.late)))
    elif len(exam.spells) >= _SPELLS:
        came = (
            f"{len(exam.spells)} too late, and soon when sent again; {_slowness(tries.slowest(exam.spells))}"
        )
        exam.failed("fast", "slow-answer", sent, came)
    elif exam.doubtful:
        exam.not_judged("fast", BUSY)
    else:
        soon = [answer for answer in exam.answers if not answer.slow]
        late = len(exam.answers) - len(soon)
        again = f"; {late} more were late, only once or as this machine is busy" if late else ""
        exam.passed("fast", sent, f"the slowest answer after {tries.slowest(soon).seconds:.3f} s{again}")


def held(exam: Exam) -> None:
    """Whether connections held; one or two that broke may have had another reason."""
    if len(exam.breaks) >= _SPELLS and not exam.has_failed("accepts"):
        came = f"{len(exam.breaks)} answered only when sent again; {exam.breaks[0]}"
        exam.failed("accepts", "breaks-at-times", f"{len(exam.answers)} notifications", came)


def header_case(exam: Exam) -> None:
    """Names of headers in three spellings."""
    if exam.has_failed("header-case"):
        return
    senders = [dataclasses.replace(exam.sender, spelling=spelling) for spelling in SPELLINGS.values()]
    answers = exam.post_all([(samples.message("Hello"), {"sender": sender}) for sender in senders])
    sent = f"the names of the headers in {', '.join(SPELLINGS)}"
    exam.taken_or("header-case", "case-sensitive-header", sent, answers)


def raw_bytes(exam: Exam) -> None:
    """Bodies that another body is easily made of on the way to the verification."""
    if exam.has_failed("raw-bytes"):
        return
    greeting = samples.message(samples.GREETING)
    bodies = {
        "a text with umlauts and an emoji": exam.sender.encode(greeting),
        "a body with blanks, line breaks and escapes": samples.pretty(samples.message(samples.GREETING)),
    }
    answers = exam.post_all([(body, {}) for body in bodies.values()])
    refused = [(name, answer) for name, answer in zip(bodies, answers, strict=True) if not answer.taken]
    if refused:
        name, answer = refused[-1]  # whoever refuses both does so for the reason of the last
        if exam.slow and answer.status is None:
            exam.not_judged("raw-bytes", "there was no answer in time; see fast")
        else:
            exam.failed("raw-bytes", signed_otherwise(exam, bodies[name]) or "re-serialised", name, answer)
        return
    exam.expect(greeting)
    exam.passed("raw-bytes", ", ".join(bodies), answers[-1])


def signatures(exam: Exam) -> None:
    """Wrong, missing and partly right signatures; nothing but the first counts where none is verified."""
    sign = exam.sender.sign
    one, two = _forbidden(exam, "forged"), _forbidden(exam, "forged")
    wrong: tuple[Callable[[bytes], str], ...] = (
        lambda body: sign(body, b"not-the-secret"),
        lambda body: sign(b"{}"),
    )
    answers = exam.post_all([(one, {"signature": wrong[0]}), (two, {"signature": wrong[1]})])
    exam.refused_or(
        "forged", "no-verification", "the signature of another secret, and that of another body", answers
    )
    if exam.has_failed("forged"):
        exam.not_judged("unsigned", _NOT_VERIFIED)
        exam.not_judged("whole-signature", _NOT_VERIFIED)
        return
    one, two = _forbidden(exam, "unsigned"), _forbidden(exam, "unsigned")
    answers = exam.post_all([(one, {"unsigned": True}), (two, {"signature": ""})])
    exam.refused_or("unsigned", "missing-signature-accepted", "no signature, and an empty one", answers)
    parts: list[Callable[[bytes], str]] = [partial(_cut, sign, cut) for cut in _CUTS]
    parts.append(lambda body: f"{exam.sender.algorithm}=")
    sendings = [(_forbidden(exam, "whole-signature"), {"signature": part}) for part in parts]
    exam.refused_or(
        "whole-signature",
        "prefix-compared",
        "signatures of which a part is right",
        exam.post_all(sendings),
    )


def addressee(exam: Exam) -> None:
    """What is signed well, but meant for others."""
    one, two = _forbidden(exam, "addressee"), _forbidden(exam, "addressee")
    answers = exam.post_all([(one, {"client_id": "another-app"}), (two, {"account_id": "87654321"})])
    exam.refused_or("addressee", "addressee-ignored", "another client id, and another account", answers)


def unknown_members(exam: Exam) -> None:
    """More members than are in the documents."""
    answers = [exam.post(samples.with_unknown_members())]
    exam.taken_or("unknown-members", "strict-members", "unknown members at every level", answers)


def unknown_types(exam: Exam) -> None:
    """Values that are not in the documents, where there is a list of values."""
    strange = samples.unknown_types()
    answers = exam.post_all([(value, {}) for value in strange.values()])
    bad = [name for name, answer in zip(strange, answers, strict=True) if not answer.taken]
    exam.taken_or("unknown-types", "strict-types", f"unknown: {', '.join(bad or strange)}", answers)


def large(exam: Exam) -> None:
    """A body near 1 MB, and where it is refused, how much is taken."""
    answer = exam.post(samples.message("x" * _LARGE_BYTES))
    sent = f"a text of {_LARGE_BYTES:,} bytes"
    if answer.doubtful or (answer.slow and answer.status is None and not exam.slow):
        exam.not_judged("large", BUSY if answer.doubtful else "there was no answer in time; see fast")
        return
    if answer.taken or exam.slow:
        exam.taken_or("large", "small-body-limit", sent, [answer])
        return
    fits = next((n for n in _SMALLER_BYTES if exam.post(samples.message("x" * n)).taken), None)
    most = f"{fits:,} bytes were taken" if fits else "not even a small one was taken"
    exam.failed("large", "small-body-limit", sent, f"{answer}; {most}")


def duplicates(exam: Exam) -> None:
    """The same bytes three times, as after an answer that came too late."""
    if exam.slow:
        exam.not_judged("duplicates", slow_reason(exam))
        return
    value = samples.message("Once is enough")
    answers = [exam.say(value, once=True) for _ in range(3)]
    exam.taken_or("duplicates", "refuses-duplicate", "the same text three times", answers)


def connections(exam: Exam) -> None:
    """Three notifications, one after the other, on one connection."""
    if exam.slow:
        exam.not_judged("connections", slow_reason(exam))
        return
    answers: list[Answer] = []

    def send(number: int) -> Answer:
        values = [samples.message("On one connection") for _ in range(3)]
        bodies = [exam.sender.encode(value) for value in values]
        answers[:] = exam.endpoint.on_one_connection(
            [("POST", body, exam.sender.headers(body)) for body in bodies]
        )
        for value, answer in zip(values, answers, strict=True):
            if answer.taken:
                exam.expect(value)
        bad = [answer for answer in answers if not answer.taken]
        return bad[0] if bad else tries.slowest(answers)

    answers[-1] = exam.attempt(send)[-1]
    exam.taken_or("connections", "drops-connection", "three texts on one connection", answers)


def other_requests(exam: Exam) -> None:
    """GET, HEAD and a request that breaks off; afterwards a notification must be taken as before."""
    sent = "GET, HEAD, a request that breaks off, then a text"
    others = [_request(exam, method) for method in ("GET", "HEAD")]
    broken = [answer for answer in others if answer.status is None or answer.status in _BROKEN]
    if broken and any(answer.doubtful for answer in broken):
        exam.not_judged("other-requests", BUSY)
        return
    if broken:
        exam.failed("other-requests", "breaks-on-other-requests", sent, broken[0])
        return
    body = exam.sender.encode(samples.message("Half of it"))
    exam.endpoint.hang_up_halfway(body, exam.sender.headers(body))
    after = exam.say(samples.message("Still there?"))
    exam.taken_or("other-requests", "breaks-on-other-requests", sent, [after])


def burst(exam: Exam) -> None:
    """Texts of many conversations at once; what goes wrong once is tried again."""
    sent = f"{_BURST} texts of as many conversations, sixteen at a time"
    came, bad = "", 0
    for _ in range(_BURSTS):
        values = [samples.message(f"Text {number} of {_BURST}") for number in range(_BURST)]
        with load.Load() as meanwhile:
            told = exam.at_once(values)
        answers = [dataclasses.replace(every[-1], slowdown=meanwhile.slowdown) for every in told]
        wrong = [one for one in answers if (not one.taken and not one.slow) or tries.clearly_slow(one)]
        bad += bool(wrong)
        if bad == 2:
            came = f"{len(wrong)} of {_BURST} not so, nor when all were sent again; one {wrong[0]}"
            exam.failed("burst", "breaks-under-burst", sent, came)
            return
        if not any(one.slow for one in answers) and not wrong:
            again = sum(len(every) > 1 for every in told)
            note = f"; {again} at the next try, as the connection broke" if again else ""
            exam.passed("burst", sent, f"the slowest after {tries.slowest(answers).seconds:.3f} s{note}")
            return
    exam.not_judged("burst", BUSY)


def _forbidden(exam: Exam, check: str) -> bytes:
    """The body of a text that must not be taken."""
    value: dict[str, Any] = samples.message("This must not be taken")
    exam.forbidden[check].add(value["body"]["changes"][0]["dialogId"])
    return exam.sender.encode(value)


def _request(exam: Exam, method: str) -> Answer:
    """The answer to a request that is no notification."""
    return tries.until_clear(lambda _: exam.endpoint.request(method), timed=not exam.slow)[-1]


def _slowness(answer: Answer) -> str:
    if answer.status is None:
        return f"no answer within {PATIENCE_SECONDS:g} s"
    return f"{answer}, which is over {SLOW_SECONDS:g} s"


def _cut(sign: Callable[[bytes], str], cut: Callable[[str], str], body: bytes) -> str:
    return cut(sign(body))


def _turned(text: str) -> str:
    return "".join("A" if character != "A" else "B" for character in text)


# The last character may be padding, and the one before it has bits that do not count.
_CUTS: tuple[Callable[[str], str], ...] = (
    lambda signature: signature[:-14] + _turned(signature[-14:-2]) + signature[-2:],
    lambda signature: signature[:-6] + _turned(signature[-6:-2]) + signature[-2:],
    lambda signature: signature[: len(signature) // 2],
)
