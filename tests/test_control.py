"""The kit's side of the control API, against the real sandbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from connectorkit import Client
from connectorkit import control as control_module
from connectorkit.control import SandboxControl
from connectorkit.errors import SandboxError
from connectorkit.redact import Secret

CARD = {"type": "vertical", "elements": [{"type": "text", "text": "Pick one"}]}
TOKEN = "control-token-of-the-sandbox"


@pytest.fixture
def steered(sandbox: dict[str, Any]) -> Iterator[SandboxControl]:
    with closing(SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"]))) as control:
        yield control


@pytest.fixture
def talk(client: Client) -> Any:
    return client.consumer("ana").open()


def events(steered: SandboxControl) -> list[dict[str, Any]]:
    """The events of the latest conversation's main dialog."""
    return list(steered.state()["conversations"][-1]["dialogs"][0]["events"])


# --- The world ---------------------------------------------------------------------------------------


def test_time_passes_when_told_to(steered: SandboxControl) -> None:
    before = steered.now()

    after = steered.advance(minutes=2, seconds=30)

    assert timedelta(seconds=150) <= after - before < timedelta(seconds=160)
    assert before.utcoffset() == timedelta(0)


@pytest.mark.parametrize("given", [{"seconds": -1}, {"minutes": float("nan")}, {"seconds": float("inf")}])
def test_time_that_cannot_pass_is_refused_before_anything_is_sent(
    steered: SandboxControl, given: dict[str, float]
) -> None:
    with pytest.raises(
        SandboxError, match=r"Time cannot be advanced by .* Pass hours=, minutes= or seconds="
    ):
        steered.advance(**given)


def test_settings_are_read_and_changed(steered: SandboxControl) -> None:
    before = steered.settings()

    after = steered.settings(auto_messages="Welcome", disable_slow_apps=True)

    assert after == before | {"auto_messages": "Welcome", "disable_slow_apps": True}
    assert steered.settings() == after


def test_a_refusal_carries_the_sandboxes_words(steered: SandboxControl) -> None:
    with pytest.raises(SandboxError, match=r"The sandbox refused: There is no setting colour; .* \(400\)\."):
        steered.settings(colour="red")


def test_a_snapshot_is_returned_to(steered: SandboxControl, talk: Any) -> None:
    talk.send("before")
    snapshot_id = steered.snapshot()
    talk.send("after")

    steered.restore(snapshot_id)

    assert [e["event"]["message"] for e in events(steered) if "message" in e["event"]] == ["before"]
    assert talk.send("again").sequence == 2


def test_an_unknown_snapshot_is_said_to_be(steered: SandboxControl) -> None:
    with pytest.raises(SandboxError, match=r"There is no such snapshot.*\(404\)"):
        steered.restore("none")


def test_a_reset_forgets_conversations_and_settings(steered: SandboxControl, talk: Any) -> None:
    steered.settings(auto_messages="Welcome")

    steered.reset()

    assert steered.state()["conversations"] == []
    assert steered.settings()["auto_messages"] is None


class Hook(HTTPServer):
    """A receiver on loopback that keeps the texts it is told of."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.texts: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        event = body["body"]["changes"][0].get("event", {})
        self.server.texts += [event["message"]] if "message" in event else []
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture
def hook(steered: SandboxControl) -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        steered.webhook(f"http://127.0.0.1:{server.server_address[1]}/hook")
        yield server
        steered.webhook(None)  # a reset would bring it back for every test that follows
        server.shutdown()
        thread.join()


def test_notifications_go_where_they_are_told_to(steered: SandboxControl, talk: Any, hook: Hook) -> None:
    steered.agent(talk).text("Hello")

    assert steered.settle()
    assert hook.texts == ["Hello"]
    outcomes = [one["outcome"] for one in steered.deliveries()["deliveries"]]
    assert outcomes == ["delivered", "delivered"]


def test_faults_are_set_and_cleared(steered: SandboxControl, talk: Any, hook: Hook) -> None:
    agent = steered.agent(talk).join()
    assert steered.settle()

    first = steered.faults(webhook="duplicate", times=1)
    agent.text("twice")
    assert steered.settle()
    second = steered.faults(webhook="loss", probability=1)
    agent.text("never")
    steered.clear_faults()
    agent.text("once")
    assert steered.settle()

    assert int(second.id) == int(first.id) + 1
    assert hook.texts == ["twice", "twice", "once"]


# --- Refusals and failures ---------------------------------------------------------------------------


def test_a_closed_control_says_what_to_do(sandbox: dict[str, Any]) -> None:
    control = SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"]))
    control.close()

    with pytest.raises(SandboxError, match="This kit is closed"):
        control.now()


def test_a_sandbox_that_does_not_listen_is_said_not_to_answer() -> None:
    with (
        closing(SandboxControl("http://127.0.0.1:9", Secret(TOKEN))) as control,
        pytest.raises(SandboxError, match=r"does not answer.*Connect again to start a new one") as caught,
    ):
        control.now()

    assert TOKEN not in str(caught.value)


def answering(content: bytes, hold: threading.Event) -> Callable[..., None]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hold.wait(5)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the output of the tests clean."""

    return Answer


