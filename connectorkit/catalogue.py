"""Error scenarios as data: how to provoke each documented refusal, and what to expect.

Every scenario plays with a consumer of its own. ``before`` names what must have happened, ``payload`` builds
what is sent from the scene, ``headers`` replace what the kit would send.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectorkit import envelopes, wire
from connectorkit.operations import Payload


@dataclass(frozen=True)
class Scene:
    """What a payload may refer to."""

    account_id: str
    consumer: str
    conversation_id: str = ""


Step = Literal["open", "close", "open by another", "61 minutes pass"]


@dataclass(frozen=True)
class Scenario:
    """One thing that goes wrong on purpose.

    ``status_code`` and, where there are any, ``error_code`` or ``text`` are what the first answer must have;
    ``source`` is the seed's sentence (S), a ruling (R) or the public documents' section on the subject.
    """

    name: str
    shows: str
    source: str
    status_code: int
    error_code: int | None = None
    text: str | None = None
    call: Literal["conversation", "send", "app_jwt"] = "send"
    before: tuple[Step, ...] = ("open",)
    payload: Callable[[Scene], Payload] = lambda scene: envelopes.publish_text(scene.conversation_id, "Hello")
    headers: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        """Status and number, and the text where one is promised."""
        says = f"“… {self.text} …”" if self.text else ""
        parts = [str(self.status_code), str(self.error_code or ""), says]
        return " · ".join(part for part in parts if part)

    @property
    def sandbox_only(self) -> bool:
        """Whether it needs the sandbox's clock."""
        return "61 minutes pass" in self.before


def _batch(scene: Scene, **changes: Any) -> list[dict[str, Any]]:
    profile = envelopes.set_profile(request_id="1")
    request = envelopes.request_conversation(scene.account_id, request_id="2")
    request["body"] = {k: v for k, v in (request["body"] | changes).items() if v is not None}
    return [profile, request]


def _event(scene: Scene, **event: Any) -> dict[str, Any]:
    return envelopes.request(
        wire.PUBLISH_EVENT, {"dialogId": scene.conversation_id, "event": event}, request_id="1"
    )


def _too_long(scene: Scene) -> dict[str, Any]:
    return _event(scene, type=wire.CONTENT_EVENT, contentType=wire.TEXT, message="x" * 5000)


def _unnamed(scene: Scene) -> dict[str, Any]:
    envelope = envelopes.publish_text(scene.conversation_id, "Hello")
    del envelope["id"]
    return envelope


ALL = (
    Scenario(
        name="expired-app-jwt",
        shows="An hour has passed: the AppJWT is refused, renewed once, and the text is sent again.",
        source="S9, S11, S18",
        status_code=401,
        error_code=wire.INVALID_APP_JWT,
        before=("open", "61 minutes pass"),
    ),
    Scenario(
        name="missing-app-jwt",
        shows="The Authorization header was forgotten.",
        source="S12, R8",
        status_code=401,
        error_code=wire.MISSING_APP_JWT,
        headers={wire.AUTHORIZATION: None},
    ),
    Scenario(
        name="invalid-app-jwt",
        shows="What stands in the Authorization header is no token of this service.",
        source="S13",
        status_code=401,
        error_code=wire.INVALID_APP_JWT,
        headers={wire.AUTHORIZATION: "not-a-token"},
    ),
    Scenario(
        name="missing-consumer-jws",
        shows="The X-LP-ON-BEHALF header was forgotten.",
        source="S14",
        status_code=401,
        error_code=wire.MISSING_CONSUMER_JWS,
        headers={wire.ON_BEHALF: None},
    ),
    Scenario(
        name="invalid-consumer-jws",
        shows="What stands in the X-LP-ON-BEHALF header is no token of this service.",
        source="S15",
        status_code=401,
        error_code=wire.INVALID_CONSUMER_JWS,
        headers={wire.ON_BEHALF: "not-a-token"},
    ),
    Scenario(
        name="foreign-conversation",
        shows="A consumer writes into the conversation of another: a new AppJWT would not help.",
        source="S19, R11",
        status_code=401,
        error_code=wire.INVALID_CONSUMER_JWS,
        before=("open by another",),
    ),
    Scenario(
        name="wrong-client-secret",
        shows="The AppJWT is asked for with a wrong client secret.",
        source="R31",
        status_code=401,
        call="app_jwt",
        before=(),
        payload=lambda scene: b"",
    ),
    Scenario(
        name="missing-brand-id",
        shows="The conversation request does not say whose brand it is.",
        source="R9",
        status_code=400,
        error_code=wire.MISSING_PARAMETER,
        call="conversation",
        before=(),
        payload=lambda scene: _batch(scene, brandId=None),
    ),
    Scenario(
        name="already-open",
        shows="The consumer has an open conversation; a second one is refused, though the profile is set.",
        source="R14",
        status_code=400,
        text="already has open conversation",
        call="conversation",
        payload=_batch,
    ),
    Scenario(
        name="reversed-batch",
        shows="The conversation request stands before the profile.",
        source="R16",
        status_code=400,
        text="Bad Request",
        call="conversation",
        before=(),
        payload=lambda scene: _batch(scene)[::-1],
    ),
    Scenario(
        name="wrong-ttr-name",
        shows="The urgency has a name that does not exist.",
        source="R18",
        status_code=400,
        text="ttrDefName",
        call="conversation",
        before=(),
        payload=lambda scene: _batch(scene, ttrDefName="ASAP"),
    ),
    Scenario(
        name="closed-conversation",
        shows="A text comes after the conversation was closed.",
        source="R13",
        status_code=400,
        text=wire.CLOSED_MESSAGE,
        before=("open", "close"),
    ),
    Scenario(
        name="unknown-conversation",
        shows="Nobody ever opened this conversation.",
        source="R12",
        status_code=404,
        before=(),
        payload=lambda scene: envelopes.publish_text("00000000-0000-4000-8000-000000000000", "Hello"),
    ),
    Scenario(
        name="too-long-text",
        shows="The request is longer than 5000 characters.",
        source="R21",
        status_code=400,
        text="Bad Request",
        payload=_too_long,
    ),
    Scenario(
        name="missing-id",
        shows="The request states no id, so no answer could be matched to it.",
        source="S33, R3",
        status_code=400,
        text="id",
        payload=_unnamed,
    ),
    Scenario(
        name="unknown-chat-state",
        shows="The chat state is spelt PAUSED; on the wire it is PAUSE.",
        source="R68",
        status_code=400,
        text="chatState",
        payload=lambda scene: _event(scene, type=wire.CHAT_STATE_EVENT, chatState="PAUSED"),
    ),
    Scenario(
        name="array-on-send",
        shows="SEND takes one request, not a batch.",
        source="S4",
        status_code=400,
        text="Bad Request",
        payload=lambda scene: [envelopes.publish_text(scene.conversation_id, "Hello")],
    ),
    Scenario(
        name="broken-json",
        shows="The body ends in the middle.",
        source="S20",
        status_code=400,
        text="JSON",
        payload=lambda scene: json.dumps(envelopes.publish_text(scene.conversation_id, "Hello"))[:40],
    ),
    Scenario(
        name="wrong-content-type",
        shows="The body is JSON, but its Content-Type says otherwise.",
        source="R26",
        status_code=415,
        headers={"Content-Type": "text/plain"},
    ),
    Scenario(
        name="too-large-body",
        shows="The body is larger than one mebibyte.",
        source="R22",
        status_code=413,
        payload=lambda scene: " " * (wire.MAX_BODY_BYTES + 1),
    ),
)

BY_NAME = {scenario.name: scenario for scenario in ALL}
