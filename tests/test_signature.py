"""Signatures of notifications: the published vectors, each cause made by hand, and that nothing raises."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectorkit import signature
from connectorkit.signature import CAUSES, Verdict, sign, verify

SECRET = "sandbox-secret-0001"
HELLO = (
    b'{"kind":"notification","body":{"changes":[{"sequence":2,"event":{"type":"ContentEvent",'
    b'"message":"Hello","contentType":"text/plain"},"conversationId":"c-1","dialogId":"c-1"}]},'
    b'"type":"ms.MessagingEventNotification"}'
)
GREETING = (
    '{"kind":"notification","body":{"changes":[{"event":{"type":"ContentEvent","message":"Grüße 🚀",'
    '"contentType":"text/plain"},"dialogId":"c-1"}]},"type":"ms.MessagingEventNotification"}'
).encode()

# --- The vectors, as they are published --------------------------------------------------------------

VECTORS = [
    (HELLO, "sha1", "base64", "sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw="),
    (HELLO, "sha1", "hex", "sha1=51feab19cc27eb614118dc03cb25570a5d40694c"),
    (HELLO, "sha256", "base64", "sha256=TreUdae/YnufXY9gGN7srDyGmJ7zE0NtsDsWIKVC7sE="),
    (
        HELLO,
        "sha256",
        "hex",
        "sha256=4eb79475a7bf627b9f5d8f6018deecac3c86989ef313436db03b1620a542eec1",
    ),
    (GREETING, "sha1", "base64", "sha1=LdStGH8lun5xChQna3kSw0o4meM="),
    (GREETING, "sha256", "base64", "sha256=/7rvqUJdOLs43daBAi+3OoHMoVA4oFHd+V1pfdMpENo="),
]
vectors = pytest.mark.parametrize(("body", "algorithm", "encoding", "header"), VECTORS)


def test_the_bodies_are_those_of_the_vectors() -> None:
    assert (len(HELLO), len(GREETING)) == (215, 186)


@vectors
def test_sign_makes_the_published_signature(body: bytes, algorithm: str, encoding: str, header: str) -> None:
    assert sign(body, SECRET, algorithm, encoding) == header


@vectors
def test_the_published_signature_is_valid(body: bytes, algorithm: str, encoding: str, header: str) -> None:
    verdict = verify(body, header, SECRET, algorithm, encoding)

    assert verdict == Verdict(True, "valid", "The signature fits the body and the secret.")
    assert verdict


def test_sha1_in_base64_is_what_is_expected_unless_told_otherwise() -> None:
    assert verify(HELLO, "sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw=", SECRET).valid


@pytest.mark.parametrize(
    "header",
    [b"sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw=", " sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw=\t"],
    ids=["bytes", "blanks around"],
)
def test_how_the_header_came_does_not_matter(header: str | bytes) -> None:
    assert verify(HELLO, header, SECRET).valid


def test_hexadecimal_has_no_letter_case() -> None:
    assert verify(HELLO, "sha1=51FEAB19CC27EB614118DC03CB25570A5D40694C", SECRET, encoding="hex").valid


def test_one_other_bit_in_the_body_is_not_valid() -> None:
    altered = bytes([*HELLO[:-1], HELLO[-1] ^ 1])

    assert verify(altered, "sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw=", SECRET).cause == "wrong-secret"


# --- Each cause, made by hand ------------------------------------------------------------------------


def digest(body: bytes = GREETING, key: bytes = SECRET.encode(), algorithm: str = "sha1") -> bytes:
    return hmac.new(key, body, getattr(hashlib, algorithm)).digest()


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def signed(body: bytes = GREETING, key: bytes = SECRET.encode()) -> str:
    return "sha1=" + b64(digest(body, key))


VALUE = json.loads(GREETING)
SLASHED = b'{"a":"x/y"}'
SHA256 = {"algorithm": "sha256"}
HEX = {"encoding": "hex"}

MISTAKES: list[tuple[str, str, Any, bytes, dict[str, str]]] = [
    ("header-missing", "none", None, GREETING, {}),
    ("header-missing", "empty", "", GREETING, {}),
    ("header-missing", "blank", " \t", GREETING, {}),
    ("header-malformed", "words", "not a signature", GREETING, {}),
    ("header-malformed", "no digest", "sha1=", GREETING, {}),
    ("header-malformed", "digest of another length", "sha1=" + b64(b"short"), GREETING, {}),
    ("header-malformed", "unknown algorithm", "crc32=" + b64(digest(b"other")), GREETING, {}),
    ("header-malformed", "SHA1=", "SHA1=" + b64(digest()), GREETING, {}),
    ("header-malformed", "newline at the end", signed() + "\n", GREETING, {}),
    ("header-malformed", "length of sha256", "sha1=" + b64(digest(b"x", algorithm="sha256")), GREETING, {}),
    ("header-malformed", "a list", [signed()], GREETING, {}),
    ("header-malformed", "half a surrogate pair", "sha1=\ud83d", GREETING, {}),
    ("header-malformed", "endless", "sha1=" + "A" * 100_000, GREETING, {}),
    ("prefix-missing", "Base64", b64(digest()), GREETING, {}),
    ("prefix-missing", "hex", digest().hex(), GREETING, HEX),
    ("prefix-missing", "sha256", b64(digest(algorithm="sha256")), GREETING, SHA256),
    ("other-algorithm", "sha256", "sha256=" + b64(digest(algorithm="sha256")), GREETING, {}),
    ("other-algorithm", "sha1", signed(), GREETING, SHA256),
    ("other-algorithm", "sha512", "sha512=" + b64(digest(algorithm="sha512")), GREETING, {}),
    ("other-algorithm", "wrong label", "sha256=" + b64(digest()), GREETING, {}),
    ("other-algorithm", "sha256 as sha1", "sha1=" + b64(digest(algorithm="sha256")), GREETING, {}),
    ("other-encoding", "hex", "sha1=" + digest().hex(), GREETING, {}),
    ("other-encoding", "Base64", signed(), GREETING, HEX),
    ("base64-altered", "padding lost", signed().rstrip("="), GREETING, {}),
    ("base64-altered", "Base64 of hex", "sha1=" + b64(digest().hex().encode()), GREETING, {}),
    ("base64-altered", "URL-encoded", "sha1=" + b64(digest()).replace("=", "%3D"), GREETING, {}),
    ("base64-altered", "all URL-encoded", signed().replace("=", "%3D").replace("/", "%2F"), GREETING, {}),
    (
        "base64-altered",
        "URL-safe",
        "sha256=" + base64.urlsafe_b64encode(digest(algorithm="sha256")).decode(),
        GREETING,
        SHA256,
    ),
    ("truncated", "Base64", signed()[:-6], GREETING, {}),
    ("truncated", "hex", "sha1=" + digest().hex()[:30], GREETING, HEX),
    ("truncated", "half", signed()[:19], GREETING, {}),
    ("ascii-encoded", "question marks", signed(GREETING.decode().encode("ascii", "replace")), GREETING, {}),
    ("ascii-encoded", "two for a pair", signed(b'"Gr??e ??"'), '"Grüße 🚀"'.encode(), {}),
    ("ascii-encoded", "one for each byte", signed(b'"??"'), '"ü"'.encode(), {}),
    ("ascii-encoded", "escapes", signed(rb'"a\"b\n\\ \u00fc"'), rb'"a\"b\n\\ ' + 'ü"'.encode(), {}),
    ("ascii-encoded", "escapes in capitals", signed(rb'"\u00FC"'), '"ü"'.encode(), {}),
    ("re-serialised", "spaces", signed(json.dumps(VALUE, ensure_ascii=False).encode()), GREETING, {}),
    ("re-serialised", "spaces and escapes", signed(json.dumps(VALUE).encode()), GREETING, {}),
    ("re-serialised", "indented", signed(json.dumps(json.loads(HELLO), indent=2).encode()), HELLO, {}),
    ("re-serialised", "sorted", signed(b'{"a":1,"b":2}'), b'{"b":2,"a":1}', {}),
    ("re-serialised", "compact", signed(b'{"a":1}'), b'{ "a" : 1 }', {}),
    ("re-serialised", "escaped slash", signed(rb'{"a":"x\/y"}'), SLASHED, {}),
    ("re-serialised", "escapes written out", signed('"ü"'.encode()), rb'"\u00fc"', {}),
    ("re-serialised", "not bytes at all", signed(), VALUE, {}),
    ("body-altered", "newline added", signed(), GREETING + b"\n", {}),
    ("body-altered", "newline lost", signed(GREETING + b"\n"), GREETING, {}),
    ("body-altered", "byte order mark", signed(b"\xef\xbb\xbf" + GREETING), GREETING, {}),
    ("body-altered", "byte order mark added", signed(), b"\xef\xbb\xbf" + GREETING, {}),
    ("body-altered", "blanks added", signed(), b"  " + GREETING + b" ", {}),
    ("body-altered", "line ends", signed(b'{\n"a":\n1}\n'), b'{\r\n"a":\r\n1}\r\n', {}),
    ("body-altered", "not JSON", signed(b"text"), b"text \n", {}),
    ("body-altered", "not read", signed(b""), GREETING, {}),
    ("key-altered", "newline", signed(key=SECRET.encode() + b"\n"), GREETING, {}),
    ("key-altered", "blank", signed(key=b" " + SECRET.encode()), GREETING, {}),
    ("key-altered", "upper-cased", signed(key=SECRET.upper().encode()), GREETING, {}),
    ("key-altered", "quotes", signed(key=f'"{SECRET}"'.encode()), GREETING, {}),
    ("key-altered", "from Base64", signed(key=b"secret key"), GREETING, {"secret": b64(b"secret key")}),
    ("key-altered", "from hex", signed(key=b"\x00\xff\x10"), GREETING, {"secret": "00ff10"}),
    ("key-altered", "stripped", signed(), GREETING, {"secret": SECRET + "\n"}),
    ("wrong-secret", "secret", signed(key=b"another"), GREETING, {}),
    ("wrong-secret", "body", signed(b'{"another":"body"}'), GREETING, {}),
    ("wrong-secret", "both, in hex", "sha1=" + digest(b"x", b"y").hex(), GREETING, {}),
    ("wrong-secret", "empty", signed(key=b""), GREETING, {"secret": ""}),
    ("wrong-secret", "no text", signed(key=b""), GREETING, {"secret": None}),  # type: ignore[dict-item]
]


@pytest.mark.parametrize(
    ("cause", "header", "body", "options"),
    [(cause, header, body, options) for cause, _, header, body, options in MISTAKES],
    ids=[f"{cause}: {how}" for cause, how, *_ in MISTAKES],
)
def test_a_mistake_is_named(cause: str, header: Any, body: bytes, options: dict[str, str]) -> None:
    verdict = verify(body, header, **{"secret": SECRET} | options)

    assert verdict == Verdict(False, cause, CAUSES[cause])
    assert not verdict


def test_there_are_twelve_causes_and_each_is_made_above() -> None:
    assert len(CAUSES) == 12
    assert set(CAUSES) == {cause for cause, *_ in MISTAKES}


@pytest.mark.parametrize("explanation", CAUSES.values(), ids=CAUSES)
def test_an_explanation_is_what_happened_and_what_to_do(explanation: str) -> None:
    assert explanation.count(". ") == 1
    assert explanation.endswith(".")


@pytest.mark.parametrize("length", range(5, 19))
def test_a_short_beginning_is_not_confirmed(length: int) -> None:
    """Who could ask whether a beginning is right would find a signature one character at a time."""
    assert verify(GREETING, signed()[:length], SECRET).cause == "header-malformed"


@pytest.mark.parametrize(
    ("options", "cause"), [({"algorithm": "md5"}, "other-algorithm"), ({"encoding": None}, "other-encoding")]
)
def test_what_cannot_be_expected_is_never_met(options: dict[str, Any], cause: str) -> None:
    assert verify(GREETING, signed(), SECRET, **options).cause == cause


@pytest.mark.parametrize("make", [bytearray, memoryview, bytes.decode], ids=["bytearray", "view", "text"])
def test_a_body_may_come_as_other_kinds_of_bytes(make: Callable[[bytes], Any]) -> None:
    assert verify(make(GREETING), signed(), SECRET).valid


@pytest.mark.parametrize(
    "body",
    [b"[" * 200_000, b'{"a":' * 100_000, b"1" * 5000, b'"\\ud83d"', b"\xff\xfe{", b"\x00", b'"\xc3"', b"NaN"],
    ids=["lists", "objects", "long number", "half a pair", "UTF-16", "NUL", "no UTF-8", "NaN"],
)
def test_no_body_is_too_strange(body: bytes) -> None:
    assert verify(body, signed(b"another"), SECRET).cause == "wrong-secret"


def test_a_verdict_is_short_to_look_at() -> None:
    assert repr(verify(GREETING, None, SECRET)) == "<Verdict: header-missing>"
    assert SECRET not in repr(verify(GREETING, signed(key=b"x"), SECRET))


# --- How digests are compared ------------------------------------------------------------------------


class Digest(bytes):
    """A digest that may only be compared in constant time."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("a digest was compared with ==")

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """What went through ``hmac.compare_digest``."""
    seen = []
    original = hmac.compare_digest

    def spy(one: bytes, other: bytes) -> bool:
        assert {type(one), type(other)} <= {bytes, Digest}
        seen.append((one, other))
        return original(one, other)

    monkeypatch.setattr(signature.hmac, "compare_digest", spy)
    return seen


