"""The conversation panel: compose, send, transcript, and the table that fills with it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import httpx
import ipywidgets
import pandas as pd

from connectorkit import frames, markup, network
from connectorkit.errors import ConnectorError
from connectorkit.journey import Conversation
from connectorkit.replies import Reply

_ROWS = 12
_TEXT_COMES_SECONDS = 0.3
_SHOWN = ("exchange_id", "type", "event_type", "text", "code", "sequence")


def conversation_panel(talk: Conversation) -> ConversationPanel:
    """A panel to write into an open conversation as its consumer."""
    return ConversationPanel(talk)


class ConversationPanel(ipywidgets.VBox):  # type: ignore[misc]
    """Write as the consumer. What is shown is read from the log, so it also has what other cells sent."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._enter_pressed = False
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
        row = ipywidgets.HBox(self._controls, layout=ipywidgets.Layout(flex_flow="row wrap"))
        super().__init__([self._transcript, row, self._status, self._table])
        self.refresh()

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
        rows = messages.tail(_ROWS)[list(_SHOWN)].astype(object)
        more = markup.note(f"The last {_ROWS} of {len(messages)} messages:") if len(messages) > _ROWS else ""
        self._table.value = more + markup.table(_SHOWN, rows.where(rows.notna(), None).values.tolist())
        for control in self._controls:
            control.disabled = self._talk.closed

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
        with contextlib.suppress(ConnectorError, httpx.HTTPError):
            action()

    def _attempt(self, action: Callable[[], Reply]) -> Reply:
        try:
            return action()
        except ConnectorError as error:
            self._say(str(error), False)
            raise
        except httpx.HTTPError as error:
            self._say(network.sentence(error), False)
            raise
        finally:
            self.refresh()

    def _say(self, words: str, good: bool) -> None:
        self._status.value = markup.note(words, good=good)


def _remark(message: Any) -> str:
    if message.code == "OK":
        return f"number {message.sequence}"
    return "no answer" if pd.isna(message.code) else f"refused: {message.error_title}"
