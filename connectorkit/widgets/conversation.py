"""The conversation panel: compose, send, transcript, and the table that fills with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import ipywidgets
import pandas as pd

from connectorkit import frames, markup, network
from connectorkit.errors import ConnectorError
from connectorkit.journey import Conversation
from connectorkit.replies import Reply

_SHOWN = ("exchange_id", "type", "event_type", "text", "code", "sequence")


def conversation_panel(talk: Conversation) -> ConversationPanel:
    """A panel to write into an open conversation as its consumer."""
    return ConversationPanel(talk)


class ConversationPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Write as the consumer. What is shown is read from the log, so it also has what other cells sent."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self.text = ipywidgets.Text(
            placeholder="Write as the consumer, then press Enter",
            tooltip="Message text",
            layout=ipywidgets.Layout(flex="1 1 14em", width="auto"),
        )
        self.text.on_msg(self._on_key)
        self._status = ipywidgets.HTML()
        self._transcript = ipywidgets.HTML()
        self._table = ipywidgets.HTML()
        buttons = [
            self._button("Send", "primary", "Send the text (Enter)", self._send_text),
            self._button("Typing", "", "Show the agent that the consumer is typing", self.typing),
            self._button("Close", "warning", "Close the conversation, for good", self.end),
        ]
        row = ipywidgets.HBox([self.text, *buttons], layout=ipywidgets.Layout(flex_flow="row wrap"))
        super().__init__([self._transcript, row, self._status, self._table])
        self.refresh()

    def submit(self, text: str) -> Reply | None:
        """Send a text; returns the reply, or ``None`` where the status line says why there is none."""
        reply = self._attempt(lambda: self._talk.send(text))
        if reply is not None:
            self._say(f"Sent. The service gave it number {reply.sequence}.", True)
        return reply

    def typing(self) -> Reply | None:
        """Show the agent that the consumer is typing."""
        reply = self._attempt(self._talk.typing)
        if reply is not None:
            self._say("The agent sees that the consumer is typing.", True)
        return reply

    def end(self) -> Reply | None:
        """Close the conversation."""
        reply = self._attempt(self._talk.close)
        if reply is not None:
            self._say("The conversation is closed. Open a new one to go on.", True)
        return reply

    @property
    def messages(self) -> pd.DataFrame:
        """The messages of this conversation, as in the table below the panel."""
        consumer = self._talk.consumer
        return frames.messages(consumer.log, consumer=consumer.name, conversation=self._talk.id)

    def refresh(self) -> None:
        """Read the log again."""
        messages = self.messages
        texts = messages[messages["text"].notna()]
        self._transcript.value = markup.transcript(
            (str(m.consumer), str(m.text), _remark(m)) for m in texts.itertuples()
        )
        rows = messages.tail(12)[list(_SHOWN)].astype(object)
        self._table.value = markup.table(_SHOWN, rows.where(rows.notna(), None).values.tolist())

    def __repr__(self) -> str:
        return f"<ConversationPanel: {len(self.messages)} messages; run the notebook in JupyterLab to use it>"

    def _button(self, label: str, style: str, tooltip: str, action: Callable[[], Any]) -> ipywidgets.Button:
        button = ipywidgets.Button(
            description=label, button_style=style, tooltip=tooltip, layout=ipywidgets.Layout(width="auto")
        )
        button.on_click(lambda _: action())
        return button

    def _on_key(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("event") == "submit":
            self._send_text()

    def _send_text(self) -> None:
        if self.submit(self.text.value) is not None:
            self.text.value = ""

    def _attempt(self, action: Callable[[], Reply]) -> Reply | None:
        """A refusal is a sentence in the panel, never a traceback in a callback nobody sees."""
        try:
            reply = action()
        except ConnectorError as error:
            self._say(str(error), False)
            reply = None
        except httpx.HTTPError as error:
            self._say(network.sentence(error), False)
            reply = None
        self.refresh()
        return reply

    def _say(self, words: str, good: bool) -> None:
        self._status.value = markup.note(words, good=good)


def _remark(message: Any) -> str:
    if message.code == "OK":
        return f"number {message.sequence}"
    return "no answer" if pd.isna(message.code) else f"refused: {message.error_title}"
