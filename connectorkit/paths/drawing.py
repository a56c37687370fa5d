"""The path of a message as a picture: a line for each request and notification, a bar for each wait."""

from __future__ import annotations

import json
import math
from typing import Any

import altair as alt
import pandas as pd

from connectorkit.drawing import Picture, legend
from connectorkit.paths.offsets import ClockOffset
from connectorkit.paths.scale import Scale, scale
from connectorkit.paths.spans import ACKNOWLEDGED, DELIVERED, NOTIFIED, SPANS, THOUGHT

# Of middling lightness, so that each stands out from white paper as well as from a dark page; height tells
# them apart as well. A wait for a person is faint: words stand on it.
_COLOURS = {ACKNOWLEDGED: "#3b82c4", NOTIFIED: "#7fb2de", DELIVERED: "#e0902f", THOUGHT: "#a3aab366"}
_WORDS = {
    ACKNOWLEDGED: "request until answered",
    NOTIFIED: "request until notified",
    DELIVERED: "from the service to us",
    THOUGHT: "agent's time to answer",
}
_HEIGHTS = {ACKNOWLEDGED: 11, NOTIFIED: 4, DELIVERED: 11, THOUGHT: 11}
_ORDER = (THOUGHT, NOTIFIED, DELIVERED, ACKNOWLEDGED)  # what is drawn later lies on top
_STAMP = "#d1495b"
_LEGEND = (
    "red: the service's time stamp, on our clock; dashed: time in which nothing was under way, cut short"
)
_LONGEST = 44  # characters of a label
# Labels are measured with other letters than those of the page that shows them, which may be wider.
_PADDING = {"left": 45, "right": 5, "top": 5, "bottom": 5}
_THINNEST = 0.002  # of the axis
_MARGIN = 0.07  # of the axis, for what stands behind the last bar


def draw(path: pd.DataFrame, offset: ClockOffset, *, last: int = 40) -> Picture:
    """The last steps of a path, the first on top.

    ``path`` is the frame of a ``Waterfall``. A red stroke is the service's time stamp, brought to this
    machine's clock; the thin red line on either side is how far it may be off. Time in which nothing was
    under way is cut, where a dashed line stands.
    """
    if last < 1:
        raise ValueError(f"last is {last}, allowed are whole numbers from 1 up.")
    steps = [int(step) for step in path["step"].drop_duplicates().tail(last)]
    shown = path[path["step"].isin(steps)]
    axis = scale(_busy(shown))
    plain = shown.astype(object).where(shown.notna(), None)
    rows = [dict(zip(plain.columns, values, strict=True)) for values in plain.itertuples(index=False)]
    labels = {row["step"]: _label(row) for row in rows}
    bars = [bar for name in _ORDER for row in rows if row["span"] == name and (bar := _bar(row, axis))]
    order = [labels[step] for step in steps]
    y = alt.Y("step:N", sort=order, title=None, axis=alt.Axis(labelLimit=360), scale=alt.Scale(domain=order))
    x = alt.X(
        "from:Q",
        title="since the first request, by this machine's clock",
        axis=_ticks(axis),
        scale=alt.Scale(domain=[axis.places[0], axis.places[-1] + _MARGIN * axis.room], nice=False),
    )
    chart = alt.layer(*_layers(bars, _stamps(rows, axis), _cuts(axis), x, y)).properties(
        width=540, height=alt.Step(19), title=_title(offset), padding=_PADDING
    )
    return Picture(
        chart,
        f"path of the messages of a conversation, {len(steps)} steps; {offset.short}; the same numbers stand "
        "in its frame",
    )


def _busy(shown: pd.DataFrame) -> list[tuple[float, float]]:
    """When something was under way, but for agents, who may think as long as they like."""
    known = shown[shown["span"] != THOUGHT][["begin_ms", "end_ms"]]
    known = known.assign(
        begin_ms=known["begin_ms"].fillna(known["end_ms"]), end_ms=known["end_ms"].fillna(known["begin_ms"])
    ).dropna()
    return [*known.itertuples(index=False, name=None)]


