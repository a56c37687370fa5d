"""Random bodies and headers through ``signature.verify``: it never raises, and lets nothing false pass.

Run it with ``python benchmarks/signature_fuzz.py`` (10**6 pairs; another number as argument). The tests run
20,000 of the same pairs.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import hmac
import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from connectorkit import signature

LETTERS = "abcXYZ019+/=_-% \t\n\r\0\"'{}[]:,\\üß🚀\ud83d\u2028sha1=sha256="
ENCODINGS = {"base64": lambda digest: base64.b64encode(digest).decode(), "hex": bytes.hex}


def pairs(seed: int, count: int) -> Iterator[tuple[bytes, Any, str, str, str]]:
    """Body, header, secret, algorithm and encoding; many headers are near misses, some are right."""
    chance = random.Random(seed)
    for _ in range(count):
        algorithm, encoding = chance.choice(["sha1", "sha256"]), chance.choice(["base64", "hex"])
        body, secret = random_body(chance), random_text(chance, 24)
        yield body, random_header(chance, body, secret), secret, algorithm, encoding


def random_text(chance: random.Random, longest: int) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randrange(longest)))


def random_body(chance: random.Random) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:
        return random_text(chance, 100).encode("utf-8", "surrogatepass")
    value: Any = random_text(chance, 30)
    for _ in range(chance.randrange(6)):
        value = chance.choice([[value], {"k": value}, [value, chance.random(), None, True, 10**30]])
    body = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 1]))
    return body.encode("utf-8", "surrogatepass")[: None if kind == 2 else chance.randrange(60)]


def random_header(chance: random.Random, body: bytes, secret: str) -> Any:
    kind = chance.randrange(6)
    if kind == 0:
        return chance.choice([None, "", b"", 7, 1.5, [], {}, object(), ("sha1=", "x"), "sha1=", "=", b"\xff"])
    if kind == 1:
        return chance.randbytes(chance.randrange(60))
    if kind == 2:
        return random_text(chance, 80)
    name = chance.choice(["sha1", "sha256", "sha512", "md5"])
    body = chance.choice([body, body, body.strip(), body + b"\n", chance.randbytes(5)])
    key = chance.choice([secret, secret, secret.upper(), "other"]).encode("utf-8", "surrogatepass")
    text = name + "=" + ENCODINGS[chance.choice(["base64", "hex"])](hmac.new(key, body, name).digest())
    if kind == 3:  # one character of it is another
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice(LETTERS) + text[place + 1 :]
    elif kind == 4:
        text = text[chance.randrange(3) :][: chance.randrange(5, 80)]
    return text.encode("utf-8", "surrogatepass") if chance.random() < 0.1 else text


def is_right(body: bytes, header: Any, secret: str, algorithm: str, encoding: str) -> bool:
    """The rule as the protocol states it, without the kit's code."""
    key = secret.encode("utf-8", "surrogatepass")
    digest = hmac.new(key, body, getattr(hashlib, algorithm)).digest()
    wanted = f"{algorithm}={ENCODINGS[encoding](digest)}"
    text = header.decode("latin-1") if isinstance(header, bytes) else header
    if not isinstance(text, str) or not secret:
        return False
    text = text.strip(" \t")
    # Hexadecimal has no letter case.
    return wanted == (text[: len(algorithm)] + text[len(algorithm) :].lower() if encoding == "hex" else text)


def run(count: int, seed: int = 20) -> collections.Counter[str]:
    """How often each cause was found; raises ``AssertionError`` at a wrong verdict."""
    found: collections.Counter[str] = collections.Counter()
    for body, header, secret, algorithm, encoding in pairs(seed, count):
        verdict = signature.verify(body, header, secret, algorithm, encoding)
        right = is_right(body, header, secret, algorithm, encoding)
        assert verdict.valid is right, (verdict, body, header, secret, algorithm, encoding)
        assert (verdict.cause == "valid") is right
        assert right or verdict.explanation == signature.CAUSES[verdict.cause]
        found[verdict.cause] += 1
    return found


def cost(body: bytes, header: str) -> str:
    repeats = max(3, 20_000_000 // (len(body) + 4000) // 60)
    started = time.process_time()
    for _ in range(repeats):
        signature.verify(body, header, "sandbox-secret-0001")
    return f"{1e6 * (time.process_time() - started) / repeats:,.0f} µs"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10**6
    started = time.perf_counter()
    found = run(count)
    print(f"{count:,} pairs in {time.perf_counter() - started:.0f} s, no exception, no false verdict")
    for cause, times in found.most_common():
        print(f"  {cause:16} {times:,}")
    for size in (300, 64 * 1024, 1024 * 1024):
        body = json.dumps(
            {"changes": [{"message": "Grüße 🚀/" * (size // 60)}] * 4}, ensure_ascii=False
        ).encode()
        good, bad = signature.sign(body, "sandbox-secret-0001"), signature.sign(body, "other")
        print(f"verify {len(body):9,} bytes: good {cost(body, good)}, bad {cost(body, bad)}")
    print(f"Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
