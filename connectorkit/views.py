"""Charts over the response log, as svg: they need no script, no network, and read in print."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from connectorkit.columns import PHASES

_COLOURS = dict(zip(PHASES, ("#d62728", "#9467bd", "#1f77b4", "#ff7f0e", "#2ca02c"), strict=True))


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
