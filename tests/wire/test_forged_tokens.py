"""R28: a token that this server has not signed is refused, whatever it claims about its algorithm."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from .conftest import BERT, Wire, claims, profile, sample

Forgery = Callable[[str, Wire], str]


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(algorithm: str) -> Forgery:
    def forge(token: str, wire: Wire) -> str:
        header = jwt.get_unverified_header(token) | {"alg": algorithm}
        return f"{encoded(header)}.{token.split('.')[1]}."

    return forge


def with_hmac(key_of: Callable[[str, Wire], bytes]) -> Forgery:
    def forge(token: str, wire: Wire) -> str:
        header = jwt.get_unverified_header(token) | {"alg": "HS256"}
        signed = f"{encoded(header)}.{token.split('.')[1]}"
        return f"{signed}.{encoded(hmac.digest(key_of(token, wire), signed.encode(), hashlib.sha256))}"

    return forge


def with_a_key_of_our_own(extra_header: Callable[[str], dict[str, Any]]) -> Forgery:
    def forge(token: str, wire: Wire) -> str:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())
        headers = jwt.get_unverified_header(token) | extra_header(public)
        return jwt.encode(claims(token), key, algorithm="RS256", headers=headers)

    return forge


def with_changed_claims(**changes: Any) -> Forgery:
    def forge(token: str, wire: Wire) -> str:
        header, _, signature = token.split(".")
        return f"{header}.{encoded(claims(token) | changes)}.{signature}"

    return forge


def without_signature(token: str, wire: Wire) -> str:
    return token.rpartition(".")[0] + "."


def with_a_cut_signature(token: str, wire: Wire) -> str:
    return token[:-4]


def with_two_parts(token: str, wire: Wire) -> str:
    return token.rpartition(".")[0]


def with_a_part_too_many(token: str, wire: Wire) -> str:
    return f"{token}.{token.split('.')[1]}"


def with_another_algorithm_named(token: str, wire: Wire) -> str:
    """The genuine signature under a changed header."""
    _, payload, signature = token.split(".")
    return f"{encoded(jwt.get_unverified_header(token) | {'alg': 'RS512'})}.{payload}.{signature}"


FORGERIES: dict[str, Forgery] = {
    "none": unsigned("none"),
    "None": unsigned("None"),
    "NONE": unsigned("NONE"),
    "hmac-empty-key": with_hmac(lambda token, wire: b""),
    "hmac-client-secret": with_hmac(lambda token, wire: wire.ready["client_secret"].encode()),
    "hmac-kid": with_hmac(lambda token, wire: jwt.get_unverified_header(token)["kid"].encode()),
    "foreign-key": with_a_key_of_our_own(lambda public: {}),
    "foreign-key-enclosed": with_a_key_of_our_own(lambda public: {"jwk": json.loads(public)}),
    "changed-claims": with_changed_claims(exp=4102444800, ext_consumer_id="someone"),
    "no-signature": without_signature,
    "cut-signature": with_a_cut_signature,
    "two-parts": with_two_parts,
    "four-parts": with_a_part_too_many,
    "other-algorithm": with_another_algorithm_named,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_app_token_is_invalid(wire: Wire, forge: Forgery) -> None:
    forged = forge(wire.app_token(), wire)

    answer = wire.send(profile({}), headers={"Authorization": forged})

    assert answer.status_code == 401
    assert answer.json() == sample("error_40102")


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_consumer_token_is_invalid(wire: Wire, forge: Forgery) -> None:
    forged = forge(wire.consumer_token(), wire)

    answer = wire.send(profile({}), headers={"X-LP-ON-BEHALF": forged})

    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")


def test_the_signature_of_one_consumer_does_not_vouch_for_another(wire: Wire) -> None:
    other = wire.lp_consumer_id(BERT)
    forged = with_changed_claims(ext_consumer_id=BERT, lp_consumer_id=other)(wire.consumer_token(), wire)

    answer = wire.send(profile({}), headers={"X-LP-ON-BEHALF": forged})

    assert answer.json() == sample("error_40103")


def test_an_app_token_is_no_consumer_token(wire: Wire) -> None:
    answer = wire.send(profile({}), headers={"X-LP-ON-BEHALF": wire.app_token()})

    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")


def test_a_consumer_token_authorises_nobody(wire: Wire) -> None:
    answer = wire.send(profile({}), headers={"Authorization": wire.consumer_token()})

    assert answer.status_code in (400, 401)
    assert answer.json()["type"] == ".ReqBody$ErrorResp"


@pytest.mark.parametrize(
    "garbage", ["x", ".", "..", "a.b.c", "e30.e30.e30", "bnVsbA.bnVsbA.bnVsbA", "W10.W10.", "%%%"]
)
@pytest.mark.parametrize(
    ("header", "error"), [("Authorization", "error_40102"), ("X-LP-ON-BEHALF", "error_40103")]
)
def test_what_is_no_token_at_all_is_invalid(wire: Wire, header: str, error: str, garbage: str) -> None:
    answer = wire.send(profile({}), headers={header: garbage})

    assert answer.status_code == 401
    assert answer.json() == sample(error)


def test_an_app_token_of_this_account_does_not_open_another(wire: Wire) -> None:
    """R56."""
    answer = wire.send(profile({}), account=f"{wire.account}9")

    assert answer.status_code == 401
    assert answer.json() == sample("error_40102")
