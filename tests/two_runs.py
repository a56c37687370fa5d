"""Runs written by hand: a script becomes the records of a run, with ids, times and ports of its own."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from connectorkit.comparing.runs import Run
from connectorkit.log import Exchange, Notification

T0, SECOND = 1_700_000_000_000_000_000, 1_000_000_000
ACCOUNT = "87654321"


@dataclass(frozen=True)
class Step:
    """Something that happens; ``options`` change what is recorded of it."""

    kind: str
    who: str = "ana@example"
    what: Any = None
    options: dict[str, Any] = field(default_factory=dict)


def script(draw: random.Random, length: int = 30) -> list[Step]:
    """A random script of two consumers, which ends well after its last notification."""
    steps = [Step("open", who) for who in ("ana@example", "bob@example")]
    for _ in range(length):
        who = draw.choice(("ana@example", "bob@example"))
        kind = draw.choice(("say", "say", "say", "type", "answer", "read", "rate", "renew"))
        what = {
            "say": draw.choice(("Hello", "Where is my parcel?", "Thank you")),
            "answer": draw.choice(("One moment.", "It is on its way.")),
            "rate": draw.randrange(1, 6),
        }.get(kind)
        steps.append(Step(kind, who, what))
    return [*steps, Step("close"), Step("close", "bob@example"), Step("wait"), Step("domains")]


def run_of_steps(steps: list[Step], seed: int = 0) -> Run:
    """The records; another seed gives other ids, times, tokens and ports, and nothing else."""
    teller = _Teller(random.Random(f"ids {seed}"))
    for step in steps:
        teller.tell(step)
    return Run(tuple(teller.exchanges), tuple(teller.notifications))


class _Teller:
    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.now = T0 + draw.randrange(10**6) * SECOND
        self.host = f"127.0.0.1:{draw.randrange(1024, 65536)}"
        self.exchanges: list[Exchange] = []
        self.notifications: list[Notification] = []
        self.conversations: dict[str, str] = {}
        self.next: dict[str, int] = {}
        self.people: dict[str, str] = {}
        self.said_last: dict[str, int] = {}
        self.conversation: dict[str, dict[str, Any]] = {}

    def id(self) -> str:
        return str(uuid.UUID(int=self.draw.getrandbits(128), version=4))

    def person(self, name: str) -> str:
        return self.people.setdefault(name, f"{self.draw.getrandbits(256):064x}")

    def label(self, kind: str) -> str:
        return f"[{kind}:{self.draw.getrandbits(32):08x}]"

    def tell(self, step: Step) -> None:
        self.now += 10 * SECOND + self.draw.randrange(SECOND)
        getattr(self, f"_{step.kind}")(step)

    # --- Steps ---

    def _wait(self, step: Step) -> None:
        self.now += 1000 * SECOND

    def _domains(self, step: Step) -> None:
        path = f"/api/account/{ACCOUNT}/service/baseURI.json?version=1.0"
        self._call(
            step, "domains", path, "", json.dumps({"baseURIs": [{"service": "idp", "baseURI": self.host}]})
        )

    def _open(self, step: Step) -> None:
        conversation = self.conversations[step.who] = self.id()
        ids = [self.id(), self.id()]
        batch = [
            {"kind": "req", "id": ids[0], "type": "userprofile.SetUserProfile", "body": {"firstName": "Ana"}},
            {"kind": "req", "id": ids[1], "type": "cm.ConsumerRequestConversation"}
            | {"body": {"brandId": ACCOUNT, "skillId": step.options.get("skill", "-1")}},
        ]
        answers = [
            {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": ids[0]},
            {"code": "OK", "body": {"conversationId": conversation}, "reqId": ids[1]},
        ]
        self._message(step, "conversation", batch, answers)
        self.next[step.who] = 0
        self.conversation[step.who] = {
            "skillId": step.options.get("skill", "-1"),
            "state": "OPEN",
            "stage": "OPEN",
            "startTs": self.now // 10**6,
            "participants": [{"id": self.person(step.who), "role": "CONSUMER"}],
        }
        self._change(step.who)

    def _say(self, step: Step) -> None:
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": step.what}
        self._publish(step, event)

    def _read(self, step: Step) -> None:
        if step.who in self.said_last:
            numbers = [self.said_last[step.who]]
            self._publish(step, {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": numbers})

    def _type(self, step: Step) -> None:
        self._publish(step, {"type": "ChatStateEvent", "chatState": step.what or "COMPOSING"})

    def _rate(self, step: Step) -> None:
        change = {"field": "CSATRate", "csatRate": step.what, "csatResolutionConfirmation": True}
        self._update(step, change, csat=change | {"status": "FILLED"})

    def _close(self, step: Step) -> None:
        change = {"field": "ConversationStateField", "conversationState": "CLOSE"}
        self._update(step, change, state="CLOSE", stage="CLOSE", closeReason="CONSUMER")

    def _renew(self, step: Step) -> None:
        tokens = {"12345678": {"aud": ACCOUNT, "iss": "Sentinel", "iat": self.now // SECOND}}
        form = f"client_id=app-1&client_secret={self.label('secret')}"
        answer = {"access_token": self.label("jwt"), "token_type": "Bearer"}
        path = f"/sentinel/api/account/{ACCOUNT}/app/token?v=1.0"
        self._call(step, "app_jwt", path, form, json.dumps(answer), tokens=tokens)

    def _answer(self, step: Step) -> None:
        """By the agent, who types first; the service has heard of it when it comes."""
        typing = {"type": "ChatStateEvent", "chatState": "COMPOSING"}
        self._event(step.who, "agent", typing, None)
        text = {"type": "ContentEvent", "contentType": "text/plain", "message": step.what}
        self.said_last[step.who] = self._number(step.who)
        self._event(step.who, "agent", text, self.said_last[step.who], **step.options)

    # --- Records ---

    def _number(self, who: str) -> int:
        self.next[who] += 1
        return self.next[who] - 1

    def _publish(self, step: Step, event: dict[str, Any]) -> None:
        request = self.id()
        body = {"dialogId": self.conversations[step.who], "event": event}
        sent = {"kind": "req", "id": request, "type": "ms.PublishEvent", "body": body}
        if step.options.get("status_code", 200) != 200:
            refusal = {"code": "ERROR", "body": {"msg": "No"}, "reqId": request}
            self._message(step, "send", sent, refusal)
            return
        numbered = event["type"] != "ChatStateEvent"
        number = self._number(step.who) if numbered else None
        got = {"code": "OK", "body": {"sequence": number or 0}, "reqId": request}
        self._message(step, "send", sent, got)
        self._event(step.who, "consumer", event, number, **step.options.get("echo", {}))
        if event["type"] == "ContentEvent" and not step.options.get("unseen"):
            receipt = {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [number]}
            self._event(step.who, "agent", receipt, self._number(step.who))
            receipt = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [number]}
            if not step.options.get("unread"):
                self._event(step.who, "agent", receipt, self._number(step.who))

    def _update(self, step: Step, change: dict[str, Any], **after: Any) -> None:
        request, conversation = self.id(), self.conversations[step.who]
        body = {"conversationId": conversation, "conversationField": change}
        sent = {"kind": "req", "id": request, "type": "cm.UpdateConversationField", "body": body}
        got = {"code": "OK", "body": {"msg": f"OK {conversation} updated"}, "reqId": request}
        self._message(step, "send", sent, got)
        self.conversation[step.who] = self.conversation[step.who] | after
        self._change(step.who)

    def _message(self, step: Step, operation: str, sent: Any, got: Any) -> None:
        suffix = "/send" if operation == "send" else ""
        path = f"/api/account/{ACCOUNT}/messaging/consumer/conversation{suffix}?v=3"
        self._call(step, operation, path, json.dumps(sent), json.dumps(got))

    def _call(self, step: Step, operation: str, path: str, sent: str, got: str, **facts: Any) -> None:
        known = {name: value for name, value in step.options.items() if name in Exchange.__annotations__}
        record: dict[str, Any] = {
            "operation": operation,
            "method": "GET" if operation == "domains" else "POST",
            "url": f"http://{self.host}{path}",
            "exchange_id": len(self.exchanges) + 1,
            "account_id": ACCOUNT,
            "consumer": step.who,
            "started_at": self.now,
            "request_headers": [("host", self.host), ("authorization", self.label("jwt"))],
            "request_body": sent,
            "response_headers": [("content-length", str(len(got))), ("content-type", "application/json")],
            "response_body": got,
            "total_ms": self.draw.random() * 10,
            "status_code": 200,
        }
        self.exchanges.append(Exchange(**record | facts | known))

    def _event(self, who: str, role: str, event: dict[str, Any], number: int | None, **facts: Any) -> None:
        originator = self.person(who) if role == "consumer" else self.person(f"agent of {who}")
        change = {
            "originatorId": originator,
            "originatorMetadata": {
                "id": originator,
                "role": "CONSUMER" if role == "consumer" else "ASSIGNED_AGENT",
            },
            "event": event,
            "conversationId": self.conversations[who],
            "dialogId": self.conversations[who],
        } | ({} if number is None else {"sequence": number, "serverTimestamp": self.now // 10**6})
        for _ in range(facts.get("deliveries", 1)):
            self._notify("ms.MessagingEventNotification", change, who)

    def _change(self, who: str) -> None:
        details = self.conversation[who] | {"metaDataLastUpdateTs": self.now // 10**6}
        result = {"convId": self.conversations[who], "conversationDetails": details}
        self._notify("cqm.ExConversationChangeNotification", {"type": "UPSERT", "result": result}, who)

    def _notify(self, kind: str, change: dict[str, Any], who: str) -> None:
        body = {"kind": "notification", "type": kind, "body": {"changes": [change]}}
        number = len(self.notifications) + 1
        self.notifications.append(
            Notification(
                json.dumps(body),
                notification_id=number,
                received_at=self.now + self.draw.randrange(SECOND),
                account_id=ACCOUNT,
                host=self.host,
                conversation_id=self.conversations[who],
            )
        )


def with_option(step: Step, **options: Any) -> Step:
    return replace(step, options=step.options | options)
