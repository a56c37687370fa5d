"""Whatever form a secret takes, whole or cut: it is found in every sink, and ordinary text is left alone.

2,000 random outputs are looked through each time; ``SECRECY_CASES=100000`` in the environment makes it as
many as that. A failure names the seed of its case.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterator

import pytest
from detect_secrets.plugins.base import BasePlugin
from detect_secrets.plugins.high_entropy_strings import HexHighEntropyString
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.keyword import KeywordDetector
from planting import FORMS, leaked, random_secret

from connectorkit import forms, values
from connectorkit.redact import Redactor, Secret

CASES = int(os.environ.get("SECRECY_CASES", "2000"))
PLAIN = "k3x9qv7m2w8p4z6t1y5r0s8u3a"
ODD = 's3cret/with+odd&signs%0001 "q" <t> \\end'
SCANNERS: dict[str, BasePlugin] = {
    "JWT": JwtTokenDetector(),
    "keyword": KeywordDetector(),
    "hexadecimal": HexHighEntropyString(),
}


def scanned(text: str, scanner: str = "JWT") -> list[str]:
    """What an outside scanner finds."""
    return [found for line in text.splitlines() for found in SCANNERS[scanner].analyze_string(line)]


# --- Forms -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [PLAIN, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("name", FORMS)
def test_a_secret_is_found_in_every_form(name: str, secret: str) -> None:
    written = FORMS[name](secret)

    shown = Redactor(Secret(secret)).text(f"before {written} after")

    assert leaked(f"before {written} after", [(FORMS[name], secret)])
    assert leaked(shown, [(FORMS[name], secret)]) == []
    assert f"[secret:{Secret(secret).fingerprint}]" in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")


@pytest.mark.parametrize("cut", [(0, 12), (7, 19), (14, 26)], ids=["head", "middle", "tail"])
@pytest.mark.parametrize("name", FORMS)
def test_a_piece_of_twelve_characters_is_found_in_every_form(name: str, cut: tuple[int, int]) -> None:
    piece = PLAIN[slice(*cut)]

    shown = Redactor(Secret(PLAIN)).text(f'<"{FORMS[name](piece)}">')

    assert leaked(shown, [(FORMS[name], piece)]) == []
    assert f"[secret:{Secret(PLAIN).fingerprint}]" in shown


@pytest.mark.parametrize("name", FORMS)
def test_redacting_a_form_twice_is_redacting_it_once(name: str) -> None:
    redactor = Redactor(Secret(PLAIN))

    once = redactor.text(FORMS[name](PLAIN))

    assert redactor.text(once) == once


@pytest.mark.parametrize("secret", ["grün-und-geheim-0001", "пароль-пароль", "🚀🚀-launch-code-🚀"])
@pytest.mark.parametrize("name", FORMS)
def test_a_secret_that_is_not_ascii_is_found_too(name: str, secret: str) -> None:
    shown = Redactor(Secret(secret)).text(f"before {FORMS[name](secret)} after")

    assert f"[secret:{Secret(secret).fingerprint}]" in shown


def test_all_of_json_stays_json_whatever_is_taken_out_of_it() -> None:
    body = {"a": [ODD, {"b": json.dumps({"c": ODD, "d": 1})}], "e": "stays"}

    shown = json.loads(Redactor(Secret(ODD)).text(json.dumps(body)))

    label = f"[secret:{Secret(ODD).fingerprint}]"
    assert shown == {"a": [label, {"b": json.dumps({"c": label, "d": 1})}], "e": "stays"}


# --- Ordinary text -----------------------------------------------------------------------------------


def ordinary(chance: random.Random) -> str:
    """A line such as stand in logs: ids, types, words, numbers, addresses, pictures."""
    parts: list[Callable[[], str]] = [
        lambda: str(chance.randrange(10**12)),
        lambda: "-".join(chance.randbytes(n).hex() for n in (4, 2, 2, 2, 6)),
        lambda: chance.randbytes(32).hex(),
        lambda: chance.choice(["ms.PublishEvent", "cm.ConsumerRequestConversation", "ContentEvent"]),
        lambda: chance.choice(["Where is my parcel?", "50 % off & more", "C:\\new\\table", "a&amp;b"]),
        lambda: json.dumps({"conversationId": chance.randbytes(16).hex(), "n": "Grüße 🚀\n"}),
        lambda: f"https://va.msg.example/api/account/12345678/p%20q?v={chance.randrange(9)}&x=%2F",
        lambda: "data:image/png;base64," + FORMS["Base64"](chance.randbytes(60).hex()),
        lambda: "anna@example 12345678",
    ]
    return " ".join(chance.choice(parts)() for _ in range(chance.randrange(1, 12)))


def cases(count: int) -> Iterator[tuple[int, random.Random]]:
    for seed in range(count):
        yield seed, random.Random(seed)


def test_random_outputs_hold_no_secret_and_ordinary_ones_stay_as_they_are() -> None:
    redactor = Redactor()
    for seed, chance in cases(CASES):
        secret, (name, form) = random_secret(chance), chance.choice(list(FORMS.items()))
        redactor.learn(Secret(secret), passing=True)
        start = chance.randrange(len(secret) - 11)
        piece = (
            secret if chance.random() < 0.5 else secret[start : chance.randrange(start + 12, len(secret) + 1)]
        )
        around = ordinary(chance), ordinary(chance)
        output = f"{around[0]} {form(piece)} {around[1]}"

        shown = redactor.text(output)

        assert leaked(shown, [(form, piece)]) == [], (seed, name)
        assert scanned(shown) == [], (seed, name)
        assert redactor.text(around[0]) == around[0], (seed, "ordinary")
        if seed % 20 == 0:
            assert leaked(output, [(form, piece)]), (seed, name)


def test_eight_digits_that_an_id_shares_with_a_signature_are_chance() -> None:
    """Ids are hexadecimal as signatures are, and pictures in Base64 may hold anything."""
    signature = "9a88941ca83652db50fd1d53bf81519a50b56985"
    picture = "data:image/png;base64," + FORMS["Base64"]("7d1232e4e941ca83634ab79f50f61bdd5e7a")
    redactor = Redactor(Secret(signature))

    assert redactor.text(picture) == picture
    assert signature[5:17] not in redactor.text(FORMS["Base64"](signature[5:17]))
    assert redactor.text(FORMS["Base64"](signature[5:17])) != FORMS["Base64"](signature[5:17])


def test_escapes_are_undone_again_and_again_whatever_else_is_encoded_around() -> None:
    secret = '+iwoe>fm"nHajdIPt\\vmwtR U'
    around = "C:\\new\\table https://va.msg.example/p%20q?x=%2F a&amp;b"
    redactor = Redactor(Secret(secret))

    shown = redactor.text(f"{around} {FORMS['JSON in JSON in JSON'](secret)} {around}")

    assert shown == f"{around} [secret:{Secret(secret).fingerprint}] {around}"


def test_ids_and_names_stay_that_tokens_have_in_their_claims() -> None:
    import jwt

    redactor = Redactor(Secret("my-own-client-secret-0001"))
    claims = {"account_id": "12345678", "ext_consumer_id": "anna@example.org", "lp_consumer_id": "0f" * 32}
    for number in range(5):
        redactor.learn(Secret(jwt.encode(claims | {"n": number}, "k" * 32)), passing=True)
    text = json.dumps({**claims, "scope": "msg.consumer", "alg": "HS256", "typ": "JWT"})

    assert redactor.text(text) == text


# --- Bounds ------------------------------------------------------------------------------------------


def test_ten_thousand_tokens_take_no_more_room_than_the_newest_few_hundred() -> None:
    redactor, chance = Redactor(Secret(PLAIN)), random.Random(1)
    sizes = []
    for number in range(3 * values.MOST_PASSING):
        redactor.learn(Secret(chance.randbytes(60).hex()), passing=True)
        if number % values.MOST_PASSING == values.MOST_PASSING - 1:
            sizes.append(len(redactor._values._grams))

    assert len(redactor._values) == values.MOST_PASSING + 1
    assert max(sizes) - min(sizes) < 100
    assert PLAIN not in redactor.text(f"for ever {PLAIN}")


def test_learning_a_value_again_makes_it_new() -> None:
    redactor, first = Redactor(), "the-first-of-many-values"
    redactor.learn(Secret(first), passing=True)
    for number in range(values.MOST_PASSING - 1):
        redactor.learn(Secret(f"value-{number:06}-and-more"), passing=True)

    redactor.learn(Secret(first), passing=True)
    redactor.learn(Secret("one-more-value-than-fits"), passing=True)

    assert first not in redactor.text(first)


def test_ordinary_text_is_looked_through_but_once() -> None:
    """What it stands for in Base64 is noise, of which here and there a few signs could be something."""
    rng = random.Random(1)
    words = " ".join("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(30_000))

    found = list(Redactor(Secret(PLAIN))._values.readings(words))

    assert len(found) > 1
    assert sum(len(reading.text) for reading in found) < 1.1 * len(words)


@pytest.mark.parametrize("name", [name for name in FORMS if "Base64" in name or "base64" in name])
def test_a_secret_is_found_in_a_long_text_where_it_stands(name: str) -> None:
    rng = random.Random(2)
    words = " ".join("".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(2_000))
    written = FORMS[name](PLAIN)

    shown = Redactor(Secret(PLAIN)).text(f"{words} {written} {words}")

    assert leaked(shown, [(FORMS[name], PLAIN)]) == []
    assert shown.startswith(f"{words} ")
    assert shown.endswith(f" {words}")


def test_a_text_made_to_be_decoded_for_ever_is_given_up_in_time() -> None:
    nested = "%25" * 2000 + "\\\\u005c" * 2000 + "&amp;" * 2000

    assert len(list(Redactor(Secret(PLAIN))._values.readings(nested))) <= forms.MOST_READINGS


# --- The scanner, and broken redactors ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("scanner", "planted"),
    [
        ("JWT", FORMS["as it is"](random_secret(random.Random(12)))),
        ("keyword", f'client_secret = "{PLAIN}"'),
        ("hexadecimal", f'"{FORMS["hexadecimal"](PLAIN)}"'),
    ],
)
def test_the_outside_scanner_finds_what_is_planted_and_nothing_afterwards(scanner: str, planted: str) -> None:
    secret = planted if scanner == "JWT" else PLAIN

    assert scanned(planted, scanner)
    assert scanned(Redactor(Secret(secret)).text(planted), scanner) == []


BREAKS: dict[str, tuple[str, object, str]] = {
    "percent": ("connectorkit.forms._percent", lambda found: found[0], "percent"),
    "escapes": ("connectorkit.forms._unescaped", lambda found: found[0], "\\u"),
    "entities": ("connectorkit.forms._ENTITY", re.compile("(?!)"), "HTML, decimal"),
    "alignments": ("connectorkit.forms._alignments", lambda raw: iter(()), "Base64, one on"),
    "hexadecimal": ("connectorkit.forms._from_hex", lambda *given: iter(()), "hexadecimal"),
    "nesting": ("connectorkit.forms._DEPTH", 1, "JSON in JSON in JSON"),
    "quick look": ("connectorkit.values.is_plain", lambda *given, **more: True, "\\u"),
    "table": ("connectorkit.values._grams", lambda value: set(), "as it is"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_redactor_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target, broken, form = BREAKS[name]
    secret = ODD if form.startswith("JSON") else PLAIN
    monkeypatch.setattr(target, broken)

    shown = Redactor(Secret(secret)).text(f"before {FORMS[form](secret)} after")

    assert leaked(shown, [(FORMS[form], secret)])
