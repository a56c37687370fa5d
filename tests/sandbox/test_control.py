"""The control API: what it changes, what it refuses, and that no input makes it fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectorkit.sandbox.app import create_app
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.post import Timeouts
from connectorkit.sandbox.world import World

from .conftest import ACCOUNT, ANNA, Now, batch, opened, publish, said, send
from .receivers import in_a_loop

Ask = Callable[..., httpx.Response]
HOOK = "https://kit.example/hook"


class Hook:
    """A receiver that keeps what it got, and takes its time where told to."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.seconds = 0.0

    async def __call__(
        self, url: str, body: bytes, headers: list[tuple[str, str]], timeouts: Timeouts, /
    ) -> int:
        await asyncio.sleep(self.seconds)
        self.got.append(json.loads(body))
        return 200

    @property
    def texts(self) -> list[str]:
        events = [one["body"]["changes"][0].get("event", {}) for one in self.got]
        return [event["message"] for event in events if "message" in event]


@pytest.fixture
def hook() -> Hook:
    return Hook()


@pytest.fixture
def world(now: Now, hook: Hook) -> World:
    return World(ACCOUNT, clock=Clock(now), post=hook)


def post(ask: Ask, path: str, body: Any = None) -> Any:
    answer = ask("POST", f"/sandbox/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def deliver(ask: Ask) -> None:
    """What was caused outside the loop of ``ask`` is due at once, but has to be begun."""
    post(ask, "clock", {"advance_seconds": 0})


def error(answer: httpx.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    return str(answer.json()["error"])


# --- The door ----------------------------------------------------------------------------------------

PATHS: dict[str, str] = {
    "clock": "GET, POST",
    "state": "GET",
    "reset": "POST",
    "settings": "GET, POST",
    "agent": "POST",
    "webhook": "POST",
    "deliveries": "GET",
    "settle": "POST",
    "faults": "DELETE, GET, POST",
    "snapshot": "POST",
    "restore": "POST",
}
TAKES_A_BODY = ["clock", "settings", "agent", "webhook", "settle", "faults", "restore"]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_wants_the_token(ask: Ask, path: str) -> None:
    for method in PATHS[path].split(", "):
        assert ask(method, f"/sandbox/{path}", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", PATHS)
def test_another_method_is_told_all_that_work(ask: Ask, path: str, method: str) -> None:
    answer = ask(method, f"/sandbox/{path}")

    assert answer.status_code == 405
    assert sorted(answer.headers["Allow"].split(", ")) == PATHS[path].split(", ")


@pytest.mark.parametrize("path", [path for path, methods in PATHS.items() if "GET" in methods])
def test_head_is_answered_like_get_without_changing_anything(ask: Ask, world: World, path: str) -> None:
    before = world.options.dump()

    answer = ask("HEAD", f"/sandbox/{path}")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert world.options.dump() == before


NO_JSON = [
    b"",
    b"{",
    b"\xff",
    rb'{"text": "\ud800"}',
    b'{"n": NaN}',
    b'{"n": 1e999}',
    b'{"a":' * 500 + b"1" + b"}" * 500,
]


@pytest.mark.parametrize("content", NO_JSON, ids=lambda content: str(content)[:24])
@pytest.mark.parametrize("path", TAKES_A_BODY)
def test_what_is_no_json_is_refused(ask: Ask, path: str, content: bytes) -> None:
    assert error(ask("POST", f"/sandbox/{path}", content=content)) == "The body is not valid JSON"


@pytest.mark.parametrize("content", [b"[]", b"5", b"null", b'"x"'])
@pytest.mark.parametrize("path", TAKES_A_BODY)
def test_what_is_no_object_is_refused(ask: Ask, path: str, content: bytes) -> None:
    assert error(ask("POST", f"/sandbox/{path}", content=content)) == "The body must be a JSON object"


def test_a_body_that_is_too_large_is_said_to_be(ask: Ask) -> None:
    answer = ask("POST", "/sandbox/agent", content=b" " * (1024 * 1024 + 1))

    assert "limit of 1048576 bytes" in error(answer, 413)


ODD: list[Any] = [None, True, -1, 0, 10**400, 1.5, "x", "", [], [[]], {}, {"a": 1}, "\U0001f680" * 200]


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("clock", "settle"),
        ("settle", "seconds"),
        ("restore", "snapshot_id"),
        ("webhook", "url"),
        ("faults", "webhook"),
        ("faults", "probability"),
        ("faults", "times"),
        ("agent", "conversation_id"),
        ("agent", "action"),
        *(("agent", name) for name in ("text", "sequences", "content", "skill_id", "role", "metadata")),
        *(
            ("settings", name)
            for name in (
                "signature_algorithm",
                "escape_non_ascii",
                "read_timeout_seconds",
                "auto_close_seconds",
                "auto_messages",
                "survey",
                "agent_script",
                "nonsense",
            )
        ),
    ],
)
def test_no_odd_value_makes_it_fail(ask: Ask, world: World, path: str, member: str) -> None:
    """Each answer is a result or a refusal in words, and the state can be read afterwards."""
    valid = {
        "clock": {"advance_seconds": 0},
        "settle": {},
        "faults": {"webhook": "loss"},
        "agent": {"conversation_id": opened(world), "action": _action(member), "text": "Hi"},
    }

    for value in ODD:
        answer = ask("POST", f"/sandbox/{path}", content=json.dumps(valid.get(path, {}) | {member: value}))
        assert answer.status_code in (200, 400, 404), value
        assert answer.status_code == 200 or answer.json()["error"]
    for read in ("state", "settings", "deliveries"):
        assert ask("GET", f"/sandbox/{read}").status_code == 200
    assert ask("POST", "/sandbox/snapshot").status_code == 200


def _action(member: str) -> str:
    actions = {"sequences": "read", "content": "rich", "skill_id": "transfer", "role": "join"}
    return actions.get(member, "text")


# --- Settings ----------------------------------------------------------------------------------------


def test_settings_change_in_part_and_are_answered_in_full(ask: Ask, world: World) -> None:
    before = ask("GET", "/sandbox/settings").json()

    after = post(ask, "settings", {"signature_algorithm": "sha256", "auto_messages": "Welcome"})

    assert after == before | {"signature_algorithm": "sha256", "auto_messages": "Welcome"}
    assert ask("GET", "/sandbox/settings").json() == after


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"signature_algorithm": "md5"}, "signature_algorithm must be one of sha1, sha256"),
        ({"signature_encoding": None}, "signature_encoding is missing"),
        ({"escape_non_ascii": 1}, "escape_non_ascii must be true or false"),
        ({"read_timeout_seconds": 0}, "read_timeout_seconds must be from 0.01 to 60 seconds"),
        ({"read_timeout_seconds": 10**400}, "read_timeout_seconds must be from 0.01 to 60 seconds"),
        ({"connect_timeout_seconds": None}, "connect_timeout_seconds is missing"),
        ({"auto_messages": 5}, "auto_messages must be a string"),
        ({"colour": "red"}, "There is no setting colour; there are signature_algorithm"),
    ],
)
def test_settings_change_all_or_none(ask: Ask, given: dict[str, Any], words: str) -> None:
    before = ask("GET", "/sandbox/settings").json()

    refused = ask(
        "POST", "/sandbox/settings", json={"auto_messages": "Welcome", "disable_slow_apps": True} | given
    )

    assert words in error(refused)
    assert ask("GET", "/sandbox/settings").json() == before


