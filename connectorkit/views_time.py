"""Charts over time: the rate with its errors, a heat map of latencies, and a waterfall of exchanges."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from connectorkit import drawing
from connectorkit.columns import PHASES
from connectorkit.distributions import edges
from connectorkit.drawing import ANSWERED, ERROR, PHASE_COLOURS, Picture
from connectorkit.texts import on_a_line

_MOST_BARS, _MOST_COLUMNS, _ROWS = 150, 100, 28
_NICE = (1, 2, 5, 10, 15, 20, 30)
# Seconds that a bar may stand for: from a hundredth to a month.
_LENGTHS = (
    *(part * step for step in (0.01, 0.1) for part in (1, 2, 5)),
    *(part * unit for unit in (1, 60) for part in _NICE),
    *(3600 * part for part in (1, 2, 3, 6, 12, 24, 48, 168, 720)),
)
_LONGEST_OUTCOME = 28
_Cells = tuple[list[dict[str, Any]], alt.X, tuple[float, float], str]
_GOOD, _BAD = "answered", "failed or refused"
_OUTCOMES = drawing.colours([_GOOD, _BAD], {_GOOD: ANSWERED, _BAD: ERROR})
# How times are written on an axis of so many seconds.
_FORMATS = (
    *((3.0, "%H:%M:%S.%L"), (900.0, "%H:%M:%S"), (86_400.0, "%H:%M"), (4 * 86_400.0, "%d %b %H:%M")),
    *((400 * 86_400.0, "%d %b"), (float("inf"), "%b %Y")),
)
_FEWEST = 8  # bars that there is room for: a single one does not fill the page


def rate(source: pd.DataFrame) -> Picture:
    """Requests per second over time; those that failed, or were refused, stand on top in red.

    ``source`` is a timings frame, drawn by when each request was begun, or the ``seconds()`` of a load
    report, drawn by when each was due. Raises ``ValueError`` where it is neither.
    """
    title = "Requests per second"
    moments, counts, errors = _over_time(source)
    if not len(moments):
        return drawing.nothing(title)
    begin, length, bars, absolute = _grid(moments, source, _MOST_BARS)
    places = np.minimum(((moments - begin) / length).astype(np.int64), bars - 1)
    all_of_them = np.bincount(places, weights=counts, minlength=bars) / length
    failed = np.bincount(places, weights=errors, minlength=bars) / length
    rows = [
        {
            **_span(begin, length, place, absolute),
            "what": what,
            "low": low,
            "high": high,
            "per_second": high - low,
        }
        for place, (whole, bad) in enumerate(zip(all_of_them.tolist(), failed.tolist(), strict=True))
        for what, low, high in ((_GOOD, 0.0, whole - bad), (_BAD, whole - bad, whole))
        if high > low
    ]
    chart = (
        alt.Chart(drawing.values(rows))
        # The outline closes the seams between the bars.
        .mark_rect(strokeWidth=0.7, clip=True, aria=False)
        .encode(
            x=_time(begin, length, bars, absolute),
            x2="to",
            y=alt.Y("low:Q", title="requests per second"),
            y2="high:Q",
            color=alt.Color("what:N", scale=_OUTCOMES, legend=alt.Legend(title=None, orient="bottom")),
            stroke=alt.Stroke("what:N", scale=_OUTCOMES, legend=None),
            tooltip=["what:N", alt.Tooltip("per_second:Q", title="per second", format=",.4~r")],
        )
    )
    count, bad = int(counts.sum()), int(errors.sum())
    said = f"{count:,} request{'' if count == 1 else 's'}, {bad:,} of them failed or refused"
    chart = drawing.zooming(drawing.headed(chart, title, f"{said}; each bar is {_long(length)}"), "x")
    return Picture(chart, f"rate of {said}")


def heat(source: pd.DataFrame, *, phase: str = "total_ms") -> Picture:
    """How latencies were spread over time: a column for each moment, the darker the more requests.

    ``source`` is a timings frame, of which ``phase`` is drawn, or the ``heat()`` of a load report.
    Raises ``ValueError`` where it is neither.
    """
    title = f"Latency over time: {phase.removesuffix('_ms').replace('_', ' ')}"
    made = _cells_of_report(source) if "from_ms" in source.columns else _cells(source, phase)
    if made is None:
        return drawing.nothing(title)
    cells, x, (low, high), said = made
    most = max(cell["count"] for cell in cells)
    chart = (
        alt.Chart(drawing.values(cells))
        .mark_rect(clip=True, aria=False)
        .encode(
            x=x,
            x2="to",
            y=alt.Y("below:Q", **drawing.milliseconds(low, high, wide=high > 8 * low, grid=False)),
            y2="above:Q",
            color=alt.Color(
                "count:Q",
                title="requests",
                scale=alt.Scale(type="symlog", domain=[0, most]),
                legend=alt.Legend(gradientLength=160, format=",~r", values=_round_counts(most)),
            ),
            tooltip=[
                alt.Tooltip("count:Q", title="requests"),
                alt.Tooltip("below:Q", title="from, ms", format=",.4~r"),
                alt.Tooltip("above:Q", title="to, ms", format=",.4~r"),
            ],
        )
    )
    return Picture(drawing.zooming(drawing.headed(chart, title, said), "x"), f"heat map of {said}")


def waterfall(timings: pd.DataFrame, *, last: int = 30) -> Picture:
    """Exchanges below each other, each from when it began until it ended, in the colours of its phases.

    For what happened close together, such as one conversation: ``views.waterfall(timings.tail(8))``.
    To compare durations only, see ``phases``. ``last`` limits the bars to what can be read.
    """
    if last < 1:
        raise ValueError(f"last is {last}, allowed are whole numbers from 1 up.")
    title, shown = "When each exchange began and ended", timings.tail(last)
    if shown.empty:
        return drawing.nothing(title)
    moments = shown["started_at"].astype("int64").to_numpy() / 1000
    begins = np.nan_to_num(moments - moments.min())
    names = drawing.exchanges(shown)
    rows, ends = [], []
    for name, begin, (_, exchange) in zip(names, begins.tolist(), shown.iterrows(), strict=True):
        at = begin
        for phase in PHASES:
            took = exchange[phase]
            if np.isfinite(took) and took > 0:
                rows.append(
                    {"exchange": name, "phase": _phase(phase), "from": at, "to": at + took, "ms": took}
                )
                at += took
        total = exchange["total_ms"]
        at = max(at, begin + (total if np.isfinite(total) else 0.0))
        ends.append({"exchange": name, "to": at, "outcome": f"{at - begin:.3g} ms{_outcome(exchange)}"})
    y = drawing.listed("exchange:N", names)
    found = [_phase(name) for name in PHASES if any(row["phase"] == _phase(name) for row in rows)]
    palette = {_phase(name): colour for name, colour in PHASE_COLOURS.items()}
    far = alt.Scale(domain=[0, 1.25 * max(max(end["to"] for end in ends), 0.001)], nice=False)
    bars = (
        alt.Chart(drawing.values(rows))
        .mark_bar(height={"band": 0.62})
        .encode(
            x=alt.X("from:Q", title="milliseconds since the first of them began", scale=far),
            x2="to:Q",
            y=y,
            color=alt.Color(
                "phase:N",
                sort=found,
                scale=drawing.colours(found, palette),
                legend=alt.Legend(title=None, orient="bottom"),
            ),
            tooltip=["exchange:N", "phase:N", alt.Tooltip("ms:Q", format=",.4~r")],
        )
    )
    words = (
        alt.Chart(drawing.values(ends))
        .mark_text(align="left", dx=5, fontSize=11)
        .encode(x=alt.X("to:Q", scale=far), y=y, text="outcome:N")
    )
    chart = drawing.headed(bars + words, title, height=alt.Step(22))
    return Picture(chart, f"waterfall of {len(shown)} exchanges; the same numbers stand in the timings frame")


def _phase(name: str) -> str:
    return name.removesuffix("_ms")


def _outcome(exchange: pd.Series[Any]) -> str:
    """What came instead of a good answer, in a few characters."""
    if pd.notna(exchange["error"]):
        return " · " + on_a_line(str(exchange["error"]).partition(":")[0], _LONGEST_OUTCOME)
    status = exchange["status_code"]
    return f" · {status}" if pd.notna(status) and status >= 400 else ""


def _over_time(source: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Seconds, how many requests, and how many of them failed."""
    if {"second", "count", "errors"} <= set(source.columns):
        return tuple(source[name].to_numpy(np.float64) for name in ("second", "count", "errors"))  # type: ignore[return-value]
    _need(source, "started_at", "status_code", "error")
    known = source[source["started_at"].notna()]
    failed = (known["status_code"] >= 400).fillna(False).astype(bool) | known["error"].notna()
    return _seconds(known), np.ones(len(known)), failed.to_numpy(np.float64)


