"""What the log keeps: an exchange with the service, and a notification that came from it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, TypeVar

from connectorkit.markup import Shown

Record = TypeVar("Record")
_MAX_MS = 1e12  # some thirty years


def nanoseconds(ms: float | None) -> int:
    """A duration as a whole number; 0 for what is none, as an archive from elsewhere may bring."""
    return int(ms * 1_000_000) if ms is not None and 0 <= ms <= _MAX_MS else 0


def stamped(record: Record, **changes: Any) -> Record:
    """A copy of a record with these members changed; ``dataclasses.replace`` for where each call counts."""
    made: Record = object.__new__(type(record))
    members = record.__dict__.copy()
    members.update(changes)
    object.__setattr__(made, "__dict__", members)
    return made


@dataclass(frozen=True)
class Exchange(Shown):
    """One HTTP request with its response, or with the failure that came instead.

    Times are milliseconds, ``started_at`` is nanoseconds since the epoch; a phase that did not happen is
    ``None``, and the one in which an exchange failed lasts until then. ``blocked_ms`` and the phases add up
    to ``total_ms``. Headers and bodies are as sent and received, with secrets replaced.
    """

    operation: str
    method: str
    url: str
    exchange_id: int = 0
    session_id: str = ""
    scenario: str | None = None
    label: str | None = None
    account_id: str | None = None
    consumer: str | None = None
    attempt: int = 1
    started_at: int = 0
    status_code: int | None = None
    reason: str | None = None
    error: str | None = None
    request_headers: list[tuple[str, str]] = field(default_factory=list)
    request_body: str = ""
    response_headers: list[tuple[str, str]] = field(default_factory=list)
    response_body: str = ""
    request_bytes: int = 0
    response_bytes: int = 0
    http_version: str | None = None
    reused_connection: bool | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    send_ms: float | None = None
    wait_ms: float | None = None
    receive_ms: float | None = None
    total_ms: float | None = None
    tokens: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        outcome = self.error or self.status_code
        took = "" if self.total_ms is None else f", {self.total_ms:.1f} ms"
        return f"<Exchange {self.exchange_id}: {self.operation} → {outcome}{took}>"

    @property
    def ended_at(self) -> int:
        """When it was over, in nanoseconds since the epoch; when it began, where that is not known."""
        return self.started_at + nanoseconds(self.total_ms)

    @property
    def blocked_ms(self) -> float | None:
        """What passed before anything was on the wire: the total without its phases.

        ``None`` where an answer came and no phase was measured, so that nothing is known of it.
        """
        phases = [self.connect_ms, self.tls_ms, self.send_ms, self.wait_ms, self.receive_ms]
        known = [phase for phase in phases if phase is not None]
        if self.total_ms is None or (not known and self.status_code is not None):
            return None
        left = self.total_ms - sum(known)
        return 0.0 if left < 0 else left

    @property
    def first_byte_ms(self) -> float | None:
        """From the begin of the exchange until the status line and the headers of its answer were there."""
        if self.total_ms is None or self.receive_ms is None:
            return None
        before = self.total_ms - self.receive_ms
        return 0.0 if before < 0 else before

    def request_json(self) -> Any:
        """The decoded request body, or ``None`` where it is not JSON."""
        return _decode(self.request_body)

    def response_json(self) -> Any:
        """The decoded response body, or ``None`` where it is not JSON."""
        return _decode(self.response_body)


@dataclass(frozen=True)
class Notification(Shown):
    """One delivery: one POST that a webhook receiver got.

    ``received_at`` is nanoseconds since the epoch. ``signature`` is ``"valid"``, or names why it is not.
    ``host`` is ``host[:port]`` of the messaging service, unknown to a receiver that stands alone;
    ``conversation_id`` is the one conversation it is about, ``None`` where the body names none or several.
    """

    body: str
    notification_id: int = 0
    session_id: str = ""
    received_at: int = 0
    account_id: str | None = None
    client_id: str | None = None
    host: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    body_bytes: int = 0
    signature: str = "valid"
    status_code: int = 200
    conversation_id: str | None = None

    def __repr__(self) -> str:
        about = "" if self.conversation_id is None else f" about {self.conversation_id}"
        return f"<Notification {self.notification_id}{about}: signature {self.signature}>"

    def json(self) -> Any:
        """The decoded body, or ``None`` where it is not JSON."""
        return _decode(self.body)


@dataclass(frozen=True)
class Settlement(Shown):
    """The notification that shows that a request was carried out.

    ``sequence`` is the number that the event got in its dialog, where it got one.
    """

    exchange_id: int
    notification_id: int
    conversation_id: str
    sequence: int | None = None

    def __repr__(self) -> str:
        number = "" if self.sequence is None else f" as number {self.sequence}"
        return (
            f"<Settlement: exchange {self.exchange_id} was carried out{number} in conversation "
            f"{self.conversation_id}, as notification {self.notification_id} shows>"
        )


def _decode(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