def test_other_settings_do_not_put_off_the_look_for_idle_conversations(ask: Ask, world: World) -> None:
    post(ask, "settings", {"auto_close_seconds": 1500})
    conversation_id = opened(world)
    world.desk.act({"conversation_id": conversation_id, "action": "text", "text": "Hello"})

    for _ in range(3):
        post(ask, "clock", {"advance_seconds": 1000})
        post(ask, "settings", {"auto_messages": None})

    assert world.account.conversations[conversation_id].stage == "CLOSE"


# --- Clock and settling ------------------------------------------------------------------------------


def test_what_falls_due_while_time_is_advanced_has_been_done_when_it_is_answered(
    ask: Ask, world: World, hook: Hook
) -> None:
    post(ask, "webhook", {"url": HOOK})
    post(
        ask,
        "settings",
        {"agent_script": [{"on": "open", "steps": [{"action": "text", "text": "A", "after": 60}]}]},
    )
    opened(world)

    moved = post(ask, "clock", {"advance_seconds": 61})

    assert (moved["advanced_seconds"], moved["now_ms"]) == (61, 1_700_000_061_000)
    assert moved["now"] == "2023-11-14T22:14:21.000+00:00"
    assert hook.texts == ["A"]


@in_a_loop
async def test_two_advances_at_once_add_up() -> None:
    world = World(ACCOUNT, clock=Clock(Now()))
    transport = httpx.ASGITransport(create_app(world))
    headers = {"Authorization": f"Bearer {world.control_token}"}
    done: list[float] = []
    world.schedule.after(50, lambda: done.append(world.clock.advanced_seconds))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as http:
        advances = [http.post("/sandbox/clock", json={"advance_seconds": n}) for n in (40, 60)]
        answers = await asyncio.gather(*advances)

    assert [answer.json()["advanced_seconds"] for answer in answers] == [40, 100]
    assert done == [50]


