"""What the panels are built of: layouts, choices, and a field in which Enter acts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets

_TEXT_COMES_SECONDS = 0.3

AUTO = ipywidgets.Layout(width="auto")
WRAPPED = ipywidgets.Layout(flex_flow="row wrap", align_items="center")


def button(label: str, tooltip: str, action: Callable[[], Any], style: str = "") -> ipywidgets.Button:
    """A button as wide as its label."""
    made = ipywidgets.Button(description=label, tooltip=tooltip, button_style=style, layout=AUTO)
    made.on_click(lambda _: action())
    return made


def choice(
    label: str, tooltip: str, options: Iterable[str | tuple[str, Any]], label_width: str = "initial"
) -> Any:
    """A list to choose from; ``options`` are values, or pairs of what is shown and its value."""
    return ipywidgets.Dropdown(
        options=[one if isinstance(one, tuple) else (one, one) for one in options],
        description=label,
        tooltip=tooltip,
        layout=AUTO,
        style={"description_width": label_width},
    )


def on_enter(field: ipywidgets.Text, action: Callable[[], Any]) -> None:
    """Enter overtakes what was typed before it: act when that has come."""

    def heard(_: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("event") == "submit":
            try:
                asyncio.get_running_loop().call_later(_TEXT_COMES_SECONDS, action)
            except RuntimeError:  # no kernel, so nothing is under way
                action()

    field.on_msg(heard)
