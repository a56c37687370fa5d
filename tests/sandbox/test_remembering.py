"""What the sandbox remembers so that the next request is quicker, and what it must ask anew each time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from connectorkit.sandbox import issuer as issuing
from connectorkit.sandbox import routing, services
from connectorkit.sandbox.bodies import answer
from connectorkit.sandbox.issuer import InvalidToken
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.routing import PromptRoute, QuickRequest, Route, Router
from connectorkit.sandbox.world import World

from .conftest import ACCOUNT, Now


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every token whose signature is verified from here on."""
    seen: list[str] = []
    decode = jwt.decode

    def counted(token: str, *arguments: Any, **options: Any) -> Any:
        seen.append(token)
        return decode(token, *arguments, **options)

    monkeypatch.setattr("connectorkit.sandbox.issuer.jwt.decode", counted)
    return seen


# --- Tokens ------------------------------------------------------------------------------------------


def test_a_signature_is_verified_once(world: World, verified: list[str]) -> None:
    app, jws = world.issuer.app_jwt("app-1"), world.issuer.consumer_jws("anna")

    for _ in range(3):
        assert world.issuer.check_app_jwt(app, ACCOUNT) == "app-1"
        world.issuer.check_consumer_jws(jws, ACCOUNT)

    assert sorted(verified) == sorted([app, jws])


def test_a_remembered_token_expires_by_the_sandboxs_clock(world: World, now: Now) -> None:
    token = world.issuer.app_jwt("app-1")
    world.issuer.check_app_jwt(token, ACCOUNT)

    now.seconds += 3599
    world.issuer.check_app_jwt(token, ACCOUNT)
    now.seconds += 1

    with pytest.raises(InvalidToken):
        world.issuer.check_app_jwt(token, ACCOUNT)


def test_a_remembered_token_that_a_fault_lets_expire_is_refused(world: World) -> None:
    token = world.issuer.app_jwt("app-1")
    world.issuer.check_app_jwt(token, ACCOUNT)

    world.issuer.expire(token)

    with pytest.raises(InvalidToken):
        world.issuer.check_app_jwt(token, ACCOUNT)


def test_a_remembered_token_is_not_good_for_another_account(world: World) -> None:
    app, jws = world.issuer.app_jwt("app-1"), world.issuer.consumer_jws("anna")
    world.issuer.check_app_jwt(app, ACCOUNT)
    world.issuer.check_consumer_jws(jws, ACCOUNT)

    for check, token in ((world.issuer.check_app_jwt, app), (world.issuer.check_consumer_jws, jws)):
        with pytest.raises(InvalidToken):
            check(token, "87654321")


def test_a_token_of_another_key_is_refused_whatever_is_remembered(world: World, verified: list[str]) -> None:
    foreign = World(ACCOUNT, clock=world.clock).issuer.app_jwt("app-1")

    for _ in range(2):
        with pytest.raises(InvalidToken):
            world.issuer.check_app_jwt(foreign, ACCOUNT)

    assert verified == [foreign, foreign]


def test_the_tokens_that_are_remembered_are_bounded_in_number_and_length(
    monkeypatch: pytest.MonkeyPatch, verified: list[str]
) -> None:
    monkeypatch.setattr(issuing, "_KEPT_TOKENS", 2)
    monkeypatch.setattr(issuing, "_LONGEST_KEPT", 2000)
    world = World(ACCOUNT)
    tokens = [world.issuer.consumer_jws(name) for name in ("a", "b", "c", "d" * 2000)]
    for _ in range(2):
        world.issuer.check_consumer_jws(tokens[3], ACCOUNT)
    for token in tokens[:3] * 2:
        world.issuer.check_consumer_jws(token, ACCOUNT)

    assert [verified.count(token) for token in tokens] == [2, 2, 2, 2]
    assert world.issuer._remembered.cache_info().currsize == 2


# --- The door ----------------------------------------------------------------------------------------

SEND = f"/api/account/{ACCOUNT}/messaging/consumer/conversation/send"
# Let in at the door; what it sends is refused behind it.
LET_IN = (404, '{"code":"NOT_FOUND","body":{"msg":"Conversation not found"},"reqId":"1"}')


