"""Charts over the response log, as svg: they need no script, no network, and read in print."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from connectorkit.columns import PHASES

_NEVER = "#f3c5b5"  # pale: most cells of a short exploration have it
_COLOURS = dict(zip(PHASES, ("#c7c7c7", "#d62728", "#9467bd", "#1f77b4", "#ff7f0e", "#2ca02c"), strict=True))


class Picture:
    """An altair chart shown as svg, with a sentence for where no picture can be shown.

    ``chart`` is the altair chart, to be changed or saved.
    """

    def __init__(self, chart: alt.TopLevelMixin, description: str) -> None:
        self.chart = chart
        self.description = description

    def __repr__(self) -> str:
        return f"<Picture: {self.description}>"

    def svg(self) -> str:
        """The picture as svg text."""
        import vl_convert

        return str(vl_convert.vegalite_to_svg(self.chart.to_json()))

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}


def phases(timings: pd.DataFrame, *, last: int = 20) -> Picture:
    """One bar per exchange, newest at the bottom, made of the phases it went through.

    ``timings`` is the frame of that name; ``last`` limits the bars to what can be read.
    """
    if last < 1:
        raise ValueError(f"last is {last}, allowed are whole numbers from 1 up.")
    shown = timings.tail(last)
    long = shown.melt(
        id_vars=["exchange_id", "operation"], value_vars=list(PHASES), var_name="phase", value_name="ms"
    ).dropna(subset=["ms"])
    long["exchange"] = long["exchange_id"].astype(str) + "  " + long["operation"].astype(str)
    long["phase"] = long["phase"].str.removesuffix("_ms")
    found = [phase for phase in PHASES if shown[phase].notna().any()]
    names = [name.removesuffix("_ms") for name in found]
    long["order"] = long["phase"].map({name: place for place, name in enumerate(names)})
    bars = long[["exchange", "phase", "ms", "order"]].to_dict("records")
    order = [f"{i}  {o}" for i, o in zip(shown["exchange_id"], shown["operation"], strict=True)]
    chart = (
        # Inline values: altair would refuse a frame of more than 5000 rows.
        alt.Chart(alt.InlineData(values=bars))  # type: ignore[arg-type]
        .mark_bar()
        .encode(
            x=alt.X("ms:Q", title="milliseconds", stack="zero"),
            y=alt.Y("exchange:N", sort=order, title="exchange"),
            color=alt.Color(
                "phase:N",
                title="phase",
                sort=names,
                scale=alt.Scale(domain=names, range=[_COLOURS[name] for name in found]),
            ),
            order=alt.Order("order:Q"),
        )
        .properties(width=560, height=alt.Step(20), title="Where the time of each exchange went")
        .configure(background="white")
    )
    return Picture(
        chart, f"time per phase of {len(shown)} exchanges; the same numbers stand in the timings frame"
    )


def reached(coverage: pd.DataFrame) -> Picture:
    """A heat map: events below each other, states beside each other, the darker the more often reached.

    ``coverage`` is the frame of an exploration; a cell that exists and was never reached is pale red.
    """
    sums = coverage.groupby(["event", "state"], sort=False, as_index=False)["times"].sum()
    cells = [
        {"event": event, "state": state, "times": int(times), "never": not times}
        for event, state, times in sums.itertuples(index=False)
    ]
    events, states = (list(dict.fromkeys(cell[name] for cell in cells)) for name in ("event", "state"))
    places = alt.Chart(alt.InlineData(values=cells)).encode(
        x=alt.X("state:N", sort=states, title="state"), y=alt.Y("event:N", sort=events, title="event")
    )
    colour = alt.Color("times:Q", title="times", scale=alt.Scale(scheme="blues", type="symlog"))
    met = places.transform_filter("!datum.never").mark_rect(stroke="white").encode(color=colour)
    never = places.transform_filter("datum.never").mark_rect(stroke="white", color=_NEVER)
    chart = (
        (met + never)
        .properties(width=alt.Step(28), height=alt.Step(14), title="What was reached; pale red: never")
        .configure(background="white")
    )
    missed = sum(cell["never"] for cell in cells)
    return Picture(
        chart, f"{len(cells) - missed} of {len(cells)} events in a state were reached; table() says which"
    )
