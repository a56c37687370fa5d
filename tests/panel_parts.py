"""What tests do with a panel: find a button in it, press Enter in a field, read what it shows."""

from __future__ import annotations

from collections.abc import Iterator

import ipywidgets


def parts(panel: ipywidgets.Box) -> Iterator[ipywidgets.Widget]:
    """Everything in a panel, in its order."""
    for child in panel.children:
        yield child
        if isinstance(child, ipywidgets.Box):
            yield from parts(child)


def button(panel: ipywidgets.Box, label: str) -> ipywidgets.Button:
    """The first button of this label."""
    buttons = (part for part in parts(panel) if isinstance(part, ipywidgets.Button))
    return next(one for one in buttons if one.description == label)


def shown(panel: ipywidgets.Box) -> str:
    """All HTML in it."""
    return "".join(part.value for part in parts(panel) if isinstance(part, ipywidgets.HTML))


def press_enter(field: ipywidgets.Text) -> None:
    """As the browser tells of it."""
    field._handle_custom_msg({"event": "submit"}, [])
