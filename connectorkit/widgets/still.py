"""What a panel leaves where nothing is live: in a rendered page, an e-mail, a viewer without widgets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import ipywidgets
from IPython.core.getipython import get_ipython
from IPython.display import display

from connectorkit import markup
from connectorkit.widgets.access import PANEL, Access

_NOTE = "This was a panel. Run the notebook in JupyterLab to use it."


class Still(ipywidgets.VBox):  # type: ignore[misc]
    """A panel that also says what it shows as plain HTML, which a viewer without widgets takes instead."""

    def __init__(self, children: Iterable[ipywidgets.Widget] = (), **more: Any) -> None:
        self._access = Access()
        super().__init__([*children, self._access], **more)
        self.add_class(PANEL)

    def fill(self, children: Iterable[ipywidgets.Widget]) -> None:
        """Put these in, in the place of what was there."""
        self.children = [*children, self._access]

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return None
        still = self.still() or markup.note(_NOTE)
        if _unattended():
            # Converters that have its state take the widget: nothing is left where no script runs.
            unscripted = {"text/html": markup.unscripted(still)}
            display(unscripted, raw=True, metadata={markup.UNSCRIPTED: True})  # type: ignore[no-untyped-call]
        return {**bundle, "text/html": still}

    def still(self) -> str:
        """What the panel shows now, as HTML without controls."""
        return markup.stack([*_shown(self), markup.note(_NOTE)])


def _unattended() -> bool:
    """Whether a cell runs for nobody at a screen: those who are at one tell which cell it is."""
    kernel = getattr(get_ipython(), "kernel", None)
    return kernel is not None and "cellId" not in kernel.get_parent().get("metadata", {})


def _shown(box: ipywidgets.Box) -> Iterator[str]:
    """Only what the kit has written itself, and has escaped; never what is in a field."""
    for part in box.children:
        if isinstance(part, ipywidgets.HTML) and part.value and part.layout.display != "none":
            yield part.value
        elif isinstance(part, ipywidgets.Box):
            yield from _shown(part)
