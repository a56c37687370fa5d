"""What a webhook receiver may do wrong, and short ways to cause notifications and to read them."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import Any

import httpx

from .conftest import ANNA, CHANGE, CONTENT, Hook, Received, Wire, text

RETENTION = {"retention_time": 3 * 3600}
HANG_UP = 0
# Names of the sandbox's settings; the protocol has none for them.
READ_TIMEOUT = "read_timeout_seconds"

MANIFEST = {
    "client_name": "Kit demo",
    "display_name": "Demo",
    "description": "An app of the tests",
    "enabled": True,
    "grant_types": ["client_credentials"],
    "scope": "msg.consumer",
    "capabilities": {
        "webhooks": {
            CONTENT: {
                "endpoint": "https://kit.example/hook",
                "max_retries": 3,
                "headers": [{"header_name": "X-Env", "header_value": "test"}],
            },
            CHANGE: {"endpoint": "https://kit.example/hook"},
            "retry": {"retention_time": 3600},
        }
    },
}


class Receiver:
    """Gives each request the next of ``first``, then ``status``; one endpoint may have a status of its own.

    A text that is held is answered only when it is released, as by a receiver that works before it answers.
    """

    def __init__(self, *first: int, status: int = 200) -> None:
        self.first = list(first)
        self.status = status
        self.status_at: dict[str, int] = {}
        self.answered: list[tuple[Received, int]] = []
        self._held: dict[str, threading.Event] = {}

    def __call__(self, received: Received) -> int:
        if gate := self._held.get(words(received)):
            # Bounded, so that a test that fails to release it does not hang.
            gate.wait(10)
        status = self.first.pop(0) if self.first else self.status_at.get(received.path, self.status)
        self.answered.append((received, status))
        return status

    def hold(self, *texts: str) -> None:
        for each in texts:
            self._held[each] = threading.Event()

    def release(self, *texts: str) -> None:
        for each in texts:
            self._held.pop(each).set()

    @property
    def accepted(self) -> list[Received]:
        """What was answered in a way that the protocol calls success."""
        return [received for received, status in self.answered if status in (200, 201)]

    def texts(self) -> list[str]:
        """The texts that were accepted, in the order of their arrival."""
        return [words(received) for received in self.accepted]


def words(received: Received) -> str:
    """The text that a notification is about, empty when it is about something else."""
    event = change(received).get("event", {})
    return str(event.get("message", "")) if event.get("contentType") == "text/plain" else ""


def change(received: Received) -> dict[str, Any]:
    entry: dict[str, Any] = received.message["body"]["changes"][0]
    return entry


def conversation_of(received: Received) -> str:
    told = change(received)
    return str(told["conversationId"] if "conversationId" in told else told["result"]["convId"])


def by_conversation(received: list[Received]) -> dict[str, list[Any]]:
    """What came about each conversation, in the order of its arrival."""
    sorted_out: dict[str, list[Any]] = {}
    for each in received:
        sorted_out.setdefault(conversation_of(each), []).append(each.message)
    return sorted_out


def wait_for_text(hook: Hook, wanted: str) -> None:
    """Until this text has arrived at the hook, answered or not."""
    deadline = time.monotonic() + 5
    while wanted not in arrived(hook) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert wanted in arrived(hook)


def arrived(hook: Hook) -> list[str]:
    """The texts that arrived at the hook, whatever it answered, in this order."""
    return [found for each in list(hook.received) if (found := words(each))]


def receive(hook: Hook, *first: int, status: int = 200) -> Receiver:
    """Let the hook answer in this way from now on."""
    hook.answer = receiver = Receiver(*first, status=status)
    return receiver


def only_texts(hook: Hook, retry: dict[str, Any] | None = None, **webhook: Any) -> dict[str, Any]:
    return hook.manifest(CONTENT, retry=retry, **webhook)


def with_retention(hook: Hook, seconds: int) -> dict[str, Any]:
    return hook.manifest(CONTENT, retry={"retention_time": seconds})


def split(hook: Hook, *kinds: str, retry: dict[str, Any] | None = None) -> dict[str, Any]:
    """An app with one URL per event type: the hook's, followed by the number of the type."""
    manifest = hook.manifest(*kinds, retry=retry)
    for number, kind in enumerate(kinds, start=1):
        manifest["capabilities"]["webhooks"][kind]["endpoint"] += f"/{number}"
    return manifest


