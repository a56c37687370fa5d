"""What the panels are built of: layouts, choices, and a field in which Enter acts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import ipywidgets

_TEXT_COMES_SECONDS, _MOST_WAITS = 0.3, 10

AUTO = ipywidgets.Layout(width="auto")
WRAPPED = ipywidgets.Layout(flex_flow="row wrap", align_items="center")


def button(label: str, tooltip: str, action: Callable[[], Any], style: str = "") -> ipywidgets.Button:
    """A button as wide as its label."""
    made = ipywidgets.Button(description=label, tooltip=tooltip, button_style=style, layout=AUTO)
    made.on_click(lambda _: action())
    return made


def parts(panel: Any) -> Iterator[ipywidgets.Widget]:
    """Everything in a panel, in its order, which is also that of the keyboard."""
    for child in panel.children:
        yield child
        if isinstance(child, ipywidgets.Box):
            yield from parts(child)


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


def sends_on_enter(field: ipywidgets.Text, action: Callable[[], Any]) -> Callable[[], None]:
    """The same for a field whose text is sent: it is, as soon as the whole of it has come.

    Returns what a button beside it does: a click overtakes the text as well where the kernel is busy.
    """
    pressed = [False]

    def go(_: Any = None) -> None:
        if pressed[0]:
            pressed[0] = False
            action()

    def wait(left: int) -> None:
        """A busy kernel or page may need longer; an empty field is told of only then."""
        if pressed[0] and not field.value and left:
            asyncio.get_running_loop().call_later(_TEXT_COMES_SECONDS, wait, left - 1)
        else:
            go()

    def press() -> None:
        pressed[0] = True
        try:
            asyncio.get_running_loop().call_later(_TEXT_COMES_SECONDS, wait, _MOST_WAITS)
        except RuntimeError:  # no kernel, so nothing is under way
            go()

    def heard(_: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("event") == "submit":
            press()

    field.on_msg(heard)
    field.observe(go, "value")
    return lambda: action() if field.value else press()


def bind(holder: Any, name: str, field: ipywidgets.Text) -> None:
    """One value in two places: a trait of a panel, and a field of it.

    Unlike a ``traitlets.link`` it bears a field that is emptied while it still tells what was typed.
    """
    holder.observe(lambda _: setattr(field, "value", getattr(holder, name)), name)
    field.observe(lambda _: setattr(holder, name, field.value), "value")
    field.value = getattr(holder, name)


def on_enter(field: ipywidgets.Text, action: Callable[[], Any]) -> None:
    """Enter overtakes what was typed before it: act when that has come."""

    def heard(_: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("event") == "submit":
            try:
                asyncio.get_running_loop().call_later(_TEXT_COMES_SECONDS, action)
            except RuntimeError:  # no kernel, so nothing is under way
                action()

    field.on_msg(heard)
