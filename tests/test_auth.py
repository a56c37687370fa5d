"""Domain lookup, AppJWT and ConsumerJWS: when they are fetched, renewed, and what is sent with them."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectorkit import AsyncClient, Client, NoAnswerError, operations
from connectorkit.errors import ApiError, AuthenticationError, SettingsError, UnexpectedAnswerError

PREPARED = ["domains", "app_jwt", "consumer_jws"]
EXPIRED, BAD_JWS, NO_JWS, NO_APP_JWT = 40102, 40103, 40104, 40105


def door(error_code: int) -> httpx.Response:
    body = {"title": "t", "details": "d", "errorCode": error_code}
    return httpx.Response(401, json={"kind": "resp", "code": 401, "type": ".ReqBody$ErrorResp", "body": body})


def test_requests_go_where_the_domain_lookup_says(faked: Any, service: Any) -> None:
    service.hosts = {"sentinel": "a.example", "idp": "b.example:8443", "asyncMessagingEnt": "c.example"}

    faked.send({}, consumer="anna")

    assert [str(request.url) for _, request in service.asked] == [
        "https://lookup.service.example/api/account/12345678/service/baseURI.json?version=1.0",
        "https://a.example/sentinel/api/account/12345678/app/token?v=1.0&grant_type=client_credentials",
        "https://b.example:8443/api/account/12345678/consumer?v=1.0",
        "https://c.example/api/account/12345678/messaging/consumer/conversation/send?v=3",
    ]
    assert service.requests("consumer_jws")[0].headers["Host"] == "b.example:8443"


def test_hosts_are_looked_up_again_after_half_an_hour(faked: Any, service: Any) -> None:
    faked.domains()
    service.now += 1799
    faked.domains()
    assert service.order == ["domains"]

    service.now += 1
    faked.domains()
    assert service.order == ["domains", "domains"]


def test_hosts_that_fall_due_during_a_call_still_serve_it(faked: Any, service: Any) -> None:
    def slow_token(request: httpx.Request) -> httpx.Response:
        service.now += 10
        return service.app_jwt(request)

    faked.domains()
    service.now += 1795
    service.answers["app_jwt"] = [slow_token]

    assert faked.send({}, consumer="anna").ok


def test_the_secret_travels_in_the_form_only(faked: Any, service: Any) -> None:
    faked.app_jwt()

    (request,) = service.requests("app_jwt")
    form = parse_qs(request.content.decode(), strict_parsing=True)
    assert form == {"client_id": ["app-1"], "client_secret": ["s3cret/with+odd&signs%0001"]}
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.url.query == b"v=1.0&grant_type=client_credentials"


def test_tokens_travel_bare(faked: Any, service: Any) -> None:
    faked.send({}, consumer="anna")

    (jws_request,), (send,) = service.requests("consumer_jws"), service.requests("send")
    app_jwt, jws = service.tokens
    assert jws_request.headers["Authorization"] == app_jwt
    assert "X-LP-ON-BEHALF" not in jws_request.headers
    assert jws_request.content == b'{"ext_consumer_id":"anna"}'
    assert (send.headers["Authorization"], send.headers["X-LP-ON-BEHALF"]) == (app_jwt, jws)
    assert "Authorization" not in service.requests("app_jwt")[0].headers


def test_every_request_has_the_timeout_of_the_settings(faked: Any, service: Any) -> None:
    faked.send({}, consumer="anna")

    timeouts = [request.extensions["timeout"] for _, request in service.asked]
    assert timeouts == [dict.fromkeys(("connect", "read", "write", "pool"), 10.0)] * 4


# --- Renewal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "fetched"), [(3299, 1), (3300, 2), (3600, 2), (9000, 2)])
def test_the_app_jwt_is_renewed_five_minutes_before_it_expires(
    faked: Any, service: Any, age: int, fetched: int
) -> None:
    faked.app_jwt()
    service.now += age

    faked.app_jwt()

    assert service.order.count("app_jwt") == fetched


def test_the_consumer_jws_is_never_fetched_again(faked: Any, service: Any) -> None:
    faked.send({}, consumer="anna")
    service.now += 10 * 366 * 86400

    faked.send({}, consumer="anna")
    faked.send({}, consumer="bert")

    asked = [request.content for request in service.requests("consumer_jws")]
    assert asked == [b'{"ext_consumer_id":"anna"}', b'{"ext_consumer_id":"bert"}']


@pytest.mark.parametrize(
    "refusal",
    [door(EXPIRED), door(NO_APP_JWT), httpx.Response(401), httpx.Response(401, json={"reason": 7})],
    ids=["40102", "40105", "empty", "no number"],
)
def test_a_401_about_the_app_jwt_renews_it_once(faked: Any, service: Any, refusal: httpx.Response) -> None:
    service.answers["send"] = [refusal]

    reply = faked.send({"id": "7"}, consumer="anna")

    assert reply.ok
    assert service.order == [*PREPARED, "send", "app_jwt", "send"]
    first, second = service.requests("send")
    assert first.content == second.content == b'{"id":"7"}'
    assert first.headers["Authorization"] == service.tokens[0]
    assert second.headers["Authorization"] == service.tokens[-1]
    assert second.headers["X-LP-ON-BEHALF"] == service.tokens[1]


@pytest.mark.parametrize("refusal", [door(BAD_JWS), door(NO_JWS), *map(httpx.Response, (400, 403, 429, 500))])
def test_a_refusal_that_no_new_token_cures_is_not_repeated(
    faked: Any, service: Any, refusal: httpx.Response
) -> None:
    service.answers["send"] = [refusal]

    assert faked.send({}, consumer="anna").status_code == refusal.status_code
    assert service.order == [*PREPARED, "send"]


def test_a_second_401_is_the_answer(faked: Any, service: Any) -> None:
    service.answers["send"] = [door(EXPIRED), door(EXPIRED), door(EXPIRED)]

    reply = faked.send({}, consumer="anna")

    assert (reply.status_code, reply.error_code) == (401, EXPIRED)
    assert service.order == [*PREPARED, "send", "app_jwt", "send"]
    with pytest.raises(AuthenticationError):
        reply.raise_for_error()


def test_the_jws_request_renews_an_expired_app_jwt_once(faked: Any, service: Any) -> None:
    service.answers["consumer_jws"] = [door(EXPIRED)]

    assert faked.send({}, consumer="anna").ok

    assert service.order == ["domains", "app_jwt", "consumer_jws", "app_jwt", "consumer_jws", "send"]
    assert service.requests("consumer_jws")[1].headers["Authorization"] == service.tokens[1]


def test_a_jws_request_refused_twice_stops(faked: Any, service: Any) -> None:
    service.answers["consumer_jws"] = [door(EXPIRED)] * 2

    with pytest.raises(AuthenticationError, match="ConsumerJWS request was refused"):
        faked.send({}, consumer="anna")

    assert "send" not in service.order


# --- Headers a tester brings -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Authorization", "authorization", "X-LP-ON-BEHALF", "x-lp-on-behalf"])
def test_a_header_of_none_is_left_out(faked: Any, service: Any, name: str) -> None:
    faked.send({}, consumer="anna", headers={name: None})

    (request,) = service.requests("send")
    assert name not in request.headers
    assert len({"authorization", "x-lp-on-behalf"} & set(request.headers)) == 1


@pytest.mark.parametrize("name", ["Authorization", "X-LP-ON-BEHALF", "Content-Type", "Client-Properties"])
def test_a_header_given_replaces_the_kits_own(faked: Any, service: Any, name: str) -> None:
    faked.send({}, consumer="anna", headers={name: "something else"})

    (request,) = service.requests("send")
    assert request.headers.get_list(name) == ["something else"]


@pytest.mark.parametrize("given", [None, "not-a-token"])
def test_an_app_jwt_the_tester_brings_is_never_renewed(faked: Any, service: Any, given: str | None) -> None:
    service.answers["send"] = [door(EXPIRED)]

    reply = faked.send({}, consumer="anna", headers={"Authorization": given})

    assert reply.error_code == EXPIRED
    assert service.order.count("send") == 1


def test_tokens_that_the_tester_brings_are_not_fetched(faked: Any, service: Any) -> None:
    brought = {"Authorization": "a", "X-LP-ON-BEHALF": None}

    faked.send({}, consumer="anna", headers=brought)

    assert service.order == ["domains", "send"]


# --- Answers of a wrong shape ------------------------------------------------------------------------


NO_HOSTS = ["evil@host", "host/path", "host?query", "host#part", "https://host", "host\nname", "host:port"]


@pytest.mark.parametrize("host", [*NO_HOSTS, "", " ", "a b", "host:99999", "[::1", "[x]"])
def test_a_domain_answer_that_is_no_host_is_refused(faked: Any, service: Any, host: str) -> None:
    service.hosts["sentinel"] = host

    with pytest.raises(SettingsError, match="no host name"):
        faked.app_jwt()

    assert service.order == ["domains"]


def test_a_service_missing_from_the_domain_answer_is_named(faked: Any, service: Any) -> None:
    del service.hosts["asyncMessagingEnt"]

    with pytest.raises(SettingsError, match="no host for 'asyncMessagingEnt' of account '12345678'"):
        faked.send({}, consumer="anna")


HTML = httpx.Response(200, html="<h1>Welcome to the proxy</h1>")
WRONG_DOMAINS = [httpx.Response(200, json=body) for body in ({}, [], None, "x", {"baseURIs": {}})]
WRONG_TOKENS = [httpx.Response(200, json=body) for body in ({}, [], None, {"access_token": 5, "token": ""})]


@pytest.mark.parametrize("answer", [HTML, httpx.Response(200), *WRONG_DOMAINS])
def test_a_domain_answer_of_another_shape_is_a_typed_error(
    faked: Any, service: Any, answer: httpx.Response
) -> None:
    service.answers["domains"] = [answer]

    with pytest.raises(UnexpectedAnswerError, match="baseURIs from Domain lookup"):
        faked.domains()


@pytest.mark.parametrize("kind", ["app_jwt", "consumer_jws"])
@pytest.mark.parametrize("answer", [HTML, httpx.Response(200), *WRONG_TOKENS])
def test_a_token_answer_of_another_shape_is_a_typed_error(
    faked: Any, service: Any, kind: str, answer: httpx.Response
) -> None:
    service.answers[kind] = [answer]

    with pytest.raises(UnexpectedAnswerError):
        faked.send({}, consumer="anna")


def test_an_answer_with_its_token_in_the_wrong_member_is_not_quoted(faked: Any, service: Any) -> None:
    token = service.token(aud="12345678")
    service.answers["app_jwt"] = [httpx.Response(200, json={"jwt": token})]

    with pytest.raises(UnexpectedAnswerError, match="access_token") as raised:
        faked.app_jwt()

    assert token not in str(raised.value)
    assert token not in raised.value.exchange.response_body


def test_a_token_that_is_no_jwt_is_used_but_not_shown(faked: Any, service: Any) -> None:
    service.answers["app_jwt"] = [httpx.Response(200, json={"access_token": "opaque-token-text"})]
    service.answers["send"] = [httpx.Response(401, text="opaque-token-text is refused")] * 2

    token = faked.app_jwt()
    reply = faked.send({}, consumer="anna")

    assert service.requests("send")[0].headers["Authorization"] == "opaque-token-text"
    assert (token.claims, token.expires_at) == ({}, None)
    shown = repr(token) + token._repr_html_() + repr(reply) + str(reply.error) + repr(vars(reply.exchange))
    assert "opaque-token-text" not in shown


@pytest.mark.parametrize(("kind", "status"), [("domains", 401), ("app_jwt", 401), ("consumer_jws", 503)])
def test_a_refused_preparation_is_a_typed_error(faked: Any, service: Any, kind: str, status: int) -> None:
    service.answers[kind] = [httpx.Response(status, json={"error_description": "Not today"})] * 2

    with pytest.raises(ApiError, match=f"Not today.*{status}") as raised:
        faked.send({}, consumer="anna")

    assert (raised.value.status_code, raised.value.exchange.operation) == (status, kind)


def test_calling_the_domain_lookup_itself_needs_no_token(faked: Any, service: Any) -> None:
    assert faked.call(operations.find_domains("12345678")).ok

    assert service.order == ["domains"]
    assert "Authorization" not in service.asked[0][1].headers


# --- Many at once ------------------------------------------------------------------------------------

CONSUMERS = ["anna", "bert", "cleo"] * 10
MADE_ONCE = ["app_jwt", *["consumer_jws"] * 3, "domains"]


def test_thirty_threads_ask_once_for_each_thing(fake_settings: Any, service: Any) -> None:
    service.slow_seconds = 0.05
    together = threading.Barrier(len(CONSUMERS))

    def send(consumer: str) -> bool:
        together.wait(10)
        return client.send({}, consumer=consumer).ok

    with (
        Client(fake_settings, transport=httpx.MockTransport(service), clock=service.clock) as client,
        ThreadPoolExecutor(len(CONSUMERS)) as threads,
    ):
        answers = list(threads.map(send, CONSUMERS))

    assert all(answers)
    assert sorted(kind for kind in service.order if kind != "send") == MADE_ONCE


def test_thirty_tasks_ask_once_for_each_thing(fake_settings: Any, service: Any) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.02)
        return service(request)

    async def send_all() -> list[Any]:
        transport = httpx.MockTransport(answer)
        async with AsyncClient(fake_settings, transport=transport, clock=service.clock) as client:
            return await asyncio.gather(*(client.send({}, consumer=name) for name in CONSUMERS))

    answers = asyncio.run(send_all())

    assert all(reply.ok for reply in answers)
    assert sorted(kind for kind in service.order if kind != "send") == MADE_ONCE


@pytest.mark.parametrize("kind", PREPARED)
def test_a_failed_preparation_lets_the_next_caller_try(faked: Any, service: Any, kind: str) -> None:
    service.answers[kind] = [httpx.ConnectError("refused")]

    with pytest.raises(NoAnswerError):
        faked.send({}, consumer="anna")

    assert faked.send({}, consumer="anna").ok


def test_a_cancelled_preparation_lets_the_next_caller_try(fake_settings: Any, service: Any) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        if not service.order:
            service(request)
            await asyncio.Event().wait()
        return service(request)

    async def cancel_then_send() -> Any:
        async with AsyncClient(fake_settings, transport=httpx.MockTransport(answer)) as client:
            first = asyncio.create_task(client.send({}, consumer="anna"))
            while not service.order:
                await asyncio.sleep(0)
            second = asyncio.create_task(client.send({}, consumer="anna"))
            first.cancel()
            return await asyncio.wait_for(second, 10)

    assert asyncio.run(cancel_then_send()).ok


def test_a_renewal_by_one_caller_takes_no_token_from_another(fake_settings: Any, service: Any) -> None:
    """While bert's ConsumerJWS is under way, anna's AppJWT is refused and the renewal takes its time."""
    bert_waits, renewal_began = threading.Event(), threading.Event()

    def slow_jws(request: httpx.Request) -> httpx.Response:
        bert_waits.set()
        assert renewal_began.wait(10)
        return service.consumer_jws(request)

    def slow_renewal(request: httpx.Request) -> httpx.Response:
        renewal_began.set()
        wait([bert], 0.3)  # at most: he may also do well to wait for the new token
        return service.app_jwt(request)

    transport = httpx.MockTransport(service)
    with (
        Client(fake_settings, transport=transport, clock=service.clock) as client,
        ThreadPoolExecutor() as threads,
    ):
        client.consumer_jws("anna")
        service.answers |= {"consumer_jws": [slow_jws], "app_jwt": [slow_renewal], "send": [door(EXPIRED)]}
        bert = threads.submit(client.send, {}, consumer="bert")
        assert bert_waits.wait(10)
        client.send({}, consumer="anna")

    assert all("Authorization" in request.headers for request in service.requests("send"))
