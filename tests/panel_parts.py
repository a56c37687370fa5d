"""What tests do with a panel: find a button in it, press Enter in a field, read what it shows."""

from __future__ import annotations

from typing import Any

import ipywidgets

from connectorkit.widgets import ConversationPanel
from connectorkit.widgets.controls import parts


def button(panel: ipywidgets.Box, label: str) -> ipywidgets.Button:
    """The first button of this label."""
    buttons = (part for part in parts(panel) if isinstance(part, ipywidgets.Button))
    return next(one for one in buttons if one.description == label)


def shown(panel: ipywidgets.Box) -> str:
    """All HTML in it."""
    return "".join(part.value for part in parts(panel) if isinstance(part, ipywidgets.HTML))


def lines(panel: ConversationPanel) -> list[dict[str, Any]]:
    """What its transcript shows, as it is handed to the browser."""
    return list(panel.transcript.lines)


def texts(panel: ConversationPanel) -> list[str]:
    """What both sides said, as its transcript shows it."""
    return [line["text"] for line in lines(panel) if line["side"] != "service"]


def press_enter(field: ipywidgets.Text) -> None:
    """As the browser tells of it."""
    field._handle_custom_msg({"event": "submit"}, [])