@in_a_loop
async def test_a_reset_ends_an_advance_that_waits_for_a_receiver() -> None:
    hung = asyncio.Event()

    async def hang(*_: Any) -> int:
        hung.set()
        await asyncio.sleep(60)
        return 200

    world = World(ACCOUNT, clock=Clock(Now()), post=hang, webhook=HOOK)
    transport = httpx.ASGITransport(create_app(world))
    headers = {"Authorization": f"Bearer {world.control_token}"}
    opened(world)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as http:
        advance = asyncio.create_task(http.post("/sandbox/clock", json={"advance_seconds": 3600}))
        await hung.wait()
        reset = await http.post("/sandbox/reset")
        answer = await asyncio.wait_for(advance, 5)

    assert (reset.status_code, answer.status_code) == (200, 200)
    assert answer.json()["advanced_seconds"] == 0


@pytest.mark.parametrize("settle", ["yes", 1, None])
def test_settle_of_an_advance_is_true_or_false(ask: Ask, settle: Any) -> None:
    answer = ask("POST", "/sandbox/clock", json={"advance_seconds": 0, "settle": settle})

    assert error(answer) == "settle must be true or false"


def test_settling_waits_for_deliveries(ask: Ask, world: World, hook: Hook) -> None:
    hook.seconds = 0.05
    conversation_id = opened(world)
    post(ask, "webhook", {"url": HOOK})
    post(ask, "agent", {"conversation_id": conversation_id, "action": "text", "text": "Hello"})
    before = hook.texts

    assert post(ask, "settle", {}) == {"settled": True}
    assert (before, hook.texts) == ([], ["Hello"])


def test_what_is_due_within_the_time_and_does_not_come_is_not_settled(ask: Ask, world: World) -> None:
    world.schedule.after(0.01, lambda: None)  # the clock of this test stands still

    assert post(ask, "settle", {"seconds": 0.05}) == {"settled": False}


@pytest.mark.parametrize("seconds", ["1", -1, 61, True, None])
def test_settling_takes_seconds_up_to_a_minute(ask: Ask, seconds: Any) -> None:
    assert error(ask("POST", "/sandbox/settle", json={"seconds": seconds})) == (
        "seconds must be a number from 0 to 60"
    )


# --- Webhook, faults, deliveries ---------------------------------------------------------------------


def test_a_webhook_is_told_from_then_on_until_it_is_taken_away(ask: Ask, world: World, hook: Hook) -> None:
    conversation_id = opened(world)

    assert post(ask, "webhook", {"url": HOOK}) == {"url": HOOK}
    send(world, publish(conversation_id, message="heard"))
    deliver(ask)
    assert post(ask, "webhook", {"url": None}) == {"url": None}
    send(world, publish(conversation_id, message="not heard"))
    deliver(ask)

    assert hook.texts == ["heard"]
    outcomes = [one["outcome"] for one in ask("GET", "/sandbox/deliveries").json()["deliveries"]]
    assert outcomes == ["delivered", "delivered"]


def test_a_reset_keeps_the_webhook(ask: Ask, world: World, hook: Hook) -> None:
    post(ask, "webhook", {"url": HOOK})
    post(ask, "reset")
    opened(world)
    deliver(ask)

    assert len(hook.got) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "url is missing"),
        ({"uri": HOOK}, "url is missing"),
        ({"url": 5}, "url must be a string"),
        ({"url": "http://kit.example/hook"}, "url must be https"),
        ({"url": "https://"}, "url is not a complete URL"),
    ],
)
def test_a_webhook_needs_an_address(ask: Ask, world: World, body: dict[str, Any], words: str) -> None:
    post(ask, "webhook", {"url": HOOK})

    assert words in error(ask("POST", "/sandbox/webhook", json=body))
    assert {hook.endpoint for hook in world.first_app.webhooks.values()} == {HOOK}


