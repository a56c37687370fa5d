"""The agent's side of the conversation panel: the sandbox's agent played by hand, or by its script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import ipywidgets

from connectorkit import markup, rich, wire
from connectorkit.control import SandboxControl
from connectorkit.conversations import Conversation
from connectorkit.errors import SandboxError
from connectorkit.steering import Agent
from connectorkit.widgets.composer import FIELD, FITTING, SIDE, side_title
from connectorkit.widgets.controls import AUTO, WRAPPED, bind, button, choice, sends_on_enter
from connectorkit.widgets.transcript import OPEN

if TYPE_CHECKING:
    from connectorkit.widgets.conversation import ConversationPanel

Result = TypeVar("Result")
_SETTLE_SECONDS = 0.5
_ELSEWHERE = "The agents of an account work in a workspace of their own. What they write appears above."
_LONGEST_ID = wire.MAX_METADATA_ID
_QUICK, _CARD = "quick replies", "a card"


class AgentMethods:
    """What a panel can do as the agent. Each is refused with a ``SandboxError`` where there is no sandbox."""

    talk: Conversation
    scripted: bool
    _script: Any = "default"

    def _attempt(self, action: Callable[[], Result]) -> Result:
        raise NotImplementedError

    def _say(self, words: str, good: bool) -> None:
        raise NotImplementedError

    def agent_say(self, text: str, *, choices: Iterable[str] = (), card: bool = False) -> Agent:
        """Say something as the agent; ``choices`` are the titles of quick replies, or of a card's buttons."""
        titles = list(choices)

        def act(agent: Agent) -> Agent:
            if titles and card:
                return agent.rich(_card(text, titles))
            return agent.text(text, quick_replies=titles or None)

        return self._played(act, "The agent has sent it.")

    def agent_send(self, content: Mapping[str, Any], *, quick_replies: Any = None) -> Agent:
        """Send rich content of ``ck.rich`` as the agent; ``quick_replies`` may be a list of titles."""
        return self._played(
            lambda agent: agent.rich(dict(content), quick_replies=quick_replies), "The agent has sent it."
        )

    def agent_typing(self) -> Agent:
        """Show the consumer that the agent is typing."""
        return self._played(Agent.typing, "The consumer sees that the agent is typing.")

    def agent_pause(self) -> Agent:
        """Show that the agent has stopped typing."""
        return self._played(Agent.pause, "The consumer sees that the agent has stopped typing.")

    def agent_read(self) -> Agent:
        """Tell that the agent has read what the consumer wrote."""
        return self._played(Agent.read, "The agent has read everything.")

    def agent_end(self) -> Agent:
        """Close the conversation as the agent."""
        return self._played(Agent.close, "The agent has closed the conversation.")

    def agent_scripted(self, on: bool) -> None:
        """Let the sandbox's script answer by itself, in every conversation of this sandbox, or not.

        A script of your own, switched off here, is the one that is switched on again.
        """
        self._attempt(lambda: self._set_script(on))
        self._say("The script answers." if on else "Nobody answers unless you do.", True)

    def _set_script(self, on: bool) -> None:
        sandbox = sandbox_of(self.talk)
        held = sandbox.settings()["agent_script"]
        self._script = held or self._script
        if bool(held) != on:
            sandbox.settings(agent_script=self._script if on else None)
        self.scripted = on

    def _played(self, act: Callable[[Agent], Agent], words: str) -> Agent:
        def done() -> Agent:
            sandbox = sandbox_of(self.talk)
            agent = act(sandbox.agent(self.talk))
            # What it caused is then in the log, and in the panel when this returns.
            sandbox.settle(_SETTLE_SECONDS)
            return agent

        agent = self._attempt(done)
        self._say(words, True)
        return agent


class AgentSide(ipywidgets.VBox):  # type: ignore[misc]
    """What one does as the agent. Each control calls the method of the panel that is named like it."""

    def __init__(self, panel: ConversationPanel, sandbox: SandboxControl | None) -> None:
        self._panel = panel
        if sandbox is None:
            self._controls: list[Any] = []
            super().__init__([side_title("Agent"), ipywidgets.HTML(markup.words(_ELSEWHERE))], layout=SIDE)
            return
        act = panel.by_hand
        self.text = ipywidgets.Text(
            description="Text",
            placeholder="Write as the agent, then Enter",
            tooltip="Message text of the agent",
            continuous_update=False,
            layout=FIELD,
            style=FITTING,
        )
        send = sends_on_enter(self.text, act(self.send))
        bind(panel, "agent_draft", self.text)
        self.choices = ipywidgets.Text(
            description="Choices",
            placeholder="Yes, No, Later",
            tooltip="Titles to choose from, with commas between; they go with the text",
            continuous_update=False,
            layout=FIELD,
            style=FITTING,
        )
        self.form = choice("as", "How the choices are sent", (_QUICK, _CARD))
        self.scripted = ipywidgets.Checkbox(
            description="the script answers",
            tooltip="The sandbox's script answers by itself, in every conversation",
            indent=False,
            layout=AUTO,
        )
        self.scripted.value = panel.scripted
        self.scripted.observe(self._switched, "value")
        self._controls = [
            self.text,
            button("Send", "Send the agent's text and choices (Enter)", send, "primary"),
            self.choices,
            self.form,
            button("Typing", "Show the consumer that the agent is typing", act(panel.agent_typing)),
            button("Pause", "Show that the agent has stopped typing", act(panel.agent_pause)),
            button("Read", "Tell that the agent has read what the consumer wrote", act(panel.agent_read)),
            button("Close", "Close the conversation as the agent", act(panel.agent_end), "warning"),
        ]
        text, send, choices, form, *others = self._controls
        super().__init__(
            [
                side_title("Agent"),
                ipywidgets.HBox([text, send], layout=WRAPPED),
                ipywidgets.HBox([choices, form], layout=WRAPPED),
                ipywidgets.HBox([*others, self.scripted], layout=WRAPPED),
            ],
            layout=SIDE,
        )

    def send(self) -> None:
        """Send what is in the fields; it stays there where it was refused."""
        titles = [title.strip() for title in self.choices.value.split(",") if title.strip()]
        self._panel.agent_say(self.text.value, choices=titles, card=self.form.value == _CARD)
        self.text.value = self.choices.value = ""

    def follow(self, state: str) -> None:
        """Offer what the state of the conversation allows."""
        for control in self._controls:
            control.disabled = state != OPEN

    def show_scripted(self, on: bool) -> None:
        """Set the switch to what holds."""
        if self._controls and self.scripted.value != on:
            self.scripted.value = on

    def _switched(self, change: Any) -> None:
        if change["new"] != self._panel.scripted:
            self._panel.by_hand(lambda: self._panel.agent_scripted(change["new"]))()
            self.show_scripted(self._panel.scripted)


def sandbox_of(talk: Conversation) -> SandboxControl:
    """The sandbox of a conversation; raises ``SandboxError`` where it is an account's."""
    sandbox = talk.consumer.sandbox
    if sandbox is None:
        raise SandboxError("Only a sandbox's agent can be played here. Use ck.connect(sandbox=True) for one.")
    return sandbox


def _card(text: str, titles: list[str]) -> dict[str, Any]:
    """A text and a button for each title, which says it; the metadata tells by which it was said."""
    buttons = [
        rich.button(
            title, rich.publish_text(title), metadata=[{"type": "ExternalId", "id": title[:_LONGEST_ID]}]
        )
        for title in titles
    ]
    return rich.vertical(rich.text(text), *buttons)
