"""The sandbox's parts without HTTP: state, tokens, seeds."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectorkit.sandbox import bodies
from connectorkit.sandbox.issuer import InvalidToken, Issuer, MissingClaim
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.seeded import Lot
from connectorkit.sandbox.world import World

from .conftest import ACCOUNT, ANNA, BERT, Now, opened, profile, publish, send, update

# --- State, without HTTP -----------------------------------------------------------------------------


def test_sends_are_numbered_0_2_4_per_dialog(world: World) -> None:
    anna, bert = opened(world), opened(world, BERT)

    numbers = [send(world, publish(anna))["body"]["sequence"] for _ in range(3)]

    assert numbers == [0, 2, 4]
    assert send(world, publish(bert), BERT) == {"code": "OK", "body": {"sequence": 0}, "reqId": "1"}


def test_a_receipt_is_booked_with_each_message(world: World) -> None:
    conversation_id = opened(world)
    send(world, publish(conversation_id))

    (conversation,) = world.account.dump()["conversations"]
    message, receipt = conversation["dialogs"][0]["events"]
    assert (message["sequence"], message["role"]) == (0, "CONSUMER")
    assert (receipt["sequence"], receipt["role"]) == (1, "CONTROLLER")
    assert receipt["event"] == {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [0]}


def test_the_answer_is_awaited_until_the_urgency_runs_out(world: World, now: Now) -> None:
    conversation = world.account.conversations[opened(world)]
    now.seconds += 60
    send(world, publish(conversation.id))
    after_text = conversation.effective_ttr
    send(world, update(conversation.id, field="ConversationStateField", conversationState="CLOSE"))

    assert after_text == (1_700_000_060 + 600) * 1000
    assert (conversation.effective_ttr, conversation.close_reason) == (-1, "CONSUMER")
    assert conversation.end_ts == 1_700_000_060_000


def test_a_profile_is_replaced_member_by_member(world: World) -> None:
    first = [{"type": "ctmrinfo", "info": {"customerId": "C-77"}}]
    second = [{"type": "personal", "personal": {"firstname": "Anna"}}]
    send(world, profile(firstName="Ana", lastName="Berg", authenticatedData={"lp_sdes": first}))

    send(world, profile(firstName="Anna", authenticatedData={"lp_sdes": second}))

    stored = {"firstName": "Anna", "lastName": "Berg", "authenticatedData": {"lp_sdes": second}}
    assert world.account.dump()["profiles"] == {ANNA: stored}


def test_the_last_rating_wins_open_or_closed(world: World) -> None:
    conversation_id = opened(world)
    for rate in (1, 2):
        rating = {"csatRate": rate, "csatResolutionConfirmation": True, "status": "FILLED"}
        send(world, update(conversation_id, field="CSATRate", **rating))
    send(world, update(conversation_id, field="Stage", conversationState="CLOSE"))

    send(world, update(conversation_id, field="CSATRate", status="SKIPPED"))

    (conversation,) = world.account.dump()["conversations"]
    assert conversation["csat"] == {"status": "SKIPPED"}


def test_fields_are_changed_all_or_none(world: World) -> None:
    conversation_id = opened(world)
    fields = [{"field": "TTRField", "ttrType": "URGENT", "value": 60}, {"field": "TTRField", "ttrType": "x"}]
    request = update(conversation_id)
    request["body"]["conversationField"] = fields

    with pytest.raises(Refusal):
        send(world, request)

    assert world.account.conversations[conversation_id].ttr_type == "PRIORITIZED"


# --- Tokens, without HTTP ----------------------------------------------------------------------------


def part(value: dict[str, Any]) -> bytes:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


def claims_of(issuer: Issuer) -> dict[str, Any]:
    return dict(jwt.decode(issuer.app_jwt("app-1"), options={"verify_signature": False}))


def confused(issuer: Issuer, encoding: Encoding, form: PublicFormat) -> str:
    """HS256 with the public key as its secret: genuine to whoever believes the token's own header."""
    signed = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims_of(issuer))
    key = issuer._public.public_bytes(encoding, form)
    signature = urlsafe_b64encode(hmac.new(key, signed, hashlib.sha256).digest()).rstrip(b"=")
    return (signed + b"." + signature).decode()


