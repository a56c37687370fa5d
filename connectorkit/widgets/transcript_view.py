"""The transcript as a widget: it draws lines, and tells which choice was clicked. All scripts come along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from connectorkit.widgets.transcript import Line

_HERE = Path(__file__).parent
_MOST_LINES = 200
# What a click asks for: the line's key, and the number of its choice where one was clicked.
Clicked = Callable[[str, int | None], Any]


class TranscriptView(anywidget.AnyWidget):
    """Both sides in one view, the consumer left, whoever answers right, and what happened in the middle.

    It is a log region: screen readers read what is added. Texts are only ever written as text.
    """

    _esm = (_HERE / "transcript.js").read_text(encoding="utf-8")
    _css = (_HERE / "transcript.css").read_text(encoding="utf-8")
    lines = traitlets.List(traitlets.Dict()).tag(sync=True)
    # Apart from the lines, so that a picture is sent once and not with every line that comes.
    pictures = traitlets.Dict().tag(sync=True)
    chat_states = traitlets.Dict().tag(sync=True)
    sides = traitlets.Dict().tag(sync=True)

    def __init__(self, consumer: str, on_click: Clicked) -> None:
        super().__init__(sides={"consumer": f"Consumer {consumer}", "agent": "Agent"})
        self._on_click = on_click
        self.on_msg(self._heard)

    def show(
        self, said: Iterable[Line], files: Mapping[str, Mapping[str, Any]], chat_states: Mapping[str, str]
    ) -> None:
        """Draw these lines, the newest 200; ``files`` tells by key what is known of a line's file."""
        listed = [*said]
        left_out = len(listed) - _MOST_LINES
        shown = listed[-_MOST_LINES:]
        drawn = [_drawn(line, files.get(line.key)) for line in shown]
        if left_out > 0:
            earlier = f"{left_out:,} earlier lines are in the log."
            drawn.insert(0, {"key": "earlier", "side": "service", "text": earlier})
        named = {facts["picture"] for line in shown if (facts := files.get(line.key)) and facts["picture"]}
        held = {name: data for name, data in self.pictures.items() if name in named}
        fresh = {
            facts["picture"]: facts["data"]
            for line in shown
            if (facts := files.get(line.key)) and facts["picture"]
        }
        with self.hold_sync():
            self.pictures = held | fresh
            self.lines = drawn
            self.chat_states = dict(chat_states)

    def _heard(self, _: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or content.get("do") not in ("choose", "fetch"):
            return
        key, choice = content.get("key"), content.get("choice")
        if isinstance(key, str) and (choice is None or type(choice) is int):
            self._on_click(key, choice)


def _drawn(line: Line, file: Mapping[str, Any] | None) -> dict[str, Any]:
    """A line as the script takes it: nothing but texts, numbers and lists of them."""
    made: dict[str, Any] = {
        "key": line.key,
        "side": line.side,
        "who": line.who,
        "text": line.text,
        "at": line.at // 1_000_000,
        "state": line.state,
        "remark": line.remark,
    }
    if line.shown.parts:
        made["parts"] = line.shown.parts
        taken = line.choices
        made["open"] = [n for n, choice in enumerate(line.shown.choices) if choice in taken]
    if file is not None:
        made["file"] = {name: value for name, value in file.items() if name != "data"}
    return made
