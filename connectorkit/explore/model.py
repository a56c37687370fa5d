"""What the oracle remembers: who talks to whom, what was numbered, what must have been heard of it.

Written from the protocol alone. Nothing here asks the service.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from connectorkit.explore.source import Code

NAMES = ("ana", "ben")
NOBODYS = "00000000-0000-4000-8000-000000000000"  # the id of no conversation
APP_JWT_SECONDS = 3600
TTR_SECONDS = {"URGENT": 300, "NORMAL": 900, "PRIORITIZED": 600, "CUSTOM": 1200}


@dataclass(frozen=True)
class Span:
    """When something happened by the service's clock, in seconds: not before, not after."""

    earliest: float
    latest: float


@dataclass
class Heard:
    """One notification that must come: what it must be like is made once its place is known."""

    kind: str  # "message" or "change"
    facts: dict[str, Any]
    span: Span
    sequence: int | None = None


@dataclass
class Talk:
    """One conversation, as far as the protocol says what becomes of it."""

    name: str
    who: str
    ttr_type: str | None  # None where it is left open
    ttr_seconds: int | None
    skill_id: str | None
    state: str = "OPEN"
    agent: bool = False
    answered: bool = False
    next_number: int = 0
    accepted: dict[str, set[int]] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)
    said: list[int] = field(default_factory=list)  # numbers of what the consumer said
    told: list[int] = field(default_factory=list)  # numbers of what the agent said
    last_consumer: int | None = None  # place of the notification of the consumer's last words
    closed_by: str | None = None
    closed_cause: str | None = None
    csat: dict[str, Any] | None = None
    hidden_until: float = 0.0
    heard: list[Heard] = field(default_factory=list)
    agents: int = 0  # how many different agents there were; the first is number 1
    order_open: bool = False  # a fault has let notifications overtake each other
    opened: Span = Span(0.0, 0.0)
    answered_at: Span = Span(0.0, 0.0)
    greets: bool = False  # its first message is greeted, if it comes in time
    surveyed: bool = False  # a survey follows, if an agent was there
    survey: str = ""  # the state of its dialog, once there is one
    survey_number: int = 0
    asked: int = 0

    @property
    def id(self) -> Code:
        """Its id, by the name it has in a cell."""
        return Code(self.name)

    @property
    def closed(self) -> bool:
        """Whether it is closed for good."""
        return self.state == "CLOSE"

    @property
    def ended(self) -> bool:
        """Whether all of it is closed, the survey too."""
        return self.closed and self.survey != "OPEN"

    @property
    def situation(self) -> str:
        """Its state, for the report of what was covered."""
        if self.closed:
            return "closed" if self.ended else "survey"
        if not self.agent:
            return "waiting" if not self.answered else "left"
        return "answered" if self.answered else "with agent"

    def number(self, *, survey: bool = False) -> int:
        """Take the next number of the dialog; that of the survey counts for itself."""
        if survey:
            self.survey_number += 1
            return self.survey_number - 1
        taken = self.next_number
        self.next_number += 1
        return taken


@dataclass
class File:
    """An upload or a download URL: whose, until when, and what is stored there."""

    name: str
    who: str
    method: str
    expires: Span
    path_of: str  # the name of the upload URL that first had this path
    kind: str = "PNG"
    content: bytes | None = None


@dataclass
class Model:
    """Everything that was done, and what follows from it.

    ``controlled`` is whether there is a sandbox whose clock can be known. ``ahead`` is how far the service's
    clock is ahead of ours.
    """

    controlled: bool = True
    talks: list[Talk] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    listening: bool = True
    waited: float = 0.0  # seconds since the kit's own AppJWT was last seen to be good
    passed: float = 0.0  # seconds in all by which time was advanced
    deaf: bool = False  # nobody listens for notifications
    token_expires: int | None = None  # of the AppJWT that was put aside
    ahead: Span = Span(0.0, 0.0)
    names: dict[str, Any] = field(default_factory=dict)  # what the steps have called what they got

    def now(self) -> Span:
        """The service's time at this moment."""
        here = time.time()
        return Span(here + self.ahead.earliest - 0.002, here + self.ahead.latest + 0.002)

    def talk(self, number: int) -> Talk | None:
        """The conversation of this number, from 1 on; ``None`` where there is none."""
        return self.talks[number - 1] if 1 <= number <= len(self.talks) else None

    def open_of(self, who: str) -> Talk | None:
        """The open conversation of a consumer."""
        return next((talk for talk in self.talks if talk.who == who and not talk.ended), None)

    def file(self, number: int) -> File | None:
        """The file URL of this number, from 1 on."""
        return self.files[number - 1] if 1 <= number <= len(self.files) else None

    def stored(self, file: File) -> bytes | None:
        """What is stored under the path of a file URL."""
        return next((one.content for one in self.files if one.name == file.path_of), None)

    def fault(self, call: str) -> dict[str, Any] | None:
        """The fault that strikes the next call of this name."""
        return next((one for one in self.faults if one.get("on") == call), None)

    def spend(self, fault: dict[str, Any]) -> None:
        """It has struck."""
        self.faults.remove(fault)

    def webhook_fault(self, what: str) -> bool:
        """Whether a fault of notifications strikes the next one; if so, it has."""
        found = next((one for one in self.faults if one.get("webhook") == what), None)
        if found is not None:
            self.faults.remove(found)
        return found is not None
