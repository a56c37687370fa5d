"""Broken variants of every documented message, by lot: never a 5xx, always JSON, the connection stays usable.

300 of them run each time; ``WIRE_FUZZ_CASES=20000`` in the environment runs as many as that. A failure names
the number of its case, which is the same at every run.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from .breaking import broken, members
from .conftest import CHANGE, CONTENT, JSON_MEDIA_TYPES, Wire, sample, sequence, text
from .hooks import MANIFEST
from .shapes import BUTTON, CARD, QUICK_REPLIES, uploaded

CASES = int(os.environ.get("WIRE_FUZZ_CASES", "300"))
FRESH_AFTER = 20  # cases; then conversations, apps, settings and faults are forgotten
# Nobody listens there: what is delivered fails at once.
NOWHERE = "http://127.0.0.1:1/hook"

SENT = [
    "close_dialog_request",
    "close_stage_request",
    "csat_request",
    "download_url_request",
    "profile_request",
    "seed_publish_event_request",
    "seed_update_conversation_field_request",
    "send_chat_state_request",
    "send_click_request",
    "send_click_text_request",
    "send_hosted_file_request",
    "send_receipt_request",
    "send_rich_content_request",
    "send_text_request",
    "ttr_request",
    "upload_url_request",
]
LINKS = {"type": "link", "uri": "https://a.example/", "name": "A", "web": {"uri": "https://b.example/"}}
IMAGE = {"type": "image", "url": "https://a.example/a.png", "caption": "A", "style": {"bold": True}}
FULL_CARD = {
    "type": "vertical",
    "tag": "generic",
    "elements": [
        CARD,
        IMAGE,
        {"type": "map", "lo": 4.9, "la": 52.3},
        BUTTON | {"click": {"actions": [LINKS]}},
    ],
}
ANNA_BERG = {
    "firstName": "Anna",
    "privateData": {"mobileNum": "1", "pushNotificationData": {"token": "t"}},
    "authenticatedData": {
        "lp_sdes": [
            {
                "type": "ctmrinfo",
                "info": {"balance": 1.5, "lastPaymentDate": {"day": 1, "month": 2, "year": 3}},
            },
            {
                "type": "personal",
                "personal": {"gender": 1, "age": {"age": 5}, "contacts": [{"phoneType": "HOME"}]},
            },
        ]
    },
}
OPENING = {
    "ttrDefName": None,
    "skillId": -1,
    "campaignInfo": {"campaignId": "1", "engagementId": 2},
    "conversationContext": {"type": "SharkContext", "interactionContextId": 2, "features": ["RICH_CONTENT"]},
}
WORDS = {"text": "Hello", "metadata": [{"type": "ExternalId", "id": "1"}], "quick_replies": QUICK_REPLIES}
ACTS = [
    {"action": "join", "role": "MANAGER"},
    {"action": "accept", "sequences": [0]},
    {"action": "read"},
    {"action": "typing"},
    {"action": "text"} | WORDS,
    {"action": "text", "text": "Well?", "quick_replies": ["Yes", "No"]},
    {"action": "rich", "content": FULL_CARD},
    {"action": "transfer", "skill_id": "4711"},
    {"action": "leave"},
    {"action": "close"},
    {"action": "resume"},
]
SETTINGS = [
    {"signature_algorithm": "sha256", "signature_encoding": "hex", "escape_non_ascii": True},
    {"connect_timeout_seconds": 1, "read_timeout_seconds": 1.5, "disable_slow_apps": False},
    {"auto_messages": "Welcome!", "auto_close_seconds": 3600},
    {"survey": {"skills": ["-1"], "questions": [{"text": "How was it?", "replies": ["1", "2"]}]}},
    {
        "agent_script": [
            {"on": "text", "pattern": "a|b", "steps": [{"action": "text", "text": "c", "after": 1}]}
        ]
    },
]
FAULTS = [
    {"webhook": "duplicate", "probability": 1.0, "times": None},
    {"webhook": "reorder", "probability": 0.5},
    {"webhook": "loss", "times": 2},
]
Call = tuple[str, Callable[[bytes], httpx.Response], Any]
# What one message has, another may be given.
FOREIGN = [member for name in SENT for member in members(sample(name))]


class Targets:
    """Every kind of call, over one open conversation and one uploaded file of it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.conversation_id = wire.open()
        self.path = uploaded(wire)
        wire.install(MANIFEST | {"capabilities": self.capabilities})
        wire.agent(self.conversation_id, "text", text="Hello")
        self.filling = {
            "{conversationId}": self.conversation_id,
            "{dialogId}": self.conversation_id,
            "{relativePath}": self.path,
            "12345678": wire.account,
        }

    @property
    def capabilities(self) -> dict[str, Any]:
        hook = {
            "endpoint": NOWHERE,
            "max_retries": 1,
            "headers": [{"header_name": "X-A", "header_value": "b"}],
        }
        return {"webhooks": {CONTENT: hook, CHANGE: hook, "retry": {"retention_time": 60}}}

    def choose(self, chance: random.Random) -> Call:
        """A name for it, the call, and the message that it takes."""
        one_of = [
            self.send,
            self.send,
            self.send,
            self.converse,
            self.manifest,
            self.act,
            self.set,
            self.fault,
        ]
        return chance.choice(one_of)(chance)

    def send(self, chance: random.Random) -> Call:
        name = chance.choice(SENT)
        request = sample(name, self.filling)
        if name == "send_rich_content_request":
            request["body"]["event"] = {"type": "RichContentEvent", "content": FULL_CARD}
        if name == "profile_request":
            request["body"] = ANNA_BERG
        return name, lambda body: self.wire.send(body, headers=self.properties(chance)), request

    def converse(self, chance: random.Random) -> Call:
        batch = sample("conversation_request", self.filling)
        batch[0]["body"] = chance.choice([ANNA_BERG, batch[0]["body"]])
        batch[1]["body"] |= chance.choice([OPENING, {}])
        batch += chance.choice([[], [text("", request_id="3")]])
        consumer = chance.choice(["anna_channel_0001", "carl_channel_0003", "dora_channel_0004"])
        return "batch", lambda body: self.wire.converse(body, consumer=consumer), batch

    def manifest(self, chance: random.Random) -> Call:
        app_id = chance.choice(["", self.wire.ready["client_id"]])
        headers = {"If-Match": "*"}
        method = "PUT" if app_id else "POST"
        engagement = {"design_window": True, "entry_point": ["a"]}
        manifest = MANIFEST | {"capabilities": self.capabilities | {"engagement": engagement}}
        return method, lambda body: self.wire.installations(method, app_id, body, headers), manifest

    def act(self, chance: random.Random) -> Call:
        return self.control("agent", {"conversation_id": self.conversation_id} | chance.choice(ACTS))

    def set(self, chance: random.Random) -> Call:
        return self.control("settings", chance.choice(SETTINGS))

    def fault(self, chance: random.Random) -> Call:
        return self.control("faults", chance.choice(FAULTS))

    def control(self, path: str, body: dict[str, Any]) -> Call:
        return path, lambda sent: self.wire.control("POST", path, sent), body

    @staticmethod
    def properties(chance: random.Random) -> dict[str, str | None]:
        value = {
            "type": ".ClientProperties",
            "features": ["MULTI_DIALOG", "RICH_CONTENT"],
            "appId": "a",
            "os": "IOS",
        }
        header = broken(value, chance, FOREIGN).decode("ascii", "replace").replace("�", "?")
        return {"Client-Properties": chance.choice([None, header[:2000].strip()])}


