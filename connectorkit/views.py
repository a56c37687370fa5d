"""Charts over the response log, as svg: they need no script, no network, and read in print.

Each is a ``Picture``: ``.dark()`` for a dark page, ``.interactive()`` for a widget, ``.chart`` for altair.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from connectorkit import drawing
from connectorkit.columns import PHASES
from connectorkit.drawing import NEVER, PHASE_COLOURS
from connectorkit.drawing import Picture as Picture
from connectorkit.texts import on_a_line
from connectorkit.views_latency import histogram as histogram
from connectorkit.views_latency import percentiles as percentiles
from connectorkit.views_time import heat as heat
from connectorkit.views_time import rate as rate
from connectorkit.views_time import waterfall as waterfall


def phases(timings: pd.DataFrame, *, last: int = 20) -> Picture:
    """One bar per exchange, newest at the bottom, made of the phases it went through.

    ``timings`` is the frame of that name; ``last`` limits the bars to what can be read.
    """
    if last < 1:
        raise ValueError(f"last is {last}, allowed are whole numbers from 1 up.")
    shown = timings.tail(last)
    order = drawing.exchanges(shown)
    long = shown.assign(exchange=order).melt(
        id_vars=["exchange"], value_vars=list(PHASES), var_name="phase", value_name="ms"
    )
    long = long[np.isfinite(long["ms"])]  # an archive from elsewhere may bring infinite times
    long["phase"] = long["phase"].str.removesuffix("_ms")
    found = [phase for phase in PHASES if shown[phase].notna().any()]
    names = [name.removesuffix("_ms") for name in found]
    long["order"] = long["phase"].map({name: place for place, name in enumerate(names)})
    bars = long[["exchange", "phase", "ms", "order"]].to_dict("records")
    drawn = {bar["exchange"] for bar in bars}
    lines = [name for name in order if name in drawn]
    chart = (
        alt.Chart(drawing.values(bars))
        .mark_bar(height={"band": 0.62})
        .encode(
            x=alt.X("ms:Q", title="milliseconds", stack="zero"),
            y=drawing.listed("exchange:N", lines, title="exchange"),
            color=alt.Color(
                "phase:N",
                title=None,
                sort=names,
                scale=drawing.colours(names, {one: PHASE_COLOURS[f"{one}_ms"] for one in names}),
                legend=alt.Legend(orient="bottom"),
            ),
            order=alt.Order("order:Q"),
            tooltip=["exchange:N", "phase:N", alt.Tooltip("ms:Q", format=",.4~r")],
        )
    )
    return Picture(
        drawing.headed(chart, "Where the time of each exchange went", height=alt.Step(22)),
        f"time per phase of {len(shown)} exchanges; the same numbers stand in the timings frame",
    )


def reached(coverage: pd.DataFrame) -> Picture:
    """A heat map: events below each other, states beside each other, the darker the more often reached.

    ``coverage`` is the frame of an exploration; a cell that exists and was never reached is pale red.
    """
    sums = coverage.groupby(["event", "state"], sort=False, as_index=False)["times"].sum()
    cells: list[dict[str, Any]] = [
        {"event": on_a_line(event), "state": on_a_line(state), "times": int(times), "never": not times}
        for event, state, times in sums.itertuples(index=False)
    ]
    events, states = (list(dict.fromkeys(cell[name] for cell in cells)) for name in ("event", "state"))
    places = alt.Chart(drawing.values(cells)).encode(
        x=alt.X("state:N", sort=states, title="state"), y=alt.Y("event:N", sort=events, title="event")
    )
    colour = alt.Color("times:Q", title="times", scale=alt.Scale(type="symlog"))
    met = places.transform_filter("!datum.never").mark_rect(stroke="white").encode(color=colour)
    never = places.transform_filter("datum.never").mark_rect(stroke="white", color=NEVER)
    title = "What was reached; pale red: never"
    chart = drawing.headed(met + never, title, width=alt.Step(28), height=alt.Step(14))
    missed = sum(cell["never"] for cell in cells)
    return Picture(
        chart, f"{len(cells) - missed} of {len(cells)} events in a state were reached; table() says which"
    )