def say(wire: Wire, conversation_id: str, *texts: str) -> None:
    """The agent's texts, each delivered, or tried once, before the next."""
    for each in texts:
        wire.agent(conversation_id, "text", text=each)
        wire.settle()


def say_as_consumer(wire: Wire, conversation_id: str, *texts: str, consumer: str = ANNA) -> None:
    for each in texts:
        answer = wire.send(text(conversation_id, each), consumer=consumer)
        assert answer.status_code == 200, answer.text


def reports(wire: Wire, app: dict[str, Any]) -> list[dict[str, Any]]:
    """What the sandbox tells of its deliveries to one app, oldest first."""
    told = wire.deliveries()["deliveries"]
    return [each for each in told if each["client_id"] == app["client_id"]]


def outcomes(wire: Wire, app: dict[str, Any]) -> list[str]:
    return [each["outcome"] for each in reports(wire, app)]


def pauses(wire: Wire, app: dict[str, Any]) -> list[int]:
    """The sandbox's time between one attempt and the next, to the nearest second."""
    times = [each["at_ms"] for each in reports(wire, app)]
    return [round((later - earlier) / 1000) for earlier, later in pairwise(times)]


def standing(wire: Wire, app: dict[str, Any]) -> dict[str, Any]:
    """State of an app and the number of events stored for it."""
    found = [each for each in wire.deliveries()["apps"] if each["client_id"] == app["client_id"]]
    return {"state": found[0]["state"], "stored": found[0]["stored"]}


def app_token(wire: Wire, app: dict[str, Any]) -> httpx.Response:
    """A request for the AppJWT of an app of one's own."""
    credentials = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    return wire.ask_app_token({"v": "1.0", "grant_type": "client_credentials"}, credentials)


def listed(wire: Wire) -> list[str]:
    """The client ids of the installed apps."""
    answer = wire.installations("GET")
    assert answer.status_code == 200, answer.text
    return [each["client_id"] for each in answer.json() if not each["deleted"]]


REPLIES = {
    "type": "quickReplies",
    "itemsPerRow": 8,
    "replies": [
        {
            "type": "button",
            "title": "Yes",
            "click": {
                "actions": [{"type": "publishText", "text": "Yes"}],
                "metadata": [{"type": "ExternalId", "id": "reply-1"}],
            },
        }
    ],
}
CARD = {"type": "vertical", "elements": [{"type": "text", "text": "Pick one"}]}


def cause_every_type(wire: Wire, consumer: str = ANNA) -> str:
    """A conversation that has caused a notification of each of the five types, all delivered."""
    conversation_id = wire.open(consumer)
    say_as_consumer(wire, conversation_id, "Good morning", consumer=consumer)
    wire.agent(conversation_id, "typing")
    wire.agent(conversation_id, "rich", content=CARD)
    wire.settle()
    return conversation_id


def read(wire: Wire, app_id: str) -> httpx.Response:
    """An app as stored."""
    answer = wire.installations("GET", app_id)
    assert answer.status_code == 200, answer.text
    return answer


def revision(wire: Wire, app_id: str) -> dict[str, str]:
    """The header that a change of this app needs."""
    return {"If-Match": read(wire, app_id).headers["ac-revision"]}


def replace(wire: Wire, app: dict[str, Any], **members: Any) -> httpx.Response:
    """Replace an app by itself with some members changed, as the demo application does."""
    headers = revision(wire, app["id"]) | {"X-HTTP-Method-Override": "PUT"}
    return wire.installations("PUT", app["id"], {**app, **members}, headers)
