"""``kit.log.waterfall(talk)``: one conversation as a waterfall over both clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from connectorkit import markup, timeline
from connectorkit.log import Log
from connectorkit.paths import offsets, spans, stamps
from connectorkit.paths.offsets import ClockOffset
from connectorkit.tables import frame
from connectorkit.texts import on_a_line

if TYPE_CHECKING:
    from connectorkit.views import Picture

_SHOWN = 60  # steps of the display
_COLUMNS = ("step", "ms", "who", "what", "service", *spans.SPANS)
_WIDTHS = (4, 9, 14, 30, 9, 9, 9, 9, 9)
_NAMES = ("step", "at ms", "who", "what", "service", "ack", "notified", "delivered", "thought")


class Waterfall:
    """Who waited for what in one conversation, on one clock.

    ``frame`` has one row per span, ``offset`` is how far the service's clock stands from ours, and
    ``picture()`` draws both.
    """

    def __init__(self, conversation: str | None, made: pd.DataFrame, offset: ClockOffset) -> None:
        self.conversation = conversation
        self.frame = made
        self.offset = offset

    def picture(self, *, last: int = 40) -> Picture:
        """The waterfall as a chart; ``last`` limits the steps to what can be read. Needs altair."""
        from connectorkit.paths import drawing

        return drawing.draw(self.frame, self.offset, last=last)

    def steps(self) -> pd.DataFrame:
        """One row per step: when it began, when the service did it, and how long each of its spans took.

        ``ms`` and ``service`` are milliseconds since the first request, on this machine's clock.
        """
        one = self.frame.drop_duplicates("step").set_index("step")
        took = self.frame.pivot(index="step", columns="span", values="took_ms").reindex(columns=spans.SPANS)
        arrived = self.frame.groupby("step")["end_ms"].max()
        asked = self.frame[self.frame["span"] == spans.ACKNOWLEDGED].set_index("step")["begin_ms"]
        found = one[["who", "what"]].assign(ms=asked.reindex(one.index).fillna(arrived))
        found = found.assign(service=one["server_ms"]).join(took)
        return found.reset_index()[list(_COLUMNS)]

    def __repr__(self) -> str:
        lines = [self._headline, _line(_NAMES)]
        shown = self._cells()
        lines += [_line(cells) for cells in shown]
        return "\n".join([*lines, *self._remarks(len(shown)), repr(self.offset)])

    def _repr_html_(self) -> str:
        shown = self._cells()
        parts = [markup.note(self._headline), markup.table(_NAMES, shown, empty="Nothing to draw.")]
        parts += [markup.note(remark) for remark in self._remarks(len(shown))]
        return "".join([*parts, self.offset._repr_html_()])

    @property
    def _headline(self) -> str:
        if self.conversation is None:
            return "There is no conversation in the log yet."
        return f"Path of conversation {self.conversation}, milliseconds since its first request:"

    def _cells(self) -> list[list[str]]:
        found = self.steps().tail(_SHOWN).astype(object)
        rows: list[list[Any]] = found.where(found.notna(), None).values.tolist()
        return [[_text(value) for value in row] for row in rows]

    def _remarks(self, shown: int) -> list[str]:
        left = self.frame["step"].nunique() - shown
        return [f"{left:,} steps before these are in .frame."] if left > 0 else []


def waterfall(log: Log, conversation: str | None = None, *, offset: ClockOffset | None = None) -> Waterfall:
    """The path of the messages of a conversation, by default of the one used last.

    ``offset`` is that which the conversation itself tells, unless another one is given, such as that of a
    session with more messages in it.
    """
    # Of this session first: in a file that others write to as well, theirs would come in between.
    named = conversation or timeline.used_last(log, log.session_id) or timeline.used_last(log, None)
    if named is None:
        return Waterfall(None, frame(spans.PATH, ()), offset or ClockOffset())
    found = stamps.conversation(log, named)
    known = offsets.of_conversation(found) if offset is None else offset
    return Waterfall(named, spans.path(found, known), known)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return "" if value is None else str(value)


def _line(cells: Any) -> str:
    placed = [
        f"{on_a_line(cell, width):<{width}}" if place in (2, 3) else f"{cell:>{width}}"
        for place, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return "  ".join(placed).rstrip()