def test_a_fault_strikes_as_often_as_it_was_told_to(ask: Ask, world: World, hook: Hook) -> None:
    post(ask, "webhook", {"url": HOOK})
    assert post(ask, "faults", {"webhook": "loss", "times": 1}) == {"fault_id": "1"}

    conversation_id = opened(world)
    send(world, publish(conversation_id))
    deliver(ask)

    outcomes = [one["outcome"] for one in ask("GET", "/sandbox/deliveries").json()["deliveries"]]
    assert sorted(outcomes) == ["delivered", "delivered", "lost"]


def test_faults_can_be_removed(ask: Ask, world: World, hook: Hook) -> None:
    post(ask, "webhook", {"url": HOOK})
    post(ask, "faults", {"webhook": "loss"})

    assert ask("DELETE", "/sandbox/faults").json() == {"faults": []}
    opened(world)
    deliver(ask)

    assert len(hook.got) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, 'Say what shall go wrong with one of "status", '),
        ({"webhook": "rain"}, '"webhook" must be "duplicate", "reorder" or "loss".'),
        ({"webhook": "loss", "chance": 1}, 'Unknown member "chance"'),
        ({"webhook": "loss", "probability": 2}, '"probability" must be a number from 0 to 1.'),
        ({"webhook": "loss", "times": 0}, '"times" must be a whole number from 1 on'),
    ],
)
def test_a_fault_must_be_one_that_exists(ask: Ask, body: dict[str, Any], words: str) -> None:
    assert words in error(ask("POST", "/sandbox/faults", json=body))


# --- Snapshots ---------------------------------------------------------------------------------------


def whole(ask: Ask) -> dict[str, Any]:
    """All that can be read of a sandbox but how deliveries went."""
    return {path: ask("GET", f"/sandbox/{path}").json() for path in ("state", "settings", "clock")}


def test_a_snapshot_brings_everything_back_as_often_as_one_likes(ask: Ask, world: World, hook: Hook) -> None:
    post(ask, "webhook", {"url": HOOK})
    post(ask, "settings", {"auto_messages": "Welcome", "survey": {"questions": [{"text": "How was it?"}]}})
    post(ask, "clock", {"advance_seconds": 100})
    path = world.files.upload_url(ANNA, "PNG")["relativePath"]
    world.files.put(path, b"picture")
    conversation_id = opened(world)
    send(world, publish(conversation_id, message="before"))
    world.warnings.add("x", "before")
    deliver(ask)
    before = whole(ask)
    snapshot_id = post(ask, "snapshot")["snapshot_id"]

    for _ in range(2):
        send(world, publish(conversation_id, message="after"))
        world.desk.act({"conversation_id": conversation_id, "action": "close"})
        world.files.reset()
        world.warnings.add("x", "after")
        post(ask, "settings", {"auto_messages": None, "survey": None})
        post(ask, "webhook", {"url": None})
        post(ask, "clock", {"advance_seconds": 7200})
        assert whole(ask) != before

        assert post(ask, "restore", {"snapshot_id": snapshot_id}) == {"restored": snapshot_id}

        assert whole(ask) == before
        stored = world.files.object(path)
        assert stored is not None
        assert stored.content == b"picture"
        assert {hook.endpoint for hook in world.first_app.webhooks.values()} == {HOOK}


def test_a_restored_conversation_goes_on_where_it_was(ask: Ask, world: World, hook: Hook) -> None:
    post(ask, "webhook", {"url": HOOK})
    conversation_id = opened(world)
    send(world, publish(conversation_id, message="one"))
    snapshot_id = post(ask, "snapshot")["snapshot_id"]
    send(world, publish(conversation_id, message="two"))
    post(ask, "restore", {"snapshot_id": snapshot_id})
    hook.got.clear()

    answer = send(world, publish(conversation_id, message="three"))
    spoken = post(ask, "agent", {"conversation_id": conversation_id, "action": "text", "text": "four"})
    deliver(ask)

    assert (answer["body"]["sequence"], spoken["sequence"]) == (2, 4)
    assert [text for _, text in said(world, conversation_id)] == ["one", "three", "four"]
    assert hook.texts == ["three", "four"]
    assert world.account.open_conversation(ANNA) == conversation_id