FORGERIES: dict[str, Callable[[Issuer], str]] = {
    "HS256 over the key's PEM": lambda i: confused(i, Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "HS256 over the key's PKCS1 PEM": lambda i: confused(i, Encoding.PEM, PublicFormat.PKCS1),
    "HS256 over the key's DER": lambda i: confused(i, Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "alg none": lambda i: (part({"alg": "none"}) + b"." + part(claims_of(i)) + b".").decode(),
    "alg None": lambda i: (part({"alg": "None"}) + b"." + part(claims_of(i)) + b".").decode(),
    "foreign key": lambda i: jwt.encode(
        claims_of(i), rsa.generate_private_key(65537, 2048), algorithm="RS256"
    ),
    "RS512": lambda i: jwt.encode(claims_of(i), i._key, algorithm="RS512"),
    "changed claims": lambda i: _with_claims(i.app_jwt("app-1"), claims_of(i) | {"exp": 2_000_000_000}),
    "no signature": lambda i: i.app_jwt("app-1").rpartition(".")[0] + ".",
    "empty": lambda i: "",
    "not ASCII": lambda i: "é.ü.ß",
}


def _with_claims(token: str, claims: dict[str, Any]) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{part(claims).decode()}.{signature}"


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_app_jwt_is_refused(world: World, forgery: Callable[[Issuer], str]) -> None:
    with pytest.raises(InvalidToken):
        world.issuer.check_app_jwt(forgery(world.issuer), ACCOUNT)


@pytest.mark.parametrize("missing", ["aud", "azp", "scope", "iss", "iat", "exp"])
def test_a_genuine_app_jwt_without_a_claim_lacks_it(world: World, missing: str) -> None:
    claims = {name: value for name, value in claims_of(world.issuer).items() if name != missing}

    with pytest.raises(MissingClaim):
        world.issuer.check_app_jwt(world.issuer.sign(claims), ACCOUNT)


def test_another_issuer_counts_as_a_missing_claim(world: World) -> None:
    with pytest.raises(MissingClaim):
        world.issuer.check_app_jwt(world.issuer.sign(claims_of(world.issuer) | {"iss": "Other"}), ACCOUNT)


def test_tokens_are_good_for_their_own_account_only(world: World) -> None:
    app_jwt, jws = world.issuer.app_jwt("app-1"), world.issuer.consumer_jws("anna")

    assert world.issuer.check_app_jwt(app_jwt, ACCOUNT) == "app-1"
    assert world.issuer.check_consumer_jws(jws, ACCOUNT) == hashlib.sha256(b"12345678\nanna").hexdigest()
    with pytest.raises(InvalidToken):
        world.issuer.check_app_jwt(app_jwt, "87654321")
    with pytest.raises(InvalidToken):
        world.issuer.check_consumer_jws(jws, "87654321")


@pytest.mark.parametrize("swap", [("consumer_jws", "check_app_jwt"), ("app_jwt", "check_consumer_jws")])
def test_one_kind_of_token_does_not_pass_for_the_other(world: World, swap: tuple[str, str]) -> None:
    token = getattr(world.issuer, swap[0])("x")

    with pytest.raises((InvalidToken, MissingClaim)):
        getattr(world.issuer, swap[1])(token, ACCOUNT)


def test_an_app_jwt_expires_after_an_hour_to_the_second(world: World, now: Now) -> None:
    token = world.issuer.app_jwt("app-1")
    now.seconds += 3599.999
    assert world.issuer.check_app_jwt(token, ACCOUNT) == "app-1"

    now.seconds = 1_700_003_600.0

    with pytest.raises(InvalidToken):
        world.issuer.check_app_jwt(token, ACCOUNT)


def test_a_consumer_jws_never_expires(world: World, now: Now) -> None:
    token = world.issuer.consumer_jws("anna")
    now.seconds += 100 * 366 * 86400

    assert world.issuer.check_consumer_jws(token, ACCOUNT)
    assert set(jwt.decode(token, options={"verify_signature": False})) == {
        "account_id",
        "ext_consumer_id",
        "lp_consumer_id",
    }


# --- Seeds -------------------------------------------------------------------------------------------


def drawn(seed: int) -> tuple[list[str], int]:
    lot = Lot(seed)
    names = [lot.uuid(), lot.secret(), lot.uuid()]
    return names, lot.signing_key().private_numbers().public_numbers.n


def test_one_seed_draws_the_same_ids_and_key_and_another_does_not() -> None:
    first, again, other = drawn(7), drawn(7), drawn(8)

    assert first == again
    assert not set(first[0]) & set(other[0])
    assert first[1] != other[1]


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_a_drawn_key_is_a_sound_rsa_key(seed: int) -> None:
    key = Lot(seed).signing_key()

    numbers = key.private_numbers()
    assert key.key_size == 2048
    assert numbers.p * numbers.q == numbers.public_numbers.n
    assert numbers.public_numbers.e == 65537
    token = jwt.encode({"a": 1}, key, algorithm="RS256")
    assert jwt.decode(token, key.public_key(), algorithms=["RS256"]) == {"a": 1}


# --- JSON and ids, as quickly as they are made --------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, -2, 2.5, True, None, "ä€\u2028🚚", {}, []], "": {"b": {"c": '"\\\n\t\x00'}}},
        [],
        "text",
        7,
        None,
    ],
)
def test_an_answer_is_compact_json_as_python_writes_it(value: Any) -> None:
    expected = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    assert bodies.answer(value).body == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": {1, 2}}, {"a": object()}])
def test_what_is_no_json_is_never_answered(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        bodies.answer(value)


@pytest.mark.parametrize("text", [' {"a": [1, 2.5, "x"]}\r\n', "\t7", '"a"', "null ", "\ufeff[]"])
def test_a_body_is_read_as_python_reads_it(text: str) -> None:
    assert bodies.decode(text.encode()) == json.loads(text.removeprefix("\ufeff"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{} {}",
        "[1,]",
        "{'a': 1}",
        "\u00a07",
        "7\u000b",
        "NaN",
        "[1e999]",
        '"\\ud800"',
        "nul",
        '{"a" 1}',
    ],
)
def test_a_body_that_is_not_one_value_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        bodies.decode(text.encode())

    assert refused.value.body["body"] == {"msg": "Bad Request, the body is not valid JSON"}


def test_an_id_is_a_version_4_uuid_of_the_lots_bits() -> None:
    drawn = [Lot(seed).uuid() for seed in range(50)]

    bits = [random.Random(seed).getrandbits(128) for seed in range(50)]
    assert drawn == [str(uuid.UUID(int=number, version=4)) for number in bits]
