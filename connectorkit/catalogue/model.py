"""What a scenario is: how something is provoked, and what must come of it, all of it data.

Texts in braces stand for what is known when it is played: ``{account}``, ``{consumer}``, ``{lp_consumer}``,
``{conversation}``, ``{file}`` (the path of an upload answer), ``{app_jwt}`` and ``{consumer_jws}``. In an
answer, ``{not 1}`` stands for any other text than 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectorkit.markup import Shown

Step = Literal[
    "open",
    "open by another",
    "close",
    "close as the agent",
    "upload url",
    "upload url of another",
    "download url",
    "app without its grant",
    "app switched off",
    "app removed",
    "faults",
]
Call = Literal["domains", "app_jwt", "consumer_jws", "conversation", "send", "upload_file", "download_file"]
Promised = Literal["all", "numbers", "status"]
# How a request ends that gets no whole answer.
Failure = Literal["", "no connection", "connection closed", "no answer in time"]

_LONGEST_TEXT = 300
_ON_ACCOUNT = {
    "harmless": "harmless: no agent hears of it, and nothing stays",
    "visible": "opens a conversation, which agents may see, and closes it",
}


@dataclass(frozen=True)
class Request(Shown):
    """The request that provokes it, as what differs from a good one.

    ``payload`` is JSON, or text that is sent as it is; ``None`` leaves what the call would send. In
    ``query``, ``form`` and ``headers`` a value of ``None`` leaves that one out. ``timeout`` is seconds.
    ``nobody`` sends it to an address where nobody listens.
    """

    call: Call = "send"
    payload: Any = None
    query: Mapping[str, str | None] = field(default_factory=dict)
    form: Mapping[str, str | None] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    method: str | None = None
    path: str | None = None
    timeout: float | None = None
    nobody: bool = False


@dataclass(frozen=True)
class Answer(Shown):
    """What the first answer must be, member for member.

    ``body`` is the decoded JSON, or the text where it is none; ``lacks`` stands in for a body that is
    different everywhere: what must not be in it. ``headers`` are those that matter, ``None`` for one that
    must not be there. ``promised`` is what documents say of it: ``all``, only the ``numbers`` (and the words
    that stand for them), or nothing but the ``status``; the rest is the sandbox's own, and an account may
    have it otherwise. ``failure`` is what came instead of an answer.
    """

    status: int | None
    body: Any = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    lacks: str = ""
    promised: Promised = "status"
    failure: Failure = ""


@dataclass(frozen=True)
class Ending(Shown):
    """What the kit must make of it by itself, after how many attempts.

    ``result`` is the last status or the error it raised, ``None`` stands for the status of the first answer.
    ``settled`` is what notifications then tell of a request whose outcome was unknown.
    """

    result: int | str | None = None
    attempts: int = 1
    settled: Literal["", "arrived", "not heard of"] = ""


@dataclass(frozen=True)
class Scenario(Shown):
    """One thing that goes wrong on purpose.

    ``before`` is what must have happened, then ``clock_seconds`` pass, then ``faults`` are switched on (the
    keywords of ``kit.sandbox.faults``; earlier where ``before`` says so), then comes the ``request``.
    ``notifications`` is what a receiver then sees of the message: event, number and mark. ``rest_seconds``
    pass before it is tidied up. ``advice`` is what a client should do. ``on_account`` says whether a real
    account may be bothered with it; ``never`` is why not, where that is not plain. ``source`` is a sentence
    of the API overview (S), a ruling (R) or a section of the public documents.
    """

    name: str
    shows: str
    advice: str
    source: str
    answer: Answer
    request: Request = Request()
    before: tuple[Step, ...] = ()
    clock_seconds: int = 0
    rest_seconds: int = 0
    faults: tuple[Mapping[str, Any], ...] = ()
    ending: Ending = Ending()
    notifications: tuple[str, ...] = ()
    on_account: Literal["harmless", "visible", ""] = ""
    never: str = ""
    topic: str = ""

    @property
    def expected(self) -> str:
        """Status, numbers and texts of the answer, in one line."""
        return in_words(self.answer.status, self.answer.body, self.answer.failure, self.notifications)

    @property
    def handled(self) -> str:
        """What the kit makes of it by itself; empty where it leaves it at the first answer."""
        result = self.answer.status if self.ending.result is None else self.ending.result
        return ending_in_words(result, self.ending.attempts, self.ending.settled)

    @property
    def sandbox_only(self) -> bool:
        """Whether it can only be provoked on a sandbox."""
        return not self.on_account

    @property
    def account(self) -> str:
        """Whether a real account may be bothered with it, in words."""
        return _ON_ACCOUNT.get(self.on_account) or f"no: {self.why_never}"

    @property
    def why_never(self) -> str:
        """Why it is not for a real account; empty where it is."""
        if self.on_account:
            return ""
        if self.never:
            return self.never
        if self.faults:
            return "needs a fault of the sandbox"
        return "needs the sandbox's clock" if self.clock_seconds else "needs the sandbox"

    def row(self) -> dict[str, Any]:
        """Its row in the frame of the catalogue."""
        return {
            "scenario": self.name,
            "topic": self.topic,
            "shows": self.shows,
            "expected": self.expected,
            "handled": self.handled or None,
            "next_step": self.advice,
            "on_account": self.account,
            "source": self.source,
        }


def in_words(status: int | None, body: Any, failure: str = "", notifications: Iterable[str] = ()) -> str:
    """An answer in one line: the status, and the numbers and texts of its body that tell what went wrong."""
    parts = [str(status)] if status is not None else []
    empty = ["no body"] if body == "" and not failure else []
    said = [*parts, *_told(body), *empty, failure, ", ".join(notifications)]
    return " · ".join(_short(part) for part in said if part)


def ending_in_words(result: int | str | None, attempts: int, settled: str = "") -> str:
    """What a kit made of it; empty where it left it at the first answer."""
    if result is None or (attempts <= 1 and isinstance(result, int)):
        return ""
    again = f" after {attempts} attempts" if attempts > 1 else ""
    return f"{result}{again}" + (f", {settled}" if settled else "")


def _short(text: str) -> str:
    """On one line, and not longer than can be read: what came may be a whole page of another server."""
    text = " ".join(text[: 2 * _LONGEST_TEXT].split())
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _told(body: Any) -> list[str]:
    if isinstance(body, str):
        return [body]
    if isinstance(body, list):
        refused = [item for item in body if not (isinstance(item, dict) and item.get("code") == "OK")]
        return [words for item in refused or body[-1:] for words in _told(item)]
    if not isinstance(body, dict):
        return []
    if body.get("code") == "OK":
        return ["OK"]
    inner = body.get("body")
    members = inner if isinstance(inner, dict) else body
    names = ("errorCode", "error", "title", "details", "error_description", "msg")
    return [str(members[name]) for name in names if members.get(name) is not None]
