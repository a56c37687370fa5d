"""Checks that are judged by the answers alone, each with notifications of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connectorkit.grading import samples
from connectorkit.grading.endpoint import PATIENCE_SECONDS, SLOW_SECONDS, Answer
from connectorkit.grading.exam import Exam
from connectorkit.grading.greeting import signed_otherwise
from connectorkit.grading.sender import SPELLINGS

_LARGE_BYTES = 1_000_000
_SMALLER_BYTES = (500_000, 250_000, 100_000, 50_000, 25_000, 10_000)
_BURST = 32
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
    first, *later = exam.answers
    if first.status is None and not exam.slow:
        return  # nobody there
    slowest = max(later if later and not exam.slow else [first], key=lambda answer: answer.seconds)
    sent = f"{len(exam.answers)} notifications"
    if slowest.slow:
        exam.failed("fast", "slow-answer", sent, _slowness(slowest))
    else:
        exam.passed("fast", sent, f"the slowest answer after {slowest.seconds:.3f} s")


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
    answers = exam.post_all(
        [(one, {"signature": sign(one, b"not-the-secret")}), (two, {"signature": sign(b"{}")})]
    )
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
    bodies = [_forbidden(exam, "whole-signature") for _ in _CUTS]
    sendings = [(body, {"signature": cut(sign(body))}) for body, cut in zip(bodies, _CUTS, strict=True)]
    sendings.append((_forbidden(exam, "whole-signature"), {"signature": f"{exam.sender.algorithm}="}))
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
    answers = [exam.say(value) for _ in range(3)]
    exam.taken_or("duplicates", "refuses-duplicate", "the same text three times", answers)


def connections(exam: Exam) -> None:
    """Three notifications, one after the other, on one connection."""
    if exam.slow:
        exam.not_judged("connections", slow_reason(exam))
        return
    values = [samples.message("On one connection") for _ in range(3)]
    bodies = [exam.sender.encode(value) for value in values]
    sendings = [("POST", body, exam.sender.headers(body)) for body in bodies]
    answers = exam.endpoint.on_one_connection(sendings)
    exam.answers += answers
    for value, answer in zip(values, answers, strict=True):
        if answer.taken:
            exam.expect(value)
    exam.taken_or("connections", "drops-connection", "three texts on one connection", answers)


def other_requests(exam: Exam) -> None:
    """GET, HEAD and a request that breaks off; afterwards a notification must be taken as before."""
    sent = "GET, HEAD, a request that breaks off, then a text"
    others = [exam.endpoint.request(method) for method in ("GET", "HEAD")]
    broken = [answer for answer in others if answer.status is None or answer.status in _BROKEN]
    if broken:
        exam.failed("other-requests", "breaks-on-other-requests", sent, broken[0])
        return
    body = exam.sender.encode(samples.message("Half of it"))
    exam.endpoint.hang_up_halfway(body, exam.sender.headers(body))
    after = exam.say(samples.message("Still there?"))
    exam.taken_or("other-requests", "breaks-on-other-requests", sent, [after])


def burst(exam: Exam) -> None:
    """Texts of many conversations at once."""
    values = [samples.message(f"Text {number} of {_BURST}") for number in range(_BURST)]
    before = len(exam.answers)
    answers = exam.at_once([(value, {}) for value in values])
    del exam.answers[before:]  # how soon they came is judged here
    for value, answer in zip(values, answers, strict=True):
        if answer.taken:
            exam.expect(value)
    sent = f"{_BURST} texts of as many conversations, sixteen at a time"
    bad = [answer for answer in answers if not answer.taken or answer.slow]
    if bad:
        came = f"{len(bad)} of {_BURST} not so; one {bad[0]}"
        exam.failed("burst", "breaks-under-burst", sent, came)
    else:
        exam.passed("burst", sent, f"the slowest after {max(a.seconds for a in answers):.3f} s")


def _forbidden(exam: Exam, check: str) -> bytes:
    """The body of a text that must not be taken."""
    value: dict[str, Any] = samples.message("This must not be taken")
    exam.forbidden[check].add(value["body"]["changes"][0]["dialogId"])
    return exam.sender.encode(value)


def _slowness(answer: Answer) -> str:
    if answer.status is None:
        return f"no answer within {PATIENCE_SECONDS:g} s"
    return f"{answer}, which is over {SLOW_SECONDS:g} s"


def _turned(text: str) -> str:
    return "".join("A" if character != "A" else "B" for character in text)


# The last character may be padding, and the one before it has bits that do not count.
_CUTS: tuple[Callable[[str], str], ...] = (
    lambda signature: signature[:-14] + _turned(signature[-14:-2]) + signature[-2:],
    lambda signature: signature[:-6] + _turned(signature[-6:-2]) + signature[-2:],
    lambda signature: signature[: len(signature) // 2],
)
