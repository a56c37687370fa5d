"""What one steers a sandbox with: an agent played by hand, and a fault that can be switched off again."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Protocol, Self

from connectorkit import markup
from connectorkit.errors import SandboxError
from connectorkit.markup import Shown

FAULTS_PATH = "/sandbox/faults"


class HasId(Protocol):
    """A conversation, as far as an agent cares."""

    id: str


class Steered(Protocol):
    """The control API of a sandbox."""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call of it; raises ``SandboxError``."""


class Agent(Shown):
    """The agent of one conversation, played by hand. Whoever acts without having joined joins first.

    ``sequence`` is the number that the last text, rich content or receipt got in the dialog.
    """

    def __init__(self, control: Steered, conversation_id: str) -> None:
        self._control = control
        self.conversation_id = conversation_id
        self.sequence: int | None = None

    def join(self, role: str | None = None) -> Agent:
        """Take the conversation; ``role`` is ASSIGNED_AGENT unless told otherwise."""
        return self._act("join", role=role)

    def accept(self, *sequences: int) -> Agent:
        """Tell that messages were received: those numbered, or all that were not accepted yet."""
        return self._act("accept", sequences=list(sequences))

    def read(self, *sequences: int) -> Agent:
        """Tell that messages were read: those numbered, or all that were not read yet."""
        return self._act("read", sequences=list(sequences))

    def typing(self) -> Agent:
        """Show the consumer that the agent is typing."""
        return self._act("typing")

    def pause(self) -> Agent:
        """Show that the agent has stopped typing."""
        return self._act("pause")

    def text(
        self, text: str, *, quick_replies: Any = None, metadata: list[dict[str, Any]] | None = None
    ) -> Agent:
        """Say something; ``quick_replies`` may be a list of titles."""
        return self._act("text", text=text, quick_replies=quick_replies, metadata=metadata)

    def rich(
        self,
        content: dict[str, Any],
        *,
        quick_replies: Any = None,
        metadata: list[dict[str, Any]] | None = None,
    ) -> Agent:
        """Send structured content, as ``ck.rich`` builds it."""
        return self._act("rich", content=content, quick_replies=quick_replies, metadata=metadata)

    def transfer(self, skill_id: str) -> Agent:
        """Hand the conversation over to another skill; the agent leaves it."""
        return self._act("transfer", skill_id=skill_id)

    def leave(self) -> Agent:
        """Leave the conversation."""
        return self._act("leave")

    def close(self) -> Agent:
        """Close the conversation as the agent."""
        return self._act("close")

    def resume(self) -> Agent:
        """Open a new conversation with the consumer of a closed one; the agent returned is the new one's."""
        answer = self._call("resume", {})
        return Agent(self._control, answer["new_conversation_id"])

    def _act(self, action: str, **more: Any) -> Agent:
        answer = self._call(action, {name: value for name, value in more.items() if value not in (None, [])})
        if answer["sequence"] is not None:
            self.sequence = answer["sequence"]
        return self

    def _call(self, action: str, more: dict[str, Any]) -> dict[str, Any]:
        body = {"conversation_id": self.conversation_id, "action": action, **more}
        return self._control.call("POST", "/sandbox/agent", body)

    def __repr__(self) -> str:
        return f"<Agent of conversation {self.conversation_id}>"


class _Switched:
    """What is on until it is removed; as a context manager that is at the end of the block."""

    def remove(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.remove()
        except SandboxError:
            if error is None:  # else what went wrong inside matters more
                raise


class Fault(_Switched):
    """Something that goes wrong on purpose, from the moment it was made until ``remove()``.

    As a context manager it is removed at the end of the block. ``id`` is its name in the control API,
    ``spec`` what was asked for.
    """

    def __init__(self, control: Steered, fault_id: str, spec: dict[str, Any]) -> None:
        self._control = control
        self.id = fault_id
        self.spec = spec
        self._hits = 0
        self._removed = False

    @property
    def hits(self) -> int:
        """How often it has struck so far; once it is gone, how often it had when last asked."""
        self._look()
        return self._hits

    @property
    def on(self) -> bool:
        """Whether it can still strike."""
        return self._look()

    def remove(self) -> None:
        """Let it strike no more; what it struck stays so. Removing it twice does nothing."""
        if not self._removed:
            told = self._control.call("DELETE", FAULTS_PATH, {"fault_id": self.id})
            self._removed = True
            self._hits = self._hits if told["hits"] is None else told["hits"]

    def _look(self) -> bool:
        if self._removed:
            return False
        listed = self._control.call("GET", FAULTS_PATH)["faults"]
        mine = next((one for one in listed if one["fault_id"] == self.id), None)
        if mine is None:  # switched off by a reset, or from elsewhere
            return False
        self._hits = mine["hits"]
        return bool(mine["left"] != 0)

    def __repr__(self) -> str:
        spec = ", ".join(f"{name}={told(value)}" for name, value in self.spec.items())
        return f"<Fault {self.id}: {spec}>"

    def _repr_html_(self) -> str:
        try:
            state = "on" if self._look() else "off"
        except SandboxError as error:
            state = str(error)  # a display must not fail because its subject has gone
        rows = [
            *((name, told(value)) for name, value in self.spec.items()),
            ("hits", self._hits),
            ("state", state),
        ]
        return markup.facts(f"Fault {self.id}", rows)


class Latency(_Switched):
    """A latency profile that is on, from the moment it was made until ``remove()``.

    As a context manager it is removed at the end of the block; what was before it is not put back.
    ``faults`` are the delays it is made of.
    """

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults

    @property
    def hits(self) -> int:
        """How many calls it has delayed so far."""
        return sum(fault.hits for fault in self.faults)

    def remove(self) -> None:
        """Switch it off; removing it twice does nothing."""
        for fault in self.faults:
            fault.remove()

    def __repr__(self) -> str:
        return f"<Latency: {'; '.join(': '.join(row) for row in self._rows()) or 'off'}>"

    def _repr_html_(self) -> str:
        return markup.facts("Latency profile", self._rows())

    def _rows(self) -> list[tuple[str, str]]:
        return [(_where(fault.spec.get("on")), _how_late(fault.spec["delay"])) for fault in self.faults]


def told(value: Any) -> str:
    """A value of a fault in a few words: of a long list only its ends."""
    if isinstance(value, dict) and isinstance(value.get("quantiles"), list):
        return _how_late(value)
    return repr(value)


def _where(on: Any) -> str:
    return "every call" if on is None else on if isinstance(on, str) else ", ".join(map(str, on))


def _how_late(delay: Any) -> str:
    if not isinstance(delay, dict):
        return f"{1000 * delay:g} ms"
    if "quantiles" not in delay:
        return f"log-normal, median {1000 * delay['median']:g} ms, sigma {delay['sigma']:.3g}"
    least, middle, most = (
        1000 * delay["quantiles"][place] for place in (0, len(delay["quantiles"]) // 2, -1)
    )
    return f"as measured, {least:.3g} to {most:.3g} ms, median {middle:.3g} ms"