def assert_answered(answer: httpx.Response, case: str) -> None:
    assert answer.status_code < 500, (case, answer.text)
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES, case
    json.loads(answer.content, parse_constant=lambda name: pytest.fail(f"{case}: {name} is not JSON"))


def connection_of(answer: httpx.Response) -> Any:
    return answer.extensions["network_stream"].get_extra_info("client_addr")


def test_whatever_is_broken_of_a_message_is_answered_in_json(wire: Wire) -> None:
    connection = connection_of(wire.state())

    for number in range(CASES):
        if number % FRESH_AFTER == 0:
            wire.control("POST", "reset")
            wire.renew()
            targets = Targets(wire)
        chance = random.Random(f"wire {number}")
        name, call, message = targets.choose(chance)
        body = broken(message, chance, FOREIGN)
        for placeholder, filling in targets.filling.items():
            body = body.replace(placeholder.encode(), filling.encode())
        case = f"case {number}, {name}: {body[:2000]!r}"

        answer = call(body)

        assert_answered(answer, case)
        assert connection_of(answer) == connection, case
        if number % FRESH_AFTER == FRESH_AFTER - 1:
            for path in ("state", "deliveries", "settings"):
                assert_answered(wire.control("GET", path), f"{path} after {case}")

    wire.control("POST", "reset")
    assert sequence(wire.send(text(wire.open()))) == 0


def test_whatever_is_broken_of_a_temp_url_opens_nothing(wire: Wire) -> None:
    url = wire.send(sample("download_url_request", {"{relativePath}": uploaded(wire)})).json()["body"]
    query = {**url["queryParams"], "temp_url_prefix": "a"}
    connection = connection_of(wire.state())

    for number in range(CASES // 5):
        chance = random.Random(f"store {number}")
        broken_query = list(query.items())
        place = chance.randrange(2)
        name, value = broken_query[place]
        at = chance.randrange(len(value))
        odd = chance.choice(
            ["", "0", "-1", "1e9", "%00", "ü", "9" * 40, value.upper() + "G", value[:-1], value + "0"]
        )
        odd = chance.choice([odd, value[:at] + chance.choice("ghxyzÄ ") + value[at + 1 :]])
        broken_query[place : place + 1] = chance.choice([[], [(name, odd)], [(name, value), (name, value)]])
        method = chance.choice(["GET", "PUT", "HEAD", "DELETE"])
        case = f"case {number}: {method} {broken_query}"

        answer = wire.http.request(
            method,
            f"{wire.domain('swift')}{url['relativePath']}",
            params=httpx.QueryParams(broken_query),
            content=b"x" if method == "PUT" else None,
        )

        assert answer.status_code == 401, case
        assert answer.headers["content-type"].startswith("text/plain"), case
        assert answer.text == ("" if method == "HEAD" else "401 Unauthorized: Temp URL invalid"), case
        assert connection_of(answer) == connection, case