def _seconds(frame: pd.DataFrame) -> Any:
    return frame["started_at"].astype("int64").to_numpy() / 1e6


def _need(frame: pd.DataFrame, *names: str) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ValueError(f"There is no column {missing[0]!r}. Pass a frame as of kit.log.timings().")


def _grid(moments: Any, source: pd.DataFrame, most: int) -> tuple[float, float, int, bool]:
    """Where the first bar begins, how many seconds each is, how many there are, and whether it is a date."""
    absolute = "started_at" in source.columns
    first, last = float(moments.min()), float(moments.max())
    if not absolute:  # whole seconds, each as long as it says
        last += 1
    length = next((one for one in _LENGTHS if last - first <= one * (most - 1)), (last - first) / (most - 1))
    if not absolute:
        length = max(1.0, float(round(length)))
    elif last == first:
        length = 1.0
    begin = first // length * length
    return begin, length, max(1, int((last - begin) // length) + (1 if absolute else 0)), absolute


def _span(begin: float, length: float, place: int, absolute: bool) -> dict[str, float]:
    """The two ends of a bar, as Vega has times: milliseconds since the epoch."""
    unit = 1000 if absolute else 1
    return {"from": unit * (begin + place * length), "to": unit * (begin + (place + 1) * length)}


def _time(begin: float, length: float, bars: int, absolute: bool, *, grid: bool = True) -> alt.X:
    spare = max(0, _FEWEST - bars) / 2
    ends = [begin - spare * length, begin + (bars + spare) * length]
    if not absolute:
        ends[0] = max(0.0, ends[0])
        scale, axis = alt.Scale(domain=ends, nice=False), alt.Axis(tickMinStep=1, tickCount=10, grid=grid)
        return alt.X("from:Q", title="seconds since the start", scale=scale, axis=axis)
    written = next(form for most, form in _FORMATS if ends[1] - ends[0] <= most)
    return alt.X(
        "from:T",
        title=f"time (UTC), from {datetime.fromtimestamp(begin, UTC):%Y-%m-%d %H:%M}",
        scale=alt.Scale(type="utc", domain=[1000 * end for end in ends], nice=False),
        axis=alt.Axis(format=written, tickCount=6, labelOverlap=True, grid=grid),
    )


def _round_counts(most: int) -> list[int]:
    """What the legend of a heat map shows: powers of ten, and the most."""
    powers = [10**power for power in range(len(str(most))) if 10**power < 0.6 * most]
    return [*powers, most]


def _cells(source: pd.DataFrame, phase: str) -> _Cells | None:
    """The cells, their axis of time, the ends of their axis of latency, and what they are in words."""
    _need(source, "started_at", phase)
    known = source[
        source["started_at"].notna() & np.isfinite(source[phase].to_numpy(np.float64, na_value=np.nan))
    ]
    if known.empty:
        return None
    moments, values = _seconds(known), np.maximum(known[phase].to_numpy(np.float64), 0.001)
    begin, length, columns, absolute = _grid(moments, known, _MOST_COLUMNS)
    borders, _ = edges(float(values.min()), float(values.max()), _ROWS)
    columns_of = np.minimum(((moments - begin) / length).astype(np.int64), columns - 1)
    rows_of = np.clip(np.searchsorted(borders, values, side="right") - 1, 0, _ROWS - 1)
    counts = np.bincount(columns_of * _ROWS + rows_of, minlength=columns * _ROWS)
    cells = [
        {
            **_span(begin, length, int(cell // _ROWS), absolute),
            "below": float(borders[cell % _ROWS]),
            "above": float(borders[cell % _ROWS + 1]),
            "count": int(counts[cell]),
        }
        for cell in np.flatnonzero(counts)
    ]
    said = f"{len(known):,} request{'' if len(known) == 1 else 's'}; each column is {_long(length)}"
    x = _time(begin, length, columns, absolute, grid=False)
    return cells, x, (float(borders[0]), float(borders[-1])), said


def _cells_of_report(source: pd.DataFrame) -> _Cells | None:
    """Cells that were counted elsewhere; of a long run, several seconds become one column."""
    _need(source, "second", "to_ms", "count")
    if source.empty:
        return None
    begin, length, columns, _ = _grid(source["second"].to_numpy(np.float64), source, _MOST_COLUMNS)
    place = ((source["second"] - begin) // length).astype("int64")
    sums = source.assign(place=place).groupby(["place", "from_ms", "to_ms"], as_index=False)["count"].sum()
    cells = [
        {
            **_span(begin, length, int(at), False),
            "below": max(float(low), 0.001),
            "above": float(high),
            "count": int(count),
        }
        for at, low, high, count in sums.itertuples(index=False)
    ]
    said = f"{int(source['count'].sum()):,} requests; each column is {_long(length)}"
    ends = min(cell["below"] for cell in cells), max(cell["above"] for cell in cells)
    return cells, _time(begin, length, columns, False, grid=False), ends, said


def _long(seconds: float) -> str:
    for unit, name in ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= unit:
            number = seconds / unit
            return f"{number:.3g} {name}{'' if number == 1 else 's'}"
    return f"{1000 * seconds:.3g} ms"
