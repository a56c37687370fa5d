"""The conversation panel: the consumer left, the agent right, what both said, and the table that fills."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any, TypeVar

import ipywidgets
import pandas as pd
import traitlets

from connectorkit import files, frames, markup
from connectorkit.checks import require
from connectorkit.conversations import Conversation, Dialog
from connectorkit.errors import ConnectorError, EnvelopeError, SandboxError
from connectorkit.replies import Reply
from connectorkit.steps import Clicked
from connectorkit.widgets import elements, transcript
from connectorkit.widgets.agent_side import AgentMethods, AgentSide
from connectorkit.widgets.composer import ConsumerSide
from connectorkit.widgets.following import Following
from connectorkit.widgets.pictures import Albums
from connectorkit.widgets.still import Still
from connectorkit.widgets.transcript import CLOSED, OPEN, SURVEY, Line, Transcript
from connectorkit.widgets.transcript_view import TranscriptView

Result = TypeVar("Result")
_ROWS, _LONGEST_CELL = 12, 300
_TABLE = "Requests of the consumer"
_CLOSED = "The conversation is closed. Re-open it to go on."
_SHOWN = ("exchange_id", "type", "event_type", "text", "code", "sequence")


def conversation_panel(talk: Conversation, *, folded: bool = False) -> ConversationPanel:
    """A panel over an open conversation, to act as its consumer and, on a sandbox, as its agent.

    ``folded`` is a shorter one: the table of requests shows when its title is clicked.
    """
    return ConversationPanel(talk, folded=folded)


class ConversationPanel(Following, AgentMethods, Still):
    """Both sides of a conversation. What is shown is read from the log, so it also has what other cells sent.

    Where the kit receives notifications, the panel refreshes itself with each; a plain client's panel has a
    button for that. ``state`` is open, survey or closed; ``draft`` and ``agent_draft`` are what stands in
    the fields; ``scripted`` says whether the sandbox's script answers by itself.
    """

    conversation_id = traitlets.Unicode(help="The conversation that is shown").tag(sync=True)
    state = traitlets.Unicode(OPEN, help="open, survey or closed").tag(sync=True)
    draft = traitlets.Unicode(help="What stands in the consumer's field").tag(sync=True)
    agent_draft = traitlets.Unicode(help="What stands in the agent's field").tag(sync=True)
    scripted = traitlets.Bool(help="Whether the sandbox's script answers").tag(sync=True)
    said = traitlets.Unicode(help="The last thing that the panel said of itself").tag(sync=True)

    def __init__(self, talk: Conversation, *, folded: bool = False) -> None:
        self.talk = talk
        self._before: list[Line] = []  # of the conversations that were closed here
        self._files = Albums()
        self._now = Transcript([], OPEN)
        consumer, sandbox = elements.clean(talk.consumer.name, 200), talk.consumer.sandbox
        super().__init__()
        self.conversation_id = talk.id
        with contextlib.suppress(SandboxError):
            self.scripted = sandbox is not None and bool(sandbox.settings()["agent_script"])
        self.transcript = TranscriptView(consumer, self._clicked)
        self._status = ipywidgets.HTML()
        self._table = ipywidgets.HTML()
        self.consumer = ConsumerSide(self, consumer, refreshes=not self.hears)
        self.agent = AgentSide(self, sandbox)
        requests = ipywidgets.Accordion([self._table], titles=(_TABLE,), selected_index=None if folded else 0)
        sides = ipywidgets.HBox([self.consumer, self.agent], layout=_SIDE_BY_SIDE)
        self.fill([self.transcript, self._status, sides, requests])
        self.observe(lambda change: self.agent.show_scripted(change["new"]), "scripted")
        self.refresh()
        self._listen()

    @property
    def text(self) -> ipywidgets.Text:
        """The consumer's field."""
        return self.consumer.text

    # --- As the consumer --------------------------------------------------------------------------------

    def submit(self, text: str) -> Reply:
        """Send a text. A refusal is shown in the panel and raised."""
        reply = self._attempt(lambda: self._dialog.send(text))
        self._say(f"Sent. The service gave it number {reply.sequence}.", True)
        return reply

    def typing(self) -> Reply:
        """Show the agent that the consumer is typing, until ``pause``."""
        reply = self._attempt(self.talk.typing)
        self._say("The agent sees that the consumer is typing.", True)
        return reply

    def pause(self) -> Reply:
        """Show the agent that the consumer has stopped typing."""
        reply = self._attempt(lambda: self.talk.chat_state("PAUSE"))
        self._say("The agent sees that the consumer has stopped typing.", True)
        return reply

    def read(self) -> Reply | None:
        """Tell that the consumer has read what the agent wrote; ``None`` where all of it was read before."""
        unread = [
            line.number
            for line in self._now.said
            if line.live and line.state != transcript.READ and line.number is not None
        ]
        if not unread:
            self._say("There is nothing that was not read.", True)
            return None
        reply = self._attempt(lambda: self._dialog.read(*unread))
        self._say("The agent sees that the consumer has read it.", True)
        return reply

    @property
    def choices(self) -> list[str]:
        """What can be clicked now, by its label: in the newest message that offers something."""
        line = self._offering()
        return [] if line is None else [choice.label for choice in line.choices]

    def choose(self, wanted: str | int, *, number: int | None = None) -> Clicked:
        """Click on a button or a quick reply, by its label or its place from 0.

        ``number`` says of which message; the newest that offers something unless told otherwise. The answer
        is that of ``talk.click``: an ACTION receipt with the button's metadata, then its text.
        """

        def chosen() -> Clicked:
            line = self._offering(number)
            offered = [] if line is None else line.choices
            labels = [choice.label for choice in offered]
            fits = wanted in labels or (type(wanted) is int and 0 <= wanted < len(labels))
            if line is None or not fits:
                shown = ", ".join(labels) or "nothing"
                raise EnvelopeError("choice", f"{wanted!r} is not offered", f"What is offered: {shown}.")
            place = labels.index(wanted) if isinstance(wanted, str) else wanted
            return self._click(line, offered[place].element)

        clicked = self._attempt(chosen)
        self._say("Clicked. The service has the click and what it says.", True)
        return clicked

    def attach(self, path: str | os.PathLike[str], *, caption: str | None = None) -> Reply:
        """Send a picture from this machine (JPG, JPEG, PNG or GIF, up to 3 145 728 bytes)."""
        return self._send_file(lambda: files.read_file(path), caption)

    def attach_bytes(self, name: str, content: bytes, *, caption: str | None = None) -> Reply:
        """The same for a picture that is in memory."""
        return self._send_file(lambda: files.from_bytes(name, content), caption)

    def fetch(self, number: int | None = None) -> bytes:
        """The content of the file in the message of this number, or in the newest; a picture is shown."""
        lines = [one for one in self._lines if one.file and number in (None, one.number)]
        return self._fetch(lines[-1] if lines else None)

    def rate(self, rate: int, *, resolved: bool = True) -> Reply:
        """The consumer's satisfaction (CSAT), 1 to 5, and whether the matter was settled."""
        reply = self._attempt(lambda: self.talk.rate(rate, resolved=resolved))
        self._say(f"Rated {rate} of 5.", True)
        return reply

    def end(self) -> Reply:
        """Close the conversation, or the survey that follows it."""
        reply = self._attempt(self._dialog.close)
        self._say(_CLOSED if self.state == CLOSED else "The main dialog is closed. A survey follows.", True)
        return reply

    def reopen(self) -> Conversation:
        """Open a new conversation for the same consumer, and go on in it; the old one stays above.

        The service knows no way back into a closed one. It is ``talk`` from then on.
        """

        def opened() -> Conversation:
            return self.talk.consumer.open(properties=self.talk.properties)

        talk = self._attempt(opened)
        if talk.id != self.talk.id:
            self._before = self._lines
            self.talk, self._now = talk, Transcript([], OPEN)
            self.conversation_id = talk.id
        self.refresh()
        self._say("A new conversation is open.", True)
        return talk

    # --- What is shown ----------------------------------------------------------------------------------

    @property
    def messages(self) -> pd.DataFrame:
        """The messages of this conversation, as in the table below the panel."""
        consumer = self.talk.consumer
        return frames.messages(consumer.log, consumer=consumer.name, conversation=self.talk.id)

    def by_hand(self, action: Callable[[], Any]) -> Callable[[], None]:
        """An action for a control. Nobody would see its traceback; the panel has said what happened."""

        def act() -> None:
            with contextlib.suppress(ConnectorError):
                action()

        return act

    def __repr__(self) -> str:
        return f"<ConversationPanel: {len(self.messages)} messages; run the notebook in JupyterLab to use it>"

    def still(self) -> str:
        """The transcript as it is now, as HTML without controls."""
        told = markup.transcript(line.bubble for line in self._lines)
        return markup.stack([told, self._table.value])

    def _show(self) -> None:
        now = transcript.read(self.talk.consumer.log, self.talk.id)
        if self.talk.closed and now.state == OPEN:  # nothing tells a plain client, but it has closed it
            now = transcript.closed(now)
        before, self._now, self.state = self.state, now, now.state
        lines = self._lines
        self.transcript.show(lines, self._files.facts(lines), now.chat_states)
        messages = self.messages
        rows = messages.tail(_ROWS)[list(_SHOWN)].astype(object)
        more = markup.note(f"The last {_ROWS} of {len(messages)} messages:") if len(messages) > _ROWS else ""
        listed = [[_cell(value) for value in row] for row in rows.where(rows.notna(), None).values.tolist()]
        self._table.value = more + markup.table(_SHOWN, listed, label=_TABLE)
        self.consumer.follow(now.state, now.rated, rateable=not now.surveyed)
        self.agent.follow(now.state)
        if now.state != before and now.state != OPEN:
            self._say(
                _CLOSED if now.state == CLOSED else "The main dialog is closed. A survey follows.", True
            )

    @property
    def _lines(self) -> list[Line]:
        return [*self._before, *self._now.said]

    @property
    def _dialog(self) -> Dialog:
        """Where the consumer speaks: the open survey, else the conversation itself."""
        survey = self._now.survey if self._now.state == SURVEY else None
        return self.talk if survey is None else self.talk.dialog(survey)

    def _offering(self, number: int | None = None) -> Line | None:
        """The newest line with choices, or that of this number."""
        lines = [line for line in self._now.said if line.choices and number in (None, line.number)]
        return lines[-1] if lines else None

    def _click(self, line: Line, element: Any) -> Clicked:
        assert line.number is not None  # else it would not be live
        return self._dialog.click(element, line.number)

    def _clicked(self, key: str, choice: int | None) -> None:
        """A click in the transcript."""
        line = next((one for one in self._lines if one.key == key), None)
        if choice is None:
            self.by_hand(lambda: self._fetch(line))()
        elif line is not None and choice in range(len(line.shown.choices)):
            picked = line.shown.choices[choice]
            if picked in line.choices:
                place = line.choices.index(picked)
                self.by_hand(lambda: self.choose(place, number=line.number))()

    def _send_file(self, read: Callable[[], files.LocalFile], caption: str | None) -> Reply:
        def send() -> Reply:
            file = read()
            reply = self._dialog.send_file(file, caption=caption, progress=False)
            self._files.sent(self._dialog.dialog_id, reply.sequence, file)
            return reply

        reply = self._attempt(send)
        self._say(f"The picture is sent. The service gave it number {reply.sequence}.", True)
        return reply

    def _fetch(self, line: Line | None) -> bytes:
        def fetched() -> bytes:
            require(line is not None and line.file is not None, "number", "has no file", "Pass another one.")
            assert line is not None
            assert line.file is not None
            content = self.talk.download(line.file.path)
            self._files.fetched(line, content)
            return content

        content = self._attempt(fetched)
        self._say(f"Fetched {len(content):,} bytes.", True)
        return content

    def _attempt(self, action: Callable[[], Result]) -> Result:
        try:
            return action()
        except ConnectorError as error:
            self._say(str(error), False)
            raise
        finally:
            self.refresh()

    def _say(self, words: str, good: bool) -> None:
        self.said = elements.clean(words)
        self._status.value = markup.note(self.said, good=good)


def _cell(value: Any) -> Any:
    return elements.clean(value, _LONGEST_CELL) if isinstance(value, str) else value


_SIDE_BY_SIDE = ipywidgets.Layout(flex_flow="row wrap", align_items="flex-start", grid_gap="8px 24px")
