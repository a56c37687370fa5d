"""Charts of how long requests took: a histogram, and percentiles on an axis of nines."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np

from connectorkit import drawing
from connectorkit.distributions import Distribution, edges, in_buckets, named
from connectorkit.drawing import DASHES, SERIES_COLOURS, Picture

_STEPS = 24  # points of a percentile line to each further nine
_WIDE = 20.0  # where the slowest took so many times as long as the fastest, the axis is logarithmic


def histogram(source: Any, *, phase: str = "total_ms", by: str | None = None) -> Picture:
    """How many requests took how long, as bars, or as one outline per series.

    ``source`` is a timings frame, of which ``phase`` is drawn and ``by`` is a column to split by, such as
    ``operation``; or milliseconds; or pairs of milliseconds and a count, as histograms have them; or a
    mapping of names to any of these. Several series show shares, as they may be of different sizes.
    Raises ``ValueError`` for a column that is not there, and for what is none of these.
    """
    series, title = named(source, phase, by), f"How long requests took: {_words(phase)}"
    if not series:
        return drawing.nothing(title)
    borders, wide = _borders(series)
    x = alt.X("from:Q", **drawing.milliseconds(float(borders[0]), float(borders[-1]), wide=wide))
    chart = _one_histogram(series, borders, x) if len(series) == 1 else _several(series, borders, x)
    said = _counted(series)
    return Picture(drawing.zooming(drawing.headed(chart, title, said)), f"histogram of {said}")


def _one_histogram(series: dict[str, Distribution], borders: Any, x: alt.X) -> Any:
    ((name, one),) = series.items()
    rows = [row for row in _bars(name, borders, in_buckets(one, borders)) if row["height"]]
    most = max(row["height"] for row in rows)
    return (
        alt.Chart(drawing.values(rows))
        # The outline closes the seams between the bars.
        .mark_rect(color=SERIES_COLOURS[0], stroke=SERIES_COLOURS[0], strokeWidth=0.7, clip=True, aria=False)
        .encode(
            x=x,
            x2="to:Q",
            y=alt.Y("height:Q", title="requests", axis=drawing.counts(most), scale=alt.Scale(zero=True)),
            y2=alt.datum(0),
            tooltip=_tips(("from", "from, ms"), ("to", "to, ms"), ("height", "requests")),
        )
    )


def _several(series: dict[str, Distribution], borders: Any, x: alt.X) -> Any:
    rows: list[dict[str, Any]] = []
    for name, one in series.items():
        rows += _bars(name, borders, 100 * in_buckets(one, borders) / one.count)
        rows.append({"series": name, "from": float(borders[-1]), "to": float(borders[-1]), "height": 0.0})
    return (
        alt.Chart(drawing.values(rows))
        .mark_area(
            interpolate="step-after",
            fillOpacity=0.14 if len(series) == 2 else 0,  # more would only make mud
            line={"strokeWidth": 1.8, "clip": True},
            clip=True,
            aria=False,
        )
        .encode(
            x=x,
            y=alt.Y("height:Q", title="share of the requests, %", stack=None),
            color=_colour(series),
            strokeDash=_dash(series),
            tooltip=["series:N", *_tips(("from", "from, ms"), ("height", "share, %"))],
        )
    )


def percentiles(source: Any, *, phase: str = "total_ms", by: str | None = None) -> Picture:
    """How long all but the slowest took, with one more nine at each step: 90, 99, 99.9 %.

    ``source``, ``phase`` and ``by`` are those of ``histogram``; a line for each series, so that before and
    after, or latency from when a request was due and from when it was sent, can be compared.
    """
    series, title = named(source, phase, by), f"How long all but the slowest took: {_words(phase)}"
    if not series:
        return drawing.nothing(title)
    rows = [row for name, one in series.items() for row in _points(name, one)]
    high = 1.1 * max(row["ms"] for row in rows)
    low = 0.9 * min(one.quantile(0.01) for one in series.values())
    wide = high > _WIDE * low
    longest = max(row["place"] for row in rows)
    marks = [1, 2, *(10.0**nines for nines in range(1, math.ceil(math.log10(max(longest, 10))) + 1))]
    labels = {mark: _percent(mark) for mark in marks}
    chart = (
        alt.Chart(drawing.values(rows))
        .mark_line(strokeWidth=2, clip=True, aria=False)
        .encode(
            x=alt.X(
                "place:Q",
                title="share of the requests that took no longer",
                scale=alt.Scale(type="log", domain=[1, max(longest, 10) * 1.05], nice=False),
                axis=alt.Axis(values=marks, labelExpr=_label_expression(labels)),
            ),
            y=alt.Y("ms:Q", **drawing.milliseconds(low if wide else 0.0, high, wide=wide)),
            color=_colour(series),
            strokeDash=_dash(series),
            tooltip=["series:N", alt.Tooltip("share:N", title="share"), *_tips(("ms", "ms"))],
        )
    )
    said = _counted(series)
    return Picture(drawing.zooming(drawing.headed(chart, title, said)), f"percentiles of {said}")


def _borders(series: dict[str, Distribution]) -> tuple[Any, bool]:
    least = min(float(one.values[0]) for one in series.values())
    most = max(float(one.values[-1]) for one in series.values())
    return edges(least, most)


def _bars(name: str, borders: Any, heights: Any) -> list[dict[str, Any]]:
    return [
        {"series": name, "from": float(begin), "to": float(end), "height": float(height)}
        for begin, end, height in zip(borders[:-1], borders[1:], heights, strict=True)
    ]


def _points(name: str, one: Distribution) -> list[dict[str, Any]]:
    """Each next place is 1 in so many that took longer; the last one is the slowest of all."""
    last = max(one.count, 2)
    places = np.geomspace(1, last, max(2, round(_STEPS * math.log10(last)) + 1))
    found = [(place, one.quantile(1 - 1 / place)) for place in places[:-1]]
    found.append((float(last), float(one.values[-1])))
    return [
        {"series": name, "place": float(place), "ms": ms, "share": f"{100 * (1 - 1 / place):.6g} %"}
        for place, ms in found
    ]


def _percent(place: float) -> str:
    if place <= 2:
        return "0 %" if place == 1 else "50 %"
    decimals = max(0, round(math.log10(place)) - 2)
    return f"{100 - 100 / place:.{decimals}f} %"


def _label_expression(labels: dict[float, str]) -> str:
    """Chooses by nearness, as a tick's value may have passed through a logarithm. The texts are ours."""
    expression = "''"
    for mark, text in labels.items():
        expression = f"abs(datum.value / {mark:g} - 1) < 0.01 ? '{text}' : {expression}"
    return expression


