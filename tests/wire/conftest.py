"""A caller that knows the wire only: literal paths, header names and type strings, nothing of the package."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

ANNA = "anna_channel_0001"
BERT = "bert_channel_0002"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
CLOSED_TEXT = "Bad Request, Conversation is close"
RATING = {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"}
TTR = {"field": "TTRField", "ttrType": "URGENT", "value": 60}
JSON_MEDIA_TYPES = {"application/json", "application/json;charset=utf-8"}


def sample(name: str, filling: dict[str, str] | None = None) -> Any:
    """A stored sample, with each key of ``filling`` replaced by its value in the text."""
    text = (Path(__file__).parent / "samples" / f"{name}.json").read_text("utf-8")
    for placeholder, value in (filling or {}).items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def publish(dialog_id: str, event: Any, request_id: Any = "7") -> dict[str, Any]:
    body = {"dialogId": dialog_id, "event": event}
    return {"kind": "req", "id": request_id, "type": "ms.PublishEvent", "body": body}


def text(dialog_id: str, message: Any = "Good morning", request_id: Any = "7") -> dict[str, Any]:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": message}
    return publish(dialog_id, event, request_id)


def chat_state(dialog_id: str, state: Any, request_id: Any = "7") -> dict[str, Any]:
    return publish(dialog_id, {"type": "ChatStateEvent", "chatState": state}, request_id)


def update(conversation_id: str, field: Any, request_id: Any = "9") -> dict[str, Any]:
    body = {"conversationId": conversation_id, "conversationField": field}
    return {"kind": "req", "id": request_id, "type": "cm.UpdateConversationField", "body": body}


def close(conversation_id: str) -> dict[str, Any]:
    return update(conversation_id, {"field": "ConversationStateField", "conversationState": "CLOSE"})


def profile(body: Any, request_id: Any = "1") -> dict[str, Any]:
    return {"kind": "req", "id": request_id, "type": "userprofile.SetUserProfile", "body": body}


def refusal(answer: httpx.Response) -> str:
    """The text of a refused request, be the answer one response or an array of them."""
    parsed = answer.json()
    entries = parsed if isinstance(parsed, list) else [parsed]
    refused = [entry for entry in entries if entry["code"] != "OK"]
    return str(refused[0]["body"]["msg"])


def without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != name}


def assert_refused(answer: httpx.Response, request_id: str, named: str = "") -> None:
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "body", "reqId"}
    assert answer.json()["code"] == "BAD_REQUEST"
    assert answer.json()["reqId"] == request_id
    assert answer.json()["body"]["msg"].startswith("Bad Request")
    assert named in answer.json()["body"]["msg"]


def sequence(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    number = answer.json()["body"]["sequence"]
    assert type(number) is int
    return number


class Wire:
    """One connector at one account; keeps its tokens until told to renew."""

    def __init__(self, http: httpx.Client, ready: dict[str, Any]) -> None:
        self.http = http
        self.ready = ready
        self.base_url: str = ready["base_url"]
        self.account: str = ready["account_id"]
        self._hosts: dict[str, str] = {}
        self._app_token = ""
        self._consumer_tokens: dict[str, str] = {}

    def state(self) -> httpx.Response:
        return self.http.get(
            f"{self.ready['base_url']}/sandbox/state",
            headers={"Authorization": f"Bearer {self.ready['control_token']}"},
        )

    def advance(self, seconds: int) -> None:
        answer = self.http.post(
            f"{self.base_url}/sandbox/clock",
            json={"advance_seconds": seconds},
            headers={"Authorization": f"Bearer {self.ready['control_token']}"},
        )
        assert answer.status_code == 200, answer.text

    def domain(self, service: str) -> str:
        """The origin of a service; loopback has no TLS, so the scheme is http."""
        if service not in self._hosts:
            path = f"/api/account/{self.account}/service/{service}/baseURI.json?version=1.0"
            answer = self.http.get(self.base_url + path)
            assert answer.status_code == 200, answer.text
            self._hosts[service] = answer.json()["baseURI"]
        return f"http://{self._hosts[service]}"

    def ask_app_token(
        self,
        query: dict[str, str],
        form: dict[str, str] | bytes,
        headers: dict[str, str] | None = None,
        account: str | None = None,
    ) -> httpx.Response:
        url = f"{self.domain('sentinel')}/sentinel/api/account/{account or self.account}/app/token"
        content = form if isinstance(form, bytes) else str(httpx.QueryParams(form)).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.http.post(url, params=query, content=content, headers=sent)

    def new_app_token(self) -> str:
        answer = self.ask_app_token(
            {"v": "1.0", "grant_type": "client_credentials"},
            {"client_id": self.ready["client_id"], "client_secret": self.ready["client_secret"]},
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def app_token(self) -> str:
        self._app_token = self._app_token or self.new_app_token()
        return self._app_token

    def renew(self) -> None:
        self._app_token = ""

    def ask_consumer_token(
        self, body: Any, headers: dict[str, str | None] | None = None, query: str = "?v=1.0"
    ) -> httpx.Response:
        url = f"{self.domain('idp')}/api/account/{self.account}/consumer{query}"
        wanted = {"Authorization": self.app_token(), "Content-Type": "application/json", **(headers or {})}
        sent = {name: value for name, value in wanted.items() if value is not None}
        return self.http.post(url, content=_encoded(body), headers=sent)

    def consumer_token(self, consumer: str = ANNA) -> str:
        if consumer not in self._consumer_tokens:
            answer = self.ask_consumer_token({"ext_consumer_id": consumer})
            assert answer.status_code == 201, answer.text
            self._consumer_tokens[consumer] = answer.json()["token"]
        return self._consumer_tokens[consumer]

    def lp_consumer_id(self, consumer: str = ANNA) -> str:
        return str(claims(self.consumer_token(consumer))["lp_consumer_id"])

    def call(
        self,
        path: str,
        body: Any,
        *,
        consumer: str = ANNA,
        headers: dict[str, str | None] | None = None,
        query: str = "?v=3",
        method: str = "POST",
        account: str | None = None,
    ) -> httpx.Response:
        """A call to the messaging service; a header of None is left out, bytes are sent as they are."""
        url = f"{self.domain('asyncMessagingEnt')}/api/account/{account or self.account}{path}{query}"
        wanted = {
            "Authorization": self.app_token(),
            "X-LP-ON-BEHALF": self.consumer_token(consumer),
            "Content-Type": "application/json",
            **(headers or {}),
        }
        sent = {name: value for name, value in wanted.items() if value is not None}
        return self.http.request(method, url, content=_encoded(body), headers=sent)

    def converse(self, batch: Any, **how: Any) -> httpx.Response:
        return self.call("/messaging/consumer/conversation", batch, **how)

    def send(self, request: Any, **how: Any) -> httpx.Response:
        return self.call("/messaging/consumer/conversation/send", request, **how)

    def request_conversation(self, **members: Any) -> dict[str, Any]:
        body = {"brandId": self.account, "channelType": "MESSAGING", **members}
        return {"kind": "req", "id": "2", "type": "cm.ConsumerRequestConversation", "body": body}

    def batch(self, *third: Any, **members: Any) -> list[dict[str, Any]]:
        return [profile({}), self.request_conversation(**members), *third]

    def open(self, consumer: str = ANNA) -> str:
        answer = self.converse(self.batch(), consumer=consumer)
        assert answer.status_code == 200, answer.text
        return str(answer.json()[1]["body"]["conversationId"])

    def open_and_close(self, consumer: str = ANNA) -> str:
        conversation_id = self.open(consumer)
        answer = self.send(close(conversation_id), consumer=consumer)
        assert answer.status_code == 200, answer.text
        return conversation_id


def _encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()


@pytest.fixture
def wire(sandbox: dict[str, Any]) -> Iterator[Wire]:
    """A connector at the freshly reset sandbox."""
    # Loopback has no TLS: an empty context spares each test the loading of the certificate store.
    with httpx.Client(timeout=30, trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as http:
        yield Wire(http, sandbox)