def test_faults_come_back_with_what_is_left_of_them(ask: Ask, world: World, hook: Hook) -> None:
    post(ask, "webhook", {"url": HOOK})
    post(ask, "faults", {"webhook": "loss", "times": 1})
    snapshot_id = post(ask, "snapshot")["snapshot_id"]
    lost = []
    for _ in range(2):
        opened(world)
        deliver(ask)
        lost.append([one["outcome"] for one in ask("GET", "/sandbox/deliveries").json()["deliveries"]])
        post(ask, "restore", {"snapshot_id": snapshot_id})

    assert lost == [["lost"], ["lost"]]


def test_a_snapshot_outlives_a_reset(ask: Ask, world: World) -> None:
    conversation_id = opened(world)
    snapshot_id = post(ask, "snapshot")["snapshot_id"]

    post(ask, "reset")
    post(ask, "restore", {"snapshot_id": snapshot_id})

    assert list(world.account.conversations) == [conversation_id]


def test_the_latest_20_snapshots_are_kept(ask: Ask) -> None:
    ids = [post(ask, "snapshot")["snapshot_id"] for _ in range(21)]

    assert len(set(ids)) == 21
    assert ask("POST", "/sandbox/restore", json={"snapshot_id": ids[0]}).status_code == 404
    assert ask("POST", "/sandbox/restore", json={"snapshot_id": ids[1]}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"snapshot_id": "none"}, {"snapshot_id": 5}, {"snapshot_id": None}])
def test_an_unknown_snapshot_is_404(ask: Ask, body: dict[str, Any]) -> None:
    assert "There is no such snapshot" in error(ask("POST", "/sandbox/restore", json=body), 404)


# --- Agent, reset, about -----------------------------------------------------------------------------


def test_the_agent_can_be_played(ask: Ask, world: World) -> None:
    conversation_id = opened(world)

    answer = post(ask, "agent", {"conversation_id": conversation_id, "action": "text", "text": "Hello"})

    agent = world.account.conversations[conversation_id].had_agent
    assert agent is not None
    assert answer == {
        "conversation_id": conversation_id,
        "action": "text",
        "agent_id": agent.id,
        "sequence": 0,
    }


def test_a_reset_brings_back_settings_and_real_time(ask: Ask, world: World) -> None:
    before = whole(ask)
    post(ask, "settings", {"auto_messages": "Welcome", "agent_script": "default", "auto_close_seconds": 3600})
    post(ask, "clock", {"advance_seconds": 60})
    post(ask, "faults", {"webhook": "loss"})
    opened(world)

    assert post(ask, "reset") == {"reset": True}

    assert whole(ask) == before
    assert not world.faults.listed()


def test_about_describes_every_path(ask: Ask) -> None:
    described = set(ask("GET", "/sandbox/about").json()["control"])

    listed = {
        f"{method} /sandbox/{path}" for path, methods in PATHS.items() for method in methods.split(", ")
    }
    assert described - {"authorization"} == listed


# --- What clients send must not make it unreadable ---------------------------------------------------

PATH = f"/api/account/{ACCOUNT}/messaging/consumer/conversation"
HALF = r'{"type": ".ClientProperties", "features": ["\ud800"]}'


def as_client(ask: Ask, world: World, path: str, content: str, **headers: str) -> httpx.Response:
    tokens = {
        "Authorization": world.issuer.app_jwt(world.first_app.client_id),
        "X-LP-ON-BEHALF": world.issuer.consumer_jws("anna"),
        "Content-Type": "application/json",
    }
    return ask("POST", f"{path}?v=3", content=content, headers=tokens | headers)


def test_half_a_surrogate_pair_in_client_properties_is_ignored_with_a_warning(ask: Ask, world: World) -> None:
    """R51."""
    answer = as_client(ask, world, PATH, json.dumps(batch()), **{"Client-Properties": HALF})

    assert answer.status_code == 200
    state = ask("GET", "/sandbox/state").json()
    assert state["conversations"][0]["features"] == []
    assert [warning["about"] for warning in state["warnings"]] == ["Client-Properties"]


@pytest.mark.parametrize(("depth", "status"), [(90, 200), (101, 400), (450, 400)])
def test_members_nobody_asks_for_may_be_nested_as_deep_as_can_be_kept(
    ask: Ask, world: World, depth: int, status: int
) -> None:
    requests = batch()
    requests[1]["body"]["deep"] = None
    content = json.dumps(requests).replace("null", "[" * depth + "]" * depth)

    answer = as_client(ask, world, PATH, content)

    assert answer.status_code == status
    assert ask("GET", "/sandbox/state").status_code == 200
    assert ask("POST", "/sandbox/snapshot").status_code == 200
