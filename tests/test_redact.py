"""Secrets: a type that hides them, and a filter that finds them in whatever form they travel."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import re
import traceback
import weakref
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from connectorkit import hiding, values
from connectorkit.forms import is_plain
from connectorkit.hiding import redacted
from connectorkit.redact import Redactor, Secret, fingerprint, token_claims

VALUE = "k3/9 +ü&geheim"
LABEL = re.compile(r"\[(?:secret|jwt):[0-9a-f]{8}\]")


def part(members: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def token(**claims: Any) -> str:
    """Something of the shape of a signed token, made here so that none stands in a file."""
    signature = base64.urlsafe_b64encode(bytes(range(48))).decode()
    return ".".join([part({"alg": "RS256", "typ": "JWT"}), part(claims), signature])


# --- Secret ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shown",
    [
        repr(Secret(VALUE)),
        str(Secret(VALUE)),
        f"{Secret(VALUE)}",
        f"{Secret(VALUE)!r}",
        "{}".format(Secret(VALUE)),  # noqa: UP032
        "%s" % Secret(VALUE),  # noqa: UP031
        repr([Secret(VALUE)]),
        repr({"a": Secret(VALUE)}),
        json.dumps(Secret(VALUE), default=str),
    ],
)
def test_no_way_of_showing_a_secret_shows_it(shown: str) -> None:
    assert VALUE not in shown
    assert "geheim" not in shown
    assert fingerprint(VALUE) in shown


def test_a_secret_is_not_in_the_traceback_of_its_own_failure() -> None:
    with pytest.raises(TypeError) as caught:
        format(Secret(VALUE), ">40d")

    assert "geheim" not in "".join(traceback.format_exception(caught.value))


def test_an_empty_secret_says_that_it_is_empty() -> None:
    assert repr(Secret("")) == "Secret(empty)"
    assert not Secret("")
    assert Secret("x")


def test_only_reveal_gives_the_secret() -> None:
    secret = Secret(VALUE)

    assert secret.reveal() == VALUE
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match=r"not pickled, so that it reaches no file\. Read it again"):
        pickle.dumps({"deep": [Secret(VALUE)]}, protocol)


def test_a_copied_secret_hides_as_well() -> None:
    copied = copy.deepcopy({"secret": Secret(VALUE)})

    assert copied["secret"] == Secret(VALUE)
    assert VALUE not in repr(copied)


def test_secrets_are_equal_by_value_and_only_to_secrets() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret("other")
    assert Secret(VALUE) != VALUE
    assert len({Secret(VALUE), Secret(VALUE), Secret("other")}) == 2


def test_a_fingerprint_is_eight_hex_digits_of_sha_256() -> None:
    assert fingerprint("abc") == "ba7816bf"
    assert Secret("abc").fingerprint == "ba7816bf"


# --- Learned values --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        quote(VALUE),
        quote(VALUE, safe=""),
        quote_plus(VALUE),
        json.dumps(VALUE)[1:-1],
        json.dumps({"a": VALUE}),
        f"before{VALUE}after",
    ],
)
def test_a_learned_value_is_replaced_in_every_form(written: str) -> None:
    clean = Redactor(Secret(VALUE)).text(f"x {written} y")

    assert "geheim" not in clean
    assert f"[secret:{fingerprint(VALUE)}]" in clean
    assert clean.startswith("x ")
    assert clean.endswith(" y")


@pytest.mark.parametrize("value", ['grün "geheim"', "back\\slash-ü-geheim"])
def test_a_learned_value_is_replaced_in_json_that_is_not_ascii(value: str) -> None:
    body = json.dumps({"message": value}, ensure_ascii=False)

    assert "geheim" not in Redactor(Secret(value)).text(body)


def test_a_learned_value_is_replaced_where_it_is_percent_encoded_in_small_letters() -> None:
    assert "geheim" not in Redactor(Secret("a/b-geheim")).text("?k=a%2fb-geheim")


def test_a_value_learned_later_is_replaced_from_then_on() -> None:
    redactor = Redactor()
    before = redactor.text("my-long-value")

    redactor.learn(Secret("my-long-value"))

    assert before == "my-long-value"
    assert redactor.text("my-long-value") == f"[secret:{fingerprint('my-long-value')}]"


def test_the_longest_of_two_overlapping_values_is_replaced_whole() -> None:
    redactor = Redactor(Secret("abcd"), Secret("abcd-efgh"))

    assert redactor.text("abcd-efgh") == f"[secret:{fingerprint('abcd-efgh')}]"


def test_a_value_with_signs_of_regular_expressions_is_taken_literally() -> None:
    redactor = Redactor(Secret("a.c(d)*"))

    assert redactor.text("abc(d)*") == "abc(d)*"
    assert "a.c" not in redactor.text("a.c(d)*")


@pytest.mark.parametrize("value", ["", "a", "the"])
def test_a_very_short_value_does_not_blank_out_ordinary_text(value: str) -> None:
    assert Redactor(Secret(value)).text("that is the matter") == "that is the matter"


# --- Shapes and names ------------------------------------------------------------------------------


def test_a_token_is_recognised_by_its_shape() -> None:
    text = token(aud="12345678")

    assert Redactor().text(f"got {text} here") == f"got [jwt:{fingerprint(text)}] here"


def test_two_tokens_keep_different_labels() -> None:
    clean = Redactor().text(f"{token(a=1)} {token(a=2)}")

    assert len(set(LABEL.findall(clean))) == 2


def test_a_token_without_its_signature_is_replaced_too() -> None:
    cut = token(sub="anna").rsplit(".", 1)[0]

    assert Redactor().text(cut) == f"[jwt:{fingerprint(cut)}]"


@pytest.mark.parametrize(
    "name", ["client_secret", "access_token", "refresh_token", "password", "bearer", "token", "temp_url_sig"]
)
@pytest.mark.parametrize("spacing", ['"%s":"%s"', '"%s": "%s"', '"%s" : "%s"'])
def test_a_json_member_is_replaced_by_its_name(name: str, spacing: str) -> None:
    clean = Redactor().text("{" + spacing % (name, 'opaque\\"value') + ', "n": 1}')

    assert "opaque" not in clean
    assert json.loads(clean) == {
        name: f"[secret:{fingerprint('opaque' + chr(92) + chr(34) + 'value')}]",
        "n": 1,
    }


@pytest.mark.parametrize(
    "name", ["client_secret", "access_token", "refresh_token", "password", "bearer", "temp_url_sig"]
)
@pytest.mark.parametrize("before", ["", "a=1&", "https://x.example/p?", "said "])
def test_a_form_pair_is_replaced_by_its_name(name: str, before: str) -> None:
    clean = Redactor().text(f"{before}{name}=opaque%2Fvalue&b=2")

    assert clean == f"{before}{name}=[secret:{fingerprint('opaque%2Fvalue')}]&b=2"


def test_a_form_pair_with_a_learned_value_keeps_one_whole_label() -> None:
    clean = Redactor(Secret("my-long-value")).text("client_id=a&client_secret=my-long-value&b=2")

    assert clean == f"client_id=a&client_secret=[secret:{fingerprint('my-long-value')}]&b=2"


def test_a_form_pair_with_a_token_keeps_one_whole_label() -> None:
    text = token(a=1)

    assert Redactor().text(f"access_token={text}&b=2") == f"access_token=[jwt:{fingerprint(text)}]&b=2"


@pytest.mark.parametrize(
    "name",
    ["Authorization", "authorization", "X-LP-ON-BEHALF", "x-lp-on-behalf", "Proxy-Authorization", "Cookie"],
)
def test_a_header_with_credentials_keeps_a_fingerprint_only(name: str) -> None:
    clean = Redactor().headers([(name, "Basic b3BhcXVl"), ("Accept", "application/json")])

    assert clean == [(name, f"[secret:{fingerprint('Basic b3BhcXVl')}]"), ("Accept", "application/json")]


@pytest.mark.parametrize("name", ["Set-Cookie", "x-liveperson-signature"])
def test_headers_of_answers_and_signatures_are_replaced_too(name: str) -> None:
    assert Redactor().headers([(name, "opaque")]) == [(name, f"[secret:{fingerprint('opaque')}]")]


def test_an_empty_header_stays_empty() -> None:
    assert Redactor().headers([("Authorization", "")]) == [("Authorization", "")]


def test_what_stands_beside_a_token_in_a_header_is_hidden_as_well() -> None:
    (_, clean), *_ = Redactor().headers([("Cookie", f"session=opaque; jwt={token(a=1)}")])

    assert "opaque" not in clean


def test_a_secret_in_another_header_is_found_by_value() -> None:
    (_, clean), *_ = Redactor(Secret("my-long-value")).headers([("Location", "/p?k=my-long-value")])

    assert clean == f"/p?k=[secret:{fingerprint('my-long-value')}]"


# --- Twice is once, and ordinary text stays --------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "my-long-value",
        "client_secret=my-long-value&b=2",
        "client_secret=unknown-value&b=2",
        '{"password": "unknown-value", "token": "my-long-value"}',
        f"access_token={token(a=1)}",
        f"Bearer {token(a=1)} my-long-value",
    ],
)
def test_redacting_twice_is_redacting_once(text: str) -> None:
    redactor = Redactor(Secret("my-long-value"))

    once = redactor.text(text)

    assert redactor.text(once) == once
    assert Redactor().text(once) == once


@pytest.mark.parametrize("value", ["opaque", f"Bearer {token(a=1)}", token(a=1)])
def test_redacting_headers_twice_is_redacting_them_once(value: str) -> None:
    once = Redactor().headers([("Authorization", value)])

    assert Redactor().headers(once) == once


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Where is my parcel?",
        "the password is still unknown to me",
        "a token of thanks; bearer of news",
        '{"token": "", "tokens": 3, "token_type": "Bearer"}',
        '{"code":"OK","body":{"sequence":0},"reqId":"1"}',
        "https://va.msg.example/api/account/12345678/messaging/consumer/conversation?v=3",
        "eyJ and eyes; hey Joe. Good.",
        "HeyJude.mp3",
        "grüße 🚀 \x00 \ud800",
        "[secret:12345678] [jwt:12345678]",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor(Secret("my-long-value")).text(text) == text


# --- Claims ----------------------------------------------------------------------------------------


def test_claims_of_every_token_are_kept_by_fingerprint() -> None:
    first, second = token(aud="12345678", exp=1700003600), token(ext_consumer_id="anna")

    found = token_claims(json.dumps({"access_token": first, "token": second}))

    assert found == {
        fingerprint(first): {"aud": "12345678", "exp": 1700003600},
        fingerprint(second): {"ext_consumer_id": "anna"},
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no token",
        "eyJ.eyJ.x",
        part({"alg": "none"}) + ".!!!",
        part({"alg": "none"}) + "." + part([1, 2]),
        part({"alg": "none"}) + "." + part("text"),
        part({"alg": "none"}) + "." + base64.urlsafe_b64encode(b"{\xff\xfe").decode(),
    ],
)
def test_what_is_no_token_has_no_claims(text: str) -> None:
    assert token_claims(text) == {}


def test_a_token_built_to_exhaust_the_reader_has_no_claims() -> None:
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")

    assert token_claims(part({"alg": "none"}) + "." + deep) == {}


# --- Several redactors in one process --------------------------------------------------------------------


def test_what_any_redactor_of_the_process_knows_is_hidden() -> None:
    one, two = Redactor(Secret("a+first/secret-of-one")), Redactor(Secret("quite+another/value"))

    shown = redacted("a+first/secret-of-one, quite%2Banother%2Fvalue, nobody-knows-this-one")

    assert shown.count("[secret:") == 2
    assert shown.endswith(", nobody-knows-this-one")
    del one, two


def test_a_text_is_worked_out_once_for_all_redactors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hiding, "_alive", weakref.WeakSet())
    redactors = [Redactor(Secret(f"s3cret/{number}+{number}")) for number in range(5)]
    looks: list[str] = []

    def counted(text: str, *rest: Any, **more: Any) -> bool:
        looks.append(text)
        return is_plain(text, *rest, **more)

    monkeypatch.setattr(values, "is_plain", counted)

    assert redacted("An ordinary text, as long as you like.") == "An ordinary text, as long as you like."
    assert len(looks) == 1
    assert len(redactors) == 5  # alive until now
