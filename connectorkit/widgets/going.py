"""Lines of a panel that come and go: how far something is, with a way to stop it, and a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
import traitlets

from connectorkit import markup
from connectorkit.errors import ConnectorError
from connectorkit.widgets.controls import button

_SHOWING = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
_HIDDEN = ipywidgets.Layout(display="none")


def by_hand(action: Callable[[], Any], complain: Callable[[Exception], Any]) -> Callable[..., None]:
    """An action for a button, as nobody would see a traceback of it: the panel says what happened."""

    def act(*_: Any) -> None:
        try:
            action()
        except (ConnectorError, ValueError) as error:
            complain(error)

    return act


class Going(ipywidgets.HBox):  # type: ignore[misc]
    """A bar that says how many of how many, beside a button that stops it."""

    def __init__(self, stop: Callable[[], Any]) -> None:
        self.bar = ipywidgets.IntProgress(
            tooltip="How much is done",
            layout=ipywidgets.Layout(width="18em"),
            style={"description_width": "initial"},
        )
        super().__init__(
            [button("Stop", "Begin nothing more, after what is under way", stop), self.bar], layout=_HIDDEN
        )

    def show(self, done: int, total: int, going: bool) -> None:
        """The line is there while something is going on."""
        self.bar.max, self.bar.value = max(1, total), done
        self.bar.description = f"{done} of {total}"
        self.layout = _SHOWING if going else _HIDDEN


class Sections(ipywidgets.VBox):  # type: ignore[misc]
    """One of several parts at a time, chosen by buttons above it; ``section`` is which.

    ``parts`` has of each, by its name, what its button says, its tooltip, and what it shows.
    """

    section = traitlets.Unicode()

    def __init__(self, parts: Mapping[str, tuple[str, str, ipywidgets.Widget]]) -> None:
        # Each in a box, as a part may share its layout with others, which are not to be hidden with it.
        self._parts = {name: ipywidgets.VBox([part]) for name, (_, _, part) in parts.items()}
        self.buttons = ipywidgets.ToggleButtons(
            options=[(label, name) for name, (label, _, _) in parts.items()],
            tooltips=[tip for _, tip, _ in parts.values()],
            style={"button_width": "auto"},
        )
        super().__init__([self.buttons, *self._parts.values()], section=self.buttons.value)
        traitlets.link((self, "section"), (self.buttons, "value"))
        self.observe(lambda _: self._show(), "section")
        self._show()

    def _show(self) -> None:
        for name, part in self._parts.items():
            part.layout.display = None if name == self.section else "none"


class Asking(ipywidgets.HBox):  # type: ignore[misc]
    """What somebody is about to do that others notice, and whether it shall be done."""

    def __init__(self, confirm: Callable[[], Any], cancel: Callable[[], Any]) -> None:
        self._question = ipywidgets.HTML()
        go = button("Run it", "Run it, although others may see it", confirm, "warning")
        super().__init__([self._question, go, button("Leave it", "Do not run it", cancel)], layout=_HIDDEN)

    def show(self, words: str) -> None:
        """The question; without words there is none."""
        self._question.value = markup.note(words) if words else ""
        self.layout = _SHOWING if words else _HIDDEN