@pytest.fixture
def stranger() -> Iterator[Callable[[bytes], tuple[SandboxControl, threading.Event]]]:
    """A control of something else: it answers with these bytes, once the event is set."""
    servers: list[tuple[HTTPServer, threading.Thread, SandboxControl, threading.Event]] = []

    def start(content: bytes) -> tuple[SandboxControl, threading.Event]:
        hold = threading.Event()
        server = HTTPServer(("127.0.0.1", 0), answering(content, hold))  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        control = SandboxControl(f"http://127.0.0.1:{server.server_address[1]}", Secret(TOKEN))
        servers.append((server, thread, control, hold))
        return control, hold

    yield start
    for server, thread, control, hold in servers:
        control.close()
        hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("content", [b"<html>", b"", b"[1]", b"5"])
def test_what_is_no_sandbox_is_said_to_be_none(stranger: Any, content: bytes) -> None:
    control, hold = stranger(content)
    hold.set()

    with pytest.raises(SandboxError, match="is no sandbox"):
        control.about()


def test_a_sandbox_that_takes_too_long_is_not_said_to_have_gone(
    stranger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    control, _ = stranger(b"{}")

    with pytest.raises(SandboxError, match=r"has not answered within 0\.1 s.*slow"):
        control.call("GET", "/sandbox/about", timeout=0.1)
    monkeypatch.setattr(control_module, "_TIMEOUT_SECONDS", 0.1)
    assert "has not answered" in control._repr_html_()


# --- The agent ---------------------------------------------------------------------------------------


def test_an_agent_plays_a_whole_conversation(steered: SandboxControl, talk: Any) -> None:
    talk.send("Hello")
    agent = steered.agent(talk)

    chained = (
        agent.join().read().typing().pause().text("Which?", quick_replies=["A", "B"]).rich(CARD).accept(0)
    )

    assert chained is agent
    assert repr(agent) == f"<Agent of conversation {talk.id}>"
    told = [
        (e["event"]["type"], e["event"].get("status") or e["event"].get("chatState")) for e in events(steered)
    ]
    assert told == [
        ("ContentEvent", None),
        ("AcceptStatusEvent", "ACCEPT"),
        ("AcceptStatusEvent", "READ"),
        ("ChatStateEvent", "COMPOSING"),
        ("ChatStateEvent", "PAUSE"),
        ("ContentEvent", None),
        ("RichContentEvent", None),
        ("AcceptStatusEvent", "ACCEPT"),
    ]


def test_an_agent_is_found_by_the_conversation_or_by_its_id(steered: SandboxControl, talk: Any) -> None:
    assert steered.agent(talk).conversation_id == steered.agent(talk.id).conversation_id == talk.id


def test_metadata_and_single_numbers_are_passed_on(steered: SandboxControl, talk: Any) -> None:
    talk.send("one")
    talk.send("two")
    metadata = [{"type": "ExternalId", "id": "card-1"}]

    steered.agent(talk).read(2).text("Hello", metadata=metadata)

    read, text = events(steered)[-2:]
    assert read["event"]["sequenceList"] == [2]
    assert text["metadata"] == metadata


def test_no_quick_replies_are_none(steered: SandboxControl, talk: Any) -> None:
    steered.agent(talk).text("Hello", quick_replies=[])

    assert "quickReplies" not in events(steered)[-1]["event"]


def test_an_agent_may_join_in_another_role_transfer_and_leave(steered: SandboxControl, talk: Any) -> None:
    agent = steered.agent(talk).join().join(role="MANAGER")
    roles = [p["role"] for p in steered.state()["conversations"][0]["dialogs"][0]["participants"]]

    agent.transfer("4711")
    with pytest.raises(SandboxError, match="no agent is in the conversation"):
        agent.leave()
    agent.join().leave()

    assert sorted(roles) == ["ASSIGNED_AGENT", "CONSUMER", "MANAGER"]
    (conversation,) = steered.state()["conversations"]
    assert conversation["skill_id"] == "4711"
    assert [p["role"] for p in conversation["dialogs"][0]["participants"]] == ["MANAGER", "CONSUMER"]


def test_an_agent_closes_and_resumes_in_a_new_conversation(
    steered: SandboxControl, client: Client, talk: Any
) -> None:
    agent = steered.agent(talk).close()

    resumed = agent.resume()

    first, second = steered.state()["conversations"]
    assert (first["id"], first["stage"]) == (talk.id, "CLOSE")
    assert (second["id"], second["stage"]) == (resumed.conversation_id, "OPEN")
    assert resumed.text("Here I am again") is resumed


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (lambda agent: agent.text(""), "text is empty"),
        (lambda agent: agent.join(role="BOSS"), "role must be one of"),
        (lambda agent: agent.read(-1), "sequences must hold integers from 0 up"),
        (lambda agent: agent.rich({}), "content.type is missing"),
        (lambda agent: agent.transfer(""), "skill_id is missing"),
        (lambda agent: agent.resume(), "the conversation is open"),
    ],
    ids=["text", "role", "numbers", "content", "skill", "resume"],
)
def test_what_an_agent_cannot_do_is_an_error(
    steered: SandboxControl, talk: Any, do: Callable[[Any], Any], words: str
) -> None:
    with pytest.raises(SandboxError, match=rf"The sandbox refused: {words}.*\(400\)"):
        do(steered.agent(talk))


def test_an_unknown_conversation_has_no_agent(steered: SandboxControl) -> None:
    with pytest.raises(SandboxError, match=r"There is no conversation none.*\(404\)"):
        steered.agent("none").join()
