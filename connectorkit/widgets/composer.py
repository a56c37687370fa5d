"""The consumer's side of the conversation panel: a field, what else a consumer can do, and the rating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from connectorkit import markup, wire
from connectorkit.widgets.controls import AUTO, WRAPPED, bind, button, sends_on_enter
from connectorkit.widgets.transcript import CLOSED, OPEN

if TYPE_CHECKING:
    from connectorkit.widgets.conversation import ConversationPanel

HIDDEN = ipywidgets.Layout(display="none")
SIDE = ipywidgets.Layout(flex="1 1 20em", min_width="0", width="auto")
FITTING = {"description_width": "initial"}  # a label as wide as its words
FIELD = ipywidgets.Layout(flex="1 1 10em", width="auto", min_width="8em")


def side_title(words: str) -> ipywidgets.HTML:
    """What stands above a side's controls."""
    return ipywidgets.HTML(markup.title(words))


class ConsumerSide(ipywidgets.VBox):  # type: ignore[misc]
    """What one does as the consumer. Each control calls the method of the panel that is named like it."""

    def __init__(self, panel: ConversationPanel, consumer: str, refreshes: bool) -> None:
        self._panel = panel
        self.text = ipywidgets.Text(
            description="Text",
            placeholder="Write as the consumer, then Enter",
            tooltip="Message text of the consumer",
            continuous_update=False,
            layout=FIELD,
            style=FITTING,
        )
        send = sends_on_enter(self.text, panel.by_hand(self.send))
        bind(panel, "draft", self.text)
        self.upload = ipywidgets.FileUpload(
            accept=",".join(f".{kind.lower()}" for kind in wire.UPLOAD_TYPES),
            description="Photo",
            tooltip="Send a picture (JPG, JPEG, PNG or GIF); the text in the field becomes its caption",
            layout=AUTO,
        )
        self.upload.observe(self._uploaded, "value")
        act = panel.by_hand
        self._when_open = [
            button("Typing", "Show the agent that the consumer is typing", act(panel.typing)),
            button("Pause", "Show that the consumer has stopped typing", act(panel.pause)),
            button("Read", "Tell that the consumer has read what the agent wrote", act(panel.read)),
        ]
        self._while_going = [
            self.text,
            button("Send", "Send the consumer's text (Enter)", send, "primary"),
            *self._when_open,
            self.upload,
            button("Close", "Close the conversation as the consumer, for good", act(panel.end), "warning"),
        ]
        self._rest = (
            [button("Refresh", "Show what has come in meanwhile", panel.refresh)] if refreshes else []
        )
        self._reopen = button(
            "Re-open", "Open a new conversation for the same consumer", act(panel.reopen), "primary"
        )
        self._settled = ipywidgets.Checkbox(
            value=True,
            description="settled",
            tooltip="Whether the matter was settled",
            indent=False,
            layout=AUTO,
        )
        self._rates = [
            button(str(rate), "Rate the conversation", act(self._rating(rate))) for rate in wire.CSAT_RATES
        ]
        self._rate_row = ipywidgets.HBox(
            [ipywidgets.HTML(markup.words("How was it?")), *self._rates, self._settled], layout=HIDDEN
        )
        first, *others = self._while_going[1:]
        super().__init__(
            [
                side_title(f"Consumer {consumer}"),
                ipywidgets.HBox([self.text, first], layout=WRAPPED),
                ipywidgets.HBox([*others, *self._rest, self._reopen], layout=WRAPPED),
                self._rate_row,
            ],
            layout=SIDE,
        )

    def send(self) -> None:
        """Send what is in the field; it stays there where it was refused."""
        self._panel.submit(self.text.value)
        self.text.value = ""

    def follow(self, state: str, rated: int | None, rateable: bool) -> None:
        """Offer what the state of the conversation allows."""
        for control in self._while_going:
            control.disabled = state == CLOSED
        for control in self._when_open:  # a survey's dialog takes no chat states, and nobody reads along
            control.disabled = state != OPEN
        self._reopen.layout = AUTO if state == CLOSED else HIDDEN
        self._rate_row.layout = WRAPPED if state == CLOSED and rateable else HIDDEN
        for rate, control in zip(wire.CSAT_RATES, self._rates, strict=True):
            control.button_style = "success" if rate == rated else ""
            control.tooltip = (
                f"Rate {rate} of {wire.CSAT_RATES[-1]}{' (as it is now)' if rate == rated else ''}"
            )

    def _rating(self, rate: int) -> Any:
        return lambda: self._panel.rate(rate, resolved=self._settled.value)

    def _uploaded(self, change: Any) -> None:
        if not change["new"]:
            return
        chosen = change["new"][0]
        # Out of the control as soon as it has come: its value would be saved with the notebook.
        self.upload.value = ()
        self._panel.by_hand(lambda: self._send_picture(chosen["name"], bytes(chosen["content"])))()

    def _send_picture(self, name: str, content: bytes) -> None:
        self._panel.attach_bytes(name, content, caption=self.text.value or None)
        self.text.value = ""
