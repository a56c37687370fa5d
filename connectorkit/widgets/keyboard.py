"""What panels do for who works them by keyboard, in the page: the keys stay theirs, the focus stays in them."""

from __future__ import annotations

from pathlib import Path

import anywidget
import ipywidgets

PANEL = "connectorkit-panel"


class Keyboard(anywidget.AnyWidget):
    """A part of a panel that is never seen.

    In a list that has the focus, arrows choose; JupyterLab would go to the next cell. And where a button
    hides itself or is switched off while it has the focus, the next control gets it.
    """

    _esm = (Path(__file__).parent / "keyboard.js").read_text(encoding="utf-8")

    def __init__(self) -> None:
        super().__init__(layout=ipywidgets.Layout(display="none"))
