"""The sandbox's parts: state and tokens without HTTP, the control API in process, the server's bounds."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connectorkit.sandbox import bodies, messaging, protocol
from connectorkit.sandbox.app import create_app
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.issuer import InvalidToken, Issuer, MissingClaim
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.seeded import Lot
from connectorkit.sandbox.world import World

ACCOUNT, ANNA, BERT = "12345678", "a" * 64, "b" * 64


class Now:
    """A clock's hand that a test sets."""

    seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def world(now: Now) -> World:
    return World(ACCOUNT, clock=Clock(now))


def publish(dialog_id: str, request_id: Any = "1") -> dict[str, Any]:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "Hi"}
    return {
        "kind": "req",
        "id": request_id,
        "type": "ms.PublishEvent",
        "body": {"dialogId": dialog_id, "event": event},
    }


def update(conversation_id: str, **field: Any) -> dict[str, Any]:
    body = {"conversationId": conversation_id, "conversationField": field}
    return {"kind": "req", "id": 5, "type": "cm.UpdateConversationField", "body": body}


def profile(**members: Any) -> dict[str, Any]:
    return {"kind": "req", "id": "1", "type": "userprofile.SetUserProfile", "body": members}


def batch(*third: Any, **members: Any) -> list[Any]:
    request = {
        "kind": "req",
        "id": "2",
        "type": "cm.ConsumerRequestConversation",
        "body": {"brandId": ACCOUNT},
    }
    return [profile(**members), request, *third]


def opened(world: World, consumer: str = ANNA) -> str:
    _, answers = messaging.conversation(world.account, consumer, batch())
    return str(answers[1]["body"]["conversationId"])


def send(world: World, request: Any, consumer: str = ANNA) -> dict[str, Any]:
    return messaging.send(world.account, consumer, request, len(json.dumps(request)))


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


# --- Control API, in process -------------------------------------------------------------------------


@pytest.fixture
def ask(world: World) -> Callable[..., httpx.Response]:
    """A request to the sandbox's app without a socket, with the control token unless told otherwise."""

    def ask(method: str, path: str, host: str = "127.0.0.1", **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {world.control_token}"} | options.pop("headers", {})
        return asyncio.run(exchange(method, f"http://{host}{path}", headers=headers, **options))

    async def exchange(method: str, url: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(create_app(world))
        async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
            return await http.request(method, url, **options)

    return ask


Ask = Callable[..., httpx.Response]
GUARDED = [("GET", "clock"), ("POST", "clock"), ("GET", "state"), ("POST", "reset")]


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Basic x", "bearer é"])
@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_the_control_api_wants_its_token(ask: Ask, method: str, path: str, given: str) -> None:
    answer = ask(method, f"/sandbox/{path}", headers={"Authorization": given.encode("latin-1")})

    assert answer.status_code == 401
    assert "control_token" in answer.json()["error"]


@pytest.mark.parametrize(("method", "path"), [*GUARDED, ("GET", "about")])
@pytest.mark.parametrize(
    "foreign",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"headers": {"Origin": "http://evil.example"}},
        {"headers": {"Origin": "null"}},
        {"headers": {"Host": ""}},
    ],
    ids=["host", "similar host", "origin", "null origin", "no host"],
)
def test_the_control_api_refuses_foreign_hosts_and_origins(
    ask: Ask, method: str, path: str, foreign: dict[str, Any]
) -> None:
    assert ask(method, f"/sandbox/{path}", **foreign).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_about_needs_no_token_and_names_the_limits(ask: Ask, host: str) -> None:
    answer = ask("GET", "/sandbox/about", host=host, headers={"Authorization": ""})

    assert answer.status_code == 200
    assert {"imitates", "does_not_imitate", "control"} <= set(answer.json())
    assert any("webhook" in limit for limit in answer.json()["does_not_imitate"])


BAD_ADVANCES = [None, "60", True, -1, [60], 10**10, 10**400, float("inf")]


@pytest.mark.parametrize("seconds", BAD_ADVANCES, ids=lambda value: str(value)[:12])
def test_an_advance_that_is_no_sensible_number_is_refused(ask: Ask, world: World, seconds: Any) -> None:
    answer = ask("POST", "/sandbox/clock", content=json.dumps({"advance_seconds": seconds}))

    assert answer.status_code == 400
    assert "advance_seconds" in answer.json()["error"]
    assert world.clock.advanced_seconds == 0


@pytest.mark.parametrize("content", [b"", b"[]", b"60", b"{", b"\xff", b"[" * 100_000])
def test_an_advance_that_is_no_object_is_refused(ask: Ask, content: bytes) -> None:
    assert ask("POST", "/sandbox/clock", content=content).status_code == 400


