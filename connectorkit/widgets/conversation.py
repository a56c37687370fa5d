"""The conversation panel: compose, send, what both sides said, and the table that fills with it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets
import pandas as pd

from connectorkit import frames, markup
from connectorkit.errors import ConnectorError
from connectorkit.journey import Conversation
from connectorkit.log import Notification
from connectorkit.replies import Reply
from connectorkit.widgets import transcript
from connectorkit.widgets.still import Still

_ROWS = 12
_TEXT_COMES_SECONDS = 0.3
_MORE_COMES_SECONDS = 0.05  # notifications come in groups; one refresh shows them all
_CLOSED = "The conversation is closed. Open a new one to go on."
_SHOWN = ("exchange_id", "type", "event_type", "text", "code", "sequence")


def conversation_panel(talk: Conversation) -> ConversationPanel:
    """A panel to write into an open conversation as its consumer."""
    return ConversationPanel(talk)


class ConversationPanel(Still):
    """Write as the consumer. What is shown is read from the log, so it also has what other cells sent.

    Where the kit receives notifications, the panel refreshes itself with each; a plain client's panel has a
    button for that.
    """

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._enter_pressed = False
        self._refreshing = threading.RLock()
        self._refresh_is_due = False
        try:
            # The kernel's own loop: widgets are changed there, not on the thread of the receiver.
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self.text = ipywidgets.Text(
            placeholder="Write as the consumer, then press Enter",
            tooltip="Message text",
            continuous_update=False,
            layout=ipywidgets.Layout(flex="1 1 14em", width="auto"),
        )
        self.text.on_msg(self._on_key)
        self.text.observe(self._on_text, "value")
        self._status = ipywidgets.HTML()
        self._transcript = ipywidgets.HTML()
        self._table = ipywidgets.HTML()
        self._controls = [
            self.text,
            self._button("Send", "primary", "Send the text (Enter)", self._send_text),
            self._button("Typing", "", "Show the agent that the consumer is typing", self.typing),
            self._button("Close", "warning", "Close the conversation, for good", self.end),
        ]
        self._receiver = talk.consumer.notifications
        row_of = list(self._controls)
        if self._receiver is None or not self._receiver.listening:
            row_of.append(self._button("Refresh", "", "Show what has come in meanwhile", self.refresh))
        row = ipywidgets.HBox(row_of, layout=ipywidgets.Layout(flex_flow="row wrap"))
        super().__init__([self._transcript, row, self._status, self._table])
        self.refresh()
        if self._receiver is not None:
            self._receiver.on(self._heard)

    def submit(self, text: str) -> Reply:
        """Send a text. A refusal is shown in the panel and raised."""
        reply = self._attempt(lambda: self._talk.send(text))
        self._say(f"Sent. The service gave it number {reply.sequence}.", True)
        return reply

    def typing(self) -> Reply:
        """Show the agent that the consumer is typing."""
        reply = self._attempt(self._talk.typing)
        self._say("The agent sees that the consumer is typing.", True)
        return reply

    def end(self) -> Reply:
        """Close the conversation."""
        reply = self._attempt(self._talk.close)
        self._say(_CLOSED, True)
        return reply

    @property
    def messages(self) -> pd.DataFrame:
        """The messages of this conversation, as in the table below the panel."""
        consumer = self._talk.consumer
        return frames.messages(consumer.log, consumer=consumer.name, conversation=self._talk.id)

    def refresh(self) -> None:
        """Read the log again; may be called from any thread."""
        with self._refreshing:
            self._show()

    def close(self) -> None:
        """Take the panel away; it no longer listens."""
        if (receiver := getattr(self, "_receiver", None)) is not None:
            receiver.off(self._heard)
        super().close()

    def _show(self) -> None:
        told = transcript.read(self._talk.consumer.log, self._talk.id)
        self._transcript.value = markup.transcript(told.said)
        messages = self.messages
        rows = messages.tail(_ROWS)[list(_SHOWN)].astype(object)
        more = markup.note(f"The last {_ROWS} of {len(messages)} messages:") if len(messages) > _ROWS else ""
        self._table.value = more + markup.table(_SHOWN, rows.where(rows.notna(), None).values.tolist())
        for control in self._controls:
            control.disabled = self._talk.closed or told.closed
        if told.closed and not self._talk.closed:
            self._say(_CLOSED, True)

    def _heard(self, notification: Notification) -> None:
        """Called on the thread of the receiver, after its answer."""
        if notification.conversation_id not in (None, self._talk.id) or self._refresh_is_due:
            return
        if self._loop is None:
            self._catch_up()
            return
        self._refresh_is_due = True
        try:
            self._loop.call_soon_threadsafe(self._loop.call_later, _MORE_COMES_SECONDS, self._catch_up)
        except RuntimeError:  # the kernel is ending
            self._refresh_is_due = False

    def _catch_up(self) -> None:
        self._refresh_is_due = False
        with contextlib.suppress(ConnectorError):  # a closed log, for instance: nobody is there to be told
            self.refresh()

    def __repr__(self) -> str:
        return f"<ConversationPanel: {len(self.messages)} messages; run the notebook in JupyterLab to use it>"

    def _button(self, label: str, style: str, tooltip: str, action: Callable[[], Any]) -> ipywidgets.Button:
        button = ipywidgets.Button(
            description=label, button_style=style, tooltip=tooltip, layout=ipywidgets.Layout(width="auto")
        )
        button.on_click(lambda _: self._by_hand(action))
        return button

    def _on_key(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        """Enter overtakes the text that was typed before it: remember it, and send when the text has come."""
        if content.get("event") == "submit":
            self._enter_pressed = True
            try:
                asyncio.get_running_loop().call_later(_TEXT_COMES_SECONDS, self._on_text)
            except RuntimeError:  # no kernel, so nothing is under way
                self._on_text()

    def _on_text(self, _: Any = None) -> None:
        if self._enter_pressed:
            self._enter_pressed = False
            self._by_hand(self._send_text)

    def _send_text(self) -> None:
        self.submit(self.text.value)
        self.text.value = ""

    def _by_hand(self, action: Callable[[], Any]) -> None:
        """Nobody would see a traceback of a callback; the panel has said what happened."""
        with contextlib.suppress(ConnectorError):
            action()

    def _attempt(self, action: Callable[[], Reply]) -> Reply:
        try:
            return action()
        except ConnectorError as error:
            self._say(str(error), False)
            raise
        finally:
            self.refresh()

    def _say(self, words: str, good: bool) -> None:
        self._status.value = markup.note(words, good=good)
