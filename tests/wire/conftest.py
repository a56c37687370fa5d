"""A caller that knows the wire only: literal paths, header names and type strings, nothing of the package."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
CHANGE = "cqm.ExConversationChangeNotification"
CONTENT, RICH, RECEIPT, STATE = (
    f"ms.MessagingEventNotification.{name}"
    for name in ("ContentEvent", "RichContentEvent", "AcceptStatusEvent", "ChatStateEvent")
)
WEBHOOKS = (CONTENT, RICH, RECEIPT, STATE, CHANGE)


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
        self._bearer = ""

    # --- The control API ---

    def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self.http.request(
            method,
            f"{self.base_url}/sandbox/{path}",
            content=None if body is None else _encoded(body),
            headers={
                "Authorization": f"Bearer {self.ready['control_token']}",
                "Content-Type": "application/json",
            },
        )

    def _controlled(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.control(method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self) -> httpx.Response:
        return self.control("GET", "state")

    def conversation(self, conversation_id: str) -> dict[str, Any]:
        """What the sandbox keeps of a conversation."""
        kept: list[dict[str, Any]] = self.state().json()["conversations"]
        return next(each for each in kept if each["id"] == conversation_id)

    def advance(self, seconds: float, *, settle: bool = True) -> None:
        self._controlled("POST", "clock", {"advance_seconds": seconds, "settle": settle})

    def settle(self, seconds: float = 1.0) -> bool:
        """Whether everything under way, or due within so many seconds, has been done.

        On a slow machine what is under way may take longer than that; it is given more turns.
        """
        asked = (self._controlled("POST", "settle", {"seconds": seconds})["settled"] for _ in range(10))
        return any(asked)

    def settings(self, **values: Any) -> Any:
        """Change some settings, or with no argument read them all."""
        return self._controlled(*(("POST", "settings", values) if values else ("GET", "settings")))

    def agent(self, conversation_id: str, action: str, **more: Any) -> Any:
        body = {"conversation_id": conversation_id, "action": action, **more}
        return self._controlled("POST", "agent", body)

    def fault(self, **spec: Any) -> str:
        """Let something go wrong; the fault's id."""
        return str(self._controlled("POST", "faults", spec)["fault_id"])

    def clear_faults(self) -> None:
        answer = self.control("DELETE", "faults")
        assert answer.is_success, answer.text

    def deliveries(self) -> dict[str, Any]:
        return dict(self._controlled("GET", "deliveries"))

    # --- Apps ---

    def login(self) -> httpx.Response:
        names = {"username": self.ready["admin_username"], "password": self.ready["admin_password"]}
        return self.http.post(f"{self.domain('agentVep')}/api/account/{self.account}/login", json=names)

    def installations(
        self, method: str, app_id: str = "", body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """A call to the administration of apps, as an administrator unless ``headers`` say otherwise."""
        if not self._bearer:
            answer = self.login()
            assert answer.status_code == 200, answer.text
            self._bearer = answer.json()["bearer"]
        path = f"/api/account/{self.account}/configuration/app-install/installations"
        return self.http.request(
            method,
            f"{self.domain('accountConfigReadWrite')}{path}{'/' if app_id else ''}{app_id}?v=1.0",
            content=None if body is None else _encoded(body),
            headers={
                "Authorization": f"Bearer {self._bearer}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
        )

    def install(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """The app as stored, with its ``client_id`` and ``client_secret``."""
        answer = self.installations("POST", body=manifest)
        assert answer.is_success, answer.text
        return dict(answer.json())

    # --- The service ---

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


@dataclass(frozen=True)
class Received:
    """One request that the hook got; header names are in lower case, the body is as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """The key under which a manifest registers what came."""
        event = self.message["body"]["changes"][0].get("event")
        return f"{self.message['type']}.{event['type']}" if event else str(self.message["type"])


class Hook(ThreadingHTTPServer):
    """A webhook receiver; ``answer`` gives the status, 0 hangs up without one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _HookHandler)
        self.received: list[Received] = []
        self.answer: Callable[[Received], int] = lambda received: 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def manifest(self, *kinds: str, retry: dict[str, Any] | None = None, **webhook: Any) -> dict[str, Any]:
        """An app that has the named events, or all five, sent here; ``webhook`` goes into each of them."""
        hooks: dict[str, Any] = {kind: {"endpoint": self.url, **webhook} for kind in kinds or WEBHOOKS}
        return {
            "client_name": "Hooked",
            "enabled": True,
            "grant_types": ["client_credentials"],
            "scope": "msg.consumer",
            "capabilities": {"webhooks": hooks | ({"retry": retry} if retry else {})},
        }

    def changes(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The first change of each notification that came, or of those of one kind, oldest first."""
        wanted = [each for each in list(self.received) if kind in (None, each.kind)]
        return [each.message["body"]["changes"][0] for each in wanted]

    def wait_for(self, count: int, kind: str | None = None, seconds: float = 5) -> list[dict[str, Any]]:
        """The changes, once there are so many; fails when they do not come in (real) time."""
        deadline = time.monotonic() + seconds
        while len(self.changes(kind)) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.changes(kind)) >= count, [each.kind for each in self.received]
        return self.changes(kind)


class _HookHandler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.path, headers, body)
        self.server.received.append(received)
        if status := self.server.answer(received):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A receiver on loopback that nobody knows yet: ``wire.install(hook.manifest())`` registers it."""
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()


@pytest.fixture
def wire(sandbox: dict[str, Any]) -> Iterator[Wire]:
    """A connector at the freshly reset sandbox."""
    # Loopback has no TLS: an empty context spares each test the loading of the certificate store.
    with httpx.Client(timeout=30, trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as http:
        yield Wire(http, sandbox)