def test_a_good_signature_is_compared_once_in_constant_time(compared: list[tuple[bytes, bytes]]) -> None:
    assert verify(GREETING, "sha1=LdStGH8lun5xChQna3kSw0o4meM=", SECRET).valid

    assert compared == [(b"sha1=LdStGH8lun5xChQna3kSw0o4meM=",) * 2]


def test_no_digest_is_compared_otherwise(
    compared: list[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = hmac.digest
    monkeypatch.setattr(signature.hmac, "digest", lambda *given: Digest(original(*given)))

    verdict = verify(GREETING, signed(key=b"another"), SECRET)

    assert verdict.cause == "wrong-secret"
    assert len(compared) > 20
    assert compared[0] == (b"sha1=LdStGH8lun5xChQna3kSw0o4meM=", signed(key=b"another").encode())


def test_a_beginning_is_compared_in_constant_time_too(compared: list[tuple[bytes, bytes]]) -> None:
    assert verify(GREETING, "sha1=LdStGH8lun5xChQna3kS", SECRET).cause == "truncated"

    assert compared[-1] == (b"LdStGH8lun5xChQna3kS",) * 2


@pytest.mark.parametrize("answer", [True, False])
def test_the_constant_time_comparison_decides(monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    monkeypatch.setattr(signature.hmac, "compare_digest", lambda one, other: answer)

    assert verify(GREETING, signed(), SECRET).valid is answer
    assert verify(GREETING, signed(key=b"another"), SECRET).valid is answer


def test_a_good_signature_costs_one_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    original = hmac.digest
    monkeypatch.setattr(signature.hmac, "digest", lambda *given: made.append(given) or original(*given))

    verify(GREETING, signed(), SECRET)
    good = len(made)
    verify(GREETING, signed(key=b"another"), SECRET)

    assert good == 1
    assert len(made) < 60


# --- Whatever comes ----------------------------------------------------------------------------------


def test_random_bodies_and_headers_never_raise_and_never_pass_wrongly() -> None:
    """The same pairs as the benchmark, which takes a million of them."""
    path = Path(__file__).parents[1] / "benchmarks" / "signature_fuzz.py"
    spec = importlib.util.spec_from_file_location("signature_fuzz", path)
    assert spec is not None
    assert spec.loader is not None
    fuzz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fuzz)

    found = fuzz.run(20_000)

    assert found.total() == 20_000
    assert found["valid"] > 50
    assert len(found) > 8