def test_time_cannot_be_advanced_beyond_what_a_date_can_say(ask: Ask, world: World) -> None:
    world.clock.advanced_seconds = 250_000_000_000  # where some nine hundred leaps of ten years lead

    answers = [ask("POST", "/sandbox/clock", json={"advance_seconds": 316_224_000}) for _ in range(12)]

    assert {answer.status_code for answer in answers} <= {200, 400}
    assert ask("GET", "/sandbox/clock").status_code == 200


def test_a_profile_stays_set_although_the_opening_failed(ask: Ask, world: World) -> None:
    opened(world, lp_id("anna"))
    path = f"/api/account/{ACCOUNT}/messaging/consumer/conversation?v=3"
    tokens = {
        "Authorization": world.issuer.app_jwt("app-1"),
        "X-LP-ON-BEHALF": world.issuer.consumer_jws("anna"),
    }
    third = publish("", "3")

    answer = ask("POST", path, json=batch(third, firstName="Anna"), headers=tokens)

    assert answer.status_code == 400
    assert [item["code"] for item in answer.json()] == ["OK", "BAD_REQUEST", "BAD_REQUEST"]
    assert answer.json()[2]["body"]["msg"] == "Bad Request, previous request failed"
    state = ask("GET", "/sandbox/state").json()
    assert state["profiles"] == {lp_id("anna"): {"firstName": "Anna"}}
    assert len(state["conversations"]) == 1


def lp_id(consumer: str) -> str:
    return hashlib.sha256(f"{ACCOUNT}\n{consumer}".encode()).hexdigest()


# --- The server's bounds -----------------------------------------------------------------------------


@pytest.fixture
def address(world: World, eventually: Callable[..., Any]) -> Iterator[tuple[str, int]]:
    """A server with the sandbox's own protocol, on a thread of this process."""
    options: dict[str, Any] = {"lifespan": "off", "log_config": None, "ws": "none", "port": 0}
    server = uvicorn.Server(uvicorn.Config(create_app(world), http=protocol.BoundedProtocol, **options))
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    yield server.servers[0].sockets[0].getsockname()[:2]
    server.should_exit = True
    thread.join(10)


def answered(connection: socket.socket) -> bytes:
    """Everything until the other side hangs up, politely or not."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def call(address: tuple[str, int], sent: bytes) -> bytes:
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(sent)
        return answered(connection)


def about(connection: HTTPConnection) -> int:
    connection.request("GET", "/sandbox/about")
    answer = connection.getresponse()
    answer.read()
    return answer.status


@pytest.mark.parametrize("sent", [b"", b"GET /sandbox/about HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_headers_that_do_not_come_in_time_end_the_connection(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int], sent: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.1)

    assert call(address, sent) == b""


def test_a_connection_may_rest_between_two_requests(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int]
) -> None:
    monkeypatch.setattr(protocol, "HEADER_SECONDS", 0.1)
    with closing(HTTPConnection(*address, timeout=10)) as connection:
        first = about(connection)
        line = connection.sock

        call(address, b"")  # as long as it takes to lose patience with another connection

        assert (first, about(connection)) == (200, 200)
        assert connection.sock is line


def test_a_body_that_does_not_come_in_time_gets_408(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int], world: World
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)
    head = (
        f"POST /sandbox/clock HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {world.control_token}\r\n"
    )

    answer = call(address, f"{head}Content-Length: 9\r\nConnection: close\r\n\r\n{{".encode())

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(b'{"error":"The body did not arrive within 0.1 seconds"}')


@pytest.mark.parametrize(("size", "status"), [(100, 400), (101, 413), (100_000, 413)])
def test_a_body_over_the_limit_gets_413(
    monkeypatch: pytest.MonkeyPatch, ask: Ask, world: World, size: int, status: int
) -> None:
    monkeypatch.setattr("connectorkit.wire.MAX_BODY_BYTES", 100)
    path = f"/api/account/{ACCOUNT}/messaging/consumer/conversation/send?v=3"
    tokens = {
        "Authorization": world.issuer.app_jwt("app-1"),
        "X-LP-ON-BEHALF": world.issuer.consumer_jws("anna"),
        "Content-Type": "application/json",
    }

    assert ask("POST", path, content=b" " * size, headers=tokens).status_code == status


@pytest.mark.parametrize(
    "sent",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
        b"POST /sandbox/reset HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
    ],
    ids=["no request", "no host", "broken header", "TLS", "endless header", "bad length"],
)
def test_what_is_no_http_gets_400_in_json(address: tuple[str, int], sent: bytes) -> None:
    head, _, body = call(address, sent).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/json" in head.lower()
    assert json.loads(body)["error"]


def test_connections_beyond_the_limit_are_dropped(
    monkeypatch: pytest.MonkeyPatch, address: tuple[str, int]
) -> None:
    monkeypatch.setattr(protocol, "MAX_CONNECTIONS", 1)
    with closing(HTTPConnection(*address, timeout=10)) as first:
        assert about(first) == 200

        assert call(address, b"") == b""

        assert about(first) == 200