def _bar(row: dict[str, Any], axis: Scale) -> dict[str, Any] | None:
    """What the chart draws of a span; of an arrival without a time stamp, the arrival."""
    begin, end = row["begin_ms"], row["end_ms"]
    known = begin is not None and end is not None
    if (begin is None and end is None) or (row["span"] == THOUGHT and not known):
        return None
    begin, end = (end if begin is None else begin), (begin if end is None else end)
    took = "" if not known or row["span"] == NOTIFIED else _took(end - begin)
    return {
        "step": _label(row),
        "span": _WORDS[row["span"]],
        "name": row["span"],
        "from": axis.place(begin),
        # What is over at once is shown all the same.
        "to": max(axis.place(max(begin, end)), axis.place(begin) + _THINNEST * axis.room),
        "took": took,
        "point": not known,
    }


def _stamps(rows: list[dict[str, Any]], axis: Scale) -> list[dict[str, Any]]:
    found = {row["step"]: row for row in rows if row["server_ms"] is not None}
    return [
        {
            "step": _label(row),
            "from": axis.place(row["server_ms"]),
            "least": axis.place(row["server_ms"] - row["uncertainty_ms"]),
            "most": axis.place(row["server_ms"] + row["uncertainty_ms"]),
        }
        for row in found.values()
    ]


def _cuts(axis: Scale) -> list[dict[str, Any]]:
    return [{"from": axis.place((start + end) / 2)} for start, end in axis.cuts]


def _layers(
    bars: list[dict[str, Any]],
    stamps: list[dict[str, Any]],
    cuts: list[dict[str, Any]],
    x: alt.X,
    y: alt.Y,
) -> list[alt.Chart]:
    colour = alt.Color(
        "span:N",
        title=None,
        scale=alt.Scale(domain=[_WORDS[name] for name in SPANS], range=[_COLOURS[name] for name in SPANS]),
        legend=legend([_WORDS[name] for name in SPANS], labelLimit=220, symbolOpacity=1),
    )
    layers = [_data(cuts).mark_rule(strokeDash=[2, 3], color="#999999").encode(x=x)]
    for name in _ORDER:
        drawn = [bar for bar in bars if bar["name"] == name and not bar["point"]]
        bar = _data(drawn).mark_bar(height=_HEIGHTS[name])
        layers.append(bar.encode(x=x, x2="to:Q", y=y, color=colour, tooltip=["step:N", "span:N", "took:N"]))
    points = [bar for bar in bars if bar["point"]]
    layers.append(
        _data(points)
        .mark_point(shape="diamond", size=40, filled=True, opacity=1)
        .encode(x=x, y=y, color=colour)
    )
    layers.append(
        _data(stamps).mark_rule(color=_STAMP, strokeWidth=1).encode(x=alt.X("least:Q"), x2="most:Q", y=y)
    )
    layers.append(_data(stamps).mark_tick(color=_STAMP, thickness=2, height=15).encode(x=x, y=y))
    # A long wait says how long it was at its begin: at its end stands what followed.
    for long, side in ((True, "from:Q"), (False, "to:Q")):
        said = [bar for bar in bars if bar["took"] and (bar["name"] == THOUGHT) == long]
        text = _data(said).mark_text(align="left", dx=4, fontSize=9)
        layers.append(text.encode(x=alt.X(side), y=y, text="took:N"))
    return layers


def _data(values: list[dict[str, Any]]) -> alt.Chart:
    # Inline values: altair would refuse a frame of more than 5000 rows.
    return alt.Chart(alt.InlineData(values=values))


def _ticks(axis: Scale) -> alt.Axis:
    """Labels by place: the axis has cuts, so what stands there is not what Vega would count."""
    ticks = axis.ticks
    places, words = [place for place, _ in ticks], [text for _, text in ticks]
    found = f"{json.dumps(words)}[indexof({json.dumps(places)}, datum.value)]"
    return alt.Axis(values=places, labelExpr=found, labelOverlap=True, grid=True)


def _title(offset: ClockOffset) -> alt.TitleParams:
    return alt.TitleParams("The path of the messages", subtitle=[offset.short, _LEGEND], anchor="start")


def _label(row: dict[str, Any]) -> str:
    refused = " (refused)" if (row["answer"] or "").startswith("refused") else ""
    text = f"{row['step']}  {row['who'] or 'somebody'}: {row['what']}"
    clean, room = "".join(c if c.isprintable() else "�" for c in text), _LONGEST - len(refused)
    return (clean if len(clean) <= room else clean[: room - 1] + "…") + refused


def _took(ms: float) -> str:
    if not math.isfinite(ms):
        return ""
    if abs(ms) < 10_000:
        return f"{ms:,.1f} ms"
    return f"{ms / 1000:,.1f} s" if abs(ms) < 600_000 else f"{ms / 60_000:,.0f} min"