def _words(phase: str) -> str:
    return phase.removesuffix("_ms").replace("_", " ")


def _colour(series: dict[str, Distribution]) -> Any:
    names = list(series)
    legend = drawing.legend(names, symbolType="stroke")
    return alt.Color("series:N", scale=drawing.colours(names), sort=names, legend=legend)


def _dash(series: dict[str, Distribution]) -> Any:
    names = list(series)
    scale = alt.Scale(domain=names, range=list(DASHES[: len(names)]))
    legend = drawing.legend(names, symbolType="stroke")
    return alt.StrokeDash("series:N", scale=scale, sort=names, legend=legend)


def _tips(*named: tuple[str, str]) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{name}:Q", title=title, format=",.4~r") for name, title in named]


def _counted(series: dict[str, Distribution]) -> str:
    if len(series) == 1:
        (one,) = series.values()
        shown = ", ".join(f"{name} {_ms(one.quantile(level))}" for name, level in _SHOWN)
        return f"{_requests(one.count)}: {shown}, max {_ms(one.values[-1])} ms"
    return f"{_requests(sum(one.count for one in series.values()))} in {len(series)} series"


def _ms(value: float) -> str:
    """Three digits, and no power of ten."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _requests(count: int) -> str:
    return f"{count:,} request{'' if count == 1 else 's'}"


_SHOWN = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
