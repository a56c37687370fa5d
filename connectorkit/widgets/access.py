"""What panels do in a page for everybody to use them: keys and focus stay theirs, words are read."""

from __future__ import annotations

from pathlib import Path

import anywidget
import ipywidgets

PANEL = "connectorkit-panel"
_HERE = Path(__file__).parent


class Access(anywidget.AnyWidget):
    """A part of a panel that is never seen.

    In a list that has the focus, arrows choose; JupyterLab would go to the next cell. Where a button hides
    itself or is switched off while it has the focus, the next control gets it. Sliders are given their names.
    """

    _esm = (_HERE / "access.js").read_text(encoding="utf-8")
    _css = (_HERE / "access.css").read_text(encoding="utf-8")

    def __init__(self) -> None:
        super().__init__(layout=ipywidgets.Layout(display="none"))