class Visitor:
    """Sends into a conversation that nobody has opened, each time in the same way but for what is told."""

    def __init__(self, world: World, ask: Callable[..., httpx.Response]) -> None:
        self._ask = ask
        self.app_jwt, self.jws = world.issuer.app_jwt("app-1"), world.issuer.consumer_jws("anna")

    def __call__(self, path: str = SEND + "?v=3", text: str = "Hi", **headers: str) -> tuple[int, str]:
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
        body = {"dialogId": "unknown", "event": event}
        answered = self._ask(
            "POST",
            path,
            content=json.dumps({"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body}),
            headers={
                "Authorization": self.app_jwt,
                "X-LP-ON-BEHALF": self.jws,
                "Content-Type": "application/json",
            }
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )
        return answered.status_code, answered.text


@pytest.fixture
def visit(world: World, ask: Callable[..., httpx.Response]) -> Visitor:
    """Somebody whom the door has seen before."""
    visitor = Visitor(world, ask)
    assert visitor() == visitor() == LET_IN
    return visitor


def test_whoever_was_let_in_once_is_not_looked_at_again(visit: Visitor, verified: list[str]) -> None:
    assert visit() == LET_IN
    assert verified == []


def test_whoever_was_let_in_once_needs_an_app_jwt_that_is_good_now(visit: Visitor, now: Now) -> None:
    now.seconds += 3600

    status, text = visit()

    assert (status, json.loads(text)["body"]["errorCode"]) == (401, 40102)


def test_whoever_was_let_in_once_may_still_send_too_much(visit: Visitor) -> None:
    assert visit(text="x" * 2**20)[0] == 413


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (SEND, {}, 400),
        (SEND + "?v=2", {}, 400),
        (SEND.replace(ACCOUNT, "87654321") + "?v=3", {}, 401),
        (SEND + "?v=3", {"Content_Type": "text/plain"}, 415),
        (SEND + "?v=3", {"X_LP_ON_BEHALF": ""}, 401),
        (SEND + "?v=3", {"Authorization": "x"}, 401),
    ],
)
def test_whoever_was_let_in_once_is_looked_at_anew_where_something_is_different(
    visit: Visitor, path: str, headers: dict[str, str], status: int
) -> None:
    assert visit(path, **headers)[0] == status
    assert visit() == LET_IN


def test_a_token_behind_bearer_is_warned_of_each_time(visit: Visitor, world: World) -> None:
    for _ in range(3):
        assert visit(Authorization=f"Bearer {visit.app_jwt}") == LET_IN

    assert [warning["about"] for warning in world.warnings.dump()] == ["Authorization"] * 3


def test_the_door_remembers_so_many_and_no_long_ones(
    monkeypatch: pytest.MonkeyPatch, world: World, verified: list[str]
) -> None:
    monkeypatch.setattr(services, "_KEPT", 2)
    door = services.Services(world)
    app = world.issuer.app_jwt("app-1")

    for name in ("a", "b", "c", "d" * services._LONGEST_KEPT):
        headers = {"authorization": app, "x-lp-on-behalf": world.issuer.consumer_jws(name)}
        raw = [(n.encode(), v.encode()) for n, v in (headers | {"content-type": "application/json"}).items()]
        request = QuickRequest(
            {
                "type": "http",
                "headers": raw,
                "path": SEND,
                "query_string": b"v=3",
                "path_params": {"account_id": ACCOUNT},
            },
            None,  # type: ignore[arg-type]
        )
        door._at_the_door(request, b"{}")

    assert len(door._admitted) == 1  # the third made room, the fourth was too long


# --- Routes ------------------------------------------------------------------------------------------


async def _hello(request: Any) -> Any:
    return answer(request.path_params)


def _at_once(request: Any, body: bytes | None) -> Any:
    return answer(None if body is None else len(body))


ROUTES = [
    Route("/a/{name}", _hello, ("GET",)),
    Route("/a/fixed", _hello, ("POST", "GET")),
    Route("/any", _hello, None),
    PromptRoute("/a.b", _at_once, ("PUT",)),
]


def found(method: str, path: str) -> Any:
    route, params = Router(ROUTES)._found({"method": method, "path": path})
    return route.template, params


@pytest.mark.parametrize(
    ("method", "path", "template", "params"),
    [
        ("GET", "/a/fixed", "/a/{name}", {"name": "fixed"}),
        ("HEAD", "/a/x y", "/a/{name}", {"name": "x y"}),
        ("POST", "/a/fixed", "/a/fixed", {}),
        ("PROPFIND", "/any", "/any", {}),
        ("PUT", "/a.b", "/a.b", {}),
    ],
)
def test_the_first_route_that_takes_method_and_path_answers(
    method: str, path: str, template: str, params: dict[str, str]
) -> None:
    assert found(method, path) == (template, params)


@pytest.mark.parametrize("path", ["/", "/a", "/a/", "/a/x/y", "/aXb", "/any/", "//any"])
def test_a_path_that_is_like_none_is_404(path: str) -> None:
    with pytest.raises(Refusal) as refused:
        found("GET", path)

    assert (refused.value.status, refused.value.body) == (404, {"error": "Unknown path"})


def test_a_method_that_no_route_takes_is_405_and_the_first_says_what_works() -> None:
    with pytest.raises(Refusal) as refused:
        found("DELETE", "/a/fixed")

    assert (refused.value.status, refused.value.headers) == (405, {"Allow": "GET"})


def test_routes_are_remembered_but_for_long_paths_and_unknown_ones() -> None:
    router = Router(ROUTES)
    for path in ("/a/x", "/a/x", "/a/y", "/a/" + "x" * routing._LONGEST_KEPT):
        router._found({"method": "GET", "path": path})
    with pytest.raises(Refusal):
        router._found({"method": "GET", "path": "/unknown"})

    assert router._remembered.cache_info().currsize == 2


def test_only_known_paths_of_prompt_routes_are_answered_promptly() -> None:
    router = Router(ROUTES)

    prompt = [router.prompt({"method": "PUT", "path": path}) for path in ("/a.b", "/any", "/unknown")]

    assert [one is not None for one in prompt] == [True, False, False]


def test_a_prompt_answer_is_that_of_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectorkit.wire.MAX_BODY_BYTES", 3)

    promptly = [at_once("/a.b", body) for body in (b"abc", b"abcd")]

    assert promptly == [(200, b"3"), (200, b"null")]
    assert promptly == [in_turn("/a.b", body) for body in (b"abc", b"abcd")]


def at_once(path: str, body: bytes) -> tuple[int, bytes]:
    response: Any = Router(ROUTES).prompt(scope("PUT", path))(body)  # type: ignore[misc]
    return response.status_code, response.body


def in_turn(path: str, body: bytes, method: str = "PUT", routes: Any = ROUTES) -> tuple[int, bytes]:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    sent: list[Any] = []
    asyncio.run(Router(routes)(scope(method, path), receive, send))
    return sent[0]["status"], sent[1]["body"]


def scope(method: str, path: str) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}


@pytest.mark.parametrize("promptly", [False, True])
def test_a_failure_of_the_sandbox_is_logged_and_answered_in_json(
    promptly: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(request: Any) -> Any:
        raise LookupError("nothing for clients to see")

    def fail_at_once(request: Any, body: bytes | None) -> Any:
        raise LookupError("nothing for clients to see")

    if promptly:
        response: Any = Router([PromptRoute("/", fail_at_once, ("GET",))]).prompt(scope("GET", "/"))(b"")  # type: ignore[misc]
        status, body = response.status_code, response.body
    else:
        status, body = in_turn("/", b"", "GET", [Route("/", fail, ("GET",))])

    assert status == 500
    assert body == b'{"error":"The sandbox failed (LookupError); please report it"}'
    assert "nothing for clients to see" in caplog.text


def test_of_a_header_that_comes_twice_the_first_counts() -> None:
    raw = [(b"x-name", b"one"), (b"x-name", b"two"), (b"x-umlaut", "ä".encode("latin-1"))]
    request = QuickRequest({"type": "http", "headers": raw, "query_string": b"v=3&v=4&w=%20"}, None)  # type: ignore[arg-type]

    assert [request.headers.get(name) for name in ("X-Name", "x-umlaut", "x-none")] == ["one", "ä", None]
    assert "X-Name" in request.headers
    assert request.query_params.getlist("v") == ["3", "4"]
    assert request.query_params["w"] == " "
